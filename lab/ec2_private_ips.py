"""Second private addresses of network cards, where moto's EC2 differs from Amazon's and the lab has to know of them.

    PrivateIpAddresses outside the subnet, reserved, taken   refused as at a launch (moto: accepted)
    unassign what a public address leads to                  (i) the public address is disassociated (moto: it stays)

A row marked (i) is inferred. moto 5.2.5 was tried. Each change is published as `private-ips` with every address of the
card, so that the process which plays it listens on all of them.
"""

import ipaddress
from collections.abc import Callable, Iterator
from typing import Any

from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend
from moto.ec2.models.subnets import Subnet

from lab.ec2_patching import Around, Publish, refuse, wrap

_RESERVED_HEAD = 4
"""AWS keeps the first four addresses of a subnet and the last (VPC guide, Subnet CIDR blocks)."""

Leave = Callable[[NetworkInterface, str], None]
"""Takes whatever public address leads to a private one off it."""


class PrivateIps:
    """Assigning and unassigning."""

    def __init__(self, publish: Publish, leave: Leave) -> None:
        self._publish = publish
        self._leave = leave

    def install(self) -> None:
        """Change moto."""
        wrap(Subnet, "request_ip", _request)
        wrap(NetworkInterfaceBackend, "assign_private_ip_addresses", self._assign)
        wrap(NetworkInterfaceBackend, "unassign_private_ip_addresses", self._unassign)

    def _assign(self, original: Around, backend: Any, eni_id: str, wanted: list[str] | None = None, *rest: Any) -> Any:
        card = backend.get_network_interface(eni_id)
        for ip in wanted or ():
            if ip not in ips_of(card):
                check_free(card.subnet, ip)
        original(backend, eni_id, wanted, *rest)
        self._tell(card)
        return card

    def _unassign(self, original: Around, backend: Any, eni_id: str, given_back: list[str] | None = None) -> Any:
        card = backend.get_network_interface(eni_id)
        for ip in given_back or ():
            self._leave(card, ip)
        original(backend, eni_id, given_back)
        self._tell(card)
        return card

    def _tell(self, card: Any) -> None:
        instance_id = card.instance.id if card.instance else None
        self._publish("private-ips", network_interface_id=card.id, instance_id=instance_id, private_ips=ips_of(card))


def ips_of(card: Any) -> list[str]:
    """Every private address of a card, the first one first."""
    first = str(card.private_ip_address)
    return [first, *(ip for each in card.private_ip_addresses if (ip := str(each["PrivateIpAddress"])) != first)]


def check_free(subnet: Any, ip: str) -> None:
    """Refuse an address that the subnet cannot give."""
    address, block = ipaddress.IPv4Address(ip), ipaddress.IPv4Network(subnet.cidr_block)
    if address not in block:
        raise refuse("InvalidParameterValue", f"Address {ip} does not fall within the subnet's address range")
    if int(address) - int(block.network_address) < _RESERVED_HEAD or address == block.broadcast_address:
        raise refuse("InvalidParameterValue", f"Address {ip} is in subnet's reserved address range")
    if ip in _taken(subnet):
        raise refuse("InvalidIPAddress.InUse", f"Address {ip} is in use.")


def _taken(subnet: Any) -> Iterator[str]:
    for card in subnet.ec2_backend.enis.values():
        if card.subnet_id == subnet.id:
            yield from ips_of(card)


def _request(original: Around, subnet: Subnet, ip: str, instance: Any) -> None:
    check_free(subnet, ip)
    original(subnet, ip, instance=instance)
