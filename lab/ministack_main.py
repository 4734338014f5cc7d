"""The process that plays Lambda, EventBridge, DynamoDB, SNS, SQS, Logs and CloudWatch: ministack, with six changes.

Run as a script by the Python of `tools/ministack/.venv`; imports nothing but the standard library and ministack,
because it does not live in the project's environment. The functions that ministack starts inherit this process's
environment.

1. Schedules can run faster: `rate(n minutes)` is divided by TANDEM_LAB_SCHEDULE_DIVISOR (1 = real minutes), and
   ministack looks for due schedules twice a second instead of every ten seconds.
2. PutEvents takes the sources `aws.*`, which the lab needs in order to play EC2's events.
3. **Every start of a function leaves a line that says why**, in the starts log and in ministack's own log. The reason
   is taken where ministack itself dispatches: in its schedule thread, in its event matcher, or in its Invoke API. It
   does not come from the function's event, which any caller could forge.
4. What a function prints is written to the output log at once; ministack shows it when the function has ended.
5. **Every action that a caller asks for leaves one line in the actions log**, the first time: what a role really uses.
6. The control protocol: `ready` on standard output, and the end of standard input ends the process, after a reset that
   ends the functions.

Lines of the starts log, times in seconds, monotonic; `call` is whatever no schedule and no event rule started:

    {"t", "event": "start", "function", "request_id": also in the function's context, "source": "schedule"|"event"|"call",
     "rule": ARN|null, "event_id": id of the event|null, "pid": of the function's process, "parent": of ministack,
     "cold": true|false, "asked_t": when ministack took it up}
    {"t", "event": "end", "function", "request_id", "pid", "status": "ok"|"error"}

Lines of the output log: {"t", "event": "output", "function", "pid", "line"}.
Lines of the actions log: {"t", "event": "action", "caller": access key id, "action": as IAM names it, "dynamodb:GetItem"}.

The changes hold on to private names of ministack; a version without one of them stops here with a sentence that names
it.
"""

import argparse
import contextlib
import contextvars
import functools
import http.client
import importlib
import json
import logging
import operator
import os
import random
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

WRITTEN_FOR = "1.5.33"
DIVISOR_VARIABLE = "TANDEM_LAB_SCHEDULE_DIVISOR"
HOST = "127.0.0.1"
SWEEP_S = 0.5
PORTS = range(20000, 32000)
"""Below the kernel's ephemeral range (32768 and up), so that no outgoing connection takes the port first."""
NOT_THE_ONE = 3
"""Exit status for a ministack without the names that are needed here."""

APP = "ministack.app"
ROUTER = "ministack.core.router"
ACTIONS = "ministack.core.iam_actions"
EVENTS = "ministack.services.eventbridge"
SCHEDULER = "ministack.services.scheduler"
FUNCTIONS = "ministack.services.lambda_svc"
RUNTIME = "ministack.core.lambda_runtime"
NAMES = (
    (APP, "main"),
    (APP, "_dispatch_service_request"),
    (APP, "_routing_params"),
    (ROUTER, "detect_service"),
    (ROUTER, "extract_access_key_id"),
    (ACTIONS, "extract_iam_action"),
    (EVENTS, "_SCHEDULER_TICK_INTERVAL"),
    (EVENTS, "_parse_rate_seconds"),
    (EVENTS, "_put_events"),
    (EVENTS, "_tick_scheduled_rules"),
    (EVENTS, "_invoke_target"),
    (SCHEDULER, "_SCHEDULE_TICK_INTERVAL"),
    (SCHEDULER, "_tick_schedules"),
    (FUNCTIONS, "_execution_record_for_config"),
    (FUNCTIONS, "_execute_function_warm"),
    (RUNTIME, "ensure_spawned"),
    (RUNTIME, "Worker.invoke"),
    (RUNTIME, "Worker._read_stderr"),
)
"""Module and name of everything of ministack that is changed or called here."""
WORKER_ATTRIBUTES = ("func_name", "_proc", "_stderr_queue")
"""What is read of ministack's worker objects."""
_process_of = operator.attrgetter("_proc")
_queue_of = operator.attrgetter("_stderr_queue")

CAUSE_KEY = "tandem_cause"
"""Where a cause travels in ministack's own record of an invocation, from the dispatching thread to the executing one."""


@dataclass(frozen=True)
class Cause:
    """Why ministack starts a function."""

    source: str = "call"
    rule: str | None = None
    event_id: str | None = None


CALLED = Cause()
_source: contextvars.ContextVar[str] = contextvars.ContextVar("source", default="event")
_dispatching: contextvars.ContextVar[Cause] = contextvars.ContextVar("dispatching", default=CALLED)
_executing: contextvars.ContextVar[Cause] = contextvars.ContextVar("executing", default=CALLED)


class JsonLines:
    """A log of JSON lines; every line is with the kernel when `write` returns. Threads may share it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def write(self, event: str, **fields: object) -> str:
        """Append one line and return it."""
        line = json.dumps({"t": time.monotonic(), "event": event, **fields})
        os.write(self._file, line.encode() + b"\n")
        return line


def main() -> int:
    """Serve until standard input ends."""
    arguments = _arguments()
    _forget_own_folder()
    protocol = _take_standard_output()
    port, reservation = _reserve_port()
    os.environ["GATEWAY_PORT"] = str(port)  # before the import: ministack reads its settings then
    missing = missing_names()
    if missing:
        print(complaint(missing), file=sys.stderr)
        return NOT_THE_ONE
    if arguments.check:
        print(json.dumps({"event": "checked", "names": len(NAMES)}), file=protocol, flush=True)
        return 0
    divisor = float(os.environ.get(DIVISOR_VARIABLE, "1"))
    speed_up_schedules(divisor)
    accept_aws_sources()
    record_starts(JsonLines(arguments.starts_log))
    record_output(JsonLines(arguments.output_log))
    record_actions(JsonLines(arguments.actions_log))
    ready = {"event": "ready", "endpoint": f"http://{HOST}:{port}", "schedule_divisor": divisor}
    threading.Thread(target=_announce, args=(port, reservation, protocol, ready), daemon=True).start()
    threading.Thread(target=_end_with_standard_input, args=(port,), daemon=True).start()
    sys.argv = ["ministack"]  # it parses its own command line
    _get(APP, "main")()
    return 0


def missing_names() -> list[str]:
    """What this file needs of ministack and does not find there."""
    missing: list[str] = []
    for module, name in NAMES:
        try:
            _get(module, name)
        except (ImportError, AttributeError):
            missing.append(f"{module}.{name}")
    if not missing:
        worker = _get(RUNTIME, "Worker")("check", {}, b"")
        missing = [f"{RUNTIME}.Worker().{name}" for name in WORKER_ATTRIBUTES if not hasattr(worker, name)]
    return missing


def complaint(missing: list[str]) -> str:
    """The sentence for whoever changed ministack's version."""
    return (
        f"this ministack has no {', '.join(missing)}. The lab changes ministack {WRITTEN_FOR} at these names, which are "
        f"private there: install that version again (tools/ministack/requirements.txt), or adapt lab/ministack_main.py"
    )


def speed_up_schedules(divisor: float) -> None:
    """Divide `rate()` intervals, and look for due schedules often enough for it."""

    def parse(original: Callable[..., Any], expression: str) -> float | None:
        seconds = original(expression)
        return None if seconds is None else seconds / divisor

    _around(EVENTS, "_parse_rate_seconds", parse)
    _set(EVENTS, "_SCHEDULER_TICK_INTERVAL", SWEEP_S)
    _set(SCHEDULER, "_SCHEDULE_TICK_INTERVAL", SWEEP_S)


def accept_aws_sources() -> None:
    """Let PutEvents publish events in the name of AWS's services."""

    def put(original: Callable[..., Any], data: Any, *_ignored: Any, **_options: Any) -> Any:
        return original(data, allow_aws_source=True)

    _around(EVENTS, "_put_events", put)


def record_starts(log: JsonLines) -> None:
    """Write down every start of a function with its cause, and every end.

    The cause is known in the thread that dispatches and needed in the thread that executes; it travels in the record
    that ministack makes in the first and hands to the second.
    """
    tell = logging.getLogger("tandem.starts").info

    def invoke(original: Callable[..., Any], worker: Any, event: Any, request_id: str, **options: Any) -> Any:
        asked_t, before = time.monotonic(), _process_of(worker)
        cold = before is None or before.poll() is not None
        _get(RUNTIME, "ensure_spawned")(worker)
        who = {"function": worker.func_name, "request_id": request_id, "pid": _process_of(worker).pid}
        why = vars(_executing.get())
        tell(log.write("start", **who, **why, parent=os.getpid(), cold=cold, asked_t=asked_t))
        result = original(worker, event, request_id, **options)
        tell(log.write("end", **who, status=result.get("status")))
        return result

    _around(EVENTS, "_tick_scheduled_rules", _by_schedule)
    _around(SCHEDULER, "_tick_schedules", _by_schedule)
    _around(EVENTS, "_invoke_target", _by_rule)
    _around(FUNCTIONS, "_execution_record_for_config", _mark)
    _around(FUNCTIONS, "_execute_function_warm", _execute)
    _around(RUNTIME, "Worker.invoke", invoke)


def record_output(log: JsonLines) -> None:
    """Write down what functions print, line by line as it comes, besides giving it to ministack."""

    def read(_original: Callable[..., Any], worker: Any) -> None:
        process, lines = _process_of(worker), _queue_of(worker)
        with contextlib.suppress(ValueError, OSError):  # closed under the reader: the process has ended
            for line in process.stderr:
                log.write("output", function=worker.func_name, pid=process.pid, line=line.rstrip("\n"))
                lines.put(line.rstrip("\n"))

    _around(RUNTIME, "Worker._read_stderr", read)


def record_actions(log: JsonLines) -> None:
    """Write down each action of each caller, once."""
    known: set[tuple[str, str]] = set()

    def dispatch(original: Callable[..., Any], *request: Any) -> Any:
        method, path, headers, body, query, _ = request
        params = _get(APP, "_routing_params")(method, path, headers, body, query)
        service = _get(ROUTER, "detect_service")(method, path, headers, params)
        action = _get(ACTIONS, "extract_iam_action")(service, method, path, headers, body, params)
        caller = _get(ROUTER, "extract_access_key_id")(headers)
        if action and (caller, action) not in known:
            known.add((caller, action))
            log.write("action", caller=caller, action=action)
        return original(*request)

    _around(APP, "_dispatch_service_request", dispatch)


def _by_schedule(original: Callable[..., Any]) -> Any:
    token = _source.set("schedule")
    try:
        return original()
    finally:
        _source.reset(token)


def _by_rule(original: Callable[..., Any], target: Any, event: Any, rule: Any, *rest: Any) -> Any:
    token = _dispatching.set(Cause(_source.get(), rule.get("Arn"), event.get("EventId")))
    try:
        return original(target, event, rule, *rest)
    finally:
        _dispatching.reset(token)


def _mark(original: Callable[..., Any], function: Any, config: Any) -> Any:
    return original(function, config) | {CAUSE_KEY: _dispatching.get()}


def _execute(original: Callable[..., Any], function: Any, event: Any, request_id: str) -> Any:
    token = _executing.set(function.get(CAUSE_KEY, CALLED))
    try:
        return original(function, event, request_id)
    finally:
        _executing.reset(token)


def _announce(port: int, reservation: socket.socket, protocol: TextIO, ready: dict[str, Any]) -> None:
    """Say `ready` when ministack answers; the lab's deadline bounds the wait."""
    while _ask(port, "GET", "/_ministack/ready") != http.client.OK:
        time.sleep(0.02)
    reservation.close()
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(ready), file=protocol, flush=True)


def _end_with_standard_input(port: int) -> None:
    """The lab is gone, or wants the end: end the functions, then ministack, softly and then hard."""
    while os.read(0, 4096):
        pass
    _ask(port, "POST", "/_ministack/reset")
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(2.0)
    os._exit(1)


def _ask(port: int, method: str, path: str) -> int | None:
    """The status of one request to ministack itself; None if it does not answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2.0)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def _reserve_port() -> tuple[int, socket.socket]:
    """A port that is ministack's alone: bound here without listening, which Linux lets it join (both set SO_REUSEADDR)."""
    for port in random.sample(PORTS, len(PORTS)):
        reservation = socket.socket()
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            reservation.bind((HOST, port))
        except OSError:
            reservation.close()
            continue
        return port, reservation
    raise OSError(f"no free port from {PORTS.start} to {PORTS.stop - 1} on {HOST}")


def _forget_own_folder() -> None:
    """A script's folder stands first on the search path, where modules of ours would hide others of the same name."""
    own = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != own]


def _take_standard_output() -> TextIO:
    """Keep standard output for the protocol: whatever else prints goes to standard error from now on."""
    protocol = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return protocol


def _get(module: str, name: str) -> Any:
    """The object with this dotted name in a module of ministack."""
    return operator.attrgetter(name)(importlib.import_module(module))


def _set(module: str, name: str, value: object) -> None:
    setattr(importlib.import_module(module), name, value)


def _around(module: str, name: str, around: Callable[..., Any]) -> None:
    """Put `around(original, *arguments)` in place of a function or a method of ministack."""
    owner_name, _, last = name.rpartition(".")
    owner = _get(module, owner_name) if owner_name else importlib.import_module(module)
    original = getattr(owner, last)

    @functools.wraps(original)
    def replaced(*arguments: Any, **options: Any) -> Any:
        return around(original, *arguments, **options)

    setattr(owner, last, replaced)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ministack_main.py", allow_abbrev=False)
    parser.add_argument("--starts-log", type=Path, default=Path(os.devnull), help="JSONL: each start of a function, and why")
    parser.add_argument("--output-log", type=Path, default=Path(os.devnull), help="JSONL: what functions print")
    parser.add_argument("--actions-log", type=Path, default=Path(os.devnull), help="JSONL: each action of each caller, once")
    parser.add_argument("--check", action="store_true", help="only look whether ministack has every name needed here")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
