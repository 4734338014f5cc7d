"""The contract of `ports.Cloud`, over every adapter."""

import time

import pytest

from failover_lambda.model import Answered, Association, Command, Do, InstanceView, Outcome, Power
from tests.contract.cloud_worlds import CloudWorld

pytestmark = pytest.mark.contract

WAIT_S = 20.0


def run(world: CloudWorld, do: Do, worker: str = "wk1", association_id: str = "") -> Answered:
    return world.cloud.run(Command(do=do, epoch=1, worker=worker, association_id=association_id))


def associated(world: CloudWorld, worker: str = "wk1") -> str:
    """Put the address on `worker`; gives the association's id."""
    answered = run(world, Do.ASSOCIATE, worker)
    assert answered.outcome is Outcome.DONE
    assert answered.association_id
    return answered.association_id


def instance(world: CloudWorld, worker: str = "wk1") -> InstanceView:
    (view,) = (view for view in world.cloud.read_instances() if view.worker == worker)
    return view


def wait_for_power(world: CloudWorld, power: Power) -> InstanceView:
    give_up_s = time.monotonic() + WAIT_S
    while (view := instance(world)).power is not power:
        assert time.monotonic() < give_up_s, f"still {view}"
        time.sleep(0.02)
    return view


def shown(world: CloudWorld) -> Association | None:
    return world.cloud.read_address().association


# The address


def test_an_address_on_nobody_is_read_as_that(world: CloudWorld) -> None:
    view = world.cloud.read_address()
    assert view.public_ip
    assert view.association is None


def test_an_association_shows_worker_card_and_private_ip(world: CloudWorld) -> None:
    association_id = associated(world)
    worker = world.settings.worker("wk1")
    assert shown(world) == Association(
        association_id=association_id,
        instance_id=worker.instance_id,
        network_interface_id=worker.network_interface_id,
        private_ip=worker.private_ip,
    )


def test_an_association_never_takes_the_address_from_another(world: CloudWorld) -> None:
    association_id = associated(world, "wk1")
    answered = run(world, Do.ASSOCIATE, "wk2")
    assert (answered.outcome, answered.code) == (Outcome.DEFERRED, world.taken_code)
    assert answered.association_id == ""
    found = shown(world)
    assert found is not None
    assert found.association_id == association_id


def test_associating_again_with_the_same_worker_is_done_and_changes_nothing(world: CloudWorld) -> None:
    association_id = associated(world)
    assert associated(world) == association_id


def test_a_move_is_a_disassociation_and_an_association(world: CloudWorld) -> None:
    ended = run(world, Do.DISASSOCIATE, "wk1", associated(world, "wk1"))
    assert ended.outcome is Outcome.DONE
    assert shown(world) is None
    association_id = associated(world, "wk2")
    found = shown(world)
    assert found is not None
    assert (found.association_id, found.instance_id) == (association_id, world.settings.worker("wk2").instance_id)


def test_every_association_has_an_id_of_its_own(world: CloudWorld) -> None:
    first = associated(world)
    run(world, Do.DISASSOCIATE, "wk1", first)
    assert associated(world) != first


def test_an_association_that_has_ended_can_be_ended_again(world: CloudWorld) -> None:
    association_id = associated(world)
    run(world, Do.DISASSOCIATE, "wk1", association_id)
    assert run(world, Do.DISASSOCIATE, "wk1", association_id).outcome is Outcome.DONE


def test_ending_an_older_association_leaves_the_newer_one(world: CloudWorld) -> None:
    first = associated(world)
    run(world, Do.DISASSOCIATE, "wk1", first)
    second = associated(world)
    assert run(world, Do.DISASSOCIATE, "wk1", first).outcome is Outcome.DONE
    found = shown(world)
    assert found is not None
    assert found.association_id == second


@pytest.mark.parametrize("owner", ["another", ""])
def test_an_address_shows_whose_it_is_by_its_owner_tag(world: CloudWorld, owner: str) -> None:
    """RULE 1.9; whether it is ours, the rule decides."""
    assert world.cloud.read_address().owner == world.settings.site
    world.tag_address(owner)
    assert world.cloud.read_address().owner == owner


# The machines


def test_workers_are_read_in_the_order_of_the_settings(world: CloudWorld) -> None:
    views = world.cloud.read_instances()
    assert [view.worker for view in views] == ["wk1", "wk2"]
    assert all(view.power is Power.RUNNING and view.launched_s > 0 and not view.isolated for view in views)


def test_isolation_is_seen_on_its_worker_alone_and_undone(world: CloudWorld) -> None:
    assert run(world, Do.ISOLATE).outcome is Outcome.DONE
    assert (instance(world, "wk1").isolated, instance(world, "wk2").isolated) == (True, False)
    assert run(world, Do.RESTORE).outcome is Outcome.DONE
    assert not instance(world).isolated


@pytest.mark.parametrize("do", [Do.ISOLATE, Do.RESTORE, Do.STOP, Do.START], ids=lambda do: do.value)
def test_what_is_already_so_is_done(world: CloudWorld, do: Do) -> None:
    run(world, do)
    assert run(world, do).outcome is Outcome.DONE


def test_a_stop_ends_in_stopped_and_touches_no_other(world: CloudWorld) -> None:
    assert run(world, Do.STOP).outcome is Outcome.DONE
    wait_for_power(world, Power.STOPPED)
    assert instance(world, "wk2").power is Power.RUNNING


def test_a_start_after_a_stop_is_a_later_boot(world: CloudWorld) -> None:
    before = instance(world)
    run(world, Do.STOP)
    wait_for_power(world, Power.STOPPED)
    assert run(world, Do.START).outcome is Outcome.DONE
    assert wait_for_power(world, Power.RUNNING).launched_s > before.launched_s


def test_a_stop_leaves_the_address_where_it_is(world: CloudWorld) -> None:
    association_id = associated(world)
    run(world, Do.STOP)
    wait_for_power(world, Power.STOPPED)
    found = shown(world)
    assert found is not None
    assert found.association_id == association_id
