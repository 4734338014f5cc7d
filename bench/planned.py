"""How long a planned switchover takes: from the moment at which the request is stored, there and back again, on one lab.

Nothing is broken and nothing started again: each move makes the old holder a standby at once, so the next request follows
after a pause. Three HL7 senders and an HTTP client run all the time; what they went without is read from their own logs.
"""

import math
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from lab.asking import new_id
from lab.site import Site
from lab.tail import Tail
from lab.traffic import SENDERS, Traffic

SETTLED_S = 120.0
SERVED_S = 60.0

RENEWAL_S = 2.0
"""Of the tier measured: a request comes at a random moment between two renewals, with which the leader finds it."""

WARM_S = 5.0
"""Undisturbed traffic before the first request."""


@dataclass(frozen=True)
class PlannedRun:
    """One switchover. Seconds from the moment at which the table had taken the request."""

    source: str
    decided_s: float
    """First record with a higher epoch, as polled."""
    moved_s: float
    """Answer of the accepted AssociateAddress, at the emulated cloud's gate."""
    answered_s: float
    """First record with the reply, as polled."""
    outage_s: float
    """The longest time that an HL7 sender went from one acknowledgement to its next, until the new holder acknowledged."""
    http_outage_s: float
    """The same of the HTTP client."""
    hand_over: bool
    """The lease changed its owner between request and move."""


class Planned:
    """Runs on one lab."""

    def __init__(self, site: Site, traffic: Traffic, seed: int) -> None:
        self._site = site
        self._traffic = traffic
        self._chance = random.Random(seed)
        self._desk = site.desk()
        self._gate = Tail(site.logs / "gate.jsonl")
        self._senders = [Tail(site.logs / f"sender-s{number + 1}.jsonl") for number in range(SENDERS)]
        self._http = Tail(site.logs / "http.jsonl")

    def run(self) -> PlannedRun:
        """One request, its move and its reply."""
        site, desk, own_id = self._site, self._desk, new_id()
        before = site.stored()
        source = str(before["holder"])
        site.supervisor.pause(self._chance.uniform(0.0, RENEWAL_S))
        entry = desk.entry("switchover", own_id=own_id, why="bench")
        desk.put(entry)
        asked_s = time.monotonic()
        site.wait_for("a reply", lambda: _reply(site.stored(), own_id) is not None, SETTLED_S)
        reply = _reply(site.stored(), own_id)
        if reply is None or not reply["done"]:
            raise RuntimeError(f"the switchover away from {source} was refused: {reply}")
        target = str(site.stored()["holder"])
        site.wait_for(f"service by {target}", lambda: self._traffic.all_served_by(target, asked_s), SERVED_S)
        site.wait_for("an empty inbox", lambda: not desk.inbox(), SERVED_S)
        return self._measured(own_id, source, int(before["epoch"]), asked_s)

    def _measured(self, own_id: str, source: str, epoch: int, asked_s: float) -> PlannedRun:
        lines = self._site.record.read()
        records = [line for line in lines if line["event"] == "record"]
        decided = next(line for line in records if line["record"]["epoch"] > epoch)
        answered = next(line for line in records if _reply(line["record"], own_id) is not None)
        moved = next(
            line
            for line in self._gate.read()
            if line["t_out"] > asked_s and line["action"] == "AssociateAddress" and not line["error"]
        )
        changes = [line for line in lines if line["event"] == "lease" and line["owner"]]
        return PlannedRun(
            source=source,
            decided_s=decided["t"] - asked_s,
            moved_s=moved["t_out"] - asked_s,
            answered_s=answered["t"] - asked_s,
            outage_s=max(without_s(_answers(tail, "acked"), asked_s, source) for tail in self._senders),
            http_outage_s=without_s(_answers(self._http, "answer"), asked_s, source),
            hand_over=any(asked_s < line["t"] < moved["t_out"] for line in changes),
        )


def _reply(record: dict[str, Any], own_id: str) -> dict[str, Any] | None:
    return next((reply for reply in record.get("replies", []) if reply["id"] == own_id), None)


def _answers(tail: Tail, event: str) -> list[tuple[float, str]]:
    return [(line["t"], line["worker"]) for line in tail.read() if line["event"] == event]


def without_s(answers: Sequence[tuple[float, str]], asked_s: float, source: str) -> float:
    """The longest time between two answers from the last one before `asked_s` to the first one by another than `source`.

    Infinite where no other one answered.

    >>> without_s([(9.9, "wk1"), (10.1, "wk1"), (11.4, "wk2"), (99.0, "wk2")], 10.0, "wk1")
    1.3
    """
    back = next((t for t, worker in answers if t > asked_s and worker != source), math.inf)
    gaps: Iterable[float] = (u - t for (t, _), (u, _) in pairwise(answers) if u > asked_s and u <= back)
    return math.inf if back == math.inf else round(max(gaps), 6)


def as_rows(runs: Sequence[PlannedRun]) -> list[dict[str, Any]]:
    """Plain values, for the JSON file."""
    return [asdict(run) for run in runs]
