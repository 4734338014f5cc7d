"""Rules about a network that is there already. What the network itself must be like is looked at in the account later."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from infra.config.faults import Fault
from infra.config.keys import FIND_SUBNETS, WORKERS, AwsConfig, Front, key_name
from infra.config.relations.registry import relation
from infra.regions import prober_zones

IDS = ("worker_subnet_ids", "worker_private_ips", "prober_subnet_ids", "endpoint_subnet_ids", "table_endpoint_id")


@relation(AwsConfig, "vpc_id", *IDS)
def _ids_belong_to_an_existing_network(config: AwsConfig) -> Iterator[Fault]:
    for field in IDS:
        if getattr(config, field) and not config.vpc_id:
            name = key_name(field)
            yield Fault(
                name,
                f"{_shown(getattr(config, field))}, without vpcId",
                "set beside vpcId only: a network of the stack's own is laid out by networkCidr",
                f"pulumi config set vpcId VPC, or pulumi config rm {name}",
            )


@relation(AwsConfig, "vpc_id", "zones", "worker_subnet_ids", whole=True)
def _every_worker_has_a_subnet(config: AwsConfig) -> Iterator[Fault]:
    if config.vpc_id:
        yield from _one_for_each(config, "worker_subnet_ids", config.zones[:WORKERS], FIND_SUBNETS)


@relation(AwsConfig, "vpc_id", "zones", "worker_private_ips", whole=True)
def _every_worker_has_an_address(config: AwsConfig) -> Iterator[Fault]:
    if config.vpc_id:
        step = "name a free address of each worker's subnet as tandem:workerPrivateIps in the stack file"
        yield from _one_for_each(config, "worker_private_ips", config.zones[:WORKERS], step)


@relation(AwsConfig, "vpc_id", "region", "zones", "tie_breaker_zone", "prober_subnet_ids", whole=True)
def _every_prober_has_a_subnet(config: AwsConfig) -> Iterator[Fault]:
    if config.vpc_id:
        zones = prober_zones(config.region, config.zones, config.tie_breaker_zone)
        yield from _one_for_each(config, "prober_subnet_ids", zones, FIND_SUBNETS)


@relation(AwsConfig, "vpc_id", "zones", "endpoint_subnet_ids", "management_endpoints", "interface_endpoints", whole=True)
def _every_endpoint_has_subnets(config: AwsConfig) -> Iterator[Fault]:
    """Named, not taken: by their private names such endpoints answer for everybody in the VPC."""
    wanted = config.management_endpoints or config.interface_endpoints
    if config.vpc_id and (wanted or config.endpoint_subnet_ids):
        step = f"{FIND_SUBNETS}; or pulumi config set managementEndpoints false, and no interfaceEndpoints"
        yield from _one_for_each(config, "endpoint_subnet_ids", config.zones[:WORKERS] if wanted else (), step)


@relation(AwsConfig, "vpc_id", "table_endpoint_id")
def _probers_have_an_anchor(config: AwsConfig) -> Iterator[Fault]:
    if config.vpc_id and not config.table_endpoint_id:
        yield Fault(
            "tableEndpointId",
            "not set, beside vpcId",
            "the gateway endpoint for DynamoDB of the probers' route tables; an existing network is not changed, so none is "
            "made in it",
            f"aws ec2 describe-vpc-endpoints --filters Name=vpc-id,Values={config.vpc_id} shows those that are there",
        )


@relation(AwsConfig, "vpc_id", "front")
def _an_existing_network_has_the_address_on_a_worker(config: AwsConfig) -> Iterator[Fault]:
    if config.vpc_id and config.front is not Front.ADDRESS:
        yield Fault(
            "vpcId",
            f"{config.vpc_id} with front {config.front.value}, which is not in this version",
            "an existing network with front address",
            "pulumi config rm vpcId",
        )


def _one_for_each(config: AwsConfig, field: str, zones: tuple[str, ...], step: str) -> Iterator[Fault]:
    items: tuple[Any, ...] = getattr(config, field)
    if len(items) != len(zones):
        allowed = f"one for each of {', '.join(zones)}, in this order" if zones else "none: no interface endpoint is wanted"
        yield Fault(key_name(field), f"{_shown(items)}, beside vpcId", allowed, step)
    for item, times in Counter(items).items():
        if times > 1:
            yield Fault(key_name(field), f"{item} {times} times", "each once", step)


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) and value else str(value or "not set")
