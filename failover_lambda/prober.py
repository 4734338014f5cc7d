"""Sockets: a vantage asks every worker and its anchor at once, and says what it saw.

What to send and how to judge it is the business of `probes`; this file connects, encrypts, reads, and tells failures apart.
Every question has an absolute deadline, so that a peer that drips one byte at a time gains nothing by it. Standard library
only, for every cloud. May import `probes`, `pages`, `model` and `contract`.

    what happened                                     answer
    no listener                                       REFUSED
    connection attempt unanswered, host unreachable   TIMEOUT
    accepted, then broken or closed without answer    RESET
    accepted, no complete answer by the deadline      SILENT
    an answer that is not a healthy one               WRONG
    nothing was asked: no network, no descriptor ...  COULD_NOT_ASK
"""

import errno
import itertools
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final, TypeVar

from failover_lambda import pages
from failover_lambda.contract import ProbeKind, Settings
from failover_lambda.model import Answer, ProbeReport, Sight
from failover_lambda.probes import PROBES, Judgement, Probe, Question

THREAD_MARGIN_S: Final = 0.2
"""How much longer than its deadlines a question may take before it is given up: threads are started and scheduled."""

SOCKETS_MAX: Final = 400
"""Open at one time. Lambda allows a function 1,024 file descriptors and as many threads (Lambda quotas)."""

_PIECE_BYTES: Final = 4096
_HOST_IS_GONE: Final = frozenset({errno.EHOSTUNREACH, errno.EHOSTDOWN})
"""The network says that nobody is at this address: it was asked, and did not answer."""

_ids = itertools.count(1)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Target:
    """One worker and where it is asked: a private IP, so that no name has to be resolved."""

    worker: str
    host: str


@dataclass(frozen=True, kw_only=True)
class Inquiry:
    """Everything one vantage has to know for one round. Travels as JSON (`contract.to_plain`)."""

    vantage: str
    zone: str
    targets: tuple[Target, ...]
    kind: ProbeKind
    port: int
    path: str
    tls_verify: bool
    tls_ca_pem: str
    connect_s: float
    """Longest wait for a connection; the anchor's is the same."""
    answer_s: float
    """Longest wait for the answer after it, TLS handshake included."""
    ready_path: str = ""
    """Asked of every target besides; "" = not asked."""


def inquiry_of(settings: Settings, vantage: str, zone: str, connect_s: float) -> Inquiry:
    """All that this vantage has to know of the site for one round."""
    return Inquiry(
        vantage=vantage,
        zone=zone,
        targets=tuple(Target(worker=worker.name, host=worker.address_private_ip) for worker in settings.workers),
        kind=settings.probe_kind,
        port=settings.probe_port,
        path=settings.probe_path,
        ready_path=settings.ready_path,
        tls_verify=settings.probe_tls_verify,
        tls_ca_pem=settings.probe_tls_ca_pem,
        connect_s=connect_s,
        answer_s=settings.answer_s(connect_s),
    )


class Anchor:
    """Something that no worker's failure can take away: a TCP port that accepts.

    The address that answered last is asked first, so that a name service that hangs disturbs nothing while it answers.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._known: tuple[str, int] | None = None

    def reached(self, timeout_s: float) -> bool:
        """Whether it accepts a connection now. The first question resolves its name, which `timeout_s` does not bound."""
        try:
            where = self._known or self._resolved()
            socket.create_connection(where, timeout=timeout_s).close()
        except OSError:
            self._known = None
            return False
        self._known = where
        return True

    def _resolved(self) -> tuple[str, int]:
        found = socket.getaddrinfo(self._host, self._port, family=socket.AF_INET, type=socket.SOCK_STREAM)
        host, port = found[0][4][:2]
        return str(host), int(port)


def look(inquiry: Inquiry, anchor: Anchor) -> Sight:
    """Ask all targets and the anchor concurrently. Takes at most both waits and `THREAD_MARGIN_S`; never raises."""
    (sight,) = look_all([inquiry], anchor)
    return sight


def look_all(inquiries: Sequence[Inquiry], anchor: Anchor) -> list[Sight]:
    """As `look`, for many sites at once, with one question to the anchor. Takes as long as the slowest; never raises.

    At most `SOCKETS_MAX` questions are on their way at one time. One more waits for another's end; where that does not
    come in time it was not asked, which says nothing of a worker.
    """
    asked = [(inquiry, target, path) for inquiry in inquiries for path in _paths(inquiry) for target in inquiry.targets]
    connect_s = max((inquiry.connect_s for inquiry in inquiries), default=0.0)
    answer_s = max((inquiry.answer_s for inquiry in inquiries), default=0.0)
    questions = [partial(_ask_anchor, anchor, connect_s), *(partial(_ask_target, *each) for each in asked)]
    anchored, *answers = _together(questions, connect_s + answer_s + THREAD_MARGIN_S)
    answered = iter(answers)
    return [_sight(inquiry, anchored, answered) for inquiry in inquiries]


def _paths(inquiry: Inquiry) -> tuple[str, ...]:
    return (inquiry.path, inquiry.ready_path) if inquiry.ready_path else (inquiry.path,)


def _sight(inquiry: Inquiry, anchored: Judgement, answered: Iterator[Judgement]) -> Sight:
    health = [next(answered) for _ in inquiry.targets]
    ready = [next(answered) if inquiry.ready_path else None for _ in inquiry.targets]
    return Sight(
        vantage=inquiry.vantage,
        zone=inquiry.zone,
        anchor_reached=anchored.answer is Answer.HEALTHY,
        reports=tuple(
            _report(target, its_health, its_readiness)
            for target, its_health, its_readiness in zip(inquiry.targets, health, ready, strict=True)
        ),
    )


def _report(target: Target, health: Judgement, ready: Judgement | None) -> ProbeReport:
    return ProbeReport(
        worker=target.worker,
        answer=health.answer,
        detail=f"{health.detail}; ready: {ready.detail}" if ready else health.detail,
        ready=ready.answer if ready else None,
        page=pages.read(health.body),
    )


def ask(
    probe: Probe, question: Question, connect_s: float, answer_s: float, context: ssl.SSLContext | None = None
) -> Judgement:
    """One question: `connect_s` for the connection, `answer_s` for everything after it. `context` is needed if `probe.tls`.

    Raises:
        ValueError: the question cannot be put by this probe.
    """
    request = probe.request(question)
    if probe.tls and context is None:
        raise ValueError("an encrypted probe needs a TLS context")
    try:
        connection = socket.create_connection((question.host, question.port), timeout=connect_s)
    except OSError as exc:
        return _not_connected(exc)
    deadline = _Deadline(answer_s)
    with connection:
        try:
            with _encrypted(connection, context, deadline) if context and probe.tls else connection as channel:
                return _converse(channel, probe, question, request, deadline)
        except OSError as exc:
            return _broken_off(exc)


@lru_cache(maxsize=4)
def tls_context(*, verify: bool, ca_pem: str) -> ssl.SSLContext:
    """How https probes judge certificates: chain and dates if `verify`, against `ca_pem` or else the public authorities.

    The name in the certificate is not compared: a worker is asked by its private IP, and its certificate names the service.

    Raises:
        ssl.SSLError: `ca_pem` is no certificate; that says nothing of a worker.
    """
    if verify:
        context = ssl.create_default_context(cadata=ca_pem or None)
        context.check_hostname = False
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


# One question


class _Deadline:
    """An absolute point in time, on the clock that never jumps."""

    def __init__(self, seconds: float) -> None:
        self._at_s = time.monotonic() + seconds

    def left_s(self) -> float:
        """What is left; TimeoutError when nothing is."""
        left_s = self._at_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the deadline of the answer has passed")
        return left_s


def _encrypted(connection: socket.socket, context: ssl.SSLContext, deadline: _Deadline) -> ssl.SSLSocket:
    """The connection after its TLS handshake, which has one deadline as a whole."""
    connection.settimeout(deadline.left_s())
    return context.wrap_socket(connection)


def _converse(channel: socket.socket, probe: Probe, question: Question, request: bytes, deadline: _Deadline) -> Judgement:
    """Send, then read until the probe has seen enough. An answer that was judged stays so, whatever becomes of its rest."""
    channel.settimeout(deadline.left_s())
    channel.sendall(request)
    received = b""
    judgement = probe.judge(question, received, ended=False)
    while judgement is None or judgement.more:
        try:
            channel.settimeout(deadline.left_s())
            piece = channel.recv(_PIECE_BYTES)
        except OSError:
            if judgement is None:
                raise
            return judgement
        received += piece
        judgement = probe.judge(question, received, ended=not piece)
    return judgement


def _not_connected(exc: OSError) -> Judgement:
    """What a failed connection attempt means."""
    match exc:
        case ConnectionRefusedError():
            return Judgement(answer=Answer.REFUSED, detail="refused")
        case ConnectionResetError():
            return Judgement(answer=Answer.RESET, detail="reset while connecting")
        case TimeoutError():
            return Judgement(answer=Answer.TIMEOUT, detail="no answer to the connection attempt")
        case _ if exc.errno in _HOST_IS_GONE:
            return Judgement(answer=Answer.TIMEOUT, detail="host unreachable")
        case _:
            return Judgement(answer=Answer.COULD_NOT_ASK, detail=_reason(exc))


def _broken_off(exc: OSError) -> Judgement:
    """What a failure after the connection stood means."""
    match exc:
        case TimeoutError():
            return Judgement(answer=Answer.SILENT, detail="no complete answer in time")
        case ssl.SSLCertVerificationError():
            return Judgement(answer=Answer.WRONG, detail=f"certificate: {exc.verify_message}")
        case ConnectionError() | ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return Judgement(answer=Answer.RESET, detail="broken off")
        case ssl.SSLError():
            return Judgement(answer=Answer.WRONG, detail=f"TLS: {exc.reason}")
        case _ if exc.errno in _HOST_IS_GONE:
            return Judgement(answer=Answer.SILENT, detail="host unreachable after it had accepted")
        case _:
            return Judgement(answer=Answer.COULD_NOT_ASK, detail=_reason(exc))


def _reason(exc: Exception) -> str:
    return f"{type(exc).__name__}: {exc}"


# All questions of a round


def _ask_target(inquiry: Inquiry, target: Target, path: str) -> Judgement:
    probe = PROBES[inquiry.kind]
    context = tls_context(verify=inquiry.tls_verify, ca_pem=inquiry.tls_ca_pem) if probe.tls else None
    question = Question(
        host=target.host,
        port=inquiry.port,
        path=path,
        id=f"{time.time_ns() // 1000}-{next(_ids) % 1000:03}",
        stamp=time.strftime("%Y%m%d%H%M%S", time.gmtime()),
    )
    return ask(probe, question, inquiry.connect_s, inquiry.answer_s, context)


def _ask_anchor(anchor: Anchor, timeout_s: float) -> Judgement:
    return Judgement(answer=Answer.HEALTHY if anchor.reached(timeout_s) else Answer.COULD_NOT_ASK, detail="")


def _together(questions: Sequence[Callable[[], Judgement]], limit_s: float) -> list[Judgement]:
    """Ask all at once; whoever is not back after `limit_s`, or failed in a way nobody foresaw, could not be asked.

    Threads of our own and not an executor's, which would wait for a hanging one when the process ends. One is started as
    long as a question waits, so that quick answers need few.
    """
    given_up = Judgement(answer=Answer.COULD_NOT_ASK, detail=f"not back after {limit_s:.2f} s")
    judgements = [given_up] * len(questions)
    left = deque(range(len(questions)))
    ends_s = time.monotonic() + limit_s

    def run() -> None:
        while time.monotonic() < ends_s:
            try:
                place = left.popleft()
            except IndexError:
                return
            judgements[place] = _judged(questions[place])

    threads: list[threading.Thread] = []
    fault = ""
    while left and not fault and len(threads) < SOCKETS_MAX:
        thread = threading.Thread(target=run, daemon=True)
        try:
            thread.start()
            threads.append(thread)
        except RuntimeError as exc:  # no thread left to start
            fault = _reason(exc)
    for thread in threads:
        thread.join(max(0.0, ends_s - time.monotonic()))
    for place in list(left) if fault else ():  # nobody came to ask it
        judgements[place] = Judgement(answer=Answer.COULD_NOT_ASK, detail=fault)
    return list(judgements)


def _judged(question: Callable[[], Judgement]) -> Judgement:
    try:
        return question()
    except Exception as exc:  # noqa: BLE001 (the edge of a thread: whatever it is, it says nothing of a worker)
        return Judgement(answer=Answer.COULD_NOT_ASK, detail=_reason(exc))
