"""Rules on what cannot be deleted because something still uses it."""

from collections.abc import Iterator

from lab.arm.bodies import items, properties, reference, text
from lab.arm.change import Change, Rule
from lab.arm.ids import key_of
from lab.arm.messages import Refusal
from lab.arm.references import Link, links_to
from lab.arm.rules.addresses import holders

_NET, _VM = "microsoft.network", "microsoft.compute/virtualmachines"
_SUBNET = f"{_NET}/virtualnetworks/subnets"


def held_addresses_stay(change: Change) -> Iterator[Refusal]:
    """A Public IP that somebody holds (terraform-provider-azurerm#2566)."""
    if change.new is not None or not change.is_of(f"{_NET}/publicipaddresses"):
        return
    for held in holders(change.world):
        if held.key == change.place.key:
            yield Refusal(
                400,
                "PublicIPAddressCannotBeDeleted",
                f"Public IP address {change.place.document} can not be deleted since it is still allocated to resource "
                f"{held.source}. In order to delete the public IP, disassociate/detach the Public IP address from the "
                "resource.  To learn how to do this, see aka.ms/deletepublicip.",
            )


def attached_interfaces_stay(change: Change) -> Iterator[Refusal]:
    """An interface of a machine (terraform-provider-azurerm#8105)."""
    if change.new is None and change.is_of(f"{_NET}/networkinterfaces"):
        for held in _users(change, change.place.key, _VM):
            yield Refusal(
                400,
                "NicInUse",
                f"Network Interface {change.place.document} is used by existing resource {held.source}. In order to delete "
                "the network interface, it must be dissociated from the resource. To learn more, see aka.ms/deletenic.",
            )


def used_groups_stay(change: Change) -> Iterator[Refusal]:
    """A network security group of an interface or a subnet."""
    if change.new is None and change.is_of(f"{_NET}/networksecuritygroups"):
        users = [held.source for held in links_to(change.world, change.place.key)]
        if users:
            yield Refusal(
                400,
                "InUseNetworkSecurityGroupCannotBeDeleted",
                f"Network security group {change.place.document} cannot be deleted because it is in use by the following "
                f"resources: {', '.join(users)}. In order to delete the Network security group, remove the association with "
                "the resource(s). To learn how to do this, see aka.ms/deletensg.",
            )


def used_subnets_stay(change: Change) -> Iterator[Refusal]:
    """A subnet with something in it; a network with such a subnet answers the same."""
    if not change.is_of(f"{_NET}/virtualnetworks") or not change.old:
        return
    left = {text(subnet, "name").lower() for subnet in items(change.new_body, "subnets")}
    for subnet in items(change.old_body, "subnets"):
        subnet_id = f"{change.place.document}/subnets/{text(subnet, 'name')}"
        users = links_to(change.world, key_of(subnet_id)) if text(subnet, "name").lower() not in left else []
        if users:
            yield Refusal(
                400,
                "InUseSubnetCannotBeDeleted",
                f"Subnet {text(subnet, 'name')} is in use by {users[0].source} and cannot be deleted. In order to delete "
                "the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.",
            )


def used_pools_stay(change: Change) -> Iterator[Refusal]:
    """A pool that a rule of its balancer still names."""
    if change.target.type.lower() != f"{_NET}/loadbalancers/backendaddresspools" or not change.is_delete:
        return
    for rule in items(change.old_body, "loadBalancingRules"):
        if key_of(reference(properties(rule), "backendAddressPool")) == change.target.key:
            rule_id = f"{change.place.document}/loadBalancingRules/{text(rule, 'name')}"
            yield Refusal(
                400,
                "InUseBackendAddressPoolCannotBeDeleted",
                f"Backend address pool {change.target.id} is in use by {rule_id} and cannot be deleted.",
            )


def used_gateways_and_tables_stay(change: Change) -> Iterator[Refusal]:
    """A NAT gateway or route table of a subnet."""
    if change.new is not None:
        return
    for resource_type, word in ((f"{_NET}/natgateways", "NatGateway"), (f"{_NET}/routetables", "RouteTable")):
        for held in _users(change, change.place.key, _SUBNET) if change.is_of(resource_type) else ():
            yield Refusal(
                400,
                f"InUse{word}CannotBeDeleted",
                f"{word} {change.place.document} is in use by {held.source} and cannot be deleted.",
            )


def attached_disks_stay(change: Change) -> Iterator[Refusal]:
    """A disk of a machine, and an encryption set of a disk."""
    if change.new is not None:
        return
    for held in _users(change, change.place.key, _VM) if change.is_of("microsoft.compute/disks") else ():
        yield Refusal(409, "OperationNotAllowed", f"Disk {change.target.name} is attached to VM {held.source}.")
    if change.is_of("microsoft.compute/diskencryptionsets"):
        for held in links_to(change.world, change.place.key):
            yield Refusal(409, "OperationNotAllowed", f"Disk encryption set {change.target.name} is used by {held.source}.")


def _users(change: Change, key: str, source_type: str) -> list[Link]:
    return [link for link in links_to(change.world, key) if link.source_type == source_type]


RULES: tuple[Rule, ...] = (
    held_addresses_stay,
    attached_interfaces_stay,
    used_groups_stay,
    used_subnets_stay,
    used_pools_stay,
    used_gateways_and_tables_stay,
    attached_disks_stay,
)
