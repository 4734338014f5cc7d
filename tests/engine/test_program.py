"""The real engine on every stack: what a preview names is what up does, nothing changes by itself, nothing is left."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.azure_cloud import AzureCloud
from lab.bare_cloud import Cloud, cloud, resources
from lab.pulumi_cli import Pulumi, Run
from lab.stack_file import STACKS
from lab.tail import Tail

NAMES = sorted(file.stem.removeprefix("Pulumi.") for file in STACKS.glob("Pulumi.*.yaml"))
pytestmark = [pytest.mark.engine, pytest.mark.parametrize("life", NAMES, indirect=True)]

LIVES_S = 60.0
"""Longest wait for the first word of the watchdog, and for its end on Azure, which comes with the deletion of its site."""

NETWORK = "azure-native:network"
WRITTEN_BY_OTHERS = frozenset(
    {
        (f"{NETWORK}:PublicIPAddress", "natGateway"),
        (f"{NETWORK}:NetworkInterface", "ipConfigurations"),
        (f"{NETWORK}:NetworkInterface", "tags"),
        (f"{NETWORK}:LoadBalancer", "backendAddressPools"),
    }
)
"""What a refresh may find otherwise than the program made it, by type and input: what Azure and the watchdog write there.

The SDK counts a gateway's name on its address, a card's address and epoch, a balancer's members among the inputs. The
program ignores them, so that an up after it changes nothing. On AWS there is none.
"""
_REFRESHED = re.compile(r"^ *~ +(\S+) \S+ updated \(\S+\) \[diff: (.*)\]$", re.MULTILINE)


@dataclass(frozen=True)
class Life:
    """What the engine said of one stack from its birth to its end."""

    cloud: str
    previewed: Mapping[str, Any]
    upped: Run
    state: Mapping[str, Any]
    again: Run
    refreshed: Run
    after_refresh: Run
    destroyed: Run
    left: tuple[str, ...]
    last_state: Mapping[str, Any]


@pytest.fixture(scope="module")
def life(request: pytest.FixtureRequest, command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    name, _, stage = str(request.param).partition("-")
    with cloud(command, tmp_path_factory.mktemp("engine"), name) as here:
        pulumi = here.stack(stage)
        previewed = pulumi.preview_as_data()
        upped, state = pulumi.up(), pulumi.state()
        again = pulumi.up()
        wait_for_the_watchdog(here, pulumi)
        refreshed = pulumi.refresh()
        after = pulumi.preview()
        destroyed = pulumi.destroy()
        if isinstance(here.running, AzureCloud):
            app = here.running.app
            here.supervisor.wait_for("the function to end with its site", lambda: not app.runs, LIVES_S)
        yield Life(
            cloud=name,
            previewed=previewed,
            upped=upped,
            state=state,
            again=again,
            refreshed=refreshed,
            after_refresh=after,
            destroyed=destroyed,
            left=tuple(here.left_of(state)),
            last_state=pulumi.state(),
        )


def wait_for_the_watchdog(here: Cloud, pulumi: Pulumi) -> None:
    """Until one was started, if the stack has one."""
    if pulumi.outputs()["stateTable"]:
        starts = Tail(here.supervisor.logs / "function-starts.jsonl")
        here.supervisor.wait_for("the watchdog's start", lambda: bool(list(starts.read())), LIVES_S)


def test_a_preview_names_what_up_then_does(life: Life) -> None:
    foretold = {step["urn"] for step in life.previewed["steps"] if step["op"] == "create"}
    made = {each["urn"] for each in life.state["resources"]}
    assert foretold == made
    assert life.upped.count("created") == len(made)
    assert life.upped.changes == len(made)


def test_nothing_that_was_created_is_pending_or_half_made(life: Life) -> None:
    assert not life.state.get("pending_operations")
    assert not [each["urn"] for each in life.state["resources"] if each.get("initErrors")]


def test_a_second_up_changes_nothing(life: Life) -> None:
    assert life.again.changes == 0, life.again.said
    assert life.again.count("unchanged") == len(life.state["resources"])


def test_a_refresh_finds_nothing_that_is_otherwise_but_what_others_write(life: Life) -> None:
    found = _REFRESHED.findall(life.refreshed.said)
    assert life.refreshed.changes == life.refreshed.count("updated") == len(found), life.refreshed.said
    written = {(type_token, what.lstrip("+~-")) for type_token, diff in found for what in diff.split(",")}
    assert written <= (WRITTEN_BY_OTHERS if life.cloud == "azure" else set()), life.refreshed.said
    assert life.after_refresh.changes == 0, life.after_refresh.said


def test_a_destroy_leaves_nothing_while_a_watchdog_lives(life: Life) -> None:
    assert life.destroyed.count("deleted") == len(life.state["resources"])
    assert not list(resources(life.last_state))
    assert life.left == ()
