"""Where moto's EC2 differs from Amazon's and a failover would notice: addresses, network cards, subnets.

What moto 5.2.5 does was tried, row by row; what EC2 does is from its API reference and user guide, no account was asked.
A row marked (i) is inferred.

    associate without an internet gateway        Gateway.NotAttached
    associate again to where it is               success, same association id, nothing changes
    associate what is associated elsewhere       Resource.AlreadyAssociated; with AllowReassociation the address moves
    a second address on one private address      Resource.AlreadyAssociated; with AllowReassociation the first one leaves
    associate to a pending instance              InvalidInstanceID; (i) for a call that names the network card
    associate to a terminated instance           IncorrectInstanceState
    the instance that an address left            shows no public address any more
    release while associated                     InvalidIPAddress.InUse
    terminate                                    the address is disassociated
    ModifyNetworkInterfaceAttribute, Groups      the instance shows them too (moto: the old ones stay beside them)
    associate without PrivateIpAddress           the first private address of the card
    ... with one that is not the card's          InvalidParameterValue (moto: ignored, the first one is taken)
    two public addresses on one card             each on a private address of its own (moto: on the first one, both)
    PublicIpAddress of an instance               the one on the first private address (moto: the last one that came)
    PrivateIpAddress outside the subnet          InvalidParameterValue (moto: HTTP 500)
    PrivateIpAddress reserved by AWS             InvalidParameterValue (moto: accepted)
    PrivateIpAddress taken                       InvalidIPAddress.InUse (moto: HTTP 500)

One difference stays: without AllowReassociation moto refuses to move an address, where EC2 would move it. The watchdog
always sends False, so the lab keeps the stricter answer. Second private addresses are given in `lab.ec2_private_ips`; the
life of instances is in `lab.ec2_machines`.

Elastic IPs come from 127.N.250.0/24, so that the lab can listen on them. Events are published where things change, under
the gate's lock; `carries_at` (seconds, monotonic) is when packets follow an association. They stop following the old one
at once: nobody publishes how long they would go on.
"""

import ipaddress
import itertools
import random
import time
from contextlib import AbstractContextManager
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidSecurityGroupNotFoundError, ResourceAlreadyAssociatedError
from moto.ec2.models.elastic_ip_addresses import ElasticAddress, ElasticAddressBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.responses.elastic_ip_addresses import ElasticIPAddresses
from moto.ec2.utils import random_eip_association_id

from lab.ec2_machines import Machines, State, state_of
from lab.ec2_patching import Around, Publish, refuse, replace_property, wrap
from lab.ec2_private_ips import PrivateIps, ips_of
from lab.profiles import Profile

_ELASTIC_OCTET = 250
"""Third octet of the Elastic IPs in the lab's network."""
MotoAddress = Any
"""moto's ElasticAddress; its annotations say that it is never associated."""


def install(
    profile: Profile, network: ipaddress.IPv4Network, seed: int, lock: AbstractContextManager[object], publish: Publish
) -> None:
    """Change moto's EC2, for the whole process.

    Args:
        profile: the times.
        network: the lab's network, a /16.
        seed: of the dice for times that are a range.
        lock: the gate's lock.
        publish: told of every change of an association, an instance or a card's groups.
    """
    addresses = Addresses(profile, network, seed, publish)
    addresses.install()
    Machines(profile, lock, publish, addresses.leave).install()
    Cards(publish).install()
    PrivateIps(publish, addresses.leave_private_ip).install()


class Addresses:
    """Elastic IPs: where they are, and who may put them where."""

    def __init__(self, profile: Profile, network: ipaddress.IPv4Network, seed: int, publish: Publish) -> None:
        self._profile = profile
        self._dice = random.Random(seed)
        self._publish = publish
        pool = ipaddress.IPv4Network((int(network.network_address) + (_ELASTIC_OCTET << 8), 24))
        self._pool = [str(address) for address in pool.hosts()]
        self._next = itertools.cycle(self._pool)

    def install(self) -> None:
        """Change moto."""
        wrap(ElasticAddressBackend, "allocate_address", self._allocate)
        wrap(ElasticAddressBackend, "disassociate_address", self._disassociate)
        wrap(ElasticAddressBackend, "release_address", self._release)
        wrap(ElasticIPAddresses, "associate_address", self._associate)
        replace_property(ElasticAddress, "private_ip_address", _private_ip_of)

    def leave(self, instance: Instance) -> None:
        """Take every address off an instance that ends."""
        cards = list(instance.nics.values())
        for address in list(instance.ec2_backend.addresses):
            if address.eni in cards:
                instance.ec2_backend.disassociate_address(association_id=address.association_id)

    def leave_private_ip(self, card: NetworkInterface, private_ip: str) -> None:
        """Take the address that leads to this private one off it."""
        for address in list(card.ec2_backend.addresses):
            if _leads_to(address, card, private_ip):
                card.ec2_backend.disassociate_address(association_id=address.association_id)

    def _allocate(
        self,
        original: Around,
        backend: ElasticAddressBackend,
        domain: str,
        address: str | None = None,
        tags: dict[str, str] | None = None,
    ) -> MotoAddress:
        return original(backend, domain, address=address or self._free_address(backend), tags=tags)

    def _free_address(self, backend: ElasticAddressBackend) -> str:
        taken = {address.public_ip for address in backend.addresses}
        for candidate in itertools.islice(self._next, len(self._pool)):
            if candidate not in taken:
                return candidate
        raise refuse("AddressLimitExceeded", "The maximum number of addresses has been reached.")

    def _associate(self, _original: Around, response: Any) -> ActionResult:
        backend, asked = response.ec2_backend, response.params
        card = _card_asked_for(backend, asked)
        address = _address_asked_for(backend, asked)
        response.error_on_dryrun()
        private_ip = asked.get("PrivateIpAddress") or str(card.private_ip_address)
        _check_target(backend, card, private_ip)
        if not _leads_to(address, card, private_ip):
            self._make_room(address, card, private_ip, may_move=bool(asked.get("AllowReassociation")))
            self._attach(address, card, private_ip)
        return ActionResult({"AssociationId": address.association_id})

    def _make_room(self, address: MotoAddress, card: NetworkInterface, private_ip: str, *, may_move: bool) -> None:
        if not may_move:
            if address.eni:
                raise ResourceAlreadyAssociatedError(address.allocation_id or address.public_ip)
            if any(_leads_to(other, card, private_ip) for other in card.ec2_backend.addresses):
                raise ResourceAlreadyAssociatedError(private_ip)
        self.leave_private_ip(card, private_ip)

    def _attach(self, address: MotoAddress, card: NetworkInterface, private_ip: str) -> None:
        left = address.eni
        address.eni, address.instance, address.tandem_private_ip = card, card.instance, private_ip
        address.association_id = random_eip_association_id()
        for each in (left, card):
            _show_public_ip(each)
        self._tell(address, carries_after_s=self._profile.propagation.draw(self._dice))

    def _disassociate(
        self,
        original: Around,
        backend: ElasticAddressBackend,
        address: str | None = None,
        association_id: str | None = None,
    ) -> None:
        found: list[MotoAddress] = list(
            backend.address_by_ip([address]) if address else backend.address_by_association([association_id or ""])
        )
        was_associated, card = found[0].association_id is not None, found[0].eni
        original(backend, address=found[0].public_ip)
        found[0].tandem_private_ip = None
        _show_public_ip(card)
        if was_associated:
            self._tell(found[0], carries_after_s=0.0)

    def _release(
        self,
        original: Around,
        backend: ElasticAddressBackend,
        address: str | None = None,
        allocation_id: str | None = None,
    ) -> None:
        found = backend.address_by_ip([address]) if address else backend.address_by_allocation([allocation_id or ""])
        if found[0].association_id:
            raise refuse("InvalidIPAddress.InUse", f"Address {found[0].public_ip} is in use.")
        original(backend, address=address, allocation_id=allocation_id)

    def _tell(self, address: MotoAddress, carries_after_s: float) -> None:
        now = time.monotonic()
        self._publish(
            "association",
            t=now,
            allocation_id=address.allocation_id,
            association_id=address.association_id,
            instance_id=address.instance_id or None,
            network_interface_id=address.network_interface_id or None,
            private_ip=address.private_ip_address,
            public_ip=address.public_ip,
            carries_at=now + carries_after_s,
        )


class Cards:
    """Security groups of network cards: one list, whoever is asked for it."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish

    def install(self) -> None:
        """Change moto."""
        wrap(NetworkInterfaceBackend, "modify_network_interface_attribute", self._modify_card)
        wrap(InstanceBackend, "modify_instance_security_groups", self._modify_instance)

    def _modify_card(self, original: Around, backend: Any, eni_id: str, group_ids: list[str], *rest: Any) -> None:
        groups = [_group(backend, group_id) for group_id in group_ids]
        original(backend, eni_id, group_ids, *rest)
        if groups:
            card = backend.get_network_interface(eni_id)
            if card.instance:
                card.instance.security_groups = groups
            instance_id = card.instance.id if card.instance else None
            self._publish("groups", network_interface_id=eni_id, instance_id=instance_id, groups=list(group_ids))

    def _modify_instance(self, _original: Around, backend: Any, instance_id: str, new_group_id_list: list[str]) -> Instance:
        instance = backend.get_instance(instance_id)
        backend.modify_network_interface_attribute(instance.nics[0].id, new_group_id_list)
        return instance


def _card_asked_for(backend: Any, asked: Any) -> NetworkInterface:
    instance_id, card_id = asked.get("InstanceId"), asked.get("NetworkInterfaceId")
    if bool(instance_id) == bool(card_id):
        raise refuse("InvalidParameterCombination", "Give either the instance ID or the network interface ID.")
    if card_id:
        return backend.get_network_interface(card_id)
    cards = list(backend.get_instance(instance_id).nics.values())
    if len(cards) != 1:
        raise refuse("InvalidInstanceID", f"There are multiple interfaces attached to instance '{instance_id}'.")
    return cards[0]


def _address_asked_for(backend: Any, asked: Any) -> MotoAddress:
    allocation_id, public_ip = asked.get("AllocationId"), asked.get("PublicIp")
    if allocation_id:
        return backend.address_by_allocation([allocation_id])[0]
    if public_ip:
        return backend.address_by_ip([public_ip])[0]
    raise refuse("MissingParameter", "Either public IP or allocation ID must be specified.")


def _check_target(backend: Any, card: NetworkInterface, private_ip: str) -> None:
    if private_ip not in ips_of(card):
        raise refuse("InvalidParameterValue", f"Private address '{private_ip}' is not assigned to interface '{card.id}'.")
    state = state_of(card.instance) if card.instance else None
    if card.instance and state is State.PENDING:
        raise refuse(
            "InvalidInstanceID", f"The pending instance '{card.instance.id}' is not in a valid state for this operation."
        )
    if card.instance and state is State.TERMINATED:
        raise refuse(
            "IncorrectInstanceState", f"The instance '{card.instance.id}' is not in a valid state for this operation."
        )
    gateways = backend.internet_gateways.values()
    if not any(gateway.vpc and gateway.vpc.id == card.vpc_id for gateway in gateways):
        raise refuse("Gateway.NotAttached", f"Network {card.vpc_id} is not attached to any internet gateway")


def _group(backend: Any, group_id: str) -> Any:
    group = backend.get_security_group_from_id(group_id)
    if group is None:
        raise InvalidSecurityGroupNotFoundError(group_id)
    return group


def _private_ip_of(address: MotoAddress) -> str | None:
    """Where the address leads to. One that moto itself has associated (a NAT gateway's) is on the first private address."""
    if not address.eni:
        return None
    return getattr(address, "tandem_private_ip", None) or str(address.eni.private_ip_address)


def _leads_to(address: MotoAddress, card: NetworkInterface, private_ip: str) -> bool:
    return address.eni is card and _private_ip_of(address) == private_ip


def _show_public_ip(card: Any) -> None:
    """An instance shows the public address of its first private one, and no other."""
    if card is None:
        return
    first, addresses = str(card.private_ip_address), card.ec2_backend.addresses
    on_first = next((each.public_ip for each in addresses if _leads_to(each, card, first)), None)
    if on_first or any(each.public_ip == card.public_ip for each in addresses):  # else it is one that the subnet gave
        card.public_ip = on_first
