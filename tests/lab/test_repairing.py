"""What an interrupted update left: what is found becomes part of the state, and what is not clear is asked. No cloud."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from lab.repairing import NOTHING, Resource, Said, UnresolvedError, adopt, pending, resolve

VPC, TABLE = "aws:ec2/vpc:Vpc", "aws:dynamodb/table:Table"
URN = "urn:pulumi:s::p::"


def resource(type_token: str, name: str, **more: Any) -> dict[str, Any]:
    inputs = {"name": name}
    return {"urn": f"{URN}{type_token}::{name}", "custom": True, "type": type_token, "inputs": inputs, **more}


def state(
    *creating: Resource, known: tuple[Resource, ...] = (), other: tuple[Mapping[str, Any], ...] = ()
) -> dict[str, Any]:
    operations = [*({"resource": each, "type": "creating"} for each in creating), *other]
    return {"version": 3, "deployment": {"manifest": {}, "resources": [*known], "pending_operations": operations}}


NETWORK, RECORD = resource(VPC, "network"), resource(TABLE, "record")


def cloud(**ids: list[str]) -> Any:
    """A finder of these, by name."""
    return lambda each: ids.get(each["inputs"]["name"], [])


def test_only_what_the_cloud_makes_is_looked_for() -> None:
    provider = resource("pulumi:providers:aws", "aws")
    component = {**resource("tandem:index:Pair", "pair"), "custom": False}
    deleting = {"resource": RECORD, "type": "deleting"}
    assert pending(state(provider, component, NETWORK, other=(deleting,))) == [NETWORK]
    assert pending({"version": 3, "deployment": {}}) == []


def test_what_is_found_stands_in_the_state_behind_all_that_it_needs_and_nothing_is_pending() -> None:
    role = resource("aws:iam/role:Role", "role", id="role")
    exported = state({**NETWORK, "parent": "x", "dependencies": [role["urn"]]}, RECORD, known=(role,))
    verdicts = resolve(exported, cloud(network=["vpc-1"]))
    assert verdicts == {NETWORK["urn"]: "vpc-1", RECORD["urn"]: None}
    deployment = adopt(exported, verdicts)["deployment"]
    adopted = {**NETWORK, "parent": "x", "dependencies": [role["urn"]], "id": "vpc-1", "outputs": {"name": "network"}}
    assert deployment == {"manifest": {}, "resources": [role, adopted]}
    assert exported["deployment"]["pending_operations"], "what was given is as it was"


def test_what_is_pending_twice_is_adopted_once() -> None:
    exported = state(NETWORK, NETWORK)
    adopted = adopt(exported, resolve(exported, cloud(network=["vpc-1"])))
    assert [each["id"] for each in adopted["deployment"]["resources"]] == ["vpc-1"]


def test_what_the_state_has_already_is_not_found_a_second_time() -> None:
    another = resource(VPC, "other", id="vpc-1")
    assert resolve(state(NETWORK, known=(another,)), cloud(network=["vpc-1"])) == {NETWORK["urn"]: None}
    assert resolve(state(NETWORK, known=(another,)), cloud(network=["vpc-1", "vpc-2"])) == {NETWORK["urn"]: "vpc-2"}


def unclear(exported: Mapping[str, Any], find: Any, said: Said = NOTHING) -> UnresolvedError:
    with pytest.raises(UnresolvedError) as error:
        resolve(exported, find, said)
    return error.value


def test_every_unclear_one_is_named_with_its_reason_and_the_next_step() -> None:
    def find(each: Resource) -> list[str]:
        if each["type"] == TABLE:
            raise LookupError("the lab has no way to find one of these")
        return ["vpc-1", "vpc-2"]

    error = unclear(state(NETWORK, RECORD), find)
    assert error.reasons == {
        NETWORK["urn"]: "the cloud has vpc-1 and vpc-2, and it can be one of them only",
        RECORD["urn"]: "the lab has no way to find one of these",
    }
    assert re.match(r"2 resource\(s\) were being made .* nothing was changed:\n  urn:", str(error))
    assert str(error).endswith("repair --made URN ID (it is there) or --not-made URN (it is not)")


def test_what_was_to_replace_another_is_left_to_a_person() -> None:
    old = {**NETWORK, "id": "vpc-0"}
    error = unclear(state(NETWORK, known=(old,)), cloud(network=["vpc-0", "vpc-1"]))
    assert "it was to replace another, and the cloud has vpc-1. Delete that one" in error.reasons[NETWORK["urn"]]
    assert resolve(state(NETWORK, known=(old,)), cloud(network=["vpc-0"])) == {NETWORK["urn"]: None}
    going = {**old, "delete": True}
    assert resolve(state(NETWORK, known=(going,)), cloud(network=["vpc-0", "vpc-1"])) == {NETWORK["urn"]: "vpc-1"}


def test_what_a_person_says_is_taken_and_the_cloud_is_not_asked() -> None:
    def ask_nobody(each: Resource) -> list[str]:
        raise LookupError(each["urn"])

    said = Said(made={NETWORK["urn"]: "vpc-7"}, not_made=frozenset({RECORD["urn"]}))
    assert resolve(state(NETWORK, RECORD), ask_nobody, said) == {NETWORK["urn"]: "vpc-7", RECORD["urn"]: None}


def test_what_is_said_of_something_that_is_not_pending_is_refused() -> None:
    error = unclear(state(NETWORK), cloud(), Said(not_made=frozenset({"urn:nothing"})))
    assert error.reasons == {"urn:nothing": "nothing of this name was being made"}


def test_one_that_may_be_either_of_two_is_taken_for_neither() -> None:
    error = unclear(state(NETWORK, resource(VPC, "other")), cloud(network=["vpc-1"], other=["vpc-1"]))
    assert error.reasons[NETWORK["urn"]].startswith(f"vpc-1 may be this one or {URN}{VPC}::other")
    assert len(error.reasons) == 2
    said = Said(not_made=frozenset({f"{URN}{VPC}::other"}))
    exported = state(NETWORK, resource(VPC, "other"))
    assert resolve(exported, cloud(network=["vpc-1"], other=["vpc-1"]), said)[NETWORK["urn"]] == "vpc-1"
    assert resolve(state(NETWORK, RECORD), cloud(network=["same"], record=["same"]))[RECORD["urn"]] == "same"
