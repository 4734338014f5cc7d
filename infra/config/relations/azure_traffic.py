"""Rules about ports and partners that are Azure's own."""

from collections.abc import Iterator

from infra.config.faults import Fault, line
from infra.config.keys import AzureConfig, Front
from infra.config.relations.registry import relation

TRAFFIC_RULES_MAX = 900
"""Pairs of a port and a partner's network, each of which may take a rule and a priority of its own: a security group holds
1000 rules (Azure subscription limits, remembered), with priorities from 100 to 4096, and some are the fence's and ours."""

FRONTEND_PORT_MAX = 65534
"""Of a balancer's rule (azure-native 3.29, `LoadBalancingRuleArgs`)."""


@relation(AzureConfig, "traffic_ports", "partner_cidrs")
def _partners_and_ports_fit_a_group(config: AzureConfig) -> Iterator[Fault]:
    ports, partners = len(config.traffic_ports), len(config.partner_cidrs)
    if ports * partners > TRAFFIC_RULES_MAX:
        yield Fault(
            "partnerCidrs",
            f"{partners} networks with {ports} trafficPorts, {ports * partners} pairs",
            f"at most {TRAFFIC_RULES_MAX} pairs of a network and a port, because a security group holds 1000 rules",
            "name larger networks, or fewer ports",
        )


@relation(AzureConfig, "front", "traffic_ports")
def _a_balancer_takes_the_ports(config: AzureConfig) -> Iterator[Fault]:
    if config.front is Front.BALANCER:
        for port in config.traffic_ports:
            if port > FRONTEND_PORT_MAX:
                others = [each for each in config.traffic_ports if each <= FRONTEND_PORT_MAX]
                step = line("trafficPorts", others or [2575])
                yield Fault("trafficPorts", *_reserved(port), step)


@relation(AzureConfig, "front", "public_health_port")
def _a_balancer_takes_the_health_port(config: AzureConfig) -> Iterator[Fault]:
    if config.front is Front.BALANCER and config.public_health_port > FRONTEND_PORT_MAX:
        yield Fault("publicHealthPort", *_reserved(config.public_health_port), "pulumi config set publicHealthPort 8081")


def _reserved(port: int) -> tuple[str, str]:
    return f"{port} with front balancer", f"at most {FRONTEND_PORT_MAX}: no rule of a balancer takes a port above it"
