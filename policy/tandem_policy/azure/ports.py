"""No port of management is open to the world: rules of security groups, written inside of a group or beside it.

Azure's alone: `is_everybody`, for its tags.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tandem_policy.azure.kinds import kind_of
from tandem_policy.ports import admin_ports, is_world, named
from tandem_policy.values import UNKNOWN, Answers, Config, Finding, Resource, Undecided, items, maps, text

WORLD_TAGS = frozenset({"*", "any", "internet", "azurecloud"})
"""Service tags, in small letters. AzureCloud is every customer of Azure; with a region (AzureCloud.westeurope) as well."""
PROTOCOLS_WITH_PORTS = frozenset({"tcp", "udp", "*"})
ALL_PORTS = (0, 65535)


@dataclass(frozen=True)
class Opening:
    """One rule, as far as it may let in."""

    path: str
    sources: tuple[Any, ...]
    protocol: Any
    ports: tuple[Any, ...]
    sure: bool
    """Whether it is known to let in."""


def admin_ports_are_closed(resource: Resource, config: Config) -> Answers:
    """Rules that let in; what a rule of a higher priority takes away again is not looked at."""
    for opening in _openings(resource):
        yield from _judge(opening, admin_ports(config))


def _openings(resource: Resource) -> Iterator[Opening]:
    match kind_of(resource):
        case "network:SecurityRule":
            rules = [("", resource.props)]
        case "network:NetworkSecurityGroup":
            inside = resource.props.get("securityRules")
            if inside is UNKNOWN:
                yield Opening("securityRules.", (UNKNOWN,), UNKNOWN, (UNKNOWN,), sure=False)
            rules = [(f"securityRules.{place}.", rule) for place, rule in enumerate(maps(inside))]
        case _:
            return
    for path, rule in rules:
        wanted = {"direction": "inbound", "access": "allow"}
        if all(rule.get(key) is UNKNOWN or text(rule.get(key)).lower() == word for key, word in wanted.items()):
            sure = all(rule.get(key) is not UNKNOWN for key in wanted)
            sources = _both(rule, "sourceAddressPrefix", "sourceAddressPrefixes")
            ports = _both(rule, "destinationPortRange", "destinationPortRanges")
            yield Opening(path, sources, rule.get("protocol"), ports, sure)


def _both(rule: Mapping[str, Any], one: str, several: str) -> tuple[Any, ...]:
    more = rule.get(several)
    return (rule.get(one), *([UNKNOWN] if more is UNKNOWN else items(more)))


def _judge(opening: Opening, closed: list[int]) -> Answers:
    worlds = [text(source) for source in opening.sources if is_everybody(text(source))]
    if not worlds:
        if UNKNOWN in opening.sources:
            yield Undecided(f"{opening.path}sourceAddressPrefix")
        return
    if not opening.sure or opening.protocol is UNKNOWN:
        yield Undecided(f"{opening.path}protocol")
        return
    if text(opening.protocol).lower() not in PROTOCOLS_WITH_PORTS:
        return
    spans = [_span(text(span)) for span in opening.ports]
    found = [port for port in closed if any(first <= port <= last for first, last in spans)]
    if found:
        where = f", by {opening.path.rstrip('.')}" if opening.path else ""
        yield Finding(
            f"{' and '.join(worlds)} reaches port {named(found)}{where}: name the networks that manage the machines, or "
            "manage them by the serial console or a bastion and open no port"
        )
    elif UNKNOWN in opening.ports:
        yield Undecided(f"{opening.path}destinationPortRange")


def is_everybody(source: str) -> bool:
    """Whether a source is too wide to be anybody's.

    >>> [is_everybody(each) for each in ("*", "Internet", "AzureCloud.uksouth", "VirtualNetwork", "0.0.0.0/0")]
    [True, True, True, False, True]
    """
    tag = source.lower()
    return tag in WORLD_TAGS or tag.startswith("azurecloud.") or is_world(source)


def _span(ports: str) -> tuple[int, int]:
    """The ports of a range as Azure writes it; what it would refuse is none."""
    if ports == "*":
        return ALL_PORTS
    first, _, last = ports.partition("-")
    if not first.strip().isdigit() or (last and not last.strip().isdigit()):
        return 1, 0
    return int(first), int(last or first)
