"""Runs one scenario: a lab comes up, the fault is played, the checker reads the raw logs, the verdict is written and told.

`conclude` is the second half alone, over a folder of raw logs, wherever they come from.
"""

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lab import site, story
from lab.checkers import check
from lab.child import ChildError
from lab.commit import commit
from lab.demo import Progress
from lab.engine import EngineError
from lab.networks import NoFreeNetworkError
from lab.rawlines import RawLogError
from lab.report import write_report
from lab.report_inputs import write_lab_info
from lab.scenarios.scenario import Scenario
from lab.scenarios.stage import Stage
from lab.scenarios.verdict import SCHEMA_VERSION, Told, compare, document, render
from lab.story import DEADLINES, STEADY_S, undelivered, wait_for_arbiter
from lab.supervisor import REPOSITORY
from lab.traffic import Traffic

OUT = REPOSITORY / "out" / "scenarios"
TITLES = {"aws": "AWS", "azure": "Azure"}


CANNOT_BE_PLAYED = (ChildError, EngineError, NoFreeNetworkError, RuntimeError, TimeoutError)
"""What goes wrong with one lab, and says nothing of the next."""


def run(scenario: Scenario, profile: str | None = None, out: Path | None = None, cloud: str = "aws") -> int:
    """Play and judge one scenario. 0: every expectation was met, 1: not so, 2: the logs cannot be judged.

    Raises:
        OtherCloudError: it is not played on that cloud.
        One of `CANNOT_BE_PLAYED`: the lab failed, or what the story waits for did not come. That is the result then.
    """
    say, out = Progress(), out or results_of(cloud)
    options = scenario.options(profile, cloud)
    print(f"{scenario.name}: on an emulated {TITLES[cloud]} on this machine. All times are lab times.", flush=True)
    try:
        folder = _play(scenario, options, say)
    except CANNOT_BE_PLAYED as error:
        _write(out, _unplayed(scenario, options, error))
        raise
    say("the lab is down; the checker reads the raw logs")
    return conclude(scenario, folder, out)


def results_of(cloud: str) -> Path:
    """Where results lie; docs/FAULTS.md is made of those of AWS."""
    return OUT if cloud == "aws" else OUT / cloud


def run_all(scenarios: Iterable[Scenario], profile: str | None = None, out: Path | None = None, cloud: str = "aws") -> int:
    """Play one after the other; the worst of their statuses. One that could not be played is told and counts as 2."""
    worst = 0
    for scenario in scenarios:
        try:
            status = run(scenario, profile, out, cloud)
        except CANNOT_BE_PLAYED as error:  # its lab is down; the others can still be played
            print(f"{scenario.name}: could not be played: {error}", flush=True)
            status = 2
        worst = max(worst, status)
    return worst


def conclude(scenario: Scenario, folder: Path, out: Path = OUT) -> int:
    """Judge a run's raw logs as this scenario; writes NAME.json and the report's page below `out`."""
    try:
        findings = check(folder)
    except RawLogError as error:
        print(f"{scenario.name}: the raw logs in {folder} cannot be judged: {error}", flush=True)
        return 2
    verdict = compare(Told(scenario.name, scenario.injected, scenario.must), scenario.expects, findings)
    page = write_report(findings, out / scenario.name)
    _write(out, document(verdict) | {"folder": str(folder)})
    print(f"\n{render(verdict)}Page      {page}", flush=True)
    return 0 if verdict.passed else 1


def _play(scenario: Scenario, options: site.Options, say: Progress) -> Path:
    with site.start(options, say) as running:
        up_s = say.spent_s
        stage = _set(running, say)
        scenario.play(stage)
        _strike_the_set(stage)
        spent = {"lab up and program deployed": up_s, "scenario": say.spent_s - up_s}
        write_lab_info(running, scenario.kind.value, spent, stays=scenario.expects.stays)
        return running.folder


def _set(running: site.Site, say: Progress) -> Stage:
    """A steady site under an arbiter of the schedule, every client served by the holder."""
    say("starting three HL7 senders and an HTTP client against the address")
    traffic = Traffic.begin(running)
    holder = wait_for_arbiter(running, say)
    standby = next(name for name in running.hypervisor.machines if name != holder)
    stage = Stage(site=running, traffic=traffic, say=say, holder=holder, standby=standby)
    stage.wait_served(holder)
    running.supervisor.pause(STEADY_S)
    return stage


def _strike_the_set(stage: Stage) -> None:
    """Stop the clients and wait until whatever runs has delivered what it accepted."""
    stage.say("stopping the clients, and waiting until every message is delivered")
    stage.traffic.stop()
    for machine in stage.site.hypervisor.machines.values():
        if machine.process is not None and not machine.process.ended and machine.alive:
            name = machine.name
            stage.site.wait_for(
                f"{name} to deliver its messages",
                lambda name=name: undelivered(stage.site, name) == 0,
                story.DEADLINES.drained,
            )
    stage.site.wait_for("a steady site", lambda: stage.site.stored()["phase"] == "steady", DEADLINES.settled)


def _unplayed(scenario: Scenario, options: site.Options, error: Exception) -> dict[str, Any]:
    """The result of a run that did not get to its end; an older one must not stand in its place."""
    return {
        "schema_version": SCHEMA_VERSION,
        "name": scenario.name,
        "injected": scenario.injected,
        "must": scenario.must,
        "seen": f"It could not be played to its end: {str(error).splitlines()[0]}",
        "passed": False,
        "unmet": ["played-to-its-end"],
        "profile": options.profile,
        "schedule_divisor": options.schedule_divisor,
        "seconds": {},
    }


def _write(out: Path, result: dict[str, Any]) -> None:
    """Write a result, with what only the runner knows."""
    out.mkdir(parents=True, exist_ok=True)
    about = {"date": dt.datetime.now(dt.UTC).date().isoformat(), "commit": commit()}
    (out / f"{result['name']}.json").write_text(json.dumps(result | about, indent=1, ensure_ascii=False) + "\n")
