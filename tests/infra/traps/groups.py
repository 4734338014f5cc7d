"""Traps of security groups (sections 2, 5 and 6 of the table)."""

import re
from collections.abc import Mapping
from typing import Any

from tests.infra.traps.look import (
    EGRESS,
    ENDPOINT,
    GROUP,
    INGRESS,
    part,
    rules_of,
)
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

NETWORK = "infra/aws/network.py"
GROUPS = "infra/aws/groups.py"
ENDPOINTS = "infra/aws/endpoints.py"


@trap(
    "6/endpoint-without-groups",
    slips=(
        Slip(
            "the default group keeps a way out",
            NETWORK,
            "            egress=[],\n",
            '            egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": [ANYWHERE]}],\n',
        ),
        Slip("the default group keeps its rules", NETWORK, "            ingress=[],\n", ""),
    ),
)
def closed_default_group_is_adopted_and_emptied(stand: Stand) -> None:
    chosen = stand.usual.only("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs

    assert (chosen.get("ingress"), chosen.get("egress")) == ([], [])


@trap(
    "6/inline-and-separate-rules",
    slips=(
        Slip(
            "a rule is written into the endpoint's group, beside those of its own",
            ENDPOINTS,
            'description=f"Endpoint {service}: open to the workers",\n',
            'description=f"Endpoint {service}: open to the workers",\n'
            '            egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],\n',
        ),
    ),
)
def inline_and_separate_rules_undo_each_other_so_no_group_has_inline_ones(stand: Stand) -> None:
    assert {key for each in stand.usual.of_type(GROUP) for key in ("ingress", "egress") if key in each.inputs} == set()


@trap(
    "6/inline-and-separate-rules",
    slips=(
        Slip(
            "the partners' networks share one rule of the older kind",
            GROUPS,
            """        if self._args["public_health_port"]:
            self._ingress""",
            """        aws.ec2.SecurityGroupRule(
            f"{self._name}-ping",
            type="ingress",
            security_group_id=worker.id,
            protocol="icmp",
            from_port=8,
            to_port=0,
            cidr_blocks=self._args["partner_cidrs"],
            opts=child(self),
        )
        if self._args["public_health_port"]:
            self._ingress""",
        ),
    ),
)
def rules_of_groups_that_name_each_other_are_resources_of_their_own_with_one_source_each(stand: Stand) -> None:
    assert not stand.usual.of_type("aws:ec2/securityGroupRule:SecurityGroupRule")
    for group in stand.usual.of_type(GROUP):
        others = {each.urn for each in stand.usual.of_type(GROUP)} - {group.urn}
        assert not stand.usual.needs(group) & others


@trap(
    "2/isolating-group",
    slips=(
        Slip(
            "the isolating group keeps a way out for management",
            GROUPS,
            "        return WatchGroups(prober.id, isolation.id)\n",
            '        self._egress(isolation, "isolation-out", HTTPS, prefix_list_id=table_prefix_list_id)\n'
            "        return WatchGroups(prober.id, isolation.id)\n",
        ),
    ),
)
def isolating_group_has_no_rule_and_no_rule_names_it(stand: Stand) -> None:
    isolation = part(stand.usual, GROUP, "isolation")

    rules = [*stand.usual.of_type(INGRESS), *stand.usual.of_type(EGRESS)]
    named = {rule.inputs.get(key) for rule in rules for key in ("securityGroupId", "referencedSecurityGroupId")}
    assert isolation.id not in named
    assert not {"ingress", "egress"} & set(isolation.inputs)


@trap(
    "5/probers-group",
    slips=(
        Slip(
            "the probers' way out is opened on the workers' side only",
            GROUPS,
            '        self._egress(prober, "prober-worker", port, referenced_security_group_id=worker.id)\n',
            "",
        ),
        Slip(
            "the way to the workers is opened on the port of HTTPS",
            GROUPS,
            'self._egress(prober, "prober-worker", port,',
            'self._egress(prober, "prober-worker", HTTPS,',
        ),
    ),
)
def probers_reach_workers_on_the_probe_port_and_the_table_and_nothing_else(stand: Stand) -> None:
    out = [each.inputs for each in rules_of(stand.usual, EGRESS, "prober")]

    worker = part(stand.usual, GROUP, "worker").id
    table = part(stand.usual, ENDPOINT, "dynamodb").outputs["prefixListId"]
    assert {(rule["fromPort"], rule["toPort"], rule["ipProtocol"], _other_side(rule)) for rule in out} == {
        (443, 443, "tcp", table),
        (8080, 8080, "tcp", worker),
    }


def _other_side(rule: Mapping[str, Any]) -> str | None:
    return rule.get("referencedSecurityGroupId") or rule.get("prefixListId") or rule.get("cidrIpv4")


@trap(
    "5/probers-group",
    slips=(
        Slip(
            "workers are not opened to the probers",
            GROUPS,
            '        self._ingress(worker, "prober", port, referenced_security_group_id=prober.id)\n',
            "",
        ),
        Slip(
            "the traffic port is opened to every host",
            GROUPS,
            'self._ingress(worker, f"partner-{port}-{cidr}", port, cidr_ipv4=cidr)',
            'self._ingress(worker, f"partner-{port}-{cidr}", port, cidr_ipv4=ANYWHERE)',
        ),
    ),
)
def workers_are_open_to_probers_and_to_the_partners_that_were_named(stand: Stand) -> None:
    rules = [each.inputs for each in rules_of(stand.usual, INGRESS, "worker")]

    assert {(rule["fromPort"], rule["toPort"], rule["ipProtocol"], _other_side(rule)) for rule in rules} == {
        (2575, 2575, "tcp", "194.126.158.7/32"),
        (2575, 2575, "tcp", "194.126.159.0/24"),
        (8080, 8080, "tcp", part(stand.usual, GROUP, "prober").id),
    }


@trap(
    "6/group-texts",
    slips=(
        Slip(
            "a curly apostrophe in a description",
            GROUPS,
            'self._group("prober", "Probers of the watchdog")',
            'self._group("prober", "The watchdog\\u2019s probers")',
        ),
        Slip(
            "groups with fixed names",
            GROUPS,
            "            description=description,\n",
            '            description=description,\n            name=f"{self._name}-{part}",\n',
        ),
    ),
)
def group_texts_use_only_the_characters_that_the_cloud_takes_and_names_are_generated(stand: Stand) -> None:
    for group in stand.usual.of_type(GROUP):
        assert re.fullmatch(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}", group.inputs["description"])
        assert not {"name", "namePrefix"} & set(group.inputs)
        assert not group.name.startswith("sg-")
