"""Our own stacks keep the rules: those that are protected as they are, those for development with their configuration."""

from collections.abc import Mapping
from typing import Any

import pytest

from tandem_policy.values import Level
from tests.infra.azure import stand as azure
from tests.infra.azure.traps.variants import GALLERY
from tests.infra.stand import run
from tests.policy.served import served
from tests.policy.stacks import DEVELOPMENT, STACKS, chosen, deployed, findings, is_development, known, levels

pytestmark = pytest.mark.slips

VARIANTS = {
    "own egress": {"egress": "own"},
    "an event bus": {"noticeEventBus": "operations"},
    "three zones": {"zones": '["eu-central-1a", "eu-central-1b", "eu-central-1c"]'},
    "reserved runs": {"reservedConcurrency": "3"},
    "capacity": {"reserveCapacity": "true"},
}


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_of_ours_keeps_every_rule_and_all_advice(stack: str) -> None:
    found = findings(deployed(stack), DEVELOPMENT if is_development(stack) else None)

    assert found[Level.MANDATORY] == []
    locked = "kept-locked" if stack.startswith("azure-") else "tables-refuse-deletion"
    expected = {"kept-protected", locked} if is_development(stack) else set[str]()
    assert {each.rule for each in found[Level.ADVISORY]} == expected


@pytest.mark.parametrize("name", VARIANTS)
def test_what_else_the_program_can_build_keeps_every_rule(name: str) -> None:
    found = findings(run(VARIANTS[name]))

    assert [each for all_of_level in found.values() for each in all_of_level] == []


AZURE_VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "a balancer": azure.BALANCED,
    "own egress": {"egress": "own"},
    "hosts and an image of one's own": {"dedicated_hosts": True, "image": GALLERY},
    "a port of public health": {"public_health_port": 8081},
}


@pytest.mark.parametrize("name", AZURE_VARIANTS)
def test_what_else_the_program_can_build_on_azure_keeps_every_rule(name: str) -> None:
    found = findings(azure.run(AZURE_VARIANTS[name]))

    assert [each for all_of_level in found.values() for each in all_of_level] == []


def test_the_configuration_for_development_lowers_the_locks_and_nothing_else() -> None:
    assert levels(DEVELOPMENT) == dict.fromkeys(("kept-protected", "kept-locked", "tables-refuse-deletion"), Level.ADVISORY)


@pytest.mark.parametrize(
    ("changes", "rule", "names"),
    [
        ({"enabled": "false"}, "watchdog-not-paused", {"arbiter"}),
        ({"watchOnly": "true"}, "watchdog-not-paused", {"arbiter"}),
        ({"protect": "false"}, "kept-protected", {"address", "record", "key", "data-wk1", "data-wk2"}),
        ({"deletionProtection": "false"}, "tables-refuse-deletion", {"record"}),
        (
            {"logRetentionDays": "14"},
            "logs-kept",
            {"arbiter-log", "flows-log", *(f"prober-eu-central-1{z}-log" for z in "abc")},
        ),
    ],
    ids=lambda it: ",".join(it) if isinstance(it, dict) else "",
)
def test_a_stack_file_that_breaks_a_rule_is_found(changes: dict[str, str], rule: str, names: set[str]) -> None:
    deployment = run(changes)
    found = findings(deployment)[Level.MANDATORY]

    assert {each.rule for each in found} == {rule}
    assert {each.name for each in found} == {f"tandem-aws-test-{name}" for name in names}


@pytest.mark.parametrize(
    ("changes", "rule", "names"),
    [
        ({"enabled": False}, "watchdog-not-paused", {"watchdog"}),
        ({"watch_only": True}, "watchdog-not-paused", {"watchdog"}),
        ({"protect": False}, "kept-protected", {"address", "record", "key", "data-wk1", "data-wk2"}),
        ({"deletion_protection": False}, "kept-locked", {"address", "record", "data-wk1", "data-wk2"}),
    ],
    ids=lambda it: ",".join(it) if isinstance(it, dict) else "",
)
def test_what_breaks_a_rule_on_azure_is_found(changes: dict[str, Any], rule: str, names: set[str]) -> None:
    found = findings(azure.run(changes))[Level.MANDATORY]

    assert {each.rule for each in found} == {rule}
    vaults = {each.name for each in found if each.name.startswith("kv-")}
    assert len(vaults) == rule.startswith("kept-")
    assert {each.name for each in found} - vaults == {f"{azure.SITE}-{name}" for name in names}


@pytest.mark.lab
@pytest.mark.parametrize("stack", STACKS)
def test_the_served_pack_finds_in_a_stack_what_the_functions_find(stack: str) -> None:
    deployment = deployed(stack)
    config = DEVELOPMENT if is_development(stack) else None
    with served() as pack:
        pack.configure(levels(config), {})
        told = [each for registration in deployment.registrations for each in pack.analyze(chosen(registration))]
        told += pack.analyze_stack([known(each) for each in deployment.registrations])

    found = findings(deployment, config)
    assert sorted((each.rule, each.level.value, each.said) for each in told) == sorted(
        (each.rule, level.value, each.said) for level, all_of_level in found.items() for each in all_of_level
    )
