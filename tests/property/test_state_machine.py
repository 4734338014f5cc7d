"""The state machine of `machine`, run; and planted breaches that it must find and name.

`make check` runs a fixed set of histories. TANDEM_HISTORIES asks for so many others (`make nightly`); their seed is printed,
and TANDEM_SEED plays them again. Hypothesis prints the shortest history that fails, step by step.
"""

import os
import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from failover_lambda import fences, motion, moves, planned, rule, settled
from failover_lambda.contract import Settings
from failover_lambda.model import Answered, Command, Decision, Fence, InstanceView, Kind, Lease, Outcome, Record
from failover_lambda.moves import Case
from tests.fakes import FakeCloud
from tests.property.machine import Watchdog
from tests.worlds import World

HISTORIES = int(os.environ.get("TANDEM_HISTORIES", "0"))
"""0 = a fixed set, the same in every run."""
IN_CHECK = 25
STEPS = 60
FOR_A_BREACH = 400
"""So many histories at most until a breach is found."""
LONGEST_S = 300 + 20 * HISTORIES
"""A history takes a tenth of a second, and seconds where every line of the rule is marked for the mutation check."""

pytestmark = pytest.mark.property

CHECK = settings(
    max_examples=IN_CHECK,
    stateful_step_count=STEPS,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    print_blob=True,
)


@pytest.mark.timeout(LONGEST_S)
def test_whatever_happens_to_a_site_the_claims_hold_and_it_is_whole_at_the_end() -> None:
    if not HISTORIES:
        run_state_machine_as_test(Watchdog, settings=CHECK)
        return
    number = int(os.environ.get("TANDEM_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
    print(f"TANDEM_SEED={number}")  # noqa: T201 - whoever reads a failure replays it with this
    many = settings(CHECK, max_examples=HISTORIES, derandomize=False)
    run_state_machine_as_test(seed(number)(Watchdog), settings=many)


# The machine can fail


def found_by(machine: type[Watchdog], named: str, histories: int = FOR_A_BREACH) -> None:
    """The breach is found, and the claim that names it is `named`."""
    quickly = settings(CHECK, max_examples=histories, phases=[Phase.generate], report_multiple_bugs=False)
    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(machine, settings=quickly)
    assert named in str(caught.value)


class Forgetful(Watchdog):
    """A store that does not ask whether the version and the lease are still the ones that the writer read."""

    def build(self, world: World) -> None:
        def compare(record: Record) -> None:
            del record

        def held(lease: Lease) -> Lease:
            return world.store.lease or lease

        world.store._compare = compare  # type: ignore[method-assign]  # pyright: ignore[reportPrivateUsage]
        world.store._held = held  # type: ignore[method-assign]  # pyright: ignore[reportPrivateUsage]


class Grabbing(Watchdog):
    """A cloud whose association takes the address from whoever has it, as Amazon's does where nobody forbids it."""

    def build(self, world: World) -> None:
        def associate(command: Command) -> Answered:
            cloud: FakeCloud = world.cloud
            cloud.put_address(command.worker)
            assert cloud.association is not None
            made = cloud.association.association_id
            return Answered(command=command, outcome=Outcome.DONE, association_id=made)

        world.cloud._associate = associate  # type: ignore[method-assign]  # pyright: ignore[reportPrivateUsage]


class Tight(Watchdog):
    """A site that may move once an hour."""

    def build(self, world: World) -> None:
        world.settings = replace(world.settings, moves_per_hour_max=1, hold_s=600.0)


def test_a_store_that_forgets_to_compare_is_found() -> None:
    found_by(Forgetful, "S2 ")


@pytest.mark.prove
def test_a_cloud_that_takes_the_address_from_others_is_found() -> None:
    found_by(Grabbing, "took the address from", histories=2500)  # planned moves wait for a late association (9.9)


@pytest.mark.prove
def test_a_rule_that_settles_on_an_older_association_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that has the address already keeps its association."""
    intend = moves.intend

    def lazy(case: Case, kind: Kind, target: str, *, source: str, why: str, automatic: bool = True) -> Decision:
        decision = intend(case, kind, target, source=source, why=why, automatic=automatic)
        association = case.seen.address.association if case.seen.address else None
        record = decision.record
        has_it = association is not None and moves.is_on(association, case.settings.worker(target))
        if record is None or record.intent is None or not has_it:
            return decision
        return replace(decision, record=replace(record, intent=replace(record.intent, expected_id="")), commands=())

    for module in (moves, motion, settled, planned, rule):
        if hasattr(module, "intend"):
            monkeypatch.setattr(module, "intend", lazy)
    found_by(Watchdog, "which is older than itself (5.5)")


def nothing(case: Case) -> None:
    """Nothing stands against a move."""
    del case


def yes(case: Case, worker: str) -> bool:
    """Everybody is well."""
    del case, worker
    return True


def test_a_rule_without_a_hold_and_a_budget_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (moves, motion, settled):
        monkeypatch.setattr(module, "limitation", nothing)
    found_by(Tight, "S6 an automatic move ")


@pytest.mark.prove
def test_a_rule_that_promotes_whoever_is_next_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "is_healthy", yes)
    monkeypatch.setattr(moves, "is_ready", yes)
    found_by(Watchdog, "which answers nobody")


@pytest.mark.prove
def test_a_rule_that_sends_fence_calls_against_its_own_holder_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def all_that_is_due(decision: Decision, due: tuple[Command, ...]) -> Decision:
        return replace(decision, commands=due + decision.commands)

    undo = fences._undo  # pyright: ignore[reportPrivateUsage]

    def ask_again(
        fence: Fence, machine: InstanceView, settings: Settings, now_s: float
    ) -> tuple[Fence | None, tuple[Command, ...]]:
        after, due = undo(fence, machine, settings, now_s)
        _, again = fences._ask_again(fence, machine, settings, now_s)  # pyright: ignore[reportPrivateUsage]
        return after, (*due, *again)

    monkeypatch.setattr(rule, "_with_fence_calls", all_that_is_due)
    monkeypatch.setattr(fences, "_undo", ask_again)
    found_by(Watchdog, "hits the holder (6.7)")


def test_a_watchdog_that_sends_before_it_stores_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.spec.test_interrupted import sent_before_it_is_stored  # noqa: PLC0415 - its breaches are planted there

    monkeypatch.setattr("failover_lambda.cycle.Cycle._apply", sent_before_it_is_stored)
    found_by(Watchdog, "before its record is stored (5.1)")
