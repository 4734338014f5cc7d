"""What an AWS handler says of a resource that it made and that then failed: its id, so that nothing is orphaned."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from lab.providers.aws import cloud
from lab.providers.aws.cloud import AwsHandler, Cloud
from lab.providers.handler import Ask, NotReadyError, State

DENIED = ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}, "DescribeThings")
UNREACHABLE = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


class Thing(AwsHandler):
    """Is made at once, and ready after a number of looks."""

    type = "aws:x/thing:Thing"
    gone = ("NoSuchThing",)

    def __init__(self, answer: Mapping[str, Any] | Exception | None, looks: int = 1) -> None:
        super().__init__(Cloud(lambda service, read_timeout_s=1.0: (service, read_timeout_s), region="r", account_id="1"))
        self.answer = answer
        self.looks = looks

    def ready(self, state: State) -> bool:
        del state
        self.looks -= 1
        return self.looks <= 0

    def _make(self, ask: Ask) -> State:
        ask.get("size")
        return State("thing-1", {"token": "t"})

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        assert state.outputs == {"size": 1, "token": "t"}
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def _remove(self, state: State) -> None:
        raise NotImplementedError(state.id)


def ask() -> Ask:
    return Ask(Thing.type, "a", {"size": 1})


def test_what_is_ready_after_a_while_is_made() -> None:
    made = Thing({"size": 1}, looks=3).create(ask())
    assert (made.id, made.outputs) == ("thing-1", {"token": "t", "size": 1})


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (DENIED, "UnauthorizedOperation"),
        (UNREACHABLE, "Could not connect"),
        (None, "thing-1 was created and cannot be found"),
    ],
    ids=["refused", "unreachable", "not there"],
)
def test_what_was_made_and_cannot_be_read_keeps_its_id(answer: Exception | None, why: str) -> None:
    with pytest.raises(NotReadyError, match=why) as error:
        Thing(answer).create(ask())
    assert error.value.made == State("thing-1", {"size": 1, "token": "t"})


def test_what_does_not_become_ready_keeps_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud.wait_until, "__defaults__", (0.05,))
    with pytest.raises(NotReadyError, match=r"^Thing thing-1 was not ready after 0 s$") as error:
        Thing({}, looks=10**6).create(ask())
    assert error.value.made == State("thing-1", {"size": 1, "token": "t"})
