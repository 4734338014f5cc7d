"""Traps of the real network: address, routes, groups, endpoints (sections 1, 2 and 6 of the table)."""

import re
from collections.abc import Mapping
from typing import Any

from lab.recording import Deployment, Registration
from tests.infra.stand import REGION
from tests.infra.traps.look import (
    ANYWHERE,
    EGRESS,
    EIP,
    ENDPOINT,
    GATEWAY,
    GROUP,
    INGRESS,
    ROUTE,
    ROUTE_TABLE,
    SUBNET,
    TABLE_ASSOCIATION,
    VPC,
    part,
)
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

NETWORK = "infra/aws/network.py"
GROUPS = "infra/aws/groups.py"
SERVICES = "infra/aws/services.py"
ENDPOINTS = "infra/aws/endpoints.py"


def tables_of(usual: Deployment, kind: str) -> set[str]:
    """The route tables of every subnet of that kind."""
    subnets = {each.id for each in usual.of_type(SUBNET) if f"-{kind}-" in each.name}
    associations = [each.inputs for each in usual.of_type(TABLE_ASSOCIATION) if each.inputs["subnetId"] in subnets]
    assert len(associations) == len(subnets) > 0
    return {each["routeTableId"] for each in associations}


def routes_of(usual: Deployment, kind: str) -> tuple[Registration, ...]:
    """The routes of the one table that every subnet of that kind has."""
    (table,) = tables_of(usual, kind)
    return tuple(each for each in usual.of_type(ROUTE) if each.inputs["routeTableId"] == table)


def rules_of(usual: Deployment, type_token: str, group: str) -> list[Registration]:
    """The rules of one group."""
    group_id = part(usual, GROUP, group).id
    return [each for each in usual.of_type(type_token) if each.inputs["securityGroupId"] == group_id]


def interfaces(usual: Deployment) -> list[Registration]:
    """The endpoints that have network interfaces, and so groups."""
    return [each for each in usual.of_type(ENDPOINT) if each.inputs["vpcEndpointType"] == "Interface"]


@trap(
    "1/address-behind-nat",
    slips=(
        Slip(
            "the workers' default route leads to a NAT gateway",
            NETWORK,
            """            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
            opts=child(self),
        )
        return [gateway, route]""",
            """            destination_cidr_block=ANYWHERE,
            nat_gateway_id=aws.ec2.NatGateway(
                f"{self._name}-nat",
                subnet_id=next(iter(self._subnets.values())).id,
                opts=child(self, depends_on=[gateway]),
            ).id,
            opts=child(self),
        )
        return [gateway, route]""",
        ),
        Slip(
            "workers are put into the table that leads nowhere",
            NETWORK,
            "route_table_id=self._tables[_table_part(plan)].id,",
            'route_table_id=self._tables["private" if plan.band is Band.PUBLIC else _table_part(plan)].id,',
        ),
    ),
)
def address_on_a_worker_behind_nat_workers_route_to_the_internet_gateway_and_there_is_no_nat(stand: Stand) -> None:
    usual = stand.usual
    (route,) = routes_of(usual, "public")

    assert route.inputs["destinationCidrBlock"] == ANYWHERE
    assert route.inputs.get("gatewayId") == usual.only(GATEWAY).id
    assert "natGatewayId" not in route.inputs
    assert not usual.of_type("aws:ec2/natGateway:NatGateway")


@trap(
    "1/gateway-not-attached",
    slips=(
        Slip(
            "the default route is left out of what the address waits for",
            NETWORK,
            "        return [gateway, route]",
            "        return [gateway]",
        ),
    ),
)
def gateway_not_attached_the_address_waits_for_gateway_and_route(stand: Stand) -> None:
    needed = stand.usual.needs(stand.usual.only(EIP))

    assert stand.usual.only(GATEWAY).urn in needed
    assert {each.urn for each in routes_of(stand.usual, "public")} <= needed


@trap(
    "1/public-ip-comes-back",
    slips=(
        Slip("subnets give public addresses", NETWORK, "map_public_ip_on_launch=False", "map_public_ip_on_launch=True"),
        Slip("the subnets leave it to the default", NETWORK, "            map_public_ip_on_launch=False,\n", ""),
    ),
)
def auto_assigned_public_ip_comes_back_no_subnet_gives_one_and_each_says_so(stand: Stand) -> None:
    assert {each.inputs.get("mapPublicIpOnLaunch") for each in stand.usual.of_type(SUBNET)} == {False}


@trap(
    "1/standby-without-address",
    slips=(
        Slip(
            "the channel of sessions is forgotten", SERVICES, 'MANAGEMENT = ("ssm", "ssmmessages")', 'MANAGEMENT = ("ssm",)'
        ),
        Slip(
            "the endpoint of S3 is forgotten",
            NETWORK,
            '        self._gateway_endpoint("s3", args["plan"].worker_band)\n',
            "",
        ),
    ),
)
def standby_without_address_reaches_systems_manager_and_packages_by_endpoints(stand: Stand) -> None:
    endpoints = {each.inputs["serviceName"]: each.inputs["vpcEndpointType"] for each in stand.usual.of_type(ENDPOINT)}

    assert endpoints.get(f"com.amazonaws.{REGION}.s3") == "Gateway"
    for service in ("ssm", "ssmmessages"):
        assert endpoints.get(f"com.amazonaws.{REGION}.{service}") == "Interface", service


@trap(
    "6/gateway-endpoint",
    slips=(
        Slip(
            "the endpoint of S3 stands in the probers' table",
            NETWORK,
            'self._gateway_endpoint("s3", args["plan"].worker_band)',
            'self._gateway_endpoint("s3", Band.PROBER)',
        ),
        Slip(
            "the endpoints stand in no table",
            NETWORK,
            "            route_table_ids=[self._tables[part].id for part in parts],\n",
            "",
        ),
    ),
)
def gateway_endpoint_needs_the_route_tables_of_those_who_use_it(stand: Stand) -> None:
    users = {f"com.amazonaws.{REGION}.s3": "public", f"com.amazonaws.{REGION}.dynamodb": "prober"}
    gateways = [each.inputs for each in stand.usual.of_type(ENDPOINT) if each.inputs["vpcEndpointType"] == "Gateway"]

    for chosen in gateways:
        table = part(stand.usual, ROUTE_TABLE, users[chosen["serviceName"]]).id
        assert table in chosen.get("routeTableIds", []), chosen["serviceName"]


@trap(
    "6/gateway-endpoint",
    slips=(
        Slip(
            "an endpoint of KMS for services that never use it",
            SERVICES,
            'MANAGEMENT = ("ssm", "ssmmessages")',
            'MANAGEMENT = ("ssm", "ssmmessages", "kms")',
        ),
    ),
)
def there_is_no_endpoint_for_kms_which_disks_table_topic_and_logs_ask_by_themselves(stand: Stand) -> None:
    assert not [each.name for each in stand.usual.of_type(ENDPOINT) if each.inputs["serviceName"].endswith(".kms")]


@trap(
    "8/losing-the-address",
    slips=(
        Slip(
            "the address is bound to an instance in the program",
            "infra/aws/address.py",
            '            domain="vpc",\n',
            '            domain="vpc",\n            instance="i-0123456789abcdef0",\n',
        ),
    ),
)
def stolen_address_nothing_declares_an_association(stand: Stand) -> None:
    declared = [each.type for each in stand.usual.registrations if "eipassociation" in each.type.lower()]

    assert declared == []
    assert not {"instance", "networkInterface", "associateWithPrivateIp"} & set(stand.usual.only(EIP).inputs)


@trap(
    "8/losing-the-address",
    slips=(
        Slip(
            "the address is left out when protection is handed on",
            "infra/aws/address.py",
            'depends_on=args["network_ready"], protect=args["protect"]',
            'depends_on=args["network_ready"]',
        ),
        Slip("its domain is left to a default", "infra/aws/address.py", '            domain="vpc",\n', ""),
    ),
)
def losing_the_address_it_is_protected_and_says_its_domain(stand: Stand) -> None:
    address = stand.usual.only(EIP)

    assert address.protect
    assert address.inputs.get("domain") == "vpc"
    assert not {"address", "publicIpv4Pool", "networkBorderGroup"} & set(address.inputs)


@trap(
    "6/endpoint-without-groups",
    slips=(
        Slip("the endpoint names no group", ENDPOINTS, "            security_group_ids=[group.id],\n", ""),
        Slip(
            "the endpoint gets the workers' group",
            ENDPOINTS,
            "security_group_ids=[group.id]",
            'security_group_ids=[self._args["worker_group_id"]]',
        ),
    ),
)
def endpoint_without_groups_gets_the_closed_default_one_so_each_has_its_own(stand: Stand) -> None:
    endpoints = interfaces(stand.usual)

    groups = [group for each in endpoints for group in each.inputs.get("securityGroupIds", [])]
    assert len(groups) == len(set(groups)) == len(endpoints) > 0


@trap(
    "6/endpoint-without-groups",
    slips=(
        Slip("the endpoint is open on another port", ENDPOINTS, "to_port=HTTPS", "to_port=80"),
        Slip(
            "the endpoint lets itself in",
            ENDPOINTS,
            'referenced_security_group_id=self._args["worker_group_id"]',
            "referenced_security_group_id=group.id",
        ),
    ),
)
def endpoint_is_reached_by_workers_on_443_and_by_nobody_else(stand: Stand) -> None:
    workers = part(stand.usual, GROUP, "worker").id
    endpoints = {each.inputs["serviceName"].rpartition(".")[2] for each in interfaces(stand.usual)}

    for name in endpoints:
        (rule,) = rules_of(stand.usual, INGRESS, name)
        assert (rule.inputs["fromPort"], rule.inputs["toPort"]) == (443, 443)
        assert rule.inputs.get("referencedSecurityGroupId") == workers


@trap(
    "6/endpoint-without-groups",
    slips=(
        Slip(
            "the way out of the workers is closed to port 80",
            GROUPS,
            """            ip_protocol="-1",
            cidr_ipv4=ANYWHERE,""",
            """            ip_protocol="tcp",
            from_port=80,
            to_port=80,
            cidr_ipv4=ANYWHERE,""",
        ),
    ),
)
def workers_may_leave_towards_the_endpoints(stand: Stand) -> None:
    (rule,) = rules_of(stand.usual, EGRESS, "worker")

    assert (rule.inputs["ipProtocol"], rule.inputs["cidrIpv4"]) == ("-1", ANYWHERE)


@trap(
    "6/endpoint-without-groups",
    slips=(
        Slip(
            "the default group keeps a way out",
            NETWORK,
            "            egress=[],\n",
            '            egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": [ANYWHERE]}],\n',
        ),
        Slip("the default group keeps its rules", NETWORK, "            ingress=[],\n", ""),
    ),
)
def closed_default_group_is_adopted_and_emptied(stand: Stand) -> None:
    chosen = stand.usual.only("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs

    assert (chosen.get("ingress"), chosen.get("egress")) == ([], [])


@trap(
    "6/private-dns",
    slips=(
        Slip("host names stay off", NETWORK, "enable_dns_hostnames=True", "enable_dns_hostnames=False"),
        Slip("host names are left to their default, off", NETWORK, "            enable_dns_hostnames=True,\n", ""),
        Slip("the resolver is off", NETWORK, "enable_dns_support=True", "enable_dns_support=False"),
        Slip("endpoints without private names", ENDPOINTS, "            private_dns_enabled=True,\n", ""),
    ),
)
def private_names_need_both_dns_settings_and_their_own(stand: Stand) -> None:
    chosen = stand.usual.only(VPC).inputs

    assert (chosen.get("enableDnsSupport"), chosen.get("enableDnsHostnames")) == (True, True)
    assert {each.inputs.get("privateDnsEnabled") for each in interfaces(stand.usual)} == {True}


@trap(
    "6/inline-and-separate-rules",
    slips=(
        Slip(
            "a rule is written into the endpoint's group, beside those of its own",
            ENDPOINTS,
            'description=f"Endpoint {service}: open to the workers",\n',
            'description=f"Endpoint {service}: open to the workers",\n'
            '            egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],\n',
        ),
    ),
)
def inline_and_separate_rules_undo_each_other_so_no_group_has_inline_ones(stand: Stand) -> None:
    assert {key for each in stand.usual.of_type(GROUP) for key in ("ingress", "egress") if key in each.inputs} == set()


@trap(
    "6/inline-and-separate-rules",
    slips=(
        Slip(
            "the partners' networks share one rule of the older kind",
            GROUPS,
            """        if self._args["public_health_port"]:
            self._ingress""",
            """        aws.ec2.SecurityGroupRule(
            f"{self._name}-ping",
            type="ingress",
            security_group_id=worker.id,
            protocol="icmp",
            from_port=8,
            to_port=0,
            cidr_blocks=self._args["partner_cidrs"],
            opts=child(self),
        )
        if self._args["public_health_port"]:
            self._ingress""",
        ),
    ),
)
def rules_of_groups_that_name_each_other_are_resources_of_their_own_with_one_source_each(stand: Stand) -> None:
    assert not stand.usual.of_type("aws:ec2/securityGroupRule:SecurityGroupRule")
    for group in stand.usual.of_type(GROUP):
        others = {each.urn for each in stand.usual.of_type(GROUP)} - {group.urn}
        assert not stand.usual.needs(group) & others


@trap(
    "2/isolating-group",
    slips=(
        Slip(
            "the isolating group keeps a way out for management",
            GROUPS,
            "        self._open_to_partners(worker)\n",
            "        self._open_to_partners(worker)\n"
            '        self._egress(isolation, "isolation-out", HTTPS, prefix_list_id=args["table_prefix_list_id"])\n',
        ),
    ),
)
def isolating_group_has_no_rule_and_no_rule_names_it(stand: Stand) -> None:
    isolation = part(stand.usual, GROUP, "isolation")

    rules = [*stand.usual.of_type(INGRESS), *stand.usual.of_type(EGRESS)]
    named = {rule.inputs.get(key) for rule in rules for key in ("securityGroupId", "referencedSecurityGroupId")}
    assert isolation.id not in named
    assert not {"ingress", "egress"} & set(isolation.inputs)


@trap(
    "5/probers-group",
    slips=(
        Slip(
            "the probers' way out is opened on the workers' side only",
            GROUPS,
            '        self._egress(prober, "prober-worker", port, referenced_security_group_id=worker.id)\n',
            "",
        ),
        Slip(
            "the way to the workers is opened on the port of HTTPS",
            GROUPS,
            'self._egress(prober, "prober-worker", port,',
            'self._egress(prober, "prober-worker", HTTPS,',
        ),
    ),
)
def probers_reach_workers_on_the_probe_port_and_the_table_and_nothing_else(stand: Stand) -> None:
    out = [each.inputs for each in rules_of(stand.usual, EGRESS, "prober")]

    worker = part(stand.usual, GROUP, "worker").id
    table = part(stand.usual, ENDPOINT, "dynamodb").outputs["prefixListId"]
    assert {(rule["fromPort"], rule["toPort"], rule["ipProtocol"], _other_side(rule)) for rule in out} == {
        (443, 443, "tcp", table),
        (8080, 8080, "tcp", worker),
    }


def _other_side(rule: Mapping[str, Any]) -> str | None:
    return rule.get("referencedSecurityGroupId") or rule.get("prefixListId") or rule.get("cidrIpv4")


@trap(
    "5/probers-group",
    slips=(
        Slip(
            "workers are not opened to the probers",
            GROUPS,
            '        self._ingress(worker, "prober", port, referenced_security_group_id=prober.id)\n',
            "",
        ),
        Slip(
            "the traffic port is opened to every host",
            GROUPS,
            'self._ingress(worker, f"partner-{port}-{cidr}", port, cidr_ipv4=cidr)',
            'self._ingress(worker, f"partner-{port}-{cidr}", port, cidr_ipv4=ANYWHERE)',
        ),
    ),
)
def workers_are_open_to_probers_and_to_the_partners_that_were_named(stand: Stand) -> None:
    rules = [each.inputs for each in rules_of(stand.usual, INGRESS, "worker")]

    assert {(rule["fromPort"], rule["toPort"], rule["ipProtocol"], _other_side(rule)) for rule in rules} == {
        (2575, 2575, "tcp", "194.126.158.7/32"),
        (2575, 2575, "tcp", "194.126.159.0/24"),
        (8080, 8080, "tcp", part(stand.usual, GROUP, "prober").id),
    }


@trap(
    "6/group-texts",
    slips=(
        Slip(
            "a curly apostrophe in a description",
            GROUPS,
            'self._group("prober", "Probers of the watchdog")',
            'self._group("prober", "The watchdog\\u2019s probers")',
        ),
        Slip(
            "groups with fixed names",
            GROUPS,
            "            description=description,\n",
            '            description=description,\n            name=f"{self._name}-{part}",\n',
        ),
    ),
)
def group_texts_use_only_the_characters_that_the_cloud_takes_and_names_are_generated(stand: Stand) -> None:
    for group in stand.usual.of_type(GROUP):
        assert re.fullmatch(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}", group.inputs["description"])
        assert not {"name", "namePrefix"} & set(group.inputs)
        assert not group.name.startswith("sg-")
