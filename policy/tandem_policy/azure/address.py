"""Nothing in a program says who has the address that a watchdog moves, nor who is up in the pool of its balancer.

A card that names the address has it back with the next update after a failover; a pool that is written with its members is
written as a whole, and forgets who was drained. The pair's own balancer may have the address: behind one, the watchdog moves
the members and the address stays.

No counterpart: `address_names_no_machine`, because a public address of Azure names no machine; `is_watched` is in
`kinds`. Azure's alone: `pools_name_no_members`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tandem_policy.azure.kinds import ADDRESS, BALANCER, dig, is_watched, kind_of, same
from tandem_policy.values import UNKNOWN, Answers, Config, Finding, Resource, Undecided, items, maps, text, unknown_at

MEMBERS = "loadBalancerBackendAddresses"

TAKING = ("publicIPAddress", "publicIpAddress", "publicIPAddresses", "publicIpAddresses")
"""Properties by which cards, balancers, gateways, firewalls and bastions take an address, at any depth."""
BLOCKS = ("ipConfigurations", "frontendIPConfigurations")
"""Blocks that hold one of them."""


def nothing_takes_the_address(resources: Sequence[Resource], config: Config) -> Answers:
    """Cards, balancers, gateways, and whatever else takes a public address by its id."""
    watched = Watched(
        [each for each in resources if is_watched(each)], frozenset(text(each).lower() for each in config["addresses"])
    )
    for resource in resources:
        if kind_of(resource) not in ("", ADDRESS):
            yield from _takes(resource, watched)


@dataclass(frozen=True)
class Watched:
    """The addresses that watchdogs move."""

    addresses: Sequence[Resource]
    told: frozenset[str]
    """Ids in small letters, from the configuration."""

    def by_id(self, value: object) -> str:
        """How the address of this id is called; empty when it is none of these."""
        for each in self.addresses:
            if same(value, each.props.get("id")):
                return each.name
        return text(value) if text(value).lower() in self.told else ""


def _takes(resource: Resource, watched: Watched) -> Answers:
    if not watched.addresses and not watched.told:
        return
    for top in (*TAKING, *BLOCKS):
        named = list(_named(top, resource.props.get(top)))
        known = {path: watched.by_id(value) for path, value in named}
        unknown = [path for path, value in named if value is UNKNOWN]
        read = [each for each in watched.addresses if resource.property_depends_on and resource.reads(each, top)]
        for path, called in known.items():
            if called:
                yield from _taken(resource, path, called, watched)
        if read and not any(known.values()):
            yield from _taken(resource, unknown[0] if len(unknown) == 1 else top, read[0].name, watched)
        elif not resource.property_depends_on:
            yield from (Undecided(path) for path in unknown)


def _taken(resource: Resource, path: str, called: str, watched: Watched) -> Answers:
    if not _is_its_balancer(resource, watched):
        yield Finding(
            f"{resource.type} {resource.name} takes the address {called} by {path}; a watchdog moves it, and the next "
            "update would take it from the worker that serves: leave it to the watchdog, or take another address",
            resource.urn,
        )


def _is_its_balancer(resource: Resource, watched: Watched) -> bool:
    sites = {address.site for address in watched.addresses}
    return kind_of(resource) == BALANCER and (resource.site in sites or resource.site_is_unknown)


def _named(top: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every id in such a property: its path, and the value."""
    if top in TAKING:
        yield from _ids(top, value)
        return
    if value is UNKNOWN:
        yield top, UNKNOWN
    for place, each in enumerate(items(value)):
        yield from _below(f"{top}.{place}", each)


def _below(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if value is UNKNOWN:
        yield path, UNKNOWN
    elif isinstance(value, Mapping):
        for key, each in cast("Mapping[str, Any]", value).items():
            if key in TAKING:
                yield from _ids(f"{path}.{key}", each)


def _ids(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The ids of one reference, or of a list of them."""
    if value is UNKNOWN:
        yield path, UNKNOWN
    elif isinstance(value, list | tuple):
        for place, each in enumerate(items(value)):
            yield from _ids(f"{path}.{place}", each)
    elif isinstance(value, Mapping):
        yield f"{path}.id", dig(cast("object", value), "id")


def pools_name_no_members(resource: Resource, _: Config) -> Answers:
    """The balancer of a pair, whose pool is declared inside of it."""
    if kind_of(resource) != BALANCER or not resource.site:
        return
    for place, pool in enumerate(maps(resource.props.get("backendAddressPools"))):
        path = f"backendAddressPools.{place}.{MEMBERS}"
        yield from unknown_at(path, pool.get(MEMBERS))
        if pool.get(MEMBERS) not in (UNKNOWN, None, []):
            yield Finding(
                f"{path} writes who is in the pool; the watchdog says who of them is up, and the next update would "
                "forget it: leave them to the watchdog"
            )
