"""Creates, reads, updates and deletes the resources of every type of the table, all in the same way.

As the real provider: Create looks first whether it is there; Update writes the *whole* resource, made of the inputs, so that
whatever the inputs do not name is gone from it; only lists that are resources of their own (a network's subnets) are read
and written back where the program says nothing of them. What the inputs do not say, the real provider does not keep.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from lab.providers.azure_native import sources
from lab.providers.azure_native.cloud import ENDED_BADLY, AlreadyThereError, Cloud, NotEndedError, state_of
from lab.providers.azure_native.mapping import Json, at, body_of, outputs_of, put, standing
from lab.providers.azure_native.names import HIDDEN, made_name
from lab.providers.azure_native.tables import Row, table
from lab.providers.handler import UNKNOWN_INPUT, Ask, Handler, NotReadyError, State
from lab.providers.naming import Naming
from lab.recording import Created

API = "azureApiVersion"

NOWHERE = frozenset({"azure-native:resources:Deployment"})
"""Types that have a location, and in a resource group none (`AutoLocationDisabled`)."""


class ArmHandler(Handler):
    """A handler of one row of the table."""

    row: ClassVar[Row]

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def create(self, ask: Ask) -> Created:
        """Make it, and wait until it stands.

        Raises:
            AlreadyThereError: it is there.
            AzureError: Azure refused it.
            NotReadyError: it was accepted and failed; the error says what stands there.
        """
        inputs = self.whole(ask.name, ask.inputs, {}, Naming())
        resource_id = self.row.id_of(inputs, self.cloud.subscription)
        self.look_first(resource_id, inputs)
        body = self._body(ask, inputs, resource_id)
        for path in self.row.standalone:
            where = standing(self.row, path)
            if at(body, where) is None:
                put(body, where, [])
        return self._created(resource_id, self._put(resource_id, body, inputs), inputs)

    def update(self, state: State, ask: Ask, changed: frozenset[str]) -> Created:
        """Write the whole resource anew, out of the inputs; the lists that are resources of their own stay."""
        del changed
        body = self._body(ask, ask.inputs, state.id)
        unsaid = [standing(self.row, path) for path in self.row.standalone]
        unsaid = [where for where in unsaid if at(body, where) is None]
        if unsaid:
            there = self.document(state.id) or {}
            for where in unsaid:
                if (kept := at(there, where)) is not None:
                    put(body, where, kept)
        return self._created(state.id, self._put(state.id, body, ask.inputs), ask.inputs)

    def read(self, state: State) -> Mapping[str, Any] | None:
        """The outputs as the document tells them now."""
        found = self.document(state.id)
        return None if found is None else self.told(found, state.outputs)

    def ready(self, state: State) -> bool:
        """Whether its last operation ended well."""
        return state_of(self.document(state.id) or {}) not in ENDED_BADLY

    def delete(self, state: State) -> None:
        """Delete it, and wait until it is gone."""
        self.cloud.delete(state.id, self.row.api)

    # What a type may do in its own way

    def look_first(self, resource_id: str, inputs: Mapping[str, Any]) -> None:
        """Refuse to make what is there."""
        del inputs
        if self.document(resource_id) is not None:
            raise AlreadyThereError(resource_id)

    def document(self, resource_id: str) -> Json | None:
        """What stands there; None for nothing."""
        return self.cloud.get(resource_id, self.row.api)

    def told(self, document: Json, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs."""
        del inputs
        return outputs_of(self.row, document)

    # What every type does alike

    def whole(self, name: str, news: Mapping[str, Any], olds: Mapping[str, Any], naming: Naming) -> dict[str, Any]:
        """The inputs with what the provider adds: name, location, api-version."""
        whole = {**news, **made_name(self.row, name, news, olds, naming)}
        if "location" in self.row.inputs and "location" not in whole and self.type not in NOWHERE:
            location = self._location(whole, olds)
            whole |= {"location": location} if location else {}
        if self.row.api and API not in whole:
            whole[API] = self.row.api
        return whole

    def _location(self, news: Mapping[str, Any], olds: Mapping[str, Any]) -> Any:
        if "location" in olds:
            return olds["location"]
        if self.cloud.location:
            return self.cloud.location
        group = news.get("resourceGroupName")
        return self.cloud.location_of(group) if isinstance(group, str) else group

    def _body(self, ask: Ask, inputs: Mapping[str, Any], resource_id: str) -> Json:
        given = {key: value for key, value in inputs.items() if not key.startswith(HIDDEN)}
        body, unknown = body_of(self.row, given, resource_id)
        for key in ask.inputs:
            ask.get(key)
        for path in unknown:
            ask.gap(path, UNKNOWN_INPUT)
        return body

    def _put(self, resource_id: str, body: Json, inputs: Mapping[str, Any]) -> Json:
        try:
            return self.cloud.put(resource_id, self.row.api, body)
        except NotEndedError as exc:
            made = State(str(exc.document.get("id") or resource_id), self.told(exc.document, inputs))
            raise NotReadyError(str(exc), made) from exc

    def _created(self, resource_id: str, document: Json, inputs: Mapping[str, Any]) -> Created:
        return Created(str(document.get("id") or resource_id), self.told(document, inputs))


def handler_of(token: str, kind: type[ArmHandler] = ArmHandler) -> type[ArmHandler]:
    """The handler of one row, of a kind that may do some of it in its own way."""
    found = table().rows[token]

    class Own(kind):
        """One type."""

        type: ClassVar[str] = token
        row: ClassVar[Row] = found
        named: ClassVar[str] = found.named
        required: ClassVar[frozenset[str]] = found.required
        replaces: ClassVar[frozenset[str]] = sources.replaces(found)

    Own.__name__ = Own.__qualname__ = token.rpartition(":")[2]
    return Own
