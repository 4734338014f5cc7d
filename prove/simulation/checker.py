"""What must be true of every run, read from the log. Shares nothing with the rule: it may import `model` and `contract`.

`Checker` keeps one `Watch` per site and hands each event to it. A `Watch` names what is broken and the sentence of
docs/RULE.md (or the invariant of the design) that breaks by it. Three files: `checker` what is stored, sent and applied;
`verdicts` whether a failover was right; `order` what must hold when nothing goes wrong any more.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from failover_lambda.contract import Settings
from failover_lambda.model import Do, Phase, Record, Verb
from prove.simulation import events
from prove.simulation.events import Event
from prove.simulation.evidence import Rounds
from prove.simulation.order import disorder
from prove.simulation.verdicts import Judge


@dataclass(frozen=True)
class Violation:
    """Something that must not be."""

    time_s: float
    site: str
    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.time_s:.3f} {self.site} {self.name}: {self.why}"


class Checker:
    """Sees every event of a run, in order."""

    def __init__(self, settings: Mapping[str, Settings]) -> None:
        self.violations: list[Violation] = []
        self.is_broken = False
        """Something was found that must not be."""
        self._watches = {name: Watch(of, self.violations) for name, of in settings.items()}

    def see(self, event: Event) -> None:
        """One more event."""
        for watch in [self._watches[event.site]] if event.site else self._watches.values():
            watch.see(event)
            if self.violations or watch.judge.false:
                self.is_broken = True

    @property
    def judges(self) -> list[Judge]:
        """What was found of the failovers of each site."""
        return [watch.judge for watch in self._watches.values()]


HAND_OVER_S = 15.0
"""Between two leaders a lease may be nobody's for so long."""

_RAISED = re.compile(r"no decision: [A-Z]\w*: ")


class Watch:
    """What is known of one site, from its events."""

    def __init__(self, settings: Settings, violations: list[Violation]) -> None:
        self._settings = settings
        self._violations = violations
        self._now_s = 0.0
        self._record: Record | None = None
        self._version = 0
        self._lease = ("", 0)
        self._lease_s = 0.0
        self._holders: dict[int, str] = {}
        self._expected: dict[int, str] = {}
        self._fenced: set[tuple[str, int]] = set()
        self._promised: dict[str, str] = {}
        self._asked: dict[str, Verb | None] = {}
        self._owed: set[str] = set()
        self._was_in_order = False
        """After the calm, at least once."""
        self._replied: dict[str, bool] = {}
        self._begun: dict[str, int] = {}
        self._told: dict[str, events.Configured] = {}
        self._rounds = Rounds()
        self._gone: set[str] = set()
        """Arbiters that ended or were killed: a write that was under way still lands, until somebody else has the lease."""
        self.judge = Judge(settings, self._rounds, self._broken)
        self._on: Mapping[type[Event], Callable[[Any], None]] = {
            events.Looked: self._rounds.looked,
            events.Ticked: self._on_tick,
            events.ReadMachines: self._rounds.read_machines,
            events.AskedPublic: self._rounds.asked_public,
            events.Stored: self._on_stored,
            events.Sent: self._on_sent,
            events.Applied: self._on_applied,
            events.LeaseTaken: self._on_lease,
            events.Arbiter: self._on_arbiter,
            events.Serving: self.judge.serving,
            events.Fault: self.judge.fault,
            events.Told: self._on_told,
            events.Calm: self._on_calm,
            events.Asked: self._on_asked,
            events.RecordGone: self._on_gone,
            events.Configured: self._on_configured,
        }

    def _broken(self, name: str, why: str) -> None:
        self._violations.append(Violation(self._now_s, self._settings.site, name, why))

    def see(self, event: Event) -> None:
        """One more event."""
        self._now_s = event.time_s
        on = self._on.get(type(event))
        if on:
            on(event)

    # The record and the lease

    def _on_stored(self, event: events.Stored) -> None:
        old, new = self._record, event.record
        if (event.owner, event.token) != self._lease:
            self._broken("lease ignored (2.5)", f"{event.owner} wrote under token {event.token}; the lease is {self._lease}")
        if new.version != self._version + 1:
            self._broken("version ignored (2.5)", f"version {new.version} follows {self._version}")
        before = max(self._holders, default=0)
        if new.epoch not in ((before, before + 1) if old else (before + 1,)):
            self._broken("epochs only grow (1.5, 1.12)", f"epoch {new.epoch} follows {before}")
        self._version = new.version
        holder = self._holders.setdefault(new.epoch, new.holder)
        if holder != new.holder:
            self._broken("one holder per epoch (1.5)", f"epoch {new.epoch} has {holder} and {new.holder}")
        if new.intent:
            expected = self._expected.setdefault(new.epoch, new.intent.expected_id)
            if expected != new.intent.expected_id:
                self._broken("a newer id needs a newer intent (5.4)", f"epoch {new.epoch}: {new.intent.expected_id}")
        self._fenced |= {(fence.worker, fence.epoch) for fence in new.fences}
        self._on_promises(new)
        if old is None or old.epoch != new.epoch:
            self._on_settings(event, old)
        if old and old.epoch != new.epoch:
            self.judge.new_epoch(event.owner, old, new, self._now_s)
        elif old and self._is_switched_on(old, new):
            self.judge.fresh_budget()
        self._on_replies(new)
        self._record = new

    def _on_configured(self, event: events.Configured) -> None:
        self._told[event.owner] = event

    def _on_settings(self, event: events.Stored, old: Record | None) -> None:
        """A new epoch, against what its arbiter was told; a move in motion ends as it began (4.5, 4.7)."""
        told, new = self._told.get(event.owner), event.record
        if told is None:
            return
        at_rest = old is None or old.phase not in (Phase.FENCING, Phase.MOVING, Phase.VERIFYING)
        if at_rest and not told.enabled:
            self._broken("no epoch while it is switched off (S6, 4.5)", f"epoch {new.epoch}: {new.reason}")
        if at_rest and told.enabled and told.watches and old:
            self._broken("no epoch while it only watches (4.7)", f"epoch {new.epoch}: {new.reason}")
        if new.intent and new.holder not in told.workers and (old is None or old.holder != new.holder):
            self._broken("who is not configured is no target (1.10)", f"epoch {new.epoch}: {new.holder}")

    def _is_switched_on(self, old: Record, new: Record) -> bool:
        """The watchdog was enabled (RULE 1.8), or manual ended in the write that tells an operator so (9.6)."""
        if old.phase is new.phase or old.phase not in (Phase.DISABLED, Phase.MANUAL):
            return False
        if old.phase is Phase.DISABLED:
            return True
        known = {reply.id for reply in old.replies}
        done = {reply.id for reply in new.replies if reply.done and reply.id not in known}
        return any(self._asked.get(each) is Verb.RESUME for each in done)

    def _on_gone(self, event: events.RecordGone) -> None:
        """What was asked for before may never be answered, or once more: nobody remembers."""
        self._version = event.version
        if event.lost:
            self._record = None
            self.judge.lost(event.time_s)
        self._promised = dict.fromkeys(self._promised, "")  # their names may be given once more
        self._replied.clear()
        self._begun.clear()
        self._owed.clear()

    def _on_replies(self, record: Record) -> None:
        """RULE 9.3: one reply for each request, and no second move."""
        for reply in record.replies:
            if reply.id not in self._asked:
                self._broken("a reply to nothing (9.3)", f"{reply.id}: {reply.why}")
            if self._replied.setdefault(reply.id, reply.done) is not reply.done:
                self._broken("one reply for each request (9.3)", f"{reply.id} was answered twice")
        for request in record.requests:
            if request.epoch and self._begun.setdefault(request.id, request.epoch) != request.epoch:
                self._broken("no request is carried out twice (9.3)", f"{request.id} in epoch {request.epoch} as well")
            if request.epoch and request.id in self._replied:
                self._broken("no request is carried out twice (9.3)", f"{request.id} goes on after its reply")

    def _on_promises(self, record: Record) -> None:
        for notice in record.outbox:
            said = self._promised.get(notice.id) or notice.what
            self._promised[notice.id] = said
            if said != notice.what:
                self._broken("a notice has one name (7.1)", f"{notice.id} is {said} and {notice.what}")

    def _on_lease(self, event: events.LeaseTaken) -> None:
        if event.owner and event.token <= self._lease[1]:
            self._broken("tokens grow (2.5)", f"{event.owner} got token {event.token} after {self._lease[1]}")
        self._lease = (event.owner, event.token)
        self._lease_s = event.time_s
        for owner in self._gone - {event.owner}:
            self._rounds.forget(owner)
        self._gone &= {event.owner}

    # Calls

    def _on_sent(self, event: events.Sent) -> None:
        self.judge.sent(event)
        command = event.command
        epoch, worker = command.epoch, command.worker
        match command.do:
            case Do.ASSOCIATE:
                if self._holders.get(epoch) != worker or epoch not in self._expected:
                    self._broken("record before call (5.1)", f"{events.say(command)} was sent and is not stored")
            case Do.DISASSOCIATE:
                if self._expected.get(epoch) != command.association_id:
                    self._broken("record before call (5.1)", f"{events.say(command)} was sent and is not stored")
            case Do.ISOLATE | Do.STOP | Do.RESTORE | Do.START:
                if (worker, epoch) not in self._fenced:
                    self._broken("record before call (6.4)", f"{events.say(command)} was sent and its debt is not stored")
            case _:
                assert_never(command.do)
        strikes = command.do in (Do.ISOLATE, Do.STOP) and self._record is not None and worker == self._record.holder
        if strikes and (event.owner, event.token) == self._lease:
            self._broken("no fence call against the holder (6.7)", f"{events.say(command)} was sent by the leader")

    def _on_applied(self, event: events.Applied) -> None:
        before, after, record = event.before, event.after, self._record
        if before == after:
            return
        if before and after:
            taken = f"{events.say(event.command)} took the address from {before.instance_id}"
            self._broken("never taken from anybody (5.3)", taken)
        settled = record is not None and record.phase is Phase.STEADY and event.command.epoch < record.epoch
        if record and settled and before and before.association_id == record.association_id:
            late = f"{events.say(event.command)} ended {before.association_id}, on which epoch {record.epoch} is settled"
            self._broken("a late call changes nothing settled (S9, 5.5)", late)

    # The rest

    def _on_tick(self, event: events.Ticked) -> None:
        if _RAISED.match(event.reason):
            self._broken("a tick does not raise", event.reason)

    def _on_arbiter(self, event: events.Arbiter) -> None:
        if event.what.startswith("freezes"):
            self._rounds.frozen(event.owner)
        elif event.what.startswith(("ends", "is killed")):
            self._gone.add(event.owner)
            self.judge.died(event.owner, self._now_s)

    def _on_told(self, event: events.Told) -> None:
        if event.notice.id not in self._promised:
            self._broken("nothing is told that is not stored (7.1)", f"{event.notice.id} {event.notice.what}")

    def _on_asked(self, event: events.Asked) -> None:
        self._asked[event.request.id] = event.request.verb
        self._owed.add(event.request.id)

    def _on_calm(self, event: events.Calm) -> None:
        if not event.ends or event.truth is None:
            return
        led = bool(self._lease[0]) or event.time_s - self._lease_s < HAND_OVER_S
        found = list(disorder(self._record, event.truth, led=led, quiet=self.judge.is_quiet(event.time_s)))
        self._was_in_order = self._was_in_order or not found
        if not event.last:
            return
        for why in found if not self._was_in_order else ():
            self._broken("in order again after the last fault (1.4, L1 to L5)", why)
        open_ones = sorted(self._owed - set(self._replied))
        if open_ones:
            self._broken("every request is answered (9.3, L6)", f"{', '.join(open_ones)} have no reply")
