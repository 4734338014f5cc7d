"""How long from a fault to the decision and to the accepted move: many faults of one kind, one after the other, on one lab.

After each move the old holder is started again, so that the roles swap and the next fault meets a whole pair. The budget
of automatic moves is given back by hand before it is spent, because the watchdog would rightly stop; and in one run of each
kind every function process is killed together with the worker, so that the arbiter and the probers start cold.
"""

import json
import random
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from failover_lambda.contract import RECORD_KEY, record_key
from lab import processes
from lab.site import Site
from lab.story import Fault, strike
from lab.tail import Tail

SETTLED_S = 200.0
"""Above a minute's wait for the schedule, the lease's time and cold starts together."""

READY_S = 150.0
PROBE_INTERVAL_S = 1.0
"""Of the tier measured: a fault comes at a random moment between two rounds, else all would wait equally long."""

CONFIG = {"holdSeconds": "0", "movesPerHourMax": "24", "movesPerDayMax": "24"}
"""A bench strikes again and again; a real site would be held, and rightly."""

BUDGET = 20
"""Moves after which the budget is given back; below the largest that can be configured."""


@dataclass(frozen=True)
class Run:
    """One fault. Seconds from the moment just before it."""

    fault: str
    holder: str
    decided_s: float
    """First record with a higher epoch, as polled."""
    moved_s: float
    """Answer of the accepted AssociateAddress, at the emulated cloud's gate."""
    hand_over: bool
    """The lease changed its owner between fault and move."""
    cold: bool
    """Every function process was killed with the worker."""


class Bench:
    """Runs on one lab."""

    def __init__(self, site: Site, seed: int) -> None:
        self._site = site
        self._chance = random.Random(seed)
        self._gate = Tail(site.logs / "gate.jsonl")
        self._moves: int | None = None

    def run(self, fault: Fault, *, cold: bool = False) -> Run:
        """One fault of a worker, its move, and the return of the old holder as a standby."""
        return self.struck(fault.value, lambda holder: strike(self._site, fault, holder), cold=cold)

    def struck(
        self,
        name: str,
        inject: Callable[[str], None],
        *,
        within_s: float = PROBE_INTERVAL_S,
        cold: bool = False,
        last: bool = False,
    ) -> Run:
        """The same of any fault; `inject` does it to the holder, and may take its time: the clock runs from just before.

        `within_s`: it comes at a random moment within so long. `last`: the lab ends afterwards, nobody comes back.
        """
        site = self._site
        self.make_whole()
        before = site.stored()
        holder, epoch = str(before["holder"]), int(before["epoch"])
        site.supervisor.pause(self._chance.uniform(0.0, within_s))
        if cold:
            self._kill_functions()
        fault_s = time.monotonic()
        inject(holder)
        site.wait_for("the move", lambda: _is_settled(site.stored(), epoch), SETTLED_S)
        self._moves = (self._moves or 0) + 1
        if not last:
            self._bring_back(holder)
        return self._measured(name, holder, epoch, fault_s, cold=cold)

    def make_whole(self) -> None:
        """A steady pair with budget, and a leader that knows of it. On a new lab nobody leads for up to a minute."""
        site = self._site
        if self._moves is None or self._moves >= BUDGET:
            self._give_back_budget()
            self._change_leader()
            self._moves = 0
        site.wait_for("a steady site", lambda: site.stored()["phase"] == "steady" and not site.stored()["fences"], READY_S)

    def _change_leader(self) -> None:
        """Start another arbiter, which takes over and reads the record."""
        site = self._site
        token = int((site.record.last("lease") or {"token": 0})["token"])
        name = site.outputs["watchdogName"]
        site.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"tick": "loop"}))
        site.wait_for("another leader", lambda: _leads_since(site, token), READY_S)

    def _give_back_budget(self) -> None:
        """Empty the list of moves by hand, as one version more; the next leader reads it."""
        site, dynamodb = self._site, self._site.client("dynamodb")
        key = {RECORD_KEY: {"S": record_key(site.name)}}
        item: dict[str, Any] = dynamodb.get_item(TableName=site.outputs["stateTable"], Key=key, ConsistentRead=True)["Item"]
        version = int(item["version"]["N"])
        document = json.loads(item["document"]["S"]) | {"moves": [], "version": version + 1}
        dynamodb.put_item(
            TableName=site.outputs["stateTable"],
            Item=item | {"document": {"S": json.dumps(document)}, "version": {"N": str(version + 1)}},
            ConditionExpression="version = :version",
            ExpressionAttributeValues={":version": {"N": str(version)}},
        )

    def _bring_back(self, worker: str) -> None:
        """Start the fenced worker as an operator would, and wait until it is a standby."""
        site = self._site
        machine = site.hypervisor.machines[worker]
        site.wait_for(f"{worker} to be stopped", lambda: machine.state == "stopped" and not machine.isolated, READY_S)
        site.hypervisor.cut(worker, on=False)
        starts = machine.starts
        site.client("ec2").start_instances(InstanceIds=[machine.instance_id])
        site.wait_for(f"{worker} to run", lambda: machine.starts > starts, READY_S)
        site.hypervisor.process(worker).expect("ready", READY_S)
        site.hypervisor.process(worker).call("release", READY_S)
        site.wait_for(f"{worker} to be a standby", lambda: not site.stored()["fences"], READY_S)

    def _kill_functions(self) -> None:
        for process in processes.of_lab(self._site.lab_id, also="AWS_LAMBDA_FUNCTION_NAME"):
            processes.send(process, signal.SIGKILL)

    def _measured(self, fault: str, holder: str, epoch: int, fault_s: float, *, cold: bool) -> Run:
        lines = self._site.record.read()
        decided = next(line for line in lines if line["event"] == "record" and line["record"]["epoch"] > epoch)
        moved = next(
            line
            for line in self._gate.read()
            if line["t_out"] > fault_s and line["action"] == "AssociateAddress" and not line["error"]
        )
        changes = [line for line in lines if line["event"] == "lease" and line["owner"]]
        return Run(
            fault=fault,
            holder=holder,
            decided_s=decided["t"] - fault_s,
            moved_s=moved["t_out"] - fault_s,
            hand_over=any(fault_s < line["t"] < moved["t_out"] for line in changes),
            cold=cold,
        )


def _is_settled(record: dict[str, Any], epoch: int) -> bool:
    return bool(record["epoch"] > epoch and record["phase"] == "steady")


def _leads_since(site: Site, token: int) -> bool:
    lease = site.record.last("lease")
    return bool(lease) and bool(lease["owner"]) and int(lease["token"]) > token


def as_rows(runs: list[Run]) -> list[dict[str, Any]]:
    """Plain values, for the JSON file."""
    return [asdict(run) for run in runs]
