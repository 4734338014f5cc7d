"""The messages of the lab: what identifies them, and what each hop may change."""

from datetime import UTC, datetime
from typing import Any

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.failure import WrongAnswerError
from lab.hl7_messages import (
    MalformedMessageError,
    MessageKey,
    Mode,
    Origin,
    accepted,
    acknowledgement,
    forwarded,
    key_of,
    observation,
    origin_of,
)

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PLAIN = st.from_regex(r"[A-Za-z0-9-]{1,12}", fullmatch=True)


def test_an_observation_is_what_the_hl7_package_reads_and_writes_back() -> None:
    text = observation("s1", "s1-0001", 7, AT)
    message: Any = hl7.parse(text)
    assert str(message) == text
    assert str(message.segment("MSH")[9]) == "ORU^R01"
    assert str(message.segment("PID")[5]) == "Müller^Jörg"
    assert str(message.segment("OBX")[5]) == "7"


def test_a_key_is_sender_control_id_and_sixteen_digits_of_the_body_hash() -> None:
    # sha256 of "PID|1\r", by sha256sum
    assert key_of("MSH|^~\\&|s1|LAB|||||ORU^R01|c1|P|2.5\rPID|1\r") == MessageKey("s1", "c1", "2813e67d7f9fb99e")


def test_another_body_is_another_message() -> None:
    assert key_of(observation("s1", "c1", 1, AT)) != key_of(observation("s1", "c1", 2, AT))


@given(sender=PLAIN, control_id=PLAIN, seq=st.integers(0, 10**8), mode=st.sampled_from(Mode))
def test_forwarding_keeps_key_and_body_and_names_its_worker(sender: str, control_id: str, seq: int, mode: Mode) -> None:
    text = observation(sender, control_id, seq, AT)
    copy = forwarded(text, Origin("wk1", "b007", mode))
    assert key_of(copy) == key_of(text)
    assert copy.partition("\r")[2] == text.partition("\r")[2]
    assert origin_of(copy) == Origin("wk1", "b007", mode)
    assert str(hl7.parse(copy)) == copy


def test_a_forwarded_copy_can_be_forwarded_again() -> None:
    first = forwarded(observation("s1", "c1", 1, AT), Origin("wk1", "b1", Mode.CURRENT))
    assert forwarded(first, Origin("wk2", "b2", Mode.RESTORED)).split("|")[10] == "P^R"


def test_a_message_that_nobody_forwarded_has_no_origin() -> None:
    with pytest.raises(MalformedMessageError, match=r"MSH-4 and MSH-11 do not name worker, boot and mode: 'MSH"):
        origin_of(observation("s1", "c1", 1, AT))


def test_an_acknowledgement_repeats_the_control_id_and_swaps_the_parties() -> None:
    text = observation("s1", "c1", 1, AT)
    answer = acknowledgement(text, "wk1 b1", AT)
    message: Any = hl7.parse(answer)
    assert [str(message.segment("MSH")[n]) for n in (3, 4, 5, 6)] == ["TANDEM", "PAIR", "s1", "LAB"]
    assert accepted(text, answer) == ("AA", "c1", "wk1 b1")


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (acknowledgement(observation("s1", "c1", 1, AT), "wk1 b1", AT, code="AE"), "sent c1, answered AE for c1; wanted AA"),
        (acknowledgement(observation("s1", "c0", 1, AT), "wk1 b1", AT), "sent c1, answered AA for c0; wanted AA"),
        (observation("s1", "c1", 1, AT), "no MSA segment in the answer"),
    ],
)
def test_any_other_answer_accepts_nothing(answer: str, complaint: str) -> None:
    with pytest.raises(WrongAnswerError, match=complaint):
        accepted(observation("s1", "c1", 1, AT), answer)


@pytest.mark.parametrize("text", ["MSH|^~\\&|s1|LAB\r", "MSH|^~\\&||LAB|||||ORU^R01|c1\r", "PID|1||||||||c1|c1\r", ""])
def test_a_message_without_sender_or_control_id_has_no_key(text: str) -> None:
    with pytest.raises(MalformedMessageError, match="is missing in"):
        key_of(text)
