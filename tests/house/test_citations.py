"""Sentences of the rule that our pages cite are there: a number that moved would lead a reader astray."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULE = (ROOT / "docs" / "RULE.md").read_text(encoding="utf-8")
SENTENCES = frozenset(re.findall(r"^(\d+\.\d+) ", RULE, re.MULTILINE))
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
BY_NAME = re.compile(r"\bRULE (\d+\.\d+)(?:(?:, | and | to )(\d+\.\d+))*")
NUMBER = re.compile(r"\b\d+\.\d+\b")
IN_BRACKETS = re.compile(r"\([^()]*\)")


def by_name(text: str) -> set[str]:
    """What a page cites as `RULE 5.1, 5.2`."""
    return {number for found in BY_NAME.finditer(text) for number in NUMBER.findall(found[0])}


def in_brackets(text: str) -> set[str]:
    """What the rule itself cites as `(5.1, 5.2)`."""
    return {number for found in IN_BRACKETS.findall(text) for number in NUMBER.findall(found)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_cites_sentences_that_there_are(page: Path) -> None:
    assert by_name(page.read_text(encoding="utf-8")) - SENTENCES == set()


def test_the_rule_in_short_cites_sentences_that_there_are() -> None:
    short = RULE[RULE.index("## In short") : RULE.index("## 1.")]
    assert len(in_brackets(short)) > 20
    assert in_brackets(short) - SENTENCES == set()


def test_a_sentence_that_there_is_not_is_seen() -> None:
    assert by_name("as RULE 5.1, 5.99 and 6.2 say, within 0.5 s") == {"5.1", "5.99", "6.2"}
    assert in_brackets("moves (5.1 to 5.3) in 2.5 s") == {"5.1", "5.3"}
