"""The values that a provider fills in by itself, per type: only those that Tandem or an operator looks at. Pure."""

import hashlib
import ipaddress
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lab.arm.bodies import as_object, items, named, properties, reference, same, text
from lab.arm.ids import key_of
from lab.arm.kinds import Kind
from lab.arm.messages import Json
from lab.arm.world import World

_NET = "microsoft.network"
FIRST_HOST = 4
"""Azure keeps the first four addresses of a subnet, and the last."""


def fill(kind: Kind, body: Json, arm_id: str, old: Json, world: World) -> None:
    """Fill in, in the body itself, what its type's provider gives; `old` is what stands."""
    filler = _FILLERS.get(kind.type.lower())
    if filler:
        filler(_Filling(body, arm_id, old, world))


@dataclass(frozen=True)
class _Filling:
    body: Json
    arm_id: str
    old: Json
    world: World


def _interface(it: _Filling) -> None:
    configs = items(it.body, "ipConfigurations")
    taken: set[str] = set()
    for at, config in enumerate(configs):
        inside = config.setdefault("properties", {})
        inside.setdefault("primary", at == 0)
        inside.setdefault("privateIPAddressVersion", "IPv4")
        inside.setdefault("privateIPAllocationMethod", "Dynamic")
        if same(str(inside["privateIPAllocationMethod"]), "Dynamic"):
            before = named(items(it.old, "ipConfigurations"), text(config, "name")) or {}
            inside["privateIPAddress"] = _dynamic(inside, properties(before), it.world, taken, key_of(it.arm_id))
        taken.add(str(inside.get("privateIPAddress", "")))
    properties(it.body)["ipConfigurations"] = configs
    properties(it.body).setdefault("dnsSettings", {"dnsServers": []})
    properties(it.body).setdefault("enableIPForwarding", False)


def _dynamic(inside: Json, before: Json, world: World, taken: set[str], own_key: str) -> str:
    subnet = reference(inside, "subnet")
    if before.get("privateIPAddress") and key_of(reference(before, "subnet")) == key_of(subnet):
        return str(before["privateIPAddress"])
    used = taken | {address for address, owner in private_addresses(world, subnet) if owner != own_key}
    return next((address for address in _hosts(world, subnet) if address not in used), "")


def private_addresses(world: World, subnet_id: str) -> Iterator[tuple[str, str]]:
    """The private addresses that are taken in a subnet, each with the key of its interface or balancer."""
    for resource_type, collection in (
        ("networkInterfaces", "ipConfigurations"),
        ("loadBalancers", "frontendIPConfigurations"),
    ):
        for document in world.of_type(f"Microsoft.Network/{resource_type}"):
            for config in items(document.body, collection):
                if key_of(reference(properties(config), "subnet")) == key_of(subnet_id):
                    yield text(config, "properties", "privateIPAddress"), document.key


def subnet_network(world: World, subnet_id: str) -> ipaddress.IPv4Network | None:
    """The first prefix of a subnet; None where there is no such subnet."""
    parent, _, name = subnet_id.rpartition("/subnets/")
    network = world.documents.get(key_of(parent))
    subnet = named(items(network.body, "subnets"), name) if network else None
    prefixes = (
        [text(subnet, "properties", "addressPrefix"), *properties(subnet).get("addressPrefixes", [])] if subnet else []
    )
    first = next(filter(None, prefixes), "")
    return ipaddress.IPv4Network(first, strict=False) if first else None


def _hosts(world: World, subnet_id: str) -> Iterator[str]:
    network = subnet_network(world, subnet_id)
    if network:
        yield from (str(network[at]) for at in range(FIRST_HOST, network.num_addresses - 1))


def _address(it: _Filling) -> None:
    inside = properties(it.body)
    it.body.setdefault("sku", {}).setdefault("name", "Basic")
    inside.setdefault("publicIPAllocationMethod", "Dynamic")
    inside.setdefault("publicIPAddressVersion", "IPv4")
    inside.setdefault("idleTimeoutInMinutes", 4)


def _balancer(it: _Filling) -> None:
    """IP members in a balancer's own PUT are lost: the call succeeds and the pool is empty (bicep-types-az#1861)."""
    it.body.setdefault("sku", {}).setdefault("name", "Basic")
    for pool in items(it.body, "backendAddressPools"):
        properties(pool)["loadBalancerBackendAddresses"] = []


def _rules(it: _Filling) -> None:
    properties(it.body).setdefault("securityRules", [])


def _subnets(it: _Filling) -> None:
    properties(it.body).setdefault("subnets", [])


def _machine(it: _Filling) -> None:
    """Custom data is kept as its digest only, which is enough to see that another one was sent."""
    profile, before = as_object(properties(it.body).get("osProfile")), as_object(properties(it.old).get("osProfile"))
    profile.pop("adminPassword", None)
    if "customData" in profile:
        profile["customData"] = "sha256:" + hashlib.sha256(str(profile["customData"]).encode()).hexdigest()
    elif "customData" in before:
        profile["customData"] = before["customData"]
    _identity(it)
    disk = as_object(as_object(properties(it.body).get("storageProfile")).get("osDisk"))
    had_disk = as_object(as_object(properties(it.old).get("storageProfile")).get("osDisk"))
    if disk and same(text(disk, "createOption"), "FromImage"):
        name = (
            text(disk, "name") or text(had_disk, "name") or f"{it.arm_id.rpartition('/')[2]}_OsDisk_1_{it.world.guid()[:8]}"
        )
        disk["name"] = name
        managed: Json = disk.setdefault("managedDisk", {})
        scope = it.arm_id.partition("/providers/")[0]
        managed.setdefault("id", f"{scope}/providers/Microsoft.Compute/disks/{name}")


def _identity(it: _Filling) -> None:
    """An identity of its own has an object id, once and for all."""
    if same(text(it.body, "identity", "type"), "SystemAssigned"):
        had = as_object(it.old.get("identity"))
        it.body["identity"] = {**as_object(it.body["identity"]), "principalId": had.get("principalId") or it.world.guid()}


def _vault(it: _Filling) -> None:
    properties(it.body)["vaultUri"] = f"https://{it.arm_id.rpartition('/')[2].lower()}.vault.azure.net/"


def _key(it: _Filling) -> None:
    """A PUT on a key that stands changes nothing."""
    _, vault, _, name = it.arm_id.rsplit("/", 3)
    url = f"https://{vault.lower()}.vault.azure.net/keys/{name}"
    given = properties(it.old) or {**properties(it.body), "keyUri": url, "keyUriWithVersion": f"{url}/{it.world.guid()[:8]}"}
    it.body["properties"] = given


def _account(it: _Filling) -> None:
    """Where the services of an account answer."""
    name = it.arm_id.rpartition("/")[2]
    services = ("blob", "dfs", "file", "queue", "table")
    where = {service: f"https://{name}.{service}.core.windows.net/" for service in services}
    properties(it.body).update(primaryEndpoints=where, primaryLocation=it.body.get("location"), statusOfPrimary="available")


def _site(it: _Filling) -> None:
    """An app has a host name, and runs."""
    host = f"{it.arm_id.rpartition('/')[2].lower()}.azurewebsites.net"
    properties(it.body).update(defaultHostName=host, hostNames=[host], state="Running")
    _identity(it)


def _component(it: _Filling) -> None:
    inside = properties(it.body)
    key, location = inside["InstrumentationKey"], it.body.get("location", "")
    inside["ConnectionString"] = (
        f"InstrumentationKey={key};IngestionEndpoint=https://{location}-1.in.applicationinsights.azure.com/"
    )


def _deployment(it: _Filling) -> None:
    """The template is carried out and not kept; its digest tells one from another."""
    inside = properties(it.body)
    template = json.dumps(inside.pop("template", {}), sort_keys=True)
    inside["templateHash"] = str(int(hashlib.sha256(template.encode()).hexdigest()[:16], 16))


def _assignment(it: _Filling) -> None:
    properties(it.body).setdefault("scope", it.arm_id.rpartition("/providers/")[0])


_FILLERS: Mapping[str, Callable[[_Filling], None]] = MappingProxyType(
    {
        f"{_NET}/networkinterfaces": _interface,
        f"{_NET}/publicipaddresses": _address,
        f"{_NET}/loadbalancers": _balancer,
        f"{_NET}/networksecuritygroups": _rules,
        f"{_NET}/virtualnetworks": _subnets,
        "microsoft.compute/virtualmachines": _machine,
        "microsoft.compute/diskencryptionsets": _identity,
        "microsoft.keyvault/vaults": _vault,
        "microsoft.keyvault/vaults/keys": _key,
        "microsoft.authorization/roleassignments": _assignment,
        "microsoft.storage/storageaccounts": _account,
        "microsoft.web/sites": _site,
        "microsoft.insights/components": _component,
        "microsoft.resources/deployments": _deployment,
    }
)
