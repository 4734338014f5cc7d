"""Complaints: what the holder's own health page names as down. Told once each; they move nothing by themselves. Pure.

RULE.md 3.15 and 3.16. A channel is the application's fault, which a move would take along; a dependency is nobody's here.
What a common cause excuses is `verdict`'s to say. May import `model` and `moves`.
"""

from failover_lambda.model import Answer, Complaint, Page, Record, Round
from failover_lambda.moves import Case
from failover_lambda.values import replace

CLEAR_S = 60.0
"""What was not named for so long is forgotten, and told anew when it is named again. What comes and goes is told once."""

COMPLAINTS_KEPT = 16
"""As many as two lists of a page may name; what is not named any more makes room first."""

_Key = tuple[str, str]
"""Name, and the worker of a channel; "" for a dependency, which is the same whoever holds."""


def tell(case: Case) -> Case:
    """The case after what the holder's page names in this round, with a notice for what is new."""
    record, new = after_round(case.record, case.seen, case.now_s)
    case = replace(case, record=record)
    holder = record.holder
    channels = [complaint.name for complaint in new if complaint.worker]
    if channels:
        case = case.telling("channel-down", source=holder, why=_about_channels(case.seen, holder, channels))
    dependencies = [complaint.name for complaint in new if not complaint.worker]
    if dependencies:
        case = case.telling("dependency-down", source=holder, why=_about_dependencies(case.seen, holder, dependencies))
    return case


def after_round(record: Record, seen: Round, now_s: float) -> tuple[Record, tuple[Complaint, ...]]:
    """The record after a round, and what is named for the first time. A round without a page of the holder says nothing."""
    holder = record.holder
    pages = _pages_of(seen, holder)
    if not pages:
        return record, ()
    named: set[_Key] = {(name, holder) for page in pages for name in page.channels_down}
    named |= {(name, "") for page in pages for name in page.dependencies_down}
    about = (complaint for complaint in record.complaints if complaint.worker in ("", holder))
    aged = [_aged(complaint, named=_key(complaint) in named, now_s=now_s) for complaint in about]
    standing = [complaint for complaint in aged if not _is_over(complaint, now_s)]
    unknown = sorted(named - {_key(complaint) for complaint in standing})
    new = tuple(Complaint(name=name, worker=worker) for name, worker in unknown)
    return replace(record, complaints=_bounded((*standing, *new))), new


def _pages_of(seen: Round, worker: str) -> list[Page]:
    return [report.page for sight in seen.sights for report in sight.reports if report.worker == worker and report.page]


def _key(complaint: Complaint) -> _Key:
    return complaint.name, complaint.worker


def _aged(complaint: Complaint, *, named: bool, now_s: float) -> Complaint:
    if named:
        return replace(complaint, clear_since_s=None)
    return complaint if complaint.clear_since_s is not None else replace(complaint, clear_since_s=now_s)


def _is_over(complaint: Complaint, now_s: float) -> bool:
    return complaint.clear_since_s is not None and now_s - complaint.clear_since_s >= CLEAR_S


def _bounded(complaints: tuple[Complaint, ...]) -> tuple[Complaint, ...]:
    cleared = [complaint for complaint in complaints if complaint.clear_since_s is not None]
    dropped = cleared[: max(0, len(complaints) - COMPLAINTS_KEPT)]
    return tuple(complaint for complaint in complaints if complaint not in dropped)[-COMPLAINTS_KEPT:]


def _about_channels(seen: Round, holder: str, names: list[str]) -> str:
    healthy = any(sight.of(holder) is Answer.HEALTHY for sight in seen.sights)
    otherwise = "; it is healthy otherwise and keeps the address" if healthy else ""
    return f"{holder} names as down: {', '.join(names)}{otherwise}"


def _about_dependencies(seen: Round, holder: str, names: list[str]) -> str:
    """With who else names one of them: then no other worker is better off."""
    reports = (report for sight in seen.sights for report in sight.reports)
    others = {report.worker for report in reports if report.page and set(names) & set(report.page.dependencies_down)}
    also = sorted(others - {holder})
    return (
        f"{holder} names as down: {', '.join(names)}; {', '.join(also)} too"
        if also
        else (f"{holder} names as down: {', '.join(names)}; no other worker does")
    )
