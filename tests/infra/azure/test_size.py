"""What a pair on Azure costs a month, roughly, and takes of quotas: the counts are those of what comes into being."""

from collections import Counter
from typing import Any

import pytest

from infra.azure import size
from infra.azure.function import ALWAYS_READY
from infra.quotas import Usage, cores
from lab.recording import Deployment
from tests.infra.azure.stand import BALANCED, run, usual

HOUR = 730
MACHINE = "azure-native:compute:VirtualMachine"


def bill(deployment: Deployment) -> dict[str, float]:
    return dict(deployment.outputs["monthlyCost"])


@pytest.mark.parametrize("changes", [{}, BALANCED, {"egress": "own"}], ids=["address", "balancer", "egress own"])
def test_what_is_counted_comes_into_being(changes: dict[str, Any]) -> None:
    deployment = run(changes)
    there, paid = Counter(each.type.removeprefix("azure-native:") for each in deployment.registrations), bill(deployment)
    rules = deployment.of_type("azure-native:monitor:ScheduledQueryRule")
    slow = sum(each.inputs["evaluationFrequency"] == "PT5M" for each in rules)
    alarms = slow * size.LOG_ALERT + (len(rules) - slow) * size.LOG_ALERT_AT_ONCE
    assert paid["alarms"] == round(alarms + there["monitor:MetricAlert"] * size.METRIC_ALERT, 2)
    assert paid["nat gateways"] == round(there["network:NatGateway"] * HOUR * 0.05, 2)
    assert paid["addresses"] == round((there["network:PublicIPAddress"] - there["network:NatGateway"]) * HOUR * 0.005, 2)
    assert paid["balancer"] == round(there["network:LoadBalancer"] * HOUR * 0.025, 2)
    question = deployment.only("azure-native:applicationinsights:WebTest")
    asked = HOUR * 3600 / question.inputs["frequency"] * len(question.inputs["locations"])
    assert paid["question from outside"] == round(asked * size.QUESTION, 2)


def test_the_instances_that_always_run_are_the_largest_line_and_cost_by_their_memory() -> None:
    usually, smaller = bill(usual()), bill(run({"function_memory_mb": 512}))
    app = usual().only("azure-native:web:WebApp")
    groups = app.inputs["functionAppConfig"]["scaleAndConcurrency"]["alwaysReady"]
    assert sum(each["instanceCount"] for each in groups) == ALWAYS_READY * len(groups)
    assert usually["function"] == max(value for name, value in usually.items() if name != "total")
    assert smaller["function"] == pytest.approx(usually["function"] / 4, abs=0.2)


def test_a_bill_adds_up() -> None:
    lines = bill(usual())
    total = lines.pop("total")
    assert total == pytest.approx(sum(lines.values()), abs=0.05)


def test_a_site_that_is_asked_more_often_costs_more_and_no_more_than_all_the_time() -> None:
    usually, often, ever = (bill(run({"probe_interval_s": interval_s}))["function"] for interval_s in (5.0, 1.0, 0.5))
    assert usually < often == ever


@pytest.mark.parametrize("changes", [{}, BALANCED, {"egress": "own"}], ids=["address", "balancer", "egress own"])
def test_what_a_stack_says_it_needs_is_what_it_makes(changes: dict[str, Any]) -> None:
    deployment = run(changes)
    counted = {
        Usage.CORES: sum(cores(each.inputs["hardwareProfile"]["vmSize"]) for each in deployment.of_type(MACHINE)),
        Usage.ADDRESSES: len(deployment.of_type("azure-native:network:PublicIPAddress")),
        Usage.NETWORKS: len(deployment.of_type("azure-native:network:VirtualNetwork")),
        Usage.NAT_GATEWAYS: len(deployment.of_type("azure-native:network:NatGateway")),
        Usage.BALANCERS: len(deployment.of_type("azure-native:network:LoadBalancer")),
    }
    said = deployment.outputs["quotas"]
    assert {code: entry["need"] for code, entry in said.items()} == {
        usage.value.code: count for usage, count in counted.items() if count
    }


def test_of_a_quota_nothing_is_said_that_is_not_known() -> None:
    """What a subscription has depends on its kind; on AWS the start of an account is told."""
    said = usual().outputs["quotas"]["StandardSkuPublicIpAddresses"]
    assert said == {"service": "Microsoft.Network", "name": "Public IP Addresses - Standard", "need": said["need"]}


@pytest.mark.parametrize(
    ("vm_size", "count"),
    [
        ("Standard_D2s_v5", 2),
        ("Standard_B2ms", 2),
        ("Standard_E16-4ads_v5", 16),
        ("Standard_DC48ads_v5", 48),
        ("D2s_v5", 0),
        ("Basic", 0),
    ],
)
def test_the_processors_of_a_size_are_in_its_name_and_those_that_are_switched_off_count(vm_size: str, count: int) -> None:
    assert cores(vm_size) == count


def test_what_cannot_be_counted_is_not_shown() -> None:
    assert "cores" in usual().outputs["quotas"]
    assert "cores" not in run({"vm_size": "Basic_A"}).outputs["quotas"]
