"""What every AWS handler shares: the cloud that it talks to, tags, names, waits, and "gone already".

Only the handlers beside this file import it.
"""

import secrets
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from lab.providers.confirm import unconfirmed
from lab.providers.handler import Ask, CannotUpdateError, Handler, NotReadyError, State
from lab.providers.plain import pascal
from lab.recording import Created

T = TypeVar("T")

NAME_SUFFIX_BYTES = 4
"""Behind an automatic name stand `-` and 7 hex digits, as the provider does it."""

NO_CALL = "the emulator has no call that changes it"

NAMES = frozenset({"name", "namePrefix"})
"""What begins or is a name; where there is one, another one is another resource."""

REGION = frozenset({"region"})
"""An input of every type but IAM's: the resource is in that region, so another one is another resource (the provider's own
rule, terraform-provider-aws 6, "Enhanced Region Support"). The lab has one region; what asks for one gets a gap."""

WAIT_DEADLINE_S = 60.0
"""Longest wait for a resource to become ready; an emulator with a latency profile takes seconds."""


def fixed(**values: Any) -> Mapping[str, Any]:
    """Values that nobody can change, for what a class says of its type."""
    return MappingProxyType(values)


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


class Retag(Protocol):
    """Changes the tags of something that exists; there is one for each service (`lab.providers.aws.tagging`)."""

    def __call__(self, cloud: Cloud, state: State, put: Mapping[str, str], gone: Sequence[str]) -> None:
        """Set the tags in `put` and take away those named in `gone`; either may be empty."""
        ...


class AwsHandler(Handler):
    """A handler that talks to one account in one region, in four steps that each type fills in."""

    gone: ClassVar[tuple[str, ...]]
    """The error codes by which the service says that there is no such resource."""

    changes: ClassVar[frozenset[str]] = frozenset()
    """Inputs that this type changes in place, the tags apart. Of `untold`, those that are not here need no call."""

    retag: ClassVar[Retag | None] = None
    """How the service changes tags, as a `staticmethod`; None: the type has none."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def create(self, ask: Ask) -> Created:
        """Make it, then read it as the provider does; an input that reading does not confirm becomes a gap.

        Raises:
            NotReadyError: it was made, and did not become ready or cannot be read; the error says what was made.
        """
        self._look_at(ask, [*self.untold, *self._as_by_default(ask)])
        made = self._make(ask)
        if ask.is_not_made:
            return Created(made.id, made.outputs)
        outputs = self._when_ready(State(made.id, {**ask.inputs, **made.outputs}), ask)
        self._compare(ask, outputs, frozenset(ask.inputs))
        return Created(made.id, {**made.outputs, **outputs})

    def update(self, state: State, ask: Ask, changed: frozenset[str]) -> Created:
        """Change the tags, then the rest, then read it as `create` does; with one input that cannot be changed, nothing.

        Inputs that are as they were are not looked at again: what of them is a gap was one when the resource was made.

        Raises:
            CannotUpdateError: the lab knows no way to change one of these in place.
            NotReadyError: it was changed and cannot be read.
        """
        taggable = {"tags"} if self.retag else set[str]()
        if beyond := changed - self.changes - self.untold - taggable:
            raise CannotUpdateError(self.type, beyond)
        self._look_at(ask, [*self.untold, *self._as_by_default(ask), *set(ask.inputs) - changed])
        if "tags" in changed:
            self._change_tags(state, ask.get("tags") or {})
        if steps := changed & self.changes:
            self._change(state, ask, steps)
        outputs = self._outputs(State(state.id, {**state.outputs, **ask.inputs}))
        if outputs is None:
            raise NotReadyError(f"{state.id} was changed and cannot be found")
        self._compare(ask, outputs, changed)
        return Created(state.id, outputs)

    def read(self, state: State) -> Mapping[str, Any] | None:
        """Its outputs now; None when it is gone."""
        return found(lambda: self._outputs(state), *self.gone)

    def delete(self, state: State) -> None:
        """Remove it, unless the program said that it is to stay; no error when it is gone already."""
        if state.outputs.get("skipDestroy"):
            return
        with unless_gone(*self.gone):
            self._remove(state)

    def client(self, service: str) -> Any:
        """The client of that service."""
        return self.cloud.client(service)

    def _when_ready(self, made: State, ask: Ask) -> Mapping[str, Any]:
        """What the cloud says of what was just made; whatever goes wrong here leaves it behind, so its id is kept."""
        try:
            wait_until(f"{self.type.rpartition(':')[2]} {made.id}", lambda: self.ready(made))
            self._finish(made, ask)
            outputs = self._outputs(made)
        except (NotReadyError, ClientError, BotoCoreError) as exc:
            raise NotReadyError(str(exc), made) from exc
        if outputs is None:
            raise NotReadyError(f"{made.id} was created and cannot be found", made)
        return outputs

    def _compare(self, ask: Ask, outputs: Mapping[str, Any], which: frozenset[str]) -> None:
        known = {gap.what for gap in ask.gaps()}
        passed_over = {*self.untold, *(name for name in self._as_by_default(ask) if name not in outputs)}
        asked = {name: value for name, value in ask.inputs.items() if name in which - passed_over}
        for what, why in unconfirmed(asked, outputs):
            if not {what, what.partition(".")[0]} & known:
                ask.gap(what, why)

    def _as_by_default(self, ask: Ask) -> list[str]:
        """The inputs that the cloud meets without being asked, because they say what the provider says for everybody."""
        return [name for name, value in self.defaults.items() if name in ask and ask.inputs[name] == value]

    def _look_at(self, ask: Ask, names: Iterable[str]) -> None:
        for name in names:
            ask.get(name)

    def _change_tags(self, state: State, wanted: Mapping[str, str]) -> None:
        before: Mapping[str, str] = state.outputs.get("tagsAll") or state.outputs.get("tags") or {}
        put = {key: value for key, value in wanted.items() if before.get(key) != value}
        if self.retag:
            self.retag(self.cloud, state, put, [key for key in before if key not in wanted])

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        """Change these of `changes` to what `ask` wants; never called without any."""
        del state, ask
        raise CannotUpdateError(self.type, changed)

    @abstractmethod
    def _make(self, ask: Ask) -> State:
        """Make the resource; its id, and outputs that the cloud will not tell again.

        What the cloud makes at leisure is waited for by `ready`, which asks once: a wait in here that fails loses the id.
        """

    def _finish(self, made: State, ask: Ask) -> None:
        """What can be asked of it only once it is ready; what fails here and is one of `changes`, the next update does."""

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


def is_unknown_action(exc: ClientError) -> bool:
    """Whether ministack has no such call at all; it says so with one of the service's own errors."""
    return str(exc.response.get("Error", {}).get("Message", "")).startswith("Unknown action")


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
