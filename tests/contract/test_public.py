"""The port `ports.PublicPath`: who answers through the address, over real HTTP."""

import json

import pytest

from failover_lambda.model import Answer, PublicAnswer
from failover_lambda.public import LivePublicPath
from tests.fakes import make_settings
from tests.spec.misbehaving import HOST, Behaviour, answers, drips, reserved_port, resets, serving, stays_silent

pytestmark = pytest.mark.contract

LONG_S = 10.0
ME = {"worker": "wk2", "boot": "b-7", "status": "ok"}


def http(status: int, said: object) -> bytes:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return b"HTTP/1.1 %d Said\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body


def asked(behave: Behaviour, timeout_s: float = LONG_S) -> PublicAnswer | None:
    with serving(behave) as port:
        return LivePublicPath(make_settings(public_health_port=port)).ask(HOST, timeout_s)


def test_a_healthy_answer_names_worker_and_boot() -> None:
    assert asked(answers(http(200, ME))) == PublicAnswer(worker="wk2", boot_id="b-7", answer=Answer.HEALTHY)


def test_an_unhealthy_answer_still_names_who_gave_it() -> None:
    assert asked(answers(http(503, ME))) == PublicAnswer(worker="wk2", boot_id="b-7", answer=Answer.WRONG)


@pytest.mark.parametrize("said", [b"", b"ok", b"\xff\xfe", [], {}, "wk2", {"worker": 2}, {"worker": None}, {"worker": ""}])
def test_a_healthy_status_without_a_name_is_wrong(said: object) -> None:
    assert asked(answers(http(200, said))) == PublicAnswer(worker="", boot_id="", answer=Answer.WRONG)


def test_a_worker_without_boot_id_is_named() -> None:
    assert asked(answers(http(200, {"worker": "wk2"}))) == PublicAnswer(worker="wk2", boot_id="", answer=Answer.HEALTHY)


@pytest.mark.parametrize(
    ("behave", "timeout_s", "answer"),
    [
        (resets, LONG_S, Answer.RESET),
        (stays_silent, 0.3, Answer.SILENT),
        (drips(http(200, ME), pause_s=0.05), 0.3, Answer.SILENT),
        (answers(http(200, ME)[:-1]), 0.3, Answer.SILENT),
        (answers(b"hello"), LONG_S, Answer.WRONG),
    ],
)
def test_no_answer_names_nobody_and_says_what_happened(behave: Behaviour, timeout_s: float, answer: Answer) -> None:
    assert asked(behave, timeout_s) == PublicAnswer(worker="", boot_id="", answer=answer)


def test_nobody_behind_the_address_is_refused() -> None:
    with reserved_port() as port:
        refused = LivePublicPath(make_settings(public_health_port=port)).ask(HOST, LONG_S)
    assert refused == PublicAnswer(worker="", boot_id="", answer=Answer.REFUSED)


def test_without_a_public_health_port_nobody_is_asked() -> None:
    assert LivePublicPath(make_settings(public_health_port=0)).ask(HOST, LONG_S) is None
