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

from tandem_policy.azure.kinds import ADDRESS_NAME, BALANCER, dig, is_watched, kind_of
from tandem_policy.values import UNKNOWN, Answers, Config, Finding, Resource, Undecided, block, items, maps, text, unknown_at

MEMBERS = "loadBalancerBackendAddresses"

TAKING = frozenset({"publicipaddress", "publicipaddresses"})
"""Properties by which cards, balancers, gateways, firewalls and bastions take an address, in small letters: Azure writes
them in several ways."""
BLOCKS = frozenset({"ipConfigurations", "frontendIPConfigurations"})
"""Blocks that hold one of them."""


@dataclass(frozen=True)
class Watched:
    """The addresses that watchdogs move."""

    addresses: Sequence[Resource]
    told: frozenset[str]
    """Ids in small letters, from the configuration."""

    def by_id(self, value: object) -> str:
        """How the address of this id is called; empty when it is none of these. An id ends with the name in Azure."""
        named = text(value).lower()
        for each in self.addresses:
            if named.endswith(f"/publicipaddresses/{ADDRESS_NAME.format(site=each.site)}".lower()):
                return each.name
        return text(value) if named in self.told else ""

    def read_by(self, resource: Resource, top: str) -> str:
        """How the address is called that a property's value comes from; empty when it comes from none of these."""
        read = resource.property_depends_on.get(top, frozenset())
        return next((each.name for each in self.addresses if each.urn in read), "")


def nothing_takes_the_address(resources: Sequence[Resource], config: Config) -> Answers:
    """Cards, balancers, gateways, and whatever else takes a public address by its id."""
    watched = Watched(
        [each for each in resources if is_watched(each)], frozenset(text(each).lower() for each in config["addresses"])
    )
    if watched.addresses or watched.told:
        for resource in resources:
            yield from _takes(resource, watched)


def _takes(resource: Resource, watched: Watched) -> Answers:
    """By the ids that are known; where none of them tells, by what the property's value comes from."""
    for top in sorted({*resource.props, *resource.property_depends_on}):
        named = list(_named(top, resource.props.get(top)))
        known = [(path, watched.by_id(value)) for path, value in named if watched.by_id(value)]
        unknown = [path for path, value in named if value is UNKNOWN]
        if known:
            for path, called in known:
                yield from _taken(resource, path, called, watched)
        elif _may_take(top) and (called := watched.read_by(resource, top)):
            yield from _taken(resource, unknown[0] if len(unknown) == 1 else top, called, watched)
        elif not resource.property_depends_on:
            yield from (Undecided(path) for path in unknown)


def _taken(resource: Resource, path: str, called: str, watched: Watched) -> Answers:
    """The pair's own balancer may have it."""
    if kind_of(resource) == BALANCER and resource.site_is_unknown:
        yield Undecided("tags")
    elif kind_of(resource) != BALANCER or resource.site not in {address.site for address in watched.addresses}:
        yield Finding(
            f"{resource.type} {resource.name} takes the address {called} by {path}; a watchdog moves it, and the next "
            "update would take it from the worker that serves: leave it to the watchdog, or take another address",
            resource.urn,
        )


def _may_take(top: str) -> bool:
    return top in BLOCKS or top.lower() in TAKING


def _named(top: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every id in such a property: its path, and the value."""
    if top.lower() in TAKING:
        yield from _ids(top, value)
    elif top in BLOCKS:
        for path, each in _each(top, value):
            if each is UNKNOWN:
                yield path, UNKNOWN
            for key, reference in block(each).items():
                if key.lower() in TAKING:
                    yield from _ids(f"{path}.{key}", reference)


def _ids(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The ids of one reference, or of a list of them."""
    if value is UNKNOWN or isinstance(value, Mapping):
        yield (path, UNKNOWN) if value is UNKNOWN else (f"{path}.id", dig(cast("object", value), "id"))
    else:
        for place, each in _each(path, value):
            yield from _ids(place, each)


def _each(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The items of a list with their paths; an unknown one as a whole."""
    if value is UNKNOWN:
        yield path, UNKNOWN
    yield from ((f"{path}.{place}", each) for place, each in enumerate(items(value)))


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
