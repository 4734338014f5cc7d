"""What a planned move may do and a failover may not: the old holder lives, and delivers what it accepted. Nothing more."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lab.checkers import Findings, check
from lab.rawlogs import read_logs
from lab.serving import judge_serving
from lab.summary import headline
from lab.timeline import measure
from tests.lab.stories.failover import SECOND_BOOT, Row, Story, at, broken_names, evidence_of, is_key
from tests.lab.stories.switchover import (
    HANDED_OVER,
    accepted_late,
    deliver_late,
    lay_in_its_socket,
    record,
    switchover,
    there_and_back,
)

UNTRIED = {"returned-worker-took-nothing", "backlog-accounted"}


def findings_of(story: Story, folder: Path) -> Findings:
    return check(story.write(folder))


@pytest.mark.parametrize("build", [switchover, there_and_back], ids=lambda build: build.__name__)
def test_a_planned_move_that_went_well_breaks_nothing(build: Callable[[], Story], tmp_path: Path) -> None:
    findings = findings_of(build(), tmp_path)
    assert {promise.name: promise.evidence for promise in findings.broken} == {}
    assert {promise.name for promise in findings.not_tried} == UNTRIED
    assert "and 1 of what a relieved worker had accepted" in evidence_of(findings, "no-stale-delivery")
    assert headline(findings).startswith("wk1 was relieved by an operator and ")


def test_each_way_is_a_tenure_of_its_own_and_says_who_let_go(tmp_path: Path) -> None:
    serving = judge_serving(read_logs(there_and_back().write(tmp_path)))
    assert [(tenure.worker, tenure.relieved) for tenure in serving.tenures] == [
        ("wk1", None),
        ("wk2", "wk1"),
        ("wk1", "wk2"),
    ]
    assert [event.key.control_id for event in serving.handed_over] == [HANDED_OVER]


def test_each_way_is_measured_by_itself(tmp_path: Path) -> None:
    logs = read_logs(there_and_back().write(tmp_path))
    there, back = (measure(logs, fault) for fault in logs.faults)
    assert (there.moved_s, back.moved_s) == (pytest.approx(0.54), pytest.approx(0.54))
    assert there.outage_s == pytest.approx(1.0), "adt's last acknowledgement came at -0.19 s, its next one at 0.81 s"
    assert back.outage_s == pytest.approx(1.0)


def sending(story: Story) -> Row:
    """The first attempt of the message that lay in the socket."""
    return story.find("sender-lab", lambda row: row["event"] == "sent" and row["key"][1] == "lab-000301")


def send_again(story: Story, seconds: float) -> None:
    """It is sent once more."""
    story.logs["sender-lab"].append({**sending(story), "t": at(seconds), "attempt": 2})
    story.sort("sender-lab")


def test_what_was_sent_before_a_planned_move_may_be_taken_up_after_it(tmp_path: Path) -> None:
    """It lay in the old holder's socket while that one had no processor; nobody is fenced in a planned move."""
    story = switchover()
    lay_in_its_socket(story)
    serving = judge_serving(read_logs(story.write(tmp_path)))
    assert (serving.intruders, serving.double_serving_s, serving.stale) == ((), 0.0, ())
    assert [event.key.control_id for event in serving.handed_over] == [HANDED_OVER, "lab-000301"]


def test_that_it_is_sent_to_the_new_holder_later_changes_nothing(tmp_path: Path) -> None:
    """Its sender saw no acknowledgement."""
    story = switchover()
    lay_in_its_socket(story)
    send_again(story, 1.25)
    assert judge_serving(read_logs(story.write(tmp_path))).intruders == ()


def test_what_nobody_sent_was_on_its_way_to_nobody(tmp_path: Path) -> None:
    story = switchover()
    lay_in_its_socket(story)
    story.logs["sender-lab"].remove(sending(story))
    serving = judge_serving(read_logs(story.write(tmp_path)))
    assert [event.key.control_id for event in serving.intruders] == ["lab-000301"]


def test_the_same_in_a_failover_is_two_workers_at_once(tmp_path: Path) -> None:
    story = switchover()
    lay_in_its_socket(story)
    nobody_asked(story)
    assert "one-server-at-a-time" in broken_names(findings_of(story, tmp_path))


def sent_anew(story: Story) -> None:
    """What counts is the attempt that it took up: that was sent to it when wk2 had answered."""
    lay_in_its_socket(story)
    send_again(story, 1.15)


def overtaken(story: Story) -> None:
    deliver_late(story, HANDED_OVER, 1.5)


def nobody_asked(story: Story) -> None:
    """A fault, as the lab's log has it: then the same delivery is one of a replaced worker."""
    story.find("lab", lambda row: row["event"] == "fault")["fault"] = "cut"
    story.lab["fault"] = "cut"


def a_failover_was_asked_for(story: Story) -> None:
    story.find("lab", lambda row: row["event"] == "fault")["fault"] = "failover"
    story.lab["fault"] = "failover"


def another_worker_was_asked(story: Story) -> None:
    story.find("lab", lambda row: row["event"] == "fault")["worker"] = "wk2"


def broken_before_the_move(story: Story) -> None:
    """It was asked, and cut off before anything was decided: what moved then was no planned move."""
    story.add("lab", 0.2, "fault", fault="cut", worker="wk1")
    story.add("lab", 0.9, "act", act="healed", worker="wk1")


def asked_long_ago(story: Story) -> None:
    """A request of an earlier tenure says nothing of this one."""
    story.find("lab", lambda row: row["event"] == "fault" and row["worker"] == "wk2")["t"] = at(0.1)
    story.sort("lab")


def delivered_in_another_boot(story: Story) -> None:
    """A process that began anew has to hold what it finds."""
    story.add("worker-wk1", 0.805, "started", boot=SECOND_BOOT, backlog=0)
    deliver_late(story, HANDED_OVER, 0.81, boot=SECOND_BOOT)


def delivered_unknown(story: Story) -> None:
    """wk1 delivers what it never wrote down: what was sent to wk2, and that one's log alone has."""
    row = story.find("receiver", is_key("lab-000060"))
    row.update({"from": "wk1", "boot": story.find("worker-wk1", lambda line: "boot" in line)["boot"]})


STALE = "no-stale-delivery"
BREACHES: dict[Callable[[Story], None], tuple[set[str], str]] = {
    overtaken: ({"order-kept-per-sender"}, "message 50 of adt"),
    accepted_late: ({"one-server-at-a-time", STALE}, "lab-000301"),
    sent_anew: ({"one-server-at-a-time", "order-kept-per-sender", STALE}, "lab-000301"),
    nobody_asked: ({STALE}, HANDED_OVER),
    a_failover_was_asked_for: ({STALE}, HANDED_OVER),
    another_worker_was_asked: ({STALE, "address-moved-to-standby", "service-came-back"}, HANDED_OVER),
    broken_before_the_move: ({STALE}, HANDED_OVER),
    delivered_in_another_boot: ({STALE}, HANDED_OVER),
    delivered_unknown: ({STALE}, "lab-000060"),
}


@pytest.mark.parametrize("plant", BREACHES, ids=lambda plant: plant.__name__)
def test_a_breach_in_a_planned_move_is_still_named(tmp_path: Path, plant: Callable[[Story], None]) -> None:
    story = switchover()
    plant(story)
    findings = findings_of(story, tmp_path)
    broken, shows = BREACHES[plant]
    assert broken_names(findings) == broken, {p.name: p.evidence for p in findings.broken}
    assert any(shows in evidence_of(findings, name) for name in broken)


def test_a_request_of_an_earlier_tenure_relieves_nobody_later(tmp_path: Path) -> None:
    story = there_and_back()
    asked_long_ago(story)
    story.logs["receiver"].append({**story.find("receiver", is_key("adt-000099")), "t": at(10.812)})
    story.logs["receiver"].remove(story.find("receiver", is_key("adt-000099")))
    story.sort("receiver")
    serving = judge_serving(read_logs(story.write(tmp_path)))
    assert [tenure.relieved for tenure in serving.tenures] == [None, "wk1", None]
    assert [event.key.control_id for event in serving.stale] == ["adt-000099"]


def test_a_fault_may_come_in_a_pause_that_was_asked_for_and_in_no_other(tmp_path: Path) -> None:
    story = switchover()
    record(story, -5, 1, "paused", "wk1")
    story.sort("record")
    told = evidence_of(findings_of(story, tmp_path / "unasked"), "timeline-consistent")
    assert "the record was in the phase paused when the fault came" in told
    story.add("lab", -6, "act", act="ask-pause", worker=None)
    story.sort("lab")
    findings = findings_of(story, tmp_path / "asked")
    assert "timeline-consistent" not in broken_names(findings)


def test_detection_in_a_pause_is_the_first_phase_after_it(tmp_path: Path) -> None:
    story = switchover()
    record(story, -5, 1, "paused", "wk1")
    record(story, 0.1, 1, "paused", "wk1")
    record(story, 0.2, 1, "steady", "wk1")
    record(story, 0.3, 1, "suspect", "wk1")
    story.sort("record")
    logs = read_logs(story.write(tmp_path))
    assert measure(logs, logs.faults[0]).detected_s == pytest.approx(0.3)
