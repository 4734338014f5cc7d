"""Azure Storage's ways for `state`: whole blobs, on condition of their ETag, and errors as the port has them.

A read of a blob is strongly consistent, and a write with `If-Match` is carried out or refused as one (Azure Storage, "Manage
concurrency in Blob Storage", read 2026-11). Azure's own blob leases are not used: none is shorter than 15 s, and a request
that was sent under one may be carried out after it has ended.

Two operations of the service's REST interface are all that is needed, Get Blob and Put Blob, and they are spoken here over
azure-core alone: Microsoft's client for blobs brings a compiled package along (docs/adr/0011).

May import `errors`, and azure-core.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from azure.core import PipelineClient
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from azure.core.rest import HttpRequest, HttpResponse

from failover_lambda.errors import ConflictError, StoreUnavailableError

CONNECT_S: Final = 1
READ_S: Final = 2
"""Timeouts of each call, seconds; `contract.Settings.call_again_s` is above their sum."""

API_VERSION: Final = "2024-11-04"
"""Of the service (Blob service REST API, "Versioning for Azure Storage")."""

SCOPE: Final = "https://storage.azure.com/.default"
"""What a token has to be for (Blob service REST API, "Authorize with Microsoft Entra ID")."""

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
    age_s: float | None = None
    """How long ago it was written when it was read, by the store's own clock, in whole seconds; None = that was not said."""


class Container:
    """A container's address and a client for it, which tries each call once, with short timeouts.

    Whether to ask again is decided by the rule, after reading.
    """

    def __init__(self, url: str, authentication: Any, *, read_s: float = READ_S) -> None:
        """`url` as in `Settings.record_table`; `authentication` is a policy of azure-core."""
        self.url = url.rstrip("/")
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            self.url, policies=[authentication], connection_timeout=CONNECT_S, read_timeout=read_s
        )

    def send(self, method: str, name: str, headers: Mapping[str, str], content: bytes | None = None) -> HttpResponse:
        """One request about a blob, and its whole answer, whatever that says. Raises what azure-core raises."""
        common = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": API_VERSION}
        url = f"{self.url}/{quote(name, safe='')}"
        return self._client.send_request(HttpRequest(method, url, headers={**common, **headers}, content=content))


def container(url: str, credential: Any) -> Container:
    """The record's container, for whoever `credential` says that we are."""
    return Container(url, BearerTokenCredentialPolicy(credential, SCOPE))


class Blobs:
    """The blobs of one container. Its methods may be called from many threads at once."""

    def __init__(self, client: Container, now_s: Callable[[], float] = time.time) -> None:
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
        try:
            answer = self._asked(f"read {name}", HTTPStatus.OK, lambda: self._client.send("GET", name, {}))
        except _AnsweredError as exc:
            if exc.code == NO_SUCH_BLOB:
                return None
            raise StoreUnavailableError(str(exc)) from exc
        etag = answer.headers.get("ETag", "")
        if not etag:
            raise StoreUnavailableError(f"read {name}: an answer without an ETag")
        return Blob(answer.content, etag, _age_s(answer.headers))

    def put(self, name: str, text: bytes, instead_of: Blob | None) -> None:
        """Write the blob in place of the one that was read; None = there must be none.

        Raises:
            ConflictError: another one stands there; nothing was written by this call.
            StoreUnavailableError: no answer; it may or may not have been written.
        """
        condition = {"If-None-Match": "*"} if instead_of is None else {"If-Match": instead_of.etag}
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream", **condition}
        try:
            self._asked(f"write {name}", HTTPStatus.CREATED, lambda: self._client.send("PUT", name, headers, text))
        except _AnsweredError as exc:
            if exc.code in CONDITION_FAILED:
                raise ConflictError(f"write {name}: another one stands there") from exc
            raise StoreUnavailableError(str(exc)) from exc

    def _asked(self, what: str, good: HTTPStatus, send: Callable[[], HttpResponse]) -> HttpResponse:
        """Call once, and learn how the clocks differ from an answer that came whole.

        An answer that names no request did not come from the service: a gateway that asks for a sign-in answers 200 as well.

        Raises:
            _AnsweredError: the service answered with an error.
            StoreUnavailableError: no answer, or one that did not come whole.
        """
        try:
            answer = send()
        except Exception as exc:  # no answer, or one that cannot be read; an SDK raises more than its own errors
            raise StoreUnavailableError(f"{what}: no answer: {type(exc).__name__}: {exc}") from exc
        if REQUEST_ID not in answer.headers:
            raise StoreUnavailableError(f"{what}: answered {answer.status_code}, not by the storage account")
        self._compare_clocks(answer.headers)
        if answer.status_code != good:
            raise _AnsweredError(what, answer.status_code, answer.headers.get(ERROR_CODE, ""))
        return answer

    def _compare_clocks(self, headers: Mapping[str, str]) -> None:
        dated_s = _dated_s(headers.get("Date", ""))
        if dated_s is not None:
            self.clock_offset_s = dated_s - self._now_s()


def _age_s(headers: Mapping[str, str]) -> float | None:
    dated_s, written_s = _dated_s(headers.get("Date", "")), _dated_s(headers.get("Last-Modified", ""))
    return None if dated_s is None or written_s is None else dated_s - written_s


class _AnsweredError(Exception):
    """The service's own error. Attribute: its code."""

    def __init__(self, what: str, status: int, code: str) -> None:
        self.code = code
        super().__init__(f"{what}: answered {status} {code}")


def _dated_s(date: str) -> float | None:
    """When the store wrote the answer, by its own clock; None where nobody can read it."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return None
