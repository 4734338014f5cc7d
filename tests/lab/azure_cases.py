"""One resource of every type of azure-native that the lab has, as the SDK sends it; in an order in which each finds its own.

A text `@name` stands for the id of the case of that name, `@name.output` for one of its outputs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.arm.settings import SUBSCRIPTION

NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
CRYPTO_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"


@dataclass(frozen=True)
class Case:
    """One resource.

    Attributes:
        token: its type, without `azure-native:`.
        name: in the program.
        inputs: as the SDK sends them.
        changed: inputs that are otherwise in an update; none: the type has nothing that is changed in place.
        replaced: inputs that are otherwise, for which a new resource is needed.
    """

    token: str
    name: str
    inputs: Mapping[str, Any]
    changed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    replaced: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def type(self) -> str:
        """The whole token."""
        return f"azure-native:{self.token}"


IN_GROUP = {"resourceGroupName": "small"}
TAGS = {"owner": "tandem"}
TAGGED = {**IN_GROUP, "tags": TAGS}
OTHERS = {"tags": {"owner": "somebody"}}
ELSEWHERE = {"location": "northeurope"}
SUBNET_DEFAULTS = {"privateEndpointNetworkPolicies": "Disabled", "privateLinkServiceNetworkPolicies": "Enabled"}
FUNCTION_APP = {
    "deployment": {
        "storage": {
            "type": "blobContainer",
            "value": "https://tandemrecord.blob.core.windows.net/package",
            "authentication": {"type": "UserAssignedIdentity", "userAssignedIdentityResourceId": "@identity"},
        }
    },
    "runtime": {"name": "python", "version": "3.13"},
    "scaleAndConcurrency": {"maximumInstanceCount": 40, "instanceMemoryMB": 2048},
}
QUERY = {
    "query": "AppTraces | where Message startswith 'notice'",
    "operator": "GreaterThan",
    "threshold": 0,
    "timeAggregation": "Count",
    "failingPeriods": {"minFailingPeriodsToAlert": 1, "numberOfEvaluationPeriods": 1},
}
AVAILABLE = {
    "odataType": "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria",
    "componentId": "@insights",
    "webTestId": "@test",
    "failedLocationCount": 2,
}
PACKAGE_URI = "https://tandempackage.blob.core.windows.net/package/app.zip?sig=secret"
ONE_DEPLOY = {
    "type": "Microsoft.Web/sites/extensions",
    "apiVersion": "2022-09-01",
    "name": "tandem-app/onedeploy",
    "properties": {"packageUri": PACKAGE_URI, "remoteBuild": False},
}
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"

CASES = (
    Case(
        "resources:ResourceGroup",
        "group",
        {"resourceGroupName": "small", "location": "westeurope", "tags": TAGS},
        OTHERS,
        ELSEWHERE,
    ),
    Case(
        "managedidentity:UserAssignedIdentity",
        "identity",
        {**TAGGED, "resourceName": "watchdog"},
        OTHERS,
        ELSEWHERE,
    ),
    Case(
        "network:NetworkSecurityGroup",
        "fence",
        {**TAGGED, "networkSecurityGroupName": "fence", "flushConnection": True},
        {"flushConnection": False},
        {"networkSecurityGroupName": "other"},
    ),
    Case(
        "network:SecurityRule",
        "service",
        {
            **IN_GROUP,
            "networkSecurityGroupName": "fence",
            "securityRuleName": "service",
            "priority": 200,
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "Tcp",
            "sourceAddressPrefix": "*",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "2575",
        },
        {"priority": 210},
        {"securityRuleName": "other"},
    ),
    Case(
        "network:PublicIPAddress",
        "front",
        {
            **TAGGED,
            "publicIpAddressName": "front",
            "publicIPAllocationMethod": "Static",
            "sku": {"name": "Standard"},
            "zones": ["1", "2", "3"],
        },
        {"idleTimeoutInMinutes": 10},
        {"sku": {"name": "StandardV2"}},
    ),
    Case(
        "network:PublicIPAddress",
        "way-out",
        {
            **TAGGED,
            "publicIpAddressName": "way-out",
            "publicIPAllocationMethod": "Static",
            "sku": {"name": "Standard"},
            "zones": ["1"],
        },
        OTHERS,
        ELSEWHERE,
    ),
    Case(
        "network:NatGateway",
        "nat",
        {
            **TAGGED,
            "natGatewayName": "nat",
            "sku": {"name": "Standard"},
            "zones": ["1"],
            "publicIpAddresses": [{"id": "@way-out"}],
        },
        {"idleTimeoutInMinutes": 10},
        {"natGatewayName": "other"},
    ),
    Case(
        "network:VirtualNetwork",
        "net",
        {
            **TAGGED,
            "virtualNetworkName": "net",
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "enableDdosProtection": False,
            "enableVmProtection": False,
        },
        {"addressSpace": {"addressPrefixes": ["10.0.0.0/16", "10.1.0.0/16"]}},
        ELSEWHERE,
    ),
    Case(
        "network:Subnet",
        "workers",
        {
            **IN_GROUP,
            **SUBNET_DEFAULTS,
            "virtualNetworkName": "net",
            "subnetName": "workers",
            "addressPrefix": "10.0.0.0/24",
            "defaultOutboundAccess": False,
        },
        {"natGateway": {"id": "@nat"}},
        {"subnetName": "other"},
    ),
    Case(
        "network:Subnet",
        "function",
        {
            **IN_GROUP,
            **SUBNET_DEFAULTS,
            "virtualNetworkName": "net",
            "subnetName": "function",
            "addressPrefix": "10.0.1.0/26",
            "delegations": [{"name": "function", "serviceName": "Microsoft.App/environments"}],
        },
        {"privateEndpointNetworkPolicies": "Enabled"},
        {"virtualNetworkName": "other"},
    ),
    Case(
        "network:NetworkInterface",
        "card",
        {
            **TAGGED,
            "networkInterfaceName": "wk1",
            "networkSecurityGroup": {"id": "@fence"},
            "enableAcceleratedNetworking": True,
            "ipConfigurations": [
                {
                    "name": "main",
                    "subnet": {"id": "@workers", **SUBNET_DEFAULTS},
                    "privateIPAllocationMethod": "Static",
                    "privateIPAddress": "10.0.0.10",
                }
            ],
        },
        {"enableIPForwarding": True},
        {"networkInterfaceName": "other"},
    ),
    Case(
        "network:LoadBalancer",
        "balancer",
        {
            **TAGGED,
            "loadBalancerName": "lb",
            "sku": {"name": "Standard"},
            "frontendIPConfigurations": [{"name": "front", "publicIPAddress": {"id": "@front"}}],
            "backendAddressPools": [{"name": "workers"}],
            "probes": [{"name": "ready", "protocol": "Http", "port": 8080, "requestPath": "/ready", "intervalInSeconds": 5}],
            "loadBalancingRules": [
                {
                    "name": "service",
                    "protocol": "Tcp",
                    "frontendPort": 2575,
                    "backendPort": 2575,
                    "disableOutboundSnat": True,
                    "frontendIPConfiguration": {"id": "#lb/frontendIPConfigurations/front"},
                    "backendAddressPool": {"id": "#lb/backendAddressPools/workers"},
                    "probe": {"id": "$self/probes/ready"},
                }
            ],
        },
        OTHERS,
        {"loadBalancerName": "other"},
    ),
    Case(
        "keyvault:Vault",
        "vault",
        {
            **TAGGED,
            "vaultName": "tandem-vault",
            "properties": {
                "tenantId": "00000000-0000-0000-0000-00000000000a",
                "sku": {"family": "A", "name": "standard"},
                "enableRbacAuthorization": True,
                "enablePurgeProtection": True,
                "enableSoftDelete": True,
                "softDeleteRetentionInDays": 7,
                "enabledForDiskEncryption": True,
            },
        },
        OTHERS,
        {"vaultName": "tandem-vault-2"},
    ),
    Case(
        "keyvault:Key",
        "key",
        {
            **TAGGED,
            "vaultName": "tandem-vault",
            "keyName": "disks",
            "properties": {"kty": "RSA", "keySize": 3072},
        },
        {},
        {"keyName": "other"},
    ),
    Case(
        "authorization:RoleAssignment",
        "may-use-the-key",
        {
            "scope": "@vault",
            "roleDefinitionId": (
                f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{CRYPTO_USER}"
            ),
            "principalId": "@identity.principalId",
            "principalType": "ServicePrincipal",
        },
        {},
        {"principalId": "00000000-0000-0000-0000-0000000000ff"},
    ),
    Case(
        "compute:DiskEncryptionSet",
        "encryption",
        {
            **TAGGED,
            "diskEncryptionSetName": "disks",
            "encryptionType": "EncryptionAtRestWithCustomerKey",
            "rotationToLatestKeyVersionEnabled": True,
            "activeKey": {"keyUrl": "@key.keyUriWithVersion", "sourceVault": {"id": "@vault"}},
            "identity": {"type": "UserAssigned", "userAssignedIdentities": ["@identity"]},
        },
        OTHERS,
        {"diskEncryptionSetName": "other"},
    ),
    Case(
        "compute:DedicatedHostGroup",
        "hosts",
        {**TAGGED, "hostGroupName": "hosts", "platformFaultDomainCount": 1, "zones": ["1"]},
        {"supportAutomaticPlacement": True},
        {"hostGroupName": "other"},
    ),
    Case(
        "compute:DedicatedHost",
        "host",
        {
            **TAGGED,
            "hostGroupName": "hosts",
            "hostName": "host",
            "sku": {"name": "DSv5-Type1"},
            "platformFaultDomain": 0,
        },
        {"autoReplaceOnFailure": True},
        {"hostName": "other"},
    ),
    Case(
        "compute:Disk",
        "data",
        {
            **TAGGED,
            "diskName": "wk1-data",
            "diskSizeGB": 100,
            "sku": {"name": "Premium_LRS"},
            "zones": ["1"],
            "creationData": {"createOption": "Empty"},
            "encryption": {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": "@encryption"},
        },
        {"diskSizeGB": 200},
        {"diskName": "other"},
    ),
    Case(
        "compute:VirtualMachine",
        "machine",
        {
            **TAGGED,
            "vmName": "wk1",
            "zones": ["1"],
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "networkProfile": {"networkInterfaces": [{"id": "@card", "primary": True, "deleteOption": "Detach"}]},
            "storageProfile": {
                "imageReference": {
                    "publisher": "Canonical",
                    "offer": "ubuntu-24_04-lts",
                    "sku": "server",
                    "version": "24.04.202510010",
                },
                "osDisk": {
                    "createOption": "FromImage",
                    "name": "wk1-os",
                    "managedDisk": {"storageAccountType": "Premium_LRS", "diskEncryptionSet": {"id": "@encryption"}},
                },
                "dataDisks": [
                    {"createOption": "Attach", "lun": 0, "managedDisk": {"id": "@data"}, "deleteOption": "Detach"}
                ],
            },
            "osProfile": {
                "computerName": "wk1",
                "adminUsername": "tandem",
                "customData": "c2VjcmV0",
                "linuxConfiguration": {
                    "disablePasswordAuthentication": True,
                    "ssh": {
                        "publicKeys": [{"path": "/home/tandem/.ssh/authorized_keys", "keyData": "ssh-ed25519 AAAA wk1"}]
                    },
                },
            },
        },
        OTHERS,
        {"vmName": "other"},
    ),
    Case(
        "storage:StorageAccount",
        "record",
        {
            **TAGGED,
            "accountName": "tandemrecord",
            "kind": "StorageV2",
            "sku": {"name": "Standard_ZRS"},
            "allowSharedKeyAccess": False,
            "allowBlobPublicAccess": False,
            "enableHttpsTrafficOnly": True,
            "minimumTlsVersion": "TLS1_2",
            "networkRuleSet": {"bypass": "AzureServices", "defaultAction": "Allow"},
        },
        {"defaultToOAuthAuthentication": True},
        {"isHnsEnabled": True},
    ),
    Case(
        "storage:StorageAccount",
        "package",
        {**TAGGED, "accountName": "tandempackage", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}},
        OTHERS,
        ELSEWHERE,
    ),
    Case(
        "storage:BlobServiceProperties",
        "versions",
        {**IN_GROUP, "accountName": "tandemrecord", "blobServicesName": "default", "isVersioningEnabled": True},
        {"isVersioningEnabled": False},
        {"accountName": "tandempackage"},
    ),
    Case(
        "storage:BlobContainer",
        "container",
        {**IN_GROUP, "accountName": "tandempackage", "containerName": "package", "publicAccess": "None"},
        {"metadata": {"of": "tandem"}},
        {"containerName": "other"},
    ),
    Case(
        "operationalinsights:Workspace",
        "logs",
        {**TAGGED, "workspaceName": "tandem-logs", "sku": {"name": "PerGB2018"}, "retentionInDays": 30},
        {"retentionInDays": 90},
        ELSEWHERE,
    ),
    Case(
        "applicationinsights:Component",
        "insights",
        {
            **TAGGED,
            "resourceName": "tandem",
            "kind": "web",
            "applicationType": "web",
            "ingestionMode": "LogAnalytics",
            "flowType": "Bluefield",
            "requestSource": "rest",
            "workspaceResourceId": "@logs",
        },
        {"samplingPercentage": 50},
        ELSEWHERE,
    ),
    Case(
        "applicationinsights:WebTest",
        "test",
        {
            **TAGGED,
            "webTestName": "alive",
            "webTestKind": "standard",
            "syntheticMonitorId": "alive",
            "kind": "standard",
            "enabled": True,
            "frequency": 300,
            "timeout": 30,
            "retryEnabled": True,
            "locations": [{"location": "emea-nl-ams-azr"}],
            "request": {"requestUrl": "https://tandem-app.azurewebsites.net/api/alive", "httpVerb": "GET"},
            "validationRules": {"expectedHttpStatusCode": 200, "sSLCheck": True},
        },
        {"frequency": 600},
        {"webTestName": "other"},
    ),
    Case(
        "applicationinsights:Workbook",
        "workbook",
        {
            **TAGGED,
            "resourceName": "8f5ad0f4-6f13-4f0e-9a3f-1d1f2d1a0001",
            "kind": "shared",
            "category": "workbook",
            "displayName": "Tandem",
            "serializedData": '{"version": "Notebook/1.0", "items": []}',
            "sourceId": "@insights",
        },
        {"displayName": "Tandem, small"},
        {"resourceName": "8f5ad0f4-6f13-4f0e-9a3f-1d1f2d1a0002"},
    ),
    Case(
        "monitor:ActionGroup",
        "people",
        {
            **TAGGED,
            "actionGroupName": "people",
            "location": "global",
            "enabled": True,
            "groupShortName": "tandem",
            "emailReceivers": [{"name": "ops", "emailAddress": "ops@example.org", "useCommonAlertSchema": True}],
        },
        {"enabled": False},
        {"actionGroupName": "other"},
    ),
    Case(
        "monitor:MetricAlert",
        "silence",
        {
            **TAGGED,
            "ruleName": "silence",
            "location": "global",
            "enabled": True,
            "severity": 1,
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "scopes": ["@test", "@insights"],
            "criteria": AVAILABLE,
            "actions": [{"actionGroupId": "@people"}],
        },
        {"severity": 0},
        {"ruleName": "other"},
    ),
    Case(
        "monitor:ScheduledQueryRule",
        "notices",
        {
            **TAGGED,
            "ruleName": "notices",
            "kind": "LogAlert",
            "enabled": True,
            "severity": 2,
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "skipQueryValidation": True,
            "autoMitigate": False,
            "scopes": ["@logs"],
            "criteria": {"allOf": [QUERY]},
            "actions": {"actionGroups": ["@people"]},
        },
        {"severity": 1},
        ELSEWHERE,
    ),
    Case(
        "monitor:ActivityLogAlert",
        "platform",
        {
            **TAGGED,
            "activityLogAlertName": "platform",
            "location": "global",
            "enabled": True,
            "scopes": ["@group"],
            "condition": {"allOf": [{"field": "category", "equals": "ResourceHealth"}]},
            "actions": {"actionGroups": [{"actionGroupId": "@people"}]},
        },
        {"enabled": False},
        {"activityLogAlertName": "other"},
    ),
    Case(
        "web:AppServicePlan",
        "plan",
        {
            **TAGGED,
            "name": "tandem-plan",
            "kind": "functionapp",
            "reserved": True,
            "sku": {"name": "FC1", "tier": "FlexConsumption"},
            "zoneRedundant": True,
        },
        OTHERS,
        {"reserved": False},
    ),
    Case(
        "web:WebApp",
        "app",
        {
            **TAGGED,
            "name": "tandem-app",
            "kind": "functionapp,linux",
            "serverFarmId": "@plan",
            "httpsOnly": True,
            "reserved": True,
            "virtualNetworkSubnetId": "@function",
            "identity": {"type": "UserAssigned", "userAssignedIdentities": ["@identity"]},
            "functionAppConfig": FUNCTION_APP,
        },
        {"httpsOnly": False},
        {"kind": "app,linux"},
    ),
    Case(
        "web:WebAppApplicationSettings",
        "settings",
        {**IN_GROUP, "name": "tandem-app", "properties": {"TANDEM_SITE": "small"}},
        {"properties": {"TANDEM_SITE": "other"}},
        {"name": "other-app"},
    ),
    Case(
        "resources:Deployment",
        "deployment",
        {
            **TAGGED,
            "deploymentName": "package-1",
            "properties": {
                "mode": "Incremental",
                "template": {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [ONE_DEPLOY]},
            },
        },
        OTHERS,
        {"deploymentName": "package-2"},
    ),
    Case(
        "authorization:RoleDefinition",
        "role",
        {
            "scope": "@group",
            "roleDefinitionId": "8f5ad0f4-6f13-4f0e-9a3f-1d1f2d1a0003",
            "roleName": "small watchdog",
            "roleType": "CustomRole",
            "description": "Moves the address.",
            "assignableScopes": ["@group"],
            "permissions": [{"actions": ["Microsoft.Network/networkInterfaces/write"], "notActions": []}],
        },
        {"description": "Moves the address of the pair."},
        {"roleDefinitionId": "8f5ad0f4-6f13-4f0e-9a3f-1d1f2d1a0004"},
    ),
    Case(
        "authorization:ManagementLockByScope",
        "lock",
        {"scope": "@people", "lockName": "keep", "level": "CanNotDelete", "notes": "The people stay told."},
        {"notes": "Ask first."},
        {"lockName": "other"},
    ),
)
"""Everything but `storage:Blob`, whose content needs a blob service."""
