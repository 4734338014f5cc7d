"""Rules on load balancers and their pools."""

from collections.abc import Iterator

from lab.arm.bodies import items, named, properties, reference, same, text
from lab.arm.change import Change, Rule
from lab.arm.ids import key_of
from lab.arm.messages import Json, Refusal
from lab.arm.references import Link, links_to

BALANCER = "microsoft.network/loadbalancers"
_POOL = f"{BALANCER}/backendaddresspools"
_MEMBERS = "loadBalancerBackendAddresses"


def no_zones_on_a_public_frontend(change: Change) -> Iterator[Refusal]:
    """A frontend with a Public IP takes its zones from that."""
    if not change.is_of(BALANCER):
        return
    for frontend in items(change.new_body, "frontendIPConfigurations"):
        zones = frontend.get("zones") or []
        if zones and reference(properties(frontend), "publicIPAddress"):
            frontend_id = f"{change.place.document}/frontendIPConfigurations/{text(frontend, 'name')}"
            yield Refusal(
                400,
                "LoadBalancerFrontendIPConfigCannotHaveZoneWhenReferencingPublicIPAddress",
                f"Load balancer frontendIPConfiguration {frontend_id} has {len(zones)} zone specified and is referencing a "
                "publicIPAddress. Networking supports zones only for frontendIpconfigurations which reference a subnet.",
            )


def _pool(change: Change) -> Json | None:
    if change.target.type.lower() != _POOL or change.new is None:
        return None
    return named(items(change.new_body, "backendAddressPools"), change.target.name)


def nic_members_are_the_interfaces_own(change: Change) -> Iterator[Refusal]:
    """A PUT of a pool neither adds nor drops members that interfaces have put there (terraform-provider-azurerm#10496)."""
    if change.target.type.lower() != _POOL:
        return
    held = {key_of(link.source) for link in _nic_links(change)}
    members = items(change.asked, _MEMBERS)
    asked = {key_of(reference(properties(member), "networkInterfaceIPConfiguration")) for member in members} - {""}
    if asked != held:
        yield Refusal(
            400,
            "ModificationOfNICIpConfigBackendPoolNotSupported",
            f"Operation on backend pool {change.target.id} not allowed since it adds/modifies/deletes backend address pool "
            "members that are specified with a network interface IP configuration.",
        )


def a_pool_is_of_one_sort(change: Change) -> Iterator[Refusal]:
    """A pool has members by address or by interface, never both."""
    pool = _pool(change)
    by_address = [member for member in items(pool, _MEMBERS) if text(member, "properties", "ipAddress")] if pool else []
    if by_address and _nic_links(change):
        yield _mixed(change.target.id)
    if not change.is_of("microsoft.network/networkinterfaces"):
        return
    for link in change.new_links():
        if link.target_type == _POOL and _ip_members(change, link.target):
            yield _mixed(link.target)


def _mixed(pool_id: str) -> Refusal:
    return Refusal(
        400,
        "BackendAddressPoolCannotMixNicAndIpMembers",
        f"Backend address pool {pool_id} cannot have members by network interface and by IP address together.",
    )


def members_by_address_are_whole(change: Change) -> Iterator[Refusal]:
    """A member by address has an address and a network, all of one network, on a Standard balancer."""
    pool = _pool(change)
    if pool is None:
        return
    networks: set[str] = set()
    for member in items(pool, _MEMBERS):
        inside = properties(member)
        if not inside.get("ipAddress"):
            continue
        if not same(text(change.new_body, "sku", "name"), "Standard"):
            yield _bad_member("IP based backend pools are supported on Standard load balancers only.")
        network = reference(inside, "virtualNetwork") or reference(inside, "subnet").rpartition("/subnets/")[0]
        if not network and not reference(properties(pool), "virtualNetwork"):
            yield _bad_member(f"Backend address {text(member, 'name')} of pool {change.target.id} names no virtual network.")
        networks.add(key_of(network))
    if len(networks - {""}) > 1:
        yield _bad_member(f"The addresses of pool {change.target.id} are in more than one virtual network.")


def _bad_member(message: str) -> Refusal:
    return Refusal(400, "InvalidBackendAddress", message)


def _nic_links(change: Change) -> list[Link]:
    links = links_to(change.world, change.target.key)
    return [link for link in links if link.source_type == "microsoft.network/networkinterfaces/ipconfigurations"]


def _ip_members(change: Change, pool_id: str) -> list[Json]:
    balancer_id, _, name = pool_id.rpartition("/backendAddressPools/")
    balancer = change.world.documents.get(key_of(balancer_id))
    pool = named(items(balancer.body, "backendAddressPools"), name) if balancer else None
    return [member for member in items(pool, _MEMBERS) if text(member, "properties", "ipAddress")] if pool else []


RULES: tuple[Rule, ...] = (
    no_zones_on_a_public_frontend,
    a_pool_is_of_one_sort,
    nic_members_are_the_interfaces_own,
    members_by_address_are_whole,
)
