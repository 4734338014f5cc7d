"""Probe kinds as tables: bytes in, judgement out, however the bytes are cut into pieces."""

import ast
from pathlib import Path
from typing import Any

import hl7
import pytest

from failover_lambda import probes
from failover_lambda.contract import ProbeKind
from failover_lambda.model import Answer
from failover_lambda.probes import (
    ANSWER_BYTES_MAX,
    MLLP_APPLICATION,
    PROBES,
    HttpProbe,
    IdentityProbe,
    Judgement,
    MllpProbe,
    Probe,
    Question,
    TcpProbe,
)

QUESTION = Question(host="10.0.1.10", port=8080, path="/health?deep=1", id="17-001", stamp="20261121101010")
HTTP, IDENTITY, MLLP = HttpProbe(tls=False), IdentityProbe(), MllpProbe()
HEALTHY, WRONG, RESET = Answer.HEALTHY, Answer.WRONG, Answer.RESET


def judged(probe: Probe, received: bytes, *, ended: bool = True) -> Judgement | None:
    return probe.judge(QUESTION, received, ended=ended)


def judged_by_the_byte(probe: Probe, received: bytes) -> Judgement | None:
    """As a connection that drips: a byte a time, then the end. Stops where a prober stops."""
    for length in range(len(received) + 1):
        judgement = probe.judge(QUESTION, received[:length], ended=False)
        if judgement and not judgement.more:
            return judgement
    return probe.judge(QUESTION, received, ended=True)


def block(*segments: str) -> bytes:
    return b"\x0b" + "".join(f"{segment}\r" for segment in segments).encode() + b"\x1c\r"


def acknowledgement(code: str, control_id: str = "17-001") -> bytes:
    return block(r"MSH|^~\&|ENGINE|HERE|||20261121101010||ACK|x-1|P|2.5", f"MSA|{code}|{control_id}|text")


def parsed_by_hl7(framed: bytes) -> Any:
    return hl7.parse(framed[1:-2].decode("ascii"))


def test_every_kind_of_the_contract_has_a_probe() -> None:
    assert set(PROBES) == set(ProbeKind)
    assert [kind for kind, probe in PROBES.items() if probe.tls] == [ProbeKind.HTTPS]


def test_this_part_of_the_watchdog_knows_no_sockets_clocks_or_chance() -> None:
    tree = ast.parse(Path(probes.__file__).read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    assert imported == {
        "re",
        "collections.abc",
        "dataclasses",
        "typing",
        "failover_lambda.contract",
        "failover_lambda.model",
    }


# tcp


def test_a_connection_is_all_that_tcp_asks_for() -> None:
    assert TcpProbe().request(QUESTION) == b""
    judgement = judged(TcpProbe(), b"", ended=False)
    assert judgement is not None
    assert judgement.answer is HEALTHY


# http


def test_a_get_asks_for_the_path_and_the_end_of_the_connection() -> None:
    assert HTTP.request(QUESTION) == (
        b"GET /health?deep=1 HTTP/1.1\r\n"
        b"Host: 10.0.1.10:8080\r\n"
        b"User-Agent: tandem-prober\r\n"
        b"Accept: */*\r\n"
        b"Connection: close\r\n\r\n"
    )


@pytest.mark.parametrize("path", ["", "health", "/a b", "/a\r\nX: y", "/a\tb", "/ü"])
def test_a_path_that_would_break_the_request_is_not_sent(path: str) -> None:
    for probe in (HTTP, IDENTITY):
        with pytest.raises(ValueError, match=r"not a path|can't encode"):
            probe.request(Question(host="10.0.1.10", port=1, path=path))


HTTP_TABLE = [
    (b"HTTP/1.1 200 OK\r\n\r\n", HEALTHY, "HTTP 200"),
    (b"HTTP/1.0 204 No Content\r\nX: y\r\n\r\n", HEALTHY, "HTTP 204"),
    (b"HTTP/1.1 299\r\n\r\n", HEALTHY, "HTTP 299"),
    (b"HTTP/1.1 200 OK\n\n", HEALTHY, "HTTP 200"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", HEALTHY, "HTTP 200"),
    (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        HEALTHY,
        "HTTP 200",
    ),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\n\r\n", WRONG, "HTTP 503"),
    (b"HTTP/1.1 500 Internal Server Error\r\n\r\n", WRONG, "HTTP 500"),
    (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", WRONG, "HTTP 503"),
    (b"HTTP/1.1 404 Not Found\r\n\r\n", WRONG, "HTTP 404"),
    (b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", WRONG, "HTTP 302"),
    (b"HTTP/1.1 999 Odd\r\n\r\n", WRONG, "no HTTP status: 'HTTP/1.1 999 Odd\\r\\n\\r\\n'"),
    (b"HTTP/1.1 20 OK\r\n\r\n", WRONG, "no HTTP status: 'HTTP/1.1 20 OK\\r\\n\\r\\n'"),
    (b"HTTP/1.12 200 OK\r\n\r\n", WRONG, "no HTTP status: 'HTTP/1.12 200 OK\\r\\n\\r\\n'"),
    (b"HTTP/2 200\r\n\r\n", WRONG, "no HTTP: 'HTTP/2'"),
    (b"SSH-2.0-OpenSSH_9.6\r\n", WRONG, "no HTTP: 'S'"),
    (b"\x15\x03\x01\x00\x02\x02P", WRONG, "no HTTP: '\\x15'"),
    (b"", RESET, "closed without an answer"),
    (b"HTT", RESET, "closed in the middle of its answer"),
    (b"HTTP/1.1 200 OK\r\n", RESET, "closed in the middle of its answer"),
    (b"HTTP/1.1 200 OK\r\nX: y\r\n", RESET, "closed in the middle of its answer"),
    (b"HTTP/1.1 100 Continue\r\n\r\n", RESET, "closed in the middle of its answer"),
]


@pytest.mark.parametrize(("received", "answer", "detail"), HTTP_TABLE, ids=lambda value: repr(value)[:40])
def test_http_is_judged_by_its_first_final_head(received: bytes, answer: Answer, detail: str) -> None:
    assert judged_by_the_byte(HTTP, received) == Judgement(answer=answer, detail=detail)
    at_once = judged(HTTP, received)
    assert at_once is not None
    assert at_once.answer is answer


def test_http_waits_for_its_whole_head_while_the_connection_lasts() -> None:
    whole = b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n"
    assert {judged(HTTP, whole[:length], ended=False) for length in range(len(whole))} == {None}


def json_page(*fields: str, body: str = "", status: str = "200 OK") -> bytes:
    head = (f"HTTP/1.1 {status}", "Content-Type: application/json", *fields, "", body)
    return "\r\n".join(head).encode()


SAID = '{"channels_down": ["ADT_IN"]}'
CHUNKS = f"a\r\n{SAID[:10]}\r\n{len(SAID) - 10:x};x=y\r\n{SAID[10:]}\r\n0\r\n\r\n"
LENGTH = f"Content-Length: {len(SAID)}"
CHUNKED = "Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    "received",
    [
        json_page(LENGTH, body=SAID),
        json_page(CHUNKED, body=CHUNKS),
        json_page(body=SAID),
        json_page(LENGTH, body=SAID).replace(b"application/json", b"Application/Health+JSON ; charset=utf-8"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + json_page(LENGTH, body=SAID),
    ],
    ids=["length", "chunks", "to the end", "another kind of json", "after an interim head"],
)
def test_http_hands_on_a_body_of_json(received: bytes) -> None:
    assert judged_by_the_byte(HTTP, received) == Judgement(answer=HEALTHY, detail="HTTP 200", body=SAID.encode())


def test_the_body_of_a_failing_page_is_handed_on_too() -> None:
    received = json_page(LENGTH, body=SAID, status="503 No")
    assert judged(HTTP, received) == Judgement(answer=WRONG, detail="HTTP 503", body=SAID.encode())


@pytest.mark.parametrize(
    "received",
    [
        json_page(LENGTH, body=SAID[:-1]),
        json_page(LENGTH),
        json_page(CHUNKED, body=CHUNKS[:-5]),
        json_page(CHUNKED, body="x\r\n" + CHUNKS),
        json_page(CHUNKED, body=SAID),
        json_page(CHUNKED, body="ffffffff\r\n" + SAID),
    ],
    ids=["cut", "nothing", "without the last chunk", "no size", "no chunks", "a huge chunk"],
)
def test_a_body_that_does_not_come_as_a_whole_leaves_the_head(received: bytes) -> None:
    """Judged from the head on, with more to come as long as the connection stands."""
    assert judged(HTTP, received, ended=False) == Judgement(answer=HEALTHY, detail="HTTP 200", more=True)
    assert judged(HTTP, received) == Judgement(answer=HEALTHY, detail="HTTP 200")


def test_a_body_that_is_too_long_is_not_read_on() -> None:
    received = json_page("Content-Length: 1000000", body="x" * ANSWER_BYTES_MAX)
    assert judged(HTTP, received, ended=False) == Judgement(answer=HEALTHY, detail="HTTP 200")


def test_http_reads_no_other_body() -> None:
    judgement = judged(HTTP, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", ended=False)
    assert judgement == Judgement(answer=HEALTHY, detail="HTTP 200")


# identity


def test_identity_asks_in_http_1_0_so_that_no_body_comes_in_chunks() -> None:
    assert IDENTITY.request(QUESTION).startswith(b"GET /health?deep=1 HTTP/1.0\r\nHost: 10.0.1.10:8080\r\n")


@pytest.mark.parametrize(
    ("received", "ended", "judgement"),
    [
        (b"HTTP/1.0 200 OK\r\ncontent-length:2\r\n\r\n{}", False, Judgement(answer=HEALTHY, detail="HTTP 200", body=b"{}")),
        (
            b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}x",
            False,
            Judgement(answer=HEALTHY, detail="HTTP 200", body=b"{}"),
        ),
        (b"HTTP/1.0 200 OK\r\n\r\n{}", True, Judgement(answer=HEALTHY, detail="HTTP 200", body=b"{}")),
        (b"HTTP/1.0 200 OK\r\n\r\n", True, Judgement(answer=HEALTHY, detail="HTTP 200")),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False, Judgement(answer=HEALTHY, detail="HTTP 200")),
        (b"HTTP/1.0 503 No\r\nContent-Length: 2\r\n\r\n{}", False, Judgement(answer=WRONG, detail="HTTP 503", body=b"{}")),
        (b"HTTP/1.0 200 OK\r\nContent-Length: x\r\n\r\n{}", True, Judgement(answer=HEALTHY, detail="HTTP 200", body=b"{}")),
        (b"HTTP/1.0 200 OK\r\n\r\n{}", False, None),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n{}", False, None),
        (
            b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n{}",
            True,
            Judgement(answer=RESET, detail="closed in the middle of its answer"),
        ),
        (b"", True, Judgement(answer=RESET, detail="closed without an answer")),
        (b"", False, None),
        (b"hello", False, Judgement(answer=WRONG, detail="no HTTP: 'hello'")),
        (
            b"HTTP/1.0 200 OK\r\nContent-Length: 99999\r\n\r\n" + b"x" * ANSWER_BYTES_MAX,
            False,
            Judgement(answer=WRONG, detail="an answer longer than 16384 bytes"),
        ),
        (
            b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * ANSWER_BYTES_MAX,
            False,
            Judgement(answer=WRONG, detail="an answer longer than 16384 bytes"),
        ),
    ],
)
def test_identity_waits_for_the_whole_body(received: bytes, ended: bool, judgement: Judgement | None) -> None:
    assert judged(IDENTITY, received, ended=ended) == judgement


# mllp


def test_the_question_of_mllp_is_one_block_that_an_hl7_parser_reads() -> None:
    """The hl7 package is the judge; the application management query of chapter 14 carries no patient."""
    request = MLLP.request(QUESTION)
    assert request.startswith(b"\x0b")
    assert request.endswith(b"\r\x1c\r")
    message = parsed_by_hl7(request)
    header = message.segment("MSH")
    assert [str(header[number]) for number in (3, 9, 10)] == [MLLP_APPLICATION, "NMQ^N01^NMQ_N01", "17-001"]
    assert str(message.segment("NCK")[1]) == "20261121101010"
    assert [str(segment[0]) for segment in message] == ["MSH", "NCK"]


@pytest.mark.parametrize("code", ["AA", "CA"])
def test_mllp_is_healthy_when_our_question_is_accepted(code: str) -> None:
    assert judged_by_the_byte(MLLP, acknowledgement(code)) == Judgement(answer=HEALTHY, detail=f"MSA-1 '{code}'")


def test_mllp_accepts_the_acknowledgement_that_the_hl7_package_makes() -> None:
    message = parsed_by_hl7(MLLP.request(QUESTION))
    answer = b"\x0b" + str(message.create_ack("AA")).encode() + b"\x1c\r"
    assert judged(MLLP, answer, ended=False) == Judgement(answer=HEALTHY, detail="MSA-1 'AA'")


@pytest.mark.parametrize(
    ("received", "answer", "detail"),
    [
        (acknowledgement("AE"), WRONG, "MSA-1 'AE'"),
        (acknowledgement("AR"), WRONG, "MSA-1 'AR'"),
        (acknowledgement("CR"), WRONG, "MSA-1 'CR'"),
        (acknowledgement(""), WRONG, "MSA-1 ''"),
        (acknowledgement("AA", "17-002"), WRONG, "an acknowledgement of another message"),
        (block(r"MSH|^~\&|ENGINE", "MSA|AA"), WRONG, "an acknowledgement of another message"),
        (block(r"MSH|^~\&|ENGINE", "MSA"), WRONG, "an acknowledgement of another message"),
        (block(r"MSH|^~\&|ENGINE"), WRONG, "an HL7 message without MSA segment"),
        (block("MSH#^~\\&#ENGINE", "MSA#AA#17-001"), HEALTHY, "MSA-1 'AA'"),
        (block("hello"), WRONG, "no HL7 message: 'hello\\r'"),
        (b"\x0bMSH\x1c\r", WRONG, "no HL7 message: 'MSH'"),
        (b"\x0b\x1c\r", WRONG, "no HL7 message: ''"),
        (acknowledgement("AA")[1:], WRONG, "no MLLP block: 'M'"),
        (b"\x06", WRONG, "no MLLP block: '\\x06'"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", WRONG, "no MLLP block: 'H'"),
        (acknowledgement("AA")[:-1] + b"\n", WRONG, "an MLLP block that does not end in FS CR"),
        (b"", RESET, "closed without an answer"),
        (b"\x0b", RESET, "closed in the middle of its answer"),
        (acknowledgement("AA")[:-2], RESET, "closed in the middle of its answer"),
        (acknowledgement("AA")[:-1], RESET, "closed in the middle of its answer"),
        (b"\x0b" + b"x" * (ANSWER_BYTES_MAX + 1), WRONG, "an answer longer than 16384 bytes"),
    ],
)
def test_mllp_is_judged_by_frame_and_acknowledgement(received: bytes, answer: Answer, detail: str) -> None:
    assert judged_by_the_byte(MLLP, received) == Judgement(answer=answer, detail=detail)


def test_mllp_waits_for_its_whole_frame_while_the_connection_lasts() -> None:
    whole = acknowledgement("AA")
    assert {judged(MLLP, whole[:length], ended=False) for length in range(len(whole))} == {None}


def test_no_judgement_of_mllp_quotes_a_text_field() -> None:
    for code in ("AA", "AE"):
        judgement = judged(MLLP, acknowledgement(code))
        assert judgement is not None
        assert "text" not in judgement.detail


# all of them


@pytest.mark.parametrize("kind", ProbeKind)
@pytest.mark.parametrize("received", [b"", b"\x0b", b"HTTP/1.1 200", b"x", b"\x00" * 100_000, b"\x0b" + b"\x00" * 100_000])
def test_a_connection_that_has_ended_is_always_judged(kind: ProbeKind, received: bytes) -> None:
    judgement = judged(PROBES[kind], received)
    assert judgement is not None
    assert not judgement.more


@pytest.mark.parametrize("kind", ProbeKind)
@pytest.mark.parametrize("start", [b"", b"\x0b", b"HTTP/1.1 200 OK\r\nX: "])
def test_an_endless_answer_is_judged_before_it_ends(kind: ProbeKind, start: bytes) -> None:
    assert judged(PROBES[kind], start + b"y" * ANSWER_BYTES_MAX, ended=False) is not None
    assert judged(IDENTITY, start + b"y" * ANSWER_BYTES_MAX, ended=False) is not None
