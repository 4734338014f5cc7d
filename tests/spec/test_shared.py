"""RULE.md 2.11: what a site is shown of a read that many share; and turns at the lease's item."""

import threading
import time
from collections.abc import Sequence

import pytest

from failover_lambda import shared
from failover_lambda.errors import CouldNotAskError, DeniedError, NothingNewError, StoreUnavailableError
from failover_lambda.gathered import Gathered
from failover_lambda.model import AddressView, Answer, Answered, Command, Do, Lease, ProbeReport, Record, Sight, Vitals
from failover_lambda.shared import ADDRESS, ANNOUNCEMENTS, INSTANCES, InTurn, SiteView, Turn
from tests.fakes import PUBLIC_IP, FakeClock, FakeCloud, MemoryStore, make_settings
from tests.worlds import World

SETTINGS = make_settings()
ON_NOBODY = AddressView(public_ip=PUBLIC_IP, association=None, owner="lis")
LEASE = Lease(owner="one", token=1, beat=1, wish="")


def view() -> tuple[FakeClock, SiteView]:
    clock = FakeClock(100.0)
    return clock, SiteView(SETTINGS, FakeCloud(settings=SETTINGS), clock)


# 2.11: reads


def test_a_read_is_shown_once() -> None:
    """2.11: two rounds that saw one read are not two reads."""
    _, seen = view()
    seen.read(ADDRESS, 99.0, ON_NOBODY)
    assert seen.read_address() == ON_NOBODY
    with pytest.raises(NothingNewError):
        seen.read_address()


@pytest.mark.parametrize("moment", ["sent", "answered"])
def test_a_read_that_was_begun_before_a_call_was_sent_or_answered_is_not_shown(moment: str) -> None:
    """2.11, 5.5."""
    clock = FakeClock(100.0)

    class Slow(FakeCloud):
        def run(self, command: Command) -> Answered:
            if moment == "sent":
                assert_nothing_new()
            clock.sleep(2.0)
            return super().run(command)

    seen = SiteView(SETTINGS, Slow(settings=SETTINGS), clock)

    def assert_nothing_new() -> None:
        with pytest.raises(NothingNewError):
            seen.read_address()

    seen.read(ADDRESS, 99.0, ON_NOBODY)
    seen.run(Command(do=Do.STOP, epoch=1, worker="wk2"))
    seen.read(ADDRESS, 101.0, ON_NOBODY)  # begun while the call was on its way
    assert_nothing_new()
    seen.read(ADDRESS, 102.5, ON_NOBODY)
    assert seen.read_address() == ON_NOBODY


def test_a_read_that_comes_after_a_newer_one_is_dropped() -> None:
    """2.11: answers overtake each other."""
    _, seen = view()
    newer = AddressView(public_ip="192.0.2.1", association=None, owner="lis")
    seen.read(ADDRESS, 99.0, newer)
    seen.read(ADDRESS, 98.0, ON_NOBODY)
    assert seen.read_address() == newer


def test_a_read_that_failed_is_told_as_what_it_was_and_once() -> None:
    """2.11, 3.2."""
    _, seen = view()
    seen.read(INSTANCES, 99.0, DeniedError("DescribeInstances: denied"))
    with pytest.raises(DeniedError, match="denied"):
        seen.read_instances()
    with pytest.raises(NothingNewError):
        seen.read_instances()


def test_announcements_are_a_state_and_may_be_shown_again() -> None:
    _, seen = view()
    with pytest.raises(NothingNewError):
        seen.read_announcements()
    seen.read(ANNOUNCEMENTS, 99.0, {"wk1": "system-reboot e-1"})
    assert [seen.read_announcements(), seen.read_announcements()] == [{"wk1": "system-reboot e-1"}] * 2


@pytest.mark.parametrize(
    ("age_s", "shown", "wanted", "called", "lacks"),
    [
        (0.2, False, True, False, False),
        (0.4, False, True, False, True),
        (0.4, False, False, False, False),
        (0.2, True, True, False, True),
        (0.2, True, False, False, False),
        (5.0, True, False, False, True),
        (0.2, False, False, True, True),
    ],
)
def test_when_a_site_lacks_a_read(age_s: float, shown: bool, wanted: bool, called: bool, lacks: bool) -> None:
    """2.11: a fresh one where its rule needs it in this round, else one each interval; never an old one after a call."""
    clock, seen = view()
    for name in (ADDRESS, INSTANCES):
        seen.read(name, clock.time_s, () if name == INSTANCES else ON_NOBODY)
    if shown:
        seen.read_address()
    clock.sleep(age_s)
    if called:
        seen.run(Command(do=Do.STOP, epoch=1, worker="wk2"))
    assert seen.lacks_read(clock.time_s, wanted=wanted, fresh_s=0.3, interval_s=5.0) is lacks


def test_a_site_that_was_never_read_lacks_a_read() -> None:
    """2.11."""
    _, seen = view()
    assert seen.lacks_read(100.0, wanted=False, fresh_s=0.3, interval_s=5.0)


# 2.11: looks


def sight(answer: Answer) -> Sight:
    report = ProbeReport(worker="wk1", answer=answer)
    return Sight(vantage="prober-a", zone="a", anchor_reached=True, reports=(report,))


@pytest.mark.parametrize(
    ("answer", "slow"),
    [(Answer.HEALTHY, False), (Answer.REFUSED, False), (Answer.WRONG, False), (Answer.TIMEOUT, True), (Answer.SILENT, True)],
)
def test_a_site_is_slow_where_somebody_let_a_vantage_wait(answer: Answer, slow: bool) -> None:
    """2.11."""
    _, seen = view()
    seen.saw("prober-a", sight(answer))
    assert seen.was_slow is slow


def test_a_vantage_that_could_not_be_asked_makes_a_site_slow_and_has_no_sight() -> None:
    """2.11, 3.2."""
    _, seen = view()
    seen.saw("prober-a", CouldNotAskError("throttled"))
    seen.saw("prober-b", None)
    assert seen.was_slow
    for vantage, why in (("prober-a", "throttled"), ("prober-b", "said nothing of lis"), ("prober-c", "not back in time")):
        with pytest.raises(CouldNotAskError, match=why):
            seen.look(vantage, 0.4)


def test_what_a_vantage_saw_in_an_earlier_round_is_not_shown() -> None:
    """3.1."""
    _, seen = view()
    seen.saw("prober-a", sight(Answer.HEALTHY))
    assert seen.look("prober-a", 0.4) == sight(Answer.HEALTHY)
    seen.begin()
    with pytest.raises(CouldNotAskError):
        seen.look("prober-a", 0.4)


# Turns


class Counting(MemoryStore):
    """Says how many writes there ever were at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0

    def save(self, record: Record, lease: Lease) -> Record:
        self.now += 1
        self.most = max(self.most, self.now)
        time.sleep(0.005)
        self.now -= 1
        return super().save(record, lease)


def written_by(stores: Sequence[MemoryStore], *, in_turn: bool) -> None:
    turn = Turn()
    world = World().settled()
    wrapped = [InTurn(store, turn) if in_turn else store for store in stores]
    threads = [threading.Thread(target=store.save, args=(world.record, LEASE)) for store in wrapped for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_records_of_a_shard_are_written_one_after_the_other() -> None:
    """Each write checks the lease's item, and two transactions that meet at an item cancel one another."""
    in_turn, at_once = Counting(), Counting()
    written_by([in_turn], in_turn=True)
    written_by([at_once], in_turn=False)
    assert in_turn.most == 1
    assert at_once.most > 1


def test_a_write_whose_turn_does_not_come_is_as_a_store_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """5.6: the next tick decides anew; no tick waits for ever."""
    monkeypatch.setattr(shared, "TURN_S", 0.01)
    turn = Turn()
    with turn.of_record(), pytest.raises(StoreUnavailableError, match="not sent"):
        InTurn(MemoryStore(), turn).save(World().settled().record, LEASE)


def test_all_else_of_a_store_takes_no_turn() -> None:
    """2.4: and a renewal no longer than half a second."""
    turn, world = Turn(), World().settled()
    store = InTurn(world.store, turn)
    with turn.of_record():
        assert store.load() == world.record
        lease = store.read_lease()
        assert lease is not None
        assert store.renew_lease(lease).beat == lease.beat + 1
        store.wish_lease("next")
        store.ask_leader("q")
        store.drop_requests(())
        assert store.clock_offset_s() == 0.0
        store.release_lease(lease)
        assert store.take_lease("next", store.read_lease()).owner == "next"


def test_a_renewal_goes_before_all_records_that_wait() -> None:
    """2.4: however many there are; each would cancel it, as long as it is on its way."""
    turn, order, begun = Turn(), list[str](), threading.Barrier(5)

    def write(name: str) -> None:
        begun.wait()
        time.sleep(0.02 if name == "renewal" else 0.0)
        with turn.of_renewal() if name == "renewal" else turn.of_record():
            order.append(name)
            time.sleep(0.03)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("record", "record", "record", "renewal")]
    for thread in threads:
        thread.start()
    begun.wait()
    for thread in threads:
        thread.join()
    assert order == ["record", "renewal", "record", "record"]


# Figures


def vitals(**changes: object) -> Vitals:
    told: dict[str, object] = {
        "heartbeat": True,
        "failed_ticks": 0,
        "suspect_s": 0.0,
        "needs_person": False,
        "standbys_not_ready": 0,
        "moves_left": 3,
    }
    return Vitals(**(told | changes))  # pyright: ignore[reportArgumentType] (names of fields, in tests only)


def test_figures_of_many_sites_are_sums_and_the_worst() -> None:
    gathered = Gathered()
    gathered.put("a", vitals(failed_ticks=2, suspect_s=1.5, moves_left=1), 10.0)
    gathered.put("b", vitals(standbys_not_ready=2, needs_person=True), 20.0)
    assert gathered.take(2, failed=1, at=30.0) == vitals(
        failed_ticks=3, suspect_s=1.5, needs_person=True, standbys_not_ready=2, moves_left=1
    )
    assert gathered.take(2, failed=0, at=40.0).failed_ticks == 0


def test_a_site_that_tells_nothing_for_two_minutes_stops_the_heartbeat_until_it_leaves() -> None:
    gathered = Gathered()
    gathered.put("a", vitals(), 0.0)
    gathered.put("b", vitals(), 100.0)
    assert gathered.take(2, failed=0, at=110.0).heartbeat
    assert not gathered.take(2, failed=0, at=130.0).heartbeat
    gathered.leave("a")
    assert gathered.take(1, failed=0, at=130.0).heartbeat


def test_figures_that_no_site_knows_are_left_out() -> None:
    gathered = Gathered()
    gathered.put("a", vitals(standbys_not_ready=None, moves_left=None), 0.0)
    told = gathered.take(1, failed=0, at=1.0)
    assert (told.standbys_not_ready, told.moves_left) == (None, None)
