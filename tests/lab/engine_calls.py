"""Plays Pulumi's engine for one provider: the calls of the protocol, in plain values, in the engine's own order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import grpc
from google.protobuf import empty_pb2

from lab.providers.calls import DETAILS
from lab.providers.plain import from_wire, to_wire
from lab.providers.protocol import OPTIONS, provider_pb2, provider_pb2_grpc, status_pb2

ANSWER_S = 30.0
"""Far above what any call here takes; it ends a hang, it measures nothing."""


class CheckFailedError(Exception):
    """The provider found the inputs wanting."""

    def __init__(self, failures: Mapping[str, str]) -> None:
        self.failures = failures
        super().__init__(str(failures))


@dataclass(frozen=True)
class Resource:
    """One resource as a state has it."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    id: str = ""
    outputs: Mapping[str, Any] | None = None

    @property
    def urn(self) -> str:
        """As of a stack without components."""
        return f"urn:pulumi:dev::small::{self.type}::{self.name}"


class Calls:
    """A connection to a provider."""

    def __init__(self, port: int) -> None:
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS)
        self.stub = provider_pb2_grpc.ResourceProviderStub(self.channel)

    def configure(self, **options: str) -> Any:
        """Shake hands and configure."""
        self.stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1"), timeout=ANSWER_S)
        return self.stub.Configure(provider_pb2.ConfigureRequest(args=to_wire(options)), timeout=ANSWER_S)

    def check(self, type_token: str, name: str, news: Mapping[str, Any], old: Resource | None = None) -> Resource:
        """The resource with the inputs that the provider makes of these; CheckFailedError when it finds them wanting."""
        asked = Resource(type_token, name, news)
        answer = self.stub.Check(
            provider_pb2.CheckRequest(
                urn=asked.urn,
                type=type_token,
                name=name,
                news=to_wire(news),
                olds=to_wire(old.inputs if old else {}),
                randomSeed=b"seed",
            ),
            timeout=ANSWER_S,
        )
        if answer.failures:
            raise CheckFailedError({each.property: each.reason for each in answer.failures})
        return replace(old or asked, inputs=from_wire(answer.inputs))

    def diff(self, old: Resource, news: Mapping[str, Any], ignored: tuple[str, ...] = ()) -> Any:
        """What the provider says of a change of inputs."""
        request = provider_pb2.DiffRequest(
            id=old.id,
            urn=old.urn,
            type=old.type,
            name=old.name,
            olds=to_wire(old.outputs or {}),
            old_inputs=to_wire(old.inputs),
            news=to_wire(news),
            ignoreChanges=ignored,
        )
        return self.stub.Diff(request, timeout=ANSWER_S)

    def create(self, new: Resource, *, preview: bool = False) -> Resource:
        """Make it."""
        request = provider_pb2.CreateRequest(
            urn=new.urn, type=new.type, name=new.name, properties=to_wire(new.inputs), preview=preview
        )
        answer = self.stub.Create(request, timeout=ANSWER_S)
        return replace(new, id=answer.id, outputs=from_wire(answer.properties))

    def up(self, type_token: str, name: str, news: Mapping[str, Any]) -> Resource:
        """Check it, and make it."""
        return self.create(self.check(type_token, name, news))

    def read(self, known: Resource) -> Resource | None:
        """It, as it is now; None when it is gone."""
        request = provider_pb2.ReadRequest(
            id=known.id,
            urn=known.urn,
            type=known.type,
            name=known.name,
            properties=to_wire(known.outputs or {}),
            inputs=to_wire(known.inputs),
        )
        answer = self.stub.Read(request, timeout=ANSWER_S)
        return replace(known, inputs=from_wire(answer.inputs), outputs=from_wire(answer.properties)) if answer.id else None

    def update(self, old: Resource, news: Mapping[str, Any], *, preview: bool = False) -> Resource:
        """Change it to these inputs, checked already."""
        request = provider_pb2.UpdateRequest(
            id=old.id,
            urn=old.urn,
            type=old.type,
            name=old.name,
            olds=to_wire(old.outputs or {}),
            old_inputs=to_wire(old.inputs),
            news=to_wire(news),
            preview=preview,
        )
        answer = self.stub.Update(request, timeout=ANSWER_S)
        return replace(old, inputs=news, outputs=from_wire(answer.properties))

    def delete(self, known: Resource) -> None:
        """Remove it."""
        request = provider_pb2.DeleteRequest(
            id=known.id,
            urn=known.urn,
            type=known.type,
            name=known.name,
            properties=to_wire(known.outputs or {}),
            old_inputs=to_wire(known.inputs),
        )
        self.stub.Delete(request, timeout=ANSWER_S)

    def invoke(self, token: str, **arguments: Any) -> dict[str, Any]:
        """Ask a function."""
        answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=to_wire(arguments)), timeout=ANSWER_S)
        return from_wire(getattr(answer, "return"))

    def cancel(self) -> None:
        """Say that the run is over."""
        self.stub.Cancel(empty_pb2.Empty(), timeout=ANSWER_S)


def half_made(error: grpc.RpcError) -> Any:
    """What the engine keeps of a resource whose creation failed; None where it keeps nothing."""
    call: Any = error
    metadata = dict(call.trailing_metadata())
    if DETAILS not in metadata:
        return None
    status = status_pb2.Status.FromString(metadata[DETAILS])
    kept = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(kept)
    assert (status.code, status.message) == (grpc.StatusCode.UNKNOWN.value[0], call.details())
    return kept


def said(error: grpc.RpcError) -> str:
    """The message of a failed call."""
    call: Any = error
    return str(call.details())
