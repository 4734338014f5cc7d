"""The calls that the promises judge, read from the emulated Resource Manager's log."""

from types import SimpleNamespace
from typing import Any

import pytest

from lab.azure_calls import read_calls
from lab.labinfo import WorkerInfo
from lab.promises.clock import _cloud_agrees  # pyright: ignore[reportPrivateUsage] - one part of a promise
from lab.rawevents import Call, Verb
from lab.rawlines import Line, RawLogError

GROUP = "/subscriptions/s/resourceGroups/g/providers"
CARD, OTHER = f"{GROUP}/Microsoft.Network/networkInterfaces/wk1", f"{GROUP}/Microsoft.Network/networkInterfaces/wk2"
ADDRESS = f"{GROUP}/Microsoft.Network/publicIPAddresses/front"
POOL = f"{GROUP}/Microsoft.Network/loadBalancers/lb/backendAddressPools/workers"
VM = f"{GROUP}/Microsoft.Compute/virtualMachines/wk1"
NSG = f"{GROUP}/Microsoft.Network/networkSecurityGroups/wk1"
WRITE_CARD = "Microsoft.Network/networkInterfaces/write"


def line(action: str, path: str, body: Any = None, *, method: str = "PUT", **more: Any) -> Line:
    fields = {"t_in": 1.0, "t_out": 1.5, "method": method, "path": path, "action": action, "status": 200, "error": None}
    fields |= {"identity": "watchdog", "if_match": 'W/"1"', **({"body": body} if body is not None else {}), **more}
    return Line("requests.jsonl", 1, fields)


def card(path: str, *, address: bool, word: str = "1-a", ip: str = "10.0.0.4", **more: Any) -> Line:
    inside = {"privateIPAddress": ip, **({"publicIPAddress": {"id": ADDRESS}} if address else {})}
    tags = {"tandem:association": word} if address else {}
    body = {"tags": tags, "properties": {"ipConfigurations": [{"name": "main", "properties": inside}]}}
    return line(WRITE_CARD, path, body, **more)


def pool(*up: str, **more: Any) -> Line:
    members = [
        {"properties": {"ipAddress": ip, "adminState": "Up" if ip in up else "Down"}} for ip in ("10.0.0.4", "10.0.0.5")
    ]
    body = {"properties": {"loadBalancerBackendAddresses": members}}
    return line("Microsoft.Network/loadBalancers/backendAddressPools/write", POOL, body, **more)


def verbs(*lines: Line) -> list[Verb | None]:
    return [call.verb for call in read_calls(lines)]


def only(*lines: Line) -> Call:
    return read_calls(lines)[-1]


def test_a_move_is_an_address_that_a_card_no_longer_has_and_one_that_another_has() -> None:
    calls = read_calls([card(CARD, address=True), card(CARD, address=False), card(OTHER, address=True, ip="10.0.0.5")])
    assert [call.verb for call in calls] == [Verb.ASSOCIATE, Verb.DISASSOCIATE, Verb.ASSOCIATE]
    first, taken, put = calls
    assert first.answer == {"associationId": f"{CARD}/ipConfigurations/main@1-a"}
    assert taken.params["AssociationId"] == first.answer["associationId"]
    assert (put.params["AllocationId"], put.params["PrivateIpAddress"]) == (ADDRESS, "10.0.0.5")
    assert (put.action, put.caller) == ("PUT networkInterfaces/wk2", "watchdog")


def test_a_write_that_leaves_the_address_where_it_is_is_no_call() -> None:
    assert verbs(card(CARD, address=True), card(CARD, address=True), card(OTHER, address=False)) == [Verb.ASSOCIATE]


def test_a_new_word_on_the_same_card_is_another_association() -> None:
    assert verbs(card(CARD, address=True), card(CARD, address=True, word="2-b")) == [Verb.ASSOCIATE, Verb.ASSOCIATE]


def test_a_refused_write_wanted_something_and_changed_nothing() -> None:
    refused = only(card(CARD, address=True, status=400, error="PublicIPAddressInUse"))
    assert (refused.verb, refused.accepted, refused.answer) == (Verb.ASSOCIATE, False, {})
    again = verbs(card(CARD, address=True, status=400, error="PublicIPAddressInUse"), card(CARD, address=False))
    assert again == [Verb.ASSOCIATE]


@pytest.mark.parametrize("written", [card(CARD, address=True, if_match=None), pool("10.0.0.4", if_match=None)])
def test_a_write_without_an_etag_is_unconditional(written: Line) -> None:
    assert only(written).unconditional.startswith("names no ETag of the ")


def test_a_star_is_no_etag() -> None:
    assert only(card(CARD, address=True, if_match="*")).unconditional.startswith("says If-Match: *")


def test_a_late_removal_that_was_refused_is_told_by_what_the_card_had_last() -> None:
    """It leaves out what is gone already, so nothing else shows what it was for."""
    late = card(CARD, address=False, status=412, error="PreconditionFailed")
    *_, told = read_calls([card(CARD, address=True), card(CARD, address=False), late])
    assert (told.verb, told.accepted) == (Verb.DISASSOCIATE, False)
    assert told.params["AssociationId"] == f"{CARD}/ipConfigurations/main@1-a"
    assert verbs(card(OTHER, address=False, status=412, error="PreconditionFailed")) == []


def test_a_pools_one_member_that_is_up_has_the_address() -> None:
    calls = read_calls([pool("10.0.0.4"), pool(), pool("10.0.0.5"), pool("10.0.0.4", "10.0.0.5")])
    assert [call.verb for call in calls] == [Verb.ASSOCIATE, Verb.DISASSOCIATE, Verb.ASSOCIATE, Verb.DISASSOCIATE]
    assert calls[0].answer == {"associationId": f"{POOL}@10.0.0.4"}
    assert calls[1].params["AssociationId"] == f"{POOL}@10.0.0.4"


def test_power_and_the_rules_of_a_fence_are_calls_and_what_else_a_group_says_is_none() -> None:
    fence = {"properties": {"securityRules": [{"name": "tandem-fence-in", "properties": {}}]}}
    traffic = {"properties": {"securityRules": [{"name": "partners", "properties": {}}]}}
    machine = "Microsoft.Compute/virtualMachines"
    group = "Microsoft.Network/networkSecurityGroups"
    calls = read_calls(
        [
            line(f"{machine}/powerOff/action", f"{VM}/powerOff", method="POST", status=202),
            line(f"{machine}/start/action", f"{VM}/start", method="POST", status=202),
            line(f"{machine}/restart/action", f"{VM}/restart", method="POST"),
            line(f"{group}/write", NSG, fence),
            line(f"{group}/write", NSG, traffic),
            line(f"{group}/securityRules/write", f"{NSG}/securityRules/tandem-fence-out", {"properties": {}}),
            line(f"{group}/securityRules/write", f"{NSG}/securityRules/partners", {"properties": {}}),
            line("Microsoft.Network/networkInterfaces/read", CARD, method="GET"),
        ]
    )
    assert [call.verb for call in calls] == [Verb.STOP, Verb.START, Verb.ISOLATE, Verb.ISOLATE]
    assert [call.accepted for call in calls] == [True] * 4
    assert calls[0].params == {"InstanceId": VM}
    assert {call.params.get("NetworkSecurityGroupId") for call in calls[2:]} == {NSG}


def test_a_line_without_its_fields_is_named() -> None:
    with pytest.raises(RawLogError, match=r"requests\.jsonl:1: .*'action'"):
        read_calls([Line("requests.jsonl", 1, {"t": 1.0})])


def test_a_call_against_a_workers_group_card_or_machine_names_the_worker_in_any_letter_case() -> None:
    worker = WorkerInfo("wk1", "10.0.0.4", "10.0.0.4", VM, "1", CARD, NSG)
    named = {VM: True, CARD: True, NSG: True, OTHER: False}
    for path, is_ours in named.items():
        assert ({path.lower()} <= worker.names) is is_ours


@pytest.mark.parametrize(
    ("cloud", "made_t", "breaches"),
    [("aws", 1.5, 0), ("aws", 2.5, 1), ("azure", 1.5, 0), ("azure", 2.5, 0), ("azure", 0.5, 1), ("aws", 0.5, 1)],
)
def test_on_azure_an_association_may_come_after_its_calls_answer_and_never_before_the_call(
    cloud: str, made_t: float, breaches: int
) -> None:
    case: Any = SimpleNamespace(
        timeline=SimpleNamespace(move=SimpleNamespace(t_in=1.0, t_out=2.0)),
        made=SimpleNamespace(t=made_t),
        lab=SimpleNamespace(cloud=cloud),
        at=str,
    )
    assert len(list(_cloud_agrees(case))) == breaches
