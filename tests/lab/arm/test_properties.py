"""Whatever is asked, in whatever order: refusals change nothing, an address has one holder, every operation ends once."""

import copy
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.arm.faults import Effect, Fault
from lab.arm.messages import Refusal, Reply
from lab.arm.references import all_links
from tests.lab.arm.clouds import (
    ADDRESS,
    BALANCER,
    POOL,
    Cloud,
    balancer_body,
    build_balancer,
    build_pair,
    nic_body,
    nic_id,
    nsg_id,
    pool_body,
    rule_body,
    vm_body,
    vm_id,
)

pytestmark = pytest.mark.property
Step = Callable[[Cloud], Reply | None]
WORKERS = ("wk1", "wk2")


def _put_nic(worker: str, address: str) -> Step:
    return lambda cloud: cloud.put(nic_id(worker), nic_body(worker, address=address))


def _guarded(worker: str, address: str) -> Step:
    def step(cloud: Cloud) -> Reply:
        read = cloud.ask("GET", nic_id(worker)).body or {}
        return cloud.put(nic_id(worker), nic_body(worker, address=address), if_match=read.get("etag", "none"))

    return step


def _post(worker: str, verb: str) -> Step:
    return lambda cloud: cloud.ask("POST", f"{vm_id(worker)}/{verb}")


def _delete(path: str) -> Step:
    return lambda cloud: cloud.ask("DELETE", path)


def _wait(seconds: int) -> Step:
    return lambda cloud: cloud.wait(seconds)


def _fail_next(cloud: Cloud) -> None:
    cloud.emulator.order(Fault(Effect.FAIL, Refusal(500, "InternalServerError", "An error occurred."), "PUT"))


def _put(path: str, body: Callable[[], dict[str, object]]) -> Step:
    return lambda cloud: cloud.put(path, body())


STEPS: tuple[Step, ...] = (
    *(_put_nic(worker, address) for worker in WORKERS for address in ("", ADDRESS)),
    *(_guarded(worker, address) for worker in WORKERS for address in ("", ADDRESS)),
    *(_post(worker, verb) for worker in WORKERS for verb in ("powerOff", "start", "deallocate", "restart")),
    *(_delete(path) for path in (ADDRESS, vm_id("wk1"), nic_id("wk1"), nsg_id("wk2"), BALANCER, POOL)),
    *(_put(vm_id(worker), lambda worker=worker: vm_body(worker)) for worker in WORKERS),
    _put(POOL, lambda: pool_body(wk1="Up", wk2="Down")),
    _put(BALANCER, balancer_body),
    _put(f"{nsg_id('wk1')}/securityRules/a", rule_body),
    _put(f"{nsg_id('wk1')}/securityRules/b", rule_body),
    _fail_next,
    *(_wait(seconds) for seconds in (1, 4, 11)),
)


def _started() -> Cloud:
    cloud = Cloud()
    build_pair(cloud)
    build_balancer(cloud)
    return cloud


@given(st.lists(st.sampled_from(range(len(STEPS))), max_size=30))
@settings(max_examples=60, deadline=None)
def test_whatever_is_asked(chosen: list[int]) -> None:
    cloud = _started()
    world = cloud.emulator.world
    for at in chosen:
        cloud.emulator.tick()
        before = copy.deepcopy(world.documents)
        reply = STEPS[at](cloud)
        if reply and reply.status >= 400:
            assert world.documents == before, reply
            assert reply.error != "NotEmulated", reply
        _check(cloud)
    cloud.wait(1000)
    assert not [operation for operation in world.operations.values() if operation.pending]
    assert not [each.id for each in world.documents.values() if each.state in {"Updating", "Creating", "Deleting"}]


def _check(cloud: Cloud) -> None:
    world, now_s = cloud.emulator.world, cloud.clock.t
    links = all_links(world)
    assert len([link for link in links if link.key == ADDRESS.lower()]) <= 1, "two hold the address"
    for document in world.documents.values():
        running = world.pending(document.key)
        assert len(running) <= 1, "two operations on a document"
        assert not [each for each in running if each.due_s < now_s], "an operation is overdue"
        in_between = document.state in {"Updating", "Creating", "Deleting"}
        assert in_between == bool(running), (document.id, document.state)
    dangling = [
        link for link in links if link.key.rpartition("/")[0].endswith("addresses") and link.key not in world.documents
    ]
    assert dangling == []
