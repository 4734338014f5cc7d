"""The provider as Pulumi's engine sees it: one method per call of the protocol, over the lab's handlers.

Theory of operation. The engine decodes the program's inputs, asks `Check` (are they whole? what is added?), `Diff` against
the state, then `Create`, `Update` or `Delete`; `Read` refreshes. Nothing is kept here between two calls: what is
remembered stands in the state (`memory`). The decisions are those of the provider's `Customs`, pure functions mostly. Here
they meet the wire.

Secrets arrive marked, are revealed for the cloud's call only, and an output whose input was secret leaves marked. Every
error names type, resource and the cloud's reason, with the secrets in it hidden. Called on many threads at once.

Not here: the process (`server`), any cloud. Method names with a capital are the protocol's own.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from google.protobuf import empty_pb2
from google.protobuf.struct_pb2 import Struct

from lab.providers import gap_log, package
from lab.providers.calls import answer_half_made, asked, detail_of, failing, name_of, naming_of, type_of
from lab.providers.checking import with_defaults
from lab.providers.comparison import Change
from lab.providers.customs import ConfigurationError, Customs
from lab.providers.faults import Faults
from lab.providers.handler import Handler, NotReadyError, State
from lab.providers.memory import META, Memory
from lab.providers.naming import DEFAULTED
from lab.providers.plain import Secret, from_wire, hide, reveal, secret_names, secrets_in, sentence, to_wire
from lab.providers.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from lab.providers.registry import NoHandlerError
from lab.providers.rules import Verb
from lab.recording import Created

Configure = Callable[[Mapping[str, Any]], Customs]
"""Makes the customs of a configured provider of its options; ConfigurationError with every fault."""


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One provider of one package."""

    def __init__(self, name: str, configure: Configure, faults: Faults, gaps: Path | None) -> None:
        self._name = name
        self._configure = configure
        self._faults = faults
        self._gaps = gaps
        self._customs: Customs | None = None

    # The provider itself

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Say what the provider understands."""
        del request, context
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=True, accept_outputs=False, supports_autonaming_configuration=True
        )

    def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Nothing: the engine's address is known from the command line."""
        del request, context
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """The version of the provider that this one stands for: the one whose package is installed."""
        del request, context
        return plugin_pb2.PluginInfo(version=package.version(self._name))

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """The options as they are; what is wrong with them is told by `Configure`, where all of them are known."""
        del context
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Another option is no reason for another provider; a resource in another region is another one by itself."""
        del context
        olds, news = from_wire(request.old_inputs or request.olds), from_wire(request.news)
        names = sorted(name for name in olds.keys() | news.keys() if reveal(olds.get(name)) != reveal(news.get(name)))
        changes = provider_pb2.DiffResponse.DIFF_SOME if names else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=changes, diffs=names)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Take the options."""
        options = from_wire(request.args)
        with failing(context, f"provider {self._name}", options):
            self._customs = self._configure(reveal(options))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True, supports_autonaming_configuration=True
        )

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """End what hangs. What has begun is finished, as with bridged providers, and the engine waits for it."""
        del request, context
        self._faults.cancel()
        return empty_pb2.Empty()

    # Resources

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Say what is missing, and add a name and what the provider computes; what came in goes back as it came."""
        news, olds = from_wire(request.news), from_wire(request.olds)
        with failing(context, asked(request, "cannot be checked"), news):
            handler = self._handler(request, news)
            checked = self._configured().checked(handler, name_of(request), news, olds, naming_of(request))
        inputs = Struct()
        inputs.CopyFrom(request.news)
        inputs.MergeFrom(to_wire(checked.added))
        failures = [provider_pb2.CheckFailure(property=key, reason=why) for key, why in checked.failures.items()]
        return provider_pb2.CheckResponse(inputs=inputs, failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Say what an update would change, and whether it needs a new resource."""
        news = from_wire(request.news)
        with failing(context, asked(request, "cannot be compared"), news):
            handler = self._handler(request, news)
            changes = self._changes(handler, request, news)
            first = self._configured().deletes_first(handler, from_wire(request.old_inputs), news)
        replaces = sorted({each.top for each in changes if each.replaces})
        stable = sorted(name for name in handler.replaces if "." not in name and name not in replaces)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE,
            replaces=replaces,
            stables=stable,
            deleteBeforeReplace=bool(replaces) and first,
            diffs=sorted({each.top for each in changes}),
            detailedDiff={each.text: detail_of(each) for each in changes},
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Make a resource; in a preview, say what is known of it: its inputs."""
        inputs = from_wire(request.properties)
        with failing(context, asked(request, "could not be created"), inputs):
            handler = self._handler(request, inputs)
            wanted = with_defaults(handler, inputs)
            if request.preview:
                said = self._configured().previewed(handler, wanted, {}, {})
                return provider_pb2.CreateResponse(properties=to_wire(said))
            try:
                created = self._create(handler, request, wanted)
            except NotReadyError as exc:
                self._unready(context, request, exc, handler, inputs)
            outputs = self._outputs(wanted, created, Memory().after((), created.gaps))
            return provider_pb2.CreateResponse(id=created.id, properties=to_wire(outputs))

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Say what is there now; an empty id = nothing. What was not ready and is not yet is an error again."""
        inputs, known = from_wire(request.inputs), from_wire(request.properties)
        with failing(context, asked(request, "could not be read"), {**known, **inputs}):
            handler, memory = self._handler(request, inputs), Memory.of(known)
            if memory.is_not_made:
                return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
            state = self._state(handler, request.id, inputs, known)
            told = self._faults.around(handler.type, Verb.READ, lambda: handler.read(state))
            if told is None:
                return provider_pb2.ReadResponse()
            customs = self._configured()
            told = customs.outputs(inputs, told)
            if known:
                now = customs.drifted(handler, inputs, known, told, memory.unconfirmed)
            else:
                now = customs.adopted(handler, request.id, told)
            if memory.unready and not handler.ready(state):
                error = NotReadyError(memory.unready, State(request.id, told))
                self._unready(context, request, error, handler, now)
            still = replace(memory, unready="")
            recorded = customs.recorded(with_defaults(handler, now), told)
            marked = _marked(recorded, secret_names(known) | secret_names(inputs))
            outputs = to_wire({**marked, **still.outputs()})
            return provider_pb2.ReadResponse(id=request.id, properties=outputs, inputs=to_wire(now))

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Change a resource in place; in a preview, say what is known of it then."""
        news, known = from_wire(request.news), from_wire(request.olds)
        with failing(context, asked(request, "could not be updated"), {**known, **news}):
            handler, memory = self._handler(request, news), Memory.of(known)
            wanted = with_defaults(handler, news)
            if request.preview:
                said = self._configured().previewed(handler, wanted, known, from_wire(request.old_inputs))
                return provider_pb2.UpdateResponse(properties=to_wire(said))
            changed = self._changed(self._changes(handler, request, news))
            state = self._state(handler, request.id, from_wire(request.old_inputs), known)
            try:
                updated = self._update(handler, request, state, wanted, changed)
                _ensure_ready(handler, state, memory)
            except NotReadyError as exc:
                self._unready(context, request, NotReadyError(str(exc), exc.made or state), handler, news)
            outputs = self._outputs(wanted, updated, memory.after(changed, updated.gaps))
            return provider_pb2.UpdateResponse(properties=to_wire(outputs))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Remove a resource; no error when it is gone already."""
        inputs, known = from_wire(request.old_inputs), from_wire(request.properties)
        with failing(context, asked(request, "could not be deleted"), {**known, **inputs}):
            handler = self._handler(request, inputs)
            if not Memory.of(known).is_not_made:
                state = self._state(handler, request.id, inputs, known)
                self._faults.around(handler.type, Verb.DELETE, lambda: handler.delete(state))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Ask one function of the provider."""
        arguments = from_wire(request.args)
        with failing(context, f"{request.tok} could not be asked", arguments):
            registry = self._configured().registry(arguments)
            ask = lambda: registry.invoke(request.tok, reveal(arguments))  # noqa: E731 - one call, made later
            result = to_wire(self._faults.around(request.tok, Verb.INVOKE, ask))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(result)  # the protocol's name is a Python keyword
        return response

    # Between the two

    def _configured(self) -> Customs:
        if self._customs is None:
            raise ConfigurationError(["it was not configured yet"])
        return self._customs

    def _handler(self, request: Any, inputs: Mapping[str, Any]) -> Handler:
        registry, type_token = self._configured().registry(inputs), type_of(request)
        if type_token not in registry.handlers:
            raise NoHandlerError("handler", type_token, registry.handlers)
        return registry.handlers[type_token]

    def _for_handler(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return self._configured().for_handler(reveal(_without_defaulted(inputs)))

    def _state(self, handler: Handler, resource_id: str, inputs: Mapping[str, Any], known: Mapping[str, Any]) -> State:
        """What exists, as a handler knows it: outputs laid over the inputs."""
        outputs = {name: value for name, value in known.items() if name != META}
        return State(resource_id, self._for_handler({**with_defaults(handler, inputs), **outputs}))

    def _changes(self, handler: Handler, request: Any, news: Mapping[str, Any]) -> list[Change]:
        olds, known = from_wire(request.old_inputs), from_wire(request.olds)
        return self._configured().changes(handler, olds, known, news, request.ignoreChanges)

    def _changed(self, changes: list[Change]) -> frozenset[str]:
        """The inputs that changed, by the names that a handler knows."""
        names = {each.top for each in changes}
        return frozenset(self._configured().for_handler(dict.fromkeys(names, True)))

    def _create(self, handler: Handler, request: Any, wanted: Mapping[str, Any]) -> Created:
        registry, inputs = self._configured().registry(wanted), self._for_handler(wanted)
        make = lambda: registry.create(handler.type, name_of(request), inputs)  # noqa: E731 - one call, made later
        created = self._faults.around(handler.type, Verb.CREATE, make)
        gap_log.write(created.gaps, self._gaps)
        return created

    def _update(
        self, handler: Handler, request: Any, state: State, wanted: Mapping[str, Any], changed: frozenset[str]
    ) -> Created:
        """Change it; where nothing is to be changed (the engine repeats what failed half-way) read it."""
        registry, inputs = self._configured().registry(wanted), self._for_handler(wanted)

        def change() -> Created:
            if changed or self._configured().writes_unchanged:
                return registry.update(handler.type, name_of(request), state, inputs, changed)
            told = handler.read(state)
            if told is None:
                raise LookupError(f"{state.id} is not there any more; a refresh tells the engine so")
            return Created(state.id, told)

        updated = self._faults.around(handler.type, Verb.UPDATE, change)
        gap_log.write(updated.gaps, self._gaps)
        return updated

    def _outputs(self, inputs: Mapping[str, Any], created: Created, memory: Memory) -> dict[str, Any]:
        """The inputs with what the cloud told laid over them; what went in secret comes out secret."""
        customs = self._configured()
        told = customs.recorded(inputs, customs.outputs(inputs, created.outputs))
        marked = _marked(told, secret_names(inputs))
        return {**marked, **memory.outputs()}

    def _unready(
        self, context: Any, request: Any, error: NotReadyError, handler: Handler, inputs: Mapping[str, Any]
    ) -> NoReturn:
        """Tell the engine that the resource is there and not ready, so that it keeps the id; else plainly that it failed."""
        if error.made is None:
            raise error
        reason = hide(sentence(error), secrets_in(dict(inputs)))
        created = Created(error.made.id, error.made.outputs)
        told = self._outputs(with_defaults(handler, inputs), created, Memory(unready=reason))
        half_made = provider_pb2.ErrorResourceInitFailed(
            id=error.made.id, properties=to_wire(told), reasons=[reason], inputs=to_wire(inputs)
        )
        answer_half_made(context, f"{asked(request, 'is there and not ready')}: {reason}", half_made)


def _ensure_ready(handler: Handler, state: State, memory: Memory) -> None:
    if memory.unready and not handler.ready(state):
        raise NotReadyError(memory.unready)


def _without_defaulted(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name != DEFAULTED}


def _marked(outputs: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """The outputs with those of these names wrapped, unless they hold their marks already."""
    return {
        name: Secret(value) if name in names and not any(secrets_in(value)) else value for name, value in outputs.items()
    }
