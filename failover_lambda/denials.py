"""Denials: what the cloud does not let our role do. Told once each, and again only after it was allowed in between. Pure.

RULE.md 7.4. A denial is never evidence against a worker: a question that was denied was not asked (3.2), a call that was
denied changed nothing. May import `model`.
"""

from failover_lambda.model import Answered, Outcome, Record, Round
from failover_lambda.values import replace

DENIED_KEPT = 16
"""Names in the record, newest last; there are fewer things that we ask."""


def question_to(vantage: str) -> str:
    """The name of a question to a prober."""
    return f"ask {vantage}"


READ_ADDRESS = "read the address"
READ_INSTANCES = "read the machines"
READ_ANNOUNCEMENTS = "read what the platform announces"


def after_round(record: Record, seen: Round) -> tuple[Record, tuple[str, ...]]:
    """The record after a round, and what was denied for the first time."""
    allowed = {question_to(sight.vantage) for sight in seen.sights}
    allowed |= {READ_ADDRESS} if seen.address else set()
    allowed |= {READ_INSTANCES} if seen.instances is not None else set()
    allowed |= set(seen.answered)
    allowed |= {_call(event) for event in seen.rehearsed if event.outcome is Outcome.DONE}
    denied = (*seen.denied, *(_call(event) for event in seen.rehearsed if event.denied))
    return _after(record, denied=denied, allowed=allowed)


def after_answer(record: Record, event: Answered) -> tuple[Record, tuple[str, ...]]:
    """The record after the answer to a call, and what was denied for the first time."""
    name = _call(event)
    allowed = {name} if event.outcome is Outcome.DONE else set[str]()
    return _after(record, denied=(name,) if event.denied else (), allowed=allowed)


def _call(event: Answered) -> str:
    return f"{event.command.do.value} {event.command.worker}".rstrip()


def _after(record: Record, *, denied: tuple[str, ...], allowed: set[str]) -> tuple[Record, tuple[str, ...]]:
    standing = tuple(name for name in record.denied if name not in allowed)
    new = tuple(name for name in denied if name not in standing)
    return replace(record, denied=(*standing, *new)[-DENIED_KEPT:]), new


def sentence(new: tuple[str, ...]) -> str:
    """What people are told."""
    return f"the cloud does not let the watchdog's role {', '.join(new)}; nobody is taken for dead by that"
