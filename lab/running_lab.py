"""A lab that is up, found again by its ready file: its folder, its workers, and an operator's desk at its record.

The SDK of a cloud is imported when a lab of that cloud is found: who plays with one cloud needs nothing of the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import background_lab
from lab.asking import Desk, TableDesk
from lab.aws_cloud import MOTOS, OTHERS
from lab.emulators import LAB_KEY_ID
from lab.endpoints import Endpoints
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
    import boto3  # noqa: PLC0415 - see the module's docstring
    from botocore.config import Config  # noqa: PLC0415 - same

    make: Any = boto3.client  # its overloads know literal names only
    return make(
        service,
        endpoint_url=Endpoints(said["endpoints"][MOTOS], said["endpoints"][OTHERS]).of(service),
        region_name=said["outputs"]["cliConfig"]["region"],
        aws_access_key_id=LAB_KEY_ID,
        aws_secret_access_key="lab",  # noqa: S106 - the emulator takes any
        config=Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1}, proxies={}),
    )


def _on_aws(folder: Path, said: Mapping[str, Any]) -> RunningLab:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see the module's docstring

    config = said["outputs"]["cliConfig"]
    desk = TableDesk(aws_client("dynamodb", said), config["stateTable"], config["site"])
    return RunningLab(folder, said, desk, f"table {desk.table}", (BotoCoreError, ClientError))


def _on_azure(folder: Path, said: Mapping[str, Any]) -> RunningLab:
    from azure.core.exceptions import AzureError  # noqa: PLC0415 - see the module's docstring
    from azure.storage.blob import ContainerClient  # noqa: PLC0415 - same

    from lab.blob_desk import BlobDesk, InboxBusyError  # noqa: PLC0415 - same
    from lab.providers.azure_native.blobs import KEY, Blobs  # noqa: PLC0415 - same
    from lab.providers.azure_native.process import BLOB, CERTIFICATE  # noqa: PLC0415 - same

    outputs, found_by = said["outputs"], said["pulumi"]
    blobs = Blobs(found_by[BLOB], found_by[CERTIFICATE])
    url = blobs.found_at(str(outputs["stateTable"]))
    once: dict[str, Any] = {"connection_timeout": 2, "read_timeout": 10, "retry_total": 0}
    client = ContainerClient.from_container_url(url, credential=KEY, connection_verify=blobs.trusted, **once)
    desk = BlobDesk(client, str(outputs["cliConfig"]["site"]))
    return RunningLab(folder, said, desk, f"container {url}", (AzureError, InboxBusyError))
