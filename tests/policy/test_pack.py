"""The served pack says of every example what the rule's function says, and of itself what the table says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.providers.plain import Secret
from tandem_policy.table import PACK as PACK_NAME
from tandem_policy.table import RULES
from tandem_policy.values import Level
from tests.policy.every import ALL, BY_NAME
from tests.policy.examples import Example, make
from tests.policy.examples_protection import EIP, LOG_GROUP
from tests.policy.served import LEVELS, PACK, Pack, Told, served

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def pack() -> Iterator[Pack]:
    with served() as answering:
        yield answering


def told_of(pack: Pack, example: Example) -> list[Told]:
    """What the pack's rule says of an example."""
    pack.configure({}, {example.rule: example.config})
    if BY_NAME[example.rule].of_stack:
        told = pack.analyze_stack(example.resources)
    else:
        told = [each for resource in example.resources for each in pack.analyze(resource)]
    return [each for each in told if each.rule == example.rule]


@pytest.mark.parametrize("example", ALL, ids=lambda it: it.name)
def test_the_served_pack_says_what_the_function_says(pack: Pack, example: Example) -> None:
    level = BY_NAME[example.rule].level

    told = told_of(pack, example)

    found = [each for each in told if not each.said.startswith("can't run policy")]
    assert [each.said for each in found] == list(example.says)
    assert {each.level for each in found} <= {level}
    advice = [each for each in told if each.said.startswith("can't run policy")]
    assert {each.level for each in advice} <= {Level.ADVISORY}
    assert bool(advice) is bool(example.undecided)
    assert all(any(f"value at .{path} can't be known" in each.said for path in example.undecided) for each in advice)


def test_a_finding_of_a_stack_names_its_resource(pack: Pack) -> None:
    (example,) = (each for each in ALL if each.what == "an arbiter without a schedule")

    assert [each.urn for each in told_of(pack, example)] == [example.resources[0].urn]


def test_the_pack_lists_every_rule_with_its_level_and_what_may_be_configured(pack: Pack) -> None:
    info = pack.info()

    assert (info.name, info.supportsConfig) == (PACK_NAME, True)
    assert [(each.name, each.description, each.enforcementLevel) for each in info.policies] == [
        (rule.name, rule.sentence, LEVELS[rule.level]) for rule in RULES
    ]
    assert {each.name: set(each.configSchema.properties) for each in info.policies} == {
        rule.name: set(rule.schema) for rule in RULES
    }


def test_a_level_of_the_configuration_is_that_of_the_findings(pack: Pack) -> None:
    bare = make(LOG_GROUP, name="/a", kmsKeyId="alias/mine")

    pack.configure({"logs-kept": Level.ADVISORY}, {})
    assert [(each.rule, each.level) for each in pack.analyze(bare)] == [("logs-kept", Level.ADVISORY)]
    pack.configure({}, {})
    assert [(each.rule, each.level) for each in pack.analyze(bare)] == [("logs-kept", Level.MANDATORY)]


def test_what_an_engine_marks_as_a_secret_is_read_and_not_shown(pack: Pack) -> None:
    function = make("aws:lambda/function:Function", handler="mine.handler", environment=Secret({"variables": {"A": "b"}}))
    pack.configure({}, {})

    assert pack.analyze(function) == []


def test_a_rule_says_nothing_of_a_resource_without_properties(pack: Pack) -> None:
    pack.configure({}, {})

    assert pack.analyze(make(EIP)) == []
    assert pack.analyze_stack([]) == []


def test_the_pack_is_as_the_engine_wants_it() -> None:
    told: dict[str, Any] = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())

    assert told["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}}
    assert (PACK / "__main__.py").exists()
    assert not Path(PACK / "pyproject.toml").exists()  # with one the engine might start something else
