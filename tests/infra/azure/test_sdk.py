"""What Pulumi's SDK for Azure does that nobody asked it for; a new version that does more is noticed here."""

import datetime as dt
import functools
import re
from importlib import metadata
from pathlib import Path

import pulumi_azure_native

from tests.infra.azure.stand import balanced, run, usual
from tests.infra.azure.traps.look import VAULT

SDK = Path(str(pulumi_azure_native.__file__)).parent

INJECTED = {
    "applicationinsights:Component.application_type": "'web'",
    "applicationinsights:Component.flow_type": "'Bluefield'",
    "applicationinsights:Component.ingestion_mode": "'LogAnalytics'",
    "applicationinsights:Component.public_network_access_for_ingestion": "'Enabled'",
    "applicationinsights:Component.public_network_access_for_query": "'Enabled'",
    "applicationinsights:Component.request_source": "'rest'",
    "applicationinsights:WebTest.frequency": "300",
    "applicationinsights:WebTest.kind": "'ping'",
    "applicationinsights:WebTest.timeout": "30",
    "applicationinsights:WebTest.web_test_kind": "'ping'",
    "authorization:RoleAssignment.principal_type": "'User'",
    "keyvault:KeyAttributesArgs.exportable": "False",
    "keyvault:KeyReleasePolicyArgs.content_type": "'application/json; charset=utf-8'",
    "keyvault:VaultPropertiesArgs.enable_rbac_authorization": "False",
    "keyvault:VaultPropertiesArgs.enable_soft_delete": "True",
    "keyvault:VaultPropertiesArgs.enabled_for_deployment": "False",
    "keyvault:VaultPropertiesArgs.enabled_for_disk_encryption": "False",
    "keyvault:VaultPropertiesArgs.enabled_for_template_deployment": "False",
    "keyvault:VaultPropertiesArgs.public_network_access": "'enabled'",
    "keyvault:VaultPropertiesArgs.soft_delete_retention_in_days": "90",
    "monitor:ActionGroup.enabled": "True",
    "monitor:ActivityLogAlert.enabled": "True",
    "monitor:ActivityLogAlert.location": "'global'",
    "monitor:ArmRoleReceiverArgs.use_common_alert_schema": "False",
    "monitor:AutomationRunbookReceiverArgs.use_common_alert_schema": "False",
    "monitor:AzureFunctionReceiverArgs.use_common_alert_schema": "False",
    "monitor:ConditionFailingPeriodsArgs.min_failing_periods_to_alert": "1",
    "monitor:ConditionFailingPeriodsArgs.number_of_evaluation_periods": "1",
    "monitor:EventHubReceiverArgs.use_common_alert_schema": "False",
    "monitor:LogicAppReceiverArgs.use_common_alert_schema": "False",
    "monitor:MicrosoftCommonEmailReceiverArgs.use_common_alert_schema": "False",
    "monitor:WebhookReceiverArgs.use_aad_auth": "False",
    "monitor:WebhookReceiverArgs.use_common_alert_schema": "False",
    "network:Subnet.private_endpoint_network_policies": "'Disabled'",
    "network:Subnet.private_link_service_network_policies": "'Enabled'",
    "network:SubnetArgs.private_endpoint_network_policies": "'Disabled'",
    "network:SubnetArgs.private_link_service_network_policies": "'Enabled'",
    "network:VirtualNetwork.enable_ddos_protection": "False",
    "network:VirtualNetwork.enable_vm_protection": "False",
    "storage:Blob.type": "'Block'",
    "storage:EncryptionArgs.key_source": "'Microsoft.Storage'",
    "storage:IPRuleArgs.action": "'Allow'",
    "storage:NetworkRuleSetArgs.bypass": "'AzureServices'",
    "storage:NetworkRuleSetArgs.default_action": "'Allow'",
    "storage:SasPolicyArgs.expiration_action": "'Log'",
    "storage:VirtualNetworkRuleArgs.action": "'Allow'",
    "web:DaprConfigArgs.enabled": "False",
    "web:SiteConfigArgs.http20_enabled": "True",
    "web:SiteConfigArgs.local_my_sql_enabled": "False",
    "web:SiteConfigArgs.net_framework_version": "'v4.6'",
    "web:WebApp.client_affinity_enabled": "False",
    "web:WebApp.hyper_v": "False",
    "web:WebApp.is_xenon": "False",
    "web:WebApp.scm_site_also_stopped": "False",
}
"""Class and property to the value that is sent where nothing is said: of all classes of the program, with what they hold."""


NEW_VAULT_API_FROM = dt.date(2027, 1, 1)
"""All versions before 2026-02-01 stop on 2027-02-27 (Azure Key Vault, "Access control default change", read 2026-11-21)."""


def classes() -> set[tuple[str, str]]:
    """Module and class of everything that the program makes."""
    deployed = (usual(), balanced(), run({"egress": "own", "dedicated_hosts": True}))
    tokens = (each.type.split(":") for deployment in deployed for each in deployment.registrations)
    return {(parts[1], parts[2]) for parts in tokens if parts[0] == "azure-native"}


@functools.cache
def source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@functools.cache
def inputs_of(module: str) -> dict[str, str]:
    """The sources of a module's nested classes, by name."""
    file = SDK / module / "_inputs.py"
    parts = re.split(r"^class (\w+Args):$", source(file) if file.exists() else "", flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def file_of(module: str, name: str) -> Path:
    """The file that defines a class: its name in lower case, with underscores where the generator saw words."""
    (found,) = (each for each in (SDK / module).glob("*.py") if each.stem.replace("_", "") == name.lower())
    return found


def injected(text: str, called: str) -> dict[str, str]:
    """What an initializer fills in."""
    filled = re.findall(r"if (\w+) is None:\n +\1 = (.+)\n", text)
    return {f"{called}.{name}": value for name, value in filled if name != "opts"}


def found_in_the_sdk() -> dict[str, str]:
    found: dict[str, str] = {}
    for module, name in sorted(classes()):
        text = source(file_of(module, name))
        found.update(injected(text, f"{module}:{name}"))
        ahead, seen = set(re.findall(r"'(\w+Args)'", text)), set[str]()
        while ahead:
            inner = ahead.pop()
            if inner not in seen and inner in inputs_of(module):
                seen.add(inner)
                found.update(injected(inputs_of(module)[inner], f"{module}:{inner}"))
                ahead |= set(re.findall(r"'(\w+Args)'", inputs_of(module)[inner]))
    return found


def test_what_the_sdk_sends_without_being_asked_is_what_it_was() -> None:
    assert found_in_the_sdk() == INJECTED


def test_the_version_of_the_sdk_is_the_one_that_was_read() -> None:
    assert metadata.version("pulumi-azure-native") == "3.29.0"


def test_the_vaults_api_is_replaced_before_it_stops() -> None:
    """Fails from 2027 on: upgrade pulumi-azure-native to a version whose Key Vault API is 2026-02-01 or later."""
    assert usual().of_type(VAULT)
    said = re.search(r"Uses Azure REST API version ([\d-]+)", source(SDK / "keyvault" / "vault.py"))
    assert said
    version = said[1]

    assert version >= "2026-02-01" or dt.datetime.now(tz=dt.UTC).date() < NEW_VAULT_API_FROM, (
        f"the Key Vault API {version} stops on 2027-02-27"
    )
