"""A new image and a bigger type by rolling, on the real engine: a real lab, HL7 traffic all the time, worker after worker.

One story, told once for each cloud; each test looks at a part of it. The message accounting at the end is the demo's own.
"""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab import pulumi_project, roll_plan, site
from lab.checkers import PromiseName, check
from lab.deploying import By
from lab.faultkind import FaultKind
from lab.providers.rules import VARIABLE as RULES_VARIABLE
from lab.pulumi_cli import Pulumi
from lab.report_inputs import write_lab_info
from lab.rolling import VARIABLE
from lab.site import Options
from lab.story import DEADLINES, undelivered, wait_for_arbiter
from lab.traffic import Traffic
from tests.engine.rolled import Owned, Rolled, Told, kind_for
from tests.engine.sizes import STORIES

pytestmark = pytest.mark.engine


def fails_once(rolled: Rolled) -> str:
    """Rules for the provider: the next machine is not made."""
    file = rolled.pulumi.project.folder / "no-capacity.json"
    rule = {"type": rolled.machine, "verb": "create", "call": 1, "what": "fail", "message": rolled.no_capacity}
    file.write_text(json.dumps([rule]))
    return str(file)


@pytest.fixture(scope="module", params=STORIES)
def story(command: Path, request: pytest.FixtureRequest) -> Iterator[Told]:
    stack = str(request.param)
    cloud, _, stage = stack.partition("-")
    with contextlib.ExitStack() as ends:
        running = ends.enter_context(site.start(Options(by=By.AT_HAND, cloud=cloud, stage=stage), lambda _: None))
        traffic = Traffic.begin(running)
        wait_for_arbiter(running, lambda _: None)
        kind = kind_for(stack)
        rolled = kind(running, Pulumi(command, running.project), traffic, Told(kind, stack))
        tell(rolled)
        account(rolled)
        yield rolled.told


def tell(rolled: Rolled) -> None:
    told = rolled.told
    told.owned["before"] = rolled.owned()
    rolled.put(**rolled.image)
    rolled.refusal("a stranger", lambda: rolled.roll("wk9"))
    rolled.refusal("the holder", lambda: rolled.roll("wk1"))
    rolled.refusal("the holder, by pulumi alone", lambda: rolled.under(**{VARIABLE: "wk1"}).up())
    file = rolled.pulumi.project.stack_file
    good = file.read_text()
    rolled.put(tags=["cost-center=1"])
    rolled.refusal("a change of both", lambda: rolled.roll("wk2"))
    file.write_text(good)
    rolled.ask("pause", duration_s=300.0)
    rolled.refusal("a pause", lambda: rolled.roll("wk2"))
    rolled.ask("resume")
    began_t = time.monotonic()
    broken = {RULES_VARIABLE: fails_once(rolled)}
    rolled.refusal("no capacity", lambda: rolled.roll("wk2", **broken))
    told.calls["no capacity"] = rolled.calls(began_t)
    told.owned["no capacity"] = rolled.owned()
    rolled.part("image, standby", lambda: rolled.roll("wk2"))

    running = rolled.site
    running.log.write("fault", fault=FaultKind.SWITCHOVER.value, worker="wk1")
    rolled.ask("switchover", worker="wk2")
    since_t = time.monotonic()
    running.wait_for("every client on wk2", lambda: rolled.traffic.all_served_by("wk2", since_t), DEADLINES.served)
    running.wait_for("wk1 to deliver what it has", lambda: undelivered(running, "wk1") == 0, DEADLINES.drained)
    told.owned["moved"] = rolled.owned()
    rolled.part("image, former holder", lambda: rolled.roll("wk1"))
    rolled.put(**rolled.size)
    rolled.part("type", lambda: rolled.roll("wk1"))
    rolled.put(dataMountPath="/srv/hl7")
    told.plans["user data"] = roll_plan.read(rolled.under(**{VARIABLE: "wk1"}).preview_as_data())
    told.last_changes = rolled.pulumi.up().changes


def account(rolled: Rolled) -> None:
    """Let every message arrive, and judge the raw logs."""
    running = rolled.site
    rolled.traffic.stop()
    for worker in ("wk1", "wk2"):
        running.wait_for(f"{worker} to deliver", lambda worker=worker: undelivered(running, worker) == 0, DEADLINES.drained)
    running.deployed = replace(running.deployed, outputs=pulumi_project.stored_outputs(rolled.pulumi.project))
    write_lab_info(running, FaultKind.SWITCHOVER.value, {})
    rolled.told.findings.append(check(running.folder))


def kind_of(story: Told) -> str:
    """How a plan shows a machine."""
    return story.kind.machine.rpartition(":")[2]


def image(story: Told) -> str:
    (found,) = story.kind.image.values()
    return str(found)


def others(owned: Owned, worker: str) -> dict[str, str]:
    return {name: machine for name, machine in owned.machines.items() if name != worker}


def test_the_holder_a_stranger_and_a_paused_site_are_refused(story: Told) -> None:
    assert f"'wk9' is no worker of {story.stack}; its workers are wk1, wk2" in story.refused["a stranger"]
    assert "Move the address first: make lab-ask VERB=switchover WORKER=wk2" in story.refused["the holder"]
    assert "wk1 holds the address" in story.refused["the holder, by pulumi alone"]
    assert "failover is paused by lab (a test)" in story.refused["a pause"]


def test_a_preview_in_which_the_other_worker_changes_too_is_refused(story: Told) -> None:
    """A new tag would be no harm; that nobody else is touched is what a rolling change promises."""
    said = story.refused["a change of both"]
    assert f"this up would do more than roll wk2:\n  update {kind_of(story)} tandem-{story.stack}-wk1 (" in said
    assert f"make up STACK={story.stack} does it" in said
    assert story.owned["no capacity"].machines == others(story.owned["before"], "wk2")


def test_an_up_that_fails_says_how_things_stand_and_the_pause_ends(story: Told) -> None:
    said, then = story.refused["no capacity"], story.owned["no capacity"]
    assert story.kind.no_capacity in said
    assert "wk2 has no machine: " in said
    assert "wk1 holds the address as before" in said
    assert f"then repeat: make roll STACK={story.stack} WORKER=wk2" in said
    assert (then.holder, then.phase) == ("wk1", "steady")
    assert then.address == story.owned["before"].address
    assert then.machines == others(story.owned["before"], "wk2")


def test_the_same_command_again_brings_the_worker_back(story: Told) -> None:
    before, after = story.owned["before"], story.owned["image, standby"]
    assert story.done["image, standby"].startswith("wk2 was made anew (no machine -> ")
    assert "wk1 held the address throughout, epoch 1; failover is on again" in story.done["image, standby"]
    assert after.images == {"wk1": before.images["wk1"], "wk2": (image(story), before.images["wk2"][1])}
    assert after.address == before.address
    assert others(after, "wk2") == others(before, "wk2")
    assert after.data_disks == before.data_disks


def test_a_new_image_lets_go_of_the_disk_and_makes_one_machine_anew(story: Told) -> None:
    before, after = story.owned["moved"], story.owned["image, former holder"]
    assert tuple(story.calls["image, former holder"]) == story.kind.anew
    assert after.images["wk1"][0] == after.images["wk2"][0] == image(story)
    assert after.machines["wk1"] != before.machines["wk1"]
    assert others(after, "wk1") == others(before, "wk1")
    assert (after.address, after.data_disks, after.holder) == (before.address, before.data_disks, "wk2")


def test_a_bigger_type_stops_and_starts_one_machine(story: Told) -> None:
    before, after = story.owned["image, former holder"], story.owned["type"]
    assert story.done["type"].startswith("wk1 was changed in place, by a stop and a start")
    assert tuple(story.calls["type"]) == story.kind.resized
    assert (after.images["wk1"][1], after.images["wk2"]) == (*story.kind.size.values(), before.images["wk2"])
    assert after.machines == before.machines
    assert (after.address, after.data_disks) == (before.address, before.data_disks)


def test_other_user_data_make_one_machine_anew(story: Told) -> None:
    """They are read at the first boot only."""
    machines = [str(step) for step in story.plans["user data"] if step.type == story.kind.machine]
    assert machines == [f"replace {kind_of(story)} tandem-{story.stack}-wk1 ({story.kind.user_data})"]


def test_a_plain_up_has_nothing_left_to_do_for_any_worker(story: Told) -> None:
    assert story.last_changes == 0


def test_traffic_goes_on_and_no_message_is_lost(story: Told) -> None:
    """The order is not promised across a switchover (RULE 8): nobody waits for the last message of the old holder."""
    assert all(number > 0 for number in story.served.values()), story.served
    (findings,) = story.findings
    judged = {promise.name: (promise.kept, promise.evidence) for promise in findings.promises}
    for name in (
        PromiseName.NONE_LOST,
        PromiseName.NONE_TWICE,
        PromiseName.AS_SENT,
        PromiseName.DURABLE_FIRST,
        PromiseName.ONE_AT_A_TIME,
    ):
        assert judged[name.value][0] is True, judged[name.value]
    assert not findings.case.ledger.waiting
    broken = {promise.name: promise.evidence for promise in findings.broken}
    assert not broken.keys() - {PromiseName.ORDER_KEPT.value}, broken
