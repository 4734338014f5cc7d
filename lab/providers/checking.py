"""What Pulumi's engine asks first of every resource: are the inputs whole, and what does the provider add to them?

Here: one pure function. Not here: defaults of the provider's schema. Bridged providers leave them out of the inputs (the
bridge checks with `DisableTFDefaults`, pulumi-terraform-bridge pkg/tfbridge/provider.go) and take them when they compare
and when they call the cloud; so does `with_defaults`. Only `lab.providers` imports this file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.providers.handler import Handler
from lab.providers.naming import DEFAULTED, Naming, made_name


@dataclass(frozen=True)
class Checked:
    """What is added to the inputs, and what is wrong with them: sentences by property."""

    added: Mapping[str, Any]
    failures: Mapping[str, str]


def check(handler: Handler, name: str, news: Mapping[str, Any], olds: Mapping[str, Any], naming: Naming) -> Checked:
    """Add the name that the program did not give, and find every required input that is missing.

    Args:
        handler: Says what its type requires and what it names.
        name: The resource's name in the program.
        news: The inputs of this run; an unknown value counts as given.
        olds: The inputs of the last run; empty for a new resource.
        naming: What the engine gives for names.
    """
    made = made_name(handler.named, name, news, olds, naming)
    added: dict[str, Any] = {handler.named: made, DEFAULTED: [handler.named]} if made else {DEFAULTED: []}
    missing = sorted(handler.required - news.keys() - added.keys() - handler.defaults.keys())
    return Checked(added, {key: f"{handler.type} {name!r} needs {key}, and the program gives none" for key in missing})


def with_defaults(handler: Handler, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with what the real provider's schema fills in for those that were left out."""
    return {**handler.defaults, **inputs}
