r"""Probe kinds: what to send to a worker, and how to judge what comes back.

Bytes in, bytes out: no socket, clock or chance lives here (`prober` has those), so each judgement is a table in
`tests/spec/test_probes.py`. A new kind is one class and one line in `PROBES`.

Every probe follows one shape. `request` gives the bytes to send once the connection stands. `judge` is then called with
all bytes received so far, first with none, again after each piece, and a last time with `ended` when the peer has closed:

    None                  not enough yet, go on reading
    Judgement with `more` judged, and what follows may be of use: read on, and keep this where nothing more comes
    Judgement             enough; whatever else arrives is not read

`judge` never wants more once the peer has closed, nor for more than `ANSWER_BYTES_MAX` bytes.
May import `contract` and `model` only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from failover_lambda.contract import ProbeKind
from failover_lambda.model import Answer

ANSWER_BYTES_MAX = 16384
"""More than any health answer or acknowledgement needs; a longer one is judged wrong, not read on."""

MLLP_APPLICATION = "TANDEM"
"""MSH-3 of the question that mllp probes send; an engine routes by it, so that probes stay out of its ledgers."""

MLLP_MESSAGE = "NMQ^N01^NMQ_N01"
"""MSH-9 of it: the application management query of HL7 chapter 14, about the system clock. It carries no patient."""

_QUOTED_MAX = 40
_VT, _FS, _CR = b"\x0b", b"\x1c", b"\r"
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: [^\r\n]*)?\r?\n")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_HTTP = b"HTTP/1."


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question to one worker. `id` and `stamp` are the caller's, because this module knows neither chance nor time."""

    host: str
    port: int
    path: str = "/"
    id: str = ""
    """Makes the answer recognisable as the answer to this question (mllp: MSH-10, at most 20 characters)."""
    stamp: str = ""
    """The time of asking as YYYYMMDDHHMMSS (mllp)."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What an answer means. `detail` is for people: short, printable, nothing of a patient."""

    answer: Answer
    detail: str
    body: bytes = b""
    """The whole body of the answer; from `IdentityProbe`, and from `HttpProbe` where it is JSON."""
    more: bool = False
    """The answer is judged, and its body is still to come."""


class Probe(Protocol):
    """One kind of question."""

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted before anything is sent."""
        ...

    def request(self, question: Question) -> bytes:
        """The bytes to send, perhaps none.

        Raises:
            ValueError: the question cannot be put this way; that says nothing of the worker.
        """
        ...

    def judge(self, question: Question, received: bytes, *, ended: bool) -> Judgement | None:
        """Judge all bytes received so far; see the module's docstring."""
        ...


@dataclass(frozen=True)
class TcpProbe:
    """Healthy as soon as the connection stands. Weak evidence: a hung service, and any forwarder, still accepts."""

    tls: bool = False

    def request(self, question: Question) -> bytes:  # noqa: ARG002 (the shape of every probe)
        """Nothing is sent."""
        return b""

    def judge(self, question: Question, received: bytes, *, ended: bool) -> Judgement | None:  # noqa: ARG002 (as above)
        """The connection is the answer."""
        return Judgement(answer=Answer.HEALTHY, detail="connected")


@dataclass(frozen=True)
class HttpProbe:
    """Healthy is a complete head with status 200 to 299. Redirects are not followed.

    A body of JSON is read as well and handed on: a health page may name what is down. It never changes the judgement, and
    where it does not come as a whole the head stands alone.
    """

    tls: bool

    def request(self, question: Question) -> bytes:
        """A GET that asks the server to close afterwards."""
        return _get(question, "HTTP/1.1")

    def judge(self, question: Question, received: bytes, *, ended: bool) -> Judgement | None:  # noqa: ARG002 (as above)
        """Judge by the status of the first final head."""
        head = _final_head(received)
        if not isinstance(head, _Head):
            return head or _unfinished(received, ended=ended)
        body = _whole_body(head, received, ended=ended) if head.json else b""
        more = body is None and not ended and len(received) <= ANSWER_BYTES_MAX
        return Judgement(answer=head.answer, detail=f"HTTP {head.status}", body=body or b"", more=more)


@dataclass(frozen=True)
class IdentityProbe:
    """As `HttpProbe` over plain HTTP, but it waits for the whole body and hands it on: who answers matters here.

    Asks in HTTP/1.0, so that no server sends the body in chunks.
    """

    tls: bool = False

    def request(self, question: Question) -> bytes:
        """A GET as in HTTP/1.0."""
        return _get(question, "HTTP/1.0")

    def judge(self, question: Question, received: bytes, *, ended: bool) -> Judgement | None:  # noqa: ARG002 (as above)
        """Judge by status, once the body is complete: by its stated length, or by the end of the connection."""
        head = _final_head(received)
        if not isinstance(head, _Head):
            return head or _unfinished(received, ended=ended)
        body = received[head.body_at :]
        if head.length is None and not ended:
            return _unfinished(received, ended=False)
        if head.length is not None and len(body) < head.length:
            return _unfinished(received, ended=ended)
        return Judgement(answer=head.answer, detail=f"HTTP {head.status}", body=body[: head.length])


@dataclass(frozen=True)
class MllpProbe:
    """Healthy is one MLLP block whose MSA segment accepts our question: AA or CA for our own MSH-10."""

    tls: bool = False

    def request(self, question: Question) -> bytes:
        """An application management query in one block."""
        header = rf"MSH|^~\&|{MLLP_APPLICATION}|PROBE|||{question.stamp}||{MLLP_MESSAGE}|{question.id}|P|2.5"
        return _VT + f"{header}\rNCK|{question.stamp}\r".encode("ascii") + _FS + _CR

    def judge(self, question: Question, received: bytes, *, ended: bool) -> Judgement | None:
        """Judge framing first, then the acknowledgement."""
        if received and not received.startswith(_VT):
            return _wrong(f"no MLLP block: {_quoted(received)}")
        block, _, after = received[1:].partition(_FS)
        if not after:
            return _unfinished(received, ended=ended)
        if not after.startswith(_CR):
            return _wrong("an MLLP block that does not end in FS CR")
        return _acknowledged(block, question.id.encode("ascii"))


PROBES: Mapping[ProbeKind, Probe] = {
    ProbeKind.TCP: TcpProbe(),
    ProbeKind.HTTP: HttpProbe(tls=False),
    ProbeKind.HTTPS: HttpProbe(tls=True),
    ProbeKind.MLLP: MllpProbe(),
}
"""Every kind that a worker can be asked by."""


# HTTP


@dataclass(frozen=True, kw_only=True)
class _Head:
    """The head of an HTTP answer. `length` is its Content-Length, None without one."""

    status: int
    length: int | None
    json: bool
    chunked: bool
    body_at: int

    @property
    def answer(self) -> Answer:
        return Answer.HEALTHY if 200 <= self.status <= 299 else Answer.WRONG  # noqa: PLR2004 (RFC 9110: 2xx = successful)


def _get(question: Question, version: str) -> bytes:
    if not question.path.startswith("/") or any(character <= " " for character in question.path):
        raise ValueError(f"{question.path!r} is not a path: it starts with / and has neither blanks nor line ends")
    lines = (
        f"GET {question.path} {version}",
        f"Host: {question.host}:{question.port}",
        "User-Agent: tandem-prober",
        "Accept: */*",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")


def _final_head(received: bytes) -> _Head | Judgement | None:
    """The first head that is not an interim one (1xx); a Judgement where this is no HTTP; None where more is needed."""
    start = 0
    while True:
        rest = received[start:]
        if not rest.startswith(_HTTP[: len(rest)]):
            return _wrong(f"no HTTP: {_quoted(rest)}")
        end = _HEAD_END.search(rest)
        if end is None:
            return None
        status = _STATUS_LINE.match(rest)
        if status is None:
            return _wrong(f"no HTTP status: {_quoted(rest)}")
        if not status[1].startswith(b"1"):
            return _head(int(status[1]), rest[: end.start()], start + end.end())
        start += end.end()


def _head(status: int, text: bytes, body_at: int) -> _Head:
    length = _field(text, b"content-length")
    media = _field(text, b"content-type").partition(b";")[0].strip()
    return _Head(
        status=status,
        length=int(length) if length.isdigit() else None,
        json=media == b"application/json" or media.endswith(b"+json"),
        chunked=_field(text, b"transfer-encoding") == b"chunked",
        body_at=body_at,
    )


def _field(head: bytes, wanted: bytes) -> bytes:
    """The value of a header field in small letters, b"" without one."""
    for line in head.splitlines()[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == wanted:
            return value.strip().lower()
    return b""


def _whole_body(head: _Head, received: bytes, *, ended: bool) -> bytes | None:
    """The body by its chunks, its stated length, or the end of the connection; None where it is not there as a whole."""
    body = received[head.body_at :]
    if head.chunked:
        return _dechunked(body)
    if head.length is not None:
        return body[: head.length] if len(body) >= head.length else None
    return body if ended else None


def _dechunked(sent: bytes) -> bytes | None:
    """A body without its chunk sizes (RFC 9112, 7.1); None where its last chunk is not there, or it is not of that form."""
    body, at = b"", 0
    while size := _CHUNK_SIZE.match(sent, at):
        length, begins = int(size[1], 16), size.end()
        if length == 0:
            return body
        at = begins + length + len(b"\r\n")
        body += sent[begins : begins + length]
    return None


# MLLP


def _acknowledged(block: bytes, control_id: bytes) -> Judgement:
    """Judge the message of a complete block. Only codes are quoted: a text field may hold anything."""
    if not block.startswith(b"MSH") or len(block) < len(b"MSH|"):
        return _wrong(f"no HL7 message: {_quoted(block)}")
    separator = block[3:4]
    for segment in block.split(b"\r"):
        name, *fields = segment.split(separator)
        if name == b"MSA":
            code, answered_id = (*fields, b"", b"")[:2]
            if answered_id != control_id:
                return _wrong("an acknowledgement of another message")
            accepted = code in (b"AA", b"CA")
            return Judgement(answer=Answer.HEALTHY if accepted else Answer.WRONG, detail=f"MSA-1 {_quoted(code)}")
    return _wrong("an HL7 message without MSA segment")


# For all


def _unfinished(received: bytes, *, ended: bool) -> Judgement | None:
    """The answer so far is the beginning of one: is there to be more of it?"""
    if len(received) > ANSWER_BYTES_MAX:
        return _wrong(f"an answer longer than {ANSWER_BYTES_MAX} bytes")
    if ended:
        how = "in the middle of its answer" if received else "without an answer"
        return Judgement(answer=Answer.RESET, detail=f"closed {how}")
    return None


def _wrong(detail: str) -> Judgement:
    return Judgement(answer=Answer.WRONG, detail=detail)


def _quoted(received: bytes) -> str:
    return repr(received[:_QUOTED_MAX])[1:]
