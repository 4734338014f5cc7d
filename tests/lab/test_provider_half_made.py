"""What an AWS handler says of a resource that it made and that then failed: its id, so that nothing is orphaned."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from lab.providers.aws import cloud
from lab.providers.aws.cloud import AwsHandler, Cloud
from lab.providers.aws.ec2_instances import Instance
from lab.providers.aws.ec2_nat import NatGateway
from lab.providers.aws.ec2_volumes import Volume
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


def test_what_fails_after_it_is_ready_keeps_its_id_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DENIED

    monkeypatch.setattr(Thing, "_finish", refuse)
    with pytest.raises(NotReadyError, match="UnauthorizedOperation") as error:
        Thing({"size": 1}).create(ask())
    assert error.value.made == State("thing-1", {"size": 1, "token": "t"})


class Ec2:
    """An EC2 in which nothing ever becomes ready, or everything goes wrong, as it is told."""

    def __init__(self, state: str) -> None:
        self.state = state

    def run_instances(self, **_: object) -> dict[str, Any]:
        return {"Instances": [{"InstanceId": "i-1"}]}

    def describe_instances(self, **_: object) -> dict[str, Any]:
        instance = {"InstanceId": "i-1", "State": {"Name": self.state}, "StateReason": {"Message": "VolumeLimitExceeded"}}
        return {"Reservations": [{"Instances": [instance]}]}

    def create_volume(self, **_: object) -> dict[str, Any]:
        return {"VolumeId": "vol-1"}

    def describe_volumes(self, **_: object) -> dict[str, Any]:
        return {"Volumes": [{"VolumeId": "vol-1", "State": self.state}]}

    def create_nat_gateway(self, **_: object) -> dict[str, Any]:
        return {"NatGateway": {"NatGatewayId": "nat-1"}}

    def describe_nat_gateways(self, **_: object) -> dict[str, Any]:
        return {"NatGateways": [{"NatGatewayId": "nat-1", "State": self.state, "FailureMessage": "no address"}]}


def made_in(handler: type[AwsHandler], state: str, **inputs: object) -> NotReadyError:
    real = handler(Cloud(lambda *_, **__: Ec2(state), region="eu-central-1", account_id="1"))
    with pytest.raises(NotReadyError) as error:
        real.create(Ask(handler.type, "a", inputs))
    return error.value


SLOW = [
    (Instance, {"ami": "ami-1"}, "pending", "i-1"),
    (Volume, {"availabilityZone": "eu-central-1a"}, "creating", "vol-1"),
    (NatGateway, {"subnetId": "subnet-1"}, "pending", "nat-1"),
]


@pytest.mark.parametrize(("handler", "inputs", "state", "made"), SLOW, ids=lambda each: getattr(each, "__name__", ""))
def test_a_real_type_that_does_not_become_ready_in_time_keeps_its_id(
    monkeypatch: pytest.MonkeyPatch, handler: type[AwsHandler], inputs: dict[str, object], state: str, made: str
) -> None:
    monkeypatch.setattr(cloud.wait_until, "__defaults__", (0.05,))
    error = made_in(handler, state, **inputs)
    assert error.made == State(made, inputs)
    assert str(error) == f"{handler.__name__} {made} was not ready after 0 s"


@pytest.mark.parametrize(
    ("handler", "state", "why"),
    [
        (Instance, "terminated", "instance i-1 is terminated: VolumeLimitExceeded"),
        (Volume, "error", "volume vol-1 is in state error: may the caller use its key?"),
        (NatGateway, "failed", "NAT gateway nat-1 has failed: no address"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_what_never_will_be_ready_is_not_waited_for_and_says_why(handler: type[AwsHandler], state: str, why: str) -> None:
    began_s = time.monotonic()
    error = made_in(handler, state, ami="ami-1", availabilityZone="eu-central-1a")
    assert str(error) == why
    assert error.made
    assert time.monotonic() - began_s < cloud.WAIT_DEADLINE_S / 2


@pytest.mark.parametrize(
    ("handler", "state"), [(Instance, "running"), (Instance, "stopped"), (Volume, "in-use"), (NatGateway, "available")]
)
def test_what_was_not_ready_is_so_later_whatever_was_done_with_it_since(handler: type[AwsHandler], state: str) -> None:
    assert handler(Cloud(lambda *_, **__: Ec2(state), region="eu-central-1", account_id="1")).ready(State("x-1"))
