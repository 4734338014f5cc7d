"""Traps of names, order, locks and tags (sections 6, 9 and 10 of the table)."""

import re
from collections.abc import Mapping

from tests.infra.azure.traps.look import (
    ACTION_GROUP,
    ACTIVITY_ALERT,
    APP,
    ASSIGNMENT,
    BALANCER,
    CARD,
    CODE,
    COMPONENT,
    CONTAINER,
    DISK,
    ENCRYPTION_SET,
    GROUP,
    IDENTITY,
    KEY,
    LOCK,
    METRIC_ALERT,
    NAT_GATEWAY,
    NETWORK,
    PLAN,
    PUBLIC_IP,
    QUERY_RULE,
    RESOURCE_GROUP,
    ROLE,
    RULE,
    SETTINGS,
    STORAGE,
    SUBNET,
    TAGLESS_PARTS,
    VAULT,
    VM,
    WEB_TEST,
    own,
    part,
    trap,
)
from tests.infra.azure.traps.variants import Variant
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

FAILOVER_FILE = "infra/azure/failover.py"
LOCKS_FILE = "infra/azure/locks.py"
PAIR_FILE = "infra/azure/pair.py"


@trap(
    "10/watchdog-alive",
    slips=(
        Slip(
            "the app does not wait for the workers",
            FAILOVER_FILE,
            "[*workers.resources, *ground.groups.resources, *ground.network.ready]",
            "[*ground.groups.resources, *ground.network.ready]",
        ),
        Slip(
            "the app does not wait for the address or the balancer",
            FAILOVER_FILE,
            "[*holds, *self._acted_on(ground, workers)]",
            "self._acted_on(ground, workers)",
        ),
        Slip(
            "the app does not wait for the rules of the groups",
            FAILOVER_FILE,
            "[*workers.resources, *ground.groups.resources, *ground.network.ready]",
            "[*workers.resources, *ground.network.ready]",
        ),
    ),
)
def watchdog_goes_first_so_that_it_sees_no_worker_vanish(stand: Stand) -> None:
    """Named by the app itself, not by way of others: what it waits for by its settings would not be enough."""
    for deployment in (stand.usual, stand.of(Variant.BALANCED)):
        app = deployment.only(APP)
        acted_on = (VM, CARD, PUBLIC_IP, BALANCER, GROUP, RULE, NETWORK)
        wanted = {each.urn for kind in acted_on for each in deployment.of_type(kind) if "-nat-" not in each.name}
        assert wanted <= set(app.depends_on), sorted(wanted - set(app.depends_on))
        assert {each.urn for each in deployment.of_type(DISK)} <= deployment.needs(app)


@trap(
    "10/lock",
    "6/lock-on-the-network",
    slips=(
        Slip(
            "locks are made at any time",
            LOCKS_FILE,
            '                opts=child(self, depends_on=args["after"]),\n',
            "                opts=child(self),\n",
        ),
        Slip("a lock that lets nothing be written", LOCKS_FILE, 'level="CanNotDelete"', 'level="ReadOnly"'),
        Slip(
            "a lock on the group",
            PAIR_FILE,
            'kept = {"address": address.address_id,',
            'kept = {"group": self._account.resource.id, "address": address.address_id,',
        ),
        Slip(
            "a lock on the network",
            PAIR_FILE,
            'kept = {"address": address.address_id,',
            'kept = {"network": ground.network.network_id, "address": address.address_id,',
        ),
        Slip(
            "locks although nobody wants some",
            PAIR_FILE,
            '        if not self._args["deletion_protection"]:\n            return\n',
            "",
        ),
    ),
)
def lock_is_made_last_on_single_things_and_never_on_the_group_or_the_network(stand: Stand) -> None:
    usual = stand.usual
    locks = usual.of_type(LOCK)
    locked = [each.inputs["scope"] for each in locks]
    wanted = [
        *(each.id for kind in (VM, DISK, VAULT) for each in usual.of_type(kind)),
        part(usual, PUBLIC_IP, "address").id,
        part(usual, STORAGE, "record").id,
    ]
    assert sorted(locked) == sorted(wanted)
    assert {each.inputs["level"] for each in locks} == {"CanNotDelete"}
    others = {each.urn for each in own(usual) if each.type not in {LOCK, ACTION_GROUP}}
    for lock in locks:
        assert not others - usual.needs(lock), sorted(others - usual.needs(lock))
    assert not stand.of(Variant.OTHER).of_type(LOCK)


NAME_LIMITS: Mapping[str, tuple[str, str]] = {
    ACTION_GROUP: ("actionGroupName", "[A-Za-z0-9 _-]{1,260}"),
    ACTIVITY_ALERT: ("activityLogAlertName", "[A-Za-z0-9 _-]{1,260}"),
    APP: ("name", "[a-z0-9-]{2,60}"),
    BALANCER: ("loadBalancerName", "[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]"),
    CARD: ("networkInterfaceName", "[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]"),
    CODE: ("deploymentName", "[A-Za-z0-9._()-]{1,64}"),
    COMPONENT: ("resourceName", "[A-Za-z0-9._()-]{1,260}"),
    CONTAINER: ("containerName", "[a-z0-9]([a-z0-9-]{1,61})[a-z0-9]"),
    DISK: ("diskName", "[A-Za-z0-9_-]{1,80}"),
    ENCRYPTION_SET: ("diskEncryptionSetName", "[A-Za-z0-9_-]{1,80}"),
    GROUP: ("networkSecurityGroupName", "[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]"),
    IDENTITY: ("resourceName", "[A-Za-z0-9][A-Za-z0-9_-]{2,127}"),
    KEY: ("keyName", "[A-Za-z0-9-]{1,127}"),
    LOCK: ("lockName", "[A-Za-z0-9._-]{1,90}"),
    METRIC_ALERT: ("ruleName", "[A-Za-z0-9 _-]{1,260}"),
    NAT_GATEWAY: ("natGatewayName", "[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]"),
    NETWORK: ("virtualNetworkName", "[A-Za-z0-9][A-Za-z0-9._-]{0,62}[A-Za-z0-9_]"),
    PLAN: ("name", "[A-Za-z0-9-]{1,60}"),
    PUBLIC_IP: ("publicIpAddressName", "[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]"),
    QUERY_RULE: ("ruleName", "[A-Za-z0-9 _-]{1,260}"),
    RESOURCE_GROUP: ("resourceGroupName", "[A-Za-z0-9._()-]{0,89}[A-Za-z0-9_()-]"),
    RULE: ("securityRuleName", "[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]"),
    SUBNET: ("subnetName", "[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]"),
    VM: ("vmName", "[A-Za-z0-9-]{0,63}[A-Za-z0-9]"),
    WEB_TEST: ("webTestName", "[A-Za-z0-9._-]{1,260}"),
}
"""Input with the name, and what it may be (Azure, "Naming rules and restrictions for Azure resources", read 2026-11-21)."""


@trap(
    "9/group-wide-names",
    "9/global-names",
    slips=(
        Slip(
            "a site may have 68 characters",
            "infra/azure/workers.py",
            "called = physical(Kind.MACHINE, f\"{args['site']}-{worker}\")",
            "called = f\"{args['site']}-{worker}-of-the-pair-in-azure-{args['region']}-x\"",
        ),
        Slip(
            "the locks end in a hyphen",
            LOCKS_FILE,
            "lock_name=physical(Kind.LOCK, f\"{args['site']}-{part}\"),",
            "lock_name=f\"{args['site']}/{part}\",",
        ),
    ),
)
def names_fit_with_the_longest_site_and_differ_whatever_their_case(stand: Stand) -> None:
    seen: set[str] = set()
    for variant in Variant:
        names: list[tuple[str, str]] = []
        for each in own(stand.of(variant)):
            if each.type in NAME_LIMITS:
                field, pattern = NAME_LIMITS[each.type]
                assert re.fullmatch(pattern, each.inputs[field]), (each.type, each.inputs[field])
                scope = each.inputs.get("scope") or each.inputs.get("networkSecurityGroupName") or ""
                names.append((each.type, f"{scope}/{each.inputs[field]}".lower()))
                seen.add(each.type)
        assert len(set(names)) == len(names)
    assert seen == set(NAME_LIMITS)


TAGLESS = {ASSIGNMENT, CODE, CONTAINER, LOCK, ROLE, RULE, SETTINGS, SUBNET, *TAGLESS_PARTS}


@trap(
    "10/tags",
    slips=(
        Slip(
            "the machines go without the stack's tags",
            "infra/azure/workers.py",
            '{"enabled": True}},\n            tags=tags(args["site"], args["tags"]),\n',
            '{"enabled": True}},\n            tags=tags(args["site"], {}),\n',
        ),
    ),
)
def every_resource_that_takes_tags_has_those_of_the_stack(stand: Stand) -> None:
    other = stand.of(Variant.OTHER)
    for each in own(other):
        if each.type not in TAGLESS:
            assert each.inputs["tags"].items() >= {"stage": "test", "tandem:site": "tandem-azure-test"}.items(), each.name
            assert not [key for key in each.inputs["tags"] if set(key) & set("<>%&\\?") or len(key) > 512]


@trap(
    "10/protect",
    slips=(
        Slip(
            "the address loses its protection",
            "infra/azure/address.py",
            'opts=child(self, protect=args["protect"]),',
            "opts=child(self),",
        ),
        Slip(
            "the group loses its protection, and everything in it",
            "infra/azure/account.py",
            'opts=child(self, protect=args["protect"]),',
            "opts=child(self),",
        ),
    ),
)
def what_is_hard_to_get_back_is_protected_and_so_is_the_group_around_it(stand: Stand) -> None:
    kept = [stand.usual.only(RESOURCE_GROUP), part(stand.usual, PUBLIC_IP, "address"), stand.usual.only(VAULT)]
    kept += [stand.of(Variant.BALANCED).only(BALANCER), *stand.of(Variant.BALANCED).of_type(PUBLIC_IP)]
    assert [each.name for each in kept if not each.protect] == []
    assert not [each.name for each in own(stand.of(Variant.OTHER)) if each.protect]
