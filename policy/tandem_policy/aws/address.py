"""Nothing in a program says who has the address that a watchdog moves.

A declared association is taken back in silence by a `refresh` and an `up` after a failover, so that the address leaves the
worker that serves. Two rules: the address itself names no machine, and nothing else in the stack takes it.

It is known by its tags (`tandem:site` and the name SITE-address), by what an arbiter of the stack is told, and by the
configuration, for stacks that stand beside the pair's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tandem_policy.values import (
    NAME_TAG,
    UNKNOWN,
    Answers,
    Config,
    Finding,
    Resource,
    Undecided,
    block,
    items,
    of_types,
    tags_of,
    text,
)

EIP = "aws:ec2/eip:Eip"
FUNCTION = "aws:lambda/function:Function"
ASSOCIATION = "aws:ec2/eipAssociation:EipAssociation"
ADDRESS_NAME = "{site}-address"
ADDRESS_VARIABLE = "TANDEM_ADDRESS_ID"
"""By which an arbiter is told the allocation id."""

MACHINE_PROPERTIES = ("instance", "networkInterface", "associateWithPrivateIp")

TAKING = frozenset({"allocationId", "allocationIds", "secondaryAllocationIds", "addressAllocationIds", "elasticIp"})
"""Properties by which something takes an address: associations, NAT gateways, balancers, file transfer, Redshift."""
BLOCKS = frozenset({"subnetMappings", "endpointDetails"})
"""Blocks that hold one of them."""
BY_IP = frozenset({"publicIp"})
"""The same for an association, which may name the address itself."""


def is_watched(resource: Resource) -> bool:
    """Whether an Elastic IP is the one that a watchdog moves, by its tags."""
    site = resource.site
    return resource.type == EIP and bool(site) and tags_of(resource).get(NAME_TAG) == ADDRESS_NAME.format(site=site)


def address_names_no_machine(resource: Resource, _: Config) -> Answers:
    """What the program chose is asked, not what the cloud answers: there the holder stands."""
    if not is_watched(resource):
        return
    for name in MACHINE_PROPERTIES:
        if resource.props.get(name):
            yield Finding(f"the watchdog moves this address, and {name} gives it to a machine: leave it out")


@dataclass(frozen=True)
class Watched:
    """The addresses that watchdogs move."""

    eips: Sequence[Resource]
    names: frozenset[str]
    """Allocation ids, and the addresses themselves."""


def nothing_takes_the_address(resources: Sequence[Resource], config: Config) -> Answers:
    """Associations, gateways, balancers, and whatever else takes an address by its id."""
    watched = _watched(resources, config)
    if not watched.eips and not watched.names:
        return
    for resource in resources:
        if resource.type != EIP:
            yield from _takes(resource, watched)


def _watched(resources: Sequence[Resource], config: Config) -> Watched:
    told = {text(each) for each in config["addresses"]}
    for function in of_types(resources, FUNCTION):
        told.add(text(block(block(function.props.get("environment")).get("variables")).get(ADDRESS_VARIABLE)))
    told.discard("")
    all_eips = of_types(resources, EIP)
    eips = [eip for eip in all_eips if is_watched(eip) or told & _names(eip)]
    return Watched(eips, frozenset(told).union(*(_names(eip) for eip in eips)))


def _names(eip: Resource) -> set[str]:
    return {text(eip.props.get(key)) for key in ("id", "allocationId", "publicIp")} - {""}


def _takes(resource: Resource, watched: Watched) -> Answers:
    taking = TAKING | BY_IP if resource.type == ASSOCIATION else TAKING
    for top, path, value in _named(resource.props, taking):
        if text(value) in watched.names:
            yield _taken(resource, path, f"the address {value}")
        elif value is UNKNOWN:
            read = [eip for eip in watched.eips if resource.reads(eip, top)]
            if read:
                yield _taken(resource, path, f"the address of {read[0].name}")
            elif not resource.property_depends_on:
                yield Undecided(path)


def _taken(resource: Resource, path: str, what: str) -> Finding:
    return Finding(
        f"{resource.type} {resource.name} takes {what} by {path}; a watchdog moves it, and the next update would take it "
        "from the worker that serves: leave it to the watchdog, or take another address",
        resource.urn,
    )


def _named(props: Mapping[str, Any], taking: frozenset[str]) -> Iterator[tuple[str, str, Any]]:
    """Every value at such a property: the property of the resource that it stands in, its path, and the value."""
    for top, value in props.items():
        if top in taking or top in BLOCKS:
            for path, found in _below(top, value, taking):
                yield top, path, found


def _below(path: str, value: Any, taking: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """What stands at the end of such a property, at any depth."""
    if isinstance(value, Mapping):
        for key, each in cast("Mapping[str, Any]", value).items():
            if key in taking:
                yield from _below(f"{path}.{key}", each, taking)
    elif isinstance(value, list | tuple):
        for place, each in enumerate(items(value)):
            yield from _below(f"{path}.{place}", each, taking)
    else:
        yield path, value
