"""The ledger says of every message what became of it, as a second, naive account of the same rows says."""

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from lab.ledger import Entry, Ledger, build_ledger
from lab.rawlines import RawLogError
from lab.rawlogs import read_logs
from tests.lab.stories.failover import (
    BOOTS,
    INSTANCE,
    SECOND_BOOT,
    STRANDED,
    Row,
    Story,
    at,
    failover,
    is_key,
    key_of,
)

WORDS: tuple[str, ...] = (
    "sent", "acked", "lost", "stranded", "waiting", "doubled", "repeated", "late", "reordered", "strangers",
)  # fmt: skip


def _ledger(story: Story, folder: Path) -> Ledger:
    return build_ledger(read_logs(story.write(folder)))


def _ids(entries: Iterable[Entry]) -> list[str]:
    return [entry.key.control_id for entry in entries]


def _counts(ledger: Ledger) -> dict[str, int]:
    return {"sent": len(ledger.entries), **{word: len(getattr(ledger, word)) for word in WORDS[1:]}}


def test_a_good_story_balances(tmp_path: Path) -> None:
    story = failover()
    ledger = _ledger(story, tmp_path)
    nothing = dict.fromkeys(("lost", "stranded", "waiting", "doubled", "reordered", "strangers"), 0)
    sent = len({tuple(row["key"]) for sender in ("adt", "lab") for row in story.logs[f"sender-{sender}"] if "key" in row})
    assert _counts(ledger) == {"sent": sent, "acked": sent, "repeated": 1, "late": 1, **nothing}
    assert _ids(ledger.late) == [STRANDED]
    assert _ids(ledger.repeated) == ["adt-000051"]


def _before_return(story: Story) -> None:
    """End the run before the killed worker is started again."""
    for log in ("lab", "worker-wk1", "cloud"):
        story.drop(log, lambda row: row["t"] > at(19))
    story.drop("receiver", is_key(STRANDED))


def test_acknowledged_and_only_in_a_stopped_workers_log_is_stranded(tmp_path: Path) -> None:
    story = failover()
    _before_return(story)
    ledger = _ledger(story, tmp_path)
    assert _ids(ledger.stranded) == [STRANDED]
    assert ledger.down == {"wk1"}
    assert (ledger.lost, ledger.waiting) == ((), ())


def test_a_broken_worker_is_down_even_if_the_cloud_never_stopped_it(tmp_path: Path) -> None:
    story = failover("cut")
    _before_return(story)
    story.drop("cloud", lambda row: row["event"] == "instance" and row["t"] > at(0))
    assert _ledger(story, tmp_path).down == {"wk1"}


def test_held_by_a_worker_that_is_up_is_waiting(tmp_path: Path) -> None:
    story = failover()
    story.drop("receiver", is_key(STRANDED))
    ledger = _ledger(story, tmp_path)
    assert _ids(ledger.waiting) == [STRANDED]
    assert ledger.stranded == ()


def test_in_the_log_of_a_second_worker_too_is_not_stranded(tmp_path: Path) -> None:
    story = failover()
    _before_return(story)
    story.add("worker-wk2", 3, "accepted", key=key_of("adt", 50), boot=BOOTS["wk2"], seq_in_log=9)
    ledger = _ledger(story, tmp_path)
    assert (_ids(ledger.waiting), ledger.stranded) == ([STRANDED], ())


def test_never_acknowledged_is_never_lost(tmp_path: Path) -> None:
    story = failover()
    story.add("sender-adt", 31, "sent", key=key_of("adt", 999), attempt=1, seq=999)
    assert _ledger(story, tmp_path).lost == ()


def test_a_backlog_delivery_without_a_release_is_not_late(tmp_path: Path) -> None:
    story = failover()
    story.drop("worker-wk1", lambda row: row["event"] == "released")
    assert _ledger(story, tmp_path).late == ()


def test_a_release_after_the_delivery_does_not_make_it_late(tmp_path: Path) -> None:
    story = failover()
    story.find("worker-wk1", lambda row: row["event"] == "released")["t"] = at(23)
    assert _ledger(story, tmp_path).late == ()


def test_late_messages_are_in_order_among_themselves(tmp_path: Path) -> None:
    story = failover()
    for log in ("receiver", "worker-wk1"):
        story.drop(log, lambda row: is_key("adt-000049")(row) and row["event"] == "delivered")
    key = key_of("adt", 49)
    story.add("receiver", 22.05, "delivered", key=key, boot=SECOND_BOOT, **{"from": "wk1"})
    story.add("worker-wk1", 22.06, "delivered", key=key, boot=SECOND_BOOT, backlog=True)
    (wrong,) = _ledger(story, tmp_path).reordered
    assert (wrong.entry.seq, wrong.overtaken_by.seq) == (49, 50)


def test_a_sender_that_began_anew_is_in_order(tmp_path: Path) -> None:
    story = failover()
    for log in ("sender-lab", "worker-wk2", "receiver"):
        for row in story.logs[log]:
            if row["t"] > at(10) and "seq" in row:
                row["seq"] -= 100
    assert _ledger(story, tmp_path).reordered == ()


def test_one_message_of_two_senders_is_an_error(tmp_path: Path) -> None:
    story = failover()
    story.add("sender-lab", 31, "sent", key=key_of("adt", 20), attempt=1, seq=999)
    with pytest.raises(RawLogError, match=r"^sender-lab\.jsonl: adt/adt-000020 .* was sent by 'adt' as well"):
        _ledger(story, tmp_path)


def test_an_acknowledgement_of_what_was_never_sent_is_an_error(tmp_path: Path) -> None:
    story = failover()
    story.add("sender-lab", 31, "acked", key=key_of("lab", 999), attempt=1, seq=999, worker="wk2", boot=BOOTS["wk2"])
    with pytest.raises(RawLogError, match=r"^sender-lab\.jsonl: lab/lab-000999 .* was acknowledged and never sent"):
        _ledger(story, tmp_path)


# A second account


@pytest.mark.property
@pytest.mark.parametrize("seed", range(40))
def test_the_ledger_agrees_with_a_naive_account_of_random_stories(tmp_path: Path, seed: int) -> None:
    story = _random_story(random.Random(seed))
    assert _counts(_ledger(story, tmp_path)) == _naive_counts(story), f"seed {seed}"


def _random_story(dice: random.Random) -> Story:
    """Rows that follow no story at all: whatever can be written may be."""
    story = failover()
    story.logs = {
        log: rows
        for log, rows in story.logs.items()
        if log in {"record", "gate", "public", "http", "lab", "receiver-repeats"}
    }
    for log in ("receiver", "cloud", "worker-wk1", "worker-wk2"):
        story.logs[log] = []
    for worker in ("wk1", "wk2"):
        state = dice.choice(["running", "stopped"])
        story.add("cloud", 5, "instance", instance_id=INSTANCE[worker], state=state, launched_at=0.0)
        story.add(f"worker-{worker}", dice.uniform(-5, 5), "started", boot=BOOTS[worker], backlog=0)
        if dice.random() < 0.7:
            story.add(f"worker-{worker}", dice.uniform(0, 10), "released", boot=BOOTS[worker], backlog=0)
    for sender in ("adt", "lab"):
        story.add(f"sender-{sender}", -1, "connected")
        for seq in range(1, dice.randint(2, 14)):
            _random_message(story, dice, sender, seq)
    story.add("receiver", 3, "delivered", key=["x", "y", "z"], boot="b", **{"from": "wk1"})
    return story


def _random_message(story: Story, dice: random.Random, sender: str, seq: int) -> None:
    key = key_of(sender, seq)
    attempts = dice.choice([1, 1, 1, 2, 3])
    for attempt in range(1, attempts + 1):
        story.add(f"sender-{sender}", dice.uniform(0, 10), "sent", key=key, attempt=attempt, seq=seq)
    if dice.random() < 0.8:
        ack: Row = {"key": key, "attempt": attempts, "seq": seq, "worker": "wk1", "boot": "b"}
        story.add(f"sender-{sender}", dice.uniform(0, 10), "acked", **ack)
    for worker in ("wk1", "wk2"):
        if dice.random() < 0.5:
            story.add(f"worker-{worker}", dice.uniform(0, 10), "accepted", key=key, boot=BOOTS[worker], seq_in_log=seq)
        for _ in range(dice.choice([0, 0, 1, 1, 2])):
            _random_delivery(story, dice, worker, key)


def _random_delivery(story: Story, dice: random.Random, worker: str, key: list[str]) -> None:
    boot = BOOTS[worker]
    story.add("receiver", dice.uniform(0, 10), "delivered", key=key, boot=boot, **{"from": worker})
    if dice.random() < 0.8:
        backlog = dice.random() < 0.5
        story.add(f"worker-{worker}", dice.uniform(0, 10), "delivered", key=key, boot=boot, backlog=backlog)


def _naive_counts(story: Story) -> dict[str, int]:
    """The definitions, read off the rows one message at a time."""
    senders = {log: rows for log, rows in story.logs.items() if log.startswith("sender-")}
    workers = {log.removeprefix("worker-"): rows for log, rows in story.logs.items() if log.startswith("worker-")}
    keys = list(dict.fromkeys(tuple(row["key"]) for rows in senders.values() for row in rows if row["event"] == "sent"))
    down = {worker for worker in workers if _is_down(story, worker)}
    counts = dict.fromkeys(WORDS, 0)
    for key in keys:
        acked = any(row["event"] == "acked" and tuple(row["key"]) == key for rows in senders.values() for row in rows)
        sent = sum(row["event"] == "sent" and tuple(row["key"]) == key for rows in senders.values() for row in rows)
        in_logs = {
            w for w, rows in workers.items() if any(r["event"] == "accepted" and tuple(r["key"]) == key for r in rows)
        }
        times = sum(tuple(row["key"]) == key for row in story.logs["receiver"])
        counts["sent"] += 1
        counts["acked"] += acked
        counts["lost"] += acked and not in_logs and times == 0
        counts["stranded"] += acked and bool(in_logs) and in_logs <= down and times == 0
        counts["waiting"] += acked and bool(in_logs - down) and times == 0
        counts["doubled"] += times > 1
        counts["repeated"] += sent > 1
        counts["late"] += _naive_late(story, key)
    counts["reordered"] = sum(_naive_reordered(story, rows) for rows in senders.values())
    counts["strangers"] = sum(tuple(row["key"]) not in keys for row in story.logs["receiver"])
    return counts


def _is_down(story: Story, worker: str) -> bool:
    off = any(row["instance_id"] == INSTANCE[worker] and row["state"] == "stopped" for row in story.logs["cloud"])
    started_again = any(row["event"] == "started" and row["t"] > at(0) for row in story.logs[f"worker-{worker}"])
    return off or (worker == "wk1" and not started_again)


def _first_delivery(story: Story, key: tuple[str, ...]) -> Row | None:
    return min((row for row in story.logs["receiver"] if tuple(row["key"]) == key), key=lambda row: row["t"], default=None)


def _naive_late(story: Story, key: tuple[str, ...]) -> bool:
    first = _first_delivery(story, key)
    if first is None:
        return False
    rows = [row for row in story.logs[f"worker-{first['from']}"] if row["boot"] == first["boot"]]
    told = any(row["event"] == "delivered" and tuple(row["key"]) == key and row["backlog"] for row in rows)
    return told and any(row["event"] == "released" and row["t"] <= first["t"] for row in rows)


def _naive_reordered(story: Story, rows: list[Row]) -> int:
    order = list(dict.fromkeys(tuple(row["key"]) for row in rows if row["event"] == "sent"))
    times = {key: first["t"] for key in order if (first := _first_delivery(story, key)) is not None}
    wrong = 0
    for place, key in enumerate(order):
        younger = [other for other in order[place + 1 :] if _naive_late(story, other) == _naive_late(story, key)]
        wrong += key in times and any(times[other] < times[key] for other in younger if other in times)
    return wrong
