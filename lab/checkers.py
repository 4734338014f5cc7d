"""The independent checker: raw logs in, findings out.

It shares nothing with the watchdog: no rule, no model, no word of its log. `check` is what the lab calls; the promises
themselves are in `lab/promises`, the seconds in `timeline.py`, the messages in `ledger.py`. Standard library only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from lab.chronicle import Moment, chronicle
from lab.labinfo import LabInfo
from lab.promises import address, clock, messages, platform, record, serving
from lab.promises.case import Case, Judgement, open_case
from lab.rawlogs import read_logs


class PromiseName(Enum):
    """The names that reports and tests use; docs/REPORT.md says of each what it rests on."""

    NONE_LOST = "no-acknowledged-message-lost"
    NONE_TWICE = "none-delivered-twice"
    ORDER_KEPT = "order-kept-per-sender"
    AS_SENT = "delivered-as-sent"
    DURABLE_FIRST = "acknowledged-only-when-durable"
    ONE_AT_A_TIME = "one-server-at-a-time"
    NOTHING_STALE = "no-stale-delivery"
    SERVICE_CAME_BACK = "service-came-back"
    MOVED_TO_STANDBY = "address-moved-to-standby"
    MOVE_IS_CONDITIONAL = "move-is-conditional"
    ASSOCIATION_IS_HOLDER = "association-equals-holder-at-end"
    EPOCHS_GROW = "epoch-grew-by-moves"
    RECORD_FIRST = "record-before-call"
    TOOK_NOTHING = "returned-worker-took-nothing"
    BACKLOG_ACCOUNTED = "backlog-accounted"
    SCHEDULE_STARTED = "schedule-started-the-arbiter"
    TIMELINE_CONSISTENT = "timeline-consistent"


@dataclass(frozen=True, slots=True)
class Rule:
    """How one promise is judged, and from which logs."""

    name: PromiseName
    judge: Callable[[Case], Judgement]
    sources: str

    @property
    def says(self) -> str:
        """The promise in one sentence: the judging function's own docstring."""
        return (self.judge.__doc__ or "").strip().partition("\n")[0]


RULES: tuple[Rule, ...] = (
    Rule(PromiseName.NONE_LOST, messages.none_lost, "sender-*, worker-*, receiver"),
    Rule(PromiseName.NONE_TWICE, messages.none_twice, "receiver, receiver-repeats"),
    Rule(PromiseName.ORDER_KEPT, messages.order_kept, "sender-*, receiver, worker-* (backlog)"),
    Rule(PromiseName.AS_SENT, messages.as_sent, "sender-*, worker-*, receiver"),
    Rule(PromiseName.DURABLE_FIRST, messages.durable_first, "sender-*, worker-*"),
    Rule(PromiseName.ONE_AT_A_TIME, serving.one_at_a_time, "worker-*, record, sender-*, http"),
    Rule(PromiseName.NOTHING_STALE, serving.nothing_stale, "receiver, worker-* (backlog), record"),
    Rule(PromiseName.SERVICE_CAME_BACK, serving.service_came_back, "sender-*, http"),
    Rule(PromiseName.MOVED_TO_STANDBY, address.moved_to_standby, "gate, cloud, public, record"),
    Rule(PromiseName.MOVE_IS_CONDITIONAL, address.move_is_conditional, "gate"),
    Rule(PromiseName.ASSOCIATION_IS_HOLDER, address.association_is_holder, "record, cloud, public"),
    Rule(PromiseName.EPOCHS_GROW, record.epochs_grow, "record"),
    Rule(PromiseName.RECORD_FIRST, record.record_first, "record, gate, cloud"),
    Rule(PromiseName.TOOK_NOTHING, serving.returned_took_nothing, "lab, worker-*, cloud"),
    Rule(PromiseName.BACKLOG_ACCOUNTED, messages.backlog_accounted, "worker-*, receiver, sender-*"),
    Rule(PromiseName.SCHEDULE_STARTED, platform.schedule_started_the_arbiter, "function-starts, record"),
    Rule(PromiseName.TIMELINE_CONSISTENT, clock.timeline_is_consistent, "all"),
)


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise, judged. `kept` is None when the run had no occasion to keep or break it."""

    name: str
    kept: bool | None
    evidence: tuple[str, ...]
    says: str
    sources: str


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that was found in one run."""

    case: Case
    promises: tuple[Promise, ...]
    moments: tuple[Moment, ...]

    @property
    def lab(self) -> LabInfo:
        """What the run was."""
        return self.case.lab

    @property
    def broken(self) -> tuple[Promise, ...]:
        """Promises that the run broke."""
        return tuple(promise for promise in self.promises if promise.kept is False)

    @property
    def not_tried(self) -> tuple[Promise, ...]:
        """Promises that the run had no occasion for."""
        return tuple(promise for promise in self.promises if promise.kept is None)

    @property
    def all_kept(self) -> bool:
        """Every promise was tried and kept: what a demo needs for exit status 0."""
        return all(promise.kept for promise in self.promises)


def check(lab_dir: Path) -> Findings:
    """Judge one run from its folder: `lab.json` and `logs/*.jsonl`. Reads only.

    Raises:
        RawLogError: a log is missing, unreadable or contradicts itself so far that nothing can be judged.
    """
    return judge(open_case(read_logs(lab_dir)))


def judge(case: Case) -> Findings:
    """Judge an open case. Pure."""
    promises = tuple(_judged(rule, case) for rule in RULES)
    return Findings(case, promises, chronicle(case.logs, case.timeline, case.ledger))


def _judged(rule: Rule, case: Case) -> Promise:
    judgement = rule.judge(case)
    return Promise(rule.name.value, judgement.kept, judgement.evidence, rule.says, rule.sources)
