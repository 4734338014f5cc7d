"""Changes that operators make on Azure, one after another under HL7 traffic; the same story on AWS: `test_changes`.

At its end the holder is killed, and the demo's accounting judges the whole of it. A key is renewed by its vault, and a disk
encryption set follows by itself; that is no change of a stack, and the emulated vault does not do it.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lab import site
from lab.checkers import Findings
from lab.deploying import By
from lab.pulumi_cli import Pulumi
from lab.site import Options
from lab.story import DEADLINES, wait_for_arbiter
from lab.traffic import Traffic
from tests.engine.owned import Operated, no_progress
from tests.engine.sizes import at_night
from tests.engine.test_changes import (
    Part,
    all_is_kept,
    changed,
    changed_nothing_that_serves,
    found_after_the_holders_death,
)

pytestmark = [pytest.mark.engine, at_night]

SETTINGS = "azure-native:web:WebAppApplicationSettings"
WATCHDOGS = {f"azure-native:network:{kind}" for kind in ("NetworkInterface", "NetworkSecurityGroup", "SecurityRule")}
CHANGES: Mapping[str, Mapping[str, Any]] = {
    "disk": {"dataVolumeGb": 140},
    "probe": {"probeIntervalSeconds": 2.5},
    "tag": {"tags": ["cost-center=42"]},
    "order": {"order": ["wk2", "wk1"]},
    "zone": {"zones": ["1", "2", "3"]},
    "image and size": {"image": "Canonical:ubuntu-24_04-lts:server:24.04.202611010", "vmSize": "Standard_D4s_v5"},
}
"""What is changed, in this order, and the keys of the stack file that do it."""


@dataclass
class Told:
    """What came of the story."""

    parts: dict[str, Part] = field(default_factory=dict[str, Part])
    findings: Findings | None = None


@pytest.fixture(scope="module")
def told(command: Path) -> Iterator[Told]:
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(site.start(Options(cloud="azure", by=By.AT_HAND), no_progress))
        traffic = Traffic.begin(running)
        holder = wait_for_arbiter(running, no_progress)
        running.wait_for("the clients to be served", lambda: traffic.all_served_by(holder, 0.0), DEADLINES.served)
        lab, told = Operated(running, Pulumi(command, running.project)), Told()
        for name, values in CHANGES.items():
            told.parts[name] = changed(lab, traffic.acknowledged, values)
        told.findings = found_after_the_holders_death(running, traffic, holder)
        yield told


def test_each_change_is_planned_where_it_belongs(told: Told) -> None:
    assert {name: part.plan for name, part in told.parts.items() if name != "tag"} == {
        "disk": {"update": {"azure-native:compute:Disk"}},
        "probe": {"update": {SETTINGS}},
        "order": {"update": {SETTINGS}},
        "zone": {"create": {"azure-native:network:Subnet"}},
        "image and size": {},
    }


def test_a_new_tag_is_an_update_of_nothing_that_the_watchdog_writes(told: Told) -> None:
    plan = told.parts["tag"].plan
    assert set(plan) == {"update"}
    assert {"azure-native:compute:VirtualMachine", "azure-native:network:PublicIPAddress"} <= plan["update"]
    assert plan["update"].isdisjoint(WATCHDOGS)


@pytest.mark.parametrize("name", CHANGES)
def test_no_change_moves_fences_or_restarts_anything_and_traffic_goes_on(told: Told, name: str) -> None:
    changed_nothing_that_serves(told.parts[name])


def test_the_changed_site_fails_over_and_no_message_of_all_that_time_is_lost(told: Told) -> None:
    """Every promise of the demo, over all changes and the death of the holder after them."""
    assert told.findings
    all_is_kept(told.findings)
