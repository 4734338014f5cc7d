"""The phase `paused`: an operator said that nothing shall move, and until when. Pure.

RULE.md section 9. What people did meanwhile is adopted when it ends. The same is done when watching only ends. A handler for
`rule`; may import `contract`, `model`, `moves`, `settled` and `verdict`.
"""

from failover_lambda.model import Decision, Pause, Verdict
from failover_lambda.moves import Case, adopt_shown, holder_of, is_on, rescue, resting
from failover_lambda.settled import drifted, judged
from failover_lambda.values import replace
from failover_lambda.verdict import Finding, verdict_of

WARNED_BEFORE_S = 60.0
"""People are told so long before a pause ends (RULE 9.6)."""


def on_paused(case: Case) -> Decision:
    """Look, tell, and change nothing, until the time is over."""
    pause = case.record.pause
    if pause is None or case.now_s >= pause.until_s:
        return ended(case, "the pause is over")
    case, finding, why = judged(case)
    case = _told(case, finding, why)
    case = _warned(case, pause)
    why = f"paused by {pause.who} for {pause.until_s - case.now_s:.0f} s more; {why}"
    if case.seen.address is None:
        return case.stay(why)
    if case.seen.address.association is not None:
        return _with_pause(case, nobody_since_s=None).stay(why)
    return _on_nobody(case, pause, why)


def _on_nobody(case: Case, pause: Pause, why: str) -> Decision:
    """A person who moves the address by hand needs a moment between the two calls; no more than that (RULE 5.9)."""
    if pause.nobody_since_s is None:
        return _with_pause(case, nobody_since_s=case.now_s).stay(f"{why}; the address is on nobody")
    if case.now_s - pause.nobody_since_s < case.settings.move_deadline_s:
        return case.stay(f"{why}; the address is on nobody")
    return rescue(_with_pause(case, nobody_since_s=None))


def _told(case: Case, finding: Finding, why: str) -> Case:
    dead = verdict_of(case.record.streak, case.settings) in (Verdict.DEAD, Verdict.ALL_DEAD)
    if dead and not case.record.suspicion_told:
        case = case.telling("holder-dead-in-pause", source=case.record.holder, why=why)
        return replace(case, record=replace(case.record, suspicion_told=True))
    if finding is Finding.ALIVE and case.record.suspicion_told:
        return replace(case, record=replace(case.record, suspicion_told=False))
    return case


def _warned(case: Case, pause: Pause) -> Case:
    left_s = pause.until_s - case.now_s
    if pause.warned or left_s > WARNED_BEFORE_S:
        return case
    case = case.telling("pause-ends", why=f"the pause of {pause.who} ends in {left_s:.0f} s")
    return _with_pause(case, warned=True)


def _with_pause(case: Case, **changes: object) -> Case:
    pause = case.record.pause
    if pause is None:
        return case
    return replace(case, record=replace(case.record, pause=replace(pause, **changes)))  # type: ignore[arg-type]


def ended(case: Case, why: str) -> Decision:
    """Go on from what the cloud shows, with fresh streaks. What is as the record says begins no epoch."""
    address = case.seen.address
    if address is None:
        return case.stay(f"{why}, and the address could not be read yet")
    fresh = replace(
        case.record,
        pause=None,
        streak=None,
        drift=None,
        suspicion_told=False,
        home_healthy_s=None,
        watched_only=False,
        would="",
    )
    case = replace(case, record=fresh)
    association = address.association
    unchanged = association and association.association_id == fresh.association_id and is_on(association, holder_of(case))
    if association is None:
        case, _ = drifted(case, "")  # the first of the two reads that repair it (RULE 5.11)
    if association is None or unchanged:
        return case.telling("resumed", source=fresh.holder, why=why).to(resting(fresh), why)
    return adopt_shown(case, association, f"{why}: the cloud's view is adopted")
