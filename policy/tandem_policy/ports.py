"""No port of management is open to the world, whatever form the rule of the group has.

A network counts as the world from a size on that no organisation has: wider than a /8 of IPv4, wider than a /16 of IPv6. So
two halves of the world are two findings. What stands in a managed prefix list is not looked into.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from tandem_policy.values import UNKNOWN, Answers, Config, Finding, Resource, Undecided, items, maps, text

ADMIN_PORTS: Mapping[int, str] = {
    22: "SSH",
    23: "Telnet",
    135: "Windows RPC",
    445: "SMB",
    1433: "SQL Server",
    1521: "Oracle",
    2375: "Docker",
    2376: "Docker",
    2379: "etcd",
    3306: "MySQL",
    3389: "RDP",
    5432: "PostgreSQL",
    5900: "VNC",
    5985: "WinRM",
    5986: "WinRM",
    6379: "Redis",
    6443: "Kubernetes",
    9200: "Elasticsearch",
    10250: "kubelet",
    11211: "memcached",
    27017: "MongoDB",
}
"""Services by which a machine or its data is managed, at the ports that IANA or their makers gave them."""

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "adminPorts": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1, "maximum": 65535},
        "default": sorted(ADMIN_PORTS),
        "description": "The ports that are never open to the world.",
    }
}

WORLD_V4, WORLD_V6 = 8, 16
"""Prefixes shorter than these are the world."""
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
        yield from _judge(opening, [int(port) for port in config["adminPorts"]])


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


def _judge(opening: Opening, admin_ports: list[int]) -> Answers:
    worlds = [text(network) for network in opening.networks if is_world(text(network))]
    if not worlds:
        if UNKNOWN in opening.networks:
            yield Undecided(f"{opening.path}cidrBlocks")
        return
    if UNKNOWN in (opening.protocol, opening.first, opening.last):
        yield Undecided(f"{opening.path}fromPort")
        return
    first, last = _ports(opening)
    found = [port for port in admin_ports if first <= port <= last]
    if found:
        named = ", ".join(f"{port} ({ADMIN_PORTS[port]})" if port in ADMIN_PORTS else str(port) for port in found)
        where = f", by {opening.path.rstrip('.')}" if opening.path else ""
        yield Finding(
            f"{' and '.join(worlds)} reaches port {named}{where}: name the networks that manage the machines, or let "
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


def is_world(network: str) -> bool:
    """Whether a network is too wide to be anybody's.

    >>> [is_world(network) for network in ("0.0.0.0/0", "128.0.0.0/1", "10.0.0.0/8", "::/0", "2000::/3", "fd00::/16", "")]
    [True, True, False, True, True, False, False]
    """
    try:
        parsed = ip_network(network, strict=False)
    except ValueError:
        return False
    return parsed.prefixlen < (WORLD_V4 if parsed.version == 4 else WORLD_V6)  # noqa: PLR2004 - IPv4
