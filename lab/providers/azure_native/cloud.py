"""One subscription of the emulated Azure, as a provider sees it: documents that are written, awaited, read and deleted.

Here: what a PUT or DELETE needs until it has ended. The resource itself is read until its state is a last one; why it
failed is then asked of its operation. Not here: what stands in a body (`mapping`), or which type it is (`handlers`).
"""

import functools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lab.providers.azure_native.blobs import Blobs
from lab.providers.azure_native.client import NOT_FOUND, Answer, AzureError, Client, Json

GROUPS_API = "2024-03-01"
SUBSCRIPTIONS_API = "2022-12-01"
DEADLINE_S = 900.0
"""Longest wait for one operation; the real provider waits for two hours."""
FIRST_LOOK_S, LOOK_S = 0.02, 1.0
"""The first pause between two looks, and the longest."""

ENDED_BADLY = frozenset({"Failed", "Canceled"})
ENDED = ENDED_BADLY | {"Succeeded", ""}


class NotEndedError(Exception):
    """An operation failed, or did not end in time; `document` is what stands there then."""

    def __init__(self, message: str, document: Json) -> None:
        super().__init__(message)
        self.document = document


class AlreadyThereError(Exception):
    """A resource was to be made that is there; in the real provider's words."""

    def __init__(self, resource_id: str) -> None:
        super().__init__(f"cannot create already existing resource '{resource_id}'")


@dataclass(frozen=True)
class Cloud:
    """Where a provider's resources are.

    Attributes:
        client: asks in the deployer's name.
        subscription: the one there is.
        location: of what says none and lies in no group; "" where the configuration has none.
        blobs: where the contents of storage accounts are; None: nowhere, and a blob is refused.
    """

    client: Client
    subscription: str
    location: str = ""
    blobs: Blobs | None = None
    _locations: dict[str, str] = field(default_factory=dict[str, str])

    def get(self, resource_id: str, api: str) -> Json | None:
        """The document; None where there is none.

        Raises:
            AzureError: another refusal than that it is missing.
        """
        try:
            return self.client.ask("GET", resource_id, api).body
        except AzureError as exc:
            if exc.status == NOT_FOUND:
                return None
            raise

    def put(self, resource_id: str, api: str, body: Json) -> Json:
        """Write a document and wait until it stands.

        Raises:
            AzureError: it was refused, and nothing has changed.
            NotEndedError: it was accepted, and then failed.
        """
        answer = self.client.ask("PUT", resource_id, api, body)
        document = answer.body
        if state_of(document) not in ENDED or (answer.status == 202 and not document):
            document = self.wait_ended(resource_id, api)
        if state_of(document) in ENDED_BADLY:
            raise NotEndedError(self._why(answer, resource_id, document), document)
        return document

    def wait_ended(self, resource_id: str, api: str) -> Json:
        """Look at what is there until its state is a last one, well or badly; the document then.

        Raises:
            AzureError: it is not there.
            NotEndedError: it did not end in time.
        """
        deadline_s, pause_s = time.monotonic() + DEADLINE_S, FIRST_LOOK_S
        while state_of(document := self.client.ask("GET", resource_id, api).body) not in ENDED:
            if time.monotonic() > deadline_s:
                raise NotEndedError(f"{resource_id} is {state_of(document)} after {DEADLINE_S:.0f} s", document)
            time.sleep(pause_s)
            pause_s = min(LOOK_S, pause_s * 2)
        return document

    def delete(self, resource_id: str, api: str) -> None:
        """Delete a document and wait until it is gone; no error where it is.

        Raises:
            AzureError: it was refused.
            NotEndedError: it was accepted, and then failed.
        """
        try:
            answer = self.client.ask("DELETE", resource_id, api)
        except AzureError as exc:
            if exc.status == NOT_FOUND:
                return
            raise
        deadline_s, looked = time.monotonic() + DEADLINE_S, FIRST_LOOK_S
        while answer.status == 202 and (document := self.get(resource_id, api)) is not None:
            if state_of(document) in ENDED_BADLY:
                raise NotEndedError(self._why(answer, resource_id, document), document)
            if time.monotonic() > deadline_s:
                raise NotEndedError(f"{resource_id} is still there after {DEADLINE_S:.0f} s", document)
            time.sleep(looked)
            looked = min(LOOK_S, looked * 2)

    def location_of(self, group: str) -> str:
        """Where a group lies; "" where there is no such group. Asked once."""
        if group not in self._locations:
            found = self.get(f"/subscriptions/{self.subscription}/resourceGroups/{group}", GROUPS_API)
            if found is None:
                return ""
            self._locations[group] = str(found.get("location", ""))
        return self._locations[group]

    @functools.cached_property
    def tenant(self) -> str:
        """The directory of the subscription."""
        found = self.client.ask("GET", f"/subscriptions/{self.subscription}", SUBSCRIPTIONS_API)
        return str(found.body.get("tenantId", ""))

    def _why(self, answer: Answer, resource_id: str, document: Json) -> str:
        """Why an operation failed, as it tells it itself."""
        url = answer.headers.get("azure-asyncoperation", "")
        error: Mapping[str, Any] = {}
        if url:
            parts = urlsplit(url)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            error = self.client.ask("GET", _without_version(path), GROUPS_API).body.get("error") or {}
        if not error:
            return f"{resource_id} is {state_of(document)}"
        return f'Code="{error.get("code", "")}" Message="{error.get("message", "")}"'


def state_of(document: Mapping[str, Any]) -> str:
    """The provisioningState; "" where the type has none."""
    properties = document.get("properties")
    return str(properties.get("provisioningState") or "") if isinstance(properties, Mapping) else ""


def _without_version(path: str) -> str:
    at, _, query = path.partition("?")
    kept = "&".join(part for part in query.split("&") if part and not part.startswith("api-version="))
    return f"{at}?{kept}" if kept else at
