"""What must happen in the end: L1 to L4, L6 and RULE 5.9, from every state that the search reached.

From a state on nothing fails any more, and everybody goes on: calls land and are answered, the leader makes its rounds and
sees the truth, time passes. Then the site has to come to rest: steady, with the address on a holder that answers; or in a
phase that waits for a person and has told so; or no worker is left. The way is followed step by step; where it comes back to
a state that it has been in, it will never end, and that is the violation.

Three ways are followed from each state: answers come before the next round, and what nobody waits for never lands; answers
come after it, and everything lands; and the leader is gone at this very moment, so that a successor goes on (L4).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import cast

from failover_lambda.model import Phase, Record
from prove.asked import unanswered
from prove.parts import LEADER, UNDER_WAY, Mind, Site
from prove.search import Search, packed, unpacked
from prove.small import AGES_S, LONG_S, SHORT_S
from prove.world import Next, State

PROMISES = {
    "L1": "a dead holder is replaced while another worker can take over (RULE 3.4, 4)",
    "L2": "every phase of a move ends (RULE 4, 5.7, 5.8, 5.10)",
    "L3": "the association comes to what the record says (RULE 1.4, 5.11)",
    "L6": "what an operator asks for is carried out or refused, with a reply (RULE 9.3, 9.4)",
    "5.9": "the address is not left on nobody while an eligible worker lives (RULE 5.9)",
}

MOTION = (Phase.FENCING, Phase.MOVING, Phase.VERIFYING)
BURST = 4
"""Rounds between two long steps of time: enough for a verdict, a move and its verification."""


class Way(Enum):
    """How things go on when nothing fails any more."""

    PROMPT = "answers come before the next round; a call that nobody waits for never lands"
    SLOW = "answers come after the next round; every call lands"
    SUCCESSOR = "the leader is gone, and a successor goes on"


@dataclass
class Lively:
    """What following the states found."""

    followed: int = 0
    rounds_max: int = 0
    """The longest way to rest, in rounds."""
    violation: str = ""
    path: tuple[Next, ...] = ()
    """From the start of the world to the state after which nothing changes any more."""


class Liveness:
    """The liveness check of one searched world."""

    def __init__(self, search: Search) -> None:
        """The search has run; its states are what is followed."""
        self._search = search
        self._world = search.world
        self._rests: dict[tuple[Way, int, int], int] = {}
        """Rounds to rest, by way, place in the schedule and state."""

    def check(self, keys: Iterable[int], wanted: str = "") -> Lively:
        """Follow every state of `keys` on every way, until one never comes to rest; `wanted`: for this reason."""
        found = Lively()
        for key in keys:
            found.followed += 1
            for way in Way:
                state = unpacked(key)
                first = [] if way is not Way.SUCCESSOR else self._succeeded(state)
                start = first[-1].state if first else state
                rounds = self._follow(Way.PROMPT if way is Way.SUCCESSOR else way, start)
                if isinstance(rounds, str) and wanted not in ("", rounds):
                    continue
                if isinstance(rounds, str):
                    found.violation = rounds
                    rest = self._way(Way.PROMPT if way is Way.SUCCESSOR else way, start)
                    found.path = (*self._search.path(key), *first, *rest)
                    return found
                found.rounds_max = max(found.rounds_max, rounds)
        return found

    def _succeeded(self, state: State) -> list[Next]:
        """The leader is gone, and so is the one before it."""
        world = self._world
        steps: list[Next] = []
        if state.former:
            steps += world.leaders(state)
            state = steps[-1].state
        steps.append(world.take_over(state))
        steps += world.leaders(steps[-1].state)
        return steps

    def _follow(self, way: Way, state: State) -> int | str:
        """Rounds until the site rests; or what it never does."""
        rests, trail = self._rests, list[tuple[tuple[Way, int, int], int]]()
        seen: set[tuple[Way, int, int]] = set()
        place, aged = 0, False
        while True:
            key = (way, place, packed(state))
            if key in rests or (not place and not self._unrest(state)):
                rounds = rests.get(key, 0)
                break
            if key in seen:
                if aged:
                    return self._unrest(state) or "L2"
                state, aged = self._last(state, self._aged(way, state)), True
                seen.clear()
                place = 0
                continue
            seen.add(key)
            trail.append((key, place % 2))
            state = self._last(state, self._placed(way, place, state))
            place = (place + 1) % (2 * BURST)
        for each, is_round in reversed(trail):
            rounds += is_round
            rests[each] = rounds
        return rounds

    def _way(self, way: Way, state: State) -> list[Next]:
        """The same way, as steps, as far as it takes to see that it leads nowhere."""
        steps: list[Next] = []
        for place in range(4 * BURST):
            steps += self._placed(way, place % (2 * BURST), state)
            state = steps[-1].state if steps else state
        return steps

    def _placed(self, way: Way, place: int, state: State) -> Iterator[Next]:
        """One place of the schedule: odd ones are rounds, even ones deliver; a long step ends each burst."""
        if way is Way.SLOW:
            place = (place + 1) % (2 * BURST)
        if place % 2 == 0:
            yield from self._delivered(way, state)
            return
        for step in self._round(state):
            yield step
            state = step.state
        by_s = LONG_S if place == 2 * BURST - 1 else SHORT_S
        waited_for = any(call.owner for call in self._world.parts.flights.values[state.flight].calls)
        if not waited_for:
            yield from (step for step in self._world.time(state) if step.action == ("time", by_s))

    def _delivered(self, way: Way, state: State) -> Iterator[Next]:
        """Everything on its way arrives; an arbiter that newer settings wait for, or that has to ask, is replaced."""
        world = self._world
        while True:
            step = self._due(way, state)
            if step is None:
                break
            yield step
            state = step.state
        mind, site = self._mind(state), cast("Site", world.parts.sites.values[state.site])
        forgotten = not state.record and mind.copy  # what it remembers was lost; its life ends, and the next one reads
        if mind.told != site.deployed or forgotten:
            yield world.take_over(state)

    def _due(self, way: Way, state: State) -> Next | None:
        world = self._world
        mind = self._mind(state)
        if state.former:
            return next(world.leaders(state))
        if mind.round:
            return next(step for step in world.rounds(state) if step.action[:2] == ("use", LEADER))
        for step in world.late_writes(state):
            return step
        for step in world.read_inbox(state):
            return step
        for step in world.landings(state):
            goes_on = step.action[0] in ("land", "begins", "writes")
            if goes_on and (step.action[1].owner or step.action[1].stage == UNDER_WAY or way is Way.SLOW):
                return step
        return next((step for step in world.answers(state) if step.action[0] == "answer"), None)

    def _round(self, state: State) -> Iterator[Next]:
        """The leader's round; where observing and using it are two, both."""
        if self._mind(state).round:
            return
        step = next(self._world.rounds(state))
        yield step
        if self._mind(step.state).round:
            yield next(self._world.rounds(step.state))

    def _aged(self, way: Way, state: State) -> Iterator[Next]:
        """A day passes."""
        for step in self._delivered(way, state):
            yield step
            state = step.state
        yield from (step for step in self._world.time(state) if step.action == ("time", AGES_S))

    def _mind(self, state: State) -> Mind:
        return cast("Mind", self._world.parts.minds.values[state.leader])

    def _last(self, state: State, steps: Iterable[Next]) -> State:
        for step in steps:
            state = step.state
        return state

    def _unrest(self, state: State) -> str:
        """Which promise the state does not keep, if nothing more happens; "" = the site rests."""
        parts = self._world.parts
        record, site = parts.records.values[state.record], cast("Site", parts.sites.values[state.site])
        return self._restless(state, record, site) or ("L6" if unanswered(record, site) else "")

    def _restless(self, state: State, record: Record | None, site: Site) -> str:
        """As `_unrest`, whatever operators asked for."""
        alive = [
            index
            for index, machine in enumerate(site.machines)
            if machine.serves and not (machine.off or machine.isolated) and index not in site.deployed.out
        ]
        if not site.deployed.enabled and (record is None or record.phase is Phase.DISABLED):
            return ""
        if site.deployed.enabled and site.deployed.watches and (record is None or record.phase not in MOTION):
            return ""
        if site.claimed:
            return "" if record and record.phase is Phase.MANUAL else "L2"
        holder = self._world.parts.holder(state.record)
        machine = site.machines[holder]
        if record and (machine.off or machine.isolated) and (machine.isolated or record.fence(record.holder)):
            return "L3"  # a late call of ours that hits the holder is undone by a start and its groups (RULE 6.7)
        return _unrest_of(record, site, holder, alive) if alive else ""


def _unrest_of(record: Record | None, site: Site, holder: int, alive: list[int]) -> str:
    """As `_unrest`, while some worker is alive."""
    if site.at < 0:
        return "5.9"
    if record is None or record.phase in MOTION:
        return "L2"
    if record.phase is Phase.MANUAL:
        return ""
    if holder not in alive:
        return "L1"
    right = site.at == holder and record.association_id == f"a{site.id}"
    return "" if right and record.phase is Phase.STEADY and record.drift is None else "L3"
