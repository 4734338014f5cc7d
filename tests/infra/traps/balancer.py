"""Traps of the network load balancer (sections 1, 6 and 8 of the table)."""

import re

from lab.recording import Deployment
from tests.infra.stand import REGION
from tests.infra.traps.look import (
    EGRESS,
    EIP,
    GROUP,
    INGRESS,
    INSTANCE,
    LOAD_BALANCER,
    SUBNET,
    TARGET_ATTACHMENT,
    TARGET_GROUP,
    WORKERS,
    part,
)
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand, Variant

BALANCER = "infra/aws/balancer.py"
PACE = "infra/pace.py"

TRAFFIC = 2575
HEALTH = 8080


def rules(deployment: Deployment, type_token: str, group: str) -> set[tuple[int, int, str]]:
    """First port, last port and other side of a group's rules."""
    own = part(deployment, GROUP, group).id
    return {
        (each["fromPort"], each["toPort"], each.get("referencedSecurityGroupId") or each.get("cidrIpv4") or "")
        for each in (rule.inputs for rule in deployment.of_type(type_token))
        if each["securityGroupId"] == own and "fromPort" in each
    }


@trap(
    "6/balancer-groups",
    slips=(Slip("the balancer is made without a group", BALANCER, "            security_groups=[group.id],\n", ""),),
)
def balancer_has_its_group_from_its_first_version_on(stand: Stand) -> None:
    balanced = stand.of(Variant.BALANCED)

    assert balanced.only(LOAD_BALANCER).inputs.get("securityGroups") == [part(balanced, GROUP, "balancer").id]


@trap(
    "6/balancer-groups",
    "6/client-address",
    slips=(
        Slip(
            "the workers let the balancer in on the health port alone",
            BALANCER,
            """            security_group_id=self._args["worker_group_id"],
            ip_protocol="tcp",
            from_port=port,
            to_port=port,""",
            """            security_group_id=self._args["worker_group_id"],
            ip_protocol="tcp",
            from_port=self._args["question"].port,
            to_port=self._args["question"].port,""",
        ),
        Slip(
            "the balancer asks workers on a port that its own group keeps closed",
            BALANCER,
            'sorted({*self._args["traffic_ports"], self._args["question"].port})',
            'self._args["traffic_ports"]',
        ),
        Slip(
            "every host may reach the balancer",
            BALANCER,
            "cidr_ipv4=cidr,",
            'cidr_ipv4="0.0.0.0/0",',
        ),
    ),
)
def balancer_is_open_to_partners_and_workers_to_the_balancer_on_traffic_and_health_ports(stand: Stand) -> None:
    balanced = stand.of(Variant.BALANCED)
    worker, balancer = (part(balanced, GROUP, name).id for name in ("worker", "balancer"))

    partners = {(TRAFFIC, TRAFFIC, cidr) for cidr in ("194.126.158.7/32", "194.126.159.0/24")}
    assert rules(balanced, INGRESS, "balancer") == partners
    assert rules(balanced, EGRESS, "balancer") == {(port, port, worker) for port in (TRAFFIC, HEALTH)}
    assert rules(balanced, INGRESS, "worker") >= {(port, port, balancer) for port in (TRAFFIC, HEALTH)}


@trap(
    "6/client-address",
    slips=(
        Slip(
            "whose address a worker sees is left to the target type",
            BALANCER,
            '            preserve_client_ip="true",\n',
            "",
        ),
    ),
)
def client_address_is_kept_and_said_so(stand: Stand) -> None:
    for group in stand.of(Variant.BALANCED).of_type(TARGET_GROUP):
        assert group.inputs.get("preserveClientIp") == "true"
        assert group.inputs["targetType"] == "instance"


@trap(
    "6/balancer-subnets",
    slips=(
        Slip(
            "the balancer takes addresses of AWS's",
            BALANCER,
            '{"subnet_id": subnet_id, "allocation_id": eips[zone].allocation_id}',
            '{"subnet_id": subnet_id}',
        ),
        Slip(
            "the balancer is not protected",
            BALANCER,
            '*rules], protect=args["protect"], delete_before',
            "*rules], delete_before",
        ),
        Slip(
            "its addresses are not protected",
            BALANCER,
            'opts=child(self, depends_on=self._args["network_ready"], protect=self._args["protect"]),',
            'opts=child(self, depends_on=self._args["network_ready"]),',
        ),
    ),
)
def balancer_has_one_address_of_its_own_per_zone_and_keeps_them(stand: Stand) -> None:
    balanced = stand.of(Variant.BALANCED)
    balancer = balanced.only(LOAD_BALANCER)

    zones = [f"{REGION}{letter}" for letter in "abc"]
    addresses = [part(balanced, EIP, f"balancer-{zone}") for zone in zones]
    assert balancer.protect
    assert {each.protect for each in addresses} == {True}
    mapped = {each["subnetId"]: each.get("allocationId") for each in balancer.inputs["subnetMappings"]}
    subnets = [part(balanced, SUBNET, f"public-{zone}") for zone in zones]
    assert mapped == {subnet.id: each.id for subnet, each in zip(subnets, addresses, strict=True)}
    assert all(int(subnet.inputs["cidrBlock"].partition("/")[2]) <= 27 for subnet in subnets)


@trap(
    "6/balancer-cross-zone",
    slips=(
        Slip(
            "cross-zone is left to its default, off",
            BALANCER,
            "            enable_cross_zone_load_balancing=True,\n",
            "",
        ),
    ),
)
def cross_zone_is_on_else_the_address_of_a_zone_without_a_worker_is_dead(stand: Stand) -> None:
    assert stand.of(Variant.BALANCED).only(LOAD_BALANCER).inputs.get("enableCrossZoneLoadBalancing") is True


@trap(
    "6/balancer-registration",
    slips=(
        Slip(
            "only the first worker is registered, the other is to follow at a failover",
            BALANCER,
            '[self._attach(worker, port, group) for worker in self._args["workers"]]',
            '[self._attach(worker, port, group) for worker in self._args["workers"][:1]]',
        ),
    ),
)
def both_workers_are_registered_from_the_first_deployment_on(stand: Stand) -> None:
    balanced = stand.of(Variant.BALANCED)
    registered = {(each.inputs["targetGroupArn"], each.inputs["targetId"]) for each in balanced.of_type(TARGET_ATTACHMENT)}

    groups = [each.outputs["arn"] for each in balanced.of_type(TARGET_GROUP)]
    assert groups
    assert registered == {(arn, part(balanced, INSTANCE, worker).id) for arn in groups for worker in WORKERS}


@trap(
    "6/old-flows",
    slips=(
        Slip("connections live on for 300 s", BALANCER, "            deregistration_delay=0,\n", ""),
        Slip("connections outlive the delay", BALANCER, "            connection_termination=True,\n", ""),
        Slip(
            "connections to an unhealthy worker are kept",
            BALANCER,
            '"enable_unhealthy_connection_termination": True',
            '"enable_unhealthy_connection_termination": False',
        ),
    ),
)
def old_flows_end_when_a_worker_is_taken_out_or_unhealthy(stand: Stand) -> None:
    for group in (each.inputs for each in stand.of(Variant.BALANCED).of_type(TARGET_GROUP)):
        assert group.get("deregistrationDelay") == 0
        assert group.get("connectionTermination") is True
        assert group["targetHealthStates"] == [{"enableUnhealthyConnectionTermination": True}]


@trap(
    "6/health-check",
    slips=(
        Slip("the interval is shorter than AWS takes", PACE, "CHECK_INTERVAL_S = 5", "CHECK_INTERVAL_S = 2"),
        Slip("one failed answer is enough", PACE, "CHECKS_TO_UNHEALTHY = 2", "CHECKS_TO_UNHEALTHY = 1"),
        Slip(
            "the protocol is left to the provider, which asks HTTP",
            BALANCER,
            '{**timing, "protocol": question.kind.name, "path"',
            '{**timing, "path"',
        ),
    ),
)
def health_check_leaves_nothing_to_a_default_and_stays_in_its_ranges(stand: Stand) -> None:
    for group in stand.of(Variant.BALANCED).of_type(TARGET_GROUP):
        check = group.inputs["healthCheck"]
        assert check.get("protocol") == "HTTP"
        assert 5 <= check["interval"] <= 300
        assert 2 <= check["timeout"] <= 120
        assert 2 <= check["healthyThreshold"] <= 10
        assert 2 <= check["unhealthyThreshold"] <= 10
        # Two missed checks are the fastest that can be promised.
        assert check["interval"] * check["unhealthyThreshold"] >= 10


@trap(
    "6/target-group-identity",
    "8/lengths",
    slips=(
        Slip(
            "a target group is called by its port, as its successor will be while a listener holds the first",
            BALANCER,
            'lambda vpc_id: shortened(Kind.TARGET_GROUP, site, str(port), f"TCP/instance/{vpc_id}")',
            'lambda vpc_id: f"{site}-{port}-{vpc_id[:3]}"',
        ),
        Slip(
            "the balancer's name is the site's and what it is",
            BALANCER,
            'name=shortened(Kind.BALANCER, args["site"], "nlb")',
            """name=f"internal-{args['site']}\"""",
        ),
    ),
)
def target_group_and_balancer_have_short_names_and_a_successor_has_another(stand: Stand) -> None:
    balanced = stand.of(Variant.BALANCED)

    for each in (*balanced.of_type(TARGET_GROUP), *balanced.of_type(LOAD_BALANCER)):
        assert len(each.inputs["name"]) <= 32
        assert not each.inputs["name"].startswith("internal-")
    for each in balanced.of_type(TARGET_GROUP):
        assert re.fullmatch(r".*-[0-9a-f]{6}", each.inputs["name"])
