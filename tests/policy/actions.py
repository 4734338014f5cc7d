"""Writes the pack's list of actions that take no resource, from what a judge knows of AWS.

    python -m tests.policy.actions

The judge is parliament, whose data is AWS's Service Authorization Reference. Of its 455 services those are taken that stand
around a pair; users add what else they need by the rule's configuration.
"""

import json
import textwrap
from collections import defaultdict
from collections.abc import Mapping

from tests.judges.findings import PARLIAMENT
from tests.judges.simulator import MAKE_IT, ROOT

FILE = ROOT / "policy" / "tandem_policy" / "aws" / "actions.txt"
SERVICES = """
autoscaling cloudtrail cloudwatch config dynamodb ec2 ec2messages ecr ecs elasticfilesystem elasticloadbalancing events iam
kms lambda logs organizations resource-groups route53 s3 scheduler secretsmanager servicequotas sns sqs ssm ssmmessages sts
tag xray
"""
VERBS = ("BatchGet", "Describe", "Get", "List", "Search")
FEWEST_OF_A_VERB = 3
"""A verb of which no action takes a resource is one line; with fewer actions than this it says too little."""
HEAD = """\
# Actions of AWS that take no resource, so that a statement has to give them on *. Verb*: no action of that verb takes one.
# Written by `python -m tests.policy.actions` from parliament's data; a test compares.
"""


def takes_a_resource() -> Mapping[str, Mapping[str, bool]]:
    """By service and action: whether it takes a resource. Two services share the balancers' prefix: one will do."""
    found = sorted(PARLIAMENT.glob(".venv/lib/python3*/site-packages/parliament/iam_definition.json"))
    assert found, f"parliament is not installed; {MAKE_IT}"
    (file,) = found
    takes: dict[str, dict[str, bool]] = defaultdict(dict)
    for service in json.loads(file.read_text()):
        actions = takes[service["prefix"]]
        for each in service["privileges"]:
            named = any(kind["resource_type"] for kind in each["resource_types"])
            actions[each["privilege"]] = actions.get(each["privilege"], False) or named
    return takes


def without(actions: Mapping[str, bool]) -> list[str]:
    """The actions of a service that take no resource, whole verbs as one."""
    left = {name for name, takes in actions.items() if not takes}
    verbs: list[str] = []
    for verb in VERBS:
        group = {name for name in actions if name.startswith(verb)}
        if len(group) >= FEWEST_OF_A_VERB and group <= left:
            verbs.append(f"{verb}*")
            left -= group
    return [*verbs, *sorted(left)]


def page() -> str:
    """The file's text."""
    takes = takes_a_resource()
    parts = [
        f"{service}:\n" + textwrap.fill(" ".join(without(takes[service])), 125, initial_indent="  ", subsequent_indent="  ")
        for service in SERVICES.split()
    ]
    return HEAD + "\n".join(parts) + "\n"


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
