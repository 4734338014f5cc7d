"""RULE.md 1.15: times that no right clock can have written are put right in the next round (hole 21)."""

import dataclasses
import typing
from dataclasses import replace
from typing import Any

import pytest

from failover_lambda import model
from failover_lambda.clocks import APART_S, NOT_OURS, PARTS, TIMES, clamped
from failover_lambda.contract import Settings
from failover_lambda.fences import LATE_CALL_S
from failover_lambda.model import (
    Debt,
    Fence,
    Intent,
    Kind,
    Maintenance,
    Move,
    Notice,
    Pause,
    Phase,
    Record,
    Request,
    Streak,
    Verb,
    Verdict,
)
from failover_lambda.operators import MAINTENANCE_S_MAX, PAUSE_S_MAX
from tests.fakes import make_settings
from tests.worlds import World

NOW_S = 1_000_000.0
HOUR_S = 3600.0
FAR_S = 100 * HOUR_S
"""Further than the longest pause."""
SETTINGS = make_settings()


def later(ahead_s: float) -> Record:
    """Everything that a record can hold, with every time so far ahead of now."""
    at_s = NOW_S + ahead_s
    debt = Debt(asked_s=at_s, lost=True)
    fence = Fence(
        worker="wk1",
        epoch=1,
        launched_s=at_s,
        raised_s=at_s,
        isolate=debt,
        stop=debt,
        restore=debt,
        start=debt,
        seen_stopped_s=at_s,
    )
    intent = Intent(
        kind=Kind.FAILOVER, source="wk1", expected_id="", made_s=at_s, deadline_s=at_s, asked_s=at_s, suspected_s=at_s
    )
    streak = Streak(verdict=Verdict.DEAD, token=1, rounds=1, rounds_needed=3, gone=0, quick=False, since_s=at_s, last_s=at_s)
    notice = Notice(id="n", at_s=at_s, what="x", site="lis", source="", target="", why="", epoch=1, seconds=0.0)
    request = Request(
        id="r-1",
        site="lis",
        verb=Verb.PAUSE,
        who="mia",
        why="patch",
        asked_s=at_s,
        patience_s=at_s,
        duration_s=at_s,
        drain_s=at_s,
        first_seen_s=at_s,
    )
    move = Move(at_s=at_s, epoch=1, source="wk1", target="wk2", kind=Kind.FAILOVER)
    return Record(
        schema=1,
        site="lis",
        version=1,
        epoch=1,
        phase=Phase.STEADY,
        phase_since_s=at_s,
        holder="wk2",
        association_id="",
        association_reads=0,
        intent=intent,
        streak=streak,
        fences=(fence,),
        drift=None,
        grace_until_s=at_s,
        moves=(move,),
        outbox=(notice,),
        notices=1,
        reason="",
        quiet_until_s=at_s,
        requests=(request,),
        pause=Pause(until_s=at_s, who="mia", why="patch", nobody_since_s=at_s),
        maintenance=(Maintenance(worker="wk2", until_s=at_s, who="mia", why="patch"),),
        loose_s=at_s,
        home_healthy_s=at_s,
        window_spent_s=at_s,
    )


def times(value: object, path: str = "") -> dict[str, float]:
    """Every time in it, by its place."""
    if isinstance(value, tuple):
        return {key: it for item in typing.cast("tuple[object, ...]", value) for key, it in times(item, path).items()}
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return {}
    found: dict[str, float] = {}
    for field in dataclasses.fields(value):
        place, it = f"{path}{type(value).__name__}.{field.name}", getattr(value, field.name)
        if isinstance(it, float) and field.name.endswith("_s"):
            found[place] = it
        found |= times(it, f"{place}/")
    return found


def values_of_a_record() -> set[type]:
    """Every dataclass that a record can hold, found by its types."""
    found: set[type] = set()

    def look(kind: Any) -> None:
        for part in typing.get_args(kind):
            look(part)
        if dataclasses.is_dataclass(kind) and isinstance(kind, type) and kind not in found:
            found.add(kind)
            for hint in typing.get_type_hints(kind).values():
                look(hint)

    look(Record)
    return found


def test_every_time_of_a_record_is_in_the_table() -> None:
    """A field that is added later cannot be forgotten."""
    for kind in values_of_a_record():
        named = {field.name for field in dataclasses.fields(kind) if field.name.endswith("_s")}
        assert named == set(TIMES.get(kind, {})), kind.__name__


def test_every_part_with_times_to_put_right_is_reached() -> None:
    """By another way than the table: what is an hour ahead in a full record is put right, or is told not to be ours."""
    after = times(clamped(later(FAR_S), SETTINGS, NOW_S))
    assert set(after) == set(times(later(0.0)))
    untouched = {place for place, at_s in after.items() if at_s == NOW_S + FAR_S}
    ours = {f"{kind.__name__}.{name}" for kind, table in TIMES.items() for name, ahead in table.items() if ahead is NOT_OURS}
    assert {place.rpartition("/")[2] for place in untouched} == ours
    assert set(PARTS) <= set(TIMES)


def test_each_time_is_set_to_the_latest_that_a_right_clock_can_have_written() -> None:
    after = times(clamped(later(FAR_S), SETTINGS, NOW_S))
    ahead = {
        "Record.grace_until_s": SETTINGS.boot_grace_s,
        "Record.quiet_until_s": LATE_CALL_S,
        "Record.intent/Intent.deadline_s": SETTINGS.move_deadline_s,
        "Record.pause/Pause.until_s": PAUSE_S_MAX,
        "Record.maintenance/Maintenance.until_s": MAINTENANCE_S_MAX,
        "Record.fences/Fence.launched_s": FAR_S,
        "Record.outbox/Notice.at_s": FAR_S,
        "Record.requests/Request.asked_s": FAR_S,
        "Record.requests/Request.patience_s": FAR_S,
        "Record.requests/Request.duration_s": FAR_S,
        "Record.requests/Request.drain_s": FAR_S,
    }
    assert {place: at_s - NOW_S for place, at_s in after.items()} == {place: ahead.get(place, 0.0) for place in after}


@pytest.mark.parametrize("ahead_s", [-HOUR_S, 0.0, APART_S])
def test_times_of_right_clocks_are_left_and_cost_no_write(ahead_s: float) -> None:
    """The very same record: two right clocks are a little apart."""
    record = later(ahead_s)
    assert clamped(record, SETTINGS, NOW_S) is record


@pytest.mark.parametrize(
    "settings", [SETTINGS, replace(SETTINGS, boot_grace_s=1800.0, move_deadline_s=60.0)], ids=["usual", "longer"]
)
def test_the_latest_times_of_the_settings_are_left(settings: Settings) -> None:
    base = later(0.0)
    assert base.intent is not None
    record = replace(
        base,
        grace_until_s=NOW_S + settings.boot_grace_s,
        quiet_until_s=NOW_S + LATE_CALL_S,
        intent=replace(base.intent, deadline_s=NOW_S + settings.move_deadline_s),
    )
    assert clamped(record, settings, NOW_S) is record


@pytest.mark.parametrize("over_s", [0.5, 20.0])
def test_a_deadline_a_little_beyond_its_setting_is_set_back_to_it(over_s: float) -> None:
    base = later(0.0)
    assert base.intent is not None
    deadline_s = NOW_S + SETTINGS.move_deadline_s + APART_S + over_s
    after = clamped(replace(base, intent=replace(base.intent, deadline_s=deadline_s)), SETTINGS, NOW_S).intent
    assert after is not None
    assert after.deadline_s == NOW_S + SETTINGS.move_deadline_s


def test_a_deadline_is_left_up_to_the_second_that_clocks_may_differ() -> None:
    """1.15."""
    base = later(0.0)
    assert base.intent is not None
    latest = replace(base, intent=replace(base.intent, deadline_s=NOW_S + SETTINGS.move_deadline_s + 1.0))
    assert clamped(latest, SETTINGS, NOW_S) is latest
    assert clamped(later(1.5), SETTINGS, NOW_S) != later(1.5)


def test_one_time_among_many_of_its_kind_is_put_right() -> None:
    base = later(0.0)
    moves = (replace(base.moves[0], at_s=NOW_S - 5), replace(base.moves[0], at_s=NOW_S + HOUR_S))
    assert [move.at_s for move in clamped(replace(base, moves=moves), SETTINGS, NOW_S).moves] == [NOW_S - 5, NOW_S]


def test_nothing_in_a_record_stays_nothing() -> None:
    empty = replace(later(0.0), intent=None, streak=None, pause=None, quiet_until_s=None, loose_s=None)
    assert clamped(empty, SETTINGS, NOW_S) is empty


# Over the real cycle


def ahead_by(world: World, ahead_s: float) -> None:
    """The next arbiter's clock is so far ahead of the last one's; negative = behind."""
    world.clock.time_s += ahead_s
    world.new_arbiter()


def test_the_hold_of_a_leader_an_hour_ahead_lasts_its_own_time_and_no_hour() -> None:
    """1.15, 5.12: else the next death moves nothing for an hour."""
    world = World().settled()
    ahead_by(world, HOUR_S)
    world.kill("wk1")
    world.until(Phase.STEADY)
    world.tick(8)
    world.cloud.start("wk1")
    world.tick(8)
    assert world.cloud.on == "wk2"
    ahead_by(world, -HOUR_S)
    world.tick(2)
    began_s = world.clock.time_s
    world.kill("wk2")
    world.until(Phase.VERIFYING, ticks=400)
    assert world.cloud.on == "wk1"
    assert world.clock.time_s - began_s < world.settings.hold_s + 10


def test_the_grace_of_a_leader_an_hour_ahead_ends_after_its_setting() -> None:
    """1.7, 1.15."""
    world = World()
    ahead_by(world, HOUR_S)
    world.kill("wk1", model.Answer.TIMEOUT)
    world.until(Phase.STEADY)
    ahead_by(world, -HOUR_S)
    began_s = world.clock.time_s
    world.until(Phase.SUSPECT, ticks=1000)
    assert world.clock.time_s - began_s < world.settings.boot_grace_s + 10


def test_what_was_put_right_is_written_back_once() -> None:
    """1.15."""
    world = World().settled()
    world.store.record = replace(world.record, phase_since_s=world.clock.time_s + HOUR_S)
    world.new_arbiter()
    saves = len(world.store.saves)
    world.tick(20)
    assert len(world.store.saves) == saves + 1
    assert world.record.phase_since_s <= world.clock.time_s
