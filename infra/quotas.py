"""What one stack takes of its account's or subscription's quotas; pure. An output, and a warning where AWS gives less.

Counted is the stack alone; what else the account holds is not known here, and asking is the operator's (docs/RUNBOOK.md).

Sources of codes and of AWS's defaults, read 2026-11-22: General Reference, "Amazon VPC endpoints and quotas"; NLB guide,
"Quotas for your Network Load Balancers"; AWS CLI guide, example of `get-aws-default-service-quota` (vCPUs); Lambda guide,
"Lambda quotas". A new account may start lower. Names of Azure's are those of `az vm list-usage` and `az network
list-usages`; its limits depend on the kind of subscription, so none is known. Everybody in `infra` may import this file.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Entry:
    """One quota of an account or a subscription, per region."""

    service: str
    """Its service in Service Quotas, or the provider whose usages show it."""
    code: str
    title: str
    default: int | None = None
    """What is given without being asked; None: not known."""


class Quota(Enum):
    """The quotas of AWS that a stack takes from."""

    ADDRESSES = Entry("ec2", "L-0263D0A3", "Elastic IP addresses", 5)
    PROCESSORS = Entry("ec2", "L-1216C47A", "vCPUs of running standard instances (A, C, D, H, I, M, R, T, Z)", 5)
    CONCURRENCY = Entry("lambda", "L-B99A9384", "concurrent runs of functions", 1000)
    NETWORKS = Entry("vpc", "L-F678F1CE", "VPCs", 5)
    NAT_GATEWAYS = Entry("vpc", "L-FE5A380F", "NAT gateways in one zone", 5)
    ENDPOINTS = Entry("vpc", "L-29B6F2EB", "interface endpoints of one VPC", 50)
    BALANCERS = Entry("elasticloadbalancing", "L-69A177A2", "network load balancers", 50)


class Usage(Enum):
    """The same of Azure. A size's family has one of its own beside the cores; its name cannot be told from the size."""

    CORES = Entry("Microsoft.Compute", "cores", "Total Regional vCPUs")
    ADDRESSES = Entry("Microsoft.Network", "StandardSkuPublicIpAddresses", "Public IP Addresses - Standard")
    NETWORKS = Entry("Microsoft.Network", "VirtualNetworks", "Virtual Networks")
    NAT_GATEWAYS = Entry("Microsoft.Network", "NatGateways", "NAT Gateways")
    BALANCERS = Entry("Microsoft.Network", "StandardSkuLoadBalancers", "Standard Sku Load Balancers")


UNRESERVED_MIN = 100
"""Concurrent runs that nobody may set aside (Lambda guide, "Lambda quotas")."""

RUNS_PER_FUNCTION = 2
"""Two arbiters overlap at a hand-over, and each asks every prober."""

STANDARD_FAMILIES = frozenset({"a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"})
"""Letters before the first digit of a type."""

_SMALL_SIZES = {"nano": 2, "micro": 2, "small": 2, "medium": 1, "large": 2, "xlarge": 4}
_PER_XLARGE = 4
_OLD_TYPES = {
    "c1.medium": 2,
    "c1.xlarge": 8,
    "c4.8xlarge": 36,
    "d2.8xlarge": 36,
    "m1.small": 1,
    "t1.micro": 1,
    "m2.xlarge": 2,
    "m2.2xlarge": 4,
    "m2.4xlarge": 8,
    "t2.nano": 1,
    "t2.micro": 1,
    "t2.small": 1,
}
"""Those that the sizes do not tell."""


def processors(instance_type: str) -> int | None:
    """The vCPUs of one machine, by the name of its size; None where the name does not tell, or another quota counts.

    >>> processors("m6i.large"), processors("t3.medium"), processors("c7i.metal-24xl"), processors("m6i.metal")
    (2, 2, 96, None)
    """
    family, _, size = instance_type.partition(".")
    letters = re.match(r"[a-z]+(?=\d)", family)
    if not letters or letters[0] not in STANDARD_FAMILIES:
        return None
    if instance_type in _OLD_TYPES:
        return _OLD_TYPES[instance_type]
    if size == "medium" and letters[0] == "t":
        return _SMALL_SIZES["small"]
    many = re.fullmatch(r"(?:metal-)?(\d+)xl(?:arge)?", size)
    return int(many[1]) * _PER_XLARGE if many else _SMALL_SIZES.get(size)


def cores(vm_size: str) -> int:
    """The virtual processors of a machine of Azure, by the name of its size; 0: the name does not say.

    >>> cores("Standard_D2s_v5"), cores("Standard_E16-4ads_v5"), cores("REPLACED")
    (2, 16, 0)
    """
    found = re.match(r"Standard_[A-Z]+(\d+)", vm_size)
    return int(found[1]) if found else 0


def concurrency(functions: int, reserved: int) -> int:
    """Concurrent runs that some functions take.

    Args:
        functions: Their number.
        reserved: Runs set aside for each; -1: none, then it is what they run at most.
    """
    if reserved < 0 or not functions:
        return functions * RUNS_PER_FUNCTION
    return functions * reserved + UNRESERVED_MIN


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a stack is made of, as far as quotas go."""

    addresses: int
    workers: int
    instance_type: str
    concurrent_runs: int
    own_networks: int
    nat_gateways_per_zone: int
    interface_endpoints: int
    balancers: int


def needs(parts: Parts) -> Mapping[Quota, int]:
    """What the stack takes of each quota; a quota that it does not touch, or that cannot be counted, is left out."""
    each = processors(parts.instance_type)
    counted = {
        Quota.ADDRESSES: parts.addresses,
        Quota.PROCESSORS: parts.workers * (each or 0),
        Quota.CONCURRENCY: parts.concurrent_runs,
        Quota.NETWORKS: parts.own_networks,
        Quota.NAT_GATEWAYS: parts.nat_gateways_per_zone,
        Quota.ENDPOINTS: parts.interface_endpoints,
        Quota.BALANCERS: parts.balancers,
    }
    return {quota: need for quota, need in counted.items() if need}


def shown(found: Mapping[Quota, int] | Mapping[Usage, int]) -> dict[str, dict[str, str | int]]:
    """As an output of the stack: the quota's code to what is needed, its name, and what is given unasked, if known."""
    return {quota.value.code: _shown(quota.value, need) for quota, need in found.items()}


def _shown(entry: Entry, need: int) -> dict[str, str | int]:
    told: dict[str, str | int] = {"service": entry.service, "name": entry.title, "need": need}
    return told if entry.default is None else {**told, "default": entry.default}


def warnings(found: Mapping[Quota, int], region: str) -> Iterator[str]:
    """One sentence for each quota that the stack alone exceeds in an account that never asked for more."""
    for quota, need in found.items():
        entry = quota.value
        if entry.default is not None and need > entry.default:
            yield (
                f"This stack alone needs {need} {entry.title}, and an account starts with {entry.default} ({entry.code}): "
                f"aws service-quotas request-service-quota-increase --region {region} --service-code {entry.service} "
                f"--quota-code {entry.code} --desired-value {need}, or more where other stacks live in the account. It may "
                "take a day."
            )
