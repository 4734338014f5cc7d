"""An account in this process: EC2, Lambda and a record table for many sites, behind the real adapters.

EC2 and Lambda stand in place of the network only: the SDK signs and writes each request and reads each answer, so its work
is measured with the rest. What the stand-ins themselves cost is counted apart (`own_s`). The table is the port itself: it
has DynamoDB's answer times, and its conflicts.

Rates: EC2 judges each API by itself, in each account and region; for a `Describe*` 100 tokens that refill by 20 a second
(EC2 developer guide, "Request throttling for the Amazon EC2 API", read 2026-11-28). For calls that change something 50 and
5 a second are assumed.

Conflicts: a write that meets an ongoing transaction at an item is refused, and the transaction of two that comes later
(DynamoDB developer guide, "Transactional conflict handling"); a condition check counts as a part of a transaction.
"""

import io
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qsl

import boto3
from botocore.awsrequest import AWSResponse

from failover_lambda.aws.clients import CONFIG, SHARED_CONNECTIONS, Config
from failover_lambda.aws.narrow import narrowed
from failover_lambda.contract import FencePolicy, ProbeKind, ProberRef, Settings, Tier, Worker
from failover_lambda.document import Found, judged, written
from failover_lambda.errors import ConflictError, StoreUnavailableError
from failover_lambda.model import Lease, Record, Request

READ_S: Final = 0.06
"""Of a Describe, without a network."""
CHANGE_S: Final = 0.3
"""Of a call that changes something: half of what a pair of them takes on AWS, 0.6 s."""
INVOKE_S: Final = 0.015
DEAF_S: Final = 4.0
"""How long a function that hangs is silent: longer than any arbiter waits for it."""
GET_S: Final = 0.004
WRITE_S: Final = 0.010

READS: Final = (100.0, 20.0)
CHANGES: Final = (50.0, 5.0)
"""Tokens, and how many come back in a second."""

ZONES: Final = "abc"


def settings_of(number: int) -> Settings:
    """A pair in two of three zones; a third of the sites is at home in each."""
    site = f"site-{number:04}"
    zones = [ZONES[(number + each) % 3] for each in range(2)]
    workers = tuple(
        Worker(
            name=f"wk{each + 1}",
            instance_id=f"i-{number:08x}{each:09x}",
            network_interface_id=f"eni-{number:08x}{each:09x}",
            private_ip=f"127.{80 + each}.{number // 250}.{number % 250 + 1}",
            address_private_ip=f"127.{80 + each}.{number // 250}.{number % 250 + 1}",
            zone=zones[each],
            group_ids=("sg-00000000000000001",),
        )
        for each in range(2)
    )
    return Settings(
        site=site,
        tier=Tier.FAULT_TOLERANT,
        enabled=True,
        fence_policy=FencePolicy.ADDRESS_IS_FENCE,
        workers_act_alone=False,
        workers=workers,
        address_id=f"eipalloc-{number:017x}",
        record_table="record",
        notice_topic="topic",
        probers=tuple(ProberRef(zone=zone, function_name=f"prober-{zone}") for zone in ZONES),
        isolation_group_id="sg-00000000000000002",
        probe_kind=ProbeKind.HTTP,
        probe_port=8080,
        probe_path="/health",
        ready_path="",
        probe_tls_verify=True,
        probe_tls_ca_pem="",
        public_health_port=0,
        probe_interval_s=1.0,
        probe_timeout_s=0.4,
        timeouts_to_dead=3,
        refusals_to_dead=2,
        restart_grace_s=0.0,
        slow_grace_s=15.0,
        boot_grace_s=300.0,
        lease_ttl_s=6.0,
        lease_renew_s=2.0,
        hold_s=60.0,
        moves_per_hour_max=3,
        moves_per_day_max=5,
    )


class Bucket:
    """The tokens of one API."""

    def __init__(self, most: float, a_second: float) -> None:
        self._most, self._a_second = most, a_second
        self._tokens, self._at = most, time.monotonic()

    def take(self) -> bool:
        """One token, if there is one."""
        now = time.monotonic()
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._a_second)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


@dataclass
class Machine:
    """One worker's instance."""

    worker: Worker
    state: str = "running"
    group: str = "sg-00000000000000001"
    fails: bool = False
    """Nothing gets an answer from it."""


@dataclass
class Elastic:
    """One address."""

    settings: Settings
    on: str = ""
    """The card that it is on."""
    association: str = ""
    moved_s: float = 0.0
    """When it was put where it is; monotonic."""


@dataclass
class Account:
    """Everything there is. May be asked by many threads at once."""

    sites: Sequence[Settings]
    calls: Counter[str] = field(default_factory=Counter[str])
    throttled: Counter[str] = field(default_factory=Counter[str])
    deaf: set[str] = field(default_factory=set[str])
    """Probers that hang."""
    own_s: float = 0.0
    """CPU time of the stand-ins."""
    made: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}
        self.machines = {worker.instance_id: Machine(worker) for settings in self.sites for worker in settings.workers}
        self._by_card = {machine.worker.network_interface_id: machine for machine in self.machines.values()}
        self._by_host = {machine.worker.address_private_ip: machine for machine in self.machines.values()}
        self.addresses = {
            settings.address_id: Elastic(settings, settings.home.network_interface_id, f"eipassoc-{number:017x}")
            for number, settings in enumerate(self.sites, 1_000_000)
        }

    def clients(self) -> tuple[Any, Any]:
        """EC2 and Lambda, as the watchdog builds them."""
        session: Any = boto3.session.Session("bench", "bench", region_name="eu-central-1", botocore_session=narrowed())
        config = CONFIG.merge(Config(max_pool_connections=SHARED_CONNECTIONS))
        ec2, functions = (session.client(name, config=config) for name in ("ec2", "lambda"))
        ec2.meta.events.register("before-send.ec2", self._ec2)
        functions.meta.events.register("before-send.lambda", self._function)
        return ec2, functions

    @contextmanager
    def _counted(self) -> Generator[None]:
        began = time.thread_time()
        yield
        with self._lock:
            self.own_s += time.thread_time() - began

    # EC2

    def _ec2(self, request: Any, **_: object) -> AWSResponse:
        with self._counted():
            asked = dict(parse_qsl(request.body if isinstance(request.body, str) else request.body.decode()))
            action = asked["Action"]
            reads = action.startswith("Describe")
            with self._lock:
                self.calls[action] += 1
                bucket = self._buckets.setdefault(action, Bucket(*(READS if reads else CHANGES)))
                if not bucket.take():
                    self.throttled[action] += 1
                    return _error(503, "RequestLimitExceeded")
                if asked.get("DryRun") == "true":
                    return _error(412, "DryRunOperation")
        time.sleep(READ_S if reads else CHANGE_S)
        with self._counted(), self._lock:
            answer = getattr(self, f"_on_{action}")(asked)
            return answer if isinstance(answer, AWSResponse) else _xml(action, answer)

    def _on_DescribeAddresses(self, asked: dict[str, str]) -> str:  # noqa: N802 (the API's own name)
        shown = [self._shown_address(self.addresses[each]) for each in _values(asked) if each in self.addresses]
        return f"<addressesSet>{''.join(shown)}</addressesSet>"

    def _shown_address(self, address: Elastic) -> str:
        on = ""
        if address.on:
            worker = self._by_card[address.on].worker
            on = (
                f"<associationId>{address.association}</associationId><networkInterfaceId>{address.on}</networkInterfaceId>"
                f"<instanceId>{worker.instance_id}</instanceId><privateIpAddress>{worker.private_ip}</privateIpAddress>"
            )
        site = address.settings.site
        tags = f"<tagSet><item><key>tandem:site</key><value>{site}</value></item></tagSet>"
        public = "<publicIp>192.0.2.1</publicIp><domain>vpc</domain>"
        return f"<item><allocationId>{address.settings.address_id}</allocationId>{public}{on}{tags}</item>"

    def _on_DescribeInstances(self, asked: dict[str, str]) -> str:  # noqa: N802 (the API's own name)
        shown = [
            _INSTANCE.format(
                id=machine.worker.instance_id,
                card=machine.worker.network_interface_id,
                state=machine.state,
                group=machine.group,
                ip=machine.worker.private_ip,
                zone=machine.worker.zone,
            )
            for each in _values(asked)
            if (machine := self.machines.get(each))
        ]
        return f"<reservationSet>{''.join(shown)}</reservationSet>"

    def _on_DescribeInstanceStatus(self, _: dict[str, str]) -> str:  # noqa: N802 (the API's own name)
        return "<instanceStatusSet/>"

    def _on_AssociateAddress(self, asked: dict[str, str]) -> str | AWSResponse:  # noqa: N802 (the API's own name)
        address = self.addresses[asked["AllocationId"]]
        if address.on and address.on != asked["NetworkInterfaceId"]:
            return _error(400, "Resource.AlreadyAssociated")
        if not address.on:
            self.made += 1
            address.on, address.association = asked["NetworkInterfaceId"], f"eipassoc-{self.made:017x}"
            address.moved_s = time.monotonic()
        return f"<return>true</return><associationId>{address.association}</associationId>"

    def _on_DisassociateAddress(self, asked: dict[str, str]) -> str:  # noqa: N802 (the API's own name)
        for address in self.addresses.values():
            if address.association == asked["AssociationId"]:
                address.on = address.association = ""
        return "<return>true</return>"

    def _on_ModifyNetworkInterfaceAttribute(self, asked: dict[str, str]) -> str:  # noqa: N802 (the API's own name)
        self._by_card[asked["NetworkInterfaceId"]].group = asked["SecurityGroupId.1"]
        return "<return>true</return>"

    def _on_StopInstances(self, asked: dict[str, str]) -> str:  # noqa: N802 (the API's own name)
        self.machines[asked["InstanceId.1"]].state = "stopping"
        return "<instancesSet/>"

    # Lambda

    def _function(self, request: Any, **_: object) -> AWSResponse:
        name = request.url.rpartition("/functions/")[2].partition("/")[0]
        with self._counted():
            inquiries = json.loads(request.body)["inquiries"]
            sights, slow_s = [], 0.0
            for inquiry in inquiries:
                reports: list[dict[str, str]] = []
                for target in inquiry["targets"]:
                    fails = self._by_host[target["host"]].fails
                    slow_s = max(slow_s, inquiry["connect_s"] if fails else 0.0)
                    answer, detail = ("timeout", "no answer") if fails else ("healthy", "HTTP 200")
                    reports.append({"worker": target["worker"], "answer": answer, "detail": detail})
                about = {"vantage": inquiry["vantage"], "zone": inquiry["zone"], "anchor_reached": True}
                sights.append({**about, "reports": reports})
            body = json.dumps({"sights": sights}).encode()
            with self._lock:
                self.calls["Invoke"] += 1
        if name in self.deaf:
            time.sleep(DEAF_S)
            raise TimeoutError("the function does not answer")
        time.sleep(INVOKE_S + slow_s)
        return _response(200, body, "application/json")


def _values(asked: dict[str, str]) -> list[str]:
    return [value for name, value in asked.items() if name.startswith("Filter.1.Value.")]


class _Raw(io.BytesIO):
    """As urllib3 hands a body over."""

    def stream(self, **_: object) -> Generator[bytes]:
        """Everything at once."""
        yield self.read()


def _response(status: int, body: bytes, kind: str) -> AWSResponse:
    headers: Any = {"content-type": kind, "content-length": str(len(body)), "x-amzn-requestid": "r-1"}
    return AWSResponse("http://127.0.0.1", status, headers, _Raw(body))  # pyright: ignore[reportArgumentType]


def _xml(action: str, body: str) -> AWSResponse:
    text = f"<{action}Response><requestId>r-1</requestId>{body}</{action}Response>"
    return _response(200, text.encode(), "text/xml")


def _error(status: int, code: str) -> AWSResponse:
    errors = f"<Errors><Error><Code>{code}</Code><Message>x</Message></Error></Errors>"
    text = f"<Response>{errors}<RequestID>r-1</RequestID></Response>"
    return _response(status, text.encode(), "text/xml")


_INSTANCE: Final = """<item><reservationId>r-00000000000000001</reservationId><ownerId>000000000000</ownerId><groupSet/>\
<instancesSet><item><instanceId>{id}</instanceId><imageId>ami-00000000000000001</imageId>\
<instanceState><code>16</code><name>{state}</name></instanceState><privateDnsName>ip.internal</privateDnsName><dnsName/>\
<reason/><amiLaunchIndex>0</amiLaunchIndex><productCodes/><instanceType>t3.small</instanceType>\
<launchTime>2026-11-20T10:00:00.000Z</launchTime><placement><availabilityZone>eu-central-1{zone}</availabilityZone>\
<groupName/><tenancy>default</tenancy></placement><monitoring><state>disabled</state></monitoring>\
<subnetId>subnet-00000000000000001</subnetId><vpcId>vpc-00000000000000001</vpcId><privateIpAddress>{ip}</privateIpAddress>\
<sourceDestCheck>true</sourceDestCheck><groupSet><item><groupId>{group}</groupId><groupName>g</groupName></item></groupSet>\
<architecture>x86_64</architecture><rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName>\
<blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><volumeId>vol-00000000000000001</volumeId>\
<status>attached</status><attachTime>2026-11-20T10:00:01.000Z</attachTime><deleteOnTermination>true</deleteOnTermination>\
</ebs></item></blockDeviceMapping><virtualizationType>hvm</virtualizationType><clientToken>c</clientToken>\
<tagSet><item><key>Name</key><value>worker</value></item><item><key>tandem:site</key><value>x</value></item></tagSet>\
<hypervisor>xen</hypervisor><networkInterfaceSet><item><networkInterfaceId>{card}</networkInterfaceId>\
<subnetId>subnet-00000000000000001</subnetId><vpcId>vpc-00000000000000001</vpcId><description/><ownerId>000000000000</ownerId>\
<status>in-use</status><macAddress>02:00:00:00:00:01</macAddress><privateIpAddress>{ip}</privateIpAddress>\
<sourceDestCheck>true</sourceDestCheck><groupSet><item><groupId>{group}</groupId><groupName>g</groupName></item></groupSet>\
<attachment><attachmentId>eni-attach-1</attachmentId><deviceIndex>0</deviceIndex><status>attached</status>\
<attachTime>2026-11-20T10:00:00.000Z</attachTime><deleteOnTermination>true</deleteOnTermination></attachment>\
<privateIpAddressesSet><item><privateIpAddress>{ip}</privateIpAddress><primary>true</primary></item></privateIpAddressesSet>\
<ipv6AddressesSet/><interfaceType>interface</interfaceType></item></networkInterfaceSet><ebsOptimized>true</ebsOptimized>\
<enaSupport>true</enaSupport><cpuOptions><coreCount>1</coreCount><threadsPerCore>2</threadsPerCore></cpuOptions>\
<metadataOptions><state>applied</state><httpTokens>required</httpTokens><httpPutResponseHopLimit>1</httpPutResponseHopLimit>\
<httpEndpoint>enabled</httpEndpoint></metadataOptions></item></instancesSet></item>"""
"""An instance as EC2 shows it, about as long."""


# The table


class Table:
    """The lease's item, and the records. Two writes that meet at an item: the later one is refused."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_transaction: Counter[str] = Counter()
        self.lease: Lease | None = None
        self.records: dict[str, str | bytes] = {}
        self.versions: dict[str, int] = {}
        self.calls: Counter[str] = Counter()
        self.conflicts: Counter[str] = Counter()

    def read(self, name: str) -> None:
        """One strongly consistent read."""
        with self._lock:
            self.calls[name] += 1
        time.sleep(GET_S)

    @contextmanager
    def writing(self, name: str, *items: str, transaction: bool) -> Generator[None]:
        """A write of these items; StoreUnavailableError where it meets an ongoing transaction at one of them."""
        with self._lock:
            self.calls[name] += 1
            if any(self._in_transaction[item] for item in items):
                self.conflicts[name] += 1
                raise StoreUnavailableError(f"{name}: TransactionConflict")
            if transaction:
                self._in_transaction.update(items)
        try:
            time.sleep(WRITE_S)
            with self._lock:
                yield
        finally:
            if transaction:
                with self._lock:
                    self._in_transaction.subtract(items)

    def change(self, name: str, made: Callable[[Lease | None], Lease]) -> Lease:
        """Change the lease's item."""
        with self.writing(name, "lease", transaction=False):
            self.lease = made(self.lease)
            return self.lease


class StoreInMemory:
    """See `ports.RecordStore`, over a `Table`; what is never asked for here is not there."""

    def __init__(self, table: Table, site: str) -> None:
        self._table = table
        self._site = site

    def load(self) -> Record | None:
        """Two reads, as DynamoDB's adapter makes."""
        self._table.read("GetItem")
        self._table.read("GetItem")
        document = self._table.records.get(self._site)
        found = None if document is None else Found(version=self._table.versions[self._site], document=document)
        return judged(found, self._site, None)

    def save(self, record: Record, lease: Lease) -> Record:
        """One transaction, with the lease's item in it."""
        after = replace(record, version=record.version + 1)
        with self._table.writing("TransactWriteItems", "lease", self._site, transaction=True):
            self._held(self._table.lease, lease)
            if self._table.versions.get(self._site, 0) != record.version:
                raise ConflictError("the version has changed")
            self._table.records[self._site], self._table.versions[self._site] = written(after), after.version
        return after

    def supersede(self, record: Record, lease: Lease) -> Record:
        """No record is ever lost here."""
        raise NotImplementedError(record.site, lease.owner)

    def read_lease(self) -> Lease | None:
        """One read."""
        self._table.read("GetItem")
        return self._table.lease

    def take_lease(self, owner: str, seen: Lease | None) -> Lease:
        """One write."""

        def taken(now: Lease | None) -> Lease:
            if now != seen:
                raise ConflictError("the lease has changed")
            return Lease(owner=owner, token=(now.token if now else 0) + 1, beat=(now.beat if now else 0) + 1, wish="")

        return self._table.change("UpdateItem", taken)

    def renew_lease(self, lease: Lease, answered: str = "") -> Lease:
        """One write."""
        return self._table.change(
            "UpdateItem", lambda now: replace(self._held(now, lease), beat=lease.beat + 1, answered=answered)
        )

    def release_lease(self, lease: Lease) -> None:
        """One write."""
        self._table.change("UpdateItem", lambda now: replace(self._held(now, lease), owner=""))

    def wish_lease(self, owner: str) -> None:
        """There is one arbiter."""
        raise NotImplementedError(owner)

    def ask_leader(self, question: str) -> None:
        """Nobody asks."""
        raise NotImplementedError(question)

    def put_request(self, request: Request) -> None:
        """Nobody asks."""
        raise NotImplementedError(request.id)

    def drop_requests(self, ids: object) -> None:
        """Nobody asked."""
        raise NotImplementedError(ids)

    def clock_offset_s(self) -> float:
        """One clock."""
        return 0.0

    @staticmethod
    def _held(now: Lease | None, lease: Lease) -> Lease:
        if now is None or (now.owner, now.token) != (lease.owner, lease.token):
            raise ConflictError("the lease is another's")
        return now
