"""The emulated Resource Manager's events in the lab's words: what the machines, the address and the checker go by."""

from collections.abc import Mapping
from typing import Any

import pytest

from failover_lambda.azure.fence import rule
from failover_lambda.azure.names import ASSOCIATION_TAG, EVERYBODY, FENCE_RULES, NOBODY
from lab.azure_events import Translation, lets_nothing_in
from tests.lab.arm.clouds import (
    ADDRESS,
    POOL,
    Cloud,
    build_balancer,
    build_pair,
    nic_body,
    nic_id,
    nsg_id,
    pool_body,
    vm_body,
    vm_id,
)


class Told:
    """The events of an emulator, translated as they come."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.translation, self.events = cloud, Translation(), list[Mapping[str, Any]]()
        self._taken = 0

    def news(self) -> list[Mapping[str, Any]]:
        """What came since the last time."""
        told, self._taken = self.cloud.told[self._taken :], len(self.cloud.told)
        return [one for event, fields in told for one in self.translation.take({"event": event, **fields})]


@pytest.fixture
def told() -> Told:
    cloud = Cloud()
    told = Told(cloud)
    build_pair(cloud)
    return told


def only(events: list[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    (found,) = [each for each in events if each["event"] == name]
    return found


def test_a_machine_is_told_of_when_its_card_is_known(told: Told) -> None:
    news = told.news()
    states = [(each["instance_id"], each["state"], each["alive"]) for each in news if each["event"] == "instance"]
    assert states == [(vm_id("wk1"), "running", True), (vm_id("wk2"), "running", True)]
    assert told.translation.card_of(vm_id("wk2")) == (nic_id("wk2"), nsg_id("wk2"), ("10.0.0.5",))
    with pytest.raises(KeyError):
        told.translation.card_of(vm_id("wk3"))


def test_the_address_is_where_its_card_is(told: Told) -> None:
    *_, last = [each for each in told.news() if each["event"] == "association"]
    assert (last["allocation_id"], last["instance_id"], last["private_ip"]) == (ADDRESS, vm_id("wk1"), "10.0.0.4")
    assert last["public_ip"] == "203.0.113.1"


def test_a_machine_that_is_stopped_keeps_its_power_until_it_is(told: Told) -> None:
    told.news()
    told.cloud.ask("POST", f"{vm_id('wk1')}/powerOff?skipShutdown=true")
    stopping = only(told.news(), "instance")
    assert (stopping["state"], stopping["alive"]) == ("stopping", True)
    told.cloud.wait(10)
    stopped = only(told.news(), "instance")
    assert (stopped["state"], stopped["alive"]) == ("stopped", False)
    told.cloud.ask("POST", f"{vm_id('wk1')}/start")
    starting = only(told.news(), "instance")
    assert (starting["state"], starting["alive"]) == ("pending", False)
    told.cloud.wait(10)
    assert only(told.news(), "instance")["state"] == "running"


def test_a_restart_takes_the_power_at_once(told: Told) -> None:
    told.news()
    told.cloud.ask("POST", f"{vm_id('wk1')}/restart")
    assert only(told.news(), "instance")["alive"] is False
    told.cloud.wait(10)
    assert (only(told.news(), "instance"))["alive"] is True


def test_another_size_is_a_restart(told: Told) -> None:
    told.news()
    told.cloud.put(vm_id("wk1"), vm_body("wk1", hardwareProfile={"vmSize": "Standard_D8s_v5"}))
    assert only(told.news(), "instance")["alive"] is False
    told.cloud.wait(10)
    assert only(told.news(), "instance")["alive"] is True


def test_a_machine_that_is_made_anew_on_its_card_begins_again_under_its_id(told: Told) -> None:
    told.news()
    told.cloud.ask("DELETE", vm_id("wk1"))
    told.cloud.wait(10)
    assert only(told.news(), "instance")["state"] == "terminated"
    told.cloud.made(vm_id("wk1"), vm_body("wk1"))
    begun = [each for each in told.news() if each["event"] == "instance"]
    assert {each["instance_id"] for each in begun} == {vm_id("wk1")}
    assert (begun[-1]["state"], begun[-1]["alive"]) == ("running", True)


def test_a_machine_that_is_deleted_is_terminated_and_its_address_goes_with_its_card(told: Told) -> None:
    told.news()
    told.cloud.ask("DELETE", vm_id("wk1"))
    told.cloud.wait(10)
    assert only(told.news(), "instance")["state"] == "terminated"
    told.cloud.ask("DELETE", nic_id("wk1"))
    told.cloud.wait(10)
    gone = only(told.news(), "association")
    assert (gone["allocation_id"], gone["association_id"], gone["private_ip"]) == (ADDRESS, None, None)


def test_a_move_is_one_association_that_ends_and_one_that_begins(told: Told) -> None:
    told.news()
    told.cloud.made(nic_id("wk1"), nic_body("wk1"))
    assert only(told.news(), "association")["association_id"] is None
    told.cloud.made(nic_id("wk2"), {**nic_body("wk2", address=ADDRESS), "tags": {ASSOCIATION_TAG: "7-word"}})
    made = only(told.news(), "association")
    assert made["association_id"] == f"{nic_id('wk2')}/ipConfigurations/main@7-word"
    assert (made["network_interface_id"], made["private_ip"]) == (nic_id("wk2"), "10.0.0.5")


def test_a_tag_that_says_nothing_of_the_association_is_no_news(told: Told) -> None:
    told.news()
    told.cloud.ask("PATCH", nic_id("wk1"), {"tags": {"tandem:epoch": "3"}})
    told.cloud.wait(10)
    assert told.news() == []


def fenced(cloud: Cloud, worker: str, prefix: str) -> None:
    group = cloud.get(nsg_id(worker))
    group["properties"]["securityRules"] = [rule(name, prefix) for name in FENCE_RULES]
    cloud.made(nsg_id(worker), group)


def test_the_fences_rules_isolate_the_card_and_end_its_flows_and_those_of_nobody_open_it(told: Told) -> None:
    told.news()
    fenced(told.cloud, "wk1", EVERYBODY)
    isolated = only(told.news(), "groups")
    assert (isolated["instance_id"], isolated["flush"]) == (vm_id("wk1"), True)
    assert isolated["groups"] == [nsg_id("wk1"), "isolated"]
    fenced(told.cloud, "wk1", NOBODY)
    assert only(told.news(), "groups")["groups"] == [nsg_id("wk1")]


def a_rule(priority: int, access: str = "Deny", **other: str) -> dict[str, Any]:
    return {**rule(FENCE_RULES[0], EVERYBODY)["properties"], "priority": priority, "access": access, **other}


@pytest.mark.parametrize(
    ("rules", "closed"),
    [
        ([], False),
        ([a_rule(100)], True),
        ([a_rule(200), a_rule(100, "Allow")], False),
        ([a_rule(100), a_rule(200, "Allow")], True),
        ([a_rule(100, destinationPortRange="2575")], False),
        ([a_rule(100, sourceAddressPrefix=NOBODY)], False),
        ([a_rule(100, protocol="Tcp")], False),
        ([a_rule(100, direction="Outbound")], False),
        ([a_rule(150, "Allow", destinationPortRange="2575"), a_rule(200)], False),
        ([a_rule(100, sourceAddressPrefix="0.0.0.0/0")], True),
    ],
)
def test_a_card_is_closed_where_the_first_rule_about_everything_denies(rules: list[dict[str, Any]], closed: bool) -> None:
    assert lets_nothing_in(rules) is closed


def test_the_balancers_address_leads_to_the_one_member_that_is_up_and_keeps_flows() -> None:
    cloud = Cloud()
    told = Told(cloud)
    build_pair(cloud)
    build_balancer(cloud)
    told.news()
    cloud.made(POOL, pool_body(wk1="Up", wk2="Down"))
    up = only(told.news(), "association")
    assert (up["allocation_id"], up["private_ip"], up["instance_id"]) == (POOL, "10.0.0.4", vm_id("wk1"))
    assert (up["public_ip"], up["keeps_flows"], up["ports"]) == ("203.0.113.2", True, [2575])
    cloud.made(POOL, pool_body(wk1="Down", wk2="Down"))
    assert only(told.news(), "association")["private_ip"] is None
    cloud.made(POOL, pool_body(wk1="Down", wk2="Up"))
    assert only(told.news(), "association")["private_ip"] == "10.0.0.5"
    cloud.made(POOL, pool_body(wk1="", wk2="Up"))
    assert only(told.news(), "association")["private_ip"] is None, "two that take new flows are told as none"
