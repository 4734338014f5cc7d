"""Traps of endpoints (sections 1 and 6 of the table)."""

from lab.recording import Deployment, Registration
from tests.infra.stand import REGION
from tests.infra.traps.look import (
    ANYWHERE,
    EGRESS,
    ENDPOINT,
    GROUP,
    INGRESS,
    ROUTE_TABLE,
    VPC,
    part,
    rules_of,
)
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

NETWORK = "infra/aws/network.py"
GROUPS = "infra/aws/groups.py"
SERVICES = "infra/aws/services.py"
ENDPOINTS = "infra/aws/endpoints.py"


def interfaces(usual: Deployment) -> list[Registration]:
    """The endpoints that have network interfaces, and so groups."""
    return [each for each in usual.of_type(ENDPOINT) if each.inputs["vpcEndpointType"] == "Interface"]


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
