"""Each check of what operators ask for can fail: a recorded story that keeps it, and one in which one thing is otherwise."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lab.promises.case import open_case
from lab.rawlogs import read_logs
from lab.scenarios import operator_checks as checks
from lab.scenarios.checks import check
from lab.scenarios.expectations import Check
from tests.lab.stories.failover import ALLOCATION, BOOTS, INSTANCE, IP, SECOND_BOOT, Story, at, failover, is_key
from tests.lab.stories.switchover import ASKED, ASKED_BACK, HANDED_OVER, deliver_late, switchover, there_and_back

Plant = Callable[[Story], None]
Build = Callable[[], Story]


def nothing(story: Story) -> None:
    """The story as it is."""
    assert story.logs


def act(story: Story, seconds: float, name: str) -> None:
    story.add("lab", seconds, "act", act=name, worker=None)
    story.sort("lab")


def acts(**at_s: float) -> Plant:
    def plant(story: Story) -> None:
        for name, seconds in at_s.items():
            act(story, seconds, name.replace("_", "-"))

    return plant


def replies_of(story: Story) -> list[dict[str, object]]:
    """Every reply in every record."""
    records = [row["record"] for row in story.logs["record"] if row["event"] == "record"]
    return [reply for record in records for reply in record.get("replies", [])]


def refused(story: Story) -> None:
    for reply in replies_of(story):
        reply.update(done=False, why="wk2 holds already")


TOLD = acts(begin=1, told_dead=2, end=3)
QUIET = acts(begin=2, end=8)

KEPT: dict[str, tuple[Check, Build, Plant]] = {
    "carried out": (checks.answered(ASKED), switchover, nothing),
    "refused": (checks.refused(ASKED, "holds already"), switchover, refused),
    "nobody fenced": (check(checks.nobody_was_fenced), there_and_back, nothing),
    "old holder fenced": (check(checks.old_holder_was_fenced), failover, nothing),
    "it delivered all": (check(checks.old_holder_delivered_what_it_accepted), switchover, nothing),
    "only the handed over": (
        check(checks.only_what_was_handed_over_was_overtaken),
        switchover,
        lambda story: deliver_late(story, HANDED_OVER, 1.5),
    ),
    "the handed over when it holds again": (
        check(checks.only_what_was_handed_over_was_overtaken),
        there_and_back,
        lambda story: deliver_late(story, HANDED_OVER, 12),
    ),
    "something handed over": (check(checks.something_was_handed_over), switchover, nothing),
    "two moves": (checks.moves_made(2), there_and_back, nothing),
    "home": (check(checks.came_home), there_and_back, nothing),
    "nothing between": (checks.nothing_done_between("begin", "end"), there_and_back, QUIET),
    "told": (checks.told_between("dead", "begin", "end"), switchover, TOLD),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_story_that_shows_it_keeps_the_check_and_says_what_was_found(tmp_path: Path, name: str) -> None:
    wanted, build, plant = KEPT[name]
    story = build()
    plant(story)
    judgement = wanted.judge(open_case(read_logs(story.write(tmp_path))))
    assert judgement.kept, judgement.evidence
    assert judgement.evidence[0]


def no_replies(story: Story) -> None:
    for row in story.logs["record"]:
        row.get("record", {}).pop("replies", None)


def twice(story: Story) -> None:
    last = story.logs["record"][-1]["record"]
    last["replies"] = [*last["replies"], *last["replies"]]


def first_refused(story: Story) -> None:
    story.add("record", 0.2, "record", record={**story.find("record", lambda row: row["event"] == "record")["record"]})
    story.sort("record")
    early = story.find("record", lambda row: row["t"] == at(0.2))["record"]
    early.update(version=3, phase="steady", replies=[{"id": ASKED, "done": False, "why": "not now"}])


def forgotten(story: Story) -> None:
    last = [row for row in story.logs["record"] if row["event"] == "record"][-1]
    story.logs["record"].append({**last, "t": at(9), "record": {**last["record"], "version": 99, "replies": []}})


def a_stop(story: Story) -> None:
    story.call(2, 2.1, "StopInstances", {"InstanceId.1": INSTANCE["wk1"]})


def a_machine_off(story: Story) -> None:
    story.add("cloud", 2, "instance", instance_id=INSTANCE["wk1"], state="stopping", launched_at=at(-20))
    story.sort("cloud")


def another_boot(story: Story) -> None:
    story.add("worker-wk1", 3, "started", boot=SECOND_BOOT, backlog=0)
    story.sort("worker-wk1")


def not_isolated(story: Story) -> None:
    story.drop("gate", lambda row: row["action"] == "ModifyNetworkInterfaceAttribute")


def never_off(story: Story) -> None:
    story.drop("cloud", lambda row: row.get("state") == "stopped")


def never_delivered(story: Story) -> None:
    story.drop("receiver", is_key(HANDED_OVER))


def delivered_by_another(story: Story) -> None:
    story.find("receiver", is_key(HANDED_OVER)).update({"from": "wk2", "boot": BOOTS["wk2"]})


def swapped_before(story: Story) -> None:
    first, second = (story.find("receiver", is_key(f"adt-0000{seq}")) for seq in (20, 21))
    first["t"], second["t"] = second["t"], first["t"]
    story.sort("receiver")


def swapped_after(story: Story) -> None:
    first, second = (story.find("receiver", is_key(f"adt-0000{seq}")) for seq in (80, 81))
    first["t"], second["t"] = second["t"], first["t"]
    story.sort("receiver")


def on_time(story: Story) -> None:
    deliver_late(story, HANDED_OVER, -0.1)


def one_association_more(story: Story) -> None:
    made = {"allocation_id": ALLOCATION, "association_id": "eipassoc-09", "instance_id": INSTANCE["wk1"]}
    story.add("cloud", 15, "association", **made, private_ip=IP["wk1"], carries_at=at(15))


def one_epoch_more(story: Story) -> None:
    last = [row for row in story.logs["record"] if row["event"] == "record"][-1]
    record = {**last["record"], "version": 99, "epoch": last["record"]["epoch"] + 1}
    story.logs["record"].append({**last, "t": at(15), "record": record})


def not_asked_back(story: Story) -> None:
    story.drop("lab", lambda row: row.get("fault") == "failback")


def ends_elsewhere(story: Story) -> None:
    last = [row for row in story.logs["record"] if row["event"] == "record"][-1]
    record = {**last["record"], "version": 99, "epoch": 4, "holder": "wk2"}
    story.logs["record"].append({**last, "t": at(19), "record": record})


def not_served_at_home(story: Story) -> None:
    story.drop("sender-lab", lambda row: row["t"] > at(10) and row["event"] == "acked")


def no_http_at_home(story: Story) -> None:
    story.drop("http", lambda row: row["t"] > at(10) and row["event"] == "answer")


def busy(story: Story) -> None:
    acts(begin=-1, end=2)(story)


BROKEN: dict[str, tuple[Check, Build, Plant, str]] = {
    "no reply": (checks.answered(ASKED), switchover, no_replies, "no record that was seen has a reply to op-1"),
    "another's reply": (checks.answered(ASKED_BACK), switchover, nothing, "no record that was seen has a reply to op-2"),
    "refused after all": (checks.answered(ASKED), switchover, refused, "the reply to op-1 is done=False"),
    "two replies": (checks.answered(ASKED), switchover, twice, "2 replies to op-1"),
    "two minds": (checks.refused(ASKED, ""), switchover, first_refused, "it said done=True"),
    "forgotten": (checks.answered(ASKED), switchover, forgotten, "has no reply to op-1 any more"),
    "done after all": (checks.refused(ASKED, "it holds"), switchover, nothing, "the reply to op-1 is done=True"),
    "other words": (checks.refused(ASKED, "drain"), switchover, refused, "wanted are the words 'drain'"),
    "a stop": (
        check(checks.nobody_was_fenced),
        switchover,
        a_stop,
        "StopInstances against wk1 reached the gate at +2.000 s",
    ),
    "off": (check(checks.nobody_was_fenced), switchover, a_machine_off, "the machine of wk1 is stopping at +2.000 s"),
    "booted": (check(checks.nobody_was_fenced), switchover, another_boot, "wk1 began a new boot at +3.000 s"),
    "not isolated": (
        check(checks.old_holder_was_fenced),
        failover,
        not_isolated,
        "no accepted call to isolate wk1",
    ),
    "never off": (check(checks.old_holder_was_fenced), failover, never_off, "was never seen stopped"),
    "kept to itself": (
        check(checks.old_holder_delivered_what_it_accepted),
        switchover,
        never_delivered,
        "never came to the receiver from wk1",
    ),
    "by another": (
        check(checks.old_holder_delivered_what_it_accepted),
        switchover,
        delivered_by_another,
        "never came to the receiver from wk1",
    ),
    "nobody took over": (check(checks.old_holder_delivered_what_it_accepted), failover, nothing, "nobody took over from it"),
    "out of order before": (
        check(checks.only_what_was_handed_over_was_overtaken),
        switchover,
        swapped_before,
        "message 20 of adt",
    ),
    "out of order after": (
        check(checks.only_what_was_handed_over_was_overtaken),
        switchover,
        swapped_after,
        "message 80 of adt came at",
    ),
    "all on time": (check(checks.something_was_handed_over), switchover, on_time, "nothing was left to hand over"),
    "one association more": (checks.moves_made(2), there_and_back, one_association_more, "3 associations, wanted 2"),
    "one epoch more": (checks.moves_made(1), switchover, one_epoch_more, "2 new epochs, wanted 1"),
    "one move only": (checks.moves_made(2), switchover, nothing, "1 association, wanted 2"),
    "not asked": (check(checks.came_home), there_and_back, not_asked_back, "no request to go home"),
    "elsewhere": (check(checks.came_home), there_and_back, ends_elsewhere, "the last record names wk2, home is wk1"),
    "a sender left out": (
        check(checks.came_home),
        there_and_back,
        not_served_at_home,
        "sender lab was not acknowledged by wk1",
    ),
    "the HTTP client left out": (
        check(checks.came_home),
        there_and_back,
        no_http_at_home,
        "the HTTP client was not answered",
    ),
    "something between": (
        checks.nothing_done_between("begin", "end"),
        switchover,
        busy,
        "DisassociateAddress reached the gate",
    ),
    "an epoch between": (checks.nothing_done_between("begin", "end"), switchover, busy, "the record named wk2 in epoch 2"),
    "no acts": (checks.nothing_done_between("begin", "end"), switchover, nothing, "lacks begin or end"),
    "told too late": (
        checks.told_between("dead", "begin", "end"),
        switchover,
        acts(begin=1, end=2, told_dead=3),
        "the mail dead was read at +3.000 s",
    ),
    "never told": (checks.told_between("dead", "begin", "end"), switchover, QUIET, "lacks begin, end or told-dead"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_thing_otherwise_breaks_the_check_and_is_named(tmp_path: Path, name: str) -> None:
    wanted, build, plant, shows = BROKEN[name]
    story = build()
    plant(story)
    judgement = wanted.judge(open_case(read_logs(story.write(tmp_path))))
    assert judgement.kept is False, judgement.evidence
    assert shows in " ".join(judgement.evidence)
