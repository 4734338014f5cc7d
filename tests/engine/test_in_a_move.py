"""An update in the middle of a move, and one that makes the old home worker anew: the watchdog's move is not touched.

A real lab: workers, watchdog, the real engine. The second call of the move is turned away by the cloud for as long as the
update takes, so that the address is on nobody meanwhile; everything is done once, and the claims are about what was seen.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import api_faults, site
from lab.deploying import By
from lab.pulumi_cli import Pulumi, Run
from lab.site import Options, Site
from lab.story import DEADLINES, Fault, strike, wait_for_arbiter
from tests.engine.owned import Operated, Owned, no_progress

pytestmark = pytest.mark.engine

INSTANCE = "aws:ec2/instance:Instance"
TURNED_AWAY = api_faults.Fault("ec2", "AssociateAddress", api_faults.Kind.THROTTLED, times=None)


@dataclass(frozen=True)
class Seen:
    """What was seen on the way."""

    phase: str
    """In which the record was when the update began."""
    with_tag: Run
    refreshed: Run
    during: Owned
    """After both, the call still turned away."""
    moved: Owned
    rebuilt: Run
    after: Owned
    new_home: str
    """Instance id of the home worker that was made anew."""


@pytest.fixture(scope="module")
def seen(command: Path, stage: str) -> Iterator[Seen]:
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(site.start(Options(by=By.AT_HAND, api_faults=True, stage=stage), no_progress))
        lab = Operated(running, Pulumi(command, running.project))
        wait_for_arbiter(running, no_progress)
        faults = running.api_faults
        assert faults
        faults.put([TURNED_AWAY])
        strike(running, Fault.KILL, "wk1")
        running.wait_for("the move to begin", lambda: lab.stored("phase") == "moving", DEADLINES.settled)
        phase = lab.stored("phase")
        lab.tag("in-a-move")
        with_tag, refreshed = lab.pulumi.up(), lab.pulumi.refresh()
        during = lab.owned()
        faults.require_fired()
        faults.clear()
        running.wait_for("the failover", lambda: is_over(running), DEADLINES.settled)
        moved = lab.owned()
        rebuilt = lab.pulumi.up("--replace", urn_of(lab, "wk1"))
        after = lab.owned()
        yield Seen(
            phase, with_tag, refreshed, during, moved, rebuilt, after, lab.pulumi.outputs()["workers"]["wk1"]["instanceId"]
        )


def is_over(running: Site) -> bool:
    """Moved, verified, and the old holder stopped with its groups put back."""
    record, old = running.stored(), running.hypervisor.machines["wk1"]
    return record["phase"] == "steady" and record["holder"] == "wk2" and old.state == "stopped" and not old.isolated


def urn_of(lab: Operated, worker: str, type_token: str = INSTANCE) -> str:
    (urn,) = (
        each["urn"]
        for each in lab.pulumi.state()["resources"]
        if each["type"] == type_token and each["urn"].endswith(f"-{worker}")
    )
    return urn


def test_the_update_met_a_move_whose_address_was_on_nobody(seen: Seen) -> None:
    assert seen.phase == "moving"
    assert seen.with_tag.count("updated") > 0
    assert seen.refreshed.count("deleted") == 0
    assert (seen.during.holder, seen.during.address_on) == ("wk2", "")


def test_the_move_ends_in_the_epoch_in_which_it_began(seen: Seen) -> None:
    assert (seen.moved.holder, seen.moved.address_on, seen.moved.epoch) == ("wk2", "wk2", seen.during.epoch)
    assert seen.moved.powers == {"wk1": "stopped", "wk2": "running"}


def test_a_home_worker_made_anew_changes_nothing_of_the_holder(seen: Seen) -> None:
    assert seen.rebuilt.count("replaced") >= 1
    assert seen.new_home not in seen.moved.instances
    assert seen.after.powers["wk1"] == "running"
    for what in ("association", "address_on", "holder", "epoch"):
        assert getattr(seen.after, what) == getattr(seen.moved, what), what
    assert seen.after.powers["wk2"] == seen.moved.powers["wk2"]
    assert seen.after.groups["wk2"] == seen.moved.groups["wk2"]
