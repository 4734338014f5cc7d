"""No port of management is open to the world, whatever form the rule of the group has.

What stands in a managed prefix list is not looked into.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tandem_policy.ports import admin_ports, is_world, named
from tandem_policy.values import UNKNOWN, Answers, Config, Finding, Resource, Undecided, items, maps, text

PORTS_OF_PROTOCOLS = {"tcp", "6", "udp", "17"}
ALL_PROTOCOLS = {"-1", "all"}
ALL_PORTS = (0, 65535)


@dataclass(frozen=True)
class Opening:
    """One rule of a group that lets in."""

    path: str
    protocol: Any
    first: Any
    last: Any
    networks: tuple[Any, ...]
    """Texts, or `UNKNOWN`."""


def admin_ports_are_closed(resource: Resource, config: Config) -> Answers:
    """Groups with rules inside, rules of both older and newer form."""
    for opening in _openings(resource):
        yield from _judge(opening, admin_ports(config))


def _openings(resource: Resource) -> Iterator[Opening]:
    props = resource.props
    match resource.type:
        case "aws:ec2/securityGroup:SecurityGroup" | "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":
            if props.get("ingress") is UNKNOWN:
                yield Opening("ingress.", UNKNOWN, UNKNOWN, UNKNOWN, (UNKNOWN,))
            for place, rule in enumerate(maps(props.get("ingress"))):
                yield _older(f"ingress.{place}.", rule)
        case "aws:ec2/securityGroupRule:SecurityGroupRule":
            if props.get("type") == "ingress":
                yield _older("", props)
            elif props.get("type") is UNKNOWN:
                yield _older("", {**props, "protocol": UNKNOWN})
        case "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":
            networks = tuple(props[key] for key in ("cidrIpv4", "cidrIpv6") if props.get(key))
            yield Opening("", props.get("ipProtocol"), props.get("fromPort"), props.get("toPort"), networks)
        case _:
            pass


def _older(path: str, rule: Mapping[str, Any]) -> Opening:
    networks: list[Any] = []
    for key in ("cidrBlocks", "ipv6CidrBlocks"):
        networks += [UNKNOWN] if rule.get(key) is UNKNOWN else items(rule.get(key))
    return Opening(path, rule.get("protocol"), rule.get("fromPort"), rule.get("toPort"), tuple(networks))


def _judge(opening: Opening, closed: list[int]) -> Answers:
    worlds = [text(network) for network in opening.networks if is_world(text(network))]
    if not worlds:
        if UNKNOWN in opening.networks:
            yield Undecided(f"{opening.path}cidrBlocks")
        return
    if UNKNOWN in (opening.protocol, opening.first, opening.last):
        yield Undecided(f"{opening.path}fromPort")
        return
    first, last = _ports(opening)
    found = [port for port in closed if first <= port <= last]
    if found:
        where = f", by {opening.path.rstrip('.')}" if opening.path else ""
        yield Finding(
            f"{' and '.join(worlds)} reaches port {named(found)}{where}: name the networks that manage the machines, or let "
            "them in by Systems Manager and open no port"
        )


def _ports(opening: Opening) -> tuple[int, int]:
    """The ports that an opening covers; none are (1, 0)."""
    protocol = str(opening.protocol).lower()
    if protocol in ALL_PROTOCOLS:
        return ALL_PORTS
    if protocol not in PORTS_OF_PROTOCOLS:
        return 1, 0
    if opening.first is None or opening.first == -1:
        return ALL_PORTS
    return int(opening.first), int(opening.last if opening.last is not None else opening.first)
