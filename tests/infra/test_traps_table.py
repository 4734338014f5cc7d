"""The table of traps is whole: every row is held by something that exists, and the pages say what the table says."""

import ast
import functools
from pathlib import Path

import pytest

from infra.aws.doctor import questions
from tests.infra.traps import page
from tests.infra.traps.copies import noticed
from tests.infra.traps.every import CHECKED_IN, ROWS, TRAPS
from tests.infra.traps.page import SUBJECT
from tests.infra.traps.registry import registered, trap
from tests.infra.traps.rows import CHECKED, SECTIONS, Asked, ByTest, Row, table
from tests.infra.traps.slips import ROOT, Slip

ELSEWHERE = [(row.id, held) for row in ROWS.values() for held in row.held if isinstance(held, ByTest)]
IDS = [f"{row}-{held.name}" for row, held in ELSEWHERE]


def test_a_row_is_said_to_be_checked_if_and_only_if_a_check_names_it() -> None:
    named = {row for each in TRAPS.values() for row in each.rows}

    assert named == {row.id for row in ROWS.values() if CHECKED in row.held}


def test_every_section_has_rows_and_every_row_a_title_of_its_own() -> None:
    assert {row.section for row in ROWS.values()} == set(SECTIONS)
    assert len({row.title for row in ROWS.values()}) == len(ROWS)


@functools.cache
def functions(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("row", "held"), ELSEWHERE, ids=IDS)
def test_a_test_elsewhere_that_holds_a_row_is_there_and_its_slip_can_be_made(row: str, held: ByTest) -> None:
    assert held.name in functions(held.file), row
    compile(held.slip.made(), held.slip.file, "exec", dont_inherit=True)


@pytest.mark.slips
@pytest.mark.parametrize(("row", "held"), ELSEWHERE, ids=IDS)
def test_a_slip_outside_of_the_program_is_noticed_by_the_test_that_holds_its_row(
    row: str, held: ByTest, tmp_path: Path
) -> None:
    assert noticed(held, tmp_path), (row, held.slip.what)


@pytest.mark.slips
def test_a_copy_without_a_mistake_passes(tmp_path: Path) -> None:
    _, held = ELSEWHERE[0]
    harmless = Slip("a comment", held.slip.file, held.slip.old, f"{held.slip.old}# harmless\n")

    assert not noticed(ByTest(held.file, held.name, harmless), tmp_path)


def test_every_question_of_the_doctor_answers_a_row() -> None:
    claimed = [
        beginning for row in ROWS.values() for held in row.held if isinstance(held, Asked) for beginning in held.questions
    ]
    known = [question.id for question in questions(SUBJECT)]

    assert [each for each in known if not any(each.startswith(beginning) for beginning in claimed)] == []
    assert [each for each in claimed if not any(question.startswith(each) for question in known)] == []


def test_every_file_of_checks_is_imported() -> None:
    there = {module.__name__ for module in CHECKED_IN}
    folder = ROOT / "tests" / "infra" / "traps"

    assert {f"tests.infra.traps.{file.stem}" for file in folder.glob("*.py") if "\n@trap(" in file.read_text()} == there


def test_the_pages_are_what_the_table_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert page.main(["--check"]) == 0, capsys.readouterr().err


def test_a_check_without_a_row_or_a_slip_or_with_a_name_that_is_taken_is_refused() -> None:
    name = next(iter(TRAPS))
    slip = Slip("x", "x", "x", "y")

    def taken(_: object) -> None:
        """Never called."""

    taken.__name__ = name
    for rows, slips in (((), (slip,)), (("1/x",), ()), (("1/x",), (slip,))):
        with pytest.raises(ValueError, match=r"a check needs a name of its own, a row and a slip$"):
            trap(*rows, slips=slips)(taken)
    assert registered()[name] is TRAPS[name]


@pytest.mark.parametrize(
    "rows",
    [
        (Row("1/x", "x", "x", (CHECKED,)), Row("1/x", "y", "y", (CHECKED,))),
        (Row("9/x", "x", "x", (CHECKED,)),),
        (Row("1/x", "x", "x", ()),),
    ],
)
def test_a_table_with_a_row_twice_or_in_no_section_or_held_by_nothing_is_refused(rows: tuple[Row, ...]) -> None:
    with pytest.raises(ValueError, match="is there twice, is in no section, or is held by nothing"):
        table(*rows)
