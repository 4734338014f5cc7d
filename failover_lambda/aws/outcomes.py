"""What is known of a call to AWS after it: the one place where an error becomes an outcome.

    answer                                                     outcome
    success, and it can be read                                DONE
    an error that says that it is already so                   DONE
    throttled (429 too), or no capacity, whatever the status   DEFERRED  nothing was changed; says nothing of the target
    not ready: the instance is pending, the gateway is missing DEFERRED  the same
    not sent: no credentials                                   DEFERRED  the same
    an error code of the service itself, status 4xx            REFUSED   nothing was changed
    not sent: nothing that could be asked for                  REFUSED   nothing was changed
    5xx, a timeout, a broken connection, an unreadable answer  LOST      it may have happened, may happen later, or never

In doubt it is LOST: the rule then reads before it judges. May import `model` and `errors`, and botocore's exceptions.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from failover_lambda.errors import CouldNotAskError, DeniedError
from failover_lambda.model import Answered, Command, Do, Outcome

T = TypeVar("T")

ALREADY_SO: Final = frozenset({(Do.DISASSOCIATE, "InvalidAssociationID.NotFound")})
"""The documentation calls DisassociateAddress idempotent; the service answers so all the same."""

THROTTLED: Final = frozenset(
    {
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "EC2ThrottledException",
        "BandwidthLimitExceeded",
    }
)
"""Turned away at the door, some of them with status 503 (botocore's own list of throttling codes, and EC2's)."""

NO_CAPACITY: Final = frozenset(
    {
        "InsufficientAddressCapacity",
        "InsufficientCapacity",
        "InsufficientHostCapacity",
        "InsufficientInstanceCapacity",
        "InsufficientReservedInstanceCapacity",
    }
)
"""Listed by EC2 among its server errors (status 500), but definite: there was nothing to give."""

NOT_READY: Final = frozenset(
    {
        "Gateway.NotAttached",
        "IncorrectInstanceState",
        "IncorrectState",
        "InvalidInstanceID",
        "InvalidInstanceID.NotFound",
        "InvalidNetworkInterfaceID.NotFound",
        "Resource.AlreadyAssociated",
    }
)
"""True of a machine that is still coming up, and of what the API does not know everywhere yet: the next read tells."""

DENIED: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "KMSAccessDenied",
        "KMSAccessDeniedException",
        "UnauthorizedOperation",
    }
)
"""Our role may not do it, in the words of EC2, Lambda, DynamoDB and SNS, or may not use the key that it takes."""

REHEARSED: Final = "DryRunOperation"
"""EC2's error code for: the request would have succeeded, as far as permissions go."""

TIMED_OUT: Final = frozenset({"RequestTimeout", "RequestTimeoutException"})
"""Status 4xx, but it tells of the transport and not of the request."""


class NotSentError(Exception):
    """A command that names what we do not have; its text is a code of our own."""


class ForeignAnswerError(Exception):
    """Status 200, and somebody else answered."""


NO_CREDENTIALS: Final = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)
"""Raised before anything leaves."""


def outcome_of(do: Do, status: int, code: str) -> Outcome:
    """What an error answer means: its HTTP status and its error code.

    A code of digits only is botocore's stand-in for an error body without a code: then it was not the service that spoke.
    """
    if (do, code) in ALREADY_SO:
        return Outcome.DONE
    if code in THROTTLED or code in NO_CAPACITY or status == HTTPStatus.TOO_MANY_REQUESTS:
        return Outcome.DEFERRED
    if code in TIMED_OUT or status == HTTPStatus.REQUEST_TIMEOUT:
        return Outcome.LOST
    said_by_the_service = bool(code) and not code.isdigit()
    of_the_request = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if not (of_the_request and said_by_the_service):
        return Outcome.LOST
    return Outcome.DEFERRED if code in NOT_READY else Outcome.REFUSED


def from_ec2(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer itself, if EC2 gave it: every one of its answers names the request.

    The SDK reads any page with status 200 that happens to be XML as an empty success, and one of a gateway that asks for a
    sign-in is; then nothing at all is known of the call.

    Raises:
        ForeignAnswerError: it does not name a request.
    """
    if not answer.get("ResponseMetadata", {}).get("RequestId"):
        raise ForeignAnswerError("an answer without a request id did not come from EC2")
    return answer


def run_once(command: Command, call: Callable[[], str]) -> Answered:
    """Send `call` once, and say what is known of it. Never raises.

    `call` returns the id of the association that it made, "" when it made none.
    """
    try:
        association_id = call()
    except ClientError as exc:
        status, code = status_and_code(exc)
        return Answered(command=command, outcome=outcome_of(command.do, status, code), code=code, denied=code in DENIED)
    except NotSentError as exc:
        return Answered(command=command, outcome=Outcome.REFUSED, code=str(exc))
    except ParamValidationError as exc:
        return Answered(command=command, outcome=Outcome.REFUSED, code=type(exc).__name__)
    except NO_CREDENTIALS as exc:
        return Answered(command=command, outcome=Outcome.DEFERRED, code=type(exc).__name__)
    except Exception as exc:  # noqa: BLE001 (an SDK raises more than its own errors: KeyError, ResponseParserError, ...)
        return Answered(command=command, outcome=Outcome.LOST, code=type(exc).__name__)
    return Answered(command=command, outcome=Outcome.DONE, association_id=association_id)


def dry_run(dry: bool) -> dict[str, Any]:
    """The parameter that makes a call of EC2 a rehearsal; nothing where it is made in earnest."""
    return {"DryRun": True} if dry else {}


def rehearse_once(command: Command, call: Callable[[], str]) -> Answered:
    """Send `call`, which asks for permission only. Never raises.

    EC2 answers a rehearsal with an error either way; a success means that whoever answered made the call.
    """
    answered = run_once(command, call)
    match answered.outcome, answered.code:
        case _, code if code == REHEARSED:
            return replace(answered, outcome=Outcome.DONE, code="")
        case Outcome.DONE, _:
            return replace(answered, outcome=Outcome.LOST, code="NoRehearsal")
        case _:
            return answered


def read_once(what: str, call: Callable[[], T]) -> T:
    """Send the question `call` once. It may raise whatever it likes for an answer that it cannot read.

    Raises:
        CouldNotAskError: whatever went wrong, with `what` in its text; DeniedError where our role may not ask.
    """
    try:
        return call()
    except ClientError as exc:
        status, code = status_and_code(exc)
        message = exc.response.get("Error", {}).get("Message", "")
        kind = DeniedError if code in DENIED else CouldNotAskError
        raise kind(f"{what}: answered {status} {code}: {message}") from exc
    except BotoCoreError as exc:
        raise CouldNotAskError(f"{what}: no answer: {exc}") from exc
    except Exception as exc:  # unreadable: botocore's ResponseParserError, for one, is not in its own tree
        raise CouldNotAskError(f"{what}: the answer cannot be read: {type(exc).__name__}: {exc}") from exc


def status_and_code(exc: ClientError) -> tuple[int, str]:
    """HTTP status and error code of an error answer; 0 and "" where it has none."""
    status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return int(status), str(exc.response.get("Error", {}).get("Code", ""))
