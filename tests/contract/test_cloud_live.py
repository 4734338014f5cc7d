"""`aws.cloud.LiveCloud` where only the real service's ways matter: ids that are gone, tags, and what an SDK knows."""

from dataclasses import replace

import pytest

from failover_lambda.aws.cloud import LiveCloud
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import Answered, Command, Do, InstanceView, Outcome, Power
from failover_lambda.moves import is_on
from tests.contract.cloud_worlds import LiveWorld
from tests.contract.emulators import client

pytestmark = [pytest.mark.contract, pytest.mark.lab]


def run(world: LiveWorld, do: Do, worker: str = "wk1", association_id: str = "") -> Answered:
    return world.cloud.run(Command(do=do, epoch=1, worker=worker, association_id=association_id))


def views(world: LiveWorld) -> dict[str, InstanceView]:
    return {view.worker: view for view in world.cloud.read_instances()}


# Machines that are gone


def test_a_terminated_worker_is_read_as_that_and_hides_no_other(live_world: LiveWorld) -> None:
    live_world.terminate(live_world.settings.worker("wk1"))
    seen = views(live_world)
    assert (seen["wk1"].power, seen["wk2"].power) == (Power.TERMINATED, Power.RUNNING)


def test_an_instance_that_is_shown_no_more_is_terminated_and_hides_no_other(live_world: LiveWorld) -> None:
    gone = replace(live_world.settings.worker("wk1"), instance_id="i-00000000000000000")
    settings = replace(live_world.settings, workers=(gone, live_world.settings.worker("wk2")))
    seen = LiveCloud(settings, client("ec2", live_world.endpoint)).read_instances()
    assert [(view.worker, view.power) for view in seen] == [("wk1", Power.TERMINATED), ("wk2", Power.RUNNING)]


@pytest.mark.parametrize("do", [Do.STOP, Do.START], ids=lambda do: do.value)
def test_a_terminated_worker_refuses_stop_and_start(live_world: LiveWorld, do: Do) -> None:
    live_world.terminate(live_world.settings.worker("wk1"))
    answered = run(live_world, do)
    assert (answered.outcome, answered.code) == (Outcome.DEFERRED, "IncorrectInstanceState")


def test_the_address_of_a_terminated_worker_is_on_nobody(live_world: LiveWorld) -> None:
    run(live_world, Do.ASSOCIATE)
    live_world.terminate(live_world.settings.worker("wk1"))
    assert live_world.cloud.read_address().association is None


# An address that is not ours


def test_an_unknown_address_could_not_be_asked(live_world: LiveWorld) -> None:
    settings = replace(live_world.settings, address_id="eipalloc-00000000000000000")
    with pytest.raises(CouldNotAskError, match="InvalidAllocationID"):
        LiveCloud(settings, client("ec2", live_world.endpoint)).read_address()


# A worker with a public address of its own


def private_ip_of(world: LiveWorld, allocation_id: str) -> str:
    """Where a public address leads to; "" = nowhere."""
    (shown,) = world.ec2.describe_addresses(AllocationIds=[allocation_id])["Addresses"]
    return shown.get("PrivateIpAddress", "")


def test_the_address_goes_to_the_second_private_one_and_the_workers_own_stays(live_world: LiveWorld) -> None:
    own = live_world.own_address("wk1")
    worker = live_world.settings.worker("wk1")
    made = run(live_world, Do.ASSOCIATE)

    assert made.outcome is Outcome.DONE
    shown = live_world.cloud.read_address().association
    assert shown is not None
    assert (shown.private_ip, shown.association_id) == (worker.address_private_ip, made.association_id)
    assert private_ip_of(live_world, own) == worker.private_ip
    assert run(live_world, Do.DISASSOCIATE, "wk1", made.association_id).outcome is Outcome.DONE
    assert private_ip_of(live_world, own) == worker.private_ip


def test_an_address_on_the_first_private_one_is_not_where_it_belongs(live_world: LiveWorld) -> None:
    """As the console puts it there, with a worker that has no own one yet: the rule moves it (RULE 5.11)."""
    run(live_world, Do.ASSOCIATE)
    first = live_world.settings.worker("wk1")
    second = replace(first, address_private_ip="127.77.1.11")
    shown = live_world.cloud.read_address().association

    assert shown is not None
    assert is_on(shown, first)
    assert not is_on(shown, second)


def test_a_place_that_another_address_has_is_asked_for_again_and_never_taken(live_world: LiveWorld) -> None:
    """EC2 would push the other one off if it were allowed to."""
    own = live_world.own_address("wk1")
    worker = live_world.settings.worker("wk1")
    settings = replace(live_world.settings, workers=(replace(worker, address_private_ip=worker.private_ip),))
    answered = LiveCloud(settings, client("ec2", live_world.endpoint)).run(Command(do=Do.ASSOCIATE, epoch=1, worker="wk1"))

    assert (answered.outcome, answered.code) == (Outcome.DEFERRED, "Resource.AlreadyAssociated")
    assert private_ip_of(live_world, own) == worker.private_ip
    assert live_world.cloud.read_address().association is None


def test_a_second_private_address_that_the_worker_lacks_is_refused(live_world: LiveWorld) -> None:
    worker = replace(live_world.settings.worker("wk1"), address_private_ip="127.77.1.99")
    settings = replace(live_world.settings, workers=(worker,))
    answered = LiveCloud(settings, client("ec2", live_world.endpoint)).run(Command(do=Do.ASSOCIATE, epoch=1, worker="wk1"))

    assert (answered.outcome, answered.code) == (Outcome.REFUSED, "InvalidParameterValue")


# Isolation


def test_one_foreign_group_beside_the_isolation_group_is_no_isolation(live_world: LiveWorld) -> None:
    worker = live_world.settings.worker("wk1")
    live_world.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=worker.network_interface_id,
        Groups=[live_world.settings.isolation_group_id, *worker.group_ids],
    )
    assert not views(live_world)["wk1"].isolated


# Commands that name nothing


@pytest.mark.parametrize("do", [Do.ASSOCIATE, Do.ISOLATE, Do.RESTORE, Do.STOP, Do.START], ids=lambda do: do.value)
def test_a_worker_that_the_settings_do_not_know_is_refused(live_world: LiveWorld, do: Do) -> None:
    answered = run(live_world, do, "wk9")
    assert (answered.outcome, answered.code) == (Outcome.REFUSED, "UnknownWorker")


def test_a_disassociation_of_nothing_is_refused_and_ends_nothing(live_world: LiveWorld) -> None:
    made = run(live_world, Do.ASSOCIATE)
    answered = run(live_world, Do.DISASSOCIATE, "wk1", "")
    assert (answered.outcome, answered.code) == (Outcome.REFUSED, "NoAssociation")
    shown = live_world.cloud.read_address().association
    assert shown is not None
    assert shown.association_id == made.association_id


# An SDK that is older than a parameter


def test_an_older_sdk_stops_by_force_alone(live_world: LiveWorld) -> None:
    """An SDK from before July 2025 raises a bare KeyError for SkipOsShutdown when validation is off."""
    older = client("ec2", live_world.endpoint)
    shape = older.meta.service_model.operation_model("StopInstances").input_shape
    del shape.members["SkipOsShutdown"]
    with pytest.raises(KeyError):
        older.stop_instances(InstanceIds=[live_world.settings.worker("wk1").instance_id], SkipOsShutdown=True)
    answered = LiveCloud(live_world.settings, older).run(Command(do=Do.STOP, epoch=1, worker="wk1"))
    assert answered.outcome is Outcome.DONE
    assert views(live_world)["wk1"].power is not Power.RUNNING
