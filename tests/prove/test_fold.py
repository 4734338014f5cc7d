"""The folding of records: the rule cannot tell a folded record from the real one, and no time field is forgotten."""

import dataclasses
import itertools
import random
from typing import Any, get_args, get_type_hints

import pytest

from failover_lambda import rule
from failover_lambda.model import Answered, Command, Event, Outcome, Phase, Record, Streak, Verb, Verdict
from failover_lambda.moves import born
from failover_lambda.verdict import verdict_of
from prove import effects
from prove.asked import request
from prove.fold import AGELESS_PHASES, NOW_S, TIMES, UNTIL, Folding, Timing, is_time, mapped
from prove.parts import LEADER, Desk, Machine, Site
from prove.rounds import TIMEOUT, View, as_round, show
from prove.small import AGES_S, LONG_S, SHORT_S, Budget, Small, settings_of

SMALL = Small(name="t", about="", budget=Budget())
ASKED = Small(
    name="asked",
    about="",
    budget=Budget(),
    failback=True,
    requests=(
        request(1, Verb.SWITCHOVER),
        request(2, Verb.FAILOVER, "wk1"),
        request(3, Verb.PAUSE, duration_s=50.0),
        request(4, Verb.RESUME),
        request(5, Verb.MAINTENANCE, "wk2", duration_s=50.0),
        request(6, Verb.FAILBACK),
    ),
)
STEPS_S = (SHORT_S, SHORT_S, SHORT_S, SHORT_S, LONG_S, AGES_S)


def classes(kind: Any, found: set[type]) -> set[type]:
    """Every dataclass that a record is made of."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type) and kind not in found:
        found.add(kind)
        for hint in get_type_hints(kind).values():
            classes(hint, found)
    for argument in get_args(kind):
        classes(argument, found)
    return found


def test_every_time_of_a_record_is_classified() -> None:
    kinds = classes(Record, set())
    assert {kind.__name__ for kind in kinds} >= {"Record", "Intent", "Fence", "Debt"}
    timed = {
        kind.__name__: frozenset(field.name for field in dataclasses.fields(kind) if is_time(kind, field.name))
        for kind in kinds
    }
    assert {name: fields for name, fields in timed.items() if fields} == TIMES


@pytest.mark.parametrize("mute", [False, True], ids=["answered", "mute"])
def test_a_folded_streak_is_as_far_from_a_verdict_as_the_real_one(*, mute: bool) -> None:
    """RULE 3.6: rounds of one vantage count otherwise, so two streaks that differ in them are two states."""
    settings = settings_of(SMALL)
    folding = Folding(settings, Timing())
    for rounds, singles, more, lone in itertools.product(range(1, 13), range(13), range(7), range(7)):
        if singles > rounds:
            continue
        real = _streak(rounds, singles, mute=mute)
        folded = folding.fold(dataclasses.replace(born(settings, NOW_S), streak=real)).streak
        assert folded
        after = [verdict_of(_with_rounds(streak, more, lone, mute=mute), settings) for streak in (real, folded)]
        assert after[0] is after[1], (rounds, singles, more, lone)


def _streak(rounds: int, singles: int, *, mute: bool) -> Streak:
    return Streak(
        verdict=Verdict.DEAD,
        token=LEADER,
        rounds=rounds,
        singles=singles,
        rounds_needed=3,
        gone=0,
        quick=False,
        since_s=NOW_S,
        last_s=NOW_S,
        mute=rounds if mute else 0,
        mute_singles=singles if mute else 0,
    )


def _with_rounds(streak: Streak, whole: int, lone: int, *, mute: bool) -> Streak:
    """After so many more of each kind."""
    counted = dataclasses.replace(streak, rounds=streak.rounds + whole + lone, singles=streak.singles + lone)
    if not mute:
        return counted
    return dataclasses.replace(counted, mute=streak.mute + whole + lone, mute_singles=streak.mute_singles + lone)


def test_a_time_that_nobody_classified_is_noticed() -> None:
    @dataclasses.dataclass(frozen=True)
    class Nap:
        until_s: float

    with pytest.raises(KeyError, match=r"Nap\.until_s is neither in fold\.TIMES nor"):
        mapped(Nap(1.0), lambda kind, name, value: value if not is_time(kind, name) else 0)


def _random_event(
    dice: random.Random, small: Small, record: Record | None, site: Site, calls: list[Command]
) -> tuple[Event, Site]:
    settings = settings_of(small)
    names = tuple(worker.name for worker in settings.workers)
    if calls and dice.random() < 0.4:
        command = calls.pop(dice.randrange(len(calls)))
        landed, outcome, made = effects.land(site, effects.as_call(command, LEADER, names), site.id + site.was_id + 1)
        said = effects.OUTCOMES[outcome] if dice.random() < 0.8 else dice.choice((Outcome.LOST, Outcome.REFUSED))
        assert said is not None
        made_id = f"a{made}" if said is Outcome.DONE and made else ""
        return Answered(command=command, outcome=said, association_id=made_id), landed
    holder = names.index(record.holder) if record else 0
    view = dice.choice((View.TRUE, View.TRUE, *View))
    return as_round(show(site, view, holder, TIMEOUT, public=False), LEADER, settings, small.requests), site


def _shaken(dice: random.Random, small: Small, site: Site) -> Site:
    numbers = range(len(small.requests))
    inbox = tuple(sorted(dice.sample(numbers, dice.choice((0, 0, 0, 1, 2))))) if numbers else ()
    window = dice.choice((None, NOW_S - SHORT_S, NOW_S - LONG_S)) if small.failback else None
    site = site._replace(desk=Desk(inbox=inbox), window=window)
    index = dice.randrange(2)
    machine = site.machines[index]
    changed = dice.choice(
        (machine, machine, machine._replace(serves=not machine.serves), machine._replace(off=not machine.off))
    )
    return effects.with_machine(site, index, changed)


def _history(small: Small, seed: int, length: int) -> None:
    """One random history of the real rule on real records, and beside it the same on folded ones."""
    dice = random.Random(seed)
    settings = settings_of(small)
    folding = Folding(settings, Timing(), planned=small.planned)
    machine = Machine(off=False, isolated=False, serves=True)
    site = Site(machines=(machine, machine), at=0, id=1, hand=0, was_at=0, was_id=1)
    real: Record | None = None
    calls: list[Command] = []
    for _ in range(length):
        site = _shaken(dice, small, site)
        event, site = _random_event(dice, small, real, site, calls)
        folded = folding.fold(real) if real else None
        decision = rule.step(real, event, settings, NOW_S)
        other = rule.step(folded, event, settings, NOW_S)
        assert decision.commands == other.commands, f"seed {seed}: {decision.reason} / {other.reason}"
        after = folding.fold(decision.record) if decision.record else None
        assert after == (folding.fold(other.record) if other.record else None), f"seed {seed}: {decision.reason}"
        calls.extend(decision.commands)
        real = decision.record
        if real and dice.random() < 0.5:
            by_s = dice.choice(STEPS_S)
            real = _older(real, by_s)


def _older(record: Record, by_s: float) -> Record:
    """The real record after so much time. Ages take the values that they take in a small world, nothing else is folded."""
    timing = Timing()

    def shift(kind: type, name: str, value: Any) -> Any:
        moment = value is not None and is_time(kind, name) and not (name == "first_seen_s" and not value)
        if value is None or not moment:
            return value
        return timing.ahead(value - by_s) if (kind.__name__, name) in UNTIL else timing.folded(value - by_s)

    return mapped(record, shift)


@pytest.mark.parametrize("small", [SMALL, ASKED], ids=lambda small: small.name)
def test_the_rule_cannot_tell_a_folded_record_from_the_real_one(small: Small) -> None:
    """Over random histories: same calls, and the same record after, folded."""
    for seed in range(15):
        _history(small, seed, 60)


def test_folding_keeps_what_the_rule_looks_at() -> None:
    """A folding that forgot the phase's age in `verifying` would be noticed."""
    assert not {Phase.VERIFYING, Phase.MANUAL} & set(AGELESS_PHASES)
