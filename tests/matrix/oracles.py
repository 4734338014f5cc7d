"""What must be true of a story, whatever went wrong in it: docs/RULE.md, read from the emulators and not from the watchdog.

Each oracle takes the `Evidence` of one story and gives sentences about what is wrong; none of them knows the rule's code.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from lab.api_faults import Kind
from tests.matrix.calls import Call
from tests.matrix.story import KILL_S, START_S, Evidence, Plot

READ_BACK = {
    "AssociateAddress": "DescribeAddresses",
    "DisassociateAddress": "DescribeAddresses",
    "ModifyNetworkInterfaceAttribute": "DescribeInstances",
    "StopInstances": "DescribeInstances",
    "StartInstances": "DescribeInstances",
}
"""Call of EC2 that changes something, and the one that shows its effect."""

_ANSWERED_NO = (Kind.THROTTLED, Kind.DENIED)
"""Kinds after which the caller knows what happened: nothing."""

_EXPECTED = {Plot.FAILOVER: {"adopted", "failover"}, Plot.STEADY: {"adopted"}}
_DENIED = "denied"
_TROUBLE = {"move-overdue", "fence-unproven"}
"""What people may be told besides, where more than one call was hit."""

Oracle = Callable[[Evidence], Iterator[str]]


def judge(evidence: Evidence) -> list[str]:
    """Everything that is wrong; empty = the story ended as docs/RULE.md says."""
    return [f"{oracle.__name__}: {wrong}" for oracle in ORACLES for wrong in oracle(evidence)]


def every_fault_fired(evidence: Evidence) -> Iterator[str]:
    """A fault that met no call proves nothing."""
    yield from (f"{fault} met no call" for fault in evidence.unfired)


def it_ended(evidence: Evidence) -> Iterator[str]:
    """The watchdog neither crashed nor went on for ever."""
    if evidence.crash:
        yield f"the arbiter raised {evidence.crash}"
    elif not evidence.ended:
        yield f"not done after {evidence.virtual_s:.0f} s of virtual time"


def epochs_only_grow(evidence: Evidence) -> Iterator[str]:
    """RULE 1.5, 2.5: versions follow each other, epochs do not fall, and each has one holder."""
    holders: dict[int, str] = {}
    for before, after in zip(evidence.records, evidence.records[1:], strict=False):
        if after["version"] != before["version"] + 1:
            yield f"version {after['version']} was written after {before['version']}"
        if after["epoch"] not in (before["epoch"], before["epoch"] + 1):
            yield f"epoch {after['epoch']} was written after {before['epoch']}"
    for record in evidence.records:
        first = holders.setdefault(record["epoch"], record["holder"])
        if first != record["holder"]:
            yield f"epoch {record['epoch']} has the holders {first} and {record['holder']}"


def nothing_moves_before_a_death(evidence: Evidence) -> Iterator[str]:
    """RULE 3.2: an error of the API says nothing of a worker."""
    until_t = evidence.killed_t or float("inf")
    for call in evidence.gate:
        if call["action"] in READ_BACK and call["t_in"] < until_t:
            yield f"{call['action']} was sent although every worker answered"
    records = evidence.records[: evidence.killed_records] if evidence.killed_t else evidence.records
    for record in records:
        if (record["epoch"], record["holder"], record["phase"]) != (1, "wk1", "steady"):
            where = f"{record['phase']} with {record['holder']} in epoch {record['epoch']}"
            yield f"the record went to {where} before anybody died"


def one_worker_at_a_time(evidence: Evidence) -> Iterator[str]:
    """RULE 5.3, 5.9, 6.1: the address is taken from its holder before it is given, once, and never back to a dead one."""
    wanted = ("", "wk2") if evidence.plot is Plot.FAILOVER else ()
    if evidence.associations != wanted:
        path = [name or "nobody" for name in evidence.associations]
        yield f"the address went to {path}, and should have gone to {[name or 'nobody' for name in wanted]}"
    for call in evidence.gate:
        if call["action"] == "AssociateAddress" and call["params"].get("AllowReassociation") != "false":
            yield "AssociateAddress was sent with leave to take the address from somebody"


def one_lost_call_costs_no_deadline(evidence: Evidence) -> Iterator[str]:
    """RULE 5.6, 5.8: after one bad answer the move goes on from the next read, not from its deadline."""
    once = sum(fault.times or 0 for fault in evidence.faults) <= 1
    if evidence.plot is not Plot.FAILOVER or not once:
        return
    sent = [call.virtual_s for call in evidence.calls if call.action == "AssociateAddress"]
    took_s = max(sent, default=float("inf")) - START_S - KILL_S
    if took_s > evidence.settings.move_deadline_s / 2:
        yield f"the address was put on wk2 {took_s:.1f} s of virtual time after the death, for one bad answer"


def only_the_dead_are_fenced(evidence: Evidence) -> Iterator[str]:
    """RULE 6.3: no isolation or stop reaches the new holder."""
    new = evidence.settings.worker("wk2")
    for call in evidence.gate:
        hit = {new.instance_id, new.network_interface_id} & set(call["params"].values())
        if call["action"] in ("StopInstances", "ModifyNetworkInterfaceAttribute") and hit:
            yield f"{call['action']} was sent against wk2"
    if evidence.states["wk2"] != "running" or evidence.groups["wk2"] != frozenset(new.group_ids):
        yield f"wk2 is {evidence.states['wk2']} in groups {sorted(evidence.groups['wk2'])} at the end"


def it_ends_steady(evidence: Evidence) -> Iterator[str]:
    """RULE 1.1 to 1.4: record, association and fence say the same in the end, and it is the living worker."""
    if not evidence.records:
        yield "there is no record"
        return
    record, holder = evidence.records[-1], "wk2" if evidence.plot is Plot.FAILOVER else "wk1"
    if (record["phase"], record["holder"], evidence.holder_now) != ("steady", holder, holder):
        now = evidence.holder_now or "nobody"
        yield f"the record is {record['phase']} with {record['holder']}, the address is on {now}; {holder} lives"
    if record["association_id"] != evidence.association_now:
        yield f"the record knows {record['association_id']}, the cloud has {evidence.association_now}"
    if evidence.plot is Plot.FAILOVER:
        yield from _fenced(evidence, record)
    elif evidence.states["wk1"] != "running":
        yield f"wk1 is {evidence.states['wk1']} although nothing was wrong"


def _fenced(evidence: Evidence, record: Mapping[str, Any]) -> Iterator[str]:
    """The dead one is stopped with its own groups back, or the record says what is owed."""
    home = evidence.settings.home
    stopped = evidence.states["wk1"] == "stopped" and evidence.groups["wk1"] == frozenset(home.group_ids)
    debts = [fence for fence in record["fences"] if fence["worker"] == "wk1"]
    if not stopped and not any(_is_owed(fence) for fence in debts):
        yield f"wk1 is {evidence.states['wk1']} in groups {sorted(evidence.groups['wk1'])}, and nothing is said to be owed"
    if not debts:
        yield "nothing in the record says that wk1 was fenced"


def _is_owed(fence: Mapping[str, Any]) -> bool:
    debts = (fence["isolate"], fence["stop"], fence.get("restore"))
    return any(debt and not debt.get("answered") for debt in debts)


def promises_are_kept(evidence: Evidence) -> Iterator[str]:
    """RULE 7.1: every notice that was stored leaves at least once, and says the same whenever it does."""
    told: dict[str, Mapping[str, str]] = {}
    for notice in evidence.notices:
        first = told.setdefault(notice["notice"], notice)
        if first != notice:
            yield f"notice {notice['notice']} was told twice, and differently"
    promised = {notice["id"]: notice["what"] for record in evidence.records for notice in record["outbox"]}
    yield from (f"notice {name} ({what}) was stored and never told" for name, what in promised.items() if name not in told)
    yield from (f"notice {name} was told and never stored" for name in told if name not in promised)


def people_learn_what_happened(evidence: Evidence) -> Iterator[str]:
    """RULE 7.1: the move is told once, and nothing is told that did not happen."""
    kinds = sorted(promised["what"] for promised in _promised(evidence).values())
    for what in _EXPECTED[evidence.plot]:
        if kinds.count(what) != 1:
            yield f"{what!r} was promised {kinds.count(what)} times"
    one_call = sum(fault.times or 0 for fault in evidence.faults) == 1
    allowed = _EXPECTED[evidence.plot] | {_DENIED} | (set[str]() if one_call else _TROUBLE)
    strange = {what for what in kinds if what not in allowed}
    if strange:
        yield f"people were told of {', '.join(sorted(strange))}"
    if not evidence.faults and set(kinds) != _EXPECTED[evidence.plot]:
        yield f"without a fault people were told {kinds}"


def a_denial_is_told_once(evidence: Evidence) -> Iterator[str]:
    """RULE 7.4: what is not permitted is told once, and again only after it was permitted in between; nothing else is."""
    denied = [call for call in evidence.calls if call.fault and call.fault.kind is Kind.DENIED and call.service in _TOLD]
    told = [name for notice in _promised(evidence).values() if notice["what"] == _DENIED for name in _names_in(notice)]
    for name in sorted(set(told)):
        begun = denials_begun(evidence.calls, name)
        if told.count(name) > begun:
            yield f"{name!r} was told as denied {told.count(name)} times, and was denied anew {begun} times"
    for call in denied if _can_be_stored(evidence) else ():
        if _had_a_record(evidence, call) and not any(name.startswith(NAMES[call.action]) for name in told):
            yield f"{call.name} was denied, and nobody was told"


def denials_begun(made: Sequence[Call], name: str) -> int:
    """How often what has that name was denied after it was permitted, or for the first time."""
    calls = [call for call in made if call.action in NAMES and name.startswith(NAMES[call.action])]
    denied = [call.fault is not None and call.fault.kind is Kind.DENIED for call in calls]
    return sum(now and not before for before, now in pairwise([False, *denied]))


NAMES = {
    "DescribeAddresses": ("read the address",),
    "DescribeInstances": ("read the machines",),
    "DescribeInstanceStatus": ("read what the platform announces",),
    "Invoke": ("ask ",),
    "AssociateAddress": ("associate ",),
    "DisassociateAddress": ("disassociate ",),
    "ModifyNetworkInterfaceAttribute": ("isolate ", "restore "),
    "StopInstances": ("stop ",),
}
"""How the words begin that people read when a call is denied."""

_TOLD = ("ec2", "lambda")
"""Services of which a denial can be written down and told; without the table or the topic nobody can be told."""


def _names_in(notice: Mapping[str, Any]) -> list[str]:
    """What the notice says that the role may not do."""
    return str(notice["why"]).partition("role ")[2].partition(";")[0].split(", ")


def _can_be_stored(evidence: Evidence) -> bool:
    """A denial that comes once, while nothing can be written, is not known afterwards."""
    return not any(fault.service == "dynamodb" for fault in evidence.faults)


def _had_a_record(evidence: Evidence, denied: Call) -> bool:
    """Before a site's first record there is nowhere to write a denial: the deployment that waits for it says so."""
    written = next((call.sent_t for call in evidence.calls if call.action == "TransactWriteItems"), None)
    return written is not None and denied.sent_t > written


def _promised(evidence: Evidence) -> dict[str, Mapping[str, Any]]:
    return {notice["id"]: notice for record in evidence.records for notice in record["outbox"]}


def it_reads_before_it_repeats(evidence: Evidence) -> Iterator[str]:
    """RULE 5.8: between a call whose answer was lost and its repetition lies a read of what it was to change."""
    for at, call in enumerate(evidence.calls):
        unknown = call.fault is not None and call.fault.kind not in _ANSWERED_NO
        if call.action not in READ_BACK or not unknown:
            continue
        repeated = next((later for later in evidence.calls[at + 1 :] if later.action == call.action), None)
        if repeated and not any(_is_read(evidence, call, read, repeated) for read in evidence.calls):
            yield f"{call.name} was lost and repeated without a {READ_BACK[call.action]} between"


def _is_read(evidence: Evidence, lost: Call, read: Call, repeated: Call) -> bool:
    between = lost.sent_t < read.sent_t < repeated.sent_t and read.action == READ_BACK[lost.action]
    return between and read.fault is None and not read.error and _reached_the_cloud(evidence, read)


def _reached_the_cloud(evidence: Evidence, read: Call) -> bool:
    return any(
        line["action"] == read.action and line["status"] == 200 and 0 <= line["t_in"] - read.sent_t < 1.0
        for line in evidence.gate
    )


ORACLES: tuple[Oracle, ...] = (
    every_fault_fired,
    it_ended,
    epochs_only_grow,
    nothing_moves_before_a_death,
    one_worker_at_a_time,
    one_lost_call_costs_no_deadline,
    only_the_dead_are_fenced,
    it_ends_steady,
    promises_are_kept,
    people_learn_what_happened,
    a_denial_is_told_once,
    it_reads_before_it_repeats,
)
