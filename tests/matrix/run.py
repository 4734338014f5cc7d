"""Runs cases: one process with a stage of its own for each share, every case judged, disturbed ones played again."""

import multiprocessing
import os
import socket
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.matrix.cases import Case, Recording, share
from tests.matrix.oracles import judge
from tests.matrix.stage import Stage, stage
from tests.matrix.story import AFTER_S, START_S, Evidence, Plot, Story, Variant

TRIES = 4
"""A story in which a call had no answer although nothing was injected is played again so often: the machine was too busy."""

SHARE = 40
"""Stories for one stage: emulators grow slow with what was deleted in them."""


@dataclass(frozen=True)
class Result:
    """How one case went."""

    case: str
    wrong: tuple[str, ...]
    seconds: float
    tries: int
    reasons: tuple[str, ...] = ()
    """What the watchdog said, where something is wrong."""


@contextmanager
def staged() -> Generator[Stage]:
    """A stage in a folder of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="matrix-") as folder,
        socket.socket() as reserved,
    ):
        reserved.bind(("127.0.0.1", 0))
        with stage(Path(folder), f"http://127.0.0.1:{reserved.getsockname()[1]}/") as made:
            yield made


def play(on: Stage, case: Case, variant: Variant | None = None) -> tuple[Story, Evidence, int]:
    """Play one case until no call of it was disturbed by the machine; gives the last story, and how many there were."""
    for tries in range(1, TRIES + 1):
        story = Story(on, case.plot, case.faults, variant or Variant())
        evidence = story.play()
        if not evidence.disturbed or tries == TRIES:
            return story, evidence, tries
    raise AssertionError("not reached")


def result_of(on: Stage, case: Case, variant: Variant | None = None) -> Result:
    """Play and judge one case."""
    started_s = time.monotonic()
    story, evidence, tries = play(on, case, variant)
    wrong = judge(evidence)
    if evidence.disturbed:
        lost = ", ".join(f"{call.name} ({call.error})" for call in evidence.disturbed)
        wrong = [f"undecided: after {tries} tries the machine was too busy to answer {lost}", *wrong]
    seconds = time.monotonic() - started_s
    return Result(str(case), tuple(wrong), seconds, tries, tuple(story.reasons) if wrong else ())


def record(on: Stage) -> dict[Plot, Recording]:
    """Play every plot without a fault, and note its calls.

    Raises:
        AssertionError: something is wrong without any fault.
    """
    recordings: dict[Plot, Recording] = {}
    for plot in Plot:
        _, evidence, _ = play(on, Case(plot, ()))
        assert not judge(evidence), judge(evidence)
        recordings[plot] = Recording.of(evidence, START_S + evidence.virtual_s - AFTER_S)
    return recordings


def run_share(cases: Sequence[Case]) -> list[Result]:
    """Play cases one after the other on a stage of their own; no more of them when the run that wanted them is gone."""
    parent = os.getppid()
    with staged() as on:
        return [result_of(on, case) for case in cases if os.getppid() == parent]


def run(cases: Sequence[Case], processes: int, tell: Callable[[str], None]) -> list[Result]:
    """Play all cases, in so many processes."""
    context = multiprocessing.get_context("spawn")
    shares = -(-len(cases) // SHARE)
    results: list[Result] = []
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        for future in as_completed([pool.submit(run_share, share(cases, number, shares)) for number in range(shares)]):
            results += future.result()
            tell(f"{len(results)} of {len(cases)} stories, {sum(bool(result.wrong) for result in results)} wrong")
    order = {str(case): at for at, case in enumerate(cases)}
    return sorted(results, key=lambda result: order[result.case])
