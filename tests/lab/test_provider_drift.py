"""What a refresh writes into the state: of the inputs only what was one before, and only what is otherwise now."""

from typing import Any

import pytest

from lab.providers.drift import inputs_now, outputs_now
from lab.providers.plain import Secret


@pytest.mark.parametrize(
    ("old", "told", "now"),
    [
        ({"a": 1}, {"a": 2, "arn": "x"}, {"a": 2}),
        ({"tags": {"a": "1", "b": "2"}}, {"tags": {"a": "1", "c": "3"}}, {"tags": {"a": "1"}}),
        ({"tags": {"a": "1"}}, {}, {}),
        ({"on": False, "list": []}, {}, {"on": False, "list": []}),
        ({"ids": ["b", "a"]}, {"ids": ["a", "b"]}, {"ids": ["b", "a"]}),
        ({"ids": ["a", "b"]}, {"ids": ["a", "c", "d"]}, {"ids": ["a", "c"]}),
        ({"ids": ["a", "b"]}, {"ids": ["c"]}, {"ids": ["c"]}),
        ({"policy": '{"a": 1}'}, {"policy": '{"a":1}'}, {"policy": '{"a": 1}'}),
        ({"in": [{"port": 1}]}, {"in": [{"port": 2, "id": "r"}]}, {"in": [{"port": 2}]}),
        ({"key": Secret("a")}, {"key": "b"}, {"key": Secret("b")}),
        ({"key": Secret("a")}, {"key": "a"}, {"key": Secret("a")}),
        ({"key": Secret("a")}, {}, {}),
    ],
)  # fmt: skip
def test_inputs_drift(old: dict[str, Any], told: dict[str, Any], now: dict[str, Any]) -> None:
    assert inputs_now(old, told, frozenset()) == now


def test_what_nobody_tells_is_kept() -> None:
    assert inputs_now({"code": "x", "bad": 1}, {"bad": 2}, frozenset({"code", "bad"})) == {"code": "x", "bad": 1}


def test_a_made_name_that_drifted_counts_as_given() -> None:
    old = {"name": "web-1", "__defaults": ["name"]}
    assert inputs_now(old, {"name": "web-1"}, frozenset()) == old
    assert inputs_now(old, {"name": "web-2"}, frozenset()) == {"name": "web-2", "__defaults": []}


def test_outputs_are_what_is_told_and_inputs_of_which_nothing_is_told() -> None:
    inputs = {"code": "x", "size": 1, "__defaults": []}
    assert outputs_now({"size": 2, "arn": "a"}, inputs) == {"code": "x", "size": 2, "arn": "a"}
