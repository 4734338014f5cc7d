"""A state machine over the real cycle: Hypothesis chooses what happens to a site, and the claims of the rule must hold.

The world is that of the transcripts (`spec.stage`): workers, vantages, lost and late calls, a store that is down, arbiters
that die and freeze in the middle of an effect, hands at the console, operators' requests, settings. After each tick the
claims are asked (`claims.Claims`), and the clock of an address that is on nobody. At the end everything is healed, as people
would do it, and the site must be whole.
"""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from failover_lambda.fences import LATE_CALL_S
from failover_lambda.model import Answer, Answered, Command, Do, Outcome, Phase, Power, Verb
from failover_lambda.moves import maintenance_of
from tests.claims import Claims
from tests.effects import Effect, KilledError
from tests.spec import people, verbs
from tests.spec.stage import Stage, Trigger
from tests.worlds import PublicPort, World

NOBODY_S_MAX = 45.0
"""An address may be on nobody for so long while somebody could take it and nothing is broken: a move's deadline and half."""

FAILURES = (Answer.REFUSED, Answer.RESET, Answer.TIMEOUT, Answer.SILENT, Answer.WRONG)
CODES = ("RequestLimitExceeded", "IncorrectInstanceState", "OperationNotPermitted", "UnauthorizedOperation")
MOVES = (Verb.SWITCHOVER, Verb.FAILOVER, Verb.FAILBACK)

workers = st.sampled_from(["wk1", "wk2", "wk3"])
calls = st.sampled_from(list(Do))
effects = st.sampled_from(["write", "intent", "call", *(do.value for do in Do)])

Method = Callable[..., None]


def happens(**about: st.SearchStrategy[Any]) -> Callable[[Method], Method]:
    """A rule after which the arbiter ticks a few times: what happens has consequences before the next thing happens."""

    def decorate(method: Method) -> Method:
        @functools.wraps(method)
        def step(self: "Watchdog", then: int, **drawn: Any) -> None:
            method(self, **drawn)
            self.tick(then)

        drawn: dict[str, Any] = {"then": st.integers(0, 6), **about}
        return rule(**drawn)(step)

    return decorate


class Watchdog(RuleBasedStateMachine):
    """One site, and whatever happens to it."""

    stage: Stage
    claims: Claims

    # The site

    def build(self, world: World) -> None:
        """What a planted breach changes before anything happens."""

    @initialize(
        number=st.sampled_from([2, 2, 3]), hold_s=st.sampled_from([0.0, 60.0]), port=st.booleans(), settled=st.booleans()
    )
    def site(self, number: int, hold_s: float, *, port: bool, settled: bool) -> None:
        """A site of two or three workers, before its first tick or in its steady state."""
        budget = {"moves_per_hour_max": 6, "moves_per_day_max": 12}
        world = World(workers=number, hold_s=hold_s, public_health_port=8081 if port else 0, **budget)
        if port:
            world.public = PublicPort(world)
        self.build(world)
        self.names = [worker.name for worker in world.settings.workers]
        self.stage = Stage(world)
        self.claims = Claims(world)
        self.late: list[tuple[float, Command]] = []
        self.nobody_since_s: float | None = None
        self.stage.effects.hooks = (self.claims, self, self.stage)
        self.restart()
        if settled:
            self.tick(8)

    # What hooks hear: calls that are lost on the way may land later

    def before(self, effect: Effect) -> None:
        """An effect is about to be applied."""

    def after(self, effect: Effect, answered: Answered | None) -> None:
        """A call that was lost before it was carried out is on its way."""
        cloud, command = self.stage.world.cloud, effect.command
        if command and answered and answered.outcome is Outcome.LOST and cloud.lose.get(command.do) == "before":
            self.late.append((self.stage.world.clock.time_s, command))

    def failed(self, effect: Effect, why: str) -> None:
        """A write was refused."""

    # Time

    @rule(times=st.sampled_from([1, 2, 4, 8, 16]))
    def ticks(self, times: int) -> None:
        """Nothing else happens."""
        self.tick(times)

    def tick(self, times: int) -> None:
        """The arbiter ticks; where none leads the next one is started."""
        for _ in range(times):
            if not self.stage.leads:
                self.restart()
            self.stage.tick()
            self.stage.news.clear()
            self.watch_the_address()
            assert not self.claims.broken, self.claims.broken

    @rule(seconds=st.sampled_from([5.0, 61.0, LATE_CALL_S + 1]))
    def time_passes(self, seconds: float) -> None:
        """No arbiter leads for a while."""
        self.stage.world.clock.sleep(seconds)
        self.nobody_since_s = None
        self.restart()

    # Workers

    @happens(worker=workers, answer=st.sampled_from(FAILURES))
    def worker_fails(self, worker: str, answer: Answer) -> None:
        self.stage.world.kill(self.one(worker), answer)

    @happens(answer=st.sampled_from(FAILURES))
    def holder_fails(self, answer: Answer) -> None:
        if self.stage.world.store.record:
            self.stage.world.kill(self.stage.world.record.holder, answer)

    @happens(worker=workers)
    def worker_answers(self, worker: str) -> None:
        self.stage.world.heal(self.one(worker))

    @happens(worker=workers)
    def worker_is_stopped(self, worker: str) -> None:
        self.stage.world.stop(self.one(worker))

    @happens(worker=workers)
    def worker_is_started(self, worker: str) -> None:
        self.stage.world.cloud.start(self.one(worker))

    # Networks and answers

    @happens(names=st.sets(st.sampled_from(["prober-a", "prober-b", "prober-c", "address", "instances"]), max_size=3))
    def nobody_answers_for(self, names: set[str]) -> None:
        """Vantages or reads of the cloud that cannot be asked; with none, all can."""
        self.stage.world.cloud.deaf = set(names)

    @happens(vantage=st.sampled_from(["prober-a", "prober-b", "prober-c"]), worker=workers)
    def nothing_gets_through(self, vantage: str, worker: str) -> None:
        self.stage.world.cloud.blind.add((vantage, self.one(worker)))

    @happens(do=calls, when=st.sampled_from(["before", "after"]))
    def answers_are_lost(self, do: Do, when: str) -> None:
        self.stage.world.cloud.lose[do] = when

    @happens(do=calls, code=st.sampled_from(CODES))
    def calls_are_refused(self, do: Do, code: str) -> None:
        self.stage.world.cloud.refuse[do] = code

    @happens(worker=workers)
    def target_is_refused(self, worker: str) -> None:
        self.stage.world.cloud.refuse_target.add(self.one(worker))

    @happens(reads=st.integers(1, 2))
    def reads_are_stale(self, reads: int) -> None:
        self.stage.stale_reads = reads

    @precondition(lambda self: self.late)
    @happens(data=st.data())
    def a_late_call_lands(self, data: st.DataObject) -> None:
        """Up to a quarter of an hour later; an association not in the gap of a move, which section 8 excepts."""
        cloud, now_s = self.stage.world.cloud, self.stage.world.clock.time_s
        was = cloud.association
        self.late = [each for each in self.late if now_s - each[0] <= LATE_CALL_S]
        able = [each for each in self.late if was or each[1].do is not Do.ASSOCIATE]
        if not able:
            return
        sent = data.draw(st.sampled_from(able))
        self.late.remove(sent)
        cloud.land(sent[1])
        taken = sent[1].do is Do.ASSOCIATE and cloud.association != was
        assert not taken, f"S9 a late association took the address from {was}"

    @happens()
    def all_is_well(self) -> None:
        """What lies between the watchdog and the world is healed; workers stay as they are."""
        self.heal()

    # The watchdog's own ground

    @happens(what=st.sampled_from(["down", "mute", "up"]))
    def the_store_is(self, what: str) -> None:
        verbs.store(self.stage, what)

    @happens(what=st.sampled_from(["down", "up"]))
    def the_topic_is(self, what: str) -> None:
        verbs.topic(self.stage, what)

    @happens()
    def arbiter_dies(self) -> None:
        self.stage.die()

    @happens(when=st.sampled_from(["before", "after"]), what=effects, nth=st.integers(1, 3), dies=st.booleans())
    def arbiter_will_die_or_freeze(self, when: str, what: str, nth: int, *, dies: bool) -> None:
        """In the middle of an effect to come."""
        self.stage.triggers.append(Trigger(when, what, nth, self.stage.die if dies else self.stage.freeze))

    @precondition(lambda self: self.stage.is_anybody_frozen)
    @happens()
    def a_frozen_arbiter_wakes(self) -> None:
        """What it sends was permitted when it froze. The one that led meanwhile goes on."""
        self.stage.triggers.clear()
        self.claims.zombie = True
        led = self.stage.leads
        try:
            self.stage.wake()
        except KilledError:
            self.stage.leads = led
        finally:
            self.claims.zombie = False
            self.stage.news.clear()
        assert not self.claims.broken, self.claims.broken

    @happens(enabled=st.booleans())
    def switched(self, *, enabled: bool) -> None:
        """By a deployment."""
        self.stage.deploy(replace(self.stage.world.settings, enabled=enabled))

    # People

    @happens(where=st.sampled_from(["wk1", "wk2", "wk3", "nobody", "stranger"]))
    def moved_by_hand(self, where: str) -> None:
        people.put(self.stage, where if where in ("nobody", "stranger") else self.one(where))

    patience_s = 7200.0
    """Of operators. Long, because what waits when its patience ends is begun all the same today: `test_still_wrong`."""

    @happens(verb=st.sampled_from(list(Verb)), worker=workers, named=st.booleans())
    def asked(self, verb: Verb, worker: str, *, named: bool) -> None:
        """An operator asks for something, sensible or not."""
        about: dict[str, Any] = {"worker": self.one(worker) if named else ""}
        if verb in (Verb.PAUSE, Verb.MAINTENANCE):
            about["duration_s"] = 120.0
        if verb is Verb.ORDER:
            about["order"] = tuple(reversed(self.names))
        if not self.stage.world.store.down and self.stage.world.store.lease:
            self.stage.world.ask(verb, patience_s=self.patience_s, **about)

    # What must hold

    @invariant()
    def every_claim_holds(self) -> None:
        if hasattr(self, "claims"):
            assert not self.claims.broken, self.claims.broken

    def watch_the_address(self) -> None:
        """5.9: not on nobody for long while somebody could take it and nothing is broken."""
        world = self.stage.world
        if self.stage.where != "nobody" or self.is_broken() or not self.is_anybody_able():
            self.nobody_since_s = None
            return
        if self.nobody_since_s is None:
            self.nobody_since_s = world.clock.time_s
        since_s = world.clock.time_s - self.nobody_since_s
        assert since_s <= NOBODY_S_MAX, f"5.9 the address is on nobody for {since_s:.0f} s: {world.record}"

    def is_broken(self) -> bool:
        """Whether anything but workers keeps the watchdog from its work."""
        world, cloud = self.stage.world, self.stage.world.cloud
        faults = (cloud.deaf, cloud.denied, cloud.blind, cloud.no_anchor, cloud.lose, cloud.refuse, cloud.refuse_target)
        ground = world.store.down or not self.stage.leads or self.stage.stale_reads
        return bool(any(faults) or ground or not world.settings.enabled)

    def is_anybody_able(self) -> bool:
        """A worker answers that may be a target: not fenced, not in maintenance; or the holder itself."""
        world = self.stage.world
        record, now_s = world.store.record, world.clock.time_s
        for name in self.names:
            if world.cloud.machines[name].seen() is not Answer.HEALTHY:
                continue
            if record is None or name == record.holder:
                return True
            if not record.fence(name) and not maintenance_of(record, name, now_s):
                return True
        return False

    # The end

    def teardown(self) -> None:
        """Everything is healed, and people do what is theirs; then the site must be whole."""
        if not hasattr(self, "claims"):
            return
        self.stage.close()
        if self.claims.broken:
            return  # it was said already
        self.stage.triggers.clear()
        self.heal()
        self.stage.deploy(replace(self.stage.world.settings, enabled=True))
        if self.stage.where not in (*self.names, "nobody"):
            people.put(self.stage, "nobody")
        self.restart()
        for _ in range(3):
            self.tick(15)
            self.people_look_after_the_machines()
            self.time_passes(LATE_CALL_S + 1)
        self.tick(15)
        self.check_the_end()

    def people_look_after_the_machines(self) -> None:
        """A service that fails is repaired, a machine that is off is started, a pause ends."""
        world = self.stage.world
        for name in self.names:
            world.cloud.start(name)
            world.heal(name)
        world.ask(Verb.RESUME, patience_s=120.0)

    def check_the_end(self) -> None:
        """S3, L1 to L6."""
        world, record = self.stage.world, self.stage.world.record
        ends: list[tuple[str, Callable[[], bool]]] = [
            ("L2 the phase is over", lambda: record.phase in (Phase.STEADY, Phase.MANUAL)),
            ("L3 the association is the record's", lambda: self.stage.where == record.holder or bool(record.manual)),
            ("5.9 the address is on a worker", lambda: self.stage.where in self.names),
            ("L1 who has it answers", lambda: world.cloud.machines[self.stage.where].seen() is Answer.HEALTHY),
            ("6.5 no fence stands", lambda: record.fences == ()),
            ("6.5 nobody is isolated", lambda: not any(each.isolated for each in world.cloud.machines.values())),
            ("L5 the outbox is empty", lambda: record.outbox == ()),
            ("L6 every request is answered", lambda: record.requests == ()),
            ("6 everybody runs", lambda: all(each.power is Power.RUNNING for each in world.cloud.machines.values())),
        ]
        broken = [name for name, holds in ends if not holds()]
        assert not broken, f"at the end not: {broken}; {record}"
        self.claims.check_told()
        assert not self.claims.broken, self.claims.broken

    # Helpers

    def heal(self) -> None:
        """Every question and every call is answered, and every notice taken."""
        verbs.answers(self.stage)
        verbs.hears(self.stage)
        verbs.sees(self.stage)
        verbs.store(self.stage, "up")
        verbs.topic(self.stage, "up")
        self.stage.stale_reads = 0

    def one(self, worker: str) -> str:
        """This worker, or the last one where there are fewer."""
        return worker if worker in self.names else self.names[-1]

    def restart(self) -> None:
        """The next arbiter is started."""
        self.stage.start()
