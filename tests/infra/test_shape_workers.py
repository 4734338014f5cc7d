"""Traps of real machines and disks: what would replace, wake or expose a worker."""

import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from tests.infra.stand import ACCOUNT, REGION, SITE, inputs, run, usual

pytestmark = pytest.mark.shape

INSTANCE = "aws:ec2/instance:Instance"
VOLUME = "aws:ebs/volume:Volume"
WORKERS = ("wk1", "wk2")


def workers() -> Iterator[tuple[str, Any]]:
    for name in WORKERS:
        yield name, inputs(usual(), INSTANCE, name)


def test_drift_that_replaces_the_holder_public_ip_is_never_set_and_always_ignored() -> None:
    for name, chosen in workers():
        assert "associatePublicIpAddress" not in chosen
        assert "associatePublicIpAddress" in usual().named(INSTANCE, f"{SITE}-{name}").ignore_changes


@pytest.mark.parametrize(
    ("trap", "property_name"),
    [
        ("drift un-fences", "vpcSecurityGroupIds"),
        ("a new image replaces both", "ami"),
        ("stopped and started in place", "instanceType"),
        ("stopped and started in place", "userData"),
        ("stopped and started in place", "userDataBase64"),
        ("stopped and started in place", "capacityReservationSpecification"),
        ("another tenancy replaces both", "tenancy"),
        ("taken off the card with the fixed address", "secondaryPrivateIps"),
    ],
)
def test_property_of_a_living_worker_is_left_alone(trap: str, property_name: str) -> None:
    ignored = {name: usual().named(INSTANCE, f"{SITE}-{name}").ignore_changes for name in WORKERS}

    assert all(property_name in names for names in ignored.values()), trap


def test_the_watchdog_can_stop_a_worker_stop_protection_is_not_set() -> None:
    assert all("disableApiStop" not in chosen for _, chosen in workers())


def test_shutdown_is_a_stop_and_never_a_deletion() -> None:
    assert {chosen["instanceInitiatedShutdownBehavior"] for _, chosen in workers()} == {"stop"}


@pytest.mark.parametrize(("wanted", "chosen"), [("true", "default"), ("false", "disabled")])
def test_automatic_recovery_is_chosen_and_not_left_to_a_default(wanted: str, chosen: str) -> None:
    deployment = run({"autoRecovery": wanted})

    assert {inputs(deployment, INSTANCE, name)["maintenanceOptions"]["autoRecovery"] for name in WORKERS} == {chosen}
    assert {each["maintenanceOptions"]["autoRecovery"] for _, each in workers()} == {"default"}


def test_calls_by_network_interface_need_one_and_no_more_per_worker() -> None:
    for _, chosen in workers():
        assert not {"networkInterfaces", "secondaryNetworkInterfaces", "secondaryPrivateIps"} & set(chosen)


def test_a_worker_is_pinned_to_host_ten_of_its_zones_public_subnet() -> None:
    placed = {name: (chosen["privateIp"], chosen["subnetId"], chosen["availabilityZone"]) for name, chosen in workers()}

    subnets = {letter: usual().named("aws:ec2/subnet:Subnet", f"{SITE}-public-{REGION}{letter}").id for letter in "ab"}
    assert placed == {
        "wk1": ("10.80.0.10", subnets["a"], f"{REGION}a"),
        "wk2": ("10.80.16.10", subnets["b"], f"{REGION}b"),
    }


def test_order_changes_no_machine() -> None:
    swapped = run({"order": '["wk2", "wk1"]'})

    assert all(inputs(swapped, INSTANCE, name) == chosen for name, chosen in workers())


def test_both_in_parallel_never_the_second_worker_waits_for_the_first() -> None:
    first, second = (usual().named(INSTANCE, f"{SITE}-{name}") for name in WORKERS)

    assert first.urn in second.depends_on


def test_metadata_needs_a_token_and_stays_on_the_machine() -> None:
    for _, chosen in workers():
        assert chosen["metadataOptions"] == {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": 1,
            "instanceMetadataTags": "disabled",
        }


def test_metadata_reaches_containers_only_where_somebody_says_so() -> None:
    chosen = inputs(run({"metadataHops": "2"}), INSTANCE, "wk2")["metadataOptions"]

    assert (chosen["httpPutResponseHopLimit"], chosen["httpTokens"]) == (2, "required")


def test_dedicated_tenancy_is_the_instances_and_never_the_networks() -> None:
    deployment = run({"tenancy": "dedicated"})

    assert {inputs(deployment, INSTANCE, name)["tenancy"] for name in WORKERS} == {"dedicated"}
    assert {chosen["tenancy"] for _, chosen in workers()} == {"default"}
    assert "instanceTenancy" not in deployment.only("aws:ec2/vpc:Vpc").inputs


RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"


def test_nothing_is_reserved_that_nobody_asked_for() -> None:
    assert not usual().of_type(RESERVATION)
    assert all("capacityReservationSpecification" not in chosen for _, chosen in workers())


@pytest.mark.parametrize("tenancy", ["default", "dedicated"])
def test_capacity_reservation_must_match_so_worker_and_reservation_say_the_same(tenancy: str) -> None:
    deployment = run({"reserveCapacity": "true", "tenancy": tenancy, "instanceType": "r6i.xlarge"})

    for name in WORKERS:
        worker, reservation = (inputs(deployment, kind, name) for kind in (INSTANCE, RESERVATION))
        for property_name in ("instanceType", "availabilityZone", "tenancy"):
            assert reservation[property_name] == worker[property_name]
        assert (reservation["instancePlatform"], reservation["instanceCount"]) == ("Linux/UNIX", 1)
        assert (reservation["instanceMatchCriteria"], reservation["endDateType"]) == ("targeted", "unlimited")
        assert worker["capacityReservationSpecification"] == {
            "capacityReservationTarget": {"capacityReservationId": deployment.named(RESERVATION, f"{SITE}-{name}").id}
        }


def test_a_reservation_is_not_cancelled_under_its_worker_by_a_new_type_or_tenancy() -> None:
    for reservation in run({"reserveCapacity": "true"}).of_type(RESERVATION):
        assert {"instanceType", "tenancy"} <= set(reservation.ignore_changes)


def test_every_disk_is_encrypted_with_the_stacks_key() -> None:
    key = usual().only("aws:kms/key:Key").outputs["arn"]

    roots = [chosen["rootBlockDevice"] for _, chosen in workers()]
    disks = [*roots, *(each.inputs for each in usual().of_type(VOLUME))]
    assert {(disk["encrypted"], disk["kmsKeyId"]) for disk in disks} == {(True, key)}


def test_data_disks_are_never_part_of_the_instance() -> None:
    assert all("ebsBlockDevices" not in chosen for _, chosen in workers())
    attached = {
        each.inputs["volumeId"]: each.inputs["instanceId"]
        for each in usual().of_type("aws:ec2/volumeAttachment:VolumeAttachment")
    }
    assert attached == {
        usual().named(VOLUME, f"{SITE}-data-{name}").id: usual().named(INSTANCE, f"{SITE}-{name}").id for name in WORKERS
    }


def test_volume_of_another_zone_cannot_be_attached_so_it_stands_in_its_workers() -> None:
    for name, chosen in workers():
        assert inputs(usual(), VOLUME, f"data-{name}")["availabilityZone"] == chosen["availabilityZone"]


def test_nitro_names_differ_so_user_data_goes_by_the_id_of_its_own_volume() -> None:
    for name, chosen in workers():
        volume_id = usual().named(VOLUME, f"{SITE}-data-{name}").id
        assert f"DATA_VOLUME_ID={volume_id}\n" in chosen["userData"]
        assert "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_" in chosen["userData"]
        attached = inputs(usual(), "aws:ec2/volumeAttachment:VolumeAttachment", f"data-{name}")
        assert f"XEN_NAMES='/dev/xvdf {attached['deviceName']}'\n" in chosen["userData"]


def test_user_data_is_as_long_as_ec2_takes_and_says_what_was_configured() -> None:
    told = run({"dataMountPath": "/srv/hl7", "serviceUnit": "mirth.service", "egress": "own"})

    for name in WORKERS:
        text = inputs(told, INSTANCE, name)["userData"]
        assert len(text.encode()) <= 16384
        (second,) = inputs(told, INSTANCE, name)["secondaryPrivateIps"]
        for line in ("DATA_MOUNT_PATH=/srv/hl7", "SERVICE_UNIT=mirth.service", f"ADDRESS_IP={second}"):
            assert f"\n{line}\n" in text
    assert all("ADDRESS_IP=''" in chosen["userData"] for _, chosen in workers())


def test_without_the_guest_setup_nothing_of_ours_is_told() -> None:
    assert "userData" not in inputs(run({"guestSetup": "false"}), INSTANCE, "wk1")


def test_data_disks_outlive_a_mistake() -> None:
    assert all(each.protect for each in usual().of_type(VOLUME))


def test_a_mounted_disk_is_let_go_by_a_stopped_machine() -> None:
    attachments = usual().of_type("aws:ec2/volumeAttachment:VolumeAttachment")

    assert {each.inputs["stopInstanceBeforeDetaching"] for each in attachments} == {True}


def test_two_cannot_have_one_address_or_one_disk_so_the_old_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine makes the new resource before it deletes the old one, unless it is told not to."""
    told: dict[str, bool | None] = {}

    def listen(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def listening(resource: str, *, opts: pulumi.ResourceOptions, **rest: Any) -> Any:
            told[resource] = opts.delete_before_replace
            return real(resource, opts=opts, **rest)

        monkeypatch.setattr(owner, name, listening)

    listen(aws.ec2, "Instance")
    listen(aws.ec2, "VolumeAttachment")
    run()

    assert told == {f"{SITE}-{part}": True for part in ("wk1", "wk2", "data-wk1", "data-wk2")}


def test_stopped_state_is_the_watchdogs_no_resource_says_it() -> None:
    assert not [each.type for each in usual().registrations if "instanceState" in each.type]


def test_systems_manager_instead_of_ssh() -> None:
    (attachment,) = (
        each for each in usual().of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment") if each.name.endswith("-ssm")
    )
    role = usual().named("aws:iam/role:Role", f"{SITE}-worker")

    assert attachment.inputs == {
        "role": role.outputs["name"],
        "policyArn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
    }
    assert all("keyName" not in chosen for _, chosen in workers())
    assert {chosen["iamInstanceProfile"] for _, chosen in workers()} == {
        usual().only("aws:iam/instanceProfile:InstanceProfile").outputs["name"]
    }


def test_termination_protection_goes_with_the_switch_for_a_two_step_destroy() -> None:
    loose = run({"deletionProtection": "false"})

    assert {chosen["disableApiTermination"] for _, chosen in workers()} == {True}
    assert {inputs(loose, INSTANCE, name)["disableApiTermination"] for name in WORKERS} == {False}
    assert usual().only("aws:dynamodb/table:Table").inputs["deletionProtectionEnabled"]
    assert not loose.only("aws:dynamodb/table:Table").inputs["deletionProtectionEnabled"]


def test_key_life_it_rotates_is_protected_and_can_be_called_back_for_a_month() -> None:
    key = usual().only("aws:kms/key:Key")

    assert key.protect
    assert (key.inputs["enableKeyRotation"], key.inputs["deletionWindowInDays"]) == (True, 30)
    assert "bypassPolicyLockoutSafetyCheck" not in key.inputs


def test_key_policy_is_inline_and_names_the_account_and_services_only() -> None:
    policy = json.loads(usual().only("aws:kms/key:Key").inputs["policy"])

    assert not [each.type for each in usual().registrations if "keyPolicy" in each.type]
    assert [statement["Principal"] for statement in policy["Statement"]] == [
        {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        {"Service": f"logs.{REGION}.amazonaws.com"},
        {"Service": "cloudwatch.amazonaws.com"},
    ]
