"""Dev, stage and prod differ where environments differ, and nowhere else."""

from collections.abc import Mapping

import pytest

from infra.config.keys import FIELDS
from tests.infra.test_config_docs import STACK_FILES, read, texts_of

KEYS = {name: key for key, name in FIELDS.items()}
"""Keys of a stack file by the names that they have in the program."""
FILES = {file.name.split(".")[1]: file for file in STACK_FILES}

STAGE_DIFFERS: Mapping[str, str] = {
    "networkCidr": "networks that may be joined one day must not overlap",
    "dataVolumeGb": "rehearsed messages do not pile up",
    "partnerCidrs": "the partners' test systems",
    "alertEmails": "nobody on call is woken by a rehearsal",
    "logRetentionDays": "no traffic of patients passes",
    "tags": "the name of the environment",
}
"""What stage may do otherwise than prod, and why: what is rehearsed there is what happens in production."""

DEV_DIFFERS: Mapping[str, str] = {
    **STAGE_DIFFERS,
    "tier": "the lab shows the faster promise",
    "restartGraceSeconds": "follows the tier",
    "probeIntervalSeconds": "follows the tier",
    "tieBreakerZone": "the default finds one",
    "instanceType": "a smaller machine",
    "rootVolumeGb": "a smaller disk",
    "managementEndpoints": "29 dollars a month",
    "trafficPorts": "the lab's HTTP client as well",
    "protect": "destroyed in one step",
    "deletionProtection": "destroyed in one step",
}
"""What dev may do otherwise than prod, and why."""


def differing(one: str, other: str) -> set[str]:
    """Keys whose values differ once defaults are filled in."""
    first, second = (vars(read(texts_of(FILES[stack]))) for stack in (one, other))
    assert first.keys() == second.keys()
    return {KEYS[name] for name in first if first[name] != second[name]}


AZURE_DEV_DIFFERS: Mapping[str, str] = {
    "zones": "no third one where nothing stands in it",
    "networkCidr": "networks that may be joined one day must not overlap",
    "front": "no load balancer is paid; a move takes one to two minutes",
    "dataVolumeGb": "a smaller disk",
    "trafficPorts": "the lab's HTTP client as well",
    "partnerCidrs": "the partners' test systems",
    "alertEmails": "nobody on call is woken by a rehearsal",
    "logRetentionDays": "no traffic of patients passes",
    "protect": "destroyed in one step",
    "deletionProtection": "destroyed in one step",
    "tags": "the name of the environment",
}
"""The same on Azure."""


@pytest.mark.parametrize(
    ("stack", "may"),
    [("aws-stage", STAGE_DIFFERS), ("aws-dev", DEV_DIFFERS), ("azure-dev", AZURE_DEV_DIFFERS)],
)
def test_an_environment_differs_from_production_only_where_a_reason_stands(stack: str, may: Mapping[str, str]) -> None:
    assert differing(stack, f"{stack.partition('-')[0]}-prod") - may.keys() == set()


def test_stage_differs_from_production_in_everything_that_it_is_said_to() -> None:
    assert differing("aws-stage", "aws-prod") == set(STAGE_DIFFERS)


def test_stage_is_protected_and_watched_as_production_is() -> None:
    stage = read(texts_of(FILES["aws-stage"]))

    assert (stage.protect, stage.deletion_protection, stage.enabled, stage.watch_only) == (True, True, True, False)


def test_no_two_environments_have_the_same_network() -> None:
    networks = [texts_of(file)["networkCidr"] for file in STACK_FILES]

    assert len(set(networks)) == len(networks)
