"""Defects that the search found in the rule and that are not repaired yet, each with a repair. Now there is none.

The search assumes the repairs, so that it goes on behind the defects, and counts each as a violation; its shortest story is
printed and stands in docs/proof/. When the rule itself is repaired the entry is deleted, and becomes a negative control:
`tests/prove/test_controls.py` fails for one that is not found any more.
"""

from dataclasses import dataclass

from prove.patches import Patch, patched
from prove.search import Search
from prove.small import Small
from prove.story import Story


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One defect of the rule."""

    name: str
    sentence: str
    """What happens, and which sentence of RULE.md it breaks."""
    invariant: str
    world: Small
    """The world in which its story is found."""
    states_max: int
    repair: tuple[Patch, ...]


DEFECTS: tuple[Defect, ...] = ()


def repairs() -> tuple[Patch, ...]:
    """The repairs of all."""
    return tuple(patch for defect in DEFECTS for patch in defect.repair)


def story_of(defect: Defect) -> tuple[str, ...]:
    """The shortest story of a defect in the rule as it is, the other repairs assumed; () = it is not there any more."""
    others = tuple(patch for other in DEFECTS if other is not defect for patch in other.repair)
    with patched(others):
        search = Search(defect.world)
        path = search.run(defect.states_max, wanted=defect.invariant).violations.get(defect.invariant)
        return tuple(Story(search.world).lines(search.world.start(), path)) if path else ()
