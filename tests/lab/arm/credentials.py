"""Who asks the emulated Resource Manager by Microsoft's clients: a token that says so, over plain HTTP."""

import time
from dataclasses import dataclass
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import SansIOHTTPPolicy


@dataclass(frozen=True)
class Credential:
    """A token that says who it is."""

    identity: str

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(f"oid:{self.identity}", int(time.time()) + 3600)


class PlainHttp(SansIOHTTPPolicy[Any, Any]):
    """Lets a token travel without TLS, which the clients refuse otherwise."""

    def on_request(self, request: Any) -> None:
        request.context.options.setdefault("enforce_https", False)
