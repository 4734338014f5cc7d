"""Planted breaches: each takes a story in which every promise is kept, and breaks it in one way.

`PLANTS` tells for each the promises that must be named broken (these and no others), and words that the evidence of the
first of them must show; {stop} is what the story's cloud calls that.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lab.rawevents import Verb
from tests.lab.stories.clouds import IP, StoryCloud
from tests.lab.stories.failover import (
    BOOTS,
    SECOND_BOOT,
    STRANDED,
    Row,
    Story,
    at,
    is_key,
    key_of,
)


@dataclass(frozen=True)
class Plant:
    """One breach. `fault` is the story that it is planted in."""

    plant: Callable[[Story], None]
    broken: tuple[str, ...]
    shows: tuple[str, ...]
    fault: str = "kill"

    def words(self, cloud: StoryCloud) -> list[str]:
        """What the evidence must show on this cloud."""
        return [each.format_map({**cloud.words, "third": cloud.association("wk1", 3)}) for each in self.shows]

    @property
    def name(self) -> str:
        """For the test's name."""
        return self.plant.__name__


def _event(event: str, control_id: str) -> Callable[[Row], bool]:
    return lambda row: row["event"] == event and is_key(control_id)(row)


def _is_record(version: int) -> Callable[[Row], bool]:
    return lambda row: row["event"] == "record" and row["record"]["version"] == version


# Messages


def drop_after_ack(story: Story) -> None:
    for log in ("worker-wk1", "receiver"):
        story.drop(log, is_key("adt-000020"))


def deliver_twice(story: Story) -> None:
    row = story.find("receiver", is_key("lab-000150"))
    story.logs["receiver"].append({**row, "t": row["t"] + 0.3})
    story.sort("receiver")


def swap_two(story: Story) -> None:
    first, second = (story.find("receiver", is_key(f"adt-0000{seq}")) for seq in (20, 21))
    first["t"], second["t"] = second["t"], first["t"]
    story.sort("receiver")


def deliver_what_nobody_sent(story: Story) -> None:
    story.add("receiver", 5, "delivered", key=["adt", "adt-000020", "changed"], boot=BOOTS["wk2"], **{"from": "wk2"})
    story.sort("receiver")


def change_a_body(story: Story) -> None:
    story.find("receiver", is_key("lab-000150"))["key"][2] = "changed"
    for log in ("sender-lab", "worker-wk2"):  # the builder shares one list; the other witnesses keep the true key
        for row in filter(is_key("lab-000150"), story.logs[log]):
            row["key"] = key_of("lab", 150)


def acknowledge_before_writing(story: Story) -> None:
    story.find("worker-wk1", _event("accepted", "adt-000020"))["t"] += 0.03


def acknowledge_for_another_worker(story: Story) -> None:
    story.find("sender-lab", _event("acked", "lab-000150"))["worker"] = "wk1"


# Serving


def leak_through_the_relay(story: Story) -> None:
    """wk1 is cut off, and an old connection still reaches it: it goes on taking and delivering new messages."""
    for seq, seconds in ((301, 3.05), (302, 3.25)):
        story.message("lab", seq, seconds, "wk1")
    _sort_all(story)


def _sort_all(story: Story) -> None:
    for log in story.logs:
        story.sort(log)


def deliver_after_the_move(story: Story) -> None:
    """The cut-off holder forwards what it had acknowledged, while the new one serves."""
    row = story.find("receiver", is_key(STRANDED))
    row.update(t=at(3.0), boot=BOOTS["wk1"])
    told = story.find("worker-wk1", lambda line: line["event"] == "delivered" and line["backlog"])
    told.update(t=at(3.01), boot=BOOTS["wk1"], backlog=False)
    for log, event in (("worker-wk1", "started"), ("worker-wk1", "released")):
        story.find(log, lambda line, event=event: line["event"] == event and line["boot"] == SECOND_BOOT)["backlog"] = 0
    _sort_all(story)


def release_unasked(story: Story) -> None:
    story.drop("worker-wk1", lambda row: row["event"] == "released")


def forget_a_sender(story: Story) -> None:
    late = [row["key"][1] for row in story.logs["sender-lab"] if row["event"] == "acked" and row["t"] > at(0)]
    for log in ("sender-lab", "worker-wk2", "receiver"):
        story.drop(log, lambda row: "key" in row and row["key"][1] in late)
    story.add("sender-lab", 5, "failed", key=key_of("lab", 61), attempt=1, seq=61, how="timeout")


def forget_the_http_client(story: Story) -> None:
    story.drop("http", lambda row: row["event"] == "answer" and row["t"] > at(0))


def take_the_address_on_return(story: Story) -> None:
    cloud = story.cloud
    associated = {"allocation_id": cloud.allocation, "carries_at": at(21)}
    story.add(
        "cloud",
        21,
        "association",
        association_id=cloud.association("wk1", 3),
        instance_id=cloud.instance["wk1"],
        private_ip=IP["wk1"],
        **associated,
    )
    story.add(
        "cloud",
        21.2,
        "association",
        association_id=cloud.association("wk2", 4),
        instance_id=cloud.instance["wk2"],
        private_ip=IP["wk2"],
        **associated,
    )


def accept_on_return(story: Story) -> None:
    story.message("lab", 301, 21, "wk1", boot=SECOND_BOOT)
    _sort_all(story)


def keep_the_backlog(story: Story) -> None:
    for log in ("receiver", "worker-wk1"):
        story.drop(log, lambda row: is_key(STRANDED)(row) and row["t"] > at(20))


def release_less_than_was_held(story: Story) -> None:
    story.find("worker-wk1", lambda row: row.get("backlog") == 1)["backlog"] = 2


# The address


def associate_unconditionally(story: Story) -> None:
    story.cloud.say_take_it(story.called(Verb.ASSOCIATE))


def leave_the_condition_out(story: Story) -> None:
    story.cloud.say_nothing(story.called(Verb.ASSOCIATE))


def answer_an_association_that_was_not_made(story: Story) -> None:
    story.cloud.make_another(story.called(Verb.ASSOCIATE))


def associate_with_the_broken_worker(story: Story) -> None:
    story.cloud.name_another(story.called(Verb.ASSOCIATE), "wk1")


def refuse_the_move(story: Story) -> None:
    story.cloud.refuse(story.called(Verb.ASSOCIATE))


def lead_back_to_the_old_worker(story: Story) -> None:
    story.find("public", lambda row: row["private_ip"] == IP["wk2"])["private_ip"] = IP["wk1"]


def take_the_address_away_at_the_end(story: Story) -> None:
    nobody = dict.fromkeys(("association_id", "instance_id", "private_ip"))
    story.add("cloud", 29, "association", allocation_id=story.cloud.allocation, carries_at=at(29), **nobody)


def end_in_motion(story: Story) -> None:
    story.logs["record"].append({**_last_record(story, phase="verifying", version=8), "t": at(29)})


def _last_record(story: Story, **changes: object) -> Row:
    row = story.find("record", _is_record(7))
    return {**row, "record": {**row["record"], **changes}}


# The record


def lower_the_epoch(story: Story) -> None:
    story.logs["record"].append({**_last_record(story, epoch=1, version=8), "t": at(25)})


def lower_the_version(story: Story) -> None:
    story.logs["record"].append({**_last_record(story, version=6), "t": at(25)})


def name_two_in_one_epoch(story: Story) -> None:
    story.logs["record"].append({**_last_record(story, version=8, holder="wk1"), "t": at(25)})
    story.logs["record"].append({**_last_record(story, version=9), "t": at(25.05)})


def repeat_the_epoch(story: Story) -> None:
    for row in story.logs["record"]:
        if row["event"] == "record":
            row["record"]["epoch"] = 1


def _shift_call(story: Story, verb: Verb, t_in: float, t_out: float) -> None:
    story.called(verb).update(t=at(t_out), t_in=at(t_in), t_out=at(t_out))


def disassociate_before_the_intent(story: Story) -> None:
    _shift_call(story, Verb.DISASSOCIATE, 1.2, 1.3)
    story.find("cloud", lambda row: row.get("association_id") is None and "allocation_id" in row)["t"] = at(1.25)
    _sort_all(story)


def associate_before_the_intent(story: Story) -> None:
    _shift_call(story, Verb.ASSOCIATE, 1.3, 1.4)
    story.find("cloud", lambda row: row.get("association_id") == story.new)["t"] = at(1.35)


def stop_before_the_intent(story: Story) -> None:
    _shift_call(story, Verb.STOP, 1.2, 1.3)


def take_from_the_rightful_holder(story: Story) -> None:
    """A removal of the new association in its own epoch, accepted: nobody decided that."""
    story.asked(10, 10.1, Verb.DISASSOCIATE, "wk2", 2)
    story.sort(story.cloud.log)


# The platform


def start_by_a_call(story: Story) -> None:
    story.find("function-starts", lambda row: row["request_id"] == "req-schedule-7")["source"] = "call"


def start_unseen(story: Story) -> None:
    story.drop("function-starts", lambda row: row["request_id"] == "req-schedule-7")


def decide_in_the_lab(story: Story) -> None:
    story.find("function-starts", lambda row: row["request_id"] == "req-schedule-7")["pid"] = story.lab["pid"]


def decide_without_a_lease(story: Story) -> None:
    story.drop("record", lambda row: row["event"] == "lease")


# Forged timelines


def move_the_call_behind_its_effect(story: Story) -> None:
    _shift_call(story, Verb.ASSOCIATE, 1.9, 1.95)


def verify_before_the_move(story: Story) -> None:
    story.drop("record", _is_record(6))
    story.find("record", _is_record(7))["t"] = at(1.69)


def answer_before_packets_follow(story: Story) -> None:
    shifts = {"sent": 1.8, "accepted": 1.85, "acked": 1.86, "delivered": 1.87}
    for log in ("sender-adt", "worker-wk2", "receiver"):
        for row in filter(is_key("adt-000051"), story.logs[log]):
            if row["t"] > at(1):
                row["t"] = at(shifts[row["event"]])


def answer_http_before_packets_follow(story: Story) -> None:
    story.add("http", 1.95, "answer", worker="wk2", boot=BOOTS["wk2"], seconds=0.01)
    story.sort("http")


def lead_to_the_new_worker_too_early(story: Story) -> None:
    story.find("cloud", lambda row: row.get("association_id") == story.new)["t"] = at(1.66)
    story.find("public", lambda row: row["private_ip"] == IP["wk2"])["t"] = at(1.67)


def write_after_death(story: Story) -> None:
    story.add("worker-wk1", 0.6, "delivered", key=key_of("adt", 50), boot=BOOTS["wk1"], backlog=False)
    story.sort("worker-wk1")


def run_a_log_backwards(story: Story) -> None:
    rows = story.logs["http"]
    rows[10], rows[14] = rows[14], rows[10]


def acknowledge_before_sending(story: Story) -> None:
    story.find("sender-adt", _event("sent", "adt-000020"))["t"] += 0.05


def say_another_fault(story: Story) -> None:
    story.lab["fault"] = "cut"


def break_it_after_the_suspicion(story: Story) -> None:
    story.find("lab", lambda row: row["event"] == "fault")["t"] = at(1.2)


def answer_before_asked(story: Story) -> None:
    story.called(Verb.START).update(t_out=at(19.9))


def detect_after_deciding(story: Story) -> None:
    story.drop("record", _is_record(3))
    story.find("record", _is_record(4))["record"]["phase"] = "steady"


PLANTS = (
    Plant(drop_after_ack, ("no-acknowledged-message-lost",), ("adt-000020", "wk1", "-6.190 s")),
    Plant(deliver_twice, ("none-delivered-twice",), ("lab-000150", "delivered 2 times", "+19.915 s", "+20.215 s")),
    Plant(swap_two, ("order-kept-per-sender",), ("adt-000020", "message 21")),
    Plant(deliver_what_nobody_sent, ("delivered-as-sent",), ("changed", "+5.000 s", "wk2")),
    Plant(change_a_body, ("delivered-as-sent", "backlog-accounted"), ("lab-000150", "changed")),
    Plant(acknowledge_before_writing, ("acknowledged-only-when-durable",), ("adt-000020", "-6.190 s")),
    Plant(acknowledge_for_another_worker, ("acknowledged-only-when-durable",), ("lab-000150", "wk1")),
    Plant(leak_through_the_relay, ("one-server-at-a-time", "no-stale-delivery"), ("lab-000301", "+3.055 s", "wk1"), "cut"),
    Plant(deliver_after_the_move, ("no-stale-delivery", "order-kept-per-sender"), (STRANDED, "+3.000 s"), "cut"),
    Plant(release_unasked, ("no-stale-delivery", "order-kept-per-sender"), (STRANDED, "+22.020 s", "wk1")),
    Plant(forget_a_sender, ("service-came-back",), ("lab", "-0.090 s")),
    Plant(forget_the_http_client, ("service-came-back",), ("HTTP client", "-0.500 s")),
    Plant(take_the_address_on_return, ("returned-worker-took-nothing",), ("wk1", "+21.000 s", "{third}")),
    Plant(
        accept_on_return,
        ("returned-worker-took-nothing", "one-server-at-a-time", "no-stale-delivery"),
        ("lab-000301", "+21.005 s"),
    ),
    Plant(keep_the_backlog, ("backlog-accounted",), (STRANDED, "wk1", "delivered 0")),
    Plant(release_less_than_was_held, ("backlog-accounted",), ("backlog of 2", "released 1")),
    Plant(associate_unconditionally, ("move-is-conditional",), ("{take it}", "+1.650 s")),
    Plant(leave_the_condition_out, ("move-is-conditional",), ("{nothing}",)),
    Plant(answer_an_association_that_was_not_made, ("address-moved-to-standby",), ("no association",)),
    Plant(associate_with_the_broken_worker, ("address-moved-to-standby", "record-before-call"), ("names wk1", "names wk2")),
    Plant(refuse_the_move, ("address-moved-to-standby", "timeline-consistent"), ("no accepted",)),
    Plant(
        lead_back_to_the_old_worker,
        ("address-moved-to-standby", "association-equals-holder-at-end", "timeline-consistent"),
        ("never led", "wk2"),
    ),
    Plant(take_the_address_away_at_the_end, ("association-equals-holder-at-end",), ("wk2", "the cloud nobody")),
    Plant(end_in_motion, ("association-equals-holder-at-end",), ("verifying", "+29.000 s")),
    Plant(lower_the_epoch, ("epoch-grew-by-moves",), ("from 2 to 1", "+25.000 s")),
    Plant(lower_the_version, ("epoch-grew-by-moves",), ("from 7 to 6",)),
    Plant(name_two_in_one_epoch, ("epoch-grew-by-moves",), ("epoch 2 named wk2 and then wk1",)),
    Plant(repeat_the_epoch, ("epoch-grew-by-moves", "timeline-consistent"), ("epoch 1 named wk1 and then wk2",)),
    Plant(disassociate_before_the_intent, ("record-before-call",), ("{disassociate}", "+1.200 s", "+1.450 s")),
    Plant(
        associate_before_the_intent,
        ("record-before-call", "timeline-consistent"),
        ("{associate}", "+1.300 s", "epoch 2"),
    ),
    Plant(stop_before_the_intent, ("record-before-call",), ("{stop}", "+1.200 s", "wk1")),
    Plant(take_from_the_rightful_holder, ("record-before-call",), ("{disassociate}", "+10.000 s", "wk2")),
    Plant(start_by_a_call, ("schedule-started-the-arbiter",), ("req-schedule-7", "by: call")),
    Plant(start_unseen, ("schedule-started-the-arbiter",), ("req-schedule-7",)),
    Plant(decide_in_the_lab, ("schedule-started-the-arbiter",), ("process 100",)),
    Plant(decide_without_a_lease, ("schedule-started-the-arbiter",), ("+1.500 s",)),
    Plant(move_the_call_behind_its_effect, ("timeline-consistent",), ("+1.900 s", "+1.680 s")),
    Plant(verify_before_the_move, ("timeline-consistent",), ("+1.700 s", "verified at +1.690 s")),
    Plant(answer_before_packets_follow, ("timeline-consistent",), ("sender adt", "+1.860 s", "+2.000 s")),
    Plant(answer_http_before_packets_follow, ("timeline-consistent",), ("HTTP client", "+1.950 s", "+2.000 s")),
    Plant(lead_to_the_new_worker_too_early, ("timeline-consistent",), ("+1.670 s", "+2.000 s")),
    Plant(write_after_death, ("timeline-consistent",), ("wk1", "+0.600 s", "killed")),
    Plant(run_a_log_backwards, ("timeline-consistent",), ("http.jsonl", "-3.000 s", "-4.500 s")),
    Plant(acknowledge_before_sending, ("timeline-consistent",), ("adt-000020", "-6.190 s")),
    Plant(say_another_fault, ("timeline-consistent",), ("cut", "kill")),
    Plant(break_it_after_the_suspicion, ("timeline-consistent",), ("suspect",)),
    Plant(answer_before_asked, ("timeline-consistent",), ("{start}",)),
    Plant(detect_after_deciding, ("timeline-consistent", "address-moved-to-standby"), ("+1.620 s", "+1.500 s")),
)
