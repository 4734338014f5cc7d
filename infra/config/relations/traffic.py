"""Rules about partners and ports."""

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from infra.config.faults import Fault
from infra.config.keys import ASK_PARTNERS, AwsConfig, AzureConfig, StackConfig
from infra.config.relations.place import loopback_fault
from infra.config.relations.registry import relation

DOCUMENTATION_NETWORKS = tuple(IPv4Network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
"""RFC 5737: nobody sends from there. The shipped stack files have them, and the lab uses them as they are."""


@relation(StackConfig, "cloud", "partner_cidrs", real_cloud_only=True)
def _partners_are_no_lab(config: StackConfig) -> Iterator[Fault]:
    for network in config.partner_cidrs:
        if network.is_loopback:
            yield loopback_fault(config.cloud, "partnerCidrs", network)


@relation(StackConfig, "partner_cidrs", real_cloud_only=True)
def _partners_are_no_placeholders(config: StackConfig) -> Iterator[Fault]:
    for network in config.partner_cidrs:
        if any(network.subnet_of(documentation) for documentation in DOCUMENTATION_NETWORKS):
            found = f"{network}, a network for documentation, from which nobody sends"
            yield Fault("partnerCidrs", found, "networks of partners", ASK_PARTNERS)


@relation(StackConfig, "partner_cidrs")
def _partners_are_told_apart(config: StackConfig) -> Iterator[Fault]:
    for network in config.partner_cidrs:
        if network.prefixlen == 0:
            yield Fault(
                "partnerCidrs",
                f"{network}, the whole internet",
                "networks of partners, as small as they are, one host a /32; the whole internet is no partner",
                ASK_PARTNERS,
            )
    for one, other in combinations(config.partner_cidrs, 2):
        if one.overlaps(other) and 0 not in (one.prefixlen, other.prefixlen):
            yield _partner_fault(f"{one} and {other}, which overlap")


@relation(AwsConfig, "network_cidr", "vpc_id", "partner_cidrs")
def _partners_are_outside_a_network_of_our_own(config: AwsConfig) -> Iterator[Fault]:
    if not config.vpc_id:  # the ranges of a network that is there already are looked at in the account
        yield from _inside(config)


@relation(AzureConfig, "network_cidr", "partner_cidrs")
def _partners_are_outside_the_network(config: AzureConfig) -> Iterator[Fault]:
    yield from _inside(config)


def _inside(config: StackConfig) -> Iterator[Fault]:
    for network in config.partner_cidrs:
        if network.overlaps(config.network_cidr) and network.prefixlen:
            yield _partner_fault(
                f"{network}, which overlaps networkCidr {config.network_cidr}: answers would never leave the stack"
            )


def _partner_fault(found: str) -> Fault:
    return Fault(
        "partnerCidrs", found, "networks of partners, apart from each other and from networkCidr", "name each one once"
    )


@relation(StackConfig, "traffic_ports", "public_health_port")
def _the_public_port_carries_no_traffic(config: StackConfig) -> Iterator[Fault]:
    if config.public_health_port in config.traffic_ports:
        yield Fault(
            "publicHealthPort",
            f"{config.public_health_port}, which is in trafficPorts too",
            "a port of its own, because it is open to the world, or 0",
            "pulumi config set publicHealthPort 8081",
        )


@relation(StackConfig, "traffic_ports")
def _traffic_ports_are_told_apart(config: StackConfig) -> Iterator[Fault]:
    for port, times in Counter(config.traffic_ports).items():
        if times > 1:
            yield Fault("trafficPorts", f"{port} {times} times", "each port once", "remove the repetition")
