"""A planned move in which everything holds, as raw logs made in code, for tests to break one thing in.

The story, in seconds from the operator's request (two senders, five messages a second each):

    -10.0  epoch 1, wk1 holds                       0.6  packets follow to wk2, which answers from 0.8 on
      0.0  an operator asks that wk1 lets go        1.0  steady in epoch 2, and the request is answered
      0.4  epoch 2 is stored                       0.81  wk1 delivers what it had accepted last

wk1 runs on all the time. One message was acknowledged by wk1 and is delivered when wk2 serves already: it is handed over,
just before wk2 delivers the next one of its sender.
`there_and_back` goes on: at 10 s an operator asks that wk2 lets go in favour of home, and wk1 serves from 10.8 on.
"""

from typing import Any

from tests.lab.stories.failover import ALLOCATION, BOOTS, CARD, INSTANCE, IP, OLD, Row, Story, at

OVER, BACK = "eipassoc-02", "eipassoc-03"
HANDED_OVER = "adt-000050"
ASKED, ASKED_BACK = "op-1", "op-2"


def switchover() -> Story:
    """There."""
    story = Story("switchover")
    _before(story)
    _move(story, 0.0, "switchover", ("wk1", "wk2"), (OLD, OVER))
    _traffic(story, back=False)
    return _sorted(story)


def there_and_back() -> Story:
    """There, and home again."""
    story = Story("switchover")
    _before(story)
    _move(story, 0.0, "switchover", ("wk1", "wk2"), (OLD, OVER))
    _move(story, 10.0, "failback", ("wk2", "wk1"), (OVER, BACK))
    _traffic(story, back=True)
    return _sorted(story)


def _sorted(story: Story) -> Story:
    for log in story.logs:
        story.sort(log)
    return story


def record(story: Story, seconds: float, epoch: int, phase: str, holder: str, **more: Any) -> Row:
    """One version more of the record."""
    version = 1 + sum(row["event"] == "record" for row in story.logs.get("record", []))
    said = {"schema": 1, "site": "lab", "version": version, "epoch": epoch, "phase": phase, "holder": holder, **more}
    return story.add("record", seconds, "record", record=said)


def replies(*done: str) -> list[Row]:
    """What a record says of requests that were carried out."""
    return [{"id": each, "done": True, "why": "it holds"} for each in done]


def _before(story: Story) -> None:
    for name in ("wk1", "wk2"):
        story.add(f"worker-{name}", -20, "started", boot=BOOTS[name], backlog=0)
        story.add("cloud", -20, "instance", instance_id=INSTANCE[name], state="running", launched_at=at(-20))
    story.logs["receiver-repeats"] = []
    story.add("function-starts", -13, "start", function="arbiter", request_id="req-7", source="schedule", pid=202)
    record(story, -18, 1, "verifying", "wk1")
    _associated(story, -17.9, OLD, "wk1")
    record(story, -17, 1, "steady", "wk1")
    story.add("record", -12, "lease", owner="req-7", token=2)


def _associated(story: Story, seconds: float, association_id: str, worker: str) -> None:
    params = {"AllocationId": ALLOCATION, "NetworkInterfaceId": CARD[worker], "PrivateIpAddress": IP[worker]}
    params["AllowReassociation"] = "false"
    story.call(seconds, seconds + 0.04, "AssociateAddress", params, makes=association_id)
    made = {"allocation_id": ALLOCATION, "association_id": association_id, "instance_id": INSTANCE[worker]}
    story.add("cloud", seconds + 0.02, "association", **made, private_ip=IP[worker], carries_at=at(seconds + 0.1))
    story.add("public", seconds + 0.11, "carries", private_ip=IP[worker])


def _move(story: Story, begin: float, verb: str, workers: tuple[str, str], associations: tuple[str, str]) -> None:
    (old, new), (ended, made) = workers, associations
    epoch, known = (2, ()) if begin == 0 else (3, (ASKED,))
    story.add("lab", begin, "fault", fault=verb, worker=old)
    record(story, begin + 0.4, epoch, "fencing", new, replies=replies(*known))
    story.call(begin + 0.42, begin + 0.44, "DisassociateAddress", {"AssociationId": ended})
    nobody = dict.fromkeys(("association_id", "instance_id", "private_ip"))
    story.add("cloud", begin + 0.43, "association", allocation_id=ALLOCATION, carries_at=at(begin + 0.43), **nobody)
    story.add("public", begin + 0.44, "carries", private_ip=None)
    _associated(story, begin + 0.5, made, new)
    record(story, begin + 0.55, epoch, "verifying", new, replies=replies(*known))
    record(story, begin + 1.0, epoch, "steady", new, replies=replies(*known, ASKED if begin == 0 else ASKED_BACK))


def _traffic(story: Story, *, back: bool) -> None:
    """A message every 0.2 s, none while the address is on its way; a request of the HTTP client every 0.5 s."""
    for sender, shift in (("adt", 0.0), ("lab", 0.1)):
        story.add(f"sender-{sender}", -10.01, "connected")
        for seq in range(1, 151):
            seconds = -10 + (seq - 1) * 0.2 + shift
            worker = _serving_at(seconds, back=back)
            if worker:
                story.message(sender, seq, seconds, worker)
    for step in range(60):
        seconds = -10 + step * 0.5 + 0.01
        worker = _serving_at(seconds, back=back)
        if worker:
            story.add("http", seconds, "answer", worker=worker, boot=BOOTS[worker], seconds=0.01)
        else:
            story.add("http", seconds + 0.4, "failed", how="timeout")
    deliver_late(story, HANDED_OVER, 0.81)


def _serving_at(seconds: float, *, back: bool) -> str:
    if 0 <= seconds < 0.8 or (back and 10 <= seconds < 10.8):
        return ""
    return "wk2" if 0 < seconds < 10 or (seconds > 0 and not back) else "wk1"


def deliver_late(story: Story, control_id: str, seconds: float, *, boot: str = BOOTS["wk1"]) -> None:
    """wk1 delivers this message of its log not before then."""
    for log in ("receiver", "worker-wk1"):
        row = story.find(log, lambda row: row["event"] == "delivered" and row.get("key", ["", ""])[1] == control_id)
        row.update(t=at(seconds + (0.0 if log == "receiver" else 0.005)), boot=boot)
        story.sort(log)


def lay_in_its_socket(story: Story) -> None:
    """wk1 takes up a message when wk2 serves already that had been sent to it before; nobody reads its acknowledgement."""
    key = story.message("lab", 301, 1.2, "wk1")
    row = story.find("sender-lab", lambda row: row["event"] == "sent" and row["key"] == key)
    row["t"] = at(-0.01)
    story.logs["sender-lab"].remove(story.find("sender-lab", lambda row: row["event"] == "acked" and row["key"] == key))
    _sorted(story)


def accepted_late(story: Story) -> None:
    """wk1 takes a message when wk2 serves already, and delivers it."""
    story.message("lab", 301, 1.2, "wk1")
    _sorted(story)
