"""What is Azure's own about a pool in the place of the address: one write for all members, ETags, an empty pool."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from failover_lambda.azure.bodies import Document
from failover_lambda.azure.names import PoolId
from failover_lambda.azure.network import Network
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import Answered, Association, Command, Do, Outcome
from lab.arm.faults import Effect, Fault
from lab.arm.messages import Refusal
from lab.arm.server import Server
from lab.arm.settings import Settings as ArmSettings
from tests.contract.azure_world import BalancedWorld
from tests.contract.test_azure_cloud import SteppingClock
from tests.lab.arm.clouds import TEN, Cloud

pytestmark = [pytest.mark.contract, pytest.mark.lab]

WRITE_POOL = "Microsoft.Network/loadBalancers/backendAddressPools/write"


@dataclass
class Stand:
    """A balanced site whose clock stands, and the emulator behind it."""

    arm: Cloud
    world: BalancedWorld

    def run(self, do: Do, worker: str = "wk1", association_id: str = "", epoch: int = 1) -> Answered:
        return self.world.cloud.run(Command(do=do, epoch=epoch, worker=worker, association_id=association_id))

    def associated(self, worker: str = "wk1") -> str:
        answered = self.run(Do.ASSOCIATE, worker)
        assert answered.outcome is Outcome.DONE, answered
        return answered.association_id

    def shown(self) -> Association | None:
        return self.world.cloud.read_address().association

    @property
    def pool(self) -> Any:
        return self.arm.get(self.world.settings.address_id)

    @property
    def states(self) -> dict[str, str]:
        members = self.pool["properties"]["loadBalancerBackendAddresses"]
        return {each["name"]: each["properties"]["adminState"] for each in members}

    def write(self, states: dict[str, str], **headers: str) -> int:
        """By hand."""
        pool = self.pool
        for each in pool["properties"]["loadBalancerBackendAddresses"]:
            each["properties"]["adminState"] = states[each["name"]]
        status = self.arm.put(pool["id"], pool, **headers).status
        self.arm.wait(10)
        return status


@pytest.fixture
def stand() -> Iterator[Stand]:
    arm = Cloud(ArmSettings(times=TEN))
    server = Server(arm.emulator, ticking=False)
    yield Stand(arm, BalancedWorld(server.endpoint, 1, SteppingClock(arm)))
    server.close()


def test_the_first_association_makes_every_worker_a_member_and_one_of_them_up(stand: Stand) -> None:
    assert stand.shown() is None
    stand.associated("wk1")
    assert stand.states == {"wk1": "Up", "wk2": "Down"}
    members = stand.pool["properties"]["loadBalancerBackendAddresses"]
    assert [each["properties"]["ipAddress"] for each in members] == ["10.0.0.10", "10.0.0.11"]


def test_a_move_ends_with_the_other_member_up_and_never_with_both(stand: Stand) -> None:
    association_id = stand.associated("wk1")
    assert stand.run(Do.DISASSOCIATE, association_id=association_id, epoch=2).outcome is Outcome.DONE
    assert (stand.states, stand.shown()) == ({"wk1": "Down", "wk2": "Down"}, None)
    stand.associated("wk2")
    assert stand.states == {"wk1": "Down", "wk2": "Up"}


def test_while_the_pool_is_written_nobody_says_who_is_up(stand: Stand) -> None:
    stand.associated("wk1")
    assert stand.arm.put(stand.pool["id"], stand.pool).status == 200
    with pytest.raises(CouldNotAskError, match="being changed"):
        stand.shown()


def test_a_late_write_of_the_time_before_misses(stand: Stand) -> None:
    association_id = stand.associated("wk1")
    old = stand.pool
    stand.run(Do.DISASSOCIATE, association_id=association_id, epoch=2)
    assert stand.arm.put(old["id"], old, if_match=old["etag"]).status == 412
    assert stand.states == {"wk1": "Down", "wk2": "Down"}


def test_an_association_that_arrives_late_lets_no_second_member_up(stand: Stand) -> None:
    """By the adapter's own write: nothing but the ETag stops it."""
    late = Fault(Effect.LATE, Refusal(500, "InternalServerError", ""), method="PUT", action=WRITE_POOL, late_s=300.0)
    stand.arm.emulator.order(late)
    assert stand.run(Do.ASSOCIATE, "wk1", epoch=1).outcome is Outcome.LOST
    stand.associated("wk2")
    stand.arm.wait(400)
    assert stand.states == {"wk1": "Down", "wk2": "Up"}


def test_the_pool_is_taken_from_no_other_member(stand: Stand) -> None:
    stand.associated("wk1")
    answered = stand.run(Do.ASSOCIATE, "wk2")
    assert (answered.outcome, answered.code) == (Outcome.DEFERRED, "AnotherMemberIsUp")
    assert stand.states == {"wk1": "Up", "wk2": "Down"}


def test_a_write_that_ended_well_and_left_the_pool_empty_is_not_done(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pulumi-azure-native#3601 tells; the emulator has no such defect, so its answer is emptied here."""
    write = Network.write_pool

    def emptied(network: Network, pool: PoolId, document: Document) -> Document:
        after = write(network, pool, document)
        return {**after, "properties": {**after["properties"], "loadBalancerBackendAddresses": []}}

    monkeypatch.setattr(Network, "write_pool", emptied)
    for do in (Do.ASSOCIATE, Do.DISASSOCIATE):
        answered = stand.run(do, association_id=f"{stand.pool['id']}@{stand.pool['etag']}")
        assert (answered.outcome, answered.code) == (Outcome.LOST, "NotAsWritten")


def test_an_association_that_is_no_more_is_not_ended_twice(stand: Stand) -> None:
    first = stand.associated("wk1")
    stand.run(Do.DISASSOCIATE, association_id=first, epoch=2)
    second = stand.associated("wk1")
    assert stand.run(Do.DISASSOCIATE, association_id=first, epoch=2).outcome is Outcome.DONE
    found = stand.shown()
    assert found is not None
    assert found.association_id == second


def test_two_members_that_a_hand_let_up_are_an_association_that_leads_nowhere(stand: Stand) -> None:
    """So the rule takes it away and makes it anew (5.11)."""
    stand.associated("wk1")
    assert stand.write({"wk1": "Up", "wk2": "Up"}) == 200
    found = stand.shown()
    assert found is not None
    assert (found.instance_id, found.private_ip) == (stand.world.settings.worker("wk1").instance_id, "")
    assert stand.run(Do.DISASSOCIATE, association_id=found.association_id, epoch=2).outcome is Outcome.DONE
    assert stand.states == {"wk1": "Down", "wk2": "Down"}


def test_a_member_without_a_state_takes_connections_too(stand: Stand) -> None:
    stand.associated("wk1")
    assert stand.write({"wk1": "Down", "wk2": "None"}) == 200
    found = stand.shown()
    assert found is not None
    assert found.instance_id == stand.world.settings.worker("wk2").instance_id


def test_a_pool_that_a_put_of_the_balancer_emptied_is_filled_by_the_next_association(stand: Stand) -> None:
    stand.associated("wk1")
    balancer = stand.arm.get(stand.world.id_of("Microsoft.Network/loadBalancers", "lb"))
    stand.arm.made(balancer["id"], balancer)
    assert stand.shown() is None
    stand.associated("wk1")
    assert stand.states == {"wk1": "Up", "wk2": "Down"}


def test_a_write_that_failed_after_it_was_accepted_is_lost(stand: Stand) -> None:
    failed = Refusal(500, "InternalExecutionError", "An internal execution error occurred.")
    stand.arm.emulator.order(Fault(Effect.FAIL, failed, method="PUT", action=WRITE_POOL))
    assert stand.run(Do.ASSOCIATE).outcome is Outcome.LOST


@pytest.mark.parametrize("text", ["", "/x/publicIPAddresses/front", "/subscriptions/s/backendAddressPools/workers"])
def test_what_is_no_id_of_a_pool_is_refused_by_its_text(text: str) -> None:
    with pytest.raises(ValueError, match="is no id of a"):
        PoolId.parse(text)


def test_what_is_already_so_is_written_no_second_time(stand: Stand) -> None:
    association_id = stand.associated("wk1")
    assert stand.associated("wk1") == association_id
