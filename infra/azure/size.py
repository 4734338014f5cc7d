"""How many of everything a site is made of: for its bill, and for the quotas of the subscription; makes no resource.

Counts what the layers create, before they do; a test compares the counts with what comes into being. List prices of East US
in dollars, remembered on 2026-11-29 and not looked up: good for the order of magnitude. Machines, disks, dedicated hosts,
traffic and logs depend on the user and are not in it. The largest line is the instances that always run: they cost by their
memory, so `functionMemoryMb: 512` makes a quarter of it.

No counterpart: `public_addresses` (there is one).
"""

from collections.abc import Mapping

from infra.azure.alarms import ALARMS, ASKED_EACH_S, ASKED_FROM
from infra.azure.arguments import PairArgs
from infra.azure.function import ALWAYS_READY, SCALE_GROUPS
from infra.azure.layout import Layout
from infra.config.keys import Front
from infra.pace import PACES, TIMER_S
from infra.price import HOURS, SECONDS
from infra.quotas import Usage, cores

READY_GB_SECOND = 0.000004
"""Flex Consumption, an instance that always runs."""
BUSY_GB_SECOND = 0.000016
"""The same, besides, while it executes."""
EXECUTION = 0.0000004
WRITE = 0.00000625
"""Of a blob in zone-redundant storage, hot."""
READ = 0.0000005
LOG_ALERT = 1.50
"""A rule on lines that is looked at every five minutes."""
LOG_ALERT_AT_ONCE = 3.00
"""The same, every minute."""
METRIC_ALERT = 0.10
QUESTION = 0.0006
"""One question of a standard test, from one place."""
ADDRESS_HOUR = 0.005
NAT_HOUR = 0.045
BALANCER_HOUR = 0.025
"""With its first five rules."""

BUSY_S = 1.0
"""Executed by a firing of the timer in which nothing is in doubt, guessed: a round lasts a fraction of a second."""


def cost(args: PairArgs, layout: Layout) -> Mapping[str, float]:
    """Dollars a month by what they are for, with `total`; rounded to cents."""
    firings = SECONDS / TIMER_S
    rounds_of_a_firing = max(1.0, TIMER_S / args["probe_interval_s"])
    busy_s = firings * min(TIMER_S, BUSY_S * rounds_of_a_firing)
    memory_gb = args["function_memory_mb"] / 1024
    ready_s = SECONDS * ALWAYS_READY * len(SCALE_GROUPS)
    questions = SECONDS / ASKED_EACH_S * len(ASKED_FROM)
    lines = {
        "function": memory_gb * (ready_s * READY_GB_SECOND + busy_s * BUSY_GB_SECOND) + firings * EXECUTION,
        "record": SECONDS / PACES[args["tier"]].lease_renew_s * (WRITE + READ),
        "alarms": len(ALARMS) * LOG_ALERT + LOG_ALERT_AT_ONCE + METRIC_ALERT,
        "question from outside": questions * QUESTION,
        "addresses": HOURS * ADDRESS_HOUR,
        "nat gateways": len(layout.nat_zones) * HOURS * (NAT_HOUR + ADDRESS_HOUR),
        "balancer": HOURS * BALANCER_HOUR if args["front"] is Front.BALANCER else 0.0,
    }
    return {name: round(dollars, 2) for name, dollars in {**lines, "total": sum(lines.values())}.items()}


def quota_needs(args: PairArgs, layout: Layout) -> Mapping[Usage, int]:
    """What the stack alone takes of the subscription's quotas; what it does not touch, or cannot be counted, is left out."""
    counted = {
        Usage.CORES: len(layout.workers) * cores(args["vm_size"]),
        Usage.ADDRESSES: 1 + len(layout.nat_zones),
        Usage.NETWORKS: 1,
        Usage.NAT_GATEWAYS: len(layout.nat_zones),
        Usage.BALANCERS: 1 if args["front"] is Front.BALANCER else 0,
    }
    return {usage: need for usage, need in counted.items() if need}
