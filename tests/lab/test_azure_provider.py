"""The azure-native provider beside its types: patience, operations that take long or fail, its process, a program."""

import dataclasses
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from lab.arm.faults import Effect, Fault, throttled
from lab.arm.messages import Refusal
from lab.arm.settings import SUBSCRIPTION, Settings
from lab.arm.times import Times
from lab.engine import deploy, destroy
from lab.providers import plugin
from lab.providers.azure_native import client, cloud
from lab.providers.azure_native.client import AzureError, Client, UnreachableError
from lab.providers.azure_native.process import ARM, BLOB, DEPLOYER, configure
from lab.providers.customs import ConfigurationError
from lab.providers.handler import NotReadyError
from lab.providers.plain import Secret, Unknown
from lab.pulumi_project import SETTINGS
from tests.lab.azure_cases import CASES
from tests.lab.azure_rig import GROUP, PROGRAM, Azure, Made, Play, azure, filled
from tests.lab.engine_calls import Calls, CheckFailedError, Resource, said

pytestmark = pytest.mark.lab

NET = "azure-native:network:VirtualNetwork"
CARD = "azure-native:network:NetworkInterface"
MACHINE = "azure-native:compute:VirtualMachine"
IN_GROUP = {"resourceGroupName": "small"}
SUBNET = {**IN_GROUP, "virtualNetworkName": "net", "subnetName": "workers", "addressPrefix": "10.0.0.0/24"}
WRITES = "Microsoft.Network/virtualNetworks/write"
SLOW = Times("slow", {("*", "*"): 0.2})
BY_NAME = {case.name: case for case in CASES}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Azure]:
    with azure(tmp_path) as made:
        yield made


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Azure]:
    """Where every operation takes a while."""
    with azure(tmp_path, Settings(times=SLOW)) as made:
        yield made


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_PAUSE_S", 0.01)


def made(play: Play, *names: str) -> dict[str, Made]:
    """The cases of these names, in order."""
    found: dict[str, Made] = {}
    for name in names:
        case = BY_NAME[name]
        found[name] = play.make(case.type, name, filled(case.inputs, found))
    return found


# Patience


@pytest.mark.parametrize(
    "fault",
    [
        throttled(0, action=WRITES),
        Fault(Effect.REFUSE, Refusal(503, "ServiceUnavailable", "Later."), action=WRITES),
        Fault(Effect.REFUSE, Refusal(409, "AnotherOperationInProgress", "Later."), action=WRITES),
        Fault(Effect.LOSE, action=WRITES),
    ],
    ids=["throttled", "unavailable", "in progress", "no answer"],
)
def test_what_may_help_is_tried_again(here: Azure, fault: Fault) -> None:
    play = Play(here.registry())
    made(play, "group")
    here.emulator.order(fault)
    assert made_net(play).outputs["name"] == "net"
    assert len([each for each in here.requests("PUT") if "virtualNetworks" in each["path"]]) == 2


def made_net(play: Play) -> Made:
    return play.make(NET, "net", BY_NAME["net"].inputs)


def test_a_refusal_is_heard_at_once(here: Azure) -> None:
    play = Play(here.registry())
    made(play, "group")
    here.emulator.order(Fault(Effect.REFUSE, Refusal(409, "Conflict", "Never."), action=WRITES))
    with pytest.raises(AzureError, match=r'Status=409 Code="Conflict" Message="Never."'):
        made_net(play)
    assert len([each for each in here.requests("PUT") if "virtualNetworks" in each["path"]]) == 1


def test_what_never_gets_better_ends_with_the_last_answer(here: Azure) -> None:
    play = Play(here.registry())
    made(play, "group")
    here.emulator.order(dataclasses.replace(throttled(0, action=WRITES), times=99))
    with pytest.raises(AzureError, match="Status=429"):
        made_net(play)
    assert len([each for each in here.requests("PUT") if "virtualNetworks" in each["path"]]) == client.ATTEMPTS_MAX


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ATTEMPTS_MAX", 2)
    with pytest.raises(UnreachableError, match=r"GET /x at http://127\.0\.0\.1:1: no answer in 2 attempts"):
        Client("http://127.0.0.1:1", "me").ask("GET", "/x", "2024-05-01")


# Operations


def test_a_long_operation_is_waited_for_by_reading(slow: Azure) -> None:
    play = Play(slow.registry())
    made(play, "group")
    net = made_net(play)
    assert net.outputs["provisioningState"] == "Succeeded"
    assert len([each for each in slow.requests("GET") if each["path"].endswith("/net")]) > 2
    play.delete(net)
    assert play.read(net) is None


def test_a_failed_operation_keeps_what_is_there_with_its_reason(slow: Azure) -> None:
    play = Play(slow.registry())
    made(play, "group")
    slow.emulator.order(Fault(Effect.FAIL, Refusal(409, "AllocationFailed", "No room."), action=WRITES))
    with pytest.raises(NotReadyError, match=r'Code="AllocationFailed" Message="No room."') as failed:
        made_net(play)
    there = failed.value.made
    assert there
    assert there.id == f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net"
    assert there.outputs["provisioningState"] == "Failed"
    assert not play.registry.handlers[NET].ready(there)
    healed = play.update(Made(NET, "net", dict(BY_NAME["net"].inputs), there.id, there.outputs), BY_NAME["net"].inputs)
    assert healed.outputs["provisioningState"] == "Succeeded"


def test_a_deletion_that_fails_says_why(slow: Azure) -> None:
    play = Play(slow.registry())
    made(play, "group")
    net = made_net(play)
    slow.emulator.order(
        Fault(Effect.FAIL, Refusal(409, "Conflict", "Still used."), action="Microsoft.Network/virtualNetworks/delete")
    )
    with pytest.raises(cloud.NotEndedError, match=r'Code="Conflict" Message="Still used."'):
        play.delete(net)


def test_an_operation_without_an_end_is_given_up(slow: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud, "DEADLINE_S", 0.05)
    play = Play(slow.registry())
    made(play, "group")
    with pytest.raises(NotReadyError, match=r"virtualNetworks/net is Updating after 0 s"):
        made_net(play)


# Lists that are resources of their own


def test_an_update_keeps_the_subnets_that_the_program_declares_beside_it(here: Azure) -> None:
    play = Play(here.registry())
    there = made(play, "group", "way-out", "nat", "net", "workers")
    play.update(there["net"], {**BY_NAME["net"].inputs, "tags": {"owner": "else"}})
    found = here.get(there["net"].id)["properties"]["subnets"]
    assert [each["name"] for each in found] == ["workers"]


def test_an_update_with_the_list_in_it_writes_just_that(here: Azure) -> None:
    play = Play(here.registry())
    there = made(play, "group", "fence", "service")
    one = {"name": "one", "priority": 300, "direction": "Inbound", "access": "Deny", "protocol": "*"}
    play.update(there["fence"], {**BY_NAME["fence"].inputs, "securityRules": [one]})
    found = here.get(there["fence"].id)["properties"]["securityRules"]
    assert [each["name"] for each in found] == ["one"]


def test_where_nothing_is_said_the_group_says_where(here: Azure) -> None:
    play = Play(here.registry())
    made(play, "group")
    assert made_net(play).inputs["location"] == "westeurope"
    elsewhere = Play(here.registry(location="northeurope"))
    other = elsewhere.make(NET, "other", {**BY_NAME["net"].inputs, "virtualNetworkName": "other"})
    assert other.outputs["location"] == "northeurope"


# Who asks


def test_a_program_is_told_what_a_resource_is_now_and_one_that_is_not_there_is_an_error(here: Azure) -> None:
    play = Play(here.registry())
    found = made(play, "group", "front")
    names = {key: found["front"].inputs[key] for key in ("resourceGroupName", "publicIpAddressName")}
    told = here.registry().invoke("azure-native:network:getPublicIPAddress", names)
    assert (told["id"], told["ipAddress"]) == (found["front"].id, found["front"].outputs["ipAddress"])
    with pytest.raises(AzureError, match="ResourceNotFound"):
        here.registry().invoke("azure-native:network:getPublicIPAddress", {**names, "publicIpAddressName": "other"})


def test_a_program_is_told_who_it_is(here: Azure) -> None:
    told = here.registry().invoke("azure-native:authorization:getClientConfig", {})
    assert told == {
        "clientId": "deployer",
        "objectId": "deployer",
        "subscriptionId": SUBSCRIPTION,
        "tenantId": "00000000-0000-0000-0000-00000000000a",
    }
    assert {each["identity"] for each in here.requests()} == {"deployer"}


# Options


def test_every_fault_of_the_configuration_is_told() -> None:
    with pytest.raises(ConfigurationError) as refused:
        configure({"colour": "red"}, {BLOB: "http://10.0.0.1:1"})
    assert refused.value.faults == [
        "the lab does not know the option colour",
        f"{ARM} is not set: where does the emulated Resource Manager answer?",
        f"{BLOB} is 'http://10.0.0.1:1': the lab's provider talks to emulators on this machine only",
    ]


@pytest.mark.parametrize("url", ["https://management.azure.com", "http://192.0.2.1:1", "file:///etc"])
def test_no_other_machine_is_ever_asked(url: str) -> None:
    with pytest.raises(ConfigurationError, match="talks to emulators on this machine only"):
        configure({}, {ARM: url})


# The process


@pytest.fixture
def calls(here: Azure, tmp_path: Path) -> Iterator[Calls]:
    """The provider's own process, as an engine starts it."""
    folder = plugin.install(tmp_path / "home", sys.executable, "azure-native")
    environment = {**os.environ, **SETTINGS, ARM: here.server.endpoint, DEPLOYER: "somebody"}
    with socket.create_server(("127.0.0.1", 0)) as engine:
        command = [str(folder / "pulumi-resource-azure-native"), f"127.0.0.1:{engine.getsockname()[1]}"]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        connection = Calls(int(process.stdout.readline()))
        try:
            yield connection
        finally:
            connection.channel.close()
            process.terminate()
            process.wait(timeout=20)
            process.stdout.close()


def created(calls: Calls, name: str, **more: Any) -> Resource:
    case = BY_NAME[name]
    return calls.create(calls.check(case.type, name, {**case.inputs, **more}))


def test_the_engine_is_told_what_is_missing(calls: Calls) -> None:
    calls.configure()
    with pytest.raises(CheckFailedError) as refused:
        calls.check(NET, "net", {})
    assert refused.value.failures == {"resourceGroupName": "missing required property 'resourceGroupName'"}


def test_a_group_that_is_not_known_yet_leaves_the_location_open(calls: Calls) -> None:
    calls.configure()
    checked = calls.check(NET, "net", {"resourceGroupName": Unknown()})
    assert isinstance(checked.inputs["location"], Unknown)
    assert checked.inputs["azureApiVersion"] == "2024-05-01"


def test_a_preview_tells_what_is_known_and_makes_nothing(calls: Calls, here: Azure) -> None:
    calls.configure(location="northeurope")
    asked = calls.check(NET, "net", {"resourceGroupName": "small", "tags": {"a": "1"}})
    planned = calls.create(asked, preview=True)
    assert planned.outputs == {"tags": {"a": "1"}, "location": "northeurope"}
    assert planned.id == ""
    assert here.requests("PUT") == []


def test_a_life_by_the_protocol(calls: Calls, here: Azure) -> None:
    calls.configure(location="northeurope", subscriptionId=SUBSCRIPTION)
    created(calls, "group")
    net = calls.create(calls.check(NET, "net", {"resourceGroupName": "small", "tags": {"a": "1"}}))
    assert net.inputs["virtualNetworkName"].startswith("net")
    assert net.inputs["__createBeforeDelete"] is True
    assert net.outputs
    assert net.outputs["location"] == "northeurope"
    assert "resourceGroupName" not in net.outputs
    moved = calls.diff(net, calls.check(NET, "net", {**net.inputs, "location": "westeurope"}, net).inputs)
    assert (list(moved.replaces), moved.deleteBeforeReplace) == (["location"], False)
    wanted = calls.check(NET, "net", {"resourceGroupName": "small", "tags": {"a": "2"}}, net)
    assert list(calls.diff(net, wanted.inputs).diffs) == ["tags"]
    updated = calls.update(net, wanted.inputs)
    assert (updated.outputs or {})["tags"] == {"a": "2"}
    assert calls.read(updated) == updated
    calls.delete(updated)
    assert calls.read(updated) is None
    assert {each["identity"] for each in here.requests("PUT")} == {"somebody"}


def test_a_name_of_the_programs_own_is_deleted_before_it_is_replaced(calls: Calls) -> None:
    calls.configure()
    created(calls, "group")
    net = created(calls, "net")
    moved = calls.diff(net, calls.check(NET, "net", {**BY_NAME["net"].inputs, "location": "northeurope"}, net).inputs)
    assert (list(moved.replaces), moved.deleteBeforeReplace) == (["location"], True)


def test_a_secret_goes_to_azure_in_clear_and_to_the_engine_marked(calls: Calls, here: Azure) -> None:
    calls.configure()
    created(calls, "group")
    created(calls, "net")
    workers = calls.up("azure-native:network:Subnet", "workers", SUBNET)
    config = {"name": "main", "subnet": {"id": workers.id}}
    card = calls.up(CARD, "wk1", {**IN_GROUP, "networkInterfaceName": "wk1", "ipConfigurations": [config]})
    profile = {"computerName": "wk1", "adminUsername": "tandem", "customData": Secret("aHVzaA==")}
    machine = {
        **IN_GROUP,
        "vmName": "wk1",
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "networkProfile": {"networkInterfaces": [{"id": card.id}]},
        "storageProfile": {"imageReference": {"version": "1.0.0"}, "osDisk": {"createOption": "FromImage"}},
        "osProfile": profile,
    }
    made_machine = calls.up(MACHINE, "machine", machine)
    assert isinstance((made_machine.outputs or {})["osProfile"], Secret)
    assert "aHVzaA==" not in here.log.read_text()
    read = calls.read(made_machine)
    assert read
    assert isinstance((read.outputs or {})["osProfile"], Secret)
    assert calls.diff(made_machine, read.inputs).changes == 1
    with pytest.raises(grpc.RpcError) as refused:
        calls.up(MACHINE, "machine", machine)
    assert "cannot create already existing resource" in said(refused.value)


# A program


def test_a_program_is_deployed_in_this_process_and_taken_down(here: Azure) -> None:
    registry = here.registry()
    deployment = deploy(
        PROGRAM,
        project="small",
        stack="dev",
        config={"small:owner": "me"},
        create=registry.create,
        invoke=registry.invoke,
        environment={},
    )
    assert deployment.gaps == ()
    assert deployment.outputs["address"] == "203.0.113.1"
    assert deployment.outputs["blobs"] == "https://tandemrecord.blob.core.windows.net/"
    card = deployment.only("azure-native:network:NetworkInterface")
    assert here.get(card.id)["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"] == "10.0.0.10"
    assert all(each["identity"] == "deployer" for each in here.requests())
    destroy(deployment, registry.delete)
    assert here.emulator.world.documents == {}
