"""Tokens of the managed identity: asked for once, renewed in time, and what a failure means for a call."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.core.exceptions import ClientAuthenticationError

from failover_lambda.azure.blobs import Blobs, container
from failover_lambda.azure.clients import build
from failover_lambda.azure.cloud import LiveCloud
from failover_lambda.azure.credential import AGAIN_S, RENEW_LEFT_S, USABLE_LEFT_S, ManagedIdentity
from failover_lambda.errors import CouldNotAskError, StoreUnavailableError
from failover_lambda.machine import RealClock
from failover_lambda.model import Command, Do, Outcome
from tests.fakes import make_settings

pytestmark = pytest.mark.contract

MANAGEMENT = "https://management.azure.com/.default"
STORAGE = "https://storage.azure.com/.default"
NOW_S = 1_700_000_000.0
DAY_S = 86_400.0


@dataclass
class Platform:
    """The endpoint that App Service gives a function, and a wall clock beside it."""

    endpoint: str = ""
    time_s: float = NOW_S
    lives_s: float = DAY_S
    fails: bytes = b""
    """What it answers instead of a token, with status 500; with 200 where it begins with a brace."""
    asked: list[dict[str, list[str]]] = field(default_factory=list[dict[str, list[str]]])
    secrets: list[str | None] = field(default_factory=list[str | None])

    def identity(self, **changes: str) -> ManagedIdentity:
        variables = {"IDENTITY_ENDPOINT": self.endpoint, "IDENTITY_HEADER": "secret", "TANDEM_CLIENT_ID": "client-1"}
        return ManagedIdentity(variables | changes, lambda: self.time_s)

    def answer(self, path: str, secret: str | None) -> tuple[int, bytes]:
        self.asked.append(parse_qs(urlsplit(path).query))
        self.secrets.append(secret)
        if self.fails:
            return 200 if self.fails.startswith(b"{") else 500, self.fails
        token = {"access_token": f"token-{len(self.asked)}", "expires_on": str(int(self.time_s + self.lives_s))}
        return 200, json.dumps(token | {"token_type": "Bearer", "client_id": "client-1"}).encode()


class _Http(ThreadingHTTPServer):
    platform: Platform


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = cast("_Http", self.server).platform.answer(self.path, self.headers.get("X-IDENTITY-HEADER"))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def platform() -> Iterator[Platform]:
    server = _Http(("127.0.0.1", 0), _Handler)
    server.platform = Platform(f"http://127.0.0.1:{server.server_address[1]}/msi/token")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server.platform
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_token_is_asked_for_as_app_service_documents_it(platform: Platform) -> None:
    token = platform.identity().get_token(MANAGEMENT)
    assert (token.token, token.expires_on) == ("token-1", int(NOW_S + DAY_S))
    assert platform.secrets == ["secret"]
    assert platform.asked == [
        {"resource": ["https://management.azure.com"], "api-version": ["2019-08-01"], "client_id": ["client-1"]}
    ]


def test_a_good_token_is_asked_for_once_for_each_scope(platform: Platform) -> None:
    identity = platform.identity()
    first = identity.get_token(MANAGEMENT)
    platform.time_s += DAY_S - RENEW_LEFT_S - 1
    assert identity.get_token(MANAGEMENT) is first
    assert identity.get_token(STORAGE)[0] == "token-2"
    assert len(platform.asked) == 2


def test_it_is_renewed_while_it_still_serves(platform: Platform) -> None:
    identity = platform.identity()
    identity.get_token(MANAGEMENT)
    platform.time_s += DAY_S - RENEW_LEFT_S
    assert identity.get_token(MANAGEMENT)[0] == "token-2"


def test_many_threads_share_one_question(platform: Platform) -> None:
    identity = platform.identity()
    threads = [threading.Thread(target=identity.get_token, args=(MANAGEMENT,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(platform.asked) == 1


def test_a_renewal_that_fails_leaves_the_old_token_in_use_and_is_tried_again_later(platform: Platform) -> None:
    identity = platform.identity()
    first = identity.get_token(MANAGEMENT)
    platform.time_s += DAY_S - RENEW_LEFT_S
    platform.fails = b"not now"
    assert identity.get_token(MANAGEMENT) is first
    assert identity.get_token(MANAGEMENT) is first
    assert len(platform.asked) == 2, "nobody hammers an endpoint that has just failed"
    platform.time_s += AGAIN_S
    platform.fails = b""
    assert identity.get_token(MANAGEMENT)[0] == "token-3"


def test_a_token_that_ends_within_a_minute_is_given_to_nobody(platform: Platform) -> None:
    identity = platform.identity()
    identity.get_token(MANAGEMENT)
    platform.time_s += DAY_S - USABLE_LEFT_S + 1
    platform.fails = b"not now"
    with pytest.raises(ClientAuthenticationError, match=r"no token for https://management\.azure\.com: answered 500"):
        identity.get_token(MANAGEMENT)


def test_a_short_life_is_renewed_before_its_end(platform: Platform) -> None:
    """The platform hands out one token for a while, so the first one may be old already."""
    platform.lives_s = 80.0
    identity = platform.identity()
    identity.get_token(MANAGEMENT)
    platform.time_s += 20.0
    assert identity.get_token(MANAGEMENT)[0] == "token-2"


def test_a_token_that_was_refused_is_not_given_out_again(platform: Platform) -> None:
    """azure-core asks so after a 401 with a challenge."""
    identity = platform.identity()
    identity.get_token(MANAGEMENT)
    assert identity.get_token(MANAGEMENT, claims="{}")[0] == "token-2"


@pytest.mark.parametrize("body", [b"{}", b'{"access_token": "x"}', b'{"access_token": "x", "expires_on": "soon"}', b"{"])
def test_an_answer_that_is_no_token_is_an_error_that_quotes_no_secret(platform: Platform, body: bytes) -> None:
    platform.fails = body
    with pytest.raises(ClientAuthenticationError, match=r"an answer that cannot be read$"):
        platform.identity().get_token(MANAGEMENT)


def test_an_endpoint_that_does_not_answer_is_an_error(platform: Platform) -> None:
    identity = platform.identity(IDENTITY_ENDPOINT="http://127.0.0.3:9/msi/token")
    with pytest.raises(ClientAuthenticationError, match="ConnectionRefusedError"):
        identity.get_token(MANAGEMENT)


@pytest.mark.parametrize("name", ["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "TANDEM_CLIENT_ID"])
def test_a_function_without_an_identity_does_not_start(platform: Platform, name: str) -> None:
    with pytest.raises(ValueError, match=f"the function has no identity to ask tokens with: {name} is missing or empty"):
        platform.identity(**{name: ""})


def test_without_a_token_nothing_is_known_and_nothing_was_sent(platform: Platform) -> None:
    """A call is DEFERRED, because it never left; a question could not be asked; the store is away."""
    platform.fails = b"not now"
    identity = platform.identity()
    clients = build("00000000-0000-0000-0000-000000000001", identity)
    address_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses/front"
    machine_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/wk1"
    settings = replace(make_settings(), address_id=address_id)
    workers = (replace(settings.workers[0], instance_id=machine_id), *settings.workers[1:])
    cloud = LiveCloud(replace(settings, workers=workers), clients.network, clients.compute, RealClock())
    with pytest.raises(CouldNotAskError, match="read the address: not sent: no token for https://management"):
        cloud.read_address()
    answered = cloud.run(Command(do=Do.STOP, epoch=1, worker="wk1", association_id=""))
    assert (answered.outcome, answered.denied) == (Outcome.DEFERRED, False)
    blobs = Blobs(container("https://127.0.0.3:9/account/record", identity))
    with pytest.raises(StoreUnavailableError, match="no token for https://storage"):
        blobs.get("lease#0")
