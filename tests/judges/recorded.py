"""The recorded deployment as the judges need it: its policies, its settings, and what its watchdog needs."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from failover_lambda.contract import Settings
from lab.recording import Created, Deployment
from tests.infra import stand
from tests.judges.needs import Ground, Need, of_dead_letters, of_flow_logs, of_logging, of_placement, of_requests
from tests.judges.recorder import Request, record
from tests.judges.simulator import Policy, Question

PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
JUDGED = {"noticeEventBus": "operations"}
"""The usual stack, and everything that gives the watchdog another right."""
POLICY, KEY, QUEUE = "aws:iam/policy:Policy", "aws:kms/key:Key", "aws:sqs/queue:Queue"


@dataclass(frozen=True, kw_only=True)
class Role:
    """A function's role: its policy, and everything that it needs."""

    name: str
    policy: Policy
    needs: frozenset[Need]

    @property
    def statements(self) -> Mapping[str, Policy]:
        """By their ids."""
        return {statement["Sid"]: statement for statement in self.policy["Statement"]}

    def without(self, sid: str) -> "Role":
        """The same role with one statement dropped."""
        left = [statement for statement in self.policy["Statement"] if statement["Sid"] != sid]
        return replace(self, policy={**self.policy, "Statement": left})


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One deployment in one partition, and what its watchdog was recorded to ask."""

    deployment: Deployment
    ground: Ground
    key_policy: Policy
    topic_policy: Policy
    arbiter: Role
    probers: tuple[Role, ...]
    flow_logs: Role
    requests: Mapping[str, tuple[Request, ...]]
    """By story."""

    @property
    def roles(self) -> tuple[Role, ...]:
        """Every role with a policy of ours."""
        return (self.arbiter, *self.probers, self.flow_logs)

    def question(self, role: Role, need: Need) -> Question:
        """Whether a role may do what it needs."""
        return Question(
            principal=f"arn:{self.ground.partition}:sts::{self.ground.account}:assumed-role/{role.name}/session",
            action=need.action,
            resource=need.resource,
            account=self.ground.account,
            context=dict(need.context),
            identity=[role.policy],
            resource_policy=self.key_policy if need.action.startswith("kms:") else None,
        )


@functools.cache
def recorded(partition: str = "aws") -> Recorded:
    """The judged stack in a partition; deployed and recorded once per process."""
    deployment = stand.run(JUDGED) if partition == "aws" else _deployed_in(partition)
    settings = Settings.from_environment(stand.environment(deployment))
    key = deployment.only(KEY)
    ground = Ground(
        partition=partition,
        region=stand.REGION,
        account=stand.ACCOUNT,
        key_arn=key.outputs["arn"],
        address_id=settings.address_id,
        instance_of={worker.network_interface_id: worker.instance_id for worker in settings.workers},
    )
    requests = {story: tuple(taped) for story, taped in record(settings).items()}
    probers = [prober.function_name for prober in settings.probers]
    return Recorded(
        deployment=deployment,
        ground=ground,
        key_policy=json.loads(key.inputs["policy"]),
        topic_policy=json.loads(deployment.only("aws:sns/topicPolicy:TopicPolicy").inputs["policy"]),
        arbiter=_role(
            deployment,
            f"{settings.site}-arbiter",
            of_requests((request for taped in requests.values() for request in taped), ground)
            | of_logging(ground, f"{settings.site}-arbiter")
            | of_dead_letters(ground, deployment.only(QUEUE).outputs["name"]),
        ),
        probers=tuple(_role(deployment, name, of_logging(ground, name) | of_placement()) for name in probers),
        flow_logs=_role(deployment, f"{settings.site}-flows", of_flow_logs(ground, flow_log_group(deployment))),
        requests=requests,
    )


def flow_log_group(deployment: Deployment) -> str:
    """The log group that the flow log writes into."""
    (flow_log,) = deployment.of_type("aws:ec2/flowLog:FlowLog")
    return flow_log.inputs["logDestination"].partition(":log-group:")[2]


def _role(deployment: Deployment, name: str, needs: set[Need]) -> Role:
    return Role(name=name, policy=json.loads(deployment.named(POLICY, name).inputs["policy"]), needs=frozenset(needs))


def _deployed_in(partition: str) -> Deployment:
    def invoke(asked: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = stand.invoke(asked, arguments)
        return {**answer, "partition": partition} if asked == "aws:index/getPartition:getPartition" else answer

    def create(kind: str, name: str, chosen: Mapping[str, Any]) -> Created:
        created = stand.create(kind, name, chosen)
        moved = {
            key: value.replace("arn:aws:", f"arn:{partition}:") if isinstance(value, str) else value
            for key, value in created.outputs.items()
        }
        return replace(created, outputs=moved)

    return stand.run(JUDGED, invoke=invoke, create=create)
