"""Azure Storage's ways for `state`: whole blobs, on condition of their ETag, and errors as the port has them.

A read of a blob is strongly consistent, and a write with `If-Match` is carried out or refused as one (Azure Storage, "Manage
concurrency in Blob Storage", read 2026-11). Azure's own blob leases are not used: none is shorter than 15 s, and a request
that was sent under one may be carried out after it has ended.

May import `errors`, and the storage SDK.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient

from failover_lambda.errors import ConflictError, StoreUnavailableError

T = TypeVar("T")

CONNECT_S: Final = 1
READ_S: Final = 2
"""Timeouts of each call, seconds; `contract.Settings.call_again_s` is above their sum. A body that breaks off is asked for
twice more by the SDK itself, a second apart: that cannot be switched off (12.31), and is only ever a read."""

NO_SUCH_BLOB: Final = "BlobNotFound"
"""Any other 404 says that the container is missing, or that somebody else answered."""

CONDITION_FAILED: Final = frozenset({"BlobAlreadyExists", "ConditionNotMet", NO_SUCH_BLOB})
"""Error codes of a write whose condition was looked at and was false (Blob service REST API, "Blob service error codes")."""

REQUEST_ID: Final = "x-ms-request-id"
ERROR_CODE: Final = "x-ms-error-code"
"""Headers of every answer of the service, and of every error (Blob service REST API, "Common response headers")."""


@dataclass(frozen=True, slots=True)
class Blob:
    """What was read, and what tells it from a later one."""

    text: bytes
    etag: str


def container(account_url: str, name: str, credential: Any, *, read_s: float = READ_S) -> ContainerClient:
    """A client that tries each call once, with short timeouts; the rule decides whether to ask again, after reading."""
    return ContainerClient(
        account_url, name, credential=credential, connection_timeout=CONNECT_S, read_timeout=read_s, retry_total=0
    )


class Blobs:
    """The blobs of one container. Its methods may be called from many threads at once."""

    def __init__(self, client: ContainerClient, now_s: Callable[[], float] = time.time) -> None:
        """`now_s` is our own wall clock, with which the store's is compared."""
        self._client = client
        self._now_s = now_s
        self.clock_offset_s: float | None = None
        """By the Date header of the last whole answer: in whole seconds, at most 3 s old when it was read (our timeouts)."""

    def get(self, name: str) -> Blob | None:
        """The blob as it is now; None = there surely is none.

        Raises:
            StoreUnavailableError: no answer that says so.
        """

        def read(hook: Callable[[Any], None]) -> Blob:
            stream = self._client.download_blob(name, raw_response_hook=hook)
            return Blob(stream.readall(), str(stream.properties.etag or ""))

        try:
            blob = self._asked(f"read {name}", read)
        except _AnsweredError as exc:
            if exc.code == NO_SUCH_BLOB:
                return None
            raise StoreUnavailableError(str(exc)) from exc
        if not blob.etag:
            raise StoreUnavailableError(f"read {name}: an answer without an ETag")
        return blob

    def put(self, name: str, text: bytes, instead_of: Blob | None) -> None:
        """Write the blob in place of the one that was read; None = there must be none.

        Raises:
            ConflictError: another one stands there; nothing was written by this call.
            StoreUnavailableError: no answer; it may or may not have been written.
        """
        condition: dict[str, Any] = {"overwrite": False}
        if instead_of is not None:
            condition = {"overwrite": True, "etag": instead_of.etag, "match_condition": MatchConditions.IfNotModified}

        def write(hook: Callable[[Any], None]) -> object:
            blob = self._client.get_blob_client(name)
            return blob.upload_blob(text, length=len(text), raw_response_hook=hook, **condition)

        try:
            self._asked(f"write {name}", write)
        except _AnsweredError as exc:
            if exc.code in CONDITION_FAILED:
                raise ConflictError(f"write {name}: another one stands there") from exc
            raise StoreUnavailableError(str(exc)) from exc

    def _asked(self, what: str, call: Callable[[Callable[[Any], None]], T]) -> T:
        """Call once, and learn how the clocks differ from an answer that came whole.

        An answer that names no request did not come from the service: a gateway that asks for a sign-in answers 200 as well.

        Raises:
            _AnsweredError: the service answered with an error.
            StoreUnavailableError: no answer, or one that did not come whole.
        """
        headers: dict[str, str] = {}
        try:
            told = call(lambda answer: headers.update(_lowered(answer.http_response.headers)))
        except HttpResponseError as exc:
            if REQUEST_ID not in headers:
                raise StoreUnavailableError(f"{what}: answered {exc.status_code}, not by the storage account") from exc
            self._compare_clocks(headers)
            raise _AnsweredError(what, exc.status_code, headers.get(ERROR_CODE, "")) from exc
        except Exception as exc:  # no answer, or one that cannot be read; an SDK raises more than its own errors
            raise StoreUnavailableError(f"{what}: no answer: {type(exc).__name__}: {exc}") from exc
        if REQUEST_ID not in headers:
            raise StoreUnavailableError(f"{what}: an answer that did not come whole from the storage account")
        self._compare_clocks(headers)
        return told

    def _compare_clocks(self, headers: Mapping[str, str]) -> None:
        dated_s = _dated_s(headers.get("date", ""))
        if dated_s is not None:
            self.clock_offset_s = dated_s - self._now_s()


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class _AnsweredError(Exception):
    """The service's own error. Attribute: its code."""

    def __init__(self, what: str, status: int | None, code: str) -> None:
        self.code = code
        super().__init__(f"{what}: answered {status} {code}")


def _dated_s(date: str) -> float | None:
    """When the store wrote the answer, by its own clock; None where nobody can read it."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return None
