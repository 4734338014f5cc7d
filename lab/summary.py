"""What a report says, before it has a form: headline, figures, message counts, limits, and report.json's document.

Page, terminal and JSON are made from these, so that they cannot disagree. Pure; standard library and the checker's own files
only. docs/REPORT.md tells the meaning, unit and source of every field.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from lab.checkers import Findings
from lab.promises.case import Case, count

SCHEMA_VERSION = 1
"""Of report.json. Grows when a field is removed or changes its meaning; added fields leave it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number, with what it was measured by. `value` is in words: `2.350 s`, `0`, `not seen`."""

    name: str
    value: str
    measured_by: str


@dataclass(frozen=True, slots=True)
class Count:
    """One number of the message ledger, and what it counts."""

    name: str
    number: int
    means: str


def headline(findings: Findings) -> str:
    """The run in one sentence."""
    t, lab = findings.case.timeline, findings.lab
    if t.verified is None and lab.stays:
        moved = f"{lab.address} stayed with {t.after.entitled}"
    elif t.verified is None:
        moved = f"{lab.address} was not verified on another worker"
    else:
        moved = f"{t.verified.entitled} took over {lab.address}"
    outage = "at least one HL7 sender was never served again"
    if t.outage_s is not None:
        outage = f"HL7 senders went {t.outage_s:.2f} s without service ({where(findings)})"
    return f"{t.fault.who} was {t.fault.kind.done} and {moved}; {outage}, and {_losses(findings.case)}."


def _losses(case: Case) -> str:
    gone = case.ledger.lost
    if not gone:
        return "no acknowledged message was lost"
    return f"{count(len(gone), 'acknowledged message')} {'was' if len(gone) == 1 else 'were'} lost"


def verdict(findings: Findings) -> str:
    """All promises in one phrase."""
    broken, untried, every = len(findings.broken), len(findings.not_tried), len(findings.promises)
    if findings.all_kept:
        return f"all {every} promises kept"
    parts = [f"{every - broken - untried} of {every} promises kept"]
    parts += [f"{broken} BROKEN"] if broken else []
    parts += [f"{untried} not tried in this run"] if untried else []
    return ", ".join(parts)


def where(findings: Findings) -> str:
    """What kind of seconds these are; stands beside every figure."""
    return f"lab, profile {findings.lab.profile}"


def figures(findings: Findings) -> tuple[Figure, ...]:
    """The numbers of one run, in the order of the story."""
    case, poll = findings.case, f"polled every {findings.lab.record_poll_s:g} s"
    t, serving = case.timeline, case.serving
    return (
        Figure("Fault detected", seconds(t.detected_s), f"the record, first seen not steady ({poll})"),
        Figure("Move decided and stored", seconds(t.decided_s), f"the record, first seen with a higher epoch ({poll})"),
        Figure("Address moved", seconds(t.moved_s), "the cloud's gate, answer to the accepted AssociateAddress"),
        Figure("Verified", seconds(t.verified_s), f"the record, first seen steady in the new epoch ({poll})"),
        Figure(
            "Outage, HL7",
            seconds(t.outage_s),
            "the senders, longest time from one acknowledgement to the next around the fault",
        ),
        Figure("Outage, HTTP", seconds(t.http_outage_s), "the HTTP client, a new connection for every request"),
        Figure(
            "Two serving at once",
            seconds(serving.double_serving_s),
            "the workers' own logs, new messages accepted by a replaced holder",
        ),
        Figure(
            "Stale deliveries",
            str(len(serving.stale)),
            "the receiver, deliveries by a replaced holder that nobody asked for",
        ),
    )


def seconds(value: float | None) -> str:
    """For people."""
    return "not seen" if value is None else f"{value:.3f} s"


def counts(findings: Findings) -> tuple[Count, ...]:
    """The message ledger as numbers; the names are those of report.json."""
    ledger, logs = findings.case.ledger, findings.case.logs
    return (
        Count("sent", len(ledger.entries), "different messages that the senders sent"),
        Count("acked", len(ledger.acked), "of them, acknowledged by a worker"),
        Count("delivered", sum(1 for e in ledger.entries if e.deliveries), "of them, delivered to the receiver"),
        Count("lost", len(ledger.lost), "acknowledged, in no worker's log and never delivered"),
        Count("stranded", len(ledger.stranded), "acknowledged, only in a down worker's log, not delivered at the end"),
        Count("waiting", len(ledger.waiting), "acknowledged, in the log of a worker that is up, not delivered at the end"),
        Count("doubled", len(ledger.doubled), "delivered more than once"),
        Count("repeated", len(ledger.repeated), "sent more than once by their sender, which saw no acknowledgement"),
        Count("recognised", len(logs.recognised), "copies that the receiver knew and did not deliver again"),
        Count("reordered", len(ledger.reordered), "first delivered out of their sender's order"),
        Count("stranded_delivered_late", len(ledger.late), "held by a returned worker, delivered when it was told to"),
    )


def limits(findings: Findings) -> tuple[str, ...]:
    """What a run in the lab does not show."""
    lab = findings.lab
    emulated = (
        "Lab seconds are not cloud seconds. The cloud is an emulator on this machine; its profile decides how long its "
        f"calls and the move of the address take, here: {lab.profile}."
    )
    network = (
        "The network is this machine's loopback: no packet loss, no real routing, no address translation, no firewall that "
        "follows connections."
    )
    return (
        emulated,
        network,
        "Workers are processes. Starting, stopping and isolating a real machine takes longer and can fail in more ways.",
        "kill -9 ends a process, not a machine: what was written to disk survives. A lost disk or a lost zone is not shown.",
        f"Permissions, quotas and throttling of the cloud are not enforced. The stack was deployed by: {lab.engine}.",
        _schedule_limit(lab.schedule_divisor),
        "All clocks are one clock. The watchdog compares no clocks, but this run does not prove that.",
        "It is one run. How the times spread over many runs is the benchmark's to say.",
    )


def _schedule_limit(divisor: float) -> str:
    if divisor == 1:
        return "The schedule ran in real minutes; its precision on the real platform is not shown."
    return f"The schedule ran {divisor:g} times faster than on the cloud: a minute took {60 / divisor:g} s."


def document(findings: Findings) -> dict[str, Any]:
    """report.json. Seconds are numbers rounded to milliseconds, or null where something was not seen."""
    case, lab = findings.case, findings.lab
    t = case.timeline
    return {
        "schema_version": SCHEMA_VERSION,
        "headline": headline(findings),
        "lab_id": lab.lab_id,
        "cloud": lab.cloud,
        "profile": lab.profile,
        "engine": lab.engine,
        "fault": t.fault.kind.value,
        "fault_worker": t.fault.worker,
        "address": lab.address,
        "detected_s": _rounded(t.detected_s),
        "decided_s": _rounded(t.decided_s),
        "moved_s": _rounded(t.moved_s),
        "verified_s": _rounded(t.verified_s),
        "outage_s": _rounded(t.outage_s),
        "http_outage_s": _rounded(t.http_outage_s),
        "messages": {counted.name: counted.number for counted in counts(findings)},
        "double_serving_s": _rounded(case.serving.double_serving_s),
        "stale_deliveries": len(case.serving.stale),
        "epoch_before": t.before.epoch,
        "epoch_after": t.after.epoch,
        "holder_before": t.before.entitled,
        "holder_after": t.after.entitled,
        "promises": [
            {"name": promise.name, "kept": promise.kept, "evidence": list(promise.evidence)} for promise in findings.promises
        ],
        "violations": list(_violations(findings)),
        "timeline": [
            {"at_s": _rounded(moment.at_s), "witness": moment.witness.value, "text": moment.text}
            for moment in findings.moments
        ],
        "record_poll_s": lab.record_poll_s,
        "schedule_divisor": lab.schedule_divisor,
        "profile_times": [asdict(row) for row in lab.profile_times],
        "torn_logs": list(case.logs.torn),
        "versions": dict(lab.versions),
        "spent": dict(lab.spent),
        "limits": list(limits(findings)),
    }


def _violations(findings: Findings) -> Iterable[dict[str, str]]:
    for promise in findings.broken:
        yield from ({"promise": promise.name, "evidence": line} for line in promise.evidence)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
