"""Machines and disks: power, its states in between, what they hold, and what never changes."""

from typing import Any

import pytest

from lab.arm.faults import Effect, Fault
from lab.arm.messages import Refusal
from lab.arm.settings import Settings
from tests.lab.arm.clouds import (
    COMPUTE,
    LOCATION,
    TEN,
    Cloud,
    build_pair,
    nic_body,
    nic_id,
    vm_body,
    vm_id,
)

WK1 = vm_id("wk1")
DISK = f"{COMPUTE}/disks/data"


def power(cloud: Cloud, machine: str = WK1) -> list[str]:
    return [status["code"] for status in cloud.get(f"{machine}/instanceView")["statuses"]]


def post(cloud: Cloud, verb: str, machine: str = WK1) -> Any:
    return cloud.ask("POST", f"{machine}/{verb}")


def disk_body(sku: str = "Premium_LRS", zones: list[str] | None = None) -> dict[str, Any]:
    body: dict[str, Any] = {"location": LOCATION, "sku": {"name": sku}}
    body |= {"zones": zones} if zones else {}
    return {**body, "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8}}


def with_disks(worker: str, *disk_ids: str, **disk: Any) -> dict[str, Any]:
    body = vm_body(worker)
    disks = [
        {"lun": at, "createOption": "Attach", "managedDisk": {"id": disk_id}, **disk} for at, disk_id in enumerate(disk_ids)
    ]
    body["properties"]["storageProfile"]["dataDisks"] = disks
    return body


@pytest.mark.parametrize(
    ("verb", "meanwhile", "after"),
    [
        ("powerOff", "stopping", "stopped"),
        ("powerOff?skipShutdown=true", "stopping", "stopped"),
        ("deallocate", "deallocating", "deallocated"),
        ("restart", "starting", "running"),
    ],
)
def test_power_passes_through_a_state_in_between(pair: Cloud, verb: str, meanwhile: str, after: str) -> None:
    assert power(pair) == ["ProvisioningState/succeeded", "PowerState/running"]
    reply = post(pair, verb)
    assert reply.status == 202
    assert {"Azure-AsyncOperation", "Location"} <= set(reply.headers)
    assert power(pair) == ["ProvisioningState/updating", f"PowerState/{meanwhile}"]
    pair.wait(10)
    assert power(pair) == ["ProvisioningState/succeeded", f"PowerState/{after}"]


def test_the_result_of_a_verb_is_at_its_operations_own_url(pair: Cloud) -> None:
    url = post(pair, "powerOff").headers["Location"].removeprefix("http://arm")
    assert url.endswith("&monitor=true")
    assert pair.ask("GET", url).status == 202
    pair.wait(10)
    reply = pair.ask("GET", url)
    assert (reply.status, reply.body) == (200, None)


def test_the_result_of_a_failed_verb_is_its_error(pair: Cloud) -> None:
    pair.emulator.order(Fault(Effect.FAIL, Refusal(409, "AllocationFailed", "No room."), "POST"))
    url = post(pair, "powerOff").headers["Location"].removeprefix("http://arm")
    pair.wait(10)
    assert pair.refused(pair.ask("GET", url)) == (409, "AllocationFailed")


def test_a_machines_etag_counts_its_writes_and_verbs(pair: Cloud) -> None:
    assert pair.get(WK1)["etag"] == '"1"'
    reply = pair.put(WK1, vm_body("wk1"))
    assert reply.headers["ETag"] == (reply.body or {})["etag"] == '"2"'
    pair.wait(10)
    post(pair, "powerOff")
    pair.wait(10)
    assert pair.get(WK1)["etag"] == '"3"'
    assert "ETag" not in pair.ask("GET", WK1).headers
    assert pair.put(WK1, vm_body("wk1"), if_match='"2"').status == 412
    assert pair.put(WK1, vm_body("wk1"), if_match='"3"').status == 200


def test_a_disk_has_no_etag(pair: Cloud) -> None:
    assert "etag" not in pair.made(DISK, disk_body(zones=["1"]))


def test_a_stopped_machine_starts(pair: Cloud) -> None:
    post(pair, "powerOff")
    pair.wait(10)
    post(pair, "start")
    assert power(pair)[1] == "PowerState/starting"
    pair.wait(10)
    assert power(pair)[1] == "PowerState/running"


def test_the_lab_is_told_of_power(pair: Cloud) -> None:
    pair.told.clear()
    post(pair, "powerOff?skipShutdown=true")
    pair.wait(10)
    told = [(fields["power"], fields["alive"], fields["hard"]) for event, fields in pair.told if event == "machine"]
    assert told == [("stopping", None, True), ("stopped", False, False)]


def test_a_new_machine_runs_and_the_lab_learns_its_wiring(pair: Cloud) -> None:
    machines = {fields["id"]: fields["alive"] for event, fields in pair.told if event == "machine"}
    assert machines == {WK1: True, vm_id("wk2"): True}
    wired = [fields for event, fields in pair.told if event == "interface" and fields["machine"] == WK1]
    assert wired[-1]["addresses"][0]["private"] == "10.0.0.4"


@pytest.mark.parametrize("verb", ["restart", "powerOff"])
def test_a_deallocated_machine_is_neither_restarted_nor_stopped(pair: Cloud, verb: str) -> None:
    post(pair, "deallocate")
    pair.wait(10)
    assert pair.refused(post(pair, verb)) == (409, "OperationNotAllowed")
    assert post(pair, "start").status == 202


def test_stopping_a_stopped_machine_ends_at_once(pair: Cloud) -> None:
    post(pair, "powerOff")
    pair.wait(10)
    reply = post(pair, "powerOff")
    pair.emulator.tick()
    assert pair.status(reply)["status"] == "Succeeded"


def test_a_start_that_fails_leaves_the_machine_as_it_was(pair: Cloud) -> None:
    post(pair, "deallocate")
    pair.wait(10)
    no_room = Refusal(409, "ZonalAllocationFailed", "Allocation failed. We do not have sufficient capacity.")
    pair.emulator.order(Fault(Effect.FAIL, no_room, action="Microsoft.Compute/virtualMachines/start/action"))
    reply = post(pair, "start")
    pair.wait(10)
    assert pair.status(reply)["error"]["code"] == "ZonalAllocationFailed"
    assert power(pair) == ["ProvisioningState/failed", "PowerState/deallocated"]


def test_no_verb_reaches_a_machine_that_is_being_deleted(pair: Cloud) -> None:
    pair.ask("DELETE", WK1)
    for refused in (post(pair, "start"), pair.put(WK1, vm_body("wk1"))):
        assert pair.refused(refused) == (409, "OperationNotAllowed")
        assert "since the VM is marked for deletion." in (refused.body or {})["error"]["message"]
    assert pair.ask("DELETE", WK1).status == 202


def test_an_interface_of_a_machine_that_is_being_deleted_fails_in_its_operation(pair: Cloud) -> None:
    pair.ask("DELETE", WK1)
    reply = pair.put(nic_id("wk1"), nic_body("wk1"))
    assert reply.status == 200
    pair.wait(10)
    error = pair.status(reply)["error"]
    assert error["code"] == "OperationNotAllowed"
    assert error["message"].startswith("Operation 'startTenantUpdate' is not allowed on VM 'wk1' since the VM is marked for")


@pytest.mark.parametrize(("blocked_by", "status"), [({"powerOff"}, "Failed"), ({"delete"}, "Succeeded")])
def test_an_interface_of_a_machine_in_another_operation_fails_where_the_lab_says_so(
    blocked_by: set[str], status: str
) -> None:
    cloud = Cloud(Settings(times=TEN, nic_blocked_by=frozenset(blocked_by)))
    build_pair(cloud)
    post(cloud, "powerOff")
    reply = cloud.put(nic_id("wk1"), nic_body("wk1"))
    cloud.wait(10)
    assert cloud.status(reply)["status"] == status


def test_a_machines_interface_and_disks_stay_unless_it_says_otherwise(pair: Cloud) -> None:
    pair.made(DISK, disk_body(zones=["1"]))
    pair.made(WK1, with_disks("wk1", DISK))
    pair.ask("DELETE", WK1)
    pair.wait(10)
    assert pair.state(nic_id("wk1")) == "Succeeded"
    assert pair.get(DISK)["properties"]["diskState"] == "Unattached"


def test_delete_option_delete_takes_disk_and_interface_away(pair: Cloud) -> None:
    pair.made(DISK, disk_body(zones=["1"]))
    body = with_disks("wk1", DISK, deleteOption="Delete")
    body["properties"]["networkProfile"]["networkInterfaces"][0]["properties"] = {"deleteOption": "Delete"}
    pair.made(WK1, body)
    pair.ask("DELETE", WK1)
    pair.wait(10)
    assert [pair.ask("GET", path).status for path in (DISK, nic_id("wk1"), nic_id("wk2"))] == [404, 404, 200]


def test_a_full_put_without_a_disk_detaches_it(pair: Cloud) -> None:
    pair.made(DISK, disk_body(zones=["1"]))
    pair.made(WK1, with_disks("wk1", DISK))
    assert pair.get(DISK)["managedBy"] == WK1
    pair.made(WK1, vm_body("wk1"))
    assert "managedBy" not in pair.get(DISK)


@pytest.mark.parametrize(
    ("sku", "zones", "code"),
    [
        ("Premium_ZRS", ["1"], "OperationNotAllowed"),
        ("Premium_ZRS", None, None),
        ("Premium_LRS", ["1"], None),
    ],
)
def test_a_zone_redundant_disk_has_no_zone(pair: Cloud, sku: str, zones: list[str] | None, code: str | None) -> None:
    reply = pair.put(DISK, disk_body(sku, zones))
    assert reply.error == code
    if code:
        expected = "A disk with sku 'Premium_ZRS' cannot be created in an availability zone."
        assert (reply.status, (reply.body or {})["error"]["message"]) == (409, expected)


@pytest.mark.parametrize(
    ("sku", "zones", "fits"),
    [
        ("Premium_LRS", ["2"], False),
        ("Premium_LRS", None, False),
        ("Premium_LRS", ["1"], True),
        ("Premium_ZRS", None, True),
    ],
)
def test_a_disk_lies_in_its_machines_zone(pair: Cloud, sku: str, zones: list[str] | None, *, fits: bool) -> None:
    pair.made(DISK, disk_body(sku, zones))
    reply = pair.put(WK1, with_disks("wk1", DISK))
    assert reply.status == (200 if fits else 400)
    if not fits:
        assert reply.error == "BadRequest"
        assert "cannot be attached to the VM because it is not in zone '1'" in (reply.body or {})["error"]["message"]


def test_a_disk_belongs_to_one_machine(pair: Cloud) -> None:
    pair.made(DISK, disk_body(zones=["1"]))
    pair.made(WK1, with_disks("wk1", DISK))
    assert pair.refused(pair.put(vm_id("wk2"), with_disks("wk2", DISK))) == (409, "ConflictingUserInput")
    assert pair.refused(pair.ask("DELETE", DISK)) == (409, "OperationNotAllowed")
    pair.made(WK1, vm_body("wk1"))
    assert pair.put(vm_id("wk2"), with_disks("wk2", DISK)).status == 200


def test_a_disk_without_creation_data_is_refused(pair: Cloud) -> None:
    body = disk_body()
    del body["properties"]["creationData"]
    assert pair.put(DISK, body).error == "InvalidParameter"
    assert pair.put(DISK, disk_body()).status == 202


def test_a_disk_stays_in_its_zone(pair: Cloud) -> None:
    pair.made(DISK, disk_body(zones=["1"]))
    assert pair.put(DISK, disk_body(zones=["2"])).error == "ResourceAvailabilityZonesCannotBeModified"
    assert pair.put(DISK, disk_body(zones=["1"])).status == 202


@pytest.mark.parametrize("value", [True, False])
def test_encryption_at_host_needs_its_feature_even_when_it_is_off(pair: Cloud, *, value: bool) -> None:
    body = vm_body("wk1", securityProfile={"encryptionAtHost": value})
    reply = pair.put(WK1, body)
    assert pair.refused(reply) == (400, "InvalidParameter")
    assert "'Microsoft.Compute/EncryptionAtHost' feature is not enabled" in (reply.body or {})["error"]["message"]
    registered = Cloud(Settings(times=TEN, features=frozenset({"Microsoft.Compute/EncryptionAtHost"})))
    build_pair(registered)
    assert registered.put(WK1, body).status == 200


def test_an_interface_belongs_to_one_machine(pair: Cloud) -> None:
    taken = vm_body("wk3")
    taken["properties"]["networkProfile"]["networkInterfaces"] = [{"id": nic_id("wk1")}]
    assert pair.refused(pair.put(vm_id("wk3"), taken)) == (400, "NicInUse")
    pair.made(nic_id("wk3"), nic_body())
    assert pair.put(vm_id("wk3"), vm_body("wk3")).status == 201


def test_two_disks_do_not_share_a_unit(pair: Cloud) -> None:
    other = f"{COMPUTE}/disks/other"
    for path in (DISK, other):
        pair.made(path, disk_body(zones=["1"]))
    body = with_disks("wk1", DISK, other)
    for disk in body["properties"]["storageProfile"]["dataDisks"]:
        disk["lun"] = 0
    assert pair.put(WK1, body).error == "InvalidParameter"
    assert pair.put(WK1, with_disks("wk1", DISK, other)).status == 200


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("osProfile", "customData", "b3RoZXI="),
        ("osProfile", "computerName", "other"),
        ("osProfile", "adminUsername", "other"),
        ("storageProfile", "imageReference", {"version": "2.0.0"}),
    ],
)
def test_what_is_fixed_is_not_changed(pair: Cloud, part: str, name: str, value: Any) -> None:
    body = vm_body("wk1")
    body["properties"][part][name] = value
    reply = pair.put(WK1, body)
    assert pair.refused(reply) == (409, "PropertyChangeNotAllowed")
    assert (reply.body or {})["error"]["message"] == f"Changing property '{part}.{name}' is not allowed."


def test_a_zone_is_not_changed_and_a_size_is(pair: Cloud) -> None:
    assert pair.put(WK1, vm_body("wk1") | {"zones": ["2"]}).error == "PropertyChangeNotAllowed"
    assert pair.put(WK1, vm_body("wk1", hardwareProfile={"vmSize": "Standard_D4s_v5"})).status == 200


def test_a_machine_brings_its_system_disk(pair: Cloud) -> None:
    disk_id = pair.get(WK1)["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    disk = pair.get(disk_id)
    assert (disk["managedBy"], disk["zones"], disk["properties"]["diskState"]) == (WK1, ["1"], "Attached")
    assert disk["name"].startswith("wk1_OsDisk_1_")


def test_a_new_machine_is_creating_and_has_no_power_yet(pair: Cloud) -> None:
    pair.made(nic_id("wk3"), nic_body())
    pair.put(vm_id("wk3"), vm_body("wk3"))
    assert power(pair, vm_id("wk3")) == ["ProvisioningState/creating"]
    pair.wait(10)
    assert power(pair, vm_id("wk3")) == ["ProvisioningState/succeeded", "PowerState/running"]


def test_a_machine_without_interface_or_size_is_refused(pair: Cloud) -> None:
    body = vm_body("wk3")
    body["properties"]["networkProfile"]["networkInterfaces"] = []
    assert pair.put(vm_id("wk3"), body).error == "InvalidParameter"
    pair.made(nic_id("wk3"), nic_body())
    assert pair.put(vm_id("wk3"), vm_body("wk3", hardwareProfile={})).error == "InvalidParameter"
    assert pair.put(vm_id("wk3"), vm_body("wk3")).status == 201


def test_the_instance_view_is_part_of_the_machine_when_it_is_asked_for(pair: Cloud) -> None:
    assert "instanceView" not in pair.get(WK1)["properties"]
    assert pair.get(f"{WK1}?$expand=instanceView")["properties"]["instanceView"]["statuses"]


def test_an_instance_view_tells_when_the_last_operation_ended(pair: Cloud) -> None:
    def ended() -> str:
        statuses = pair.get(f"{vm_id('wk1')}/instanceView")["statuses"]
        return next(str(each["time"]) for each in statuses if each["code"].startswith("ProvisioningState/"))

    before = ended()
    pair.wait(100)
    assert ended() == before
    assert pair.ask("POST", f"{vm_id('wk1')}/restart").status == 202
    pair.wait(10)
    assert ended() > before


def resized(size: str = "Standard_D8s_v5") -> dict[str, Any]:
    return vm_body("wk1", hardwareProfile={"vmSize": size})


def test_another_size_restarts_a_machine_that_runs(pair: Cloud) -> None:
    assert pair.put(WK1, resized()).status == 200
    assert power(pair) == ["ProvisioningState/updating", "PowerState/starting"]
    pair.wait(10)
    assert power(pair) == ["ProvisioningState/succeeded", "PowerState/running"]
    told = [(fields["verb"], fields["alive"]) for event, fields in pair.told if event == "machine" and fields["id"] == WK1]
    assert told[-2:] == [("restart", None), (None, True)]


def test_the_same_size_in_other_letters_restarts_nothing(pair: Cloud) -> None:
    size = str(vm_body("wk1")["properties"]["hardwareProfile"]["vmSize"])
    assert pair.put(WK1, resized(size.upper())).status == 200
    assert power(pair)[1] == "PowerState/running"
    pair.wait(10)
    assert power(pair)[1] == "PowerState/running"


def test_another_size_starts_no_machine_that_is_off(pair: Cloud) -> None:
    post(pair, "powerOff")
    pair.wait(10)
    assert pair.put(WK1, resized()).status == 200
    pair.wait(10)
    assert power(pair) == ["ProvisioningState/succeeded", "PowerState/stopped"]


def test_a_size_that_is_not_to_be_had_leaves_the_machine_running(pair: Cloud) -> None:
    pair.emulator.order(Fault(Effect.FAIL, Refusal(409, "AllocationFailed", "No room."), "PUT"))
    assert pair.put(WK1, resized()).status == 200
    pair.wait(10)
    assert power(pair) == ["ProvisioningState/failed", "PowerState/running"]
