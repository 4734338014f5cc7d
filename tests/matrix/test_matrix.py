"""The seeded part of the matrix (TANDEM_FAULT_MATRIX=all: the whole), and stories that must not pass: planted breaches."""

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import replace

import pytest

from failover_lambda.aws.address import Address
from failover_lambda.aws.cloud import LiveCloud
from failover_lambda.aws.probers import LiveProbers
from failover_lambda.aws.state import LiveStore
from failover_lambda.contract import Settings, Worker
from failover_lambda.cycle import Cycle, Ports
from failover_lambda.errors import CouldNotAskError, StoreUnavailableError
from failover_lambda.model import AddressView, Answer, Answered, Command, Lease, Outcome, ProbeReport, Record, Sight
from failover_lambda.outbox import HandOver, Outbox
from lab.api_faults import Fault, Kind
from tests.matrix.__main__ import SEED, matrix
from tests.matrix.cases import Case
from tests.matrix.oracles import judge
from tests.matrix.run import play, staged
from tests.matrix.stage import Stage
from tests.matrix.story import Plot, Variant
from tests.matrix.summary import REPLAY

pytestmark = pytest.mark.lab

WHOLE = os.environ.get("TANDEM_FAULT_MATRIX") == "all"


@pytest.mark.timeout(4 * 3600 if WHOLE else 900)
def test_whatever_goes_wrong_with_the_api_a_story_ends_as_the_rule_says() -> None:
    done = matrix(whole=WHOLE, seed=SEED)
    assert len(done.results) > 100
    assert not done.wrong, "\n".join(f"{REPLAY.format(result.case)}\n  {result.wrong}" for result in done.wrong)


# Planted breaches: each broken part below must be found by the oracle that it is there for.


@pytest.fixture(scope="module")
def on() -> Iterator[Stage]:
    with staged() as made:
        yield made


class ForgetfulCloud(LiveCloud):
    """A lost answer is not left to the rule: the call is repeated at once, unseen."""

    def run(self, command: Command) -> Answered:
        answered = super().run(command)
        return super().run(command) if answered.outcome is Outcome.LOST else answered


class GreedyCloud(LiveCloud):
    """Takes the address from whoever has it."""

    def __init__(self, settings: object, ec2: object) -> None:
        super().__init__(settings, ec2)  # type: ignore[arg-type] - as the base class takes them
        self._address = GreedyAddress(settings, ec2)  # type: ignore[arg-type] - the same


class GreedyAddress(Address):
    def associate(self, worker: Worker, *, dry: bool = False) -> str:
        answer = self._ec2.associate_address(
            AllocationId=self._settings.address_id,
            NetworkInterfaceId=worker.network_interface_id,
            PrivateIpAddress=worker.private_ip,
            AllowReassociation=True,
            DryRun=dry,
        )
        return answer["AssociationId"]


class PanickyProbers(LiveProbers):
    """A vantage that could not be asked is taken as one that misses the holder."""

    def look(self, vantage: str, connect_s: float) -> Sight:
        try:
            return super().look(vantage, connect_s)
        except CouldNotAskError:
            answers = {"wk1": Answer.TIMEOUT, "wk2": Answer.HEALTHY}
            reports = tuple(ProbeReport(worker=name, answer=answer) for name, answer in answers.items())
            return Sight(vantage=vantage, zone=vantage.split("-")[1], anchor_reached=True, reports=reports)


class HopefulStore(LiveStore):
    """A write of the record whose answer was lost is taken for written."""

    def save(self, record: Record, lease: Lease) -> Record:
        try:
            return super().save(record, lease)
        except StoreUnavailableError:
            return replace(record, version=record.version + 1)


class VagueCloud(LiveCloud):
    """An address that could not be read is taken to be on nobody."""

    def read_address(self) -> AddressView:
        try:
            return super().read_address()
        except CouldNotAskError:
            return AddressView(public_ip="", association=None)


class SilentOutbox(Outbox):
    """Takes a failed hand-over for a good one."""

    def done(self, now_s: float) -> Iterator[HandOver]:
        return (replace(handed, fault="") for handed in super().done(now_s))


class SilentCycle(Cycle):
    """Drops what it has to tell when the first try fails."""

    def __init__(self, settings: Settings, ports: Ports, pool: Executor | None = None) -> None:
        super().__init__(settings, ports, pool)
        self._outbox = SilentOutbox(settings.channels, ports.reporter, self._pool)


def fault(text: str, plot: Plot = Plot.FAILOVER) -> Case:
    return Case(plot, (Fault.parse(text),))


BREACHES = [
    (
        "a repeated call without a read",
        Variant(cloud=ForgetfulCloud),
        fault("ec2.AssociateAddress#1x1=reset"),
        "it_reads_before",
    ),
    ("an address taken by force", Variant(cloud=GreedyCloud), Case(Plot.FAILOVER, ()), "one_worker_at_a_time"),
    (
        "a denial taken for a death",
        Variant(probers=PanickyProbers),
        fault("lambda.Invoke#10x12=denied", Plot.STEADY),
        "nothing_moves",
    ),
    (
        "a write that may be lost taken for written",
        Variant(store=HopefulStore),
        fault("dynamodb.TransactWriteItems#6x2=reset"),
        "one_worker_at_a_time",
    ),
    (
        "an unread address taken for free",
        Variant(cloud=VagueCloud),
        fault("ec2.DescribeAddresses#2x4=answer-cut", Plot.STEADY),
        "nothing_moves",
    ),
    ("a notice that is tried once", Variant(cycle=SilentCycle), fault("sns.Publish#2x1=reset"), "promises_are_kept"),
    ("a fault that meets no call", Variant(), fault("ec2.StopInstances#7x1=reset"), "every_fault_fired"),
]


@pytest.mark.parametrize(("variant", "case", "oracle"), [breach[1:] for breach in BREACHES], ids=[b[0] for b in BREACHES])
def test_a_planted_breach_is_found(on: Stage, variant: Variant, case: Case, oracle: str) -> None:
    _, evidence, _ = play(on, case, variant)
    found = judge(evidence)
    assert any(sentence.startswith(oracle) for sentence in found), found


def test_the_same_stories_without_a_breach_are_clean(on: Stage) -> None:
    for _, variant, case, oracle in BREACHES:
        if variant != Variant():
            _, evidence, _ = play(on, case)
            assert judge(evidence) == [], (case, oracle)


def test_every_kind_of_fault_looks_to_the_client_as_it_is_meant(on: Stage) -> None:
    seen = {}
    for kind in Kind:
        _, evidence, _ = play(on, Case(Plot.FAILOVER, (Fault("ec2", "AssociateAddress", kind),)))
        (hit,) = [call for call in evidence.calls if call.fault]
        reached = [call for call in evidence.gate if call["action"] == "AssociateAddress"]
        seen[kind] = (
            hit.error.partition(":")[0],
            len(reached) > sum(c.action == "AssociateAddress" for c in evidence.calls) - 1,
        )
    answered = ""
    assert seen == {
        Kind.THROTTLED: (answered, False),
        Kind.DENIED: (answered, False),
        Kind.SLOW: ("ReadTimeoutError", False),
        Kind.LATE: ("ReadTimeoutError", True),
        Kind.REFUSED: ("EndpointConnectionError", False),
        Kind.RESET: ("ConnectionClosedError", False),
        Kind.LOST: ("ConnectionClosedError", True),
        Kind.CUT: ("ResponseParserError", True),
        Kind.UNREADABLE: (answered, True),
        Kind.INTERCEPTED: (answered, False),
    }
