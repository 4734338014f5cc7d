"""Rules about what Azure can keep: tier, pace, way out."""

from collections.abc import Iterator

from failover_lambda.contract import Tier
from infra.config.faults import Fault
from infra.config.keys import AzureConfig, Egress, Front
from infra.config.relations.promise import too_long, too_long_when_slow
from infra.config.relations.registry import relation
from infra.pace import AZURE_MOVE_S, POOL_MOVE_S, TIMER_S, longest_outage, longest_slow_outage

PUBLISHED = (
    "a Public IP moves in 6 to 7 s on Azure's new network control plane and in 40 to 85 s on the old one, before packets "
    "follow (F5Networks/f5-cloud-failover-extension, performance-sizing.rst), and nobody can see which one a subscription "
    "has"
)

INTERVALS_S = (1.0, 1.25, 2.5, TIMER_S)
"""Rounds that fill the time between two firings of the timer evenly. After a longer one there would be the next firing."""


def _is_refused_as_a_whole(config: AzureConfig) -> bool:
    return config.tier is Tier.FAULT_TOLERANT and config.front is Front.ADDRESS


@relation(AzureConfig, "tier", "front")
def _an_address_keeps_no_ten_seconds(config: AzureConfig) -> Iterator[Fault]:
    if _is_refused_as_a_whole(config):
        yield Fault(
            "tier",
            f"{config.tier.value} with front {config.front.value} on azure: {PUBLISHED}",
            "high-availability with front address, fault-tolerant with front balancer",
            "pulumi config set front balancer, or pulumi config set tier high-availability",
        )


@relation(AzureConfig, "tier", "front", "probe_interval_s", "probe_timeout_s", "restart_grace_s")
def _the_tier_can_be_kept(config: AzureConfig) -> Iterator[Fault]:
    if not _is_refused_as_a_whole(config):
        move_s, moves = _move(config.front)
        pace = (config.probe_interval_s, config.probe_timeout_s, config.restart_grace_s)
        yield from too_long(config, longest_outage(*pace, move_s=move_s, carries_s=0), moves)


@relation(AzureConfig, "tier", "front", "probe_interval_s", "probe_timeout_s", "slow_grace_s")
def _the_tier_can_be_kept_by_a_slow_service(config: AzureConfig) -> Iterator[Fault]:
    if not _is_refused_as_a_whole(config):
        move_s, _ = _move(config.front)
        pace = (config.probe_interval_s, config.probe_timeout_s, config.slow_grace_s)
        yield from too_long_when_slow(config, longest_slow_outage(*pace, move_s=move_s, carries_s=0))


def _move(front: Front) -> tuple[float, str]:
    """How long a move takes, and who says so."""
    if front is Front.ADDRESS:
        return AZURE_MOVE_S, f"{AZURE_MOVE_S:g} s until a moved Public IP carries traffic (Azure Architecture Center)"
    return POOL_MOVE_S, f"{POOL_MOVE_S:g} s for two writes of the balancer's pool (assumed: no figure is published)"


@relation(AzureConfig, "probe_interval_s")
def _rounds_fill_a_firing(config: AzureConfig) -> Iterator[Fault]:
    if config.probe_interval_s not in INTERVALS_S:
        most = max(each for each in INTERVALS_S if each <= config.probe_interval_s)
        yield Fault(
            "probeIntervalSeconds",
            f"{config.probe_interval_s:g} on azure, where a timer fires every {TIMER_S:g} s",
            f"{', '.join(f'{each:g}' for each in INTERVALS_S[:-1])} or {TIMER_S:g}: rounds that fill the time between two "
            "firings evenly",
            f"pulumi config set probeIntervalSeconds {most:g}",
        )


@relation(AzureConfig, "front", "egress")
def _behind_a_balancer_there_is_one_way_out(config: AzureConfig) -> Iterator[Fault]:
    if config.front is Front.BALANCER and config.egress is not Egress.HOLDER:
        yield Fault(
            "egress",
            f"{config.egress.value} with front {config.front.value}: workers go out by NAT gateways there, and nothing else "
            "reads it",
            f"{Egress.HOLDER.value}, its default",
            "pulumi config rm egress",
        )
