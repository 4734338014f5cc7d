"""The loss of one zone is not the loss of the service: what comes in several comes in several zones."""

from collections.abc import Mapping, Sequence

from tandem_policy.values import (
    UNKNOWN,
    Answers,
    Config,
    Finding,
    Resource,
    items,
    of_types,
    text,
)
from tandem_policy.zones import judge, said

INSTANCE = "aws:ec2/instance:Instance"
SUBNET = "aws:ec2/subnet:Subnet"
VPC = "aws:ec2/vpc:Vpc"
BALANCERS = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")


def zones_are_several(resources: Sequence[Resource], config: Config) -> Answers:
    """The workers of each pair, the subnets of each network that the stack makes, and each balancer."""
    minimum = int(config["zonesMin"])
    workers = [worker for worker in of_types(resources, INSTANCE) if worker.site]
    of_any = [UNKNOWN for machine in of_types(resources, INSTANCE) if machine.site_is_unknown]
    for site in sorted({worker.site for worker in workers}):
        zones = [_zone_of(worker, resources) for worker in workers if worker.site == site]
        yield from judge(f"the workers of {site}", [*zones, *of_any], minimum, "")
    for vpc in of_types(resources, VPC):
        subnets = [subnet for subnet in of_types(resources, SUBNET) if _stands_in(subnet, vpc)]
        if subnets:
            zones = [_own_zone(subnet.props) for subnet in subnets]
            yield from judge(f"the subnets of {vpc.name}", zones, minimum, vpc.urn)
    for balancer in of_types(resources, *BALANCERS):
        count = max(len(items(balancer.props.get("subnets"))), len(items(balancer.props.get("subnetMappings"))))
        # A balancer takes one subnet a zone. None are known while the whole list is not.
        if 0 < count < minimum:
            yield Finding(said(f"the balancer {balancer.name}", count, minimum), balancer.urn)


def _own_zone(props: Mapping[str, object]) -> object:
    return props.get("availabilityZone") or props.get("availabilityZoneId") or UNKNOWN


def _zone_of(worker: Resource, resources: Sequence[Resource]) -> object:
    """Its own zone, or its subnet's."""
    own = _own_zone(worker.props)
    if own is not UNKNOWN:
        return own
    for subnet in of_types(resources, SUBNET):
        placed = worker.props.get("subnetId")
        known = text(placed) and text(subnet.props.get("id"))
        if (known and placed == subnet.props.get("id")) or (not known and worker.reads(subnet, "subnetId")):
            return _own_zone(subnet.props)
    return UNKNOWN


def _stands_in(subnet: Resource, vpc: Resource) -> bool:
    named, known = text(subnet.props.get("vpcId")), text(vpc.props.get("id"))
    return named == known if named and known else subnet.reads(vpc, "vpcId")
