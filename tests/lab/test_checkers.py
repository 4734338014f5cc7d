"""The checker keeps nothing to itself: every planted breach is named, with evidence, and a good story has none."""

import ast
import sys
from pathlib import Path

import pytest

from lab.checkers import RULES, PromiseName
from lab.rawevents import Verb
from tests.lab.stories.clouds import EVERY_CLOUD, StoryCloud
from tests.lab.stories.failover import Story, at, broken_names, evidence_of, failover, key_of
from tests.lab.stories.plants import PLANTS, Plant, disassociate_before_the_intent


@pytest.fixture(params=EVERY_CLOUD, ids=lambda cloud: cloud.name)
def cloud(request: pytest.FixtureRequest) -> StoryCloud:
    return request.param


@pytest.mark.parametrize("fault", ["kill", "freeze", "cut"])
def test_a_good_story_keeps_every_promise(tmp_path: Path, fault: str, cloud: StoryCloud) -> None:
    findings = failover(fault, cloud).check(tmp_path)
    assert {promise.name: promise.evidence for promise in findings.promises if not promise.kept} == {}
    assert findings.all_kept


def test_the_evidence_of_a_good_story_is_its_transcript(tmp_path: Path, cloud: StoryCloud) -> None:
    promises = failover("kill", cloud).check(tmp_path).promises
    told = [f"{promise.name}\n    {' '.join(promise.evidence)}\n" for promise in promises]
    assert "".join(told) == (Path(__file__).parent / "stories" / f"failover.{cloud.name}.txt").read_text()


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_breach_is_named_and_no_other(tmp_path: Path, plant: Plant, cloud: StoryCloud) -> None:
    story = failover(plant.fault, cloud)
    plant.plant(story)
    findings = story.check(tmp_path)
    assert broken_names(findings) == set(plant.broken), {p.name: p.evidence for p in findings.broken}
    told = evidence_of(findings, plant.broken[0])
    assert [words for words in plant.words(cloud) if words not in told] == []
    assert not findings.all_kept


def test_every_promise_has_a_planted_breach() -> None:
    assert {plant.broken[0] for plant in PLANTS} == {name.value for name in PromiseName}


def test_every_promise_has_one_rule_and_says_what_it_promises() -> None:
    assert [rule.name for rule in RULES] == list(PromiseName)
    assert [rule.name for rule in RULES if not rule.says.endswith(".")] == []


def test_a_worker_that_never_came_back_leaves_two_promises_untried(tmp_path: Path) -> None:
    story = failover()
    for log in ("lab", "worker-wk1", "receiver"):
        story.drop(log, lambda row: row["t"] > at(19) and row.get("from", "wk1") == "wk1")
    findings = story.check(tmp_path)
    assert [promise.name for promise in findings.not_tried] == ["returned-worker-took-nothing", "backlog-accounted"]
    assert findings.broken == ()
    assert not findings.all_kept


def test_without_the_platforms_log_the_start_is_untried(tmp_path: Path) -> None:
    story = failover()
    del story.logs["function-starts"]
    assert [promise.name for promise in story.check(tmp_path).not_tried] == ["schedule-started-the-arbiter"]


def test_an_arbiter_that_the_rule_of_state_changes_started_is_the_platforms_too(tmp_path: Path) -> None:
    story = failover()
    story.find("function-starts", lambda row: row["request_id"] == "req-schedule-7")["source"] = "event"
    findings = story.check(tmp_path)
    assert broken_names(findings) == set()
    (promise,) = (promise for promise in findings.promises if promise.name == "schedule-started-the-arbiter")
    assert promise.kept
    assert promise.evidence[0].startswith("the event rule started arbiter ")


def test_a_late_call_of_an_earlier_epoch_that_the_cloud_refused_breaks_nothing(tmp_path: Path, cloud: StoryCloud) -> None:
    story = failover("kill", cloud)
    cloud.refuse(story.asked(5, 5.1, Verb.ASSOCIATE, "wk1", 1))
    story.sort(cloud.log)
    assert broken_names(story.check(tmp_path)) == set()


def test_a_late_call_of_an_earlier_epoch_that_the_cloud_accepted_is_named(tmp_path: Path, cloud: StoryCloud) -> None:
    story = failover("kill", cloud)
    story.asked(5, 5.1, Verb.ASSOCIATE, "wk1", 1)
    story.sort(cloud.log)
    findings = story.check(tmp_path)
    assert broken_names(findings) == {"record-before-call"}
    told = evidence_of(findings, "record-before-call")
    assert "reached the gate at +5.000 s to put the address on wk1" in told


def test_a_refused_call_that_no_record_ever_permitted_is_named(tmp_path: Path, cloud: StoryCloud) -> None:
    story = failover("kill", cloud)
    cloud.refuse(story.asked(-5, -4.9, Verb.ASSOCIATE, "wk2", 2))
    story.sort(cloud.log)
    assert broken_names(story.check(tmp_path)) == {"record-before-call"}


def test_a_late_removal_that_found_nothing_breaks_nothing(tmp_path: Path, cloud: StoryCloud) -> None:
    story = failover("kill", cloud)
    cloud.refuse(story.asked(5, 5.1, Verb.DISASSOCIATE, "wk1", 1))
    story.sort(cloud.log)
    assert broken_names(story.check(tmp_path)) == set()


def test_a_client_that_only_the_broken_worker_answers_is_not_served(tmp_path: Path) -> None:
    story = failover("cut")
    story.drop("http", lambda row: row["event"] == "answer" and row["t"] > at(0))
    story.add("http", 5, "answer", worker="wk1", boot="boot-one-a", seconds=0.01)
    assert broken_names(story.check(tmp_path)) == {"service-came-back"}


def test_a_client_that_was_never_served_before_the_fault_is_not_missed(tmp_path: Path) -> None:
    story = failover()
    story.drop("http", lambda row: row["event"] == "answer")
    assert broken_names(story.check(tmp_path)) == set()


def test_only_a_start_after_the_fault_is_a_return(tmp_path: Path) -> None:
    story = failover()
    story.add("lab", -15, "act", act="start-instance", worker="wk1")
    story.sort("lab")
    assert story.check(tmp_path).all_kept


def test_a_worker_that_was_started_and_never_ran_leaves_its_return_untried(tmp_path: Path) -> None:
    story = failover()
    for log in ("worker-wk1", "receiver"):
        story.drop(log, lambda row: row["t"] > at(19) and row.get("from", "wk1") == "wk1")
    assert "returned-worker-took-nothing" in [promise.name for promise in story.check(tmp_path).not_tried]


def test_a_worker_that_ran_without_the_labs_act_leaves_its_return_untried(tmp_path: Path) -> None:
    story = failover()
    story.drop("lab", lambda row: row["event"] == "act")
    assert [promise.name for promise in story.check(tmp_path).not_tried] == ["returned-worker-took-nothing"]


def _with_early_poll(story: Story, seconds: float) -> Story:
    """The observer was late: its poll before the one that saw epoch 2 was at `seconds`."""
    story.find("record", lambda row: row["record"]["version"] == 4 if "record" in row else False)["previous_poll_t"] = at(
        seconds
    )
    return story


def test_a_call_inside_the_observers_blind_gap_is_no_breach(tmp_path: Path, cloud: StoryCloud) -> None:
    story = _with_early_poll(failover("kill", cloud), 1.1)
    story.called(Verb.STOP).update(t_in=at(1.2))
    assert broken_names(story.check(tmp_path)) == set()


def test_a_call_before_the_observers_blind_gap_is_a_breach(tmp_path: Path, cloud: StoryCloud) -> None:
    story = _with_early_poll(failover("kill", cloud), 1.3)
    story.called(Verb.STOP).update(t_in=at(1.2))
    assert broken_names(story.check(tmp_path)) == {"record-before-call"}


def test_an_observer_that_began_after_the_first_association_still_sees_an_early_removal(tmp_path: Path) -> None:
    story = failover()
    story.drop("record", lambda row: row["event"] == "record" and row["record"]["version"] == 1)
    for row in (row for row in story.logs["record"] if row["event"] == "record" and row["record"]["version"] == 2):
        row["t"] = at(-11)
    assert "not judged: 1 call before the observer's first look" in evidence_of(story.check(tmp_path), "record-before-call")
    disassociate_before_the_intent(story)
    assert broken_names(story.check(tmp_path)) == {"record-before-call"}


def test_evidence_is_cut_short_and_says_how_much_is_left(tmp_path: Path) -> None:
    story = failover()
    for row in [row for row in story.logs["receiver"] if row["event"] == "delivered"][:30]:
        story.logs["receiver"].append({**row, "t": row["t"] + 0.1})
    story.sort("receiver")
    lines = evidence_of(story.check(tmp_path), "none-delivered-twice").splitlines()
    assert len(lines) == 13
    assert lines[-1] == "and 18 more"


CHECKER_FILES = (
    "faultkind", "rawlines",
    "azure_calls", "rawevents", "rawparsers", "rawlogs", "labinfo", "ledger", "serving", "timeline", "chronicle", "checkers",
    "drawing", "summary", "report",
)  # fmt: skip
LAB = Path(__file__).parents[2] / "lab"


def _imported(path: Path) -> set[str]:
    """Modules that a file imports, wherever in it the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_the_checker_imports_nothing_of_the_watchdog_nor_of_the_rest_of_the_lab() -> None:
    own = {f"lab.{name}" for name in CHECKER_FILES} | {"lab.promises", *(f"lab.promises.{p.stem}" for p in PROMISES)}
    for path in [*(LAB / f"{name}.py" for name in CHECKER_FILES), *PROMISES]:
        foreign = {name for name in _imported(path) if name.partition(".")[0] not in sys.stdlib_module_names} - own
        assert foreign <= ({"jinja2"} if path.name == "report.py" else set()), path.name


PROMISES = sorted((LAB / "promises").glob("*.py"))


def _stopped_at_the_console(caller: str, cloud: StoryCloud) -> Story:
    """A stop of wk1 that the record of epoch 1 does not permit, just after the fault."""
    story = failover("stop", cloud)
    story.lab["operator"] = "CONSOLE"
    row = story.asked(0.01, 0.02, Verb.STOP, "wk1")
    row |= {"caller": caller, "identity": caller}
    story.sort(cloud.log)
    return story


def test_what_an_operator_does_at_the_console_needs_no_record(tmp_path: Path, cloud: StoryCloud) -> None:
    assert broken_names(_stopped_at_the_console("CONSOLE", cloud).check(tmp_path)) == set()


def test_the_same_call_by_the_watchdog_needs_one(tmp_path: Path, cloud: StoryCloud) -> None:
    assert broken_names(_stopped_at_the_console("FUNCTION", cloud).check(tmp_path)) == {"record-before-call"}


def _killed_between_disk_and_log(story: Story, *, known: bool) -> None:
    """wk2 has a message on its disk, dies before it can log that, and acknowledges the repeat after its new start."""
    key = key_of("lab", 150)
    story.drop("worker-wk2", lambda row: row["event"] == "accepted" and row["key"] == key)
    if known:
        row = story.find("worker-wk2", lambda row: row["event"] == "delivered" and row["key"] == key)
        story.add("worker-wk2", row["t"] - at(0) - 0.012, "known", key=key, boot="boot-two-a")
    story.sort("worker-wk2")


def test_a_repeat_that_its_worker_found_on_its_disk_was_durable(tmp_path: Path) -> None:
    story = failover()
    _killed_between_disk_and_log(story, known=True)
    assert broken_names(story.check(tmp_path)) == set()


def test_an_acknowledgement_of_what_no_disk_ever_had_was_not(tmp_path: Path) -> None:
    story = failover()
    _killed_between_disk_and_log(story, known=False)
    assert broken_names(story.check(tmp_path)) == {"acknowledged-only-when-durable"}
