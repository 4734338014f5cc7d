"""One cycle: load, observe, decide, store, act, go on from the answers, tell, report. It owns order and deadlines only.

The order is what safety rests on: a decision is stored before its first call is sent (RULE 5.1), the second call of a
move is sent at once (RULE 5.6), and nothing is told that is not stored (RULE 7.1). What to do is decided in `rule`; how to
do it is the business of the ports. May import `contract`, `model`, `errors`, `denials`, `document`, `outbox`, `ports`,
`pulse`, `rehearsal`, `rule` and `windows`; no SDK.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from failover_lambda import denials, rehearsal, rule
from failover_lambda.contract import CLOCKS_AGREE_S, Channel, Settings
from failover_lambda.document import bounded
from failover_lambda.errors import (
    ConflictError,
    DeniedError,
    NothingNewError,
    RecordLostError,
    RecordUnreadableError,
    StoreUnavailableError,
)
from failover_lambda.model import (
    Answered,
    Command,
    Decision,
    Do,
    Event,
    InstanceView,
    Lease,
    Lost,
    Outcome,
    Record,
    Round,
    Sight,
    Told,
)
from failover_lambda.outbox import Outbox
from failover_lambda.ports import Clock, Cloud, Probers, PublicPath, RecordStore, Reporter
from failover_lambda.pulse import Pulse
from failover_lambda.values import replace
from failover_lambda.verdict import VANTAGES_NEEDED
from failover_lambda.windows import Windows

ROUND_MARGIN_S = 0.5
"""What a round may take beyond its probes' own timeouts: invoking the probers and reading the cloud."""

MOVE_WAIT_S = 1.0
"""How long one tick waits for the answers of a move's calls; later ones are taken up by a later tick."""

ANNOUNCED_EVERY_S = 60.0
"""What the platform means to do to machines is known hours or days before; nobody waits for the answer."""

POOL_SIZE = 24
FAULT_CHARACTERS_MAX = 200
"""Kept of each fault in a tick's line: enough for a service's error code and the begin of its sentence."""
_MOVE_CALLS = (Do.DISASSOCIATE, Do.ASSOCIATE)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The world, as one cycle needs it."""

    clock: Clock
    probers: Probers
    public: PublicPath
    cloud: Cloud
    store: RecordStore
    reporter: Reporter


@dataclass(frozen=True)
class _Read:
    """A question to the cloud that may go on over several rounds."""

    future: Future[Any]
    started_s: float


class Cycle:
    """The watchdog's work on one site while it leads. One instance per leadership; not shared between threads."""

    def __init__(
        self,
        settings: Settings,
        ports: Ports,
        pool: Executor | None = None,
        eyes: Executor | None = None,
        *,
        rehearses: bool = True,
    ) -> None:
        """Nothing is asked or written until the first tick.

        `pool` runs questions and calls; None = threads of its own. `eyes` runs the questions alone, where they are answered
        already because many sites are observed together. `rehearses`: it may as soon as that is due; see `let_rehearse`.

        Raises:
            OSError, ValueError: the bundle does not hold the time zone of the failback windows.
        """
        self._settings = settings
        self._ports = ports
        self._record: Record | None = None
        self._lost: Lost | None = None
        self._reload = True
        self._cloud_read_at: float | None = None
        self._reads: dict[str, _Read] = {}
        self._announced_at: float | None = None
        self._announced_read: _Read | None = None
        self._announced: Mapping[str, str] = {}
        self._rehearsal: Future[tuple[Answered, ...]] | None = None
        self._rehearses = rehearses
        self._called_at = 0.0
        self._seen_little = False
        self._public_ip = ""
        self._calls: dict[Future[Answered], Command] = {}
        self._dropped: frozenset[str] = frozenset()
        self._pulse = Pulse(settings)
        self._windows = Windows(settings)
        self._faults: list[str] = []
        self._failed = False
        self._own_pool = None if pool else ThreadPoolExecutor(max_workers=POOL_SIZE, thread_name_prefix="tandem")
        self._pool: Executor = pool or cast("Executor", self._own_pool)
        self._eyes = eyes or self._pool
        self._outbox = Outbox(settings.channels, ports.reporter, self._pool)

    @property
    def record(self) -> Record | None:
        """The record as this cycle last knew it."""
        return self._record

    @property
    def is_idle(self) -> bool:
        """Switched off or only watching, and there surely is no record: nothing to settle."""
        acts = self._settings.enabled and not self._settings.watch_only
        return not acts and self._record is None and not self._reload

    @property
    def in_motion(self) -> bool:
        """A move has begun and not ended."""
        return rule.in_motion(self._record)

    @property
    def in_doubt(self) -> bool:
        """The next round should follow at once."""
        return rule.in_doubt(self._record) and not self.is_idle

    @property
    def interval_s(self) -> float:
        """From the start of the last tick to the start of the next."""
        in_doubt = rule.in_doubt(self._record)
        return self._settings.burst_interval_s if in_doubt else self._settings.probe_interval_s

    @property
    def connect_s(self) -> float:
        """How long the next round waits for connections."""
        return self._settings.burst_timeout_s if rule.in_doubt(self._record) else self._settings.probe_timeout_s

    @property
    def round_s(self) -> float:
        """How long the next round may take."""
        return self.connect_s + self._settings.answer_s(self.connect_s) + ROUND_MARGIN_S

    @property
    def may_let_go(self) -> bool:
        """Whether the lease may go to the one that wishes for it (RULE 2.3)."""
        return not self.in_motion

    def may_answer(self, question: str) -> bool:  # noqa: ARG002 (the shape of whoever leads)
        """Whether the tick that has just ended is what was asked for."""
        return True

    def wants_cloud(self, lease: Lease) -> bool:
        """Whether the next round needs address and machines as they are then, whenever they were read last."""
        return rule.wants_cloud(self._record) or self.has_news(lease)

    def has_news(self, lease: Lease) -> bool:
        """Whether somebody asks for something that the record does not know: then a tick is due, with every read."""
        if self._record is None:
            return False
        known = rule.known_requests(self._record, lease.inbox) | self._dropped
        return any(request.id not in known for request in lease.inbox)

    def let_rehearse(self) -> None:
        """It may rehearse, once, when that is due: where many sites share the limits of one account they take turns."""
        self._rehearses = True

    def reload(self) -> None:
        """Read the record anew at the next tick."""
        self._reload = True

    def close(self) -> None:
        """Report what was not reported yet, and let go of calls in flight.

        Their answers are lost to us, and the record knows that they were asked.
        """
        if self._pulse.pending:
            self._report_vitals()
        if self._own_pool:
            self._own_pool.shutdown(wait=False, cancel_futures=True)

    def tick(self, lease: Lease) -> str:
        """One cycle under `lease`. Returns the reason of the decision; never raises for what the world does."""
        started_s = self._ports.clock.monotonic_s()
        self._faults, self._failed = [], False
        try:
            self.load()
            seen = self._observe(lease)
            reason = self._apply(seen, lease)
            self._follow(lease)
            self._empty_inbox(lease)
        except ConflictError as exc:
            seen, reason = None, f"lost the race: {exc}"
            self._reload = True
        except (StoreUnavailableError, RecordUnreadableError) as exc:
            seen, reason = None, f"no decision: {exc}"
            self._reload, self._failed = True, True
        except Exception as exc:  # noqa: BLE001 - the watchdog's edge: one tick fails, the next one starts from the record
            seen, reason = None, f"no decision: {type(exc).__name__}: {exc}"
            self._reload, self._failed = True, True
        self._tell(lease)
        self._report(lease, seen, reason, started_s)
        return reason

    # Load and store

    def load(self) -> None:
        """Read the record, if that is due.

        Raises:
            StoreUnavailableError: no answer, and nothing is known from before.
            RecordUnreadableError: what is stored is no record of this version.
        """
        if not self._reload:
            return
        try:
            self._record, self._lost = self._ports.store.load(), None
        except RecordLostError as exc:  # what of it can be gone on from is decided in the rule (RULE 1.11 to 1.13)
            self._record, self._lost = None, exc.lost
        except StoreUnavailableError as exc:
            if self._record is None:
                raise
            self._note(f"load: {exc}")
            return  # a move that has begun goes on from what we know (RULE 5.6)
        self._reload = False

    def _save(self, decision: Decision, lease: Lease) -> bool:
        """Store what was decided. False = the store did not answer: only what is permitted already may be done."""
        if decision.record is None or decision.record == self._record:
            return True
        record = bounded(decision.record, self._settings, self._ports.clock.now_s())
        begins = self._record is None or record.epoch != self._record.epoch
        write = self._ports.store.supersede if self._lost else self._ports.store.save
        for _ in range(1 + begins):  # a new intent is sent twice: the store recognises it as ours
            try:
                self._record, self._lost = write(record, lease), None
            except StoreUnavailableError as exc:
                self._note(f"save: {exc}")
                continue
            return True
        self._reload = True
        if not begins:
            self._record = record
        return False

    # Observe

    def _observe(self, lease: Lease) -> Round:
        """Ask everybody at once, with one deadline. Whoever did not answer by then was not asked."""
        ports, in_doubt, connect_s = self._ports, rule.in_doubt(self._record), self.connect_s
        started_s = ports.clock.monotonic_s()
        deadline_s = started_s + self.round_s
        submit = self._eyes.submit
        looks = [submit(ports.probers.look, vantage, connect_s) for vantage in ports.probers.vantages]
        reads = self._cloud_reads(started_s, wanted=self.wants_cloud(lease))
        self._ask_for_announcements(started_s)
        self._rehearse()
        wanted = self._public_ip and (in_doubt or self._seen_little)
        public = self._pool.submit(ports.public.ask, self._public_ip, connect_s) if wanted else None
        asked: list[Future[Any]] = [*looks, *reads, *([public] if public else [])]
        going_on = [each for each in asked if not each.done()]
        if going_on:
            wait(going_on, timeout=max(0.0, deadline_s - ports.clock.monotonic_s()))
        denied, answered = self._denied(looks), self._take_announcements()
        seen = Round(
            token=lease.token,
            overrun=ports.clock.monotonic_s() > deadline_s + ROUND_MARGIN_S,
            sights=tuple(sight for sight in (_answer_of(look) for look in looks) if isinstance(sight, Sight)),
            address=self._taken("address"),
            instances=self._with_announcements(self._taken("instances")),
            public=_answer_of(public) if public else None,
            denied=denied,
            answered=answered,
            rehearsed=self._take_rehearsal(),
            requests=lease.inbox,
            window=self._windows.at(ports.clock.now_s()),
            clocks_agree=self._clocks_agree(),
        )
        self._note_unasked(looks, seen)
        if seen.address:
            self._public_ip = seen.address.public_ip
        self._seen_little = _saw_little(seen, self._record)
        return seen

    def _cloud_reads(self, now_s: float, *, wanted: bool) -> list[Future[Any]]:
        """The reads of this round. A slow one goes on over several rounds instead of being thrown away each time."""
        due = self._cloud_read_at is None or now_s - self._cloud_read_at >= self._settings.cloud_read_interval_s
        if due or wanted:
            self._cloud_read_at = now_s
            cloud = self._ports.cloud
            for name, ask in (("address", cloud.read_address), ("instances", cloud.read_instances)):
                going_on = self._reads.get(name)
                if going_on is None or going_on.started_s < self._called_at:
                    self._reads[name] = _Read(self._eyes.submit(ask), now_s)
        return [read.future for read in self._reads.values()]

    def _clocks_agree(self) -> bool:
        """Whether the wall clock can tell a window of the day. A difference that is not known is none that agrees."""
        offset_s = self._ports.store.clock_offset_s()
        return offset_s is not None and abs(offset_s) < CLOCKS_AGREE_S

    def _denied(self, looks: list[Future[Sight]]) -> tuple[str, ...]:
        """The questions of this round that our role may not ask."""
        asked = {denials.question_to(name): look for name, look in zip(self._ports.probers.vantages, looks, strict=True)}
        names = {"address": denials.READ_ADDRESS, "instances": denials.READ_INSTANCES}
        asked |= {names[name]: read.future for name, read in self._reads.items()}
        asked |= {denials.READ_ANNOUNCEMENTS: self._announced_read.future} if self._announced_read else {}
        return tuple(name for name, future in asked.items() if _is_denied(future))

    def _ask_for_announcements(self, now_s: float) -> None:
        read = self._announced_read
        if self._announced_at is None or (read is None and now_s - self._announced_at >= ANNOUNCED_EVERY_S):
            self._announced_at = now_s
            self._announced_read = _Read(self._eyes.submit(self._ports.cloud.read_announcements), now_s)

    def _take_announcements(self) -> tuple[str, ...]:
        """Take up an answer, whenever it comes; its name, if it was one. What could not be read is not known (RULE 3.2)."""
        read = self._announced_read
        if read is None or not read.future.done():
            return ()
        self._announced_read = None
        if isinstance(read.future.exception(), NothingNewError):
            self._announced_at = None
            return ()
        if exc := read.future.exception():
            self._announced = {}
            self._note(str(exc))
            return ()
        self._announced = read.future.result()
        return (denials.READ_ANNOUNCEMENTS,)

    def _rehearse(self) -> None:
        """Once in a leadership at most, whatever the record knows of it."""
        commands = rehearsal.due(self._record, self._settings, self._ports.clock.now_s()) if self._rehearses else ()
        if commands:
            self._rehearses = False
            self._rehearsal = self._pool.submit(self._ports.cloud.rehearse, commands)

    def _take_rehearsal(self) -> tuple[Answered, ...]:
        """Take up its answers, whenever they come."""
        if self._rehearsal is None or not self._rehearsal.done():
            return ()
        answers, self._rehearsal = self._rehearsal.result(), None
        unknown = [event for event in answers if event.outcome is not Outcome.DONE and not event.denied]
        self._faults += [f"rehearse {event.command.do.value}: {event.outcome.value} {event.code}" for event in unknown]
        return answers

    def _with_announcements(self, views: tuple[InstanceView, ...] | None) -> tuple[InstanceView, ...] | None:
        return views and tuple(replace(view, event=self._announced.get(view.worker, "")) for view in views)

    def _taken(self, name: str) -> Any:
        """What a read brought, once; None while it has no answer. One that began before a call of ours is old news."""
        read = self._reads.get(name)
        if read is None or not read.future.done():
            return None
        del self._reads[name]
        exc = read.future.exception()
        if exc and not isinstance(exc, NothingNewError):
            self._note(str(exc))
        return None if read.started_s < self._called_at else _answer_of(read.future)

    def _note_unasked(self, looks: list[Future[Sight]], seen: Round) -> None:
        """A vantage that could not be asked is a line; too few for a verdict, or a round that overran, fails the tick."""
        for look in looks:
            if look.done() and (exc := look.exception()):
                self._faults.append(str(exc)[:FAULT_CHARACTERS_MAX])
        if len(seen.sights) < min(VANTAGES_NEEDED, len(looks)):
            self._note(f"{len(seen.sights)} of {len(looks)} vantages answered")
        if seen.overrun:
            self._note("the round overran its deadline")

    def _note(self, fault: str) -> None:
        """Something could not be read, stored or told in this tick, for whatever reason: it failed."""
        self._faults.append(fault[:FAULT_CHARACTERS_MAX])
        self._failed = True

    # Decide and act

    def _apply(self, event: Event, lease: Lease) -> str:
        """Decide on one event, store, act."""
        decision = rule.step(self._record, event, self._settings, self._ports.clock.now_s(), self._lost)
        at_once = isinstance(event, Answered)
        if at_once:  # the second half of a move waits for nobody (RULE 5.6)
            self._send(command for command in decision.commands if command.second)
        stored = self._save(decision, lease)
        self._send(
            command for command in decision.commands if not (command.second and at_once) and (stored or command.second)
        )
        return decision.reason

    def _send(self, commands: Iterable[Command]) -> None:
        for command in commands:
            self._called_at = self._ports.clock.monotonic_s()
            self._calls[self._pool.submit(self._ports.cloud.run, command)] = command

    def _follow(self, lease: Lease) -> None:
        """Take up answers. Wait for those of a move, a while; a slow stop delays nothing."""
        give_up_s = self._ports.clock.monotonic_s() + MOVE_WAIT_S
        while True:
            for answered in self._answers():
                reason = self._apply(answered, lease)
                self._report_answer(answered, reason)
            moving = [future for future, command in self._calls.items() if command.do in _MOVE_CALLS]
            left_s = give_up_s - self._ports.clock.monotonic_s()
            if not moving or left_s <= 0:
                return
            wait(moving, timeout=left_s, return_when=FIRST_COMPLETED)

    def _answers(self) -> deque[Answered]:
        done = [future for future in self._calls if future.done()]
        if done:
            self._called_at = self._ports.clock.monotonic_s()
        answers = deque(future.result() for future in done)
        for future in done:
            del self._calls[future]
        return answers

    def _empty_inbox(self, lease: Lease) -> None:
        """What the stored record knows leaves the inbox; an entry that stays is known again next time (RULE 9.2)."""
        if self._record is None or self._reload:
            return
        known = rule.known_requests(self._record, lease.inbox) - self._dropped
        if known:
            self._dropped |= known
            self._pool.submit(self._drop, known)

    def _drop(self, ids: frozenset[str]) -> None:
        try:
            self._ports.store.drop_requests(ids)
        except StoreUnavailableError:
            self._dropped -= ids

    # Tell and report

    def _tell(self, lease: Lease) -> None:
        """Send what is stored and was not told; at least once each."""
        now_s = self._ports.clock.monotonic_s()
        for handed in self._outbox.done(now_s):
            if handed.fault:
                self._note(handed.fault)
            else:
                self._apply_told(Told(notice_id=handed.notice.id, channel=handed.channel), lease)
        if self._record is None or self._reload:
            return  # not known to be stored
        for notice in list(self._outbox.send(self._record.outbox, now_s)):  # its last channel was taken out of the settings
            self._apply_told(Told(notice_id=notice.id, channel=Channel.TOPIC), lease)

    def _apply_told(self, told: Told, lease: Lease) -> None:
        try:
            self._apply(told, lease)
        except ConflictError:
            self._reload = True

    def _report_answer(self, answered: Answered, reason: str) -> None:
        command = answered.command
        self._ports.reporter.event(
            "call",
            {
                "do": command.do.value,
                "worker": command.worker,
                "epoch": command.epoch,
                "outcome": answered.outcome.value,
                "code": answered.code,
                "reason": reason,
            },
        )

    def _report(self, lease: Lease, seen: Round | None, reason: str, started_s: float) -> None:
        clock, record = self._ports.clock, self._record
        self._ports.reporter.event(
            "tick",
            {
                "site": self._settings.site,
                "token": lease.token,
                "phase": record.phase.value if record else "none",
                "epoch": record.epoch if record else 0,
                "holder": record.holder if record else "",
                "reason": reason,
                "answers": _answers_seen(seen),
                "overrun": bool(seen and seen.overrun),
                "failed": self._failed,
                "faults": self._faults,
                "tick_s": round(clock.monotonic_s() - started_s, 4),
            },
        )
        self._pulse.count(seen, record, failed=self._failed, at=clock.monotonic_s())
        if self._pulse.due(clock.monotonic_s()):
            self._report_vitals()

    def _report_vitals(self) -> None:
        clock = self._ports.clock
        vitals = self._pulse.take(self._record, at=clock.monotonic_s(), now_s=clock.now_s())
        self._ports.reporter.vitals(vitals)


def _answer_of(future: Future[T]) -> T | None:
    """What a question brought, or None where it was not answered in time or could not be asked, for whatever reason."""
    if not future.done() or future.exception() is not None:
        return None
    return future.result()


def _is_denied(future: Future[Any]) -> bool:
    return future.done() and isinstance(future.exception(), DeniedError)


def _saw_little(seen: Round, record: Record | None) -> bool:
    """Fewer vantages than a verdict needs, or one that misses the holder: the next round asks the public port too."""
    holder = record.holder if record else ""
    return len(seen.sights) < VANTAGES_NEEDED or any(sight.of(holder).failing for sight in seen.sights)


def _answers_seen(seen: Round | None) -> dict[str, dict[str, str]]:
    if seen is None:
        return {}
    return {sight.vantage: {report.worker: report.answer.value for report in sight.reports} for sight in seen.sights}
