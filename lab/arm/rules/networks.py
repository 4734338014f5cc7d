"""Rules on networks, subnets, and the private addresses of interfaces."""

import ipaddress
from collections.abc import Iterator

from lab.arm.bodies import items, properties, reference, text
from lab.arm.change import Change, Rule
from lab.arm.filling import FIRST_HOST, private_addresses, subnet_network
from lab.arm.messages import Refusal

NETWORK, INTERFACE = "microsoft.network/virtualnetworks", "microsoft.network/networkinterfaces"


def subnets_lie_inside(change: Change) -> Iterator[Refusal]:
    """A subnet lies in its network and over no other one."""
    if not change.is_of(NETWORK):
        return
    space = properties(change.new_body).get("addressSpace") or {}
    ranges = [ipaddress.IPv4Network(prefix) for prefix in space.get("addressPrefixes", [])]
    seen: list[tuple[str, ipaddress.IPv4Network]] = []
    for subnet in items(change.new_body, "subnets"):
        name, prefix = text(subnet, "name"), text(subnet, "properties", "addressPrefix")
        if not prefix:
            continue
        network = ipaddress.IPv4Network(prefix, strict=False)
        if not any(network.subnet_of(each) for each in ranges):
            yield Refusal(
                400, "NetcfgInvalidSubnet", f"Subnet '{name}' is not valid in virtual network '{change.place.document}'."
            )
        for other, taken in seen:
            if network.overlaps(taken):
                yield Refusal(
                    400,
                    "NetcfgSubnetRangesOverlap",
                    f"Subnet '{name}' is not valid because its IP address range overlaps "
                    f"with that of an existing subnet '{other}' in virtual network '{change.place.document}'.",
                )
        seen.append((name, network))


def every_config_has_a_subnet(change: Change) -> Iterator[Refusal]:
    """An interface's ipConfiguration names its subnet."""
    if not change.is_of(INTERFACE) or change.new is None:
        return
    for config in items(change.new_body, "ipConfigurations"):
        if not reference(properties(config), "subnet"):
            config_id = f"{change.place.document}/ipConfigurations/{text(config, 'name')}"
            yield Refusal(
                400,
                "SubnetNotSpecifiedForIPConfiguration",
                f"Subnet reference is not specified for ipconfiguration {config_id}.",
            )


def private_addresses_fit(change: Change) -> Iterator[Refusal]:
    """A private address lies in its subnet, is none of Azure's own five, and belongs to nobody else."""
    if not change.is_of(INTERFACE) or change.new is None:
        return
    for config in items(change.new_body, "ipConfigurations"):
        wanted, subnet = text(config, "properties", "privateIPAddress"), reference(properties(config), "subnet")
        network = subnet_network(change.world, subnet)
        if not wanted or network is None:
            continue
        address = ipaddress.IPv4Address(wanted)
        config_id = f"{change.place.document}/ipConfigurations/{text(config, 'name')}"
        if address not in network:
            yield Refusal(
                400,
                "PrivateIPAddressNotInSubnet",
                f"Private static IP address {wanted} does not belong to the range of subnet prefix {network}.",
            )
        elif not FIRST_HOST <= int(address) - int(network.network_address) < network.num_addresses - 1:
            yield Refusal(
                400,
                "PrivateIPAddressInReservedRange",
                f"Private static IP address {wanted} falls within reserved IP range of subnet prefix {network}.",
            )
        for taken, owner in private_addresses(change.world, subnet):
            if taken == wanted and owner != change.place.key:
                yield Refusal(
                    400,
                    "PrivateIPAddressInUse",
                    f"IP configuration {config_id} is using the private IP address "
                    f"{wanted} which is already allocated to resource {owner}.",
                )


RULES: tuple[Rule, ...] = (subnets_lie_inside, every_config_has_a_subnet, private_addresses_fit)
