"""Roles, policies and instance profiles.

Only `lab.providers.aws` imports this file.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from lab.providers.aws import tagging
from lab.providers.aws.cloud import (
    NAMES,
    AwsHandler,
    error_code,
    fixed,
    physical_name,
    tag_list,
    tag_map,
    tagged,
    unless_gone,
)
from lab.providers.handler import WHOLE, Ask, State

GONE = "NoSuchEntity"
ROOT = "/"
SESSION_S = 3600
KEPT_VERSIONS = 5
"""A policy has so many versions at most (IAM quotas); the provider deletes the oldest one before it makes the sixth."""

NOT_KNOWN = "the emulator does not know the policies that AWS itself keeps"


class Role(AwsHandler):
    """A role; its policies are resources of their own."""

    type = "aws:iam/role:Role"
    replaces = NAMES | {"path"}
    required = frozenset({"assumeRolePolicy"})
    defaults = fixed(forceDetachPolicies=False, maxSessionDuration=SESSION_S, path=ROOT)
    named = "name"
    changes = frozenset({"assumeRolePolicy", "description", "maxSessionDuration", "permissionsBoundary"})
    retag = staticmethod(tagging.iam("role", "RoleName"))
    untold = frozenset({"forceDetachPolicies"})
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        name = physical_name(ask)
        self.client("iam").create_role(
            RoleName=name,
            AssumeRolePolicyDocument=_document(ask["assumeRolePolicy"]),
            Tags=tag_list(ask.get("tags")),
            **ask.pick("description", "maxSessionDuration", "permissionsBoundary", "path"),
        )
        return State(name)

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        iam = self.client("iam")
        if "assumeRolePolicy" in changed:
            iam.update_assume_role_policy(RoleName=state.id, PolicyDocument=_document(ask["assumeRolePolicy"]))
        if changed & {"description", "maxSessionDuration"}:
            wanted = {
                "Description": ask.get("description", ""),
                "MaxSessionDuration": ask.get("maxSessionDuration", SESSION_S),
            }
            iam.update_role(RoleName=state.id, **wanted)
        if "permissionsBoundary" in changed:
            if boundary := ask.get("permissionsBoundary"):
                iam.put_role_permissions_boundary(RoleName=state.id, PermissionsBoundary=boundary)
            else:
                iam.delete_role_permissions_boundary(RoleName=state.id)

    def _remove(self, state: State) -> None:
        self.client("iam").delete_role(RoleName=state.id)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        role = self.client("iam").get_role(RoleName=state.id)["Role"]
        return {
            "arn": role["Arn"],
            "name": role["RoleName"],
            "path": role["Path"],
            "uniqueId": role["RoleId"],
            "createDate": role["CreateDate"].isoformat(),
            "description": role.get("Description", ""),
            "maxSessionDuration": role["MaxSessionDuration"],
            "assumeRolePolicy": _text(role["AssumeRolePolicyDocument"]),
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
        } | tagged(tag_map(role.get("Tags")))


class RolePolicy(AwsHandler):
    """A policy inside a role."""

    type = "aws:iam/rolePolicy:RolePolicy"
    replaces = NAMES | {"role"}
    required = frozenset({"policy", "role"})
    named = "name"
    changes = frozenset({"policy"})
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        name = physical_name(ask)
        role = ask["role"]
        self.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=_document(ask["policy"]))
        return State(f"{role}:{name}")

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        del changed
        role, _, name = state.id.partition(":")
        self.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=_document(ask["policy"]))

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        role, _, name = state.id.partition(":")
        policy = self.client("iam").get_role_policy(RoleName=role, PolicyName=name)
        return {"role": role, "name": name, "policy": _text(policy["PolicyDocument"])}

    def _remove(self, state: State) -> None:
        role, _, name = state.id.partition(":")
        self.client("iam").delete_role_policy(RoleName=role, PolicyName=name)


class Policy(AwsHandler):
    """A policy of its own."""

    type = "aws:iam/policy:Policy"
    replaces = NAMES | {"description", "path"}
    required = frozenset({"policy"})
    defaults = fixed(path=ROOT)
    named = "name"
    untold = frozenset({"delayAfterPolicyCreationInMs"})
    changes = frozenset({"policy"})
    retag = staticmethod(tagging.iam("policy", "PolicyArn"))
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        policy = self.client("iam").create_policy(
            PolicyName=physical_name(ask),
            PolicyDocument=_document(ask["policy"]),
            Tags=tag_list(ask.get("tags")),
            **ask.pick("description", "path"),
        )["Policy"]
        return State(policy["Arn"])

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        del changed
        iam = self.client("iam")
        others = [each for each in self._versions(state.id) if not each["IsDefaultVersion"]]
        if len(others) >= KEPT_VERSIONS - 1:
            oldest = min(others, key=lambda each: each["CreateDate"])
            iam.delete_policy_version(PolicyArn=state.id, VersionId=oldest["VersionId"])
        iam.create_policy_version(PolicyArn=state.id, PolicyDocument=_document(ask["policy"]), SetAsDefault=True)

    def _versions(self, arn: str) -> list[Mapping[str, Any]]:
        return self.client("iam").list_policy_versions(PolicyArn=arn)["Versions"]

    def _remove(self, state: State) -> None:
        iam = self.client("iam")
        for each in self._versions(state.id):
            if not each["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=state.id, VersionId=each["VersionId"])
        iam.delete_policy(PolicyArn=state.id)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        iam = self.client("iam")
        policy = iam.get_policy(PolicyArn=state.id)["Policy"]
        version = iam.get_policy_version(PolicyArn=state.id, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
        return {
            "arn": state.id,
            "name": policy["PolicyName"],
            "path": policy["Path"],
            "policyId": policy["PolicyId"],
            "description": policy.get("Description", ""),
            "policy": _text(version["Document"]),
        } | tagged(tag_map(policy.get("Tags")))


class RolePolicyAttachment(AwsHandler):
    """A policy of its own, given to a role."""

    type = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    replaces = frozenset({"policyArn", "role"})
    required = frozenset({"policyArn", "role"})
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        role, arn = ask["role"], ask["policyArn"]
        try:
            self.client("iam").attach_role_policy(RoleName=role, PolicyArn=arn)
        except ClientError as exc:
            if error_code(exc) != GONE or not _is_awss_own(arn):
                raise
            ask.gap(WHOLE, NOT_KNOWN)
        return State(f"{role}/{arn}")

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        """One that the emulator could not make counts as there as long as its role is, so that a refresh leaves it alone."""
        role, arn = state.outputs["role"], state.outputs["policyArn"]
        attached = self.client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        is_there = arn in [each["PolicyArn"] for each in attached]
        return {"role": role, "policyArn": arn} if is_there or _is_awss_own(arn) else None

    def _remove(self, state: State) -> None:
        self.client("iam").detach_role_policy(RoleName=state.outputs["role"], PolicyArn=state.outputs["policyArn"])


class InstanceProfile(AwsHandler):
    """What hands a role to instances."""

    type = "aws:iam/instanceProfile:InstanceProfile"
    replaces = NAMES | {"path"}
    defaults = fixed(path=ROOT)
    named = "name"
    changes = frozenset({"role"})
    retag = staticmethod(tagging.iam("instance_profile", "InstanceProfileName"))
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        iam = self.client("iam")
        name = physical_name(ask)
        iam.create_instance_profile(InstanceProfileName=name, Tags=tag_list(ask.get("tags")), **ask.pick("path"))
        if "role" in ask:
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=ask["role"])
        return State(name)

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        del changed
        self._take_role_away(state)
        if "role" in ask:
            self.client("iam").add_role_to_instance_profile(InstanceProfileName=state.id, RoleName=ask["role"])

    def _take_role_away(self, state: State) -> None:
        if role := state.outputs.get("role"):
            with unless_gone(GONE):
                self.client("iam").remove_role_from_instance_profile(InstanceProfileName=state.id, RoleName=role)

    def _remove(self, state: State) -> None:
        self._take_role_away(state)
        self.client("iam").delete_instance_profile(InstanceProfileName=state.id)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        profile = self.client("iam").get_instance_profile(InstanceProfileName=state.id)["InstanceProfile"]
        outputs = {
            "arn": profile["Arn"],
            "name": state.id,
            "path": profile["Path"],
            "uniqueId": profile["InstanceProfileId"],
            "createDate": profile["CreateDate"].isoformat(),
        }
        if profile["Roles"]:
            outputs["role"] = profile["Roles"][0]["RoleName"]
        return outputs | tagged(tag_map(profile.get("Tags")))


def _is_awss_own(policy_arn: str) -> bool:
    return ":iam::aws:policy/" in policy_arn


def _document(policy: Any) -> str:
    """A policy as the API takes it; the SDK hands it over as text or as an object."""
    return policy if isinstance(policy, str) else json.dumps(policy)


def _text(document: Any) -> str:
    """A policy as the provider returns it; boto3 decodes some of them into objects."""
    return unquote(document) if isinstance(document, str) else json.dumps(document)


HANDLERS = (Role, RolePolicy, Policy, RolePolicyAttachment, InstanceProfile)
