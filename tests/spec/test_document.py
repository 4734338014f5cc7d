"""What of a record lasts and how long it is: small where it is usual, and under 4 KB where it is as full as can be."""

import json
import random
import zlib
from dataclasses import replace

import pytest

from failover_lambda.contract import MOVES_KEPT, Channel, to_plain
from failover_lambda.denials import DENIED_KEPT
from failover_lambda.document import (
    PLAIN_BYTES_MAX,
    TEXT_CHARACTERS,
    TEXT_CHARACTERS_MAX,
    Found,
    bounded,
    judged,
    shortened,
    written,
)
from failover_lambda.model import (
    NOTICES_KEPT,
    Debt,
    Drift,
    Fence,
    Intent,
    Kind,
    Maintenance,
    Move,
    Notice,
    Pause,
    Phase,
    Record,
    Reply,
    Request,
    Streak,
    Verb,
    Verdict,
)
from failover_lambda.moves import DAY_S
from failover_lambda.operators import REASONS_KEPT, REPLIES_KEPT, SENTENCE_CHARACTERS_MAX, WAITING_MAX
from failover_lambda.planned import HEEDED_KEPT
from tests.fakes import make_settings
from tests.worlds import World

SETTINGS = make_settings()
SITE = "tandem-hospital-west-1a5156-abcd"
"""As long as a site's name can be."""

NOW_S = 1_795_000_000.0
ITEM_BYTES_MAX = 4096
ITEM_REST_BYTES = 130
"""Of the item: its key, the names of its attributes, version and writer."""

WORKERS = [f"wk{number}" for number in range(1, 9)]
WHYS = (
    "{a} gave no healthy answer to 3 of 3 vantages, 2 of them outside its zone; {b} is the next in order, {c} is fenced",
    "verified by the control plane: two agreeing reads, and {d} answers a prober; {a} was dead after 3 rounds",
    "the address could not be put on {a}, no standby can take over: {b} gave no healthy answer in this round; {c} is fenced",
    "the cloud does not let the watchdog's role ask the prober, read the machines, disassociate {a}, associate {b}",
    "the budget is spent: 3 automatic moves in an hour (at most 3), 5 in a day (at most 5)",
    "its isolation or stop is refused again and again",
)


class Fullest:
    """A record of eight workers with a value wherever there can be one, and times and reasons as chance has them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def at_s(self) -> float:
        return NOW_S - self.random.random() * DAY_S

    def why(self) -> str:
        a, b, c, d = self.random.sample(WORKERS, 4)
        why = self.random.choice(WHYS).format(a=a, b=b, c=c, d=d)
        return f"{why}; {self.random.randint(0, 10**6)}, {self.random.randint(0, 10**6)} ".ljust(300, "x")

    def debt(self) -> Debt:
        answered, refused, lost = (self.random.random() < 0.5 for _ in range(3))
        return Debt(asked_s=self.at_s(), answered=answered, refused=refused, lost=lost)

    def fence(self, worker: str, epoch: int) -> Fence:
        return Fence(
            worker=worker,
            epoch=epoch,
            launched_s=float(round(self.at_s())),
            raised_s=self.at_s(),
            isolate=self.debt(),
            stop=self.debt(),
            restore=self.debt(),
            start=self.debt(),
            seen_stopped_s=self.at_s(),
            told=True,
        )

    def notice(self, number: int) -> Notice:
        source, target = self.random.sample(WORKERS, 2)
        return Notice(
            id=f"{SITE}-{1200 + number}-{4000 + number}",
            at_s=self.at_s(),
            what=self.random.choice(("failover", "suspect-for-long", "denied", "fence-unproven", "holder-dead-in-manual")),
            site=SITE,
            source=source,
            target=target,
            why=self.why(),
            epoch=1200 + number,
            seconds=round(self.random.random() * 99, 3),
            taken=(Channel.TOPIC,),
        )

    def move(self, number: int) -> Move:
        source, target = self.random.sample(WORKERS, 2)
        return Move(at_s=self.at_s(), epoch=1200 + number, source=source, target=target, kind=Kind.FAILOVER)

    def intent(self) -> Intent:
        return Intent(
            kind=Kind.RETARGET,
            source="wk1",
            expected_id="eipassoc-0123456789abcdef1",
            made_s=self.at_s(),
            deadline_s=self.at_s(),
            asked_s=self.at_s(),
            refusals=2,
            attempt=9,
            tried=tuple(WORKERS[:7]),
            suspected_s=self.at_s(),
            why=self.why(),
        )

    def record(self) -> Record:
        return Record(
            schema=1,
            site=SITE,
            version=1_234_567,
            epoch=1234,
            phase=Phase.VERIFYING,
            phase_since_s=self.at_s(),
            holder="wk8",
            association_id="eipassoc-0123456789abcdef0",
            association_reads=1,
            intent=self.intent(),
            streak=Streak(
                verdict=Verdict.DEAD,
                token=123_456,
                rounds=2,
                rounds_needed=3,
                gone=1,
                quick=False,
                since_s=self.at_s(),
                last_s=self.at_s(),
            ),
            fences=tuple(self.fence(worker, 1200 + number) for number, worker in enumerate(WORKERS)),
            drift=Drift(association_id="eipassoc-0123456789abcdef2", reads=1),
            grace_until_s=self.at_s(),
            moves=tuple(self.move(number) for number in range(MOVES_KEPT)),
            outbox=tuple(self.notice(number) for number in range(NOTICES_KEPT)),
            notices=4016,
            reason=self.why(),
            manual=self.why(),
            suspicion_told=True,
            denied=tuple(f"{do} {worker}" for do in ("isolate", "restore") for worker in WORKERS)[:DENIED_KEPT],
            quiet_until_s=NOW_S + 900,
            requests=tuple(self.request(number) for number in range(WAITING_MAX)),
            replies=tuple(self.reply(number) for number in range(REPLIES_KEPT)),
            pause=Pause(until_s=self.at_s(), who="mia.smith", why=self.words(60), nobody_since_s=self.at_s()),
            maintenance=(Maintenance(worker="wk3", until_s=self.at_s(), who="mia.smith", why=self.words(60)),),
            order=tuple(reversed(WORKERS)),
            acknowledged="mia.smith",
            loose_s=self.at_s(),
            home_healthy_s=self.at_s(),
            home_watched="wk3",
            window_spent_s=self.at_s(),
            heeded=tuple(f"system-maintenance {number}" for number in range(HEEDED_KEPT)),
        )

    def words(self, characters: int) -> str:
        """What a person writes: letters as chance has them, which no compression makes shorter than half."""
        return "".join(self.random.choice("abcdefghijklmnopqrstuvwxyz     ") for _ in range(characters))

    def request(self, number: int) -> Request:
        return Request(
            id=f"{self.random.getrandbits(48):012x}",
            site=SITE,
            verb=self.random.choice((Verb.SWITCHOVER, Verb.MAINTENANCE)),
            who="mia.smith",
            why=self.words(60),
            asked_s=self.at_s(),
            patience_s=600.0,
            worker=WORKERS[number],
            duration_s=3600.0,
            drain_s=30.0,
            first_seen_s=self.at_s(),
        )

    def reply(self, number: int) -> Reply:
        why = self.why() if number >= REPLIES_KEPT - REASONS_KEPT else ""
        return Reply(id=f"{self.random.getrandbits(48):012x}", done=number % 2 == 0, why=why[:SENTENCE_CHARACTERS_MAX])


def stored_bytes(record: Record) -> int:
    return len(written(bounded(record, SETTINGS, NOW_S))) + ITEM_REST_BYTES


def test_the_fullest_record_of_eight_workers_costs_no_more_than_four_kilobytes() -> None:
    """Operators' requests and replies included, with ids and reasons that chance wrote."""
    sizes = {seed: stored_bytes(Fullest(seed).record()) for seed in range(20)}
    assert max(sizes.values()) < ITEM_BYTES_MAX, sizes


def test_a_steady_record_and_one_in_the_middle_of_a_failover_are_read_at_the_console() -> None:
    """And cost one write unit, and two."""
    world = World(workers=3).settled()
    steady = stored_bytes(world.record)
    world.kill("wk1")
    world.until(Phase.VERIFYING)
    moving = written(bounded(world.record, SETTINGS, world.clock.time_s))
    assert isinstance(moving, str)
    assert steady < 640
    assert len(moving) + ITEM_REST_BYTES < 2048


def test_a_year_of_moves_leaves_no_more_than_a_days_in_the_record() -> None:
    """5.12 asks for no older one."""
    moves = tuple(replace(Fullest(1).move(number), at_s=NOW_S - number * DAY_S / 4) for number in range(MOVES_KEPT))
    record = bounded(replace(Fullest(1).record(), moves=moves), SETTINGS, NOW_S)
    assert record.moves == moves[:4]


def test_a_hold_of_more_than_a_day_keeps_the_move_that_it_asks_for() -> None:
    """5.12."""
    settings = replace(SETTINGS, hold_s=3 * DAY_S)
    moves = tuple(replace(Fullest(1).move(number), at_s=NOW_S - number * DAY_S) for number in range(6))
    assert bounded(replace(Fullest(1).record(), moves=moves), settings, NOW_S).moves == moves[:3]


@pytest.mark.parametrize("seed", range(5))
def test_what_was_bounded_once_is_not_changed_again(seed: int) -> None:
    once = bounded(Fullest(seed).record(), SETTINGS, NOW_S)
    assert bounded(once, SETTINGS, NOW_S) == once


def test_times_lose_their_microseconds_and_those_of_the_cloud_none() -> None:
    """6.6: a boot is told by the launch time, which must be the very one that the cloud says again."""
    exact = replace(Fullest(1).fence("wk1", 1), launched_s=1.123456, raised_s=1.123456)
    (fence,) = bounded(replace(Fullest(1).record(), fences=(exact,)), SETTINGS, NOW_S).fences
    assert (fence.launched_s, fence.raised_s) == (1.123456, 1.123)


def test_a_long_text_ends_in_an_ellipsis_and_a_short_one_is_left() -> None:
    long = "x" * (TEXT_CHARACTERS_MAX + 1)
    assert shortened(long) == "x" * (TEXT_CHARACTERS_MAX - 3) + "..."
    assert shortened(long[:-1]) == long[:-1]
    record = bounded(replace(Fullest(1).record(), requests=(), replies=()), SETTINGS, NOW_S)
    assert {len(text) for text in (record.reason, record.manual, record.outbox[3].why)} == {TEXT_CHARACTERS_MAX}


def test_texts_are_cut_shorter_only_where_the_record_would_be_longer_than_four_kilobytes() -> None:
    record = bounded(Fullest(1).record(), SETTINGS, NOW_S)
    assert len(record.reason) in TEXT_CHARACTERS[1:]
    assert (len(record.outbox), len(record.replies), len(record.fences)) == (NOTICES_KEPT, REPLIES_KEPT, len(WORKERS))


@pytest.mark.parametrize("seed", range(20))
def test_what_is_written_is_read_back_as_it_was_compressed_or_not(seed: int) -> None:
    full = bounded(Fullest(seed).record(), SETTINGS, NOW_S)
    bare = replace(full, outbox=(), moves=(), fences=(), requests=(), replies=())
    for record, kind in ((full, bytes), (bare, str)):
        document = written(record)
        assert isinstance(document, kind)
        assert judged(Found(version=record.version, document=document), SITE, record.epoch) == record


def test_the_longest_that_is_not_compressed_is_that_long() -> None:
    record = replace(Fullest(1).record(), outbox=(), moves=(), fences=(), requests=(), replies=(), manual="")
    room = PLAIN_BYTES_MAX - len(written(record))
    assert isinstance(written(replace(record, manual="x" * (room - len('"manual":"",')))), str)
    packed = written(replace(record, manual="x" * (room - len('"manual":"",') + 1)))
    assert isinstance(packed, bytes)
    assert len(zlib.decompress(packed)) == PLAIN_BYTES_MAX + 1


def test_a_field_at_its_default_is_not_written_and_reads_as_it() -> None:
    """So a version that lacks a field reads every record in which it was never used."""
    record = World().settled().record
    stored = json.loads(written(record))
    assert not {"manual", "suspicion_told", "denied", "quiet_until_s"} & set(stored)
    assert {"intent", "streak", "fences", "drift", "moves", "outbox"} <= set(stored)
    assert stored == to_plain(record, sparse=True)
    assert judged(Found(version=record.version, document=json.dumps(to_plain(record))), "lis", None) == record
