"""Policies of identities name what they allow and on what: no `*` where an action or a resource could stand.

Whether an action takes a resource at all is in `actions.txt`. Policies of keys, topics and queues are not judged: there `*`
is the resource that they belong to.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from tandem_policy.values import UNKNOWN, Answers, Config, Finding, Resource, Undecided, block, items, maps, text, texts

ACTIONS_FILE = Path(__file__).with_name("actions.txt")

DOCUMENTS = {
    "aws:iam/policy:Policy": "policy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
    "aws:iam/groupPolicy:GroupPolicy": "policy",
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "inlinePolicy",
}
"""Policies of identities, with the property that holds the document."""

ROLE = "aws:iam/role:Role"
EVERYTHING = (":policy/AdministratorAccess", ":policy/PowerUserAccess")
"""Policies of AWS that allow every action on every resource, or nearly."""

WANTED_ON_STAR = frozenset(
    {
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    }
)
"""What Lambda does in a function's name to place it into a network, before there is an interface that could be named (policy
AWSLambdaVPCAccessExecutionRole, which has them on `*`)."""

OPTIONS = {
    "actions": texts("Further actions that may have the resource *, such as ses:ListIdentities; * stands for any letters.")
}


def documents_name_actions_and_resources(resource: Resource, config: Config) -> Answers:
    """Documents of identities, and AWS's own policies that are attached to them."""
    for path, document in _documents(resource):
        if document is UNKNOWN:
            yield Undecided(path)
        else:
            yield from _judge(_parsed(document), [text(each) for each in config["actions"]])
    for arn in _attached(resource):
        if arn.endswith(EVERYTHING):
            yield Finding(f"{arn} allows nearly everything: attach a policy that names actions and resources")


def _documents(resource: Resource) -> Iterator[tuple[str, Any]]:
    props = resource.props
    if (name := DOCUMENTS.get(resource.type)) and props.get(name):
        yield name, props[name]
    if resource.type == ROLE:
        inline = props.get("inlinePolicies")
        if inline is UNKNOWN:
            yield "inlinePolicies", UNKNOWN
        for place, each in enumerate(maps(inline)):
            if each.get("policy"):
                yield f"inlinePolicies.{place}.policy", each["policy"]


def _attached(resource: Resource) -> list[str]:
    if resource.type == ROLE:
        return [text(arn) for arn in items(resource.props.get("managedPolicyArns"))]
    return [text(resource.props.get("policyArn"))] if resource.type.startswith("aws:iam/") else []


def _parsed(document: Any) -> Mapping[str, Any]:
    """A document; one that is no JSON is the provider's to refuse."""
    if isinstance(document, Mapping):
        return block(document)
    try:
        return block(json.loads(text(document)))
    except json.JSONDecodeError:
        return {}


def _judge(document: Mapping[str, Any], more: Sequence[str]) -> Answers:
    for place, statement in enumerate(maps(document.get("Statement"))):
        if statement.get("Effect") != "Allow":
            continue
        where = f"statement {text(statement.get('Sid')) or place + 1}"
        for key in ("NotAction", "NotResource"):
            if key in statement:
                yield Finding(f"{where} allows all but what {key} names: name what is allowed")
        actions = [text(action) for action in items(statement.get("Action"))]
        wide = [action for action in actions if action.rpartition(":")[2] == "*"]
        if wide:
            yield Finding(f"{where} allows {', '.join(wide)}: name the actions")
        if any(_is_everything(text(each)) for each in items(statement.get("Resource"))):
            named = [action for action in actions if action not in wide and not _takes_none(action, more)]
            if named:
                yield Finding(f"{where} allows {', '.join(named)} on *: name the resources")


def _is_everything(resource: str) -> bool:
    """`*`, and an ARN that names a service and nothing of it."""
    parts = resource.split(":", 5)
    return resource == "*" or (parts[0] == "arn" and parts[-1] == "*")


def _takes_none(action: str, more: Sequence[str]) -> bool:
    """Whether an action has to have `*`. One with a wildcard of its own has to stand in the list as such, or below one."""
    folded = action.lower()
    known = folded in exact() or any(fnmatchcase(folded, pattern) for pattern in patterns())
    return known or action in WANTED_ON_STAR or any(fnmatchcase(folded, pattern.lower()) for pattern in more)


@cache
def listed() -> frozenset[str]:
    """The actions that take no resource, `service:Action`; `service:Verb*` where none with that verb does."""
    found: set[str] = set()
    service = ""
    for line in ACTIONS_FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            found |= {f"{service}:{name}" for name in line.split()}
        elif not line.startswith("#"):
            service = line.rstrip(":")
    return frozenset(found)


@cache
def exact() -> frozenset[str]:
    """Those without a wildcard, in small letters: IAM does not tell them apart."""
    return frozenset(action.lower() for action in listed() if "*" not in action)


@cache
def patterns() -> tuple[str, ...]:
    """Those with one."""
    return tuple(sorted(action.lower() for action in listed() if "*" in action))
