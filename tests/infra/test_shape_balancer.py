"""Traps of a network load balancer before both workers, and of destroying one."""

import json
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest

from infra.aws.balancer_alarms import NAMESPACE
from infra.naming import LIMITS, Kind
from infra.pace import CHECK_INTERVAL_S, CHECK_TIMEOUT_S
from lab.engine import DestroyError, destroy
from lab.recording import Deployment, Registration
from tests.infra.stand import BALANCED, REGION, SITE, TEXTS, THREE_ZONES, balanced, create, inputs, run, usual

pytestmark = pytest.mark.shape

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
LISTENER = "aws:lb/listener:Listener"
ATTACHMENT = "aws:lb/targetGroupAttachment:TargetGroupAttachment"
ADDRESS = "aws:ec2/eip:Eip"
INSTANCE = "aws:ec2/instance:Instance"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
SUBNET = "aws:ec2/subnet:Subnet"
NAT = "aws:ec2/natGateway:NatGateway"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
LONGEST_STACK = "s" * 100
TWO_PORTS = {**BALANCED, "trafficPorts": "[2575, 8443]"}
ORDERS = range(12)
PARTNERS = json.loads(TEXTS["partnerCidrs"])


def balancer(deployment: Deployment | None = None) -> Registration:
    return (deployment or balanced()).only(BALANCER)


def group_id(part: str) -> str:
    return balanced().named(GROUP, f"{SITE}-{part}").id


def rules(type_token: str, part: str, deployment: Deployment | None = None) -> set[tuple[int, int, str]]:
    """Ports and other side of the rules of one group."""
    found = [each.inputs for each in (deployment or balanced()).of_type(type_token)]
    mine = [each for each in found if each["securityGroupId"] == group_id(part)]
    assert {each["ipProtocol"] for each in mine} == {"tcp"}
    return {
        (each["fromPort"], each["toPort"], each.get("cidrIpv4") or each.get("referencedSecurityGroupId", ""))
        for each in mine
    }


def test_nlb_groups_are_given_at_creation_or_never() -> None:
    assert balancer().inputs["securityGroups"] == [group_id("balancer")]
    assert balancer().inputs["loadBalancerType"] == "network"
    assert balancer().inputs["internal"] is False


def test_nlb_group_lets_partners_in_on_traffic_ports_and_nobody_else() -> None:
    assert rules(INGRESS, "balancer") == {(2575, 2575, cidr) for cidr in PARTNERS}


def test_nlb_group_reaches_the_workers_on_traffic_and_probe_port_and_nothing_else() -> None:
    assert rules(EGRESS, "balancer") == {(port, port, group_id("worker")) for port in (2575, 8080)}


def test_worker_group_admits_the_balancers_group_on_traffic_and_health_ports() -> None:
    from_balancer = {rule for rule in rules(INGRESS, "worker") if rule[2] == group_id("balancer")}

    assert from_balancer == {(port, port, group_id("balancer")) for port in (2575, 8080)}


def test_a_port_that_is_traffic_and_health_has_one_rule() -> None:
    same = run({**BALANCED, "probePort": "2575"})

    assert Counter(each.name for each in same.of_type(INGRESS)).most_common(1)[0][1] == 1
    assert {each.inputs["toPort"] for each in same.of_type(EGRESS) if "toPort" in each.inputs} == {2575}


def test_no_rule_stands_inside_a_group() -> None:
    assert all(not {"ingress", "egress"} & set(each.inputs) for each in balanced().of_type(GROUP))


def test_nlb_subnets_and_eips_each_zone_has_its_own_and_they_are_kept() -> None:
    deployment = run({**BALANCED, "zones": THREE_ZONES})

    mappings = balancer(deployment).inputs["subnetMappings"]
    assert mappings == [
        {
            "subnetId": deployment.named(SUBNET, f"{SITE}-public-{REGION}{letter}").id,
            "allocationId": deployment.named(ADDRESS, f"{SITE}-balancer-{REGION}{letter}").outputs["allocationId"],
        }
        for letter in "abc"
    ]
    assert balancer(deployment).protect
    assert all(each.protect for each in deployment.of_type(ADDRESS))
    assert "subnets" not in balancer(deployment).inputs


def test_losing_an_eip_of_the_balancer_nothing_names_its_owner() -> None:
    for each in balanced().of_type(ADDRESS):
        assert each.inputs["domain"] == "vpc"
        assert not {"instance", "networkInterface", "associateWithPrivateIp", "address", "publicIpv4Pool"} & set(each.inputs)


def test_an_eip_serves_one_balancer_so_the_old_one_goes_first() -> None:
    assert balancer().delete_before_replace


def test_nlb_subnets_are_public_and_have_room() -> None:
    small = run({**BALANCED, "networkCidr": "10.80.0.0/23"})

    ids = {each["subnetId"] for each in balancer(small).inputs["subnetMappings"]}
    chosen = [each for each in small.of_type(SUBNET) if each.id in ids]
    assert {each.name.removeprefix(f"{SITE}-").partition("-")[0] for each in chosen} == {"public"}
    assert all(int(each.inputs["cidrBlock"].partition("/")[2]) <= 27 for each in chosen)


def test_nlb_cross_zone_is_on_or_an_address_without_a_worker_beside_it_is_dead() -> None:
    assert balancer().inputs["enableCrossZoneLoadBalancing"] is True


def test_nlb_registration_is_slow_both_workers_are_registered_before_anybody_is_let_in() -> None:
    instances = {each.id for each in balanced().of_type(INSTANCE)}
    (group,) = balanced().of_type(TARGET_GROUP)
    attachments = balanced().of_type(ATTACHMENT)

    assert {each.inputs["targetId"] for each in attachments} == instances
    assert len(attachments) == len(instances) == 2
    assert {(each.inputs["targetGroupArn"], each.inputs["port"]) for each in attachments} == {(group.outputs["arn"], 2575)}
    assert {each.urn for each in attachments} <= set(balanced().only(LISTENER).depends_on)


def test_each_port_has_a_listener_a_target_group_and_both_workers() -> None:
    deployment = run(TWO_PORTS)
    groups = {each.inputs["port"]: each.outputs["arn"] for each in deployment.of_type(TARGET_GROUP)}

    listeners = {each.inputs["port"]: each.inputs for each in deployment.of_type(LISTENER)}
    assert set(listeners) == set(groups) == {2575, 8443}
    for port, listener in listeners.items():
        assert listener["protocol"] == "TCP"
        assert listener["loadBalancerArn"] == balancer(deployment).outputs["arn"]
        assert listener["defaultActions"] == [{"type": "forward", "targetGroupArn": groups[port]}]
    pairs = Counter(each.inputs["targetGroupArn"] for each in deployment.of_type(ATTACHMENT))
    assert pairs == dict.fromkeys(groups.values(), 2)


def test_old_flows_on_the_nlb_end_with_the_worker_that_had_them() -> None:
    (group,) = balanced().of_type(TARGET_GROUP)

    assert (group.inputs["deregistrationDelay"], group.inputs["connectionTermination"]) == (0, True)
    assert group.inputs["targetHealthStates"] == [{"enableUnhealthyConnectionTermination": True}]


def test_client_ip_is_kept_and_the_worker_lets_the_partners_in_besides() -> None:
    (group,) = balanced().of_type(TARGET_GROUP)

    assert (group.inputs["targetType"], group.inputs["preserveClientIp"]) == ("instance", "true")
    assert group.inputs["proxyProtocolV2"] is False
    assert {(2575, 2575, cidr) for cidr in PARTNERS} <= rules(INGRESS, "worker")


def test_health_check_is_said_in_full() -> None:
    (group,) = balanced().of_type(TARGET_GROUP)

    assert group.inputs["healthCheck"] == {
        "enabled": True,
        "protocol": "HTTP",
        "port": "8080",
        "path": "/health",
        "matcher": "200-299",
        "interval": 5,
        "timeout": 2,
        "healthyThreshold": 2,
        "unhealthyThreshold": 2,
    }


def test_health_check_lies_in_what_aws_takes() -> None:
    assert 5 <= CHECK_INTERVAL_S <= 300
    assert 2 <= CHECK_TIMEOUT_S < CHECK_INTERVAL_S


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("http", {"protocol": "HTTP", "path": "/ready", "matcher": "200-299"}),
        ("https", {"protocol": "HTTPS", "path": "/ready", "matcher": "200-299"}),
        ("tcp", {"protocol": "TCP"}),
        ("mllp", {"protocol": "TCP"}),
    ],
)
def test_health_check_asks_what_a_balancer_can_ask(kind: str, asked: Mapping[str, str]) -> None:
    (group,) = run({**BALANCED, "probeKind": kind, "probePath": "/ready", "probePort": "9000"}).of_type(TARGET_GROUP)

    timing = {"enabled", "port", "interval", "timeout", "healthyThreshold", "unhealthyThreshold"}
    check = group.inputs["healthCheck"]
    assert {key: value for key, value in check.items() if key not in timing} == asked
    assert check["port"] == "9000"


def names(deployment: Deployment) -> dict[str, str]:
    return {each.name: each.inputs["name"] for each in (*deployment.of_type(TARGET_GROUP), balancer(deployment))}


def test_target_group_identity_what_replaces_it_gives_it_another_name() -> None:
    ports = names(run(TWO_PORTS))
    groups = [name for logical, name in ports.items() if not logical.endswith("-balancer")]

    def elsewhere(kind: str, name: str, chosen: Mapping[str, Any]) -> Any:
        made = create(kind, name, chosen)
        return made if kind != "aws:ec2/vpc:Vpc" else type(made)("vpc-another", made.outputs)

    other = names(run(BALANCED, create=elsewhere))

    assert len(set(groups)) == 2
    assert other[f"{SITE}-2575"] not in groups
    assert other[f"{SITE}-balancer"] == ports[f"{SITE}-balancer"]
    assert names(balanced())[f"{SITE}-2575"] in groups
    assert not any(each.delete_before_replace for each in balanced().of_type(TARGET_GROUP))


@pytest.mark.parametrize("stack", [LONGEST_STACK, f"aws-{'x' * 20}-prod", "p"])
def test_lengths_nlb_and_target_groups_fit_whatever_the_stack_is_called(stack: str) -> None:
    deployment = run({**BALANCED, "trafficPorts": "[2575, 65535]"}, stack=stack)

    for name in names(deployment).values():
        assert len(name) <= LIMITS[Kind.BALANCER].length_max == LIMITS[Kind.TARGET_GROUP].length_max == 32
        assert re.fullmatch(r"(?!internal-)(?!.*--)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", name)


def test_lengths_two_sites_with_one_head_have_different_balancers() -> None:
    one, other = (run(BALANCED, stack=f"{LONGEST_STACK[:-1]}{end}") for end in "ab")

    assert set(names(one).values()).isdisjoint(names(other).values())


def test_idle_timeout_is_long_enough_for_a_quiet_link_and_can_be_chosen() -> None:
    chosen = run({**BALANCED, "balancerIdleTimeoutSeconds": "6000"})

    assert balanced().only(LISTENER).inputs["tcpIdleTimeoutSeconds"] == 3600
    assert chosen.only(LISTENER).inputs["tcpIdleTimeoutSeconds"] == 6000


def test_workers_behind_a_balancer_stand_in_private_subnets_behind_nat() -> None:
    for each in balanced().of_type(INSTANCE):
        zone = each.inputs["availabilityZone"]
        assert each.inputs["subnetId"] == balanced().named(SUBNET, f"{SITE}-worker-{zone}").id
    gateways = balanced().of_type(NAT)
    assert {each.inputs["subnetId"] for each in gateways} == {
        balanced().named(SUBNET, f"{SITE}-public-{REGION}{letter}").id for letter in "ab"
    }


def test_where_both_serve_there_is_no_watchdog_and_nothing_of_it() -> None:
    types = {each.type for each in balanced().registrations}
    services = {each.partition(":")[2].partition("/")[0] for each in types}

    assert not {"lambda", "dynamodb"} & services
    assert not {each for each in types if "eventRule" in each or "eventTarget" in each}
    parts = {each.name.removeprefix(f"{SITE}-") for each in balanced().of_type(GROUP)}
    assert parts == {"worker", "balancer", "ssm", "ssmmessages"}
    assert not [each.name for each in balanced().of_type(SUBNET) if "-prober-" in each.name]
    assert {each.name.removeprefix(f"{SITE}-") for each in balanced().of_type("aws:iam/role:Role")} == {"worker", "flows"}


def alarm(part: str) -> Mapping[str, Any]:
    return inputs(balanced(), ALARM, part)


def test_silence_of_the_balancer_is_an_alarm_missing_data_breaches() -> None:
    chosen = alarm("no-worker-2575")

    assert (chosen["metricName"], chosen["statistic"]) == ("HealthyHostCount", "Maximum")
    assert (chosen["comparisonOperator"], chosen["threshold"]) == ("LessThanThreshold", 1)
    assert chosen["treatMissingData"] == "breaching"


def test_one_worker_less_is_an_alarm_that_silence_does_not_raise() -> None:
    chosen = alarm("worker-down-2575")

    assert (chosen["metricName"], chosen["statistic"]) == ("UnHealthyHostCount", "Maximum")
    assert (chosen["comparisonOperator"], chosen["threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
    assert chosen["treatMissingData"] == "notBreaching"


def test_each_port_has_both_alarms_about_its_target_group_and_they_tell_the_topic() -> None:
    deployment = run(TWO_PORTS)
    topic = deployment.only("aws:sns/topic:Topic").outputs["arn"]

    for group in deployment.of_type(TARGET_GROUP):
        for part in ("no-worker", "worker-down"):
            chosen = inputs(deployment, ALARM, f"{part}-{group.inputs['port']}")
            assert chosen["namespace"] == NAMESPACE
            assert chosen["dimensions"] == {
                "LoadBalancer": balancer(deployment).outputs["arnSuffix"],
                "TargetGroup": group.outputs["arnSuffix"],
            }
            assert (chosen["alarmActions"], chosen["okActions"]) == ([topic], [topic])
            assert chosen["period"] % 60 == 0
            assert chosen["datapointsToAlarm"] == chosen["evaluationPeriods"] > 1
    assert len(deployment.of_type(ALARM)) == 4


def test_first_minutes_the_alarms_wait_for_registrations_and_listeners() -> None:
    waited_for = {each.urn for kind in (ATTACHMENT, LISTENER) for each in balanced().of_type(kind)}

    for each in balanced().of_type(ALARM):
        assert waited_for <= balanced().needs(each)


@pytest.fixture(scope="module")
def loose() -> Deployment:
    """The stack as the first step of a destroy leaves it."""
    return run({**BALANCED, "protect": "false", "deletionProtection": "false"})


def deleted(deployment: Deployment, seed: int) -> list[str]:
    """Types and names in the order of their deletion, chosen at random among what nothing needs any more."""
    chance = random.Random(seed)

    def any_of(candidates: Sequence[Registration]) -> Registration:
        return chance.choice(candidates)

    gone: list[str] = []
    destroy(deployment, lambda each: gone.append(f"{each.type} {each.name}"), pick=any_of)
    return gone


def places(gone: Sequence[str], wanted: str) -> tuple[int, int]:
    """First and last place of what begins so."""
    found = [place for place, each in enumerate(gone) if each.startswith(wanted)]
    return found[0], found[-1]


CHAINS = (
    # In use by a listener, a target group stays; a running worker is taken out before it goes.
    (LISTENER, ATTACHMENT, TARGET_GROUP),
    *((LISTENER, f"{ATTACHMENT} {SITE}-2575-{worker}", f"{INSTANCE} {SITE}-{worker}") for worker in ("wk1", "wk2")),
    # An address in use cannot be released, a gateway that carries addresses cannot be detached.
    (BALANCER, f"{ADDRESS} {SITE}-balancer-", "aws:ec2/internetGateway:InternetGateway"),
    (BALANCER, f"{SUBNET} {SITE}-public-"),
    # A group that another one's rule names, or an interface has, stays.
    (BALANCER, f"{GROUP} {SITE}-balancer"),
    (f"{INGRESS} {SITE}-balancer-worker-", f"{GROUP} {SITE}-balancer"),
    (f"{INGRESS} {SITE}-balancer-worker-", f"{GROUP} {SITE}-worker"),
    # The way out of the workers goes after them.
    (INSTANCE, f"{NAT} {SITE}-nat-{REGION}a", f"{ADDRESS} {SITE}-nat-{REGION}a"),
)


@pytest.mark.parametrize("seed", ORDERS)
@pytest.mark.parametrize("chain", CHAINS)
def test_destroy_of_a_balancer_has_an_order(loose: Deployment, chain: Sequence[str], seed: int) -> None:
    gone = deleted(loose, seed)

    found = [places(gone, each) for each in chain]
    assert all(before[1] < after[0] for before, after in pairwise(found)), found


def test_protection_stops_a_destroy_before_its_first_deletion() -> None:
    gone: list[str] = []

    with pytest.raises(DestroyError) as caught:
        destroy(balanced(), lambda each: gone.append(each.type))

    assert gone == []
    kept = ("balancer", f"balancer-{REGION}a", f"balancer-{REGION}b", f"nat-{REGION}a", "key", "data-wk1", "data-wk2")
    assert all(f"'{SITE}-{part}'" in str(caught.value) for part in kept)


def test_deletion_protection_goes_with_the_switch_for_a_two_step_destroy(loose: Deployment) -> None:
    def protected(deployment: Deployment) -> list[bool]:
        machines = [each.inputs["disableApiTermination"] for each in deployment.of_type(INSTANCE)]
        tables = [each.inputs["deletionProtectionEnabled"] for each in deployment.of_type("aws:dynamodb/table:Table")]
        balancers = [each.inputs["enableDeletionProtection"] for each in deployment.of_type(BALANCER)]
        return [*machines, *tables, *balancers]

    assert protected(balanced()) == protected(usual()) == [True] * 3
    assert protected(loose) == [False] * 3
    assert not [each.name for each in loose.registrations if each.protect]


def test_the_first_step_of_a_destroy_changes_protection_and_nothing_else(loose: Deployment) -> None:
    switches = {"disableApiTermination", "enableDeletionProtection"}
    before = {each.urn: each.inputs for each in balanced().registrations}

    changed = {
        key
        for each in loose.registrations
        for key in set(each.inputs) | set(before[each.urn])
        if each.inputs.get(key) != before[each.urn].get(key)
    }
    assert changed == switches
