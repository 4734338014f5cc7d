"""Rules about a balancer before the workers, and about both workers serving."""

from collections.abc import Iterator
from functools import partial
from typing import cast

from failover_lambda.contract import Tier
from infra.config.faults import Fault, line
from infra.config.keys import AwsConfig, Front, Mode, declaration, key_name
from infra.config.kinds import FileText
from infra.config.relations.registry import relation
from infra.pace import BALANCER_FIGURE, PACES, balancer_decision_s

LISTENERS_MAX = 50
"""Of one balancer, and no more on request (NLB guide, "Quotas for your Network Load Balancers", read 2026-11-22)."""

NETWORK_PREFIX_LONGEST = 23
"""Then a subnet is a /27. A balancer wants 8 free addresses in each of its subnets; of a /28's 16, AWS keeps 5 (ELB guide,
"Subnets for your load balancer")."""

WATCHDOGS_OWN = (
    "tie_breaker_zone",
    "egress",
    "order",
    "fence_policy",
    "enabled",
    "watch_only",
    "rejoin",
    "arbiter_standby",
    "hold_s",
    "moves_per_hour_max",
    "moves_per_day_max",
    "failback_enabled",
    "failback_cron",
    "failback_length_minutes",
    "failback_time_zone",
    "public_health_port",
    "ready_path",
    "probe_tls_ca_file",
    "probe_interval_s",
    "probe_timeout_s",
    "restart_grace_s",
    "slow_grace_s",
    "boot_grace_s",
    "notice_event_bus",
    "arbiter_memory_mb",
    "reserved_concurrency",
    "lambda_architecture",
    "lambda_runtime",
)
"""What nothing reads where both workers serve. `probe_tls_verify` is not among them: false is what a balancer does."""

BALANCERS_OWN = ("balancer_idle_timeout_s",)


@relation(AwsConfig, "mode", "front")
def _one_serves_behind_an_address(config: AwsConfig) -> Iterator[Fault]:
    if config.front is Front.BALANCER and config.mode is Mode.ACTIVE_PASSIVE:
        yield Fault(
            "mode",
            f"{config.mode.value} with front {config.front.value}: both workers are registered and answer, so the balancer "
            "would send to both; what closes the standby's health port, the worker's agent, is not in this version",
            "active-active with front balancer, active-passive with front address",
            "may both workers serve at once? Then set mode active-active; else set front address",
        )


@relation(AwsConfig, "mode", "front")
def _both_serve_behind_a_balancer(config: AwsConfig) -> Iterator[Fault]:
    if config.mode is Mode.ACTIVE_ACTIVE and config.front is Front.ADDRESS:
        yield Fault(
            "front",
            f"{config.front.value} with mode {config.mode.value}: the address is on one worker at a time, and the other one "
            "would receive nothing",
            "balancer with mode active-active",
            "pulumi config set front balancer, or pulumi config set mode active-passive",
        )


@relation(AwsConfig, "front", "tier")
def _a_balancer_keeps_no_ten_seconds(config: AwsConfig) -> Iterator[Fault]:
    """The checks and the last answer are longer than the promise, before the balancer's own lag, which is not known."""
    if config.front is Front.BALANCER and balancer_decision_s() > PACES[config.tier].outage_s_max:
        yield Fault(
            "tier",
            f"{config.tier.value} with front {config.front.value}, and an outage may last {BALANCER_FIGURE}",
            f"at most {PACES[config.tier].outage_s_max:g} s",
            f"pulumi config set tier {Tier.HIGH_AVAILABILITY.value}",
        )


def _for_a_watchdog(field: str, config: AwsConfig) -> Iterator[Fault]:
    if config.mode is Mode.ACTIVE_ACTIVE:
        yield from _unread(config, field, "mode active-active: there is no watchdog, and nothing else reads it")


def _for_a_balancer(field: str, config: AwsConfig) -> Iterator[Fault]:
    if config.front is Front.ADDRESS:
        yield from _unread(config, field, "front address: there is no balancer, and nothing else reads it")


# A rule for each key, so that one that is mistyped hides nothing about the others.
for _field in WATCHDOGS_OWN:
    relation(AwsConfig, "mode", "tier", _field)(partial(_for_a_watchdog, _field))
for _field in BALANCERS_OWN:
    relation(AwsConfig, "front", "tier", _field)(partial(_for_a_balancer, _field))


def _unread(config: AwsConfig, field: str, because: str) -> Iterator[Fault]:
    """A fault when the value is another than without the key."""
    value, default = getattr(config, field), _default(config, field)
    if value != default:
        key, shown = key_name(field), _words(default)
        allowed = f"{shown}, its default" if shown else "no value"
        yield Fault(key, f"{_words(value)} with {because}", allowed, f"pulumi config rm {key}")


def _default(config: AwsConfig, field: str) -> object:
    by_tier = declaration(AwsConfig, field).by_tier
    return by_tier[config.tier.value] if by_tier else AwsConfig.model_fields[field].default


def _words(value: object) -> str:
    if isinstance(value, FileText):
        return value.path
    if isinstance(value, tuple):
        return ", ".join(map(str, cast("tuple[object, ...]", value)))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(getattr(value, "value", value))


@relation(AwsConfig, "front", "traffic_ports")
def _each_port_has_a_listener(config: AwsConfig) -> Iterator[Fault]:
    if config.front is Front.BALANCER and len(config.traffic_ports) > LISTENERS_MAX:
        yield Fault(
            "trafficPorts",
            f"{len(config.traffic_ports)} ports with front balancer",
            f"at most {LISTENERS_MAX}, because each is a listener and a balancer has no more, not even on request",
            line("trafficPorts", config.traffic_ports[:LISTENERS_MAX]),
        )


@relation(AwsConfig, "front", "network_cidr")
def _a_balancer_has_room(config: AwsConfig) -> Iterator[Fault]:
    if config.front is Front.BALANCER and config.network_cidr.prefixlen > NETWORK_PREFIX_LONGEST:
        yield Fault(
            "networkCidr",
            f"{config.network_cidr}, a /{config.network_cidr.prefixlen}, with front balancer",
            f"a /16 to a /{NETWORK_PREFIX_LONGEST}: it is cut into 16 subnets, and a balancer wants 8 free addresses in one",
            "pulumi config set networkCidr 10.80.0.0/16",
        )
