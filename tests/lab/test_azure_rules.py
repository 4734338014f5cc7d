"""The pure parts of the azure-native provider: names, comparing, drift, mapping. No cloud."""

import re
from importlib import metadata
from typing import Any

import pytest

from lab.providers.azure_native.comparing import compare
from lab.providers.azure_native.drifting import adopted, inputs_now
from lab.providers.azure_native.mapping import body_of, missing, outputs_of, projected
from lab.providers.azure_native.names import BY_CHANCE, made_name
from lab.providers.azure_native.sources import MARKED, replaces
from lab.providers.azure_native.tables import Row, table
from lab.providers.comparison import Kind
from lab.providers.naming import Mode, Naming
from lab.providers.plain import Secret, Unknown

NET, SUBNET, CARD, GROUP, ADDRESS = (
    f"azure-native:{token}"
    for token in (
        "network:VirtualNetwork",
        "network:Subnet",
        "network:NetworkInterface",
        "network:NetworkSecurityGroup",
        "network:PublicIPAddress",
    )
)
ASSIGNMENT = "azure-native:authorization:RoleAssignment"
SEED = Naming(b"seed")
UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


def row(token: str) -> Row:
    return table().rows[token]


def named(token: str, news: dict[str, Any], olds: dict[str, Any], naming: Naming = SEED) -> dict[str, Any]:
    return made_name(row(token), "net", news, olds, naming)


# Names


def test_a_name_is_the_logical_one_and_eight_hex_digits_without_a_dash() -> None:
    made = named(NET, {}, {})
    assert re.fullmatch(r"net[0-9a-f]{8}", made["virtualNetworkName"])
    assert made[BY_CHANCE] is True
    assert named(NET, {}, {}) == made
    assert named(NET, {}, {}, Naming(b"other")) != made


def test_an_assignment_of_a_role_is_named_by_a_uuid_whatever_the_engine_proposes() -> None:
    proposed = Naming(b"seed", Mode.PROPOSE, "mine")
    assert UUID.fullmatch(named(ASSIGNMENT, {}, {}, proposed)["roleAssignmentName"])
    assert named(NET, {}, {}, proposed)["virtualNetworkName"] == "mine"
    assert named(ASSIGNMENT, {}, {}, Naming(b"", Mode.ENFORCE, "mine"))["roleAssignmentName"] == "mine"
    assert named(NET, {}, {}, Naming(b"", Mode.DISABLE)) == {}


def test_what_stands_at_another_resource_is_not_inside_it() -> None:
    made = named("azure-native:authorization:ManagementLockByScope", {"scope": "/subscriptions/s"}, {})
    assert re.fullmatch(r"net[0-9a-f]{8}", made["lockName"])


def test_inside_another_resource_the_name_is_the_logical_one_and_not_by_chance() -> None:
    assert named(SUBNET, {"virtualNetworkName": "net"}, {}) == {"subnetName": "net"}


def test_a_given_name_adds_nothing_and_an_old_one_is_kept_as_it_was() -> None:
    assert named(NET, {"virtualNetworkName": "mine"}, {}) == {}
    assert named(NET, {}, {"virtualNetworkName": "old"}) == {"virtualNetworkName": "old"}
    by_chance = {"virtualNetworkName": "old", BY_CHANCE: True}
    assert named(NET, {}, by_chance) == by_chance


# Comparing


def changes(olds: dict[str, Any], news: dict[str, Any], token: str = CARD, **outputs: Any) -> list[tuple[str, Kind, bool]]:
    return [(each.text, each.kind, each.replaces) for each in compare(replaces(row(token)), olds, outputs, news)]


def test_every_leaf_has_its_path_in_the_engines_spelling() -> None:
    olds = {"ipConfigurations": [{"name": "main", "publicIPAddress": {"id": "a"}}], "tags": {"a": "1"}}
    news = {"ipConfigurations": [{"name": "main"}, {"name": "more"}], "tags": {"a": "2", "b": "3"}}
    assert changes(olds, news) == [
        ("ipConfigurations[0].publicIPAddress", Kind.DELETE, False),
        ("ipConfigurations[1]", Kind.ADD, False),
        ("tags.a", Kind.UPDATE, False),
        ("tags.b", Kind.ADD, False),
    ]


def test_lists_are_in_order_and_empty_is_not_nothing() -> None:
    assert changes({"zones": ["1", "2"]}, {"zones": ["2", "1"]}) == [
        ("zones[0]", Kind.UPDATE, False),
        ("zones[1]", Kind.UPDATE, False),
    ]
    assert changes({}, {"tags": {}}) == [("tags", Kind.ADD, False)]
    assert changes({"enableIPForwarding": False}, {}) == [("enableIPForwarding", Kind.DELETE, False)]


def test_what_is_in_the_path_replaces_and_so_does_any_leaf_of_a_marked_input() -> None:
    assert changes({"networkInterfaceName": "a"}, {"networkInterfaceName": "b"}) == [
        ("networkInterfaceName", Kind.UPDATE, True)
    ]
    sku = {"name": "Standard"}
    assert changes({"sku": sku}, {"sku": {"name": "Basic"}}, ADDRESS) == [("sku.name", Kind.UPDATE, True)]
    assert changes({"sku": sku}, {"sku": {**sku, "tier": "Global"}}, ADDRESS) == [("sku.tier", Kind.ADD, False)]


def test_zones_of_an_address_are_changed_in_place_and_azure_refuses_it_then() -> None:
    assert changes({"zones": ["1"]}, {"zones": ["2"]}, ADDRESS) == [("zones[0]", Kind.UPDATE, False)]


def test_a_location_may_be_written_in_another_way() -> None:
    assert changes({"location": "West Europe"}, {"location": "westeurope"}, NET) == []
    assert changes({"location": "westeurope"}, {"location": "northeurope"}, NET) == [("location", Kind.UPDATE, True)]


def test_an_added_input_that_says_what_is_known_needs_no_new_resource() -> None:
    assert changes({}, {"location": "westeurope"}, NET, location="westeurope") == [("location", Kind.ADD, False)]
    assert changes({}, {"location": "westeurope"}, NET, location="northeurope") == [("location", Kind.ADD, True)]


def test_an_unknown_value_is_a_change_and_a_secret_is_compared_by_what_it_says() -> None:
    assert changes({"userData": "a"}, {"userData": Unknown()}) == [("userData", Kind.UPDATE, False)]
    assert changes({"userData": Secret("a")}, {"userData": Secret("a")}) == []
    assert changes({"userData": "a"}, {"userData": Secret("b")}) == [("userData", Kind.UPDATE, False)]


def test_the_providers_own_notes_are_no_change() -> None:
    assert changes({BY_CHANCE: True}, {}) == []


# Drift


def drifted(inputs: dict[str, Any], known: dict[str, Any], told: dict[str, Any], token: str = CARD) -> dict[str, Any]:
    return inputs_now(row(token), inputs, known, told)


def test_what_did_not_change_in_azure_stays_as_the_program_wrote_it() -> None:
    inputs = {"tags": {"a": "1"}, "osProfile": Secret({"customData": "x"})}
    known = {"tags": {"a": "1"}, "enableIPForwarding": False}
    assert drifted(inputs, known, known) == inputs


def test_what_changed_becomes_an_input_even_if_the_program_never_set_it() -> None:
    known = {"enableIPForwarding": False, "tags": {"a": "1"}}
    assert drifted({"tags": {"a": "1"}}, known, {"enableIPForwarding": True, "tags": {"a": "2", "b": "3"}}) == {
        "enableIPForwarding": True,
        "tags": {"a": "2", "b": "3"},
    }


def test_what_is_gone_in_azure_goes_and_a_list_is_gone_through_by_position() -> None:
    inputs = {"tags": {"a": "1"}, "ipConfigurations": [{"name": "main", "publicIPAddress": {"id": "p"}}]}
    known = {"tags": {"a": "1"}, "ipConfigurations": [{"name": "main", "primary": True, "publicIPAddress": {"id": "p"}}]}
    told = {"ipConfigurations": [{"name": "main", "primary": True}, {"name": "more"}]}
    assert drifted(inputs, known, told) == {"ipConfigurations": [{"name": "main"}, {"name": "more"}]}


def test_what_nobody_but_azure_writes_is_no_drift() -> None:
    rules = [{"name": "one", "etag": "1", "priority": 100}]
    told = {"securityRules": [{"name": "one", "etag": "2", "priority": 100}], "etag": "2"}
    inputs = {"securityRules": [{"name": "one", "priority": 100}]}
    assert drifted(inputs, {"securityRules": rules, "etag": "1"}, told, GROUP) == inputs


@pytest.mark.parametrize(("inputs", "becomes"), [({}, {}), ({"securityRules": []}, {"securityRules": [{"name": "one"}]})])
def test_a_list_that_is_resources_of_its_own_is_drift_only_where_the_program_names_it(
    inputs: dict[str, Any], becomes: dict[str, Any]
) -> None:
    assert drifted(inputs, {"securityRules": []}, {"securityRules": [{"name": "one"}]}, GROUP) == becomes


def test_what_was_secret_stays_secret_also_with_another_value() -> None:
    now = drifted({"tags": Secret({"a": "1"})}, {"tags": {"a": "1"}}, {"tags": {"a": "2"}})
    assert now == {"tags": Secret({"a": "2"})}


def test_an_adopted_resource_has_the_inputs_of_its_id_and_of_its_answer() -> None:
    at = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n/subnets/workers"
    told = {"name": "workers", "addressPrefix": "10.0.0.0/24", "provisioningState": "Succeeded", "etag": "1"}
    assert adopted(row(SUBNET), at, told) == {
        "name": "workers",
        "addressPrefix": "10.0.0.0/24",
        "resourceGroupName": "g",
        "virtualNetworkName": "n",
        "subnetName": "workers",
        "azureApiVersion": "2024-05-01",
    }


def test_an_id_of_another_type_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'/subscriptions/s' is no id of azure-native:network:Subnet, which lies at"):
        row(SUBNET).names_in("/subscriptions/s")


# Mapping


def test_a_scope_is_put_into_the_path_without_its_slashes() -> None:
    inputs = {"scope": "/subscriptions/s/resourceGroups/g", "roleAssignmentName": "n"}
    expected = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Authorization/roleAssignments/n"
    assert row(ASSIGNMENT).id_of(inputs, "s") == expected
    assert row(ASSIGNMENT).names_in(expected) == inputs


def test_properties_are_moved_renamed_and_gone_through() -> None:
    inputs = {
        "resourceGroupName": "g",
        "azureApiVersion": "2024-05-01",
        "networkInterfaceName": "n",
        "ipConfigurations": [{"name": "main", "subnet": {"id": "s", "privateEndpointNetworkPolicies": "Disabled"}}],
    }
    body, unknown = body_of(row(CARD), inputs)
    subnet = {"id": "s", "properties": {"privateEndpointNetworkPolicies": "Disabled"}}
    config = {"name": "main", "properties": {"subnet": subnet}}
    assert body == {"properties": {"ipConfigurations": [config]}}
    assert unknown == ()
    assert outputs_of(row(CARD), {"name": "n", **body})["ipConfigurations"] == inputs["ipConfigurations"]


def test_what_has_no_place_is_named_with_its_own() -> None:
    body, unknown = body_of(row(CARD), {"colour": "red", "ipConfigurations": [{"name": "main", "shape": "round"}]})
    assert body == {"properties": {"ipConfigurations": [{"name": "main"}]}}
    assert unknown == ("colour", "ipConfigurations[0].shape")


def test_the_name_of_a_web_test_stands_in_path_and_body() -> None:
    body, unknown = body_of(row("azure-native:applicationinsights:WebTest"), {"webTestName": "alive", "kind": "standard"})
    assert (body, unknown) == ({"kind": "standard", "properties": {"Name": "alive"}}, ())


def test_a_reference_to_itself_is_resolved() -> None:
    rule = {"name": "service", "probe": {"id": "$self/probes/ready"}, "protocol": "Tcp", "frontendPort": 1}
    body, unknown = body_of(row("azure-native:network:LoadBalancer"), {"loadBalancingRules": [rule]}, "/lb")
    assert unknown == ()
    assert body["properties"]["loadBalancingRules"][0]["properties"]["probe"] == {"id": "/lb/probes/ready"}


def test_a_subtype_is_picked_by_its_discriminator_both_ways() -> None:
    alert = row("azure-native:monitor:MetricAlert")
    criteria = {
        "odataType": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
        "allOf": [{"criterionType": "StaticThresholdCriterion", "name": "one", "threshold": 1}],
    }
    body, unknown = body_of(alert, {"criteria": criteria})
    assert unknown == ()
    assert body["properties"]["criteria"]["odata.type"] == criteria["odataType"]
    assert outputs_of(alert, body)["criteria"] == criteria
    assert projected(alert, {"criteria": criteria}) == {"criteria": criteria}


def test_required_is_asked_for_inside_too() -> None:
    inputs = {"resourceGroupName": "g", "creationData": {"imageReference": {}}}
    assert list(missing(row("azure-native:compute:Disk"), inputs)) == ["creationData.createOption"]


def test_every_marked_input_is_an_input_of_its_type() -> None:
    for token, marked in MARKED.items():
        assert marked.inputs <= set(row(token).inputs) | set(row(token).in_path), token


def test_the_table_is_of_the_installed_sdk() -> None:
    assert table().sources["pulumi_azure_native"] == metadata.version("pulumi-azure-native")
