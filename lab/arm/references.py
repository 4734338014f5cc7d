"""What a body refers to, and who refers to what. Pure.

Every object with an `id` that names another resource is a reference, at whatever depth, and so are a few plain ids. The
source is the nearest resource or child around it (the ipConfiguration and not the interface), because Azure's messages and
back-references name that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

from lab.arm.bodies import as_object, objects, text
from lab.arm.ids import key_of, parse
from lab.arm.kinds import Kind, children_of, kind_of
from lab.arm.messages import Json
from lab.arm.world import Document, World

_NAMED_BY_ID = frozenset({"diskEncryptionSetId", "serverFarmId", "sourceResourceId", "virtualNetworkSubnetId"})
"""Properties that hold the id itself."""


@dataclass(frozen=True)
class Link:
    """One reference: from `source`, by its property `via`, to `target`; all ids as they were written."""

    source: str
    via: str
    target: str

    @property
    def key(self) -> str:
        """The target, as it is looked up."""
        return key_of(self.target)

    @property
    def source_type(self) -> str:
        """The source's type in lower case."""
        return parse(self.source).type.lower()

    @property
    def target_type(self) -> str:
        """The target's type in lower case; empty for an id that is none."""
        try:
            return parse(self.target).type.lower()
        except ValueError:
            return ""


def links_of(resource_type: str, resource_id: str, body: Mapping[str, Any]) -> tuple[Link, ...]:
    """Every reference in a resource's body."""
    kind = kind_of(resource_type)
    if kind is None:
        return ()
    identities = as_object(as_object(body.get("identity")).get("userAssignedIdentities"))
    assigned = (Link(resource_id, "userAssignedIdentities", each) for each in identities)
    return (*_below(kind, resource_id, body), *assigned)


def document_links(document: Document) -> tuple[Link, ...]:
    """Every reference in a document."""
    return links_of(document.type, document.id, document.body)


def all_links(world: World) -> list[Link]:
    """Every reference there is."""
    return [link for document in world.documents.values() for link in document_links(document)]


def links_to(world: World, key: str) -> list[Link]:
    """Every reference to one resource."""
    return [link for link in all_links(world) if link.key == key]


def is_within(key: str, document_key: str) -> bool:
    """Whether a resource is the document or something inside it."""
    return key == document_key or key.startswith(document_key + "/")


def _below(kind: Kind, item_id: str, item: Mapping[str, Any]) -> Iterator[Link]:
    inside = {child.collection: child for child in children_of(kind)}
    for name, value in as_object(item.get("properties")).items():
        child = inside.get(name)
        if child is None:
            yield from _within(item_id, name, value)
            continue
        for each in objects(value):
            yield from _below(child, f"{item_id}/{child.segment}/{text(each, 'name')}", each)


def _within(source: str, via: str, value: object) -> Iterator[Link]:
    if isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _within(source, via, each)
        return
    found = as_object(value)
    target = str(value) if via in _NAMED_BY_ID else text(found, "id")
    if target.startswith("/subscriptions/"):
        yield Link(source, via, target)
        return
    for name, part in found.items():
        yield from _within(source, name, part)


_NET, _VM = "microsoft.network", "microsoft.compute/virtualmachines"
_NIC_CONFIG = f"{_NET}/networkinterfaces/ipconfigurations"
_FRONTEND = f"{_NET}/loadbalancers/frontendipconfigurations"
_SUBNET, _RULE = f"{_NET}/virtualnetworks/subnets", f"{_NET}/loadbalancers/loadbalancingrules"
_BACK: Mapping[tuple[str, str], tuple[str, bool]] = MappingProxyType(
    {
        (f"{_NET}/publicipaddresses", _NIC_CONFIG): ("ipConfiguration", False),
        (f"{_NET}/publicipaddresses", _FRONTEND): ("ipConfiguration", False),
        (f"{_NET}/publicipaddresses", f"{_NET}/natgateways"): ("natGateway", False),
        (_SUBNET, _NIC_CONFIG): ("ipConfigurations", True),
        (_SUBNET, _FRONTEND): ("ipConfigurations", True),
        (f"{_NET}/networksecuritygroups", f"{_NET}/networkinterfaces"): ("networkInterfaces", True),
        (f"{_NET}/networksecuritygroups", _SUBNET): ("subnets", True),
        (f"{_NET}/natgateways", _SUBNET): ("subnets", True),
        (f"{_NET}/routetables", _SUBNET): ("subnets", True),
        (f"{_NET}/networkinterfaces", _VM): ("virtualMachine", False),
        (f"{_NET}/loadbalancers/backendaddresspools", _NIC_CONFIG): ("backendIPConfigurations", True),
        (f"{_NET}/loadbalancers/backendaddresspools", _RULE): ("loadBalancingRules", True),
        (_FRONTEND, _RULE): ("loadBalancingRules", True),
        (f"{_NET}/loadbalancers/probes", _RULE): ("loadBalancingRules", True),
    }
)
"""Type of the target and of the source -> the target's property that names the source, and whether it is a list."""


def back_references(target_type: str, links: list[Link]) -> Json:
    """The properties by which a resource shows who refers to it."""
    shown: Json = {}
    for link in links:
        row = _BACK.get((target_type.lower(), link.source_type))
        if row and row[1]:
            shown.setdefault(row[0], []).append({"id": link.source})
        elif row:
            shown[row[0]] = {"id": link.source}
    return shown


def shown_properties(target_type: str) -> frozenset[str]:
    """The back-references that a type can have; nobody writes them."""
    return frozenset(name for (kind, _), (name, _) in _BACK.items() if kind == target_type.lower())
