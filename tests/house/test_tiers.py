"""`make check` leaves tests out by their marks; `make test` runs each of them."""

import re
from itertools import combinations
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

MAKEFILE = (Path(__file__).parents[2] / "Makefile").read_text()
NIGHTLY = "prove"
"""`make test` runs those of tests/prove, and only `make nightly` the rest."""


def fast(makefile: str) -> str:
    """Which tests `make check` runs."""
    (found,) = re.findall(r"^FAST := (.+)$", makefile, re.MULTILINE)
    return str(found)


def selected(makefile: str) -> list[str]:
    """Which tests `make test` runs, an expression for each of its runs."""
    recipes = re.findall(r"^(?:test|fast):.*\n((?:\t.+\n)+)", makefile, re.MULTILINE)
    expressions = [quoted or word for recipe in recipes for quoted, word in re.findall(r'-m (?:"([^"]+)"|(\w+))', recipe)]
    return [each.replace("$(FAST)", fast(makefile)) for each in expressions if each != "pytest"]


def takes(expression: str, marks: tuple[str, ...]) -> bool:
    """Whether a run with this expression has the tests with these marks."""
    return Expression.compile(expression).evaluate(lambda name, **_: name in marks)


def forgotten(makefile: str) -> list[str]:
    """The marks, alone or two of them, whose tests nobody runs."""
    marks = set(re.findall(r"not (\w+)", fast(makefile))) - {NIGHTLY}
    kinds = [(), *combinations(sorted(marks), 1), *combinations(sorted(marks), 2)]
    return [" and ".join(kind) for kind in kinds if not any(takes(each, kind) for each in selected(makefile))]


def test_a_test_that_check_leaves_out_is_run_by_test() -> None:
    assert len(selected(MAKEFILE)) == 4
    assert forgotten(MAKEFILE) == []


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (" or sweep", "", ["sweep"]),
        (" or slips)", ")", ["slips"]),
        ("-m engine", "-m slips", ["engine", "engine and judge", "engine and lab", "engine and sweep"]),
    ],
)
def test_a_run_that_is_taken_out_is_named(old: str, new: str, named: list[str]) -> None:
    planted = MAKEFILE.replace(old, new)

    assert planted != MAKEFILE
    assert forgotten(planted)[: len(named)] == named


def test_types_and_tests_are_both_seen_where_one_fails() -> None:
    (check,) = re.findall(r"^check:.*\n((?:\t.+\n)+)", MAKEFILE, re.MULTILINE)

    assert "--keep-going --jobs 2 types fast\n" in check
