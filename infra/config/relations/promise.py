"""Rules about what is promised: order, tier, moves; of both clouds, and what AWS can keep."""

from collections.abc import Iterator

from failover_lambda.contract import Tier
from infra.config.faults import Fault, line
from infra.config.keys import WORKERS, AwsConfig, StackConfig
from infra.config.relations.registry import relation
from infra.naming import worker_names
from infra.pace import CARRIES_S, MOVE_S, PACES, SLOW_GRACE_S, Outage, longest_outage, longest_slow_outage


@relation(StackConfig, "order", whole=True)
def _the_order_names_every_worker_once(config: StackConfig) -> Iterator[Fault]:
    workers = worker_names(WORKERS)
    if sorted(config.order) != sorted(workers):
        strange = [name for name in config.order if name not in workers]
        because = f", and there is no {' and no '.join(strange)}" if strange else ""
        yield Fault(
            "order",
            f"{', '.join(config.order)}{because}",
            f"each of {', '.join(workers)} once, the home worker first",
            line("order", workers),
        )


@relation(AwsConfig, "tier", "probe_interval_s", "probe_timeout_s", "restart_grace_s")
def _the_tier_can_be_kept(config: AwsConfig) -> Iterator[Fault]:
    outage = longest_outage(config.probe_interval_s, config.probe_timeout_s, config.restart_grace_s)
    moves = (
        f"{MOVE_S:g} s for two address calls (Fortinet's published log), {CARRIES_S:g} s until the address carries traffic "
        "(nginx/documentation#520)"
    )
    yield from too_long(config, outage, moves)


@relation(AwsConfig, "tier", "probe_interval_s", "probe_timeout_s", "slow_grace_s")
def _the_tier_can_be_kept_by_a_slow_service(config: AwsConfig) -> Iterator[Fault]:
    outage = longest_slow_outage(config.probe_interval_s, config.probe_timeout_s, config.slow_grace_s)
    yield from too_long_when_slow(config, outage)


def too_long(config: StackConfig, outage: Outage, moves: str) -> Iterator[Fault]:
    """A fault where a dead worker takes longer than the tier promises.

    Args:
        config: What was said.
        outage: The longest one.
        moves: What a move takes, with who says so.
    """
    promised_s = PACES[config.tier].outage_s_max
    if outage.total_s > promised_s:
        other = f", or pulumi config set tier {Tier.HIGH_AVAILABILITY.value}" if config.tier is Tier.FAULT_TOLERANT else ""
        yield Fault(
            "tier",
            f"{config.tier.value}, and an outage may last {outage.total_s:g} s: {outage.decision_s:g} s until the decision "
            f"(probeIntervalSeconds {config.probe_interval_s:g}, probeTimeoutSeconds {config.probe_timeout_s:g}, "
            f"restartGraceSeconds {config.restart_grace_s:g}), {moves}",
            f"at most {promised_s:g} s",
            f"lower probeIntervalSeconds, probeTimeoutSeconds or restartGraceSeconds{other}",
        )


def too_long_when_slow(config: StackConfig, outage: Outage) -> Iterator[Fault]:
    """A fault where a service that accepts and stays silent takes longer than the tier promises for it."""
    promised_s = PACES[config.tier].slow_outage_s_max
    if outage.total_s > promised_s:
        yield Fault(
            "slowGraceSeconds",
            f"{config.slow_grace_s:g} with tier {config.tier.value}, and a service that accepts and stays silent may be out "
            f"for {outage.total_s:g} s: {outage.decision_s:g} s until the decision (probeIntervalSeconds "
            f"{config.probe_interval_s:g}, probeTimeoutSeconds {config.probe_timeout_s:g}), "
            f"{outage.move_s + outage.carries_s:g} s until the address carries traffic",
            f"at most {promised_s:g} s",
            f"pulumi config set slowGraceSeconds {SLOW_GRACE_S:g}",
        )


@relation(StackConfig, "moves_per_hour_max", "moves_per_day_max")
def _a_day_holds_an_hour(config: StackConfig) -> Iterator[Fault]:
    if config.moves_per_hour_max > config.moves_per_day_max:
        yield Fault(
            "movesPerHourMax",
            f"{config.moves_per_hour_max} with movesPerDayMax {config.moves_per_day_max}",
            "movesPerHourMax <= movesPerDayMax",
            f"pulumi config set movesPerHourMax {config.moves_per_day_max}",
        )
