"""One round on the desk: a record written down, what one round shows of the cloud, and what the rule decides from it.

For what a world would take long to come to: seconds to the dot, debts of every kind, machines in every state.
"""

from dataclasses import replace
from typing import Any

from failover_lambda import rule
from failover_lambda.contract import Settings
from failover_lambda.model import (
    AddressView,
    Association,
    Decision,
    Fence,
    InstanceView,
    Intent,
    Kind,
    Move,
    Phase,
    Power,
    Record,
    Round,
    Sight,
    Streak,
    Verdict,
)
from failover_lambda.moves import born
from tests.fakes import PUBLIC_IP, make_settings
from tests.spec.rounds import sight

NOW_S = 100_000.0
SETTINGS = make_settings()


def record_of(holder: str = "wk1", *, settings: Settings = SETTINGS, **changes: Any) -> Record:
    """A settled site in epoch 2, the address on `holder` by assoc-2."""
    settled = replace(born(settings, NOW_S - 1000), version=5, epoch=2, holder=holder, association_id="assoc-2")
    return replace(settled, **changes)


def address_on(
    worker: str, association_id: str = "assoc-2", *, settings: Settings = SETTINGS, **changes: str
) -> AddressView:
    """The address on this worker's card; "" = on nobody."""
    if not worker:
        return AddressView(public_ip=PUBLIC_IP, association=None)
    ref = settings.worker(worker)
    association = Association(
        association_id=association_id,
        instance_id=ref.instance_id,
        network_interface_id=ref.network_interface_id,
        private_ip=ref.address_private_ip,
    )
    return AddressView(public_ip=PUBLIC_IP, association=replace(association, **changes))


def machine(worker: str, power: Power = Power.RUNNING, *, launched_s: float = 1.0, isolated: bool = False) -> InstanceView:
    """One machine, as the cloud shows it."""
    return InstanceView(worker=worker, power=power, launched_s=launched_s, isolated=isolated)


def seen_by_all(answers: str) -> tuple[Sight, ...]:
    """Three vantages that are answered alike; one letter for each worker in order."""
    return tuple(sight(zone, answers) for zone in "abc")


def round_of(
    answers: str = "HH",
    *,
    address: AddressView | None = None,
    machines: tuple[InstanceView, ...] | None = (),
    **changes: Any,
) -> Round:
    """One complete round."""
    seen = Round(token=1, overrun=False, sights=seen_by_all(answers), address=address, instances=machines)
    return replace(seen, **changes)


def decide(record: Record | None, seen: Round, *, settings: Settings = SETTINGS, now_s: float = NOW_S) -> Decision:
    """What the rule decides."""
    return rule.step(record, seen, settings, now_s)


def calls(decision: Decision) -> list[str]:
    """The calls that are to be sent, as text."""
    return [f"{call.do.value} {call.worker}" for call in decision.commands]


def written(decision: Decision) -> Record:
    """The record that is to be stored."""
    assert decision.record is not None
    return decision.record


def told(decision: Decision) -> list[str]:
    """What people are told."""
    return [notice.what for notice in written(decision).outbox]


def fence_of(decision: Decision, worker: str = "wk1") -> Fence:
    """The fence that stands against this worker after the decision."""
    fence = written(decision).fence(worker)
    assert fence is not None
    return fence


def streak_of(verdict: Verdict = Verdict.DEAD, **changes: Any) -> Streak:
    """One that is a verdict already, and to which the last round added."""
    standing = Streak(
        verdict=verdict,
        token=1,
        rounds=5,
        rounds_needed=3,
        gone=0,
        quick=False,
        since_s=NOW_S - 2.0,
        last_s=NOW_S - 0.3,
    )
    return replace(standing, **changes)


def intent_of(kind: Kind = Kind.FAILOVER, **changes: Any) -> Intent:
    """A move from wk1 that was decided ten seconds ago, and whose call is to be asked now."""
    made = Intent(
        kind=kind,
        source="wk1",
        expected_id="assoc-2",
        made_s=NOW_S - 10,
        deadline_s=NOW_S + 20,
        asked_s=None,
        why="wk1 fails",
    )
    return replace(made, **changes)


def moving(phase: Phase, *, settings: Settings = SETTINGS, intent: Intent | None = None, **changes: Any) -> Record:
    """A move to wk2 in epoch 3, ten seconds old."""
    record = record_of("wk2", settings=settings, epoch=3, association_id="", phase=phase, phase_since_s=NOW_S - 10)
    return replace(record, intent=intent or intent_of(), **changes)


def move_of(age_s: float, kind: Kind = Kind.FAILOVER) -> Move:
    """An automatic move so long ago."""
    return Move(at_s=NOW_S - age_s, epoch=1, source="wk2", target="wk1", kind=kind)
