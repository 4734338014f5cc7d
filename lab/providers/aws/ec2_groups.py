"""Security groups and their rules.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from lab.providers.aws import tagging
from lab.providers.aws.cloud import (
    NAMES,
    REGION,
    AwsHandler,
    ec2_tags,
    fixed,
    physical_name,
    tag_list,
    tag_map,
    tagged,
    told,
)
from lab.providers.handler import Ask, State

MANAGED = "Managed by Pulumi"
"""The provider's default description (docstring of pulumi_aws.ec2.SecurityGroup)."""
ALL_PORTS = -1
SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
"""Of these a rule has one, and keeps that kind for its life."""


class _Group(AwsHandler):
    """What both kinds of group have in common."""

    defaults = fixed(revokeRulesOnDelete=False)
    untold = frozenset({"revokeRulesOnDelete"})
    retag = staticmethod(tagging.ec2)
    gone = ("InvalidGroup.NotFound",)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        group = _group(self.client("ec2"), state.id)
        outputs = told(group, "description", "vpcId", "ownerId", GroupName="name")
        return outputs | {"arn": self.cloud.arn("ec2", f"security-group/{state.id}")} | tagged(tag_map(group.get("Tags")))


class SecurityGroup(_Group):
    """A group without rules: the provider takes away the one that EC2 adds; rules are resources of their own."""

    type = "aws:ec2/securityGroup:SecurityGroup"
    replaces = REGION | NAMES | {"description", "vpcId"}
    defaults = fixed(**_Group.defaults, description=MANAGED)
    named = "name"

    def _make(self, ask: Ask) -> State:
        ec2 = self.client("ec2")
        description = ask.get("description", MANAGED)
        group_id = ec2.create_security_group(
            GroupName=physical_name(ask), Description=description, **ask.pick("vpcId"), **ec2_tags(ask, "security-group")
        )["GroupId"]
        revoke_all(ec2, group_id)
        return State(group_id)

    def _remove(self, state: State) -> None:
        self.client("ec2").delete_security_group(GroupId=state.id)


class DefaultSecurityGroup(_Group):
    """The group that a VPC comes with, adopted and emptied; deleting it here leaves it as it is, as the provider does."""

    type = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
    replaces = REGION | {"vpcId"}

    def _make(self, ask: Ask) -> State:
        ec2 = self.client("ec2")
        filters = [{"Name": "vpc-id", "Values": [ask["vpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
        group_id = ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]
        revoke_all(ec2, group_id)
        for rules in ("ingress", "egress"):
            if ask.get(rules):
                ask.gap(rules, "the lab gives the default group no rules")
        if tags := tag_list(ask.get("tags")):
            ec2.create_tags(Resources=[group_id], Tags=tags)
        return State(group_id)

    def _remove(self, state: State) -> None:
        """Nothing: it goes with its VPC."""


class _Rule(AwsHandler):
    """One rule of a group, of either direction."""

    replaces = REGION | {"securityGroupId"}
    required = frozenset({"ipProtocol", "securityGroupId"})
    changes = frozenset({*SOURCES, "ipProtocol", "fromPort", "toPort", "description"})
    retag = staticmethod(tagging.ec2)
    gone = ("InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound")
    direction: ClassVar[str]

    def _make(self, ask: Ask) -> State:
        authorize = getattr(self.client("ec2"), f"authorize_security_group_{self.direction}")
        answer = authorize(
            GroupId=ask["securityGroupId"], IpPermissions=[_permission(ask)], **ec2_tags(ask, "security-group-rule")
        )
        return State(answer["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        del changed
        rule = ask.pick(
            *("cidrIpv4", "cidrIpv6", "prefixListId", "fromPort", "toPort", "description"),
            ReferencedGroupId="referencedSecurityGroupId",
        )
        whole = {"IpProtocol": str(ask["ipProtocol"]), "FromPort": ALL_PORTS, "ToPort": ALL_PORTS} | rule
        rules = [{"SecurityGroupRuleId": state.id, "SecurityGroupRule": whole}]
        self.client("ec2").modify_security_group_rules(GroupId=ask["securityGroupId"], SecurityGroupRules=rules)

    def replaced_by(self, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> frozenset[str]:
        """A rule for a range cannot become one for a group: both inputs, the one that goes and the one that comes."""
        return frozenset(name for name in SOURCES if (name in before) != (name in wanted))

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        rules = self.client("ec2").describe_security_group_rules(SecurityGroupRuleIds=[state.id])["SecurityGroupRules"]
        if not rules:
            return None
        outputs = told(
            rules[0],
            *("ipProtocol", "fromPort", "toPort", "cidrIpv4", "cidrIpv6", "prefixListId", "description"),
            "securityGroupRuleId",
            GroupId="securityGroupId",
        )
        if referenced := rules[0].get("ReferencedGroupInfo"):
            outputs["referencedSecurityGroupId"] = referenced["GroupId"]
        outputs["arn"] = self.cloud.arn("ec2", f"security-group-rule/{state.id}")
        return outputs | tagged(tag_map(rules[0].get("Tags")))

    def _remove(self, state: State) -> None:
        revoke = getattr(self.client("ec2"), f"revoke_security_group_{self.direction}")
        revoke(GroupId=state.outputs["securityGroupId"], SecurityGroupRuleIds=[state.id])


class SecurityGroupIngressRule(_Rule):
    """What may come in."""

    type = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    direction = "ingress"


class SecurityGroupEgressRule(_Rule):
    """What may go out."""

    type = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    direction = "egress"


def _permission(ask: Ask) -> dict[str, Any]:
    described = ask.pick("description")
    permission: dict[str, Any] = {"IpProtocol": str(ask["ipProtocol"])} | ask.pick("fromPort", "toPort")
    if "cidrIpv4" in ask:
        permission["IpRanges"] = [{"CidrIp": ask["cidrIpv4"]} | described]
    if "cidrIpv6" in ask:
        permission["Ipv6Ranges"] = [{"CidrIpv6": ask["cidrIpv6"]} | described]
    if "prefixListId" in ask:
        permission["PrefixListIds"] = [{"PrefixListId": ask["prefixListId"]} | described]
    if "referencedSecurityGroupId" in ask:
        permission["UserIdGroupPairs"] = [{"GroupId": ask["referencedSecurityGroupId"]} | described]
    return permission


def _group(ec2: Any, group_id: str) -> Mapping[str, Any]:
    return ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]


def revoke_all(ec2: Any, group_id: str) -> None:
    """Take away every rule that a group has, whoever made it."""
    group = _group(ec2, group_id)
    if group["IpPermissionsEgress"]:
        ec2.revoke_security_group_egress(GroupId=group_id, IpPermissions=group["IpPermissionsEgress"])
    if group["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=group["IpPermissions"])


HANDLERS = (SecurityGroup, DefaultSecurityGroup, SecurityGroupIngressRule, SecurityGroupEgressRule)
