"""The port `Cloud` on Azure: `address` or `rotation`, `fence` and `rights` behind one door, every error an outcome."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

from failover_lambda.azure.address import Address
from failover_lambda.azure.fence import Machines
from failover_lambda.azure.names import is_pool
from failover_lambda.azure.network import Network
from failover_lambda.azure.outcomes import NotSentError, read_once, run_once
from failover_lambda.azure.rights import Rights
from failover_lambda.azure.rotation import Rotation
from failover_lambda.contract import Settings, Worker
from failover_lambda.model import AddressView, Answered, Command, Do, InstanceView, Outcome
from failover_lambda.ports import Clock


class LiveCloud:
    """See `ports.Cloud`. Its methods may be called from many threads at once."""

    def __init__(
        self, settings: Settings, network: NetworkManagementClient, compute: ComputeManagementClient, clock: Clock
    ) -> None:
        documents = Network(network, clock)
        self._workers = {worker.name: worker for worker in settings.workers}
        moves = Rotation if is_pool(settings.address_id) else Address
        self._address = moves(settings, documents)
        self._machines = Machines(settings, documents, compute, clock)
        self._rights = Rights(self._address, network)

    def read_address(self) -> AddressView:
        """One read of the address, and one of each worker's card."""
        return read_once("read the address", self._address.read)

    def read_instances(self) -> tuple[InstanceView, ...]:
        """Two reads for each worker."""
        return read_once("read the machines", self._machines.read)

    def read_announcements(self) -> Mapping[str, str]:
        """Azure announces to the machine alone, by its metadata service, where nobody of us asks: nothing is known."""
        return {}

    def run(self, command: Command) -> Answered:
        """One write for each thing that is to be changed, and reads until that has ended."""
        return run_once(command, lambda: self._carry_out(command))

    def rehearse(self, commands: Sequence[Command]) -> tuple[Answered, ...]:
        """Permissions are read at every resource that a command's calls name."""
        answers: list[Answered] = []
        for command in commands:
            answers.append(run_once(command, lambda command=command: self._rehearsed(command)))
            if answers[-1].outcome is not Outcome.DONE and not answers[-1].denied:
                break
        return tuple(answers)

    def _rehearsed(self, command: Command) -> str:
        self._rights.require(command, self._worker_of(command))
        return ""

    def _carry_out(self, command: Command) -> str:
        """Returns the id of the association made, or ""."""
        match command.do:
            case Do.DISASSOCIATE:
                self._address.disassociate(_association_of(command), command.epoch)
            case Do.ASSOCIATE:
                return self._address.associate(self._worker_of(command), command.epoch)
            case Do.ISOLATE:
                self._machines.isolate(self._worker_of(command))
            case Do.RESTORE:
                self._machines.restore(self._worker_of(command))
            case Do.STOP:
                self._machines.stop(self._worker_of(command))
            case Do.START:
                self._machines.start(self._worker_of(command))
            case _:
                assert_never(command.do)
        return ""

    def _worker_of(self, command: Command) -> Worker:
        try:
            return self._workers[command.worker]
        except KeyError:
            raise NotSentError("UnknownWorker") from None


def _association_of(command: Command) -> str:
    if not command.association_id:
        raise NotSentError("NoAssociation")
    return command.association_id
