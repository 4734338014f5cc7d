"""The form of the engine's calls: what a request is about, and how an answer or a failure is told.

Here: protocol buffers and metadata. Not here: any decision. Only `lab.providers.servicer` imports this file.
"""

import contextlib
from collections.abc import Generator, Mapping
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2

from lab import urns
from lab.providers.comparison import Change, Kind
from lab.providers.naming import Mode, Naming
from lab.providers.plain import hide, secrets_in, sentence
from lab.providers.protocol import provider_pb2, status_pb2

_KINDS = {
    (Kind.ADD, False): provider_pb2.PropertyDiff.ADD,
    (Kind.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (Kind.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (Kind.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    (Kind.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (Kind.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}
_MODES = (Mode.PROPOSE, Mode.ENFORCE, Mode.DISABLE)

DETAILS = "grpc-status-details-bin"
"""Where gRPC carries what a failure says beside its message."""


class _AnsweredError(Exception):
    """The call's answer is a failure whose details are set already."""


def type_of(request: Any) -> str:
    """The type token of the resource that the call is about."""
    return request.type or urns.type_of(request.urn)


def name_of(request: Any) -> str:
    """Its name in the program."""
    return request.name or urns.name_of(request.urn)


def asked(request: Any, how: str) -> str:
    """The resource, and what became of the call; for messages."""
    return f"{type_of(request)} {name_of(request)!r} {how}"


def naming_of(request: Any) -> Naming:
    """What the engine gives for an automatic name."""
    if request.HasField("autonaming"):
        return Naming(request.randomSeed, _MODES[request.autonaming.mode], request.autonaming.proposed_name)
    return Naming(request.randomSeed)


def detail_of(change: Change) -> Any:
    """One leaf of a comparison, as the engine displays it."""
    return provider_pb2.PropertyDiff(kind=_KINDS[change.kind, change.replaces], inputDiff=change.of_inputs)


def answer_half_made(context: Any, message: str, half_made: Any) -> NoReturn:
    """Fail the call so that the engine keeps the resource's id (`ErrorResourceInitFailed`); inside `failing` only."""
    detail = any_pb2.Any()
    detail.Pack(half_made)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message, details=[detail])
    context.set_trailing_metadata(((DETAILS, status.SerializeToString()),))
    raise _AnsweredError(message)


@contextlib.contextmanager
def failing(context: Any, what: str, values: Mapping[str, Any]) -> Generator[None]:
    """Turns any error into the protocol's, in words that name what failed and hide the secrets among the values."""
    try:
        yield
    except _AnsweredError as exc:
        context.abort(grpc.StatusCode.UNKNOWN, str(exc))
    except Exception as exc:  # noqa: BLE001 - the edge of the process: the engine reports it
        context.abort(grpc.StatusCode.UNKNOWN, f"{what}: {hide(sentence(exc), secrets_in(dict(values)))}")
