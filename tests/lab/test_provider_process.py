"""The provider's own process with the lab's emulator behind it, driven by the engine's calls; how it starts and ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import boto3
import grpc
import pytest
from botocore.config import Config

from lab.endpoints import MOTO_SERVICES, variable
from lab.providers import gap_log, rules
from lab.providers.plain import Secret, Unknown, from_wire
from lab.providers.plugin import install
from lab.providers.protocol import provider_pb2
from lab.supervisor import Supervisor
from tests.lab.engine_calls import Calls, Resource, half_made, said
from tests.lab.sites import NETWORK

pytestmark = pytest.mark.lab

VPC, SUBNET, EIP = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/eip:Eip"
REGION = "eu-central-1"
END_S = 20.0
"""Far above what the end of a process takes here; it ends a hang, it measures nothing."""
PARENT = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)\n"
    "print(child.pid, child.stdout.readline(), flush=True)\n"
    "time.sleep(600)\n"
)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and that nobody has asked about yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False


def ends(pid: int) -> bool:
    deadline = time.monotonic() + END_S
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_alive(pid)


@dataclass
class Engine:
    """Stands for the engine: an address that answers, and the processes that it started."""

    plugin: Path
    environment: Mapping[str, str]

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.started: list[subprocess.Popen[str]] = []

    @property
    def command(self) -> list[str]:
        return [str(self.plugin / "pulumi-resource-aws"), "--logtostderr", "-v=3", self.address]

    def start(self, **more: str) -> subprocess.Popen[str]:
        environment = {**os.environ, **self.environment, **more}
        process = subprocess.Popen(self.command, env=environment, stdout=subprocess.PIPE, text=True)
        self.started.append(process)
        return process

    def calls(self, region: str = REGION, **more: str) -> Calls:
        """Start a provider and configure it."""
        calls = Calls(port_of(self.start(**more)))
        calls.configure(region=region, version=metadata.version("pulumi-aws"))
        return calls

    def close(self) -> None:
        self.listener.close()
        for process in self.started:
            process.kill()
            process.communicate()


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Supervisor(tmp_path_factory.mktemp("lab"), f"test-{uuid.uuid4().hex}") as supervisor:
        logs = [f"--{log}-log={supervisor.logs / f'{log}.jsonl'}" for log in ("gate", "cloud")]
        flags = ["--network", NETWORK, "--profile", "instant", "--own-caller", "TANDEMLAB", *logs]
        yield str(supervisor.module("moto", "lab.aws_server", *flags).expect("ready", 60)["endpoint"])


@pytest.fixture
def engine(moto: str, tmp_path: Path) -> Iterator[Engine]:
    environment = {variable(service): moto for service in MOTO_SERVICES} | {
        gap_log.VARIABLE: str(tmp_path / "gaps.jsonl"),
        "AWS_PROFILE": "nobody's",
        "AWS_CONFIG_FILE": str(tmp_path / "nowhere"),
    }
    engine = Engine(install(tmp_path / "home", sys.executable), environment)
    yield engine
    engine.close()


@pytest.fixture
def calls(engine: Engine) -> Calls:
    return engine.calls()


@pytest.fixture
def ec2(moto: str) -> Any:
    return ec2_of(moto, REGION)


def ec2_of(moto: str, region: str) -> Any:
    session: Any = boto3.session.Session("TANDEMLAB", "lab", region_name=region)
    return session.client("ec2", endpoint_url=moto, config=Config(proxies={}))


# What it makes


def test_a_network_lives_through_preview_up_up_again_and_destroy(calls: Calls, ec2: Any) -> None:
    wanted = {"cidrBlock": "10.7.0.0/16", "tags": {"Name": "one"}}
    planned = calls.create(calls.check(VPC, "net", wanted), preview=True)
    assert (planned.id, (planned.outputs or {})["tagsAll"]) == ("", {"Name": "one"})
    subnet = calls.create(calls.check(SUBNET, "a", {"vpcId": Unknown(), "cidrBlock": "10.7.1.0/24"}), preview=True)
    assert (subnet.outputs or {})["vpcId"] == Unknown()

    vpc = calls.up(VPC, "net", wanted)
    subnet = calls.up(SUBNET, "a", {"vpcId": vpc.id, "cidrBlock": "10.7.1.0/24"})
    address = calls.up(EIP, "address", {"domain": "vpc"})
    assert ec2.describe_subnets(SubnetIds=[subnet.id])["Subnets"][0]["VpcId"] == vpc.id
    found = ec2.describe_addresses(AllocationIds=[address.id])["Addresses"][0]
    assert (address.outputs or {})["publicIp"] == found["PublicIp"]

    for known in (vpc, subnet, address):
        news = calls.check(known.type, known.name, known.inputs, known).inputs
        assert calls.diff(known, news).changes == provider_pb2.DiffResponse.DIFF_NONE, known.type
        assert calls.read(known) == known
    for known in (address, subnet, vpc):
        calls.delete(known)
        assert calls.read(known) is None
        calls.delete(known)
    assert not any(vpc.id == each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"])


def test_drift_is_read_and_the_next_run_would_take_it_back(calls: Calls, ec2: Any) -> None:
    vpc = calls.up(VPC, "net", {"cidrBlock": "10.8.0.0/16", "tags": {"Name": "one"}, "enableDnsHostnames": True})
    ec2.create_tags(Resources=[vpc.id], Tags=[{"Key": "Name", "Value": "moved"}, {"Key": "more", "Value": "x"}])
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsHostnames={"Value": False})
    now = calls.read(vpc)
    assert now is not None
    assert (now.inputs["tags"], now.inputs["enableDnsHostnames"]) == ({"Name": "moved"}, False)
    news = calls.check(VPC, "net", vpc.inputs, now).inputs
    assert set(calls.diff(now, news).detailedDiff) == {
        *("enableDnsHostnames", "tags.Name", "tags.more", "tagsAll.Name", "tagsAll.more"),
    }
    calls.delete(now)


def test_a_type_that_the_lab_does_not_have_is_refused_by_name(calls: Calls) -> None:
    with pytest.raises(grpc.RpcError, match="the lab has no handler for aws:s3/bucket:Bucket"):
        calls.check("aws:s3/bucket:Bucket", "b", {})


def test_the_clouds_own_reason_is_told_with_the_resource(calls: Calls) -> None:
    with pytest.raises(grpc.RpcError) as error:
        calls.up(SUBNET, "a", {"vpcId": "vpc-00000000", "cidrBlock": "10.7.1.0/24", "tags": {"Name": Secret("hush")}})
    assert said(error.value).startswith(f"{SUBNET} 'a' could not be created: ")
    assert "InvalidVpcID.NotFound" in said(error.value)
    assert half_made(error.value) is None


def test_secrets_come_back_secret(calls: Calls, ec2: Any) -> None:
    address = calls.up(EIP, "address", {"domain": "vpc", "tags": {"Name": Secret("hush")}})
    tags = ec2.describe_addresses(AllocationIds=[address.id])["Addresses"][0]["Tags"]
    assert tags == [{"Key": "Name", "Value": "hush"}]
    outputs = address.outputs or {}
    assert (outputs["tags"], outputs["tagsAll"]) == (Secret({"Name": "hush"}), Secret({"Name": "hush"}))
    assert calls.read(address) == address
    calls.delete(address)


def test_functions_are_asked(calls: Calls) -> None:
    assert calls.invoke("aws:index/getRegion:getRegion")["region"] == REGION
    zones = calls.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", state="available")
    assert zones["names"] == [f"{REGION}{letter}" for letter in "abc"]


def test_an_address_that_is_made_and_not_ready_is_kept_and_heals(engine: Engine, ec2: Any, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps([{"type": EIP, "verb": "create", "call": 1, "what": "not-ready", "message": "too slow"}]))
    calls = engine.calls(**{rules.VARIABLE: str(file)})
    new = calls.check(EIP, "address", {"domain": "vpc"})
    with pytest.raises(grpc.RpcError, match="is there and not ready: too slow") as error:
        calls.create(new)
    kept = half_made(error.value)
    assert ec2.describe_addresses(AllocationIds=[kept.id])["Addresses"]
    healed = calls.read(replace(new, id=kept.id, outputs=from_wire(kept.properties)))
    assert healed is not None
    calls.delete(healed)


def test_what_the_lab_does_not_do_is_written_down(engine: Engine, calls: Calls) -> None:
    address = calls.up(EIP, "address", {"domain": "vpc", "customerOwnedIpv4Pool": "pool"})
    gaps = gap_log.read(Path(engine.environment[gap_log.VARIABLE]))
    assert [(gap.type, gap.name, gap.what) for gap in gaps] == [(EIP, "address", "customerOwnedIpv4Pool")]
    calls.delete(address)


def test_two_providers_at_once_keep_their_regions(engine: Engine, moto: str) -> None:
    one, other = engine.calls(), engine.calls("eu-west-1")
    here, there = (each.up(VPC, "net", {"cidrBlock": "10.9.0.0/16"}) for each in (one, other))
    for region, vpc in ((REGION, here), ("eu-west-1", there)):
        ids = {each["VpcId"] for each in ec2_of(moto, region).describe_vpcs()["Vpcs"]}
        assert ids & {here.id, there.id} == {vpc.id}
    moved = one.up(VPC, "far", {"cidrBlock": "10.9.0.0/16", "region": "eu-west-1"})
    assert other.read(Resource(VPC, "far", {}, moved.id)) is not None
    for each, known in ((one, here), (other, there), (one, moved)):
        each.delete(known)


# What it refuses


def test_a_real_endpoint_is_refused(engine: Engine) -> None:
    with pytest.raises(grpc.RpcError, match=r"AWS_ENDPOINT_URL_EC2 is https://ec2\.eu-central-1\.amazonaws\.com: the lab's"):
        engine.calls(**{variable("ec2"): "https://ec2.eu-central-1.amazonaws.com"})


def test_a_bad_file_of_rules_is_refused(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text('[{"type": "*", "verb": "make"}]')
    with pytest.raises(grpc.RpcError, match=r"rule 1 has verb 'make'.*rule 1 has what None.*rule 1 has call None"):
        engine.calls(**{rules.VARIABLE: str(file)})


def test_a_package_that_the_lab_does_not_have_is_refused() -> None:
    command = [sys.executable, "-m", "lab.providers.serve", "gcp", "127.0.0.1:1"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (1, "the lab has no provider 'gcp'; it has aws, azure-native\n")


# How it ends


def test_it_listens_on_the_loopback_address_only(calls: Calls, engine: Engine) -> None:
    del calls
    files = Path(f"/proc/{engine.started[0].pid}/fd").iterdir()
    inodes = {str(each.readlink()).removeprefix("socket:[").rstrip("]") for each in files}
    lines = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    listening = [fields[1].partition(":")[0] for fields in lines if fields[3] == "0A" and fields[9] in inodes]
    assert [address[-8:] for address in listening] == ["0100007F"]  # 127.0.0.1; gRPC writes it as an IPv6 address


def test_it_ends_by_the_engines_signal_though_a_call_hangs(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps([{"type": EIP, "verb": "create", "call": 1, "what": "hang"}]))
    calls = engine.calls(**{rules.VARIABLE: str(file)})
    hanging: Any = calls.stub.Create.future(provider_pb2.CreateRequest(type=EIP, name="a", urn=Resource(EIP, "a", {}).urn))
    deadline = time.monotonic() + END_S
    while not file.with_name("rules.json.counts").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    engine.started[0].send_signal(signal.SIGINT)
    assert engine.started[0].wait(END_S) == 0
    assert hanging.exception(END_S).code() == grpc.StatusCode.UNAVAILABLE


def test_after_a_cancel_what_hung_is_done(engine: Engine, tmp_path: Path, ec2: Any) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps([{"type": EIP, "verb": "create", "call": 1, "what": "hang"}]))
    calls = engine.calls(**{rules.VARIABLE: str(file)})
    made: list[Resource] = []
    thread = threading.Thread(target=lambda: made.append(calls.up(EIP, "a", {"domain": "vpc"})))
    thread.start()
    thread.join(0.5)
    assert thread.is_alive()
    calls.cancel()
    thread.join(END_S)
    assert ec2.describe_addresses(AllocationIds=[made[0].id])["Addresses"]
    calls.delete(made[0])


def test_it_ends_when_nobody_listens_at_the_engines_address(engine: Engine) -> None:
    process = engine.start()
    port_of(process)
    engine.listener.close()
    assert process.wait(END_S) == 0


def test_it_ends_when_its_engine_was_killed(engine: Engine) -> None:
    command = [sys.executable, "-c", PARENT, *engine.command]
    parent = subprocess.Popen(command, env={**os.environ, **engine.environment}, stdout=subprocess.PIPE, text=True)
    engine.started.append(parent)
    assert parent.stdout is not None
    pid, port = parent.stdout.readline().split()
    Calls(int(port)).configure(region=REGION)
    assert is_alive(int(pid))
    parent.kill()
    assert ends(int(pid))
