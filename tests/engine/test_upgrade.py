"""An upgrade of Tandem replaces nothing: a preview of today's program from the state that an earlier version left.

Names, aliases and types are what a release promises to its stacks. The clouds behind the recorded states are gone; a preview
without a refresh asks the provider to compare, and nobody else.
"""

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lab.bare_cloud import NO_THING, Cloud, cloud
from lab.urns import name_of, type_of
from tests.engine import recorded
from tests.engine.sizes import at_night

pytestmark = pytest.mark.engine

KEPT = frozenset({"same", "read", "update", "create"})
"""Operations that take nothing away."""


@pytest.fixture(scope="module")
def here(command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud(command, tmp_path_factory.mktemp("engine")) as made:
        yield made


def taken_away(here: Cloud, name: str, state: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an up from that state would replace or delete: operation and logical name."""
    pulumi = recorded.stack(here, name, uuid.uuid4().hex[:8])
    pulumi.take(state)
    steps = pulumi.preview_as_data()["steps"]
    assert any(step["op"] == "same" for step in steps)
    return [
        (step["op"], name_of(step["urn"]))
        for step in steps
        if step["op"] not in KEPT and type_of(step["urn"]) not in NO_THING
    ]


def test_the_states_of_the_first_version_are_there() -> None:
    assert {f"0.1.0.dev/aws-{stage}" for stage in recorded.STAGES} <= set(recorded.names())


NAMES = [pytest.param(name, marks=[] if name.endswith("aws-dev") else at_night) for name in recorded.names()]


@pytest.mark.parametrize("name", NAMES)
def test_an_upgrade_from_an_earlier_version_replaces_and_deletes_nothing(here: Cloud, name: str) -> None:
    assert taken_away(here, name, recorded.load(name)) == []


def test_a_resource_that_lost_its_name_is_seen(here: Cloud) -> None:
    """The negative control: the address has another logical name today than in the state."""
    name = next(name for name in recorded.names() if name.endswith("aws-dev"))
    state = recorded.load(name)
    address = next(each for each in state["deployment"]["resources"] if each["type"] == "aws:ec2/eip:Eip")
    old = address["urn"]
    for each in state["deployment"]["resources"]:
        renamed(each, old, f"{old}-of-before")
    assert ("delete", f"{name_of(old)}-of-before") in taken_away(here, name, state)


def renamed(resource: dict[str, Any], old: str, new: str) -> None:
    """The URN as this resource has it: its own, among its dependencies, and those of its properties."""
    swap = {old: new}
    resource["urn"] = swap.get(resource["urn"], resource["urn"])
    resource["dependencies"] = [swap.get(urn, urn) for urn in resource.get("dependencies") or []]
    by_property: dict[str, list[str] | None] = resource.get("propertyDependencies") or {}
    resource["propertyDependencies"] = {key: [swap.get(urn, urn) for urn in urns or []] for key, urns in by_property.items()}
