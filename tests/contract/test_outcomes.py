"""The table in `aws.outcomes`: what each way in which a call can end is worth."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError
from botocore.retries.standard import ThrottledRetryableChecker

from failover_lambda.aws.outcomes import NO_CAPACITY, THROTTLED, NotSentError, outcome_of, read_once, run_once
from failover_lambda.errors import CouldNotAskError, DeniedError
from failover_lambda.model import Answered, Command, Do, Outcome

pytestmark = pytest.mark.contract

COMMAND = Command(do=Do.ASSOCIATE, epoch=1, worker="wk1")
URL = "http://127.0.0.1"
DONE, REFUSED, DEFERRED, LOST = Outcome.DONE, Outcome.REFUSED, Outcome.DEFERRED, Outcome.LOST


def error(status: int, code: str) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "why"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # pyright: ignore[reportArgumentType] (as much of an answer as is read)
        "AssociateAddress",
    )


def raising(exc: Exception) -> Callable[[], str]:
    def call() -> str:
        raise exc

    return call


@pytest.mark.parametrize(
    ("do", "status", "code", "outcome"),
    [
        (Do.ASSOCIATE, 400, "Resource.AlreadyAssociated", DEFERRED),
        (Do.ASSOCIATE, 400, "InvalidAllocationID.NotFound", REFUSED),
        (Do.ASSOCIATE, 400, "InvalidInstanceID", DEFERRED),
        (Do.ASSOCIATE, 400, "Gateway.NotAttached", DEFERRED),
        (Do.ASSOCIATE, 400, "IncorrectInstanceState", DEFERRED),
        (Do.ASSOCIATE, 403, "UnauthorizedOperation", REFUSED),
        (Do.ASSOCIATE, 401, "AuthFailure", REFUSED),
        (Do.ASSOCIATE, 400, "RequestExpired", REFUSED),
        (Do.DISASSOCIATE, 400, "InvalidAssociationID.NotFound", DONE),
        (Do.DISASSOCIATE, 400, "AuthFailure", REFUSED),
        (Do.ASSOCIATE, 400, "InvalidAssociationID.NotFound", REFUSED),
        (Do.STOP, 400, "OperationNotPermitted", REFUSED),
        (Do.STOP, 400, "InvalidInstanceID.NotFound", DEFERRED),
        (Do.START, 500, "InsufficientInstanceCapacity", DEFERRED),
        (Do.ASSOCIATE, 503, "RequestLimitExceeded", DEFERRED),
        (Do.ASSOCIATE, 400, "Throttling", DEFERRED),
        (Do.ASSOCIATE, 429, "429", DEFERRED),
        (Do.ASSOCIATE, 500, "InternalError", LOST),
        (Do.ASSOCIATE, 503, "Unavailable", LOST),
        (Do.ASSOCIATE, 503, "ServiceUnavailable", LOST),
        (Do.DISASSOCIATE, 500, "InternalError", LOST),
        (Do.ASSOCIATE, 504, "504", LOST),
        (Do.ASSOCIATE, 400, "RequestTimeout", LOST),
        (Do.ASSOCIATE, 408, "408", LOST),
        (Do.ASSOCIATE, 403, "403", LOST),
        (Do.ASSOCIATE, 400, "", LOST),
        (Do.ASSOCIATE, 301, "Redirect", LOST),
        (Do.ASSOCIATE, 0, "Resource.AlreadyAssociated", LOST),
    ],
)
def test_an_error_answer_has_one_outcome(do: Do, status: int, code: str, outcome: Outcome) -> None:
    assert outcome_of(do, status, code) is outcome
    answered = run_once(Command(do=do, epoch=1, worker="wk1"), raising(error(status, code)))
    assert (answered.outcome, answered.code) == (outcome, code)


@pytest.mark.parametrize("code", sorted(THROTTLED | NO_CAPACITY))
@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_a_call_that_was_turned_away_changed_nothing_whatever_its_status(code: str, status: int) -> None:
    assert outcome_of(Do.START, status, code) is DEFERRED


def test_every_throttling_code_that_botocore_knows_is_thought_of() -> None:
    """Those left out belong to other services, and are about the request itself."""
    of_others = {
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
    }
    judge: Any = ThrottledRetryableChecker
    known = set(judge._THROTTLED_ERROR_CODES)
    assert known - of_others <= THROTTLED


@pytest.mark.parametrize(
    "exc",
    [
        ReadTimeoutError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
        EndpointConnectionError(endpoint_url=URL),
        ConnectionClosedError(endpoint_url=URL),
        ResponseParserError("not XML"),
        KeyError("AssociationId"),
        OSError("a broken pipe that the SDK let through"),
        RuntimeError("a bug of the SDK"),
    ],
    ids=lambda exc: type(exc).__name__,
)
def test_a_call_without_an_answer_that_can_be_read_is_lost(exc: Exception) -> None:
    assert run_once(COMMAND, raising(exc)) == Answered(command=COMMAND, outcome=LOST, code=type(exc).__name__)


@pytest.mark.parametrize(
    ("exc", "outcome"),
    [
        (NoCredentialsError(), DEFERRED),
        (CredentialRetrievalError(provider="x", error_msg="y"), DEFERRED),
        (ParamValidationError(report="no such parameter"), REFUSED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_call_that_never_left_changed_nothing(exc: Exception, outcome: Outcome) -> None:
    assert run_once(COMMAND, raising(exc)) == Answered(command=COMMAND, outcome=outcome, code=type(exc).__name__)


def test_a_command_that_names_what_we_do_not_have_is_refused_with_our_own_code() -> None:
    answered = run_once(COMMAND, raising(NotSentError("UnknownWorker")))
    assert (answered.outcome, answered.code) == (REFUSED, "UnknownWorker")


def test_a_call_that_succeeds_is_done_with_its_id() -> None:
    assert run_once(COMMAND, lambda: "eipassoc-1") == Answered(command=COMMAND, outcome=DONE, association_id="eipassoc-1")


def test_a_call_is_sent_once_however_it_ends() -> None:
    calls: list[int] = []

    def call() -> str:
        calls.append(1)
        raise ReadTimeoutError(endpoint_url=URL)

    run_once(COMMAND, call)
    with pytest.raises(CouldNotAskError):
        read_once("DescribeAddresses", call)
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("exc", "says"),
    [
        (error(503, "RequestLimitExceeded"), "DescribeAddresses: answered 503 RequestLimitExceeded: why"),
        (error(403, "UnauthorizedOperation"), "DescribeAddresses: answered 403 UnauthorizedOperation: why"),
        (ReadTimeoutError(endpoint_url=URL), "DescribeAddresses: no answer: Read timeout on endpoint URL"),
        (ResponseParserError("x"), "DescribeAddresses: the answer cannot be read: ResponseParserError: x"),
        (KeyError("Addresses"), "DescribeAddresses: the answer cannot be read: KeyError: 'Addresses'"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_question_that_fails_could_not_be_asked_and_says_why(exc: Exception, says: str) -> None:
    with pytest.raises(CouldNotAskError) as raised:
        read_once("DescribeAddresses", raising(exc))
    assert str(raised.value).startswith(says)
    assert raised.value.__cause__ is exc


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "UnauthorizedOperation"),  # EC2
        (400, "AccessDeniedException"),  # DynamoDB and Lambda
        (403, "AuthorizationError"),  # SNS
        (400, "KMSAccessDenied"),  # SNS, of the topic's key
        (502, "KMSAccessDeniedException"),  # Lambda, of a function's key
        (403, "AccessDenied"),
    ],
)
def test_what_our_role_may_not_do_is_known_as_a_denial(status: int, code: str) -> None:
    """7.4: it is told once."""
    with pytest.raises(DeniedError):
        read_once("DescribeAddresses", raising(error(status, code)))
    assert run_once(COMMAND, raising(error(status, code))).denied


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "OperationNotPermitted", "IncorrectState", "500"])
def test_no_other_error_is_a_denial(code: str) -> None:
    with pytest.raises(CouldNotAskError) as raised:
        read_once("DescribeAddresses", raising(error(400, code)))
    assert not isinstance(raised.value, DeniedError)
    assert not run_once(COMMAND, raising(error(400, code))).denied
