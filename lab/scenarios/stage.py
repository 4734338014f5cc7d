"""What scenarios play with: a steady site with traffic, the faults as verbs, and the waits. Every deadline only ends a hang.

What is proven is decided afterwards from the raw logs; here is only what is done, and what is waited for before going on.
"""

import time
from dataclasses import dataclass
from typing import Any

from lab import story
from lab.api_faults import ApiFaults
from lab.asking import Desk
from lab.faultkind import FaultKind
from lab.site import Say, Site
from lab.story import DEADLINES, STEADY_S
from lab.traffic import Traffic

MOVED_S = 200.0
"""Longest wait for a move: a lease that runs out, a late schedule and cold functions together."""

INBOX_EMPTY = "inbox-empty"
"""Written down when everything that was asked for has left the inbox."""


@dataclass(kw_only=True)
class Stage:
    """One site, steady, with every client served by `holder`."""

    site: Site
    traffic: Traffic
    say: Say
    holder: str
    standby: str

    # What is done

    def fault(self, kind: FaultKind, worker: str | None, what: str) -> None:
        """Write the fault down: t = 0 of the report. To be done directly afterwards."""
        self.say(f"fault: {what}")
        self.site.log.write("fault", fault=kind.value, worker=worker)

    def kill_holder(self) -> None:
        """The fault that most scenarios of the watchdog begin with."""
        self.fault(FaultKind.KILL, self.holder, f"{self.holder} is killed (SIGKILL)")
        self.site.hypervisor.process(self.holder).kill()

    def act(self, name: str, worker: str | None = None) -> None:
        """Write down something else that the lab does now."""
        self.site.log.write("act", act=name, worker=worker)

    def tell(self, worker: str, do: str, **options: object) -> dict[str, Any]:
        """A command to a worker's process."""
        return dict(self.site.hypervisor.process(worker).call(do, 10.0, **options))

    def instance_id(self, worker: str) -> str:
        """The cloud's id of a worker's machine."""
        return str(self.site.outputs["workers"][worker]["instanceId"])

    def console(self) -> Any:
        """An operator's client of EC2."""
        return self.site.client("ec2")

    def api_faults(self) -> ApiFaults:
        """What breaks calls between the functions and AWS."""
        if self.site.api_faults is None:
            raise RuntimeError("this lab has nothing before its AWS: the scenario must ask for it")
        return self.site.api_faults

    def desk(self) -> Desk:
        """An operator's way to the inbox and to the record."""
        return self.site.desk()

    def request(self, own_id: str, verb: str, why: str, **more: Any) -> None:
        """Ask the watchdog, as an operator; `more` as in `Desk.entry`. A fault or an act is to be written down before."""
        desk = self.desk()
        desk.put(desk.entry(verb, own_id=own_id, why=why, **more))
        self.say(f"request {own_id}: {verb} {' '.join(f'{name}={value}' for name, value in more.items())}".rstrip())

    # What is waited for

    def watch(self, seconds: float, why: str) -> None:
        """Let the site run for a while."""
        self.say(f"watching for {seconds:g} s: {why}")
        self.site.supervisor.pause(seconds)
        self.site.hypervisor.check()

    def wait_served(self, worker: str) -> None:
        """Until every client is served by `worker`, from now on."""
        since_t = time.monotonic()
        self.site.wait_for(
            f"every client to be served by {worker}",
            lambda: self.traffic.all_served_by(worker, since_t),
            DEADLINES.served,
        )

    def wait_phase(self, phase: str, deadline_s: float = MOVED_S) -> None:
        """Until the record is seen in this phase."""
        self.site.wait_for(f"the phase {phase}", lambda: self.site.stored().get("phase") == phase, deadline_s)

    def wait_moved(self) -> None:
        """Until the address is verified on the standby and it serves every client."""
        before = self.holder

        def moved() -> bool:
            record = self.site.stored()
            return record["phase"] == "steady" and record["holder"] != before

        self.site.wait_for("the watchdog to move the address and to verify it", moved, MOVED_S)
        self.wait_served(self.standby)
        self.say(f"{self.standby} serves every client")
        self.site.supervisor.pause(STEADY_S)

    def wait_answered(self, *ids: str) -> None:
        """Until the record has a reply to each, and none of them lies in the inbox any more."""
        desk = self.desk()
        self.site.wait_for(f"a reply to {', '.join(ids)}", lambda: all(desk.answer(each) for each in ids), MOVED_S)
        self.site.wait_for("an empty inbox", lambda: not desk.inbox(), DEADLINES.settled)
        self.act(INBOX_EMPTY)

    def bring_back(self, *, rejoins: bool = True) -> None:
        """An operator starts the old holder again; it takes nothing, and nothing is left in its log.

        `rejoins`: it is a standby at the end. Not where the answer to a fence call was lost: then it stays fenced for
        fifteen minutes (RULE 6.5), for which no scenario waits.
        """
        story.second_act(self.site, self.traffic, self.holder, self.standby, self.say, rejoins=rejoins)

    def release(self, worker: str) -> None:
        """An operator lets a worker deliver what it held."""
        self.act("release", worker)
        self.tell(worker, "release")
        self.site.wait_for(f"{worker} to deliver it", lambda: story.undelivered(self.site, worker) == 0, DEADLINES.drained)
