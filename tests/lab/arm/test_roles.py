"""Roles: who may do what, which links of a full PUT are rechecked, and from when a role works."""

from typing import Any

import pytest

from lab.arm.settings import SUBSCRIPTION, TENANT, Settings
from lab.arm.times import INSTANT, OLD_PLANE, Times
from tests.lab.arm.clouds import (
    ADDRESS,
    GROUP,
    LOCATION,
    OWNER,
    POOL,
    VNET,
    Cloud,
    build_balancer,
    build_pair,
    nic_body,
    nic_id,
    nsg_id,
    pool_body,
    rule_body,
    vm_id,
)

WATCHDOG = "watchdog"
AUTHORIZATION = "providers/Microsoft.Authorization"
ROLE = f"/subscriptions/{SUBSCRIPTION}/{AUTHORIZATION}/roleDefinitions/11111111-0000-0000-0000-000000000000"
READER = f"/subscriptions/{SUBSCRIPTION}/{AUTHORIZATION}/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
GRANT = f"{GROUP}/{AUTHORIZATION}/roleAssignments/22222222-0000-0000-0000-000000000000"
MOVE = (
    "Microsoft.Network/networkInterfaces/read",
    "Microsoft.Network/networkInterfaces/write",
    "Microsoft.Network/publicIPAddresses/read",
    "Microsoft.Network/publicIPAddresses/join/action",
    "Microsoft.Network/virtualNetworks/subnets/join/action",
    "Microsoft.Network/networkSecurityGroups/join/action",
)
"""All that a move needs of an interface with a group."""


def role_body(*actions: str, name: str = "watchdog of the pair") -> dict[str, Any]:
    permissions = [{"actions": list(actions), "notActions": []}]
    return {"properties": {"roleName": name, "assignableScopes": [GROUP], "permissions": permissions}}


def grant_body(principal: str = WATCHDOG, role: str = ROLE, kind: str | None = "ServicePrincipal") -> dict[str, Any]:
    properties = {"principalId": principal, "roleDefinitionId": role}
    return {"properties": properties | ({"principalType": kind} if kind else {})}


def guarded(role_s: float = 0.0, directory_s: float = 0.0) -> Cloud:
    times = Times("ten", {("*", "*"): 10.0}, {}, role_s, directory_s)
    principals = {WATCHDOG: "ServicePrincipal", OWNER: "User"}
    cloud = Cloud(Settings(times=times, roles=True, owners=frozenset({OWNER}), principals=principals))
    build_pair(cloud)
    return cloud


def granted(*actions: str) -> Cloud:
    """The pair as the watchdog sees it, with a role of these actions."""
    cloud = guarded()
    assert cloud.put(ROLE, role_body(*actions)).status == 201
    assert cloud.put(GRANT, grant_body()).status == 201
    cloud.identity = WATCHDOG
    return cloud


def test_in_a_lab_that_is_played_a_role_works_at_once_and_the_report_says_so() -> None:
    played = OLD_PLANE.with_roles_at_once()
    assert (OLD_PLANE.role_s, played.role_s) == (60.0, 0.0)
    assert (played.of("x", "y"), played.directory_s) == (OLD_PLANE.of("x", "y"), OLD_PLANE.directory_s)
    told = played.figures()["a role works after"]
    assert (told.low_s, told.source) == (0.0, "none in a lab that is played")
    assert INSTANT.with_roles_at_once().figures() == INSTANT.figures()


def test_without_a_role_everything_is_forbidden() -> None:
    cloud = guarded()
    cloud.identity = WATCHDOG
    reply = cloud.ask("GET", nic_id("wk1"))
    assert cloud.refused(reply) == (403, "AuthorizationFailed")
    assert (reply.body or {})["error"]["message"] == (
        "The client 'watchdog' with object id 'watchdog' does not have authorization to perform action "
        f"'Microsoft.Network/networkInterfaces/read' over scope '{nic_id('wk1')}' or the scope is invalid. If access was "
        "recently granted, please refresh your credentials."
    )


def test_the_smallest_role_moves_the_address() -> None:
    cloud = granted(*MOVE)
    assert cloud.put(nic_id("wk1"), nic_body("wk1")).status == 200
    cloud.wait(10)
    assert cloud.put(nic_id("wk2"), nic_body("wk2", address=ADDRESS)).status == 200


@pytest.mark.parametrize("missing", MOVE)
def test_a_move_needs_every_action_of_the_smallest_role(missing: str) -> None:
    cloud = granted(*(action for action in MOVE if action != missing))
    codes = [cloud.ask("GET", nic_id("wk1")).error, cloud.ask("GET", ADDRESS).error]
    codes.append(cloud.put(nic_id("wk1"), nic_body("wk1")).error)
    cloud.wait(10)
    codes.append(cloud.put(nic_id("wk2"), nic_body("wk2", address=ADDRESS)).error)
    assert {code for code in codes if code} <= {"AuthorizationFailed", "LinkedAuthorizationFailed", "PublicIPAddressInUse"}
    assert any(code and code.endswith("AuthorizationFailed") for code in codes)


def test_a_missing_join_loses_the_address_half_way() -> None:
    cloud = granted(*(action for action in MOVE if action != "Microsoft.Network/publicIPAddresses/join/action"))
    assert cloud.put(nic_id("wk1"), nic_body("wk1")).status == 200
    cloud.wait(10)
    reply = cloud.put(nic_id("wk2"), nic_body("wk2", address=ADDRESS))
    assert cloud.refused(reply) == (403, "LinkedAuthorizationFailed")
    assert (reply.body or {})["error"]["message"] == (
        "The client 'watchdog' with object id 'watchdog' has permission to perform action "
        f"'Microsoft.Network/networkInterfaces/write' on scope '{nic_id('wk2')}'; however, it does not have permission to "
        f"perform action 'Microsoft.Network/publicIPAddresses/join/action' on the linked scope(s) '{ADDRESS}' or the linked "
        "scope(s) are invalid."
    )


def test_an_unchanged_link_is_rechecked() -> None:
    cloud = granted(*(action for action in MOVE if "networkSecurityGroups" not in action))
    assert cloud.put(nic_id("wk1"), nic_body("wk1", address=ADDRESS)).error == "LinkedAuthorizationFailed"
    assert cloud.put(nic_id("wk1"), nic_body("wk1", address=ADDRESS, group=False)).status == 200


def test_links_are_checked_before_the_provider_sees_the_body() -> None:
    cloud = granted(*(action for action in MOVE if "publicIPAddresses" not in action))
    assert cloud.put(nic_id("wk2"), nic_body("wk2", address=ADDRESS)).error == "LinkedAuthorizationFailed"
    cloud.identity = OWNER
    assert cloud.put(nic_id("wk2"), nic_body("wk2", address=ADDRESS)).error == "PublicIPAddressInUse"


def test_members_by_address_need_the_network_to_be_joined() -> None:
    pool = "Microsoft.Network/loadBalancers/backendAddressPools/write"
    for extra, error in (
        ((), "LinkedAuthorizationFailed"),
        (("Microsoft.Network/virtualNetworks/joinLoadBalancer/action",), None),
    ):
        cloud = granted(pool, *extra)
        cloud.identity = OWNER
        build_balancer(cloud)
        cloud.identity = WATCHDOG
        assert cloud.put(POOL, pool_body(wk1="Up")).error == error
    assert cloud.ask("GET", VNET).error == "AuthorizationFailed"


@pytest.mark.parametrize("verb", ["powerOff", "start", "restart", "deallocate"])
def test_each_verb_of_power_is_an_action_of_its_own(verb: str) -> None:
    cloud = granted(f"Microsoft.Compute/virtualMachines/{verb}/action")
    assert cloud.ask("POST", f"{vm_id('wk1')}/{verb}").status == 202
    other = "start" if verb != "start" else "deallocate"
    assert cloud.ask("POST", f"{vm_id('wk1')}/{other}").error == "AuthorizationFailed"


def test_a_rule_may_be_written_and_not_deleted() -> None:
    cloud = granted("Microsoft.Network/networkSecurityGroups/securityRules/write")
    rule = f"{nsg_id('wk1')}/securityRules/fence"
    assert cloud.put(rule, rule_body()).status == 201
    cloud.wait(10)
    assert cloud.ask("DELETE", rule).error == "AuthorizationFailed"


def test_wildcards_and_letter_case() -> None:
    cloud = granted("microsoft.network/*/READ")
    assert cloud.ask("GET", nic_id("wk1")).status == 200
    assert cloud.ask("GET", vm_id("wk1")).error == "AuthorizationFailed"


def test_a_role_at_a_group_says_nothing_of_the_subscriptions_operations() -> None:
    cloud = granted("Microsoft.Network/*")
    reply = cloud.put(nic_id("wk1"), nic_body("wk1"))
    url = reply.headers["Azure-AsyncOperation"].removeprefix("http://arm")
    assert cloud.ask("GET", url).error == "AuthorizationFailed"
    assert cloud.ask("GET", nic_id("wk1")).status == 200


def test_a_role_works_some_time_after_its_assignment() -> None:
    cloud = guarded(role_s=60.0)
    cloud.put(ROLE, role_body("Microsoft.Network/networkInterfaces/read"))
    cloud.wait(100)
    cloud.put(GRANT, grant_body())
    cloud.identity = WATCHDOG
    cloud.wait(59.9)
    assert cloud.ask("GET", nic_id("wk1")).error == "AuthorizationFailed"
    cloud.wait(0.1)
    assert cloud.ask("GET", nic_id("wk1")).status == 200


def test_a_changed_definition_works_later_and_the_old_one_until_then() -> None:
    cloud = guarded(role_s=60.0)
    cloud.put(ROLE, role_body("Microsoft.Network/networkInterfaces/read"))
    cloud.put(GRANT, grant_body())
    cloud.wait(100)
    cloud.put(ROLE, role_body("Microsoft.Network/publicIPAddresses/read"))
    cloud.identity = WATCHDOG
    assert (cloud.ask("GET", nic_id("wk1")).status, cloud.ask("GET", ADDRESS).status) == (200, 403)
    cloud.wait(60)
    assert (cloud.ask("GET", nic_id("wk1")).status, cloud.ask("GET", ADDRESS).status) == (403, 200)


def test_a_role_taken_away_works_no_more() -> None:
    cloud = granted("Microsoft.Network/networkInterfaces/read")
    cloud.identity = OWNER
    assert cloud.ask("DELETE", GRANT).status == 200
    cloud.identity = WATCHDOG
    assert cloud.ask("GET", nic_id("wk1")).status == 403


def test_a_builtin_role_reads_everything_below_its_scope() -> None:
    cloud = guarded()
    cloud.put(GRANT, grant_body(role=READER))
    cloud.identity = WATCHDOG
    assert cloud.ask("GET", f"{GROUP}/providers/Microsoft.Network/networkInterfaces").status == 200
    assert cloud.put(nic_id("wk1"), nic_body("wk1")).status == 403
    assert cloud.ask("GET", f"/subscriptions/{SUBSCRIPTION}/resourcegroups").status == 403


def test_a_token_that_is_none_is_nobodys() -> None:
    cloud = guarded()
    assert cloud.refused(cloud.ask("GET", ADDRESS, authorization="")) == (401, "AuthenticationFailed")
    assert cloud.refused(cloud.ask("GET", ADDRESS, authorization="Bearer x")) == (401, "InvalidAuthenticationToken")
    assert cloud.ask("GET", ADDRESS).status == 200


@pytest.mark.parametrize(
    "action",
    [
        "Microsoft.Network/networkInterfaces/wirte",
        "Microsoft.Network/publicIPAddresses/join",
        "Microsoft.Networking/*",
        "Microsoft.Compute/virtualMachines/poweroff/action/x",
    ],
)
def test_a_misspelt_action_refuses_the_whole_definition(action: str) -> None:
    cloud = guarded()
    reply = cloud.put(ROLE, role_body(*MOVE, action))
    assert cloud.refused(reply) == (400, "InvalidActionOrNotAction")
    assert f"'{action}' does not match any of the actions" in (reply.body or {})["error"]["message"]
    assert cloud.put(ROLE, role_body(*MOVE, "Microsoft.Network/*/join/action")).status == 201


def test_a_role_name_is_unique_in_the_directory() -> None:
    cloud = guarded()
    cloud.put(ROLE, role_body())
    other = ROLE.replace("11111111", "33333333")
    assert cloud.refused(cloud.put(other, role_body())) == (409, "RoleDefinitionWithSameNameExists")
    assert cloud.put(other, role_body(name="another")).status == 201


def test_an_assigned_definition_is_not_deleted() -> None:
    cloud = guarded()
    cloud.put(ROLE, role_body())
    cloud.put(GRANT, grant_body())
    assert cloud.ask("DELETE", ROLE).error == "RoleDefinitionHasAssignments"
    cloud.ask("DELETE", GRANT)
    assert cloud.ask("DELETE", ROLE).status == 200


def test_an_assignment_names_a_role_that_exists() -> None:
    cloud = guarded()
    assert cloud.refused(cloud.put(GRANT, grant_body())) == (404, "RoleDefinitionDoesNotExist")
    cloud.put(ROLE, role_body())
    assert cloud.put(GRANT, grant_body()).status == 201


def test_a_principal_is_what_it_is_said_to_be() -> None:
    cloud = guarded()
    cloud.put(ROLE, role_body())
    reply = cloud.put(GRANT, grant_body(kind="User"))
    assert cloud.refused(reply) == (400, "UnmatchedPrincipalType")
    assert "has type 'ServicePrincipal'" in (reply.body or {})["error"]["message"]
    assert cloud.put(GRANT, grant_body(kind=None)).status == 201


def test_a_new_identity_is_not_found_until_the_directory_knows_it() -> None:
    cloud = guarded(directory_s=10.0)
    cloud.put(ROLE, role_body())
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/dog"
    given = (cloud.put(identity, {"location": LOCATION}).body or {})["properties"]
    assert given["tenantId"] == TENANT
    new = given["principalId"]
    assert cloud.refused(cloud.put(GRANT, grant_body(new, kind=None))) == (400, "PrincipalNotFound")
    assert cloud.put(GRANT, grant_body(new, kind="ServicePrincipal")).status == 201
    cloud.ask("DELETE", GRANT)
    cloud.wait(10)
    assert cloud.put(GRANT, grant_body(new, kind=None)).status == 201


def test_an_assignment_is_not_turned_into_another_one() -> None:
    cloud = guarded()
    cloud.put(ROLE, role_body())
    cloud.put(GRANT, grant_body())
    assert cloud.put(GRANT, grant_body(role=READER)).error == "RoleAssignmentUpdateNotPermitted"
    assert cloud.put(GRANT, grant_body()).status == 200


def test_the_same_assignment_under_another_name_is_refused() -> None:
    cloud = guarded()
    cloud.put(ROLE, role_body())
    cloud.put(GRANT, grant_body())
    other = GRANT.replace("22222222", "44444444")
    assert cloud.refused(cloud.put(other, grant_body())) == (409, "RoleAssignmentExists")
    assert cloud.put(other, grant_body(role=READER)).status == 201


def test_a_machine_with_an_identity_needs_the_right_to_assign_it() -> None:
    cloud = granted("Microsoft.Compute/virtualMachines/write", "Microsoft.Network/networkInterfaces/join/action")
    cloud.identity = OWNER
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/dog"
    cloud.put(identity, {"location": LOCATION})
    body = cloud.get(vm_id("wk1"))
    del body["properties"]["storageProfile"]["osDisk"]["managedDisk"]
    cloud.identity = WATCHDOG
    assert cloud.put(vm_id("wk1"), body).status == 200
    cloud.wait(10)
    body["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    reply = cloud.put(vm_id("wk1"), body)
    assert reply.error == "LinkedAuthorizationFailed"
    assert "'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action'" in (reply.body or {})["error"]["message"]


def test_a_namespace_that_is_not_registered_is_refused() -> None:
    cloud = Cloud(Settings(unregistered=frozenset({"microsoft.compute"})))
    cloud.put(GROUP, {"location": LOCATION})
    body = {"location": LOCATION, "properties": {"creationData": {"createOption": "Empty"}}}
    reply = cloud.put(f"{GROUP}/providers/Microsoft.Compute/disks/d", body)
    assert cloud.refused(reply) == (409, "MissingSubscriptionRegistration")
    assert cloud.put(f"{GROUP}/providers/Microsoft.Network/routeTables/r", {"location": LOCATION}).status == 201


def test_a_caller_reads_what_it_may_do_where_it_asks() -> None:
    reading = "Microsoft.Authorization/permissions/read"
    cloud = granted("Microsoft.Network/*", reading)
    path = f"{nic_id('wk1')}/{AUTHORIZATION}/permissions"
    expected = [{"actions": ["Microsoft.Network/*", reading], "notActions": []}]
    assert (cloud.ask("GET", path).body or {})["value"] == expected
    cloud.identity = OWNER
    assert (cloud.ask("GET", path).body or {})["value"] == [{"actions": ["*"], "notActions": []}]
    without = granted("Microsoft.Network/*")
    assert without.refused(without.ask("GET", path)) == (403, "AuthorizationFailed")
