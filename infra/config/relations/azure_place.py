"""Rules about zones and network that are Azure's own."""

from collections import Counter
from collections.abc import Iterator

from infra.addressing import BLOCKS_BITS, PREFIX_SHORTEST
from infra.config.faults import Fault, line
from infra.config.keys import WORKERS, AzureConfig, Egress, Front, NatGateways
from infra.config.relations.place import SET_NETWORK
from infra.config.relations.registry import relation
from infra.regions import AZURE_ZONES

FUNCTION_PREFIX_LONGEST = 27
"""Of the subnet that a Function App on Flex Consumption is integrated with (Azure Functions, "networking options"): up to 40
addresses for one app in the worst case, and Azure keeps 5 of each subnet. Ours has a handful of instances."""
NETWORK_PREFIX_LONGEST = FUNCTION_PREFIX_LONGEST - BLOCKS_BITS


@relation(AzureConfig, "zones")
def _no_zone_is_named_twice(config: AzureConfig) -> Iterator[Fault]:
    for zone, times in Counter(config.zones).items():
        if times > 1:
            both = zone in config.zones[:1] and zone in config.zones[1:WORKERS]
            because = "one zone for both workers" if both else "one zone twice"
            yield Fault(
                "zones",
                f"{' and '.join(config.zones)}, {because}",
                f"each of {', '.join(AZURE_ZONES)} once",
                line("zones", AZURE_ZONES[: max(WORKERS, len(config.zones))]),
            )


@relation(AzureConfig, "network_cidr")
def _the_network_can_be_cut(config: AzureConfig) -> Iterator[Fault]:
    network = config.network_cidr
    if not PREFIX_SHORTEST <= network.prefixlen <= NETWORK_PREFIX_LONGEST:
        yield Fault(
            "networkCidr",
            f"{network}, a /{network.prefixlen}",
            f"a /{PREFIX_SHORTEST} to a /{NETWORK_PREFIX_LONGEST}, because it is cut into 16 subnets, and the Function App "
            f"wants a /{FUNCTION_PREFIX_LONGEST}, of which Azure keeps 5 addresses",
            SET_NETWORK,
        )


@relation(AzureConfig, "front", "egress", "nat_gateways")
def _workers_go_out_one_way(config: AzureConfig) -> Iterator[Fault]:
    """A NAT gateway wins over a card's own address for all that a worker begins (NAT gateway, "Design virtual networks")."""
    wanted = config.nat_gateways
    if config.front is Front.ADDRESS and config.egress is Egress.HOLDER:
        if wanted in (NatGateways.ONE, NatGateways.PER_ZONE):
            yield Fault(
                "natGateways",
                f"{wanted.value} with egress holder: what the holder begins would leave by the NAT gateway's address, and "
                "partners would see that one instead of the fixed one",
                "fitting or none with egress holder",
                "pulumi config set natGateways fitting, or pulumi config set egress own",
            )
    elif wanted is NatGateways.NONE:
        because = f"egress {config.egress.value}" if config.front is Front.ADDRESS else f"front {config.front.value}"
        yield Fault(
            "natGateways",
            f"none with {because}: the workers stand in private subnets, and nothing else lets them out",
            f"fitting, one or per-zone with {because}",
            "pulumi config set natGateways fitting",
        )
