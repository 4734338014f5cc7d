"""What a lab needs of an emulated cloud that runs, whichever it is. `lab.aws_cloud` and `lab.azure_cloud` are two."""

import signal
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from lab.asking import Desk
from lab.hypervisor import Described
from lab.processes import ProcessId
from lab.providers.registry import Registry
from lab.rawevents import Verb


class LabCloud(Protocol):
    """A running cloud. Outputs are those of the deployed stack."""

    title: str
    """As people say it."""
    last_step: str
    """What a deployment of the program ends with."""
    operator: str
    """The identity by which the lab's own calls are told from the watchdog's."""

    def describe(self, instance_id: str) -> Described:
        """What a machine is that the cloud just told of."""
        ...

    def is_fixed(self, allocation_id: str) -> bool:
        """Whether a public address is the site's fixed one, and not one that a worker goes out by."""
        ...

    def registry(self) -> Registry:
        """What creates the program's resources here."""
        ...

    def environment(self) -> Mapping[str, str]:
        """Where the program finds the emulators, as it would for any of the cloud's SDKs."""
        ...

    def endpoints(self) -> Mapping[str, str]:
        """Where it answers: for a person, by what answers there."""
        ...

    def check(self) -> None:
        """Raise what went wrong in it meanwhile, if something did."""
        ...

    def close(self) -> None:
        """Begin nothing more; the supervisor ends the processes."""
        ...

    def credentials(self) -> Mapping[str, str]:
        """The lab's own, as the cloud's SDKs find them in their environment."""
        ...

    def observed(self, outputs: Mapping[str, Any]) -> Sequence[object]:
        """The flags of `lab.observer` for this site's record."""
        ...

    def desk(self, outputs: Mapping[str, Any]) -> Desk:
        """An operator's way to inbox and record, past every door and front."""
        ...

    def start_instance(self, instance_id: str) -> None:
        """Start a machine, as an operator at the console would."""
        ...

    # What scenarios do to the watchdog's calls and to its processes

    def trap(self, verb: Verb, card_id: str, way: str) -> None:
        """Hold the watchdog's next such call on its way "in", or the answer to it on its way "out".

        `card_id`: the network card of the worker that the call is about.
        """
        ...

    def wait_trapped(self, deadline_s: float) -> None:
        """Wait until a call is held; ChildError if none came."""
        ...

    def release(self, fate: str) -> None:
        """Let held calls "go-on", or "drop" them."""
        ...

    def lose_answer(self, verb: Verb, card_id: str) -> None:
        """The watchdog's next such call is carried out, and its answer is lost."""
        ...

    def require_lost(self) -> None:
        """No more answers are lost.

        Raises:
            RuntimeError: none was: the run proves nothing.
        """
        ...

    def strike(self, process: ProcessId, number: signal.Signals) -> bool:
        """Send a signal to a process of the watchdog, and do what the platform does then; False if it has ended already."""
        ...

    def start_arbiter(self, outputs: Mapping[str, Any]) -> None:
        """Start one more arbiter, beside those that the schedule starts."""
        ...
