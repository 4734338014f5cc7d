"""What only the account can answer: questions to ask before a deployment and after it; pure, and nothing here asks.

Each is one read-only call with its parameters, and what a good answer looks like. Whoever has credentials asks
(docs/LIMITS.md shows the list); the parameters are checked against the SDK's own models by a test.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra.aws.services import service_name
from infra.doctor import Moment, Question, in_order
from infra.quotas import Quota


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The stack that is asked about. What is empty does not exist yet, or is not wanted: nothing is asked about it."""

    region: str
    worker_zones: Sequence[str]
    prober_zones: Sequence[str]
    image_id: str
    instance_type: str
    root_volume_gb: int
    reserved_runs: int
    """Concurrent runs of all functions that are set aside; 0: none."""
    endpoint_services: Sequence[str]
    """Short names."""
    quota_needs: Mapping[Quota, int]
    topic_arn: str = ""
    functions_in_network: Sequence[str] = ()
    instance_ids: Sequence[str] = ()
    arbiter_role_arn: str = ""
    address_arn: str = ""


UNRESERVED_MIN = 100
"""What Lambda keeps for functions without a reservation; a new account may have 10 in all (guide, "Lambda quotas")."""


def questions(subject: Subject) -> tuple[Question, ...]:
    """Everything worth asking, in the order of the moments."""
    return in_order((*_zones(subject), *_workers(subject), *_functions(subject), *_quotas(subject), *_built(subject)))


def _zones(subject: Subject) -> Iterator[Question]:
    zones = sorted({*subject.worker_zones, *subject.prober_zones})
    yield Question(
        id="zones",
        moment=Moment.BEFORE,
        asks="ec2:DescribeAvailabilityZones",
        parameters={"ZoneNames": zones},
        wanted=f"each of {', '.join(zones)}: State available, OptInStatus opt-in-not-required, ZoneType availability-zone",
        why="A zone that the account does not have ends the deployment at its subnet. ZoneId tells which building it is.",
    )
    yield Question(
        id="type-offerings",
        moment=Moment.BEFORE,
        asks="ec2:DescribeInstanceTypeOfferings",
        parameters={
            "LocationType": "availability-zone",
            "Filters": [
                {"Name": "instance-type", "Values": [subject.instance_type]},
                {"Name": "location", "Values": list(subject.worker_zones)},
            ],
        },
        wanted=f"one offering for each of {', '.join(subject.worker_zones)}",
        why=f"Not every zone has {subject.instance_type}; the instance there would be refused, and be no standby.",
    )
    if subject.endpoint_services:
        yield Question(
            id="endpoint-zones",
            moment=Moment.BEFORE,
            asks="ec2:DescribeVpcEndpointServices",
            parameters={"ServiceNames": [service_name(subject.region, each) for each in subject.endpoint_services]},
            wanted=f"AvailabilityZones of each service hold {', '.join(subject.worker_zones)}",
            why="An endpoint is refused in a zone where its service is not offered.",
        )


def _workers(subject: Subject) -> Iterator[Question]:
    yield Question(
        id="image-size",
        moment=Moment.BEFORE,
        asks="ec2:DescribeImages",
        parameters={"ImageIds": [subject.image_id]},
        wanted=f"State available; the root device's VolumeSize at most {subject.root_volume_gb}; Architecture fits the type",
        why="A root disk smaller than the image's snapshot is refused, and an image of another region is not found.",
    )


def _functions(subject: Subject) -> Iterator[Question]:
    if subject.reserved_runs:
        yield Question(
            id="unreserved-runs",
            moment=Moment.BEFORE,
            asks="lambda:GetAccountSettings",
            parameters={},
            wanted=f"AccountLimit.UnreservedConcurrentExecutions at least {subject.reserved_runs + UNRESERVED_MIN}",
            why="Lambda sets nothing aside below its minimum for all other functions; new accounts have nothing to spare.",
        )
    for name in subject.functions_in_network:
        yield Question(
            id=f"idle-{name}",
            moment=Moment.AFTER,
            asks="lambda:GetFunctionConfiguration",
            parameters={"FunctionName": name},
            wanted="State Active and LastUpdateStatus Successful; Inactive or Pending: invoke it once, and ask again",
            why="Lambda takes the interface of an idle function back; the next call fails and takes minutes.",
        )


def _quotas(subject: Subject) -> Iterator[Question]:
    for quota, need in subject.quota_needs.items():
        entry = quota.value
        yield Question(
            id=f"quota-{entry.code}",
            moment=Moment.BEFORE,
            asks="service-quotas:GetServiceQuota",
            parameters={"ServiceCode": entry.service, "QuotaCode": entry.code},
            wanted=f"Quota.Value at least {need} above what the account uses already",
            why=f"The stack alone takes {need} {entry.title}; beyond the quota the resource is refused half-way.",
        )


def _built(subject: Subject) -> Iterator[Question]:
    if subject.topic_arn:
        yield Question(
            id="confirmed",
            moment=Moment.AFTER,
            asks="sns:ListSubscriptionsByTopic",
            parameters={"TopicArn": subject.topic_arn},
            wanted="no SubscriptionArn is PendingConfirmation, and two or more subscriptions",
            why="Nothing is sent to a mailbox until its owner confirms; an unconfirmed subscription expires within days.",
        )
    if subject.instance_ids:
        yield Question(
            id="workers-run",
            moment=Moment.AFTER,
            asks="ec2:DescribeInstances",
            parameters={"InstanceIds": list(subject.instance_ids)},
            wanted="State.Name of each is running; a worker that stopped by itself has no StateReason Client.InternalError",
            why="An address cannot be given to a pending worker; Client.InternalError means that its disks' key is denied.",
        )
    if subject.arbiter_role_arn:
        yield Question(
            id="rights-fit",
            moment=Moment.AFTER,
            asks="iam:SimulatePrincipalPolicy",
            parameters={
                "PolicySourceArn": subject.arbiter_role_arn,
                "ActionNames": ["ec2:AssociateAddress", "ec2:DisassociateAddress"],
                "ResourceArns": [subject.address_arn],
            },
            wanted="EvalDecision allowed for every action",
            why="A worker that was replaced by hand has ids that the policy does not name: the move is denied.",
        )
