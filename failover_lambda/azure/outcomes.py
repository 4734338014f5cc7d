"""What is known of a call to Azure after it: the one place where an error becomes an outcome.

    answer                                                     outcome
    success, and what was asked for is so                      DONE
    throttled (429), or no capacity                            DEFERRED  nothing was changed; says nothing of the target
    not ready: something it rests on is being changed          DEFERRED  the same
    somebody else was faster: its ETag is another by now       DEFERRED  the same
    not sent: no token                                         DEFERRED  the same
    an error code of the service itself, status 4xx            REFUSED   nothing was changed
    not sent: nothing that could be asked for                  REFUSED   nothing was changed
    accepted, and failed or not ended in time                  LOST      it may be half done
    5xx, a timeout, a broken connection, an unreadable answer  LOST      it may have happened, may happen later, or never

In doubt it is LOST: the rule then reads before it judges. May import `model` and `errors`, and the SDK's exceptions.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final, TypeVar

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from failover_lambda.errors import CouldNotAskError, DeniedError
from failover_lambda.model import Answered, Command, Outcome

T = TypeVar("T")

NO_CAPACITY: Final = frozenset(
    {"AllocationFailed", "OverconstrainedAllocationRequest", "SkuNotAvailable", "ZonalAllocationFailed"}
)
"""A machine that was deallocated holds no place: there was none to give."""

NOT_READY: Final = frozenset(
    {
        "AnotherOperationInProgress",
        "Conflict",
        "OperationNotAllowed",
        "PreconditionFailed",
        "PublicIPAddressInUse",
        "ReferencedResourceNotProvisioned",
        "ResourceNotFound",
        "RetryableError",
    }
)
"""True of what is being changed, of what somebody changed since it was read, and of what is not known everywhere yet: the
next read tells. An address that another card has is one of them, as on AWS."""

DENIED: Final = frozenset({"AuthorizationFailed", "LinkedAuthorizationFailed"})
"""Our role may not do it, or may not join what the body names."""


DENIED_IN_REHEARSAL: Final = "Denied:"
"""Begins the code of a rehearsed command that our role may not run; the action that it lacks follows."""


class OwnError(Exception):
    """What we say of a command ourselves; its text is a code of our own."""

    outcome = Outcome.LOST


class NotSentError(OwnError):
    """It names what we do not have, or what our role may not do."""

    outcome = Outcome.REFUSED


class NotNowError(OwnError):
    """What stands there forbids it at this moment."""

    outcome = Outcome.DEFERRED


class UnfinishedError(OwnError):
    """It was accepted, and did not end as it should."""


def outcome_of(status: int, code: str) -> Outcome:
    """What an error answer means: its HTTP status and its error code, "" where it has none."""
    if status == HTTPStatus.TOO_MANY_REQUESTS or code in NO_CAPACITY or code in NOT_READY:
        return Outcome.DEFERRED
    of_the_request = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if not (of_the_request and code) or status == HTTPStatus.REQUEST_TIMEOUT:
        return Outcome.LOST
    return Outcome.REFUSED


def run_once(command: Command, call: Callable[[], str]) -> Answered:
    """Carry `call` out once, and say what is known of it. Never raises.

    `call` returns the id of the association that it made, "" when it made none.
    """
    try:
        association_id = call()
    except ClientAuthenticationError as exc:
        return _answered(command, Outcome.DEFERRED, code_of(exc) or type(exc).__name__)
    except HttpResponseError as exc:
        code = code_of(exc)
        return _answered(command, outcome_of(exc.status_code or 0, code), code, denied=code in DENIED)
    except OwnError as exc:
        return _answered(command, exc.outcome, str(exc), denied=str(exc).startswith(DENIED_IN_REHEARSAL))
    except Exception as exc:  # noqa: BLE001 (an SDK raises more than its own errors)
        return _answered(command, Outcome.LOST, type(exc).__name__)
    return Answered(command=command, outcome=Outcome.DONE, association_id=association_id)


def _answered(command: Command, outcome: Outcome, code: str, *, denied: bool = False) -> Answered:
    return Answered(command=command, outcome=outcome, code=code, denied=denied)


def read_once(what: str, call: Callable[[], T]) -> T:
    """Send the questions in `call` once. It may raise whatever it likes for an answer that it cannot read.

    Raises:
        CouldNotAskError: whatever went wrong, with `what` in its text; DeniedError where our role may not ask.
    """
    try:
        return call()
    except HttpResponseError as exc:
        if exc.response is None:
            raise CouldNotAskError(f"{what}: not sent: {exc.message}") from exc
        code = code_of(exc)
        kind = DeniedError if code in DENIED else CouldNotAskError
        raise kind(f"{what}: answered {exc.status_code} {code}") from exc
    except AzureError as exc:
        raise CouldNotAskError(f"{what}: no answer: {exc}") from exc
    except CouldNotAskError:
        raise
    except Exception as exc:
        raise CouldNotAskError(f"{what}: the answer cannot be read: {type(exc).__name__}: {exc}") from exc


def code_of(exc: HttpResponseError) -> str:
    """The error's code: the inner one where the outer only says that it may be tried again; "" where it has none."""
    error = exc.error
    if error is None:
        return ""
    inner = [str(detail.code) for detail in error.details or [] if detail.code]
    return inner[0] if inner and error.code in _SAYS_LITTLE else str(error.code or "")


_SAYS_LITTLE: Final = frozenset({"RetryableError"})
