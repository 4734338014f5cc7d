"""Examples of the rules over resources of Azure: `address`, `watchdog`, `zones`, `protection`, `storage` and `logs`."""

from typing import Any

from tandem_policy.values import UNKNOWN, Resource
from tests.policy.examples import Example, after, make

SITE = "tandem-azure-test"
OURS = {"tandem:site": SITE}
GROUP_ID = "/subscriptions/s/resourceGroups/g"
ADDRESS_ID = f"{GROUP_ID}/providers/Microsoft.Network/publicIPAddresses/{SITE}-address"
OTHER_ID = f"{GROUP_ID}/providers/Microsoft.Network/publicIPAddresses/other"

ADDRESS = "azure-native:network:PublicIPAddress"
OLDER_ADDRESS = "azure-native:network/v20240501:PublicIPAddress"
CARD = "azure-native:network:NetworkInterface"
NAT = "azure-native:network:NatGateway"
BASTION = "azure-native:network:BastionHost"
APPLICATION_GATEWAY = "azure-native:network:ApplicationGateway"
FIREWALL = "azure-native:network:AzureFirewall"
BALANCER = "azure-native:network:LoadBalancer"
MEMBERS = "loadBalancerBackendAddresses"
ACCOUNT = "azure-native:storage:StorageAccount"
VAULT = "azure-native:keyvault:Vault"
HSM = "azure-native:keyvault:ManagedHsm"
KEY = "azure-native:keyvault:Key"
DISK = "azure-native:compute:Disk"
MACHINE = "azure-native:compute:VirtualMachine"
GROUP = "azure-native:resources:ResourceGroup"
LOCK = "azure-native:authorization:ManagementLockByScope"
LOCK_OF_GROUP = "azure-native:authorization:ManagementLockAtResourceGroupLevel"
SETTINGS = "azure-native:web:WebAppApplicationSettings"
APP = "azure-native:web:WebApp"
SLOT = "azure-native:web:WebAppSlot"
PLAN = "azure-native:web:AppServicePlan"
WORKSPACE = "azure-native:operationalinsights:Workspace"

BARE = "the resource is not protected"
INSTEAD = "pause it by a request, which ends by itself"
ALWAYS = "functionAppConfig.scaleAndConcurrency.alwaysReady"


def address(type_token: str = ADDRESS, **props: Any) -> Resource:
    return make(type_token, "address", tags=OURS, publicIpAddressName=f"{SITE}-address", **props)


NAMED = make(ADDRESS, "mine", tags=OURS, name=f"{SITE}-address")
KNOWN = address(id=ADDRESS_ID, zones=["1", "2", "3"])
FUTURE = address(OLDER_ADDRESS, zones=["1", "2", "3"])
RECORD_NAME = f"{SITE}-record"
BALANCED = [{"name": "pool"}]


def record(sku: str = "Standard_ZRS", **props: Any) -> Resource:
    return make(ACCOUNT, RECORD_NAME, tags=OURS, sku={"name": sku}, **props)


def card(**configuration: Any) -> Resource:
    return make(CARD, "wk1", ipConfigurations=[{"name": "primary", **configuration}])


def taken(type_token: str, name: str, by: str, what: str = "address") -> str:
    return (
        f"{type_token} {name} takes the address {what} by {by}; a watchdog moves it, and the next update would take it from "
        "the worker that serves: leave it to the watchdog, or take another address"
    )


def unlocked(name: str) -> str:
    return f"Azure would delete {name} for whoever asks: put a lock of the level CanNotDelete on it or on its group"


def app(**ready: int) -> Resource:
    groups = [{"name": name.replace("_", ":"), "instanceCount": count} for name, count in ready.items()]
    scale = {"maximumInstanceCount": 40, "alwaysReady": groups}
    return make(APP, tags=OURS, functionAppConfig={"scaleAndConcurrency": scale})


EXAMPLES = (
    Example(
        rule="address-left-alone",
        what="a card, a NAT gateway and a firewall of Azure on the address by its id",
        resources=[
            KNOWN,
            card(publicIPAddress={"id": ADDRESS_ID.upper()}),
            make(NAT, publicIpAddresses=[{"id": OTHER_ID}, {"id": ADDRESS_ID}]),
            make(FIREWALL, ipConfigurations=[{"publicIPAddress": {"id": ADDRESS_ID}}]),
        ],
        says=[
            taken(CARD, "wk1", "ipConfigurations.0.publicIPAddress.id"),
            taken(NAT, "it", "publicIpAddresses.1.id"),
            taken(FIREWALL, "it", "ipConfigurations.0.publicIPAddress.id"),
        ],
    ),
    Example(
        rule="address-left-alone",
        what="a card of Azure on an address that is not made yet",
        resources=[FUTURE, after(card(publicIPAddress={"id": UNKNOWN}), ipConfigurations=FUTURE)],
        says=[taken(CARD, "wk1", "ipConfigurations.0.publicIPAddress.id")],
    ),
    Example(
        rule="address-left-alone",
        what="a card of another stack of Azure, by the configuration",
        resources=[card(publicIPAddress={"id": ADDRESS_ID})],
        config={"addresses": [ADDRESS_ID]},
        says=[taken(CARD, "wk1", "ipConfigurations.0.publicIPAddress.id", ADDRESS_ID)],
    ),
    Example(
        rule="address-left-alone",
        what="another site's balancer of Azure on the address",
        resources=[KNOWN, make(BALANCER, frontendIPConfigurations=[{"publicIPAddress": {"id": ADDRESS_ID}}])],
        says=[taken(BALANCER, "it", "frontendIPConfigurations.0.publicIPAddress.id")],
    ),
    Example(
        rule="address-left-alone",
        what="the pair's own balancer of Azure, and a card on another address",
        resources=[
            KNOWN,
            make(
                BALANCER,
                tags=OURS,
                loadBalancerName="balancer",
                frontendIPConfigurations=[{"publicIPAddress": {"id": ADDRESS_ID}}],
                backendAddressPools=BALANCED,
            ),
            after(card(publicIPAddress={"id": OTHER_ID}), ipConfigurations=make(ADDRESS, "other")),
        ],
    ),
    Example(
        rule="address-left-alone",
        what="a card of Azure of which nobody knows yet",
        resources=[KNOWN, card(publicIPAddress={"id": UNKNOWN})],
        undecided=["ipConfigurations.0.publicIPAddress.id"],
    ),
    Example(
        rule="address-left-alone",
        what="a gateway of Azure of which the preview shows nothing but where it comes from",
        resources=[FUTURE, after(make(NAT, location="westeurope"), publicIpAddresses=FUTURE)],
        says=[taken(NAT, "it", "publicIpAddresses")],
    ),
    Example(
        rule="address-left-alone",
        what="a gateway of the pair itself, and a bastion, on an address of Azure that is known by its name in the program",
        resources=[
            make(ADDRESS, f"{SITE}-address", tags=OURS),
            make(NAT, tags=OURS, publicIpAddresses=[{"id": ADDRESS_ID}]),
            make(BASTION, tags=UNKNOWN, publicIPAddress={"id": ADDRESS_ID}),
        ],
        says=[
            taken(NAT, "it", "publicIpAddresses.0.id", f"{SITE}-address"),
            taken(BASTION, "it", "publicIPAddress.id", f"{SITE}-address"),
        ],
    ),
    Example(
        rule="address-left-alone",
        what="a card of Azure whose id is known and comes from the address, which is known by its name in Azure",
        resources=[NAMED, after(card(publicIPAddress={"id": ADDRESS_ID}), ipConfigurations=NAMED)],
        says=[taken(CARD, "wk1", "ipConfigurations.0.publicIPAddress.id", "mine")],
    ),
    Example(
        rule="address-left-alone",
        what="a card of Azure whose subnet has the address's id, one whose address comes from another one, and one beside",
        resources=[
            KNOWN,
            card(subnet={"id": ADDRESS_ID}),
            after(card(publicIPAddress={"id": UNKNOWN}), ipConfigurations=make(ADDRESS, "other")),
            after(card(privateIPAddress="10.0.0.4"), tags=KNOWN),
        ],
    ),
    Example(
        rule="address-left-alone",
        what="a card of Azure that nobody knows, where no address is watched",
        resources=[make(ADDRESS, "-address", name="-address"), card(publicIPAddress={"id": UNKNOWN})],
    ),
    Example(
        rule="address-left-alone",
        what="cards of Azure of which more and more is known, and a balancer whose site nobody knows",
        resources=[
            KNOWN,
            make(CARD, ipConfigurations=UNKNOWN),
            make(CARD, ipConfigurations=[UNKNOWN]),
            card(publicIPAddress=UNKNOWN),
            make(BALANCER, tags=UNKNOWN, frontendIPConfigurations=[{"publicIPAddress": {"id": ADDRESS_ID}}]),
        ],
        undecided=["ipConfigurations", "ipConfigurations.0", "ipConfigurations.0.publicIPAddress", "tags"],
    ),
    Example(
        rule="pool-left-alone",
        what="a balancer of a pair that names its members",
        resources=[make(BALANCER, tags=OURS, backendAddressPools=[{"name": "pool", MEMBERS: [{"ipAddress": "10.0.0.4"}]}])],
        says=[
            (
                f"backendAddressPools.0.{MEMBERS} writes who is in the pool; the watchdog says who of them is up, and the "
                "next update would forget it: leave them to the watchdog"
            )
        ],
    ),
    Example(
        rule="pool-left-alone",
        what="a balancer of a pair that names none, and one of nobody's pair",
        resources=[
            make(BALANCER, tags=OURS, backendAddressPools=BALANCED),
            make(BALANCER, tags=OURS, backendAddressPools=[{"name": "pool", MEMBERS: []}]),
            make(
                APPLICATION_GATEWAY, tags=OURS, backendAddressPools=[{"name": "pool", MEMBERS: [{"ipAddress": "10.0.0.4"}]}]
            ),
            make(BALANCER, backendAddressPools=[{"name": "pool", MEMBERS: [{"ipAddress": "10.0.0.4"}]}]),
        ],
    ),
    Example(
        rule="pool-left-alone",
        what="a balancer of a pair whose members are not known yet",
        resources=[make(BALANCER, tags=OURS, backendAddressPools=[{"name": "pool", MEMBERS: UNKNOWN}])],
        undecided=[f"backendAddressPools.0.{MEMBERS}"],
    ),
    Example(
        rule="watchdog-not-paused",
        what="settings of Azure that pause a watchdog, beside the app and with it, and an app that is off",
        resources=[
            make(SETTINGS, properties={"TANDEM_ENABLED": "false"}),
            make(APP, siteConfig={"appSettings": [{"name": "TANDEM_WATCH_ONLY", "value": "true"}]}),
            make(SETTINGS, properties={"TANDEM_ENABLED": "true", "AzureWebJobs.tick.Disabled": "1"}),
            make(SETTINGS, properties={"TANDEM_ENABLED": "true", "AzureWebJobs.tick.Disabled": "true"}),
            make(APP, tags=OURS, enabled=False),
        ],
        says=[
            f"TANDEM_ENABLED is false: the watchdog reads and changes nothing; {INSTEAD}",
            f"TANDEM_WATCH_ONLY is true: the watchdog tells what it would do and does nothing; {INSTEAD}",
            f"AzureWebJobs.tick.Disabled is 1: the timer starts no tick; {INSTEAD}",
            f"AzureWebJobs.tick.Disabled is true: the timer starts no tick; {INSTEAD}",
            "the watchdog's app is switched off: leave enabled out",
        ],
    ),
    Example(
        rule="watchdog-not-paused",
        what="a watchdog of Azure that runs, and an app that is none",
        resources=[
            make(SETTINGS, properties={"TANDEM_ENABLED": "true", "TANDEM_WATCH_ONLY": "false"}),
            make(APP, tags=OURS, siteConfig={"appSettings": [{"name": "TANDEM_SITE", "value": SITE}]}),
            make(SETTINGS, properties={"AzureWebJobs.tick.Disabled": "1"}),
            make(APP, enabled=False),
        ],
    ),
    Example(
        rule="watchdog-not-paused",
        what="settings of Azure that are not known yet",
        resources=[
            make(SETTINGS, properties=UNKNOWN),
            make(SETTINGS, properties={"TANDEM_ENABLED": UNKNOWN}),
            make(APP, siteConfig={"appSettings": UNKNOWN}),
        ],
        undecided=["properties", "properties.TANDEM_ENABLED", "siteConfig.appSettings"],
    ),
    Example(
        rule="watchdog-ready",
        what="an app without instances for its timer, and one without any",
        resources=[app(http=2, function_tick=0), app()],
        says=[
            f"no instance of function:tick is always ready: give each one in {ALWAYS}",
            f"no instance of http and function:tick is always ready: give each one in {ALWAYS}",
        ],
    ),
    Example(
        rule="watchdog-ready",
        what="an app with both groups, and one of nobody's pair",
        resources=[
            app(http=1, function_tick=1),
            make(APP, functionAppConfig={"scaleAndConcurrency": {"maximumInstanceCount": 40}}),
            make(APP, tags=OURS, siteConfig={}),
            make(SLOT, tags=OURS, functionAppConfig={"scaleAndConcurrency": {"alwaysReady": []}}),
        ],
    ),
    Example(
        rule="watchdog-ready",
        what="an app whose groups are not known yet",
        resources=[make(APP, tags=OURS, functionAppConfig={"scaleAndConcurrency": {"alwaysReady": UNKNOWN}})],
        undecided=[ALWAYS],
    ),
    Example(
        rule="several-zones",
        what="workers of Azure in one zone and in none",
        resources=[make(MACHINE, "wk1", tags=OURS, zones=["1"]), make(MACHINE, "wk2", tags=OURS)],
        says=[f"the workers of {SITE} (1) stand in 1 zone, and 2 are wanted"],
    ),
    Example(
        rule="several-zones",
        what="two pairs of Azure, each in a zone of its own",
        resources=[
            make(MACHINE, "wk1", tags=OURS, zones=["1"]),
            make(MACHINE, "wk1", tags={"tandem:site": "other"}, zones=["2"]),
        ],
        says=[
            "the workers of other (2) stand in 1 zone, and 2 are wanted",
            f"the workers of {SITE} (1) stand in 1 zone, and 2 are wanted",
        ],
    ),
    Example(
        rule="several-zones",
        what="workers of Azure in two zones, and a machine that is none of theirs",
        resources=[
            make(MACHINE, "wk1", tags=OURS, zones=["1"]),
            make(MACHINE, "wk2", tags=OURS, zones=["2"]),
            make(MACHINE, "alone", zones=["1"]),
        ],
    ),
    Example(
        rule="zone-redundant",
        what="address, record and plan in one zone or in none",
        resources=[address(zones=[]), record("Standard_LRS"), make(PLAN, tags=OURS, sku={"name": "FC1"})],
        says=[
            "the address stands in 0 zones, and 2 are wanted: set zones",
            "the record lies in one zone (Standard_LRS): set sku.name to Standard_ZRS",
            "the watchdog's plan stands in one zone: set zoneRedundant",
        ],
    ),
    Example(
        rule="zone-redundant",
        what="address, record and plan in all zones, and an account and a plan beside them",
        resources=[
            KNOWN,
            address(zones=["1", "2"]),
            record(),
            make(VAULT, RECORD_NAME, tags=OURS, sku={"name": "standard"}),
            make(VAULT, f"{SITE}-address", tags=OURS),
            make(ACCOUNT, "-record", sku={"name": "Standard_LRS"}),
            make(ACCOUNT, f"{SITE}-bundle", tags=OURS, sku={"name": "Standard_LRS"}),
            make(PLAN, tags=OURS, zoneRedundant=True),
            make(PLAN, sku={"name": "P1v3"}),
        ],
    ),
    Example(
        rule="zone-redundant",
        what="address, record and plan of which nobody knows yet",
        resources=[
            address(zones=UNKNOWN),
            make(ACCOUNT, RECORD_NAME, tags=OURS, sku=UNKNOWN),
            make(PLAN, tags=OURS, zoneRedundant=UNKNOWN),
        ],
        undecided=["zones", "sku.name", "zoneRedundant"],
    ),
    Example(
        rule="several-zones",
        what="workers of Azure whose zones nobody knows",
        resources=[make(MACHINE, "wk1", tags=OURS, zones=["1"]), make(MACHINE, "wk2", tags=OURS, zones=UNKNOWN)],
        undecided=[f"the workers of {SITE}: zones"],
    ),
    Example(
        rule="kept-protected",
        what="what a pair of Azure cannot have again, without protection",
        resources=[address(), record(), make(VAULT, tags=OURS), make(KEY, tags=OURS), make(DISK, tags=OURS)],
        says=[
            f"{BARE}, and released, it never comes back, and every partner's allow-list is void: set the option protect",
            f"{BARE}, and it holds who serves and in which epoch: set the option protect",
            f"{BARE}, and without its keys nothing that they encrypted can be read: set the option protect",
            f"{BARE}, and without it nothing that it encrypted can be read: set the option protect",
            f"{BARE}, and it holds what a worker accepted and has not delivered: set the option protect",
        ],
    ),
    Example(
        rule="kept-protected",
        what="a protected address of Azure, an account of a pair without a record, and a disk of nobody's pair",
        resources=[
            make(ADDRESS, protect=True, tags=OURS),
            make(ACCOUNT, f"{SITE}-bundle", tags=OURS),
            make(DISK, diskSizeGB=8),
        ],
    ),
    Example(
        rule="kept-protected",
        what="a disk of Azure that is nobody's pair's, where all count",
        resources=[make(DISK, diskSizeGB=8)],
        config={"all": True},
        says=[f"{BARE}, and it holds what a worker accepted and has not delivered: set the option protect"],
    ),
    Example(
        rule="kept-locked",
        what="an address, a record and a vault without a lock, and one that only warns",
        resources=[
            KNOWN,
            record(id="/record"),
            make(VAULT, "vault", tags=OURS, id="/vault"),
            make(LOCK, scope=ADDRESS_ID, level="NotSpecified"),
            make(LOCK, scope="/record/blobServices/default", level="CanNotDelete"),
        ],
        says=[unlocked("address"), unlocked(RECORD_NAME), unlocked("vault")],
    ),
    Example(
        rule="kept-locked",
        what="locks on the thing, on its group, and on what is not made yet",
        resources=[
            KNOWN,
            make(LOCK, scope=GROUP_ID, level="CanNotDelete"),
            make(VAULT, "vault", tags=OURS, resourceGroupName="other"),
            make(LOCK_OF_GROUP, resourceGroupName="Other", level="ReadOnly"),
            record(),
            after(make(LOCK, scope=UNKNOWN, level="CanNotDelete"), scope=record()),
            after(make(DISK, "data", tags=OURS, resourceGroupName=UNKNOWN), resourceGroupName=make(GROUP, "g")),
            make(GROUP, "g"),
            after(make(LOCK, scope=UNKNOWN, level="CanNotDelete"), scope=make(GROUP, "g")),
        ],
    ),
    Example(
        rule="kept-locked",
        what="locks on something else, where all count",
        resources=[
            make(DISK, "mine", id="/mine"),
            make(ADDRESS, "its", id="/its"),
            make(VAULT, "vault", id="/vault"),
            make(MACHINE, "machine", id="/machine"),
            make(LOCK, scope="/yours", level="CanNotDelete"),
            make(LOCK, scope="/", level="CanNotDelete"),
        ],
        config={"all": True},
        says=[unlocked("mine"), unlocked("its"), unlocked("vault")],
    ),
    Example(
        rule="kept-locked",
        what="a data disk of a pair whose lock comes from something else, and one in another group than the lock's",
        resources=[
            after(make(DISK, "one", tags=OURS, resourceGroupName=UNKNOWN), resourceGroupName=make(GROUP, "g")),
            make(GROUP, "g"),
            make(GROUP, "h"),
            after(make(LOCK, scope=UNKNOWN, level="CanNotDelete"), scope=make(GROUP, "h")),
            after(make(LOCK_OF_GROUP, resourceGroupName=UNKNOWN, level="CanNotDelete"), resourceGroupName=make(GROUP, "h")),
        ],
        says=[unlocked("one")],
    ),
    Example(
        rule="kept-locked",
        what="a lock on the very thing, one whose level nobody knows, and what needs none",
        resources=[
            KNOWN,
            make(LOCK, scope=ADDRESS_ID, level="CanNotDelete"),
            make(VAULT, "vault", tags=OURS, id="/vault"),
            make(LOCK, scope="/vault", level=UNKNOWN),
            make(MACHINE, "wk1", tags=OURS, id="/wk1"),
            make(DISK, "mine", id="/mine"),
        ],
    ),
    Example(
        rule="kept-locked",
        what="a lock by a scope that is written out, on what has no id yet, and one of a group that nobody knows",
        resources=[
            address(resourceGroupName="g"),
            make(LOCK, scope=ADDRESS_ID, level="CanNotDelete"),
            make(LOCK_OF_GROUP, resourceGroupName=UNKNOWN, level="CanNotDelete"),
        ],
        undecided=["address: scopes of locks"],
    ),
    Example(
        rule="kept-locked",
        what="a lock of a group, on what does not say in which it is",
        resources=[address(), make(LOCK_OF_GROUP, resourceGroupName="g", level="CanNotDelete")],
        undecided=["address: scopes of locks"],
    ),
    Example(
        rule="kept-locked",
        what="a lock of which nobody knows yet",
        resources=[KNOWN, make(LOCK, scope=UNKNOWN, level="CanNotDelete")],
        undecided=["address: scopes of locks"],
    ),
    Example(
        rule="vaults-refuse-purge",
        what="a vault and a managed HSM that may be purged",
        resources=[make(VAULT, properties={"enableSoftDelete": True}), make(HSM, properties={})],
        says=["whoever may purge ends every disk for good: set properties.enablePurgeProtection"] * 2,
    ),
    Example(
        rule="vaults-refuse-purge",
        what="a vault of which nobody knows yet",
        resources=[make(VAULT, properties=UNKNOWN)],
        undecided=["properties.enablePurgeProtection"],
    ),
    Example(
        rule="vaults-refuse-purge",
        what="a vault that refuses",
        resources=[
            make(VAULT, properties={"enablePurgeProtection": True}),
            make(KEY, properties={}),
            make("another:keyvault:Vault", properties={}),
        ],
    ),
    Example(
        rule="accounts-take-no-keys",
        what="a record's account that says nothing",
        resources=[record()],
        says=[
            "whoever has a key of the account is past every role: set allowSharedKeyAccess to false",
            "a container may be opened to everybody: set allowBlobPublicAccess to false",
        ],
    ),
    Example(
        rule="accounts-take-no-keys",
        what="an account of nobody's pair, where all count",
        resources=[make(ACCOUNT, allowSharedKeyAccess=True, allowBlobPublicAccess=False), make(VAULT, properties={})],
        config={"all": True},
        says=["whoever has a key of the account is past every role: set allowSharedKeyAccess to false"],
    ),
    Example(
        rule="accounts-take-no-keys",
        what="a record's account that is closed, another one of the pair, and one of nobody's",
        resources=[
            record(allowSharedKeyAccess=False, allowBlobPublicAccess=False),
            make(ACCOUNT, f"{SITE}-bundle", tags=OURS, allowSharedKeyAccess=True),
            make(ACCOUNT, accountName="mine"),
        ],
    ),
    Example(
        rule="accounts-take-no-keys",
        what="a record's account of which nobody knows yet",
        resources=[record(allowSharedKeyAccess=UNKNOWN, allowBlobPublicAccess=False)],
        undecided=["allowSharedKeyAccess"],
    ),
    Example(
        rule="logs-kept",
        what="a workspace that says nothing, and one that keeps too little",
        resources=[make(WORKSPACE, workspaceName="w"), make(WORKSPACE, retentionInDays=7)],
        says=[
            "the workspace does not say how long it keeps its logs: set retentionInDays",
            "the workspace keeps its logs 7 days, and 30 are wanted: raise retentionInDays",
        ],
    ),
    Example(
        rule="logs-kept",
        what="workspaces that keep enough",
        resources=[make(WORKSPACE, retentionInDays=365), make(WORKSPACE, retentionInDays=30)],
    ),
    Example(
        rule="logs-kept",
        what="a workspace of which nobody knows yet",
        resources=[make(WORKSPACE, retentionInDays=UNKNOWN)],
        undecided=["retentionInDays"],
    ),
)
