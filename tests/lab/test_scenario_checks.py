"""Each check of the scenarios can fail: a recorded story that keeps it, and one in which one thing is otherwise."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lab.promises.case import Judgement, open_case
from lab.rawlogs import read_logs
from lab.scenarios import checks
from lab.scenarios.expectations import Check
from lab.scenarios.registry import SCENARIOS
from tests.lab import test_operator_checks
from tests.lab.stories.failover import ALLOCATION, IP, NEW, OLD, Story, at, failover

Plant = Callable[[Story], None]


def judged(story: Story, check: Check, folder: Path) -> Judgement:
    return check.judge(open_case(read_logs(story.write(folder))))


def act(story: Story, seconds: float, name: str) -> None:
    story.add("lab", seconds, "act", act=name, worker=None)
    story.sort("lab")


def record(story: Story, seconds: float, epoch: int, phase: str, holder: str) -> None:
    version = 90 + int(seconds)
    story.add("record", seconds, "record", record={"version": version, "epoch": epoch, "phase": phase, "holder": holder})
    story.sort("record")


def lease(story: Story, seconds: float, owner: str, token: int) -> None:
    story.add("record", seconds, "lease", owner=owner, token=token)
    story.sort("record")


def nothing(story: Story) -> None:
    """The story as it is."""
    assert story.logs


def quiet(story: Story) -> None:
    """Nothing happened after the fault."""
    story.lab["stays"] = True
    for log in ("record", "gate", "cloud", "public"):
        story.drop(log, lambda row: row["t"] > at(0))


def two_acts(begin: float, end: float) -> Plant:
    def plant(story: Story) -> None:
        act(story, begin, "begin")
        act(story, end, "end")

    return plant


def lying(story: Story) -> None:
    """Nobody is acknowledged until 2.16 s after the fault, and the HTTP client is answered all the time."""
    act(story, 2.1, "honest-again")
    for step in range(4):
        story.add("http", 0.6 + step * 0.3, "answer", worker="wk1", boot="boot-one-a", seconds=0.01)
    story.sort("http")


def struck(story: Story) -> None:
    act(story, 0.5, "arbiter-struck")
    lease(story, 1.2, "req-schedule-8", 3)


def late_and_refused(story: Story) -> None:
    act(story, 4, "late-call-let-in")
    story.call(5, 5.1, "DisassociateAddress", {"AssociationId": OLD}).update(
        status=400, error="InvalidAssociationID.NotFound"
    )


def late_and_a_repetition(story: Story) -> None:
    act(story, 4, "late-call-let-in")
    story.call(5, 5.1, "AssociateAddress", {"AllocationId": ALLOCATION, "PrivateIpAddress": IP["wk2"]}, makes=NEW)


def suspected(story: Story) -> None:
    quiet(story)
    record(story, 1, 1, "suspect", "wk1")
    record(story, 3, 1, "steady", "wk1")


def both_down(story: Story) -> None:
    quiet(story)
    record(story, 1, 1, "both-down", "wk1")
    record(story, 3, 1, "steady", "wk1")


def an_operators_stop(story: Story) -> None:
    quiet(story)
    story.lab["operator"] = "CONSOLE"
    story.call(1, 1.1, "StopInstances", {"InstanceId.1": "i-0aaa"})["caller"] = "CONSOLE"


BETWEEN = ("begin", "end")
KEPT: dict[str, tuple[Check, Plant]] = {
    "nothing moved": (checks.check(checks.nothing_moved), quiet),
    "nothing moved but by an operator": (checks.check(checks.nothing_moved), an_operators_stop),
    "suspected": (checks.check(checks.was_suspected), suspected),
    "not even suspected": (checks.check(checks.was_not_even_suspected), quiet),
    "both down": (checks.check(checks.was_both_down), both_down),
    "outage shown": (checks.check(checks.outage_is_shown), lying),
    "nothing decided between": (checks.no_decision_between(*BETWEEN), two_acts(5, 9)),
    "decided after": (checks.decided_after("begin"), two_acts(1, 9)),
    "another finished": (checks.check(checks.another_arbiter_finished), struck),
    "one leader": (checks.check(checks.one_leader_at_a_time), struck),
    "late call refused": (checks.check(checks.late_call_changed_nothing), late_and_refused),
    "late call repeats": (checks.check(checks.late_call_changed_nothing), late_and_a_repetition),
    "no start between": (checks.no_start_between(*BETWEEN), two_acts(-10, 5)),
    "made once": (checks.check(checks.made_once), nothing),
    "moved between": (checks.moved_between(*BETWEEN), two_acts(1, 9)),
    "somebody leads": (checks.somebody_leads_after("begin"), lambda story: (two_acts(1, 9)(story), struck(story))[0]),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_story_that_shows_it_keeps_the_check_and_says_what_was_found(tmp_path: Path, name: str) -> None:
    check, plant = KEPT[name]
    story = failover()
    plant(story)
    judgement = judged(story, check, tmp_path)
    assert judgement.kept, judgement.evidence
    assert judgement.evidence[0]


def call_for_the_address(story: Story) -> None:
    quiet(story)
    story.call(1, 1.1, "DisassociateAddress", {"AssociationId": OLD})


def a_fence_call(story: Story) -> None:
    quiet(story)
    story.call(1, 1.1, "StopInstances", {"InstanceId.1": "i-0aaa"})


def another_epoch(story: Story) -> None:
    quiet(story)
    record(story, 1, 2, "steady", "wk1")


def acknowledged_meanwhile(story: Story) -> None:
    act(story, 5, "honest-again")


def deaf_to_http_too(story: Story) -> None:
    act(story, 2.1, "honest-again")
    story.drop("http", lambda row: at(0) < row["t"] < at(2.2))


def late_and_accepted(story: Story) -> None:
    act(story, 4, "late-call-let-in")
    story.call(5, 5.1, "AssociateAddress", {"AllocationId": ALLOCATION, "PrivateIpAddress": IP["wk1"]})
    made = {"allocation_id": ALLOCATION, "association_id": "eipassoc-09", "instance_id": "i-0aaa", "private_ip": IP["wk1"]}
    story.add("cloud", 5.05, "association", **made, carries_at=at(5.1))
    story.sort("cloud")


def two_owners(story: Story) -> None:
    lease(story, 1, "req-other", 2)


def token_falls(story: Story) -> None:
    lease(story, 1, "req-other", 1)


def a_start(story: Story) -> None:
    two_acts(-10, 5)(story)
    story.add("function-starts", 1, "start", function="arbiter", request_id="r", source="schedule", pid=9)
    story.sort("function-starts")


def made_twice(story: Story) -> None:
    for row in [row for row in story.logs["cloud"] if row.get("association_id") and row["t"] > at(0)]:
        story.logs["cloud"].append({**row, "t": at(3), "association_id": "eipassoc-09"})
    story.sort("cloud")


BROKEN: dict[str, tuple[Check, Plant, str]] = {
    "the address was asked for": (checks.check(checks.nothing_moved), call_for_the_address, "DisassociateAddress reached"),
    "a worker was asked to stop": (checks.check(checks.nothing_moved), a_fence_call, "StopInstances reached the gate"),
    "a new epoch": (checks.check(checks.nothing_moved), another_epoch, "wk1 in epoch 2"),
    "never suspected": (checks.check(checks.was_suspected), quiet, "never seen in the phase suspect"),
    "suspected after all": (checks.check(checks.was_not_even_suspected), suspected, "phase suspect"),
    "never both down": (checks.check(checks.was_both_down), suspected, "never seen in the phase both-down"),
    "acknowledged": (checks.check(checks.outage_is_shown), acknowledged_meanwhile, "was acknowledged at"),
    "http silent too": (checks.check(checks.outage_is_shown), deaf_to_http_too, "it was no lie"),
    "no end of the lie": (checks.check(checks.outage_is_shown), nothing, "when the lie ended"),
    "decided between": (checks.no_decision_between(*BETWEEN), two_acts(0.5, 9), "epoch 2 at +1.500 s"),
    "no acts to look between": (checks.no_decision_between(*BETWEEN), nothing, "lacks begin or end"),
    "decided before": (checks.decided_after("begin"), two_acts(5, 9), "decided at +1.500 s"),
    "decided after nothing": (checks.decided_after("begin"), nothing, "lacks begin"),
    "the same finished": (
        checks.check(checks.another_arbiter_finished),
        lambda story: act(story, 0.5, "arbiter-struck"),
        "req-schedule-7 led",
    ),
    "nobody was struck": (checks.check(checks.another_arbiter_finished), nothing, "lacks arbiter-struck"),
    "two owners": (checks.check(checks.one_leader_at_a_time), two_owners, "token 2 belonged to req-other, req-schedule-7"),
    "token falls": (checks.check(checks.one_leader_at_a_time), token_falls, "token 1 after 2"),
    "late call won": (
        checks.check(checks.late_call_changed_nothing),
        late_and_accepted,
        "the address was put on wk1 at +5.050 s",
    ),
    "late call never came": (
        checks.check(checks.late_call_changed_nothing),
        lambda story: act(story, 4, "late-call-let-in"),
        "no call reached the gate",
    ),
    "no late call": (checks.check(checks.late_call_changed_nothing), nothing, "when the held call was let in"),
    "started": (checks.no_start_between(*BETWEEN), a_start, "arbiter was started at +1.000 s"),
    "no silence": (checks.no_start_between(*BETWEEN), nothing, "lacks begin or end"),
    "made twice": (checks.check(checks.made_once), made_twice, "2 associations"),
    "never made": (checks.check(checks.made_once), quiet, "0 associations"),
    "moved before": (checks.moved_between(*BETWEEN), two_acts(5, 9), "AssociateAddress came at +1.650 s"),
    "served after": (checks.moved_between(*BETWEEN), two_acts(1, 2), "the first acknowledgement came at"),
    "moved between nothing": (checks.moved_between(*BETWEEN), nothing, "lacks begin or end"),
    "nobody leads": (checks.somebody_leads_after("begin"), two_acts(1, 9), "nobody took the lease"),
    "nobody leads after nothing": (checks.somebody_leads_after("begin"), nothing, "lacks begin"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_thing_otherwise_breaks_the_check_and_is_named(tmp_path: Path, name: str) -> None:
    check, plant, shows = BROKEN[name]
    story = failover()
    plant(story)
    judgement = judged(story, check, tmp_path)
    assert judgement.kept is False
    assert shows in " ".join(judgement.evidence)


def test_every_check_that_a_scenario_uses_is_shown_to_fail() -> None:
    def kind(check: Check) -> str:
        return check.judge.__qualname__

    used = {kind(check) for scenario in SCENARIOS.values() for check in scenario.expects.checks}
    assert used <= {kind(each[0]) for each in (*BROKEN.values(), *test_operator_checks.BROKEN.values())}
    assert used <= {kind(each[0]) for each in (*KEPT.values(), *test_operator_checks.KEPT.values())}
