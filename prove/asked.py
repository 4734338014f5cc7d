"""What operators ask for, failback windows and lost records in a small world: what happens to the site, and what may not.

The site's truth holds what a leader finds besides machines and address: the inbox, the window that is open, the floor (the
highest epoch that was ever reached). What only the checks know stands there too (`Desk.begun`, `Desk.replied`, `Site.used`,
`Site.quiet`): nothing of it is read from the record that is checked.
"""

from collections.abc import Sequence
from typing import cast

from failover_lambda.contract import Settings
from failover_lambda.model import Kind, Phase, Record, Request, Verb
from prove import effects
from prove.fold import NOW_S, Timing
from prove.parts import Call, Shown, Site
from prove.rounds import healthy_in

PLANNED = (Kind.SWITCHOVER, Kind.FAILBACK)


def request(number: int, verb: Verb, worker: str = "", *, duration_s: float = 0.0, unproven: bool = False) -> Request:
    """One request of a small world; it waits until the longer step of time has passed."""
    return Request(
        id=f"r{number}",
        site="small",
        verb=verb,
        who="",
        why="",
        asked_s=NOW_S,
        patience_s=60.0,
        worker=worker,
        duration_s=duration_s,
        unproven=unproven,
    )


def index_of(request_id: str) -> int:
    """The place of a request among those of its world."""
    return int(request_id[1:]) - 1


# What happens to the site


def put(site: Site, index: int) -> Site:
    """The site with one more request in the inbox."""
    desk = site.desk
    return site._replace(desk=desk._replace(inbox=tuple(sorted((*desk.inbox, index)))))


def taken_out(site: Site, known: Record | None) -> Site:
    """The site whose inbox holds nothing any more that this record knows."""
    if known is None:
        return site
    ids = {index_of(each.id) for each in (*known.requests, *known.replies)}
    left = tuple(index for index in site.desk.inbox if index not in ids)
    return site if left == site.desk.inbox else site._replace(desk=site.desk._replace(inbox=left))


def older(site: Site, by_s: float, timing: Timing) -> Site:
    """The site after so much time; by the last step nothing of a lost record's time is on its way."""
    if site.window is not None:
        site = site._replace(window=timing.folded(site.window - by_s))
    return site._replace(quiet=False) if by_s == timing.steps_s[-1] and site.quiet else site


def after_write(site: Site, before: Record | None, now: Record, home: str) -> Site:
    """What the checks know after a write."""
    desk, begins = site.desk, before is None or now.epoch != before.epoch
    begun = {index_of(each.id) for each in now.requests if begins and each.epoch == now.epoch}
    replied = {index_of(each.id) for each in now.replies}
    after = desk._replace(
        begun=tuple(sorted({*desk.begun, *begun})),
        replied=tuple(sorted({*desk.replied, *replied})),
    )
    used = site.used or (begins and site.window is not None and _uses_window(before, now, home))
    return site._replace(desk=after, used=used, floor=0, quiet=site.quiet or bool(site.floor))


def _uses_window(before: Record | None, now: Record, home: str) -> bool:
    """A failback, asked for or not; or a failover away from home, which ends the window (RULE 10.5)."""
    kind = now.intent.kind if now.intent else None
    away = kind is Kind.FAILOVER and before is not None and before.holder == home
    return away or kind is Kind.FAILBACK


# What may not happen


def is_asked(now: Record) -> bool:
    """Whether the record's epoch was begun for a request."""
    return any(each.epoch == now.epoch for each in now.requests)


def on_write(site: Site, before: Record | None, now: Record, settings: Settings) -> tuple[str, ...]:
    """A write was applied; `site` as it was before."""
    if before is None:
        return ("S2",) if now.epoch <= site.floor else ()
    found: tuple[str, ...] = ()
    old = {each.id for each in before.replies}
    if any(index_of(each.id) in site.desk.replied for each in now.replies if each.id not in old):
        found += ("9.3",)
    if now.epoch == before.epoch:
        return found
    if any(index_of(each.id) in site.desk.begun for each in now.requests if each.epoch == now.epoch):
        found += ("9.3",)
    intent = now.intent
    automatic = intent is not None and intent.kind in (Kind.FAILOVER, Kind.RECONCILE) and not is_asked(now)
    if site.quiet and automatic and before.phase not in MOTION and site.at >= 0:
        found += ("S6",)
    if intent and intent.kind is Kind.FAILBACK and not is_asked(now):
        held = any(NOW_S - move.at_s < settings.hold_s for move in before.moves)
        found += ("S7",) if site.window is None or site.used or held or before.phase is not Phase.STEADY else ()
    return found


MOTION = (Phase.FENCING, Phase.MOVING, Phase.VERIFYING)


def on_planned(now: Record, shown: Shown | None, calls: Sequence[Call], target: int) -> tuple[str, ...]:
    """A planned move begins: its target answers, nothing hunts it, and no association of ours is on its way."""
    if shown is None or not healthy_in(shown, target) or now.fence(now.holder) is not None:
        return ("S11",)
    open_calls = [call for call in calls if not call.outcome]
    if any(call.do in (effects.STOP, effects.ISOLATE) and call.worker == target for call in open_calls):
        return ("S11",)
    return ("9.9",) if any(call.do == effects.ASSOCIATE for call in open_calls) else ()


def unanswered(record: Record | None, site: Site) -> bool:
    """Something that was asked for has no reply, or lies in the inbox."""
    return bool(site.desk.inbox) or (record is not None and bool(record.requests))


def told(requests: Sequence[Request], index: int) -> str:
    """A request in a story."""
    each = requests[index]
    said = cast("Verb", each.verb).value
    about = f" to {each.worker}" if each.verb in (Verb.SWITCHOVER, Verb.FAILOVER) and each.worker else ""
    about += f" of {each.worker}" if each.verb in (Verb.MAINTENANCE, Verb.CONFIRM_FENCE) and each.worker else ""
    lasts = f" for {each.duration_s:g} s" if each.duration_s else ""
    return f"{said}{about}{lasts} ({each.id})"
