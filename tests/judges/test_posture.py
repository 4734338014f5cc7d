"""checkov and parliament judge the recorded deployment: every finding is fixed, or waived with a reason."""

from pathlib import Path

import pytest

from tests.infra.stand import balanced, run, usual
from tests.judges.findings import Finding, by_checkov, by_parliament, policy_documents, unsettled, waivers
from tests.judges.recorded import recorded

pytestmark = pytest.mark.judge


@pytest.mark.lab
def test_every_finding_is_waived_with_a_reason_and_every_waiver_is_needed(tmp_path: Path) -> None:
    deployments = {
        "usual": usual(),
        "bus": recorded().deployment,
        "balanced": balanced(),
        "own-egress": run({"egress": "own"}),
    }
    found = {finding for findings in by_checkov(deployments, tmp_path).values() for finding in findings}
    found |= {finding for each in deployments.values() for finding in by_parliament(policy_documents(each))}

    assert unsettled(found, {"checkov", "parliament"}) == []


def test_a_waiver_covers_its_own_check_on_its_own_resource_only() -> None:
    (waiver,) = (each for each in waivers() if each.check == "CKV_AWS_117")
    own = Finding("checkov", "CKV_AWS_117", "aws_lambda_function.tandem-aws-prod-arbiter", "inside a VPC")

    assert waiver.covers(own)
    assert not waiver.covers(Finding("checkov", "CKV_AWS_117", "aws_lambda_function.tandem-prober-a", "inside a VPC"))
    assert not waiver.covers(Finding("checkov", "CKV_AWS_118", own.resource, own.said))


MISTAKES = {
    "an action that does not exist": ({"Action": "ec2:AssociateAdress", "Resource": "*"}, "UNKNOWN_ACTION"),
    "an action of no such resource": (
        {"Action": "ec2:DescribeAddresses", "Resource": "arn:aws:ec2:*:*:elastic-ip/*"},
        "RESOURCE_MISMATCH",
    ),
    "a role for anybody": ({"Action": "iam:PassRole", "Resource": "*"}, "RESOURCE_STAR"),
    "a condition that nobody sends": (
        {"Action": "sns:Publish", "Resource": "arn:aws:sns:x:1:t", "Condition": {"StringEquals": {"sns:Tenant": "x"}}},
        "UNKNOWN_CONDITION_FOR_ACTION",
    ),
}


def test_parliament_finds_what_was_planted() -> None:
    planted = {
        name: {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
        for name, (statement, _) in MISTAKES.items()
    }

    found = {(finding.resource, finding.check) for finding in by_parliament(planted)}

    assert {(name, check) for name, (_, check) in MISTAKES.items()} <= found
