"""The story of the demo, in acts: the holder dies, the watchdog moves the address, the old holder comes back.

Here is what is done, and what is waited for before going on. What is proven is decided afterwards by `lab.checkers`, which
reads the raw logs only.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, assert_never

from lab.site import Say, Site
from lab.tail import Tail
from lab.traffic import Traffic

STEADY_S = 2.0
"""Undisturbed traffic before the fault and after each act."""

BACKLOG_S = 0.4
"""How long the downstream receiver is slow just before the fault, so that messages wait in the holder's log."""


class Fault(Enum):
    """What happens to the holder."""

    KILL = "kill"
    """SIGKILL: its machine refuses connections."""
    FREEZE = "freeze"
    """SIGSTOP: connections are accepted, nothing answers."""
    CUT = "cut"
    """No packet in or out, its process lives on."""


@dataclass(frozen=True)
class Deadlines:
    """How long the story waits for each thing, in seconds; with slack for a busy machine and the profile's own times."""

    arbiter: float = 150.0
    settled: float = 90.0
    stopped: float = 150.0
    returned: float = 150.0
    served: float = 60.0
    drained: float = 60.0


DEADLINES = Deadlines()


def play(site: Site, fault: Fault, say: Say) -> None:
    """Play all acts. The raw logs are complete when it returns."""
    say("starting three HL7 senders and an HTTP client against the address")
    traffic = Traffic.begin(site)
    holder = wait_for_arbiter(site, say)
    site.wait_for(f"every client to be served by {holder}", lambda: traffic.all_served_by(holder, 0.0), DEADLINES.served)
    site.supervisor.pause(STEADY_S)
    acts(site, traffic, fault, holder, say)


def acts(site: Site, traffic: Traffic, fault: Fault, holder: str, say: Say) -> None:
    """Both acts and the end of the traffic, for clients that run and are served by the holder."""
    standby = first_act(site, traffic, fault, holder, say)
    second_act(site, traffic, holder, standby, say)
    say("stopping the clients, and waiting until every message is delivered")
    traffic.stop()
    for worker in (holder, standby):
        site.wait_for(
            f"{worker} to deliver its messages", lambda worker=worker: undelivered(site, worker) == 0, DEADLINES.drained
        )


def wait_for_arbiter(site: Site, say: Say) -> str:
    """Until an arbiter that the *schedule* started leads a steady site; returns the holder."""
    say("waiting until the schedule has started an arbiter, and it leads")
    starts = Tail(site.logs / "function-starts.jsonl")

    def scheduled_leads() -> bool:
        lease = site.record.last("lease")
        by_schedule = {
            line["request_id"] for line in starts.read() if line["event"] == "start" and line["source"] == "schedule"
        }
        return bool(lease) and lease["owner"] in by_schedule and site.stored().get("phase") == "steady"

    site.wait_for("an arbiter that the schedule started", scheduled_leads, DEADLINES.arbiter)
    return str(site.stored()["holder"])


def first_act(site: Site, traffic: Traffic, fault: Fault, holder: str, say: Say) -> str:
    """The fault, and everything until the standby serves every client; returns the standby."""
    epoch = int(site.stored()["epoch"])
    hold_receiver(site, on=True)
    site.supervisor.pause(BACKLOG_S)
    say(f"fault: {holder} is {_PARTICIPLES[fault]}")
    strike(site, fault, holder)
    hold_receiver(site, on=False)

    def moved() -> bool:
        record = site.stored()
        return record["epoch"] > epoch and record["phase"] == "steady" and record["holder"] != holder

    site.wait_for("the watchdog to move the address and to verify it", moved, DEADLINES.settled)
    standby = str(site.stored()["holder"])
    since_t = time.monotonic()
    site.wait_for(
        f"every client to be served by {standby}", lambda: traffic.all_served_by(standby, since_t), DEADLINES.served
    )
    say(f"{standby} serves every client")
    site.supervisor.pause(STEADY_S)
    return standby


def strike(site: Site, fault: Fault, worker: str) -> None:
    """Do the fault; t = 0 of the report is the moment just before."""
    site.log.write("fault", fault=fault.value, worker=worker)
    match fault:
        case Fault.KILL:
            site.hypervisor.process(worker).kill()
        case Fault.FREEZE:
            site.hypervisor.process(worker).freeze()
        case Fault.CUT:
            site.hypervisor.cut(worker, on=True)
        case _:
            assert_never(fault)


_PARTICIPLES = {Fault.KILL: "killed (SIGKILL)", Fault.FREEZE: "frozen (SIGSTOP)", Fault.CUT: "cut off from the network"}


def second_act(site: Site, traffic: Traffic, holder: str, standby: str, say: Say, *, rejoins: bool = True) -> None:
    """An operator starts the old holder again: it must take nothing, and its backlog is released.

    `rejoins`: wait until it is a standby. Where a fence call was never answered, that takes fifteen minutes (RULE 6.5).
    """
    say(f"second act: waiting until {holder}, which the watchdog stopped, may be started again")
    site.wait_for(f"{holder} to be stopped and its groups put back", lambda: _may_start(site, holder), DEADLINES.stopped)
    starts = site.hypervisor.machines[holder].starts
    site.hypervisor.cut(holder, on=False)
    say(f"starting {holder} again, as an operator would at the console")
    site.log.write("act", act="start-instance", worker=holder)
    site.start_instance(holder)
    site.wait_for(f"{holder} to run again", lambda: site.hypervisor.machines[holder].starts > starts, DEADLINES.returned)
    site.hypervisor.process(holder).expect("ready", DEADLINES.returned)
    if rejoins:
        site.wait_for(f"{holder} to be a standby again", lambda: not site.stored()["fences"], DEADLINES.returned)
    since_t = time.monotonic()
    site.wait_for(
        f"every client to be served by {standby}", lambda: traffic.all_served_by(standby, since_t), DEADLINES.served
    )
    site.supervisor.pause(STEADY_S)
    say(f"releasing the backlog of {holder}")
    site.log.write("act", act="release", worker=holder)
    site.hypervisor.process(holder).call("release", DEADLINES.drained)
    site.wait_for(f"{holder} to deliver its backlog", lambda: undelivered(site, holder) == 0, DEADLINES.drained)


def _may_start(site: Site, worker: str) -> bool:
    machine = site.hypervisor.machines[worker]
    return is_put_back(site.stored(), worker, state=machine.state, isolated=machine.isolated)


def is_put_back(record: Mapping[str, Any], worker: str, *, state: str, isolated: bool) -> bool:
    """Whether the watchdog is done with a fenced worker: stopped, its groups asked for again, and back.

    That the groups are back is read off the card. The answer to the call that did it may be lost, when the lease was handed
    over meanwhile, and nobody needs it then: the next leader reads the card too.
    """
    asked = any(fence["worker"] == worker and fence.get("restore") for fence in record.get("fences", []))
    return state == "stopped" and asked and not isolated


def undelivered(site: Site, worker: str) -> int:
    """Messages that wait in a worker's log."""
    return int(site.hypervisor.process(worker).call("state", 10.0)["undelivered"])


def hold_receiver(site: Site, *, on: bool) -> None:
    """Let the downstream receiver be slow, or answer again."""
    site.receiver.call("hold", 10.0, on=on)
