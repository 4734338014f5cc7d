"""A recorded deployment as a Terraform plan, which is what judges of infrastructure read.

Pulumi's AWS provider is made from Terraform's, so the translation is mechanical: `aws:ec2/vpc:Vpc` is `aws_vpc`, camelCase
is snake_case, one block is a list of one. `_TYPES` and `_NAMES` hold what does not follow. References between resources
are taken from the deployment's own record of who needs whom.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.providers.plain import Secret
from lab.recording import PROVIDER_TYPE_PREFIX, Deployment, Registration

_TYPES = {
    "aws:ec2/capacityReservation:CapacityReservation": "aws_ec2_capacity_reservation",
    "aws:lb/loadBalancer:LoadBalancer": "aws_lb",
}
"""Types that do not follow the rule."""
_NAMES = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": {"name": "alarm_name"},
    "aws:dynamodb/table:Table": {"attributes": "attribute"},
    "aws:kms/key:Key": {},
    "aws:lambda/function:Function": {"code": "filename", "name": "function_name"},
    "aws:lambda/permission:Permission": {"function": "function_name"},
    "aws:sns/topicSubscription:TopicSubscription": {"topic": "topic_arn"},
}
"""Inputs whose names differ between the two."""
_MAPS = frozenset({"tags", "variables", "dimensions", "triggers"})
"""Inputs that are maps; every other object is a block."""


def terraform_type(token: str) -> str:
    """Terraform's name of a type.

    >>> terraform_type("aws:ec2/routeTable:RouteTable"), terraform_type("aws:cloudwatch/logGroup:LogGroup")
    ('aws_route_table', 'aws_cloudwatch_log_group')
    """
    if token in _TYPES:
        return _TYPES[token]
    module, name = token.removeprefix("aws:").split("/")[0], token.rpartition(":")[2]
    return f"aws_{snake(name)}" if module == "ec2" else f"aws_{module}_{snake(name)}"


def snake(name: str) -> str:
    """A name in Terraform's spelling.

    >>> snake("cidrIpv4"), snake("mapPublicIpOnLaunch")
    ('cidr_ipv4', 'map_public_ip_on_launch')
    """
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def label(registration: Registration) -> str:
    """A resource's label: letters, digits, `-` and `_`."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", registration.name)


def address(registration: Registration) -> str:
    """Type and label."""
    return f"{terraform_type(registration.type)}.{label(registration)}"


def terraform_plan(deployment: Deployment) -> dict[str, Any]:
    """The plan that would create the deployment."""
    resources = [each for each in deployment.registrations if is_resource(each)]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": [_head(each) | {"values": values(each)} for each in resources]}},
        "resource_changes": [
            _head(each) | {"change": {"actions": ["create"], "before": None, "after": values(each), "after_unknown": {}}}
            for each in resources
        ],
        "configuration": {
            "root_module": {
                "resources": [_head(each) | {"expressions": _references(each, deployment)} for each in resources]
            }
        },
    }


def write_plan(deployment: Deployment, path: Path) -> None:
    """The plan as a file."""
    path.write_text(json.dumps(terraform_plan(deployment)))


def is_resource(registration: Registration) -> bool:
    """Neither a component nor a provider."""
    return registration.custom and not registration.type.startswith(PROVIDER_TYPE_PREFIX)


def _head(registration: Registration) -> dict[str, Any]:
    return {
        "address": address(registration),
        "mode": "managed",
        "type": terraform_type(registration.type),
        "name": label(registration),
        "provider_name": "hashicorp/aws",
    }


def values(registration: Registration) -> dict[str, Any]:
    """A resource's inputs, as Terraform says them."""
    own = _NAMES.get(registration.type, {})
    return {own.get(key, snake(key)): _value(value, key) for key, value in registration.inputs.items()}


def _value(value: Any, key: str) -> Any:
    match value:
        case Secret():
            return "secret"
        case str() | bool() | int() | float() | None:
            return value
        case Mapping() if key in _MAPS:
            return {name: str(part) for name, part in value.items()}
        case Mapping():
            return [_block(value)]
        case list() | tuple():
            return [_block(part) if isinstance(part, Mapping) else _value(part, key) for part in value]
        case _:
            return str(value)


def _block(value: Mapping[str, Any]) -> dict[str, Any]:
    return {snake(name): _value(part, name) for name, part in value.items()}


def _references(registration: Registration, deployment: Deployment) -> dict[str, Any]:
    """The inputs that name other resources, with their addresses."""
    needed = [deployment.by_urn(urn) for urn in registration.depends_on]
    own = _NAMES.get(registration.type, {})
    found = {own.get(key, snake(key)): _named_in(value, needed) for key, value in registration.inputs.items()}
    return {key: {"references": names} for key, names in found.items() if names}


def _named_in(value: Any, needed: list[Registration]) -> list[str]:
    text = json.dumps(value, default=str)
    named = [each for each in needed if is_resource(each) and any(f'"{mark}"' in text for mark in _marks(each))]
    return [name for each in named for name in (f"{address(each)}.id", address(each))]


def _marks(registration: Registration) -> list[str]:
    return [registration.id, *(str(registration.outputs[key]) for key in ("arn", "name") if key in registration.outputs)]
