"""Our own stacks as the pack sees them, deployed with a cloud that answers at once.

Each registration is a resource: for the rules of single resources by what the program chose, for those of stacks with what
the cloud added.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.azure.planned import planned
from infra.config import AzureConfig
from infra.naming import site_name
from infra.run import Run
from lab.providers.plain import reveal
from lab.recording import Deployment, Registration
from tandem_policy.table import RULES
from tandem_policy.values import Finding, Level, Resource
from tests.infra.azure import stand as azure
from tests.infra.stand import PROJECT, ROOT, TEXTS, run
from tests.infra.test_config_docs import STACK_FILES, read, texts_of

PLACEHOLDERS = ("amiId", "partnerCidrs", "alertEmails")
"""Keys of our stack files that every user has to answer."""
CONFIGS = ROOT / "policy" / "config"
DEVELOPMENT = CONFIGS / "dev.json"
STACKS: Mapping[str, Path] = {file.name.split(".")[1]: file for file in STACK_FILES}


def is_development(stack: str) -> bool:
    """Whether a stack is one that may be destroyed in one step."""
    return stack.endswith("-dev")


@functools.cache
def deployed(stack: str) -> Deployment:
    """One of our stacks."""
    texts = texts_of(STACKS[stack])
    if stack.startswith("azure-"):
        return _on_azure(texts, stack)
    return run({**texts, **{key: TEXTS[key] for key in PLACEHOLDERS}}, stack=stack)


def _on_azure(texts: Mapping[str, str], stack: str) -> Deployment:
    """The pair alone: what stands before it packs a bundle, which no rule looks into."""
    config = read(texts)
    assert isinstance(config, AzureConfig)
    site = site_name(PROJECT, stack)
    plan = planned(
        config,
        Run(site=site, root=ROOT, bundles=ROOT, environment={}, subscription_id=azure.SUBSCRIPTION, now=datetime.now(UTC)),
    )
    return azure.run({**plan.arguments, "bundle": __file__, "bundle_digest": azure.DIGEST}, site=site)


def chosen(registration: Registration) -> Resource:
    """What a rule of single resources sees."""
    return _resource(registration, registration.inputs)


def known(registration: Registration) -> Resource:
    """What a rule of stacks sees."""
    identity = {"id": registration.id} if registration.id else {}
    return _resource(registration, {**registration.inputs, **registration.outputs, **identity})


def _resource(registration: Registration, props: Mapping[str, Any]) -> Resource:
    return Resource(
        type=registration.type,
        name=registration.name,
        urn=registration.urn,
        props=reveal(dict(props)),
        protect=registration.protect,
        depends_on=frozenset(registration.depends_on),
    )


@dataclass(frozen=True)
class Said:
    """A finding of a rule."""

    rule: str
    name: str
    """Of the resource; empty for the stack."""
    said: str


def levels(file: Path | None) -> dict[str, Level]:
    """The levels that a configuration for `--policy-pack-config` sets, by rule."""
    if file is None:
        return {}
    told: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return {rule: Level(each if isinstance(each, str) else each["enforcementLevel"]) for rule, each in told.items()}


def findings(deployment: Deployment, config: Path | None = None) -> Mapping[Level, Sequence[Said]]:
    """What the rules find in a deployed stack, by level."""
    single = [chosen(each) for each in deployment.registrations]
    whole = [known(each) for each in deployment.registrations]
    names = {each.urn: each.name for each in whole}
    found: dict[Level, list[Said]] = {level: [] for level in Level}
    for rule in RULES:
        level = levels(config).get(rule.name, rule.level)
        for resource in single:
            answers = rule.ask_resource(resource)
            found[level] += [Said(rule.name, resource.name, it.said) for it in answers if isinstance(it, Finding)]
        answers = rule.ask_stack(whole)
        found[level] += [Said(rule.name, names.get(it.urn, ""), it.said) for it in answers if isinstance(it, Finding)]
    return found
