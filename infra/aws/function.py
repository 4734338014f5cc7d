"""One function of the watchdog with what belongs to it: log group, role, policy."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra.aws.permissions import trust
from infra.naming import Kind, physical, tags
from infra.shapes import child

LOG_GROUP_PREFIX = "/aws/lambda/"
"""Where Lambda writes, unless told otherwise."""


def log_group_name(function_name: str) -> str:
    """The log group of a function."""
    return physical(Kind.LOG_GROUP, LOG_GROUP_PREFIX + function_name)


class CommonArgs(TypedDict):
    """What all functions of a watchdog share."""

    site: str
    bundle: str
    runtime: str
    architecture: str
    reserved_concurrency: int
    """-1: none."""
    log_retention_days: int
    key_arn: pulumi.Input[str]
    tags: dict[str, str]


class FunctionArgs(CommonArgs):
    """Arguments of `Function`."""

    function_name: str
    handler: str
    memory_mb: int
    timeout_s: int
    environment: pulumi.Input[Mapping[str, str]]
    policy: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    """Empty: outside the network."""
    group_ids: Sequence[pulumi.Input[str]]


class Function(pulumi.ComponentResource):
    """A function that may do what its policy says and log into its own group."""

    arn: pulumi.Output[str]
    function_name: pulumi.Output[str]
    """Known once the function exists."""

    def __init__(self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Function", name, {}, opts)
        self._name = name
        self._args = args
        self._tags = tags(args["site"], args["tags"])
        log_group = self._log_group()
        role, allowed = self._role()
        function = self._function(role, [log_group, allowed])
        self.arn, self.function_name = function.arn, function.name
        self.register_outputs({"arn": self.arn})

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-log",
            name=log_group_name(self._args["function_name"]),
            retention_in_days=self._args["log_retention_days"],
            kms_key_id=self._args["key_arn"],
            tags=self._tags,
            opts=child(self),
        )

    def _role(self) -> tuple[aws.iam.Role, pulumi.Resource]:
        role = aws.iam.Role(self._name, assume_role_policy=trust("lambda"), tags=self._tags, opts=child(self))
        policy = aws.iam.Policy(self._name, policy=self._args["policy"], tags=self._tags, opts=child(self))
        return role, aws.iam.RolePolicyAttachment(self._name, role=role.name, policy_arn=policy.arn, opts=child(self))

    def _function(self, role: aws.iam.Role, first: Sequence[pulumi.Resource]) -> aws.lambda_.Function:
        args = self._args
        inside = aws.lambda_.FunctionVpcConfigArgs(
            subnet_ids=list(args["subnet_ids"]), security_group_ids=list(args["group_ids"])
        )
        return aws.lambda_.Function(
            self._name,
            name=args["function_name"],
            code=pulumi.FileArchive(args["bundle"]),
            handler=args["handler"],
            runtime=args["runtime"],
            architectures=[args["architecture"]],
            role=role.arn,
            memory_size=args["memory_mb"],
            timeout=args["timeout_s"],
            reserved_concurrent_executions=args["reserved_concurrency"],
            environment={"variables": args["environment"]},
            vpc_config=inside if args["subnet_ids"] else None,
            tags=self._tags,
            # The group before its first line, else Lambda makes one without retention. The rights before the function:
            # Lambda needs them to place it into the network, and at a destroy to take it out again.
            opts=child(self, depends_on=first),
        )
