"""An update in the middle of a move, and one that makes the old home worker anew: the watchdog's move is not touched.

A real lab: workers, watchdog, the real engine. The call that gives the new holder the address is turned away by the cloud
for as long as the update takes, so that it is on nobody meanwhile; all is done once, and the claims are about what was seen.
"""

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import api_faults, site
from lab.azure_cloud import AzureCloud
from lab.deploying import By
from lab.pulumi_cli import Pulumi, Run
from lab.rawevents import Verb
from lab.site import Options, Site
from lab.story import DEADLINES, Fault, strike, wait_for_arbiter
from tests.engine.owned import Operated, Owned, no_progress
from tests.engine.sizes import STORIES

pytestmark = pytest.mark.engine

MACHINES = ("aws:ec2/instance:Instance", "azure-native:compute:VirtualMachine")
TURNED_AWAY = api_faults.Fault("ec2", "AssociateAddress", api_faults.Kind.THROTTLED, times=None)


@dataclass(frozen=True)
class Seen:
    """What was seen on the way."""

    cloud: str
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


@pytest.fixture(scope="module", params=STORIES)
def seen(command: Path, request: pytest.FixtureRequest) -> Iterator[Seen]:
    name, _, stage = str(request.param).partition("-")
    options = Options(by=By.AT_HAND, cloud=name, stage=stage, api_faults=name == "aws")
    with site.start(options, no_progress) as running:
        lab = Operated(running, Pulumi(command, running.project))
        wait_for_arbiter(running, no_progress)
        with turned_away(running):
            strike(running, Fault.KILL, "wk1")
            running.wait_for("the move to be half-way", lambda: is_half_way(lab), DEADLINES.settled)
            phase = lab.stored("phase")
            lab.tag("in-a-move")
            with_tag, refreshed = lab.pulumi.up(), lab.pulumi.refresh()
            during = lab.owned()
        running.wait_for("the failover", lambda: is_over(running), DEADLINES.settled)
        moved = lab.owned()
        rebuilt = lab.pulumi.up("--replace", urn_of(lab, "wk1"))
        after = lab.owned()
        new_home = lab.pulumi.outputs()["workers"]["wk1"]["instanceId"]
        yield Seen(name, phase, with_tag, refreshed, during, moved, rebuilt, after, new_home)


@contextlib.contextmanager
def turned_away(running: Site) -> Generator[None]:
    """The call that gives wk2 the address is throttled in this block, and was made."""
    if isinstance(running.cloud, AzureCloud):
        running.cloud.turn_away(Verb.ASSOCIATE, running.hypervisor.machines["wk2"].card_id)
        yield
        assert running.cloud.clear_faults() > 0
        return
    faults = running.api_faults
    assert faults
    faults.put([TURNED_AWAY])
    yield
    faults.require_fired()
    faults.clear()


def is_half_way(lab: Operated) -> bool:
    """The address is on nobody, and the record knows."""
    return lab.stored("phase") == "moving" and lab.owned().address_on == ""


def is_over(running: Site) -> bool:
    """Moved, verified, and the old holder stopped with its groups put back."""
    record, old = running.stored(), running.hypervisor.machines["wk1"]
    return record["phase"] == "steady" and record["holder"] == "wk2" and old.state == "stopped" and not old.isolated


def urn_of(lab: Operated, worker: str) -> str:
    (urn,) = (
        each["urn"]
        for each in lab.pulumi.state()["resources"]
        if each["type"] in MACHINES and each["urn"].endswith(f"-{worker}")
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
    assert seen.cloud == "azure" or seen.new_home not in seen.moved.instances, "on Azure an id is a name"
    assert seen.after.powers == {"wk1": "running", "wk2": "running"}
    for what in ("association", "address_on", "holder", "epoch", "written"):
        assert getattr(seen.after, what) == getattr(seen.moved, what), what
    assert seen.after.groups["wk2"] == seen.moved.groups["wk2"]
    assert seen.cloud == "aws" or seen.after.groups == seen.moved.groups
