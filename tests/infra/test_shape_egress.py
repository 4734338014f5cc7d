"""Traps of a second public address on one machine: `egress: own`."""

import functools
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from failover_lambda.contract import Settings
from lab.recording import Created, Deployment
from tests.infra.stand import SITE, create, environment, inputs, run, statements, usual

pytestmark = pytest.mark.shape

EIP = "aws:ec2/eip:Eip"
INSTANCE = "aws:ec2/instance:Instance"
WORKERS = {"wk1": ("10.80.0.10", "10.80.0.11"), "wk2": ("10.80.16.10", "10.80.16.11")}
"""First and second private address."""


@functools.cache
def own() -> Deployment:
    return run({"egress": "own"})


def test_second_eip_on_the_same_private_ip_each_public_address_has_a_private_one_of_its_own() -> None:
    settings = Settings.from_environment(environment(own()))

    for name, (first, second) in WORKERS.items():
        instance, address = inputs(own(), INSTANCE, name), inputs(own(), EIP, f"egress-{name}")
        assert (instance["privateIp"], instance["secondaryPrivateIps"]) == (first, [second])
        assert address["associateWithPrivateIp"] == first
        assert address["networkInterface"] == own().named(INSTANCE, f"{SITE}-{name}").outputs["primaryNetworkInterfaceId"]
        assert "instance" not in address
        worker = settings.worker(name)
        assert (worker.private_ip, worker.address_private_ip) == (first, second)


def test_the_fixed_address_still_names_nobody() -> None:
    address = inputs(own(), EIP, "address")

    assert not {"instance", "networkInterface", "associateWithPrivateIp"} & set(address)


def test_without_it_a_worker_has_one_private_address_and_none_of_its_own() -> None:
    assert len(usual().of_type(EIP)) == 1
    assert all("secondaryPrivateIps" not in inputs(usual(), INSTANCE, name) for name in WORKERS)


def test_losing_an_address_that_partners_know_it_is_protected_and_says_its_domain() -> None:
    for name in WORKERS:
        address = own().named(EIP, f"{SITE}-egress-{name}")
        assert address.protect
        assert address.inputs["domain"] == "vpc"
    assert not run({"egress": "own", "protect": "false"}).named(EIP, f"{SITE}-egress-wk1").protect


def test_gateway_not_attached_an_own_address_waits_for_it_and_for_its_worker() -> None:
    gateway = own().only("aws:ec2/internetGateway:InternetGateway").urn
    for name in WORKERS:
        address = own().named(EIP, f"{SITE}-egress-{name}")
        assert {gateway, own().named(INSTANCE, f"{SITE}-{name}").urn} <= own().needs(address)


def test_the_watchdog_may_not_touch_the_workers_own_addresses() -> None:
    floating = own().named(EIP, f"{SITE}-address").id
    everything = statements(own(), "arbiter")

    for sid in ("GiveTheAddress", "TakeTheAddress"):
        addresses = {arn.rpartition("/")[2] for arn in everything[sid]["Resource"] if ":elastic-ip/" in arn}
        assert addresses == {floating}
    assert {sid: each["Resource"] for sid, each in everything.items()}.keys() == statements(usual(), "arbiter").keys()


@pytest.mark.parametrize(
    ("wanted", "made", "other"),
    [("own", "without", "holder"), ("holder", "with", "own")],
)
def test_a_worker_made_for_another_egress_ends_the_deployment_before_anything_is_touched(
    wanted: str, made: str, other: str
) -> None:
    """A living worker neither gets nor loses a second private address: `ignore_changes` keeps the provider from it."""
    created: list[tuple[str, str]] = []

    def living(kind: str, name: str, chosen: Mapping[str, Any]) -> Created:
        created.append((kind, name))
        answer = create(kind, name, chosen)
        if kind != INSTANCE:
            return answer
        second = WORKERS[name.removeprefix(f"{SITE}-")][1]
        return replace(answer, outputs={**answer.outputs, "secondaryPrivateIps": [second] if made == "with" else []})

    with pytest.raises(pulumi.RunError) as caught:
        run({"egress": wanted}, create=living)

    assert str(caught.value) in {
        f"egress is {wanted}, and {name} was made {made} the second private address {second}: a worker is made for one "
        f"egress. Set it to {other} again, or see docs/RUNBOOK.md, Another egress"
        for name, (_, second) in WORKERS.items()
    }
    assert ("aws:lambda/function:Function", f"{SITE}-arbiter") not in created
    assert [name for kind, name in created if kind == EIP] == [f"{SITE}-address"]


def test_other_private_addresses_of_a_worker_are_nobodys_business() -> None:
    def more(kind: str, name: str, chosen: Mapping[str, Any]) -> Created:
        answer = create(kind, name, chosen)
        return (
            replace(answer, outputs={**answer.outputs, "secondaryPrivateIps": ["10.80.0.99"]})
            if kind == INSTANCE
            else answer
        )

    settings = Settings.from_environment(environment(run({}, create=more)))
    assert [worker.address_private_ip for worker in settings.workers] == ["10.80.0.10", "10.80.16.10"]


def test_outputs_show_where_a_worker_goes_out_and_where_the_address_leads_to() -> None:
    shown = own().outputs["workers"]

    for name, (first, second) in WORKERS.items():
        public = own().named(EIP, f"{SITE}-egress-{name}").outputs["publicIp"]
        told = shown[name]
        assert (told["privateIp"], told["addressPrivateIp"], told["egressIp"]) == (first, second, public)
        plain = usual().outputs["workers"][name]
        assert (plain["addressPrivateIp"], "egressIp" in plain) == (first, False)
    assert own().outputs["monthlyCost"]["addresses"] == pytest.approx(3 * usual().outputs["monthlyCost"]["addresses"])


def test_groups_are_the_same() -> None:
    def rules(deployment: Deployment) -> list[str]:
        kinds = ("aws:vpc/securityGroupIngressRule", "aws:vpc/securityGroupEgressRule", "aws:ec2/securityGroup:")
        return [json.dumps(each.inputs, sort_keys=True) for each in deployment.registrations if each.type.startswith(kinds)]

    assert sorted(rules(own())) == sorted(rules(usual()))
