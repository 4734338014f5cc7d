"""The program as a whole: what comes into being, what it says, and what it refuses."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from failover_lambda.contract import OWNER_TAG, Settings, Tier
from infra import package
from infra.naming import TAG_PATTERN
from lab.recording import PROVIDER_TYPE_PREFIX, Created, Registration
from tests.infra.stand import HOLDER, REGION, ROOT, SITE, balanced, create, environment, inputs, run, usual

COMPONENTS = {
    "tandem:index:Pair": 1,
    "tandem:aws:Network": 1,
    "tandem:aws:Groups": 1,
    "tandem:aws:Endpoints": 1,
    "tandem:aws:FlowLogs": 1,
    "tandem:aws:Disks": 1,
    "tandem:aws:Address": 1,
    "tandem:aws:Workers": 1,
    "tandem:aws:Record": 1,
    "tandem:aws:Telling": 1,
    "tandem:aws:Watchdog": 1,
    "tandem:aws:Function": 4,
    "tandem:aws:Schedule": 1,
    "tandem:aws:StateChange": 1,
    "tandem:aws:DeadLetters": 1,
    "tandem:aws:Alarms": 1,
    "tandem:aws:Dashboard": 1,
    "tandem:aws:FirstTick": 1,
}
RESOURCES = {
    "aws:cloudwatch/dashboard:Dashboard": 1,
    "aws:cloudwatch/eventRule:EventRule": 2,
    "aws:cloudwatch/eventTarget:EventTarget": 2,
    "aws:cloudwatch/logGroup:LogGroup": 5,
    "aws:cloudwatch/metricAlarm:MetricAlarm": 7,
    "aws:dynamodb/table:Table": 1,
    "aws:ebs/volume:Volume": 2,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": 1,
    "aws:ec2/eip:Eip": 1,
    "aws:ec2/flowLog:FlowLog": 1,
    "aws:ec2/instance:Instance": 2,
    "aws:ec2/internetGateway:InternetGateway": 1,
    "aws:ec2/route:Route": 1,
    "aws:ec2/routeTable:RouteTable": 3,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": 7,
    "aws:ec2/securityGroup:SecurityGroup": 5,
    "aws:ec2/subnet:Subnet": 7,
    "aws:ec2/volumeAttachment:VolumeAttachment": 2,
    "aws:ec2/vpc:Vpc": 1,
    "aws:ec2/vpcEndpoint:VpcEndpoint": 4,
    "aws:iam/instanceProfile:InstanceProfile": 1,
    "aws:iam/policy:Policy": 5,
    "aws:iam/role:Role": 6,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": 6,
    "aws:kms/alias:Alias": 1,
    "aws:kms/key:Key": 1,
    "aws:lambda/function:Function": 4,
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": 1,
    "aws:lambda/invocation:Invocation": 1,
    "aws:lambda/permission:Permission": 2,
    "aws:sns/topic:Topic": 1,
    "aws:sns/topicPolicy:TopicPolicy": 1,
    "aws:sns/topicSubscription:TopicSubscription": 2,
    "aws:sqs/queue:Queue": 1,
    "aws:sqs/queuePolicy:QueuePolicy": 1,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": 3,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": 5,
}
"""Everything that the usual stack is made of; a new resource is added here with the layer that makes it."""


def custom() -> list[Registration]:
    """The resources of the usual stack, without components and providers."""
    return [each for each in usual().registrations if each.custom and not each.type.startswith(PROVIDER_TYPE_PREFIX)]


def test_the_usual_stack_is_made_of_this() -> None:
    assert Counter(each.type for each in custom()) == RESOURCES


def test_every_layer_is_one_component() -> None:
    assert Counter(each.type for each in usual().registrations if not each.custom) == COMPONENTS


def test_every_resource_hangs_under_a_component() -> None:
    components = {each.urn for each in usual().registrations if not each.custom}

    assert {each.parent for each in custom()} <= components


def test_every_resource_goes_through_the_stacks_own_provider() -> None:
    provider = usual().only("pulumi:providers:aws")

    assert provider.inputs["region"] == REGION
    assert {each.provider for each in custom()} == {f"{provider.urn}::{provider.id}"}


def test_a_name_of_a_resource_begins_with_its_site() -> None:
    assert {each.name.startswith(f"{SITE}-") for each in custom()} == {True}


def test_whatever_takes_tags_says_whose_it_is() -> None:
    tagged = [each for each in custom() if "tags" in each.inputs]

    assert {each.type for each in tagged} >= {"aws:ec2/eip:Eip", "aws:ec2/instance:Instance", "aws:dynamodb/table:Table"}
    assert {each.inputs["tags"][OWNER_TAG] for each in tagged} == {SITE}
    assert all(TAG_PATTERN.fullmatch(text) for each in tagged for pair in each.inputs["tags"].items() for text in pair)


def test_the_outputs_are_this_small_set() -> None:
    outputs = usual().outputs

    assert set(outputs) == {
        "address",
        "addresses",
        "addressId",
        "dnsName",
        "egressAddresses",
        "watchdogName",
        "stateTable",
        "topicArn",
        "activeWorkerName",
        "workers",
        "zoneIds",
        "cliConfig",
        "dashboardUrl",
        "operatorPolicy",
        "monthlyCost",
        "quotas",
    }
    assert outputs["watchdogName"] == f"{SITE}-arbiter"
    assert outputs["stateTable"] == f"{SITE}-record"
    assert outputs["activeWorkerName"] == HOLDER


def test_the_outputs_place_every_worker() -> None:
    assert {name: (worker["zone"], worker["privateIp"]) for name, worker in usual().outputs["workers"].items()} == {
        "wk1": (f"{REGION}a", "10.80.0.10"),
        "wk2": (f"{REGION}b", "10.80.16.10"),
    }


def test_behind_a_balancer_the_outputs_have_the_same_names_and_what_is_not_there_is_empty() -> None:
    outputs = balanced().outputs

    assert set(outputs) == set(usual().outputs)
    absent = {"addressId", "watchdogName", "stateTable", "activeWorkerName", "operatorPolicy"}
    assert {name for name in absent if outputs[name] == ""} == absent
    assert (outputs["cliConfig"]["mode"], outputs["cliConfig"]["front"]) == ("active-active", "balancer")
    assert outputs["dnsName"] == balanced().only("aws:lb/loadBalancer:LoadBalancer").outputs["dnsName"]
    assert outputs["workers"]["wk2"]["privateIp"] == "10.80.208.10"


def test_addresses_are_all_that_a_partner_allows_by_where_they_hold() -> None:
    eips = {each.name: each.outputs["publicIp"] for each in balanced().of_type("aws:ec2/eip:Eip")}

    assert balanced().outputs["addresses"] == {
        f"{REGION}{letter}": eips[f"{SITE}-balancer-{REGION}{letter}"] for letter in "ab"
    }
    assert balanced().outputs["address"] == eips[f"{SITE}-balancer-{REGION}a"]
    assert usual().outputs["addresses"] == {REGION: usual().outputs["address"]}


def test_behind_a_balancer_workers_go_out_by_nat() -> None:
    eips = {each.name: each.outputs["publicIp"] for each in balanced().of_type("aws:ec2/eip:Eip")}

    assert balanced().outputs["egressAddresses"] == [eips[f"{SITE}-nat-{REGION}{letter}"] for letter in "ab"]


def test_behind_a_balancer_the_bill_names_it_and_no_watchdog() -> None:
    bill = balanced().outputs["monthlyCost"]

    assert (bill["balancer"], bill["addresses"], bill["nat gateways"]) == (16.43, 7.3, 73)
    assert (bill["arbiter"], bill["probers"], bill["record"]) == (0, 0, 0)


def test_the_operators_command_needs_nothing_but_cli_config() -> None:
    config = usual().outputs["cliConfig"]

    assert json.loads(json.dumps(config)) == config
    shared = {"address", "addresses", "addressId", "watchdogName", "stateTable", "topicArn", "workers"}
    assert {key: config[key] for key in shared} == {key: usual().outputs[key] for key in shared}
    own = {key: value for key, value in config.items() if key not in shared}
    assert own == {
        "schema": 1,
        "cloud": "aws",
        "region": REGION,
        "site": SITE,
        "tier": "fault-tolerant",
        "mode": "active-passive",
        "front": "address",
        "order": ["wk1", "wk2"],
    }


def test_the_choices_of_a_stack_reach_its_resources() -> None:
    other = run(OTHER)
    settings = Settings.from_environment(environment(other))
    tagged = {each.urn for each in custom() if "tags" in each.inputs}

    assert not [each for each in other.registrations if each.type == "tandem:aws:Endpoints"]
    assert other.outputs["monthlyCost"]["interface endpoints"] == 0
    assert usual().outputs["monthlyCost"]["interface endpoints"] == 29.2
    assert settings.home.name == "wk2"
    assert (settings.tier, settings.lease_ttl_s, settings.enabled) == (Tier.HIGH_AVAILABILITY, 15.0, False)
    assert inputs(other, "aws:ec2/instance:Instance", "wk1")["rootBlockDevice"]["volumeSize"] == 40
    assert inputs(other, "aws:ebs/volume:Volume", "data-wk2")["size"] == 50
    assert inputs(other, "aws:lambda/function:Function", "arbiter")["memorySize"] == 512
    assert all(each.inputs["tags"]["stage"] == "test" for each in other.registrations if each.urn in tagged)
    assert [each for each in other.registrations if each.protect] == []


OTHER = {
    "tier": "high-availability",
    "order": '["wk2", "wk1"]',
    "enabled": "false",
    "managementEndpoints": "false",
    "rootVolumeGb": "40",
    "dataVolumeGb": "50",
    "arbiterMemoryMb": "512",
    "protect": "false",
    "tags": '["stage=test"]',
}


def test_the_watchdog_reads_back_what_the_program_wrote() -> None:
    settings = Settings.from_environment(environment(usual()))

    assert (settings.site, settings.tier) == (SITE, Tier.FAULT_TOLERANT)
    assert [worker.name for worker in settings.workers] == ["wk1", "wk2"]
    for worker in settings.workers:
        instance = usual().named("aws:ec2/instance:Instance", f"{SITE}-{worker.name}")
        assert (worker.instance_id, worker.network_interface_id) == (
            instance.id,
            instance.outputs["primaryNetworkInterfaceId"],
        )
        assert (worker.private_ip, worker.zone) == (instance.inputs["privateIp"], instance.inputs["availabilityZone"])
        assert worker.address_private_ip == worker.private_ip
        assert list(worker.group_ids) == instance.inputs["vpcSecurityGroupIds"]
    assert settings.address_id == usual().only("aws:ec2/eip:Eip").outputs["allocationId"]
    assert settings.record_table == usual().only("aws:dynamodb/table:Table").inputs["name"]
    assert settings.notice_topic == usual().only("aws:sns/topic:Topic").outputs["arn"]
    assert [prober.zone for prober in settings.probers] == [f"{REGION}{letter}" for letter in "abc"]
    assert settings.isolation_group_id == usual().named("aws:ec2/securityGroup:SecurityGroup", f"{SITE}-isolation").id
    assert settings.to_environment() == environment(usual())


def test_a_file_of_the_project_is_found_wherever_the_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    deployment = run({"userDataFile": "README.md", "guestSetup": "false"})

    user_data = inputs(deployment, "aws:ec2/instance:Instance", "wk1")["userData"]
    assert user_data == (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_bundle_is_handed_over_by_the_path_that_its_digest_names() -> None:
    digest = package.build(ROOT, "aws").digest

    paths = {function.inputs["code"].path for function in usual().of_type("aws:lambda/function:Function")}
    assert paths == {str(ROOT / "out" / "bundle" / f"watchdog-{digest[:16]}.zip")}


def test_mistakes_stop_the_run_before_the_first_resource() -> None:
    created: list[str] = []

    def noting(kind: str, name: str, chosen: Mapping[str, Any]) -> Created:
        created.append(kind)
        return create(kind, name, chosen)

    with pytest.raises(pulumi.RunError) as caught:
        run({"probePort": "0", "nonsense": "1"}, create=noting)

    assert str(caught.value) == (
        "2 values of this stack's configuration cannot be used; nothing was created.\n"
        "- probePort is 0. Allowed: a whole number from 1 to 65535. Next: pulumi config set probePort 8080\n"
        "- nonsense is not a key of this program. Allowed: the keys of docs/CONFIG.md. Next: pulumi config rm nonsense"
    )
    assert created == []


LOOPBACK = {"networkCidr": "127.64.0.0/16", "partnerCidrs": '["127.0.0.0/16"]'}


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:5000", "http://localhost:5000", "http://127.3.2.1"])
def test_loopback_networks_are_taken_where_the_cloud_is_this_machine(endpoint: str) -> None:
    deployment = run(LOOPBACK, environment={"AWS_ENDPOINT_URL_EC2": endpoint})

    assert deployment.outputs["workers"]["wk2"]["privateIp"] == "127.64.16.10"


@pytest.mark.parametrize("endpoint", ["", "https://ec2.eu-central-1.amazonaws.com", "http://10.0.0.1:5000"])
def test_loopback_networks_are_refused_where_the_cloud_is_elsewhere(endpoint: str) -> None:
    with pytest.raises(pulumi.RunError, match="a loopback network, and the cloud's endpoint is not on this machine"):
        run(LOOPBACK, environment={"AWS_ENDPOINT_URL_EC2": endpoint})


def test_a_choice_that_will_be_missed_is_said_at_every_run() -> None:
    (sentence,) = usual().messages

    assert sentence.startswith("publicHealthPort is 0")


def test_a_first_tick_without_a_holder_fails_the_deployment() -> None:
    def answering_nonsense(kind: str, name: str, chosen: Mapping[str, Any]) -> Created:
        created = create(kind, name, chosen)
        return replace(created, outputs={"result": "[]"}) if kind == "aws:lambda/invocation:Invocation" else created

    with pytest.raises(ValueError, match=r"the watchdog answered '\[\]' to a once tick, which does not name a holder$"):
        run(create=answering_nonsense)
