"""AWS's API misbehaves while the holder dies: throttled, denied, cut, refused, or its answer is lost after it was applied.

The deployed functions reach EC2, DynamoDB, SNS and Lambda through microburst (`lab.fault_front`), the lab's own clients
past it. Every call x every kind of fault, without clients and in virtual time, is in `tests/matrix`; here a few of them are
played whole, with senders, and every message is accounted for. A fault that met no call fails the run.
"""

from dataclasses import replace

from lab.api_faults import Fault, Kind
from lab.faultkind import FaultKind
from lab.rawevents import Verb
from lab.scenarios.checks import check, decided_after, made_once
from lab.scenarios.expectations import Expectations, moves
from lab.scenarios.levers import answer_was_lost, lose_answer
from lab.scenarios.scenario import EVERY_CLOUD, Play, Scenario
from lab.scenarios.stage import MOVED_S, Stage

SPELL_S = 8.0
"""How long a lasting fault lasts: many rounds, and less than the deadline of a move."""

BROKEN, WHOLE = "api-broken", "api-whole"


def _answer_lost(verb: Verb) -> Play:
    """One call of the move is carried out, and its answer is lost."""

    def play(stage: Stage) -> None:
        lose_answer(stage, verb)
        stage.act(BROKEN)
        stage.kill_holder()
        stage.wait_moved()
        answer_was_lost(stage)
        stage.act(WHOLE)
        stage.bring_back()

    return play


def _hit_for_a_while(service: str, action: str, kind: Kind) -> Play:
    """All such calls are broken, from just before the death on; the move comes after that."""

    def play(stage: Stage) -> None:
        faults = stage.api_faults()
        faults.put([Fault(service, action, kind, times=None)])
        stage.act(BROKEN)
        stage.kill_holder()
        stage.watch(SPELL_S, f"{service} {action or 'calls'}: {kind.value}")
        faults.require_fired()
        faults.clear()
        stage.act(WHOLE)
        stage.wait_moved()
        stage.bring_back()

    return play


def _hit_during_the_move(service: str, action: str, kind: Kind) -> Play:
    """All such calls are broken until the move is over: it does not need them."""

    def play(stage: Stage) -> None:
        faults = stage.api_faults()
        faults.put([Fault(service, action, kind, times=None)])
        stage.act(BROKEN)
        stage.kill_holder()
        stage.wait_moved()
        faults.require_fired()
        if kind is Kind.DENIED:
            stage.site.wait_for("the denial to be written down", lambda: bool(stage.site.stored().get("denied")), MOVED_S)
        faults.clear()
        stage.act(WHOLE)
        stage.bring_back()

    return play


def _store_refused(stage: Stage) -> None:
    """Nothing listens where the record's table was."""
    faults = stage.api_faults()
    stage.act(BROKEN)
    faults.close("dynamodb")
    stage.kill_holder()
    stage.watch(SPELL_S, "nobody can read or write the record: refused")
    faults.open("dynamodb")
    stage.act(WHOLE)
    stage.wait_moved()
    stage.bring_back()


def _scenario(name: str, injected: str, must: str, play: Play, expects: Expectations) -> Scenario:
    return Scenario(
        name=name,
        injected=f"{injected} The holder is killed.",
        must=must,
        kind=FaultKind.KILL,
        play=play,
        expects=expects,
        api_faults=True,
    )


_ANYWHERE = frozenset({"api-associate-answer-lost", "api-disassociate-answer-lost"})
"""Played on every cloud; the others name calls of AWS."""

_SCENARIOS = (
    _scenario(
        "api-throttled",
        f"EC2 throttles every call for {SPELL_S:g} s.",
        "Throttled is not asked (3.2): without a read of the address nothing is decided until it ends (5.1).",
        _hit_for_a_while("ec2", "", Kind.THROTTLED),
        moves(decided_after(WHOLE), check(made_once)),
    ),
    _scenario(
        "api-associate-answer-lost",
        "The call for putting the address on the standby is carried out, and its answer is lost.",
        "The address is read before anything is judged, and our own success is accepted (5.8): one association.",
        _answer_lost(Verb.ASSOCIATE),
        moves(check(made_once)),
    ),
    _scenario(
        "api-disassociate-answer-lost",
        "The call for taking the address away is carried out, and its answer is lost.",
        "The address is read, found on nobody, and put on the standby (5.6, 5.8).",
        _answer_lost(Verb.DISASSOCIATE),
        moves(check(made_once)),
    ),
    _scenario(
        "api-record-refused",
        f"Nothing listens where DynamoDB was, for {SPELL_S:g} s.",
        "A decision that cannot be stored sends nothing (5.1); the move comes when the table is back.",
        _store_refused,
        moves(decided_after(WHOLE), check(made_once)),
    ),
    _scenario(
        "api-stop-denied",
        "StopInstances is denied until the move is over.",
        "The move waits for no fence (6.3); the denial is told once (7.4), the stop is asked again (6.4).",
        _hit_during_the_move("ec2", "StopInstances", Kind.DENIED),
        moves(check(made_once)),
    ),
    _scenario(
        "api-machines-unreadable",
        "Every answer of DescribeInstances is cut in its middle until the move is over.",
        "What cannot be read was not asked (3.2): nobody is taken for stopped, and the move needs no such read.",
        _hit_during_the_move("ec2", "DescribeInstances", Kind.CUT),
        moves(check(made_once)),
    ),
)

SCENARIOS = tuple(replace(each, clouds=EVERY_CLOUD) if each.name in _ANYWHERE else each for each in _SCENARIOS)
