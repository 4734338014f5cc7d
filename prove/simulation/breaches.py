"""Breaches that are planted to see that the checker sees them: each takes one guard away and names what must be found.

A breach changes the watchdog, or the cloud that it relies on, for the time of one run. Whoever adds a check adds its breach.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from failover_lambda import adoption, cycle, motion, moves, rule, settled, verdict, watching
from failover_lambda.contract import Settings, Worker
from failover_lambda.model import Command, Decision, Do, Kind, Phase, Record, Round
from failover_lambda.moves import Case
from prove.simulation import faults
from prove.simulation.plan import Length
from prove.simulation.world import Outcome, World, play

SHORT = Length(quiet_s=90.0, trouble_s=700.0, calm_s=300.0)
SITES = 3

Plant = Callable[[], Any]
"""Gives a context manager that takes the guard away."""


@dataclass(frozen=True, kw_only=True)
class Breach:
    """One guard that is taken away."""

    name: str
    found: str
    """The name of the violation, or "false failover"."""
    plant: Plant
    prepare: Callable[[World], None] | None = None
    seeds: tuple[int, ...] = tuple(range(1, 21))
    """Runs that are tried until it is found."""


@contextmanager
def _patched(*changes: tuple[object, str, object]) -> Generator[None]:
    with ExitStack() as stack:
        for target, name, value in changes:
            stack.enter_context(patch.object(target, name, value))
        yield


def _one_call_move() -> Any:
    """The address is put on its target without ending the old association."""

    def first_call(record: Record) -> Command:
        return Command(do=Do.ASSOCIATE, epoch=record.epoch, worker=record.holder)

    return _patched((moves, "_first_call", first_call))


def _cloud_lets_take(world: World) -> None:
    for site in world.sites:
        site.address.one_call = True


def _one_vantage() -> Any:
    """The first prober decides alone."""
    judge = verdict.judge

    def one(seen: Round, holder: Worker, settings: Settings) -> verdict.Judgement:
        return judge(replace(seen, sights=seen.sights[:1], public=None), holder, settings)

    return _patched((verdict, "VANTAGES_NEEDED", 1), (settled, "judge", one))


def _first_loses(world: World) -> None:
    """The first prober does not get half of its answers."""
    world.region.zones["a"].loss = 0.5


def _no_conditions(world: World) -> None:
    """And leaders that freeze while the holder dies, so that somebody would need them."""
    for site in world.sites:
        site.table.unconditional = True
    for at_s in range(150, 700, 110):
        world.agenda.at(at_s, lambda: _each(world, faults.LEADER_REPLACED))
        world.agenda.at(at_s + 0.5, lambda: _each(world, faults.FROZEN))


def _each(world: World, fault: faults.AnyFault) -> None:
    for site in world.sites:
        faults.strike(world.scene, fault, 30.0, site=site, target=site.holder)


def _weather(**changes: float) -> Callable[[World], None]:
    """Bad weather from the beginning to the calm."""

    def prepare(world: World) -> None:
        for name, value in changes.items():
            setattr(world.region.weather, name, value)

    return prepare


def _call_before_record() -> Any:
    """What was decided is sent, and stored afterwards."""

    def apply(self: Any, event: Any, lease: Any) -> str:
        decision = rule.step(self._record, event, self._settings, self._ports.clock.now_s())
        self._send(decision.commands)
        self._save(decision, lease)
        return decision.reason

    return _patched((cycle.Cycle, "_apply", apply))


def _no_damping() -> Any:
    """Neither hold nor budget."""
    return _patched((moves, "limitation", _none), (settled, "limitation", _none), (motion, "limitation", _none))


def _none(case: Case) -> None:
    del case


def _ids_ignored(world: World) -> None:
    """A cloud that ends whatever association there is, and does so late."""
    _weather(calls_lost=0.3, calls_late=0.8)(world)
    for site in world.sites:
        apply = site.address.apply

        def anything(command: Command, site: Any = site, apply: Any = apply) -> Any:
            if command.do is Do.DISASSOCIATE and site.address.association:
                command = replace(command, association_id=site.address.association.association_id)
            return apply(command)

        site.address.apply = anything


def _same_epoch() -> Any:
    """A change of holder that is no new epoch."""
    intend = moves.intend

    def stays(case: Case, kind: Kind, target: str, *, source: str, why: str) -> Decision:
        decision = intend(case, kind, target, source=source, why=why)
        assert decision.record  # noqa: S101 - an intent is a record
        return replace(decision, record=replace(decision.record, epoch=max(1, case.record.epoch)))

    return _patched((settled, "intend", stays))


def _fenced_are_targets() -> Any:
    """A fenced worker is taken like any other that answers, and those before the holder first."""

    def against(case: Case, name: str) -> str:
        return "" if moves.is_healthy(case, name) else f"{name} gave no healthy answer"

    def order(case: Case) -> list[str]:
        names = [worker.name for worker in case.settings.workers]
        at = names.index(case.record.holder)
        return names[:at][::-1] + names[at + 1 :]

    return _patched((moves, "against", against), (moves, "order_after", order))


def _no_reconcile() -> Any:
    """An association that is elsewhere is left there."""

    def stay(case: Case, why: str) -> Decision:
        return replace(case, record=replace(case.record, streak=None)).to(Phase.STEADY, why)

    return _patched((settled, "_reconcile", stay))


def _moved_in_the_calm(world: World) -> None:
    """By hand, when the last failover has ended: only a repair brings it back."""
    at_s = world.length.calm_from_s + world.length.trial_after_s + 100.0
    world.agenda.at(at_s, lambda: _each(world, faults.MOVED_BY_HAND))


def _manual_moves() -> Any:
    """Manual is no end of anything."""
    handlers = dict(vars(rule)["_HANDLERS"])
    handlers[Phase.MANUAL] = settled.on_settled
    transitions = {phase: frozenset(Phase) for phase in Phase}
    return _patched((rule, "_HANDLERS", handlers), (moves, "TRANSITIONS", transitions))


def _told_at_once() -> Any:
    """A record that could not be stored is told of all the same."""

    def save(self: Any, decision: Decision, lease: Any) -> bool:
        if decision.record is None or decision.record == self._record:
            return True
        try:
            self._record = self._ports.store.save(decision.record, lease)
        except cycle.StoreUnavailableError:
            self._record = replace(decision.record, version=decision.record.version + 1)
        return True

    return _patched((cycle.Cycle, "_save", save))


def _no_failover() -> Any:
    """A dead holder keeps the address."""

    def stay(case: Case, why: str) -> Decision:
        return case.stay(why)

    return _patched((settled, "on_dead", stay), (motion, "on_dead", stay))


def _raises() -> Any:
    """The rule has a mistake in a rare place."""

    def rescue(record: Record, *_: object) -> Decision:
        raise KeyError(record.holder)

    return _patched((motion, "verify", rescue), (rule, "verify", rescue))


def _acts_though_told_to_watch() -> Any:
    """What is decided while it only watches is done."""

    def done(case: Case, decision: Decision) -> Decision:
        del case
        return decision

    return _patched((watching, "only_watched", done))


def _asks_first_who_holds() -> Any:
    """As the rule did once: a holder that is not configured is replaced though `enabled` is false."""
    on_round = vars(rule)["_on_round"]

    def first(record: Record | None, seen: Round, settings: Settings, now_s: float, lost: Any) -> Decision:
        if record and record.holder not in {worker.name for worker in settings.workers} and not settings.watch_only:
            return adoption.on_unknown_holder(record, seen, settings, now_s)
        return on_round(record, seen, settings, now_s, lost)

    return _patched((rule, "_on_round", first))


def _out_of_order() -> Any:
    """Who was taken out of the configuration is remembered, and is the next in order."""
    intend, known = moves.intend, dict[str, set[str]]()

    def elsewhere(case: Case, kind: Kind, target: str, *, source: str, why: str) -> Decision:
        names = {worker.name for worker in case.settings.workers}
        out = sorted(known.setdefault(case.settings.site, set()) - names)
        known[case.settings.site] |= names
        return intend(case, kind, out[0] if out else target, source=source, why=why)

    return _patched((adoption, "intend", elsewhere), (settled, "intend", elsewhere))


def _watched(world: World) -> None:
    """Every site is told to watch, and loses its holders."""
    for site in world.sites:
        site.staff.deploy(watch_only=True)


def _taken_out_and_switched_off(world: World) -> None:
    """Every site of three workers loses its holder from the configuration, and is switched off in the same deployment."""

    def deploy() -> None:
        for site in world.sites:
            left = tuple(worker for worker in site.everybody if worker.name != site.holder)
            if len(left) > 1:
                site.staff.deploy(enabled=False, workers=left)

    world.agenda.at(200.0, deploy)


def _standby_taken_out(world: World) -> None:
    """Every site of three workers has a failover, and then loses a standby from the configuration, and its holder."""

    def deploy() -> None:
        for site in world.sites:
            out = next(name for name in site.machines if name != site.holder)
            left = tuple(worker for worker in site.everybody if worker.name != out)
            if len(left) > 1:
                site.staff.deploy(workers=left)

    for at_s in (100.0, 450.0):
        world.agenda.at(at_s, lambda: _each(world, faults.FROZEN))
    world.agenda.at(250.0, deploy)


_lost = _weather(calls_lost=0.4)
_deaf = _weather(store_lost=0.4, store_late=0.9)

BREACHES: tuple[Breach, ...] = (
    Breach(name="one-call move", found="never taken", plant=_one_call_move, prepare=_cloud_lets_take),
    Breach(
        name="one vantage decides, by its evidence",
        found="no failover without enough evidence",
        plant=_one_vantage,
        prepare=_first_loses,
    ),
    Breach(name="one vantage decides, by what it does", found="false failover", plant=_one_vantage, prepare=_first_loses),
    Breach(name="a leader that ignores the lease", found="lease ignored", plant=ExitStack, prepare=_no_conditions),
    Breach(name="a leader that ignores the version", found="version ignored", plant=ExitStack, prepare=_no_conditions),
    Breach(name="call before record", found="record before call (5.1)", plant=_call_before_record),
    Breach(name="no hold", found="a hold lies between", plant=_no_damping),
    Breach(name="no budget", found="no more moves than the budget", plant=_no_damping),
    Breach(
        name="a cloud that ignores ids", found="a late call changes nothing settled", plant=ExitStack, prepare=_ids_ignored
    ),
    Breach(name="no new epoch", found="one holder per epoch", plant=_same_epoch),
    Breach(
        name="fenced workers are targets", found="a fenced worker is no target", plant=_fenced_are_targets, prepare=_lost
    ),
    Breach(name="no reconcile", found="in order again", plant=_no_reconcile, prepare=_moved_in_the_calm),
    Breach(name="no failover", found="in order again", plant=_no_failover),
    Breach(name="manual moves", found="no automatic move in manual", plant=_manual_moves),
    Breach(name="told at once", found="nothing is told that is not stored", plant=_told_at_once, prepare=_deaf),
    Breach(
        name="acts though told to watch",
        found="no epoch while it only watches",
        plant=_acts_though_told_to_watch,
        prepare=_watched,
    ),
    Breach(
        name="replaced though switched off",
        found="no epoch while it is switched off",
        plant=_asks_first_who_holds,
        prepare=_taken_out_and_switched_off,
    ),
    Breach(
        name="a target that is not configured",
        found="who is not configured is no target",
        plant=_out_of_order,
        prepare=_standby_taken_out,
    ),
    Breach(name="a mistake that raises", found="a tick does not raise", plant=_raises),
)


def names_in(outcome: Outcome) -> Iterator[str]:
    """What was found in a run."""
    yield from (violation.name for violation in outcome.violations)
    yield from ("false failover" for _ in outcome.false_failovers)


def find(breach: Breach) -> Outcome | None:
    """The first run that names the breach; None = nobody saw it."""
    for seed in breach.seeds:
        with breach.plant():
            outcome = play(seed, sites=SITES, length=SHORT, prepare=breach.prepare)
        if any(name.startswith(breach.found) for name in names_in(outcome)):
            return outcome
    return None
