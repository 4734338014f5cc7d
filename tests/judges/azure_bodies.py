"""The bodies that the recorded program on Azure asks for, by the mapping that the lab's provider writes with.

Not the way over the wire: `test_arm_provider_bodies` shows that what is written is what this mapping says.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.arm.ids import parse
from lab.arm.kinds import kind_of
from lab.providers.azure_native.mapping import body_of
from lab.providers.azure_native.tables import table
from lab.providers.plain import Secret
from lab.recording import Deployment, Registration
from tests.infra.azure.stand import SUBSCRIPTION

Json = dict[str, Any]
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


@dataclass(frozen=True)
class Body:
    """What one PUT of the deployment says."""

    type: str
    """As Azure spells it."""
    api: str
    name: str
    """Of the resource with those that it lies in: `account/default/container`."""
    body: Json

    @property
    def judged(self) -> Json:
        """As the judge of bodies takes it."""
        return {"type": self.type, "apiVersion": self.api, "name": self.name.rpartition("/")[2], "body": self.body}

    @property
    def in_a_template(self) -> Json:
        """As a template has it, without the script for a first boot: in a word of that length checkov looks for ever."""
        body = copy.deepcopy(self.body)
        body.get("properties", {}).get("osProfile", {}).pop("customData", None)
        return {"type": self.type, "apiVersion": self.api, "name": self.name, **body}


def bodies(deployment: Deployment) -> Sequence[Body]:
    """Of every resource that Resource Manager keeps, in the order of the program."""
    return tuple(found for each in deployment.registrations for found in _body(each))


def template(of: Sequence[Body]) -> Json:
    """All of them as a template of Azure."""
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [each.in_a_template for each in of]}


def _body(registration: Registration) -> Iterator[Body]:
    row = table().rows.get(registration.type)
    if row is None or not row.api:
        return
    inputs = _plain(registration.inputs)
    target = parse(row.id_of({**_names(registration, row.in_path), **inputs}, SUBSCRIPTION))
    kind = kind_of(target.type)
    assert kind, registration.type
    body, unknown = body_of(row, inputs, target.id)
    assert unknown == (), (registration.type, unknown)
    parts = target.id.rpartition("/providers/")[2].split("/")
    yield Body(kind.type, row.api, "/".join(parts[2::2]), body)


def _names(registration: Registration, in_path: Sequence[str]) -> Mapping[str, str]:
    """What the provider names where the program does not."""
    return {name: registration.id.rpartition("/")[2] for name in in_path}


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return _plain(value.value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
