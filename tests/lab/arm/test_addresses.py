"""Public IPs: one holder at a time, given up only when the operation has ended, kept by a failed one."""

import pytest

from lab.arm.faults import Effect, Fault
from lab.arm.messages import Json, Refusal
from lab.arm.settings import Settings
from lab.arm.times import Times
from tests.lab.arm.clouds import (
    ADDRESS,
    BALANCER,
    LOCATION,
    NETWORK,
    Cloud,
    address_body,
    balancer_body,
    build_pair,
    nic_body,
    nic_id,
)

HELD = f"{nic_id('wk1')}/ipConfigurations/main"
WANTED = f"{nic_id('wk2')}/ipConfigurations/main"


def associate(cloud: Cloud, worker: str) -> Json:
    return cloud.made(nic_id(worker), nic_body(worker, address=ADDRESS))


def test_an_address_that_another_interface_holds_is_refused_before_any_change(pair: Cloud) -> None:
    before = [pair.get(nic_id(worker)) for worker in ("wk1", "wk2")]
    reply = pair.put(nic_id("wk2"), nic_body("wk2", address=ADDRESS))
    assert pair.refused(reply) == (400, "PublicIPAddressInUse")
    assert (reply.body or {})["error"]["message"] == (
        f"Resource {WANTED} is referencing public IP address {ADDRESS} that is already allocated to resource {HELD}."
    )
    assert [pair.get(nic_id(worker)) for worker in ("wk1", "wk2")] == before


def test_a_free_address_is_taken(pair: Cloud) -> None:
    pair.made(nic_id("wk1"), nic_body("wk1"))
    associate(pair, "wk2")
    assert pair.get(ADDRESS)["properties"]["ipConfiguration"] == {"id": WANTED}


def test_an_address_is_held_until_the_operation_that_gives_it_up_has_ended(pair: Cloud) -> None:
    pair.put(nic_id("wk1"), nic_body("wk1"))
    assert "ipConfiguration" not in pair.get(ADDRESS)["properties"]
    assert pair.put(nic_id("wk2"), nic_body("wk2", address=ADDRESS)).error == "PublicIPAddressInUse"
    pair.wait(10)
    assert pair.put(nic_id("wk2"), nic_body("wk2", address=ADDRESS)).status == 200


def test_an_address_is_held_until_the_last_of_two_puts_has_ended(pair: Cloud) -> None:
    pair.put(nic_id("wk1"), nic_body("wk1"))
    pair.wait(5)
    pair.put(nic_id("wk1"), nic_body("wk1") | {"tags": {"again": "yes"}})
    pair.wait(5)
    assert pair.put(nic_id("wk2"), nic_body("wk2", address=ADDRESS)).error == "PublicIPAddressInUse"
    pair.wait(5)
    assert pair.put(nic_id("wk2"), nic_body("wk2", address=ADDRESS)).status == 200


def test_an_address_stays_with_its_holder_in_an_unchanged_put(pair: Cloud) -> None:
    assert pair.put(nic_id("wk1"), nic_body("wk1", address=ADDRESS)).status == 200


def test_a_failed_associate_leaves_the_reference_and_the_interface_failed(pair: Cloud) -> None:
    pair.made(nic_id("wk1"), nic_body("wk1"))
    pair.emulator.order(Fault(Effect.FAIL, Refusal(500, "InternalServerError", "An error occurred."), "PUT"))
    told = len(pair.told)
    pair.put(nic_id("wk2"), nic_body("wk2", address=ADDRESS))
    pair.wait(10)
    assert pair.state(nic_id("wk2")) == "Failed"
    assert pair.get(ADDRESS)["properties"]["ipConfiguration"] == {"id": WANTED}
    assert "interface" not in [event for event, _ in pair.told[told:]]
    assert pair.put(nic_id("wk1"), nic_body("wk1", address=ADDRESS)).error == "PublicIPAddressInUse"
    assert associate(pair, "wk2")["properties"]["provisioningState"] == "Succeeded"


def test_the_address_stays_the_same_over_a_move(pair: Cloud) -> None:
    before = pair.get(ADDRESS)["properties"]["ipAddress"]
    pair.made(nic_id("wk1"), nic_body("wk1"))
    associate(pair, "wk2")
    assert pair.get(ADDRESS)["properties"]["ipAddress"] == before


def test_the_lab_is_told_who_holds_the_address_when_the_operation_ends(pair: Cloud) -> None:
    pair.told.clear()
    pair.put(nic_id("wk1"), nic_body("wk1"))
    assert pair.told == []
    pair.wait(10)
    ((event, fields),) = pair.told
    assert (event, fields["id"]) == ("interface", nic_id("wk1"))
    assert fields["addresses"] == [{"name": "main", "private": "10.0.0.4", "public": "", "public_id": ""}]


def test_packets_follow_some_time_after_the_operation() -> None:
    cloud = Cloud(Settings(times=Times("slow", {("*", "*"): 10.0}, propagation_s=5.0)))
    build_pair(cloud)
    cloud.told.clear()
    cloud.put(nic_id("wk1"), nic_body("wk1"))
    ends_s = cloud.clock.t + 10
    cloud.wait(30)
    ((_, fields),) = cloud.told
    assert fields["carries_at"] == ends_s + 5


def test_an_address_twice_in_one_body_is_refused(network: Cloud) -> None:
    def two(*addresses: str) -> Json:
        body = nic_body()
        body["properties"]["ipConfigurations"] = [
            {**nic_body(address=address)["properties"]["ipConfigurations"][0], "name": name}
            for name, address in zip(("first", "second"), addresses, strict=True)
        ]
        return body

    assert network.refused(network.put(nic_id("x"), two(ADDRESS, ADDRESS))) == (400, "PublicIPReferencedByMultipleIPConfigs")
    assert network.put(nic_id("x"), two(ADDRESS, "")).status == 201


def test_a_held_address_is_not_deleted(pair: Cloud) -> None:
    reply = pair.ask("DELETE", ADDRESS)
    assert pair.refused(reply) == (400, "PublicIPAddressCannotBeDeleted")
    assert f"since it is still allocated to resource {HELD}." in (reply.body or {})["error"]["message"]
    pair.made(nic_id("wk1"), nic_body("wk1"))
    assert pair.ask("DELETE", ADDRESS).status == 202


@pytest.mark.parametrize("sku", [{"name": "Basic"}, None], ids=["basic", "no sku"])
def test_a_basic_address_is_refused(network: Cloud, sku: Json | None) -> None:
    body = address_body() | {"sku": sku}
    if sku is None:
        del body["sku"]
    assert network.put(f"{NETWORK}/publicIPAddresses/x", body).error == "IPv4BasicSkuPublicIpCountLimitReached"
    assert network.put(f"{NETWORK}/publicIPAddresses/x", address_body()).status == 201


def test_a_standard_address_is_static(network: Cloud) -> None:
    path, code = f"{NETWORK}/publicIPAddresses/x", "StandardSkuPublicIPAddressesCannotHaveDynamicAllocation"
    assert network.put(path, address_body(publicIPAllocationMethod="Dynamic")).error == code
    assert network.put(path, address_body()).status == 201


@pytest.mark.parametrize("zones", [["1"], None, []], ids=["others", "left out", "none"])
def test_zones_of_an_address_never_change(network: Cloud, zones: list[str] | None) -> None:
    body = address_body() | {"zones": zones}
    if zones is None:
        del body["zones"]
    assert network.refused(network.put(ADDRESS, body)) == (400, "ResourceAvailabilityZonesCannotBeModified")
    assert network.put(ADDRESS, address_body(idleTimeoutInMinutes=10) | {"zones": ["3", "2", "1"]}).status == 200


def test_a_balancer_and_its_address_are_of_one_sku(network: Cloud) -> None:
    body = balancer_body(sku="Basic", address=ADDRESS)
    reply = network.put(BALANCER, body)
    assert network.refused(reply) == (400, "PublicIPAndLBSkuDoNotMatch")
    assert (reply.body or {})["error"]["message"].startswith("Basic sku load balancer ")
    assert network.put(BALANCER, balancer_body(address=ADDRESS)).status == 201


def test_a_balancer_and_a_gateway_hold_an_address_too(pair: Cloud) -> None:
    assert pair.put(BALANCER, balancer_body(address=ADDRESS)).error == "PublicIPAddressInUse"
    gateway = {"location": LOCATION, "sku": {"name": "Standard"}, "properties": {"publicIpAddresses": [{"id": ADDRESS}]}}
    assert pair.put(f"{NETWORK}/natGateways/nat", gateway).error == "PublicIPAddressInUse"
    pair.made(nic_id("wk1"), nic_body("wk1"))
    pair.made(f"{NETWORK}/natGateways/nat", gateway)
    assert pair.get(ADDRESS)["properties"]["natGateway"] == {"id": f"{NETWORK}/natGateways/nat"}
    assert pair.put(BALANCER, balancer_body(address=ADDRESS)).error == "PublicIPAddressInUse"
