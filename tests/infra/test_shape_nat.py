"""Traps of workers in private subnets: who goes out by what, and by which address."""

import json
import random
from collections.abc import Mapping
from ipaddress import IPv4Network

import pulumi
import pytest

from infra.addressing import Band, plan
from infra.aws.layout import nat_zones, worker_band
from infra.aws.network import Network
from infra.config.keys import Front, NatGateways
from lab.engine import deploy, destroy
from lab.recording import Deployment
from tests.infra.stand import PROJECT, REGION, SITE, THREE_ZONES, create, invoke, run, usual

pytestmark = pytest.mark.shape

ZONES = (f"{REGION}a", f"{REGION}b")
ADDRESS = "aws:ec2/eip:Eip"
GATEWAY = "aws:ec2/natGateway:NatGateway"
ROUTE = "aws:ec2/route:Route"
TABLE = "aws:ec2/routeTable:RouteTable"


def behind(wanted: NatGateways, *, zones: tuple[str, ...] = ZONES, protect: bool = True) -> Deployment:
    """The network of a site whose workers stand in private subnets."""

    def program() -> None:
        band = worker_band(Front.BALANCER)
        network = Network(
            SITE,
            {
                "site": SITE,
                "region": REGION,
                "plan": plan(IPv4Network("10.80.0.0/16"), zones, zones, band),
                "nat_zones": nat_zones(wanted, band, zones[:2]),
                "protect": protect,
                "tags": {},
            },
        )
        pulumi.export("egress", network.egress_addresses)
        pulumi.export("ready", pulumi.Output.all(*(each.urn for each in network.ready)))

    return deploy(program, project=PROJECT, stack="aws-test", config={}, create=create, invoke=invoke, environment={})


def ways_out(deployment: Deployment) -> Mapping[str, str]:
    """Zone of a worker to the subnet of the gateway that its default route leads to."""
    subnet_of = {each.id: each.inputs["subnetId"] for each in deployment.of_type(GATEWAY)}
    name_of = {each.id: each.name for each in deployment.of_type(TABLE)}
    return {
        name_of[each.inputs["routeTableId"]].removeprefix(f"{SITE}-worker-"): subnet_of[each.inputs["natGatewayId"]]
        for each in deployment.of_type(ROUTE)
        if "natGatewayId" in each.inputs
    }


def public_subnet(zone: str) -> str:
    return f"subnet-{SITE}-public-{zone}"


@pytest.mark.parametrize("wanted", [NatGateways.FITTING, NatGateways.PER_ZONE])
def test_zone_lost_with_the_way_out_of_another_each_worker_goes_out_in_its_own(wanted: NatGateways) -> None:
    assert ways_out(behind(wanted)) == {zone: public_subnet(zone) for zone in ZONES}


def test_one_gateway_serves_every_zone() -> None:
    deployment = behind(NatGateways.ONE)

    assert len(deployment.of_type(GATEWAY)) == len(deployment.of_type(ADDRESS)) == 1
    assert ways_out(deployment) == {zone: public_subnet(ZONES[0]) for zone in ZONES}


def test_no_gateway_no_way_out_and_no_address() -> None:
    deployment = behind(NatGateways.NONE)

    assert (deployment.of_type(GATEWAY), deployment.of_type(ADDRESS), ways_out(deployment)) == ((), (), {})
    assert deployment.outputs["egress"] == []


def test_a_zone_without_a_worker_pays_for_no_gateway() -> None:
    deployment = behind(NatGateways.FITTING, zones=(*ZONES, f"{REGION}c"))

    assert {each.inputs["subnetId"] for each in deployment.of_type(GATEWAY)} == {public_subnet(zone) for zone in ZONES}
    assert ways_out(deployment)[f"{REGION}c"] == public_subnet(ZONES[0])


def test_losing_an_address_that_partners_allow_it_is_protected_and_shown() -> None:
    deployment = behind(NatGateways.PER_ZONE)

    assert {each.protect for each in deployment.of_type(ADDRESS)} == {True}
    assert {each.inputs["domain"] for each in deployment.of_type(ADDRESS)} == {"vpc"}
    shown = {f"{SITE}-nat-{zone}": address for zone, address in zip(ZONES, deployment.outputs["egress"], strict=True)}
    assert shown == {each.name: each.outputs["publicIp"] for each in deployment.of_type(ADDRESS)}


def test_address_in_use_a_gateway_goes_before_its_successor_comes() -> None:
    assert {each.delete_before_replace for each in behind(NatGateways.ONE).of_type(GATEWAY)} == {True}


def test_gateway_not_attached_nat_waits_for_a_subnet_that_is_public() -> None:
    deployment = behind(NatGateways.PER_ZONE)

    way_out = {each.urn for each in deployment.of_type(ROUTE) if "gatewayId" in each.inputs}
    way_out |= {each.urn for each in deployment.registrations if "/internetGateway:" in each.type}
    way_out |= {
        each.urn for each in deployment.registrations if "Association" in each.type and f"{SITE}-public-" in each.name
    }
    assert len(way_out) == 4
    for each in (*deployment.of_type(GATEWAY), *deployment.of_type(ADDRESS)):
        assert way_out <= deployment.needs(each)


def test_first_boot_without_a_way_out_what_waits_for_the_network_waits_for_nat() -> None:
    deployment = behind(NatGateways.PER_ZONE)

    assert deployment.only("tandem:aws:Nat").urn in deployment.outputs["ready"]


def test_private_workers_fetch_packages_by_the_gateway_endpoint_of_every_table() -> None:
    deployment = behind(NatGateways.ONE)

    endpoint = deployment.named("aws:ec2/vpcEndpoint:VpcEndpoint", f"{SITE}-s3")
    tables = {each.id for each in deployment.of_type(TABLE) if f"{SITE}-worker-" in each.name}
    assert len(tables) == len(ZONES)
    assert set(endpoint.inputs["routeTableIds"]) == tables


@pytest.mark.parametrize("seed", range(6))
def test_mapped_public_address_nat_goes_before_its_address_and_both_before_the_internet_gateway(seed: int) -> None:
    deployment = behind(NatGateways.PER_ZONE, protect=False)
    chance = random.Random(seed)
    gone: list[tuple[str, str]] = []

    destroy(deployment, lambda each: gone.append((each.type, each.name)), pick=chance.choice)

    names = [each for each, _ in gone]
    for zone in ZONES:
        route = gone.index((ROUTE, f"{SITE}-worker-{zone}-default"))
        nat, address = (gone.index((each, f"{SITE}-nat-{zone}")) for each in (GATEWAY, ADDRESS))
        assert route < nat < address < names.index("aws:ec2/internetGateway:InternetGateway")


def test_workers_stand_in_public_subnets_with_the_address_only() -> None:
    assert {front: worker_band(front) for front in Front} == {
        Front.ADDRESS: Band.PUBLIC,
        Front.BALANCER: Band.WORKER,
        Front.HAPROXY: Band.WORKER,
    }


def test_with_the_address_on_a_worker_partners_see_that_address_both_ways() -> None:
    assert usual().outputs["egressAddresses"] == [usual().outputs["address"]]


def test_with_an_egress_of_their_own_partners_see_each_workers_own_address() -> None:
    deployment = run({"egress": "own"})

    own = [each.outputs["publicIp"] for each in deployment.of_type(ADDRESS) if not each.name.endswith("-address")]
    assert len(own) == 2
    assert sorted(deployment.outputs["egressAddresses"]) == sorted(own)
    assert deployment.outputs["address"] not in own


def test_behind_a_balancer_partners_see_the_nat_gateways() -> None:
    deployment = run({"front": "balancer", "mode": "active-active", "tier": "high-availability"})

    nat = [each.outputs["publicIp"] for each in deployment.of_type(ADDRESS) if "-nat-" in each.name]
    assert len(nat) == len(ZONES)
    assert sorted(deployment.outputs["egressAddresses"]) == sorted(nat)


def test_a_third_zone_has_subnets_and_a_prober_and_no_worker() -> None:
    deployment = run({"zones": THREE_ZONES})

    third = json.loads(THREE_ZONES)[2]
    there = {each.name for each in deployment.registrations if each.custom and each.name.endswith(third)}
    assert there >= {f"{SITE}-{part}-{third}" for part in ("public", "private", "prober")}
    assert [each.inputs["availabilityZone"] for each in deployment.of_type("aws:ec2/instance:Instance")] == list(ZONES)
    interfaces = [each for each in deployment.of_type("aws:ec2/vpcEndpoint:VpcEndpoint") if "subnetIds" in each.inputs]
    assert {len(each.inputs["subnetIds"]) for each in interfaces} == {2}
    workers_of_two = [each.inputs for each in usual().of_type("aws:ec2/instance:Instance")]
    assert [each.inputs for each in deployment.of_type("aws:ec2/instance:Instance")] == workers_of_two
