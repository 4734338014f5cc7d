"""Traps of the function app (section 6 of the table)."""

from lab.providers.plain import reveal
from tests.infra.azure.stand import DIGEST, SAS
from tests.infra.azure.traps.look import (
    APP,
    BLOB,
    CODE,
    COMPONENT,
    CONTAINER,
    IDENTITY,
    PLAN,
    SETTINGS,
    STORAGE,
    SUBNET,
    own,
    part,
    settings,
    trap,
)
from tests.infra.azure.traps.variants import Variant
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

FUNCTION_FILE = "infra/azure/function.py"
WATCHDOG_FILE = "infra/azure/watchdog.py"

IGNORED_OR_HARMFUL = {
    "ENABLE_ORYX_BUILD",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_RUNTIME",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "TZ",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_CONTENTSHARE",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_TIME_ZONE",
}


@trap(
    "6/scale-groups",
    slips=(
        Slip(
            "the timer's own group sleeps",
            FUNCTION_FILE,
            'SCALE_GROUPS = ("http", f"function:{TIMER}")',
            'SCALE_GROUPS = ("http",)',
        ),
        Slip(
            "the group behind HTTP sleeps",
            FUNCTION_FILE,
            'SCALE_GROUPS = ("http", f"function:{TIMER}")',
            'SCALE_GROUPS = (f"function:{TIMER}",)',
        ),
        Slip("another timer is awake", FUNCTION_FILE, 'TIMER = "tick"', 'TIMER = "timer"'),
    ),
)
def both_scale_groups_are_always_ready(stand: Stand) -> None:
    scale = stand.usual.only(APP).inputs["functionAppConfig"]["scaleAndConcurrency"]
    ready = {each["name"]: each["instanceCount"] for each in scale["alwaysReady"]}

    assert ready.keys() == {"http", "function:tick"}
    assert min(ready.values()) >= 1


@trap(
    "6/zone-loss",
    slips=(
        Slip("the plan stands in one zone", FUNCTION_FILE, "            zone_redundant=True,\n", ""),
        Slip(
            "an account in one zone",
            "infra/azure/storage.py",
            'sku={"name": "Standard_ZRS"},',
            'sku={"name": "Standard_LRS"},',
        ),
    ),
)
def loss_of_a_zone_takes_neither_the_app_nor_the_record_along(stand: Stand) -> None:
    assert stand.usual.only(PLAN).inputs["zoneRedundant"] is True
    assert {each.inputs["sku"]["name"] for each in stand.usual.of_type(STORAGE)} == {"Standard_ZRS"}


@trap(
    "6/no-deployment-class",
    slips=(
        Slip(
            "the code's container is opened by a connection string",
            FUNCTION_FILE,
            '                            "type": "UserAssignedIdentity",\n',
            '                            "type": "StorageAccountConnectionString",\n',
        ),
        Slip(
            "another bundle is no other deployment",
            FUNCTION_FILE,
            "f\"{args['site']}-{args['bundle_digest'][:MARK_LENGTH]}\"",
            "f\"{args['site']}-code\"",
        ),
        Slip(
            "a new address to fetch from is a new deployment",
            FUNCTION_FILE,
            'opts=child(self, depends_on=after, ignore_changes=["properties"]),',
            "opts=child(self, depends_on=after),",
        ),
        Slip(
            "the code comes before the settings",
            FUNCTION_FILE,
            "self.code = self._code([settings])",
            "self.code = self._code([self.app])",
        ),
        Slip(
            "the app is not what the code is deployed to",
            FUNCTION_FILE,
            '"name": f"{function_name}/onedeploy",',
            '"name": f"{function_name}/zipdeploy",',
        ),
    ),
)
def code_comes_by_one_deploy_with_the_bundles_digest_in_its_name(stand: Stand) -> None:
    usual = stand.usual
    app, code = usual.only(APP), usual.only(CODE)
    deployed = app.inputs["functionAppConfig"]["deployment"]["storage"]
    identity = part(usual, IDENTITY, "watchdog")
    assert deployed["type"] == "blobContainer"
    assert deployed["authentication"] == {
        "type": "UserAssignedIdentity",
        "userAssignedIdentityResourceId": identity.id,
    }
    container = part(usual, CONTAINER, "package")
    account = part(usual, STORAGE, "record").outputs["name"]
    assert deployed["value"] == f"https://{account}.blob.core.windows.net/{container.outputs['name']}"
    (resource,) = code.inputs["properties"]["template"]["resources"]
    assert (resource["type"], resource["name"]) == (
        "Microsoft.Web/sites/extensions",
        f"{app.inputs['name']}/onedeploy",
    )
    assert DIGEST[:16] in code.inputs["deploymentName"]
    assert len(stand.of(Variant.LONGEST).only(CODE).inputs["deploymentName"]) <= 64
    assert code.ignore_changes == ("properties",)
    assert {app.urn, usual.only(SETTINGS).urn, usual.only(BLOB).urn} <= usual.needs(code)


@trap(
    "6/no-deployment-class",
    slips=(
        Slip(
            "the address with its key is no secret",
            "infra/azure/bundle.py",
            "self.url = pulumi.Output.secret(pulumi.Output.all(path, opened).apply(_url))",
            "self.url = pulumi.Output.all(path, opened).apply(_url)",
        ),
        Slip(
            "the template shows the address afterwards",
            FUNCTION_FILE,
            '{"packageUri": {"type": "securestring"}}',
            '{"packageUri": {"type": "string"}}',
        ),
    ),
)
def address_that_opens_the_bundle_is_a_secret(stand: Stand) -> None:
    code = stand.usual.only(CODE)
    account = part(stand.usual, STORAGE, "bundle").outputs["name"]

    assert "properties" in code.secret_inputs
    assert code.inputs["properties"]["template"]["parameters"]["packageUri"]["type"] == "securestring"
    url = reveal(code.inputs["properties"]["parameters"]["packageUri"]["value"])
    assert url.startswith(f"https://{account}.blob.core.windows.net/bundle/watchdog")
    assert url.endswith(f".zip?{SAS}")


@trap(
    "6/refused-settings",
    slips=(
        Slip(
            "the app has a site configuration",
            FUNCTION_FILE,
            "            https_only=True,\n",
            "            https_only=True,\n            site_config=azure.web.SiteConfigArgs(),\n",
        ),
        Slip(
            "a setting of another plan",
            WATCHDOG_FILE,
            '        "AzureWebJobsStorage__credential": "managedidentity",\n',
            '        "AzureWebJobsStorage__credential": "managedidentity",\n        "FUNCTIONS_WORKER_RUNTIME": "python",\n',
        ),
    ),
)
def settings_of_other_plans_are_refused_so_none_is_there(stand: Stand) -> None:
    for variant in Variant:
        deployment = stand.of(variant)
        assert "siteConfig" not in deployment.only(APP).inputs
        assert not IGNORED_OR_HARMFUL & settings(deployment).keys()


@trap(
    "6/plan",
    slips=(
        Slip(
            "a plan of another kind",
            FUNCTION_FILE,
            'sku={"name": "FC1", "tier": "FlexConsumption"},',
            'sku={"name": "Y1", "tier": "Dynamic"},',
        ),
        Slip(
            "a plan for Windows",
            FUNCTION_FILE,
            "            reserved=True,\n            # Else the one",
            "            # Else the one",
        ),
        Slip("fewer instances than a plan takes", FUNCTION_FILE, "INSTANCES_MAX = 40", "INSTANCES_MAX = 4"),
        Slip(
            "the memory is not the one that was chosen",
            WATCHDOG_FILE,
            '"memory_mb": pair["function_memory_mb"],',
            '"memory_mb": 512,',
        ),
        Slip(
            "the interpreter is not the one that was chosen",
            WATCHDOG_FILE,
            '"python": pair["function_python"],',
            '"python": "3.13",',
        ),
    ),
)
def plan_is_for_linux_and_for_one_app_within_its_limits(stand: Stand) -> None:
    for variant, memory_mb, python in ((Variant.USUAL, 2048, "3.13"), (Variant.OTHER, 4096, "3.12")):
        deployment = stand.of(variant)
        plan, app = deployment.only(PLAN), deployment.only(APP)
        assert (plan.inputs["sku"], plan.inputs["reserved"]) == ({"name": "FC1", "tier": "FlexConsumption"}, True)
        assert app.inputs["serverFarmId"] == plan.id
        config = app.inputs["functionAppConfig"]
        assert 40 <= config["scaleAndConcurrency"]["maximumInstanceCount"] <= 1000
        assert config["scaleAndConcurrency"]["instanceMemoryMB"] == memory_mb
        assert config["runtime"] == {"name": "python", "version": python}


@trap(
    "6/host-storage",
    slips=(
        Slip(
            "the identity is named by its resource",
            WATCHDOG_FILE,
            '        "AzureWebJobsStorage__clientId": found["client"],\n',
            '        "AzureWebJobsStorage__managedIdentityResourceId": found["client"],\n',
        ),
        Slip(
            "the host goes by a connection string",
            WATCHDOG_FILE,
            '        "AzureWebJobsStorage__accountName": found["account"],\n',
            '        "AzureWebJobsStorage__accountName": found["account"],\n        "AzureWebJobsStorage": "x",\n',
        ),
        Slip("the watchdog does not know who it is", WATCHDOG_FILE, '        CLIENT_ID: found["client"],\n', ""),
        Slip(
            "lines go nowhere",
            WATCHDOG_FILE,
            '        "APPLICATIONINSIGHTS_CONNECTION_STRING": found["connection"],\n',
            "",
        ),
    ),
)
def host_goes_to_its_storage_by_identity_with_exactly_these_settings(stand: Stand) -> None:
    usual = stand.usual
    client = part(usual, IDENTITY, "watchdog").outputs["clientId"]
    hosts = ("AzureWebJobs", "APPLICATIONINSIGHTS")
    others = {name: value for name, value in settings(usual).items() if name.startswith(hosts)}

    assert others == {
        "AzureWebJobsStorage__accountName": part(usual, STORAGE, "record").outputs["name"],
        "AzureWebJobsStorage__credential": "managedidentity",
        "AzureWebJobsStorage__clientId": client,
        "APPLICATIONINSIGHTS_CONNECTION_STRING": usual.only(COMPONENT).outputs["connectionString"],
    }
    assert settings(usual)["TANDEM_CLIENT_ID"] == client
    app = usual.only(APP).inputs
    assert app["identity"]["userAssignedIdentities"] == [part(usual, IDENTITY, "watchdog").id]


@trap(
    "6/host-id",
    slips=(
        Slip(
            "an app's name may have 60",
            "infra/naming.py",
            'Kind.SITE: Limit(32, "[A-Za-z0-9-]", length_min=2)',
            'Kind.SITE: Limit(60, "[A-Za-z0-9-]", length_min=2)',
        ),
        Slip(
            "an app is called after its site", WATCHDOG_FILE, 'return worldwide(Kind.SITE, site, "", where)', "return site"
        ),
    ),
)
def hosts_are_told_apart_by_32_characters_so_a_name_has_no_more(stand: Stand) -> None:
    for variant in Variant:
        name = stand.of(variant).only(APP).inputs["name"]
        assert len(name) <= 32
        assert name[-10:].isalnum()
        assert not name.endswith("s" * 10)
        assert name[-11] == "-"


@trap(
    "6/start-time",
    slips=(
        Slip(
            "a setting that is read from a vault",
            WATCHDOG_FILE,
            '        "APPLICATIONINSIGHTS_CONNECTION_STRING": found["connection"],\n',
            '        "APPLICATIONINSIGHTS_CONNECTION_STRING": found["connection"],\n'
            '        "TANDEM_SECRET": "@Microsoft.KeyVault(SecretUri=https://x.vault.azure.net/secrets/s)",\n',
        ),
    ),
)
def nothing_that_the_app_starts_with_is_fetched_from_a_vault(stand: Stand) -> None:
    assert not [name for name, value in settings(stand.usual).items() if "KeyVault" in value]
    assert not [each.type for each in own(stand.usual) if each.type == "azure-native:monitor:DiagnosticSetting"]


@trap(
    "6/deletion-and-subnet",
    slips=(
        Slip(
            "the app is in no network",
            FUNCTION_FILE,
            '            virtual_network_subnet_id=args["subnet_id"],\n',
            "",
        ),
    ),
)
def subnet_goes_after_the_app_that_reaches_into_it(stand: Stand) -> None:
    app, subnet = stand.usual.only(APP), part(stand.usual, SUBNET, "function")

    assert app.inputs["virtualNetworkSubnetId"] == subnet.id
    assert subnet.urn in stand.usual.needs(app)


@trap(
    "6/keys-of-functions",
    slips=(
        Slip(
            "the group that calls is given an address with a key",
            "infra/azure/telling.py",
            '            group_short_name=physical(Kind.SHORT_NAME, "tandem-call"),\n',
            '            group_short_name=physical(Kind.SHORT_NAME, "tandem-call"),\n'
            '            webhook_receivers=[{"name": "tick", "service_uri": "https://x.azurewebsites.net/api/tick?code=k"}],\n',
        ),
    ),
)
def keys_of_functions_are_not_there_yet_so_nobody_asks_for_them(stand: Stand) -> None:
    """The program could not ask for one either: the stand does not answer that question."""
    receivers = ("azureFunctionReceivers", "webhookReceivers")
    assert not [each.name for each in own(stand.usual) for name in receivers if each.inputs.get(name)]
