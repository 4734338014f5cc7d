"""The program on Azure as a whole: what comes into being, what it says, and what it refuses."""

from collections import Counter
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, cast

import pytest

from failover_lambda.azure.clients import READ_S
from failover_lambda.azure.network import POLL_S
from failover_lambda.contract import OWNER_TAG, Settings, Tier
from infra.azure.arguments import PairArgs
from infra.azure.planned import planned
from infra.run import Run
from lab.arm.times import NEW_PLANE, OLD_PLANE, Times
from tests.infra.azure.stand import BALANCED, CHOSEN, GROUP, REGION, SITE, SUBSCRIPTION, balanced, run, usual
from tests.infra.azure.traps.look import (
    APP,
    BALANCER,
    CARD,
    NAT_GATEWAY,
    PUBLIC_IP,
    VM,
    WORKERS,
    own,
    part,
    settings,
    told,
)
from tests.infra.azure.traps.look import (
    GROUP as SECURITY_GROUP,
)
from tests.infra.test_config_azure import read
from tests.infra.traps.slips import ROOT

RESOURCES = {
    "azure-native:applicationinsights:Component": 1,
    "azure-native:applicationinsights:WebTest": 1,
    "azure-native:applicationinsights:Workbook": 1,
    "azure-native:authorization:ManagementLockByScope": 7,
    "azure-native:authorization:RoleAssignment": 4,
    "azure-native:authorization:RoleDefinition": 1,
    "azure-native:compute:Disk": 2,
    "azure-native:compute:DiskEncryptionSet": 1,
    "azure-native:compute:VirtualMachine": 2,
    "azure-native:keyvault:Key": 1,
    "azure-native:keyvault:Vault": 1,
    "azure-native:managedidentity:UserAssignedIdentity": 2,
    "azure-native:monitor:ActionGroup": 2,
    "azure-native:monitor:ActivityLogAlert": 2,
    "azure-native:monitor:MetricAlert": 1,
    "azure-native:monitor:ScheduledQueryRule": 7,
    "azure-native:network:NetworkInterface": 2,
    "azure-native:network:NetworkSecurityGroup": 2,
    "azure-native:network:PublicIPAddress": 1,
    "azure-native:network:SecurityRule": 6,
    "azure-native:network:Subnet": 3,
    "azure-native:network:VirtualNetwork": 1,
    "azure-native:operationalinsights:Workspace": 1,
    "azure-native:resources:Deployment": 1,
    "azure-native:resources:ResourceGroup": 1,
    "azure-native:storage:Blob": 1,
    "azure-native:storage:BlobContainer": 3,
    "azure-native:storage:BlobServiceProperties": 1,
    "azure-native:storage:StorageAccount": 2,
    "azure-native:web:AppServicePlan": 1,
    "azure-native:web:WebApp": 1,
    "azure-native:web:WebAppApplicationSettings": 1,
}
"""Everything that the usual pair is made of; a new resource is added here with the layer that makes it."""

OUTPUTS = {
    "activeWorkerName",
    "address",
    "addressId",
    "addresses",
    "cliConfig",
    "dashboardUrl",
    "dnsName",
    "egressAddresses",
    "monthlyCost",
    "operatorPolicy",
    "quotas",
    "stateTable",
    "topicArn",
    "watchdogName",
    "workers",
    "zoneIds",
}


def test_the_usual_pair_is_made_of_this() -> None:
    assert Counter(each.type for each in own(usual())) == RESOURCES


def test_a_balancer_comes_with_itself_with_gateways_and_with_a_rule_for_its_probes() -> None:
    more = Counter(each.type for each in own(balanced())) - Counter(RESOURCES)

    assert more == {BALANCER: 1, NAT_GATEWAY: 2, PUBLIC_IP: 2, "azure-native:network:SecurityRule": 2}


def test_a_balancer_lets_through_what_partners_and_the_watchdog_ask_for() -> None:
    """The watchdog looks from one place, so it needs the public port's word (RULE 3.6), behind a balancer too."""
    deployment = run({**BALANCED, "traffic_ports": [2575, 8080], "public_health_port": 8081})
    (balancer,) = [each for each in own(deployment) if each.type == BALANCER]
    rules = balancer.inputs["loadBalancingRules"]

    assert [(rule["frontendPort"], rule["backendPort"]) for rule in rules] == [(2575, 2575), (8080, 8080), (8081, 8081)]


def test_every_layer_is_one_component_of_the_pair() -> None:
    components = [each for each in usual().registrations if not each.custom]

    assert all(count == 1 for count in Counter(each.type for each in components).values())
    assert {each.type.split(":")[1] for each in components} == {"index", "azure"}


def test_the_outputs_have_the_names_of_the_program_on_aws() -> None:
    assert usual().outputs.keys() == OUTPUTS


def test_everything_stands_in_one_group_and_one_region() -> None:
    for each in own(usual()):
        assert each.inputs.get("location", REGION) in {REGION, "global"}, each.name
        assert each.inputs.get("resourceGroupName", SITE) == SITE, each.name
        assert str(each.inputs.get("scope", GROUP)).startswith(GROUP), each.name


def test_what_the_watchdog_is_told_names_what_was_built() -> None:
    deployment = usual()
    read = Settings.from_environment(settings(deployment))

    assert read.address_id == part(deployment, PUBLIC_IP, "address").id
    assert read.record_table == deployment.outputs["stateTable"]
    assert read.notice_topic == deployment.outputs["topicArn"]
    assert (read.probers, read.isolation_group_id) == ((), "")
    for worker in read.workers:
        assert worker.instance_id == part(deployment, VM, worker.name).id
        assert worker.network_interface_id == part(deployment, CARD, worker.name).id
        assert worker.group_ids == (part(deployment, SECURITY_GROUP, worker.name).id,)
        (chosen,) = part(deployment, CARD, worker.name).inputs["ipConfigurations"]
        assert worker.private_ip == worker.address_private_ip == chosen["privateIPAddress"]


@pytest.mark.parametrize("times", [NEW_PLANE, OLD_PLANE], ids=lambda times: times.name)
def test_no_call_is_asked_again_and_no_move_is_given_up_while_azure_works_at_it(times: Times) -> None:
    """By the lab's figures, each with its source; a poll a second, and as long as an answer may take."""
    by_card = Settings.from_environment(settings(usual()))
    by_pool = Settings.from_environment(settings(balanced()))
    card_s = times.of("Microsoft.Network/networkInterfaces", "write")
    pool_s = times.of("Microsoft.Network/loadBalancers/backendAddressPools", "write")
    fence_s = 2 * times.of("Microsoft.Network/networkSecurityGroups/securityRules", "write")
    off_s = times.of("Microsoft.Compute/virtualMachines", "powerOff")
    for told_so, write_s in ((by_card, card_s), (by_pool, pool_s)):
        longest_s = max(write_s, fence_s, off_s)
        assert told_so.call_again_s > longest_s + 3 * POLL_S
        assert told_so.move_deadline_s > 2 * write_s + told_so.call_again_s + READ_S


def test_the_order_of_the_workers_is_the_order_that_was_asked_for() -> None:
    read = Settings.from_environment(settings(run({"order": ["wk2", "wk1"]})))

    assert [worker.name for worker in read.workers] == ["wk2", "wk1"]


def test_the_address_carries_the_tag_by_which_the_watchdog_knows_it() -> None:
    for deployment in (usual(), balanced()):
        assert part(deployment, PUBLIC_IP, "address").inputs["tags"][OWNER_TAG] == SITE
    assert balanced().only(BALANCER).inputs["tags"][OWNER_TAG] == SITE


def test_partners_see_the_fixed_address_unless_workers_go_out_by_gateways() -> None:
    address = usual().outputs["address"]
    assert usual().outputs["egressAddresses"] == [address]

    for deployment in (balanced(), run({"egress": "own"})):
        gateways = [each.outputs["ipAddress"] for each in deployment.of_type(PUBLIC_IP) if "-nat-" in each.name]
        assert sorted(deployment.outputs["egressAddresses"]) == sorted(gateways)
        assert deployment.outputs["address"] not in gateways


def test_a_worker_with_a_way_out_of_its_own_says_by_which_address() -> None:
    workers = run({"egress": "own"}).outputs["workers"]

    assert len({workers[worker]["egressIp"] for worker in WORKERS}) == 2
    assert all("egressIp" not in worker for worker in usual().outputs["workers"].values())


def test_the_operators_command_learns_where_everything_is_and_no_secret() -> None:
    said: dict[str, Any] = usual().outputs["cliConfig"]

    assert (said["resourceGroup"], said["cloud"], said["watchdogName"]) == (
        SITE,
        "azure",
        usual().only(APP).inputs["name"],
    )
    assert "sig=" not in str(said)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"mode": "active-active", **BALANCED},
            "mode active-active with front balancer is not in this version on Azure",
        ),
        (
            {**BALANCED, "nat_gateways": "none"},
            (
                "front balancer without NAT gateways: members of a pool by address would go out by an address that nobody "
                'knows, though their subnets are private (Azure, "Default outbound access")'
            ),
        ),
        ({"front": "haproxy"}, "mode active-passive with front haproxy is not in this version on Azure"),
        (
            {"tier": Tier.FAULT_TOLERANT},
            (
                "fault-tolerant with front address is not possible on Azure: a public address takes 6 s to move at best, "
                "and often more than 40 (F5 Cloud Failover Extension, performance-sizing)"
            ),
        ),
    ],
)
def test_what_no_pair_on_azure_can_be_is_refused_before_anything_exists(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="Azure") as caught:
        run(changes)

    assert str(caught.value) == said


def test_without_the_guest_setup_the_users_own_part_goes_in_as_it_is() -> None:
    chosen = part(run({"guest_setup": False, "user_data": "#!/bin/sh\ntrue\n"}), VM, "wk1").inputs
    assert told(chosen) == "#!/bin/sh\ntrue\n"

    nothing = part(run({"guest_setup": False}), VM, "wk1").inputs
    assert "customData" not in nothing["osProfile"]


def test_the_configuration_has_an_argument_for_everything_and_a_pair_can_be_built_from_it() -> None:
    plan = planned(
        read(),
        Run(
            site=SITE,
            root=ROOT,
            bundles=Path("bundles"),
            environment={},
            subscription_id=SUBSCRIPTION,
            now=datetime(2026, 11, 29, tzinfo=UTC),
        ),
    )
    assert set(PairArgs.__annotations__) == plan.arguments.keys() | {"bundle", "bundle_digest"}

    words = {field: cast("Enum", plan.arguments[field]).value for field in CHOSEN}
    deployment = run({**plan.arguments, **words})

    assert deployment.outputs.keys() == OUTPUTS
    assert deployment.only(APP).inputs["functionAppConfig"]["runtime"]["version"] == plan.arguments["function_python"]
