"""A lab that is up, found again by its ready file: folder, workers, their machines, and an operator's desk at its record."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lab import background_lab
from lab.asking import Desk, TableDesk
from lab.aws_cloud import MOTOS, OTHERS
from lab.emulators import client_at
from lab.endpoints import Endpoints
from lab.roll_machines import AzureMachines, Ec2Machines, Machines
from lab.site import LABS


class CannotAskError(Exception):
    """There is nobody to ask, or the words are wrong; the message says what is allowed, and what to do next."""


@dataclass(frozen=True)
class RunningLab:
    """A lab that is up."""

    folder: Path
    said: Mapping[str, Any]
    """Its ready file."""
    desk: Desk
    machines: Machines
    store: str
    """What is behind the desk, for messages."""
    silent: tuple[type[Exception], ...]
    """What the desk raises where its store does not answer, or takes nothing."""

    @property
    def workers(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.said["outputs"]["cliConfig"]["workers"])

    @property
    def http_port(self) -> int:
        """Where its workers answer HTTP."""
        return int(self.said["ports"]["http"])


def find(lab_id: str = "", labs: Path = LABS) -> RunningLab:
    """The lab of this id; without one, the lab that came up last, of those that still run.

    Raises:
        CannotAskError: none is up, or not this one.
    """
    ready = background_lab.ready_files(labs)
    alive = [(path, said) for path, said in ready if background_lab.is_alive(said)]
    if not alive:
        found = f"{len(ready)} were up and are gone" if ready else "none was ever brought up"
        raise CannotAskError(f"no lab is up below {labs} ({found}). Bring one up with: make lab-up")
    chosen = [(path, said) for path, said in alive if lab_id in ("", path.parent.name)]
    if not chosen:
        up = ", ".join(sorted(path.parent.name for path, _ in alive))
        raise CannotAskError(f"the lab {lab_id} is not up; those that are: {up}. Leave the id out, and the newest is asked")
    deployed = [(path, said) for path, said in chosen if said["outputs"]]
    if not deployed:
        path, said = chosen[-1]
        raise CannotAskError(
            f"nothing is deployed in the lab {path.parent.name} yet. Deploy with: make up STACK={said['stack']}"
        )
    path, said = deployed[-1]
    return _on_azure(path.parent, said) if said["cloud"] == "azure" else _on_aws(path.parent, said)


def aws_client(service: str, said: Mapping[str, Any]) -> Any:
    """One attempt, at the emulator of AWS that a ready file names for the service."""
    endpoints = Endpoints(said["endpoints"][MOTOS], said["endpoints"][OTHERS])
    return client_at(endpoints, service, said["outputs"]["cliConfig"]["region"])


def _on_aws(folder: Path, said: Mapping[str, Any]) -> RunningLab:
    config = said["outputs"]["cliConfig"]
    desk = TableDesk(aws_client("dynamodb", said), config["stateTable"], config["site"])
    machines = Ec2Machines(aws_client("ec2", said), desk.site)
    return RunningLab(folder, said, desk, machines, f"table {desk.table}", (BotoCoreError, ClientError))


def _on_azure(folder: Path, said: Mapping[str, Any]) -> RunningLab:
    from lab.blob_desk import SILENT, BlobDesk  # noqa: PLC0415 - a lab of AWS needs nothing of Azure
    from lab.providers.azure_native import process  # noqa: PLC0415 - same

    desk = BlobDesk.of(process.blobs(said["pulumi"]), said["outputs"])
    machines = AzureMachines(process.cloud(said["pulumi"]))
    return RunningLab(folder, said, desk, machines, f"container {desk.container.url}", SILENT)
