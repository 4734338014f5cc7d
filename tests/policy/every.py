"""All examples, and how a rule is asked about one: by its function."""

from collections.abc import Iterator, Mapping, Sequence

from tandem_policy.table import RULES
from tandem_policy.values import Config, Finding, Resource, Rule, Undecided
from tests.policy import (
    examples_azure,
    examples_azure_machines,
    examples_documents,
    examples_encryption,
    examples_pair,
    examples_protection,
)
from tests.policy.examples import Example

ALL: Sequence[Example] = (
    *examples_encryption.EXAMPLES,
    *examples_protection.EXAMPLES,
    *examples_pair.EXAMPLES,
    *examples_documents.EXAMPLES,
    *examples_azure.EXAMPLES,
    *examples_azure_machines.EXAMPLES,
)
BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}


def ask(rule: Rule, resources: Sequence[Resource], config: Config | None = None) -> Iterator[Finding | Undecided]:
    """What a rule answers about a stack."""
    yield from rule.ask_stack(resources, config)
    for resource in resources:
        yield from rule.ask_resource(resource, config)
