"""What a question to an account is, for every cloud: asked before a deployment and after it; pure, and nothing here asks.

Some refusals of the real cloud do not follow from what the program builds: a quota, an image's size, a feature that is not
registered. Each cloud's `doctor` has its list; docs/LIMITS.md shows both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Moment(Enum):
    """When a question makes sense."""

    BEFORE = "before the first deployment"
    AFTER = "after a deployment, and now and then"


@dataclass(frozen=True, kw_only=True)
class Question:
    """One call, and the answer that is hoped for."""

    id: str
    moment: Moment
    asks: str
    """The call, as whoever asks it names it: of AWS service:Operation, of Azure the path of a GET. It changes nothing."""
    parameters: Mapping[str, Any]
    wanted: str
    why: str
    """What happens otherwise."""


def in_order(found: Iterable[Question]) -> tuple[Question, ...]:
    """By their moments."""
    return tuple(sorted(found, key=lambda question: list(Moment).index(question.moment)))
