"""One story: the real cycle, lease and adapters of one site, over HTTP, with faults; and everything there is to judge it by.

`play` lets arbiters lead one after the other in virtual time, kills the holder (or does not), ends when the emulators show
that everything is done or time is up, and collects `Evidence`: the emulators' own logs and state, never what the watchdog
remembers.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any
from unittest.mock import patch

from failover_lambda.aws.cloud import LiveCloud
from failover_lambda.aws.probers import LiveProbers
from failover_lambda.aws.report import LiveReporter
from failover_lambda.aws.state import LiveStore
from failover_lambda.contract import RECORD_KEY, Settings, record_key
from failover_lambda.cycle import Cycle, Ports
from failover_lambda.leadership import Leadership, lead
from failover_lambda.model import Answer, Vitals
from failover_lambda.ports import Cloud, Probers, RecordStore
from lab.api_faults import Fault
from tests.fakes import NoPublicPath
from tests.matrix.calls import Call, Calls, for_the_proxy
from tests.matrix.stage import READ_TIMEOUT_S, WATCHDOG_KEY, Stage
from tests.matrix.virtual import START_S, Toll, VirtualClock, VirtualExecutor, in_virtual_time

KILL_S = 6.0
"""Virtual seconds from the beginning to the holder's death: one steady read of the cloud and some renewals lie before it."""
STEADY_S = 12.0
"""How long a story without a death lasts."""
AFTER_S = 5.5
"""How long a story goes on after its end, so that what comes late is seen: more than one steady read of the cloud."""
LONG_AFTER_S = 65.0
"""The same where a fence call was hit."""
DEADLINE_S = 300.0
"""By then every story must have ended."""
LIFE_S = 150.0
NEXT_ARBITER_S = 1.0
"""From the end of one arbiter to the next one's beginning."""
LATE_S = 2.5
"""Virtual seconds after which a call that was answered late has been applied: just after its caller gave up."""
_LATE_REAL_S = READ_TIMEOUT_S + 0.45
"""Real seconds after which the front has surely passed it on."""


class Plot(Enum):
    """What happens to the workers."""

    FAILOVER = "failover"
    """The holder's service dies; its machine runs."""
    STEADY = "steady"
    """Nothing."""


@dataclass(frozen=True)
class Variant:
    """Which parts are the watchdog's; tests replace one by a broken one."""

    cloud: Callable[[Settings, Any], Cloud] = LiveCloud
    probers: Callable[[Settings, Any], Probers] = LiveProbers
    store: Callable[[Settings, Any], RecordStore] = LiveStore
    cycle: type[Cycle] = Cycle


class _OverError(BaseException):
    """The story has ended; leaves whatever sleeps."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the emulators tell of one story."""

    plot: Plot
    faults: tuple[Fault, ...]
    settings: Settings
    calls: tuple[Call, ...]
    """As the watchdog's clients sent them."""
    gate: tuple[Mapping[str, Any], ...]
    """EC2's calls by the watchdog, in order of arrival."""
    associations: tuple[str, ...]
    """Whose the address became, one entry per change that the watchdog made; "" = nobody."""
    records: tuple[Mapping[str, Any], ...]
    """Every version of the record, from the table's stream."""
    notices: tuple[Mapping[str, str], ...]
    """What people were told, in order."""
    holder_now: str
    association_now: str
    states: Mapping[str, str]
    groups: Mapping[str, frozenset[str]]
    unfired: tuple[Fault, ...]
    killed_t: float
    """Monotonic clock; 0 = nobody was killed."""
    killed_records: int
    """How many versions of the record there were then."""
    arbiters: int
    ended: bool
    crash: str
    virtual_s: float
    seconds: float

    @property
    def disturbed(self) -> tuple[Call, ...]:
        """Calls that had no answer although nothing was injected."""
        return tuple(call for call in self.calls if call.error and call.fault is None)


class StoryReporter(LiveReporter):
    """Tells people for real; keeps the reasons of the ticks, and prints nothing."""

    def __init__(self, settings: Settings, sns: Any, clock: VirtualClock) -> None:
        super().__init__(settings, sns)
        self.reasons: list[str] = []
        self._clock = clock

    def event(self, name: str, fields: Mapping[str, object]) -> None:
        text = fields.get("reason") or fields.get("owner") or ""
        self.reasons.append(f"{self._clock.time_s - START_S:6.1f} {name} {fields.get('phase', '')} {text}")

    def vitals(self, vitals: Vitals) -> None:
        del vitals


@dataclass
class Story:
    """One run. Make it, `play` it once."""

    stage: Stage
    plot: Plot
    faults: Sequence[Fault] = ()
    variant: Variant = field(default_factory=Variant)
    reasons: list[str] = field(default_factory=list[str])
    """What the watchdog said at each tick, for people who look into a failure."""

    def play(self) -> Evidence:
        """Run it, and collect the evidence."""
        started_s = time.monotonic()
        stage = self.stage
        self.site = stage.new_site()
        self.clock = VirtualClock()
        self.toll = Toll(self.clock)
        self.over_s: float | None = None
        self.killed_t, self.killed_records, self.late_until = 0.0, 0, 0.0
        calls = Calls(self.faults, stage.nowhere, self.toll, self.clock.now_s, self._on_late)
        offsets = {log: log.stat().st_size for log in (stage.gate_log, stage.cloud_log)}
        stage.faults.put(for_the_proxy(self.faults))
        stage.wires.calls = calls
        try:
            arbiters, crash = self._run()
        finally:
            stage.faults.clear()
            stage.wires.calls = None
        time.sleep(max(0.0, self.late_until - time.monotonic()))
        evidence = self._collect(calls, offsets, arbiters, crash, started_s)
        stage.forget(self.site)
        return evidence

    # The run

    def _run(self) -> tuple[int, str]:
        clock = self.clock
        if self.plot is Plot.FAILOVER:
            clock.at(START_S + KILL_S, self._kill)
        clock.at(START_S + (KILL_S if self.plot is Plot.FAILOVER else STEADY_S), self._look)
        clock.before_waking = self._leave_if_over
        arbiters = 0
        with in_virtual_time(clock), patch("failover_lambda.lines.put"):  # a story prints nothing
            try:
                while True:
                    arbiters += 1
                    self._lead(f"arbiter-{arbiters}")
                    clock.sleep(NEXT_ARBITER_S)
            except _OverError:
                return arbiters, ""
            except Exception as exc:  # noqa: BLE001 - a crash of the watchdog is a finding, not an error of the test
                return arbiters, f"{type(exc).__name__}: {exc}"

    def _lead(self, owner: str) -> None:
        site, wires, clock = self.site, self.stage.wires, self.clock
        executor = VirtualExecutor(clock, self.toll)
        reporter = StoryReporter(site.settings, wires.sns, clock)
        reporter.reasons = self.reasons
        ports = Ports(
            clock=clock,
            probers=self.variant.probers(site.settings, wires.functions),
            public=NoPublicPath(),
            cloud=self.variant.cloud(site.settings, wires.ec2),
            store=self.variant.store(site.settings, wires.dynamodb),
            reporter=reporter,
        )
        leadership = Leadership(owner, site.settings, ports.store, clock, executor)
        why = lead(self.variant.cycle(site.settings, ports, executor), leadership, clock, reporter, life_s=LIFE_S)
        self.reasons.append(f"{clock.time_s - START_S:6.1f} {owner} ended: {why}")

    def _kill(self) -> None:
        """Once the holder has answered: before that its silence would count for nothing (RULE 1.7)."""
        record = self._stored()
        if record is None or record["grace_until_s"] is not None:
            self.clock.at(self.clock.time_s + 1.0, self._kill)
            return
        self.killed_t = time.monotonic()
        self.killed_records = len(self._record_images())
        self.stage.vantages.answers[self.site.settings.site] = {"wk1": Answer.TIMEOUT, "wk2": Answer.HEALTHY}

    def _on_late(self) -> None:
        lands_t = time.monotonic() + _LATE_REAL_S
        self.late_until = max(self.late_until, lands_t)
        self.clock.at(self.clock.time_s + LATE_S, lambda: time.sleep(max(0.0, lands_t - time.monotonic())))

    def _look(self) -> None:
        """Once a virtual second: has it ended?"""
        if self._is_done():
            self.over_s = self.clock.time_s + self._after_s()
            return
        if self.clock.time_s - START_S > DEADLINE_S:
            self.over_s = self.clock.time_s
            return
        self.clock.at(self.clock.time_s + 1.0, self._look)

    def _after_s(self) -> float:
        """Longer where a fence call was hit: what is refused for a minute is told (RULE 6.4)."""
        fencing = any(fault.action in ("ModifyNetworkInterfaceAttribute", "StopInstances") for fault in self.faults)
        return LONG_AFTER_S if fencing else AFTER_S

    def _leave_if_over(self) -> None:
        if self.over_s is not None and self.clock.time_s >= self.over_s:
            raise _OverError

    def _is_done(self) -> bool:
        record = self._stored()
        if record is None or record["phase"] != "steady" or record["outbox"]:
            return False
        if self.plot is Plot.STEADY:
            return True
        if record["holder"] != "wk2":
            return False
        if any(_is_in_flight(fence) for fence in record["fences"]):
            return False
        states, groups = self._machines()
        home = self.site.settings.home
        return states["wk1"] == "stopped" and groups["wk1"] == frozenset(home.group_ids)

    # What the emulators tell

    def _stored(self) -> Mapping[str, Any] | None:
        settings = self.site.settings
        key = {RECORD_KEY: {"S": record_key(settings.site)}}
        item = self.stage.dynamodb.get_item(TableName=settings.record_table, Key=key).get("Item")
        return json.loads(item["document"]["S"]) if item else None

    def _record_images(self) -> list[Mapping[str, Any]]:
        streams, arn = self.stage.streams, self.site.stream_arn
        (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
            "ShardIterator"
        ]
        images: list[Mapping[str, Any]] = []
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            if not page["Records"]:
                break
            images += [event["dynamodb"]["NewImage"] for event in page["Records"]]
            iterator = page.get("NextShardIterator")
        return [json.loads(image["document"]["S"]) for image in images if "document" in image]

    def _machines(self) -> tuple[dict[str, str], dict[str, frozenset[str]]]:
        names = {worker.instance_id: worker.name for worker in self.site.settings.workers}
        answer = self.stage.ec2.describe_instances(InstanceIds=list(names))
        shown = [instance for group in answer["Reservations"] for instance in group["Instances"]]
        states = {names[instance["InstanceId"]]: instance["State"]["Name"] for instance in shown}
        groups = {
            names[instance["InstanceId"]]: frozenset(group["GroupId"] for group in instance["SecurityGroups"])
            for instance in shown
        }
        return states, groups

    def _collect(self, calls: Calls, offsets: Mapping[Path, int], arbiters: int, crash: str, started_s: float) -> Evidence:
        stage, settings = self.stage, self.site.settings
        names = {worker.instance_id: worker.name for worker in settings.workers}
        (address,) = stage.ec2.describe_addresses(AllocationIds=[settings.address_id])["Addresses"]
        states, groups = self._machines()
        gate = [line for line in _lines(stage.gate_log, offsets[stage.gate_log]) if line["caller"] == WATCHDOG_KEY]
        moved = [
            names.get(line["instance_id"] or "", line["instance_id"] or "")
            for line in _lines(stage.cloud_log, offsets[stage.cloud_log])
            if line["event"] == "association" and line["allocation_id"] == settings.address_id
        ]
        fired = {str(fault) for fault, _ in stage.faults.fired()}
        fired |= {str(call.fault) for call in calls.made if call.fault and not call.fault.kind.by_rule}
        proxied = {str(fault): str(shifted) for fault, shifted in _pairs(self.faults)}
        return Evidence(
            plot=self.plot,
            faults=tuple(self.faults),
            settings=settings,
            calls=tuple(calls.made),
            gate=tuple(gate),
            associations=tuple(moved),
            records=tuple(self._record_images()),
            notices=tuple(_notices(stage.sqs, self.site.queue_url)),
            holder_now=names.get(address.get("InstanceId", ""), ""),
            association_now=address.get("AssociationId", ""),
            states=states,
            groups=groups,
            unfired=tuple(fault for fault in self.faults if proxied.get(str(fault), str(fault)) not in fired),
            killed_t=self.killed_t,
            killed_records=self.killed_records,
            arbiters=arbiters,
            ended=self.clock.time_s - START_S <= DEADLINE_S,
            crash=crash,
            virtual_s=self.clock.time_s - START_S,
            seconds=time.monotonic() - started_s,
        )


def _is_in_flight(fence: Mapping[str, Any]) -> bool:
    """Nothing is known of the last isolation, so it is asked again; a stop is proven by the machine."""
    return not (fence["isolate"].get("answered") or fence["isolate"].get("refused"))


def _pairs(faults: Sequence[Fault]) -> list[tuple[Fault, Fault]]:
    by_rule = [fault for fault in faults if fault.kind.by_rule]
    return list(zip(by_rule, for_the_proxy(faults), strict=True))


def _lines(log: Path, offset: int) -> list[dict[str, Any]]:
    with log.open("rb") as file:
        file.seek(offset)
        return [json.loads(line) for line in file]


def _notices(sqs: Any, queue_url: str) -> list[dict[str, str]]:
    """Everything in the queue, as the facts of its lines."""
    told: list[dict[str, str]] = []
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=60).get("Messages"):
        told += [_facts(message["Body"]) for message in messages]
    return told


def _facts(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): fact.strip() for name, _, fact in pairs}
