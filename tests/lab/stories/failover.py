"""A failover in which every promise is kept, as raw logs made in code, for tests to break one thing in.

The story, in seconds from the fault (two senders, five messages a second each):

    -10.0  epoch 1, wk1 holds          1.7  stop, disassociate, associate        20.0  wk1 is started again
      0.0  wk1 is killed               2.0  packets follow to wk2                22.0  its backlog is released
      1.0  suspected                   2.4  steady in epoch 2                    30.0  the senders end
      1.5  epoch 2 is stored           2.2  first acknowledgement by wk2

It plays on AWS or on Azure: what differs is in `clouds.py`.

One message was acknowledged by wk1 and not delivered when the fault came: it is stranded, held, and released.
`Story.logs` holds the lines as the lab would write them; a test changes them and then writes the folder.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from lab.checkers import Findings, check
from lab.rawevents import Verb
from tests.lab.stories.clouds import AWS, IP, Row, StoryCloud

FAULT_T = 5000.0
"""The fault on the machine's clock. Everything in a story is told in seconds from it."""
INSTANCE, CARD, ALLOCATION = AWS.instance, AWS.card, AWS.allocation
"""Of a story on AWS."""
OLD, NEW = AWS.association("wk1", 1), AWS.association("wk2", 2)
BOOTS = {"wk1": "boot-one-a", "wk2": "boot-two-a"}
SECOND_BOOT = "boot-one-b"
STRANDED = "adt-000050"


def at(seconds: float) -> float:
    """Seconds from the fault as a time of the logs."""
    return FAULT_T + seconds


class Story:
    """The raw logs of one run, by file, and its lab.json."""

    def __init__(self, fault: str = "kill", cloud: StoryCloud = AWS) -> None:
        self.cloud = cloud
        self.lab: Row = _lab_json(fault, cloud)
        self.logs: dict[str, list[Row]] = {}
        self._called: list[tuple[Verb, Row]] = []
        self.old, self.new = cloud.association("wk1", 1), cloud.association("wk2", 2)

    def add(self, log: str, seconds: float, event: str, /, **fields: Any) -> Row:
        """Append a line."""
        row: Row = {"t": at(seconds), "event": event, **fields}
        self.logs.setdefault(log, []).append(row)
        return row

    def find(self, log: str, fits: Callable[[Row], bool]) -> Row:
        """The first line that fits."""
        return next(row for row in self.logs[log] if fits(row))

    def drop(self, log: str, fits: Callable[[Row], bool]) -> int:
        """Remove the lines that fit; gives how many there were."""
        before = self.logs[log]
        self.logs[log] = [row for row in before if not fits(row)]
        return len(before) - len(self.logs[log])

    def sort(self, log: str) -> None:
        """Put a log's lines into the order of their times, as one writer would have."""
        self.logs[log].sort(key=lambda row: row["t"])

    def call(self, t_in: float, t_out: float, action: str, params: Row, *, makes: str | None = None) -> Row:
        """Append an accepted call at AWS's gate; `makes` is the association that it answers."""
        row = self.add("gate", t_out, "call", t_in=at(t_in), t_out=at(t_out), service="ec2", action=action, params=params)
        row.update(status=200, error=None, answer={"associationId": makes} if makes else {})
        return row

    def asked(self, t_in: float, t_out: float, verb: Verb, worker: str, number: int = 0) -> Row:
        """Append an accepted call, as the story's cloud writes it; `number` of the association that it makes or ends."""
        row: Row = {"t": at(t_out), "t_in": at(t_in), "t_out": at(t_out), **self.cloud.call(verb, worker, number)}
        self.logs.setdefault(self.cloud.log, []).append(row)
        self._called.append((verb, row))
        return row

    def called(self, verb: Verb) -> Row:
        """The first such call after the fault."""
        return next(row for each, row in self._called if each is verb and row["t_in"] > FAULT_T)

    def message(self, sender: str, seq: int, seconds: float, worker: str, *, boot: str | None = None) -> list[str]:
        """A message that goes well: sent, stored, acknowledged and delivered within 20 ms. Gives its key."""
        key, boot = key_of(sender, seq), boot or BOOTS[worker]
        self.add(f"sender-{sender}", seconds, "sent", key=key, attempt=1, seq=seq)
        self.add(f"worker-{worker}", seconds + 0.005, "accepted", key=key, boot=boot, seq_in_log=seq)
        self.add(f"sender-{sender}", seconds + 0.010, "acked", key=key, attempt=1, seq=seq, worker=worker, boot=boot)
        self.add("receiver", seconds + 0.015, "delivered", key=key, boot=boot, **{"from": worker})
        self.add(f"worker-{worker}", seconds + 0.020, "delivered", key=key, boot=boot, backlog=False)
        return key

    def write(self, folder: Path) -> Path:
        """Write the run's folder; gives it."""
        logs = folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        (folder / "lab.json").write_text(json.dumps(self.lab))
        for name, rows in self.logs.items():
            (logs / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return folder

    def check(self, folder: Path) -> Findings:
        """Write the folder and let the checker judge it."""
        return check(self.write(folder))


def key_of(sender: str, seq: int) -> list[str]:
    """The key of a message of a story."""
    return [sender, f"{sender}-{seq:06d}", hashlib.sha256(f"{sender} {seq}".encode()).hexdigest()[:16]]


def is_key(control_id: str) -> Callable[[Row], bool]:
    """Lines about one message."""
    return lambda row: row.get("key", ["", ""])[1] == control_id


def is_call(action: str) -> Callable[[Row], bool]:
    """Calls of one action of AWS after the fault."""
    return lambda row: row["action"] == action and row["t_in"] > FAULT_T


def failover(fault: str = "kill", cloud: StoryCloud = AWS) -> Story:
    """The story of the module's docstring."""
    story = Story(fault, cloud)
    _before(story)
    _traffic(story)
    _fault(story, fault)
    _second_act(story)
    for log in story.logs:
        story.sort(log)
    return story


def _lab_json(fault: str, cloud: StoryCloud) -> Row:
    workers = {
        name: {
            "private_ip": IP[name],
            "instance_id": cloud.instance[name],
            "network_interface_id": cloud.card[name],
            "group_id": cloud.group[name],
            "zone": f"eu-central-1{zone}",
        }
        for name, zone in (("wk1", "a"), ("wk2", "b"))
    }
    return {
        "lab_id": "story",
        "cloud": cloud.name,
        "profile": "instant",
        "engine": "mock runtime of the SDK",
        "fault": fault,
        "workers": workers,
        "order": ["wk1", "wk2"],
        "allocation_id": cloud.allocation,
        "address": "127.80.250.1",
        "record_poll_s": 0.05,
        "schedule_divisor": 10,
        "versions": {"tandem": "0.1.0", "python": "3.11.7"},
        "spent": {"deploy_s": 3.2, "total_s": 51.0},
        "pid": 100,
    }


def _record(story: Story, seconds: float, epoch: int, phase: str, holder: str) -> None:
    version = 1 + sum(row["event"] == "record" for row in story.logs.get("record", []))
    record = {"schema": 1, "site": "lab", "version": version, "epoch": epoch, "phase": phase, "holder": holder}
    story.add("record", seconds, "record", record=record)


def _associate(story: Story, seconds: float, association_id: str, worker: str, carries: float) -> None:
    story.add(
        "cloud",
        seconds,
        "association",
        allocation_id=story.cloud.allocation,
        association_id=association_id,
        instance_id=story.cloud.instance[worker],
        private_ip=IP[worker],
        carries_at=at(carries),
    )
    story.add("public", carries + 0.01, "carries", private_ip=IP[worker])


def _disassociate(story: Story, seconds: float) -> None:
    nobody = dict.fromkeys(("association_id", "instance_id", "private_ip"))
    story.add("cloud", seconds, "association", allocation_id=story.cloud.allocation, carries_at=at(seconds), **nobody)
    story.add("public", seconds + 0.01, "carries", private_ip=None)


def _start(story: Story, seconds: float, request_id: str, source: str, pid: int) -> None:
    story.add("function-starts", seconds, "start", function="arbiter", request_id=request_id, source=source, pid=pid)


def _before(story: Story) -> None:
    for name in ("wk1", "wk2"):
        story.add(f"worker-{name}", -20, "started", boot=BOOTS[name], backlog=0)
        story.add("cloud", -20, "instance", instance_id=story.cloud.instance[name], state="running", launched_at=at(-20))
    story.logs["receiver-repeats"] = []
    _start(story, -19, "req-once", "call", 201)
    story.add("function-starts", -17, "end", request_id="req-once", status="ok")
    _start(story, -13, "req-schedule-7", "schedule", 202)
    story.add("record", -19, "lease", owner="req-once", token=1)
    _record(story, -18, 1, "verifying", "wk1")
    story.asked(-17.9, -17.8, Verb.ASSOCIATE, "wk1", 1)
    _associate(story, -17.85, story.old, "wk1", -17.8)
    _record(story, -17, 1, "steady", "wk1")
    story.add("record", -12, "lease", owner="req-schedule-7", token=2)


def _traffic(story: Story) -> None:
    """A message every 0.2 s until 30 s, none between the fault and 2.2 s; a request of the HTTP client every 0.5 s."""
    for sender, shift in (("adt", 0.0), ("lab", 0.1)):
        story.add(f"sender-{sender}", -10.01, "connected")
        for seq in range(1, 201):
            seconds = -10 + (seq - 1) * 0.2 + shift
            if seconds < 0:
                story.message(sender, seq, seconds, "wk1")
            elif seconds >= 2.2:
                story.message(sender, seq, seconds, "wk2")
    for step in range(80):
        seconds = -10 + step * 0.5
        worker = "wk1" if seconds < 0 else "wk2"
        if 0 <= seconds < 2.2:
            story.add("http", seconds + 0.4, "failed", how="timeout")
        else:
            story.add("http", seconds, "answer", worker=worker, boot=BOOTS[worker], seconds=0.01)


def _fault(story: Story, fault: str) -> None:
    story.add("lab", 0, "fault", fault=fault, worker="wk1")
    # A message was on its way: reset, then sent again and taken by wk2.
    key = key_of("adt", 51)
    story.add("sender-adt", -0.002, "sent", key=key, attempt=1, seq=51)
    story.add("sender-adt", 0.01, "failed", key=key, attempt=1, seq=51, how="reset")
    for log, seconds in (("sender-adt", 2.1), ("worker-wk2", 2.15), ("sender-adt", 2.16), ("receiver", 2.17)):
        _second_try(story, log, seconds, key)
    story.add("worker-wk2", 2.18, "delivered", key=key, boot=BOOTS["wk2"], backlog=False)
    # The last message that wk1 acknowledged had not reached the receiver.
    for log in ("receiver", "worker-wk1"):
        story.drop(log, lambda row: is_key(STRANDED)(row) and row["event"] == "delivered")
    _watchdog(story)


def _second_try(story: Story, log: str, seconds: float, key: list[str]) -> None:
    boot = BOOTS["wk2"]
    if log == "worker-wk2":
        story.add(log, seconds, "accepted", key=key, boot=boot, seq_in_log=1)
    elif log == "receiver":
        story.add(log, seconds, "delivered", key=key, boot=boot, **{"from": "wk2"})
    elif seconds < 2.15:
        story.add(log, seconds, "sent", key=key, attempt=2, seq=51)
    else:
        story.add(log, seconds, "acked", key=key, attempt=2, seq=51, worker="wk2", boot=boot)


def _watchdog(story: Story) -> None:
    _record(story, 1.0, 1, "suspect", "wk1")
    _record(story, 1.5, 2, "fencing", "wk2")
    machine = story.cloud.instance["wk1"]
    story.asked(1.52, 1.54, Verb.ISOLATE, "wk1")
    story.asked(1.53, 1.55, Verb.STOP, "wk1")
    story.add("cloud", 1.54, "instance", instance_id=machine, state="stopping", launched_at=at(-20))
    story.add("cloud", 1.9, "instance", instance_id=machine, state="stopped", launched_at=at(-20))
    story.asked(1.56, 1.6, Verb.DISASSOCIATE, "wk1", 1)
    _disassociate(story, 1.58)
    _record(story, 1.62, 2, "moving", "wk2")
    story.asked(1.65, 1.7, Verb.ASSOCIATE, "wk2", 2)
    _associate(story, 1.68, story.new, "wk2", 2.0)
    _record(story, 1.75, 2, "verifying", "wk2")
    _record(story, 2.4, 2, "steady", "wk2")


def _second_act(story: Story) -> None:
    story.add("lab", 20, "act", act="start-instance", worker="wk1")
    story.asked(20.0, 20.02, Verb.START, "wk1")
    story.add("cloud", 20.01, "instance", instance_id=story.cloud.instance["wk1"], state="running", launched_at=at(20))
    story.add("worker-wk1", 20.5, "started", boot=SECOND_BOOT, backlog=1)
    story.add("lab", 22, "act", act="release", worker="wk1")
    story.add("worker-wk1", 22.01, "released", boot=SECOND_BOOT, backlog=1)
    key = story.find("worker-wk1", is_key(STRANDED))["key"]
    story.add("receiver", 22.02, "delivered", key=key, boot=SECOND_BOOT, **{"from": "wk1"})
    story.add("worker-wk1", 22.03, "delivered", key=key, boot=SECOND_BOOT, backlog=True)
    story.add("lab", 30, "phase", name="the senders end")


def broken_names(findings: Findings) -> set[str]:
    """The promises that the checker calls broken."""
    return {promise.name for promise in findings.broken}


def evidence_of(findings: Findings, name: str) -> str:
    """All the evidence of one promise, in one text."""
    return "\n".join(line for promise in findings.promises if promise.name == name for line in promise.evidence)


def rows_between(rows: Iterable[Row], start: float, end: float) -> list[Row]:
    """Lines with `start <= t < end`, in seconds from the fault."""
    return [row for row in rows if at(start) <= row["t"] < at(end)]
