"""The program with a balancer, deployed into the emulators: what the cloud says of it afterwards is what was chosen."""

import functools
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lab import networks
from lab.emulators import CloudSettings, Emulators
from lab.engine import destroy
from lab.profiles import INSTANT
from lab.recording import Deployment
from lab.stack_file import REPOSITORY
from lab.supervisor import Supervisor
from tests.lab.test_aws_providers import World, known_gaps

pytestmark = pytest.mark.lab

ZONES = ("eu-central-1a", "eu-central-1b")
PORTS = (2575, 8443)
PROBE_PORT = 8080


class Site:
    """The deployed stack, asked through the cloud's own calls."""

    def __init__(self, world: World, deployment: Deployment) -> None:
        self.world = world
        self.deployment = deployment

    @functools.cached_property
    def elb(self) -> Any:
        return self.world.emulators.client("elbv2")

    @functools.cached_property
    def ec2(self) -> Any:
        return self.world.emulators.client("ec2")

    @functools.cached_property
    def balancer(self) -> Mapping[str, Any]:
        (found,) = self.elb.describe_load_balancers()["LoadBalancers"]
        return found

    @functools.cached_property
    def workers(self) -> set[str]:
        return {worker["instanceId"] for worker in self.deployment.outputs["workers"].values()}

    def target_groups(self) -> list[Mapping[str, Any]]:
        return self.elb.describe_target_groups(LoadBalancerArn=self.balancer["LoadBalancerArn"])["TargetGroups"]

    def attributes(self, kind: str, arn: str) -> Mapping[str, str]:
        """Of a load_balancer, a target_group or a listener."""
        key = f"{kind.title().replace('_', '')}Arn"
        told = getattr(self.elb, f"describe_{kind}_attributes")(**{key: arn})["Attributes"]
        return {each["Key"]: each["Value"] for each in told}

    def rules_of(self, group_id: str) -> set[tuple[bool, int, str]]:
        """Outward or not, port, other side."""
        filters = [{"Name": "group-id", "Values": [group_id]}]
        return {
            (rule["IsEgress"], rule["FromPort"], rule.get("CidrIpv4") or rule["ReferencedGroupInfo"]["GroupId"])
            for rule in self.ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
        }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("lab")
    with networks.take([2575]) as network, Supervisor(folder, f"test-{uuid.uuid4().hex}", lock=network.lock) as supervisor:
        settings = CloudSettings(network=network.cidr, profile=INSTANT, schedule_divisor=1)
        world = World(Emulators.start(supervisor, settings), network.cidr)
        yield Site(world, world.deploy(REPOSITORY / "infra" / "__main__.py", "balancer"))


def test_both_workers_are_registered_on_every_port(site: Site) -> None:
    registered = {
        group["Port"]: {
            (each["Target"]["Id"], each["Target"]["Port"], each["TargetHealth"]["State"])
            for each in site.elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
        }
        for group in site.target_groups()
    }

    assert len(site.workers) == 2
    assert registered == {port: {(worker, port, "healthy") for worker in site.workers} for port in PORTS}


def test_the_balancer_faces_the_internet_in_every_zone_by_an_address_of_ours(site: Site) -> None:
    balancer, outputs = site.balancer, site.deployment.outputs
    zones = {each["ZoneName"]: each["LoadBalancerAddresses"] for each in balancer["AvailabilityZones"]}

    assert (balancer["Type"], balancer["Scheme"], balancer["State"]["Code"]) == ("network", "internet-facing", "active")
    assert set(zones) == set(ZONES)
    assert {zone: each[0]["IpAddress"] for zone, each in zones.items()} == outputs["addresses"]
    assert outputs["address"] == outputs["addresses"][ZONES[0]]
    assert outputs["dnsName"] == balancer["DNSName"]
    public = {zone: subnet for zone, subnet in public_subnets(site).items() if zone in ZONES}
    assert {each["ZoneName"]: each["SubnetId"] for each in balancer["AvailabilityZones"]} == public


def public_subnets(site: Site) -> Mapping[str, str]:
    return {
        each.inputs["availabilityZone"]: each.id
        for each in site.deployment.of_type("aws:ec2/subnet:Subnet")
        if "-public-" in each.name
    }


def test_the_balancer_has_a_group_and_crosses_zones(site: Site) -> None:
    (group,) = site.balancer["SecurityGroups"]
    worker_group = site.deployment.named("aws:ec2/securityGroup:SecurityGroup", "tandem-aws-balancer-worker").id
    attributes = site.attributes("load_balancer", site.balancer["LoadBalancerArn"])

    assert attributes["load_balancing.cross_zone.enabled"] == "true"
    assert site.rules_of(group) == {
        *((False, port, "127.0.0.1/32") for port in PORTS),
        *((True, port, worker_group) for port in (*PORTS, PROBE_PORT)),
    }
    assert {(False, port, group) for port in (*PORTS, PROBE_PORT)} <= site.rules_of(worker_group)


def test_flows_end_with_their_worker_and_partners_keep_their_addresses(site: Site) -> None:
    for group in site.target_groups():
        attributes = site.attributes("target_group", group["TargetGroupArn"])
        assert attributes["deregistration_delay.timeout_seconds"] == "0"
        assert attributes["deregistration_delay.connection_termination.enabled"] == "true"
        assert attributes["target_health_state.unhealthy.connection_termination.enabled"] == "true"
        assert attributes["preserve_client_ip.enabled"] == "true"


def test_the_balancer_asks_what_was_chosen(site: Site) -> None:
    for group in site.target_groups():
        assert (group["HealthCheckProtocol"], group["HealthCheckPort"], group["HealthCheckPath"]) == (
            "HTTP",
            str(PROBE_PORT),
            "/health",
        )
        assert (group["HealthCheckIntervalSeconds"], group["HealthCheckTimeoutSeconds"]) == (5, 2)
        assert (group["HealthyThresholdCount"], group["UnhealthyThresholdCount"]) == (2, 2)
        assert group["Matcher"] == {"HttpCode": "200-299"}


def test_listeners_forget_a_quiet_connection_no_sooner_than_chosen(site: Site) -> None:
    listeners = site.elb.describe_listeners(LoadBalancerArn=site.balancer["LoadBalancerArn"])["Listeners"]

    assert {(each["Port"], each["Protocol"]) for each in listeners} == {(port, "TCP") for port in PORTS}
    timeouts = [site.attributes("listener", each["ListenerArn"])["tcp.idle_timeout.seconds"] for each in listeners]
    assert timeouts == ["3600", "3600"]


def test_workers_have_no_public_address_and_go_out_by_nat(site: Site) -> None:
    reservations = site.ec2.describe_instances(InstanceIds=sorted(site.workers))["Reservations"]
    instances = [instance for each in reservations for instance in each["Instances"]]

    assert {instance.get("PublicIpAddress") for instance in instances} == {None}
    assert {instance["SubnetId"] for instance in instances}.isdisjoint(public_subnets(site).values())
    gateways = site.ec2.describe_nat_gateways()["NatGateways"]
    seen = [each["NatGatewayAddresses"][0]["PublicIp"] for each in gateways if each["State"] == "available"]
    assert sorted(seen) == sorted(site.deployment.outputs["egressAddresses"])


def test_what_the_emulators_do_not_do_of_it_is_known(site: Site) -> None:
    assert {what for what in known_gaps(site.deployment) if what[0] in BALANCER_TYPES} == set()


BALANCER_TYPES = {"LoadBalancer", "TargetGroup", "TargetGroupAttachment", "Listener"}


def test_deletion_protection_holds_until_it_is_taken_away(site: Site) -> None:
    arn = site.balancer["LoadBalancerArn"]

    def protect(value: str) -> None:
        attributes = [{"Key": "deletion_protection.enabled", "Value": value}]
        site.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=attributes)

    protect("true")
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        site.world.registry.delete(site.deployment.only("aws:lb/loadBalancer:LoadBalancer"))
    protect("false")
    assert site.elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]


def test_an_address_of_the_balancer_cannot_be_released_and_the_stack_goes_away_whole(site: Site) -> None:
    deployment = site.world.deploy(REPOSITORY / "infra" / "__main__.py", "balancer", stack_name="aws-second")
    address = deployment.named("aws:ec2/eip:Eip", f"tandem-aws-second-balancer-{ZONES[0]}")

    with pytest.raises(ClientError, match=r"InvalidIPAddress\.InUse"):
        site.world.registry.delete(address)
    destroy(deployment, site.world.registry.delete)
    assert site.world.left_of(deployment) == set()
