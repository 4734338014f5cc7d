"""checkov and Microsoft's published types judge what the program on Azure asks for: each finding is fixed or waived."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.infra.azure.stand import balanced, run, usual
from tests.judges.arm_types import UNKNOWN_TO_THE_JUDGE, at_hand, said_of, unwaived
from tests.judges.azure_bodies import Body, bodies, template
from tests.judges.findings import checkov_on, unsettled

pytestmark = pytest.mark.judge

CHECKOV = "checkov (ARM)"
DEPLOYMENTS = {
    "usual": usual,
    "balanced": balanced,
    "hosts": lambda: run({"dedicated_hosts": True}),
    "own-egress": lambda: run({"egress": "own", "nat_gateways": "per-zone"}),
}


def asked(name: str) -> Sequence[Body]:
    """What this deployment asks Resource Manager for."""
    return bodies(DEPLOYMENTS[name]())


@pytest.mark.lab
def test_every_finding_of_checkov_is_waived_with_a_reason_and_every_waiver_is_needed(tmp_path: Path) -> None:
    for name in DEPLOYMENTS:
        (tmp_path / f"{name}.json").write_text(json.dumps(template(asked(name))))
    by_deployment = checkov_on(tmp_path, "arm", CHECKOV)
    assert by_deployment.keys() == DEPLOYMENTS.keys()
    assert unsettled({finding for found in by_deployment.values() for finding in found}, {CHECKOV}) == []


@at_hand
@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_microsofts_types_find_nothing_in_any_body(name: str, tmp_path: Path) -> None:
    judged = [each.judged for each in asked(name) if each.type not in UNKNOWN_TO_THE_JUDGE]
    assert unwaived(said_of(judged, tmp_path)) == []


@at_hand
def test_a_planted_mistake_is_found(tmp_path: Path) -> None:
    (address,) = (each for each in asked("usual") if each.type == "Microsoft.Network/publicIPAddresses")
    address.body["properties"]["publicIPAllocationMethod"] = "Sometimes"
    assert len(unwaived(said_of([address.judged], tmp_path))) == 1


def test_nothing_of_the_program_is_left_out() -> None:
    """Everything but blobs, which lie in the blob service and not in Resource Manager."""
    made = [each.type for each in usual().registrations if each.custom and each.type.startswith("azure-native:")]
    assert len(asked("usual")) == len(made) - made.count("azure-native:storage:Blob")
