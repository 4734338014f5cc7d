"""Documents by id: what is written is read, inside the parent and at its own path, in whatever letter case."""

from typing import Any, cast

import pytest

from lab.arm.settings import SUBSCRIPTION
from tests.lab.arm.clouds import (
    ADDRESS,
    BALANCER,
    GROUP,
    LOCATION,
    NETWORK,
    POOL,
    SUBNET,
    VNET,
    Cloud,
    address_body,
    nic_body,
    nic_id,
    nsg_id,
    pool_body,
    rule_body,
    vm_id,
)


def test_a_first_put_answers_201_and_a_second_200(network: Cloud) -> None:
    assert network.put(f"{NETWORK}/publicIPAddresses/other", address_body()).status == 201
    network.wait(10)
    assert network.put(f"{NETWORK}/publicIPAddresses/other", address_body()).status == 200


def test_a_disk_answers_202(network: Cloud) -> None:
    body = {"location": LOCATION, "properties": {"creationData": {"createOption": "Empty"}}}
    disk = network.put(f"{GROUP}/providers/Microsoft.Compute/disks/data", body)
    assert disk.status == 202
    assert "Location" in disk.headers


def test_delete_answers_202_and_then_204(network: Cloud) -> None:
    assert network.ask("DELETE", ADDRESS).status == 202
    assert network.state(ADDRESS) == "Deleting"
    network.wait(10)
    assert network.ask("GET", ADDRESS).error == "ResourceNotFound"
    assert network.ask("DELETE", ADDRESS).status == 204


def test_ids_are_compared_without_regard_to_letter_case(network: Cloud) -> None:
    assert network.get(ADDRESS.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))["id"] == ADDRESS
    body = nic_body()
    body["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"] = SUBNET.upper().replace(
        "/SUBSCRIPTIONS", "/subscriptions"
    )
    network.made(nic_id("x"), body)
    assert network.get(SUBNET)["properties"]["ipConfigurations"]


def test_a_child_reads_the_same_at_its_own_path_and_in_its_parent(balanced: Cloud) -> None:
    balanced.made(POOL, pool_body(wk1="Up", wk2="Down"))
    balanced.made(f"{nsg_id('wk1')}/securityRules/fence", rule_body())
    for parent, collection, child in (
        (VNET, "subnets", SUBNET),
        (nic_id("wk1"), "ipConfigurations", f"{nic_id('wk1')}/ipConfigurations/main"),
        (nsg_id("wk1"), "securityRules", f"{nsg_id('wk1')}/securityRules/fence"),
        (BALANCER, "frontendIPConfigurations", f"{BALANCER}/frontendIPConfigurations/front"),
        (BALANCER, "backendAddressPools", POOL),
        (BALANCER, "loadBalancingRules", f"{BALANCER}/loadBalancingRules/llp"),
        (BALANCER, "probes", f"{BALANCER}/probes/ready"),
        (POOL, "loadBalancerBackendAddresses", f"{POOL}/loadBalancerBackendAddresses/wk2"),
    ):
        assert balanced.get(child) in balanced.get(parent)["properties"][collection], child
        assert balanced.get(child)["etag"] == balanced.get(parent)["etag"]


def test_a_child_that_is_written_at_its_own_path_stands_in_its_parent(pair: Cloud) -> None:
    pair.made(f"{VNET}/subnets/spare", {"properties": {"addressPrefix": "10.0.1.0/24"}})
    assert [subnet["name"] for subnet in pair.get(VNET)["properties"]["subnets"]] == ["workers", "spare"]
    pair.ask("DELETE", f"{VNET}/subnets/spare")
    pair.wait(10)
    assert [subnet["name"] for subnet in pair.get(VNET)["properties"]["subnets"]] == ["workers"]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (f"{NETWORK}/networkInterfaces", ["wk1", "wk2"]),
        (f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/networkInterfaces", ["wk1", "wk2"]),
        (f"{VNET}/subnets", ["workers"]),
        (f"{nic_id('wk1')}/ipConfigurations", ["main"]),
        (f"/subscriptions/{SUBSCRIPTION}/resourcegroups", ["pair"]),
        (f"{GROUP}/providers/Microsoft.Compute/virtualMachines", ["wk1", "wk2"]),
    ],
    ids=["group", "subscription", "children", "read-only children", "groups", "machines"],
)
def test_lists_are_by_group_by_subscription_and_by_parent(pair: Cloud, path: str, names: list[str]) -> None:
    assert [each["name"] for each in pair.get(path)["value"]] == names


def test_patch_changes_tags_and_nothing_else(pair: Cloud) -> None:
    before = pair.get(nic_id("wk1"))
    assert pair.ask("PATCH", nic_id("wk1"), {"tags": {"a": "b"}}).status == 200
    after = pair.get(nic_id("wk1"))
    assert after["tags"] == {"a": "b"}
    assert after["etag"] != before["etag"]
    assert pair.ask("PATCH", nic_id("wk1"), {"properties": {}}).error == "NotEmulated"


def test_a_child_of_nothing_is_refused(network: Cloud) -> None:
    assert network.refused(network.put(f"{VNET}x/subnets/a", {"properties": {}})) == (404, "ParentResourceNotFound")
    assert network.put(f"{VNET}/subnets/a", {"properties": {"addressPrefix": "10.0.1.0/24"}}).status == 201


def test_a_parent_named_default_stands_with_its_own_parent(network: Cloud) -> None:
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acc"
    share = "fileServices/default/shares/data"
    assert network.put(f"{account}/{share}", {"properties": {}}).error == "ParentResourceNotFound"
    network.put(account, {"location": LOCATION, "properties": {}})
    assert network.put(f"{account}/{share}", {"properties": {}}).status == 201


def test_what_is_not_there_is_told_in_azures_words(network: Cloud) -> None:
    other = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/other/providers/Microsoft.Network/networkInterfaces/x"
    assert network.refused(network.ask("GET", other)) == (404, "ResourceGroupNotFound")
    assert network.refused(network.ask("GET", nic_id("x"))) == (404, "ResourceNotFound")
    assert network.refused(network.ask("GET", f"{VNET}/subnets/x")) == (404, "NotFound")
    foreign = "/subscriptions/other/resourceGroups/pair"
    assert network.refused(network.ask("GET", foreign)) == (404, "SubscriptionNotFound")
    assert network.refused(network.ask("GET", f"{GROUP}/providers/Microsoft.Sql/servers/x")) == (400, "NotEmulated")
    assert network.refused(network.ask("GET", f"{ADDRESS}?api-version=")) == (400, "MissingApiVersionParameter")


def test_a_group_takes_everything_with_it(pair: Cloud) -> None:
    assert pair.ask("HEAD", GROUP).status == 204
    assert pair.ask("DELETE", GROUP).status == 202
    pair.wait(10)
    assert pair.ask("HEAD", GROUP).status == 404
    assert pair.emulator.world.documents == {}
    gone = [fields["id"] for event, fields in pair.told if event == "gone"]
    assert vm_id("wk1") in gone


def test_what_refers_to_a_resource_stands_in_it(balanced: Cloud) -> None:
    config = f"{nic_id('wk1')}/ipConfigurations/main"
    assert balanced.get(ADDRESS)["properties"]["ipConfiguration"] == {"id": config}
    assert balanced.get(nic_id("wk1"))["properties"]["virtualMachine"] == {"id": vm_id("wk1")}
    assert balanced.get(nsg_id("wk2"))["properties"]["networkInterfaces"] == [{"id": nic_id("wk2")}]
    holders = [each["id"] for each in balanced.get(SUBNET)["properties"]["ipConfigurations"]]
    assert holders == [config, f"{nic_id('wk2')}/ipConfigurations/main"]
    assert balanced.get(f"{BALANCER}/probes/ready")["properties"]["loadBalancingRules"]


def test_a_reference_that_comes_with_properties_is_kept_as_its_id(pair: Cloud) -> None:
    body = nic_body(address=ADDRESS)
    inside = body["properties"]["ipConfigurations"][0]["properties"]
    for name in ("subnet", "publicIPAddress"):
        inside[name]["properties"] = {"privateEndpointNetworkPolicies": "Enabled"}
    pair.made(nic_id("wk1"), body)
    config = pair.get(nic_id("wk1"))["properties"]["ipConfigurations"][0]["properties"]
    assert (config["subnet"], config["publicIPAddress"]) == ({"id": SUBNET}, {"id": ADDRESS})


def test_a_back_reference_that_is_sent_back_is_not_kept(pair: Cloud) -> None:
    body = pair.get(nic_id("wk1"))
    body["properties"]["virtualMachine"] = {"id": vm_id("wk2")}
    assert pair.put(nic_id("wk1"), body).status == 200
    pair.wait(10)
    assert pair.get(nic_id("wk1"))["properties"]["virtualMachine"] == {"id": vm_id("wk1")}


def without_etags(value: Any) -> Any:
    """The text without its ETags, which change with every write."""
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        return {name: without_etags(each) for name, each in named.items() if name != "etag"}
    return [without_etags(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value


def test_what_was_read_may_be_written_again_as_it_is(balanced: Cloud) -> None:
    for path in (VNET, nsg_id("wk1"), nic_id("wk1"), ADDRESS, vm_id("wk1"), BALANCER):
        before = balanced.get(path)
        after = balanced.made(path, before)
        assert without_etags(after) == without_etags(before), path


def test_secrets_of_a_machine_are_never_read(pair: Cloud) -> None:
    profile = pair.get(vm_id("wk1"))["properties"]["osProfile"]
    assert set(profile) == {"computerName", "adminUsername"}
    assert "c2VjcmV0" not in repr(pair.emulator.world)
