"""What only the account can show is refused before anything is created, with the same kind of message."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from typing import Any, cast

import pulumi
import pulumi_aws as aws
import pytest

from infra.aws.arguments import PairArgs, pair_args
from infra.aws.existing import GatewayFacts, RouteFacts, SubnetFacts, UnansweredError, VpcFacts
from infra.aws.layout import layout
from infra.aws.lookups import Lookups
from infra.aws.survey import Survey, survey
from infra.config import AwsConfig, Source, parse
from tests.infra.stand import REGION, TEXTS, ZONE_IDS

VPC = "vpc-0123456789abcdef0"
ENDPOINT = "vpce-0123456789abcdef0"
WORKER_A, WORKER_B, LONELY_C = "subnet-aaaaaaaa", "subnet-bbbbbbbb", "subnet-cccccccc"
EXISTING = {
    "vpcId": VPC,
    "workerSubnetIds": f'["{WORKER_A}", "{WORKER_B}"]',
    "workerPrivateIps": '["10.20.0.10", "10.20.1.10"]',
    "proberSubnetIds": f'["{WORKER_A}", "{WORKER_B}", "{LONELY_C}"]',
    "endpointSubnetIds": f'["{WORKER_A}", "{WORKER_B}"]',
    "tableEndpointId": ENDPOINT,
}


def subnet(letter: str, cidr: str, default: str = "igw-1") -> SubnetFacts:
    routes = RouteFacts(table_id=f"rtb-{letter}", default=default)
    return SubnetFacts(vpc_id=VPC, zone=f"{REGION}{letter}", cidr=IPv4Network(cidr), public_on_launch=False, routes=routes)


def subnets() -> dict[str, SubnetFacts]:
    return {
        WORKER_A: subnet("a", "10.20.0.0/24"),
        WORKER_B: subnet("b", "10.20.1.0/24"),
        LONELY_C: subnet("c", "10.20.2.0/24", default=""),
    }


@dataclass
class Account:
    """A cloud that answers from memory."""

    zones: Mapping[str, str] = field(default_factory=lambda: ZONE_IDS)
    network: VpcFacts = field(default_factory=lambda: VpcFacts(cidrs=(IPv4Network("10.20.0.0/16"),), dns=True))
    subnets: Mapping[str, SubnetFacts] = field(default_factory=subnets)
    gateway: GatewayFacts = field(
        default_factory=lambda: GatewayFacts(
            vpc_id=VPC,
            service=f"com.amazonaws.{REGION}.dynamodb",
            kind="Gateway",
            table_ids=("rtb-a", "rtb-b", "rtb-c"),
            prefix_list_id="pl-table",
        )
    )

    def zone_ids(self) -> dict[str, str]:
        return dict(self.zones)

    def vpc(self, vpc_id: str) -> VpcFacts:
        if vpc_id != VPC:
            raise UnansweredError(f"no matching EC2 VPC found: {vpc_id}")
        return self.network

    def subnet(self, subnet_id: str) -> SubnetFacts:
        if subnet_id not in self.subnets:
            raise UnansweredError(f"no matching EC2 Subnet found: {subnet_id}")
        return self.subnets[subnet_id]

    def gateway_endpoint(self, endpoint_id: str) -> GatewayFacts:
        assert endpoint_id == ENDPOINT
        return self.gateway


def args(changes: Mapping[str, str]) -> PairArgs:
    config = parse(Source(texts={**TEXTS, **changes}, read_text=str, loopback_cloud=False))
    assert isinstance(config, AwsConfig)
    return pair_args(config, site="site", bundle="bundle.zip", bundle_digest="1")


def look(account: Account, changes: Mapping[str, str] = EXISTING) -> Survey:
    told = args(changes)
    return survey(told, layout(told), account)


def refusals(account: Account, changes: Mapping[str, str] = EXISTING) -> list[str]:
    with pytest.raises(pulumi.RunError) as caught:
        look(account, changes)
    first, *lines = str(caught.value).splitlines()
    assert first.endswith("cannot be used; nothing was created.")
    return [line.removeprefix("- ") for line in lines]


def with_subnet(subnet_id: str, **changes: Any) -> Account:
    return Account(subnets={**subnets(), subnet_id: replace(subnets()[subnet_id], **changes)})


def test_a_network_of_its_own_needs_its_zones_only() -> None:
    found = look(Account(), {})

    assert found.table_prefix_list_id == ""
    assert found.zone_ids == {f"{REGION}{letter}": f"id-of-{REGION}{letter}" for letter in "abc"}


def test_a_zone_that_the_account_lacks_is_refused() -> None:
    here = {zone: zone_id for zone, zone_id in ZONE_IDS.items() if zone in (f"{REGION}a", f"{REGION}b")}

    assert refusals(Account(zones=here), {}) == [
        (
            "zones is eu-central-1c, which this account does not have. Allowed: zones among eu-central-1a, eu-central-1b; "
            "tieBreakerZone too. Next: in the stack file, name zones of the account as tandem:zones and "
            "tandem:tieBreakerZone"
        )
    ]


def test_zones_that_may_not_be_asked_for_are_one_refusal_and_nothing_else_is_asked() -> None:
    class Closed(Account):
        def zone_ids(self) -> dict[str, str]:
            raise UnansweredError("UnauthorizedOperation")

        def vpc(self, vpc_id: str) -> VpcFacts:
            raise AssertionError(vpc_id)

    assert refusals(Closed()) == [
        (
            "zones is eu-central-1a, eu-central-1b, eu-central-1c, which cannot be looked up: UnauthorizedOperation. "
            "Allowed: zones of the account. Next: let the deployment's own role describe availability zones"
        )
    ]


def test_a_question_that_the_provider_refuses_is_unanswered_and_a_mistake_of_ours_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(**_: object) -> None:
        raise Exception("invoke of aws:ec2/getVpc:getVpc failed")  # noqa: TRY002 (what the SDK raises)

    lookups = Lookups(cast("pulumi.Resource", None))
    monkeypatch.setattr(aws.ec2, "get_vpc", refused)
    with pytest.raises(UnansweredError, match="getVpc failed"):
        lookups.vpc(VPC)
    monkeypatch.setattr(aws.ec2, "get_vpc", lambda **_: object())
    with pytest.raises(AttributeError):
        lookups.vpc(VPC)


def test_a_network_that_fits_is_taken_with_the_addresses_of_its_table_endpoint() -> None:
    assert look(Account()).table_prefix_list_id == "pl-table"


def test_what_cannot_be_looked_up_is_named_and_the_rest_is_still_looked_at() -> None:
    account = Account(subnets={name: facts for name, facts in subnets().items() if name != LONELY_C})

    assert refusals(account, {**EXISTING, "workerPrivateIps": '["10.20.0.3", "10.20.1.10"]'}) == [
        (
            f"proberSubnetIds is {LONELY_C}, which cannot be looked up: no matching EC2 Subnet found: {LONELY_C}. Allowed: "
            "what "
            "is there already. Next: name one that is there, and let the deployment's own role describe it"
        ),
        (
            f"workerPrivateIps is 10.20.0.3 for {WORKER_A} (10.20.0.0/24), one of the five that AWS keeps. Allowed: "
            "10.20.0.4 "
            "to 10.20.0.254. Next: name a free address of the worker's subnet"
        ),
    ]


def test_a_subnet_of_another_network_is_refused() -> None:
    assert refusals(with_subnet(LONELY_C, vpc_id="vpc-other")) == [
        (
            f"proberSubnetIds is {LONELY_C}, which lies in vpc-other. Allowed: subnets of vpcId {VPC}. Next: aws ec2 "
            f"describe-subnets --filters Name=vpc-id,Values={VPC} shows them"
        )
    ]


def test_a_subnet_of_another_zone_is_refused_under_every_key_that_names_it() -> None:
    found = refusals(with_subnet(WORKER_B, zone=f"{REGION}c"))

    assert found[0] == (
        f"workerSubnetIds is {WORKER_B} for zone eu-central-1b, and it lies in eu-central-1c. Allowed: one subnet a zone, "
        "in the order of the zones. Next: aws ec2 describe-subnets --filters Name=availability-zone,Values=eu-central-1b "
        "shows "
        "them"
    )
    assert [text.partition(" ")[0] for text in found] == ["workerSubnetIds", "proberSubnetIds", "endpointSubnetIds"]


@pytest.mark.parametrize("address", ["10.20.0.0", "10.20.0.1", "10.20.0.2", "10.20.0.3", "10.20.0.255"])
def test_the_five_addresses_that_aws_keeps_are_refused(address: str) -> None:
    (text,) = refusals(Account(), {**EXISTING, "workerPrivateIps": f'["{address}", "10.20.1.10"]'})

    assert f"{address} for {WORKER_A} (10.20.0.0/24), one of the five that AWS keeps" in text


@pytest.mark.parametrize("address", ["10.20.0.4", "10.20.0.254"])
def test_the_first_and_the_last_free_address_are_taken(address: str) -> None:
    assert look(Account(), {**EXISTING, "workerPrivateIps": f'["{address}", "10.20.1.10"]'})


def test_the_second_address_of_a_worker_lies_in_its_subnet_too() -> None:
    changes = {**EXISTING, "egress": "own", "workerPrivateIps": '["10.20.0.254", "10.20.1.10"]'}

    (text,) = refusals(Account(), changes)
    assert text == (
        f"workerPrivateIps is 10.20.0.255, which egress own takes beside 10.20.0.254, for {WORKER_A} (10.20.0.0/24), one of "
        "the five that AWS keeps. Allowed: 10.20.0.4 to 10.20.0.254. Next: name a free address of the worker's subnet"
    )
    assert look(Account(), {**changes, "workerPrivateIps": '["10.20.0.253", "10.20.1.10"]'})


def test_an_address_outside_its_subnet_is_refused() -> None:
    assert refusals(Account(), {**EXISTING, "workerPrivateIps": '["10.20.1.11", "10.20.1.10"]'}) == [
        (
            f"workerPrivateIps is 10.20.1.11 for {WORKER_A} (10.20.0.0/24), outside it. Allowed: 10.20.0.4 to 10.20.0.254. "
            "Next: name a free address of the worker's subnet"
        )
    ]


@pytest.mark.parametrize(("default", "shown"), [("nat-1", "nat-1"), ("", "nothing"), ("something else", "something else")])
def test_address_on_a_worker_behind_nat_is_refused(default: str, shown: str) -> None:
    assert refusals(with_subnet(WORKER_A, routes=RouteFacts(table_id="rtb-a", default=default))) == [
        (
            f"workerSubnetIds is {WORKER_A}, where 0.0.0.0/0 leads to {shown} (route table rtb-a): answers to what comes in "
            "by "
            "the fixed address would not leave by it, and every connection would hang. Allowed: with front address, subnets "
            "where 0.0.0.0/0 leads to an internet gateway. Next: name public subnets"
        )
    ]


def test_auto_assigned_public_ip_comes_back_so_such_a_subnet_is_refused_for_workers_only() -> None:
    assert refusals(with_subnet(WORKER_A, public_on_launch=True)) == [
        (
            f"workerSubnetIds is {WORKER_A}, which gives every new machine a public address: a worker that loses the fixed "
            "one "
            "would get another, and be public. Allowed: subnets with MapPublicIpOnLaunch off. Next: aws ec2 "
            f"modify-subnet-attribute --subnet-id {WORKER_A} --no-map-public-ip-on-launch"
        )
    ]
    assert look(with_subnet(LONELY_C, public_on_launch=True))


def test_private_names_need_both_dns_settings() -> None:
    account = Account(network=VpcFacts(cidrs=(IPv4Network("10.20.0.0/16"),), dns=False))

    assert refusals(account) == [
        (
            f"vpcId is {VPC}, where DNS resolution or DNS host names are off: nobody would find the interface endpoints. "
            "Allowed: both settings on, or managementEndpoints false and no interfaceEndpoints. Next: aws ec2 "
            "modify-vpc-attribute "
            f"--vpc-id {VPC} --enable-dns-hostnames, and --enable-dns-support"
        )
    ]
    assert look(account, {**EXISTING, "managementEndpoints": "false", "endpointSubnetIds": ""})


def test_partners_lie_outside_every_range_of_the_network() -> None:
    ranges = (IPv4Network("10.20.0.0/16"), IPv4Network("194.126.159.0/25"))

    assert refusals(Account(network=VpcFacts(cidrs=ranges, dns=True))) == [
        (
            f"partnerCidrs is 194.126.159.0/24, which overlaps 194.126.159.0/25 of vpcId {VPC}: answers would never leave "
            "it. "
            "Allowed: networks of partners, apart from the VPC's. Next: name the partners' own networks"
        )
    ]


@pytest.mark.parametrize(
    "wrong", [{"vpc_id": "vpc-other"}, {"kind": "Interface"}, {"service": f"com.amazonaws.{REGION}.s3"}]
)
def test_an_endpoint_that_is_no_anchor_is_refused(wrong: Mapping[str, str]) -> None:
    gateway = replace(Account().gateway, **cast("dict[str, Any]", wrong))

    (text,) = refusals(Account(gateway=gateway))
    assert text == (
        f"tableEndpointId is {ENDPOINT}, of kind {gateway.kind} for {gateway.service} in {gateway.vpc_id}. Allowed: the "
        f"gateway endpoint for com.amazonaws.{REGION}.dynamodb in {VPC}. Next: aws ec2 describe-vpc-endpoints --filters "
        f"Name=vpc-id,Values={VPC} shows them"
    )


def test_gateway_endpoint_needs_the_route_tables_of_the_probers() -> None:
    gateway = replace(Account().gateway, table_ids=("rtb-a", "rtb-b"))

    assert refusals(Account(gateway=gateway)) == [
        (
            f"tableEndpointId is {ENDPOINT}, and route table rtb-c of prober subnet {LONELY_C} does not lead to it. "
            "Allowed: an "
            "endpoint in the route table of every prober's subnet. Next: aws ec2 modify-vpc-endpoint --vpc-endpoint-id "
            f"{ENDPOINT} --add-route-table-ids rtb-c"
        )
    ]
