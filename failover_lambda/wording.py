"""What a notice says to people, and the figures of a site as metrics: the same on every cloud. Pure.

May import `contract` and `model`.
"""

from datetime import UTC, datetime

from failover_lambda.contract import Metric
from failover_lambda.model import Notice, Vitals


def subject(notice: Notice) -> str:
    """The line that people see first."""
    return f"Tandem {notice.site}: {notice.what}, {_way(notice)}"


def message(notice: Notice) -> str:
    """What happened, in plain words, one fact a line."""
    facts = {
        "who": f"the watchdog of site {notice.site}",
        "what": notice.what,
        "from": notice.source or "nobody",
        "to": notice.target or "nobody",
        "why": notice.why,
        "epoch": str(notice.epoch),
        "seconds": f"{notice.seconds:.1f} from the first failing round to this notice" if notice.seconds else "0",
        "when": datetime.fromtimestamp(notice.at_s, UTC).isoformat(timespec="milliseconds"),
        "notice": notice.id,
    }
    return "".join(f"{name + ':':<9}{fact}\n" for name, fact in facts.items())


def fields(notice: Notice) -> dict[str, object]:
    """What a line about a notice says of it."""
    return {name: getattr(notice, name) for name in ("what", "site", "source", "target", "why", "epoch", "seconds")}


def figures(vitals: Vitals) -> dict[Metric, float]:
    """Each metric that is known."""
    known: dict[Metric, float | None] = {
        Metric.HEARTBEAT: int(vitals.heartbeat),
        Metric.STANDBYS_NOT_READY: vitals.standbys_not_ready,
        Metric.FAILED_TICKS: vitals.failed_ticks,
        Metric.SUSPECT_SECONDS: round(vitals.suspect_s, 3),
        Metric.NEEDS_PERSON: int(vitals.needs_person),
        Metric.MOVES_LEFT: vitals.moves_left,
    }
    return {metric: figure for metric, figure in known.items() if figure is not None}


def _way(notice: Notice) -> str:
    return f"from {notice.source or 'nobody'} to {notice.target or 'nobody'}"
