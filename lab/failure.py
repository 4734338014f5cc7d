"""How a try to get an answer over TCP failed, in the words of the raw logs. Pure; any lab process may import it."""

from enum import Enum


class WrongAnswerError(Exception):
    """An answer came whole, and it was not the one that was waited for."""


class Failure(Enum):
    """The closed set that a client's log may name."""

    REFUSED = "refused"
    RESET = "reset"
    TIMEOUT = "timeout"
    EOF = "eof"
    NACK = "nack"


def failure_of(error: BaseException) -> Failure:
    """Name the error of a failed try; an error that no network causes is raised again as it is."""
    match error:
        case TimeoutError():
            return Failure.TIMEOUT
        case ConnectionRefusedError():
            return Failure.REFUSED
        case ConnectionError():
            return Failure.RESET
        case EOFError():
            return Failure.EOF
        case WrongAnswerError():
            return Failure.NACK
        case _:
            raise error


EXPECTED = (OSError, EOFError, WrongAnswerError)
"""What a client of the lab catches: a superset of what `failure_of` names; the rest is raised again there."""
