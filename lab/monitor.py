"""The monitor behind which the lab's engine stands: one answer per request of the Pulumi SDK.

Here: the SDK's two services, `Monitor` (resources, invokes) and `Log` (messages), for one run. Not here: how a run is set
up and ended, which is `lab.engine`; nothing else imports this file. Method names with a capital are the protocol's own.
"""

import contextlib
import threading
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime import mocks
from pulumi.runtime.proto import engine_pb2, resource_pb2

from lab.providers.plain import Secret, from_wire, hide, reveal, secret_names, secrets_in, sentence, to_wire
from lab.recording import PROVIDER_TYPE_PREFIX, STACK_TYPE, Created, Gap, Registration, urn

Creator = Callable[[str, str, Mapping[str, Any]], Created]
"""(type token, logical name, inputs) -> what came out. Inputs are plain and camelCase, their secrets revealed."""

Invoker = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""(function token, arguments) -> result; plain and camelCase both."""

FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
)
"""What the SDK may ask of the monitor. Transforms, hooks and their like are left out on purpose: then the SDK refuses a
program that uses them, where the mock monitor would accept them and do nothing."""


@dataclass(frozen=True)
class Failure:
    """The first thing that failed."""

    message: str
    cause: Exception | None
    """None where the cause's own words would show a secret."""


class _StoppedError(Exception):
    """Something else failed first, so this was not begun."""


class Log:
    """The SDK's other service: takes the program's messages (`pulumi.log`)."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.errors: list[str] = []

    def Log(self, request: engine_pb2.LogRequest) -> None:  # noqa: N802 - the protocol's name
        """Take one message; what is meant for debugging is dropped."""
        if request.severity == engine_pb2.ERROR:
            self.errors.append(request.message)
        elif request.severity != engine_pb2.DEBUG:
            self.messages.append(request.message)


class _NoMocks(mocks.Mocks):
    """The base class wants one; every method of it that would ask one is overridden."""

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise NotImplementedError(args.token)

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        raise NotImplementedError(args.typ)


class Monitor(mocks.MockMonitor):
    """Records what the program registers and answers with what `create` returns; called on several threads at once."""

    def __init__(self, project: str, stack: str, create: Creator, invoke: Invoker) -> None:
        super().__init__(_NoMocks())
        self.project = project
        self.stack = stack
        self.failure: Failure | None = None
        self._create = create
        self._invoke = invoke
        self._lock = threading.Lock()
        self._begun: set[str] = set()
        self._registrations: dict[str, Registration] = {}
        self.outputs: Mapping[str, Any] = {}
        self._gaps: list[Gap] = []

    @property
    def registrations(self) -> tuple[Registration, ...]:
        """What has been registered so far, in the order of completion."""
        with self._lock:
            return tuple(self._registrations.values())

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What was not applied so far, sorted by resource."""
        with self._lock:
            return tuple(sorted(self._gaps, key=lambda gap: (gap.type, gap.name, gap.what)))

    def GetDeploymentInfo(  # noqa: N802 - the protocol's name
        self,
        request: empty_pb2.Empty,  # noqa: ARG002 - the protocol's
    ) -> resource_pb2.DeploymentInfo:
        """What the SDK may ask for."""
        return resource_pb2.DeploymentInfo(supportedFeatures=FEATURES)

    def RegisterResource(  # noqa: N802 - the protocol's name
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """Create one resource, or note one component, and answer with its outputs."""
        address = urn(
            stack=self.stack, project=self.project, parent=request.parent, type_token=request.type, name=request.name
        )
        inputs = from_wire(request.object)
        with self._failing(f"{request.type} {request.name!r} could not be created", inputs):
            self._begin(address, request)
            created = self._created(request, inputs)
            outputs = _marked(created.outputs, secret_names(inputs) | set(request.additionalSecretOutputs))
            wire = to_wire(outputs)
        if request.type != STACK_TYPE:
            self._record(_registration(request, address, inputs, created.id, outputs), created.gaps)
        return resource_pb2.RegisterResourceResponse(urn=address, id=created.id, object=wire)

    def RegisterResourceOutputs(  # noqa: N802 - the protocol's name
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> empty_pb2.Empty:
        """Take the outputs of a component, or those of the stack."""
        outputs = from_wire(request.outputs)
        with self._lock:
            if request.urn in self._registrations:
                self._registrations[request.urn] = replace(self._registrations[request.urn], outputs=outputs)
            else:
                self.outputs = outputs
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802 - the protocol's
        """Ask one function of the provider."""
        arguments = from_wire(request.args)
        with self._failing(f"{request.tok} could not be asked", arguments):
            result = to_wire(self._invoke(request.tok, arguments))
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(result)  # the protocol's name is a Python keyword
        return response

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> Any:  # noqa: N802 - the protocol's name
        """Refuse: the lab's resources all begin in its own run."""
        with self._failing(f"{request.type} {request.name!r} could not be read", {}):
            raise NotImplementedError("the lab's engine adopts no existing resources (`.get`)")

    def _begin(self, address: str, request: resource_pb2.RegisterResourceRequest) -> None:
        if request.remote or request.importId:
            raise NotImplementedError("the lab's engine has neither remote components nor imports")
        with self._lock:
            if address in self._begun:
                raise ValueError(f"the program registers it twice ({address})")
            self._begun.add(address)

    def _created(self, request: resource_pb2.RegisterResourceRequest, inputs: Mapping[str, Any]) -> Created:
        if not request.custom:
            return Created("")
        if request.type.startswith(PROVIDER_TYPE_PREFIX):
            return Created(str(uuid.uuid4()))  # as the engine does; a reference is URN::id
        return self._create(request.type, request.name, reveal(inputs))

    def _record(self, registration: Registration, gaps: Sequence[Gap]) -> None:
        with self._lock:
            self._registrations[registration.urn] = registration
            self._gaps.extend(gaps)

    @contextlib.contextmanager
    def _failing(self, what: str, inputs: Mapping[str, Any]) -> Generator[None]:
        """Keeps the first failure for `deploy` to raise; refuses to begin anything after it."""
        if self.failure is not None:
            raise _StoppedError(what)
        try:
            yield
        except Exception as exc:
            said = hide(sentence(exc), secrets_in(inputs))
            with self._lock:
                if self.failure is None:
                    self.failure = Failure(f"{what}: {said}", exc if said == sentence(exc) else None)
            raise


def _registration(
    request: resource_pb2.RegisterResourceRequest,
    address: str,
    inputs: Mapping[str, Any],
    resource_id: str,
    outputs: Mapping[str, Any],
) -> Registration:
    return Registration(
        type=request.type,
        name=request.name,
        urn=address,
        custom=request.custom,
        inputs=inputs,
        parent=request.parent,
        depends_on=tuple(sorted(request.dependencies)),
        provider=request.provider,
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        delete_before_replace=request.deleteBeforeReplace,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        id=resource_id,
        outputs={**inputs, **outputs},
    )


def _marked(outputs: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """The outputs with those of these names wrapped: what went in secret comes out secret."""
    return {
        name: Secret(value) if name in names and not isinstance(value, Secret) else value for name, value in outputs.items()
    }
