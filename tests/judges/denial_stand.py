"""The deployed watchdog under ministack's IAM: real bundle, real functions, real roles with the program's own policies.

ministack with AUTH=true judges every call to DynamoDB, SNS and Lambda by the role that the function runs with, and refuses
in AWS's words. EC2 stands beside it, in the lab's moto, and judges nothing. Two small servers play the workers.
"""

import http.server
import json
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from botocore.config import Config

from failover_lambda.contract import RECORD_KEY, ProberRef, Settings, record_key
from infra import package
from infra.aws.permissions import ArbiterScope, Arns, arbiter_policy, prober_policy, trust
from infra.aws.watchdog import ARBITER_HANDLER, PROBER_HANDLER
from tests.contract.cloud_worlds import LiveWorld
from tests.contract.emulators import EC2, MINISTACK, PATIENT, REGION, ROOT, TABLE, client, create_table, emulator
from tests.judges.simulator import Policy

ACCOUNT = "000000000000"
LIFE_S = 3
"""Of an arbiter here: so long it leads, tick by tick."""
END_MARGIN_S = 10
"""Kept free of the function's timeout by the arbiter itself."""


@dataclass(frozen=True, kw_only=True)
class Stand:
    """A site with its deployed watchdog."""

    endpoint: str
    settings: Settings
    policy: Policy
    """The arbiter's, as the program writes it."""
    queue_url: str

    def allow(self, without: Sequence[str] = ()) -> None:
        """Give the arbiter's role its policy, less some statements."""
        left = [statement for statement in self.policy["Statement"] if statement["Sid"] not in without]
        assert len(left) == len(self.policy["Statement"]) - len(without)
        document = json.dumps({**self.policy, "Statement": left})
        client("iam", self.endpoint, PATIENT).put_role_policy(RoleName="arbiter", PolicyName="own", PolicyDocument=document)

    def start(self, tick: str) -> dict[str, Any]:
        """One start of the arbiter, and its answer: what it returned, or `errorMessage`."""
        functions = client("lambda", self.endpoint, Config(read_timeout=60, retries={"total_max_attempts": 1}))
        answer = functions.invoke(FunctionName="arbiter", Payload=json.dumps({"tick": tick}).encode())
        return json.loads(answer["Payload"].read())

    def record(self) -> dict[str, Any]:
        """The stored record."""
        key = {RECORD_KEY: {"S": record_key(self.settings.site)}}
        item = client("dynamodb", self.endpoint, PATIENT).get_item(TableName=TABLE, Key=key)["Item"]
        return json.loads(item["document"]["S"])

    def mails(self) -> list[str]:
        """What people were told since the last look."""
        sqs = client("sqs", self.endpoint, PATIENT)
        told: list[str] = []
        while found := sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            for letter in found:
                told.append(json.loads(letter["Body"])["Message"])
                sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=letter["ReceiptHandle"])
        return told


@contextmanager
def stand(folder: Path) -> Generator[Stand]:
    """Bring everything up; nothing is left behind."""
    with ExitStack() as stack:
        logs = ["--gate-log", str(folder / "gate.jsonl"), "--cloud-log", str(folder / "cloud.jsonl")]
        ec2 = stack.enter_context(emulator([*EC2, *logs], folder))
        more = {"AUTH": "true", "AWS_ENDPOINT_URL_EC2": ec2}
        endpoint = stack.enter_context(emulator(MINISTACK, folder, more))
        create_table(endpoint)
        world = LiveWorld(ec2, 1)
        port = _serve([worker.private_ip for worker in world.settings.workers], stack.callback)
        settings = _settings(world.settings, port)
        topic, queue_url = _topic(endpoint)
        settings = replace(settings, notice_topic=topic)
        scope = _scope(settings)
        made = Stand(endpoint=endpoint, settings=settings, policy=json.loads(arbiter_policy(scope)), queue_url=queue_url)
        _functions(made)
        yield made


def _settings(built: Settings, port: int) -> Settings:
    probers = tuple(ProberRef(zone=zone, function_name=f"prober-{zone}") for zone in "abc")
    # The emulator's functions take their time on a busy machine.
    return replace(built, record_table=TABLE, probe_port=port, probers=probers, probe_timeout_s=2.0, burst_timeout_s=2.0)


def _scope(settings: Settings) -> ArbiterScope:
    arns = Arns("aws", REGION, ACCOUNT)
    return ArbiterScope(
        arns=arns,
        allocation_id=settings.address_id,
        instance_ids=[worker.instance_id for worker in settings.workers],
        network_interface_ids=[worker.network_interface_id for worker in settings.workers],
        group_ids=[settings.isolation_group_id, *settings.workers[0].group_ids],
        table_arn=arns.of("dynamodb", f"table/{TABLE}"),
        topic_arn=settings.notice_topic,
        dead_letters_arn=arns.of("sqs", "dead-letters"),
        event_bus="",
        key_arn=arns.of("kms", "key/none"),
        log_group="/aws/lambda/arbiter",
        prober_arns=[arns.of("lambda", f"function:{prober.function_name}") for prober in settings.probers],
    )


def _topic(endpoint: str) -> tuple[str, str]:
    sns, sqs = client("sns", endpoint, PATIENT), client("sqs", endpoint, PATIENT)
    topic: str = sns.create_topic(Name="notices")["TopicArn"]
    queue_url: str = sqs.create_queue(QueueName="mails")["QueueUrl"]
    let_in = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [let_in]})
    sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:mails")
    return topic, queue_url


def _functions(made: Stand) -> None:
    iam, functions = client("iam", made.endpoint, PATIENT), client("lambda", made.endpoint, PATIENT)
    bundle = package.build(ROOT, "aws").content

    def create(name: str, handler: str, environment: dict[str, str], timeout_s: int) -> None:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust("lambda"))
        functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=f"arn:aws:iam::{ACCOUNT}:role/{name}",
            Handler=handler,
            Code={"ZipFile": bundle},
            Timeout=timeout_s,
            Environment={"Variables": environment},
        )

    create("arbiter", ARBITER_HANDLER, made.settings.to_environment(), END_MARGIN_S + LIFE_S)
    for prober in made.settings.probers:
        create(prober.function_name, PROBER_HANDLER, {}, 10)
        document = prober_policy(Arns("aws", REGION, ACCOUNT), prober.function_name, f"/aws/lambda/{prober.function_name}")
        iam.put_role_policy(RoleName=prober.function_name, PolicyName="own", PolicyDocument=document)


class _Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class calls it so)
        """Say nothing."""


def _serve(addresses: Sequence[str], at_end: Callable[..., object]) -> int:
    """A healthy worker on each address, all on one free port."""
    port = 0
    for address in addresses:
        server = http.server.ThreadingHTTPServer((address, port), _Healthy)
        port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        at_end(thread.join)
        at_end(server.server_close)
        at_end(server.shutdown)
    return port
