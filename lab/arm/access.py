"""Who may do what: identities by bearer token, roles at a scope, and the links that Resource Manager rechecks in a full PUT.

A token is `oid:` and the object id of an identity; nothing is signed here. What a role allows begins some time after it was
written, which is given from outside (`Times.role_s`); taking it away holds at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lab.arm.action_names import JOINS, matches
from lab.arm.bodies import objects, properties, text
from lab.arm.builtin_roles import BUILTIN_ROLES
from lab.arm.ids import key_of, scopes_of
from lab.arm.messages import Json, Refusal
from lab.arm.references import Link
from lab.arm.settings import Settings
from lab.arm.world import Document, World

ASSIGNMENT, DEFINITION = "Microsoft.Authorization/roleAssignments", "Microsoft.Authorization/roleDefinitions"
_PREFIX = "oid:"
_NOBODY = "nobody"


def identity_of(token: str) -> str:
    """The object id that a token stands for; a word for a token of any other form."""
    return token.removeprefix(_PREFIX) if token.startswith(_PREFIX) else _NOBODY


def unauthenticated(settings: Settings, token: str) -> Refusal | None:
    """Why the caller is nobody; None where roles are not checked."""
    if not settings.roles or token.startswith(_PREFIX):
        return None
    if not token:
        return Refusal(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
    return Refusal(401, "InvalidAuthenticationToken", "The access token is invalid.")


@dataclass(frozen=True)
class Caller:
    """Somebody who asks for something now, and what roles say to it."""

    world: World
    settings: Settings
    identity: str
    now_s: float

    def may(self, action: str, scope: str) -> bool:
        """Whether they may do something to a resource."""
        return any(_permits(actions, refused, action) for actions, refused in self.permissions_at(scope))

    def permissions_at(self, scope: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """What they are allowed there, and what each permission leaves out."""
        if not self.settings.roles or self.identity in self.settings.owners:
            yield ("*",), ()
            return
        at = set(scopes_of(scope))
        for assignment in self.world.of_type(ASSIGNMENT):
            inside = properties(assignment.body)
            works = self.now_s >= assignment.made_s + self.settings.times.role_s
            if works and inside.get("principalId") == self.identity and key_of(str(inside.get("scope"))) in at:
                yield from self._permissions(str(inside.get("roleDefinitionId")))

    def forbidden(self, action: str, scope: str) -> Refusal | None:
        """Why they may not do it; None: they may."""
        if self.may(action, scope):
            return None
        return Refusal(
            403,
            "AuthorizationFailed",
            f"The client '{self.identity}' with object id '{self.identity}' does not have authorization to perform action "
            f"'{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your "
            "credentials.",
        )

    def forbidden_link(self, action: str, scope: str, links: Iterable[Link]) -> Refusal | None:
        """Why they may not name what a body names; every link of a full PUT is checked, changed or not."""
        for link in links:
            join = JOINS.get(link.target_type)
            within = link.key.startswith(key_of(scope) + "/")
            if join and not within and not self.may(join, link.target):
                return Refusal(
                    403,
                    "LinkedAuthorizationFailed",
                    f"The client '{self.identity}' with object id '{self.identity}' has permission to perform action "
                    f"'{action}' on scope '{scope}'; however, it does not have permission to perform action '{join}' on the "
                    f"linked scope(s) '{link.target}' or the linked scope(s) are invalid.",
                )
        return None

    def _permissions(self, definition_id: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        builtin = BUILTIN_ROLES.get(key_of(definition_id).rpartition("/")[2])
        if builtin:
            yield builtin.actions, builtin.not_actions
        custom = definition_of(self.world, definition_id)
        body: Json | None = None
        if custom:
            works = self.now_s >= custom.changed_s + self.settings.times.role_s
            body = custom.body if works else custom.previous
        for permission in objects(properties(body or {}).get("permissions")):
            yield tuple(permission.get("actions") or ()), tuple(permission.get("notActions") or ())


def definition_of(world: World, definition_id: str) -> Document | None:
    """A custom role, at whatever scope its id is written."""
    name = key_of(definition_id).rpartition("/")[2]
    return next((each for each in world.of_type(DEFINITION) if each.key.rpartition("/")[2] == name), None)


def exists(world: World, definition_id: str) -> bool:
    """Whether there is such a role, of ours or of Azure's."""
    return key_of(definition_id).rpartition("/")[2] in BUILTIN_ROLES or definition_of(world, definition_id) is not None


def _permits(actions: tuple[str, ...], refused: tuple[str, ...], action: str) -> bool:
    return any(matches(each, action) for each in actions) and not any(matches(each, action) for each in refused)


def principal_type(world: World, settings: Settings, principal: str, now_s: float) -> str:
    """What the directory says an object id is; empty for one that it does not know, or not yet."""
    if principal in settings.principals:
        return settings.principals[principal]
    for document in world.documents.values():
        given = (text(document.body, "properties", "principalId"), text(document.body, "identity", "principalId"))
        is_identity = not document.type.startswith("Microsoft.Authorization/")
        if is_identity and principal in given and now_s >= document.made_s + settings.times.directory_s:
            return "ServicePrincipal"
    return ""
