"""lab.json: what a run was. Written by the lab beside its logs, read by the checker and the report, field by field checked.

Standard library only. `docs/REPORT.md` lists the fields for whoever writes the file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.faultkind import FaultKind
from lab.rawevents import Call
from lab.rawlines import Line, read_document


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """One worker as the program built it."""

    name: str
    private_ip: str
    address_private_ip: str
    """Where the site's address leads to on it: the same, or a second one."""
    instance_id: str
    zone: str
    network_interface_id: str | None
    group_id: str | None = None
    """Its own security group, where it has one of its own."""

    @property
    def names(self) -> frozenset[str]:
        """Whatever a call to the cloud may name it by, in lower case."""
        every = (self.private_ip, self.address_private_ip, self.instance_id, self.network_interface_id, self.group_id)
        return frozenset(each.lower() for each in every if each)


@dataclass(frozen=True, slots=True)
class ProfileTime:
    """One simulated duration, written as people read it ("0.6", "1 to 5"), and the published fact that it rests on."""

    name: str
    seconds: str
    basis: str
    source: str


@dataclass(frozen=True, kw_only=True)
class LabInfo:
    """lab.json: what the run was."""

    lab_id: str
    """Its raw logs lie in `out/lab/` under this name."""
    cloud: str
    profile: str
    engine: str
    fault: FaultKind
    workers: Mapping[str, WorkerInfo]
    order: tuple[str, ...]
    allocation_id: str
    address: str
    record_poll_s: float
    """Longest time between two polls of the record; used where a record line has no `previous_poll_t`."""
    schedule_divisor: float
    """How many times faster than the cloud's the schedule ran; 1 = real minutes."""
    versions: Mapping[str, str]
    spent: Mapping[str, str]
    profile_times: tuple[ProfileTime, ...]
    pid: int | None
    """The lab's own process, to tell an arbiter's from it."""
    operator: str | None
    """The access key id of the lab's own clients, who play the operator at the console."""
    stays: bool
    """The address is to stay where it is: a run that shows what is no failover."""

    def by_ip(self, private_ip: str | None) -> str | None:
        """The worker with this private address, the first or the second one."""
        return self._find(lambda worker: private_ip in (worker.private_ip, worker.address_private_ip))

    def by_instance(self, instance_id: str | None) -> str | None:
        """The worker with this instance id."""
        return self._find(lambda worker: worker.instance_id == instance_id)

    def named_in(self, call: Call) -> str | None:
        """The worker whose private address, machine, network card or group stands in a call's parameters."""
        values = {value.lower() for value in call.params.values()}
        return self._find(lambda worker: bool(values & worker.names))

    def is_operators(self, call: Call) -> bool:
        """Whether a person at the console made this call, and not the watchdog."""
        return self.operator is not None and call.caller == self.operator

    def _find(self, fits: Callable[[WorkerInfo], bool]) -> str | None:
        return next((worker.name for worker in self.workers.values() if fits(worker)), None)


def read_lab_info(path: Path) -> LabInfo:
    """Read lab.json.

    Raises:
        RawLogError: the file is missing, or a field is missing, of the wrong type, or contradicts another.
    """
    line = read_document(path)
    workers = {name: _worker_info(name, line.inside("workers").inside(name)) for name in line.table("workers")}
    order = line.texts("order")
    if sorted(order) != sorted(workers):
        line.fail(f"'order' {list(order)} and 'workers' {list(workers)} must name the same workers")
    return LabInfo(
        lab_id=line.text("lab_id"),
        cloud=line.text("cloud"),
        profile=line.text("profile"),
        engine=line.text("engine"),
        fault=line.member("fault", FaultKind),
        workers=workers,
        order=order,
        allocation_id=line.text("allocation_id"),
        address=line.text("address"),
        record_poll_s=line.seconds("record_poll_s"),
        schedule_divisor=line.seconds("schedule_divisor"),
        versions=_plain_table(line, "versions"),
        spent=_plain_table(line, "spent") if line.has("spent") else {},
        profile_times=tuple(_profile_time(row) for row in line.rows("profile_times")),
        pid=line.count("pid") if line.has("pid") else None,
        operator=line.text_or_none("operator"),
        stays=line.flag("stays") if line.has("stays") else False,
    )


def _worker_info(name: str, line: Line) -> WorkerInfo:
    card = line.text_or_none("network_interface_id")
    first = line.text("private_ip")
    leads_to = line.text("address_private_ip") if line.has("address_private_ip") else first
    group = line.text_or_none("group_id")
    return WorkerInfo(name, first, leads_to, line.text("instance_id"), line.text("zone"), card, group)


def _profile_time(row: Line) -> ProfileTime:
    return ProfileTime(row.text("name"), row.text("seconds"), row.text("basis"), row.text("source"))


def _plain_table(line: Line, name: str) -> dict[str, str]:
    return {key: str(value) for key, value in line.table(name).items()}
