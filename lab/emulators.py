"""The emulated AWS of a lab: starts moto and ministack, joins them, and makes clients for both.

moto plays EC2, its load balancers, KMS, IAM and STS (`lab.aws_server`); ministack runs what must run: Lambda, EventBridge,
DynamoDB, SNS, SQS, Logs, CloudWatch, Scheduler (`lab.ministack_main`). They are joined by the environment of ministack's
process: the functions inherit it, find what moto plays there through `AWS_ENDPOINT_URL_<SERVICE>`, and everything else at
ministack. Neither the program nor the watchdog's settings know that there is a lab. Changes of instances travel from the
one to the other's event bus (`lab.state_changes`).

Raw logs, in the lab's `logs` folder: `actions.jsonl` from both (each action of each caller once, as IAM names it);
`gate.jsonl` and `cloud.jsonl` from moto; `function-starts.jsonl` (each start of a function, and why) and
`function-output.jsonl` (what functions print) from ministack, whose own log is `stderr/ministack.txt`; `state-changes.jsonl`
from what lies between them.
"""

import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import boto3
from botocore.config import Config

from lab import limits, processes
from lab.child import Child, Event
from lab.endpoints import MOTO_SERVICES, Endpoints, variable
from lab.jsonlog import JsonLog
from lab.profiles import Profile
from lab.state_changes import StateChanges
from lab.supervisor import REPOSITORY, Supervisor

REGION = "eu-central-1"
ACCOUNT_ID = "123456789012"
"""moto's account; ministack is told to have the same."""
LAB_KEY_ID = "TANDEMLAB"
"""Access key id of the lab's own clients. Functions get the account id as theirs, so the gate's log tells them apart."""
MINISTACK_PYTHON = REPOSITORY / "tools" / "ministack" / ".venv" / "bin" / "python"
_DUMMY_KEY = "lab"
_FUNCTION_VARIABLE = "AWS_LAMBDA_FUNCTION_NAME"
"""ministack sets it in the environment of every function's process."""
_READY_S = 60.0
"""Longest wait for an emulator. They need a second or two; the rest is for a busy machine and uncompiled sources."""
_FUNCTIONS_END_S = 5.0
_COMMAND_S = 5.0
"""Longest wait for an emulator to take a command."""


class EmulatorsMissingError(Exception):
    """The environment that ministack lives in is not there."""


@dataclass(frozen=True)
class CloudSettings:
    """What an emulated cloud is to be like.

    Attributes:
        network: the lab's /16, "127.N.0.0/16".
        profile: how long the cloud takes.
        schedule_divisor: how many times faster than the cloud's the schedules run; 1 = real minutes.
        region: every client's, and the functions'.
        seed: of the dice for times that are a range.
        log_reads: write EC2's reading calls to the gate's log too.
        store_endpoint: where the functions find DynamoDB; empty: at ministack itself, as everybody else does.
    """

    network: str
    profile: Profile
    schedule_divisor: float
    region: str = REGION
    seed: int = 1
    log_reads: bool = False
    store_endpoint: str = ""
    fronts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Service to URL: where the functions find it, if not at its emulator."""


def client_at(
    endpoints: Endpoints,
    service: str,
    region: str,
    read_timeout_s: float = 10.0,
    *,
    session: boto3.session.Session | None = None,
) -> Any:
    """A boto3 client for the emulator that plays the service: one attempt, short timeouts, AWS's limits guarded."""
    config = Config(connect_timeout=2.0, read_timeout=read_timeout_s, retries={"total_max_attempts": 1}, proxies={})
    make: Any = (session or boto3.session.Session(LAB_KEY_ID, _DUMMY_KEY)).client  # its overloads know literal names only
    client = make(service, region_name=region, endpoint_url=endpoints.of(service), config=config)
    limits.guard(client)
    return client


class Emulators:
    """Both emulators, running; made by `start`."""

    def __init__(
        self, lab_id: str, children: tuple[Child, Child], endpoints: Endpoints, region: str, changes: StateChanges
    ) -> None:
        self.endpoints = endpoints
        self.region = region
        self._lab_id = lab_id
        self._children = children
        self._changes = changes
        self._session = boto3.session.Session(LAB_KEY_ID, _DUMMY_KEY, region_name=region)
        self._making = threading.Lock()
        changes.begin(self.client("events"))

    def credentials(self) -> dict[str, str]:
        """The lab's own key and region, as every SDK finds them in its environment."""
        return {
            "AWS_ACCESS_KEY_ID": LAB_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": _DUMMY_KEY,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }

    @classmethod
    def start(
        cls, supervisor: Supervisor, settings: CloudSettings, on_cloud_event: Callable[[Event], None] | None = None
    ) -> Self:
        """Start both and wait until they answer.

        Args:
            supervisor: starts and ends the processes.
            settings: what the cloud is like.
            on_cloud_event: called at once with every change in EC2, in the order in which they happen, from a thread of the
                supervisor (see `lab.ec2_semantics` and `lab.ec2_machines` for the events).

        Raises:
            EmulatorsMissingError: ministack is not installed.
            ChildError: one of them did not start; the message has its last words.
        """
        if not MINISTACK_PYTHON.exists():
            raise EmulatorsMissingError(
                f"{MINISTACK_PYTHON.relative_to(REPOSITORY)} is missing: install tools/ministack/requirements.txt there"
            )
        changes = StateChanges(
            lambda instance_id: f"arn:aws:ec2:{settings.region}:{ACCOUNT_ID}:instance/{instance_id}",
            JsonLog(supervisor.logs / "state-changes.jsonl"),
        )

        def on_event(event: Event) -> None:
            if on_cloud_event:
                on_cloud_event(event)
            changes.take(event)

        moto = _start_moto(supervisor, settings, on_event)
        moto_url = str(moto.expect("ready", _READY_S)["endpoint"])
        ministack = _start_ministack(supervisor, settings, moto_url)
        ministack_url = str(ministack.expect("ready", _READY_S)["endpoint"])
        endpoints = Endpoints(moto_url, ministack_url)
        return cls(supervisor.lab_id, (moto, ministack), endpoints, settings.region, changes)

    def client(self, service: str, read_timeout_s: float = 10.0, *, region: str = "") -> Any:
        """A boto3 client for the emulator that plays the service: one attempt, short timeouts, AWS's limits guarded.

        Args:
            service: boto3's name, "ec2" or "lambda".
            read_timeout_s: for a synchronous invocation more than the function's own timeout.
            region: another one than the lab's.
        """
        with self._making:  # threads may share clients, not sessions
            return client_at(self.endpoints, service, region or self.region, read_timeout_s, session=self._session)

    def trap(self, action: str, way: str) -> None:
        """Hold the next EC2 call of this action that a function makes, on its way "in" or its answer on its way "out"."""
        self._children[0].call("trap", _COMMAND_S, action=action, way=way)

    def wait_trapped(self, deadline_s: float) -> None:
        """Wait until a call is held; ChildError if none came."""
        self._children[0].expect("trapped", deadline_s)

    def release(self, fate: str) -> None:
        """Let held calls "go-on", or "drop" them."""
        self._children[0].call("release", _COMMAND_S, fate=fate)

    def stop(self) -> None:
        """End both and every function, ministack first; the supervisor does the same when it closes."""
        self._changes.close()
        for child in reversed(self._children):
            child.end()
        end_functions(self._lab_id)


def end_functions(lab_id: str) -> list[int]:
    """End the function processes of a lab that ministack left behind, by pid; returns those that are still there."""
    functions = processes.of_lab(lab_id, also=_FUNCTION_VARIABLE)
    for process in functions:
        processes.send(process, signal.SIGKILL)
    return [process.pid for process in processes.wait_gone(functions, _FUNCTIONS_END_S)]


def _start_moto(supervisor: Supervisor, settings: CloudSettings, on_event: Callable[[Event], None]) -> Child:
    logs = supervisor.logs
    flags: list[object] = ["--network", settings.network, "--profile", settings.profile.name]
    flags += ["--region", settings.region, "--seed", settings.seed]
    flags += ["--gate-log", logs / "gate.jsonl", "--cloud-log", logs / "cloud.jsonl"]
    flags += ["--own-caller", LAB_KEY_ID, "--actions-log", logs / "actions.jsonl"]
    flags += ["--log-reads"] if settings.log_reads else []
    return supervisor.module("moto", "lab.aws_server", *flags, on_event=on_event)


def _start_ministack(supervisor: Supervisor, settings: CloudSettings, moto_url: str) -> Child:
    script, logs = REPOSITORY / "lab" / "ministack_main.py", supervisor.logs
    argv = [MINISTACK_PYTHON, script, "--starts-log", logs / "function-starts.jsonl"]
    argv += ["--output-log", logs / "function-output.jsonl", "--actions-log", logs / "actions.jsonl"]
    return supervisor.spawn("ministack", [str(part) for part in argv], ministack_environment(settings, moto_url))


def ministack_environment(settings: CloudSettings, moto_url: str) -> dict[str, str]:
    """What ministack reads, and what the functions find."""
    return {
        "BIND_HOST": "127.0.0.1",  # else every interface
        "IOT_MTLS_ENABLED": "0",  # else port 8883 of every interface
        "SFTP_ENABLED": "0",
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "MINISTACK_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_ACCESS_KEY_ID": ACCOUNT_ID,
        "AWS_SECRET_ACCESS_KEY": _DUMMY_KEY,
        "TANDEM_LAB_SCHEDULE_DIVISOR": f"{settings.schedule_divisor:g}",
        **({variable("dynamodb"): settings.store_endpoint} if settings.store_endpoint else {}),
    } | {
        variable(service): url
        for service, url in (dict.fromkeys(sorted(MOTO_SERVICES), moto_url) | dict(settings.fronts)).items()
    }
