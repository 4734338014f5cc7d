"""Who talked to whom: every flow of the network, accepted or rejected, in an encrypted log group.

A flow log cannot be changed, only replaced. Its service writes in the name of a role that may write into this one group.
"""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra.aws.permissions import Arns, flow_log_policy, flow_log_trust
from infra.naming import Kind, physical, tags
from infra.shapes import AccountHandle, child

AGGREGATION_S = 60
"""The finest that AWS offers (botocore, ec2, `MaxAggregationInterval`): a failover is over within ten minutes."""


def flow_log_group_name(site: str) -> str:
    """The log group of a site's flows."""
    return physical(Kind.LOG_GROUP, f"/aws/vpc/{site}-flows")


class FlowLogsArgs(TypedDict):
    """Arguments of `FlowLogs`."""

    site: str
    region: str
    account: AccountHandle
    vpc_id: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    log_retention_days: int
    tags: dict[str, str]


class FlowLogs(pulumi.ComponentResource):
    """Log group, role and flow log of one network."""

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:FlowLogs", name, {}, opts)
        self._name = f"{name}-flows"
        self._args = args
        self._tags = tags(args["site"], args["tags"])
        group = self._log_group()
        role, allowed = self._role()
        aws.ec2.FlowLog(
            self._name,
            vpc_id=args["vpc_id"],
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=AGGREGATION_S,
            tags=tags(args["site"], args["tags"], self._name),
            # The rights first: a role that may not write shows only as a delivery error later. And a successor would be
            # refused beside its predecessor: the same network and the same group.
            opts=child(self, depends_on=[allowed], delete_before_replace=True),
        )
        self.register_outputs({})

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-log",
            name=flow_log_group_name(self._args["site"]),
            retention_in_days=self._args["log_retention_days"],
            kms_key_id=self._args["key_arn"],
            tags=self._tags,
            opts=child(self),
        )

    def _role(self) -> tuple[aws.iam.Role, pulumi.Resource]:
        args = self._args
        arns = pulumi.Output.all(args["account"].partition, args["account"].account_id).apply(
            lambda found: Arns(found[0], args["region"], found[1])
        )
        role = aws.iam.Role(self._name, assume_role_policy=arns.apply(flow_log_trust), tags=self._tags, opts=child(self))
        policy = aws.iam.Policy(
            self._name,
            policy=arns.apply(lambda known: flow_log_policy(known, flow_log_group_name(args["site"]))),
            tags=self._tags,
            opts=child(self),
        )
        attachment = aws.iam.RolePolicyAttachment(self._name, role=role.name, policy_arn=policy.arn, opts=child(self))
        return role, attachment
