"""What the watchdog costs a month, roughly; pure. It is an output of the stack, so that nobody has to ask.

List prices of us-east-1 in dollars, remembered on 2026-11-21 and not looked up: good for the order of magnitude. Workers,
disks, traffic and logs depend on the user and are not in it; flow logs least of all: they grow with the number of flows, at
about 0.50 dollars for each GB taken in.
"""

from collections.abc import Mapping

HOURS = 730
SECONDS = HOURS * 3600

GB_SECOND = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
"""Lambda, by architecture."""
INVOCATION = 0.0000002
TABLE_WRITE = 0.000000625
TABLE_READ = 0.000000125
STANDBY_LOOKS = 2
"""A second, by an arbiter that waits (`failover_lambda.leadership`, STANDBY_POLL_S)."""
KEY = 1.0
METRIC = 0.30
ALARM = 0.10
DASHBOARD = 3.0
"""Each; the first three of an account are free."""
ADDRESS_HOUR = 0.005
ENDPOINT_HOUR = 0.01
"""An interface endpoint, per zone."""
NAT_HOUR = 0.045
BALANCER_HOUR = 0.0225

PROBE_S = 0.05
"""Billed for one round of a prober, guessed: most answers come in a few milliseconds, and a millisecond is the unit."""


def monthly_cost(
    *,
    architecture: str,
    arbiter_memory_mb: int,
    prober_memory_mb: int,
    probers: int,
    probe_interval_s: float,
    lease_renew_s: float,
    metrics: int,
    alarms: int,
    interface_endpoints: int,
    nat_gateways: int,
    addresses: int,
    arbiters: int = 1,
    arbiter_standby: bool = False,
    balancers: int = 0,
) -> Mapping[str, float]:
    """Dollars a month by what they are for, with `total`; rounded to cents.

    Args:
        architecture: A key of GB_SECOND.
        arbiter_memory_mb: One arbiter runs at any time.
        prober_memory_mb: Each prober runs once a round.
        probers: Their number.
        probe_interval_s: Length of a round while nothing is in doubt.
        lease_renew_s: The arbiter writes to the table this often.
        metrics: Custom metrics.
        alarms: Alarms.
        interface_endpoints: Endpoints, counted once a zone.
        nat_gateways: NAT gateways, each with an address of its own; what goes through them is paid besides.
        addresses: Public addresses besides those of NAT gateways, in use or not.
        arbiters: 1, or 0 where nobody watches.
        arbiter_standby: Another one waits at any time, and looks at the lease STANDBY_LOOKS times a second.
        balancers: Balancers; what goes through them is paid besides.
    """
    rounds = SECONDS / probe_interval_s * probers
    gb_second = GB_SECOND[architecture]
    lines = {
        "arbiter": (1 + arbiter_standby) * arbiters * SECONDS * arbiter_memory_mb / 1024 * gb_second,
        "probers": rounds * (INVOCATION + PROBE_S * prober_memory_mb / 1024 * gb_second),
        "record": arbiters * SECONDS * (TABLE_WRITE / lease_renew_s + arbiter_standby * STANDBY_LOOKS * TABLE_READ),
        "key": KEY,
        "metrics and alarms": metrics * METRIC + alarms * ALARM,
        "dashboard": arbiters * DASHBOARD,
        "addresses": addresses * HOURS * ADDRESS_HOUR,
        "interface endpoints": interface_endpoints * HOURS * ENDPOINT_HOUR,
        "nat gateways": nat_gateways * HOURS * (NAT_HOUR + ADDRESS_HOUR),
        "balancer": balancers * HOURS * BALANCER_HOUR,
    }
    return {name: round(dollars, 2) for name, dollars in {**lines, "total": sum(lines.values())}.items()}
