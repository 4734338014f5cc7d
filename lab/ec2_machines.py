"""The life of an EC2 instance in the lab: states that take time, legal transitions only, and when its processes run.

moto 5.2.5 changes states at once and lets a terminated instance start again (tried). Here, as in EC2 (user guide,
Instance lifecycle):

    pending --start_s--> running --stop--> stopping --stop_s--> stopped --start--> pending
    terminate: from every state to terminated, at once (EC2 passes through shutting-down for some seconds)

- A stop with SkipOsShutdown cuts the power at once; any other stop, Force too, shuts the system down first, and the lab
  lets its processes run until `stopped`. A second stop with SkipOsShutdown cuts the power of an instance that is
  stopping.
- A start gives a new LaunchTime: whole seconds, as EC2 tells it, and always later than the one before, because the
  workers use it as their boot id.
- Each change is published as an `instance` event. Its field `alive` says whether the machine has power, which is all
  that the lab needs in order to start and kill the process that plays it.

Everything runs under the gate's lock: requests because the gate holds it, timers because they take it.
"""

import copy
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from enum import Enum
from types import MappingProxyType
from typing import Any

from moto.core.utils import utcnow
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.responses.instances import InstanceResponse

from lab.ec2_patching import Around, Publish, refuse, wrap
from lab.profiles import Profile


class State(Enum):
    """The states of an instance with EC2's codes."""

    PENDING = ("pending", 0)
    RUNNING = ("running", 16)
    TERMINATED = ("terminated", 48)
    STOPPING = ("stopping", 64)
    STOPPED = ("stopped", 80)


_LEGAL: Mapping[str, frozenset[State]] = MappingProxyType(
    {
        "started": frozenset({State.PENDING, State.RUNNING, State.STOPPED}),
        "stopped": frozenset({State.RUNNING, State.STOPPING, State.STOPPED}),
        "rebooted": frozenset({State.RUNNING}),
    }
)
"""From where each verb may be asked for; elsewhere EC2 answers IncorrectInstanceState. A repetition changes nothing."""


class Machines:
    """The instances of the lab.

    Args:
        profile: how long `stopping` and `pending` take.
        lock: the gate's lock.
        publish: told of every change of state.
        release_addresses: called with an instance that is about to be terminated.
    """

    def __init__(
        self,
        profile: Profile,
        lock: AbstractContextManager[object],
        publish: Publish,
        release_addresses: Callable[[Instance], None],
    ) -> None:
        self._profile = profile
        self._lock = lock
        self._publish = publish
        self._release_addresses = release_addresses
        self._changes: Counter[str] = Counter()
        self._alive: set[str] = set()
        self._power_off = False

    def install(self) -> None:
        """Change moto."""
        wrap(InstanceBackend, "run_instances", self._run_instances)
        wrap(InstanceBackend, "start_instances", _only_legal("started"))
        wrap(InstanceBackend, "stop_instances", _only_legal("stopped"))
        wrap(InstanceBackend, "reboot_instances", _only_legal("rebooted"))
        wrap(InstanceResponse, "stop_instances", self._stop_request)
        wrap(Instance, "start", self._start)
        wrap(Instance, "stop", self._stop)
        wrap(Instance, "terminate", self._terminate)

    def _run_instances(self, original: Around, backend: InstanceBackend, *arguments: Any, **options: Any) -> Any:
        reservation = original(backend, *arguments, **options)
        for instance in reservation.instances:
            if not options.get("nics"):  # EC2 deletes the card that it made with the instance; moto keeps it
                instance.nics[0].delete_on_termination = True
            instance.launch_time = utcnow().replace(microsecond=0)
            self._power_on(instance)
        return reservation

    def _start(self, original: Around, instance: Instance) -> Any:
        previous = copy.copy(instance.instance_state)
        if state_of(instance) is State.STOPPED:
            original(instance)
            instance.launch_time = max(utcnow().replace(microsecond=0), instance.launch_time + timedelta(seconds=1))
            self._power_on(instance)
        return previous

    def _power_on(self, instance: Instance) -> None:
        if self._profile.start.high_s:
            self._change(instance, State.PENDING, alive=False)
        self._after(self._profile.start.high_s, instance, lambda: self._change(instance, State.RUNNING, alive=True))

    def _stop_request(self, original: Around, response: Any) -> Any:
        self._power_off = bool(response.params.get("SkipOsShutdown"))
        try:
            return original(response)
        finally:
            self._power_off = False

    def _stop(self, original: Around, instance: Instance) -> Any:
        previous = copy.copy(instance.instance_state)
        if state_of(instance) is State.RUNNING:
            self._change(instance, State.STOPPING, alive=not self._power_off)
            self._after(self._profile.stop.high_s, instance, lambda: self._stopped(original, instance))
        elif self._power_off and instance.id in self._alive:
            self._tell(instance, alive=False)
        return previous

    def _stopped(self, original: Around, instance: Instance) -> None:
        original(instance)
        self._change(instance, State.STOPPED, alive=False)

    def _terminate(self, original: Around, instance: Instance) -> Any:
        previous = copy.copy(instance.instance_state)
        if state_of(instance) is not State.TERMINATED:
            self._release_addresses(instance)
            original(instance)
            self._change(instance, State.TERMINATED, alive=False)
        return previous

    def _after(self, delay_s: float, instance: Instance, finish: Callable[[], None]) -> None:
        """Run `finish` later, unless the instance changed its state in the meantime; at once if there is no delay."""
        if not delay_s:
            finish()
            return
        change = self._changes[instance.id]

        def due() -> None:
            with self._lock:
                if self._changes[instance.id] == change:
                    finish()

        timer = threading.Timer(delay_s, due)
        timer.daemon = True
        timer.start()

    def _change(self, instance: Instance, state: State, *, alive: bool) -> None:
        self._changes[instance.id] += 1
        instance.instance_state.name, instance.instance_state.code = state.value
        self._tell(instance, alive=alive)

    def _tell(self, instance: Instance, *, alive: bool) -> None:
        (self._alive.add if alive else self._alive.discard)(instance.id)
        self._publish(
            "instance",
            instance_id=instance.id,
            state=state_of(instance).value[0],
            alive=alive,
            launched_at=launched_at(instance),
            private_ip=instance.private_ip_address,
        )


def state_of(instance: Instance) -> State:
    """The instance's state as EC2 tells it now."""
    return State((instance.instance_state.name, instance.instance_state.code))


def launched_at(instance: Instance) -> str:
    """LaunchTime in the form that boto3's value gives with `isoformat()`."""
    launch_time: datetime = instance.launch_time
    return launch_time.replace(tzinfo=UTC).isoformat()


def _only_legal(verb: str) -> Around:
    """Refuse a request in which one instance is in a state that does not allow the verb, before any is touched."""

    def checked(original: Around, backend: InstanceBackend, instance_ids: list[str]) -> Any:
        for instance in backend.get_multi_instances_by_id(instance_ids):
            if state_of(instance) not in _LEGAL[verb]:
                raise refuse(
                    "IncorrectInstanceState", f"The instance '{instance.id}' is not in a state from which it can be {verb}."
                )
        return original(backend, instance_ids)

    return checked
