"""Traps of a network that is there already: whatever is made in it or taken over hits others who live there."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from lab.monitor import Invoker
from lab.recording import Created, Deployment
from tests.infra.stand import REGION, SITE, create, environment, invoke, run
from tests.infra.test_survey import ENDPOINT, EXISTING, LONELY_C, VPC, WORKER_A, WORKER_B

pytestmark = pytest.mark.shape

CIDRS = {WORKER_A: "10.20.0.0/24", WORKER_B: "10.20.1.0/24", LONELY_C: "10.20.2.0/24"}
ZONES = {WORKER_A: "a", WORKER_B: "b", LONELY_C: "c"}
ROUTES = [{"cidrBlock": "10.20.0.0/16", "gatewayId": "local"}, {"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]


def tables(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The workers' subnets name their table; the third uses the main one."""
    (wanted,) = arguments["filters"]
    match wanted["name"], wanted["values"]:
        case "association.subnet-id", [subnet_id]:
            return {"ids": [] if subnet_id == LONELY_C else ["rtb-public"]}
        case "association.main", ["true"]:
            return {"ids": ["rtb-main"]}
        case other:
            raise AssertionError(other)


def account(token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    match token.rpartition(":")[2]:
        case "getVpc":
            ranges = [{"cidrBlock": "10.20.0.0/16", "state": "associated"}]
            dns = {"enableDnsSupport": True, "enableDnsHostnames": True}
            return {"id": arguments["id"], "cidrBlock": "10.20.0.0/16", "cidrBlockAssociations": ranges, **dns}
        case "getSubnet":
            name = arguments["id"]
            zone = f"{REGION}{ZONES[name]}"
            return {"vpcId": VPC, "availabilityZone": zone, "cidrBlock": CIDRS[name], "mapPublicIpOnLaunch": False}
        case "getRouteTables":
            return tables(arguments)
        case "getRouteTable":
            public = arguments["routeTableId"] == "rtb-public"
            return {"routeTableId": arguments["routeTableId"], "routes": ROUTES if public else ROUTES[:1]}
        case "getVpcEndpoint":
            service = f"com.amazonaws.{REGION}.dynamodb"
            leads = {"routeTableIds": ["rtb-public", "rtb-main"], "prefixListId": "pl-table"}
            return {"vpcId": VPC, "serviceName": service, "vpcEndpointType": "Gateway", **leads}
        case _:
            return invoke(token, arguments)


def test_a_route_table_that_cannot_be_found_is_a_fault_like_any_other() -> None:
    def without_main(token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        main = token.endswith("getRouteTables") and arguments["filters"][0]["name"] == "association.main"
        return {"ids": []} if main else account(token, arguments)

    with pytest.raises(pulumi.RunError) as caught:
        run(EXISTING, invoke=without_main)

    assert str(caught.value) == (
        "1 value of this stack's configuration cannot be used; nothing was created.\n"
        f"- proberSubnetIds is {LONELY_C}, which cannot be looked up: {VPC} has no main route table. Allowed: what is there "
        "already. Next: name one that is there, and let the deployment's own role describe it"
    )


@pytest.mark.parametrize("off", ["enableDnsSupport", "enableDnsHostnames"])
def test_private_names_need_both_dns_settings_of_the_network(off: str) -> None:
    def with_one_off(token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = account(token, arguments)
        return {**answer, off: False} if token.endswith("getVpc") else answer

    with pytest.raises(pulumi.RunError, match=f"vpcId is {VPC}, where DNS resolution or DNS host names are off"):
        run(EXISTING, invoke=with_one_off)


def test_a_second_range_of_the_network_counts_once_it_is_there() -> None:
    def with_ranges(state: str) -> Invoker:
        def answer(token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
            said = account(token, arguments)
            if not token.endswith("getVpc"):
                return said
            return {**said, "cidrBlockAssociations": [{"cidrBlock": "194.126.159.0/25", "state": state}]}

        return answer

    assert run(EXISTING, invoke=with_ranges("disassociated")).outputs["address"]
    with pytest.raises(pulumi.RunError, match=r"partnerCidrs is 194\.126\.159\.0/24, which overlaps"):
        run(EXISTING, invoke=with_ranges("associated"))


def test_what_is_refused_is_refused_before_anything_is_created() -> None:
    created: list[str] = []

    def remember(kind: str, name: str, inputs: Mapping[str, Any]) -> Created:
        created.append(kind)
        return create(kind, name, inputs)

    with pytest.raises(pulumi.RunError, match=r"10\.20\.9\.9 for"):
        run({**EXISTING, "workerPrivateIps": '["10.20.9.9", "10.20.1.10"]'}, invoke=account, create=remember)

    assert set(created) <= {"pulumi:providers:aws"}


def standing(**changes: str) -> Deployment:
    return run({**EXISTING, **changes}, invoke=account)


def test_nothing_of_an_existing_network_is_made_adopted_or_changed() -> None:
    made = {each.type.rpartition(":")[2] for each in standing().registrations if each.custom}

    assert not made & {
        "Vpc",
        "Subnet",
        "RouteTable",
        "RouteTableAssociation",
        "Route",
        "InternetGateway",
        "NatGateway",
        "DefaultSecurityGroup",
        "FlowLog",
    }
    gateways = [
        each for each in standing().of_type("aws:ec2/vpcEndpoint:VpcEndpoint") if each.inputs["vpcEndpointType"] == "Gateway"
    ]
    assert gateways == []


def test_workers_and_probers_stand_where_the_stack_file_says() -> None:
    deployment = standing()

    placed = {
        each.name.removeprefix(f"{SITE}-"): (each.inputs["subnetId"], each.inputs["privateIp"])
        for each in deployment.of_type("aws:ec2/instance:Instance")
    }
    assert placed == {"wk1": (WORKER_A, "10.20.0.10"), "wk2": (WORKER_B, "10.20.1.10")}
    probers = {
        each.name.rpartition("-prober-")[2]: each.inputs["vpcConfig"]["subnetIds"]
        for each in deployment.of_type("aws:lambda/function:Function")
        if "-prober-" in each.name
    }
    assert probers == {f"{REGION}a": [WORKER_A], f"{REGION}b": [WORKER_B], f"{REGION}c": [LONELY_C]}
    assert "10.20.0.10" in environment(deployment)["TANDEM_WORKERS"]


def test_groups_and_endpoints_are_the_stacks_own_and_lie_in_the_network() -> None:
    deployment = standing(interfaceEndpoints='["kms"]')

    groups = deployment.of_type("aws:ec2/securityGroup:SecurityGroup")
    endpoints = deployment.of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
    assert {each.inputs["vpcId"] for each in (*groups, *endpoints)} == {VPC}
    assert {each.inputs["serviceName"].rpartition(".")[2] for each in endpoints} == {"ssm", "ssmmessages", "kms"}
    assert {tuple(each.inputs["subnetIds"]) for each in endpoints} == {(WORKER_A, WORKER_B)}


def test_probers_reach_the_table_by_the_endpoint_that_is_there() -> None:
    out = standing().named("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", f"{SITE}-prober-table")

    assert out.inputs["prefixListId"] == "pl-table"


def test_flows_of_others_are_logged_only_when_asked_for() -> None:
    (flow_log,) = standing(flowLogs="all").of_type("aws:ec2/flowLog:FlowLog")

    assert flow_log.inputs["vpcId"] == VPC


def test_the_stack_is_otherwise_the_usual_one() -> None:
    deployment = standing()

    assert deployment.outputs["egressAddresses"] == [deployment.outputs["address"]]
    assert set(deployment.outputs["zoneIds"]) == {f"{REGION}{letter}" for letter in "abc"}
    assert ENDPOINT not in str([each.inputs for each in deployment.registrations if each.custom])
