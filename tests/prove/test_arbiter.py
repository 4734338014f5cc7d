"""The arbiter of the search beside the real `Cycle`: over the same stories they write and send the same.

The real one runs over the in-memory ports, whose store answers as the story says. The search's is fed the very rounds and
answers that the real one saw, and must make the same writes and calls of them.
"""

import random
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from failover_lambda import rule
from failover_lambda.contract import Settings
from failover_lambda.cycle import Cycle, Ports
from failover_lambda.document import bounded
from failover_lambda.errors import ConflictError, StoreUnavailableError
from failover_lambda.model import Answer, Answered, Command, Decision, Do, Event, Lease, Record, Told
from prove.arbiter import Acted, Decided, StoreSays, act, loaded
from tests.fakes import FakeClock, FakeCloud, InlineExecutor, ListReporter, MemoryStore, NoPublicPath, make_settings

LEASE = Lease(owner="arbiter-1", token=1, beat=1, wish="")
Acts = Callable[..., Acted[Any, Any]]
SEEDS = range(12)
TICKS = 60
SILENT_WAYS = ("ok", "ok", "ok", "before", "after", "conflict")


class ScriptedStore(MemoryStore):
    """Answers each write as the story says, and keeps what was asked."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__(lease=LEASE)
        self.dice = dice
        self.trouble = False
        self.log: list[tuple[str, Any]] = []

    def load(self) -> Record | None:
        if self.trouble and self.dice.random() < 0.4:
            self.log.append(("load", StoreUnavailableError))
            raise StoreUnavailableError("silent")
        record = super().load()
        self.log.append(("load", record))
        return record

    def save(self, record: Record, lease: Lease) -> Record:
        way = self.dice.choice(SILENT_WAYS) if self.trouble else "ok"
        try:
            after = self._save(record, lease, way)
        except (ConflictError, StoreUnavailableError) as exc:
            self.log.append(("save", (record, type(exc))))
            raise
        self.log.append(("save", (record, after)))
        return after

    def _save(self, record: Record, lease: Lease, way: str) -> Record:
        if way == "conflict":
            raise ConflictError("another version")
        if way == "before":
            raise StoreUnavailableError("silent")
        after = super().save(record, lease)
        if way == "after":
            raise StoreUnavailableError("silent")
        return after


class Watched(Cycle):
    """The real cycle, whose events and reloads are written down."""

    log: list[tuple[str, Any]]

    def _apply(self, event: Event, lease: Lease) -> str:
        self.log.append(("event", event))
        return super()._apply(event, lease)


class Model:
    """The search's arbiter over real records: `prove.arbiter`, and nothing of `Cycle`."""

    def __init__(self, settings: Settings, acts: Acts) -> None:
        self.settings = settings
        self.acts = acts
        self.copy: Record | None = None
        self.reload = True
        self.sent: list[Command] = []

    def load(self, answer: Any) -> bool:
        answers = answer is not StoreUnavailableError
        known = loaded(self.copy, None, answer if answers else None, reload=self.reload, answers=answers)
        if known is None:
            return False
        self.copy, self.reload = known
        return True

    def decide(self, event: Event, now_s: float) -> Decided[Record | None, Command]:
        decision: Decision = rule.step(self.copy, event, self.settings, now_s)
        changed = decision.record is not None and decision.record != self.copy
        after = bounded(decision.record, self.settings, now_s) if decision.record and changed else decision.record
        begins = self.copy is None or (after is not None and after.epoch != self.copy.epoch)
        return Decided(
            after=after,
            changed=changed,
            begins=begins,
            calls=decision.commands,
            seconds=tuple(call for call in decision.commands if call.second),
            at_once=isinstance(event, Answered),
        )

    def act(self, decided: Decided[Record | None, Command], answers: list[Any]) -> StoreSays:
        """Act as the store answered: its last answer counts, as the one that ended the attempts."""
        says = StoreSays.STORED
        if decided.changed and answers:
            last = answers[-1]
            says = (
                StoreSays.SILENT
                if last is StoreUnavailableError
                else StoreSays.CONFLICT
                if last is ConflictError
                else StoreSays.STORED
            )
            if says is StoreSays.STORED:
                decided = decided._replace(after=last)
        acted = self.acts(self.copy, decided, says, reload=self.reload)
        self.copy, self.reload = acted.copy, acted.reload
        self.sent += acted.sent
        return says


def _play(seed: int, acts: Acts = act) -> tuple[int, int]:
    """One story: the real cycle for some ticks in a world that breaks, the model beside it. Returns saves and calls."""
    dice = random.Random(seed)
    settings = make_settings(2, hold_s=0.0, moves_per_hour_max=20, moves_per_day_max=20)
    cloud, clock, store = FakeCloud(settings=settings), FakeClock(), ScriptedStore(dice)
    cloud.put_address("wk1")
    ports = Ports(
        clock=clock, probers=cloud, public=NoPublicPath(), cloud=cloud, store=store, reporter=ListReporter(deaf=True)
    )
    cycle = Watched(settings, ports, pool=InlineExecutor())
    cycle.log = store.log
    model = Model(settings, acts)
    for _ in range(TICKS):
        store.trouble = dice.random() < 0.5
        _break_something(dice, cloud)
        store.log.clear()
        known, sent = len(model.sent), len(cloud.calls)
        now_s = clock.now_s()
        cycle.tick(LEASE)
        _replay(model, store.log, now_s)
        assert model.copy == cycle.record, f"seed {seed}: {model.copy} / {cycle.record}"
        assert model.reload == cycle._reload, f"seed {seed}"  # pyright: ignore[reportPrivateUsage]
        assert model.sent[known:] == cloud.calls[sent:], f"seed {seed}"
        clock.sleep(cycle.interval_s)
    return len(store.saves), len(cloud.calls)


def _break_something(dice: random.Random, cloud: FakeCloud) -> None:
    machine = cloud.machines[dice.choice(("wk1", "wk2"))]
    match dice.randrange(8):
        case 0:
            machine.answer = dice.choice((Answer.TIMEOUT, Answer.REFUSED))
        case 1 | 2:
            machine.answer = Answer.HEALTHY
        case 3:
            cloud.lose = {dice.choice(tuple(Do)): dice.choice(("before", "after"))}
        case 4:
            cloud.refuse = {dice.choice(tuple(Do)): dice.choice(("InUse", "RequestLimitExceeded"))}
        case 5:
            cloud.lose, cloud.refuse = {}, {}
        case 6:
            cloud.start(machine.worker.name)
        case _:
            pass


def _replay(model: Model, log: list[tuple[str, Any]], now_s: float) -> None:
    """Feed the model what the real cycle was told: loads, events, and the store's answers after each."""
    decided: Decided[Record | None, Command] | None = None
    answers: list[Any] = []

    def finish() -> None:
        if decided is not None:
            if decided.changed:
                assert answers, "the model writes where the cycle does not"
            else:
                assert not answers, "the cycle writes where the model does not"
            model.act(decided, [answer for _, answer in answers])

    for what, value in log:
        if what == "load":
            model.load(value)
        elif what == "save":
            assert decided is not None
            assert decided.after == value[0], "another record is written"
            answers.append(value)
        else:
            finish()
            decided, answers = (None if isinstance(value, Told) else model.decide(value, now_s)), []
    finish()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_arbiter_of_the_search_writes_and_sends_what_the_cycle_does(seed: int) -> None:
    _play(seed)


def test_the_stories_have_something_in_them() -> None:
    """Moves, lost writes and conflicts happen in them."""
    saves, calls = map(sum, zip(*(_play(seed) for seed in SEEDS), strict=True))
    assert saves > 200
    assert calls > 60


def _careless(copy: Any, decided: Any, says: StoreSays, *, reload: bool) -> Acted[Any, Any]:
    acted = act(copy, decided, says, reload=reload)
    return acted if says is not StoreSays.CONFLICT else Acted(acted.copy, acted.reload, tuple(decided.calls))


def test_a_model_that_sends_after_a_conflict_is_noticed() -> None:
    """The comparison can fail: with another order it does."""
    with pytest.raises(AssertionError, match="seed"):
        deque((_play(seed, _careless) for seed in SEEDS), maxlen=0)
