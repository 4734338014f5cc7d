"""The pages under docs/proof/: one story for each negative control and each known defect, written by the search itself."""

from collections.abc import Sequence
from pathlib import Path

from prove import liveness
from prove.controls import Control
from prove.defects import Defect
from prove.invariants import PROMISES

REPOSITORY = Path(__file__).resolve().parent.parent
STORIES = REPOSITORY / "docs" / "proof"


def control_page(control: Control, story: Sequence[str]) -> str:
    """The page of one control."""
    hole = f"Hole {control.hole} of an earlier draft.\n" if control.hole else ""
    return _page(f"Without this guard: {control.what}.\n{hole}", control.invariant, story)


def defect_page(defect: Defect, story: Sequence[str]) -> str:
    """The page of one known defect."""
    return _page(f"A defect of the rule that is not repaired yet: {defect.sentence}.\n", defect.invariant, story)


def _page(about: str, invariant: str, story: Sequence[str]) -> str:
    promise = {**PROMISES, **liveness.PROMISES}[invariant]
    return f"{about}Broken: {invariant}, {promise}.\n\n" + "\n".join(story) + "\n"


def pages(
    controls: Sequence[tuple[Control, Sequence[str]]], defects: Sequence[tuple[Defect, Sequence[str]]]
) -> dict[str, str]:
    """Name and text of every page that has a story."""
    told = {f"{control.name}.txt": control_page(control, story) for control, story in controls if story}
    return told | {f"defect-{defect.name}.txt": defect_page(defect, story) for defect, story in defects if story}


def write(told: dict[str, str]) -> None:
    """Write the pages; those of controls and defects that are no more are taken away."""
    STORIES.mkdir(parents=True, exist_ok=True)
    for old in STORIES.glob("*.txt"):
        if old.name not in told:
            old.unlink()
    for name, text in told.items():
        (STORIES / name).write_text(text)
