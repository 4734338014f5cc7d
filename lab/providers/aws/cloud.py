"""What every AWS handler shares: the cloud that it talks to, tags, names, waits, and "gone already".

Only the handlers beside this file import it.
"""

import secrets
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from lab.providers.confirm import unconfirmed
from lab.providers.handler import Ask, Handler, NotReadyError, State
from lab.providers.plain import pascal
from lab.recording import Created

T = TypeVar("T")

NAME_SUFFIX_BYTES = 4
"""Behind an automatic name stand `-` and 7 hex digits, as the provider does it."""

WAIT_DEADLINE_S = 60.0
"""Longest wait for a resource to become ready; an emulator with a latency profile takes seconds."""


def as_text(value: Any) -> str:
    """A plain value as attributes hold it, which are all texts."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class ClientFactory(Protocol):
    """Makes a boto3 client by the service's name, as `lab.emulators.Emulators.client` does: one attempt, short timeouts."""

    def __call__(self, service: str, read_timeout_s: float = ...) -> Any:
        """A client of that service that waits so long for an answer."""
        ...


class Cloud:
    """One account in one region; keeps one client per service, which threads may share."""

    def __init__(self, make_client: ClientFactory, *, region: str, account_id: str, partition: str = "aws") -> None:
        self.region = region
        self.account_id = account_id
        self.partition = partition
        self._make_client = make_client
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()

    def client(self, service: str) -> Any:
        """The client of that service."""
        with self._making:
            if service not in self._clients:
                self._clients[service] = self._make_client(service)
            return self._clients[service]

    def patient_client(self, service: str, read_timeout_s: float) -> Any:
        """A client of that service for one call that takes long."""
        return self._make_client(service, read_timeout_s)

    def arn(self, service: str, resource: str) -> str:
        """The name of a resource of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"


class AwsHandler(Handler):
    """A handler that talks to one account in one region, in three steps that each type fills in."""

    gone: ClassVar[tuple[str, ...]]
    """The error codes by which the service says that there is no such resource."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def create(self, ask: Ask) -> Created:
        """Make it, then read it as the provider does; an input that reading does not confirm becomes a gap.

        Raises:
            NotReadyError: it was made, and did not become ready or cannot be read; the error says what was made.
        """
        for name in self.untold:
            ask.get(name)
        made = self._make(ask)
        if ask.is_not_made:
            return Created(made.id, made.outputs)
        outputs = self._when_ready(State(made.id, {**ask.inputs, **made.outputs}))
        self._compare(ask, outputs)
        return Created(made.id, {**made.outputs, **outputs})

    def read(self, state: State) -> Mapping[str, Any] | None:
        """Its outputs now; None when it is gone."""
        return found(lambda: self._outputs(state), *self.gone)

    def delete(self, state: State) -> None:
        """Remove it; no error when it is gone already."""
        with unless_gone(*self.gone):
            self._remove(state)

    def client(self, service: str) -> Any:
        """The client of that service."""
        return self.cloud.client(service)

    def _when_ready(self, made: State) -> Mapping[str, Any]:
        """What the cloud says of what was just made; whatever goes wrong here leaves it behind, so its id is kept."""
        try:
            wait_until(f"{self.type.rpartition(':')[2]} {made.id}", lambda: self.ready(made))
            outputs = self._outputs(made)
        except (NotReadyError, ClientError, BotoCoreError) as exc:
            raise NotReadyError(str(exc), made) from exc
        if outputs is None:
            raise NotReadyError(f"{made.id} was created and cannot be found", made)
        return outputs

    def _compare(self, ask: Ask, outputs: Mapping[str, Any]) -> None:
        known = {gap.what for gap in ask.gaps()}
        asked = {name: value for name, value in ask.inputs.items() if name not in self.untold}
        for what, why in unconfirmed(asked, outputs):
            if not {what, what.partition(".")[0]} & known:
                ask.gap(what, why)

    @abstractmethod
    def _make(self, ask: Ask) -> State:
        """Make the resource; its id, and outputs that the cloud will not tell again.

        What the cloud makes at leisure is waited for by `ready`, which asks once: a wait in here that fails loses the id.
        """

    @abstractmethod
    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        """What the cloud says of it; None, or an error with a code in `gone`, when it is not there."""

    @abstractmethod
    def _remove(self, state: State) -> None:
        """Remove it; an error with a code in `gone` is no error."""


def physical_name(ask: Ask, key: str = "name") -> str:
    """The name that the program gave, or the logical name with a random tail, as the provider makes it."""
    given = ask.get(key)
    return given or f"{ask.name}-{secrets.token_hex(NAME_SUFFIX_BYTES)[1:]}"


def tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


def tag_map(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """The inverse of `tag_list`."""
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


def ec2_tags(ask: Ask, resource_type: str) -> dict[str, Any]:
    """The tags of an EC2 resource that is being created, as a keyword argument; nothing when there are none."""
    tags = tag_list(ask.get("tags"))
    return {"TagSpecifications": [{"ResourceType": resource_type, "Tags": tags}]} if tags else {}


def tagged(tags: Mapping[str, str]) -> dict[str, Any]:
    """The two outputs that every taggable resource has."""
    return {"tags": dict(tags), "tagsAll": dict(tags)} if tags else {"tagsAll": {}}


def told(answer: Mapping[str, Any], *keys: str, **renamed: str) -> dict[str, Any]:
    """The inverse of `Ask.pick`: what the cloud's answer says, by the provider's names; what it leaves empty is left out."""
    names = {pascal(key): key for key in keys} | renamed
    return {key: answer[name] for name, key in names.items() if answer.get(name) not in (None, "", [], {})}


def error_code(exc: ClientError) -> str:
    """The cloud's short name of the error."""
    return str(exc.response.get("Error", {}).get("Code", ""))


@contextmanager
def unless_gone(*codes: str) -> Generator[None]:
    """Passes over the errors that say that what was to be deleted is not there."""
    try:
        yield
    except ClientError as exc:
        if error_code(exc) not in codes:
            raise


def found(ask_cloud: Callable[[], T | None], *codes: str) -> T | None:
    """What the call returns; None when it fails with one of these codes, which say that nothing is there."""
    try:
        return ask_cloud()
    except ClientError as exc:
        if error_code(exc) in codes:
            return None
        raise


def wait_until(what: str, ready: Callable[[], bool], deadline_s: float = WAIT_DEADLINE_S) -> None:
    """Ask again and again, with growing pauses of 20 to 500 ms.

    Raises:
        NotReadyError: naming what did not become ready, and after how long.
    """
    end = time.monotonic() + deadline_s
    pause = 0.02
    while not ready():
        if time.monotonic() > end:
            raise NotReadyError(f"{what} was not ready after {deadline_s:.0f} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)
