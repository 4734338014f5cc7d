"""Every type of the lab's azure-native provider, through its whole life over the emulated Resource Manager."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab.providers.azure_native import HANDLERS
from lab.providers.azure_native.client import AzureError
from lab.providers.azure_native.cloud import AlreadyThereError
from lab.providers.azure_native.tables import table
from lab.providers.comparison import Change
from lab.providers.handler import State
from lab.providers.naming import Naming
from lab.providers.registry import NoHandlerError
from tests.lab.azure_cases import CASES, Case
from tests.lab.azure_rig import GROUP, Azure, Made, Play, azure, filled

pytestmark = pytest.mark.lab

BY_NAME = {case.name: case for case in CASES}
SINGLETONS = {"settings", "versions"}
"""Set back when they are deleted, and gone with their parents."""


@dataclass
class Life:
    """What became of one resource, in order."""

    made: Made
    unchanged: list[Change]
    read: Made | None
    planned: list[Change] = field(default_factory=list[Change])
    updated: Made | None = None
    settled: list[Change] = field(default_factory=list[Change])
    replaced: list[Change] = field(default_factory=list[Change])
    after: Made | None = None


@dataclass
class Lives:
    """All of them, and what is left in the end."""

    by_name: dict[str, Life]
    left: list[str]


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lives]:
    """Everything is made, read, changed and deleted in the other order."""
    with azure(tmp_path_factory.mktemp("types")) as here:
        play, made = Play(here.registry()), dict[str, Made]()
        found: dict[str, Life] = {}
        for case in CASES:
            asked = filled(case.inputs, made)
            made[case.name] = play.make(case.type, case.name, asked)
            found[case.name] = Life(made[case.name], play.compared(made[case.name], asked), play.read(made[case.name]))
        for case in CASES:
            life, asked = found[case.name], filled(case.inputs, made)
            now = {**asked, **filled(case.changed, made)}
            if case.changed:
                life.planned = play.compared(life.made, now)
                life.updated = made[case.name] = play.update(life.made, now)
                life.settled = play.compared(life.updated, now)
            life.replaced = play.compared(made[case.name], {**now, **filled(case.replaced, made)})
        for case in reversed(CASES):
            play.delete(made[case.name])
            found[case.name].after = play.read(made[case.name])
        yield Lives(found, [document.id for document in here.emulator.world.documents.values()])


EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def test_there_is_a_case_for_every_type() -> None:
    assert {case.type for case in CASES} == set(table().rows) == {handler.type for handler in HANDLERS}


@EVERY
def test_what_was_made_is_read_back_and_a_second_run_changes_nothing(lives: Lives, case: Case) -> None:
    life = lives.by_name[case.name]
    assert life.unchanged == []
    assert life.read
    assert life.read.outputs == life.made.outputs
    assert life.read.inputs == life.made.inputs


@EVERY
def test_the_outputs_are_the_types_own(lives: Lives, case: Case) -> None:
    outputs = lives.by_name[case.name].made.outputs
    row = table().rows[case.type]
    assert outputs["azureApiVersion"] == row.api
    assert outputs["name"]
    assert set(outputs) - {"azureApiVersion"} <= set(row.outputs)


@pytest.mark.parametrize("case", [case for case in CASES if case.changed], ids=lambda case: case.name)
def test_a_change_in_place_is_just_that_and_is_kept(lives: Lives, case: Case) -> None:
    life = lives.by_name[case.name]
    assert {each.top for each in life.planned} == set(case.changed)
    assert not any(each.replaces for each in life.planned)
    assert life.updated
    assert life.updated.id == life.made.id
    assert life.updated.outputs != life.made.outputs
    assert life.settled == []


@EVERY
def test_a_change_that_needs_a_new_resource_says_so(lives: Lives, case: Case) -> None:
    assert {each.top for each in lives.by_name[case.name].replaced if each.replaces} == set(case.replaced)


@EVERY
def test_it_is_gone_when_it_was_deleted(lives: Lives, case: Case) -> None:
    after = lives.by_name[case.name].after
    assert (after is not None) == (case.name in SINGLETONS)


def test_nothing_is_left_in_the_end(lives: Lives) -> None:
    assert lives.left == []


def test_an_identity_is_a_list_for_the_program_and_a_map_for_azure(lives: Lives) -> None:
    life = lives.by_name["encryption"]
    identity = lives.by_name["identity"].made.id
    assert life.made.inputs["identity"]["userAssignedIdentities"] == [identity]
    assert list(life.made.outputs["identity"]["userAssignedIdentities"]) == [identity]


def test_renamed_properties_come_back_by_the_programs_names(lives: Lives) -> None:
    assert lives.by_name["insights"].made.outputs["applicationType"] == "web"
    assert lives.by_name["record"].made.outputs["enableHttpsTrafficOnly"] is True
    assert lives.by_name["silence"].made.outputs["criteria"]["odataType"].endswith("WebtestLocationAvailabilityCriteria")


# What is refused, each in a subscription of its own


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Azure]:
    with azure(tmp_path) as made:
        yield made


def case_of(name: str) -> Case:
    return BY_NAME[name]


def test_another_type_is_refused_by_name(here: Azure) -> None:
    with pytest.raises(NoHandlerError, match=r"no handler for azure-native:network:RouteTable; it has: .*network:Subnet"):
        here.registry().create("azure-native:network:RouteTable", "way", {})


def test_what_is_there_is_not_made_again(here: Azure) -> None:
    play, group = Play(here.registry()), case_of("group")
    play.make(group.type, group.name, group.inputs)
    with pytest.raises(AlreadyThereError, match=f"(?i)cannot create already existing resource '{GROUP}'"):
        play.make(group.type, group.name, group.inputs)
    assert len(here.requests("PUT")) == 1


def test_what_azure_refuses_is_told_in_its_words(here: Azure) -> None:
    play = Play(here.registry(location="westeurope"))
    with pytest.raises(AzureError, match='Status=404 Code="ResourceGroupNotFound" Message="Resource group'):
        play.make("azure-native:network:VirtualNetwork", "net", case_of("net").inputs)


def test_every_missing_input_is_named_with_its_place(here: Azure) -> None:
    play = Play(here.registry())
    inputs = {"properties": {"sku": {"name": "standard"}}}
    handler = play.registry.handlers["azure-native:keyvault:Vault"]
    failures = play.customs.checked(handler, "vault", inputs, {}, Naming()).failures
    assert dict(failures) == {
        "resourceGroupName": "missing required property 'resourceGroupName'",
        "properties.tenantId": "missing required property 'properties.tenantId'",
        "properties.sku.family": "missing required property 'properties.sku.family'",
    }


def test_an_input_that_has_no_place_is_a_gap_and_no_silence(here: Azure) -> None:
    registry, group = here.registry(), case_of("group")
    created = registry.create(group.type, group.name, {**group.inputs, "colour": "red"})
    assert [each.what for each in created.gaps] == ["colour"]


def test_a_deleted_resource_is_deleted_again_without_an_error(here: Azure) -> None:
    play, group = Play(here.registry()), case_of("group")
    made = play.make(group.type, group.name, group.inputs)
    play.delete(made)
    play.delete(made)
    assert play.registry.handlers[group.type].read(State(made.id)) is None
