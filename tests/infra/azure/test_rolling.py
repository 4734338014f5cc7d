"""A rolling change on Azure, as the program sees it: one worker is lifted, never who serves. For AWS: `..test_rolling`."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pytest

from infra.azure.workers import IMMUTABLE, LEFT_ALONE, MADE_ANEW_BY
from tests.infra.azure.stand import BALANCED, GROUP, SITE, invoke, run, usual

pytestmark = pytest.mark.shape

MACHINE = "azure-native:compute:VirtualMachine"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
CARDS = {worker: f"{NETWORK}/networkInterfaces/{SITE}-{worker}" for worker in ("wk1", "wk2")}
OWN_IPS = {"wk1": "10.80.192.10", "wk2": "10.80.208.10"}
UP, DOWN = "Up", "Down"


def rolled(worker: str, *, on: str = "wk1", pool: Sequence[Mapping[str, Any]] = (), **changes: str) -> Any:
    """The program, told to roll this worker, while the address is on that one's card, or these are in the pool."""

    def answer(token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        match token:
            case "azure-native:network:getPublicIPAddress":
                assert arguments == {"publicIpAddressName": f"{SITE}-address", "resourceGroupName": SITE}
                configuration = {"id": f"{CARDS[on]}/ipConfigurations/primary".upper()}
                return {"ipAddress": "192.0.2.7"} | ({"ipConfiguration": configuration} if on else {})
            case "azure-native:network:getLoadBalancer":
                assert arguments == {"loadBalancerName": f"{SITE}-balancer", "resourceGroupName": SITE}
                another = {"name": "another", "loadBalancerBackendAddresses": [member("wk1", UP), member("wk2", UP)]}
                return {"backendAddressPools": [another, {"name": "workers", "loadBalancerBackendAddresses": pool}]}
            case _:
                return invoke(token, arguments)

    return run({"roll_worker": worker, **changes}, invoke=answer)


CARDS[""] = ""


def member(worker: str, state: str) -> Mapping[str, Any]:
    return {"name": worker, "ipAddress": OWN_IPS[worker], "adminState": state}


def machine(deployment: Any, worker: str) -> Any:
    return deployment.named(MACHINE, f"{SITE}-{worker}")


def test_only_the_worker_that_is_named_takes_what_is_else_left_alone() -> None:
    deployment = rolled("wk2")
    assert set(machine(deployment, "wk1").ignore_changes) == set(LEFT_ALONE)
    assert set(machine(deployment, "wk2").ignore_changes) == set()
    assert set(machine(usual(), "wk2").ignore_changes) == set(LEFT_ALONE)


def test_it_is_made_anew_also_by_what_azure_changes_of_a_deallocated_machine_only() -> None:
    deployment = rolled("wk2")
    assert set(machine(deployment, "wk2").replace_on_changes) == {*IMMUTABLE, *MADE_ANEW_BY}
    assert set(machine(deployment, "wk1").replace_on_changes) == set(IMMUTABLE)
    assert "hardwareProfile.vmSize" not in MADE_ANEW_BY


def test_its_card_is_never_written() -> None:
    card = rolled("wk2").named("azure-native:network:NetworkInterface", f"{SITE}-wk2")
    assert list(card.ignore_changes) == ["*"]


def test_what_is_chosen_for_it_is_what_everybody_has() -> None:
    assert machine(rolled("wk2"), "wk2").inputs == machine(usual(), "wk2").inputs


def test_an_address_that_is_on_nobody_keeps_nobody_from_being_rolled() -> None:
    assert set(machine(rolled("wk1", on=""), "wk1").ignore_changes) == set()


def test_the_holder_is_refused_with_the_way_to_go_on() -> None:
    with pytest.raises(pulumi.RunError) as refused:
        rolled("wk1")
    assert str(refused.value) == (
        f"TANDEM_ROLL_WORKER is 'wk1', and wk1 holds the address 192.0.2.7 now (it is on its card {SITE}-wk1): the holder "
        "is never rolled. Move the address first with a switchover (docs/RUNBOOK.md, Ask the watchdog), then repeat this"
    )


@pytest.mark.parametrize("name", ["wk3", "wk1,wk2", "all"])
def test_whoever_is_no_worker_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(pulumi.RunError, match=f"'{name}', and the workers are wk1, wk2: one run rolls exactly one of them"):
        rolled(name)


@pytest.mark.parametrize(
    "pool",
    [(), (member("wk1", UP), member("wk2", DOWN)), (member("wk2", "down"),), (member("wk1", "None"),)],
    ids=["empty", "the other one", "in small letters", "the other one, with nothing said"],
)
def test_behind_a_balancer_a_member_that_is_down_may_be_rolled(pool: Sequence[Mapping[str, Any]]) -> None:
    deployment = rolled("wk2", pool=pool, **BALANCED)
    assert set(machine(deployment, "wk2").ignore_changes) == set()
    assert set(machine(deployment, "wk1").ignore_changes) == set(LEFT_ALONE)


@pytest.mark.parametrize("state", [UP, "None"])
def test_behind_a_balancer_whoever_takes_connections_is_refused(state: str) -> None:
    """A member that says nothing takes them."""
    with pytest.raises(pulumi.RunError) as refused:
        rolled("wk2", pool=(member("wk1", DOWN), member("wk2", state)), **BALANCED)
    said = "wk2 takes the connections now (it is up in the balancer's pool workers): the holder is never rolled"
    assert said in str(refused.value)
    assert "with a failover (" in str(refused.value), "a switchover would leave its connections on it (RULE 9.15)"
