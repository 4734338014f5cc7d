"""Traps of identities and roles (section 5 of the table)."""

import re
import uuid

from lab.arm.action_names import ACTIONS
from tests.infra.azure.stand import DEPLOYER, GROUP
from tests.infra.azure.traps.look import APP, ASSIGNMENT, IDENTITY, ROLE, STORAGE, part, trap
from tests.infra.azure.traps.variants import Variant
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

ACCOUNT_FILE = "infra/azure/account.py"
PERMISSIONS_FILE = "infra/azure/permissions.py"
WATCHDOG_FILE = "infra/azure/watchdog.py"

_FENCE = {
    "Microsoft.Authorization/permissions/read",
    "Microsoft.Compute/virtualMachines/powerOff/action",
    "Microsoft.Compute/virtualMachines/read",
    "Microsoft.Compute/virtualMachines/start/action",
    "Microsoft.Network/networkInterfaces/read",
    "Microsoft.Network/networkSecurityGroups/read",
    "Microsoft.Network/networkSecurityGroups/securityRules/read",
    "Microsoft.Network/networkSecurityGroups/securityRules/write",
    "Microsoft.Network/publicIPAddresses/read",
}
_ADDRESS = {
    "Microsoft.Network/networkInterfaces/write",
    "Microsoft.Network/networkSecurityGroups/join/action",
    "Microsoft.Network/publicIPAddresses/join/action",
    "Microsoft.Network/virtualNetworks/subnets/join/action",
}
_POOL = {
    "Microsoft.Network/loadBalancers/backendAddressPools/read",
    "Microsoft.Network/loadBalancers/backendAddressPools/write",
    "Microsoft.Network/loadBalancers/read",
    "Microsoft.Network/virtualNetworks/joinLoadBalancer/action",
}


@trap(
    "5/principal-type",
    slips=(
        Slip("the kind of who gets a role is left to the SDK", ACCOUNT_FILE, "        principal_type=principal_kind,\n", ""),
        Slip(
            "a person is taken for a program",
            ACCOUNT_FILE,
            'return "User" if client_id == COMMAND_LINE else "ServicePrincipal"',
            'return "ServicePrincipal"',
        ),
    ),
)
def kind_of_who_gets_a_role_is_said(stand: Stand) -> None:
    for each in stand.usual.of_type(ASSIGNMENT):
        person = each.inputs["principalId"] == DEPLOYER
        assert each.inputs["principalType"] == ("User" if person else "ServicePrincipal"), each.name
    identities = {each.outputs["principalId"] for each in stand.usual.of_type(IDENTITY)}
    assert {each.inputs["principalId"] for each in stand.usual.of_type(ASSIGNMENT)} == {DEPLOYER, *identities}


@trap(
    "5/tagged-identity",
    slips=(
        Slip(
            "tags of identities are changed",
            ACCOUNT_FILE,
            'opts=child(parent, ignore_changes=["tags"]),',
            "opts=child(parent),",
        ),
    ),
)
def tags_of_an_identity_stay_as_they_were_made(stand: Stand) -> None:
    assert {each.ignore_changes for each in stand.usual.of_type(IDENTITY)} == {("tags",)}


@trap(
    "5/assignment-identity",
    slips=(
        Slip(
            "a role that goes to somebody else is shown as an update",
            ACCOUNT_FILE,
            '["principalId", "principalType", "roleDefinitionId", "scope"]',
            "[]",
        ),
        Slip(
            "an assignment with a name of ours",
            ACCOUNT_FILE,
            "        principal_id=principal_id,\n",
            "        principal_id=principal_id,\n        role_assignment_name=name,\n",
        ),
    ),
)
def assignment_is_never_changed_and_has_a_name_of_the_providers(stand: Stand) -> None:
    for each in stand.usual.of_type(ASSIGNMENT):
        assert "roleAssignmentName" not in each.inputs
        assert set(each.replace_on_changes) == {"principalId", "principalType", "roleDefinitionId", "scope"}
    own = stand.usual.only(ROLE)
    assert own.urn in stand.usual.needs(part(stand.usual, ASSIGNMENT, "watchdog"))


@trap(
    "5/role-name",
    slips=(
        Slip(
            "a role is called after its site alone",
            PERMISSIONS_FILE,
            'f"{site} watchdog {role_guid(group_id)[:8]}"',
            'f"{site} watchdog"',
        ),
        Slip(
            "a role that holds in the whole subscription",
            WATCHDOG_FILE,
            "            assignable_scopes=[group_id],\n",
            '            assignable_scopes=[group_id.partition("/resourceGroups")[0]],\n',
        ),
        Slip(
            "a role whose name is no GUID",
            PERMISSIONS_FILE,
            'return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{group_id.lower()}/watchdog"))',
            'return uuid.uuid5(uuid.NAMESPACE_URL, f"{group_id.lower()}/watchdog").hex[:9]',
        ),
    ),
)
def role_has_a_name_of_its_own_in_the_tenant_and_holds_in_the_group_alone(stand: Stand) -> None:
    for variant in (Variant.USUAL, Variant.LONGEST):
        deployment = stand.of(variant)
        role = deployment.only(ROLE).inputs
        assert re.fullmatch(r"[a-z0-9-]{1,32} watchdog [0-9a-f]{8}", role["roleName"])
        assert str(uuid.UUID(role["roleDefinitionId"])) == role["roleDefinitionId"]
        assert role["roleName"].endswith(role["roleDefinitionId"][:8])
        assert role["assignableScopes"] == [role["scope"]]
    assert stand.usual.only(ROLE).inputs["scope"] == GROUP
    assert part(stand.usual, ASSIGNMENT, "watchdog").inputs["scope"] == GROUP


@trap(
    "5/misspelt-action",
    slips=(
        Slip(
            "an action that there is not",
            PERMISSIONS_FILE,
            'f"{_MACHINE}/powerOff/action",',
            'f"{_MACHINE}/poweroffs/action",',
        ),
    ),
)
def every_action_of_the_role_is_one_that_there_is(stand: Stand) -> None:
    """One wrong string fails the whole definition. The list is the emulator's, which has it from Azure's own."""
    for variant in (Variant.USUAL, Variant.BALANCED):
        (permission,) = stand.of(variant).only(ROLE).inputs["permissions"]
        assert set(permission["actions"]) <= ACTIONS
        assert not [each for each in permission["actions"] if "*" in each]


@trap(
    "5/smallest-role",
    slips=(
        Slip(
            "the watchdog may change machines",
            PERMISSIONS_FILE,
            '    f"{_MACHINE}/read",\n',
            '    f"{_MACHINE}/read",\n    f"{_MACHINE}/write",\n',
        ),
        Slip(
            "the join of the address is forgotten",
            PERMISSIONS_FILE,
            '        f"{_NETWORK}/publicIPAddresses/join/action",\n',
            "",
        ),
        Slip(
            "the join of the network is forgotten",
            PERMISSIONS_FILE,
            '        f"{_NETWORK}/virtualNetworks/joinLoadBalancer/action",\n',
            "",
        ),
    ),
)
def role_names_what_the_watchdog_does_and_nothing_else(stand: Stand) -> None:
    for variant, moving in ((Variant.USUAL, _ADDRESS), (Variant.BALANCED, _POOL)):
        (permission,) = stand.of(variant).only(ROLE).inputs["permissions"]
        named = [each for each in permission["actions"] if "poweroffs" not in each]
        missing = (_FENCE | moving) - set(named) - {"Microsoft.Compute/virtualMachines/powerOff/action"}
        assert not missing
        assert set(named) <= _FENCE | moving


@trap(
    "6/host-storage",
    "7/management-is-not-data",
    slips=(
        Slip(
            "the app does not wait for its roles",
            WATCHDOG_FILE,
            '"after": [*args["after"], *args["record"].resources, *self.roles],',
            '"after": [*args["after"], *args["record"].resources],',
        ),
        Slip(
            "the watchdog gets a role that manages and reads no blob",
            PERMISSIONS_FILE,
            'BLOB_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"',
            'BLOB_OWNER = "17d1049b-9a84-46fb-8f53-869881c3d3ab"',
        ),
    ),
)
def storage_of_the_host_is_open_to_it_before_the_app_is_there(stand: Stand) -> None:
    usual = stand.usual
    keeps = part(usual, ASSIGNMENT, "record")

    assert keeps.inputs["roleDefinitionId"].endswith("/b7e6dc6d-f1e8-4753-8033-0f276bb0955b")
    assert keeps.inputs["scope"] == part(usual, STORAGE, "record").id
    assert keeps.inputs["principalId"] == part(usual, IDENTITY, "watchdog").outputs["principalId"]
    assert keeps.urn in usual.needs(usual.only(APP))
