"""What the rounds say of the holder: one round is judged, rounds make a streak, a streak makes a verdict. Pure.

RULE.md section 3. The sentence above all others: could not ask is never dead. May import `contract` and `model`.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, assert_never

from failover_lambda.contract import ProbeKind, Settings, Worker
from failover_lambda.model import Answer, Round, Sight, Streak, Verdict
from failover_lambda.values import replace

GONE_ROUNDS = 2
"""Reads of "stopped" or "terminated" without a healthy answer that make a verdict (RULE 3.7)."""

VANTAGES_NEEDED = 2
"""Vantages that must agree before a round counts against a worker (RULE 3.3)."""

STREAK_LIFE_CADENCES = 3
"""A streak to which nothing was added for this many probe intervals is dead itself (RULE 3.10)."""


COMMON_WORKERS = 2
"""Workers that must name a dependency before it is a common cause: what one alone says may be its own trouble."""

_SPOKEN = (Answer.HEALTHY, Answer.WRONG)
"""Answers in which the service itself said something."""


class Finding(Enum):
    """What one round says of the holder."""

    ALIVE = "alive"
    FAILED = "failed"
    GONE = "gone"
    ALL_FAILED = "all-failed"
    EXCUSED = "excused"
    """It fails, and names what every other worker that answers names too (RULE 3.16)."""
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One round, judged."""

    finding: Finding
    why: str
    quick: bool = False
    """Every counted answer was a refusal, a reset or a wrong answer."""
    mute: bool = False
    """No counted vantage got any answer (RULE 3.12)."""
    answered: bool = False
    """Some counted answer was a refusal, a reset or a wrong answer."""
    slow: bool = False
    """Some counted answer was an accepted connection and silence."""
    single: bool = False
    """It rests on one vantage: twice as many rounds are needed (RULE 3.6)."""


def judge(seen: Round, holder: Worker, settings: Settings) -> Judgement:
    """Judge one round that did not overrun."""
    alive = [sight.vantage for sight in seen.sights if sight.of(holder.name) is Answer.HEALTHY]
    if alive:
        return Judgement(finding=Finding.ALIVE, why=f"{holder.name} answers {', '.join(alive)}")
    others = tuple(worker.name for worker in settings.workers if worker.name != holder.name)
    public = seen.public and seen.public.answer is Answer.HEALTHY and seen.public.worker == holder.name
    if public and not _asked_more(seen, holder, others, settings):
        return Judgement(finding=Finding.ALIVE, why=f"{holder.name} answers through the public address")
    failing = _judge_failing(seen, holder, others)
    machine = seen.instance(holder.name)
    if not (machine and machine.power.off):
        return failing
    if failing.finding is Finding.ALL_FAILED:
        return replace(failing, mute=True)
    return Judgement(finding=Finding.GONE, why=f"the cloud says that {holder.name} is {machine.power.value}", mute=True)


def _asked_more(seen: Round, holder: Worker, others: tuple[str, ...], settings: Settings) -> bool:
    """Whether enough vantages put a message to the holder, reached it, and got no acknowledgement (RULE 3.5).

    The public port is asked for the health page only, which is another question: it tells that clients reach the holder, and
    so outweighs vantages that did not; it does not speak for the messages.
    """
    if settings.probe_kind is not ProbeKind.MLLP:
        return False
    reached = [sight for sight in _counted(seen, holder, others) if sight.of(holder.name).reached]
    return _are_enough(reached, holder)


def _counted(seen: Round, holder: Worker, others: tuple[str, ...]) -> list[Sight]:
    """The vantages whose failure to get a healthy answer speaks against the holder."""
    failing = (sight for sight in seen.sights if sight.anchor_reached and sight.of(holder.name).failing)
    return [sight for sight in failing if _reaches_any(sight, others)]


def _are_enough(sights: list[Sight], holder: Worker) -> bool:
    return len(sights) >= VANTAGES_NEEDED and any(sight.zone != holder.zone for sight in sights)


def _judge_failing(seen: Round, holder: Worker, others: tuple[str, ...]) -> Judgement:
    failing = [sight for sight in seen.sights if sight.anchor_reached and sight.of(holder.name).failing]
    without_any = [sight for sight in failing if all(sight.of(name).failing for name in others)]
    causes = common_causes(seen)
    anybody = any(sight.of(name) is Answer.HEALTHY for sight in seen.sights for name in others)
    if len(without_any) >= VANTAGES_NEEDED and not anybody:
        why = f"no worker gives a healthy answer to {_names(without_any)}, which reach their anchors{_named(causes)}"
        return replace(_failed(without_any, holder), finding=Finding.ALL_FAILED, why=why, quick=False)
    against = _counted(seen, holder, others)
    counted = [sight for sight in against if not _is_excused(sight, holder, causes)]
    if _are_enough(counted, holder):
        return _failed(counted, holder)
    if len(counted) == 1 and len(seen.sights) == 1 and seen.public and seen.public.answer.failing:
        return _failed(counted, holder, seen.public.answer)
    if len(counted) < len(against):
        return Judgement(
            finding=Finding.EXCUSED, why=f"{holder.name} fails, and another would fare no better{_named(causes)}"
        )
    if failing:
        return Judgement(
            finding=Finding.NOTHING, why=f"only {_names(failing)} cannot reach {holder.name}: not enough to judge"
        )
    return Judgement(finding=Finding.NOTHING, why=f"nobody could ask {holder.name}")


def common_causes(seen: Round) -> frozenset[str]:
    """Dependencies that every worker which answered names as down, on each of its pages; none unless two answered."""
    spoken = [report for sight in seen.sights for report in sight.reports if report.answer in _SPOKEN]
    workers = {report.worker for report in spoken}
    pages = [(report.worker, frozenset(report.page.dependencies_down)) for report in spoken if report.page]
    if len(workers) < COMMON_WORKERS or workers != {worker for worker, _ in pages}:
        return frozenset()
    return frozenset.intersection(*(names for _, names in pages))


def _is_excused(sight: Sight, holder: Worker, causes: frozenset[str]) -> bool:
    """Whether what this vantage got is an answer that names a common cause."""
    report = sight.report(holder.name)
    return bool(report and report.page and causes.intersection(report.page.dependencies_down))


def _named(causes: frozenset[str]) -> str:
    return f"; every worker that answers names as down: {', '.join(sorted(causes))}" if causes else ""


def _failed(counted: list[Sight], holder: Worker, public: Answer | None = None) -> Judgement:
    """A failing round; `public` where it rests on one vantage and the public health port (RULE 3.6)."""
    shown = ", ".join(f"{sight.of(holder.name).value} at {sight.vantage}" for sight in counted)
    answers = [sight.of(holder.name) for sight in counted]
    all_answers = [*answers, public] if public else answers
    return Judgement(
        finding=Finding.FAILED,
        why=f"{holder.name} fails: {shown}",
        quick=all(answer.quick for answer in answers),
        mute=all(answer is Answer.TIMEOUT for answer in all_answers),
        answered=any(answer.quick for answer in all_answers),
        slow=Answer.SILENT in all_answers,
        single=public is not None,
    )


def _reaches_any(sight: Sight, others: tuple[str, ...]) -> bool:
    return any(sight.of(name).reached for name in others)


def _names(sights: list[Sight]) -> str:
    return ", ".join(sight.vantage for sight in sights)


_NOTHING_COUNTED: Final[dict[str, Any]] = {
    "rounds": 0,
    "singles": 0,
    "gone": 0,
    "mute": 0,
    "mute_singles": 0,
    "quick": True,
}


def advance(streak: Streak | None, judgement: Judgement, token: int, settings: Settings, now_s: float) -> Streak | None:
    """The streak after one more round, observed by the leader with `token`."""
    living = _living(streak, token, settings, now_s)
    match judgement.finding:
        case Finding.ALIVE | Finding.EXCUSED:
            return None
        case Finding.NOTHING:
            return living
        case Finding.FAILED | Finding.GONE:
            verdict = Verdict.DEAD
        case Finding.ALL_FAILED:
            verdict = Verdict.ALL_DEAD
        case _:
            assert_never(judgement.finding)
    if living is None or living.verdict is not verdict:
        living = Streak(
            verdict=verdict, token=token, rounds=0, rounds_needed=0, gone=0, quick=True, since_s=now_s, last_s=now_s
        )
    return _longer(living, judgement, settings, now_s)


def _living(streak: Streak | None, token: int, settings: Settings, now_s: float) -> Streak | None:
    """The streak as far as it counts for the leader with `token`: its rounds are the leader's own, how long it lasts is not.

    A leadership lasts about a minute and may be shorter than a patience, so the time goes on over a hand-over (RULE 3.13).
    The two leaders' clocks may differ by as much as may lie between two rounds.
    """
    if streak is None or abs(now_s - streak.last_s) > STREAK_LIFE_CADENCES * settings.probe_interval_s:
        return None
    return streak if streak.token == token else replace(streak, token=token, **_NOTHING_COUNTED)


def _longer(streak: Streak, judgement: Judgement, settings: Settings, now_s: float) -> Streak:
    quick = streak.quick and judgement.quick
    return replace(
        streak,
        rounds=streak.rounds + 1,
        singles=streak.singles + judgement.single,
        rounds_needed=_rounds_needed(settings, quick=quick),
        gone=streak.gone + (judgement.finding is Finding.GONE),
        mute=streak.mute + 1 if judgement.mute else 0,
        mute_singles=streak.mute_singles + judgement.single if judgement.mute else 0,
        quick=quick,
        answered=streak.answered or judgement.answered,
        slow=streak.slow or judgement.slow,
        last_s=now_s,
    )


def _rounds_needed(settings: Settings, *, quick: bool) -> int:
    return settings.refusals_to_dead if quick else settings.timeouts_to_dead


def _are_enough_rounds(rounds: int, singles: int, needed: int) -> bool:
    """So many of two vantages or more, or twice as many of whatever kind (RULE 3.4, 3.6)."""
    return rounds - singles >= needed or rounds >= 2 * needed


def verdict_of(streak: Streak | None, settings: Settings) -> Verdict:
    """The verdict that a streak amounts to. HEALTHY is never concluded from a streak."""
    if streak is None:
        return Verdict.INCONCLUSIVE
    needed = streak.rounds_needed
    if streak.gone >= GONE_ROUNDS or _are_enough_rounds(streak.mute, streak.mute_singles, needed):
        return streak.verdict
    lasted = streak.last_s - streak.since_s >= _patience_s(streak, settings)
    enough = _are_enough_rounds(streak.rounds, streak.singles, needed)
    return streak.verdict if enough and lasted else Verdict.INCONCLUSIVE


def _patience_s(streak: Streak, settings: Settings) -> float:
    """How long it must have lasted: the longest patience among its counted answers (RULE 3.11)."""
    return max(settings.restart_grace_s if streak.answered else 0.0, settings.slow_grace_s if streak.slow else 0.0)
