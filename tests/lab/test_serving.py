"""Who served when: the record says who should have, the workers' own logs who did."""

from pathlib import Path

import pytest

from lab.rawlogs import read_logs
from lab.serving import Serving, judge_serving
from tests.lab.stories.failover import SECOND_BOOT, Story, at, failover


def _serving(story: Story, folder: Path) -> Serving:
    for log in story.logs:
        story.sort(log)
    return judge_serving(read_logs(story.write(folder)))


def test_one_tenure_for_each_holder(tmp_path: Path) -> None:
    first, second = _serving(failover(), tmp_path).tenures
    assert (first.worker, second.worker) == ("wk1", "wk2")
    assert first.ends == second.begins == pytest.approx(at(1.45)), "from the earliest moment that epoch 2 was stored"
    assert second.first_answer == pytest.approx(at(2.15))


def test_a_good_story_has_nobody_serve_out_of_turn(tmp_path: Path) -> None:
    serving = _serving(failover(), tmp_path)
    assert (serving.intruders, serving.double_serving_s, serving.stale) == ((), 0.0, ())


def test_what_the_old_holder_accepts_before_the_new_one_answers_is_no_double_serving(tmp_path: Path) -> None:
    story = failover("cut")
    story.message("lab", 301, 1.9, "wk1")
    assert _serving(story, tmp_path).intruders == ()


def test_double_serving_lasts_from_the_new_holders_answer_to_the_last_intruder(tmp_path: Path) -> None:
    story = failover("cut")
    story.message("lab", 301, 3.05, "wk1")
    story.message("lab", 302, 4.05, "wk1")
    serving = _serving(story, tmp_path)
    assert [event.key.control_id for event in serving.intruders] == ["lab-000301", "lab-000302"]
    answered = at(
        3.01
    )  # wk2 was last known to serve by the acknowledgement at 3.010 s, the intruders came at 3.055 and 4.055
    assert serving.double_serving_s == pytest.approx(at(4.055) - answered)


def test_a_standby_that_accepts_before_the_fault_serves_out_of_turn(tmp_path: Path) -> None:
    story = failover()
    story.message("lab", 301, -5.05, "wk2")
    serving = _serving(story, tmp_path)
    assert [event.worker for event in serving.intruders] == ["wk2"]
    assert serving.double_serving_s > 0


def test_an_answer_to_the_http_client_counts_as_the_new_holders_first(tmp_path: Path) -> None:
    story = failover("cut")
    story.add("http", 2.02, "answer", worker="wk2", boot="boot-two-a", seconds=0.01)
    story.message("lab", 301, 2.05, "wk1")
    serving = _serving(story, tmp_path)
    assert serving.tenures[1].first_answer == pytest.approx(at(2.02))
    assert [event.key.control_id for event in serving.intruders] == ["lab-000301"]


def test_a_released_backlog_is_not_stale(tmp_path: Path) -> None:
    assert _serving(failover(), tmp_path).stale == ()


def test_a_delivery_of_a_returned_worker_outside_its_backlog_is_stale(tmp_path: Path) -> None:
    story = failover()
    story.message("lab", 301, 23, "wk1", boot=SECOND_BOOT)
    assert [event.key.control_id for event in _serving(story, tmp_path).stale] == ["lab-000301"]


def test_an_address_that_went_back_by_the_record_is_a_tenure_of_its_own(tmp_path: Path) -> None:
    story = failover()
    last = story.find("record", lambda row: row["event"] == "record" and row["record"]["version"] == 7)
    story.logs["record"].append(
        {**last, "t": at(32), "record": {**last["record"], "epoch": 3, "holder": "wk1", "version": 8}}
    )
    story.message("lab", 301, 33, "wk1", boot=SECOND_BOOT)
    serving = _serving(story, tmp_path)
    assert [tenure.worker for tenure in serving.tenures] == ["wk1", "wk2", "wk1"]
    assert (serving.intruders, serving.stale) == ((), ())
