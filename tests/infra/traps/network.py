"""Traps of the real network: address, routes, groups, endpoints (sections 1, 2 and 6 of the table)."""

from lab.recording import Deployment, Registration
from tests.infra.traps.look import (
    ANYWHERE,
    EIP,
    GATEWAY,
    ROUTE,
    SUBNET,
    TABLE_ASSOCIATION,
)
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

NETWORK = "infra/aws/network.py"


def tables_of(usual: Deployment, kind: str) -> set[str]:
    """The route tables of every subnet of that kind."""
    subnets = {each.id for each in usual.of_type(SUBNET) if f"-{kind}-" in each.name}
    associations = [each.inputs for each in usual.of_type(TABLE_ASSOCIATION) if each.inputs["subnetId"] in subnets]
    assert len(associations) == len(subnets) > 0
    return {each["routeTableId"] for each in associations}


def routes_of(usual: Deployment, kind: str) -> tuple[Registration, ...]:
    """The routes of the one table that every subnet of that kind has."""
    (table,) = tables_of(usual, kind)
    return tuple(each for each in usual.of_type(ROUTE) if each.inputs["routeTableId"] == table)


@trap(
    "1/address-behind-nat",
    slips=(
        Slip(
            "the workers' default route leads to a NAT gateway",
            NETWORK,
            """            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
            opts=child(self),
        )
        return [gateway, route]""",
            """            destination_cidr_block=ANYWHERE,
            nat_gateway_id="nat-0123456789abcdef0",
            opts=child(self),
        )
        return [gateway, route]""",
        ),
        Slip(
            "workers are put into the table that leads nowhere",
            NETWORK,
            "route_table_id=self._tables[_table_part(plan)].id,",
            'route_table_id=self._tables["private" if plan.band is Band.PUBLIC else _table_part(plan)].id,',
        ),
    ),
)
def address_on_a_worker_behind_nat_workers_route_to_the_internet_gateway_and_there_is_no_nat(stand: Stand) -> None:
    usual = stand.usual
    (route,) = routes_of(usual, "public")

    assert route.inputs["destinationCidrBlock"] == ANYWHERE
    assert route.inputs.get("gatewayId") == usual.only(GATEWAY).id
    assert "natGatewayId" not in route.inputs
    assert not usual.of_type("aws:ec2/natGateway:NatGateway")


@trap(
    "1/gateway-not-attached",
    slips=(
        Slip(
            "the default route is left out of what the address waits for",
            NETWORK,
            "        return [gateway, route]",
            "        return [gateway]",
        ),
    ),
)
def gateway_not_attached_the_address_waits_for_gateway_and_route(stand: Stand) -> None:
    needed = stand.usual.needs(stand.usual.only(EIP))

    assert stand.usual.only(GATEWAY).urn in needed
    assert {each.urn for each in routes_of(stand.usual, "public")} <= needed


@trap(
    "1/public-ip-comes-back",
    slips=(
        Slip("subnets give public addresses", NETWORK, "map_public_ip_on_launch=False", "map_public_ip_on_launch=True"),
        Slip("the subnets leave it to the default", NETWORK, "            map_public_ip_on_launch=False,\n", ""),
    ),
)
def auto_assigned_public_ip_comes_back_no_subnet_gives_one_and_each_says_so(stand: Stand) -> None:
    assert {each.inputs.get("mapPublicIpOnLaunch") for each in stand.usual.of_type(SUBNET)} == {False}


@trap(
    "8/losing-the-address",
    slips=(
        Slip(
            "the address is bound to an instance in the program",
            "infra/aws/address.py",
            '            domain="vpc",\n',
            '            domain="vpc",\n            instance="i-0123456789abcdef0",\n',
        ),
    ),
)
def stolen_address_nothing_declares_an_association(stand: Stand) -> None:
    declared = [each.type for each in stand.usual.registrations if "eipassociation" in each.type.lower()]

    assert declared == []
    assert not {"instance", "networkInterface", "associateWithPrivateIp"} & set(stand.usual.only(EIP).inputs)


@trap(
    "8/losing-the-address",
    slips=(
        Slip(
            "the address is left out when protection is handed on",
            "infra/aws/address.py",
            'depends_on=args["network_ready"], protect=args["protect"]',
            'depends_on=args["network_ready"]',
        ),
        Slip("its domain is left to a default", "infra/aws/address.py", '            domain="vpc",\n', ""),
    ),
)
def losing_the_address_it_is_protected_and_says_its_domain(stand: Stand) -> None:
    address = stand.usual.only(EIP)

    assert address.protect
    assert address.inputs.get("domain") == "vpc"
    assert not {"address", "publicIpv4Pool", "networkBorderGroup"} & set(address.inputs)
