"""The log, what is kept over a restart, and that a second run of the same seed gives the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.arm.emulator import Emulator
from lab.arm.redacting import REMOVED, redacted
from lab.jsonlog import JsonLog
from tests.lab.arm.clouds import (
    ADDRESS,
    OWNER,
    VNET,
    Cloud,
    StandingClock,
    build_pair,
    nic_body,
    nic_id,
    vm_body,
    vm_id,
)


def logged(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_request_leaves_a_line(pair: Cloud, tmp_path: Path) -> None:
    pair.emulator.log = JsonLog(tmp_path / "requests.jsonl")
    pair.put(nic_id("wk2"), nic_body("wk2", address=ADDRESS), if_match="*")
    pair.ask("POST", f"{vm_id('wk1')}/powerOff?skipShutdown=true")
    refused, power = logged(tmp_path / "requests.jsonl")
    assert refused["action"] == "Microsoft.Network/networkInterfaces/write"
    assert (refused["method"], refused["path"], refused["identity"]) == ("PUT", nic_id("wk2"), OWNER)
    assert (refused["status"], refused["error"], refused["if_match"]) == (400, "PublicIPAddressInUse", "*")
    assert refused["t_in"] == refused["t_out"] == pair.clock.t
    assert refused["body"] == nic_body("wk2", address=ADDRESS)
    assert power["action"] == "Microsoft.Compute/virtualMachines/powerOff/action"
    assert (power["status"], power["error"], power["query"]["skipShutdown"]) == (202, None, "true")
    assert "body" not in power


def test_the_log_has_no_secrets(pair: Cloud, tmp_path: Path) -> None:
    pair.emulator.log = JsonLog(tmp_path / "requests.jsonl")
    body = vm_body("wk1")
    body["properties"]["osProfile"] |= {
        "adminPassword": "hunter2",
        "linuxConfiguration": {"ssh": {"publicKeys": [{"path": "/home/tandem", "keyData": "ssh-ed25519 AAAA"}]}},
    }
    pair.put(vm_id("wk1"), body)
    text = (tmp_path / "requests.jsonl").read_text()
    assert not [secret for secret in ("hunter2", "c2VjcmV0", "AAAA") if secret in text]
    (line,) = logged(tmp_path / "requests.jsonl")
    assert line["body"]["properties"]["osProfile"]["adminPassword"] == REMOVED
    assert line["body"]["properties"]["osProfile"]["computerName"] == "wk1"


def test_redacting_leaves_what_is_no_secret() -> None:
    value = {"activeKey": {"keyUrl": "https://kv/keys/k"}, "list": [1, {"sharedKey": "x"}], "none": None}
    assert redacted(value) == {
        "activeKey": {"keyUrl": "https://kv/keys/k"},
        "list": [1, {"sharedKey": REMOVED}],
        "none": None,
    }


def test_a_yes_or_no_is_no_secret_whatever_it_is_called() -> None:
    assert redacted({"disablePasswordAuthentication": True}) == {"disablePasswordAuthentication": True}


def test_a_restarted_emulator_has_what_the_one_before_had(tmp_path: Path) -> None:
    cloud = Cloud()
    cloud.emulator.state_file = tmp_path / "arm.json"
    build_pair(cloud)
    reply = cloud.put(nic_id("wk1"), nic_body("wk1"))
    before = cloud.get(nic_id("wk1"))
    cloud.emulator = Emulator(cloud.settings, cloud.clock, state_file=tmp_path / "arm.json")
    assert cloud.get(nic_id("wk1")) == before
    assert cloud.status(reply) == {"status": "InProgress"}
    cloud.wait(10)
    assert cloud.status(reply) == {"status": "Succeeded"}
    cloud.put(nic_id("wk2"), nic_body("wk2"))
    assert len({document.etag for document in cloud.emulator.world.documents.values() if document.etag}) > 1


def test_the_state_file_has_no_secrets(tmp_path: Path) -> None:
    cloud = Cloud()
    cloud.emulator.state_file = tmp_path / "arm.json"
    build_pair(cloud)
    assert "c2VjcmV0" not in (tmp_path / "arm.json").read_text()
    assert "customData" in (tmp_path / "arm.json").read_text()


def test_without_a_state_file_a_restart_forgets(pair: Cloud) -> None:
    pair.emulator = Emulator(pair.settings, StandingClock())
    assert pair.ask("GET", ADDRESS).status == 404


def test_what_stands_is_told_to_a_lab_that_has_not_seen_it(pair: Cloud) -> None:
    pair.ask("POST", f"{vm_id('wk2')}/powerOff")
    pair.wait(10)
    pair.told.clear()
    pair.emulator.tell_all()
    alive = {fields["id"]: fields["alive"] for event, fields in pair.told if event == "machine"}
    assert alive == {vm_id("wk1"): True, vm_id("wk2"): False}
    wired = {fields["id"]: fields["addresses"][0]["public_id"] for event, fields in pair.told if event == "interface"}
    assert wired == {nic_id("wk1"): ADDRESS, nic_id("wk2"): ""}
    assert {"address", "group"} <= {event for event, _ in pair.told}


def test_a_path_of_another_world_is_not_found(pair: Cloud) -> None:
    assert pair.refused(pair.ask("GET", "/metrics")) == (404, "InvalidResourceType")


def test_a_body_that_breaks_the_emulator_is_answered(pair: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    reply = pair.put(f"{VNET}/subnets/x", {"properties": {"addressPrefix": "no prefix"}})
    assert pair.refused(reply) == (400, "NotEmulated")
    assert "the emulator failed with" in (reply.body or {})["error"]["message"]
    assert "Traceback" in capsys.readouterr().err
    assert pair.state(VNET) == "Succeeded"


def test_the_same_seed_gives_the_same_world() -> None:
    one, other = Cloud(), Cloud()
    build_pair(one)
    build_pair(other)
    assert one.get(nic_id("wk1")) == other.get(nic_id("wk1"))


def test_a_body_that_is_missing_is_refused(pair: Cloud) -> None:
    assert pair.refused(pair.ask("PUT", nic_id("wk1"))) == (400, "MissingRequestBody")
    assert pair.refused(pair.put(nic_id("new"), {"properties": {}})) == (400, "LocationRequired")
