"""The contents of storage accounts: Azurite's blobs, by an account key of its own.

Azurite knows the accounts that it was started with, and a stack names its accounts itself. So every account of the lab lives
in Azurite's one, in containers that begin with the account's name: `https://ACCOUNT.blob.core.windows.net/CONTAINER/NAME`
is found at `http://127.0.0.1:PORT/devstoreaccount1/ACCOUNT-CONTAINER/NAME` (`Blobs.found_at`). Whoever reads in the lab what
the program wrote goes the same way.

Signatures are those of Microsoft's pages "Authorize with Shared Key" and "Create a service SAS" for version 2020-12-06.
Here: HTTP and signatures, with the standard library alone: a provider starts several times in every run.
"""

import base64
import email.utils
import hashlib
import hmac
import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

VERSION = "2020-12-06"
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's own account and key, the same in every Azurite: no secret."""
DOMAIN = ".blob.core.windows.net"
PLAIN = "https,http"
"""What every signature allows that names a protocol: the lab's storage speaks HTTP alone, also where HTTPS is asked for."""
ANSWER_S = 60.0


class BlobError(Exception):
    """Storage refused a call."""

    def __init__(self, status: int, what: str, code: str) -> None:
        self.status = status
        self.code = code
        super().__init__(f"{what}: {status} {code}")


@dataclass(frozen=True)
class Blob:
    """What storage tells of one blob."""

    headers: Mapping[str, str]

    @property
    def metadata(self) -> dict[str, str]:
        """What was laid beside it."""
        return {name[10:]: value for name, value in self.headers.items() if name.startswith("x-ms-meta-")}


@dataclass(frozen=True)
class Spot:
    """One blob; without a name its container."""

    account: str
    container: str
    name: str = ""

    @property
    def url(self) -> str:
        """Its address, as the program knows it."""
        return f"https://{self.account}{DOMAIN}/{self.container}{'/' + self.name if self.name else ''}"


@dataclass(frozen=True)
class Blobs:
    """Azurite.

    Attributes:
        endpoint: where it answers.
        trusted: the file of the certificate that it has, if it speaks TLS.
    """

    endpoint: str
    trusted: str = ""

    def found_at(self, url: str) -> str:
        """Where the lab finds what the program knows by this address, its query included.

        >>> Blobs("http://127.0.0.1:10000").found_at("https://tandem1.blob.core.windows.net/package/app.zip?sig=x")
        'http://127.0.0.1:10000/devstoreaccount1/tandem1-package/app.zip?sig=x'

        Raises:
            ValueError: it is no address of a blob or container.
        """
        parts = urlsplit(url)
        account, container, rest = _split(parts.netloc, parts.path)
        return f"{self.endpoint}/{ACCOUNT}/{account}-{container}{rest}{'?' + parts.query if parts.query else ''}"

    def make_container(self, account: str, container: str) -> None:
        """Make a container; no error where it is."""
        self._ask("PUT", Spot(account, container), {"restype": "container"}, also=(409,))

    def drop_container(self, account: str, container: str) -> None:
        """Drop a container with everything in it; no error where there is none."""
        self._ask("DELETE", Spot(account, container), {"restype": "container"}, also=(404,))

    def write(self, spot: Spot, content: bytes, headers: Mapping[str, str]) -> None:
        """Write a block blob, whole."""
        self._ask("PUT", spot, {}, content=content, headers={"x-ms-blob-type": "BlockBlob", **headers})

    def set_headers(self, spot: Spot, headers: Mapping[str, str]) -> None:
        """Set its content type and digest."""
        self._ask("PUT", spot, {"comp": "properties"}, headers=headers)

    def set_metadata(self, spot: Spot, metadata: Mapping[str, str]) -> None:
        """Set what lies beside it."""
        headers = {f"x-ms-meta-{key}": value for key, value in metadata.items()}
        self._ask("PUT", spot, {"comp": "metadata"}, headers=headers)

    def read(self, spot: Spot) -> Blob | None:
        """What is told of it; None where it is not."""
        status, headers = self._ask("HEAD", spot, {}, also=(404,))
        return Blob(headers) if status != 404 else None

    def delete(self, spot: Spot) -> None:
        """Delete it; no error where it is not."""
        self._ask("DELETE", spot, {}, also=(404,))

    def sas(self, asked: Mapping[str, Any]) -> str:
        """A token for a container or a blob, as azure-native's `listStorageAccountServiceSAS` is asked for one.

        Raises:
            ValueError: it is asked for something else than a container or a blob.
        """
        service, _, rest = str(asked.get("canonicalizedResource", "")).strip("/").partition("/")
        account, _, path = rest.partition("/")
        container, _, name = path.partition("/")
        kind = asked.get("resource")
        if service != "blob" or not container or kind not in {"b", "c"}:
            raise ValueError(
                "the lab signs for a container (resource c) or a blob (b), at /blob/ACCOUNT/CONTAINER[/NAME]; asked was "
                f"resource {kind!r} at {asked.get('canonicalizedResource')!r}"
            )
        resource = f"/blob/{ACCOUNT}/{account}-{container}{'/' + name if name else ''}"

        def text(key: str) -> str:
            return str(asked.get(key) or "")

        said = [text(key) for key in ("permissions", "sharedAccessStartTime", "sharedAccessExpiryTime")]
        who = [text("identifier"), text("iPAddressOrRange"), PLAIN if text("protocols") else ""]
        more = [
            text(key) for key in ("cacheControl", "contentDisposition", "contentEncoding", "contentLanguage", "contentType")
        ]
        query = {
            "sv": VERSION,
            "sr": kind,
            "sp": said[0],
            "st": said[1],
            "se": said[2],
            "si": who[0],
            "sip": who[1],
            "spr": who[2],
            **dict(zip(("rscc", "rscd", "rsce", "rscl", "rsct"), more, strict=True)),
            "sig": _signed("\n".join([*said, resource, *who, VERSION, kind, "", "", *more])),
        }
        return urlencode({key: value for key, value in query.items() if value})

    def fetch(self, url: str) -> bytes:
        """What the program knows by this address, fetched as whoever is given the address fetches it.

        Raises:
            BlobError: it is refused.
            ValueError: it is no address of a blob.
        """
        connection, at = self._connection(), urlsplit(self.found_at(url))
        try:
            connection.request("GET", f"{at.path}?{at.query}" if at.query else at.path)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status >= 300:
            raise BlobError(response.status, f"GET {urlsplit(url).path}", response.getheader("x-ms-error-code", ""))
        return content

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.endpoint)
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=ANSWER_S)
        context = ssl.create_default_context(cafile=self.trusted or None)
        return http.client.HTTPSConnection(host, port, timeout=ANSWER_S, context=context)

    def _ask(
        self,
        method: str,
        spot: Spot,
        query: Mapping[str, str],
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        also: tuple[int, ...] = (),
    ) -> tuple[int, Mapping[str, str]]:
        path = f"/{ACCOUNT}/{spot.account}-{spot.container}{'/' + quote(spot.name) if spot.name else ''}"
        sent = {"x-ms-date": email.utils.formatdate(usegmt=True), "x-ms-version": VERSION, **(headers or {})}
        length = str(len(content)) if content else ""
        sent["Authorization"] = f"SharedKey {ACCOUNT}:{_signed(_to_sign(method, path, query, sent, length))}"
        connection = self._connection()
        try:
            connection.request(method, f"{path}?{urlencode(query)}" if query else path, content, sent)
            response = connection.getresponse()
            response.read()
        finally:
            connection.close()
        told = {key.lower(): value for key, value in response.getheaders()}
        if response.status >= 300 and response.status not in also:
            raise BlobError(response.status, f"{method} {spot.url}", told.get("x-ms-error-code", ""))
        return response.status, told


def _split(host: str, path: str) -> tuple[str, str, str]:
    if not host.endswith(DOMAIN) or not path.strip("/"):
        raise ValueError(f"{host}{path} is no address of a blob or container: ACCOUNT{DOMAIN}/CONTAINER/NAME")
    container, slash, name = path.strip("/").partition("/")
    return host.removesuffix(DOMAIN), container, slash + name


def _to_sign(method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], length: str) -> str:
    lower = {key.lower(): value for key, value in headers.items()}
    own = "\n".join(f"{key}:{lower[key]}" for key in sorted(lower) if key.startswith("x-ms-"))
    parameters = "".join(f"\n{key}:{query[key]}" for key in sorted(query))
    content_type = lower.get("content-type", "")
    standard = [method, "", "", length, "", content_type, "", "", "", "", "", ""]
    return "\n".join([*standard, own, f"/{ACCOUNT}{path}{parameters}"])


def _signed(text: str) -> str:
    return base64.b64encode(hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()).decode()
