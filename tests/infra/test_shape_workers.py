"""Traps of real machines and disks: what would replace, wake or expose a worker."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.stand import REGION, SITE, inputs, run, usual

pytestmark = pytest.mark.shape

INSTANCE = "aws:ec2/instance:Instance"
VOLUME = "aws:ebs/volume:Volume"
WORKERS = ("wk1", "wk2")


def workers() -> Iterator[tuple[str, Any]]:
    for name in WORKERS:
        yield name, inputs(usual(), INSTANCE, name)


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


def test_metadata_needs_a_token_and_stays_on_the_machine() -> None:
    for _, chosen in workers():
        assert chosen["metadataOptions"] == {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": 1,
            "instanceMetadataTags": "disabled",
        }


RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"


def test_nothing_is_reserved_that_nobody_asked_for() -> None:
    assert not usual().of_type(RESERVATION)
    assert all("capacityReservationSpecification" not in chosen for _, chosen in workers())


def test_nitro_names_differ_so_user_data_goes_by_the_id_of_its_own_volume() -> None:
    for name, chosen in workers():
        volume_id = usual().named(VOLUME, f"{SITE}-data-{name}").id
        assert f"DATA_DISK={volume_id}\n" in chosen["userData"]
        assert "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_" in chosen["userData"]
        attached = inputs(usual(), "aws:ec2/volumeAttachment:VolumeAttachment", f"data-{name}")
        assert f"OLDER_NAMES='/dev/xvdf {attached['deviceName']}'\n" in chosen["userData"]


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
