"""The engine is killed in the middle of an up, and repair heals it: nothing twice, nothing orphaned, nobody left.

A life is one stack that is killed again and again: an up, then the up of each repair, until the last one is left alone.
TANDEM_KILLS says how often in all (`make nightly` asks for more), TANDEM_SEED plays the same points again.
"""

import contextlib
import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab import processes
from lab.bare_cloud import Cloud, cloud, resources
from lab.providers.aws.finding import LOOK_UPS, Finder
from lab.pulumi_cli import Pulumi, PulumiError
from lab.pulumi_command import PLUGINS, Session
from lab.pulumi_project import drop_cut_attributes
from tests.engine import inventory

pytestmark = pytest.mark.engine

PER_LIFE = 4
KILLS = int(os.environ.get("TANDEM_KILLS", str(PER_LIFE)))
"""On aws-dev; on each other stack, which `make nightly` adds, one life."""
LATE_S_MAX = 0.5
"""How long after the state has grown to the point the kill may come: in the middle of whatever is going on then."""

STEP_S = 240.0
"""Longest wait for one run of the engine."""

GONE_S = 30.0


@dataclass(frozen=True)
class Stack:
    """One stack of a cloud, and what is known of an undisturbed up of it."""

    here: Cloud
    pulumi: Pulumi
    names: Mapping[str, Counter[str]]
    urns: frozenset[str]
    """Of everything that is in a state then."""
    kills: int = PER_LIFE

    @property
    def session(self) -> Session:
        """The command that is tested."""
        return Session(self.pulumi.command, self.pulumi.project)

    @property
    def lab_id(self) -> str:
        return self.pulumi.project.environment[processes.LAB_ID_VARIABLE]

    def engines(self, verb: str = "") -> list[processes.ProcessId]:
        """The engine's own processes that are alive; with a verb, those that do it."""
        wanted = self.pulumi.command.resolve()
        alive = [each for each in processes.of_lab(self.lab_id) if processes.program(each.pid) == wanted]
        return [each for each in alive if verb in processes.command(each.pid).split()[1:2] or not verb]

    def plugins(self) -> list[processes.ProcessId]:
        """What engines have started."""
        return [
            each for each in processes.of_lab(self.lab_id) if any(name in processes.command(each.pid) for name in PLUGINS)
        ]

    def stored(self, what: str) -> list[dict[str, Any]]:
        """`resources` or `pending_operations` of the state as it lies there now; the file is replaced as a whole."""
        file = self.pulumi.project.state_file
        latest = json.loads(file.read_text())["checkpoint"].get("latest") if file else None
        return (latest or {}).get(what) or []


@pytest.fixture(scope="module")
def stack(command: Path, stage: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with cloud(command, tmp_path_factory.mktemp("engine")) as here:
        before = inventory.take(here)
        pulumi = here.stack(stage)
        pulumi.up()
        names = inventory.names(inventory.without(inventory.take(here), before))
        urns = frozenset(each["urn"] for each in pulumi.state()["resources"])
        pulumi.destroy()
        assert inventory.take(here) == before
        yield Stack(here, pulumi, names, urns, KILLS if stage == "dev" else PER_LIFE)


def points(seed: int, kills: int) -> list[list[tuple[float, float]]]:
    """Per life: how much of the stack is known at each kill (one in each part of the way), and how late it comes then."""
    rng = random.Random(seed)
    lives = [PER_LIFE] * (kills // PER_LIFE) + [kills % PER_LIFE] * bool(kills % PER_LIFE)
    return [[(rng.uniform(part / n, (part + 1) / n), rng.uniform(0, LATE_S_MAX)) for part in range(n)] for n in lives]


def attempt(session: Session, verb: str) -> None:
    """Carry it out; a kill may meet any of the commands that a verb consists of."""
    with contextlib.suppress(PulumiError):
        session.carry_out(verb)


def kill_at(stack: Stack, share: float, late_s: float, running: threading.Thread) -> bool:
    """Kill the engine when so much of the stack is known, and more than when it began; False if it has ended before."""
    wanted = min(max(share * len(stack.urns), len(stack.stored("resources")) + 1), len(stack.urns) - 1)
    end = time.monotonic() + STEP_S
    while not (engines := stack.engines("up")) or len(stack.stored("resources")) < wanted:
        if not running.is_alive():
            return False
        assert time.monotonic() < end
        time.sleep(0.02)
    time.sleep(late_s)
    return sum(processes.send(each, signal.SIGKILL) for each in engines) > 0


@pytest.mark.timeout(STEP_S * (KILLS + 2))
def test_an_engine_that_is_killed_again_and_again_is_healed_by_repair(stack: Stack) -> None:
    seed = int(os.environ.get("TANDEM_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
    print(f"TANDEM_SEED={seed}")  # noqa: T201 - whoever reads a failure replays it with this
    before = inventory.take(stack.here)
    killed = pending = 0
    for life in points(seed, stack.kills):
        verb = "up"
        for share, late_s in life:
            running = threading.Thread(target=attempt, args=[stack.session, verb])
            running.start()
            killed += kill_at(stack, share, late_s, running)
            running.join(STEP_S)
            pending += len(stack.stored("pending_operations"))
            if verb == "up":
                pulumi_alone_imports_nothing(stack)
            verb = "repair"
        assert not processes.wait_gone(stack.plugins(), GONE_S), "a provider or a language host outlives its engine"
        assert stack.session.carry_out("repair") == 0
        check(stack, before)
        stack.pulumi.destroy()
        assert inventory.take(stack.here) == before
    print(f"{killed} of {stack.kills} points lay inside of an up; {pending} creates were pending")  # noqa: T201
    assert killed >= stack.kills / 2
    assert pending


def pulumi_alone_imports_nothing(stack: Stack) -> None:
    """Why the repair edits the state: `--import-pending-creates` takes the entry away, and nothing comes of it."""
    processes.wait_gone(stack.plugins(), GONE_S)
    file = stack.pulumi.project.state_file
    assert file
    before = file.read_bytes()
    finder = Finder(stack.pulumi.project.environment)
    entries = [operation["resource"] for operation in stack.stored("pending_operations")]
    found = [(each["urn"], ids[0]) for each in entries if each["type"] in LOOK_UPS and (ids := finder.ids(each))]
    if not found:
        return
    urn, made = found[0]
    drop_cut_attributes(stack.pulumi.project)
    stack.pulumi.cancel()
    stack.pulumi.refresh("--import-pending-creates", urn, "--import-pending-creates", made)
    assert urn not in [each["urn"] for each in stack.stored("resources")]
    assert urn not in [each["resource"]["urn"] for each in stack.stored("pending_operations")]
    file.write_bytes(before)


def check(stack: Stack, before: inventory.Inventory) -> None:
    """The cloud holds what an undisturbed up makes, once, and the state knows all of it."""
    state = stack.pulumi.state()
    assert not state.get("pending_operations")
    assert sorted(each["urn"] for each in state["resources"]) == sorted(stack.urns)
    made = inventory.without(inventory.take(stack.here), before)
    assert inventory.names(made) == stack.names
    for kind, there in made.items():
        if ":" in kind:
            assert sorted(there) == sorted(each["id"] for each in resources(state) if each["type"] == kind), kind
    assert stack.pulumi.preview().changes == 0
    assert not stack.engines()
    assert not processes.wait_gone(stack.plugins(), GONE_S)
