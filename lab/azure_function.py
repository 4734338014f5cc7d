"""The function app of a lab on Azure: what Resource Manager was told of it, made a process.

One Deploy tells where a package is. It is fetched as the platform would fetch it, and the host (`lab.functions_host`) runs
it with the settings that the app has in Resource Manager, under the identity that it has there. What differs from the
settings is where things answer: Resource Manager, the storage and the identity's endpoint are on this machine.

A process that is struck is followed by another one, in which the timer fires from then on. When the platform would notice
is nowhere said; here it does so at once. One that runs again after that has lost the platform's lock: it ends the firing
that it was in, and fires no more.

Raw logs: `function-output.jsonl`, everything that hosts and functions say; `function-starts.jsonl`, each process that the
timer or a call began to lead in, as the checker knows it from every cloud.
"""

import contextlib
import http.client
import secrets
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lab import processes
from lab.child import Child, Event
from lab.jsonlog import JsonLog
from lab.processes import ProcessId
from lab.providers.azure_native.blobs import Blobs
from lab.providers.azure_native.client import Client
from lab.supervisor import REPOSITORY, Supervisor

HOST_PYTHON = REPOSITORY / "tools" / "functions" / ".venv" / "bin" / "python"
RECORD = "TANDEM_RECORD_TABLE"
CLIENT = "TANDEM_CLIENT_ID"
_WEB_API, _IDENTITY_API = "2024-04-01", "2023-01-31"
KEY = "lab"
"""Of every function, as the host plays it."""
_READY_S = 60.0
"""Longest wait for the host: it compiles and indexes the functions first."""
_COMMAND_S = 5.0
_LEADS_S = 400.0
"""Longest wait for the answer to a call that leads: more than a life."""


class FunctionsMissingError(Exception):
    """The environment of the functions' host is not installed."""


class FunctionApp:
    """The one app of a lab; nothing runs before its first package."""

    def __init__(self, supervisor: Supervisor, client: Client, blobs: Blobs) -> None:
        if not HOST_PYTHON.exists():
            raise FunctionsMissingError(
                f"{HOST_PYTHON.relative_to(REPOSITORY)} is missing: install tools/functions/requirements.txt there"
            )
        self._supervisor = supervisor
        self._client = client
        self._blobs = blobs
        self._children: list[Child] = []
        self._hosts: dict[int, Child] = {}
        """By process id."""
        self._launch: tuple[Path, Mapping[str, str]] | None = None
        """Bundle and environment of what was deployed last."""
        self._output = JsonLog(supervisor.logs / "function-output.jsonl")
        self._starts = JsonLog(supervisor.logs / "function-starts.jsonl")

    def deploy(self, app_id: str, package_url: str) -> None:
        """Run this package; what ran before is ended first, as a new deployment restarts the host.

        Raises:
            BlobError, AzureError: the package, or what the app is like, could not be read.
            ChildError: the host did not start; the message has its last words.
        """
        bundle = self._supervisor.folder / f"package-{len(self._children)}.zip"
        bundle.write_bytes(self._blobs.fetch(package_url))
        settings: Mapping[str, str] = self._client.ask("POST", f"{app_id}/config/appsettings/list", _WEB_API).body[
            "properties"
        ]
        self.end()
        self._launch = (bundle, self._environment(settings, self._identity(app_id, settings[CLIENT])))
        self._start().expect("ready", _READY_S)

    def strike(self, process: ProcessId, number: signal.Signals) -> bool:
        """Send a signal to one of the hosts; see the module's docstring for what follows. False if it has ended already."""
        host = self._hosts[process.pid]
        if host.ended or not processes.alive(process):
            return False
        match number:
            case signal.SIGKILL:
                host.kill()
                self._start()
            case signal.SIGSTOP:
                host.freeze()
                self._start()
            case signal.SIGCONT:
                host.thaw()
                host.call("timer", _COMMAND_S, on=False)
            case _:
                raise ValueError(f"{number.name} is none of SIGKILL, SIGSTOP, SIGCONT")
        return True

    def tick_now(self) -> None:
        """Call the HTTP tick in an instance of its own, whose timer never fires; its answer is waited for by nobody."""
        host = self._start("--no-timer")
        endpoint = urlsplit(str(host.expect("ready", _READY_S)["endpoint"])).netloc

        def ask() -> None:
            connection = http.client.HTTPConnection(endpoint, timeout=_LEADS_S)
            with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
                connection.request("POST", f"/api/tick?tick=loop&code={KEY}")
                connection.getresponse()

        threading.Thread(target=ask, name="tick now", daemon=True).start()

    def _start(self, *flags: str) -> Child:
        """One more process of what was deployed."""
        if self._launch is None:
            raise RuntimeError("nothing was deployed yet")
        bundle, environment = self._launch
        argv = [str(HOST_PYTHON), "-m", "lab.functions_host", "--bundle", str(bundle), "--folder", str(self._folder())]
        name = f"functions-{len(self._children)}"
        host = self._supervisor.spawn(name, [*argv, *flags], environment, on_event=lambda event: self._heard(host, event))
        self._children.append(host)
        self._hosts[host.pid] = host
        return host

    @property
    def runs(self) -> bool:
        """Whether its host is up."""
        return any(not child.ended for child in self._children)

    def end(self) -> None:
        """Stop the hosts and their identity's endpoint."""
        for child in reversed(self._children):
            if not child.ended:
                child.end()

    def _folder(self) -> Path:
        folder = self._supervisor.folder / "functions"
        folder.mkdir(exist_ok=True)
        return folder

    def _identity(self, app_id: str, client_id: str) -> Mapping[str, str]:
        """Start the endpoint that gives the app its tokens; the variables by which it is found."""
        assigned: Mapping[str, Any] = self._client.ask("GET", app_id, _WEB_API).body["identity"]["userAssignedIdentities"]
        identity = self._client.ask("GET", next(iter(assigned)), _IDENTITY_API).body["properties"]
        secret = secrets.token_hex(8)
        flags = ["--identity", identity["principalId"], "--client-id", client_id, "--secret", secret]
        child = self._supervisor.module(f"identity-{len(self._children)}", "lab.identity_server", *flags)
        self._children.append(child)
        return {"IDENTITY_ENDPOINT": str(child.expect("ready", _READY_S)["endpoint"]), "IDENTITY_HEADER": secret}

    def _environment(self, settings: Mapping[str, str], identity: Mapping[str, str]) -> dict[str, str]:
        return {
            **settings,
            **identity,
            RECORD: self._blobs.found_at(settings[RECORD]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "REQUESTS_CA_BUNDLE": self._blobs.trusted,
            "TANDEM_RESOURCE_MANAGER": self._client.endpoint,
        }

    def _heard(self, host: Child, event: Event) -> None:
        fields = {name: value for name, value in event.items() if name not in {"event", "t"}}
        self._output.write(str(event["event"]), **fields)
        if event["event"] == "start":
            function, source = ("tick", "schedule") if event.get("tick") == "timer" else ("tick_now", "call")
            self._starts.write("start", function=function, request_id=str(event["owner"]), source=source, pid=host.pid)
