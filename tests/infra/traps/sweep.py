"""Makes slips and looks who notices: each must be found by exactly the check that names it.

    python -m tests.infra.traps.sweep aws          every slip of every check of a cloud
    python -m tests.infra.traps.sweep azure nat    those of checks with one of these words in their name

Tests use `Zygote` and `unnoticed`; the command is for whoever writes a check.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from pathlib import Path

from tests.infra.traps.clouds import CLOUDS
from tests.infra.traps.registry import Finding, Trap, Verdict
from tests.infra.traps.slips import ROOT, Slip, SlipError

MODULE = "tests.infra.traps.zygote"
OTHERS = 4
CHARACTERS = 300
"""So much is said of checks that should have held; a program that cannot be deployed fails them all."""


class SweepError(Exception):
    """A mistaken program took its process along, so that nothing was judged."""


class Zygote:
    """A process that judges mistaken programs, one at a time."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def findings(self, slip: Slip | None) -> Mapping[str, Finding]:
        """How every check ends over the program with that slip in it, or over the program as it is.

        Raises:
            SlipError: the slip cannot be made.
            SweepError: the process ended, or its child did.
        """
        request = {"module": "", "file": "", "source": ""}
        if slip is not None:
            request = {"module": slip.module, "file": str(ROOT / slip.file), "source": slip.made()}
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answers is not None
        asked.write(json.dumps(request) + "\n")
        asked.flush()
        line = answers.readline()
        if not line:
            raise SweepError(f"{MODULE} ended with {self._process.wait()}")
        answer = json.loads(line)
        if "died" in answer:
            raise SweepError(f"the child ended with {answer['died']}; its standard error says why")
        return {name: Finding(Verdict(value), said) for name, (value, said) in answer.items()}


@contextlib.contextmanager
def zygote(cloud: str, root: Path = ROOT) -> Generator[Zygote]:
    """A zygote, for as long as it is needed; it and its child end with it."""
    with subprocess.Popen(
        [sys.executable, "-m", MODULE, cloud],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield Zygote(process)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def unnoticed(trap: Trap, slip: Slip, findings: Mapping[str, Finding]) -> str:
    """Why this slip is not found by exactly this check; empty when it is."""
    wanted = Verdict.UNDEPLOYABLE if slip.refused else Verdict.FALLEN
    others = [f"{name}: {it.verdict.value}: {it.said}" for name, it in findings.items() if it.verdict is not Verdict.HELD]
    others = [line for line in others if not line.startswith(f"{trap.name}: ")]
    found = findings[trap.name]
    faults = [] if found.verdict is wanted else [f"{trap.name} ended as {found.verdict.value} {found.said}".rstrip()]
    return "; ".join(faults + [f"besides, {line[:CHARACTERS]}" for line in others[:OTHERS]])


def main(cloud: str, *words: str) -> int:
    """Sweep, and print a line for each slip; the exit status."""
    faults = 0
    with zygote(cloud) as judge:
        for name, trap in CLOUDS[cloud]().traps.items():
            if words and not any(word in name for word in words):
                continue
            for slip in trap.slips:
                began = time.monotonic()
                try:
                    fault = unnoticed(trap, slip, judge.findings(slip))
                except SlipError as exc:
                    fault = str(exc)
                faults += bool(fault)
                sys.stdout.write(f"{'BAD ' if fault else 'good'} {time.monotonic() - began:.1f} s {name}: {slip.what}\n")
                sys.stdout.write(f"     {fault}\n" if fault else "")
                sys.stdout.flush()
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
