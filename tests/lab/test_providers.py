"""Handlers in general: what they leave out they say. No cloud; `test_aws_providers` has one."""

import io
import re
from collections.abc import Mapping
from typing import Any

import pytest

from lab.emulators import ACCOUNT_ID, REGION
from lab.providers.aws.cloud import Cloud, NotReadyError, physical_name, wait_until
from lab.providers.aws.lambda_ import ANSWER_MARGIN_S, Invocation
from lab.providers.confirm import ANOTHER, NOT_TOLD, unconfirmed
from lab.providers.handler import UNKNOWN_INPUT, Ask, CannotUpdateError, Handler, State
from lab.providers.registry import NoHandlerError, Registry
from lab.recording import Created, Gap


def gaps_of(ask: Ask) -> list[tuple[str, str]]:
    return [(gap.what, gap.why) for gap in ask.gaps()]


def test_what_no_handler_looked_at_is_a_gap_at_every_depth() -> None:
    ask = Ask(
        "t", "n", {"size": 1, "colour": "red", "root": {"iops": 1, "kind": "x"}, "rules": [{"a": 1}, {"a": 2, "b": 3}]}
    )
    assert ask["size"] == 1
    assert ask.inner("root").pick("iops") == {"Iops": 1}
    assert [rule["a"] for rule in ask.each("rules")] == [1, 2]
    assert gaps_of(ask) == [("colour", UNKNOWN_INPUT), ("root.kind", UNKNOWN_INPUT), ("rules[1].b", UNKNOWN_INPUT)]


def test_looking_twice_is_remembered_and_a_noted_gap_is_told_once() -> None:
    ask = Ask("t", "n", {"root": {"iops": 1, "kind": "x"}})
    ask.inner("root").get("iops")
    ask.inner("root").gap("kind", "not here")
    assert gaps_of(ask) == [("root.kind", "not here")]
    assert list(ask.gaps()) == [Gap("t", "n", "root.kind", "not here")]


def test_pick_takes_what_is_there_by_the_clouds_names() -> None:
    ask = Ask("t", "n", {"vpcId": "vpc-1", "name": "x", "size": 0})
    assert ask.pick("vpcId", "missing", "size", GroupName="name", Other="missing") == {
        "VpcId": "vpc-1",
        "Size": 0,
        "GroupName": "x",
    }
    assert not Ask("t", "n", {}).inner("root")
    assert gaps_of(ask) == []


@pytest.mark.parametrize(
    ("asked", "told", "expected"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": 1}, {"a": 2}, [("a", ANOTHER)]),
        ({"a": 1}, {}, [("a", NOT_TOLD)]),
        ({"a": False, "b": "", "c": {}, "d": {"e": {}}}, {}, []),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3, "d": 4}}, [("a.c", ANOTHER)]),
        ({"a": {"b": 1}}, {"a": {}}, [("a.b", NOT_TOLD)]),
        ({"a": ["x", "y"]}, {"a": ["y", "x"]}, []),
        ({"a": ["x", "y"]}, {"a": ["y"]}, [("a", ANOTHER)]),
        ({"a": '{"b": [1]}'}, {"a": '{"b":[1]}'}, []),
        ({"a": '{"b": [1]}'}, {"a": '{"b":[2]}'}, [("a", ANOTHER)]),
        ({"a": "{no json"}, {"a": "{no json"}, []),
    ],
)
def test_an_input_is_confirmed_by_reading_back_or_named(
    asked: Mapping[str, Any], told: Mapping[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert list(unconfirmed(asked, told)) == expected


def test_objects_of_a_list_are_the_same_whatever_the_order_of_list_and_keys() -> None:
    asked = {"mappings": [{"a": 2, "b": 1}, {"a": 1, "b": 2}]}
    told = {"mappings": [{"b": 1, "a": 2}, {"b": 2, "a": 1}]}

    assert list(unconfirmed(asked, told)) == []


class Plain(Handler):
    type = "cloud:store/thing:Thing"

    def create(self, ask: Ask) -> Created:
        return Created(ask["size"])

    def read(self, state: State) -> Mapping[str, Any] | None:
        return state.outputs

    def delete(self, state: State) -> None:
        raise AssertionError(state.id)


def test_a_type_without_a_handler_names_the_type_and_what_is_there() -> None:
    registry = Registry.of([Plain()], {"cloud:index/who:who": lambda _ask: {}})
    with pytest.raises(NoHandlerError, match="no handler for cloud:store/other:Other; it has: cloud:store/thing:Thing"):
        registry.create("cloud:store/other:Other", "n", {})
    with pytest.raises(NoHandlerError, match="no function for cloud:index/where:where; it has: cloud:index/who:who"):
        registry.invoke("cloud:index/where:where", {})


def test_a_function_refuses_an_argument_that_it_does_not_know() -> None:
    registry = Registry.of([], {"cloud:index/who:who": lambda ask: {"name": ask.get("name")}})
    assert registry.invoke("cloud:index/who:who", {"name": "x"}) == {"name": "x"}
    with pytest.raises(ValueError, match="does not understand the argument colour"):
        registry.invoke("cloud:index/who:who", {"name": "x", "colour": "red"})


def test_two_handlers_of_one_type_are_refused() -> None:
    with pytest.raises(ValueError, match="two handlers claim cloud:store/thing:Thing"):
        Registry.of([Plain(), Plain()], {})


def test_the_registry_adds_what_was_not_looked_at() -> None:
    created = Registry.of([Plain()], {}).create(Plain.type, "n", {"size": "s", "colour": "red"})
    assert created == Created("s", {}, (Gap(Plain.type, "n", "colour", UNKNOWN_INPUT),))


class Elastic(Plain):
    type = "cloud:store/elastic:Elastic"

    def update(self, state: State, ask: Ask, changed: frozenset[str]) -> Created:
        return Created(state.id, {name: ask[name] for name in changed})


def test_an_update_says_too_what_was_not_looked_at() -> None:
    registry = Registry.of([Elastic()], {})
    updated = registry.update(Elastic.type, "n", State("s"), {"size": 2, "colour": "red"}, frozenset({"size"}))
    assert updated == Created("s", {"size": 2}, (Gap(Elastic.type, "n", "colour", UNKNOWN_INPUT),))


def test_a_type_that_says_nothing_of_changes_refuses_every_one_by_name() -> None:
    registry = Registry.of([Plain()], {})
    with pytest.raises(CannotUpdateError, match="the lab cannot change colour, size of cloud:store/thing:Thing in place"):
        registry.update(Plain.type, "n", State("s"), {}, frozenset({"size", "colour"}))
    assert Plain().replaced_by({"size": 1}, {"size": 2}) == frozenset()


def test_a_name_is_the_programs_or_gets_a_tail_of_seven_digits() -> None:
    assert physical_name(Ask("t", "wk1", {"name": "mine"})) == "mine"
    first, second = (physical_name(Ask("t", "wk1", {})) for _ in range(2))
    assert re.fullmatch("wk1-[0-9a-f]{7}", first)
    assert first != second


def test_a_wait_ends_and_says_for_what() -> None:
    with pytest.raises(NotReadyError, match="table x was not ready after 0 s"):
        wait_until("table x", lambda: False, deadline_s=0.05)


class FakeLambda:
    """Answers one invocation."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer
        self.asked: list[dict[str, Any]] = []

    def get_function_configuration(self, **_asked: Any) -> dict[str, Any]:
        return {"Timeout": 150}

    def invoke(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return self.answer


def test_an_invocation_waits_longer_than_the_function_may_take_and_asks_once() -> None:
    fake = FakeLambda({"Payload": io.BytesIO(b'{"holder": "wk1"}')})
    waits: list[float] = []

    def make_client(service: str, read_timeout_s: float = 10.0) -> Any:
        assert service == "lambda"
        waits.append(read_timeout_s)
        return fake

    handler = Invocation(Cloud(make_client, region=REGION, account_id=ACCOUNT_ID))
    ask = Ask(Invocation.type, "once", {"functionName": "f", "input": "{}", "triggers": {"bundle": "1"}})
    assert handler.create(ask).outputs == {"result": '{"holder": "wk1"}'}
    assert waits == [10.0, 150 + ANSWER_MARGIN_S]
    assert len(fake.asked) == 1
    assert gaps_of(ask) == []


def test_a_cloud_keeps_one_client_per_service() -> None:
    made: list[str] = []

    def make_client(service: str, read_timeout_s: float = 10.0) -> Any:
        made.append(service)
        return f"{service} {read_timeout_s}"

    cloud = Cloud(make_client, region=REGION, account_id=ACCOUNT_ID)
    assert (cloud.client("ec2"), cloud.client("sns"), cloud.client("ec2")) == ("ec2 10.0", "sns 10.0", "ec2 10.0")
    assert made == ["ec2", "sns"]
    assert cloud.patient_client("ec2", 99) == "ec2 99"
