"""What emulators accept and the real cloud refuses: the program falls into none of it, and each check is there for a reason.

The first test runs every check over the program as it is. The second makes the slips, one at a time, and wants exactly the
check that names it to fail: so no check is empty, and a failure points at one trap. `docs/TRAPS.md` is written from the
same table.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.traps import every, look, registry, variants
from tests.infra.traps.every import CHECKED_IN, TRAPS
from tests.infra.traps.registry import Verdict
from tests.infra.traps.slips import Slip, SlipError
from tests.infra.traps.sweep import SweepError, Zygote, unnoticed, zygote
from tests.infra.traps.variants import Stand

STAND = Stand()
SLIPS = [(name, place) for name, trap in TRAPS.items() for place in range(len(trap.slips))]


@pytest.fixture(scope="module")
def judge() -> Iterator[Zygote]:
    with zygote("aws") as ready:
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


@pytest.mark.slips
def test_a_program_that_cannot_be_deployed_is_not_taken_for_one_that_was_noticed(judge: Zygote) -> None:
    crash = Slip("x", "infra/aws/groups.py", "        worker = self._group(", "        worker = self._no_group(")

    findings = judge.findings(crash)

    assert {it.verdict for it in findings.values()} == {Verdict.UNDEPLOYABLE}
    assert "_no_group" in next(iter(findings.values())).said
    name, trap = next(iter(TRAPS.items()))
    assert unnoticed(trap, crash, findings).startswith(f"{name} ended as undeployable")


@pytest.mark.slips
def test_a_program_that_takes_its_process_along_is_said_and_the_next_is_judged(judge: Zygote) -> None:
    end = Slip("x", "infra/aws/groups.py", "HTTPS = 443\n", "HTTPS = 443\nimport os\nos._exit(7)\n")

    with pytest.raises(SweepError, match=r"^the child ended with 7;"):
        judge.findings(end)

    assert judge.findings(None)


@pytest.mark.shape
@pytest.mark.parametrize("name", TRAPS)
def test_every_slip_can_still_be_made_and_leaves_a_file_that_compiles(name: str) -> None:
    for slip in TRAPS[name].slips:
        assert slip.old != slip.new
        compile(slip.made(), slip.file, "exec", dont_inherit=True)


def test_a_slip_whose_place_has_changed_says_so() -> None:
    gone = Slip("a port is closed", "infra/aws/groups.py", "never written", "")

    with pytest.raises(SlipError) as caught:
        gone.made()

    assert str(caught.value) == (
        "the slip no longer applies (a port is closed): infra/aws/groups.py holds 'never written' 0 times"
    )


def test_no_check_imports_the_program_that_it_judges() -> None:
    judged_by = [*CHECKED_IN, look, registry, variants, every]

    for module in judged_by:
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        assert not re.search(r"^\s*(from|import) infra\b", source, re.MULTILINE), module.__name__
