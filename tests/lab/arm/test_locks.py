"""Management locks: what a CanNotDelete and a ReadOnly lock stop, and what passes."""

import pytest

from tests.lab.arm.clouds import ADDRESS, GROUP, Cloud, address_body, nic_id, nsg_id, rule_body, vm_id

GROUP_LOCK = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"
RULE = f"{nsg_id('wk1')}/securityRules/fence"


def lock(cloud: Cloud, level: str, path: str = GROUP_LOCK) -> None:
    assert cloud.put(path, {"properties": {"level": level}}).status == 201


def test_can_not_delete_lets_a_fence_be_undone_by_a_put_and_not_by_a_delete(pair: Cloud) -> None:
    lock(pair, "CanNotDelete")
    pair.made(RULE, rule_body())
    assert pair.made(RULE, rule_body(access="Allow"))["properties"]["access"] == "Allow"
    reply = pair.ask("DELETE", RULE)
    assert pair.refused(reply) == (409, "ScopeLocked")
    assert f"following scope(s) are locked: '{GROUP}'" in (reply.body or {})["error"]["message"]
    assert pair.ask("POST", f"{vm_id('wk1')}/powerOff").status == 202


def test_read_only_stops_every_write(pair: Cloud) -> None:
    lock(pair, "ReadOnly")
    for method, path in (("PUT", RULE), ("DELETE", RULE), ("PATCH", nic_id("wk1")), ("POST", f"{vm_id('wk1')}/start")):
        assert pair.ask(method, path, {"tags": {}} if method == "PATCH" else rule_body()).error == "ScopeLocked"
    assert pair.ask("GET", nic_id("wk1")).status == 200


@pytest.mark.parametrize("level", ["CanNotDelete", "ReadOnly"])
def test_without_its_lock_everything_goes_on(pair: Cloud, level: str) -> None:
    lock(pair, level)
    assert pair.ask("DELETE", GROUP_LOCK).status == 200
    assert pair.put(RULE, rule_body()).status == 201


def test_a_lock_on_one_resource_guards_it_and_the_group_and_nothing_else(network: Cloud) -> None:
    other = ADDRESS.replace("front", "other")
    network.made(other, address_body())
    lock(network, "CanNotDelete", f"{ADDRESS}/providers/Microsoft.Authorization/locks/keep")
    assert [network.ask("DELETE", path).error for path in (ADDRESS, GROUP, other)] == ["ScopeLocked", "ScopeLocked", None]
