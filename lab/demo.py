"""`make demo`: a lab comes up, the story is played, the checker reads the raw logs, and the report is written."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab import site
from lab.checkers import check
from lab.report import render_text, write_report
from lab.report_inputs import write_lab_info
from lab.story import Fault, play
from lab.supervisor import REPOSITORY

OUT = REPOSITORY / "out" / "demo"


@dataclass
class Progress:
    """Says what is being done, with the seconds since the beginning."""

    began_s: float = field(default_factory=time.monotonic)

    def __call__(self, what: str) -> None:
        """Say it."""
        print(f"{time.monotonic() - self.began_s:6.1f} s  {what}", flush=True)

    @property
    def spent_s(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.began_s


def demo(options: site.Options, fault: Fault, out: Path = OUT) -> int:
    """Play, check, report. 0 if every promise was kept, else 1."""
    say = Progress()
    cloud = {"aws": "AWS", "azure": "Azure"}[options.cloud]
    print(
        f"A pair of workers behind one address, on an emulated {cloud} on this machine. All times are lab times.", flush=True
    )
    folder = run(options, fault, say)
    say("the lab is down; the checker reads the raw logs")
    findings = check(folder)
    page = write_report(findings, out)
    print(render_text(findings, page))
    print(spent(say.spent_s, findings.lab.spent))
    return 0 if findings.all_kept else 1


def spent(seconds: float, parts: Mapping[str, str]) -> str:
    """What the demo took, in time and disk."""
    places = [REPOSITORY / ".venv", REPOSITORY / "tools" / "ministack" / ".venv", REPOSITORY / "out"]
    megabytes = sum(file.lstat().st_blocks for place in places for file in place.rglob("*")) * 512 / 1e6
    steps = ", ".join(f"{what} {took}" for what, took in parts.items())
    return f"Spent: {seconds:.0f} s ({steps}); {megabytes:.0f} MB, all of it in this folder (environments and out/)."


def run(options: site.Options, fault: Fault, say: Progress) -> Path:
    """Play the story in a lab of its own; returns the lab's folder, with the raw logs and lab.json."""
    with site.start(options, say) as running:
        up_s = say.spent_s
        play(running, fault, say)
        write_lab_info(running, fault.value, {"lab up and program deployed": up_s, "story": say.spent_s - up_s})
        return running.folder
