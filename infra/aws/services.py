"""Services of AWS that a network reaches by endpoints, by their names; pure."""

from infra.aws.arguments import PairArgs

MANAGEMENT = ("ssm", "ssmmessages")
"""Systems Manager: agents of today need no more; those before 3.3.40 want ec2messages as well."""


def endpoint_services(args: PairArgs) -> tuple[str, ...]:
    """The services with an interface endpoint, by their short names."""
    return (*(MANAGEMENT if args["management_endpoints"] else ()), *args["interface_endpoints"])


def service_name(region: str, service: str) -> str:
    """What a VPC calls a service. In China many have another prefix (aws/aws-cdk#9864); no region there is known.

    >>> service_name("us-gov-west-1", "kms")
    'com.amazonaws.us-gov-west-1.kms'
    """
    return f"com.amazonaws.{region}.{service}"
