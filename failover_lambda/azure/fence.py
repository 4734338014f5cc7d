"""The workers' machines: one read, and what keeps a former holder from serving: isolate and stop, restore and start.

Isolation is two rules of the worker's own security group, which stand there always: they deny everything, or what nobody
has. So a fence is undone by a write and never by a deletion, which a lock would refuse. The group flushes connections when
its rules change; no page says how well, so isolation is never proof; stopped is (docs/RULE.md 6.8).

May import `contract`, `model`, and `network`, `names` and `outcomes` beside it, and the SDK.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.compute import ComputeManagementClient

from failover_lambda.azure.bodies import Document
from failover_lambda.azure.names import EVERYBODY, FENCE_RULES, NOBODY, Id
from failover_lambda.azure.network import ENDS_WITHIN_S, POLL_S, SUCCEEDED, Network, state_of
from failover_lambda.azure.outcomes import UnfinishedError
from failover_lambda.contract import Settings, Worker
from failover_lambda.model import InstanceView, Power
from failover_lambda.ports import Clock

POWER: Final = {
    "starting": Power.PENDING,
    "running": Power.RUNNING,
    "stopping": Power.STOPPING,
    "stopped": Power.STOPPED,
    "deallocating": Power.STOPPING,
    "deallocated": Power.STOPPED,
}
"""Azure's power states; another one is UNKNOWN."""

GONE: Final = Power.TERMINATED

PRIORITY: Final = 100
"""The lowest that a rule may have, so these two are looked at first (Azure, "Network security groups", read 2026-11)."""


class Machines:
    """The virtual machines of a site and their security groups."""

    def __init__(self, settings: Settings, network: Network, compute: ComputeManagementClient, clock: Clock) -> None:
        self._settings = settings
        self._network = network
        self._compute = compute
        self._clock = clock

    def read(self) -> tuple[InstanceView, ...]:
        """Two reads for each worker: its machine, and its group."""
        return tuple(self._view(worker) for worker in self._settings.workers)

    def isolate(self, worker: Worker) -> None:
        """Let nothing to the worker and nothing from it."""
        self._set_rules(worker, EVERYBODY)

    def restore(self, worker: Worker) -> None:
        """Let its other rules decide again."""
        self._set_rules(worker, NOBODY)

    def stop(self, worker: Worker) -> None:
        """Cut the power rather than shut down, and wait until it is off: the service must not work off its queue."""
        at = Id.parse(worker.instance_id)
        self._compute.virtual_machines.begin_power_off(at.group, at.name, skip_shutdown=True, polling=False)
        self._wait_for(worker, Power.STOPPED)

    def start(self, worker: Worker) -> None:
        """Start the machine, and wait until it runs."""
        at = Id.parse(worker.instance_id)
        self._compute.virtual_machines.begin_start(at.group, at.name, polling=False)
        self._wait_for(worker, Power.RUNNING)

    def _wait_for(self, worker: Worker, power: Power) -> None:
        end_s = self._clock.monotonic_s() + ENDS_WITHIN_S
        while self._clock.monotonic_s() < end_s:
            if self._power(worker)[0] is power:
                return
            self._clock.sleep(POLL_S)
        raise UnfinishedError("NotEnded")

    def _set_rules(self, worker: Worker, prefix: str) -> None:
        (group_id,) = worker.group_ids
        standing = self._rules(worker)
        for name in FENCE_RULES:
            if not _says(standing.get(name), name, prefix):
                after = self._network.write_rule(group_id, rule(name, prefix))
                if not _says(after, name, prefix):  # whoever answered with success was not Resource Manager
                    raise UnfinishedError("NotAsWritten")

    def _rules(self, worker: Worker) -> dict[str, Document]:
        (group_id,) = worker.group_ids
        return {each["name"]: each for each in self._network.group(group_id)["properties"]["securityRules"]}

    def _view(self, worker: Worker) -> InstanceView:
        power, launched_s = self._power(worker)
        isolated = power is not GONE and self._isolated(worker)
        return InstanceView(worker=worker.name, power=power, launched_s=launched_s, isolated=isolated)

    def _isolated(self, worker: Worker) -> bool:
        """By both rules; one that somebody deleted denies nothing, and is written anew by the next fence."""
        rules = self._rules(worker)
        return all(_says(rules.get(name), name, EVERYBODY) and state_of(rules[name]) == SUCCEEDED for name in FENCE_RULES)

    def _power(self, worker: Worker) -> tuple[Power, float]:
        """The power, and when the platform last ended an operation on the machine: a start is one, so it grows with each."""
        at = Id.parse(worker.instance_id)
        try:
            shown = self._compute.virtual_machines.get(at.group, at.name, expand="instanceView").as_dict()
        except ResourceNotFoundError:
            return GONE, 0.0
        statuses: list[Mapping[str, Any]] = shown["properties"]["instanceView"]["statuses"]
        codes = {str(each["code"]).partition("/")[0]: each for each in statuses}
        power = str(codes["PowerState"]["code"]).partition("/")[2] if "PowerState" in codes else ""
        ended = str(codes.get("ProvisioningState", {}).get("time", ""))
        return POWER.get(power, Power.UNKNOWN), datetime.fromisoformat(ended).timestamp() if ended else 0.0


def rule(name: str, prefix: str) -> Document:
    """A rule of the fence, whole: it denies whatever comes from there, or goes there."""
    sides = {"sourceAddressPrefix": EVERYBODY, "destinationAddressPrefix": EVERYBODY, _SIDES[name]: prefix}
    ports = {"sourcePortRange": "*", "destinationPortRange": "*", "protocol": "*"}
    inbound = _SIDES[name] == "sourceAddressPrefix"
    about = {"access": "Deny", "direction": "Inbound" if inbound else "Outbound", "priority": PRIORITY}
    return {"name": name, "properties": {**about, **ports, **sides}}


def _says(standing: Document | None, name: str, prefix: str) -> bool:
    if standing is None:
        return prefix == NOBODY
    wanted, found = rule(name, prefix)["properties"], standing["properties"]
    return all(found.get(field) == value for field, value in wanted.items())


_SIDES: Final[Mapping[str, str]] = dict(zip(FENCE_RULES, ("sourceAddressPrefix", "destinationAddressPrefix"), strict=True))
