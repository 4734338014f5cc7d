"""Traps of the real network that no emulator shows: address, routes, groups, endpoints."""

import pytest

from infra.addressing import Band
from lab.recording import Deployment, Registration
from tests.infra.stand import REGION, SITE, run, usual

pytestmark = pytest.mark.shape

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"


def routes_of(band: Band) -> tuple[Registration, ...]:
    """The routes of the table that every subnet of that kind has."""
    subnets = {each.id for each in usual().of_type("aws:ec2/subnet:Subnet") if f"-{band.name.lower()}-" in each.name}
    associations = usual().of_type("aws:ec2/routeTableAssociation:RouteTableAssociation")
    tables = {each.inputs["routeTableId"] for each in associations if each.inputs["subnetId"] in subnets}
    assert len(tables) == 1
    assert len([each for each in associations if each.inputs["subnetId"] in subnets]) == len(subnets)
    return tuple(each for each in usual().of_type("aws:ec2/route:Route") if each.inputs["routeTableId"] in tables)


def test_replaced_network_resources_of_stacks_that_stand_keep_their_names_and_ranges() -> None:
    """Whatever version built it: another logical name, range or zone replaces the resource."""
    subnets = {each.name: each.inputs["cidrBlock"] for each in usual().of_type("aws:ec2/subnet:Subnet")}
    tables = {each.name for each in usual().of_type("aws:ec2/routeTable:RouteTable")}
    associations = {each.name for each in usual().of_type("aws:ec2/routeTableAssociation:RouteTableAssociation")}

    assert subnets == {
        f"{SITE}-public-{REGION}a": "10.80.0.0/20",
        f"{SITE}-public-{REGION}b": "10.80.16.0/20",
        f"{SITE}-private-{REGION}a": "10.80.64.0/20",
        f"{SITE}-private-{REGION}b": "10.80.80.0/20",
        f"{SITE}-prober-{REGION}a": "10.80.128.0/20",
        f"{SITE}-prober-{REGION}b": "10.80.144.0/20",
        f"{SITE}-prober-{REGION}c": "10.80.160.0/20",
    }
    assert associations == set(subnets)
    assert tables == {f"{SITE}-public", f"{SITE}-private", f"{SITE}-prober"}


@pytest.mark.parametrize("band", [Band.PRIVATE, Band.PROBER])
def test_what_needs_no_internet_has_no_route_to_it(band: Band) -> None:
    assert routes_of(band) == ()


def test_endpoints_of_another_partition_bear_the_names_of_their_region() -> None:
    region = "us-gov-west-1"
    deployment = run({"region": region, "zones": f'["{region}a", "{region}c"]'})

    names = {each.inputs["serviceName"] for each in deployment.of_type(ENDPOINT)}
    assert names == {f"com.amazonaws.{region}.{service}" for service in ("s3", "dynamodb", "ssm", "ssmmessages")}
    assert set(deployment.outputs["zoneIds"]) == {f"{region}{letter}" for letter in "abc"}


@pytest.fixture(scope="module")
def with_more() -> Deployment:
    return run({"interfaceEndpoints": '["secretsmanager", "kms"]', "managementEndpoints": "false"})


def test_further_endpoints_have_groups_of_their_own_private_names_and_a_place_beside_each_worker(
    with_more: Deployment,
) -> None:
    interfaces = [each for each in with_more.of_type(ENDPOINT) if each.inputs["vpcEndpointType"] == "Interface"]

    assert [each.inputs["serviceName"] for each in sorted(interfaces, key=lambda each: each.name)] == [
        f"com.amazonaws.{REGION}.kms",
        f"com.amazonaws.{REGION}.secretsmanager",
    ]
    groups = {group for each in interfaces for group in each.inputs["securityGroupIds"]}
    assert groups == {with_more.named(GROUP, f"{SITE}-{part}").id for part in ("kms", "secretsmanager")}
    assert {each.inputs["privateDnsEnabled"] for each in interfaces} == {True}
    assert {len(each.inputs["subnetIds"]) for each in interfaces} == {2}


@pytest.mark.parametrize("service", ["kms", "secretsmanager"])
def test_further_endpoints_let_in_the_workers_on_443_and_nobody_else(with_more: Deployment, service: str) -> None:
    group = with_more.named(GROUP, f"{SITE}-{service}").id

    (rule,) = (each.inputs for each in with_more.of_type(INGRESS) if each.inputs["securityGroupId"] == group)
    assert (rule["fromPort"], rule["toPort"], rule["ipProtocol"]) == (443, 443, "tcp")
    assert rule["referencedSecurityGroupId"] == with_more.named(GROUP, f"{SITE}-worker").id
    assert "cidrIpv4" not in rule


def test_further_endpoints_are_paid_like_the_others(with_more: Deployment) -> None:
    assert with_more.outputs["monthlyCost"]["interface endpoints"] == 29.2


def test_the_public_health_port_is_the_only_one_open_to_the_world() -> None:
    deployment = run({"publicHealthPort": "8081"})

    world = [each.inputs for each in deployment.of_type(INGRESS) if each.inputs.get("cidrIpv4") == "0.0.0.0/0"]
    assert [(rule["fromPort"], rule["toPort"]) for rule in world] == [(8081, 8081)]


def test_nothing_listens_for_ssh() -> None:
    assert not [each for each in usual().of_type(INGRESS) if each.inputs["fromPort"] <= 22 <= each.inputs["toPort"]]
