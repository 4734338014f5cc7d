"""Traps of the load balancer and its pool (section 2 of the table)."""

from tests.infra.azure.traps.look import BALANCER, CARD, NETWORK, PUBLIC_IP, WORKERS, part, settings, trap
from tests.infra.azure.traps.variants import Variant
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

BALANCER_FILE = "infra/azure/balancer.py"
WORKERS_FILE = "infra/azure/workers.py"


@trap(
    "1/zones-of-a-frontend",
    slips=(
        Slip(
            "the frontend has zones of its own",
            BALANCER_FILE,
            '{"name": FRONTEND, "public_ip_address": {"id": args["address_id"]}}',
            '{"name": FRONTEND, "zones": ["1", "2", "3"], "public_ip_address": {"id": args["address_id"]}}',
        ),
    ),
)
def frontend_with_a_public_address_names_no_zones(stand: Stand) -> None:
    deployment = stand.of(Variant.BALANCED)
    (frontend,) = deployment.only(BALANCER).inputs["frontendIPConfigurations"]

    assert "zones" not in frontend
    assert frontend["publicIPAddress"]["id"] == part(deployment, PUBLIC_IP, "address").id


@trap(
    "2/members-in-the-balancer",
    "2/pool-needs-balancer",
    slips=(
        Slip(
            "the members come with the balancer",
            BALANCER_FILE,
            'backend_address_pools=[{"name": POOL}],',
            'backend_address_pools=[{"name": POOL, "load_balancer_backend_addresses": [{"name": "wk1", '
            '"ip_address": "10.80.192.10"}]}],',
        ),
        Slip(
            "a later run may write the balancer",
            BALANCER_FILE,
            'depends_on=args["network_ready"], protect=args["protect"], ignore_changes=["*"]',
            'depends_on=args["network_ready"], protect=args["protect"]',
        ),
    ),
)
def members_in_the_balancers_own_write_are_dropped_so_the_pool_is_named_and_empty(stand: Stand) -> None:
    deployment = stand.of(Variant.BALANCED)
    balancer = deployment.only(BALANCER)

    assert [set(pool) for pool in balancer.inputs["backendAddressPools"]] == [{"name"}]
    assert balancer.ignore_changes == ("*",)
    assert not deployment.of_type("azure-native:network:LoadBalancerBackendAddressPool")
    (pool,) = balancer.inputs["backendAddressPools"]
    assert settings(deployment)["TANDEM_ADDRESS_ID"] == f"{balancer.id}/backendAddressPools/{pool['name']}"


@trap(
    "2/member-address-stays",
    slips=(
        Slip(
            "the private address is dynamic",
            WORKERS_FILE,
            '"private_ip_allocation_method": "Static",',
            '"private_ip_allocation_method": "Dynamic",',
        ),
    ),
)
def address_of_a_member_stays_because_it_is_static(stand: Stand) -> None:
    for worker in WORKERS:
        (chosen,) = part(stand.of(Variant.BALANCED), CARD, worker).inputs["ipConfigurations"]
        assert chosen["privateIPAllocationMethod"] == "Static"
        assert "loadBalancerBackendAddressPools" not in chosen


@trap(
    "2/egress-of-a-pool",
    slips=(
        Slip(
            "workers go out by the address that partners know",
            BALANCER_FILE,
            '"disable_outbound_snat": True,',
            '"disable_outbound_snat": False,',
        ),
    ),
)
def members_go_out_by_their_gateways_and_not_by_the_balancers_address(stand: Stand) -> None:
    balancer = stand.of(Variant.BALANCED).only(BALANCER).inputs

    assert {rule["disableOutboundSnat"] for rule in balancer["loadBalancingRules"]} == {True}
    assert "outboundRules" not in balancer


@trap(
    "2/admin-state",
    slips=(
        Slip(
            "a rule goes without its probe",
            BALANCER_FILE,
            '            "probe": {"id": f"{self._own}/probes/{PROBE}"},\n',
            "",
        ),
        Slip("floating addresses", BALANCER_FILE, '"enable_floating_ip": False', '"enable_floating_ip": True'),
        Slip("a probe each minute", BALANCER_FILE, "PROBE_INTERVAL_S = 5", "PROBE_INTERVAL_S = 60"),
    ),
)
def being_up_or_down_means_nothing_without_a_probe_on_each_rule(stand: Stand) -> None:
    balancer = stand.of(Variant.BALANCED).only(BALANCER)
    (probe,) = balancer.inputs["probes"]

    asked = (probe["protocol"], probe["port"], probe["requestPath"], probe["intervalInSeconds"], probe["probeThreshold"])
    assert asked == ("Http", 8080, "/health", 5, 2)
    rules = balancer.inputs["loadBalancingRules"]
    assert {rule["frontendPort"] for rule in rules} == {2575, 6661}
    for rule in rules:
        assert rule["probe"]["id"].lower() == f"{balancer.id}/probes/{probe['name']}".lower()
        assert (rule["enableFloatingIP"], rule["frontendPort"], rule["protocol"]) == (False, rule["backendPort"], "Tcp")
    assert not {"inboundNatRules", "inboundNatPools"} & balancer.inputs.keys()


@trap(
    "2/connections-stay",
    slips=(
        Slip(
            "the watchdog is not told that connections stay",
            "infra/azure/watchdog.py",
            ', "connections_stay": True}',
            "}",
        ),
    ),
)
def connections_that_stand_stay_so_the_watchdog_moves_nothing_that_it_does_not_fence(stand: Stand) -> None:
    assert settings(stand.of(Variant.BALANCED))["TANDEM_CONNECTIONS_STAY"] == "true"
    assert "TANDEM_CONNECTIONS_STAY" not in settings(stand.of(Variant.USUAL))


@trap(
    "2/pool-of-addresses",
    slips=(
        Slip(
            "a balancer of the kind that is retired",
            BALANCER_FILE,
            'sku={"name": "Standard", "tier": "Regional"}',
            'sku={"name": "Basic", "tier": "Regional"}',
        ),
    ),
)
def pool_of_addresses_is_of_a_standard_balancer_and_holds_no_card(stand: Stand) -> None:
    deployment = stand.of(Variant.BALANCED)

    assert deployment.only(BALANCER).inputs["sku"]["name"] == "Standard"
    assert len(deployment.of_type(NETWORK)) == 1
    for card in deployment.of_type(CARD):
        assert all("loadBalancerBackendAddressPools" not in each for each in card.inputs["ipConfigurations"])


@trap(
    "2/pool-needs-balancer",
    slips=(
        Slip(
            "the balancer does not wait for the network",
            BALANCER_FILE,
            'opts=child(self, depends_on=args["network_ready"], protect',
            "opts=child(self, protect",
        ),
    ),
)
def network_that_a_pools_members_name_goes_after_the_balancer(stand: Stand) -> None:
    deployment = stand.of(Variant.BALANCED)

    assert deployment.only(NETWORK).urn in deployment.needs(deployment.only(BALANCER))
