"""The SDK's clients, built once while the function starts; adapters are handed the one that they need.

boto3's own defaults would start a slow function five times and wait a minute for a dead endpoint. Here every call is tried
once, with short timeouts; whether to ask again is decided by the rule, after reading.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

from failover_lambda.aws.narrow import narrowed
from failover_lambda.contract import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sns import SNSClient

PROBER_MARGIN_S: Final = 0.4
"""What the call of a prober may take beyond its probes' timeouts: the way there and back, and its log line."""

POOL_CONNECTIONS: Final = 32
"""Above the number of calls that a cycle has in flight, so that no warm connection is thrown away."""

SHARED_CONNECTIONS: Final = 128
"""The same for many sites; above the threads that `fleet_arbiter` has for looks and reads."""

SHARED_PROBER_READ_TIMEOUT_S: Final = 4.0
"""Of a prober that many sites share, in seconds. A round does not wait for it longer than its own deadline."""

CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=2,
    tcp_keepalive=True,
    max_pool_connections=POOL_CONNECTIONS,
    parameter_validation=False,  # tests/contract/test_requests.py has botocore judge every request instead
    retries={"mode": "standard", "total_max_attempts": 1},
)
"""Seconds. `contract.Settings.call_again_s` is above the sum of both timeouts."""


@dataclass(frozen=True)
class Clients:
    """One client per service; each may be used by many threads at once."""

    ec2: "EC2Client"
    dynamodb: "DynamoDBClient"
    sns: "SNSClient"
    functions: "LambdaClient"
    events: "EventBridgeClient | None"
    """None: no event bus is configured, and the time to build one is saved."""


def build(settings: Settings) -> Clients:
    """All clients; endpoints, region and credentials come from the platform's environment.

    Takes most of a second, so it is called while the module of the entry is imported: the platform lends a whole CPU then.
    """
    return _built(CONFIG, prober_read_timeout_s(settings), bus=bool(settings.notice_event_bus))


def build_shared() -> Clients:
    """The same for a fleet, whose sites are not known yet: with room for the threads of all."""
    return _built(CONFIG.merge(Config(max_pool_connections=SHARED_CONNECTIONS)), SHARED_PROBER_READ_TIMEOUT_S, bus=True)


def _built(config: Config, prober_s: float, *, bus: bool) -> Clients:
    session = boto3.session.Session(botocore_session=narrowed())
    return Clients(
        ec2=session.client("ec2", config=config),
        dynamodb=session.client("dynamodb", config=config),
        sns=session.client("sns", config=config),
        events=session.client("events", config=config) if bus else None,
        functions=session.client("lambda", config=config.merge(Config(read_timeout=prober_s))),
    )


def prober_read_timeout_s(settings: Settings) -> float:
    """How long a prober may take to answer, in seconds: both of its own waits and a margin."""
    connect_s = max(settings.probe_timeout_s, settings.burst_timeout_s)
    return connect_s + settings.answer_s(connect_s) + PROBER_MARGIN_S
