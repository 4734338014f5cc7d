"""Types for the command lines of the lab's children, as argparse wants them: text in, value or ValueError out."""

import re
from typing import Final, NamedTuple

_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,12}")


class Endpoint(NamedTuple):
    """An IPv4 address and a TCP port, in the order that sockets take them."""

    host: str
    port: int


def endpoint(text: str) -> Endpoint:
    """Read `HOST:PORT`.

    >>> endpoint("127.64.251.1:2575")
    Endpoint(host='127.64.251.1', port=2575)
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"{text!r} is no HOST:PORT, for example 127.64.251.1:2575")
    return Endpoint(host, int(port))


def ports(text: str) -> tuple[int, ...]:
    """Read ports separated by commas.

    >>> ports("2575,8080,8081")
    (2575, 8080, 8081)
    """
    return tuple(int(port) for port in text.split(","))


def plain_name(text: str) -> str:
    """Take a name that may stand inside an HL7 field and a file's name: letters, digits, dashes, at most 12."""
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no plain name: use 1 to 12 letters, digits or dashes")
    return text
