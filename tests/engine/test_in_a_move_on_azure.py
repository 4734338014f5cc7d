"""An update in the middle of a move on Azure, and one that makes the old home worker anew; on AWS: `test_in_a_move`.

The write that gives the new holder's card the address is throttled for as long as the update takes.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import site
from lab.azure_cloud import AzureCloud
from lab.deploying import By
from lab.pulumi_cli import Pulumi
from lab.rawevents import Verb
from lab.site import Options, Site
from lab.story import DEADLINES, Fault, strike, wait_for_arbiter
from tests.engine.owned import Operated, no_progress
from tests.engine.sizes import at_night
from tests.engine.test_in_a_move import Seen, urn_of

pytestmark = [pytest.mark.engine, at_night]

MACHINE = "azure-native:compute:VirtualMachine"


@pytest.fixture(scope="module")
def seen(command: Path) -> Iterator[Seen]:
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(site.start(Options(cloud="azure", by=By.AT_HAND), no_progress))
        lab = Operated(running, Pulumi(command, running.project))
        wait_for_arbiter(running, no_progress)
        cloud = running.cloud
        assert isinstance(cloud, AzureCloud)
        cloud.turn_away(Verb.ASSOCIATE, running.hypervisor.machines["wk2"].card_id)
        strike(running, Fault.KILL, "wk1")
        running.wait_for("the address to be on nobody", lambda: lab.owned().address_on == "", DEADLINES.settled)
        phase = lab.stored("phase")
        lab.tag("in-a-move")
        with_tag, refreshed = lab.pulumi.up(), lab.pulumi.refresh()
        during = lab.owned()
        assert cloud.let_in() > 0
        running.wait_for("the failover", lambda: is_over(running), DEADLINES.settled)
        moved = lab.owned()
        rebuilt = lab.pulumi.up("--replace", urn_of(lab, "wk1", MACHINE))
        after = lab.owned()
        new_home = lab.pulumi.outputs()["workers"]["wk1"]["instanceId"]
        yield Seen(phase, with_tag, refreshed, during, moved, rebuilt, after, new_home)


def is_over(running: Site) -> bool:
    """Moved, verified, and the old holder stopped with its rules put back."""
    record, old = running.stored(), running.hypervisor.machines["wk1"]
    return record["phase"] == "steady" and record["holder"] == "wk2" and old.state == "stopped" and not old.isolated


def test_the_update_met_a_move_whose_address_was_on_nobody(seen: Seen) -> None:
    assert seen.phase == "moving"
    assert seen.with_tag.count("updated") > 0
    assert seen.refreshed.count("deleted") == 0
    assert (seen.during.holder, seen.during.address_on) == ("wk2", "")


def test_the_move_ends_in_the_epoch_in_which_it_began(seen: Seen) -> None:
    assert (seen.moved.holder, seen.moved.address_on, seen.moved.epoch) == ("wk2", "wk2", seen.during.epoch)
    assert seen.moved.powers == {"wk1": "PowerState/stopped", "wk2": "PowerState/running"}


def test_a_home_worker_made_anew_changes_nothing_of_the_holder(seen: Seen) -> None:
    assert seen.rebuilt.count("replaced") >= 1
    assert seen.after.powers == {"wk1": "PowerState/running", "wk2": "PowerState/running"}
    assert seen.after.groups == seen.moved.groups
    for what in ("association", "address_on", "holder", "epoch", "written"):
        assert getattr(seen.after, what) == getattr(seen.moved, what), what
