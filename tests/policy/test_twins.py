"""The rules of the two clouds are twins: files and functions of the same names, and what differs is named where it differs.

As the programs' own twins (`tests/infra/test_twins.py`): in backticks, in the docstring of the file on Azure, or of the
package where a whole file has no counterpart.
"""

import ast
import re
from pathlib import Path

import pytest

from tests.infra.stand import ROOT

PACK = ROOT / "policy" / "tandem_policy"
AWS, AZURE = PACK / "aws", PACK / "azure"


def files(folder: Path) -> set[str]:
    return {file.stem for file in folder.glob("*.py")} - {"__init__"}


def functions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")}


def named(file: Path) -> set[str]:
    return set(re.findall(r"`([\w.]+)`", ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""))


def undecided(ours: set[str], theirs: set[str], said: set[str]) -> set[str]:
    """What one has, the other has not, and nobody says why."""
    return (ours ^ theirs) - said


def test_a_file_without_a_counterpart_is_named_by_the_package() -> None:
    assert undecided(files(AWS), files(AZURE), named(AZURE / "__init__.py")) == set()


@pytest.mark.parametrize("name", sorted(files(AWS) & files(AZURE)))
def test_a_function_without_a_counterpart_is_named_by_its_file_and_none_that_has_one(name: str) -> None:
    ours, theirs = functions(AWS / f"{name}.py"), functions(AZURE / f"{name}.py")
    said = named(AZURE / f"{name}.py")
    assert undecided(ours, theirs, said) == set()
    assert said & ours & theirs == set()


def test_a_difference_that_nobody_decided_is_seen() -> None:
    assert undecided({"a", "b"}, {"a", "c", "d"}, {"c"}) == {"b", "d"}
