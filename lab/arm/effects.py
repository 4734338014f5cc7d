"""What a hypervisor of the lab needs to know, told when an operation has ended well: power, wiring, groups, pools.

Everything but `machine`, `address` and `gone` has `carries_at`: when packets follow, on the emulator's clock.

    machine      id, power (the word), alive (true, false; null while it changes), verb, hard (skipShutdown)
    interface    id, machine, group, tags, addresses: [{name, private, public, public_id}]
    group        id, flush: whether flows that stand are judged anew, rules
    pool         id, public_ips of the frontends whose rules lead to it, and ports of these rules, members: [{name,
                 address, admin_state}]
    address      id, address
    gone         id, type
    package      app, uri: where One Deploy is to fetch the app's package

A reference that an operation failed to bring about is told to nobody: the packets go on as before.
"""

from lab.arm.bodies import as_object, items, objects, properties, reference, text
from lab.arm.ids import key_of
from lab.arm.messages import Json
from lab.arm.references import links_to
from lab.arm.world import Document, World

_ALIVE = frozenset({"running", "stopping", "deallocating"})
"""A machine loses its power at the end of the verb that takes it."""


def tell(world: World, document: Document, carries_at: float) -> None:
    """Tell what a document now does, and from when packets follow."""
    match document.type.lower():
        case "microsoft.network/networkinterfaces":
            _interface(world, document, carries_at)
        case "microsoft.network/networksecuritygroups":
            inside = properties(document.body)
            rules = [{"name": text(rule, "name"), **properties(rule)} for rule in items(document.body, "securityRules")]
            flush = bool(inside.get("flushConnection"))
            world.tell("group", id=document.id, flush=flush, rules=rules, carries_at=carries_at)
        case "microsoft.network/loadbalancers":
            for pool in items(document.body, "backendAddressPools"):
                members = [
                    {
                        "name": text(member, "name"),
                        "address": text(member, "properties", "ipAddress"),
                        "admin_state": text(member, "properties", "adminState") or "None",
                    }
                    for member in items(pool, "loadBalancerBackendAddresses")
                ]
                pool_id = f"{document.id}/backendAddressPools/{text(pool, 'name')}"
                leading = _leading(document, pool_id)
                world.tell(
                    "pool",
                    id=pool_id,
                    public_ips=_public_ips(world, document, leading),
                    ports=sorted(
                        {int(port) for rule in leading if isinstance(port := rule.get("frontendPort"), int | float)}
                    ),
                    members=members,
                    carries_at=carries_at,
                )
        case "microsoft.network/publicipaddresses":
            world.tell("address", id=document.id, address=text(document.body, "properties", "ipAddress"))
        case _:
            pass


def tell_all(world: World, document: Document, now_s: float) -> None:
    """Tell what a document does, a machine's power too."""
    if document.power:
        alive = document.power in _ALIVE
        world.tell("machine", id=document.id, power=document.power, alive=alive, verb=None, hard=False)
    tell(world, document, now_s)


def _leading(balancer: Document, pool_id: str) -> list[Json]:
    """The rules that lead to a pool."""
    rules = [properties(rule) for rule in items(balancer.body, "loadBalancingRules")]
    return [rule for rule in rules if key_of(pool_id) in {key_of(reference(rule, "backendAddressPool")), *_pools_of(rule)}]


def _public_ips(world: World, balancer: Document, rules: list[Json]) -> list[str]:
    """The addresses of the frontends of these rules, each once."""
    named = {key_of(reference(rule, "frontendIPConfiguration")) for rule in rules}
    found: list[str] = []
    for frontend in items(balancer.body, "frontendIPConfigurations"):
        public = world.documents.get(key_of(reference(properties(frontend), "publicIPAddress")))
        if public and key_of(f"{balancer.id}/frontendIPConfigurations/{text(frontend, 'name')}") in named:
            found.append(text(public.body, "properties", "ipAddress"))
    return found


def _pools_of(rule: Json) -> set[str]:
    return {key_of(text(each, "id")) for each in objects(rule.get("backendAddressPools"))}


def _interface(world: World, document: Document, carries_at: float) -> None:
    addresses: list[dict[str, str]] = []
    for config in items(document.body, "ipConfigurations"):
        public_id = reference(properties(config), "publicIPAddress")
        public = world.documents.get(key_of(public_id))
        addresses.append(
            {
                "name": text(config, "name"),
                "private": text(config, "properties", "privateIPAddress"),
                "public": text(public.body, "properties", "ipAddress") if public else "",
                "public_id": public_id,
            }
        )
    machines = [link.source for link in links_to(world, document.key) if link.source_type.endswith("/virtualmachines")]
    group = reference(properties(document.body), "networkSecurityGroup")
    world.tell(
        "interface",
        id=document.id,
        machine=machines[0] if machines else None,
        group=group or None,
        tags=dict(as_object(document.body.get("tags"))),
        addresses=addresses,
        carries_at=carries_at,
    )
