"""EC2 as Amazon's, where moto's differs and a failover would notice: row by row, over HTTP, with real clients."""

import itertools
import json
import random
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lab.child import Event
from lab.profiles import AWS, INSTANT, PROFILES
from lab.supervisor import Supervisor
from tests.lab.sites import NETWORK, PRIVATE_IPS, Site, build_site, run

pytestmark = pytest.mark.lab

# The server with times short enough for a test and long enough to look at what happens meanwhile.
SLOW_SERVER = """
import dataclasses
from lab import aws_server, profiles
from lab.control import run_child
basis = profiles.Basis.CHOSEN
slow = dataclasses.replace(
    profiles.INSTANT,
    name="slow",
    propagation=profiles.Figure(1.0, 5.0, basis, "test"),
    stop=profiles.Figure(2.0, 2.0, basis, "test"),
    start=profiles.Figure(2.0, 2.0, basis, "test"),
)
aws_server.PROFILES = {"slow": slow}
run_child(aws_server.serve)
"""


@dataclass
class Cloud:
    """A running server; what it told is read from its log, which is written before a call is answered."""

    supervisor: Supervisor
    log: Path
    endpoint: str = ""
    events: list[Event] = field(default_factory=list[Event])
    """What came over the control protocol."""

    def ec2(self) -> Any:
        """A client as the lab's."""
        config = Config(read_timeout=10, retries={"total_max_attempts": 1}, proxies={})
        session = boto3.session.Session("TANDEMLAB", "lab", region_name="eu-central-1")
        return session.client("ec2", endpoint_url=self.endpoint, config=config)

    def told(self, name: str, **fields: object) -> list[Event]:
        """The events of this name with these fields, so far."""
        events: list[Event] = [json.loads(line) for line in self.log.read_text().splitlines()]
        wanted = {"event": name} | fields
        return [event for event in events if wanted == {key: event.get(key) for key in wanted}]

    def wait_told(self, name: str, **fields: object) -> Event:
        """The first such event, waited for."""
        self.supervisor.wait_for(f"{name} {fields}", lambda: bool(self.told(name, **fields)), 10)
        return self.told(name, **fields)[0]


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    with Supervisor(tmp_path_factory.mktemp("lab"), f"test-{uuid.uuid4().hex}") as supervisor:
        yield supervisor


def serve(supervisor: Supervisor, name: str, profile: str, *command: str) -> Cloud:
    cloud = Cloud(supervisor, supervisor.logs / f"{name}-cloud.jsonl")
    logs = [f"--cloud-log={cloud.log}", f"--gate-log={supervisor.logs / f'{name}-gate.jsonl'}"]
    arguments = [sys.executable, *command, "--network", NETWORK, "--profile", profile, *logs]
    child = supervisor.spawn(name, arguments, on_event=cloud.events.append)
    cloud.endpoint = child.expect("ready", 60)["endpoint"]
    return cloud


@pytest.fixture(scope="module")
def cloud(supervisor: Supervisor) -> Cloud:
    return serve(supervisor, "instant", "instant", "-m", "lab.aws_server")


@pytest.fixture(scope="module")
def slow_cloud(supervisor: Supervisor) -> Cloud:
    return serve(supervisor, "slow", "slow", "-c", SLOW_SERVER)


@pytest.fixture(scope="module")
def ec2(cloud: Cloud) -> Any:
    return cloud.ec2()


@pytest.fixture
def site(ec2: Any) -> Site:
    return build_site(ec2)


# What EC2 refuses


def code_of(request: Callable[[], object]) -> str:
    """The error code that a request is refused with."""
    with pytest.raises(ClientError) as refusal:
        request()
    return str(refusal.value.response.get("Error", {}).get("Code"))


def second_address(site: Site) -> str:
    return site.ec2.allocate_address(Domain="vpc")["AllocationId"]


def terminated(site: Site) -> str:
    site.ec2.terminate_instances(InstanceIds=[site.one.instance])
    return site.one.instance


def associate_by_instance(site: Site, instance: str) -> object:
    return site.ec2.associate_address(AllocationId=site.allocation, InstanceId=instance, AllowReassociation=False)


def associate_without_gateway(site: Site) -> object:
    site.detach_gateway()
    return site.associate(site.one)


def associate_what_is_elsewhere(site: Site) -> object:
    site.associate(site.one)
    return site.associate(site.two)


def associate_what_is_elsewhere_unasked(site: Site) -> object:
    site.associate(site.one)
    return site.ec2.associate_address(AllocationId=site.allocation, NetworkInterfaceId=site.two.card)


def associate_second_address_to_one_card(site: Site) -> object:
    site.associate(site.one)
    return site.associate(site.one, AllocationId=second_address(site))


def associate_to_a_private_address_that_is_not_the_cards(site: Site) -> object:
    return site.associate(site.one, PrivateIpAddress=site.two.private_ip)


def associate_to_card_and_instance(site: Site) -> object:
    return site.associate(site.one, InstanceId=site.one.instance)


def associate_to_card_of_terminated(site: Site) -> object:
    terminated(site)
    return site.associate(site.one)


def disassociate_twice(site: Site) -> object:
    association = site.associate(site.one)
    site.ec2.disassociate_address(AssociationId=association)
    return site.ec2.disassociate_address(AssociationId=association)


def disassociate_an_association_that_has_moved(site: Site) -> object:
    stale = site.associate(site.one)
    site.associate(site.two, AllowReassociation=True)
    return site.ec2.disassociate_address(AssociationId=stale)


def release_while_associated(site: Site) -> object:
    site.associate(site.one)
    return site.ec2.release_address(AllocationId=site.allocation)


def stop_with_a_terminated_one(site: Site) -> object:
    return site.ec2.stop_instances(InstanceIds=[site.two.instance, terminated(site)])


def groups_of_card(site: Site, group: str) -> object:
    return site.ec2.modify_network_interface_attribute(NetworkInterfaceId=site.one.card, Groups=[group])


SECOND_IP = "127.240.0.20"


def assign(site: Site, private_ip: str = SECOND_IP) -> object:
    return site.ec2.assign_private_ip_addresses(NetworkInterfaceId=site.one.card, PrivateIpAddresses=[private_ip])


def launch_at(private_ip: str) -> Callable[[Site], object]:
    return lambda site: run(site.ec2, site.subnet, site.normal, private_ip)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (associate_without_gateway, "Gateway.NotAttached"),
        (associate_what_is_elsewhere, "Resource.AlreadyAssociated"),
        (associate_what_is_elsewhere_unasked, "Resource.AlreadyAssociated"),
        (associate_second_address_to_one_card, "Resource.AlreadyAssociated"),
        (associate_to_a_private_address_that_is_not_the_cards, "InvalidParameterValue"),
        (associate_to_card_and_instance, "InvalidParameterCombination"),
        (associate_to_card_of_terminated, "InvalidNetworkInterfaceID.NotFound"),
        (lambda site: associate_by_instance(site, terminated(site)), "IncorrectInstanceState"),
        (lambda site: associate_by_instance(site, "i-0123456789abcdef0"), "InvalidInstanceID.NotFound"),
        (lambda site: site.associate(site.one, AllocationId="eipalloc-00000000"), "InvalidAllocationID.NotFound"),
        (disassociate_twice, "InvalidAssociationID.NotFound"),
        (disassociate_an_association_that_has_moved, "InvalidAssociationID.NotFound"),
        (release_while_associated, "InvalidIPAddress.InUse"),
        (lambda site: site.ec2.start_instances(InstanceIds=[terminated(site)]), "IncorrectInstanceState"),
        (lambda site: site.ec2.reboot_instances(InstanceIds=[terminated(site)]), "IncorrectInstanceState"),
        (stop_with_a_terminated_one, "IncorrectInstanceState"),
        (lambda site: groups_of_card(site, "sg-0123456789abcdef0"), "InvalidGroup.NotFound"),
        (lambda site: assign(site, "127.240.16.10"), "InvalidParameterValue"),
        (lambda site: assign(site, "127.240.0.3"), "InvalidParameterValue"),
        (lambda site: assign(site, PRIVATE_IPS[1]), "InvalidIPAddress.InUse"),
        (launch_at("127.240.16.10"), "InvalidParameterValue"),
        (launch_at("127.240.0.3"), "InvalidParameterValue"),
        (launch_at("127.240.15.255"), "InvalidParameterValue"),
        (launch_at(PRIVATE_IPS[0]), "InvalidIPAddress.InUse"),
    ],
)  # fmt: skip
def test_refused_as_by_ec2(site: Site, act: Callable[[Site], object], code: str) -> None:
    assert code_of(lambda: act(site)) == code


def test_refused_request_touches_none_of_its_instances(site: Site) -> None:
    code_of(lambda: stop_with_a_terminated_one(site))
    assert site.state(site.two) == "running"


def test_refused_move_leaves_the_address_where_it_is(site: Site) -> None:
    association = site.associate(site.one)
    code_of(lambda: site.associate(site.two))
    assert site.address_now()["AssociationId"] == association


# Addresses


def test_address_is_in_the_labs_network(site: Site) -> None:
    assert IPv4Address(site.address) in IPv4Network("127.240.250.0/24")


def test_association_by_card_shows_the_whole_place(site: Site) -> None:
    association = site.associate(site.one)
    shown = site.address_now()
    wanted = ("AssociationId", "InstanceId", "NetworkInterfaceId", "PrivateIpAddress")
    assert [shown[name] for name in wanted] == [association, site.one.instance, site.one.card, site.one.private_ip]


def test_same_target_again_changes_nothing(cloud: Cloud, site: Site) -> None:
    association = site.associate(site.one)
    assert site.associate(site.one) == association
    assert len(cloud.told("association", allocation_id=site.allocation)) == 1


def test_forced_move_takes_the_public_address_from_the_old_instance(site: Site) -> None:
    first = site.associate(site.one)
    assert site.instance_now(site.one)["PublicIpAddress"] == site.address
    assert site.associate(site.two, AllowReassociation=True) != first
    assert "PublicIpAddress" not in site.instance_now(site.one)
    assert site.instance_now(site.two)["PublicIpAddress"] == site.address


def test_forced_second_address_pushes_the_first_one_off(site: Site) -> None:
    site.associate(site.one)
    site.associate(site.one, AllocationId=second_address(site), AllowReassociation=True)
    assert "AssociationId" not in site.address_now()


def test_two_addresses_on_one_card_each_lead_to_a_private_address_of_their_own(cloud: Cloud, site: Site) -> None:
    own = site.ec2.allocate_address(Domain="vpc")
    assign(site)
    site.associate(site.one, AllocationId=own["AllocationId"])
    association = site.associate(site.one, PrivateIpAddress=SECOND_IP)

    shown = site.address_now()
    assert (shown["AssociationId"], shown["PrivateIpAddress"]) == (association, SECOND_IP)
    assert (
        site.ec2.describe_addresses(AllocationIds=[own["AllocationId"]])["Addresses"][0]["PrivateIpAddress"]
        == PRIVATE_IPS[0]
    )
    assert site.instance_now(site.one)["PublicIpAddress"] == own["PublicIp"]
    assert cloud.told("association", allocation_id=site.allocation)[-1]["private_ip"] == SECOND_IP
    site.ec2.disassociate_address(AssociationId=association)
    assert site.instance_now(site.one)["PublicIpAddress"] == own["PublicIp"]
    assert "AssociationId" not in site.address_now()


def test_without_a_private_address_it_goes_to_the_first_where_another_address_may_be(site: Site) -> None:
    assign(site)
    own = second_address(site)
    site.associate(site.one, AllocationId=own)
    asked: dict[str, Any] = {"AllocationId": site.allocation, "NetworkInterfaceId": site.one.card}

    assert code_of(lambda: site.ec2.associate_address(**asked, AllowReassociation=False)) == "Resource.AlreadyAssociated"
    site.ec2.associate_address(**asked, AllowReassociation=True)
    assert site.address_now()["PrivateIpAddress"] == PRIVATE_IPS[0]
    assert "AssociationId" not in site.ec2.describe_addresses(AllocationIds=[own])["Addresses"][0]


def test_the_same_card_at_another_private_address_is_another_target(site: Site) -> None:
    assign(site)
    first = site.associate(site.one)

    assert code_of(lambda: site.associate(site.one, PrivateIpAddress=SECOND_IP)) == "Resource.AlreadyAssociated"
    assert site.associate(site.one, PrivateIpAddress=SECOND_IP, AllowReassociation=True) != first
    assert "PublicIpAddress" not in site.instance_now(site.one)


def test_a_private_address_that_is_given_back_takes_its_public_one_along(cloud: Cloud, site: Site) -> None:
    assign(site)
    site.associate(site.one, PrivateIpAddress=SECOND_IP)
    site.ec2.unassign_private_ip_addresses(NetworkInterfaceId=site.one.card, PrivateIpAddresses=[SECOND_IP])

    assert "AssociationId" not in site.address_now()
    told = cloud.told("private-ips", network_interface_id=site.one.card)
    assert [event["private_ips"] for event in told] == [[PRIVATE_IPS[0], SECOND_IP], [PRIVATE_IPS[0]]]
    assert {event["instance_id"] for event in told} == {site.one.instance}


def test_conditional_move_of_two_calls(cloud: Cloud, site: Site) -> None:
    first = site.associate(site.one)
    site.ec2.disassociate_address(AssociationId=first)
    second = site.associate(site.two)
    told = cloud.told("association", allocation_id=site.allocation)
    places = [(event["association_id"], event["instance_id"], event["private_ip"]) for event in told]
    assert places == [
        (first, site.one.instance, PRIVATE_IPS[0]),
        (None, None, None),
        (second, site.two.instance, PRIVATE_IPS[1]),
    ]


def test_disassociating_a_free_address_tells_nothing(cloud: Cloud, site: Site) -> None:
    site.ec2.disassociate_address(PublicIp=site.address)
    assert cloud.told("association", allocation_id=site.allocation) == []


def test_the_lab_hears_what_the_log_says(cloud: Cloud, site: Site) -> None:
    site.associate(site.one)
    told = cloud.told("association", allocation_id=site.allocation)[0]
    cloud.supervisor.wait_for("the event", lambda: told in cloud.events, 10)


def test_released_address_can_be_released_once_it_is_free(site: Site) -> None:
    site.ec2.disassociate_address(AssociationId=site.associate(site.one))
    site.ec2.release_address(AllocationId=site.allocation)
    assert code_of(site.address_now) == "InvalidAllocationID.NotFound"


def test_stopped_instance_keeps_its_address_and_may_get_one(site: Site) -> None:
    association = site.associate(site.one)
    site.ec2.stop_instances(InstanceIds=[site.one.instance])
    assert site.address_now()["AssociationId"] == association
    site.ec2.disassociate_address(AssociationId=association)
    site.associate(site.one)


def test_termination_disassociates_and_frees_card_and_private_address(cloud: Cloud, site: Site) -> None:
    site.associate(site.one)
    terminated(site)
    assert "AssociationId" not in site.address_now()
    assert cloud.told("association", allocation_id=site.allocation)[-1]["association_id"] is None
    run(site.ec2, site.subnet, site.normal, site.one.private_ip)


# Network cards and disks


@pytest.mark.parametrize("by", ["card", "instance"])
def test_groups_of_a_card_are_replaced_wherever_one_looks(cloud: Cloud, site: Site, by: str) -> None:
    if by == "card":
        groups_of_card(site, site.isolated)
    else:
        site.ec2.modify_instance_attribute(InstanceId=site.one.instance, Groups=[site.isolated])
    card = site.ec2.describe_network_interfaces(NetworkInterfaceIds=[site.one.card])["NetworkInterfaces"][0]
    shown = [card["Groups"], site.instance_now(site.one)["SecurityGroups"]]
    assert [[group["GroupId"] for group in groups] for groups in shown] == [[site.isolated], [site.isolated]]
    assert len(cloud.told("groups", instance_id=site.one.instance, groups=[site.isolated])) == 1


def test_private_address_asked_for_is_the_one_given(site: Site) -> None:
    assert site.instance_now(site.two)["PrivateIpAddress"] == PRIVATE_IPS[1]


def test_disks_keep_their_encryption_and_key(site: Site) -> None:
    key = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    disk = {"VolumeSize": 8, "VolumeType": "gp3", "Encrypted": True, "KmsKeyId": key}
    devices = [{"DeviceName": name, "Ebs": disk} for name in ("/dev/xvda", "/dev/sdf")]
    machine = run(site.ec2, site.subnet, site.normal, "127.240.0.12", BlockDeviceMappings=devices)
    mine = [{"Name": "attachment.instance-id", "Values": [machine.instance]}]
    volumes = site.ec2.describe_volumes(Filters=mine)["Volumes"]
    assert [(volume["Encrypted"], volume["KmsKeyId"]) for volume in volumes] == [(True, key)] * 2


# The life of an instance


def states(cloud: Cloud, instance: str) -> list[tuple[str, bool]]:
    return [(event["state"], event["alive"]) for event in cloud.told("instance", instance_id=instance)]


def test_stop_and_start_give_a_later_boot_time_each(cloud: Cloud, site: Site) -> None:
    boots = [site.instance_now(site.one)["LaunchTime"]]
    for _ in range(3):
        site.ec2.stop_instances(InstanceIds=[site.one.instance], Force=True, SkipOsShutdown=True)
        site.ec2.start_instances(InstanceIds=[site.one.instance])
        boots.append(site.instance_now(site.one)["LaunchTime"])
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in itertools.pairwise(boots))
    assert not any(boot.microsecond for boot in boots)
    runs = cloud.told("instance", instance_id=site.one.instance, state="running")
    assert [event["launched_at"] for event in runs] == [boot.isoformat() for boot in boots]


def test_stop_and_start_again_are_harmless_repetitions(cloud: Cloud, site: Site) -> None:
    for verb in ("stop_instances", "stop_instances", "start_instances", "start_instances"):
        getattr(site.ec2, verb)(InstanceIds=[site.one.instance])
    happened = [state for state, _ in states(cloud, site.one.instance)]
    assert happened == ["running", "stopping", "stopped", "running"]


def test_slow_cloud_takes_its_time_and_allows_nothing_meanwhile(slow_cloud: Cloud) -> None:
    site = build_site(slow_cloud.ec2())
    target = {"InstanceIds": [site.one.instance]}
    assert site.state(site.one) == "pending"
    assert code_of(lambda: site.associate(site.one)) == "InvalidInstanceID"
    assert code_of(lambda: site.ec2.stop_instances(**target)) == "IncorrectInstanceState"
    slow_cloud.wait_told("instance", instance_id=site.one.instance, state="running")
    assert site.state(site.one) == "running"
    site.ec2.stop_instances(**target)
    assert site.state(site.one) == "stopping"
    assert code_of(lambda: site.ec2.start_instances(**target)) == "IncorrectInstanceState"
    slow_cloud.wait_told("instance", instance_id=site.one.instance, state="stopped")
    assert site.state(site.one) == "stopped"
    assert states(slow_cloud, site.one.instance) == [
        ("pending", False),
        ("running", True),
        ("stopping", True),
        ("stopped", False),
    ]


def test_power_goes_at_once_without_the_systems_shutdown(slow_cloud: Cloud) -> None:
    site = build_site(slow_cloud.ec2())
    for machine in (site.one, site.two):
        slow_cloud.wait_told("instance", instance_id=machine.instance, state="running")
    site.ec2.stop_instances(InstanceIds=[site.one.instance], Force=True, SkipOsShutdown=True)
    site.ec2.stop_instances(InstanceIds=[site.two.instance], Force=True)
    site.ec2.stop_instances(InstanceIds=[site.two.instance], SkipOsShutdown=True)
    slow_cloud.wait_told("instance", instance_id=site.two.instance, state="stopped")
    assert states(slow_cloud, site.one.instance)[2:] == [("stopping", False), ("stopped", False)]
    assert states(slow_cloud, site.two.instance)[2:] == [("stopping", True), ("stopping", False), ("stopped", False)]


def test_termination_of_a_stopping_instance_is_its_last_state(slow_cloud: Cloud) -> None:
    site = build_site(slow_cloud.ec2())
    for machine in (site.one, site.two):
        slow_cloud.wait_told("instance", instance_id=machine.instance, state="running")
    site.ec2.stop_instances(InstanceIds=[site.one.instance])
    site.ec2.terminate_instances(InstanceIds=[site.one.instance])
    site.ec2.stop_instances(InstanceIds=[site.two.instance])  # its timer ends after the other one's would have
    slow_cloud.wait_told("instance", instance_id=site.two.instance, state="stopped")
    assert site.state(site.one) == "terminated"
    assert states(slow_cloud, site.one.instance)[-1] == ("terminated", False)


def test_packets_follow_an_association_later_and_leave_at_once(slow_cloud: Cloud) -> None:
    site = build_site(slow_cloud.ec2())
    slow_cloud.wait_told("instance", instance_id=site.one.instance, state="running")
    site.ec2.disassociate_address(AssociationId=site.associate(site.one))
    came, left = slow_cloud.told("association", allocation_id=site.allocation)
    assert 1.0 <= came["carries_at"] - came["t"] <= 5.0
    assert left["carries_at"] == left["t"]


# Profiles


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_figure_names_its_source_and_its_basis(name: str) -> None:
    for label, figure in PROFILES[name].figures().items():
        assert figure.source, label
        assert 0 <= figure.low_s <= figure.high_s, label


def test_draws_repeat_with_their_seed_and_stay_in_range() -> None:
    one, two = random.Random(7), random.Random(7)
    drawn = [AWS.propagation.draw(one) for _ in range(100)]
    assert drawn == [AWS.propagation.draw(two) for _ in range(100)]
    assert all(1.0 <= seconds <= 5.0 for seconds in drawn)


def test_instant_profile_adds_no_time() -> None:
    assert all(figure.high_s == 0 for figure in INSTANT.figures().values())


@pytest.mark.parametrize(
    ("action", "seconds"),
    [("AssociateAddress", "0.3"), ("DisassociateAddress", "0.3"), ("DescribeAddresses", "0.031"), ("CreateVpc", "0")],
)
def test_aws_profile_knows_the_time_of_a_call(action: str, seconds: str) -> None:
    assert AWS.call(action).seconds == seconds
