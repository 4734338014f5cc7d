"""checkov and Microsoft's published types judge what the program on Azure asks for: each finding is fixed or waived.

The judge of types is no part of this repository; where it is not at hand its test says SKIPPED.
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.infra.azure.stand import balanced, run, usual
from tests.judges.azure_bodies import Body, bodies, template
from tests.judges.findings import checkov_on, unsettled
from tests.judges.test_arm_bodies import JUDGE
from tests.judges.test_arm_provider_bodies import UNKNOWN_TO_THE_JUDGE, WAIVED

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


def said(judged: Sequence[Body], folder: Path) -> Sequence[str]:
    """What the judge of types says of these, but for what is waived; it judged all of them."""
    file = folder / "bodies.jsonl"
    file.write_text("".join(f"{json.dumps(each.judged)}\n" for each in judged))
    verdict = subprocess.run([sys.executable, str(JUDGE), str(file)], capture_output=True, text=True, check=False)
    *findings, summary = verdict.stdout.splitlines()
    assert summary.startswith(f"{len(judged)} bodies, "), verdict
    return [each for each in findings if not any(re.match(waived, each) for waived in WAIVED)]


@pytest.mark.skipif(not JUDGE.exists(), reason="the judge of bodies is not at hand")
@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_microsofts_types_find_nothing_in_any_body(name: str, tmp_path: Path) -> None:
    assert said([each for each in asked(name) if each.type not in UNKNOWN_TO_THE_JUDGE], tmp_path) == []


@pytest.mark.skipif(not JUDGE.exists(), reason="the judge of bodies is not at hand")
def test_a_planted_mistake_is_found(tmp_path: Path) -> None:
    (address,) = (each for each in asked("usual") if each.type == "Microsoft.Network/publicIPAddresses")
    address.body["properties"]["publicIPAllocationMethod"] = "Sometimes"
    assert len(said([address], tmp_path)) == 1


def test_nothing_of_the_program_is_left_out() -> None:
    """Everything but blobs, which lie in the blob service and not in Resource Manager."""
    made = [each.type for each in usual().registrations if each.custom and each.type.startswith("azure-native:")]
    assert len(asked("usual")) == len(made) - made.count("azure-native:storage:Blob")
