"""A program that uses every type and function of azure-native that the lab has once, through the SDK's own classes.

What the SDK adds by itself (defaults, names of the wire, marks of secrets) is in it, which hand-written inputs cannot show.
Run by path, as `__main__`.
"""

import pulumi
from pulumi_azure_native import (
    applicationinsights,
    authorization,
    compute,
    keyvault,
    managedidentity,
    monitor,
    network,
    operationalinsights,
    resources,
    storage,
    web,
)

TAGS = {"owner": "tandem"}
CRYPTO_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"

client = authorization.get_client_config()
group = resources.ResourceGroup("whole", resource_group_name="whole", location="westeurope", tags=TAGS)
watchdog = managedidentity.UserAssignedIdentity("watchdog", resource_group_name=group.name, tags=TAGS)

# Network

net = network.VirtualNetwork(
    "net",
    resource_group_name=group.name,
    address_space=network.AddressSpaceArgs(address_prefixes=["10.0.0.0/16"]),
)
way_out = network.PublicIPAddress(
    "way-out",
    resource_group_name=group.name,
    public_ip_allocation_method=network.IPAllocationMethod.STATIC,
    sku=network.PublicIPAddressSkuArgs(name=network.PublicIPAddressSkuName.STANDARD),
    zones=["1"],
    opts=pulumi.ResourceOptions(ignore_changes=["natGateway"]),  # told by Azure once the gateway is there
)
nat = network.NatGateway(
    "nat",
    resource_group_name=group.name,
    sku=network.NatGatewaySkuArgs(name=network.NatGatewaySkuName.STANDARD),
    public_ip_addresses=[network.SubResourceArgs(id=way_out.id)],
    zones=["1"],
)
workers = network.Subnet(
    "workers",
    resource_group_name=group.name,
    virtual_network_name=net.name,
    address_prefix="10.0.0.0/24",
    default_outbound_access=False,
    nat_gateway=network.SubResourceArgs(id=nat.id),
)
function = network.Subnet(
    "function",
    resource_group_name=group.name,
    virtual_network_name=net.name,
    address_prefix="10.0.1.0/26",
    delegations=[network.DelegationArgs(name="function", service_name="Microsoft.App/environments")],
)
fence = network.NetworkSecurityGroup("fence", resource_group_name=group.name, flush_connection=True)
service = network.SecurityRule(
    "service",
    resource_group_name=group.name,
    network_security_group_name=fence.name,
    priority=200,
    direction=network.SecurityRuleDirection.INBOUND,
    access=network.SecurityRuleAccess.ALLOW,
    protocol=network.SecurityRuleProtocol.TCP,
    source_address_prefix="*",
    source_port_range="*",
    destination_address_prefix="*",
    destination_port_ranges=["2575", "8080"],
)
card = network.NetworkInterface(
    "wk1",
    resource_group_name=group.name,
    network_security_group=network.NetworkSecurityGroupArgs(id=fence.id),
    ip_configurations=[
        network.NetworkInterfaceIPConfigurationArgs(
            name="main",
            subnet=network.SubnetArgs(id=workers.id),
            private_ip_allocation_method=network.IPAllocationMethod.STATIC,
            private_ip_address="10.0.0.10",
        )
    ],
)
front = network.PublicIPAddress(
    "front",
    resource_group_name=group.name,
    public_ip_allocation_method=network.IPAllocationMethod.STATIC,
    sku=network.PublicIPAddressSkuArgs(name=network.PublicIPAddressSkuName.STANDARD),
    zones=["1", "2", "3"],
)
balancer = network.LoadBalancer(
    "balancer",
    resource_group_name=group.name,
    sku=network.LoadBalancerSkuArgs(name=network.LoadBalancerSkuName.STANDARD),
    frontend_ip_configurations=[
        network.FrontendIPConfigurationArgs(name="front", public_ip_address=network.PublicIPAddressArgs(id=front.id))
    ],
    backend_address_pools=[network.BackendAddressPoolArgs(name="workers")],
    probes=[network.ProbeArgs(name="ready", protocol="Http", port=8080, request_path="/ready", interval_in_seconds=5)],
    load_balancing_rules=[
        network.LoadBalancingRuleArgs(
            name="service",
            protocol="Tcp",
            frontend_port=2575,
            backend_port=2575,
            disable_outbound_snat=True,
            frontend_ip_configuration=network.SubResourceArgs(id="$self/frontendIPConfigurations/front"),
            backend_address_pool=network.SubResourceArgs(id="$self/backendAddressPools/workers"),
            probe=network.SubResourceArgs(id="$self/probes/ready"),
        )
    ],
)

# Key, disks, machine

vault = keyvault.Vault(
    "vault",
    resource_group_name=group.name,
    vault_name="tandem-whole-vault",
    properties=keyvault.VaultPropertiesArgs(
        tenant_id=client.tenant_id,
        sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.STANDARD),
        enable_rbac_authorization=True,
        enable_purge_protection=True,
        soft_delete_retention_in_days=7,
        enabled_for_disk_encryption=True,
    ),
)
key = keyvault.Key(
    "disks",
    resource_group_name=group.name,
    vault_name=vault.name,
    properties=keyvault.KeyPropertiesArgs(kty="RSA", key_size=3072),
)
reaches = authorization.RoleAssignment(
    "reaches-the-key",
    scope=vault.id,
    principal_id=watchdog.principal_id,
    principal_type=authorization.PrincipalType.SERVICE_PRINCIPAL,
    role_definition_id=(
        f"/subscriptions/{client.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{CRYPTO_USER}"
    ),
)
encryption = compute.DiskEncryptionSet(
    "encryption",
    resource_group_name=group.name,
    encryption_type=compute.DiskEncryptionSetType.ENCRYPTION_AT_REST_WITH_CUSTOMER_KEY,
    rotation_to_latest_key_version_enabled=True,
    active_key=compute.KeyForDiskEncryptionSetArgs(
        key_url=key.key_uri_with_version, source_vault=compute.SourceVaultArgs(id=vault.id)
    ),
    identity=compute.EncryptionSetIdentityArgs(type="UserAssigned", user_assigned_identities=[watchdog.id]),
    opts=pulumi.ResourceOptions(depends_on=[reaches]),
)
hosts = compute.DedicatedHostGroup("hosts", resource_group_name=group.name, platform_fault_domain_count=1, zones=["1"])
host = compute.DedicatedHost(
    "host",
    resource_group_name=group.name,
    host_group_name=hosts.name,
    sku=compute.SkuArgs(name="DSv5-Type1"),
    platform_fault_domain=0,
)
data = compute.Disk(
    "data",
    resource_group_name=group.name,
    disk_size_gb=100,
    sku=compute.DiskSkuArgs(name=compute.DiskStorageAccountTypes.PREMIUM_LRS),
    zones=["1"],
    creation_data=compute.CreationDataArgs(create_option=compute.DiskCreateOption.EMPTY),
    encryption=compute.EncryptionArgs(type="EncryptionAtRestWithCustomerKey", disk_encryption_set_id=encryption.id),
)
machine = compute.VirtualMachine(
    "wk1",
    resource_group_name=group.name,
    vm_name="wk1",
    zones=["1"],
    host=compute.SubResourceArgs(id=host.id),
    hardware_profile=compute.HardwareProfileArgs(vm_size="Standard_D2s_v5"),
    network_profile=compute.NetworkProfileArgs(
        network_interfaces=[
            compute.NetworkInterfaceReferenceArgs(id=card.id, primary=True, delete_option=compute.DeleteOptions.DETACH)
        ]
    ),
    storage_profile=compute.StorageProfileArgs(
        image_reference=compute.ImageReferenceArgs(
            publisher="Canonical", offer="ubuntu-24_04-lts", sku="server", version="24.04.202510010"
        ),
        os_disk=compute.OSDiskArgs(
            name="wk1-os",
            create_option=compute.DiskCreateOptionTypes.FROM_IMAGE,
            delete_option=compute.DiskDeleteOptionTypes.DELETE,
            managed_disk=compute.ManagedDiskParametersArgs(
                storage_account_type=compute.StorageAccountTypes.PREMIUM_LRS,
                disk_encryption_set=compute.DiskEncryptionSetParametersArgs(id=encryption.id),
            ),
        ),
        data_disks=[
            compute.DataDiskArgs(
                lun=0,
                create_option=compute.DiskCreateOptionTypes.ATTACH,
                delete_option=compute.DiskDeleteOptionTypes.DETACH,
                managed_disk=compute.ManagedDiskParametersArgs(id=data.id),
            )
        ],
    ),
    os_profile=compute.OSProfileArgs(
        computer_name="wk1",
        admin_username="tandem",
        custom_data=pulumi.Output.secret("c2VjcmV0"),
        linux_configuration=compute.LinuxConfigurationArgs(
            disable_password_authentication=True,
            ssh=compute.SshConfigurationArgs(
                public_keys=[
                    compute.SshPublicKeyArgs(path="/home/tandem/.ssh/authorized_keys", key_data="ssh-ed25519 AAAA wk1")
                ]
            ),
        ),
    ),
)

# Record, package, app

record = storage.StorageAccount(
    "record",
    resource_group_name=group.name,
    account_name="tandemwholerecord",
    kind=storage.Kind.STORAGE_V2,
    sku=storage.SkuArgs(name=storage.SkuName.STANDARD_ZRS),
    allow_shared_key_access=False,
    network_rule_set=storage.NetworkRuleSetArgs(default_action=storage.DefaultAction.ALLOW),
)
versions = storage.BlobServiceProperties(
    "versions",
    resource_group_name=group.name,
    account_name=record.name,
    blob_services_name="default",
    is_versioning_enabled=True,
)
records = storage.BlobContainer("record", resource_group_name=group.name, account_name=record.name)
package = storage.StorageAccount(
    "package",
    resource_group_name=group.name,
    account_name="tandemwholepackage",
    kind=storage.Kind.STORAGE_V2,
    sku=storage.SkuArgs(name=storage.SkuName.STANDARD_LRS),
)
packages = storage.BlobContainer("package", resource_group_name=group.name, account_name=package.name)
bundle = storage.Blob(
    "watchdog.zip",
    resource_group_name=group.name,
    account_name=package.name,
    container_name=packages.name,
    source=pulumi.AssetArchive({"function_app.py": pulumi.StringAsset("print('tick')")}),
)
sas = storage.list_storage_account_service_sas_output(
    resource_group_name=group.name,
    account_name=package.name,
    canonicalized_resource=pulumi.Output.concat("/blob/", package.name, "/", packages.name),
    resource="c",
    permissions="r",
    protocols=storage.HttpProtocol.HTTPS,
    shared_access_expiry_time="2099-01-01T00:00:00Z",
)
keys = storage.list_storage_account_keys_output(resource_group_name=group.name, account_name=package.name)
where = pulumi.Output.concat(bundle.url, "?", sas.service_sas_token)

logs = operationalinsights.Workspace(
    "logs",
    resource_group_name=group.name,
    sku=operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
    retention_in_days=30,
)
insights = applicationinsights.Component(
    "insights",
    resource_group_name=group.name,
    kind="web",
    application_type=applicationinsights.ApplicationType.WEB,
    workspace_resource_id=logs.id,
)
plan = web.AppServicePlan(
    "plan",
    resource_group_name=group.name,
    kind="functionapp",
    reserved=True,
    sku=web.SkuDescriptionArgs(name="FC1", tier="FlexConsumption"),
)
app = web.WebApp(
    "app",
    resource_group_name=group.name,
    name="tandem-whole-app",
    kind="functionapp,linux",
    server_farm_id=plan.id,
    https_only=True,
    virtual_network_subnet_id=function.id,
    identity=web.ManagedServiceIdentityArgs(
        type=web.ManagedServiceIdentityType.USER_ASSIGNED, user_assigned_identities=[watchdog.id]
    ),
    function_app_config=web.FunctionAppConfigArgs(
        deployment=web.FunctionsDeploymentArgs(
            storage=web.FunctionsDeploymentStorageArgs(
                type="blobContainer",
                value=pulumi.Output.concat("https://", record.name, ".blob.core.windows.net/", records.name),
                authentication=web.FunctionsDeploymentStorageAuthenticationArgs(
                    type="UserAssignedIdentity", user_assigned_identity_resource_id=watchdog.id
                ),
            )
        ),
        runtime=web.FunctionsRuntimeArgs(name="python", version="3.13"),
        scale_and_concurrency=web.FunctionsScaleAndConcurrencyArgs(
            maximum_instance_count=40,
            instance_memory_mb=2048,
            always_ready=[web.FunctionsAlwaysReadyConfigArgs(name="http", instance_count=1)],
        ),
    ),
)
settings = web.WebAppApplicationSettings(
    "settings",
    resource_group_name=group.name,
    name=app.name,
    properties={"APPLICATIONINSIGHTS_CONNECTION_STRING": insights.connection_string},
)
deployment = resources.Deployment(
    "one-deploy",
    resource_group_name=group.name,
    properties=resources.DeploymentPropertiesArgs(
        mode=resources.DeploymentMode.INCREMENTAL,
        template={
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "resources": [
                {
                    "type": "Microsoft.Web/sites/extensions",
                    "apiVersion": "2022-09-01",
                    "name": pulumi.Output.concat(app.name, "/onedeploy"),
                    "properties": {"packageUri": where, "remoteBuild": False},
                }
            ],
        },
    ),
    opts=pulumi.ResourceOptions(ignore_changes=["properties"], depends_on=[settings]),
)

# Who may, who is told

role = authorization.RoleDefinition(
    "moves",
    role_name="whole watchdog",
    role_type="CustomRole",
    scope=group.id,
    assignable_scopes=[group.id],
    permissions=[authorization.PermissionArgs(actions=["Microsoft.Network/networkInterfaces/write"])],
)
may = authorization.RoleAssignment(
    "may-move",
    scope=group.id,
    principal_id=watchdog.principal_id,
    principal_type=authorization.PrincipalType.SERVICE_PRINCIPAL,
    role_definition_id=role.id,
)
people = monitor.ActionGroup(
    "people",
    resource_group_name=group.name,
    location="global",
    group_short_name="tandem",
    email_receivers=[
        monitor.MicrosoftCommonEmailReceiverArgs(name="ops", email_address="ops@example.org", use_common_alert_schema=True)
    ],
)
notices = monitor.ScheduledQueryRule(
    "notices",
    resource_group_name=group.name,
    kind="LogAlert",
    enabled=True,
    severity=2,
    scopes=[logs.id],
    evaluation_frequency="PT1M",
    window_size="PT5M",
    skip_query_validation=True,
    auto_mitigate=False,
    criteria=monitor.ScheduledQueryRuleCriteriaArgs(
        all_of=[
            monitor.ConditionArgs(
                query="AppTraces",
                time_aggregation="Count",
                operator="GreaterThan",
                threshold=0,
                failing_periods=monitor.ConditionFailingPeriodsArgs(
                    min_failing_periods_to_alert=1, number_of_evaluation_periods=1
                ),
            )
        ]
    ),
    actions=monitor.ActionsArgs(action_groups=[people.id]),
)
alive = applicationinsights.WebTest(
    "alive",
    resource_group_name=group.name,
    web_test_name="alive",
    synthetic_monitor_id="alive",
    web_test_kind=applicationinsights.WebTestKind.STANDARD,
    kind=applicationinsights.WebTestKind.STANDARD,
    enabled=True,
    locations=[applicationinsights.WebTestGeolocationArgs(location="emea-nl-ams-azr")],
    request=applicationinsights.WebTestPropertiesRequestArgs(
        request_url=pulumi.Output.concat("https://", app.default_host_name, "/api/alive"), http_verb="GET"
    ),
    validation_rules=applicationinsights.WebTestPropertiesValidationRulesArgs(expected_http_status_code=200),
    tags=insights.id.apply(lambda to: {f"hidden-link:{to}": "Resource"}),
)
silence = monitor.MetricAlert(
    "silence",
    resource_group_name=group.name,
    location="global",
    enabled=True,
    severity=1,
    evaluation_frequency="PT1M",
    window_size="PT5M",
    scopes=[alive.id, insights.id],
    criteria=monitor.WebtestLocationAvailabilityCriteriaArgs(
        odata_type="Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria",
        component_id=insights.id,
        web_test_id=alive.id,
        failed_location_count=1,
    ),
    actions=[monitor.MetricAlertActionArgs(action_group_id=people.id)],
)
platform = monitor.ActivityLogAlert(
    "platform",
    resource_group_name=group.name,
    location="global",
    enabled=True,
    scopes=[group.id],
    condition=monitor.AlertRuleAllOfConditionArgs(
        all_of=[monitor.AlertRuleAnyOfOrLeafConditionArgs(field="category", equals="ResourceHealth")]
    ),
    actions=monitor.ActionListArgs(action_groups=[monitor.ActionGroupArgs(action_group_id=people.id)]),
)
workbook = applicationinsights.Workbook(
    "workbook",
    resource_group_name=group.name,
    resource_name_="8f5ad0f4-6f13-4f0e-9a3f-1d1f2d1a0009",
    kind="shared",
    category="workbook",
    display_name="Tandem",
    serialized_data='{"version": "Notebook/1.0", "items": []}',
    source_id=insights.id,
)
lock = authorization.ManagementLockByScope(
    "keep",
    scope=record.id,
    level=authorization.LockLevel.CAN_NOT_DELETE,
    opts=pulumi.ResourceOptions(depends_on=[versions, records, silence, notices, platform, workbook, may]),
)
pulumi.export("address", front.ip_address)
pulumi.export("package", pulumi.Output.secret(where))
pulumi.export("keys", keys.keys.apply(len))
