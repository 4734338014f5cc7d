"""Microsoft's published types judge every body that the watchdog writes on Azure, as it went over the wire.

Its definitions have cards; rules of
a group and pools have none of their own there, and are held by the second test alone.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from failover_lambda.azure.bodies import CARD, CONFIGURATION, ENVELOPE, POOL
from failover_lambda.model import Command, Do, Outcome
from lab.arm.server import Server
from lab.arm.settings import Settings as ArmSettings
from lab.jsonlog import JsonLog
from tests.contract.azure_world import WATCHDOG, AzureWorld, BalancedWorld
from tests.contract.test_azure_cloud import SteppingClock
from tests.judges.arm_types import at_hand, said_of
from tests.lab.arm.clouds import TEN, Cloud

pytestmark = [pytest.mark.judge, pytest.mark.lab]

ROOT = Path(__file__).parents[2]
BODIES = ROOT / "out" / "judges" / "arm-bodies.jsonl"
KINDS = {
    "networkInterfaces": "Microsoft.Network/networkInterfaces",
    "securityRules": "Microsoft.Network/networkSecurityGroups/securityRules",
    "backendAddressPools": "Microsoft.Network/loadBalancers/backendAddressPools",
}


@pytest.fixture(scope="module")
def bodies(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Every PUT of the watchdog in a move with a fence, by the address and by the pool; written down for whoever judges."""
    found = [
        line
        for kind in (AzureWorld, BalancedWorld)
        for line in written_by(kind, tmp_path_factory.mktemp("arm") / "requests.jsonl")
    ]
    BODIES.parent.mkdir(parents=True, exist_ok=True)
    BODIES.write_text("".join(f"{json.dumps(line)}\n" for line in found))
    return found


def written_by(kind: type[AzureWorld], log: Path) -> list[dict[str, Any]]:
    arm = Cloud(ArmSettings(times=TEN))
    server = Server(arm.emulator, ticking=False)
    try:
        world = kind(server.endpoint, 1, SteppingClock(arm))
        arm.emulator.log = JsonLog(log)
        first = world.cloud.run(Command(do=Do.ASSOCIATE, epoch=1, worker="wk1"))
        for command in (
            Command(do=Do.ISOLATE, epoch=2, worker="wk1"),
            Command(do=Do.DISASSOCIATE, epoch=2, worker="wk1", association_id=first.association_id),
            Command(do=Do.ASSOCIATE, epoch=2, worker="wk2"),
            Command(do=Do.RESTORE, epoch=2, worker="wk1"),
        ):
            assert world.cloud.run(command).outcome is Outcome.DONE
    finally:
        server.close()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [as_judged(line) for line in lines if line.get("method") == "PUT" and line["identity"] == WATCHDOG]


def as_judged(line: dict[str, Any]) -> dict[str, Any]:
    kind, name = line["path"].split("?")[0].split("/")[-2:]
    return {"type": KINDS[kind], "apiVersion": line["query"]["api-version"], "name": name, "body": line["body"]}


def test_the_watchdog_writes_cards_rules_and_the_pool(bodies: list[dict[str, Any]]) -> None:
    assert {each["type"] for each in bodies} == set(KINDS.values())


def test_no_body_says_what_azure_alone_says(bodies: list[dict[str, Any]]) -> None:
    for each in bodies:
        body = each["body"]
        assert not ENVELOPE & body.keys(), each
        assert "provisioningState" not in body["properties"], each
        if each["type"].endswith("/networkInterfaces"):
            assert not CARD & body["properties"].keys()
            for configuration in body["properties"]["ipConfigurations"]:
                assert configuration.keys() == {"name", "properties"}
                assert not CONFIGURATION & configuration["properties"].keys()
        if each["type"].endswith("/backendAddressPools"):
            assert not POOL & body["properties"].keys()


@at_hand
def test_microsofts_types_find_nothing_in_any_body(bodies: list[dict[str, Any]], tmp_path: Path) -> None:
    judged = [copy.deepcopy(each) for each in bodies if each["type"] == KINDS["networkInterfaces"]]
    assert judged
    assert said_of(judged, tmp_path) == []
    judged[0]["body"]["properties"]["macAddress"] = "00-00-00-00-00-00"  # the judge would have seen it
    (found,) = said_of(judged[:1], tmp_path)
    assert "macAddress" in found
