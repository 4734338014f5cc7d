"""An upgrade of Tandem replaces nothing: a preview of today's program from the state that an earlier version left.

Names, aliases and types are what a release promises to its stacks. The clouds behind the recorded states are gone, but for
what the program itself asks in every run; a preview without a refresh asks the provider to compare, and nobody else.
"""

import functools
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from lab.bare_cloud import NO_THING, Cloud
from lab.providers.handler import Ask
from lab.urns import name_of, type_of
from tests.engine import recorded
from tests.engine.sizes import at_night

pytestmark = pytest.mark.engine

KEPT = frozenset({"same", "read", "update", "create"})
"""Operations that take nothing away."""


ASKED_FOR = ("azure-native:resources:ResourceGroup", "azure-native:storage:StorageAccount")
"""What the program asks something of in every run, so that it has to be there: on Azure the account signs for the bundle."""

ADDRESSES = {"aws": "aws:ec2/eip:Eip", "azure": "azure-native:network:PublicIPAddress"}


Standing = Callable[[str], Cloud]
"""The cloud of a recorded state."""


@pytest.fixture(scope="module")
def standing(bare: Callable[[str], Cloud]) -> Standing:
    def of(name: str) -> Cloud:
        """With what the program asks something of."""
        running = bare(recorded.cloud_of(name))
        for each in recorded.load(name)["deployment"]["resources"]:
            if each["type"] in ASKED_FOR:
                running.registry.handlers[each["type"]].create(Ask(each["type"], name_of(each["urn"]), each["inputs"]))
        return running

    return functools.cache(of)


def taken_away(standing: Standing, name: str, state: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an up from that state would replace or delete: operation and logical name."""
    pulumi = recorded.stack(standing(name), name, uuid.uuid4().hex[:8])
    pulumi.take(state)
    steps = pulumi.preview_as_data()["steps"]
    assert any(step["op"] == "same" for step in steps)
    return [
        (step["op"], name_of(step["urn"]))
        for step in steps
        if step["op"] not in KEPT and type_of(step["urn"]) not in NO_THING
    ]


def test_the_states_of_the_first_version_are_there() -> None:
    names = {f"{cloud}-{stage}" for cloud, stages in recorded.STAGES.items() for stage in stages}
    assert {f"0.1.0.dev/{name}" for name in names} <= set(recorded.names())


NAMES = [pytest.param(name, marks=[] if name.endswith("-dev") else at_night) for name in recorded.names()]


@pytest.mark.parametrize("name", NAMES)
def test_an_upgrade_from_an_earlier_version_replaces_and_deletes_nothing(standing: Standing, name: str) -> None:
    taken = taken_away(standing, name, recorded.load(name))
    assert [each for each in taken if each not in package_of(name)] == []


def package_of(name: str) -> list[tuple[str, str]]:
    """On Azure the watchdog's package and its deployment have its digest in their names: another version, another blob."""
    stack = name.rpartition("/")[2]
    return [("replace", f"tandem-{stack}-{part}") for part in ("bundle", "code")] if stack.startswith("azure-") else []


@pytest.mark.parametrize("cloud_name", ["aws", pytest.param("azure", marks=at_night)])
def test_a_resource_that_lost_its_name_is_seen(standing: Standing, cloud_name: str) -> None:
    """The negative control: the address has another logical name today than in the state."""
    name = next(name for name in recorded.names() if name.endswith(f"{cloud_name}-dev"))
    state = recorded.load(name)
    address = next(each for each in state["deployment"]["resources"] if each["type"] == ADDRESSES[cloud_name])
    old = address["urn"]
    for each in state["deployment"]["resources"]:
        renamed(each, old, f"{old}-of-before")
    assert ("delete", f"{name_of(old)}-of-before") in taken_away(standing, name, state)


def renamed(resource: dict[str, Any], old: str, new: str) -> None:
    """The URN as this resource has it: its own, among its dependencies, and those of its properties."""
    swap = {old: new}
    resource["urn"] = swap.get(resource["urn"], resource["urn"])
    resource["dependencies"] = [swap.get(urn, urn) for urn in resource.get("dependencies") or []]
    by_property: dict[str, list[str] | None] = resource.get("propertyDependencies") or {}
    resource["propertyDependencies"] = {key: [swap.get(urn, urn) for urn in urns or []] for key, urns in by_property.items()}
