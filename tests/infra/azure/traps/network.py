"""Traps of addresses, subnets, ways out and security groups (section 1 of the table)."""

import ipaddress
import itertools
import re

from tests.infra.azure.traps.look import (
    CARD,
    GROUP,
    NAT_GATEWAY,
    NETWORK,
    PUBLIC_IP,
    RULE,
    SUBNET,
    WORKERS,
    machines,
    part,
    ports,
    rules_of,
    sources,
    told,
    trap,
)
from tests.infra.azure.traps.variants import Variant
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

ADDRESS_FILE = "infra/azure/address.py"
GROUPS_FILE = "infra/azure/groups.py"
LAYOUT_FILE = "infra/azure/layout.py"
NETWORK_FILE = "infra/azure/network.py"
NAT_FILE = "infra/azure/nat.py"
WORKERS_FILE = "infra/azure/workers.py"


@trap(
    "1/standard-is-closed",
    slips=(
        Slip(
            "partners are let in on the port of the probes only",
            GROUPS_FILE,
            'allow("partners", Priority.PARTNERS, args["partner_cidrs"], args["traffic_ports"])',
            'allow("partners", Priority.PARTNERS, args["partner_cidrs"], [args["probe_port"]])',
        ),
        Slip(
            "a card goes without its group",
            WORKERS_FILE,
            '            network_security_group={"id": placement.group_id},\n',
            "",
        ),
    ),
)
def standard_address_is_closed_until_the_cards_group_lets_somebody_in(stand: Stand) -> None:
    for variant in (Variant.USUAL, Variant.BALANCED):
        deployment = stand.of(variant)
        for worker in WORKERS:
            assert part(deployment, CARD, worker).inputs["networkSecurityGroup"], worker
            (partners,) = (rule for rule in rules_of(deployment, worker) if rule["priority"] == 1000)
            assert (partners["access"], partners["direction"], partners["protocol"]) == ("Allow", "Inbound", "Tcp")
            assert sources(partners) == ["194.126.158.7/32", "194.126.159.0/24"]
            assert set(ports(partners)) == ({"2575"} if variant is Variant.USUAL else {"2575", "6661"})


@trap(
    "1/one-group-for-both",
    slips=(
        Slip(
            "both cards have the first worker's group",
            "infra/azure/pair.py",
            "group_id=ground.groups.worker_ids[worker],",
            "group_id=next(iter(ground.groups.worker_ids.values())),",
        ),
    ),
)
def fence_of_one_worker_is_not_the_fence_of_both_each_has_a_group(stand: Stand) -> None:
    for worker in WORKERS:
        group = part(stand.usual, GROUP, worker).id
        assert part(stand.usual, CARD, worker).inputs.get("networkSecurityGroup", {"id": group})["id"] == group
    for subnet in stand.usual.of_type(SUBNET):
        assert "networkSecurityGroup" not in subnet.inputs


@trap(
    "1/priorities",
    slips=(
        Slip("a rule of ours stands where the watchdog fences", GROUPS_FILE, "    BALANCER = 200\n", "    BALANCER = 100\n"),
        Slip("the last rule is beyond the last number", GROUPS_FILE, "    DENY = 4096\n", "    DENY = 4097\n"),
    ),
)
def priorities_are_in_range_once_each_and_the_fences_own_are_free(stand: Stand) -> None:
    deployment = stand.of(Variant.BALANCED)
    for worker in WORKERS:
        taken = [(rule["direction"], rule["priority"]) for rule in rules_of(deployment, worker)]
        assert len(set(taken)) == len(taken)
        assert all(110 <= priority <= 4096 for _, priority in taken), taken


@trap(
    "1/probe-source",
    slips=(
        Slip(
            "the balancer's probes are left to the default rule",
            GROUPS_FILE,
            '            allow("balancer", Priority.BALANCER, ["AzureLoadBalancer"], [args["probe_port"]])\n',
            "            pass\n",
        ),
        Slip(
            "the function's questions are let in where the balancer's are not",
            "infra/azure/ground.py",
            '"balanced": args["front"] is Front.BALANCER,',
            '"balanced": args["front"] is not Front.BALANCER,',
        ),
    ),
)
def probes_come_from_the_balancers_tag_and_pass_before_any_denial(stand: Stand) -> None:
    for worker in WORKERS:
        rules = rules_of(stand.of(Variant.BALANCED), worker)
        denials = [rule["priority"] for rule in rules if rule["access"] == "Deny"]
        passing = [
            rule["priority"]
            for rule in rules
            if rule["access"] == "Allow" and "AzureLoadBalancer" in sources(rule) and "8080" in ports(rule)
        ]
        assert passing, worker
        assert min(passing) < min(denials, default=4097)


@trap(
    "1/default-rules",
    slips=(
        Slip(
            "whatever was not let in is let in by the default rules",
            GROUPS_FILE,
            '        chain.append(self._rule(f"{worker}-deny", group, Priority.DENY, "Deny", sources=[ANY], ports=[], '
            "after=chain[-1:]))\n",
            "",
        ),
        Slip("the last rule looks at TCP only", GROUPS_FILE, 'protocol="Tcp" if ports else ANY,', 'protocol="Tcp",'),
        Slip(
            "the function asks from the whole internet",
            GROUPS_FILE,
            'allow("function", Priority.FUNCTION, [args["function_cidr"]], [args["probe_port"]])',
            'allow("function", Priority.FUNCTION, ["Internet"], [args["probe_port"]])',
        ),
        Slip(
            "port 22 is open to everybody",
            GROUPS_FILE,
            '        if args["balanced"]:\n',
            '        if not args["balanced"]:\n            allow("ssh", Priority.BALANCER, ["0.0.0.0/0"], [22])\n'
            '        if args["balanced"]:\n',
        ),
    ),
)
def default_rules_let_the_whole_network_in_so_the_last_rule_denies(stand: Stand) -> None:
    """The function asks from its own subnet; the health port alone is open to the world, where it is wanted."""
    for variant in (Variant.USUAL, Variant.OTHER):
        deployment = stand.of(variant)
        function = part(deployment, SUBNET, "function").inputs["addressPrefix"]
        for worker in WORKERS:
            *allowing, last = rules_of(deployment, worker)
            said = (last["access"], last["direction"], last["protocol"], sources(last), ports(last))
            assert said == ("Deny", "Inbound", "*", ["*"], ["*"])
            world = {port for rule in allowing if "Internet" in sources(rule) for port in ports(rule)}
            assert world == ({"8081"} if variant is Variant.OTHER else set())
            assert ["8080"] in [ports(rule) for rule in allowing if sources(rule) == [function]]
            assert not [rule for rule in allowing if set(sources(rule)) & {"*", "0.0.0.0/0", "VirtualNetwork"}]


@trap(
    "1/flush-connection",
    slips=(Slip("flows that stand survive a fence", GROUPS_FILE, "            flush_connection=True,\n", ""),),
)
def flows_that_stand_are_looked_at_anew_when_a_fence_is_written(stand: Stand) -> None:
    assert [each.inputs.get("flushConnection") for each in stand.usual.of_type(GROUP)] == [True, True]


@trap(
    "1/inline-rules",
    slips=(
        Slip(
            "a group is written again when its tags change",
            GROUPS_FILE,
            '            opts=child(self, ignore_changes=["*"]),\n',
            "            opts=child(self),\n",
        ),
        Slip(
            "rules of one group are written at the same time",
            GROUPS_FILE,
            "            opts=child(self, depends_on=after),\n",
            "            opts=child(self),\n",
        ),
    ),
)
def no_write_of_a_group_carries_a_list_of_rules_that_would_undo_a_fence(stand: Stand) -> None:
    for group in stand.usual.of_type(GROUP):
        assert "securityRules" not in group.inputs
        assert group.ignore_changes == ("*",)
        name = group.outputs["name"]
        rules = [each for each in stand.usual.of_type(RULE) if each.inputs["networkSecurityGroupName"] == name]
        in_order = sorted(rules, key=lambda each: each.inputs["priority"])
        for before, after in itertools.pairwise(in_order):
            assert before.urn in stand.usual.needs(after)


@trap(
    "1/zones-of-an-address",
    slips=(
        Slip(
            "the zones of the address are left to Azure",
            ADDRESS_FILE,
            "            zones=list(ALL_ZONES),\n",
            "",
        ),
        Slip(
            "a dynamic address",
            ADDRESS_FILE,
            'public_ip_allocation_method="Static"',
            'public_ip_allocation_method="Dynamic"',
        ),
    ),
)
def zones_of_the_address_are_written_out_and_are_all_of_them(stand: Stand) -> None:
    address = part(stand.usual, PUBLIC_IP, "address").inputs

    assert address["zones"] == ["1", "2", "3"]
    assert (address["sku"]["name"], address["publicIPAllocationMethod"]) == ("Standard", "Static")


@trap(
    "1/first-boot-without-egress",
    slips=(
        Slip(
            "the guest installs a package at its first boot",
            "infra/guest.py",
            'return f"#!/bin/bash\\n{assignments}',
            'return f"#!/bin/bash\\n{assignments}apt-get install -y jq\\n',
        ),
    ),
)
def first_boot_needs_nothing_from_outside(stand: Stand) -> None:
    for chosen in machines(stand.usual).values():
        assert not re.search(r"\b(apt|apt-get|yum|dnf|zypper|pip|curl|wget|snap)\b", told(chosen))


@trap(
    "1/standby-without-address",
    slips=(
        Slip(
            "worker subnets keep the default way out",
            NETWORK_FILE,
            "default_outbound_access=None if of_function else False,",
            "default_outbound_access=None if of_function else True,",
        ),
        Slip(
            "a gateway stands there with the address on a worker too",
            LAYOUT_FILE,
            "return worker_zones if front is Front.BALANCER else ()",
            "return worker_zones",
        ),
    ),
)
def standby_without_an_address_goes_out_by_no_way_that_nobody_knows(stand: Stand) -> None:
    for deployment in (stand.usual, stand.of(Variant.BALANCED)):
        subnets = [each.inputs for each in deployment.of_type(SUBNET) if "delegations" not in each.inputs]
        assert [each.get("defaultOutboundAccess") for each in subnets] == [False] * len(subnets)
    assert not stand.usual.of_type(NAT_GATEWAY)


@trap(
    "1/delegated-subnet",
    slips=(
        Slip(
            "the function's subnet gets a gateway and loses the platform's way",
            NETWORK_FILE,
            "gateway_id = None if of_function else self._gateway_of(plan.zone)",
            "gateway_id = self._gateway_of(plan.zone)",
        ),
    ),
)
def delegated_subnet_needs_no_gateway_and_says_nothing_of_outbound_access(stand: Stand) -> None:
    for variant in (Variant.BALANCED, Variant.OTHER):
        function = part(stand.of(variant), SUBNET, "function").inputs
        assert not {"natGateway", "defaultOutboundAccess"} & function.keys()


@trap(
    "1/zonal-gateway",
    "2/egress-of-a-pool",
    slips=(
        Slip(
            "all workers go out by the first gateway",
            NETWORK_FILE,
            "return self.nat.gateway_ids.get(zone, next(iter(self.nat.gateway_ids.values())))",
            "return next(iter(self.nat.gateway_ids.values()))",
        ),
        Slip(
            "a gateway stands in the zone that Azure likes",
            NAT_FILE,
            "            idle_timeout_in_minutes=IDLE_MINUTES,\n            zones=[zone],\n",
            "            idle_timeout_in_minutes=IDLE_MINUTES,\n",
        ),
    ),
)
def zonal_gateway_stands_in_the_zone_of_the_worker_that_goes_out_by_it(stand: Stand) -> None:
    for variant in (Variant.BALANCED, Variant.OTHER):
        deployment = stand.of(variant)
        gateways = {each.id: each for each in deployment.of_type(NAT_GATEWAY)}
        for worker, chosen in machines(deployment).items():
            subnet_id = part(deployment, CARD, worker).inputs["ipConfigurations"][0]["subnet"]["id"]
            (subnet,) = (each for each in deployment.of_type(SUBNET) if each.id == subnet_id)
            gateway = gateways[subnet.inputs["natGateway"]["id"]]
            assert gateway.inputs["zones"] == chosen["zones"]
            (address,) = gateway.inputs["publicIpAddresses"]
            (found,) = (each for each in deployment.of_type(PUBLIC_IP) if each.id == address["id"])
            assert found.inputs["zones"] == chosen["zones"]


@trap(
    "6/subnet-of-the-app",
    slips=(
        Slip(
            "an underscore in the subnet's name",
            NETWORK_FILE,
            "subnet_name=physical(Kind.NETWORK_PART, f\"{args['site']}-{part}\"),",
            "subnet_name=physical(Kind.NETWORK_PART, f\"{args['site']}_{part}\"),",
        ),
        Slip(
            "the subnet is delegated to another service",
            NETWORK_FILE,
            'ENVIRONMENTS = "Microsoft.App/environments"',
            'ENVIRONMENTS = "Microsoft.Web/serverFarms"',
        ),
        Slip(
            "the function gets one block of its band",
            "infra/addressing.py",
            "    whole_band = blocks[Band.PROBER].supernet(BAND_BITS)\n",
            "    whole_band = blocks[Band.PROBER]\n",
        ),
    ),
)
def subnet_of_the_app_is_delegated_large_enough_and_has_no_underscore(stand: Stand) -> None:
    for variant in Variant:
        (function,) = (each.inputs for each in stand.of(variant).of_type(SUBNET) if "delegations" in each.inputs)
        assert re.fullmatch("[a-z0-9-]{1,80}", function["subnetName"])
        assert [each["serviceName"] for each in function["delegations"]] == ["Microsoft.App/environments"]
        assert ipaddress.ip_network(function["addressPrefix"]).prefixlen <= 26
        assert not {"serviceEndpoints", "networkSecurityGroup"} & function.keys()


@trap(
    "1/address-of-a-gateway",
    slips=(
        Slip(
            "what Azure says of an address is taken for a difference",
            NAT_FILE,
            ', ignore_changes=["natGateway"]',
            "",
        ),
    ),
)
def address_of_a_gateway_names_it_by_azures_own_word_and_that_is_no_difference(stand: Stand) -> None:
    for address in stand.of(Variant.BALANCED).of_type(PUBLIC_IP):
        if "-nat-" in address.name:
            assert "natGateway" in address.ignore_changes


@trap(
    "1/subnets-at-once",
    slips=(
        Slip(
            "subnets are written at the same time",
            NETWORK_FILE,
            "            opts=child(self, depends_on=list(self._subnets.values())),\n",
            "            opts=child(self),\n",
        ),
    ),
)
def subnets_of_one_network_are_written_one_after_the_other(stand: Stand) -> None:
    first, *others = stand.usual.of_type(SUBNET)
    for place, subnet in enumerate(others):
        before = [first, *others[:place]]
        assert {each.urn for each in before} <= stand.usual.needs(subnet)
    prefixes = [ipaddress.ip_network(each.inputs["addressPrefix"]) for each in stand.of(Variant.LONGEST).of_type(SUBNET)]
    (whole,) = stand.of(Variant.LONGEST).only(NETWORK).inputs["addressSpace"]["addressPrefixes"]
    assert not any(one.overlaps(other) for one in prefixes for other in prefixes if one is not other)
    assert all(each.subnet_of(ipaddress.ip_network(whole)) for each in prefixes)  # pyright: ignore[reportArgumentType] - both are IPv4


@trap(
    "1/metadata-passes",
    slips=(
        Slip(
            "the machines get an identity",
            WORKERS_FILE,
            '            security_profile={"encryption_at_host": True},\n',
            '            security_profile={"encryption_at_host": True},\n'
            "            identity={'type': azure.compute.ResourceIdentityType.SYSTEM_ASSIGNED},\n",
        ),
    ),
)
def isolated_worker_still_gets_tokens_so_it_has_no_identity(stand: Stand) -> None:
    assert all("identity" not in chosen for chosen in machines(stand.usual).values())
