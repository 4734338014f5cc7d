"""Whether a site can stand in a network that is there already; pure.

The network is never changed, so everything that a network of our own would be built with has to be there. What this file
does not see, nobody has checked: network ACLs, firewalls in the routes, and whether a private address is free.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from infra.addressing import Band
from infra.aws.arguments import PairArgs
from infra.aws.layout import Layout
from infra.aws.services import endpoint_services, service_name
from infra.config.faults import Fault

RESERVED_FIRST = 4
"""The first four addresses of a subnet are AWS's, and its last (VPC guide, "Subnet CIDR blocks", read 2026-11-22)."""


@dataclass(frozen=True)
class VpcFacts:
    """A VPC as the cloud tells it."""

    cidrs: tuple[IPv4Network, ...]
    dns: bool
    """Whether both DNS settings are on, which private names need."""


@dataclass(frozen=True)
class RouteFacts:
    """The route table of a subnet."""

    table_id: str
    default: str
    """Id of what the whole internet is reached by; empty: nothing."""


@dataclass(frozen=True)
class SubnetFacts:
    """A subnet as the cloud tells it."""

    vpc_id: str
    zone: str
    cidr: IPv4Network
    public_on_launch: bool
    routes: RouteFacts


@dataclass(frozen=True)
class GatewayFacts:
    """A VPC endpoint as the cloud tells it."""

    vpc_id: str
    service: str
    kind: str
    table_ids: tuple[str, ...]
    prefix_list_id: str


@dataclass(frozen=True)
class ExistingFacts:
    """Everything that was asked. Subnets by id; what could not be looked up is missing."""

    vpc: VpcFacts | None
    subnets: Mapping[str, SubnetFacts]
    gateway: GatewayFacts | None


@dataclass(frozen=True)
class Named:
    """One subnet that the configuration names."""

    key: str
    subnet_id: str
    zone: str


def named_subnets(args: PairArgs, layout: Layout) -> tuple[Named, ...]:
    """Every subnet of the configuration with the zone that it is named for."""
    lists = (
        ("workerSubnetIds", args["worker_subnet_ids"], layout.worker_zones),
        ("proberSubnetIds", args["prober_subnet_ids"], layout.prober_zones),
        ("endpointSubnetIds", args["endpoint_subnet_ids"], layout.worker_zones),
    )
    return tuple(Named(key, *pair) for key, ids, zones in lists for pair in zip(ids, zones, strict=False))


class UnansweredError(Exception):
    """The cloud did not tell what was asked: there is no such thing, or it may not be asked."""


def faults(args: PairArgs, layout: Layout, facts: ExistingFacts) -> Iterator[Fault]:
    """What is wrong with the network for this site; facts that are missing are no fault here."""
    for named in named_subnets(args, layout):
        if named.subnet_id in facts.subnets:
            yield from _misplaced(named, facts.subnets[named.subnet_id], args["vpc_id"])
    for worker, subnet_id in zip(layout.workers, args["worker_subnet_ids"], strict=False):
        if subnet_id in facts.subnets:
            subnet = facts.subnets[subnet_id]
            first, second = layout.private_ips[worker], layout.address_ips[worker]
            yield from _address(first, first, subnet_id, subnet)
            if second != first:
                yield from _address(second, f"{second}, which egress own takes beside {first},", subnet_id, subnet)
            yield from _publicity(subnet_id, subnet)
            if layout.worker_band is Band.PUBLIC:
                yield from _way_back(subnet_id, subnet)
    if facts.vpc is not None:
        yield from _vpc(args, facts.vpc)
    if facts.gateway is not None:
        yield from _gateway(args, facts.gateway, facts.subnets)


def _misplaced(named: Named, subnet: SubnetFacts, vpc_id: str) -> Iterator[Fault]:
    if subnet.vpc_id != vpc_id:
        found = f"{named.subnet_id}, which lies in {subnet.vpc_id}"
        yield Fault(named.key, found, f"subnets of vpcId {vpc_id}", _show("subnets", f"vpc-id,Values={vpc_id}"))
    if subnet.zone != named.zone:
        yield Fault(
            named.key,
            f"{named.subnet_id} for zone {named.zone}, and it lies in {subnet.zone}",
            "one subnet a zone, in the order of the zones",
            _show("subnets", f"availability-zone,Values={named.zone}"),
        )


def _address(private_ip: str, shown: str, subnet_id: str, subnet: SubnetFacts) -> Iterator[Fault]:
    address, cidr = IPv4Address(private_ip), subnet.cidr
    first, last = cidr[RESERVED_FIRST], cidr[-2]
    if not first <= address <= last:
        because = "one of the five that AWS keeps" if address in cidr else "outside it"
        yield Fault(
            "workerPrivateIps",
            f"{shown} for {subnet_id} ({cidr}), {because}",
            f"{first} to {last}",
            "name a free address of the worker's subnet",
        )


def _publicity(subnet_id: str, subnet: SubnetFacts) -> Iterator[Fault]:
    if subnet.public_on_launch:
        yield Fault(
            "workerSubnetIds",
            f"{subnet_id}, which gives every new machine a public address: a worker that loses the fixed one would get "
            "another, and be public",
            "subnets with MapPublicIpOnLaunch off",
            f"aws ec2 modify-subnet-attribute --subnet-id {subnet_id} --no-map-public-ip-on-launch",
        )


def _way_back(subnet_id: str, subnet: SubnetFacts) -> Iterator[Fault]:
    default = subnet.routes.default
    if not default.startswith("igw-"):
        yield Fault(
            "workerSubnetIds",
            f"{subnet_id}, where 0.0.0.0/0 leads to {default or 'nothing'} (route table {subnet.routes.table_id}): answers "
            "to what comes in by the fixed address would not leave by it, and every connection would hang",
            "with front address, subnets where 0.0.0.0/0 leads to an internet gateway",
            "name public subnets",
        )


def _vpc(args: PairArgs, vpc: VpcFacts) -> Iterator[Fault]:
    if not vpc.dns and endpoint_services(args):
        yield Fault(
            "vpcId",
            f"{args['vpc_id']}, where DNS resolution or DNS host names are off: nobody would find the interface endpoints",
            "both settings on, or managementEndpoints false and no interfaceEndpoints",
            f"aws ec2 modify-vpc-attribute --vpc-id {args['vpc_id']} --enable-dns-hostnames, and --enable-dns-support",
        )
    for partner in map(IPv4Network, args["partner_cidrs"]):
        for cidr in vpc.cidrs:
            if partner.overlaps(cidr):
                yield Fault(
                    "partnerCidrs",
                    f"{partner}, which overlaps {cidr} of vpcId {args['vpc_id']}: answers would never leave it",
                    "networks of partners, apart from the VPC's",
                    "name the partners' own networks",
                )


def _gateway(args: PairArgs, gateway: GatewayFacts, subnets: Mapping[str, SubnetFacts]) -> Iterator[Fault]:
    endpoint_id = args["table_endpoint_id"]
    wanted = service_name(args["region"], "dynamodb")
    if (gateway.vpc_id, gateway.service, gateway.kind) != (args["vpc_id"], wanted, "Gateway"):
        yield Fault(
            "tableEndpointId",
            f"{endpoint_id}, of kind {gateway.kind} for {gateway.service} in {gateway.vpc_id}",
            f"the gateway endpoint for {wanted} in {args['vpc_id']}",
            _show("vpc-endpoints", f"vpc-id,Values={args['vpc_id']}"),
        )
        return
    for subnet_id in args["prober_subnet_ids"]:
        if subnet_id in subnets and (table := subnets[subnet_id].routes.table_id) not in gateway.table_ids:
            yield Fault(
                "tableEndpointId",
                f"{endpoint_id}, and route table {table} of prober subnet {subnet_id} does not lead to it",
                "an endpoint in the route table of every prober's subnet",
                f"aws ec2 modify-vpc-endpoint --vpc-endpoint-id {endpoint_id} --add-route-table-ids {table}",
            )


def _show(what: str, name_and_values: str) -> str:
    return f"aws ec2 describe-{what} --filters Name={name_and_values} shows them"
