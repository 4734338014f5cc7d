"""Who the function is to Azure: its managed identity, asked for tokens at the endpoint that the platform names.

azure-identity would do the same and more, but needs `cryptography`, a compiled package (docs/adr/0011). What App Service and
Functions offer is one GET: "How to use managed identities for App Service and Azure Functions", section "REST endpoint
reference" (read 2026-11). The variables hold the endpoint and a secret that others on the machine do not know; both change
when the platform moves the function, and with them the process.

May import azure-core.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

API_VERSION: Final = "2019-08-01"
TIMEOUT_S: Final = 5.0
"""Of one question. The first one of a process is answered slower than all others."""

RENEW_LEFT_S: Final = 1800.0
"""A token with less than this left is renewed, while it still serves. Tokens live for a day, and clients throw one away that
has less than five minutes left."""

USABLE_LEFT_S: Final = 60.0
"""One with less left is not given out any more."""

AGAIN_S: Final = 30.0
"""From a renewal that failed to the next, while the old token serves."""

CLIENT_VARIABLE: Final = "TANDEM_CLIENT_ID"
"""Which of the function's identities; an identity that is assigned by a user has to be named."""

_DEFAULT: Final = "/.default"
_QUOTED_MAX: Final = 200


@dataclass(frozen=True)
class _Held:
    """A token, and when a new one is to be asked for."""

    token: AccessToken
    renew_s: float


class ManagedIdentity:
    """A credential as azure-core's clients take it. May be used by many threads at once; they share what was asked for."""

    def __init__(self, environment: Mapping[str, str], now_s: Callable[[], float] = time.time) -> None:
        """From `IDENTITY_ENDPOINT`, `IDENTITY_HEADER` and `TANDEM_CLIENT_ID`.

        Raises:
            ValueError: one of them is missing: the function has no identity.
        """
        missing = [name for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", CLIENT_VARIABLE) if not environment.get(name)]
        if missing:
            raise ValueError(f"the function has no identity to ask tokens with: {', '.join(missing)} is missing or empty")
        self._endpoint = environment["IDENTITY_ENDPOINT"]
        self._secret = environment["IDENTITY_HEADER"]
        self._client_id = environment[CLIENT_VARIABLE]
        self._now_s = now_s
        self._held: dict[str, _Held] = {}
        self._one_at_a_time = threading.Lock()

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """The token for one scope, from the last answer while that is good; with `claims` a new one (it was refused).

        Raises:
            ClientAuthenticationError: there is none that is good, and none was to be had: nothing was sent with one.
        """
        (scope,) = scopes
        with self._one_at_a_time:
            held, now_s = self._held.get(scope), self._now_s()
            if held and now_s < held.renew_s and not options.get("claims"):
                return held.token
            try:
                token = self._asked(scope.removesuffix(_DEFAULT))
            except ClientAuthenticationError:
                if held is None or held.token.expires_on - now_s < USABLE_LEFT_S:
                    raise
                self._held[scope] = replace(held, renew_s=_renew_s(held.token, now_s))
                return held.token
            self._held[scope] = _Held(token, _renew_s(token, now_s))
            return token

    def _asked(self, resource: str) -> AccessToken:
        """One GET; no proxy of the environment is in its way."""
        url = urlsplit(self._endpoint)
        query = urlencode({"resource": resource, "api-version": API_VERSION, "client_id": self._client_id})
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=TIMEOUT_S)
        try:
            connection.request("GET", f"{url.path}?{query}", headers={"X-IDENTITY-HEADER": self._secret})
            answer = connection.getresponse()
            status, text = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as exc:
            raise ClientAuthenticationError(f"no token for {resource}: {type(exc).__name__}: {exc}") from exc
        finally:
            connection.close()
        if status != HTTPStatus.OK:
            raise ClientAuthenticationError(f"no token for {resource}: answered {status} {text[:_QUOTED_MAX]!r}")
        try:
            said = json.loads(text)
            return AccessToken(str(said["access_token"]), int(said["expires_on"]))
        except (KeyError, TypeError, ValueError) as exc:
            raise ClientAuthenticationError(f"no token for {resource}: an answer that cannot be read") from exc


def _renew_s(token: AccessToken, now_s: float) -> float:
    """When the next one is asked for: early, not again and again, and before this one ends."""
    return min(max(token.expires_on - RENEW_LEFT_S, now_s + AGAIN_S), token.expires_on - USABLE_LEFT_S)
