"""Networks, subnets, security groups and private addresses: what is refused, and the neighbour that is accepted."""

import pytest

from tests.lab.arm.clouds import (
    LOCATION,
    NETWORK,
    SUBNET,
    VNET,
    Cloud,
    nic_body,
    nic_id,
    nsg_id,
    rule_body,
    vm_id,
)

RULE = f"{nsg_id('wk1')}/securityRules"


@pytest.mark.parametrize("priority", [99, 4097, 0, None])
def test_a_priority_out_of_range_is_refused(pair: Cloud, priority: int | None) -> None:
    body = rule_body()
    body["properties"]["priority"] = priority
    assert pair.refused(pair.put(f"{RULE}/a", body)) == (400, "SecurityRuleInvalidPriority")


@pytest.mark.parametrize("priority", [100, 4096])
def test_a_priority_at_the_edge_is_accepted(pair: Cloud, priority: int) -> None:
    assert pair.put(f"{RULE}/a", rule_body(priority)).status == 201


def test_two_rules_of_a_direction_have_two_priorities(pair: Cloud) -> None:
    pair.made(f"{RULE}/a", rule_body())
    reply = pair.put(f"{RULE}/b", rule_body())
    assert pair.refused(reply) == (400, "SecurityRuleConflict")
    assert "Security rule b conflicts with rule a." in (reply.body or {})["error"]["message"]
    pair.made(f"{RULE}/b", rule_body(direction="Outbound"))
    pair.made(f"{RULE}/c", rule_body(101))
    assert len(pair.get(nsg_id("wk1"))["properties"]["securityRules"]) == 3


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ("protocol", "SecurityRuleInvalidProtocol"),
        ("access", "SecurityRuleParameterNotSpecified"),
        ("direction", "SecurityRuleParameterNotSpecified"),
    ],
)
def test_a_rule_without_a_part_is_refused(pair: Cloud, missing: str, code: str) -> None:
    body = rule_body()
    del body["properties"][missing]
    assert pair.put(f"{RULE}/a", body).error == code
    assert pair.put(f"{RULE}/a", rule_body()).status == 201


def test_a_fence_by_rule_is_told_with_its_flush(pair: Cloud) -> None:
    pair.told.clear()
    pair.made(f"{RULE}/fence", rule_body())
    ((event, fields),) = pair.told
    assert (event, fields["id"], fields["flush"]) == ("group", nsg_id("wk1"), True)
    assert [(rule["name"], rule["access"], rule["priority"]) for rule in fields["rules"]] == [("fence", "Deny", 100)]


def test_a_group_ends_with_azures_own_rules(pair: Cloud) -> None:
    rules = pair.get(nsg_id("wk1"))["properties"]["defaultSecurityRules"]
    found = {rule["name"]: (rule["properties"]["priority"], rule["properties"]["access"]) for rule in rules}
    assert found["AllowAzureLoadBalancerInBound"] == (65001, "Allow")
    assert found["DenyAllInBound"] == (65500, "Deny")
    assert len(found) == 6


def test_a_fence_is_undone_by_a_put(pair: Cloud) -> None:
    pair.made(f"{RULE}/fence", rule_body())
    assert pair.made(f"{RULE}/fence", rule_body(access="Allow"))["properties"]["access"] == "Allow"


def test_a_used_group_is_not_deleted(pair: Cloud) -> None:
    reply = pair.ask("DELETE", nsg_id("wk1"))
    assert pair.refused(reply) == (400, "InUseNetworkSecurityGroupCannotBeDeleted")
    assert nic_id("wk1") in (reply.body or {})["error"]["message"]
    pair.made(nic_id("wk1"), nic_body())
    assert pair.ask("DELETE", nsg_id("wk1")).status == 202


def test_a_used_subnet_is_not_deleted_nor_its_network(network: Cloud) -> None:
    network.made(nic_id("x"), nic_body())
    for path in (SUBNET, VNET):
        assert network.refused(network.ask("DELETE", path)) == (400, "InUseSubnetCannotBeDeleted")
    network.ask("DELETE", nic_id("x"))
    network.wait(10)
    assert network.ask("DELETE", VNET).status == 202


def test_a_network_written_without_a_used_subnet_is_refused(network: Cloud) -> None:
    network.made(nic_id("x"), nic_body())
    body = network.get(VNET)
    body["properties"]["subnets"] = [{"name": "other", "properties": {"addressPrefix": "10.0.7.0/24"}}]
    assert network.put(VNET, body).error == "InUseSubnetCannotBeDeleted"
    body["properties"]["subnets"] += [{"name": "workers", "properties": {"addressPrefix": "10.0.0.0/24"}}]
    assert network.put(VNET, body).status == 200


@pytest.mark.parametrize(
    ("prefix", "code"),
    [("10.1.0.0/24", "NetcfgInvalidSubnet"), ("10.0.0.128/25", "NetcfgSubnetRangesOverlap"), ("10.0.1.0/24", None)],
)
def test_a_subnet_lies_in_its_network_and_over_no_other(network: Cloud, prefix: str, code: str | None) -> None:
    assert network.put(f"{VNET}/subnets/new", {"properties": {"addressPrefix": prefix}}).error == code


def test_an_interface_names_its_subnet(network: Cloud) -> None:
    body = nic_body()
    del body["properties"]["ipConfigurations"][0]["properties"]["subnet"]
    assert network.put(nic_id("x"), body).error == "SubnetNotSpecifiedForIPConfiguration"
    assert network.put(nic_id("x"), nic_body()).status == 201


def test_what_does_not_exist_cannot_be_named(network: Cloud) -> None:
    body = nic_body(address=f"{NETWORK}/publicIPAddresses/none")
    reply = network.put(nic_id("x"), body)
    assert network.refused(reply) == (400, "InvalidResourceReference")
    assert "/publicIPAddresses/none referenced by resource " in (reply.body or {})["error"]["message"]
    assert network.put(nic_id("x"), nic_body(address=f"{NETWORK}/publicIPAddresses/front")).status == 201


def test_a_dynamic_private_address_is_the_next_free_and_stays(network: Cloud) -> None:
    found = [network.made(nic_id(name), nic_body()) for name in ("a", "b")]
    configs = [each["properties"]["ipConfigurations"][0]["properties"] for each in found]
    assert [config["privateIPAddress"] for config in configs] == ["10.0.0.4", "10.0.0.5"]
    again = network.made(nic_id("b"), nic_body())
    assert again["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"] == "10.0.0.5"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("10.0.0.4", "PrivateIPAddressInUse"),
        ("10.0.1.4", "PrivateIPAddressNotInSubnet"),
        ("10.0.0.3", "PrivateIPAddressInReservedRange"),
        ("10.0.0.255", "PrivateIPAddressInReservedRange"),
        ("10.0.0.254", None),
        ("10.0.0.5", None),
    ],
)
def test_a_static_private_address_fits_its_subnet_and_is_free(network: Cloud, address: str, code: str | None) -> None:
    network.made(nic_id("a"), nic_body())
    static = nic_body(privateIPAllocationMethod="Static", privateIPAddress=address)
    assert network.put(nic_id("b"), static).error == code


def test_an_attached_interface_is_not_deleted(pair: Cloud) -> None:
    reply = pair.ask("DELETE", nic_id("wk2"))
    assert pair.refused(reply) == (400, "NicInUse")
    expected = f"Network Interface {nic_id('wk2')} is used by existing resource {vm_id('wk2')}. In order to delete"
    assert (reply.body or {})["error"]["message"].startswith(expected)
    pair.ask("DELETE", vm_id("wk2"))
    pair.wait(10)
    assert pair.ask("DELETE", nic_id("wk2")).status == 202


@pytest.mark.parametrize(("resource", "word"), [("natGateways", "NatGateway"), ("routeTables", "RouteTable")])
def test_what_a_subnet_uses_is_not_deleted(network: Cloud, resource: str, word: str) -> None:
    path, name = f"{NETWORK}/{resource}/x", word[0].lower() + word[1:]
    network.made(path, {"location": LOCATION, "properties": {}})
    used = {"addressPrefix": "10.0.0.0/24", name: {"id": path}}
    network.made(SUBNET, {"properties": used})
    assert network.get(path)["properties"]["subnets"] == [{"id": SUBNET}]
    assert network.refused(network.ask("DELETE", path)) == (400, f"InUse{word}CannotBeDeleted")
    network.made(SUBNET, {"properties": {"addressPrefix": "10.0.0.0/24"}})
    assert network.ask("DELETE", path).status == 202
