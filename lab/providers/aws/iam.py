"""Roles, policies and instance profiles.

Only `lab.providers.aws` imports this file.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from lab.providers.aws.cloud import AwsHandler, error_code, physical_name, tag_list, tag_map, tagged, unless_gone
from lab.providers.handler import WHOLE, Ask, State

GONE = "NoSuchEntity"

NOT_KNOWN = "the emulator does not know the policies that AWS itself keeps"


class Role(AwsHandler):
    """A role; its policies are resources of their own."""

    type = "aws:iam/role:Role"
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
        } | tagged(tag_map(role.get("Tags")))


class RolePolicy(AwsHandler):
    """A policy inside a role."""

    type = "aws:iam/rolePolicy:RolePolicy"
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        name = physical_name(ask)
        role = ask["role"]
        self.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=_document(ask["policy"]))
        return State(f"{role}:{name}")

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
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        policy = self.client("iam").create_policy(
            PolicyName=physical_name(ask),
            PolicyDocument=_document(ask["policy"]),
            Tags=tag_list(ask.get("tags")),
            **ask.pick("description", "path"),
        )["Policy"]
        return State(policy["Arn"])

    def _remove(self, state: State) -> None:
        self.client("iam").delete_policy(PolicyArn=state.id)

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
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        role, arn = ask["role"], ask["policyArn"]
        try:
            self.client("iam").attach_role_policy(RoleName=role, PolicyArn=arn)
        except ClientError as exc:
            if error_code(exc) != GONE or ":iam::aws:policy/" not in arn:
                raise
            ask.gap(WHOLE, NOT_KNOWN)
        return State(f"{role}/{arn}")

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        role, arn = state.outputs["role"], state.outputs["policyArn"]
        attached = self.client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        return {"role": role, "policyArn": arn} if arn in [each["PolicyArn"] for each in attached] else None

    def _remove(self, state: State) -> None:
        self.client("iam").detach_role_policy(RoleName=state.outputs["role"], PolicyArn=state.outputs["policyArn"])


class InstanceProfile(AwsHandler):
    """What hands a role to instances."""

    type = "aws:iam/instanceProfile:InstanceProfile"
    gone = (GONE,)

    def _make(self, ask: Ask) -> State:
        iam = self.client("iam")
        name = physical_name(ask)
        iam.create_instance_profile(InstanceProfileName=name, Tags=tag_list(ask.get("tags")), **ask.pick("path"))
        if "role" in ask:
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=ask["role"])
        return State(name)

    def _remove(self, state: State) -> None:
        iam = self.client("iam")
        if role := state.outputs.get("role"):
            with unless_gone(GONE):
                iam.remove_role_from_instance_profile(InstanceProfileName=state.id, RoleName=role)
        iam.delete_instance_profile(InstanceProfileName=state.id)

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


def _document(policy: Any) -> str:
    """A policy as the API takes it; the SDK hands it over as text or as an object."""
    return policy if isinstance(policy, str) else json.dumps(policy)


def _text(document: Any) -> str:
    """A policy as the provider returns it; boto3 decodes some of them into objects."""
    return unquote(document) if isinstance(document, str) else json.dumps(document)


HANDLERS = (Role, RolePolicy, Policy, RolePolicyAttachment, InstanceProfile)
