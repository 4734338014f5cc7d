"""The port `Cloud` on EC2: `address`, `fence` and `announced` behind one door, every error an outcome."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, assert_never

from failover_lambda.aws.address import Address
from failover_lambda.aws.announced import Announced
from failover_lambda.aws.fence import Machines
from failover_lambda.aws.outcomes import NotSentError, read_once, rehearse_once, run_once
from failover_lambda.contract import Settings, Worker
from failover_lambda.model import AddressView, Answered, Command, Do, InstanceView, Outcome

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


class LiveCloud:
    """See `ports.Cloud`. Its methods may be called from many threads at once."""

    def __init__(self, settings: Settings, ec2: "EC2Client") -> None:
        self._workers = {worker.name: worker for worker in settings.workers}
        self._address = Address(settings, ec2)
        self._machines = Machines(settings, ec2)
        self._announced = Announced(settings, ec2)

    def read_address(self) -> AddressView:
        """One DescribeAddresses."""
        return read_once("DescribeAddresses", self._address.read)

    def read_instances(self) -> tuple[InstanceView, ...]:
        """One DescribeInstances."""
        return read_once("DescribeInstances", self._machines.read)

    def read_announcements(self) -> Mapping[str, str]:
        """One DescribeInstanceStatus."""
        return read_once("DescribeInstanceStatus", self._announced.read)

    def run(self, command: Command) -> Answered:
        """One call, by the ids in the settings and in the command."""
        return run_once(command, lambda: self._carry_out(command))

    def rehearse(self, commands: Sequence[Command]) -> tuple[Answered, ...]:
        """One call with DryRun for each: EC2 looks at the permission and at nothing else."""
        answers: list[Answered] = []
        for command in commands:
            answers.append(rehearse_once(command, lambda command=command: self._carry_out(command, dry=True)))
            if answers[-1].outcome is not Outcome.DONE and not answers[-1].denied:
                break
        return tuple(answers)

    def _carry_out(self, command: Command, *, dry: bool = False) -> str:
        """Returns the id of the association made, or "". `dry`: see `rehearse`."""
        match command.do:
            case Do.DISASSOCIATE:
                self._address.disassociate(_association_of(command), dry=dry)
            case Do.ASSOCIATE:
                return self._address.associate(self._worker_of(command), dry=dry)
            case Do.ISOLATE:
                self._machines.isolate(self._worker_of(command), dry=dry)
            case Do.RESTORE:
                self._machines.restore(self._worker_of(command), dry=dry)
            case Do.STOP:
                self._machines.stop(self._worker_of(command), dry=dry)
            case Do.START:
                self._machines.start(self._worker_of(command), dry=dry)
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
