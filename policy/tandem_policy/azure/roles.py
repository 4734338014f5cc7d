"""Roles name what they allow, and are given on a resource or its group: the twin of `aws.documents`."""

import re
from typing import Final

from tandem_policy.azure.kinds import kind_of
from tandem_policy.values import Answers, Config, Finding, Resource, items, maps, text, unknown_at

EVERYTHING: Final = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
"""Roles of Azure that allow every action, or to give oneself any role (Azure built-in roles)."""

WIDE: Final = re.compile(
    r"/?(subscriptions/[^/]+/?|providers/Microsoft\.Management/managementGroups/[^/]+/?)?", re.IGNORECASE
)
"""A subscription, a management group, and the root."""


def roles_name_actions_and_scopes(resource: Resource, _: Config) -> Answers:
    """Definitions and assignments."""
    match kind_of(resource):
        case "authorization:RoleDefinition":
            permissions = resource.props.get("permissions")
            yield from unknown_at("permissions", permissions)
            for place, permission in enumerate(maps(permissions)):
                for key in ("actions", "dataActions"):
                    yield from unknown_at(f"permissions.{place}.{key}", permission.get(key))
                    wide = [text(action) for action in items(permission.get(key)) if "*" in text(action)]
                    if wide:
                        yield Finding(f"permission {place + 1} allows {', '.join(wide)}: name the {key}")
        case "authorization:RoleAssignment":
            role, scope = resource.props.get("roleDefinitionId"), resource.props.get("scope")
            yield from unknown_at("roleDefinitionId", role)
            yield from unknown_at("scope", scope)
            if name := EVERYTHING.get(text(role).rpartition("/")[2].lower()):
                yield Finding(f"the role {name} allows nearly everything: give one that names its actions")
            if text(scope) and WIDE.fullmatch(text(scope)):
                yield Finding(f"the role is given on {text(scope)}: give it on the resource, or on its group")
        case _:
            pass
