"""What comes in and what goes out, as values: a request, a reply, a refusal in Azure's form. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
"""A JSON object, as a body or a part of one."""


@dataclass(frozen=True)
class Request:
    """One call.

    Attributes:
        method: in capitals.
        path: without the query.
        query: names as they were written.
        headers: names in lower case.
        body: None: there was none.
        base_url: where the caller found us, "http://127.0.0.1:8080"; operation URLs begin with it.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Json | None = None
    base_url: str = ""

    @property
    def token(self) -> str:
        """The bearer token; empty without one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else ""

    @property
    def api_version(self) -> str:
        """Empty where the caller gave none."""
        return self.query.get("api-version", "")

    def flag(self, name: str) -> bool:
        """Whether an option of the query is true, in whatever letter case."""
        return any(key.lower() == name.lower() and value.lower() == "true" for key, value in self.query.items())


@dataclass(frozen=True)
class Reply:
    """One answer; a body of None is an empty one."""

    status: int
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def error(self) -> str | None:
        """Azure's error code, if it is an error."""
        if self.status < 400:
            return None
        error: Any = (self.body or {}).get("error", {})
        return str(error.get("code", self.status))


@dataclass(frozen=True)
class Lost:
    """No answer: the connection is cut."""


LOST = Lost()


@dataclass(frozen=True)
class Refusal:
    """Why a call is not carried out, or how an operation failed.

    Attributes:
        status: of the answer; of a failed operation nobody sees it.
        code: Azure's.
        message: Azure's words where they are known.
        details: code and message of the details.
        retry_after_s: seconds, for the header; None: no such header.
    """

    status: int
    code: str
    message: str
    details: tuple[tuple[str, str], ...] = ()
    retry_after_s: int | None = None

    def error(self) -> Json:
        """The error object."""
        return {
            "code": self.code,
            "message": self.message,
            "details": [{"code": code, "message": message} for code, message in self.details],
        }

    def reply(self) -> Reply:
        """The whole answer."""
        headers = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
        return Reply(self.status, {"error": self.error()}, headers)


class RefusedError(Exception):
    """Carries a refusal from where it was found to the answer."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(f"{refusal.status} {refusal.code}: {refusal.message}")


def parsed(body: bytes) -> Json | None:
    """A body as JSON.

    Raises:
        RefusedError: it is no JSON object.
    """
    if not body:
        return None
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise RefusedError(
            Refusal(400, "InvalidRequestContent", "The request content was invalid and could not be deserialized.")
        )
    return value
