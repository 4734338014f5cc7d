"""Answers that are lost on a real wire: what the adapters make of them, and what sending again does."""

import dataclasses
from collections.abc import Callable, Generator
from dataclasses import replace

import pytest
from botocore.config import Config

from failover_lambda.aws.clients import CONFIG
from failover_lambda.aws.state import LiveStore
from failover_lambda.azure import state as azure_state
from failover_lambda.contract import Settings
from failover_lambda.errors import ConflictError, CouldNotAskError, StoreUnavailableError
from failover_lambda.model import Command, Do, Lease, Outcome
from failover_lambda.ports import RecordStore
from tests.contract.azure_world import AzureWorld
from tests.contract.cloud_wires import IMPATIENT_S, Wired, wire_of
from tests.contract.cloud_worlds import LiveWorld
from tests.contract.emulators import blobs, client
from tests.contract.hands import BlobHand, Hand, LiveHand
from tests.contract.lossy_proxy import Loss, LossyProxy, lossy_proxy
from tests.contract.test_record_store import plain_record

pytestmark = [pytest.mark.contract, pytest.mark.lab]

AFTER = [Loss.CLOSED, Loss.RESET, Loss.CUT, Loss.MANGLED]
"""The request is carried out."""

IMPATIENT = CONFIG.merge(Config(read_timeout=IMPATIENT_S))

BY_NAME = pytest.mark.parametrize("loss", AFTER, ids=lambda loss: loss.value)


@dataclasses.dataclass
class Table:
    """Our store behind the proxy, and another arbiter's beside it."""

    settings: Settings
    proxy: LossyProxy
    ours: RecordStore
    theirs: RecordStore
    hand: Hand
    """Past the proxy."""
    store: "Wire"
    impatient: RecordStore
    """Ours, with a short timeout."""

    @property
    def site(self) -> str:
        return self.settings.site

    def lose(self, loss: Loss) -> None:
        """The next request, whatever it is."""
        self.proxy.counts, self.proxy.next_losses[:] = lambda _: True, [loss]

    def lose_read(self, loss: Loss, after: int = 0) -> None:
        """A read, after so many that are answered."""
        self._lose(lambda request: not self.store.is_write(request), loss, after)

    def lose_write(self, loss: Loss, after: int = 0) -> None:
        """A write, after so many that are answered."""
        self._lose(self.store.is_write, loss, after)

    def _lose(self, counts: Callable[[bytes], bool], loss: Loss, after: int) -> None:
        self.proxy.counts, self.proxy.next_losses[:] = counts, [*[Loss.NONE] * after, loss]

    @property
    def writes(self) -> int:
        """So many were asked for."""
        return sum(self.store.is_write(request) for request in self.proxy.requests)


@dataclasses.dataclass(frozen=True)
class Wire:
    """How a store is spoken to."""

    is_write: Callable[[bytes], bool]
    refused: bytes
    """Stands in the answer to a write whose condition was false."""
    reads_of_a_repeated_save: int
    writes_before_superseding: int
    """Where what was found is moved away by a write of its own."""


DYNAMODB = Wire(lambda request: b".GetItem" not in request, b"ConditionalCheckFailed", 2, 0)
BLOBS = Wire(lambda request: request.startswith(b"PUT "), b"ConditionNotMet", 1, 1)


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.lab) for name in ("moto", "ministack", "azurite")])
def table(request: pytest.FixtureRequest, settings: Settings) -> Generator[Table]:
    endpoint: str = request.getfixturevalue(request.param)
    with lossy_proxy(endpoint) as proxy:
        if request.param == "azurite":
            ours, theirs = (azure_state.LiveStore(settings, blobs(each)) for each in (proxy.endpoint, endpoint))
            hurried = azure_state.LiveStore(settings, blobs(proxy.endpoint, read_s=IMPATIENT_S))
            yield Table(settings, proxy, ours, theirs, BlobHand(settings, endpoint), BLOBS, hurried)
        else:
            ours, theirs = (LiveStore(settings, client("dynamodb", each)) for each in (proxy.endpoint, endpoint))
            hurried = LiveStore(settings, client("dynamodb", proxy.endpoint, IMPATIENT))
            yield Table(settings, proxy, ours, theirs, LiveHand(settings, endpoint), DYNAMODB, hurried)


@pytest.fixture
def lease(table: Table) -> Lease:
    return table.ours.take_lease("ours", None)


# The record


@BY_NAME
def test_a_save_whose_answer_was_lost_is_recognised_when_it_is_sent_again(table: Table, lease: Lease, loss: Loss) -> None:
    record = plain_record(table.site)
    table.lose_write(loss)
    with pytest.raises(StoreUnavailableError):
        table.ours.save(record, lease)
    assert table.theirs.load() == replace(record, version=1)
    assert table.ours.save(record, lease) == replace(record, version=1)
    assert table.theirs.load() == replace(record, version=1)


def test_a_save_that_never_arrived_is_done_when_it_is_sent_again(table: Table, lease: Lease) -> None:
    record = plain_record(table.site)
    table.lose_write(Loss.DROPPED)
    with pytest.raises(StoreUnavailableError):
        table.ours.save(record, lease)
    assert table.theirs.load() is None
    assert table.ours.save(record, lease).version == 1


def test_a_save_is_sent_once_however_its_answer_is_lost(table: Table, lease: Lease) -> None:
    before = table.writes
    table.lose_write(Loss.CLOSED)
    with pytest.raises(StoreUnavailableError):
        table.ours.save(plain_record(table.site), lease)
    assert table.writes == before + 1


def test_a_save_is_not_taken_for_ours_when_a_successor_wrote_meanwhile(table: Table, lease: Lease) -> None:
    table.lose_write(Loss.DROPPED)
    with pytest.raises(StoreUnavailableError):
        table.ours.save(plain_record(table.site), lease)
    theirs = table.theirs.save(plain_record(table.site), table.theirs.take_lease("theirs", lease))
    with pytest.raises(ConflictError):
        table.ours.save(plain_record(table.site), lease)
    assert table.theirs.load() == theirs


def test_a_successor_that_writes_the_very_same_document_is_not_taken_for_us(table: Table, lease: Lease) -> None:
    """Even if the lease came back to us with the same token, the item names who wrote it."""
    record = plain_record(table.site)
    stranger = table.theirs.take_lease("theirs", lease)
    table.theirs.save(record, stranger)
    with pytest.raises(ConflictError):
        table.ours.save(record, table.ours.take_lease("ours", stranger))


def test_our_applied_save_is_no_licence_to_act_after_the_lease_went(table: Table, lease: Lease) -> None:
    record = plain_record(table.site)
    table.lose_write(Loss.CLOSED)
    with pytest.raises(StoreUnavailableError):
        table.ours.save(record, lease)
    table.theirs.take_lease("theirs", lease)
    with pytest.raises(ConflictError):
        table.ours.save(record, lease)


def test_a_read_back_without_answer_says_neither_ours_nor_theirs(table: Table, lease: Lease) -> None:
    record = plain_record(table.site)
    table.ours.save(record, lease)
    for answered in range(table.store.reads_of_a_repeated_save):
        table.lose_read(Loss.CLOSED, after=answered)
        with pytest.raises(StoreUnavailableError):
            table.ours.save(record, lease)
    assert table.ours.save(record, lease).version == 1


def test_a_save_that_arrives_after_it_was_sent_again_changes_nothing(table: Table, lease: Lease) -> None:
    record = plain_record(table.site)
    table.lose_write(Loss.HELD)
    with pytest.raises(StoreUnavailableError):
        table.ours.save(record, lease)
    later = table.ours.save(replace(table.ours.save(record, lease), epoch=2), lease)
    assert table.store.refused in table.proxy.deliver()
    assert table.theirs.load() == later


def test_a_save_that_arrives_after_another_decision_changes_nothing(table: Table, lease: Lease) -> None:
    table.lose_write(Loss.HELD)
    with pytest.raises(StoreUnavailableError):
        table.ours.save(plain_record(table.site, reason="first thought"), lease)
    second = table.ours.save(plain_record(table.site, reason="second thought"), lease)
    assert table.store.refused in table.proxy.deliver()
    assert table.theirs.load() == second


def test_another_decision_conflicts_with_a_first_one_that_arrived_late(table: Table, lease: Lease) -> None:
    table.lose_write(Loss.HELD)
    with pytest.raises(StoreUnavailableError):
        table.ours.save(plain_record(table.site, reason="first thought"), lease)
    table.proxy.deliver()
    with pytest.raises(ConflictError):
        table.ours.save(plain_record(table.site, reason="second thought"), lease)
    stored = table.theirs.load()
    assert stored is not None
    assert stored.reason == "first thought"


def test_a_deposed_leaders_save_that_arrives_late_changes_nothing(table: Table, lease: Lease) -> None:
    table.lose_write(Loss.HELD)
    with pytest.raises(StoreUnavailableError):
        table.ours.save(plain_record(table.site), lease)
    table.theirs.take_lease("theirs", lease)
    assert table.store.refused in table.proxy.deliver()
    assert table.theirs.load() is None


@BY_NAME
def test_a_load_whose_answer_was_lost_is_not_a_missing_record(table: Table, lease: Lease, loss: Loss) -> None:
    saved = table.ours.save(plain_record(table.site), lease)
    table.lose(loss)
    with pytest.raises(StoreUnavailableError):
        table.ours.load()
    assert table.ours.load() == saved


@BY_NAME
def test_a_lost_record_is_superseded_once_however_the_answer_is_lost(table: Table, lease: Lease, loss: Loss) -> None:
    hand = table.hand
    table.ours.save(plain_record(table.site), lease)
    hand.damage("{")
    record = plain_record(table.site, epoch=2, version=1)
    table.lose_write(loss, after=table.store.writes_before_superseding)
    with pytest.raises(StoreUnavailableError):
        table.ours.supersede(record, lease)
    assert table.theirs.load() == replace(record, version=2)
    assert table.ours.supersede(record, lease) == replace(record, version=2)
    assert (hand.quarantined(), hand.floor()) == (["{"], 2)


def test_one_that_arrives_late_takes_nothing_from_a_successor(table: Table, lease: Lease) -> None:
    table.ours.save(plain_record(table.site), lease)
    table.hand.remove()
    table.lose_write(Loss.HELD)
    with pytest.raises(StoreUnavailableError):
        table.ours.supersede(plain_record(table.site, epoch=2), lease)
    theirs = table.theirs.supersede(plain_record(table.site, epoch=2), table.theirs.take_lease("theirs", lease))
    assert table.store.refused in table.proxy.deliver()
    assert table.theirs.load() == theirs


# The lease


@BY_NAME
def test_a_first_lease_whose_answer_was_lost_is_recognised(table: Table, loss: Loss) -> None:
    table.lose_write(loss)
    with pytest.raises(StoreUnavailableError):
        table.ours.take_lease("ours", None)
    assert table.ours.take_lease("ours", None) == table.theirs.read_lease()
    with pytest.raises(ConflictError):
        table.theirs.take_lease("theirs", None)


@BY_NAME
def test_a_take_over_whose_answer_was_lost_is_recognised(table: Table, loss: Loss) -> None:
    seen = table.theirs.take_lease("theirs", None)
    table.lose_write(loss)
    with pytest.raises(StoreUnavailableError):
        table.ours.take_lease("ours", seen)
    taken = table.ours.take_lease("ours", seen)
    assert (taken.owner, taken.token) == ("ours", seen.token + 1)
    assert table.theirs.read_lease() == taken


def test_a_take_over_that_arrives_late_takes_nothing_from_a_third(table: Table) -> None:
    seen = table.theirs.take_lease("theirs", None)
    table.lose_write(Loss.HELD)
    with pytest.raises(StoreUnavailableError):
        table.ours.take_lease("ours", seen)
    third = table.theirs.take_lease("third", seen)
    assert table.store.refused in table.proxy.deliver()
    assert table.theirs.read_lease() == third
    with pytest.raises(ConflictError):
        table.ours.take_lease("ours", seen)


def test_a_renewal_that_arrives_late_renews_nothing_for_a_successor(table: Table, lease: Lease) -> None:
    table.lose_write(Loss.HELD)
    with pytest.raises(StoreUnavailableError):
        table.ours.renew_lease(lease)
    taken = table.theirs.take_lease("theirs", lease)
    assert table.store.refused in table.proxy.deliver()
    assert table.theirs.read_lease() == taken


@BY_NAME
def test_a_renewal_whose_answer_was_lost_leaves_the_lease_ours(table: Table, lease: Lease, loss: Loss) -> None:
    table.lose_write(loss)
    with pytest.raises(StoreUnavailableError):
        table.ours.renew_lease(lease)
    assert table.ours.renew_lease(lease).beat == lease.beat + 2


# The cloud: EC2, and Resource Manager with the address itself and with a balancer's pool


@pytest.fixture(params=["live_world", "azure_world", "balanced_world"], ids=["ec2", "arm", "arm-pool"])
def wired(request: pytest.FixtureRequest) -> Generator[Wired]:
    world: LiveWorld | AzureWorld = request.getfixturevalue(request.param)
    with lossy_proxy(world.endpoint) as proxy:
        yield Wired(world, wire_of(world), proxy)


def serving(wired: Wired) -> str:
    """Whose the address is; "" = nobody's."""
    association = wired.world.cloud.read_address().association
    names = {worker.instance_id: worker.name for worker in wired.world.settings.workers}
    return names[association.instance_id] if association else ""


@BY_NAME
def test_an_association_whose_answer_was_lost_is_lost_and_made(wired: Wired, loss: Loss) -> None:
    wired.lose(loss, Do.ASSOCIATE)
    answered = wired.cloud.run(Command(do=Do.ASSOCIATE, epoch=1, worker="wk1"))
    assert answered.outcome is wired.wire.after(loss)
    assert wired.sent(Do.ASSOCIATE) == 1
    assert serving(wired) == "wk1"


@BY_NAME
def test_an_association_that_is_sent_again_after_a_lost_answer_is_done_and_the_same(wired: Wired, loss: Loss) -> None:
    make = Command(do=Do.ASSOCIATE, epoch=1, worker="wk1")
    wired.lose(loss, Do.ASSOCIATE)
    assert wired.cloud.run(make).outcome is wired.wire.after(loss)
    made = wired.world.cloud.read_address().association
    answered = wired.cloud.run(make)
    assert answered.outcome is Outcome.DONE
    assert made == wired.world.cloud.read_address().association
    assert made is not None
    assert answered.association_id == made.association_id


@pytest.mark.parametrize("do", [Do.ISOLATE, Do.RESTORE, Do.STOP, Do.START, Do.ASSOCIATE], ids=lambda do: do.value)
def test_a_call_that_never_arrived_is_lost_and_sent_once(wired: Wired, do: Do) -> None:
    if do in OPPOSITE:
        assert wired.world.cloud.run(Command(do=OPPOSITE[do], epoch=1, worker="wk1")).outcome is Outcome.DONE
    wired.lose(Loss.DROPPED, do)
    assert wired.cloud.run(Command(do=do, epoch=1, worker="wk1")).outcome is Outcome.LOST
    assert wired.sent(do) == 1


OPPOSITE = {Do.RESTORE: Do.ISOLATE, Do.START: Do.STOP, Do.DISASSOCIATE: Do.ASSOCIATE}
"""What has to be so before that is a call at all."""


@pytest.mark.parametrize("do", [Do.ISOLATE, Do.RESTORE, Do.ASSOCIATE, Do.DISASSOCIATE], ids=lambda do: do.value)
def test_a_call_that_a_stranger_answered_with_success_is_never_taken_for_done(wired: Wired, do: Do) -> None:
    """As a network does that wants a sign-in first."""
    made = wired.world.cloud.run(Command(do=OPPOSITE[do], epoch=1, worker="wk1")) if do in OPPOSITE else None
    wired.lose(Loss.INTERCEPTED, do)
    command = Command(do=do, epoch=2, worker="wk1", association_id=made.association_id if made else "")
    assert wired.cloud.run(command).outcome is Outcome.LOST
    assert wired.sent(do) == 1
    assert wired.cloud.run(command).outcome is Outcome.DONE


@pytest.mark.parametrize("loss", [Loss.CLOSED, Loss.DROPPED], ids=lambda loss: loss.value)
def test_a_disassociation_whose_answer_was_lost_is_done_when_it_is_sent_again(wired: Wired, loss: Loss) -> None:
    made = wired.world.cloud.run(Command(do=Do.ASSOCIATE, epoch=1, worker="wk1"))
    end = Command(do=Do.DISASSOCIATE, epoch=2, worker="wk1", association_id=made.association_id)
    wired.lose(loss, Do.DISASSOCIATE)
    assert wired.cloud.run(end).outcome is Outcome.LOST
    assert serving(wired) == ("wk1" if loss is Loss.DROPPED else "")
    assert wired.cloud.run(end).outcome is Outcome.DONE
    assert serving(wired) == ""


def test_a_disassociation_that_arrives_late_leaves_the_next_association(wired: Wired) -> None:
    made = wired.world.cloud.run(Command(do=Do.ASSOCIATE, epoch=1, worker="wk1"))
    end = Command(do=Do.DISASSOCIATE, epoch=2, worker="wk1", association_id=made.association_id)
    wired.lose(Loss.HELD, Do.DISASSOCIATE)
    assert wired.cloud.run(end).outcome is Outcome.LOST
    wired.world.cloud.run(end)
    again = wired.world.cloud.run(Command(do=Do.ASSOCIATE, epoch=3, worker="wk1"))
    assert wired.wire.late in wired.proxy.deliver()
    shown = wired.world.cloud.read_address().association
    assert shown is not None
    assert shown.association_id == again.association_id != made.association_id


def test_an_association_that_arrives_late_takes_nothing_from_the_next_holder(wired: Wired) -> None:
    wired.lose(Loss.HELD, Do.ASSOCIATE)
    assert wired.cloud.run(Command(do=Do.ASSOCIATE, epoch=1, worker="wk1")).outcome is Outcome.LOST
    made = wired.world.cloud.run(Command(do=Do.ASSOCIATE, epoch=2, worker="wk2"))
    assert made.outcome is Outcome.DONE
    refused = wired.proxy.deliver()
    assert any(code in refused for code in (wired.wire.late, wired.world.taken_code.encode())), refused
    shown = wired.world.cloud.read_address().association
    assert shown is not None
    assert (shown.association_id, serving(wired)) == (made.association_id, "wk2")


@BY_NAME
def test_reads_whose_answer_was_lost_could_not_be_asked(wired: Wired, loss: Loss) -> None:
    for read in (wired.cloud.read_address, wired.cloud.read_instances):
        wired.lose(loss)
        with pytest.raises(CouldNotAskError):
            read()


def test_a_service_that_is_not_there_is_lost_and_could_not_be_asked(wired: Wired) -> None:
    cloud = wired.wire.cloud(wired.world.settings, "http://127.0.0.1:1")
    assert cloud.run(Command(do=Do.STOP, epoch=1, worker="wk1")).outcome is Outcome.LOST
    with pytest.raises(CouldNotAskError):
        cloud.read_address()


def test_a_service_that_stays_silent_is_lost_when_the_timeout_ends(wired: Wired) -> None:
    wired.lose(Loss.SILENT, Do.ASSOCIATE)
    answered = wired.impatient.run(Command(do=Do.ASSOCIATE, epoch=1, worker="wk1"))
    assert (answered.outcome, answered.code) == (Outcome.LOST, wired.wire.timed_out)
    assert wired.sent(Do.ASSOCIATE) == 1
    assert serving(wired) == "wk1"


def test_a_table_that_stays_silent_is_unavailable_when_the_timeout_ends(table: Table, lease: Lease) -> None:
    table.lose_write(Loss.SILENT)
    with pytest.raises(StoreUnavailableError):
        table.impatient.save(plain_record(table.site), lease)
    assert table.impatient.save(plain_record(table.site), lease).version == 1
