"""Asks the emulated Resource Manager over HTTP, on this machine only, with the patience of the real provider's client.

As pulumi-azure-native (`provider/pkg/azure/client_azcore.go`): 408, 429, 500, 502, 503, 504, a broken connection and 409
AnotherOperationInProgress are tried again, after what Retry-After says; everything else is the caller's to hear. Its first
pause without that header is 20 s and grows; here it is short, because nobody waits for an emulator.
"""

import http.client
import ipaddress
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

Json = dict[str, Any]

AGAIN = frozenset({408, 429, 500, 502, 503, 504})
IN_PROGRESS = "AnotherOperationInProgress"
ATTEMPTS_MAX = 8
FIRST_PAUSE_S = 0.2
ANSWER_S = 60.0
"""Longest wait for one answer."""
NOT_FOUND = 404


class NotTheLabError(Exception):
    """Azure would be looked for outside this machine."""


class AzureError(Exception):
    """Azure refused a call; the message has its code and its words, as the real provider prints them."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        super().__init__(f'Status={status} Code="{code}" Message="{message}"')


class UnreachableError(Exception):
    """No answer came, as often as it was tried."""


@dataclass(frozen=True)
class Answer:
    """One answer that is no error."""

    status: int
    body: Json
    headers: Mapping[str, str]


def local(url: str, name: str) -> str:
    """The URL, when it is one of this machine.

    Raises:
        NotTheLabError: it is not.
    """
    parts = urlsplit(url)
    try:
        is_here = parts.scheme in {"http", "https"} and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        raise NotTheLabError(f"{name} is {url!r}: the lab's provider talks to emulators on this machine only")
    return url.rstrip("/")


@dataclass(frozen=True)
class Client:
    """Asks in one caller's name; threads may share it."""

    endpoint: str
    caller: str

    def ask(self, method: str, path: str, api: str, body: Json | None = None) -> Answer:
        """One call, tried again as long as it may help.

        Raises:
            AzureError: a refusal.
            UnreachableError: no answer.
        """
        pause_s, last = FIRST_PAUSE_S, ""
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                answer = self._once(method, path, api, body)
            except (OSError, http.client.HTTPException) as exc:
                last, wait_s = f"{type(exc).__name__}: {exc}", pause_s
            else:
                error = _error_of(answer)
                if error is None:
                    return answer
                if attempt == ATTEMPTS_MAX or not (answer.status in AGAIN or error.code == IN_PROGRESS):
                    raise error
                last, wait_s = str(error), _retry_after_s(answer, pause_s)
            if attempt < ATTEMPTS_MAX:
                time.sleep(wait_s)
            pause_s *= 2
        raise UnreachableError(
            f"{method} {path} at {self.endpoint}: no answer in {ATTEMPTS_MAX} attempts; the last one: {last}"
        )

    def _once(self, method: str, path: str, api: str, body: Json | None) -> Answer:
        at, _, query = path.partition("?")
        url = f"{quote(at)}?{query + '&' if query else ''}{urlencode({'api-version': api})}"
        parts = urlsplit(self.endpoint)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_S)
        headers = {"Authorization": f"Bearer oid:{self.caller}", "Content-Type": "application/json; charset=utf-8"}
        try:
            connection.request(method, url, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            said = response.read()
        finally:
            connection.close()
        return Answer(response.status, json.loads(said) if said else {}, {k.lower(): v for k, v in response.getheaders()})


def _error_of(answer: Answer) -> AzureError | None:
    if answer.status < 400:
        return None
    error = answer.body.get("error") or {}
    return AzureError(answer.status, str(error.get("code", "")), str(error.get("message", "")))


def _retry_after_s(answer: Answer, otherwise_s: float) -> float:
    try:
        return float(answer.headers["retry-after"])
    except (KeyError, ValueError):
        return otherwise_s
