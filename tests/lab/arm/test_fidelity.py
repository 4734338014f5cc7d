"""The page on fidelity says at its top how much of it is verified; every row has a standing and, if verified, a source."""

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "lab/arm/FIDELITY.md").read_text()
STANDINGS = ("verified", "documented", "assumed")
_HEADS = {("behaviour", "standing"), ("---", "---")}
_PLACES = ("#", "recording", "public ", "yingeli/", "kubernetes-sigs/", "azure-core")
"""What a named source has in it: an issue's number, a recording, or where it is public."""


def rows() -> list[tuple[str, str, str]]:
    found = re.findall(r"^\|(.*)\|(.*)\|(.*)\|$", PAGE, re.MULTILINE)
    stripped = [(what.strip(), standing.strip(), source.strip()) for what, standing, source in found]
    return [row for row in stripped if row[:2] not in _HEADS]


def test_the_page_counts_its_own_rows() -> None:
    count = Counter(standing for _, standing, _ in rows())
    assert set(count) == set(STANDINGS)
    shares = ", ".join(f"{count[standing]} {standing}" for standing in STANDINGS)
    assert f"Of {len(rows())} behaviours: {shares}." in PAGE


def test_the_readme_publishes_the_share_of_each() -> None:
    count = Counter(standing for _, standing, _ in rows())
    readme = " ".join((ROOT / "README.md").read_text().split())
    published = f"{count['verified']} behaviours are verified by a recording or a live answer that somebody published, "
    assert f"{published}{count['documented']} documented, {count['assumed']} assumed." in readme


def test_what_is_verified_names_a_public_source() -> None:
    unnamed = [what for what, standing, source in rows() if standing == "verified" and not any(p in source for p in _PLACES)]
    assert unnamed == []


def test_every_code_that_a_refusal_has_is_met_by_a_test() -> None:
    calls = [node for file in (ROOT / "lab/arm").rglob("*.py") for node in ast.walk(ast.parse(file.read_text()))]
    refusals = [node for node in calls if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal"]
    codes = {code.value for node in refusals for code in ast.walk(node.args[1]) if isinstance(code, ast.Constant)}
    tests = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    assert len(codes) > 50
    assert [code for code in codes if isinstance(code, str) and code not in tests and code[0].isupper()] == []


def test_what_is_assumed_says_where_it_may_differ() -> None:
    assert [what for what, standing, source in rows() if standing == "assumed" and not source] == []
