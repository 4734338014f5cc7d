"""Each class of fault in the lab, from the fault to the accepted move, by the ways in which the scenarios inject it.

Classes that strike one worker share one warm lab. Those that outlast a minute have one lab each, with what they break in it.
A zone that is lost, and an arbiter that is killed, have a lab for every run: a prober that was deleted does not come back,
and a worker whose fence call nobody answered stays fenced for a quarter of an hour (RULE 6.5). A class's figures are kept in
out/bench/faults.json as soon as there are any; the page is made from that file.
"""

import argparse
import json
import math
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench import faults_page
from bench.about import OUT, about, write_json
from bench.failover import CONFIG, Bench, Run, as_rows
from lab import site
from lab.api_faults import Fault as ApiFault
from lab.api_faults import Kind
from lab.rawevents import Verb
from lab.scenarios.levers import (
    close_store,
    drop,
    hold_call,
    remove_prober,
    start_arbiter,
    strike_leader,
    wait_held,
    zone_of,
)
from lab.scenarios.runner import CANNOT_BE_PLAYED
from lab.scenarios.stage import Stage
from lab.scenarios.workers import TOO_SLOW_S
from lab.site import Options, Say, Site
from lab.story import Fault, strike
from lab.tail import Tail
from lab.traffic import Traffic

MINUTE_S = 60.0
GRACES = {"restartGraceSeconds": "0", "slowGraceSeconds": "0.4"}
"""The least that the program takes."""
WAITING_S = 4.0
"""For a second arbiter to have begun to wait for the lease."""

Inject = Callable[[Stage], None]
"""Does it to `stage.holder`."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Classes that are measured on labs of one kind."""

    injects: Mapping[str, Inject]
    """Class to what does it."""
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    store_door: bool = False
    api_faults: bool = False
    share: int = 1
    """One of so many runs is made: they take long."""
    own_lab: bool = False
    """Every run has a lab of its own, and nobody comes back."""
    second_arbiter: bool = False
    within_s: float = 1.0
    clients: bool = False
    """HL7 senders and an HTTP client: a full disk is noticed by whoever writes."""

    def runs(self, wanted: int) -> int:
        """How often each of these classes is measured, where the quick ones are measured so often."""
        return math.ceil(wanted / self.share)

    def options(self) -> Options:
        """The lab."""
        config = CONFIG | GRACES | dict(self.config)
        return Options(config=config, schedule_divisor=1.0, store_door=self.store_door, api_faults=self.api_faults)


def _killed(stage: Stage) -> None:
    strike(stage.site, Fault.KILL, stage.holder)


def _refused(stage: Stage) -> None:
    stage.site.hypervisor.go_down(stage.holder, booting=False)


def _frozen(stage: Stage) -> None:
    strike(stage.site, Fault.FREEZE, stage.holder)


def _cut_off(stage: Stage) -> None:
    strike(stage.site, Fault.CUT, stage.holder)


def _slow(stage: Stage) -> None:
    stage.tell(stage.holder, "slow", seconds=TOO_SLOW_S)


def _wrong(stage: Stage) -> None:
    stage.tell(stage.holder, "fill", on=True)


def _zone_lost(stage: Stage) -> None:
    remove_prober(stage, zone_of(stage, stage.holder))
    _cut_off(stage)


def _throttled(stage: Stage) -> None:
    faults = stage.api_faults()
    faults.put([ApiFault("ec2", "", Kind.THROTTLED, times=None)])
    _killed(stage)
    stage.watch(MINUTE_S, "every call of EC2 is turned away")
    faults.require_fired()
    faults.clear()


def _store_down(stage: Stage) -> None:
    close_store(stage, on=True)
    _killed(stage)
    stage.watch(MINUTE_S, "nobody reaches the record's table")
    close_store(stage, on=False)


def _arbiter_killed_suspecting(stage: Stage) -> None:
    _killed(stage)
    stage.wait_phase("suspect")
    strike_leader(stage, signal.SIGKILL)


def _arbiter_killed_at(verb: Verb, way: str) -> Inject:
    def inject(stage: Stage) -> None:
        hold_call(stage, verb, way)
        _killed(stage)
        wait_held(stage)
        strike_leader(stage, signal.SIGKILL)
        drop(stage)

    return inject


STEPS: Mapping[str, Inject] = {
    "suspecting": _arbiter_killed_suspecting,
    "DisassociateAddress unsent": _arbiter_killed_at(Verb.DISASSOCIATE, "in"),
    "DisassociateAddress unanswered": _arbiter_killed_at(Verb.DISASSOCIATE, "out"),
    "AssociateAddress unsent": _arbiter_killed_at(Verb.ASSOCIATE, "in"),
}
"""Those of the lab's scenarios that lie before the accepted move."""

ARBITER, WAITS = "arbiter killed", "another waits"

GROUPS: tuple[Group, ...] = (
    Group(
        injects={
            "killed": _killed,
            "refused": _refused,
            "frozen": _frozen,
            "cut off": _cut_off,
            "slow": _slow,
        }
    ),
    Group(injects={"wrong answer": _wrong}, clients=True),
    Group(injects={"zone lost": _zone_lost}, own_lab=True, share=3),
    Group(injects={"throttled 60 s": _throttled}, api_faults=True, share=3),
    Group(injects={"store down 60 s": _store_down}, store_door=True, share=3),
    Group(
        injects={f"{ARBITER}, {WAITS}: {step}": inject for step, inject in STEPS.items()},
        config={"arbiterStandby": "true"},
        own_lab=True,
        second_arbiter=True,
        share=10,
    ),
    Group(
        injects={f"{ARBITER}: {step}": inject for step, inject in STEPS.items()},
        own_lab=True,
        within_s=MINUTE_S,
        share=10,
    ),
)
NAMES = tuple(name for group in GROUPS for name in group.injects)


def measure(arguments: argparse.Namespace, say: Say) -> str:
    """Measure the classes that were asked for, keep their figures; returns the part of the page."""
    about(arguments.seed)  # what is measured is what is checked out now
    asked = arguments.fault or NAMES
    kept = _kept() if arguments.fault else {}
    for group in GROUPS:
        names = [name for name in group.injects if name in asked]
        for name, entry in _of_group(group, names, arguments, say):
            kept[name] = entry
            _keep(kept)
    return faults_page.part({name: kept[name] for name in NAMES if name in kept}, NAMES)


def _of_group(
    group: Group, names: list[str], arguments: argparse.Namespace, say: Say
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Class by class, with what there is of it. One that the lab could not play is told; later groups have other labs."""
    results: dict[str, list[Run]] = {name: [] for name in names}
    failed = ""
    try:
        for name, run in _runs(group, names, arguments, say):
            results[name].append(run)
            yield name, _entry(results[name], arguments.seed)
    except CANNOT_BE_PLAYED as error:
        failed = str(error)
    for name, done in results.items():
        if len(done) < group.runs(arguments.runs):
            yield name, _entry(done, arguments.seed, failed)


def _runs(group: Group, names: list[str], arguments: argparse.Namespace, say: Say) -> Iterator[tuple[str, Run]]:
    numbered = [(name, number) for name in names for number in range(group.runs(arguments.runs))]
    if group.own_lab:
        for name, number in numbered:
            with site.start(group.options(), say) as running:
                run = _one(Bench(running, arguments.seed + 100 * NAMES.index(name) + number), running, group, name, say)
            yield name, run
    elif numbered:
        with site.start(group.options(), say) as running:
            if group.clients:
                Traffic.begin(running)
            bench = Bench(running, arguments.seed)
            for name, _ in numbered:
                yield name, _one(bench, running, group, name, say)


def _one(bench: Bench, running: Site, group: Group, name: str, say: Say) -> Run:
    def inject(holder: str) -> None:
        group.injects[name](_stage(running, holder, say))

    if group.second_arbiter:
        bench.make_whole()
        start_arbiter(_stage(running, str(running.stored()["holder"]), say))
        running.supervisor.pause(WAITING_S)
    run = bench.struck(name, inject, within_s=group.within_s, last=group.own_lab)
    say(f"{name}: decided {run.decided_s:.2f} s, moved {run.moved_s:.2f} s")
    return run


def _stage(running: Site, holder: str, say: Say) -> Stage:
    """The scenarios' stage, without clients."""
    nobody = Traffic(running, senders=(), tails=(), http=Tail(running.logs / "http.jsonl"))
    standby = next(name for name in running.hypervisor.machines if name != holder)
    return Stage(site=running, traffic=nobody, say=say, holder=holder, standby=standby)


def _entry(done: list[Run], seed: int, failed: str = "") -> dict[str, Any]:
    return {**about(seed), "failed": failed.splitlines()[0] if failed else "", "runs": as_rows(done)}


def _kept() -> dict[str, Any]:
    file = OUT / "faults.json"
    return dict(json.loads(file.read_text())["classes"]) if file.exists() else {}


def _keep(kept: Mapping[str, Any]) -> None:
    write_json("faults", {"profile": "instant", "kind": "lab"}, {"classes": kept})
