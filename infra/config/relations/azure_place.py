"""Rules about zones and network that are Azure's own."""

from collections import Counter
from collections.abc import Iterator

from infra.addressing import PREFIX_LONGEST, PREFIX_SHORTEST
from infra.config.faults import Fault, line
from infra.config.keys import WORKERS, AzureConfig, Egress, Front, NatGateways
from infra.config.relations.place import SET_NETWORK
from infra.config.relations.registry import relation
from infra.regions import AZURE_ZONES


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
    """The Function App's subnet has four blocks, a /26 at least; less than a /27 it does not take."""
    network = config.network_cidr
    if not PREFIX_SHORTEST <= network.prefixlen <= PREFIX_LONGEST:
        yield Fault(
            "networkCidr",
            f"{network}, a /{network.prefixlen}",
            f"a /{PREFIX_SHORTEST} to a /{PREFIX_LONGEST}, because it is cut into 16 blocks, of which a worker's subnet is "
            "one and the Function App's four, and Azure keeps 5 addresses of each subnet",
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
    elif config.front is Front.ADDRESS and wanted is NatGateways.ONE:
        yield Fault(
            "natGateways",
            "one with egress own: a worker in another zone would lose its way out with the gateway's zone, and could not "
            "take over whole",
            "fitting or per-zone with egress own",
            "pulumi config set natGateways fitting",
        )
    elif wanted is NatGateways.NONE:
        because = f"egress {config.egress.value}" if config.front is Front.ADDRESS else f"front {config.front.value}"
        yield Fault(
            "natGateways",
            f"none with {because}: the workers stand in private subnets, and nothing else lets them out",
            f"fitting or per-zone with {because}",
            "pulumi config set natGateways fitting",
        )
