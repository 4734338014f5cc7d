"""A rolling change before a balancer: a switchover is refused there, and so is whoever is up in the pool."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import site
from lab.deploying import By
from lab.pulumi_cli import Pulumi
from lab.site import Options
from lab.story import DEADLINES, wait_for_arbiter
from lab.traffic import Traffic
from tests.engine.rolled import RolledBeforeBalancer, Told
from tests.engine.sizes import at_night

pytestmark = [pytest.mark.engine, at_night]

STACK = "azure-prod"


@pytest.fixture(scope="module")
def rolled(command: Path) -> Iterator[RolledBeforeBalancer]:
    cloud, _, stage = STACK.partition("-")
    with contextlib.ExitStack() as ends:
        running = ends.enter_context(site.start(Options(by=By.AT_HAND, cloud=cloud, stage=stage), lambda _: None))
        traffic = Traffic.begin(running)
        wait_for_arbiter(running, lambda _: None)
        told = Told(RolledBeforeBalancer, STACK)
        rolled = RolledBeforeBalancer(running, Pulumi(command, running.project), traffic, told)
        told.owned["before"] = rolled.owned()
        rolled.put(**rolled.image)
        rolled.refusal("the holder", lambda: rolled.roll("wk1"))
        rolled.refusal("the holder, by pulumi alone", lambda: rolled.under(TANDEM_ROLL_WORKER="wk1").up())
        rolled.refusal("a switchover", lambda: rolled.ask("switchover", worker="wk2"))
        rolled.part("image, standby", lambda: rolled.roll("wk2"))
        rolled.ask("failover", worker="wk2")
        told.owned["moved"] = rolled.owned()
        yield rolled
        traffic.stop()


def test_who_is_up_in_the_pool_is_refused_with_the_command_that_moves(rolled: RolledBeforeBalancer) -> None:
    refused = rolled.told.refused
    assert "Move the address first: make lab-ask VERB=failover WORKER=wk2" in refused["the holder"]
    assert "Move the address first with a failover" in refused["the holder, by pulumi alone"]


def test_a_switchover_is_refused_since_connections_would_stay(rolled: RolledBeforeBalancer) -> None:
    """RULE 9.15."""
    assert "connections that stand would go on to the old holder" in rolled.told.refused["a switchover"]


def test_the_standby_is_made_anew_and_the_pool_is_not_touched(rolled: RolledBeforeBalancer) -> None:
    before, after = rolled.told.owned["before"], rolled.told.owned["image, standby"]
    (image,) = rolled.image.values()
    assert after.images == {"wk1": before.images["wk1"], "wk2": (image, before.images["wk2"][1])}
    assert (after.address, after.data_disks, after.holder) == (before.address, before.data_disks, "wk1")
    assert tuple(rolled.told.calls["image, standby"]) == rolled.anew
    assert rolled.told.served["image, standby"] > 0


def test_a_failover_brings_every_client_to_the_new_machine(rolled: RolledBeforeBalancer) -> None:
    """RULE 9.15: the fence ends the connections that a switchover would leave on the old holder."""
    moved = rolled.told.owned["moved"]
    assert (moved.holder, moved.address[2]) == ("wk2", rolled.told.owned["before"].address[2].replace("192.10", "208.10"))
    rolled.site.wait_for("every sender on wk2", lambda: who_acknowledges(rolled) == {"wk2"}, DEADLINES.served)


def who_acknowledges(rolled: RolledBeforeBalancer) -> set[str]:
    """Of the last message of each sender; the port of the HTTP client is none of this stack's."""
    newest = [tail.last("acked") for tail in rolled.traffic.tails]
    return {str(each["worker"]) if each else "" for each in newest}
