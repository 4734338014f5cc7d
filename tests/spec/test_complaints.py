"""RULE.md 3.15 and 3.16: what health pages name as down, what people are told of it, and that nothing moves by it."""

from collections.abc import Iterable

import pytest

from failover_lambda.complaints import CLEAR_S, COMPLAINTS_KEPT, after_round, tell
from failover_lambda.contract import from_plain, to_plain
from failover_lambda.model import Answer, Complaint, Page, Phase, ProbeReport, Record, Round, Sight
from failover_lambda.moves import Case
from failover_lambda.pages import NAMES_MAX
from tests.fakes import make_settings
from tests.spec.desk import record_of
from tests.worlds import World

CHANNEL = Page(channels_down=("ADT_IN",))
DATABASE = Page(dependencies_down=("hospital-db",))
CLEAR = Page()


def with_pages(workers: int = 2) -> World:
    """A settled site whose workers have pages that name nothing."""
    world = World(workers=workers).settled()
    say(world, CLEAR, *world.cloud.machines)
    world.tick()
    return world


def say(world: World, page: Page | None, *workers: str) -> None:
    for worker in workers:
        world.cloud.machines[worker].page = page


def last_why(world: World) -> str:
    return world.reporter.told[-1].why


def test_a_channel_that_is_down_keeps_the_holder_and_is_told_once() -> None:
    """3.15."""
    world = with_pages()
    say(world, CHANNEL, "wk1")
    world.tick(100)
    assert (world.record.phase, world.record.holder, world.cloud.did()) == (Phase.STEADY, "wk1", [])
    assert world.told == ["adopt", "channel-down"]
    assert world.reporter.told[-1].source == "wk1"
    assert last_why(world) == "wk1 names as down: ADT_IN; it is healthy otherwise and keeps the address"


def test_a_channel_that_was_up_for_a_minute_is_told_anew_and_one_that_comes_and_goes_is_not() -> None:
    """3.15."""
    world = with_pages()
    for _ in range(40):
        say(world, CHANNEL, "wk1")
        world.tick(2)
        say(world, CLEAR, "wk1")
        world.tick(2)
    assert world.told.count("channel-down") == 1
    world.tick(int(CLEAR_S) + 1)
    assert world.record.complaints == ()
    say(world, CHANNEL, "wk1")
    world.tick()
    assert world.told.count("channel-down") == 2


def test_a_channel_of_a_standby_is_not_told() -> None:
    """3.15: a standby keeps its channels stopped."""
    world = with_pages()
    say(world, CHANNEL, "wk2")
    world.tick(5)
    assert world.told == ["adopt"]


def test_a_channel_that_is_down_at_the_new_holder_too_is_told_of_it() -> None:
    """3.15: the fault went along."""
    world = with_pages()
    say(world, CHANNEL, "wk1", "wk2")
    world.tick()
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    world.until(Phase.STEADY)
    told = [notice.source for notice in world.reporter.told if notice.what == "channel-down"]
    assert told == ["wk1", "wk2"]
    assert [complaint.worker for complaint in world.record.complaints] == ["wk2"]


def test_a_dependency_that_the_next_holder_names_too_is_not_told_again() -> None:
    """3.16."""
    world = with_pages()
    say(world, DATABASE, "wk1", "wk2")
    world.tick()
    assert last_why(world) == "wk1 names as down: hospital-db; wk2 too"
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    world.until(Phase.STEADY)
    world.tick(3)
    assert world.told.count("dependency-down") == 1


def test_a_dependency_that_the_holder_alone_names_is_told_as_such() -> None:
    """3.16."""
    world = with_pages()
    say(world, DATABASE, "wk1")
    world.tick(5)
    assert (world.record.phase, world.cloud.did(), world.told) == (Phase.STEADY, [], ["adopt", "dependency-down"])
    assert last_why(world) == "wk1 names as down: hospital-db; no other worker does"


def test_a_holder_that_fails_of_what_all_name_is_not_failed_over() -> None:
    """3.16: common cause."""
    world = with_pages()
    say(world, DATABASE, "wk1", "wk2")
    world.kill("wk1", Answer.WRONG)
    reason = world.tick(30)
    assert (world.record.phase, world.record.holder, world.cloud.did()) == (Phase.SUSPECT, "wk1", [])
    assert reason == "wk1 fails, and another would fare no better; every worker that answers names as down: hospital-db"
    assert world.told == ["adopt", "dependency-down"]
    world.tick(200)
    assert world.told == ["adopt", "dependency-down", "suspect-for-long"]


def test_a_holder_that_fails_alone_of_a_dependency_is_failed_over() -> None:
    """3.16: the other one is truly better."""
    world = with_pages()
    say(world, DATABASE, "wk1")
    world.kill("wk1", Answer.WRONG)
    world.until(Phase.VERIFYING)
    assert world.record.holder == "wk2"


def test_when_the_dependency_is_back_for_the_standby_only_it_takes_over() -> None:
    """3.16: the excuse has ended."""
    world = with_pages()
    say(world, DATABASE, "wk1", "wk2")
    world.kill("wk1", Answer.WRONG)
    world.tick(10)
    say(world, CLEAR, "wk2")
    world.until(Phase.VERIFYING)
    assert world.record.holder == "wk2"


def test_when_all_fail_of_it_that_is_both_down_and_its_notice_names_the_cause() -> None:
    """3.16, 3.8."""
    world = with_pages()
    say(world, DATABASE, "wk1", "wk2")
    world.kill("wk1", Answer.WRONG)
    world.kill("wk2", Answer.WRONG)
    world.until(Phase.BOTH_DOWN)
    world.tick()
    assert world.told == ["adopt", "dependency-down", "both-down"]
    assert last_why(world).endswith("every worker that answers names as down: hospital-db")
    world.heal("wk2")
    world.tick(10)
    assert (world.record.phase, world.cloud.did()) == (Phase.BOTH_DOWN, [])
    say(world, CLEAR, "wk2")
    world.until(Phase.VERIFYING)
    assert world.record.holder == "wk2"


def test_both_kinds_at_once_are_a_notice_each() -> None:
    """3.15."""
    world = with_pages()
    say(world, Page(channels_down=("A", "B"), dependencies_down=("c", "d")), "wk1")
    world.tick(3)
    assert world.told == ["adopt", "channel-down", "dependency-down"]
    assert world.reporter.told[-2].why.startswith("wk1 names as down: A, B;")


def test_a_failing_page_is_not_called_healthy_otherwise() -> None:
    """3.15."""
    world = with_pages()
    say(world, CHANNEL, "wk1")
    world.kill("wk1", Answer.WRONG)
    world.tick()
    assert next(notice.why for notice in world.reporter.told if notice.what == "channel-down") == "wk1 names as down: ADT_IN"


def told_of(record: Record, *sights: Sight) -> list[str]:
    """What people are told after a round of these."""
    seen = Round(token=1, overrun=False, sights=sights, address=None, instances=None)
    case = tell(Case(record=record, seen=seen, settings=make_settings(), now_s=1000.0))
    return [notice.why for notice in case.record.outbox]


def sight_of(zone: str, *reports: ProbeReport) -> Sight:
    return Sight(vantage=f"prober-{zone}", zone=zone, anchor_reached=True, reports=reports)


def test_one_vantage_that_gets_a_healthy_page_is_enough_to_say_so() -> None:
    """3.15."""
    silent = sight_of("a", ProbeReport(worker="wk1", answer=Answer.TIMEOUT))
    healthy = sight_of("b", ProbeReport(worker="wk1", answer=Answer.HEALTHY, page=CHANNEL))
    (why,) = told_of(record_of(), silent, healthy)
    assert why == "wk1 names as down: ADT_IN; it is healthy otherwise and keeps the address"


def test_a_worker_without_a_page_names_nothing() -> None:
    """3.16."""
    own = ProbeReport(worker="wk1", answer=Answer.HEALTHY, page=DATABASE)
    (why,) = told_of(record_of(), sight_of("a", own, ProbeReport(worker="wk2", answer=Answer.TIMEOUT)))
    assert why == "wk1 names as down: hospital-db; no other worker does"


# The record


@pytest.fixture
def record() -> Record:
    return with_pages().record


def rounds_with(*pages: Page | None) -> Round:
    """One vantage for each page of the holder."""
    sights = tuple(
        Sight(
            vantage=str(number),
            zone="a",
            anchor_reached=True,
            reports=(ProbeReport(worker="wk1", answer=Answer.HEALTHY, page=page),),
        )
        for number, page in enumerate(pages)
    )
    return Round(token=1, overrun=False, sights=sights, address=None, instances=None)


def names(complaints: Iterable[Complaint]) -> list[str]:
    return [complaint.name for complaint in complaints]


def test_a_round_without_a_page_of_the_holder_clears_nothing(record: Record) -> None:
    told, _ = after_round(record, rounds_with(CHANNEL), 1000.0)
    assert after_round(told, rounds_with(None), 1001.0) == (told, ())
    assert after_round(told, rounds_with(), 1001.0) == (told, ())


def test_what_one_of_two_pages_names_stands(record: Record) -> None:
    told, _ = after_round(record, rounds_with(CHANNEL), 1000.0)
    assert after_round(told, rounds_with(CLEAR, CHANNEL), 1001.0) == (told, ())


def test_a_minute_is_a_minute(record: Record) -> None:
    told, _ = after_round(record, rounds_with(CHANNEL), 1000.0)
    cleared, _ = after_round(told, rounds_with(CLEAR), 1001.0)
    assert [complaint.clear_since_s for complaint in cleared.complaints] == [1001.0]
    assert after_round(cleared, rounds_with(CLEAR), 1001.0 + CLEAR_S - 0.1)[0] == cleared
    assert after_round(cleared, rounds_with(CLEAR), 1001.0 + CLEAR_S)[0].complaints == ()
    assert after_round(cleared, rounds_with(CHANNEL), 1001.0 + CLEAR_S - 0.1) == (told, ())


def test_a_record_keeps_as_many_as_a_page_may_name_and_drops_what_is_named_no_more(record: Record) -> None:
    def page(letter: str) -> Page:
        some = tuple(f"{letter}{number}" for number in range(NAMES_MAX))
        return Page(channels_down=some, dependencies_down=some)

    assert COMPLAINTS_KEPT == 2 * NAMES_MAX
    full, new = after_round(record, rounds_with(page("a")), 1000.0)
    assert len(full.complaints) == len(new) == COMPLAINTS_KEPT
    after, new = after_round(full, rounds_with(page("b")), 1001.0)
    assert names(after.complaints) == names(new)
    assert {name[0] for name in names(after.complaints)} == {"b"}
    assert len(after.complaints) == COMPLAINTS_KEPT


def test_what_is_named_no_more_makes_room_first_the_oldest_of_it(record: Record) -> None:
    """3.15: what is named stays, wherever it stands in the list."""
    kept = tuple(f"k{number}" for number in range(NAMES_MAX))
    gone = tuple(f"g{number}" for number in range(NAMES_MAX))
    full, _ = after_round(record, rounds_with(Page(channels_down=kept)), 1000.0)
    full, _ = after_round(full, rounds_with(Page(channels_down=kept, dependencies_down=gone)), 1001.0)
    after, _ = after_round(full, rounds_with(Page(channels_down=kept, dependencies_down=("n0", "n1", "n2", "n3"))), 1002.0)
    assert names(after.complaints) == [*kept, *gone[4:], "n0", "n1", "n2", "n3"]


def test_what_is_named_by_more_pages_than_a_record_holds_is_bounded(record: Record) -> None:
    """Vantages that read different pages in one round: the newest names are kept."""
    pages = [Page(channels_down=tuple(f"{letter}{number}" for number in range(NAMES_MAX))) for letter in "abc"]
    assert len(after_round(record, rounds_with(*pages), 1000.0)[0].complaints) == COMPLAINTS_KEPT


def test_a_record_that_was_written_before_there_were_complaints_is_read(record: Record) -> None:
    plain = to_plain(record)
    del plain["complaints"]
    assert from_plain(Record, plain) == record
