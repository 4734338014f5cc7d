"""Named scenarios: each is told in full, judged exactly, and a wrong expectation is named. Most tests here need no lab.

The runs are the recorded stories of `tests/lab/stories`; `test_scenarios_live.py` plays some of the scenarios themselves.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from lab import site
from lab.checkers import PromiseName, check
from lab.promises.case import Case, Judgement, not_tried
from lab.rawlines import RawLogError
from lab.report import render_page
from lab.scenarios import page, registry, runner
from lab.scenarios.expectations import Check, Expectations, Expected, Otherwise, moves, stays
from lab.scenarios.registry import SCENARIOS, UnknownScenarioError
from lab.scenarios.scenario import OtherCloudError, Scenario
from lab.scenarios.verdict import Told, Verdict, compare, document, render
from lab.summary import headline
from tests.lab.stories.failover import Story, at, failover

TOLD = Told("worker-killed", "The holder is killed.", "The address moves (3.4).")
RULE = Path(__file__).parents[2] / "docs" / "RULE.md"


def verdict_of(story: Story, expects: Expectations, folder: Path) -> Verdict:
    return compare(TOLD, expects, check(story.write(folder)))


def unmet(verdict: Verdict) -> list[str]:
    return [line.name for line in verdict.unmet]


def as_stays(story: Story) -> Story:
    story.lab["stays"] = True
    return story


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_told_in_sentences_that_cite_the_rule(name: str) -> None:
    scenario = SCENARIOS[name]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", name)
    assert scenario.injected.endswith(".")
    assert scenario.must.endswith(".")
    cited = re.findall(r"\d+\.\d+|\(8\)", scenario.must)
    assert cited, "no sentence of docs/RULE.md is cited"
    for sentence in cited:
        wanted = rf"^{re.escape(sentence)} " if "." in sentence else r"^## 8\. "
        assert re.search(wanted, RULE.read_text(), re.MULTILINE), f"docs/RULE.md has no sentence {sentence}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_exception_has_a_reason_and_every_check_a_sentence(name: str) -> None:
    expects = SCENARIOS[name].expects
    assert [other.promise.value for other in expects.otherwise if not other.reason] == []
    assert [it.name for it in expects.checks if not it.says.endswith(".")] == []
    promises = [other.promise for other in expects.otherwise]
    assert len(promises) == len(set(promises)), "two exceptions for one promise"


def test_a_wrong_name_is_answered_with_the_names_that_exist() -> None:
    with pytest.raises(UnknownScenarioError) as caught:
        registry.find("worker-kiled")
    assert all(name in str(caught.value) for name in ("worker-kiled", *SCENARIOS))


def test_the_list_has_a_line_for_each() -> None:
    lines = registry.listing().splitlines()
    assert [line.split()[0] for line in lines] == list(SCENARIOS)


def test_a_scenario_of_another_cloud_is_refused_with_the_clouds_that_have_it() -> None:
    with pytest.raises(OtherCloudError, match=r"worker-slow is not played on azure; it is on aws"):
        SCENARIOS["worker-slow"].options(cloud="azure")
    listed = [line.split()[0] for line in registry.listing("azure").splitlines()]
    assert "arbiters-two-at-once" in listed
    assert "worker-slow" not in listed


def test_a_run_that_went_as_it_must_meets_every_expectation(tmp_path: Path) -> None:
    verdict = verdict_of(failover(), moves(), tmp_path)
    assert unmet(verdict) == []
    assert verdict.passed
    assert "passed: 17 of 17 expectations met" in render(verdict)


def test_an_expectation_that_nothing_moves_is_broken_by_a_move_and_named(tmp_path: Path) -> None:
    """The planted breach: a kill, of which the scenario says that nothing moves."""
    planted = replace(SCENARIOS["worker-slow"], name="planted")
    status = runner.conclude(planted, as_stays(failover()).write(tmp_path / "run"), tmp_path / "out")
    assert status == 1
    result = json.loads((tmp_path / "out" / "planted.json").read_text())
    assert result["passed"] is False
    assert "nothing-moved" in result["unmet"]
    moved = next(line for line in result["expectations"] if line["name"] == "nothing-moved")
    assert any("DisassociateAddress reached the gate" in evidence for evidence in moved["evidence"])


def test_the_terminal_names_the_broken_expectation_with_its_evidence(tmp_path: Path) -> None:
    text = render(verdict_of(as_stays(failover()), SCENARIOS["worker-slow"].expects, tmp_path))
    assert "BROKEN    nothing-moved must be kept and is broken" in text
    assert "the record named wk2 in epoch 2" in text
    assert re.search(r"Result +FAILED", text)


def test_a_run_that_broke_a_promise_is_named_by_it(tmp_path: Path) -> None:
    story = failover()
    story.drop("sender-lab", lambda row: row["t"] > at(0) and row["event"] == "acked")
    assert "service-came-back" in unmet(verdict_of(story, moves(), tmp_path))


def test_an_exception_hides_nothing_a_promise_that_was_tried_after_all_is_named(tmp_path: Path) -> None:
    assert unmet(verdict_of(failover(), moves(returns=False), tmp_path)) == [
        PromiseName.TOOK_NOTHING.value,
        PromiseName.BACKLOG_ACCOUNTED.value,
    ]


def test_a_promise_that_must_be_broken_and_is_kept_is_named(tmp_path: Path) -> None:
    other = Otherwise(PromiseName.NONE_LOST, Expected.BROKEN, "a plant")
    assert unmet(verdict_of(failover(), Expectations(otherwise=(other,)), tmp_path)) == ["no-acknowledged-message-lost"]


def test_a_promise_that_may_come_out_either_way_is_named_only_when_it_is_broken(tmp_path: Path) -> None:
    other = Otherwise(PromiseName.NONE_LOST, Expected.ANY, "either")
    assert verdict_of(failover(), Expectations(otherwise=(other,)), tmp_path / "good").passed
    lossy = failover()
    for log in ("worker-wk1", "receiver"):
        lossy.drop(log, lambda row: row.get("key", ["", ""])[1] == "adt-000020")
    assert unmet(verdict_of(lossy, Expectations(otherwise=(other,)), tmp_path / "bad")) == ["no-acknowledged-message-lost"]


def test_a_check_that_could_not_be_tried_is_not_met(tmp_path: Path) -> None:
    def untried(_: Case) -> Judgement:
        """A check."""
        return not_tried("no occasion")

    verdict = verdict_of(failover(), moves(Check("untried", untried)), tmp_path)
    assert unmet(verdict) == ["untried"]


def test_logs_that_cannot_be_judged_end_with_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = failover()
    del story.logs["gate"]
    assert runner.conclude(SCENARIOS["worker-killed"], story.write(tmp_path / "run"), tmp_path / "out") == 2
    assert "gate.jsonl: the log is missing" in capsys.readouterr().out


def test_a_run_that_could_not_be_played_takes_the_place_of_an_older_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise TimeoutError("waited 150 s in vain for the moon")

    monkeypatch.setattr(site, "start", failing)
    (tmp_path / "worker-killed.json").write_text('{"passed": true}')
    with pytest.raises(TimeoutError):
        runner.run(SCENARIOS["worker-killed"], out=tmp_path)
    result = json.loads((tmp_path / "worker-killed.json").read_text())
    assert (result["passed"], result["unmet"]) == (False, ["played-to-its-end"])
    assert "waited 150 s in vain for the moon" in result["seen"]
    assert set(page.KEPT) <= set(result)


def test_one_scenario_that_cannot_be_played_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*_: object) -> None:
        raise TimeoutError("no")

    monkeypatch.setattr(site, "start", failing)
    names = ["worker-killed", "worker-frozen"]
    assert runner.run_all([SCENARIOS[name] for name in names], out=tmp_path) == 2
    told = capsys.readouterr().out
    assert [name for name in names if f"{name}: could not be played: no" not in told] == []
    assert sorted(path.stem for path in tmp_path.glob("*.json")) == sorted(names)


def test_the_result_is_plain_and_holds_what_the_page_needs(tmp_path: Path) -> None:
    plain = json.loads(json.dumps(document(verdict_of(failover(), moves(), tmp_path))))
    assert plain["seconds"]["moved"] == 1.7
    assert plain["profile"] == "instant"
    assert plain["seen"].startswith("wk1 was killed and wk2 took over")
    assert {line["found"] for line in plain["expectations"]} == {"kept"}


def a_quiet_run() -> Story:
    """The story without its fault's consequences: the worker was slow for a while, and nothing happened."""
    story = as_stays(failover("slow"))
    for log in ("gate", "cloud", "public"):
        story.drop(log, lambda row: row["t"] > at(0))
    story.drop("record", lambda row: row["t"] > at(0))
    for log in ("sender-adt", "sender-lab", "worker-wk1", "worker-wk2", "receiver", "http", "lab"):
        story.drop(log, lambda row: row["t"] > at(0))
    story.add("lab", 0, "fault", fault="slow", worker="wk1")
    _served_again(story)
    return story


def _served_again(story: Story) -> None:
    story.lab["fault"] = "slow"
    story.drop("lab", lambda row: row["t"] < at(0))
    story.drop("lab", lambda row: row["event"] != "fault")
    story.drop("sender-adt", lambda row: row.get("seq") == 51)
    for seq in range(300, 310):
        for sender in ("adt", "lab"):
            story.message(sender, seq, 1 + (seq - 300) * 0.2, "wk1")
    story.add("http", 2, "answer", worker="wk1", boot="boot-one-a", seconds=0.01)
    _undelivered_is_delivered(story)


def _undelivered_is_delivered(story: Story) -> None:
    key = next(row["key"] for row in story.logs["worker-wk1"] if row.get("key", ["", ""])[1] == "adt-000050")
    story.logs["receiver"].append({"t": 4999.99, "event": "delivered", "key": key, "boot": "boot-one-a", "from": "wk1"})
    told = {"t": 4999.995, "event": "delivered", "key": key, "boot": "boot-one-a", "backlog": False}
    story.logs["worker-wk1"].append(told)
    for log in ("receiver", "worker-wk1"):
        story.sort(log)


def test_a_run_in_which_nothing_was_to_move_and_nothing_moved_meets_every_expectation(tmp_path: Path) -> None:
    verdict = verdict_of(a_quiet_run(), SCENARIOS["worker-slow"].expects, tmp_path)
    assert [(line.name, line.evidence) for line in verdict.unmet] == []
    assert "stayed with wk1" in verdict.seen


def test_a_move_that_was_to_come_and_did_not_is_named(tmp_path: Path) -> None:
    story = a_quiet_run()
    story.lab["stays"] = False
    assert PromiseName.MOVED_TO_STANDBY.value in unmet(verdict_of(story, moves(returns=False), tmp_path))


def test_a_client_that_is_never_served_again_is_named_where_nothing_moves_too(tmp_path: Path) -> None:
    story = a_quiet_run()
    story.drop("http", lambda row: row["t"] > at(0))
    assert unmet(verdict_of(story, stays(), tmp_path)) == ["service-came-back"]


def a_fault_of_the_watchdog() -> Story:
    story = a_quiet_run()
    story.lab["fault"] = "store"
    story.find("lab", lambda row: row["event"] == "fault").update(fault="store", worker=None)
    return story


def test_a_fault_that_hits_no_worker_is_judged_told_and_drawn(tmp_path: Path) -> None:
    """The record's table was out of reach: no worker is left, and nobody is down."""
    findings = check(a_fault_of_the_watchdog().write(tmp_path))
    assert {promise.name for promise in findings.broken} == set()
    assert "returned-worker-took-nothing" in {promise.name for promise in findings.not_tried}
    assert headline(findings).startswith("the record's table was out of reach and 127.80.250.1 stayed with wk1")
    assert "the record&#39;s table out of reach" in render_page(findings)
    assert '<rect class="down"' not in render_page(findings)
    assert '<rect class="down"' in render_page(check(failover().write(tmp_path / "killed")))


def test_a_fault_of_a_worker_must_name_one(tmp_path: Path) -> None:
    story = failover()
    story.find("lab", lambda row: row["event"] == "fault").update(worker=None)
    with pytest.raises(RawLogError, match="the fault names None"):
        check(story.write(tmp_path))


def test_an_outage_is_looked_for_to_the_end_where_nothing_moves(tmp_path: Path) -> None:
    """The first answer of the other worker ends an outage only where the address moves."""
    story = a_quiet_run()
    story.drop("sender-adt", lambda row: row["t"] > at(0))
    story.message("adt", 400, 9, "wk1")
    assert check(story.write(tmp_path)).case.timeline.outage_s == pytest.approx(9.2)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_lab_of_a_scenario_is_the_one_that_it_asks_for(name: str) -> None:
    scenario: Scenario = SCENARIOS[name]
    options = scenario.options("aws")
    assert (options.profile, options.schedule_divisor, options.config) == ("aws", scenario.schedule_divisor, scenario.config)
    assert scenario.options().profile == scenario.profile
