"""Rules on role definitions and assignments."""

from collections.abc import Iterator

from lab.arm.access import ASSIGNMENT, DEFINITION, exists, principal_type
from lab.arm.action_names import is_known
from lab.arm.bodies import objects, properties, same, text
from lab.arm.change import Change, Rule
from lab.arm.ids import key_of
from lab.arm.messages import Json, Refusal
from lab.arm.world import Document


def actions_exist(change: Change) -> Iterator[Refusal]:
    """One wrong string refuses the whole definition."""
    if not change.is_of(DEFINITION):
        return
    for permission in objects(properties(change.new_body).get("permissions")):
        for action in [*(permission.get("actions") or ()), *(permission.get("notActions") or ())]:
            if not is_known(str(action)):
                yield Refusal(
                    400,
                    "InvalidActionOrNotAction",
                    f"'{action}' does not match any of the actions supported by the providers.",
                )


def role_names_are_unique(change: Change) -> Iterator[Refusal]:
    """A custom role's name is unique in the whole directory."""
    if not change.is_of(DEFINITION) or change.new is None:
        return
    name = text(change.new_body, "properties", "roleName")
    for other in change.world.of_type(DEFINITION):
        if _name(other) != _last(change.place.key) and same(text(other.body, "properties", "roleName"), name):
            yield Refusal(
                409,
                "RoleDefinitionWithSameNameExists",
                f"A custom role with the same name '{name}' already exists in this directory. Use a different name.",
            )


def used_definitions_stay(change: Change) -> Iterator[Refusal]:
    """A definition that is assigned is not deleted."""
    if not change.is_of(DEFINITION) or change.new is not None:
        return
    for assignment in change.world.of_type(ASSIGNMENT):
        if _last(text(assignment.body, "properties", "roleDefinitionId")) == _last(change.place.key):
            yield Refusal(
                409,
                "RoleDefinitionHasAssignments",
                f"There are existing role assignments referencing role '{change.place.document}'.",
            )


def an_assignment_names_what_exists(change: Change) -> Iterator[Refusal]:
    """The role exists, and the directory knows the principal, as what it is said to be."""
    if not change.is_of(ASSIGNMENT) or change.new is None:
        return
    inside = properties(change.new_body)
    role, principal = str(inside.get("roleDefinitionId", "")), str(inside.get("principalId", ""))
    if not exists(change.world, role):
        yield Refusal(
            404, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{_last(role)}' does not exist."
        )
    said = str(inside.get("principalType") or "")
    found = principal_type(change.world, change.settings, principal, change.now_s)
    if not found and said != "ServicePrincipal":
        yield Refusal(
            400, "PrincipalNotFound", f"Principal {principal} does not exist in the directory {change.settings.tenant}."
        )
    if found and said and said != found:
        yield Refusal(
            400,
            "UnmatchedPrincipalType",
            f"The PrincipalId '{principal}' has type '{found}' , which is different from specified PrinciaplType '{said}'.",
        )


def an_assignment_stays_what_it_is(change: Change) -> Iterator[Refusal]:
    """Principal, role and scope of an assignment never change; the same three are not assigned twice."""
    if not change.is_of(ASSIGNMENT) or change.new is None:
        return
    wanted = _triple(change.new_body)
    if change.old and _triple(change.old_body) != wanted:
        yield Refusal(
            400,
            "RoleAssignmentUpdateNotPermitted",
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
        )
    for other in change.world.of_type(ASSIGNMENT):
        if other.key != change.place.key and _triple(other.body) == wanted:
            yield Refusal(409, "RoleAssignmentExists", "The role assignment already exists.")


def _triple(body: Json) -> tuple[str, str, str]:
    inside = properties(body)
    return (
        str(inside.get("principalId", "")).lower(),
        _last(str(inside.get("roleDefinitionId", ""))),
        key_of(str(inside.get("scope", ""))),
    )


def _last(arm_id: str) -> str:
    return key_of(arm_id).rpartition("/")[2]


def _name(document: Document) -> str:
    return _last(document.key)


RULES: tuple[Rule, ...] = (
    actions_exist,
    role_names_are_unique,
    used_definitions_stay,
    an_assignment_names_what_exists,
    an_assignment_stays_what_it_is,
)
