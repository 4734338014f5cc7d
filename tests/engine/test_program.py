"""The real engine on every stack: what a preview names is what up does, nothing changes by itself, nothing is left."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.bare_cloud import cloud, resources
from lab.pulumi_cli import Run
from lab.stack_file import STACKS

STAGES = sorted(file.stem.removeprefix("Pulumi.aws-") for file in STACKS.glob("Pulumi.aws-*.yaml"))
pytestmark = [pytest.mark.engine, pytest.mark.parametrize("life", STAGES, indirect=True)]


@dataclass(frozen=True)
class Life:
    """What the engine said of one stack from its birth to its end."""

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
    folder = tmp_path_factory.mktemp("engine")
    with cloud(command, folder) as here:
        pulumi = here.stack(str(request.param))
        previewed = pulumi.preview_as_data()
        upped, state = pulumi.up(), pulumi.state()
        again, refreshed, after = pulumi.up(), pulumi.refresh(), pulumi.preview()
        destroyed = pulumi.destroy()
        yield Life(
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


def test_a_refresh_finds_nothing_that_is_otherwise(life: Life) -> None:
    assert life.refreshed.changes == 0, life.refreshed.said
    assert life.after_refresh.changes == 0, life.after_refresh.said


def test_a_destroy_leaves_nothing_while_a_watchdog_lives(life: Life) -> None:
    assert life.destroyed.count("deleted") == len(life.state["resources"])
    assert not list(resources(life.last_state))
    assert life.left == ()
