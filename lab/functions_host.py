"""The process that plays the host of Azure's functions: it unpacks the bundle, and fires its functions.

    tools/functions/.venv/bin/python -m lab.functions_host --bundle watchdog.zip --folder DIR --factor 5

Microsoft's own worker library does what it does in Azure: it indexes `function_app.py`, checks its bindings, turns what the
host sends into Python values, and runs the functions on its threads. What the host itself does in Azure is played here, by
what is documented of it:

- A timer fires at the marks of its schedule, and never while its last firing runs; marks that passed meanwhile are left out.
  `--factor` divides the time from mark to mark, and nothing else: the function's own clock is the real one.
- An HTTP function answers below `/api/`, at its route and for its methods; one that is not anonymous wants the key.

Runs by the Python of `tools/functions/.venv`, which has the worker and what that brings and nothing else; this checkout is
taken off the path before the bundle is put on it, so that a missing file shows. Speaks the control protocol (`lab.control`):
`ready` with `endpoint` and `functions` (name to bindings, as the worker indexed them). What the functions print is printed,
between the events. Each end of a firing is an event `fired`, of an answer `answered`; both have `function` and `error` ("" =
none). Commands: `timer` (on: true or false) stops the timer for good or lets it fire again; `fire` (function) fires one now.
"""

import argparse
import asyncio
import importlib
import itertools
import json
import os
import sys
import threading
import time
import uuid
import zipfile
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlsplit

from lab.background import Background
from lab.control import Answer, Command, CommandRefusedError, Console, run_child, unknown

HOST: Final = "127.0.0.1"
KEY: Final = "lab"
"""Every function's key."""
PREFIX: Final = "/api/"
"""Of every route, unless the host file says otherwise; ours does not."""
SITE_PACKAGES: Final = ".python_packages/lib/site-packages"
_WORKER: Final = "azure_functions_runtime"


class Data(SimpleNamespace):
    """Stands in for the messages that travel between host and worker: whatever fields it is made with."""

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - as protobuf names it
        """The one field that it was made with."""
        del group
        return next(iter(vars(self)), None)


class _Status:
    Failure, Success = 0, 1

    def __new__(cls, **fields: Any) -> Any:
        return Data(**fields)


class _Binding:
    undefined, out, inout = 0, 1, 2

    def __new__(cls, **fields: Any) -> Any:
        return Data(**fields)


class _Cookie:
    SameSite = SimpleNamespace(**{"None": 0, "Lax": 1, "Strict": 2, "ExplicitNone": 3})


_PLAIN: Final = (
    "FunctionLoadResponse",
    "FunctionMetadataResponse",
    "InvocationResponse",
    "ParameterBinding",
    "RpcException",
    "RpcFunctionMetadata",
    "RpcHttp",
    "TypedData",
    "WorkerInitResponse",
    "WorkerMetadata",
)
MESSAGES: Final = SimpleNamespace(
    **dict.fromkeys(_PLAIN, Data),
    BindingInfo=_Binding,
    RpcHttpCookie=_Cookie,
    StatusResult=_Status,
)
"""What the worker makes its answers of; in Azure these are the types of its protocol with the host."""


class HostError(Exception):
    """The bundle is none that the host can run; the worker's own words."""


@dataclass(frozen=True)
class Function:
    """One function, as the worker indexed it."""

    name: str
    number: str
    trigger: dict[str, Any]

    @property
    def period_s(self) -> float:
        """From one mark of its timer to the next. HostError for a schedule of another form than every so many seconds."""
        schedule = str(self.trigger["schedule"])
        first, *others = schedule.split()
        if not first.startswith("*/") or others != ["*"] * 5:
            raise HostError(f"{self.name}: the lab knows schedules as */5 * * * * *, not {schedule!r}")
        return float(first.removeprefix("*/"))


@dataclass
class App:
    """The bundle in its worker."""

    worker: Any
    loop: asyncio.AbstractEventLoop
    functions: dict[str, Function] = field(default_factory=dict[str, Function])

    async def index(self, folder: Path) -> dict[str, list[Any]]:
        """Load the functions; gives their bindings by name."""
        about = Data(capabilities={}, function_app_directory=str(folder))
        told = await self._asked("worker_init_request", Data(worker_init_request=about))
        if told.result.status != _Status.Success:
            raise HostError(f"{told.result.exception.message}\n{told.result.exception.stack_trace}")
        listed = (await self._asked("functions_metadata_request", Data())).function_metadata_results or []
        bindings = {each.name: [json.loads(text) for text in each.raw_bindings] for each in listed}
        for each in listed:
            trigger = next(binding for binding in bindings[each.name] if str(binding["type"]).endswith("Trigger"))
            self.functions[each.name] = Function(each.name, each.function_id, trigger)
            await self._asked("function_load_request", Data(function_load_request=Data(function_id=each.function_id)))
        return bindings

    def timers(self) -> list[Function]:
        """Those that a timer fires."""
        return [each for each in self.functions.values() if each.trigger["type"] == "timerTrigger"]

    def at(self, method: str, path: str) -> Function | HTTPStatus:
        """Who answers there, or why nobody does."""
        for each in self.functions.values():
            if each.trigger["type"] == "httpTrigger" and PREFIX + str(each.trigger["route"]) == path:
                methods = [str(known).upper() for known in each.trigger["methods"]]
                return each if method in methods else HTTPStatus.METHOD_NOT_ALLOWED
        return HTTPStatus.NOT_FOUND

    async def fire(self, function: Function, *, past_due: bool = False) -> str:
        """One firing of a timer; the error that it ended with, "" = none."""
        schedule = {"AdjustForDST": True}
        text = json.dumps({"Schedule": schedule, "ScheduleStatus": None, "IsPastDue": past_due})
        return _error(await self._invoke(function, Data(json=text)))

    async def call(self, function: Function, request: Any) -> tuple[int, bytes, str]:
        """One answer by HTTP: status, body, error."""
        told = await self._invoke(function, Data(http=request))
        if error := _error(told):
            return HTTPStatus.INTERNAL_SERVER_ERROR, b"", error
        http = told.return_value.http
        body = http.body.WhichOneof("data") if http.body else None
        content = getattr(http.body, body) if body else b""
        return int(http.status_code), content.encode() if isinstance(content, str) else content, ""

    async def _invoke(self, function: Function, data: Data) -> Any:
        request = Data(
            invocation_id=str(uuid.uuid4()),
            function_id=function.number,
            input_data=[Data(data=data, name=function.trigger["name"])],  # the value first: see `Data.WhichOneof`
            trigger_metadata={},
            trace_context=Data(trace_parent="", trace_state="", attributes={}),
            retry_context=Data(retry_count=0, max_retry_count=0, exception=None),
        )
        return await self._asked("invocation_request", Data(invocation_request=request))

    async def _asked(self, name: str, request: Data) -> Any:
        message = Data(request=request, properties={"host": HOST, "protos": MESSAGES})
        return await getattr(self.worker, name)(message)


def _error(told: Any) -> str:
    return "" if told.result.status == _Status.Success else str(told.result.exception.message)


class Timer:
    """Fires one function at the marks of its schedule."""

    def __init__(self, app: App, function: Function, period_s: float, console: Console) -> None:
        self._app = app
        self._function = function
        self._period_s = period_s
        self._console = console
        self._busy = asyncio.Lock()
        self.on = True

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(self._period_s - time.time() % self._period_s)
            if self.on:
                await self.fire()

    async def fire(self) -> str:
        """Now, or when the firing that runs has ended."""
        async with self._busy:
            error = await self._app.fire(self._function)
            self._console.emit("fired", function=self._function.name, error=error)
            return error


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    app: App
    console: Console


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        server = cast("_Http", self.server)
        size = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(size) if size else b""
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        function = server.app.at(self.command, url.path)
        if isinstance(function, HTTPStatus):
            self._send(function, b"")
            return
        key = self.headers.get("x-functions-key") or query.get("code")
        if str(function.trigger["authLevel"]).lower() != "anonymous" and key != KEY:
            self._send(HTTPStatus.UNAUTHORIZED, b"")
            return
        request = Data(
            method=self.command,
            url=f"http://{self.headers.get('Host', '')}{self.path}",
            headers={name.lower(): value for name, value in self.headers.items()},
            params={},
            query={name: value for name, value in query.items() if name != "code"},
            body=Data(bytes=content),
        )
        asked = asyncio.run_coroutine_threadsafe(server.app.call(function, request), server.app.loop)
        status, body, error = asked.result()
        server.console.emit("answered", function=function.name, status=status, error=error)
        self._send(HTTPStatus(status), body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names that http.server calls

    def _send(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
        """Write nothing."""


async def serve(console: Console) -> None:
    """Start everything, then serve until standard input ends."""
    arguments = _arguments()
    folder = unpacked(arguments.bundle, arguments.folder)
    worker = importlib.import_module(_WORKER)
    _stand_in(folder)
    worker.start_threadpool_executor()
    app = App(worker, asyncio.get_running_loop())
    bindings = await app.index(folder)
    timers = {each.name: Timer(app, each, each.period_s / arguments.factor, console) for each in app.timers()}
    server = _Http((HOST, arguments.port), _Handler)
    server.app, server.console = app, console
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    console.emit("ready", endpoint=f"http://{HOST}:{server.server_address[1]}", functions=bindings)

    async def obey(command: Command) -> Answer:
        match command.do:
            case "timer":
                for timer in timers.values():
                    timer.on = command.flag("on")
                return {}
            case "fire":
                name = command.text("function")
                if name not in timers:
                    raise CommandRefusedError(f"there is no timer function {name!r}; there is {', '.join(timers)}")
                return {"error": await timers[name].fire()}
            case _:
                raise unknown(command, "timer", "fire")

    background = Background()
    for timer in timers.values():
        timer.on = not arguments.no_timer
        background.spawn(timer.run())
    await console.serve(obey)


def unpacked(bundle: Path, folder: Path) -> Path:
    """Put the bundle where the worker looks for it, in a folder of its own: hosts may share `folder`."""
    root = next(root for number in itertools.count(1) if not (root := folder / f"wwwroot-{os.getpid()}-{number}").exists())
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(root)
    return root


def _stand_in(root: Path) -> None:
    """Working directory and path as the worker has them in Azure; nothing of this checkout."""
    checkout = str(Path(__file__).resolve().parents[1])
    sys.path[:] = [str(root / SITE_PACKAGES), str(root), *(each for each in sys.path if each not in ("", checkout))]
    os.chdir(root)
    sys.path_importer_cache.clear()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.functions_host", allow_abbrev=False)
    parser.add_argument("--bundle", type=Path, required=True, help="the zip that would be deployed")
    parser.add_argument("--folder", type=Path, required=True, help="takes what is unpacked")
    parser.add_argument("--factor", type=float, default=1.0, help="timers fire so many times as often (%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="0: the system chooses")
    parser.add_argument("--no-timer", action="store_true", help="no timer fires until it is switched on")
    return parser.parse_args()


if __name__ == "__main__":
    run_child(serve)
