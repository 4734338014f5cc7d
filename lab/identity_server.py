"""The endpoint that gives a function the tokens of its managed identity, as App Service has it.

    python -m lab.identity_server --identity OBJECT-ID --client-id CLIENT --secret TEXT

A token for storage is a JSON Web Token that Azurite reads (`--oauth basic`: issuer, audience and times, no signature). One
for anything else is what the emulated Resource Manager reads (`lab.arm.access`). Whoever asks without the secret, for
another client or by another version is refused. Speaks the control protocol: `ready` with `endpoint`, one `token` for each
that was given. Command: `answer` (status: 200 = tokens again) refuses whoever asks from then on.
"""

import argparse
import base64
import json
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, cast
from urllib.parse import parse_qs, urlsplit

from lab.control import Answer, Command, Console, run_child, unknown

HOST: Final = "127.0.0.1"
PATH: Final = "/msi/token"
API_VERSION: Final = "2019-08-01"
STORAGE: Final = "https://storage.azure.com"
TENANT: Final = "00000000-0000-0000-0000-00000000000f"
LIFE_S: Final = 86_400
_EARLIER_S: Final = 60
"""A token holds from a little before now, as two clocks may differ."""


def token_for(resource: str, identity: str, now_s: float) -> str:
    """What whoever answers for `resource` takes for this identity."""
    if resource.rstrip("/") != STORAGE:
        return f"oid:{identity}"
    claims = {
        "aud": STORAGE,
        "iss": f"https://sts.windows.net/{TENANT}/",
        "iat": int(now_s) - _EARLIER_S,
        "nbf": int(now_s) - _EARLIER_S,
        "exp": int(now_s) + LIFE_S,
        "oid": identity,
        "tid": TENANT,
    }
    return ".".join(_part(part) for part in ({"alg": "HS256", "typ": "JWT"}, claims, {}))


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    console: Console
    arguments: argparse.Namespace
    status = int(HTTPStatus.OK)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer as App Service does."""
        server = cast("_Http", self.server)
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        why = self._refusal(url.path, query, server.arguments)
        if server.status != HTTPStatus.OK:
            self._send(server.status, {"statusCode": server.status, "message": "An attempt to get a token failed."})
        elif why:
            self._send(HTTPStatus.BAD_REQUEST, {"statusCode": 400, "message": why})
        else:
            resource, now_s = query["resource"], time.time()
            server.console.emit("token", resource=resource)
            self._send(
                HTTPStatus.OK,
                {
                    "access_token": token_for(resource, server.arguments.identity, now_s),
                    "expires_on": str(int(now_s) + LIFE_S),
                    "resource": resource,
                    "token_type": "Bearer",
                    "client_id": query["client_id"],
                },
            )

    def _refusal(self, path: str, query: dict[str, str], arguments: argparse.Namespace) -> str:
        if path != PATH or query.get("api-version") != API_VERSION or "resource" not in query:
            return f"asked {self.path}; wanted {PATH} with resource and api-version {API_VERSION}"
        if self.headers.get("X-IDENTITY-HEADER") != arguments.secret:
            return "the header X-IDENTITY-HEADER is missing or wrong"
        if query.get("client_id") != arguments.client_id:
            return f"no identity with client id {query.get('client_id')} is assigned"
        return ""

    def _send(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
        """Write nothing."""


async def serve(console: Console) -> None:
    """Serve until standard input ends."""
    server = _Http((HOST, 0), _Handler)
    server.console, server.arguments = console, _arguments()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    console.emit("ready", endpoint=f"http://{HOST}:{server.server_address[1]}{PATH}")

    async def obey(command: Command) -> Answer:
        if command.do != "answer":
            raise unknown(command, "answer")
        server.status = int(command.number("status", HTTPStatus.OK))
        return {}

    await console.serve(obey)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.identity_server", allow_abbrev=False)
    parser.add_argument("--identity", required=True, help="object id of the managed identity")
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--secret", required=True, help="what the function sends along")
    return parser.parse_args()


if __name__ == "__main__":
    run_child(serve)
