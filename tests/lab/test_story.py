"""When the lab's operator may start a fenced worker again, as the story waits for it."""

from typing import Any

import pytest

from lab.story import is_put_back


def record(restore: dict[str, Any] | None, worker: str = "wk1") -> dict[str, Any]:
    return {"fences": [{"worker": worker, "restore": restore}]}


ASKED = {"answered": False, "asked_s": 1.0, "lost": False, "refused": False}


@pytest.mark.parametrize("answered", [True, False])
def test_a_worker_is_put_back_when_its_groups_are_whoever_read_the_answer(*, answered: bool) -> None:
    """A leader that hands over in that moment reads no answer, and no later leader asks again."""
    assert is_put_back(record(ASKED | {"answered": answered}), "wk1", state="stopped", isolated=False)


@pytest.mark.parametrize(
    ("stored", "state", "isolated"),
    [
        (record(None), "stopped", False),
        (record(ASKED, worker="wk2"), "stopped", False),
        ({}, "stopped", False),
        (record(ASKED), "stopped", True),
        (record(ASKED), "running", False),
    ],
    ids=["not asked yet", "another worker", "no fence", "still isolated", "still running"],
)
def test_until_then_it_is_left_alone(stored: dict[str, Any], state: str, isolated: bool) -> None:
    assert not is_put_back(stored, "wk1", state=state, isolated=isolated)
