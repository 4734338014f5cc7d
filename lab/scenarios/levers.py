"""What scenarios do to the watchdog and to the platform below it: its processes, its schedule, its probers, its store."""

import signal
from typing import Any

from lab import processes
from lab.processes import ProcessId
from lab.rawevents import Verb
from lab.scenarios.stage import MOVED_S, Stage
from lab.tail import Tail

HELD_S = 60.0
"""Longest wait for a call to be held at the cloud's gate."""

CLOSED, OPEN = "silent", "open"
"""What the functions meet on their way to the record's table."""


def leader(stage: Stage) -> ProcessId:
    """The process of the arbiter that holds the lease now, found by the platform's own log."""
    lease = stage.site.record.last("lease") or {"owner": ""}
    starts = Tail(stage.site.logs / "function-starts.jsonl").read()
    pid = next((line["pid"] for line in starts if line["event"] == "start" and line["request_id"] == lease["owner"]), None)
    process = None if pid is None else processes.identify(int(pid))
    if process is None:
        raise RuntimeError(f"no process of the arbiter {lease['owner']!r}, which holds the lease")
    return process


def strike_leader(stage: Stage, number: signal.Signals) -> ProcessId:
    """Send a signal to the arbiter that leads."""
    process = leader(stage)
    stage.act("arbiter-struck")
    if not stage.site.cloud.strike(process, number):
        raise RuntimeError("the arbiter ended before the lab could strike it")
    stage.say(f"{number.name} to the arbiter that leads, process {process.pid}")
    return process


def go_on(stage: Stage, frozen: ProcessId) -> None:
    """Let an arbiter that stands still run again."""
    stage.site.cloud.strike(frozen, signal.SIGCONT)


def hold_call(stage: Stage, verb: Verb, way: str) -> None:
    """Be ready to hold the watchdog's next such call on its way in, or the answer to it on its way out."""
    stage.site.cloud.trap(verb, _card(stage, verb), way)


def wait_held(stage: Stage) -> None:
    """Until the call is held."""
    stage.site.cloud.wait_trapped(HELD_S)


def let_in(stage: Stage) -> None:
    """What is held goes on."""
    stage.site.cloud.release("go-on")


def drop(stage: Stage) -> None:
    """What is held is lost."""
    stage.site.cloud.release("drop")


def lose_answer(stage: Stage, verb: Verb) -> None:
    """The watchdog's next such call is carried out, and its answer is lost."""
    stage.site.cloud.lose_answer(verb, _card(stage, verb))


def answer_was_lost(stage: Stage) -> None:
    """Require that it was; nothing is lost from now on."""
    stage.site.cloud.require_lost()


def _card(stage: Stage, verb: Verb) -> str:
    """Of the worker that such a call of a failover is about."""
    worker = stage.standby if verb is Verb.ASSOCIATE else stage.holder
    return stage.site.hypervisor.machines[worker].card_id


def start_arbiter(stage: Stage) -> None:
    """One more arbiter, beside the one that leads."""
    stage.site.cloud.start_arbiter(stage.site.outputs)


def probers(stage: Stage) -> dict[str, str]:
    """The prober functions, by zone."""
    functions: list[dict[str, Any]] = stage.site.client("lambda").list_functions()["Functions"]
    named = (str(function["FunctionName"]).rpartition("-prober-") for function in functions)
    return {zone: f"{site}{middle}{zone}" for site, middle, zone in named if middle}


def remove_prober(stage: Stage, zone: str) -> None:
    """The prober of a zone cannot be called any more."""
    name = probers(stage)[zone]
    stage.act(f"prober-gone-in-{zone}")
    stage.site.client("lambda").delete_function(FunctionName=name)
    stage.say(f"the prober in {zone} is gone")


def zone_of(stage: Stage, worker: str) -> str:
    """Where a worker stands."""
    return str(stage.site.outputs["workers"][worker]["zone"])


def silence_schedule(stage: Stage, *, on: bool) -> None:
    """Disable the rule that starts arbiters, or enable it again."""
    events = stage.site.client("events")
    names = [rule["Name"] for rule in events.list_rules()["Rules"] if rule.get("ScheduleExpression")]
    stage.act("schedule-silent" if on else "schedule-back")
    for name in names:
        (events.disable_rule if on else events.enable_rule)(Name=name)


def close_store(stage: Stage, *, on: bool) -> None:
    """Take away the functions' way to the record's table, or give it back."""
    if stage.site.store_door is None:
        raise RuntimeError("this lab has no door before the record's table: the scenario must ask for one")
    stage.act("record-gone" if on else "record-back")
    stage.site.store_door.call("set", 5.0, state=CLOSED if on else OPEN)


def wait_leader_since(stage: Stage, token: int) -> None:
    """Until somebody leads under a later token."""

    def leads() -> bool:
        lease = stage.site.record.last("lease")
        return bool(lease) and bool(lease["owner"]) and int(lease["token"]) > token

    stage.site.wait_for("another leader", leads, MOVED_S)


def token(stage: Stage) -> int:
    """The lease's token as last seen."""
    lease = stage.site.record.last("lease")
    return int(lease["token"]) if lease else 0
