"""A world whose arbiters may die, freeze and be replaced, also in the middle of an effect; and what it brings, as text.

A `Stage` ticks as `leadership.lead` does: an arbiter without a lease ends, and one that has new settings to hand over to
waits for the end of a move. `verbs` changes the world, `player` writes down.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from queue import Queue
from threading import Event, Thread

from failover_lambda.contract import Settings
from failover_lambda.cycle import Cycle
from failover_lambda.leadership import Leadership, _to_finish_with  # pyright: ignore[reportPrivateUsage]
from failover_lambda.model import AddressView, Answered, Command, Outcome, Record, Sight
from tests.effects import Effect, Effects, KilledError
from tests.worlds import World

NOBODY_LEADS = "nobody leads"
LEASE_LOST = "the arbiter ends: the lease is another's, or could be"
BETWEEN_STARTS_S = 1.0
"""How long a tick of the story lasts while there is no arbiter."""
WAIT_S = 20.0
"""Longest wait for a thread of ours; none needs a hundredth of it."""


@dataclass
class Trigger:
    """Something that happens once, in the middle of an effect of the arbiter."""

    when: str
    """`before` or `after`."""
    what: str
    nth: int
    """How many such effects are to come until then, that one included."""
    happen: Callable[[], object]

    def is_hit(self, when: str, effect: Effect) -> bool:
        """Whether this is the effect that it waits for."""
        if self.when != when or self.what not in effect.names:
            return False
        self.nth -= 1
        return self.nth == 0


@dataclass
class Sleeper:
    """An arbiter that froze. In the middle of a tick it is a thread that waits; between two ticks there is no thread."""

    cycle: Cycle
    leadership: Leadership
    in_a_tick: bool
    go_on: Event = field(default_factory=Event)
    is_over: bool = False


class Stage:
    """One world, its arbiters, and the lines that tell of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.workers = world.settings.workers
        """Every machine there is, configured or not."""
        self.effects = Effects(world, self)
        self.triggers: list[Trigger] = []
        self.news: list[str] = []
        self.leads = world.lease is not None
        self.stale_reads = 0
        """So many reads after the next change of the address show it as it was before."""
        self.look_s = 0.0
        """So long each prober takes to answer."""
        self._shown_before = world.cloud.association
        self._settings_to_come: Settings | None = None
        self._sleepers: list[Sleeper] = []
        self._said: Queue[str | BaseException] = Queue()
        self._in_a_tick = False
        self._read_address = world.cloud.read_address
        self._look = world.cloud.look
        world.cloud.read_address = self.read_address  # type: ignore[method-assign]
        world.cloud.look = self.look  # type: ignore[method-assign]

    # The arbiters

    def tick(self) -> str:
        """One tick, and the time until the next; returns its reason."""
        world = self.world
        cycle, leadership = world.cycle, world.leadership
        lease = (leadership.keep() or _to_finish_with(cycle, leadership)) if self.leads else None
        if lease is None:
            reason = LEASE_LOST if self.leads else NOBODY_LEADS
            self.leads = False
            world.clock.sleep(BETWEEN_STARTS_S)
            return reason
        reason = NOBODY_LEADS
        try:
            reason = self._run(lambda: cycle.tick(lease))
        except KilledError:
            self.leads = False
        if not self.leads:
            world.clock.sleep(BETWEEN_STARTS_S)
            return NOBODY_LEADS
        world.clock.sleep(cycle.interval_s)
        self._hand_over()
        return reason

    def die(self) -> None:
        """The arbiter's process is gone; in the middle of an effect, nothing of it goes on."""
        self.news.append("here the arbiter dies")
        self.leads = False
        if self._in_a_tick:
            raise KilledError

    def start(self) -> str:
        """The next arbiter is started, with the newest settings; returns what became of it."""
        world = self.world
        if self._settings_to_come:
            world.settings, self._settings_to_come = self._settings_to_come, None
        began_s = world.clock.time_s
        world.new_arbiter()
        self.leads = world.lease is not None
        if self.leads:
            return f"{world.leadership.owner} leads, after {world.clock.time_s - began_s:.1f} s"
        return f"{world.leadership.owner} ends: {world.leadership.why_not}"

    def freeze(self) -> None:
        """The arbiter stops, as a process that gets no processor: in the middle of an effect, or between two ticks."""
        sleeper = Sleeper(self.world.cycle, self.world.leadership, in_a_tick=self._in_a_tick)
        self._sleepers.append(sleeper)
        self.leads = False
        self.news.append("here the arbiter freezes")
        if sleeper.in_a_tick:
            self._said.put(NOBODY_LEADS)
            sleeper.go_on.wait()
            if sleeper.is_over:
                raise KilledError

    def wake(self) -> str:
        """The arbiter that froze first goes on, to the end of its tick and to its next renewal; returns what it says."""
        sleeper = self._sleepers.pop(0)
        reason = "it was between two ticks"
        if sleeper.in_a_tick:
            self._in_a_tick = True
            sleeper.go_on.set()
            reason = self._hear()
        if sleeper.leadership.keep() is None:
            return f"{reason}; then {LEASE_LOST}"
        self.world.cycle, self.world.leadership, self.leads = sleeper.cycle, sleeper.leadership, True
        return f"{reason}; it still leads"

    @property
    def is_anybody_frozen(self) -> bool:
        """Whether an arbiter sleeps that was not woken."""
        return bool(self._sleepers)

    def deploy(self, settings: Settings) -> None:
        """The next arbiter gets these settings. One that leads hands over to it, but not in the middle of a move."""
        self._settings_to_come = settings
        if self.leads and not self._in_a_tick:
            self._hand_over()

    def close(self) -> None:
        """End the threads of arbiters that are frozen still."""
        for sleeper in self._sleepers:
            sleeper.is_over = True
            sleeper.go_on.set()
            if sleeper.in_a_tick:
                self._said.get(timeout=WAIT_S)
        self._sleepers.clear()

    def _hand_over(self) -> None:
        if self._settings_to_come and not self.world.cycle.in_motion:
            self.world.leadership.release()
            self.news.append(f"handed over: {self.start()}")

    def _run(self, tick: Callable[[], str]) -> str:
        """A tick; in a thread of its own where it may freeze. Never do two of them run at the same time."""

        def run() -> None:
            try:
                self._said.put(tick())
            except BaseException as exc:  # noqa: BLE001 - handed to the thread that waits for it
                self._said.put(exc)

        self._in_a_tick = True
        if self.triggers:
            Thread(target=run, daemon=True).start()
        else:
            run()
        return self._hear()

    def _hear(self) -> str:
        said = self._said.get(timeout=WAIT_S)
        self._in_a_tick = False
        if isinstance(said, BaseException):
            raise said
        return said

    # What it brings

    def before(self, effect: Effect) -> None:
        """An effect is about to be applied."""
        self._happen("before", effect)

    def after(self, effect: Effect, answered: Answered | None) -> None:
        """An effect was applied; its answer is not known yet."""
        if effect.record:
            if _shown(effect.record) != _shown(effect.before):
                self.news.append(f"stored {_shown(effect.record)}")
        elif effect.command and answered:
            self.news.append(f"call {called(effect.command)}: {_outcome(answered)}")
        self._happen("after", effect)

    @property
    def replies(self) -> Mapping[str, str]:
        """What became of the requests, as the record says."""
        record = self.world.store.record
        return {each.id: f"{'done' if each.done else 'not done'}: {each.why}" for each in record.replies} if record else {}

    def failed(self, effect: Effect, why: str) -> None:
        """A write that was refused, or had no answer."""
        if _shown(effect.record) != _shown(effect.before):
            self.news.append(f"not stored {_shown(effect.record)}: {why}")

    def _happen(self, when: str, effect: Effect) -> None:
        hit = next((trigger for trigger in self.triggers if trigger.is_hit(when, effect)), None)
        if hit:
            self.triggers.remove(hit)
            hit.happen()

    def read_address(self) -> AddressView:
        """As `Cloud.read_address`, but a control plane may show for a while what was before."""
        view = self._read_address()
        if view.association == self._shown_before:
            return view
        if self.stale_reads:
            self.stale_reads -= 1
            return replace(view, association=self._shown_before)
        self._shown_before = view.association
        return view

    def look(self, vantage: str, connect_s: float) -> Sight:
        """As `Probers.look`, but it may take long."""
        self.world.clock.sleep(self.look_s)
        return self._look(vantage, connect_s)

    @property
    def where(self) -> str:
        """Who has the address: a worker, nobody, or a stranger's instance."""
        association = self.world.cloud.association
        if association is None:
            return "nobody"
        names = {worker.instance_id: worker.name for worker in self.workers}
        return names.get(association.instance_id, association.instance_id)

    @property
    def state(self) -> str:
        """Record and address in one line."""
        record = self.world.store.record
        if record is None:
            return f"no record, address on {self.where}"
        fenced = "".join(f", {fence.worker} fenced" for fence in record.fences)
        return f"{_shown(record)}, address on {self.where}{fenced}"


def _shown(record: Record | None) -> str:
    if record is None:
        return ""
    return f"{record.phase.value}, epoch {record.epoch}, holder {record.holder}"


def called(command: Command) -> str:
    """A call as a story tells it."""
    condition = f" if {command.association_id}" if command.association_id else ""
    return f"{command.do.value} {command.worker or 'the address'}{condition}"


def _outcome(answered: Answered) -> str:
    match answered.outcome:
        case Outcome.DONE:
            return "done"
        case Outcome.LOST:
            return "no answer"
        case Outcome.DEFERRED:
            return f"not now, {answered.code}"
        case Outcome.REFUSED:
            return f"refused, {answered.code}"
