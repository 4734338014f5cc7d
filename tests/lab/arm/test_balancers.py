"""Load balancers: members by address live in the pool's own PUT only; members by interface in the interface's."""

from typing import Any

import pytest

from tests.lab.arm.clouds import (
    BALANCER,
    LOCATION,
    NETWORK,
    POOL,
    SUBNET,
    Cloud,
    address_body,
    balancer_body,
    nic_body,
    nic_id,
    pool_body,
)


def members(cloud: Cloud) -> list[tuple[str, str]]:
    found = cloud.get(POOL)["properties"].get("loadBalancerBackendAddresses", [])
    return [(each["name"], each["properties"].get("adminState", "")) for each in found]


def in_the_pool(worker: str) -> Any:
    return nic_body(worker, loadBalancerBackendAddressPools=[{"id": POOL}])


def test_members_in_a_balancers_own_put_are_dropped(balanced: Cloud) -> None:
    body = balancer_body()
    body["properties"]["backendAddressPools"] = [{"name": "workers", **pool_body(wk1="Up", wk2="Down")}]
    assert balanced.put(BALANCER, body).status == 200
    balanced.wait(10)
    assert balanced.state(BALANCER) == "Succeeded"
    assert members(balanced) == []


def test_a_later_put_of_the_balancer_empties_the_pool(balanced: Cloud) -> None:
    balanced.made(POOL, pool_body(wk1="Up", wk2="Down"))
    assert members(balanced) == [("wk1", "Up"), ("wk2", "Down")]
    balanced.made(BALANCER, balanced.get(BALANCER))
    assert members(balanced) == []


def test_one_put_of_the_pool_swaps_both_members(balanced: Cloud) -> None:
    balanced.made(POOL, pool_body(wk1="Up", wk2="Down"))
    balanced.told.clear()
    balanced.made(POOL, pool_body(wk1="Down", wk2="Up"))
    assert members(balanced) == [("wk1", "Down"), ("wk2", "Up")]
    ((event, fields),) = balanced.told
    assert (event, fields["id"]) == ("pool", POOL)
    assert [(member["address"], member["admin_state"]) for member in fields["members"]] == [
        ("10.0.0.4", "Down"),
        ("10.0.0.5", "Up"),
    ]


def test_a_pool_that_is_written_is_updating_with_all_its_members_and_nothing_beside_it(balanced: Cloud) -> None:
    first = balanced.put(POOL, pool_body(wk1="Up", wk2="Down"))
    assert first.status == 200
    properties = (first.body or {})["properties"]
    states = [each["properties"]["provisioningState"] for each in properties["loadBalancerBackendAddresses"]]
    assert [properties["provisioningState"], *states] == ["Updating"] * 3
    assert balanced.state(f"{BALANCER}/probes/ready") == "Succeeded"
    balanced.wait(10)
    member = balanced.get(f"{POOL}/loadBalancerBackendAddresses/wk1")
    assert member["type"] == "Microsoft.Network/loadBalancers/backendAddressPools/loadBalancerBackendAddresses"
    assert member["properties"]["provisioningState"] == "Succeeded"
    assert member["etag"] == balanced.get(POOL)["etag"] != (first.body or {})["etag"]


def test_members_by_interface_are_the_interfaces_own(balanced: Cloud) -> None:
    balanced.made(nic_id("wk1"), in_the_pool("wk1"))
    config = f"{nic_id('wk1')}/ipConfigurations/main"
    assert balanced.get(POOL)["properties"]["backendIPConfigurations"] == [{"id": config}]
    reply = balanced.put(POOL, {"properties": {"loadBalancerBackendAddresses": []}})
    assert balanced.refused(reply) == (400, "ModificationOfNICIpConfigBackendPoolNotSupported")
    assert "adds/modifies/deletes backend address pool members" in (reply.body or {})["error"]["message"]
    assert balanced.put(POOL, balanced.get(POOL)).status == 200


def test_a_pool_never_mixes_members_by_interface_and_by_address(balanced: Cloud) -> None:
    balanced.made(POOL, pool_body(wk1="Up"))
    assert balanced.put(nic_id("wk1"), in_the_pool("wk1")).error == "BackendAddressPoolCannotMixNicAndIpMembers"
    balanced.made(POOL, pool_body())
    balanced.made(nic_id("wk1"), in_the_pool("wk1"))
    assert balanced.put(POOL, pool_body(wk2="Up")).error == "BackendAddressPoolCannotMixNicAndIpMembers"


@pytest.mark.parametrize("missing", ["virtualNetwork", None])
def test_a_member_by_address_names_its_network(balanced: Cloud, missing: str | None) -> None:
    body = pool_body(wk1="Up")
    body["properties"]["loadBalancerBackendAddresses"][0]["properties"].pop(missing, None)
    assert balanced.put(POOL, body).error == ("InvalidBackendAddress" if missing else None)


def test_members_by_address_are_of_one_network(balanced: Cloud) -> None:
    other = f"{NETWORK}/virtualNetworks/other"
    prefixes = {"addressSpace": {"addressPrefixes": ["10.8.0.0/16"]}}
    balanced.made(other, {"location": LOCATION, "properties": prefixes})
    body = pool_body(wk1="Up", wk2="Down")
    body["properties"]["loadBalancerBackendAddresses"][1]["properties"]["virtualNetwork"] = {"id": other}
    assert balanced.put(POOL, body).error == "InvalidBackendAddress"
    assert balanced.put(POOL, pool_body(wk1="Up", wk2="Down")).status == 200


def test_members_by_address_need_a_standard_balancer(network: Cloud) -> None:
    basic = f"{NETWORK}/loadBalancers/basic"
    inside = {"name": "in", "properties": {"subnet": {"id": SUBNET}}}
    body = {"location": LOCATION, "properties": {"frontendIPConfigurations": [inside]}}
    network.made(basic, body)
    assert network.put(f"{basic}/backendAddressPools/p", pool_body(wk1="Up")).error == "InvalidBackendAddress"
    network.made(basic, body | {"sku": {"name": "Standard"}})
    assert network.put(f"{basic}/backendAddressPools/p", pool_body(wk1="Up")).status == 201


def test_a_frontend_with_an_address_has_no_zones_of_its_own(balanced: Cloud) -> None:
    reply = balanced.put(BALANCER, balancer_body(zones=["1"]))
    code = "LoadBalancerFrontendIPConfigCannotHaveZoneWhenReferencingPublicIPAddress"
    assert balanced.refused(reply) == (400, code)
    assert balanced.put(BALANCER, balancer_body()).status == 200


def test_a_rule_names_what_its_own_balancer_has(balanced: Cloud) -> None:
    body = balancer_body()
    body["properties"]["probes"] = []
    assert balanced.put(BALANCER, body).error == "InvalidResourceReference"


def test_a_pool_that_a_rule_names_is_not_deleted(balanced: Cloud) -> None:
    assert balanced.ask("DELETE", POOL).error == "InUseBackendAddressPoolCannotBeDeleted"
    spare = f"{BALANCER}/backendAddressPools/spare"
    balanced.made(spare, {"properties": {}})
    assert balanced.ask("DELETE", spare).status == 202


def test_an_address_of_a_balancer_may_be_given_up(balanced: Cloud) -> None:
    balanced.made(f"{NETWORK}/publicIPAddresses/next", address_body())
    balanced.made(BALANCER, balancer_body(address=f"{NETWORK}/publicIPAddresses/next"))
    assert balanced.ask("DELETE", f"{NETWORK}/publicIPAddresses/lb").status == 202
