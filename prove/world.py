"""The world around the rule: every next state of a small world, one action at a time.

An action is what one actor does at once: an arbiter uses a round (load, decide, write by compare-and-swap, send), takes up
an answer, a call lands, a late write arrives, another arbiter takes the lease, a machine fails, time passes. Any order of
actions is followed.

What is left out, and why that is safe:

- *A call that was decided and not sent yet* is the same as one that was sent and has not landed: neither has changed
  anything, each may be lost or come late. So a crash after a write and before its call needs no action of its own, and
  neither does a crash at all: an arbiter that does nothing more is one.
- *The lease's times.* Another arbiter may take the lease at any moment, more often than beats and clocks allow. So nothing
  here rests on them. One leader and one former leader overlap; a third would know no more than the former leader does.
- *A former leader's late write* is refused by the store for its token whenever it comes, so it is not kept.
- *Texts, notices, denials* decide nothing (`fold`).
- *Settings* but `enabled`, `watchOnly` and which workers there are: nothing else is deployed anew. A worker that is not
  named is a stranger. All other cards and private addresses of a worker are one (`Site.aside`).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from failover_lambda import rule
from failover_lambda.contract import Settings
from failover_lambda.model import Answered, Decision, Loss, Lost, Outcome, Record, Round
from prove import asked, cards, effects
from prove.arbiter import Decided, StoreSays, act, loaded
from prove.fold import NOW_S, Folding
from prove.invariants import MOTION, Checks
from prove.parts import (
    FORMER,
    LEADER,
    NAME_BITS,
    NOBODY,
    SENT,
    UNDER_WAY,
    Call,
    Deployed,
    Flight,
    Mind,
    Parts,
    Shown,
    Site,
    Write,
)
from prove.rounds import FREE_VIEWS, View, as_round, show, speaks_against
from prove.small import LONG_S, SHORT_S, Budget, Small, settings_of

TOKEN_CHECKED = True
"""A control's: the store asks for the lease's token."""
CALL_FIRST = False
"""A control's: calls are sent whatever becomes of the write."""

SECOND_WAITS = False
"""A control's: the second half of a move is sent only when its record was stored."""

AGAINST_MAX = 2
MEMBERS_MIN = 2
LOW = (1 << NAME_BITS) - 1


class State(NamedTuple):
    """A state: the numbers of its parts."""

    record: int
    leader: int
    former: int
    site: int
    flight: int
    budget: int


class Next(NamedTuple):
    """One action and the state that it leads to."""

    action: tuple[Any, ...]
    state: State
    turn: int
    """By how many places the workers were renamed after the action."""
    breaches: tuple[str, ...]
    """Invariants that the action or the new state breaks."""
    names: int
    """The association ids and epochs in use after the action, before they were renamed."""
    sent: tuple[Call, ...]
    """What the arbiter of the action sent, and `why` it decided as it did: for stories."""
    why: str


class World:
    """One small world, with everything that was worked out about it so far."""

    def __init__(self, small: Small) -> None:
        """Nothing is worked out yet."""
        self.small = small
        self.settings: Settings = settings_of(small)
        """They name every machine there is; what an arbiter is told may name fewer."""
        self.names = tuple(worker.name for worker in self.settings.workers)
        self.parts = Parts(Folding(self.settings, small.timing, planned=small.planned), self.names)
        self.checks = Checks(self.parts, self.settings, small.requests, planned=small.planned)
        self.beyond = 0
        """How many times more calls were on their way than are followed."""
        self._why = ""
        self._sent_now: tuple[Call, ...] = ()
        self._reasons: dict[int, str] = {}
        self._told: dict[Deployed, Settings] = {}
        self._zones = tuple(worker.zone for worker in self.settings.workers)
        self._vantage_zones = tuple(prober.zone for prober in reversed(self.settings.probers))
        self._decided: dict[Any, Decided[int, Call]] = {}
        self._shown: dict[Any, int] = {}
        self._speaks: dict[tuple[int, int, tuple[int, ...]], bool | None] = {}
        self._spent: dict[tuple[int, int], int] = {}

    def start(self) -> State:
        """The state at the begin: a settled site with the address on wk1, or one that never had a record."""
        parts, small = self.parts, self.small
        machines = tuple(
            effects.Machine(off=False, isolated=False, serves=index not in small.dead) for index in range(small.workers)
        )
        deployed = Deployed(out=small.out)
        site = Site(machines=machines, at=small.at, id=1, hand=0, was_at=small.at, was_id=1, deployed=deployed)
        mind = Mind(copy=0, behind=0, reload=True, round=0, told=deployed, against=0)
        state = State(
            record=0,
            leader=parts.minds.number(mind),
            former=0,
            site=parts.sites.number(site),
            flight=0,
            budget=parts.budgets.number(tuple(small.budget)),
        )
        for _ in range(2 if small.born else 0):  # the first round adopts, the second begins a quiet life
            state = next(self.rounds(state)).state
        return state

    def expand(self, state: State) -> Iterator[Next]:
        """Every action that is possible in a state, and where it leads."""
        flights, most = self.parts.flights.values, self.small.in_flight_max
        kinds = (self.rounds, self.landings, self.answers, self.late_writes, self.leaders)
        for kind in (*kinds, self.people, self.deployments, self.desk, self.read_inbox, self.time):
            for step in kind(state):
                if step.state == state and not step.breaches:
                    continue
                if len(flights[step.state.flight].calls) > most:
                    self.beyond += 1
                    continue
                yield step

    # Arbiters

    def rounds(self, state: State) -> Iterator[Next]:
        """An arbiter observes and decides; with slow rounds these are two actions."""
        for who in (LEADER, FORMER):
            number = state.leader if who == LEADER else state.former
            mind = self.parts.minds.values[number]
            if mind is None:
                continue
            if mind.round:
                yield from self._use(state, who, mind, ("use", who), state.budget)
                continue
            for view in self.small.views:
                budget = state.budget if view in FREE_VIEWS else self._spend(state.budget, "wrong")
                if budget < 0:
                    continue
                yield from self._observe(state, who, mind, view, budget)

    def _observe(self, state: State, who: int, mind: Mind, view: View, budget: int) -> Iterator[Next]:
        for answers in (True, False) if mind.reload else (True,):
            paid = budget if answers else self._spend(budget, "store")
            known = loaded(mind.copy, 0, state.record, reload=mind.reload, answers=answers)
            if paid < 0 or known is None:
                continue
            copy, reload = known
            fresh = mind.reload and not reload
            against = mind.against if self.parts.holder(copy) == self.parts.holder(mind.copy) else 0
            seen = self._show(state.site, view, self.parts.holder(copy))
            if seen < 0:
                continue
            after = mind._replace(
                copy=copy,
                behind=0 if fresh else mind.behind,
                reload=reload,
                round=seen,
                against=self._counted(against, seen, copy, mind.told.out),
            )
            action = ("round", who, view.name, "loads" if answers else "cannot load")
            if self.small.slow_rounds:
                yield self._next(action, self._with(state, who, after)._replace(budget=paid))
            else:
                yield from self._use(state, who, after, action, paid)

    def _counted(self, against: int, seen: int, copy: int, out: tuple[int, ...]) -> int:
        """How many rounds in a row have spoken against the holder, after this one."""
        key = (seen, self.parts.holder(copy), out)
        if key not in self._speaks:
            shown = cast("Shown", self.parts.shown.values[seen])
            self._speaks[key] = speaks_against(shown, key[1], self._zones, self._vantage_zones, out)
        speaks = self._speaks[key]
        if speaks is None:
            return against
        return min(AGAINST_MAX, against + 1) if speaks else 0

    def _use(self, state: State, who: int, mind: Mind, action: tuple[Any, ...], budget: int) -> Iterator[Next]:
        seen = mind.round
        site = cast("Site", self.parts.sites.values[state.site])
        decided = self._on_round(mind.copy, seen, who, told=mind.told, floor=0 if mind.copy else site.floor)
        self._why = self._reasons[id(decided)]
        yield from self._act(state._replace(budget=budget), who, mind._replace(round=0), decided, action=action, seen=seen)

    def answers(self, state: State) -> Iterator[Next]:
        """An arbiter takes up the answer to a call, or that there is none."""
        flight = self.parts.flights.values[state.flight]
        done: set[Call] = set()
        for call in flight.calls:
            if call.owner == NOBODY or call in done:
                continue
            done.add(call)
            mind = cast("Mind", self.parts.minds.values[state.leader if call.owner == LEADER else state.former])
            if mind.round:
                continue
            if call.outcome:
                rest = self._without(flight, call)
                decided = self._on_answer(mind.copy, call, call.outcome)
                self._why = self._reasons[id(decided)]
                yield from self._act(state._replace(flight=rest), call.owner, mind, decided, action=("answer", call))
            budget = self._spend(state.budget, "lost")
            if budget >= 0:
                orphan = () if call.outcome else (call._replace(owner=NOBODY),)
                rest = self._without(flight, call, *orphan)
                decided = self._on_answer(mind.copy, call, effects.LOST)
                self._why = self._reasons[id(decided)]
                lost = state._replace(flight=rest, budget=budget)
                yield from self._act(lost, call.owner, mind, decided, action=("no answer", call))

    def _act(
        self, state: State, who: int, mind: Mind, decided: Decided[int, Call], *, action: tuple[Any, ...], seen: int = 0
    ) -> Iterator[Next]:
        """Store and send, for every answer that the store may give."""
        site = state.site
        if not decided.changed:
            yield self._sent(state, who, mind, decided, StoreSays.STORED, action=action, seen=seen, wrote=False, site=site)
            return
        ours = mind.behind == 1 and state.record == decided.after
        token = who == LEADER or not TOKEN_CHECKED
        current = token and mind.behind == 0
        if current or (token and ours):
            written = self._written(state, who, decided.after) if current else state
            stored = mind._replace(behind=0)
            yield self._sent(
                written, who, stored, decided, StoreSays.STORED, action=action, seen=seen, wrote=current, site=site
            )
        else:
            yield self._sent(state, who, mind, decided, StoreSays.CONFLICT, action=action, seen=seen, wrote=False, site=site)
        budget = self._spend(state.budget, "store")
        if budget < 0:
            return
        paid = state._replace(budget=budget)
        said = (*action, "not written, no answer")
        yield self._sent(paid, who, mind, decided, StoreSays.SILENT, action=said, seen=seen, wrote=False, site=site)
        if not current:
            return
        written = self._written(paid, who, decided.after)
        said = (*action, "written, no answer")
        yield self._sent(
            written, who, mind._replace(behind=1), decided, StoreSays.SILENT, action=said, seen=seen, wrote=True, site=site
        )
        flight = self.parts.flights.values[state.flight]
        if who == LEADER and not flight.writes:
            late = paid._replace(flight=self.parts.flight(flight.calls, (Write(decided.after, mind.behind),)))
            said = (*action, "to be written later, no answer")
            yield self._sent(late, who, mind, decided, StoreSays.SILENT, action=said, seen=seen, wrote=False, site=site)

    def _written(self, state: State, who: int, after: int) -> State:
        """The state when a write of `who` was applied: everybody else is one version further behind."""
        parts = self.parts
        flight = parts.flights.values[state.flight]
        bare = parts.flight(flight.calls, ()) if flight.writes else state.flight
        other = FORMER if who == LEADER else LEADER
        written = state._replace(record=after, flight=bare, site=self._site_after(state, after))
        return self._fallen_behind(written, other)

    def _site_after(self, state: State, after: int) -> int:
        """The site when a write was applied: what the checks know of it."""
        parts = self.parts
        site = cast("Site", parts.sites.values[state.site])
        if not (self.small.planned or site.floor):
            return state.site
        records = parts.records.values
        home = self.names[0]
        return parts.sites.number(asked.after_write(site, records[state.record], cast("Record", records[after]), home))

    def _fallen_behind(self, state: State, who: int) -> State:
        mind = self.parts.minds.values[state.leader if who == LEADER else state.former]
        return self._with(state, who, mind._replace(behind=min(2, mind.behind + 1))) if mind else state

    def _sent(
        self,
        state: State,
        who: int,
        mind: Mind,
        decided: Decided[int, Call],
        says: StoreSays,
        *,
        action: tuple[Any, ...],
        seen: int,
        wrote: bool,
        site: int,
    ) -> Next:
        """`state` is after the write, `site` the one before it."""
        acted = act(mind.copy, decided, says, reload=mind.reload)
        sent = self._sent_now = acted.sent if not CALL_FIRST else tuple(decided.calls)
        if SECOND_WAITS and says is not StoreSays.STORED:
            sent = self._sent_now = ()
        begun = (decided.begins or self.checks.starts_afresh(mind.copy, decided.after)) and says is StoreSays.STORED
        after = mind._replace(copy=acted.copy, reload=acted.reload, against=0 if begun else mind.against)
        breaches = self.checks.on_decision(state, who, mind, decided, sent, seen=seen, wrote=wrote, site=site)
        to = self._with(state, who, after)
        if sent:
            flight = self.parts.flights.values[state.flight]
            calls = tuple(call._replace(owner=who) for call in sent)
            to = to._replace(flight=self.parts.flight(flight.calls + calls, flight.writes))
        conflict = ("conflict",) if says is StoreSays.CONFLICT else ()
        return self._next((*action, *conflict), to, breaches)

    def _on_round(self, copy: int, seen: int, who: int, *, told: Deployed, floor: int) -> Decided[int, Call]:
        key = (copy, seen, who, told, floor)
        known = self._decided.get(key)
        if known is None:
            shown = cast("Shown", self.parts.shown.values[seen])
            if told not in self._told:
                self._told[told] = settings_of(self.small, told)
            event = as_round(shown, who, self.settings, self.small.requests, out=told.out)
            lost = Lost(what=Loss.LOST, floor=floor, version=0, why="the record is not there") if floor else None
            decision, ends = self._step(self.parts.records.values[copy], event, self._told[told], lost)
            known = self._decided[key] = self._as_decided(copy, decision, at_once=False)
            if not ends:
                self.checks.nowhere.add(id(known))
        return known

    def _step(self, record: Record | None, event: Round, settings: Settings, lost: Lost | None) -> tuple[Decision, bool]:
        """The rule's decision; where it asks for a way between phases that there is not, none, and False."""
        try:
            return rule.step(record, event, settings, NOW_S, lost), True
        except ValueError as exc:
            return Decision(record=record, commands=(), reason=str(exc)), False

    def _on_answer(self, copy: int, call: Call, outcome: int) -> Decided[int, Call]:
        key = (copy, call.do, call.epoch, call.worker, call.id, outcome)
        known = self._decided.get(key)
        if known is None:
            said = cast("Outcome", effects.OUTCOMES[outcome])
            made = f"a{call.id}" if call.do == effects.ASSOCIATE and said is Outcome.DONE else ""
            event = Answered(command=effects.as_command(call, self.names), outcome=said, association_id=made)
            decision = rule.step(self.parts.records.values[copy], event, self.settings, NOW_S)
            known = self._decided[key] = self._as_decided(copy, decision, at_once=True)
        return known

    def _as_decided(self, copy: int, decision: Decision, *, at_once: bool) -> Decided[int, Call]:
        after = self.parts.record(decision.record) if decision.record else 0
        before, now = self.parts.records.values[copy], self.parts.records.values[after]
        calls = [effects.as_call(command, NOBODY, self.names) for command in decision.commands]
        seconds = [call for call, command in zip(calls, decision.commands, strict=True) if command.second]
        decided = Decided(
            after=after,
            changed=bool(after) and after != copy,
            begins=before is None or (now is not None and now.epoch != before.epoch),
            calls=tuple(calls),
            seconds=tuple(seconds),
            at_once=at_once,
        )
        self._reasons[id(decided)] = decision.reason
        return decided

    def late_writes(self, state: State) -> Iterator[Next]:
        """A write of the leader's arrives after the leader gave up waiting for it."""
        flight = self.parts.flights.values[state.flight]
        for write in flight.writes:
            before = state
            site = self._site_after(state, write.record)
            arrived = state._replace(record=write.record, flight=self.parts.flight(flight.calls, ()), site=site)
            arrived = self._fallen_behind(self._fallen_behind(arrived, LEADER), FORMER)
            yield self._next(("late write",), arrived, self.checks.on_late_write(before.record, write.record))

    def leaders(self, state: State) -> Iterator[Next]:
        """Another arbiter takes the lease, or the former leader is gone."""
        parts = self.parts
        flight = parts.flights.values[state.flight]
        if state.former:
            calls = (call._replace(owner=NOBODY) if call.owner == FORMER else call for call in flight.calls)
            left = tuple(call for call in calls if not (call.owner == NOBODY and call.outcome))
            gone = state._replace(former=0, flight=parts.flight(left, flight.writes))
            yield self._next(("former leader ends",), self._token_passed(gone, demote=False))
            return
        budget = self._spend(state.budget, "takeover")
        if budget < 0:
            return
        yield self.take_over(state._replace(budget=budget))

    def take_over(self, state: State) -> Next:
        """Another arbiter takes the lease, where there is no former leader beside this one."""
        parts = self.parts
        flight = parts.flights.values[state.flight]
        site = cast("Site", parts.sites.values[state.site])
        calls = tuple(call._replace(owner=FORMER) if call.owner == LEADER else call for call in flight.calls)
        fresh = Mind(copy=0, behind=0, reload=True, round=0, told=site.deployed, against=0)
        passed = self._token_passed(state._replace(former=state.leader, flight=parts.flight(calls, ())), demote=True)
        return self._next(("takeover",), passed._replace(leader=parts.minds.number(fresh)))

    def _token_passed(self, state: State, *, demote: bool) -> State:
        parts = self.parts
        minds = {"leader": state.leader, "former": state.former}
        for name, number in minds.items():
            mind = parts.minds.values[number]
            if mind:
                minds[name] = parts.minds.number(mind._replace(copy=parts.token_passed(mind.copy, demote=demote)))
        return state._replace(record=parts.token_passed(state.record, demote=demote), **minds)

    # Calls

    def landings(self, state: State) -> Iterator[Next]:
        """A call that was sent has its effect, once or twice, or is refused."""
        parts = self.parts
        flight = parts.flights.values[state.flight]
        names = self.names_of(state) & LOW
        fresh = max(1, names.bit_length())
        done: set[Call] = set()
        for call in flight.calls:
            if call.outcome or call in done:
                continue
            done.add(call)
            if self.small.azure and call.do in effects.MOVES:
                yield from self._card_steps(state, call, fresh)
                continue
            site = cast("Site", parts.sites.values[state.site])
            after, outcome, made = effects.land(site, call, fresh)
            breaches = self.checks.on_landing(state, call, site, after)
            after = self.checks.marked(state, call, site, after)
            answer = (call._replace(outcome=outcome, id=made),) if call.owner else ()
            landed = self._with_site(state, after, call.worker if call.do == effects.START else -1)
            yield self._next(("land", call), landed._replace(flight=self._without(flight, call, *answer)), breaches)
            budget = self._spend(state.budget, "twice")
            if budget >= 0:
                again = self._without(flight, call, *answer, call._replace(owner=NOBODY))
                yield self._next(("land, and again", call), landed._replace(flight=again, budget=budget), breaches)
            budget = self._spend(state.budget, "refuse") if call.owner else -1
            if budget >= 0:
                refused = self._without(flight, call, call._replace(outcome=effects.REFUSED, id=0))
                yield self._next(("refused", call), state._replace(flight=refused, budget=budget))

    def _card_steps(self, state: State, call: Call, fresh: int) -> Iterator[Next]:
        """One half of a move on Azure goes on."""
        site = cast("Site", self.parts.sites.values[state.site])
        if call.stage == SENT:
            yield self._card_step(state, call, ("begins", call), *cards.begin(site, call))
        elif call.stage != UNDER_WAY:
            yield self._card_step(state, call, ("writes", call), *cards.write(site, call))
        else:
            yield self._card_step(state, call, ("land", call), *cards.end(site, call, fresh, well=True))
            budget = self._spend(state.budget, "fail")
            if budget >= 0:
                paid = state._replace(budget=budget)
                yield self._card_step(paid, call, ("fails", call), *cards.end(site, call, fresh, well=False))

    def _card_step(self, state: State, call: Call, action: tuple[Any, ...], after: Site, then: Call) -> Next:
        before = cast("Site", self.parts.sites.values[state.site])
        breaches = self.checks.on_landing(state, call, before, after) + self.checks.on_card(call, before, after)
        after = self.checks.marked(state, call, before, after)
        flight = self.parts.flights.values[state.flight]
        rest = self.parts.flights.values[self._without(flight, call)]
        calls = cards.overtaken(rest, before, after, then if then.stage else call)
        kept = () if then.outcome and not then.owner else (then,)
        number = self.parts.flight((*calls, *kept), flight.writes)
        return self._next(action, self._with_site(state, after)._replace(flight=number), breaches)

    def _with_site(self, state: State, site: Site, started: int = -1) -> State:
        """The state with another site; a machine that was off and is on has begun another boot."""
        parts = self.parts
        before = cast("Site", parts.sites.values[state.site])
        state = state._replace(site=parts.sites.number(site))
        if started < 0 or not (before.machines[started].off and not site.machines[started].off):
            return state
        flight = parts.flights.values[state.flight]
        writes = tuple(write._replace(record=parts.rebooted(write.record, started)) for write in flight.writes)
        minds = {"leader": state.leader, "former": state.former}
        for name, number in minds.items():
            mind = parts.minds.values[number]
            if mind:
                copy = parts.rebooted(mind.copy, started)
                minds[name] = parts.minds.number(mind._replace(copy=copy, round=0))  # a boot ends a round in hand
        record = parts.rebooted(state.record, started)
        return state._replace(record=record, flight=parts.flight(flight.calls, writes), **minds)

    # The rest of the world

    def people(self, state: State) -> Iterator[Next]:
        """Machines fail and come back; an operator moves the address, starts and stops machines."""
        site = cast("Site", self.parts.sites.values[state.site])
        for index, machine in enumerate(site.machines):
            for what, may, after in (
                ("kill", machine.serves and not machine.off, machine._replace(serves=False)),
                ("heal", not machine.serves and not machine.off, machine._replace(serves=True)),
                ("off", not machine.off, machine._replace(off=True)),
                ("on", machine.off, machine._replace(off=False, serves=True)),
            ):
                budget = self._spend(state.budget, what) if may else -1
                if budget >= 0:
                    changed = self._with_site(state, effects.with_machine(site, index, after), index)
                    yield self._next((what, index), changed._replace(budget=budget))
        budget = self._spend(state.budget, "tag")
        if budget >= 0:
            # Where the address is meanwhile, and for how long, is the doing of whoever wrote it.
            tagged = site._replace(claimed=not site.claimed, hand=1)
            yield self._next(("tag",), self._with_site(state, tagged)._replace(budget=budget))
        budget = self._spend(state.budget, "hand") if not site.busy else -1
        if budget < 0:
            return
        fresh = max(1, (self.names_of(state) & LOW).bit_length())
        for index in range(-1, len(site.machines)):
            if index == site.at == -1:
                continue
            for aside in (False, True) if self.small.cards and index >= 0 else (False,):
                moved = effects.put(site, index, 0 if index < 0 else fresh, hand=1, aside=aside)
                flight = self.parts.flights.values[state.flight]
                number = self.parts.flight(cards.overtaken(flight, site, moved, None), flight.writes)
                after = self._with_site(state, moved)._replace(budget=budget, flight=number)
                yield self._next(("hand", index, aside), after)

    def deployments(self, state: State) -> Iterator[Next]:
        """`enabled` and `watchOnly` are switched, a worker is taken out of the configuration or put back."""
        site = cast("Site", self.parts.sites.values[state.site])
        now = site.deployed
        for what, after in (
            ("toggle", now._replace(enabled=not now.enabled)),
            ("watch", now._replace(watches=not now.watches)),
            *(("member", now._replace(out=out)) for out in self._memberships(now.out)),
        ):
            budget = self._spend(state.budget, what)
            if budget >= 0:
                deployed = self._with_site(state, site._replace(deployed=after))
                yield self._next(("deploy", after), deployed._replace(budget=budget))
        yield from self.told_at_once(state)

    def _memberships(self, out: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """Who may be left out next: a site has two workers at least."""
        for index in range(self.small.workers):
            if index in out:
                yield tuple(each for each in out if each != index)
            elif self.small.workers - len(out) > MEMBERS_MIN:
                yield tuple(sorted((*out, index)))

    def told_at_once(self, state: State) -> Iterator[Next]:
        """Where many sites are led, settings that changed begin a fresh cycle between two moves (RULE 2.10)."""
        parts = self.parts
        mind, site = cast("Mind", parts.minds.values[state.leader]), cast("Site", parts.sites.values[state.site])
        record = parts.records.values[mind.copy]
        if not self.small.fleet or mind.told == site.deployed or mind.round or (record and record.phase in MOTION):
            return
        flight = parts.flights.values[state.flight]
        calls = (call._replace(owner=NOBODY) if call.owner == LEADER else call for call in flight.calls)
        left = tuple(call for call in calls if not (call.owner == NOBODY and call.outcome))
        fresh = Mind(copy=0, behind=0, reload=True, round=0, told=site.deployed, against=mind.against)
        cleared = state._replace(flight=parts.flight(left, flight.writes))
        yield self._next(("told",), self._with(cleared, LEADER, fresh))

    def desk(self, state: State) -> Iterator[Next]:
        """Operators ask, failback windows open and close, the record is lost."""
        parts, small = self.parts, self.small
        site, record = cast("Site", parts.sites.values[state.site]), parts.records.values[state.record]
        for index in range(len(small.requests)):
            budget = self._spend(state.budget, "ask") if index not in site.desk.inbox else -1
            if budget >= 0:
                put = parts.sites.number(asked.put(site, index))
                yield self._next(("ask", index), state._replace(site=put, budget=budget))
        spent_s = record.window_spent_s if record else None
        budget = self._spend(state.budget, "window") if site.window is None and spent_s != NOW_S else -1
        if budget >= 0:
            opened = parts.sites.number(site._replace(window=NOW_S))
            yield self._next(("window", "opens"), state._replace(site=opened, budget=budget))
        if site.window is not None:
            closed = parts.sites.number(site._replace(window=None, used=False))
            yield self._next(("window", "closes"), state._replace(site=closed))
        budget = self._spend(state.budget, "lose") if record else -1
        if record and budget >= 0:
            yield self._next(("lose",), self._lost(state, record)._replace(budget=budget))

    def _lost(self, state: State, record: Record) -> State:
        """The record is gone; what its leaders know of it, and writes on their way, have no version to stand on."""
        parts = self.parts
        flight = parts.flights.values[state.flight]
        site = cast("Site", parts.sites.values[state.site])._replace(floor=record.epoch)
        state = state._replace(record=0, site=parts.sites.number(site), flight=parts.flight(flight.calls, ()))
        for who in (LEADER, FORMER):
            state = self._fallen_behind(self._fallen_behind(state, who), who)
        return state

    def read_inbox(self, state: State) -> Iterator[Next]:
        """The leader takes out of the inbox what the stored record knows."""
        parts = self.parts
        mind, site = cast("Mind", parts.minds.values[state.leader]), cast("Site", parts.sites.values[state.site])
        if not site.desk.inbox or mind.reload or mind.behind:
            return
        after = asked.taken_out(site, parts.records.values[mind.copy])
        if after is not site:
            yield self._next(("taken out",), state._replace(site=parts.sites.number(after)))

    def time(self, state: State) -> Iterator[Next]:
        """Time passes: a little, past every deadline, past everything."""
        flight = self.parts.flights.values[state.flight]
        moves = effects.MOVES if self.small.azure else ()  # there a half of a move is waited for for minutes
        if any(call.owner == LEADER and call.do not in moves for call in flight.calls):
            return  # the leader's client gives up on an answer sooner (3 s) than a call is asked again (3.5 s)
        *steps_s, ages_s = self.small.timing.steps_s
        for by_s in steps_s:
            yield self._next(("time", by_s), self._older(state, by_s))
        if not any(call.owner or call.stage == UNDER_WAY for call in flight.calls):
            yield self._next(("time", ages_s), self._older(state._replace(flight=0), ages_s))

    def _older(self, state: State, by_s: float) -> State:
        parts = self.parts
        flight = parts.flights.values[state.flight]
        if flight.writes:
            writes = tuple(write._replace(record=parts.older(write.record, by_s)) for write in flight.writes)
            state = state._replace(flight=parts.flight(flight.calls, writes))
        minds = {"leader": state.leader, "former": state.former}
        for name, number in minds.items():
            mind = parts.minds.values[number]
            if mind:
                against = mind.against if by_s == SHORT_S or mind.round else 0  # a round counts when it is used
                minds[name] = parts.minds.number(mind._replace(copy=parts.older(mind.copy, by_s), against=against))
        site = before = cast("Site", parts.sites.values[state.site])
        if by_s >= LONG_S:  # by then every read shows the truth
            site = site._replace(was_at=site.at, was_id=site.id, was_aside=site.aside)
        if site.window is not None or site.quiet:
            site = asked.older(site, by_s, self.small.timing)
        if site != before:
            state = state._replace(site=parts.sites.number(site))
        return state._replace(record=parts.older(state.record, by_s), **minds)

    # Small things

    def _next(self, action: tuple[Any, ...], state: State, breaches: tuple[str, ...] = ()) -> Next:
        names = self.names_of(state)
        canonical, turn = self._canonical(state, names)
        more = self.checks.on_state(canonical)
        return Next(action, canonical, turn, (*breaches, *more) if more else breaches, names, self._sent_now, self._why)

    def _canonical(self, state: State, names: int) -> tuple[State, int]:
        """The state under the names that its names amount to."""
        parts = self.parts
        ids, epochs = names & LOW, names >> NAME_BITS
        if (ids + 2) & ids or (epochs + 2) & epochs:
            state = State(
                parts.renamed_record(state.record, names),
                parts.renamed_mind(state.leader, names),
                parts.renamed_mind(state.former, names),
                parts.renamed_site(state.site, names),
                parts.renamed_flight(state.flight, names),
                state.budget,
            )
        by = parts.holder(state.record) if self.small.turns else 0
        if by:
            state = State(
                parts.turned_record(state.record, by),
                parts.turned_mind(state.leader, by),
                parts.turned_mind(state.former, by),
                parts.turned_site(state.site, by),
                parts.turned_flight(state.flight, by),
                state.budget,
            )
        return state, by

    def names_of(self, state: State) -> int:
        """The association ids and epochs in use."""
        parts = self.parts
        return (
            parts.names_of_record(state.record)
            | parts.names_of_mind(state.leader)
            | parts.names_of_mind(state.former)
            | parts.names_of_site(state.site)
            | parts.names_of_flight(state.flight)
        )

    def _show(self, site: int, view: View, holder: int) -> int:
        """The number of the round that this view gives; -1 where it is the same as the true one."""
        key = (site, view, holder)
        known = self._shown.get(key)
        if known is None:
            truth = cast("Site", self.parts.sites.values[site])
            public = self.small.public
            shown = show(truth, view, holder, self.small.failing, public=public)
            same = view not in FREE_VIEWS and shown == show(truth, View.TRUE, holder, self.small.failing, public=public)
            known = self._shown[key] = -1 if same else self.parts.shown.number(shown)
        return known

    def _spend(self, budget: int, what: str) -> int:
        """The budget after one of `what`; -1 when there is none left."""
        at = Budget._fields.index(what)
        key = (budget, at)
        known = self._spent.get(key)
        if known is None:
            left = self.parts.budgets.values[budget]
            less = (*left[:at], left[at] - 1, *left[at + 1 :])
            known = self._spent[key] = self.parts.budgets.number(less) if left[at] > 0 else -1
        return known

    def _with(self, state: State, who: int, mind: Mind) -> State:
        number = self.parts.minds.number(mind)
        return state._replace(leader=number) if who == LEADER else state._replace(former=number)

    def _without(self, flight: Flight, call: Call, *instead: Call) -> int:
        calls = list(flight.calls)
        calls.remove(call)
        return self.parts.flight((*calls, *instead), flight.writes)
