"""The seconds of a fault come from observers, and each one from the line that it should."""

import math
from pathlib import Path

import pytest

from lab.chronicle import Witness
from lab.faultkind import FaultKind
from lab.rawevents import Fault
from lab.rawlines import RawLogError
from lab.rawlogs import read_logs
from lab.timeline import Timeline, measure
from tests.lab.stories.failover import IP, Story, at, failover, is_call, key_of


def _timeline(story: Story, folder: Path, until: float = math.inf) -> Timeline:
    logs = read_logs(story.write(folder))
    return measure(logs, logs.faults[0], until)


def test_each_figure_is_read_off_its_own_witness(tmp_path: Path) -> None:
    t = _timeline(failover(), tmp_path)
    assert t.detected_s == pytest.approx(1.0), "first record not steady"
    assert t.decided_s == pytest.approx(1.5), "first record with a higher epoch"
    assert t.moved_s == pytest.approx(1.7), "the gate's answer to the accepted association"
    assert t.verified_s == pytest.approx(2.4), "first record steady in the new epoch"
    assert (t.before.epoch, t.after.epoch) == (1, 2)
    assert (t.before.entitled, t.after.entitled) == ("wk1", "wk2")


def test_the_outage_is_the_longest_of_the_senders(tmp_path: Path) -> None:
    t = _timeline(failover(), tmp_path)
    assert {gap.client: round(gap.seconds, 3) for gap in t.gaps} == {"adt": 2.35, "lab": 2.4}
    assert t.outage_s == pytest.approx(2.4)
    assert t.http_outage_s == pytest.approx(3.0)


def test_an_acknowledgement_on_its_way_at_the_fault_does_not_end_the_outage(tmp_path: Path) -> None:
    story = failover()
    row = story.find("sender-lab", lambda row: row["event"] == "acked" and row["t"] > at(-0.1))
    row["t"] = at(0.005)
    story.sort("sender-lab")
    t = _timeline(story, tmp_path)
    assert {gap.client: round(gap.seconds, 3) for gap in t.gaps} == {"adt": 2.35, "lab": 2.305}


def test_a_sender_that_never_came_back_leaves_the_outage_open(tmp_path: Path) -> None:
    story = failover()
    story.drop("sender-lab", lambda row: row["t"] > at(0))
    story.add("sender-lab", 9, "failed", key=key_of("lab", 61), attempt=1, seq=61, how="timeout")
    t = _timeline(story, tmp_path)
    assert t.outage_s is None
    assert t.worst_gap is not None
    assert (t.worst_gap.client, t.worst_gap.seconds) == ("lab", math.inf)


def test_a_sender_that_began_after_the_fault_has_no_outage(tmp_path: Path) -> None:
    story = failover()
    story.drop("sender-lab", lambda row: row["t"] < at(0))
    assert [gap.client for gap in _timeline(story, tmp_path).gaps] == ["adt"]


@pytest.mark.parametrize(("start", "end"), [(-8, -3), (10, 18)])
def test_a_pause_long_before_or_after_the_fault_is_no_outage(tmp_path: Path, start: float, end: float) -> None:
    story = failover()
    story.drop("sender-lab", lambda row: at(start) < row["t"] < at(end))
    assert _timeline(story, tmp_path).outage_s == pytest.approx(2.4)


def test_a_sender_that_tried_nothing_before_until_has_no_open_outage(tmp_path: Path) -> None:
    assert [gap.client for gap in _timeline(failover(), tmp_path, until=at(2.0)).gaps] == ["adt"]


def test_a_message_left_unanswered_when_the_run_ends_is_no_outage(tmp_path: Path) -> None:
    story = failover()
    story.add("sender-lab", 31, "sent", key=key_of("lab", 999), attempt=1, seq=999)
    assert _timeline(story, tmp_path).outage_s == pytest.approx(2.4)


def test_a_move_that_was_refused_is_not_the_move(tmp_path: Path) -> None:
    story = failover()
    again = dict(story.find("gate", is_call("AssociateAddress")))
    story.find("gate", is_call("AssociateAddress")).update(status=400, error="Resource.AlreadyAssociated", answer={})
    story.logs["gate"].append({**again, "t_in": at(1.9), "t_out": at(1.95)})
    assert _timeline(story, tmp_path).moved_s == pytest.approx(1.95)


def test_of_two_moves_the_one_that_stayed_counts(tmp_path: Path) -> None:
    story = failover()
    params = {"AllocationId": "eipalloc-0ccc", "PrivateIpAddress": IP["wk1"], "AllowReassociation": "false"}
    story.call(1.4, 1.45, "AssociateAddress", params)
    assert _timeline(story, tmp_path).moved_s == pytest.approx(1.7)


def test_an_address_of_somebody_else_is_no_move(tmp_path: Path) -> None:
    story = failover()
    story.find("gate", is_call("AssociateAddress"))["params"]["AllocationId"] = "eipalloc-other"
    assert _timeline(story, tmp_path).moved_s is None


def test_without_a_record_before_the_fault_nothing_is_measured(tmp_path: Path) -> None:
    story = failover()
    story.drop("record", lambda row: row["event"] == "record" and row["t"] < at(0))
    with pytest.raises(RawLogError, match=r"^record\.jsonl: the observer saw no record before the fault"):
        _timeline(story, tmp_path)


def test_a_run_of_many_faults_is_measured_fault_by_fault(tmp_path: Path) -> None:
    logs = read_logs(failover().write(tmp_path))
    second = Fault(at(10), FaultKind.CUT, "wk2")
    first_t, second_t = measure(logs, logs.faults[0], until=second.t), measure(logs, second)
    assert first_t.verified_s == pytest.approx(2.4)
    assert (second_t.before.epoch, second_t.detected_s, second_t.decided_s, second_t.moved_s) == (2, None, None, None)


def test_nothing_after_until_is_looked_at(tmp_path: Path) -> None:
    t = _timeline(failover(), tmp_path, until=at(1.6))
    assert (t.decided_s, t.verified_s, t.first_ack) == (pytest.approx(1.5), None, None)
    assert t.after.t == pytest.approx(at(1.5))


def test_the_story_is_told_in_the_order_of_its_times(tmp_path: Path) -> None:
    moments = failover().check(tmp_path).moments
    assert [moment.at_s for moment in moments] == sorted(moment.at_s for moment in moments)
    assert {moment.witness for moment in moments} == set(Witness)
    told = {moment.text: round(moment.at_s, 3) for moment in moments}
    assert told["wk1 is killed"] == 0.0
    assert told["decided: epoch 1 → 2, wk2 is to serve; phase fencing"] == 1.5
    assert told["AssociateAddress: put the address on wk2; accepted after 0.050 s"] == 1.7
    assert told["new connections go to wk2"] == 2.01
    assert told["adt: acknowledged again after 2.350 s"] == 2.16
    assert told["wk1 may deliver its backlog of 1"] == 22.01


@pytest.mark.parametrize(("fault", "words"), [("kill", "killed"), ("freeze", "frozen"), ("cut", "cut off from the network")])
def test_the_fault_is_told_in_plain_words(tmp_path: Path, fault: str, words: str) -> None:
    texts = [moment.text for moment in failover(fault).check(tmp_path).moments]
    assert f"wk1 is {words}" in texts
