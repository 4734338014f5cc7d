"""Traps of the real network that no emulator shows: address, routes, groups, endpoints."""

import re

import pytest

from infra.addressing import Band
from lab.recording import Deployment, Registration
from tests.infra.stand import REGION, SITE, inputs, run, usual

pytestmark = pytest.mark.shape

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
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


def group_id(part: str) -> str:
    return usual().named(GROUP, f"{SITE}-{part}").id


def test_address_on_a_worker_behind_nat_workers_route_to_the_internet_gateway_and_there_is_no_nat() -> None:
    (route,) = routes_of(Band.PUBLIC)

    assert route.inputs["destinationCidrBlock"] == "0.0.0.0/0"
    assert route.inputs["gatewayId"] == usual().only("aws:ec2/internetGateway:InternetGateway").id
    assert "natGatewayId" not in route.inputs
    assert [each.type for each in usual().registrations if "nat" in each.type.lower().split("/")[-1].split(":")[0]] == []


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


def test_gateway_not_attached_the_address_waits_for_gateway_and_route() -> None:
    needed = usual().needs(usual().only("aws:ec2/eip:Eip"))

    assert usual().only("aws:ec2/internetGateway:InternetGateway").urn in needed
    assert usual().only("aws:ec2/route:Route").urn in needed


def test_auto_assigned_public_ip_comes_back_no_subnet_gives_one_and_each_says_so() -> None:
    assert {each.inputs["mapPublicIpOnLaunch"] for each in usual().of_type("aws:ec2/subnet:Subnet")} == {False}


def test_standby_without_address_reaches_systems_manager_and_packages_by_endpoints() -> None:
    endpoints = {each.inputs["serviceName"]: each.inputs["vpcEndpointType"] for each in usual().of_type(ENDPOINT)}

    assert endpoints == {
        f"com.amazonaws.{REGION}.s3": "Gateway",
        f"com.amazonaws.{REGION}.dynamodb": "Gateway",
        f"com.amazonaws.{REGION}.ssm": "Interface",
        f"com.amazonaws.{REGION}.ssmmessages": "Interface",
    }


@pytest.mark.parametrize(("endpoint", "band"), [("s3", Band.PUBLIC), ("dynamodb", Band.PROBER)])
def test_gateway_endpoint_needs_the_route_tables_of_those_who_use_it(endpoint: str, band: Band) -> None:
    table = usual().named("aws:ec2/routeTable:RouteTable", f"{SITE}-{band.name.lower()}").id

    assert inputs(usual(), ENDPOINT, endpoint)["routeTableIds"] == [table]


def test_endpoints_of_another_partition_bear_the_names_of_their_region() -> None:
    region = "us-gov-west-1"
    deployment = run({"region": region, "zones": f'["{region}a", "{region}c"]'})

    names = {each.inputs["serviceName"] for each in deployment.of_type(ENDPOINT)}
    assert names == {f"com.amazonaws.{region}.{service}" for service in ("s3", "dynamodb", "ssm", "ssmmessages")}
    assert set(deployment.outputs["zoneIds"]) == {f"{region}{letter}" for letter in "abc"}


def test_stolen_address_nothing_declares_an_association() -> None:
    assert [
        each.type for each in usual().registrations if "association" in each.type.lower() and "eip" in each.type.lower()
    ] == []
    assert not {"instance", "networkInterface", "associateWithPrivateIp"} & set(usual().only("aws:ec2/eip:Eip").inputs)


def test_losing_the_address_it_is_protected_and_says_its_domain() -> None:
    address = usual().only("aws:ec2/eip:Eip")

    assert address.protect
    assert address.inputs["domain"] == "vpc"
    assert not {"address", "publicIpv4Pool", "networkBorderGroup"} & set(address.inputs)


def test_endpoint_without_groups_gets_the_closed_default_one_so_each_has_its_own() -> None:
    interfaces = [each for each in usual().of_type(ENDPOINT) if each.inputs["vpcEndpointType"] == "Interface"]

    groups = [group for each in interfaces for group in each.inputs["securityGroupIds"]]
    assert len(groups) == len(set(groups)) == len(interfaces)
    assert {each.inputs["privateDnsEnabled"] for each in interfaces} == {True}


def test_endpoint_is_reached_by_workers_on_443_and_by_nobody_else() -> None:
    for service in ("ssm", "ssmmessages"):
        (rule,) = (each for each in usual().of_type(INGRESS) if each.inputs["securityGroupId"] == group_id(service))
        assert (rule.inputs["fromPort"], rule.inputs["toPort"]) == (443, 443)
        assert rule.inputs["referencedSecurityGroupId"] == group_id("worker")


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


def test_closed_default_group_is_adopted_and_emptied() -> None:
    chosen = usual().only("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs

    assert (chosen["ingress"], chosen["egress"]) == ([], [])


def test_private_names_need_both_dns_settings() -> None:
    chosen = usual().only("aws:ec2/vpc:Vpc").inputs

    assert (chosen["enableDnsSupport"], chosen["enableDnsHostnames"]) == (True, True)


def test_inline_and_separate_rules_undo_each_other_so_no_group_has_inline_ones() -> None:
    assert {key for each in usual().of_type(GROUP) for key in ("ingress", "egress") if key in each.inputs} == set()


def test_isolating_group_has_no_rule_and_no_rule_names_it() -> None:
    isolation = group_id("isolation")

    rules = [*usual().of_type(INGRESS), *usual().of_type(EGRESS)]
    named = {rule.inputs.get(key) for rule in rules for key in ("securityGroupId", "referencedSecurityGroupId")}
    assert isolation not in named


def test_probers_reach_workers_on_the_probe_port_and_the_table_and_nothing_else() -> None:
    out = [each.inputs for each in usual().of_type(EGRESS) if each.inputs["securityGroupId"] == group_id("prober")]

    assert sorted((rule["fromPort"], rule["toPort"], rule["ipProtocol"]) for rule in out) == [
        (443, 443, "tcp"),
        (8080, 8080, "tcp"),
    ]
    by_port = {rule["fromPort"]: rule for rule in out}
    assert by_port[8080]["referencedSecurityGroupId"] == group_id("worker")
    table = usual().named(ENDPOINT, f"{SITE}-dynamodb").outputs["prefixListId"]
    assert by_port[443]["prefixListId"] == table


def test_workers_are_open_to_probers_and_to_the_partners_that_were_named() -> None:
    rules = [each.inputs for each in usual().of_type(INGRESS) if each.inputs["securityGroupId"] == group_id("worker")]

    open_to = {(rule["fromPort"], rule.get("cidrIpv4") or rule.get("referencedSecurityGroupId")) for rule in rules}
    assert open_to == {
        (2575, "194.126.158.7/32"),
        (2575, "194.126.159.0/24"),
        (8080, group_id("prober")),
    }
    assert {rule["ipProtocol"] for rule in rules} == {"tcp"}


def test_the_public_health_port_is_the_only_one_open_to_the_world() -> None:
    deployment = run({"publicHealthPort": "8081"})

    world = [each.inputs for each in deployment.of_type(INGRESS) if each.inputs.get("cidrIpv4") == "0.0.0.0/0"]
    assert [(rule["fromPort"], rule["toPort"]) for rule in world] == [(8081, 8081)]


def test_nothing_listens_for_ssh() -> None:
    assert not [each for each in usual().of_type(INGRESS) if each.inputs["fromPort"] <= 22 <= each.inputs["toPort"]]


def test_group_texts_use_only_the_characters_that_the_cloud_takes() -> None:
    for group in usual().of_type(GROUP):
        assert re.fullmatch(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}", group.inputs["description"])
        assert "name" not in group.inputs
        assert not group.name.startswith("sg-")


def test_rules_of_groups_that_name_each_other_are_resources_of_their_own() -> None:
    for group in usual().of_type(GROUP):
        others = {each.urn for each in usual().of_type(GROUP)} - {group.urn}
        assert not usual().needs(group) & others
