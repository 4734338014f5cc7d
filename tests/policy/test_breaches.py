"""A breach of a rule in the program is found by the rule that names it, at the resources that have it, and by no other."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from tandem_policy.table import RULES
from tests.infra.stand import ROOT
from tests.policy.breaches import BREACHES, Breach

LIMIT_S = 240.0


@pytest.fixture(scope="module")
def found() -> Sequence[dict[str, Any]]:
    """What was found of each breach, in order."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.policy.breaches"]
    path = {"PYTHONPATH": f"{ROOT}:{ROOT / 'policy'}"}
    done = subprocess.run(command, cwd=ROOT, env=path, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slips
@pytest.mark.parametrize("breach", BREACHES, ids=lambda it: f"{it.cloud}, {it.rule}: {it.slip.what}")
def test_a_breach_in_the_program_is_found_by_the_rule_that_names_it(found: Sequence[dict[str, Any]], breach: Breach) -> None:
    answer = found[BREACHES.index(breach)]

    assert "findings" in answer, answer
    by_rule = {(each["rule"], each["name"]) for each in answer["findings"]}
    assert by_rule == {(breach.rule, name) for name in breach.resources}


def test_every_rule_has_a_breach_on_its_clouds_but_those_of_what_the_program_does_not_make() -> None:
    clouds = {(rule.name, ask.__module__.split(".")[1]) for rule in RULES for ask in (*rule.of_resource, *rule.of_stack)}
    missing = clouds - {(breach.rule, breach.cloud) for breach in BREACHES}
    assert missing == {("shares-encrypted", "aws"), ("shares-encrypted", "azure")}


@pytest.mark.parametrize("breach", BREACHES, ids=lambda it: f"{it.cloud}, {it.rule}: {it.slip.what}")
def test_a_breach_can_still_be_made(breach: Breach) -> None:
    compile(breach.slip.made(), breach.slip.file, "exec", dont_inherit=True)
