"""The port `Probers` on Azure: one vantage, the function itself, which looks into the workers' network.

A VNet spans its zones, so there are no vantages by zone as on AWS; what looks from outside is the public path. With one
vantage a verdict takes twice as many rounds and the public port's word (docs/RULE.md 3.6). The anchor is the storage
account that holds the record, which no worker's failure can take away.

May import `contract`, `model`, `errors` and `prober`.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from failover_lambda.contract import Settings
from failover_lambda.model import Sight
from failover_lambda.prober import Anchor, inquiry_of, look

INSIDE: Final = "inside"
"""The vantage's name. It looks from no worker's zone, so it may speak against each of them (RULE 3.3)."""

_PORTS: Final = {"http": 80, "https": 443}


def anchor_of(account_url: str) -> tuple[str, int]:
    """Host and port of the storage account.

    >>> anchor_of("https://tandem.blob.core.windows.net")
    ('tandem.blob.core.windows.net', 443)

    Raises:
        ValueError: it is no http or https address.
    """
    url = urlsplit(account_url)
    if url.hostname is None or url.scheme not in _PORTS:
        raise ValueError(f"{account_url!r} is not an http or https address")
    return url.hostname, url.port or _PORTS[url.scheme]


class LiveProbers:
    """See `ports.Probers`. May be called from many threads at once."""

    vantages: Sequence[str] = (INSIDE,)

    def __init__(self, settings: Settings, anchor: Anchor) -> None:
        self._settings = settings
        self._anchor = anchor

    def look(self, vantage: str, connect_s: float) -> Sight:
        """Questions of our own, within their deadlines: there is nobody who could not be asked."""
        return look(inquiry_of(self._settings, vantage, INSIDE, connect_s), self._anchor)
