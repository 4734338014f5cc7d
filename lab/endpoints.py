"""Which emulator plays which AWS service, and where it answers. Values only; anybody in the lab may import this."""

from dataclasses import dataclass

MOTO_SERVICES = frozenset({"ec2", "iam", "kms", "sts"})
MINISTACK_SERVICES = frozenset({"cloudwatch", "dynamodb", "events", "lambda", "logs", "scheduler", "sns", "sqs"})


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
