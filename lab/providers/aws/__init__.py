"""Handlers of AWS resource types over boto3, one file per service; what the lab's engine calls for a stack on AWS.

The lab passes clients of its emulators. Nothing here knows which emulator answers: the client factory does.
"""

from lab.providers.aws import (
    cloudwatch,
    dynamodb,
    ec2_address,
    ec2_endpoints,
    ec2_flow_logs,
    ec2_groups,
    ec2_instances,
    ec2_nat,
    ec2_network,
    ec2_routes,
    ec2_volumes,
    elbv2,
    elbv2_targets,
    events,
    iam,
    invokes,
    kms,
    lambda_,
    lambda_function,
    logs,
    sns,
    sqs,
)
from lab.providers.aws.cloud import AwsHandler, ClientFactory, Cloud
from lab.providers.registry import Registry

HANDLERS: tuple[type[AwsHandler], ...] = (
    *ec2_network.HANDLERS,
    *ec2_routes.HANDLERS,
    *ec2_groups.HANDLERS,
    *ec2_endpoints.HANDLERS,
    *ec2_instances.HANDLERS,
    *ec2_volumes.HANDLERS,
    *ec2_address.HANDLERS,
    *ec2_nat.HANDLERS,
    *ec2_flow_logs.HANDLERS,
    *elbv2.HANDLERS,
    *elbv2_targets.HANDLERS,
    *kms.HANDLERS,
    *iam.HANDLERS,
    *dynamodb.HANDLERS,
    *lambda_function.HANDLERS,
    *lambda_.HANDLERS,
    *events.HANDLERS,
    *sns.HANDLERS,
    *sqs.HANDLERS,
    *logs.HANDLERS,
    *cloudwatch.HANDLERS,
)
"""Every resource type that the lab has on AWS."""


def registry(make_client: ClientFactory, *, region: str, account_id: str) -> Registry:
    """The handlers for one account in one region, ready for `lab.engine.deploy`.

    Args:
        make_client: Makes the boto3 client of a service; which emulator it reaches is the factory's choice.
        region: The region of every resource.
        account_id: Stands in the names that the lab makes itself; the emulators must use the same one.
    """
    cloud = Cloud(make_client, region=region, account_id=account_id)
    return Registry.of((handler(cloud) for handler in HANDLERS), invokes.functions(cloud))


__all__ = ["HANDLERS", "ClientFactory", "Cloud", "registry"]
