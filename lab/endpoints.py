"""Which emulator plays which AWS service, and where it answers. Values only; anybody in the lab may import this."""

from dataclasses import dataclass

MOTO_SERVICES = frozenset({"ec2", "elbv2", "iam", "kms", "sts"})
MINISTACK_SERVICES = frozenset({"cloudwatch", "dynamodb", "events", "lambda", "logs", "scheduler", "sns", "sqs"})

SIGNED_AS = {"elbv2": "elasticloadbalancing"}
"""Where a service signs by another name than boto3 calls it."""
VARIABLES = {"elbv2": "ELASTIC_LOAD_BALANCING_V2", "events": "EVENTBRIDGE", "logs": "CLOUDWATCH_LOGS"}
"""Where a service is found through another variable than boto3's name of it says."""


def signing_name(service: str) -> str:
    """The service's name in the scope of a signature."""
    return SIGNED_AS.get(service, service)


def variable(service: str) -> str:
    """The environment variable that tells every SDK where a service answers.

    >>> variable("ec2"), variable("elbv2")
    ('AWS_ENDPOINT_URL_EC2', 'AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2')
    """
    return f"AWS_ENDPOINT_URL_{VARIABLES.get(service, service.upper())}"


@dataclass(frozen=True)
class Endpoints:
    """The two emulators' URLs."""

    moto: str
    ministack: str

    def of(self, service: str) -> str:
        """The URL for a service, by boto3's name of it.

        >>> Endpoints("http://127.0.0.1:1", "http://127.0.0.1:2").of("lambda")
        'http://127.0.0.1:2'

        Raises:
            ValueError: neither emulator plays it.
        """
        if service in MOTO_SERVICES:
            return self.moto
        if service in MINISTACK_SERVICES:
            return self.ministack
        played = ", ".join(sorted(MOTO_SERVICES | MINISTACK_SERVICES))
        raise ValueError(f"no emulator of the lab plays {service!r}; played are {played}")
