"""The rules, by their functions: each says of its examples what stands beside them, and nothing unknown is a fault."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from failover_lambda.contract import ENVIRONMENT_PREFIX, OWNER_TAG, Settings
from infra.aws.permissions import NETWORK_INTERFACE_ACTIONS
from infra.aws.watchdog import ARBITER_HANDLER, PROBER_HANDLER
from infra.naming import NAME_TAG
from tandem_policy import values
from tandem_policy.aws import address, documents, watchdog
from tandem_policy.table import RULES
from tandem_policy.values import UNKNOWN, Finding, Resource, Undecided
from tests.infra.stand import ROOT
from tests.policy.every import ALL, BY_NAME, ask
from tests.policy.examples import Example, make
from tests.policy.examples_protection import LOG_GROUP

PASSING = [example for example in ALL if not example.says and not example.undecided]


@pytest.mark.parametrize("example", ALL, ids=lambda it: it.name)
def test_a_rule_says_of_an_example_what_stands_beside_it(example: Example) -> None:
    answers = list(ask(BY_NAME[example.rule], example.resources, example.config))

    assert [answer.said for answer in answers if isinstance(answer, Finding)] == list(example.says)
    assert [answer.path for answer in answers if isinstance(answer, Undecided)] == list(example.undecided)


@pytest.mark.parametrize("rule", BY_NAME)
def test_every_rule_has_an_example_that_breaks_it_and_one_that_passes(rule: str) -> None:
    assert any(example.says for example in ALL if example.rule == rule)
    assert any(example.rule == rule for example in PASSING)


def with_one_unknown(value: Any) -> Iterator[Any]:
    """The value with each of its parts, and itself, unknown in turn."""
    yield UNKNOWN
    if isinstance(value, dict):
        for key, part in value.items():
            for changed in with_one_unknown(part):
                yield {**value, key: changed}
    elif isinstance(value, list):
        for place, part in enumerate(value):
            for changed in with_one_unknown(part):
                yield [*value[:place], changed, *value[place + 1 :]]


def variants(example: Example) -> Iterator[list[Resource]]:
    for place, resource in enumerate(example.resources):
        for props in with_one_unknown(dict(resource.props)):
            if isinstance(props, dict):  # the engine always knows which properties there are
                changed = list(example.resources)
                changed[place] = replace(resource, props=props)
                yield changed


@pytest.mark.parametrize("example", PASSING, ids=lambda it: it.name)
def test_a_value_that_is_not_known_yet_is_never_an_accusation(example: Example) -> None:
    rule = BY_NAME[example.rule]

    asked = 0
    for resources in variants(example):
        asked += 1
        accused = [answer for answer in ask(rule, resources, example.config) if isinstance(answer, Finding)]
        assert accused == [], resources
    assert asked


@pytest.mark.parametrize("example", [it for it in ALL if it.says], ids=lambda it: it.name)
def test_a_broken_example_with_a_value_that_is_not_known_yet_crashes_no_rule(example: Example) -> None:
    for resources in variants(example):
        list(ask(BY_NAME[example.rule], resources, example.config))


def test_a_rule_has_a_name_of_its_own_a_sentence_and_a_reason() -> None:
    assert len(BY_NAME) == len(RULES)
    assert [rule.name for rule in RULES if not (rule.sentence.endswith(".") and rule.why.endswith("."))] == []
    assert [rule.name for rule in RULES if bool(rule.of_resource) is bool(rule.of_stack)] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda it: it.name)
def test_what_may_be_configured_has_a_kind_a_default_of_it_and_a_description(rule: values.Rule) -> None:
    kinds: Mapping[str, type] = {"boolean": bool, "integer": int, "array": list}

    for declared in rule.schema.values():
        assert type(declared["default"]) is kinds[declared["type"]]
        assert declared["description"].endswith(".")


def exempt(name: str) -> dict[str, Any]:
    return {values.EXEMPT: [{"name": name, "why": "A test says so."}]}


def test_an_exempt_resource_need_not_keep_the_rule_and_every_other_must() -> None:
    rule, groups = BY_NAME["logs-kept"], [make(LOG_GROUP, "mine"), make(LOG_GROUP, "mine-too"), make(LOG_GROUP, "yours")]

    def accused(name: str) -> int:
        return len(list(ask(rule, groups, exempt(name))))

    assert [accused(name) for name in ("mine", "mine*", "MINE", "*")] == [2, 1, 3, 0]


def test_an_exempt_resource_is_left_out_of_what_is_said_of_a_stack() -> None:
    rule = BY_NAME["address-left-alone"]
    (example,) = (each for each in ALL if each.what.startswith("an association by id"))

    assert len(list(ask(rule, example.resources, exempt("other")))) == len(example.says)
    assert list(ask(rule, example.resources, exempt("it"))) == []


def test_the_pack_knows_the_watchdog_by_the_words_of_its_contract() -> None:
    assert (values.SITE_TAG, values.NAME_TAG) == (OWNER_TAG, NAME_TAG)
    told = {f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in Settings.__dataclass_fields__}
    assert {address.ADDRESS_VARIABLE, *watchdog.PAUSING} <= told
    assert ARBITER_HANDLER.startswith(watchdog.ARBITERS)
    assert PROBER_HANDLER.startswith(watchdog.HANDLERS)
    entries = {f"failover_lambda.aws.{file.stem}." for file in (ROOT / "failover_lambda" / "aws").glob("*arbiter.py")}
    assert set(watchdog.ARBITERS) == entries


def test_what_lambda_needs_to_place_a_function_is_what_the_program_gives_it() -> None:
    assert frozenset(NETWORK_INTERFACE_ACTIONS) == documents.WANTED_ON_STAR


def test_only_the_pack_itself_knows_pulumi() -> None:
    knows = {"pulumi", "pulumi_policy"}
    found: set[str] = set()
    for file in (ROOT / "policy" / "tandem_policy").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [each.name for each in node.names] if isinstance(node, ast.Import) else []
            found |= {file.name for name in names if name.split(".")[0] in knows}

    assert found == {"pack.py"}
