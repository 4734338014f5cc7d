"""`aws.fleet_arbiter`, the entry of an arbiter of many sites: over an emulated account that has the table and no more."""

import importlib
import json
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from failover_lambda.contract import site_key
from failover_lambda.sites import FleetSettings, document_of
from tests.contract.emulators import PATIENT, REGION, TABLE, client
from tests.fleets import settings_of

pytestmark = [pytest.mark.contract, pytest.mark.lab]

FLEET = FleetSettings(record_table=TABLE, shard="0", shards=1)


@dataclass
class Context:
    """What the platform gives; ten seconds of it are kept for an end in order."""

    left_s: float
    aws_request_id: str = "arbiter-1"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.left_s * 1000)


@pytest.fixture
def entry(moto: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Imported as the platform does."""
    told = {
        "AWS_ENDPOINT_URL": moto,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        **FLEET.to_environment(),
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, "failover_lambda.aws.fleet_arbiter", raising=False)
    dynamodb = client("dynamodb", moto, PATIENT)
    for item in dynamodb.scan(TableName=TABLE)["Items"]:  # other tests' sites lie in the same table
        if item["pk"]["S"].startswith(site_key("")):
            dynamodb.delete_item(TableName=TABLE, Key={"pk": item["pk"]})
    for site, document in (("one", document_of(settings_of("one"))), ("bad", "{")):
        dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": site_key(site)}, "settings": {"S": document}})
    return importlib.import_module("failover_lambda.aws.fleet_arbiter")


def test_it_leads_for_its_life_and_tells_of_each_site_by_its_name(
    entry: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """RULE 2.8, 2.10: one cannot be read; of the other nobody can be asked, which is a failed tick and no more."""
    answer = entry.handler({"tick": "loop"}, Context(14.0))
    assert answer == {"ended": "its life is over"}
    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    by_name = {line.get("event", "metrics"): line for line in lines}
    assert (by_name["joined"]["site"], by_name["poisoned"]["site"]) == ("one", "bad")
    assert (by_name["tick"]["site"], by_name["tick"]["failed"]) == ("one", True)
    assert by_name["pace"]["ticks"] >= 2
    assert by_name["metrics"]["Site"] == "shard-0"
    assert by_name["metrics"]["FailedTicks"] > 0
    assert by_name["end"]["peak_mb"] > 0


@pytest.mark.parametrize(
    ("site", "why"),
    [
        ("", "'' is not on the list of shard 0 of 1"),
        ("nobody", "'nobody' is not on"),
        ("bad", "settings of bad cannot be read"),
    ],
)
def test_once_names_a_site_that_is_on_the_list(entry: ModuleType, site: str, why: str) -> None:
    """RULE 2.10."""
    with pytest.raises(ValueError, match=why):
        entry.handler({"tick": "once", "site": site}, Context(14.0))


def test_once_for_a_site_that_cannot_settle_fails(entry: ModuleType) -> None:
    """RULE 2.10: the deployment that asked fails with it."""
    with pytest.raises(TimeoutError, match="did not settle"):
        entry.handler({"tick": "once", "site": "one"}, Context(13.0))
