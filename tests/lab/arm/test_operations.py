"""Long-running operations: states, URLs, times, failures, and a second PUT that takes the first one's place."""

import pytest

from lab.arm.faults import Effect, Fault
from lab.arm.ids import parse
from lab.arm.messages import Refusal
from lab.arm.operations import KEPT_MAX
from lab.arm.settings import Settings
from lab.arm.times import BAD_DAY, INSTANT, NEW_PLANE, OLD_PLANE, Times
from tests.lab.arm.clouds import (
    ADDRESS,
    BALANCER,
    LOCATION,
    NETWORK,
    POOL,
    VNET,
    Cloud,
    address_body,
    balancer_body,
    build_network,
    nic_body,
    nic_id,
    nsg_id,
    pool_body,
    rule_body,
    vm_id,
)

NETWORK_BODY = {"location": LOCATION, "properties": {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}}


def failing() -> Fault:
    return Fault(Effect.FAIL, Refusal(500, "InternalServerError", "It failed."), "PUT")


def test_an_accepted_put_is_updating_until_it_is_due(network: Cloud) -> None:
    reply = network.put(f"{NETWORK}/virtualNetworks/b", NETWORK_BODY)
    assert (reply.body or {})["properties"]["provisioningState"] == "Updating"
    assert network.status(reply) == {"status": "InProgress"}
    network.wait(9.9)
    assert network.state(f"{NETWORK}/virtualNetworks/b") == "Updating"
    network.wait(0.1)
    assert network.state(f"{NETWORK}/virtualNetworks/b") == "Succeeded"
    assert network.status(reply) == {"status": "Succeeded"}


def test_an_accepted_put_names_its_operation_and_when_to_ask_again(network: Cloud) -> None:
    headers = network.put(f"{NETWORK}/virtualNetworks/b", NETWORK_BODY).headers
    assert headers["Retry-After"] == "10"
    assert headers["Azure-AsyncNotification"] == "Enabled"
    assert "/providers/Microsoft.Network/locations/westeurope/operations/" in headers["Azure-AsyncOperation"]
    assert "Location" not in headers


def test_an_accepted_delete_has_a_location_too(network: Cloud) -> None:
    reply = network.ask("DELETE", ADDRESS)
    result = parse(reply.headers["Location"].removeprefix("http://arm").partition("?")[0])
    assert result.type == "Microsoft.Network/locations/operationResults"
    url = reply.headers["Location"].removeprefix("http://arm")
    assert network.ask("GET", url).status == 202
    network.wait(10)
    assert network.ask("GET", url).status == 204


def test_no_retry_after_where_the_times_have_none() -> None:
    cloud = Cloud(Settings(times=Times("bare", {("*", "*"): 10.0})))
    build_network(cloud)
    assert "Retry-After" not in cloud.ask("DELETE", ADDRESS).headers


def test_an_interface_without_a_machine_is_written_at_once(network: Cloud) -> None:
    reply = network.put(nic_id("x"), nic_body())
    assert reply.status == 201
    assert (reply.body or {})["properties"]["provisioningState"] == "Succeeded"
    assert network.status(reply) == {"status": "Succeeded"}


def test_an_interface_with_a_machine_is_not(pair: Cloud) -> None:
    reply = pair.put(nic_id("wk2"), nic_body("wk2"))
    assert reply.status == 200
    assert (reply.body or {})["properties"]["provisioningState"] == "Updating"


def test_an_address_has_no_ip_in_the_first_answer(network: Cloud) -> None:
    path = f"{NETWORK}/publicIPAddresses/late"
    assert "ipAddress" not in (network.put(path, address_body()).body or {})["properties"]
    network.wait(10)
    assert network.get(path)["properties"]["ipAddress"] == "203.0.113.2"


def test_the_etag_changes_when_the_operation_ends(network: Cloud) -> None:
    first = (network.put(f"{NETWORK}/virtualNetworks/b", NETWORK_BODY).body or {})["etag"]
    network.wait(10)
    assert network.get(f"{NETWORK}/virtualNetworks/b")["etag"] != first


def test_a_failed_operation_says_why_and_leaves_the_resource_failed(network: Cloud) -> None:
    network.emulator.order(failing())
    reply = network.put(f"{NETWORK}/virtualNetworks/b", NETWORK_BODY)
    assert reply.status == 201
    network.wait(10)
    assert network.status(reply)["status"] == "Failed"
    assert network.status(reply)["error"]["code"] == "InternalServerError"
    assert network.state(f"{NETWORK}/virtualNetworks/b") == "Failed"


def test_a_failed_resource_is_mended_by_the_same_put(network: Cloud) -> None:
    network.emulator.order(failing())
    network.put(f"{NETWORK}/virtualNetworks/b", NETWORK_BODY)
    network.wait(10)
    network.made(f"{NETWORK}/virtualNetworks/b", NETWORK_BODY)
    assert network.state(f"{NETWORK}/virtualNetworks/b") == "Succeeded"


@pytest.mark.parametrize("kind", ["rule", "balancer", "subnet", "interface"])
def test_a_second_put_of_the_same_resource_supersedes_the_first(balanced: Cloud, kind: str) -> None:
    path, body, name = {
        "rule": (f"{nsg_id('wk1')}/securityRules/fence", rule_body(), "PutSecurityRuleOperation"),
        "balancer": (BALANCER, balancer_body(), "PutLoadBalancerOperation"),
        "subnet": (f"{VNET}/subnets/s", {"properties": {"addressPrefix": "10.0.1.0/24"}}, "PutSubnetOperation"),
        "interface": (nic_id("wk2"), nic_body("wk2"), "PutNicOperation"),
    }[kind]
    first = balanced.put(path, body)
    second = balanced.put(path, body)
    status = balanced.status(first)
    assert (status["status"], status["error"]["code"]) == ("Canceled", "Canceled")
    (detail,) = status["error"]["details"]
    assert detail["code"] == "CanceledAndSupersededDueToAnotherOperation"
    assert detail["message"].startswith(f"Operation {name} (")
    assert f"was canceled and superseded by operation {name} (" in detail["message"]
    balanced.wait(10)
    assert balanced.status(second) == {"status": "Succeeded"}


def test_a_put_after_the_end_supersedes_nothing(pair: Cloud) -> None:
    first = pair.put(nic_id("wk2"), nic_body("wk2"))
    pair.wait(10)
    pair.put(nic_id("wk2"), nic_body("wk2"))
    assert pair.status(first) == {"status": "Succeeded"}


@pytest.mark.parametrize("status", [409, 429])
def test_a_sibling_waits_until_the_parent_is_free(status: int) -> None:
    cloud = Cloud(Settings(times=Times("ten", {("*", "*"): 10.0}), in_progress_status=status))
    build_network(cloud)
    first, second = f"{VNET}/subnets/a", f"{VNET}/subnets/b"
    running = cloud.put(first, {"properties": {"addressPrefix": "10.0.1.0/24"}})
    refused = cloud.put(second, {"properties": {"addressPrefix": "10.0.2.0/24"}})
    assert cloud.refused(refused) == (status, "AnotherOperationInProgress")
    uri = running.headers["Azure-AsyncOperation"].partition("?")[0]
    message = (refused.body or {})["error"]["message"]
    assert message.startswith("Another operation on this or dependent resource is in progress.")
    assert uri in message
    cloud.wait(10)
    assert cloud.put(second, {"properties": {"addressPrefix": "10.0.2.0/24"}}).status == 201


def test_two_groups_are_written_side_by_side(pair: Cloud) -> None:
    assert pair.put(f"{nsg_id('wk1')}/securityRules/fence", rule_body()).status == 201
    assert pair.put(f"{nsg_id('wk2')}/securityRules/fence", rule_body()).status == 201
    assert pair.put(f"{nsg_id('wk1')}/securityRules/more", rule_body(101)).error == "AnotherOperationInProgress"


def test_what_is_being_changed_cannot_be_named(network: Cloud) -> None:
    network.put(f"{NETWORK}/networkSecurityGroups/g", {"location": LOCATION, "properties": {}})
    body = nic_body()
    body["properties"]["networkSecurityGroup"] = {"id": f"{NETWORK}/networkSecurityGroups/g"}
    reply = network.put(nic_id("x"), body)
    assert network.refused(reply) == (429, "RetryableError")
    (detail,) = (reply.body or {})["error"]["details"]
    assert detail["code"] == "ReferencedResourceNotProvisioned"
    assert (
        "Resource is in Updating state and the last operation that updated/is updating the resource is " in detail["message"]
    )
    assert detail["message"].endswith("PutNetworkSecurityGroupOperation.")
    network.wait(10)
    assert network.put(nic_id("x"), body).status == 201


def test_a_sibling_of_what_is_being_changed_can_be_named(network: Cloud) -> None:
    network.put(f"{VNET}/subnets/spare", {"properties": {"addressPrefix": "10.0.1.0/24"}})
    assert network.put(nic_id("x"), nic_body()).status == 201


def test_an_operation_of_a_machine_is_preempted_by_the_next(pair: Cloud) -> None:
    first = pair.ask("POST", f"{vm_id('wk1')}/powerOff")
    pair.ask("POST", f"{vm_id('wk1')}/start")
    status = pair.status(first)
    assert (status["status"], status["error"]["code"]) == ("Canceled", "OperationPreempted")


def test_the_old_control_plane_takes_a_minute_for_a_move_the_new_one_seconds_and_a_bad_day_minutes() -> None:
    nic = "Microsoft.Network/networkInterfaces"
    assert 55 <= 2 * OLD_PLANE.of(nic, "update") <= 85
    assert 6 <= 2 * NEW_PLANE.of(nic, "update") <= 7
    assert 480 <= 2 * BAD_DAY.of(nic, "update") <= 600
    assert INSTANT.of(nic, "update") == 0.0


def test_operations_that_have_ended_are_forgotten_at_last(network: Cloud) -> None:
    first = network.put(ADDRESS, address_body())
    for _ in range(KEPT_MAX + 1):
        network.wait(10)
        network.put(ADDRESS, address_body())
    assert network.ask("GET", first.headers["Azure-AsyncOperation"].removeprefix("http://arm")).error == "NotFound"
    assert len(network.emulator.world.operations) == KEPT_MAX + 1


def test_with_no_times_everything_has_ended_in_its_answer() -> None:
    cloud = Cloud(Settings())
    build_network(cloud)
    reply = cloud.put(f"{NETWORK}/publicIPAddresses/now", address_body())
    assert (reply.body or {})["properties"]["provisioningState"] == "Succeeded"


def test_members_of_one_pool_are_written_one_put_at_a_time(balanced: Cloud) -> None:
    first = balanced.put(POOL, pool_body(wk1="Up", wk2="Down"))
    second = balanced.put(POOL, pool_body(wk1="Down", wk2="Up"))
    balanced.wait(10)
    assert balanced.status(first)["status"] == "Canceled"
    assert balanced.status(second)["status"] == "Succeeded"


def test_every_time_that_a_profile_of_azure_has_is_shown_with_its_source() -> None:
    assert INSTANT.figures() == {}
    for times in (NEW_PLANE, OLD_PLANE, BAD_DAY):
        figures = times.figures()
        assert len(figures) == len(times.seconds) + len(times.sources), times.name
        assert all(figure.source for figure in figures.values()), times.name
        untold = {name for name in ("role_s", "directory_s", "propagation_s", "link_s") if getattr(times, name)}
        assert untold == set(times.sources), times.name
    assert NEW_PLANE.figures()["networkinterfaces"].seconds == "3"
