"""Raw logs are read whole or not at all: a torn end is forgiven, anything else is named with file and line."""

import json
from pathlib import Path

import pytest

from lab.rawevents import Phase
from lab.rawlines import Key, RawLogError
from lab.rawlogs import read_logs
from tests.lab.stories.failover import Story, at, failover, key_of


def _append(folder: Path, log: str, text: str) -> None:
    with (folder / "logs" / f"{log}.jsonl").open("a") as file:
        file.write(text)


def test_a_story_is_read_back_as_written(tmp_path: Path) -> None:
    logs = read_logs(failover().write(tmp_path))
    assert sorted(logs.senders) == ["adt", "lab"]
    assert logs.sent[0].key == Key(*key_of("adt", 1))
    assert logs.faults[0].t == at(0)
    assert [seen.phase for seen in logs.records][-2:] == [Phase.VERIFYING, Phase.STEADY]
    assert logs.lab.by_ip("127.80.16.10") == "wk2"
    assert logs.torn == ()


def test_a_torn_last_line_is_left_out_and_told(tmp_path: Path) -> None:
    folder = failover().write(tmp_path)
    whole = read_logs(folder)
    _append(folder, "worker-wk1", '{"t": 6000.0, "event": "acc')
    torn = read_logs(folder)
    assert torn.workers == whole.workers
    assert torn.torn == ("worker-wk1.jsonl",)


def test_a_complete_last_line_without_its_newline_counts(tmp_path: Path) -> None:
    folder = failover().write(tmp_path)
    _append(folder, "public", json.dumps({"t": at(40), "event": "carries", "private_ip": None}))
    logs = read_logs(folder)
    assert logs.carries[-1].t == at(40)
    assert logs.torn == ()


def test_a_torn_line_in_the_middle_is_an_error(tmp_path: Path) -> None:
    folder = failover().write(tmp_path)
    _append(folder, "receiver", '{"t": 60\n{"t": 6000.0, "event": "delivered"}\n')
    number = len((folder / "logs" / "receiver.jsonl").read_text().splitlines()) - 1
    with pytest.raises(RawLogError, match=rf"^receiver\.jsonl:{number}: no JSON: "):
        read_logs(folder)


@pytest.mark.parametrize(
    ("log", "row", "message"),
    [
        ("http", {"t": 1.0, "event": "won"}, r"unknown event 'won'; this log may hold \['answer', 'failed'\]"),
        ("http", {"t": 1.0, "event": "failed"}, r"the field 'how' is missing or null; the line has \['event', 't'\]"),
        ("http", {"t": "now", "event": "failed", "how": "eof"}, r"'t' must be a finite number of seconds, found 'now'"),
        ("http", {"t": True, "event": "failed", "how": "eof"}, r"'t' must be a finite number of seconds, found True"),
        ("http", {"t": float("nan"), "event": "failed", "how": "eof"}, r"'t' must be a finite number of seconds"),
        ("http", {"t": 1.0, "event": "failed", "how": 7}, r"'how' must be a string, found 7"),
        ("worker-wk1", {"t": 1.0, "event": "started", "boot": "b", "backlog": -1}, r"'backlog' must be an integer of zero"),
        ("worker-wk1", {"t": 1.0, "event": "accepted", "boot": "b", "key": ["a", "b"]}, r"'key' must be a list of three"),
        (
            "worker-wk1",
            {"t": 1.0, "event": "delivered", "boot": "b", "key": ["a", "b", "c"], "backlog": 1},
            r"'backlog' must be true or false, found 1",
        ),
        ("lab", {"t": 1.0, "event": "fault", "fault": "melt", "worker": "wk1"}, r"one of \['kill', 'freeze', 'cut',"),
        ("record", {"t": 1.0, "event": "record", "record": {"epoch": 1, "phase": "odd"}}, r"'phase' must be one of \['dis"),
        ("record", {"t": 1.0, "event": "record", "record": []}, r"'record' must be an object, found \[\]"),
        ("cloud", {"t": 1.0, "event": "groups", "network_interface_id": "e", "groups": [1]}, r"must be a list of strings"),
        (
            "function-starts",
            {"t": 1.0, "event": "start", "function": "f", "request_id": "r", "source": "cron", "pid": 1},
            r"must be 'schedule', 'event' or 'call', found 'cron'",
        ),
    ],
)
def test_what_cannot_be_understood_is_named_with_its_place(
    tmp_path: Path, log: str, row: dict[str, object], message: str
) -> None:
    folder = failover().write(tmp_path)
    _append(folder, log, json.dumps(row) + "\n")
    number = len((folder / "logs" / f"{log}.jsonl").read_text().splitlines())
    with pytest.raises(RawLogError, match=rf"^{log}\.jsonl:{number}: .*{message}"):
        read_logs(folder)


@pytest.mark.parametrize("log", ["receiver", "receiver-repeats", "gate", "worker-wk2", "record"])
def test_a_missing_log_is_an_error(tmp_path: Path, log: str) -> None:
    folder = failover().write(tmp_path)
    (folder / "logs" / f"{log}.jsonl").unlink()
    with pytest.raises(RawLogError, match=rf"^{log}\.jsonl: the log is missing"):
        read_logs(folder)


def test_a_run_without_senders_is_an_error(tmp_path: Path) -> None:
    story = failover()
    for sender in ("adt", "lab"):
        del story.logs[f"sender-{sender}"]
    with pytest.raises(RawLogError, match=r"^sender-\*\.jsonl: no such log"):
        read_logs(story.write(tmp_path))


def _without(key: str) -> Story:
    story = failover()
    del story.lab[key]
    return story


@pytest.mark.parametrize(
    "key",
    ["cloud", "profile", "engine", "fault", "workers", "order", "allocation_id", "address", "record_poll_s", "versions"],
)
def test_lab_json_without_a_field_is_an_error(tmp_path: Path, key: str) -> None:
    with pytest.raises(RawLogError, match=rf"^lab\.json:1: the field '{key}' is missing"):
        read_logs(_without(key).write(tmp_path))


def test_lab_json_must_be_there(tmp_path: Path) -> None:
    folder = failover().write(tmp_path)
    (folder / "lab.json").unlink()
    with pytest.raises(RawLogError, match=r"^lab\.json: the file is missing"):
        read_logs(folder)


@pytest.mark.parametrize("key", ["spent", "pid"])
def test_lab_json_may_leave_out_what_only_informs(tmp_path: Path, key: str) -> None:
    assert read_logs(_without(key).write(tmp_path)).lab.order == ("wk1", "wk2")


def test_order_and_workers_must_name_the_same(tmp_path: Path) -> None:
    story = failover()
    story.lab["order"] = ["wk1", "wk3"]
    with pytest.raises(RawLogError, match=r"must name the same workers"):
        read_logs(story.write(tmp_path))


def test_the_lab_may_tell_its_story_in_words_of_its_own(tmp_path: Path) -> None:
    story = failover()
    story.add("lab", 31, "tidying", anything={"at": "all"})
    assert len(read_logs(story.write(tmp_path)).story) == len(story.logs["lab"])


def test_the_previous_poll_bounds_when_a_record_was_stored(tmp_path: Path) -> None:
    story = failover()
    row = story.find("record", lambda row: row["event"] == "record")
    row["previous_poll_t"] = row["t"] - 0.4
    records = read_logs(story.write(tmp_path)).records
    assert [round(seen.t - seen.not_before, 6) for seen in records[:2]] == [0.4, 0.05]
