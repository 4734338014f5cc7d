"""What the pages on the azure-native provider say of themselves."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "lab/providers/azure_native/FIDELITY.md").read_text()
STANDINGS = {"verified", "documented", "assumed"}
SOURCES = (
    "provider",
    "crud",
    "diff",
    "client",
    "resources",
    "convert",
    "blob",
    "engine",
    "the installed",
    "it happens",
    "the engine",
)


def rows() -> list[tuple[str, str, str]]:
    found = re.findall(r"^\| (.*) \| (\w+) \| (.*) \|$", PAGE, re.MULTILINE)
    return [row for row in found if row[1] != "standing"]


def test_every_row_has_a_standing_and_a_source() -> None:
    assert len(rows()) > 50
    assert {standing for _, standing, _ in rows()} == STANDINGS
    assert all(source.strip() for _, _, source in rows())


def test_what_is_verified_names_what_was_read() -> None:
    unnamed = [what for what, standing, source in rows() if standing == "verified" and not source.startswith(SOURCES)]
    assert unnamed == []


def test_every_source_that_is_named_is_explained_with_a_commit() -> None:
    for name in ("provider", "crud", "diff", "client", "resources", "convert", "blob"):
        assert re.search(rf"\*{name}\* =", PAGE), name
    assert len(re.findall(r"at\s+[0-9a-f]{12}", PAGE)) == 7
