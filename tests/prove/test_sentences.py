"""Each numbered sentence of docs/RULE.md is cited by a test. Whether that test defends it is asked by the nightly run."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from prove.mutants.listed import read_listed
from prove.mutants.sentences import Sentences, cited_in, read_excused, sentences_of

ROOT = Path(__file__).parents[2]
RULE = (ROOT / "docs/RULE.md").read_text(encoding="utf-8")
LISTED = ROOT / "prove/survivors.toml"
SENTENCES = ("1.1", "1.2", "1.10", "5.3", "5.4", "5.8", "5.10", "6.1", "6.7")


def texts_with_citations() -> Iterator[tuple[str, bool]]:
    """Every text of a test that may cite, and whether its citations are bare."""
    for file in (ROOT / "tests").rglob("*.py"):
        in_spec = "spec" in file.relative_to(ROOT).parts
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and (said := ast.get_docstring(node)):
                yield said, in_spec and isinstance(node, ast.FunctionDef)
            elif in_spec and isinstance(node, ast.Constant) and isinstance(node.value, str) and re.match(r"\d", node.value):
                yield node.value, True
    for file in (ROOT / "tests/spec/scenarios").glob("*.txt"):
        yield "\n".join(line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")), False


def test_every_sentence_is_cited_by_a_test_or_excused_with_a_reason() -> None:
    sentences = sentences_of(RULE)
    excused = {entry.sentence for entry in read_excused(LISTED)}
    cited = frozenset[str]().union(*(cited_in(text, sentences, bare=bare) for text, bare in texts_with_citations()))
    assert len(sentences) > 80
    assert [sentence for sentence in sentences if sentence not in cited | excused] == []


def test_excuses_are_for_sentences_that_are_there_and_have_a_reason() -> None:
    entries = read_excused(LISTED)
    assert [entry for entry in entries if entry.sentence not in sentences_of(RULE) or len(entry.reason) < 10] == []
    assert len({entry.sentence for entry in entries}) == len(entries)


def test_the_list_of_survivors_can_be_read() -> None:
    """Whether each of them is still a mutant is asked by every run of the check."""
    assert all(len(entry.reason) >= 10 for entry in read_listed(LISTED))


@pytest.mark.parametrize(
    ("text", "bare", "cited"),
    [
        ("1.1.", True, {"1.1"}),
        ("1.1: hole 22.", True, {"1.1"}),
        ("5.3, 5.4 and 6.1: in their order", True, {"5.3", "5.4", "6.1"}),
        ("5.3 to 5.10", True, {"5.3", "5.4", "5.8", "5.10"}),
        ("1.1 s are no sentence, nor 5.30, 15.3 or v5.3.1", True, set[str]()),
        ("9.9: there is none", True, set[str]()),
        ("1.1 without the word before it", False, set[str]()),
        ("(RULE 5.3, 6.7): with it", False, {"5.3", "6.7"}),
        ("docs/RULE.md 5.3 to 5.8 and 6.1", False, {"5.3", "5.4", "5.8", "6.1"}),
        ("RULE 5.3: took 5.4 s; see 6.1", False, {"5.3"}),
    ],
)
def test_what_a_text_cites(text: str, bare: bool, cited: set[str]) -> None:
    assert cited_in(text, SENTENCES, bare=bare) == cited


def test_a_sentence_that_no_test_cites_is_open_and_an_excuse_for_none_is_wrong() -> None:
    """The negative control of the report."""
    found = Sentences("1.1 One.\n1.2 Two.\n", [], {})
    assert (found.open(), found.status) == (["1.1", "1.2"], 1)
    assert found.lines()[:2] == ["1.1: no test cites it", "1.2: no test cites it"]
