"""What a promise is judged on, and how a judgement looks.

A `Case` is the raw logs with what follows from them; a `Judgement` is kept, broken or not tried, with its evidence in
sentences that name message keys and seconds from the fault. Standard library and the checker's own files only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.labinfo import LabInfo
from lab.ledger import Ledger, build_ledger
from lab.rawevents import Association
from lab.rawlines import RawLogError
from lab.rawlogs import RawLogs
from lab.serving import Serving, judge_serving
from lab.timeline import Timeline, measure

EVIDENCE_MAX = 12
"""Breaches told one by one; the rest are counted."""

CLOCK_SLACK_S = 0.5
"""How far two processes' lines about one act may lie apart: on a busy machine a process can lose the processor between an
act and its line. Comparisons of cause and effect get none.
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One run, ready to be judged."""

    logs: RawLogs
    ledger: Ledger
    serving: Serving
    timeline: Timeline

    @property
    def lab(self) -> LabInfo:
        """What the run was."""
        return self.logs.lab

    @property
    def old_holder(self) -> str | None:
        """Who should have served when the fault came."""
        return self.timeline.before.entitled

    @property
    def left(self) -> str | None:
        """The worker that clients must be led away from; None where the address is to stay, or no worker was broken."""
        return None if self.lab.stays else self.timeline.fault.worker

    def at(self, t: float) -> str:
        """A time of the logs as evidence names it."""
        return f"{self.timeline.since_fault(t):+.3f} s"

    def association(self, association_id: object) -> Association | None:
        """The association of the site's address with this id, if the cloud made one."""
        known = (event for event in self.logs.associations if event.association_id is not None)
        return next((event for event in known if event.association_id == association_id), None)

    @property
    def made(self) -> Association | None:
        """The association that the move made."""
        move = self.timeline.move
        return None if move is None else self.association(move.answer.get("associationId"))

    def name_of(self, private_ip: str | None) -> str:
        """The worker behind a private address, for evidence."""
        return self.lab.by_ip(private_ip) or private_ip or "nobody"


def count(number: int, thing: str) -> str:
    """`1 message`, `2 messages`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Kept (True), broken (False) or not tried in this run (None). The evidence has a sentence at the least."""

    kept: bool | None
    evidence: tuple[str, ...]


def judged(breaches: Sequence[str], kept: str) -> Judgement:
    """Broken with its breaches, or kept with the sentence that says what was found."""
    if not breaches:
        return Judgement(kept=True, evidence=(kept,))
    told = tuple(breaches[:EVIDENCE_MAX])
    rest = len(breaches) - len(told)
    return Judgement(kept=False, evidence=(*told, f"and {rest} more") if rest else told)


def broken(breach: str) -> Judgement:
    """Broken as a whole."""
    return judged([breach], kept="")


def not_tried(why: str) -> Judgement:
    """The run had no occasion to keep or break it; that is no success."""
    return Judgement(kept=None, evidence=(why,))


def open_case(logs: RawLogs) -> Case:
    """Work out what the promises share.

    Raises:
        RawLogError: the logs contradict themselves, or the lab broke nothing: without a fault there is nothing to judge.
    """
    if not logs.faults:
        raise RawLogError("lab.jsonl", "no fault in this run")
    fault = logs.faults[0]
    if fault.kind.subject == "" and fault.worker not in logs.lab.workers:
        raise RawLogError("lab.jsonl", f"the fault names {fault.worker!r}, the workers are {list(logs.lab.workers)}")
    return Case(logs, build_ledger(logs), judge_serving(logs), measure(logs, fault))
