"""How each service changes the tags of something that exists: it takes the new ones and the names of those that go.

Only the handlers beside this file import it. The tags that a resource is made with are its own `_make`'s.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.providers.aws.cloud import Cloud, Retag, tag_list
from lab.providers.handler import State


def ec2(cloud: Cloud, state: State, put: Mapping[str, str], gone: Sequence[str]) -> None:
    """EC2 knows every resource by its id alone."""
    client = cloud.client("ec2")
    if gone:
        client.delete_tags(Resources=[state.id], Tags=[{"Key": key} for key in gone])
    if put:
        client.create_tags(Resources=[state.id], Tags=tag_list(put))


def elbv2(cloud: Cloud, state: State, put: Mapping[str, str], gone: Sequence[str]) -> None:
    """Balancers, groups and listeners, whose ids are their ARNs."""
    client = cloud.client("elbv2")
    if gone:
        client.remove_tags(ResourceArns=[state.id], TagKeys=list(gone))
    if put:
        client.add_tags(ResourceArns=[state.id], Tags=tag_list(put))


def kms(cloud: Cloud, state: State, put: Mapping[str, str], gone: Sequence[str]) -> None:
    """Keys, with tags of a spelling of their own."""
    client = cloud.client("kms")
    if gone:
        client.untag_resource(KeyId=state.id, TagKeys=list(gone))
    if put:
        client.tag_resource(KeyId=state.id, Tags=[{"TagKey": key, "TagValue": value} for key, value in put.items()])


def iam(kind: str, parameter: str) -> Retag:
    """IAM has a call per kind: `tag_role(RoleName=...)`, `tag_policy(PolicyArn=...)`."""

    def retag(cloud: Cloud, state: State, put: Mapping[str, str], gone: Sequence[str]) -> None:
        client, which = cloud.client("iam"), {parameter: state.id}
        if gone:
            getattr(client, f"untag_{kind}")(TagKeys=list(gone), **which)
        if put:
            getattr(client, f"tag_{kind}")(Tags=tag_list(put), **which)

    return retag


def by_arn(service: str, parameter: str, form: Callable[[Mapping[str, str]], Any] = tag_list) -> Retag:
    """The services with one `tag_resource` for all that they have; they differ in how they spell the ARN and the tags."""

    def retag(cloud: Cloud, state: State, put: Mapping[str, str], gone: Sequence[str]) -> None:
        client, which = cloud.client(service), {parameter: state.outputs["arn"]}
        if gone:
            client.untag_resource(TagKeys=list(gone), **which)
        if put:
            client.tag_resource(Tags=form(put), **which)

    return retag


def sqs(cloud: Cloud, state: State, put: Mapping[str, str], gone: Sequence[str]) -> None:
    """Queues, whose ids are their URLs."""
    client = cloud.client("sqs")
    if gone:
        client.untag_queue(QueueUrl=state.id, TagKeys=list(gone))
    if put:
        client.tag_queue(QueueUrl=state.id, Tags=dict(put))


def logs(cloud: Cloud, state: State, put: Mapping[str, str], gone: Sequence[str]) -> None:
    """Log groups; this API begins its names with a small letter."""
    client, arn = cloud.client("logs"), state.outputs["arn"]
    if gone:
        client.untag_resource(resourceArn=arn, tagKeys=list(gone))
    if put:
        client.tag_resource(resourceArn=arn, tags=dict(put))
