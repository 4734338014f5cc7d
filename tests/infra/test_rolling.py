"""A rolling change, as the program sees it: one worker is lifted, never the holder, never a stranger, never two."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from infra.aws.workers import LEFT_ALONE, WATCHDOGS
from infra.rolling import VARIABLE
from lab import rolling
from tests.infra.stand import BALANCED, SITE, invoke, run, usual

pytestmark = pytest.mark.shape

INSTANCE = "aws:ec2/instance:Instance"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
OWN_IPS = {"wk1": "10.80.0.10", "wk2": "10.80.16.10"}


def rolled(worker: str, *, holder_ip: str = OWN_IPS["wk1"], **changes: str) -> Any:
    """The program, told to roll this worker, while the address leads there."""

    def answer(function: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        if function != "aws:ec2/getElasticIp:getElasticIp":
            return invoke(function, arguments)
        assert arguments["id"] == f"eipalloc-{SITE}-address"
        return {"id": arguments["id"], "publicIp": "192.0.2.7"} | ({"privateIp": holder_ip} if holder_ip else {})

    return run(changes, environment={VARIABLE: worker}, invoke=answer)


def ignored(deployment: Any, kind: str, worker: str) -> set[str]:
    return set(deployment.named(kind, f"{SITE}-{worker}").ignore_changes)


def test_the_lab_and_the_program_mean_the_same_variable() -> None:
    assert rolling.VARIABLE == VARIABLE


def test_only_the_worker_that_is_named_takes_image_type_and_user_data() -> None:
    deployment = rolled("wk2")
    assert ignored(deployment, INSTANCE, "wk1") == set(LEFT_ALONE)
    assert ignored(deployment, INSTANCE, "wk2") == WATCHDOGS < set(LEFT_ALONE)
    assert ignored(usual(), INSTANCE, "wk2") == set(LEFT_ALONE)


def test_what_is_chosen_for_it_is_what_everybody_has() -> None:
    assert rolled("wk2").named(INSTANCE, f"{SITE}-wk2").inputs == usual().named(INSTANCE, f"{SITE}-wk2").inputs


def test_its_reservation_goes_with_it() -> None:
    deployment = rolled("wk2", reserveCapacity="true")
    assert ignored(deployment, RESERVATION, "wk2") == set()
    assert ignored(deployment, RESERVATION, "wk1") == {"instanceType", "tenancy"}


def test_an_address_that_is_on_nobody_keeps_nobody_from_being_rolled() -> None:
    assert ignored(rolled("wk1", holder_ip=""), INSTANCE, "wk1") == WATCHDOGS


@pytest.mark.parametrize(("egress", "on"), [("holder", "10.80.0.10"), ("own", "10.80.0.11")])
def test_the_holder_is_refused_with_the_way_to_go_on(egress: str, on: str) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        rolled("wk1", holder_ip=on, egress=egress)
    assert str(refused.value) == (
        f"TANDEM_ROLL_WORKER is 'wk1', and wk1 holds the address 192.0.2.7 now (it leads to {on}): the holder is "
        "never rolled. Move the address first with a switchover (docs/RUNBOOK.md, Ask the watchdog), then repeat this"
    )


@pytest.mark.parametrize("name", ["wk3", "wk1,wk2", "all"])
def test_whoever_is_no_worker_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        rolled(name)
    assert str(refused.value) == (
        f"TANDEM_ROLL_WORKER is '{name}', and the workers are wk1, wk2: one run rolls exactly one of them. "
        "For example: TANDEM_ROLL_WORKER=wk2 pulumi up"
    )


def test_behind_a_balancer_nobody_holds_alone_and_one_may_be_rolled() -> None:
    deployment = rolled("wk1", **BALANCED)
    assert ignored(deployment, INSTANCE, "wk1") == WATCHDOGS
    assert ignored(deployment, INSTANCE, "wk2") == set(LEFT_ALONE)
