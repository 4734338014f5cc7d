r"""HL7 v2 messages of the lab: made, recognised, acknowledged and forwarded. Pure: no sockets, no clocks.

A message is the text that `str(hl7.Message)` gives: segments that end in a carriage return, MSH first. Texts and not
parsed objects, because a worker must hand on every byte it took; the `hl7` package parses what comes in from a
connection (`lab.mllp`), and what it cannot parse never gets here.

The key of a message outlives every hop: it holds MSH-3, MSH-10 and a hash of what follows the MSH segment, and a
forwarded copy changes MSH-4 and MSH-11 only.
"""

import hashlib
from datetime import datetime
from enum import Enum
from typing import Final, NamedTuple

from lab.failure import WrongAnswerError

_SENDING_APPLICATION: Final = 3
_SENDING_FACILITY: Final = 4
_RECEIVING_APPLICATION: Final = 5
_RECEIVING_FACILITY: Final = 6
_MESSAGE_TYPE: Final = 9
_CONTROL_ID: Final = 10
_PROCESSING_ID: Final = 11
_HASH_LENGTH: Final = 16
_TIME: Final = "%Y%m%d%H%M%S"
_CHARACTER_SET: Final = "UNICODE UTF-8"  # HL7 table 0211, MSH-18


class MalformedMessageError(ValueError):
    """The text lacks a field that every message needs; the text of the error names it."""


class MessageKey(NamedTuple):
    """What makes two copies the same message: a resent or a forwarded copy has the key of the first one."""

    application: str
    control_id: str
    body_hash: str


class Mode(Enum):
    """Processing mode, the second part of MSH-11 (HL7 table 0207)."""

    CURRENT = "T"
    """Current processing: the worker delivers this for the first time."""
    RESTORED = "R"
    """Restored from archive: an earlier delivery may have arrived, its acknowledgement was not seen."""


class Origin(NamedTuple):
    """Who forwarded a copy, and whether it may be a repeat."""

    worker: str
    boot: str
    mode: Mode


class Acknowledgement(NamedTuple):
    """The MSA segment: code (AA is accepted), MSH-10 of the message it answers, and its text."""

    code: str
    control_id: str
    text: str


def observation(sender: str, control_id: str, seq: int, at: datetime) -> str:
    """Make one lab result (ORU^R01); `seq` is the observed value, and a name outside ASCII tests the encoding."""
    stamp = at.strftime(_TIME)
    return _message(
        f"MSH|^~\\&|{sender}|LAB|TANDEM|PAIR|{stamp}||ORU^R01|{control_id}|P|2.5||||||{_CHARACTER_SET}",
        f"PID|1||{seq:08d}^^^LAB||Müller^Jörg",
        f"OBR|1|{control_id}||718-7^Hemoglobin^LN|||{stamp}",
        f"OBX|1|NM|718-7^Hemoglobin^LN||{seq}|g/L",
    )


def key_of(text: str) -> MessageKey:
    """Give the message's key; raises `MalformedMessageError` without MSH-3 or MSH-10."""
    header, _, body = text.partition("\r")
    digest = hashlib.sha256(body.encode()).hexdigest()[:_HASH_LENGTH]
    return MessageKey(_needed(header, _SENDING_APPLICATION), _needed(header, _CONTROL_ID), digest)


def asks_for_the_system(text: str) -> bool:
    """Whether it is an application management query (NMQ, HL7 chapter 14): about the system, and nothing to keep."""
    return _field(text.partition("\r")[0], _MESSAGE_TYPE).partition("^")[0] == "NMQ"


def acknowledgement(text: str, said_by: str, at: datetime, code: str = "AA") -> str:
    """Answer the message `text`: MSA-2 repeats its MSH-10, MSA-3 is `said_by`, sender and receiver change places."""
    header = text.partition("\r")[0]
    control_id = _needed(header, _CONTROL_ID)
    sender = f"{_field(header, _RECEIVING_APPLICATION)}|{_field(header, _RECEIVING_FACILITY)}"
    receiver = f"{_field(header, _SENDING_APPLICATION)}|{_field(header, _SENDING_FACILITY)}"
    return _message(
        f"MSH|^~\\&|{sender}|{receiver}|{at.strftime(_TIME)}||ACK^R01|A-{control_id}|P|2.5||||||{_CHARACTER_SET}",
        f"MSA|{code}|{control_id}|{said_by}",
    )


def read_acknowledgement(text: str) -> Acknowledgement:
    """Read the MSA segment; raises `WrongAnswerError` if there is none."""
    for segment in text.split("\r"):
        name, *fields = segment.split("|")
        if name == "MSA" and len(fields) >= 2:
            return Acknowledgement(fields[0], fields[1], fields[2] if len(fields) > 2 else "")
    raise WrongAnswerError(f"no MSA segment in the answer {text!r}")


def accepted(message: str, answer: str) -> Acknowledgement:
    """Check that `answer` accepts `message`: MSA-1 is AA and MSA-2 is its MSH-10; else raises `WrongAnswerError`."""
    control_id = key_of(message).control_id
    found = read_acknowledgement(answer)
    if (found.code, found.control_id) != ("AA", control_id):
        raise WrongAnswerError(f"sent {control_id}, answered {found.code} for {found.control_id}; wanted AA")
    return found


def forwarded(text: str, origin: Origin) -> str:
    """Make the copy that a worker hands on: MSH-4 names worker and boot, MSH-11 the mode; the key stays."""
    header, _, body = text.partition("\r")
    header = _replaced(header, _SENDING_FACILITY, f"{origin.worker}^{origin.boot}^L")
    processing = _field(header, _PROCESSING_ID).partition("^")[0]
    header = _replaced(header, _PROCESSING_ID, f"{processing}^{origin.mode.value}")
    return f"{header}\r{body}"


def origin_of(text: str) -> Origin:
    """Read what `forwarded` wrote; raises `MalformedMessageError` if nobody forwarded this message."""
    header = text.partition("\r")[0]
    facility = _field(header, _SENDING_FACILITY).split("^")
    mode = _field(header, _PROCESSING_ID).partition("^")[2]
    try:
        return Origin(facility[0], facility[1], Mode(mode))
    except (IndexError, ValueError) as error:
        raise MalformedMessageError(f"MSH-4 and MSH-11 do not name worker, boot and mode: {header!r}") from error


def _message(*segments: str) -> str:
    return "".join(f"{segment}\r" for segment in segments)


def _field(header: str, number: int) -> str:
    """Give field MSH-`number`, empty where the segment is shorter; MSH-1 is the separator itself."""
    fields = header.split("|")
    return fields[number - 1] if number <= len(fields) else ""


def _needed(header: str, number: int) -> str:
    value = _field(header, number)
    if not header.startswith("MSH|") or not value:
        raise MalformedMessageError(f"MSH-{number} is missing in {header!r}")
    return value


def _replaced(header: str, number: int, value: str) -> str:
    fields = header.split("|")
    fields += [""] * (number - len(fields))
    fields[number - 1] = value
    return "|".join(fields)
