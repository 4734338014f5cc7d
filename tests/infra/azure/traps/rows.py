"""The table of traps of Azure: what it does where an emulator does not, and what stands against it here.

Section 1 also has what was learnt of groups and subnets while the program was written.
"""

from collections.abc import Mapping

from tests.infra.traps.rows import CHECKED, Asked, ByTest, LeftOut, Row, table
from tests.infra.traps.slips import Slip

ROTATION = "failover_lambda/azure/rotation.py"
ROTATION_TESTS = "tests/contract/test_azure_rotation.py"

SECTIONS: Mapping[int, str] = {
    1: "Network, address, egress",
    2: "Load balancer",
    3: "Key Vault, keys, disks",
    4: "Workers",
    5: "Identities and roles",
    6: "Function App, Flex Consumption",
    7: "Storage",
    8: "Alerts, logs, page",
    9: "Names",
    10: "Destroy, locks, policy, quota",
}

SDK = "tests/infra/azure/test_sdk.py"

NETWORK_ROWS = (
    Row(
        "1/standard-is-closed",
        "a Standard Public IP is closed",
        "Nothing comes in until a security group of card or subnet lets it; without a group the port is dead, silently.",
        (CHECKED,),
    ),
    Row(
        "1/first-boot-without-egress",
        "the first boot has no egress",
        "Cards are made without the address, so neither worker reaches the internet before the watchdog's first tick.",
        (
            CHECKED,
            LeftOut(
                "What a user's own script fetches at the first boot is not read by anybody; it must wait, with a bound."
            ),
        ),
    ),
    Row(
        "1/standby-without-address",
        "standby without an address",
        "No explicit way out means no updates and no activation; storage of the same region stays reachable.",
        (CHECKED, LeftOut("A standby is not sealed: it reaches storage of its region. Nothing promises otherwise.")),
    ),
    Row(
        "1/private-endpoint-for-management",
        "no private endpoint for management",
        "Private link to the Resource Manager exists at the tenant's root only.",
        (LeftOut("Not needed: a worker never calls it, and has no identity to do so."),),
    ),
    Row(
        "1/delegated-subnet",
        "private subnet and delegation",
        "Outbound access cannot be chosen on a delegated subnet; an app goes out by the platform unless a gateway is there.",
        (CHECKED,),
    ),
    Row(
        "1/gateway-beside-address",
        "NAT gateway beside a Public IP",
        "What comes in stays on the Public IP; every new flow outwards leaves by the gateway: another source.",
        (LeftOut("Said in the outputs: `egressAddresses` are the gateways' where there are some. To be proved once live."),),
    ),
    Row(
        "1/zonal-gateway",
        "a NAT gateway is zonal",
        "It stands in one zone; that zone down, both workers lose their way out.",
        (CHECKED,),
    ),
    Row(
        "1/address-of-a-gateway",
        "the address of a NAT gateway",
        "It names its gateway by itself; after a refresh that is a difference, and a write of it would be tried.",
        (CHECKED,),
    ),
    Row(
        "1/zones-of-an-address",
        "zones of a Public IP",
        "A change of them is refused, also when a write leaves them out.",
        (CHECKED,),
    ),
    Row("1/zone-numbers", "zone numbers", "Zone 1 is another building in another subscription.", (Asked(("azure-zones",)),)),
    Row(
        "1/zones-of-a-frontend",
        "zones of a balancer's frontend",
        "A frontend with a Public IP takes its zones from that, and is refused with zones of its own.",
        (CHECKED,),
    ),
    Row(
        "1/priorities",
        "priorities of rules",
        "100 to 4096, once each in a direction; the watchdog writes its fence at 100.",
        (CHECKED,),
    ),
    Row(
        "1/probe-source",
        "where probes come from",
        "They pass by a default rule, which a denial of ours stands before: then every probe fails, silently.",
        (CHECKED,),
    ),
    Row("1/default-rules", "default rules", "They let the whole network in, and all that is joined to it.", (CHECKED,)),
    Row(
        "1/metadata-passes",
        "a denial of everything is none",
        "Names, metadata and licensing pass: an isolated worker still gets tokens of its identity.",
        (CHECKED,),
    ),
    Row(
        "1/flush-connection",
        "flushConnection",
        "Without it flows that stand survive a new rule; no page says how well it works, so it never proves a fence.",
        (CHECKED,),
    ),
    Row("1/one-group-for-both", "one group for both workers", "A fence hits the holder as well.", (CHECKED,)),
    Row(
        "1/inline-rules",
        "a write of a group is a write of its rules",
        "A difference in its tags would take away a fence; two writes in one group cancel each other.",
        (CHECKED,),
    ),
    Row(
        "1/subnets-at-once",
        "subnets written at once",
        "AnotherOperationInProgress, as the end of an operation that was accepted.",
        (CHECKED,),
    ),
)
BALANCER_ROWS = (
    Row(
        "2/members-in-the-balancer",
        "members inside the balancer's own write",
        "The write succeeds and the pool is empty.",
        (CHECKED,),
    ),
    Row(
        "2/pool-needs-balancer",
        "rules need the pool, the pool the balancer",
        "There is no class for rules, so the pool's name stands in the balancer, and a pool of its own would exist already.",
        (CHECKED,),
    ),
    Row("2/member-address-stays", "the member's address", "A dynamic one is another one on a new card.", (CHECKED,)),
    Row(
        "2/egress-of-a-pool",
        "egress of members by address",
        "They use default outbound access even in a private subnet; a NAT gateway ends that.",
        (CHECKED,),
    ),
    Row("2/admin-state", "adminState", "It means nothing without a probe on the rule, nor beside NAT rules.", (CHECKED,)),
    Row(
        "2/connections-stay",
        "connections that stand",
        "A member that is down keeps them, for days: after a move without a fence both workers serve.",
        (CHECKED,),
    ),
    Row(
        "2/pool-of-addresses",
        "a pool of addresses",
        "Standard only; each member names its network, all of them one; and never beside a member that is a card.",
        (
            CHECKED,
            ByTest(
                ROTATION_TESTS,
                "test_the_first_association_makes_every_worker_a_member_and_one_of_them_up",
                Slip(
                    "members name no network",
                    ROTATION,
                    '                    "virtualNetwork": {"id": self._network_of(worker)},\n',
                    "",
                ),
            ),
        ),
    ),
    Row(
        "2/empty-after-success",
        "a pool that is empty after a success",
        "A write of the pool may end well and leave nobody in it.",
        (
            ByTest(
                ROTATION_TESTS,
                "test_a_write_that_ended_well_and_left_the_pool_empty_is_not_done",
                Slip(
                    "a pool without members is as it was written",
                    ROTATION,
                    "!= ([up] if up else []) or not _members(after):",
                    "!= ([up] if up else []):",
                ),
            ),
        ),
    ),
    Row(
        "2/late-write",
        "a late write of the pool",
        "A write that names no ETag takes effect whenever it arrives, and lets the old holder up again.",
        (
            ByTest(
                ROTATION_TESTS,
                "test_an_association_that_arrives_late_lets_no_second_member_up",
                Slip(
                    "the pool is written whatever it is by then",
                    "failover_lambda/azure/network.py",
                    '{"If-Match": str(document["etag"])}, _as_sdk(bodies.of_pool(document))',
                    '{"If-Match": "*"}, _as_sdk(bodies.of_pool(document))',
                ),
            ),
        ),
    ),
)
KEY_ROWS = (
    Row(
        "3/control-plane-retires",
        "control-plane versions retire",
        "Every version of the vault's API before 2026-02-01 stops on 2027-02-27.",
        (
            ByTest(
                SDK,
                "test_the_vaults_api_is_replaced_before_it_stops",
                Slip("it is 2027", SDK, "dt.date(2027, 1, 1)", "dt.date(2026, 1, 1)"),
            ),
        ),
    ),
    Row("3/rbac-off", "roles are off by an injected default", "Then assignments on the vault mean nothing.", (CHECKED,)),
    Row(
        "3/name-is-reserved",
        "a vault's name is global, and reserved",
        "Deleted, it keeps its name for up to 90 days, and with purge protection nobody can free it.",
        (CHECKED,),
    ),
    Row(
        "3/purge-protection",
        "purge protection",
        "An encryption set refuses a vault without it, and it is never turned off.",
        (CHECKED,),
    ),
    Row(
        "3/key-is-data",
        "a key is half data",
        "An owner of the subscription may not make or delete it, and a closed vault makes a destroy fail.",
        (CHECKED,),
    ),
    Row("3/key-identity-place", "key, identity, place", "Kinds of keys and disks, and all in one region.", (CHECKED,)),
    Row(
        "3/role-before-set",
        "role before set",
        "With an assigned identity the set is refused until the role works, seconds to ten minutes later.",
        (
            CHECKED,
            LeftOut(
                "The wait is what other resources take; where that is too short, `pulumi up` is run once more (RUNBOOK)."
            ),
        ),
    ),
    Row(
        "3/rotation",
        "rotation shows as a difference",
        "The set moves to the next version by itself; written back, it would use an old one.",
        (CHECKED,),
    ),
    Row(
        "3/vault-firewall",
        "firewall of the vault",
        "Disk encryption is a trusted service; functions are not.",
        (CHECKED,),
    ),
    Row(
        "3/zones-of-disks", "zones of disks", "A ZRS disk may name none; any other must stand in its machine's.", (CHECKED,)
    ),
    Row(
        "3/removed-while-disks-live",
        "set, key or vault removed while disks live",
        "The set is refused; without the key machines shut down within an hour.",
        (CHECKED,),
    ),
)
WORKER_ROWS = (
    Row(
        "4/encryption-at-host",
        "encryption at host",
        "Refused where the feature is not registered, with false as well; later on it takes a stop.",
        (CHECKED, Asked(("azure-encryption-at-host",))),
    ),
    Row(
        "4/size-and-zone",
        "size, zone, capability",
        "Not every zone has every size, and not every size every capability.",
        (Asked(("azure-size",)),),
    ),
    Row("4/zone-of-a-machine", "zones of workers", "Both in one zone are lost with it.", (CHECKED,)),
    Row(
        "4/restart-after-fence",
        "restart after a fence",
        "A machine that was deallocated may find no capacity; one that is powered off keeps its own.",
        (LeftOut("The watchdog powers off and never deallocates, so the capacity stays, and is paid."),),
    ),
    Row(
        "4/no-desired-power-state",
        "no desired power state",
        "A machine is always made running.",
        (LeftOut("No tier of this version has a stopped worker."),),
    ),
    Row(
        "4/immutable",
        "immutable properties",
        "Shown as an update that fails half-way.",
        (CHECKED, LeftOut("Another zone or name replaces the present holder too, and nothing but the preview says so.")),
    ),
    Row("4/both-at-once", "a change of both workers at once", "Replaced or restarted together, nobody serves.", (CHECKED,)),
    Row("4/image-latest", "image latest", "Two workers of different days differ, and nothing ever shows it.", (CHECKED,)),
    Row("4/data-disks", "data disks", "Deleted with the machine in a replacement, unless they are detached.", (CHECKED,)),
    Row(
        "4/guest-finds-its-disk",
        "names of disks inside a machine",
        "They may change at each boot; what is sure is the number by which a disk is attached.",
        (CHECKED,),
    ),
    Row(
        "4/dedicated-host",
        "dedicated host",
        "Zone and family must fit; host and group together are refused; it has a quota of its own.",
        (CHECKED, Asked(("azure-quota-cores",))),
    ),
)
ROLE_ROWS = (
    Row(
        "5/principal-type",
        "principalType injected as User",
        "For an identity that is refused; left out, the directory may not know the identity yet.",
        (CHECKED,),
    ),
    Row("5/assignment-identity", "identity of an assignment", "Nothing of it can be changed.", (CHECKED,)),
    Row(
        "5/tagged-identity",
        "a new tag on an identity",
        "Its principal is unknown in a preview of that update, so the preview says that every role of it is made anew.",
        (CHECKED,),
    ),
    Row("5/role-name", "name of a role", "Unique in the tenant, not in the subscription.", (CHECKED,)),
    Row("5/misspelt-action", "a misspelt action", "Fails the whole definition.", (CHECKED,)),
    Row("5/smallest-role", "the smallest role", "A missing join leaves the address on nobody, half-way.", (CHECKED,)),
    Row(
        "5/deployers-rights",
        "the deployer's rights",
        "A contributor writes neither roles nor locks.",
        (Asked(("azure-deployer",)),),
    ),
    Row(
        "5/first-minutes",
        "the first minutes",
        "The watchdog starts before its role works.",
        (LeftOut("Its own: what is denied is unknown and never dead (docs/RULE.md 7.4); alarm failed-cycle tells."),),
    ),
)
FUNCTION_ROWS = (
    Row(
        "6/scale-groups",
        "scale groups",
        "All HTTP functions are one group, every timer is one of its own.",
        (CHECKED,),
    ),
    Row(
        "6/zone-loss",
        "loss of a zone",
        "The one instance may stand where the holder stood.",
        (CHECKED, Asked(("azure-flex-regions",))),
    ),
    Row(
        "6/no-deployment-class",
        "no class for the deployment of code",
        "One path, One Deploy; the address that it fetches from opens the package to whoever has it.",
        (CHECKED, LeftOut("That the new code runs is not proved by the deployment: nothing of it asks the watchdog.")),
    ),
    Row("6/refused-settings", "refused and ignored settings", "Those of other plans; the SDK adds some.", (CHECKED,)),
    Row("6/plan", "the plan", "Linux, one app, at most 40 instances or more, memory in steps.", (CHECKED,)),
    Row(
        "6/subnet-of-the-app",
        "the app's subnet",
        "Delegated from the beginning, no underscore in its name, nothing else in it, a /26.",
        (CHECKED,),
    ),
    Row(
        "6/providers-and-regions",
        "providers and regions",
        "Without Microsoft.App registered the app answers 500; the plan is not in every region.",
        (Asked(("azure-providers", "azure-flex-regions")),),
    ),
    Row(
        "6/host-storage",
        "the host's storage by identity",
        "With another key, or without its role, no function is found, and Azure says nothing.",
        (CHECKED,),
    ),
    Row("6/host-id", "the host's id", "32 characters of the app's name tell hosts apart.", (CHECKED,)),
    Row(
        "6/start-time",
        "start",
        "Over 30 s it is cut; references into a closed vault fail; diagnostic settings are not supported.",
        (CHECKED,),
    ),
    Row(
        "6/deletion-and-subnet",
        "deletion, and the subnet",
        "A link to the subnet outlives the app for minutes up to days.",
        (CHECKED, LeftOut("A destroy that meets it is run again later (RUNBOOK); nothing repeats it by itself.")),
    ),
    Row(
        "6/lock-on-the-network",
        "a lock on the network",
        "A deleted app hangs half-deleted, with 500 for every call.",
        (CHECKED,),
    ),
    Row("6/keys-of-functions", "keys of functions", "They exist only after the host ran once.", (CHECKED,)),
)
STORAGE_ROWS = (
    Row("7/blob-class", "a blob with shared keys off", "The class wants the account's key.", (CHECKED,)),
    Row("7/management-is-not-data", "management is not data", "An owner reads no blob.", (CHECKED,)),
    Row("7/firewall", "firewall of the account", "Functions are no trusted service.", (CHECKED,)),
    Row(
        "7/account-names",
        "names and kinds of accounts",
        "24 plain characters, the world's own; a change of redundancy is no plain write.",
        (
            CHECKED,
            LeftOut(
                "Whether a name is free, nobody asks: a hash makes a clash unlikely, and a deployment would end with it."
            ),
        ),
    ),
    Row("7/versions-of-blobs", "versions of blobs", "A lease that is renewed every few seconds makes millions.", (CHECKED,)),
)
TELLING_ROWS = (
    Row(
        "8/absence-as-log-alert",
        "no heartbeat as a log alert",
        "Lines are minutes late; a short window gives false alarms.",
        (CHECKED,),
    ),
    Row("8/count-in-the-query", "count in the query", "It has one row always, and silence is never seen.", (CHECKED,)),
    Row("8/new-workspace", "new workspace", "A query on a table that is not there yet is refused.", (CHECKED,)),
    Row("8/death-of-a-rule", "silent death of a rule", "A query that fails for a week is switched off.", (CHECKED,)),
    Row(
        "8/one-minute-and-mute",
        "one minute, and mute",
        "Only plain queries run each minute; mute and resolving exclude each other.",
        (CHECKED,),
    ),
    Row("8/metric-rules", "rules on metrics", "Refused on a metric without data, and silent without samples.", (CHECKED,)),
    Row("8/action-group", "action group", "Short name of 12, global, the older form of mails by default.", (CHECKED,)),
    Row(
        "8/insights-and-workspace",
        "insights and workspace",
        "A deleted workspace keeps its name for two weeks, and its lines come back.",
        (CHECKED, LeftOut("The component's own action group, Smart Detection, outlives a destroy: delete it by hand.")),
    ),
    Row("8/workbook-guid", "name of a workbook", "A GUID.", (CHECKED,)),
)
NAME_ROWS = (
    Row("9/global-names", "names of the whole world", "Vault, account and app, each with its limits.", (CHECKED,)),
    Row("9/group-wide-names", "names of a group", "Each kind has its limits, and case does not count.", (CHECKED,)),
)
END_ROWS = (
    Row(
        "10/watchdog-alive",
        "watchdog alive during a destroy",
        "It sees workers vanish, and moves, fences, writes.",
        (CHECKED,),
    ),
    Row(
        "10/attached-at-run-time",
        "things attached at run time",
        "The engine does not know that a card has the address, and a write of the card takes it off.",
        (CHECKED,),
    ),
    Row(
        "10/lock",
        "a CanNotDelete lock",
        "Every deletion below it is refused, of rules and assignments too; writes pass.",
        (CHECKED,),
    ),
    Row(
        "10/read-only-lock",
        "a ReadOnly lock",
        "No start, no stop, no move.",
        (Asked(("azure-locks",)),),
    ),
    Row(
        "10/policy",
        "a policy against public addresses on cards",
        "Refused only when the watchdog writes the card: `up` is green, the first failover fails.",
        (
            Asked(("azure-policies", "azure-address")),
            LeftOut("The first tick attaches some seconds after `up` and is not waited for: look at the record after it."),
        ),
    ),
    Row("10/tags", "policies on tags", "A missing tag is refused; what a policy adds, a full write takes away.", (CHECKED,)),
    Row("10/protect", "what is hard to get back", "A group is deleted with everything in it.", (CHECKED,)),
    Row("10/quotas", "quotas", "Cores, addresses, gateways, hosts.", (CHECKED, Asked(("azure-quota-",)))),
    Row(
        "10/sdk-defaults",
        "defaults of the SDK",
        "It sends values that nobody wrote, and a new version may send more.",
        (
            ByTest(
                SDK,
                "test_what_the_sdk_sends_without_being_asked_is_what_it_was",
                Slip(
                    "one is not known",
                    SDK,
                    '    "network:Subnet.private_link_service_network_policies": "\'Enabled\'",\n',
                    "",
                ),
            ),
        ),
    ),
)

ROWS = table(
    *NETWORK_ROWS,
    *BALANCER_ROWS,
    *KEY_ROWS,
    *WORKER_ROWS,
    *ROLE_ROWS,
    *FUNCTION_ROWS,
    *STORAGE_ROWS,
    *TELLING_ROWS,
    *NAME_ROWS,
    *END_ROWS,
    sections=SECTIONS,
)
"""The whole table."""
