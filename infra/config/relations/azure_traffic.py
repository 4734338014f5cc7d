"""Rules about ports and partners that are Azure's own."""

from collections.abc import Iterator

from infra.config.faults import Fault, line
from infra.config.keys import AzureConfig, Front
from infra.config.relations.registry import relation

NETWORKS_MAX = 3990
"""All of them stand in one rule of a security group, which may name 4000 ranges (Azure subscription limits, remembered);
some are ours. So neither a port nor a network takes a priority of its own."""

FRONTEND_PORT_MAX = 65534
"""Of a balancer's rule (azure-native 3.29, `LoadBalancingRuleArgs`)."""


@relation(AzureConfig, "partner_cidrs")
def _partners_fit_a_group(config: AzureConfig) -> Iterator[Fault]:
    if len(config.partner_cidrs) > NETWORKS_MAX:
        yield Fault(
            "partnerCidrs",
            f"{len(config.partner_cidrs)} networks",
            f"at most {NETWORKS_MAX}, because a security group may name 4000 ranges",
            "name larger networks",
        )


@relation(AzureConfig, "front", "traffic_ports")
def _a_balancer_takes_the_ports(config: AzureConfig) -> Iterator[Fault]:
    if config.front is Front.BALANCER:
        for port in config.traffic_ports:
            if port > FRONTEND_PORT_MAX:
                others = [each for each in config.traffic_ports if each <= FRONTEND_PORT_MAX]
                step = line("trafficPorts", others or [2575])
                yield Fault("trafficPorts", *_reserved(port), step)


@relation(AzureConfig, "front", "failback_enabled")
def _a_balancer_keeps_connections(config: AzureConfig) -> Iterator[Fault]:
    if config.front is Front.BALANCER and config.failback_enabled:
        yield Fault(
            "failbackEnabled",
            "true with front balancer: connections that stand stay on the old holder there, and a failback does not end "
            "them, so two workers would serve (docs/RULE.md 9.15)",
            "false with front balancer; true with front address",
            "pulumi config rm failbackEnabled; home gets the address back by an operator's failover",
        )


@relation(AzureConfig, "public_health_port")
def _the_watchdog_asks_through_the_address(config: AzureConfig) -> Iterator[Fault]:
    """With one vantage the public port's word is needed (RULE 3.6)."""
    if not config.public_health_port:
        yield Fault(
            "publicHealthPort",
            "0 on azure, where the watchdog looks from one place: what one place alone says makes nobody dead (docs/RULE.md "
            "3.6), so a service that dies while its machine runs would never be replaced",
            "the port on which a worker answers with its name and its boot",
            "pulumi config set publicHealthPort 8081",
        )


@relation(AzureConfig, "front", "public_health_port")
def _a_balancer_takes_the_health_port(config: AzureConfig) -> Iterator[Fault]:
    if config.front is Front.BALANCER and config.public_health_port > FRONTEND_PORT_MAX:
        yield Fault("publicHealthPort", *_reserved(config.public_health_port), "pulumi config set publicHealthPort 8081")


def _reserved(port: int) -> tuple[str, str]:
    return f"{port} with front balancer", f"at most {FRONTEND_PORT_MAX}: no rule of a balancer takes a port above it"
