"""`python -m bench.fleet_run arbiter SITES SECONDS FAILING [--at-once]`: one run of a fleet on one CPU, told as JSON.

A process of its own for each run, so that its memory and its CPU time are the run's. Real: the fleet, its cycles, the rule,
the adapters of EC2 and Lambda with their SDK. In place of the account: `bench.account`.
"""

import argparse
import contextlib
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from bench.account import Account, StoreInMemory, Table, settings_of
from failover_lambda.aws.cloud import LiveCloud
from failover_lambda.aws.many import LiveSharedCloud, LiveSharedProbers
from failover_lambda.contract import Channel, Settings
from failover_lambda.fleet import Fleet, FleetPorts, Pace, Pools, SitePorts
from failover_lambda.leadership import Leadership, lead
from failover_lambda.machine import peak_mb
from failover_lambda.model import Notice, Vitals
from failover_lambda.public import LivePublicPath
from failover_lambda.shared import InTurn, Turn
from failover_lambda.sites import FleetSettings, Listed

CALM_S = 5.0
"""What is measured at rest begins when no tick was late for so long."""

CALM_MOST_S = 120.0
"""A fleet that is never so calm is measured all the same, after this time."""

SWITCH_S = 0.001
"""As `aws.fleet_arbiter`, which cannot be imported without the function's environment."""

DESCRIPTORS = Path("/proc/self/fd")

FAILING_S = 90.0
"""The longest that moves may take."""


class Clock:
    """The machine's."""

    def now_s(self) -> float:
        """Wall clock."""
        return time.time()

    def monotonic_s(self) -> float:
        """Monotonic."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(max(0.0, seconds))


@dataclass
class Lines:
    """The port `Reporter`: counts lines, as they would be written, and what they weigh."""

    lines: Counter[str] = field(default_factory=Counter[str])
    bytes: int = 0
    failed: Counter[str] = field(default_factory=Counter[str])
    paces: list[Pace] = field(default_factory=list[Pace])
    """What the fleet told of its ticks, once a minute; then it counts anew."""

    def event(self, name: str, fields: Any) -> None:
        """One line."""
        self.lines[name] += 1
        self.bytes += len(json.dumps(fields, default=str))
        for fault in fields.get("faults", ()):
            self.failed[str(fault)[:60]] += 1
        if name == "pace":
            self.paces.append(Pace(ticks=fields["ticks"], late=fields["late"], latest_s=fields["latest_s"]))

    def vitals(self, vitals: Vitals) -> None:
        """One line."""
        self.lines["vitals, heartbeat" if vitals.heartbeat else "vitals, none"] += 1

    def tell(self, notice: Notice, channel: Channel) -> None:
        """To nobody."""
        self.lines[f"tell {channel.value} {notice.what}"] += 1


@dataclass(frozen=True)
class ListOfAll:
    """The port `Sites`."""

    sites: Sequence[Settings]

    def list(self) -> Sequence[Listed]:
        """All, at once."""
        return [Listed(site=settings.site, settings=settings) for settings in self.sites]


def at_once() -> None:
    """From now on every record is written whenever it is there to write."""
    mock.patch.object(Turn, "of_record", return_value=contextlib.nullcontext()).start()
    mock.patch.object(Turn, "of_renewal", return_value=contextlib.nullcontext()).start()


def _waited_s() -> float:
    """How long the threads of this process could have run, and others had the core (proc(5), schedstat)."""
    tasks = Path("/proc/self/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[1]) for task in tasks if task.exists()) / 1e9


class Run:
    """One fleet that leads in a thread of its own."""

    def __init__(self, sites: int) -> None:
        self.settings = [settings_of(number) for number in range(sites)]
        self.account, self.table, self.lines = Account(self.settings), Table(), Lines()
        ec2, functions = self.account.clients()
        clock = Clock()
        turn = Turn()
        store = InTurn(StoreInMemory(self.table, ""), turn)

        def of(settings: Settings) -> SitePorts:
            return SitePorts(
                cloud=LiveCloud(settings, ec2),
                public=LivePublicPath(settings),
                store=StoreInMemory(self.table, settings.site),
                reporter=self.lines,
            )

        ports = FleetPorts(
            clock=clock,
            sites=ListOfAll(self.settings),
            store=store,
            probers=LiveSharedProbers(functions),
            cloud=LiveSharedCloud(ec2),
            reporter=self.lines,
            of=of,
            turn=turn,
        )
        eyes, ticks, calls = (ThreadPoolExecutor(max_workers=most) for most in (128, 256, 64))
        self.fleet = Fleet(ports, Pools(eyes=eyes, ticks=ticks, calls=calls))
        self.led = 0

        def leads() -> None:
            terms = FleetSettings(record_table="record", shard="0", shards=1)
            while True:  # one that lost its lease, because it was too slow, is followed by another one
                self.led += 1
                lead(self.fleet, Leadership(f"bench-{self.led}", terms, store, clock), clock, self.lines, life_s=600.0)

        threading.Thread(target=leads, daemon=True).start()

    def _count_anew(self) -> None:
        self.lines.paces.clear()
        self.fleet.pace = Pace()

    def _paced(self) -> Pace:
        """How ticks kept their time since it was counted anew."""
        every = [*self.lines.paces, self.fleet.pace]
        return Pace(
            ticks=sum(each.ticks for each in every),
            late=sum(each.late for each in every),
            latest_s=max(each.latest_s for each in every),
        )

    def steady(self, seconds: float) -> dict[str, Any]:
        """What it costs to watch sites that are well."""
        calls, table, own_s = Counter(self.account.calls), Counter(self.table.calls), self.account.own_s
        self._count_anew()
        cpu_s, waited_s, began_s = time.process_time(), _waited_s(), time.monotonic()
        threads = sockets = 0
        while time.monotonic() < began_s + seconds:
            time.sleep(0.5)
            threads = max(threads, threading.active_count())
            sockets = max(sockets, sum(1 for _ in DESCRIPTORS.iterdir()))
        took_s = time.monotonic() - began_s
        stand_ins_s = self.account.own_s - own_s
        pace = self._paced()
        return {
            "seconds": took_s,
            "cpu": (time.process_time() - cpu_s - stand_ins_s) / took_s,
            "waited_for_the_core": max(0.0, _waited_s() - waited_s) / took_s,
            "cpu_of_stand_ins": stand_ins_s / took_s,
            "ticks_a_second": pace.ticks / took_s,
            "late": pace.late,
            "latest_s": pace.latest_s,
            "threads": threads,
            "descriptors": sockets,
            "peak_mb": peak_mb(),
            "calls_a_minute": _a_minute((self.account.calls - calls) + (self.table.calls - table), took_s),
            "throttled": dict(self.account.throttled),
        }

    def wait_until_well(self) -> float:
        """Until every address is on its first worker and nothing moves; how long that took."""
        began_s = time.monotonic()
        while time.monotonic() < began_s + 150:
            time.sleep(0.5)
            on_home = sum(each.on == each.settings.home.network_interface_id for each in self.account.addresses.values())
            known = len(self.table.records) == len(self.fleet.members) == len(self.settings)
            if on_home == len(self.settings) and known and not self.fleet.in_motion:
                return time.monotonic() - began_s
        raise RuntimeError(f"never settled: {self.lines.failed.most_common(5)} {self.lines.lines}")

    def wait_until_calm(self) -> float:
        """Until what joining has left behind is worked off: the watch is measured, not the first minute of its life."""
        began_s = time.monotonic()
        while True:
            self._count_anew()
            time.sleep(CALM_S)
            took_s = time.monotonic() - began_s
            if not self._paced().late or took_s >= CALM_MOST_S:
                return took_s

    def failing(self, sites: int) -> dict[str, Any]:
        """The home workers of so many sites of one zone fail in one moment, and the zone's prober with them."""
        zone = self.settings[0].home.zone
        struck = [settings for settings in self.settings if settings.home.zone == zone][:sites]
        calls, conflicts = Counter(self.account.calls), Counter(self.table.conflicts)
        throttled, saved = Counter(self.account.throttled), self.table.calls["TransactWriteItems"]
        self._count_anew()
        own_s, cpu_s = self.account.own_s, time.process_time()
        struck_s = time.monotonic()
        self.account.deaf.add(f"prober-{zone}")
        for settings in struck:
            self.account.machines[settings.home.instance_id].fails = True
        wanted = {each.address_id: each.workers[1].network_interface_id for each in struck}
        while time.monotonic() < struck_s + FAILING_S:
            time.sleep(0.1)
            if all(self.account.addresses[each].on == card for each, card in wanted.items()):
                break
        took_s = time.monotonic() - struck_s
        moved = sorted(
            self.account.addresses[each].moved_s - struck_s
            for each, card in wanted.items()
            if self.account.addresses[each].on == card
        )
        others = [each for each in self.settings if each not in struck]
        strayed = [
            each.site for each in others if self.account.addresses[each.address_id].on != each.home.network_interface_id
        ]
        return {
            "struck": len(struck),
            "moved": len(moved),
            "others_moved": len(strayed),
            "first_s": moved[0] if moved else None,
            "median_s": moved[len(moved) // 2] if moved else None,
            "last_s": moved[-1] if len(moved) == len(struck) else None,
            "conflicts": dict(self.table.conflicts - conflicts),
            "writes": self.table.calls["TransactWriteItems"] - saved,
            "throttled": dict(self.account.throttled - throttled),
            "calls": dict(self.account.calls - calls),
            "late": self._paced().late,
            "latest_s": self._paced().latest_s,
            "cpu": (time.process_time() - cpu_s - (self.account.own_s - own_s)) / took_s,
            "peak_mb": peak_mb(),
        }


def _a_minute(calls: Counter[str], seconds: float) -> dict[str, float]:
    return {name: round(count / seconds * 60, 1) for name, count in sorted(calls.items())}


def main() -> int:
    """One run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sites", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("failing", type=int)
    parser.add_argument("--at-once", action="store_true", help="records are not written in turn")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {0})
    sys.setswitchinterval(SWITCH_S)
    run = Run(arguments.sites)
    settled_s = run.wait_until_well()
    told: dict[str, Any] = {"sites": arguments.sites, "settled_s": settled_s, "calm_after_s": run.wait_until_calm()}
    if arguments.seconds:
        told["steady"] = run.steady(arguments.seconds)
    if arguments.at_once:
        at_once()
    if arguments.failing:
        told["failing"] = run.failing(arguments.failing)
    told["leases_lost"] = run.led - 1
    told["faults"] = run.lines.failed.most_common(8)
    told["log"] = {"lines": dict(run.lines.lines), "bytes": run.lines.bytes}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    os._exit(0)  # threads that hang are not waited for


if __name__ == "__main__":
    sys.exit(main())
