"""The clients of a provider process: those of `AWS_ENDPOINT_URL_*`, on this machine only, retrying as the real provider.

Here: where each service answers, and the refusal of every other place. Only `lab.providers.aws.process` imports this file.

`lab.emulators` makes clients of one attempt, so that a fault of the lab is seen as it is. Here stands the real provider,
which repeats a throttled or failed call (25 attempts, terraform-provider-aws `max_retries`); so these clients repeat as
well, by botocore's standard mode: throttling, transient errors and broken connections, with growing pauses.
"""

import ipaddress
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config

from lab import limits
from lab.endpoints import variable

KEY_ID = "TANDEMLAB"
"""The access key of the lab's own clients, by which the emulators' logs know them; never one of the environment."""

GENERAL = "AWS_ENDPOINT_URL"

ATTEMPTS_MAX = 8
"""Fewer than the real 25: the pauses double up to 20 s, and nobody waits for an emulator for minutes."""


class NotTheLabError(Exception):
    """A service would be looked for outside this machine."""


def endpoint(service: str, environment: Mapping[str, str]) -> str:
    """Where the service answers.

    Raises:
        NotTheLabError: the environment does not say, or names another machine.
    """
    name = variable(service)
    url = environment.get(name) or environment.get(GENERAL)
    if not url:
        raise NotTheLabError(f"{name} is not set: the lab's provider does not know where its {service} answers")
    if not _is_here(url):
        raise NotTheLabError(f"{name} is {url}: the lab's provider talks to emulators on this machine only")
    return url


def _is_here(url: str) -> bool:
    parts = urlsplit(url)
    try:
        return parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.scheme == "http" and parts.hostname == "localhost"


class Clients:
    """Makes the clients of one region; threads may share it."""

    def __init__(self, region: str, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._region = region
        self._session = botocore.session.Session()
        self._making = threading.Lock()

    def __call__(self, service: str, read_timeout_s: float = 10.0) -> Any:
        """A client for the emulator of that service.

        Raises:
            NotTheLabError: the environment does not say where that is, or names another machine.
        """
        retries: Any = {"mode": "standard", "max_attempts": ATTEMPTS_MAX}
        config = Config(connect_timeout=2.0, read_timeout=read_timeout_s, retries=retries, proxies={})
        url = endpoint(service, self._environment)
        with self._making:  # threads may share clients, not sessions
            client = self._session.create_client(
                service,
                region_name=self._region,
                endpoint_url=url,
                aws_access_key_id=KEY_ID,
                aws_secret_access_key="lab",  # noqa: S106 - the emulators take any
                config=config,
            )
        limits.guard(client)
        return client
