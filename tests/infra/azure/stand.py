"""A stand for the program on Azure: a pair's arguments, and a cloud that answers at once with ids and nothing else.

As for AWS, the cloud is a pure function of type, name and inputs; whatever this file makes up is never asserted on for its
own sake. The program starts at `Pair`: what stands before it reads the configuration, and is looked at elsewhere.
"""

import functools
import importlib
import uuid
import zlib
from collections.abc import Mapping
from typing import Any, cast
from unittest import mock

import pulumi

from failover_lambda.contract import FencePolicy, ProbeKind, Rejoin, Tier
from lab.engine import deploy
from lab.recording import Created, Deployment

PROJECT = "tandem"
SITE = "tandem-azure-test"
"""The name of the usual stack's site."""
REGION = "westeurope"
SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
TENANT = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
DEPLOYER = "5f0e1d2c-3b4a-4958-8776-655443322110"
COMMAND_LINE = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
"""Who deploys here is a person."""
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{SITE}"
SAS = "sv=2024-11-04&sr=b&sp=r&se=2026-11-29T18%3A00%3A00Z&sig=c2VjcmV0"
DIGEST = "5d41402abc4b2a76b9719d911017c592ae1f6d4b6d3d2a0d1c0b9a8978675645"

PLAIN: Mapping[str, Any] = {
    "bundle": __file__,
    "bundle_digest": DIGEST,
    "package_sas_expiry": "2026-11-29T18:00:00Z",
    "subscription_id": SUBSCRIPTION,
    "roll_worker": "",
    "region": REGION,
    "zones": ["1", "2"],
    "network_cidr": "10.80.0.0/16",
    "tier": Tier.HIGH_AVAILABILITY,
    "order": ["wk1", "wk2"],
    "fence_policy": FencePolicy.ADDRESS_IS_FENCE,
    "workers_act_alone": False,
    "enabled": True,
    "watch_only": False,
    "rejoin": Rejoin.OPERATOR,
    "arbiter_standby": False,
    "hold_s": 60.0,
    "moves_per_hour_max": 3,
    "moves_per_day_max": 5,
    "failback_enabled": False,
    "failback_cron": "",
    "failback_length_minutes": 0,
    "failback_time_zone": "UTC",
    "image": "Canonical:ubuntu-24_04-lts:server:24.04.202610010",
    "vm_size": "Standard_D2s_v5",
    "dedicated_hosts": False,
    "admin_public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO5OTTpT9nQf7mY1nVh0XgqsKkIYbxlh8gK5m9o1a8kd pair",
    "root_volume_gb": 30,
    "data_volume_gb": 100,
    "guest_setup": True,
    "data_mount_path": "/data",
    "service_unit": "",
    "user_data": "",
    "traffic_ports": [2575],
    "partner_cidrs": ["194.126.158.7/32", "194.126.159.0/24"],
    "public_health_port": 0,
    "probe_kind": ProbeKind.HTTP,
    "probe_port": 8080,
    "probe_path": "/health",
    "ready_path": "",
    "probe_tls_verify": True,
    "probe_tls_ca_pem": "",
    "probe_interval_s": 5.0,
    "probe_timeout_s": 0.4,
    "restart_grace_s": 30.0,
    "slow_grace_s": 15.0,
    "boot_grace_s": 300.0,
    "alert_emails": ["on-call@hospital.test", "second@hospital.test"],
    "log_retention_days": 365,
    "function_memory_mb": 2048,
    "function_python": "3.13",
    "protect": True,
    "deletion_protection": True,
    "tags": {},
}
CHOSEN = {
    "cloud": ("Cloud", "azure"),
    "nat_gateways": ("NatGateways", "fitting"),
    "mode": ("Mode", "active-passive"),
    "front": ("Front", "address"),
    "egress": ("Egress", "holder"),
}
"""Arguments that are words of the configuration: the name of their kind, and which word."""
BALANCED: Mapping[str, Any] = {"front": "balancer"}

_ARM: Mapping[str, tuple[str, str]] = {
    "applicationinsights:Component": ("Microsoft.Insights/components", "resourceName"),
    "applicationinsights:WebTest": ("Microsoft.Insights/webtests", "webTestName"),
    "applicationinsights:Workbook": ("Microsoft.Insights/workbooks", "resourceName"),
    "compute:DedicatedHostGroup": ("Microsoft.Compute/hostGroups", "hostGroupName"),
    "compute:Disk": ("Microsoft.Compute/disks", "diskName"),
    "compute:DiskEncryptionSet": ("Microsoft.Compute/diskEncryptionSets", "diskEncryptionSetName"),
    "compute:VirtualMachine": ("Microsoft.Compute/virtualMachines", "vmName"),
    "keyvault:Vault": ("Microsoft.KeyVault/vaults", "vaultName"),
    "managedidentity:UserAssignedIdentity": ("Microsoft.ManagedIdentity/userAssignedIdentities", "resourceName"),
    "monitor:ActionGroup": ("Microsoft.Insights/actionGroups", "actionGroupName"),
    "network:LoadBalancer": ("Microsoft.Network/loadBalancers", "loadBalancerName"),
    "network:NatGateway": ("Microsoft.Network/natGateways", "natGatewayName"),
    "network:NetworkInterface": ("Microsoft.Network/networkInterfaces", "networkInterfaceName"),
    "network:NetworkSecurityGroup": ("Microsoft.Network/networkSecurityGroups", "networkSecurityGroupName"),
    "network:PublicIPAddress": ("Microsoft.Network/publicIPAddresses", "publicIpAddressName"),
    "network:VirtualNetwork": ("Microsoft.Network/virtualNetworks", "virtualNetworkName"),
    "operationalinsights:Workspace": ("Microsoft.OperationalInsights/workspaces", "workspaceName"),
    "storage:StorageAccount": ("Microsoft.Storage/storageAccounts", "accountName"),
    "web:AppServicePlan": ("Microsoft.Web/serverfarms", "name"),
    "web:WebApp": ("Microsoft.Web/sites", "name"),
}
"""Token to type and to the input that holds the name. Others get an id of no particular form."""
_NAMED_BY = {
    "storage:BlobContainer": "containerName",
    "storage:Blob": "blobName",
    "network:Subnet": "subnetName",
    "keyvault:Key": "keyName",
    "resources:ResourceGroup": "resourceGroupName",
}


def create(type_token: str, name: str, inputs: Mapping[str, Any]) -> Created:
    """What the cloud would answer: an id, and the few outputs that other resources need."""
    _, _, kind = type_token.partition(":")
    arm, field = _ARM.get(kind, ("x", _NAMED_BY.get(kind, "")))
    called = str(inputs.get(field) or f"{name}1a2b3c4d")
    resource_id = f"{GROUP}/providers/{arm}/{called}"
    outputs: dict[str, Any] = {"name": called}
    if "identity" in inputs:  # a list on the way in, and a map on the way out
        assigned = inputs["identity"].get("userAssignedIdentities", [])
        outputs["identity"] = {**inputs["identity"], "userAssignedIdentities": {each: {} for each in assigned}}
    match kind:
        case "resources:ResourceGroup":
            resource_id = GROUP
        case "network:Subnet":
            network = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/{inputs['virtualNetworkName']}"
            resource_id = f"{network}/subnets/{called}"
        case "network:PublicIPAddress":
            outputs["ipAddress"] = f"192.0.2.{zlib.crc32(name.encode()) % 256}"
        case "keyvault:Key":
            outputs["keyUri"] = f"https://{inputs['vaultName']}.vault.azure.net/keys/{called}"
            outputs["keyUriWithVersion"] = f"{outputs['keyUri']}/78deebed173b48e48f55abf87ed4cf71"
        case "managedidentity:UserAssignedIdentity":
            outputs |= {"principalId": _guid(f"principal {name}"), "clientId": _guid(f"client {name}")}
        case "authorization:RoleDefinition":
            resource_id = f"{inputs['scope']}/providers/Microsoft.Authorization/roleDefinitions/{inputs['roleDefinitionId']}"
        case "applicationinsights:Component":
            outputs["connectionString"] = f"InstrumentationKey={_guid(name)}"
        case "web:WebApp":
            outputs["defaultHostName"] = f"{called}.azurewebsites.net"
        case _:
            pass
    return Created(resource_id, outputs)


def _guid(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, text))


def invoke(token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the program asks."""
    match token:
        case "azure-native:authorization:getClientConfig":
            assert not arguments
            return {
                "clientId": COMMAND_LINE,
                "objectId": DEPLOYER,
                "subscriptionId": SUBSCRIPTION,
                "tenantId": TENANT,
            }
        case "azure-native:storage:listStorageAccountServiceSAS":
            return {"serviceSasToken": SAS}
        case _:
            raise NotImplementedError(token)


def run(changes: Mapping[str, Any] | None = None, *, site: str = SITE, **more: Any) -> Deployment:
    """Deploy a pair, with some arguments changed.

    The provider's classes bring an alias for each of their API versions, and the SDK makes an URN of each: most of the time
    of a deployment, and nobody looks at them here.
    """
    with mock.patch.object(pulumi.resource, "collapse_alias_to_urn", return_value=""):
        return deploy(
            lambda: _pair(site, changes or {}),
            project=PROJECT,
            stack="azure-test",
            config={},
            create=more.get("create", create),
            invoke=more.get("invoke", invoke),
            environment={},
        )


def _pair(site: str, changes: Mapping[str, Any]) -> None:
    """Imported when it runs: whoever judges a mistaken program has put another text in a module's place."""
    keys = importlib.import_module("infra.config.keys")
    pair = importlib.import_module("infra.azure.pair")
    words = {field: getattr(keys, kind)(changes.get(field, word)) for field, (kind, word) in CHOSEN.items()}
    args = cast("Any", {**PLAIN, **changes, **words, "site": site})
    built = pair.Pair(site, args)
    for name, value in built.outputs().items():
        pulumi.export(name, value)


@functools.cache
def usual() -> Deployment:
    """The usual pair, deployed once per process; a deployment is a frozen value."""
    return run()


@functools.cache
def balanced() -> Deployment:
    """The same pair with a balancer in front."""
    return run(BALANCED)
