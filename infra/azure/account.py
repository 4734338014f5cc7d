"""Where a stack stands in Azure: subscription, tenant and resource group, and the ids that follow from them.

Azure Resource Manager goes by ids that can be written down before anything exists. They are needed where a resource names a
part of itself, and where a scope is not the id of a resource of ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import pulumi
import pulumi_azure_native as azure

from infra.naming import Kind, physical, tags
from infra.shapes import child

COMMAND_LINE = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
"""Client id of Azure's own command line: whoever deploys by it is a person (azure-cli, `auth/constants.py`)."""

ALL_ZONES = ("1", "2", "3")
"""Every region with zones has these three. Numbers mean another building in another subscription."""


def group_id(subscription_id: str, group: str) -> str:
    """The id of a resource group."""
    return f"/subscriptions/{subscription_id}/resourceGroups/{group}"


def deployer_kind(client_id: str) -> str:
    """What the deployer is to role assignments: a person by the command line, else a program.

    >>> deployer_kind("04b07795-8ddb-461a-bbee-02f9e1bf7b46"), deployer_kind("9d0e1f2a-0000-4000-8000-000000000000")
    ('User', 'ServicePrincipal')
    """
    return "User" if client_id == COMMAND_LINE else "ServicePrincipal"


class Place(TypedDict):
    """What every layer is told: whose it is and where it stands."""

    site: str
    region: str
    group: pulumi.Input[str]
    """Name of the resource group, known once it exists."""
    tags: dict[str, str]


@dataclass(frozen=True)
class Deployer:
    """Who deploys."""

    tenant_id: pulumi.Output[str]
    object_id: pulumi.Output[str]
    kind: pulumi.Output[str]


class AccountArgs(TypedDict):
    """Arguments of `Account`."""

    site: str
    region: str
    subscription_id: str
    protect: bool
    tags: dict[str, str]


class Account(pulumi.ComponentResource):
    """The resource group that holds everything of the stack, and who builds it."""

    group: pulumi.Output[str]
    """Its name."""
    deployer: Deployer

    def __init__(self, name: str, args: AccountArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Account", name, {}, opts)
        self.group_name = physical(Kind.RESOURCE_GROUP, args["site"])
        self._subscription_id = args["subscription_id"]
        resource = azure.resources.ResourceGroup(
            f"{name}-group",
            resource_group_name=self.group_name,
            location=args["region"],
            tags=tags(args["site"], args["tags"]),
            # With it goes everything in it, whatever else is protected.
            opts=child(self, protect=args["protect"]),
        )
        self.resource = resource
        self.group = resource.name
        found = azure.authorization.get_client_config_output(opts=pulumi.InvokeOutputOptions(parent=self))
        self.deployer = Deployer(
            tenant_id=found.tenant_id, object_id=found.object_id, kind=found.client_id.apply(deployer_kind)
        )
        self.register_outputs({"group": self.group})

    @property
    def group_id(self) -> str:
        """The group's id, known beforehand."""
        return group_id(self._subscription_id, self.group_name)

    @property
    def where(self) -> str:
        """What tells this stack from one of the same name elsewhere in the world."""
        return f"{self._subscription_id}/{self.group_name}"

    def role(self, guid: str) -> str:
        """The id of one of Azure's own roles."""
        return f"/subscriptions/{self._subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


def identity(parent: pulumi.Resource, name: str, place: Place, part: str) -> azure.managedidentity.UserAssignedIdentity:
    """Whoever a part of the stack is to Azure; it keeps the tags that it was made with.

    While an update of it is planned nobody knows its principal, and the preview would make every role of it anew.
    """
    return azure.managedidentity.UserAssignedIdentity(
        f"{name}-{part}",
        resource_name_=physical(Kind.IDENTITY, f"{place['site']}-{part}"),
        resource_group_name=place["group"],
        location=place["region"],
        tags=tags(place["site"], place["tags"]),
        opts=child(parent, ignore_changes=["tags"]),
    )


def assigned(
    parent: pulumi.Resource,
    name: str,
    *,
    principal_id: pulumi.Input[str],
    principal_kind: pulumi.Input[str] = "ServicePrincipal",
    role_id: pulumi.Input[str],
    scope: pulumi.Input[str],
    after: Sequence[pulumi.Resource] = (),
) -> azure.authorization.RoleAssignment:
    """Give a role to somebody, under a name that the provider makes (a UUID).

    Of an assignment nothing can be changed, so whatever is different makes another one. The SDK would say `User` of an
    identity, and Azure refuses that; said nothing, the directory may not know the identity yet.
    """
    return azure.authorization.RoleAssignment(
        name,
        principal_id=principal_id,
        principal_type=principal_kind,
        role_definition_id=role_id,
        scope=scope,
        opts=child(
            parent, depends_on=after, replace_on_changes=["principalId", "principalType", "roleDefinitionId", "scope"]
        ),
    )
