"""What the provider makes of a body: what nobody may write is left out, what it gives itself is filled in. Pure."""

import copy
from collections.abc import Mapping
from types import MappingProxyType

from lab.arm.bodies import items, named, objects, properties, reference, same, text
from lab.arm.filling import fill
from lab.arm.kinds import Kind, children_of
from lab.arm.messages import Json
from lab.arm.references import shown_properties
from lab.arm.settings import Settings
from lab.arm.world import Document, World

_NET = "microsoft.network"
_GIVEN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        f"{_NET}/networkinterfaces": ("resourceGuid", "macAddress"),
        f"{_NET}/publicipaddresses": ("resourceGuid", "ipAddress"),
        f"{_NET}/virtualnetworks": ("resourceGuid",),
        f"{_NET}/networksecuritygroups": ("resourceGuid",),
        f"{_NET}/loadbalancers": ("resourceGuid",),
        "microsoft.compute/virtualmachines": ("vmId",),
        "microsoft.compute/disks": ("uniqueId",),
        "microsoft.managedidentity/userassignedidentities": ("principalId", "clientId", "tenantId"),
        "microsoft.insights/components": ("AppId", "InstrumentationKey"),
        "microsoft.operationalinsights/workspaces": ("customerId",),
    }
)
"""Type -> properties that the provider gives once and that nobody writes."""
_REFERENCES = frozenset(
    [
        "subnet",
        "publicIPAddress",
        "networkSecurityGroup",
        "routeTable",
        "natGateway",
        "frontendIPConfiguration",
        "backendAddressPool",
        "probe",
        "virtualNetwork",
        "backendAddressPools",
        "loadBalancerBackendAddressPools",
        "applicationSecurityGroups",
        "publicIpAddresses",
        "publicIPAddresses",
        "loadBalancerInboundNatRules",
    ]
)
"""Properties that keep nothing but the id of what they name, though a caller may send the whole resource."""
_SHOWN_ONLY = ("provisioningState", "instanceView", "timeCreated", "diskState", "defaultSecurityRules", "hostedWorkloads")


def prepared(
    kind: Kind, arm_id: str, asked: Mapping[str, object], *, old: Document | None, world: World, settings: Settings
) -> Json:
    """The whole body that the provider would keep."""
    body = written(kind, asked)
    body.setdefault("location", old.body.get("location") if old else None)
    if not body["location"]:
        del body["location"]
    before = properties(old.body) if old else {}
    inside: Json = body.setdefault("properties", {})
    for name in _GIVEN.get(kind.type.lower(), ()):
        given = before.get(name) or _first(name, world, settings)
        inside.update({name: given} if given else {})
    fill(kind, body, arm_id, old.body if old else {}, world)
    return body


def with_child(whole: Json, steps: tuple[tuple[Kind, str], ...], child: Json | None) -> Json:
    """A document's body with one child replaced, added, or (None) taken away; the rest as it was."""
    body = copy.deepcopy(whole)
    parent = body
    *above, (kind, name) = steps
    for step, step_name in above:
        parent = named(items(parent, step.collection), step_name) or {}
    siblings = items(parent, kind.collection)
    at = next((i for i, each in enumerate(siblings) if same(text(each, "name"), name)), len(siblings))
    siblings[at : at + 1] = [{**written(kind, child), "name": name}] if child is not None else []
    parent.setdefault("properties", {})[kind.collection] = siblings
    return body


def written(kind: Kind, asked: Mapping[str, object]) -> Json:
    """What a caller may write of a resource or child: no ids, no states, no back-references, references as ids."""
    read_only = {*shown_properties(kind.type), *_SHOWN_ONLY, *_GIVEN.get(kind.type.lower(), ())}
    body = copy.deepcopy({name: value for name, value in asked.items() if name not in {"id", "type", "etag", "managedBy"}})
    if not kind.collection:
        body.pop("name", None)
    inside = {child.collection: child for child in children_of(kind)}
    kept: Json = {}
    for name, value in properties(body).items():
        if name in read_only or value is None:
            continue
        child = inside.get(name)
        kept[name] = [written(child, each) for each in _own(name, value)] if child else _reduced(name, value)
    return {**body, "properties": kept}


def _own(name: str, value: object) -> list[Json]:
    """Children without the members of a pool that interfaces have put there: those are shown, and kept by the interfaces."""
    children = objects(value)
    return (
        [each for each in children if properties(each).get("ipAddress")]
        if name == "loadBalancerBackendAddresses"
        else children
    )


def _reduced(name: str, value: object) -> object:
    if name not in _REFERENCES:
        return value
    if isinstance(value, list):
        return [{"id": text(each, "id")} if "id" in each else each for each in objects(value)]
    return {"id": reference({"it": value}, "it")}


def _first(name: str, world: World, settings: Settings) -> str:
    match name:
        case "ipAddress" | "macAddress":
            return ""  # come later: when the address is made, when the interface belongs to a machine
        case "tenantId":
            return settings.tenant
        case _:
            return world.guid()
