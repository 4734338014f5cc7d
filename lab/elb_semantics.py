"""Where moto's load balancers differ from Amazon's and a deployment would notice: their addresses, their end.

What moto 5.2.5 does was tried; what Elastic Load Balancing does is from its API reference, no account was asked.

    a balancer's Elastic IPs                     shown with its zones; in use until it is gone (moto: forgotten)
    an Elastic IP that is in use already         ResourceInUse (moto: accepted)
    delete with deletion protection              OperationNotPermitted (moto: deleted)
    delete a target group behind a listener      ResourceInUse, as moto does

Not played: health. moto calls every registered machine healthy that is not stopped, and no packet goes through a balancer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from moto.ec2.utils import random_eip_association_id
from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import AvailabilityZone, ELBv2Backend, FakeLoadBalancer

from lab.ec2_patching import Around, MissingMethodError, wrap

PROTECTION = "deletion_protection.enabled"
_HELD = "held_addresses"
"""Where a balancer of moto's keeps what the lab adds: subnet to Elastic IP."""


def install() -> None:
    """Change moto's load balancers, for the whole process."""
    wrap(ELBv2Backend, "create_load_balancer", _create)
    wrap(ELBv2Backend, "delete_load_balancer", _delete)
    if not isinstance(vars(FakeLoadBalancer).get("availability_zones"), property):
        raise MissingMethodError(FakeLoadBalancer, "availability_zones")
    setattr(FakeLoadBalancer, "availability_zones", property(_zones))  # noqa: B010 (moto's is read-only to a type checker)


def _create(
    original: Around, backend: Any, *, subnet_mappings: Sequence[Mapping[str, str]] | None = None, **asked: Any
) -> FakeLoadBalancer:
    wanted = {each["SubnetId"]: each["AllocationId"] for each in subnet_mappings or () if "AllocationId" in each}
    found = {subnet: backend.ec2_backend.address_by_allocation([allocation])[0] for subnet, allocation in wanted.items()}
    for address in found.values():
        if address.association_id:
            raise ELBClientError("ResourceInUse", f"The allocation ID '{address.allocation_id}' is in use.")
    balancer = original(backend, subnet_mappings=subnet_mappings, **asked)
    for address in found.values():
        address.association_id = random_eip_association_id()
    setattr(balancer, _HELD, found)
    return balancer


def _delete(original: Around, backend: Any, arn: str) -> None:
    balancer = backend.load_balancers.get(arn)
    if balancer is not None:
        if balancer.attrs.get(PROTECTION) == "true":
            raise ELBClientError("OperationNotPermitted", f"Load balancer '{arn}' cannot be deleted: it is protected.")
        for address in getattr(balancer, _HELD, {}).values():
            address.association_id = None
    original(backend, arn)


def _zones(balancer: FakeLoadBalancer) -> list[AvailabilityZone]:
    zones = [AvailabilityZone(subnet) for subnet in balancer.subnets]
    held: Mapping[str, Any] = getattr(balancer, _HELD, {})
    for zone in zones:
        if address := held.get(zone.subnet_id):
            shown = [{"AllocationId": address.allocation_id, "IpAddress": address.public_ip}]
            setattr(zone, "load_balancer_addresses", shown)  # noqa: B010 (a name that moto's class does not have)
    return zones
