"""Where the stories play: both emulators and the fronts before them, started once, and a fresh site for every story.

    watchdog -> front (microburst) -> moto behind its gate, with Amazon's rules   EC2
                                   -> ministack                                   DynamoDB with a stream, SNS with a queue
                                   -> `Vantages`                                  Lambda: plays the prober functions

The prober functions are played: `LiveProbers` asks over HTTP, the answers are the story's. The stage's own clients go to
the emulators past the fronts.
"""

import contextlib
import itertools
import json
import threading
import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from failover_lambda.aws.clients import CONFIG
from failover_lambda.contract import RECORD_KEY, ProberRef, Settings, Worker
from failover_lambda.model import Answer, ProbeReport, Sight
from lab.api_faults import ApiFaults, Fault, Kind, Patience
from lab.emulators import ACCOUNT_ID, CloudSettings, Emulators
from lab.profiles import PROFILES
from lab.supervisor import Supervisor
from tests.fakes import make_settings
from tests.matrix.calls import Wires

NETWORK = "127.77.0.0/16"
"""No address of that network is bound here."""

READ_TIMEOUT_S = 0.5
"""Of the watchdog's clients in a story, instead of 2 s; in virtual time a caller that gives up has waited 2 s."""

WATCHDOG_KEY = "WATCHDOG"
"""Access key id of the watchdog's clients: tells its calls from the stage's in the emulators' logs."""

_READY_S = 60.0


class Vantages:
    """An HTTP server that answers Invoke as the prober functions would, from what the stories say of their workers."""

    def __init__(self) -> None:
        self.answers: dict[str, Mapping[str, Answer]] = {}
        """Site to worker to answer. The vantage PROBER-ZONE-SITE is of the site."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def sight(self, inquiry: Mapping[str, Any]) -> Sight:
        """What this vantage sees now."""
        site = inquiry["vantage"].split("-", 2)[2]
        reports = tuple(ProbeReport(worker=name, answer=answer) for name, answer in self.answers[site].items())
        return Sight(vantage=inquiry["vantage"], zone=inquiry["zone"], anchor_reached=True, reports=reports)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        vantages = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self) -> None:
                try:
                    inquiry = json.loads(_body(self))
                except ValueError:  # its caller gave up before the front had passed it on
                    self.send_error(400)
                    return
                assert unquote(self.path).split("/")[3] == inquiry["vantage"]
                body = json.dumps(_plain(vantages.sight(inquiry))).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
                del format, args

        return Handler


def _body(request: BaseHTTPRequestHandler) -> bytes:
    """The body, of a known length or in chunks: the front passes what it does not look into on as it comes."""
    if "Content-Length" in request.headers:
        return request.rfile.read(int(request.headers["Content-Length"]))
    body = b""
    while size := int(request.rfile.readline(), 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body


def _plain(sight: Sight) -> dict[str, Any]:
    return {
        "vantage": sight.vantage,
        "zone": sight.zone,
        "anchor_reached": sight.anchor_reached,
        "reports": [{"worker": report.worker, "answer": report.answer.value, "detail": ""} for report in sight.reports],
    }


@dataclass(frozen=True)
class Site:
    """One pair in the emulators: both workers run, the address is on wk1, no record yet."""

    settings: Settings
    queue_url: str
    """Gets a copy of everything that people are told."""
    stream_arn: str
    """Of the record table: every version of every item."""


@dataclass
class Stage:
    """The running emulators; made by `stage`."""

    supervisor: Supervisor
    emulators: Emulators
    faults: ApiFaults
    vantages: Vantages
    nowhere: str
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    _network: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        make: Any = self.emulators.client
        self.ec2, self.dynamodb, self.sns, self.sqs = (make(name) for name in ("ec2", "dynamodb", "sns", "sqs"))
        session: Any = boto3.session.Session(ACCOUNT_ID, "stage", region_name=self.emulators.region)
        self.streams = session.client("dynamodbstreams", endpoint_url=self.emulators.endpoints.ministack)
        self._network = self._make_network()
        self.wires = Wires(self._watchdogs_client)
        self._warm()

    def _watchdogs_client(self, service: str, read_timeout_s: float = READ_TIMEOUT_S) -> Any:
        config = CONFIG.merge(Config(read_timeout=read_timeout_s, proxies={}))
        session: Any = boto3.session.Session(WATCHDOG_KEY, "watchdog", region_name=self.emulators.region)
        return session.client(service, endpoint_url=self.faults.fronts[service], config=config)

    def _warm(self) -> None:
        """One call of each service through its front, and an error of it: the first ones load the service's model."""
        self._watchdogs_client("lambda", _READY_S)
        for service, ask in (("ec2", "describe_addresses"), ("dynamodb", "list_tables"), ("sns", "list_topics")):
            patient = self._watchdogs_client(service, _READY_S)
            self.faults.put([Fault(service, "", Kind.DENIED)])
            for _ in range(2):
                with contextlib.suppress(ClientError):
                    getattr(patient, ask)()
        self.faults.put([])

    @property
    def gate_log(self) -> Path:
        """EC2's calls, reads too, as the emulator took them."""
        return self.supervisor.logs / "gate.jsonl"

    @property
    def cloud_log(self) -> Path:
        """What changed in EC2."""
        return self.supervisor.logs / "cloud.jsonl"

    def new_site(self) -> Site:
        """A site that shares nothing with another but the network."""
        number = next(self._numbers)
        name = f"site-{number}"
        table: Any = self.dynamodb.create_table(
            TableName=f"record-{number}",
            KeySchema=[{"AttributeName": RECORD_KEY, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": RECORD_KEY, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )["TableDescription"]
        topic: str = self.sns.create_topic(Name=f"notices-{number}")["TopicArn"]
        queue_url: str = self.sqs.create_queue(QueueName=f"notices-{number}")["QueueUrl"]
        queue_arn = f"arn:aws:sqs:{self.emulators.region}:{ACCOUNT_ID}:notices-{number}"
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})
        workers = (self._worker(1), self._worker(2))
        address_id: str = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        self.ec2.associate_address(AllocationId=address_id, InstanceId=workers[0].instance_id, AllowReassociation=False)
        settings = make_settings(
            site=name,
            shard=str(number),
            workers_act_alone=False,
            address_id=address_id,
            record_table=table["TableName"],
            notice_topic=topic,
            isolation_group_id=self._network["isolated"],
            probers=tuple(ProberRef(zone=zone, function_name=f"prober-{zone}-{name}") for zone in "abc"),
        )
        settings = _with_workers(settings, workers)
        self.vantages.answers[name] = {worker.name: Answer.HEALTHY for worker in workers}
        return Site(settings, queue_url, table["LatestStreamArn"])

    def forget(self, site: Site) -> None:
        """Give back what slows the emulators down."""
        settings = site.settings
        self.ec2.terminate_instances(InstanceIds=[worker.instance_id for worker in settings.workers])
        with contextlib.suppress(Exception):  # a story may have left it associated; the pool has room
            self.ec2.release_address(AllocationId=settings.address_id)
        self.dynamodb.delete_table(TableName=settings.record_table)
        self.sqs.delete_queue(QueueUrl=site.queue_url)
        self.sns.delete_topic(TopicArn=settings.notice_topic)
        del self.vantages.answers[settings.site]

    def _make_network(self) -> dict[str, Any]:
        vpc_id: str = self.ec2.create_vpc(CidrBlock=NETWORK)["Vpc"]["VpcId"]
        gateway_id: str = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc_id)
        groups = {
            name: self.ec2.create_security_group(VpcId=vpc_id, GroupName=name, Description=name)["GroupId"]
            for name in ("worker", "isolated")
        }
        subnets = [
            self.ec2.create_subnet(
                VpcId=vpc_id, CidrBlock=f"127.77.{16 * number}.0/20", AvailabilityZone=f"eu-central-1{zone}"
            )["Subnet"]["SubnetId"]
            for number, zone in enumerate("ab", start=1)
        ]
        return {"subnets": subnets, **groups}

    def _worker(self, number: int) -> Worker:
        (instance,) = self.ec2.run_instances(
            ImageId="ami-12345678",
            InstanceType="t3.small",
            MinCount=1,
            MaxCount=1,
            SubnetId=self._network["subnets"][number - 1],
            SecurityGroupIds=[self._network["worker"]],
        )["Instances"]
        return Worker(
            name=f"wk{number}",
            instance_id=instance["InstanceId"],
            network_interface_id=instance["NetworkInterfaces"][0]["NetworkInterfaceId"],
            private_ip=instance["PrivateIpAddress"],
            address_private_ip=instance["PrivateIpAddress"],
            zone="ab"[number - 1],
            group_ids=(self._network["worker"],),
        )


def _with_workers(settings: Settings, workers: tuple[Worker, ...]) -> Settings:
    return replace(settings, workers=workers)


@contextlib.contextmanager
def stage(folder: Path, nowhere: str) -> Generator[Stage]:
    """Start everything; end it with the block. `nowhere` is the URL of a port where nothing listens."""
    vantages = Vantages()
    try:
        with Supervisor(folder, f"matrix-{uuid.uuid4().hex[:8]}") as supervisor:
            cloud = CloudSettings(network=NETWORK, profile=PROFILES["instant"], schedule_divisor=1, log_reads=True)
            emulators = Emulators.start(supervisor, cloud)
            upstreams = {
                "ec2": emulators.endpoints.moto,
                "dynamodb": emulators.endpoints.ministack,
                "sns": emulators.endpoints.ministack,
                "lambda": vantages.url,
            }
            flags = [flag for name, url in upstreams.items() for flag in ("--front", f"{name}={url}")]
            child = supervisor.module("fronts", "lab.fault_front", *flags)
            fronts: Mapping[str, str] = child.expect("ready", _READY_S)["fronts"]
            yield Stage(supervisor, emulators, ApiFaults(fronts, Patience(READ_TIMEOUT_S), child), vantages, nowhere)
    finally:
        vantages.close()
