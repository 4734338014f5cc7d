"""What an answer of the storage account must have before it is believed, and what one says of its age and of the clocks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from failover_lambda.azure.blobs import API_VERSION, Blob, Blobs
from failover_lambda.errors import ConflictError, StoreUnavailableError

pytestmark = pytest.mark.contract

NOW_S = 1_700_000_000.0
WHOLE = {
    "x-ms-request-id": "1",
    "ETag": '"2"',
    "Date": "Tue, 14 Nov 2023 22:13:25 GMT",
    "Last-Modified": "Tue, 14 Nov 2023 22:13:05 GMT",
}


@dataclass
class Answer:
    status_code: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: WHOLE)
    content: bytes = b"text"


@dataclass
class Service:
    """Answers the same each time, and keeps what was sent."""

    answer: Answer | Exception
    sent: list[tuple[str, str, Mapping[str, str], bytes | None]] = field(
        default_factory=list[tuple[str, str, Mapping[str, str], bytes | None]]
    )

    def send(self, method: str, name: str, headers: Mapping[str, str], content: bytes | None = None) -> Answer:
        self.sent.append((method, name, headers, content))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def blobs(answer: Answer | Exception) -> Blobs:
    service: Any = Service(answer)
    return Blobs(service, lambda: NOW_S)


def without(*names: str) -> Mapping[str, str]:
    return {name: value for name, value in WHOLE.items() if name not in names}


def refused(status: int, code: str) -> Answer:
    return Answer(status, WHOLE | {"x-ms-error-code": code}, b"<Error/>")


def test_a_whole_answer_is_a_blob_with_its_etag_and_its_age() -> None:
    found = blobs(Answer())
    assert found.get("lease#0") == Blob(b"text", '"2"', 20.0)
    assert found.clock_offset_s == 5.0


@pytest.mark.parametrize(("missing", "age_s"), [("Date", None), ("Last-Modified", None), ("Server", 20.0)])
def test_an_age_that_is_not_said_is_not_known(missing: str, age_s: float | None) -> None:
    blob = blobs(Answer(headers=without(missing))).get("lease#0")
    assert blob is not None
    assert blob.age_s == age_s


def test_a_page_of_somebody_else_is_no_answer() -> None:
    """A gateway that asks for a sign-in answers 200 as well."""
    for status in (200, 302, 404):
        stranger = blobs(Answer(status, without("x-ms-request-id")))
        with pytest.raises(StoreUnavailableError, match=f"^read lease#0: answered {status}, not by the storage account$"):
            stranger.get("lease#0")
        assert stranger.clock_offset_s is None, "and its clock tells nothing"
    with pytest.raises(StoreUnavailableError, match="not by the storage account"):
        blobs(Answer(201, without("x-ms-request-id"))).put("lease#0", b"", None)


def test_a_blob_without_an_etag_could_not_be_written_again() -> None:
    with pytest.raises(StoreUnavailableError, match=r"^read lease#0: an answer without an ETag$"):
        blobs(Answer(headers=without("ETag"))).get("lease#0")


def test_only_the_service_itself_says_that_there_is_none() -> None:
    assert blobs(refused(404, "BlobNotFound")).get("lease#0") is None
    for status, code in (
        (404, "ContainerNotFound"),
        (403, "AuthorizationPermissionMismatch"),
        (206, ""),
        (503, "ServerBusy"),
    ):
        with pytest.raises(StoreUnavailableError, match=f"^read lease#0: answered {status} {code}$"):
            blobs(refused(status, code)).get("lease#0")


@pytest.mark.parametrize("code", ["BlobAlreadyExists", "ConditionNotMet", "BlobNotFound"])
def test_a_condition_that_was_false_is_a_conflict(code: str) -> None:
    with pytest.raises(ConflictError, match=r"^write lease#0: another one stands there$"):
        blobs(refused(412, code)).put("lease#0", b"", None)


@pytest.mark.parametrize(("status", "code"), [(412, "LeaseIdMissing"), (409, "ContainerBeingDeleted"), (200, ""), (500, "")])
def test_any_other_answer_to_a_write_leaves_it_open(status: int, code: str) -> None:
    with pytest.raises(StoreUnavailableError, match=f"^write lease#0: answered {status} {code}$"):
        blobs(refused(status, code)).put("lease#0", b"", None)


def test_no_answer_leaves_it_open() -> None:
    with pytest.raises(StoreUnavailableError, match=r"^read lease#0: no answer: TimeoutError: late$"):
        blobs(TimeoutError("late")).get("lease#0")


def test_a_write_names_what_it_replaces() -> None:
    service = Service(Answer(201))
    as_client: Any = service
    store = Blobs(as_client)
    store.put("lease#0", b"new", None)
    store.put("lease#0", b"newer", Blob(b"new", '"7"'))
    (_, _, first, _), (method, name, second, content) = service.sent
    assert first["If-None-Match"] == "*"
    assert "If-Match" not in first
    assert (method, name, content) == ("PUT", "lease#0", b"newer")
    assert (second["If-Match"], "If-None-Match" in second, second["x-ms-blob-type"]) == ('"7"', False, "BlockBlob")
    assert API_VERSION == "2024-11-04"
