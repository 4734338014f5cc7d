"""What emulators accept and real Azure refuses: the twin of `tests/infra/test_traps.py`, by the same machinery."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.azure.traps import every, look, variants
from tests.infra.azure.traps.every import CHECKED_IN, TRAPS
from tests.infra.azure.traps.rows import ROWS, SECTIONS
from tests.infra.traps.copies import noticed
from tests.infra.traps.registry import Verdict
from tests.infra.traps.rows import CHECKED, ByTest
from tests.infra.traps.slips import ROOT
from tests.infra.traps.sweep import Zygote, unnoticed, zygote

STAND = variants.stand()
ELSEWHERE = [(row.id, held) for row in ROWS.values() for held in row.held if isinstance(held, ByTest)]
SLIPS = [(name, place) for name, trap in TRAPS.items() for place in range(len(trap.slips))]


@pytest.fixture(scope="module")
def judge() -> Iterator[Zygote]:
    with zygote("azure") as ready:
        yield ready


@pytest.mark.shape
@pytest.mark.parametrize("name", TRAPS)
def test_the_program_does_not_fall_into_a_trap(name: str) -> None:
    TRAPS[name].check(STAND)


@pytest.mark.slips
@pytest.mark.parametrize(("name", "place"), SLIPS)
def test_a_slip_is_noticed_by_exactly_the_check_that_names_it(judge: Zygote, name: str, place: int) -> None:
    trap = TRAPS[name]
    slip = trap.slips[place]

    assert unnoticed(trap, slip, judge.findings(slip)) == "", slip.what


@pytest.mark.slips
def test_the_program_as_it_is_passes_where_slips_are_judged(judge: Zygote) -> None:
    assert {name: it.said for name, it in judge.findings(None).items() if it.verdict is not Verdict.HELD} == {}


@pytest.mark.shape
@pytest.mark.parametrize("name", TRAPS)
def test_every_slip_can_still_be_made_and_leaves_a_file_that_compiles(name: str) -> None:
    for slip in TRAPS[name].slips:
        assert slip.old != slip.new
        compile(slip.made(), slip.file, "exec", dont_inherit=True)


def test_every_file_of_checks_is_imported() -> None:
    there = {module.__name__ for module in CHECKED_IN}
    folder = Path(__file__).with_name("traps")

    found = {f"tests.infra.azure.traps.{file.stem}" for file in folder.glob("*.py") if "\n@trap(" in file.read_text()}
    assert found == there


def test_no_check_imports_the_program_that_it_judges() -> None:
    for module in (*CHECKED_IN, look, variants, every):
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        assert not re.search(r"^\s*(from|import) infra\b", source, re.MULTILINE), module.__name__


def test_a_row_is_said_to_be_checked_if_and_only_if_a_check_names_it() -> None:
    named = {row for each in TRAPS.values() for row in each.rows}

    assert named == {row.id for row in ROWS.values() if CHECKED in row.held}


def test_every_section_has_rows_and_every_row_a_title_of_its_own() -> None:
    assert {row.section for row in ROWS.values()} == set(SECTIONS)
    assert len({row.title for row in ROWS.values()}) == len(ROWS)


@pytest.mark.parametrize(("row", "held"), ELSEWHERE, ids=[row for row, _ in ELSEWHERE])
def test_a_test_elsewhere_that_holds_a_row_is_there_and_its_slip_can_be_made(row: str, held: ByTest) -> None:
    assert f"def {held.name}(" in (ROOT / held.file).read_text(encoding="utf-8"), row
    compile(held.slip.made(), held.slip.file, "exec", dont_inherit=True)


@pytest.mark.slips
@pytest.mark.parametrize(("row", "held"), ELSEWHERE, ids=[row for row, _ in ELSEWHERE])
def test_a_slip_outside_of_the_program_is_noticed_by_the_test_that_holds_its_row(
    row: str, held: ByTest, tmp_path: Path
) -> None:
    assert noticed(held, tmp_path), (row, held.slip.what)
