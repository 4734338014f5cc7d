"""Ordered faults: refused, failed, lost and late calls, and what is counted."""

from lab.arm.faults import Effect, Fault, throttled
from lab.arm.messages import Refusal
from tests.lab.arm.clouds import ADDRESS, GROUP, LOCATION, NETWORK, Cloud, nic_body, nic_id, rule_body, vm_id

BUSY = Refusal(503, "ServiceUnavailable", "The service is unavailable.", retry_after_s=7)
WRITE = "Microsoft.Network/networkInterfaces/write"


def test_the_nth_fitting_call_is_refused_and_nothing_happens(pair: Cloud) -> None:
    pair.emulator.order(Fault(Effect.REFUSE, BUSY, action=WRITE, nth=2))
    before = pair.get(nic_id("wk2"))
    assert pair.put(nic_id("wk1"), nic_body("wk1")).status == 200
    pair.wait(10)
    reply = pair.put(nic_id("wk2"), nic_body("wk2", address=ADDRESS))
    assert (reply.status, reply.error, reply.headers["Retry-After"]) == (503, "ServiceUnavailable", "7")
    assert pair.get(nic_id("wk2")) == before
    assert pair.put(nic_id("wk2"), nic_body("wk2", address=ADDRESS)).status == 200


def test_a_fault_strikes_as_often_as_it_says(pair: Cloud) -> None:
    pair.emulator.order(Fault(Effect.REFUSE, BUSY, method="GET", times=2))
    assert [pair.ask("GET", ADDRESS).status for _ in range(3)] == [503, 503, 200]
    pair.emulator.order(Fault(Effect.REFUSE, BUSY, method="GET", times=0))
    assert [pair.ask("GET", ADDRESS).status for _ in range(3)] == [503, 503, 503]
    assert pair.emulator.clear() == 2
    assert pair.ask("GET", ADDRESS).status == 200


def test_a_fault_is_about_a_path_and_an_identity(pair: Cloud) -> None:
    pair.emulator.order(Fault(Effect.REFUSE, BUSY, path="networkInterfaces/WK2", identity="watchdog", times=0))
    assert pair.ask("GET", nic_id("wk2")).status == 200
    pair.identity = "watchdog"
    assert pair.ask("GET", nic_id("wk1")).status == 200
    assert pair.ask("GET", nic_id("wk2")).status == 503


def test_throttling_is_a_429_with_a_retry_after(pair: Cloud) -> None:
    pair.emulator.order(throttled(17, action=WRITE))
    reply = pair.put(nic_id("wk1"), nic_body("wk1"))
    assert (reply.status, reply.error, reply.headers["Retry-After"]) == (429, "SubscriptionRequestsThrottled", "17")
    assert pair.put(nic_id("wk1"), nic_body("wk1")).status == 200


def test_a_lost_answer_has_been_carried_out(pair: Cloud) -> None:
    pair.emulator.order(Fault(Effect.LOSE, action=WRITE))
    assert pair.put(nic_id("wk1"), nic_body("wk1")).status == 0
    pair.wait(10)
    assert "ipConfiguration" not in pair.get(ADDRESS)["properties"]


def test_a_late_call_is_carried_out_when_it_arrives(pair: Cloud) -> None:
    pair.emulator.order(Fault(Effect.LATE, action=WRITE, late_s=30.0))
    arrives_s = pair.clock.t + 30
    assert pair.put(nic_id("wk1"), nic_body("wk1")).status == 0
    pair.wait(29)
    assert pair.get(ADDRESS)["properties"]["ipConfiguration"]
    assert pair.emulator.tick() == arrives_s
    pair.wait(1)
    assert "ipConfiguration" not in pair.get(ADDRESS)["properties"]
    assert pair.state(nic_id("wk1")) == "Updating"
    pair.wait(10)
    assert pair.state(nic_id("wk1")) == "Succeeded"


def test_a_late_call_with_an_old_etag_changes_nothing(pair: Cloud) -> None:
    pair.emulator.order(Fault(Effect.LATE, action=WRITE, late_s=30.0))
    pair.put(nic_id("wk1"), nic_body("wk1"), if_match=pair.get(nic_id("wk1"))["etag"])
    pair.made(nic_id("wk1"), nic_body("wk1", address=ADDRESS) | {"tags": {"epoch": "2"}})
    pair.wait(30)
    assert pair.get(ADDRESS)["properties"]["ipConfiguration"]


def test_a_late_call_without_an_etag_takes_the_address_away(pair: Cloud) -> None:
    pair.emulator.order(Fault(Effect.LATE, action=WRITE, late_s=30.0))
    pair.put(nic_id("wk1"), nic_body("wk1"))
    pair.made(nic_id("wk1"), nic_body("wk1", address=ADDRESS) | {"tags": {"epoch": "2"}})
    pair.wait(30)
    assert "ipConfiguration" not in pair.get(ADDRESS)["properties"]


def test_late_calls_and_ends_of_operations_happen_in_the_order_of_time(pair: Cloud) -> None:
    pair.emulator.order(Fault(Effect.LATE, method="PUT", path="wk2", late_s=15.0))
    pair.put(nic_id("wk2"), nic_body("wk2", address=ADDRESS))
    pair.put(nic_id("wk1"), nic_body("wk1"))
    pair.wait(60)
    assert pair.get(ADDRESS)["properties"]["ipConfiguration"] == {"id": f"{nic_id('wk2')}/ipConfigurations/main"}


def test_a_call_that_begins_no_operation_is_refused_instead_of_failing(pair: Cloud) -> None:
    pair.emulator.order(Fault(Effect.FAIL, BUSY, method="PUT"))
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/dog"
    assert pair.put(identity, {"location": LOCATION}).error == "ServiceUnavailable"
    assert pair.ask("GET", identity).status == 404
    assert pair.put(identity, {"location": LOCATION}).status == 201


def test_an_operation_is_failed_on_order_for_a_delete_and_a_verb_too(pair: Cloud) -> None:
    pair.emulator.order(Fault(Effect.FAIL, BUSY, method="POST"))
    reply = pair.ask("POST", f"{vm_id('wk1')}/powerOff")
    assert reply.status == 202
    pair.wait(10)
    assert pair.status(reply)["status"] == "Failed"
    pair.made(f"{NETWORK}/networkSecurityGroups/wk1/securityRules/a", rule_body())
    pair.emulator.order(Fault(Effect.FAIL, BUSY, method="DELETE"))
    pair.ask("DELETE", f"{NETWORK}/networkSecurityGroups/wk1/securityRules/a")
    pair.wait(10)
    assert pair.state(f"{NETWORK}/networkSecurityGroups/wk1/securityRules/a") == "Failed"
