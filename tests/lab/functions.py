"""A pair on emulated Azure with the watchdog's real bundle under Microsoft's worker, as processes.

The emulated Resource Manager, Azurite over TLS with tokens, the identity endpoint, and hosts, each a process; the workers
are services of this one, and so is the public port, which leads where the association does.
"""

import contextlib
import http.client
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient

from failover_lambda.azure import shard as shards
from failover_lambda.contract import Settings, epoch_key, lease_key
from lab import certificate
from lab.child import Child, Event, Launch, Watch
from lab.networks import take
from tests.contract.azure_world import WATCHDOG, AzureWorld
from tests.contract.emulators import AZURITE, AZURITE_ACCOUNT, AZURITE_KEY, ROOT, TABLE, emulator

WAIT_S = 60.0
"""Ends a hang; measures nothing."""

WORKER_PYTHON = ROOT / "tools/functions/.venv/bin/python"
PORT, PUBLIC_PORT = 8080, 8081
CLIENT_ID, SECRET = "client-1", "header-1"


@dataclass(frozen=True)
class Emulators:
    """What every site of a run shares."""

    arm: str
    resource_manager: Child
    """Its process, which takes commands (`lab.arm`)."""
    storage: str
    identity: str
    trusted: Path
    """The certificate of the storage."""
    folder: Path
    bundle: Path
    space: str
    """The first half of every address: a network of this machine that no lab and no other run has."""

    @property
    def container(self) -> ContainerClient:
        """The record's, for a test's own hand."""
        url = f"{self.storage}/{AZURITE_ACCOUNT}"
        return ContainerClient(url, TABLE, credential=AZURITE_KEY, connection_verify=str(self.trusted))


@contextlib.contextmanager
def emulators(folder: Path, bundle: Path) -> Generator[Emulators]:
    """Start them all."""
    with take((PORT, PUBLIC_PORT)) as network:
        yield from _started(folder, bundle, network.cidr.removesuffix(".0.0/16"))


def _started(folder: Path, bundle: Path, space: str) -> Generator[Emulators]:
    files = certificate.write(folder)
    storage = [*AZURITE, "--oauth", "basic", "--cert", str(files.certificate), "--key", str(files.key)]
    arm = Launch(
        argv=[sys.executable, "-m", "lab.arm", "--public-network", f"{space}.250.0/24"],
        environment={"PATH": os.environ["PATH"]},
        folder=ROOT,
        stderr=folder / "arm.err",
    )
    identity = [
        sys.executable,
        "-m",
        "lab.identity_server",
        "--identity",
        WATCHDOG,
        "--client-id",
        CLIENT_ID,
        "--secret",
        SECRET,
    ]
    with (
        emulator(storage, folder) as storage_at,
        emulator(identity, folder) as identity_at,
    ):
        manager = Child("arm", arm, Watch())
        try:
            arm_at = str(manager.expect("ready", WAIT_S)["endpoint"])
            found = Emulators(arm_at, manager, storage_at, identity_at, files.certificate, folder, bundle, space)
            found.container.create_container()
            yield found
        finally:
            manager.end()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    says: Callable[[], Mapping[str, str] | None]


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        said = cast("_Http", self.server).says()
        if said is None:  # nobody is there: the connection breaks
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
        pass


class Service:
    """One listener; `close` is the end of it."""

    def __init__(self, host: str, port: int, says: Callable[[], Mapping[str, str] | None]) -> None:
        self._http = _Http((host, port), _Handler)
        self._http.says = says
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.alive = True

    def close(self) -> None:
        if self.alive:
            self.alive = False
            self._http.shutdown()
            self._http.server_close()
            self._thread.join()


@dataclass
class Host:
    """One host process, and all that it said."""

    child: Child
    lines: list[Event] = field(default_factory=list[Event])
    endpoint: str = ""
    functions: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])

    def of(self, event: str) -> list[Event]:
        return [line for line in list(self.lines) if line["event"] == event]

    @property
    def ticks(self) -> int:
        return len(self.of("tick"))

    def call(self, method: str, path: str, *, wait_s: float = WAIT_S) -> tuple[int, bytes]:
        """Ask one of its HTTP functions."""
        connection = http.client.HTTPConnection(urlsplit(self.endpoint).netloc, timeout=wait_s)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def once(self) -> dict[str, Any]:
        """The tick of a deployment."""
        status, body = self.call("POST", "/api/tick?tick=once&code=lab", wait_s=150.0)
        assert status == 200, (status, body)
        return json.loads(body)


class Pair:
    """A site, its workers, and as many hosts as are started."""

    def __init__(self, common: Emulators, number: int, kind: type[AzureWorld], **changes: Any) -> None:
        self.common = common
        self.world = kind(common.arm, number, space=common.space)
        url = f"{common.storage}/{AZURITE_ACCOUNT}/{TABLE}"
        own: dict[str, Any] = {
            "shard": str(number),
            "record_table": url,
            "probers": (),
            "isolation_group_id": "",
            "probe_port": PORT,
            "public_health_port": PUBLIC_PORT,
        }
        self.settings: Settings = replace(self.world.settings, **(own | changes))
        self.watch = Watch()
        self.hosts: list[Host] = []
        self.services = {
            worker.name: Service(worker.address_private_ip, PORT, lambda: {"status": "ok"})
            for worker in self.settings.workers
        }
        self.public = Service(self.world.cloud.read_address().public_ip, PUBLIC_PORT, self._through_the_address)

    def _through_the_address(self) -> Mapping[str, str] | None:
        holder = self.on
        return {"worker": holder, "boot": "1"} if holder and self.services[holder].alive else None

    @property
    def on(self) -> str:
        """Where the address leads to; "" = to nobody, or it is being changed."""
        try:
            association = self.world.cloud.read_address().association
        except Exception:  # noqa: BLE001 - while a card is being changed nobody can tell
            return ""
        names = {worker.instance_id: worker.name for worker in self.settings.workers}
        return names.get(association.instance_id, "") if association and association.private_ip else ""

    def kill(self, worker: str) -> None:
        """Its service is gone."""
        self.services[worker].close()

    def host(self, *flags: str, **environment: str) -> Host:
        """Start another host of the same app."""
        lines: list[Event] = []
        name = f"host-{len(self.hosts) + 1}"
        argv = [str(WORKER_PYTHON), "-m", "lab.functions_host", "--bundle", str(self.common.bundle)]
        launch = Launch(
            argv=[*argv, "--folder", str(self.common.folder), *flags],
            environment=self.environment() | environment,
            folder=ROOT,
            stderr=self.common.folder / f"{self.settings.site}-{name}.err",
            on_event=lines.append,
        )
        started = Host(Child(name, launch, self.watch), lines)
        self.hosts.append(started)
        ready = started.child.expect("ready", WAIT_S)
        started.endpoint, started.functions = str(ready["endpoint"]), ready["functions"]
        return started

    def environment(self) -> dict[str, str]:
        """As the program sets it, and the platform."""
        return self.settings.to_environment() | {
            "IDENTITY_ENDPOINT": self.common.identity,
            "IDENTITY_HEADER": SECRET,
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "REQUESTS_CA_BUNDLE": str(self.common.trusted),
            "TANDEM_CLIENT_ID": CLIENT_ID,
            "TANDEM_RESOURCE_MANAGER": self.common.arm,
        }

    @property
    def record(self) -> dict[str, Any]:
        """As it is stored; empty where there is none."""
        entry: Any = self._shard().records.get(self.settings.site)
        return json.loads(entry["document"]) if entry else {}

    @property
    def owner(self) -> str:
        """Who has the lease."""
        lease = self._shard().lease
        return lease.owner if lease else ""

    @property
    def floor(self) -> int:
        text = self.common.container.download_blob(epoch_key(self.settings.site)).readall()
        return int(json.loads(text)["epoch"])

    def _shard(self) -> shards.Shard:
        try:
            return shards.read(self.common.container.download_blob(lease_key(self.settings.shard)).readall())
        except ResourceNotFoundError:
            return shards.Shard()

    def until(self, true: Callable[[], bool], wait_s: float = WAIT_S) -> None:
        """Wait until that is so."""
        end_s = time.monotonic() + wait_s
        while not true():
            self.watch.check()
            said = [host.lines[-5:] for host in self.hosts]
            assert time.monotonic() < end_s, f"never so; record {self.record}; address on {self.on!r}; {said}"
            time.sleep(0.05)

    def steady(self, holder: str) -> None:
        self.until(lambda: (self.record.get("phase"), self.record.get("holder"), self.on) == ("steady", holder, holder))

    def close(self) -> None:
        for host in self.hosts:
            host.child.end()
        for service in (*self.services.values(), self.public):
            service.close()
