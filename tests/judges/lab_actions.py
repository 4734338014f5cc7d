"""What the functions of a lab asked of AWS, from the emulators' own log; usable over any lab's folder of raw logs."""

import fnmatch
import json
from pathlib import Path

from lab.emulators import ACCOUNT_ID
from tests.infra.stand import listed
from tests.judges.needs import TRANSACTION_PARTS
from tests.judges.recorded import recorded

FUNCTIONS = ACCOUNT_ID
"""Access key id of every function. The probers import no SDK, so what stands here is the arbiter's."""
MOVE = frozenset(
    {
        "dynamodb:ConditionCheckItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "ec2:AssociateAddress",
        "ec2:DescribeAddresses",
        "ec2:DescribeInstanceStatus",
        "ec2:DescribeInstances",
        "ec2:DisassociateAddress",
        "ec2:ModifyNetworkInterfaceAttribute",
        "ec2:StopInstances",
        "lambda:InvokeFunction",
        "sns:Publish",
    }
)
"""What a deployment with one failover uses; a start is used by the rescue of a holder only."""


def used_by_functions(logs: Path) -> set[str]:
    """IAM's names of the actions; a transaction by the actions of the parts that our transactions have."""
    lines = [json.loads(line) for line in (logs / "actions.jsonl").read_text().splitlines()]
    used = {line["action"] for line in lines if line["event"] == "action" and line["caller"] == FUNCTIONS}
    if "dynamodb:TransactWriteItems" in used:
        parts = {TRANSACTION_PARTS[kind] for kind in ("ConditionCheck", "Put")}
        used = used - {"dynamodb:TransactWriteItems"} | {f"dynamodb:{part}" for part in parts}
    return used


def not_granted(used: set[str]) -> set[str]:
    """Those of them that the arbiter's policy does not name."""
    granted = [action for statement in recorded().arbiter.statements.values() for action in listed(statement["Action"])]
    return {action for action in used if not any(fnmatch.fnmatchcase(action, pattern) for pattern in granted)}
