"""How fast a tier looks and acts, and the longest outage that follows; pure.

The figures of the clouds stand here once, with their source. `infra.config` refuses a configuration that cannot keep its
tier's promise. Everybody in `infra` may import this file.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from failover_lambda.contract import Settings, Tier

TIMEOUTS_TO_DEAD = 3
"""Rounds without an answer that make a worker dead."""
REFUSALS_TO_DEAD = 2
"""As above for refusals: a machine that answers "no" is sooner believed than one that is silent."""

SLOW_GRACE_S = 15.0
"""Longer than a pause from which a service comes back by itself: a garbage collection of a large heap, a burst of the disk.
A move for one is dearer than the wait: it ends every connection and powers the machine off."""

MOVE_S = 1.2
"""Two address calls of at most 0.6 s: log in fortinetsolutions/AWS-CloudFormationTemplates, LambdaAP-EIP+RouteFailover 6.0
(0.58 s for one)."""
CARRIES_S = 5.0
"""From the answered call until packets arrive: nginx/documentation#520, keepalived on AWS (5 to 6 s all in)."""

AZURE_MOVE_S = 120.0
"""A Public IP that moves from one network card to another, until traffic follows: "one to two minutes" (Azure Architecture
Center, "Deploy highly available NVAs", 2025-03). On bad days 8 to 10 minutes (F5Networks/f5-azure-arm-templates#151)."""
POOL_MOVE_S = 6.0
"""Two writes of a balancer's pool, 3 s each. Assumed, because no figure is published (docs/adr/0010)."""
CARD_CALL_S, CARD_DEADLINE_S = 45.0, 180.0
"""The first: a call on Azure without an answer is asked again after that. No write of a card should take so long, of the two
that take 40 to 85 s together on the old control plane (F5Networks/f5-cloud-failover-extension, performance-sizing.rst, read
2026-11). The second: from an intent until the address must be on its target; longer than both, with one asked again."""
POOL_CALL_S, POOL_DEADLINE_S = 15.0, 60.0
"""The same for a balancer's pool, of which a write was seen to take 11 s at most (Azure/azure-cli,
test_network_lb_address_pool_addresses.yaml, 2020)."""
TIMER_S = 5.0
"""The timer of the Function App fires this often, and a firing makes as many rounds as fit before the next."""

CHECK_INTERVAL_S = 5
"""From one health check of a balancer to the next: the shortest there is (botocore 1.44.5, elbv2, CreateTargetGroup)."""
CHECK_TIMEOUT_S = 2
"""Longest wait for an answer: the shortest there is (same source)."""
CHECKS_TO_UNHEALTHY = 2
CHECKS_TO_HEALTHY = 2
"""Checks in a row: the fewest there are (same source)."""


def burst_s(probe_timeout_s: float) -> float:
    """From one round to the next while a worker is in doubt, when one question waits for its connection and its answer."""
    connect_s = Settings.burst_timeout_s
    return max(Settings.burst_interval_s, connect_s + max(connect_s, probe_timeout_s))


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What a tier sets; the first two are defaults, the others are fixed."""

    probe_interval_s: float
    restart_grace_s: float
    lease_ttl_s: float
    lease_renew_s: float
    outage_s_max: float
    """The promise."""
    slow_outage_s_max: float
    """The promise where the service accepts and stays silent: nobody can tell a long pause from a hang any sooner."""


PACES: Mapping[Tier, Pace] = {
    Tier.FAULT_TOLERANT: Pace(
        probe_interval_s=1.0,
        restart_grace_s=0.0,
        lease_ttl_s=6.0,
        lease_renew_s=2.0,
        outage_s_max=10.0,
        slow_outage_s_max=60.0,
    ),
    Tier.HIGH_AVAILABILITY: Pace(
        probe_interval_s=5.0,
        restart_grace_s=30.0,
        lease_ttl_s=15.0,
        lease_renew_s=5.0,
        outage_s_max=600.0,
        slow_outage_s_max=600.0,
    ),
}
"""The tiers of this version: those where the watchdog fails over by itself."""


@dataclass(frozen=True, kw_only=True)
class Outage:
    """The longest outage after a worker dies, by its parts. The watchdog's own death at the same time is not in it."""

    decision_s: float
    """From the fault to the decision."""
    move_s: float = MOVE_S
    carries_s: float = CARRIES_S

    @property
    def total_s(self) -> float:
        """The sum, rounded to a tenth."""
        return round(self.decision_s + self.move_s + self.carries_s, 1)


def longest_outage(
    probe_interval_s: float,
    probe_timeout_s: float,
    restart_grace_s: float,
    *,
    move_s: float = MOVE_S,
    carries_s: float = CARRIES_S,
) -> Outage:
    """The longest outage that this pace allows where nothing accepts, or what answers says no.

    A fault just after a round is seen one interval later. Each question may wait for the connection and again for the
    answer. From the first failing round on, rounds follow each other in a burst:

        |-- probe_interval --|- 2 x probe_timeout -|- burst -|- burst -| dead by silence
        |-- probe_interval --|- burst -|.... restart_grace ............| dead by refusal

    >>> longest_outage(1, 0.4, 0).total_s
    9.4
    """
    silent_s = probe_interval_s + 2 * probe_timeout_s + (TIMEOUTS_TO_DEAD - 1) * burst_s(probe_timeout_s)
    refused_s = probe_interval_s + (REFUSALS_TO_DEAD - 1) * burst_s(probe_timeout_s) + restart_grace_s
    return Outage(decision_s=max(silent_s, refused_s), move_s=move_s, carries_s=carries_s)


def longest_slow_outage(
    probe_interval_s: float,
    probe_timeout_s: float,
    slow_grace_s: float,
    *,
    move_s: float = MOVE_S,
    carries_s: float = CARRIES_S,
) -> Outage:
    """The longest outage where the service accepts and stays silent.

        |-- probe_interval --|- 2 x probe_timeout -|.... slow_grace ....|- burst -| dead: the first round after the grace

    >>> longest_slow_outage(1, 0.4, 15).total_s
    23.7
    """
    lasts_s = max(slow_grace_s, (TIMEOUTS_TO_DEAD - 2) * burst_s(probe_timeout_s)) + burst_s(probe_timeout_s)
    decision_s = probe_interval_s + 2 * probe_timeout_s + lasts_s
    return Outage(decision_s=decision_s, move_s=move_s, carries_s=carries_s)


def balancer_decision_s() -> int:
    """The longest time until a balancer calls a dead worker unhealthy.

    Until it also stops sending there, its own lag is added; AWS publishes no figure for that.

        |-- interval --|-- interval --|- timeout -| unhealthy, when the fault came just after a good check

    >>> balancer_decision_s()
    12
    """
    return CHECKS_TO_UNHEALTHY * CHECK_INTERVAL_S + CHECK_TIMEOUT_S


BALANCER_FIGURE = (
    f"{balancer_decision_s()} s and more: {CHECKS_TO_UNHEALTHY} health checks, {CHECK_INTERVAL_S} s apart at least, and "
    f"{CHECK_TIMEOUT_S} s for the last answer (botocore 1.44.5, elbv2, CreateTargetGroup), then the balancer's own lag, "
    "which AWS does not publish"
)
"""That time in words, with its source."""
