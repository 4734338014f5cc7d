"""The contract of `ports.Cloud.rehearse`: permission is asked for, nothing is done; and what EC2's answers mean."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from failover_lambda.aws.cloud import LiveCloud
from failover_lambda.aws.outcomes import rehearse_once
from failover_lambda.model import Command, Do, Outcome
from tests.contract.cloud_worlds import CloudWorld
from tests.contract.emulators import client
from tests.contract.judge import SETTINGS

pytestmark = pytest.mark.contract

COMMANDS = (
    Command(do=Do.RESTORE, epoch=1, worker="wk1"),
    Command(do=Do.START, epoch=1, worker="wk1"),
    Command(do=Do.ISOLATE, epoch=1, worker="wk1"),
    Command(do=Do.STOP, epoch=1, worker="wk1"),
    Command(do=Do.ASSOCIATE, epoch=1, worker="wk2"),
)


def test_a_rehearsal_changes_nothing(world: CloudWorld) -> None:
    """RULE 7.6, in memory and over moto."""
    before = (world.cloud.read_address(), world.cloud.read_instances())
    answers = world.cloud.rehearse(COMMANDS)
    assert [(answer.command, answer.outcome, answer.denied) for answer in answers] == [
        (command, Outcome.DONE, False) for command in COMMANDS
    ]
    assert (world.cloud.read_address(), world.cloud.read_instances()) == before


def rehearse(code: str, status: int) -> Any:
    """Of a stop and a start, where EC2 answers the first one so."""
    ec2: Any = client("ec2", "http://127.0.0.1:1")
    stop, start = COMMANDS[3], COMMANDS[1]
    with Stubber(ec2) as stubber:
        stubber.add_client_error("stop_instances", code, http_status_code=status)
        stubber.add_client_error("start_instances", "DryRunOperation", http_status_code=412)
        return [(each.outcome, each.code, each.denied) for each in LiveCloud(SETTINGS, ec2).rehearse((stop, start))]


def test_an_answer_that_tells_of_permission_is_followed_by_the_next_question() -> None:
    assert rehearse("DryRunOperation", 412) == [(Outcome.DONE, "", False)] * 2
    denied = (Outcome.REFUSED, "UnauthorizedOperation", True)
    assert rehearse("UnauthorizedOperation", 403) == [denied, (Outcome.DONE, "", False)]


@pytest.mark.parametrize(
    ("code", "status", "outcome"),
    [("RequestLimitExceeded", 503, Outcome.DEFERRED), ("InternalError", 500, Outcome.LOST)],
)
def test_an_answer_that_tells_of_something_else_ends_it(code: str, status: int, outcome: Outcome) -> None:
    assert rehearse(code, status) == [(outcome, code, False)]


def test_a_success_is_no_rehearsal() -> None:
    """Whoever answers so has carried it out: the next one, a stop perhaps, is not asked for."""
    answered = rehearse_once(COMMANDS[0], lambda: "")
    assert (answered.outcome, answered.code) == (Outcome.LOST, "NoRehearsal")


def test_every_call_carries_the_word_that_makes_it_a_rehearsal() -> None:
    sent: list[tuple[str, Any]] = []
    ec2: Any = client("ec2", "http://127.0.0.1:1")

    def note(params: Any, model: Any, **_: Any) -> None:
        sent.append((model.name, params.get("DryRun")))
        raise ClientError({"Error": {"Code": "DryRunOperation"}}, model.name)

    ec2.meta.events.register("provide-client-params.ec2", note)
    end = Command(do=Do.DISASSOCIATE, epoch=1, worker="wk1", association_id="eipassoc-1")
    LiveCloud(SETTINGS, ec2).rehearse((*COMMANDS, end))
    assert sent == [
        ("ModifyNetworkInterfaceAttribute", True),
        ("StartInstances", True),
        ("ModifyNetworkInterfaceAttribute", True),
        ("StopInstances", True),
        ("AssociateAddress", True),
        ("DisassociateAddress", True),
    ]
