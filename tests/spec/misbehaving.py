"""Real TCP servers that behave as they are told, well or badly, and certificates for them. Only 127/8, only free ports."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_WAIT_S = 20.0

Behaviour = Callable[[socket.socket, threading.Event], None]
"""What a server does with a connection that it has accepted; the event is set when the test is over."""


@contextlib.contextmanager
def serving(behave: Behaviour, host: str = HOST, port: int = 0) -> Generator[int]:
    """Run a server; gives its port."""
    over = threading.Event()
    threads: list[threading.Thread] = []
    with socket.create_server((host, port)) as listener:
        listener.settimeout(0.02)

        def one(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):  # the prober leaves when it has seen enough
                connection.settimeout(_WAIT_S)
                behave(connection, over)

        def accept() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    thread = threading.Thread(target=one, args=(listener.accept()[0],))
                    thread.start()
                    threads.append(thread)

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            for thread in (acceptor, *threads):
                thread.join()


def stays_silent(connection: socket.socket, over: threading.Event) -> None:
    """Accepts and never says a word."""
    del connection
    over.wait()


def closes(connection: socket.socket, over: threading.Event) -> None:
    """Accepts and closes in order."""
    del over
    connection.shutdown(socket.SHUT_WR)
    connection.recv(65536)


def resets(connection: socket.socket, over: threading.Event) -> None:
    """Accepts and resets."""
    del over
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)


def answers(answer: bytes, *, then: Behaviour = stays_silent) -> Behaviour:
    """Reads what is asked, and answers."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(answer)
        then(connection, over)

    return behave


def drips(answer: bytes, pause_s: float) -> Behaviour:
    """Answers one byte at a time."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in answer:
            connection.sendall(bytes([byte]))
            if over.wait(pause_s):
                return
        over.wait()

    return behave


def floods(piece: bytes) -> Behaviour:
    """Never stops answering."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        while not over.is_set():
            connection.sendall(piece)

    return behave


def behind_tls(certificate: "Certificate", behave: Behaviour) -> Behaviour:
    """Encrypts first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain_file)

    def encrypted(connection: socket.socket, over: threading.Event) -> None:
        with context.wrap_socket(connection, server_side=True) as channel:
            behave(channel, over)

    return encrypted


@contextlib.contextmanager
def full_backlog() -> Generator[int]:
    """A listener whose queue is full, so that the kernel drops every further attempt; gives its port."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((HOST, 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                waiting.connect((HOST, port))
        yield port


@contextlib.contextmanager
def reserved_port() -> Generator[int]:
    """A port that is ours, and on which nobody listens."""
    with socket.socket() as reserved:
        reserved.bind((HOST, 0))
        yield reserved.getsockname()[1]


@dataclass(frozen=True)
class Certificate:
    """One certificate: `pem` to trust it by, `chain_file` with its key to serve it."""

    pem: str
    chain_file: Path


class Authority:
    """A certificate authority of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.pem = self._signed(self._name, self._key.public_key(), days=30, is_authority=True).decode()

    def certificate(self, name: str, days: int = 30) -> Certificate:
        """Signed by this authority, valid until `days` from now (negative: it has expired)."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signed = self._signed(subject, key.public_key(), days=days, is_authority=False)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        chain_file = self._folder / f"{name}.pem"
        chain_file.write_bytes(secret + signed)
        return Certificate(signed.decode(), chain_file)

    def _signed(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, days: int, is_authority: bool) -> bytes:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
