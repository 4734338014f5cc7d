"""Deployments of inline templates, the package of a function app, and the POSTs that tell secrets."""

from typing import Any

import pytest

from lab.arm.settings import Settings
from tests.lab.arm.clouds import GROUP, LOCATION, NETWORK, Cloud, rule_body

WEB = f"{GROUP}/providers/Microsoft.Web"
APP = f"{WEB}/sites/app"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/tandem"
DEPLOYMENT = f"{GROUP}/providers/Microsoft.Resources/deployments/package"
PACKAGE = "https://tandem.blob.core.windows.net/package/app.zip?sig=secret"
ONE_DEPLOY: dict[str, Any] = {
    "type": "Microsoft.Web/sites/extensions",
    "apiVersion": "2022-09-01",
    "name": "app/onedeploy",
    "properties": {"packageUri": PACKAGE, "remoteBuild": False},
}


@pytest.fixture
def cloud() -> Cloud:
    """A group with an app on a Flex Consumption plan."""
    made = Cloud()
    made.put(GROUP, {"location": LOCATION})
    made.put(f"{WEB}/serverfarms/plan", {"location": LOCATION, "sku": {"name": "FC1"}})
    made.put(APP, {"location": LOCATION, "properties": {"serverFarmId": f"{WEB}/serverfarms/plan"}})
    made.told.clear()
    return made


def deployment(*resources: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    template = {"resources": [*resources], "parameters": {"later": {"type": "string", "defaultValue": PACKAGE}}}
    given = {name: {"value": value} for name, value in parameters.items()}
    return {"properties": {"mode": "Incremental", "template": template, "parameters": given}}


def test_one_deploy_in_a_template_tells_the_lab_where_the_package_is(cloud: Cloud) -> None:
    assert cloud.put(DEPLOYMENT, deployment(ONE_DEPLOY)).status == 201
    assert ("package", {"app": APP, "uri": PACKAGE}) in cloud.told
    assert cloud.get(f"{APP}/extensions/onedeploy")["properties"]["packageUri"] == PACKAGE


def test_the_template_is_not_told_again_and_its_hash_is(cloud: Cloud) -> None:
    cloud.put(DEPLOYMENT, deployment(ONE_DEPLOY))
    first = cloud.get(DEPLOYMENT)["properties"]
    other = {**ONE_DEPLOY, "properties": {**ONE_DEPLOY["properties"], "remoteBuild": True}}
    cloud.put(DEPLOYMENT, deployment(other))
    assert "template" not in first
    assert first["templateHash"] != cloud.get(DEPLOYMENT)["properties"]["templateHash"]


@pytest.mark.parametrize("given", [{}, {"later": f"{PACKAGE}&again"}])
def test_a_parameter_is_filled_in_or_its_default(cloud: Cloud, given: dict[str, str]) -> None:
    resource = {**ONE_DEPLOY, "properties": {"packageUri": "[parameters('later')]"}}
    cloud.put(DEPLOYMENT, deployment(resource, **given))
    assert cloud.get(f"{APP}/extensions/onedeploy")["properties"]["packageUri"] == given.get("later", PACKAGE)


@pytest.mark.parametrize(
    ("resource", "named"),
    [
        ({**ONE_DEPLOY, "copy": {"count": 2}}, "'copy' in a template's resource"),
        ({**ONE_DEPLOY, "name": "[concat('a', 'b')]"}, "the template expression [concat('a', 'b')]"),
        ({**ONE_DEPLOY, "name": "app"}, "'Microsoft.Web/sites/extensions' named 'app'"),
        ({**ONE_DEPLOY, "properties": {"packageUri": "[parameters('none')]"}}, "[parameters('none')]"),
    ],
)
def test_the_rest_of_the_language_is_refused_by_name(cloud: Cloud, resource: dict[str, Any], named: str) -> None:
    reply = cloud.put(DEPLOYMENT, deployment(resource))
    assert cloud.refused(reply) == (400, "NotEmulated")
    assert named in str((reply.body or {})["error"]["message"])


def test_a_deployment_without_a_template_is_refused_by_name(cloud: Cloud) -> None:
    linked = {"properties": {"mode": "Incremental", "templateLink": {"uri": "https://example.org"}}}
    assert cloud.refused(cloud.put(DEPLOYMENT, linked)) == (400, "NotEmulated")


@pytest.mark.parametrize(
    ("resource", "inner"),
    [
        ({**ONE_DEPLOY, "name": "other/onedeploy"}, "ParentResourceNotFound"),
        ({**ONE_DEPLOY, "name": "app/zipdeploy"}, "BadRequest"),
        ({**ONE_DEPLOY, "properties": {"packageUri": "app.zip"}}, "BadRequest"),
    ],
)
def test_what_is_refused_inside_fails_the_deployment_with_its_reason(
    cloud: Cloud, resource: dict[str, Any], inner: str
) -> None:
    reply = cloud.put(DEPLOYMENT, deployment(resource))
    assert str(reply.error) == "DeploymentFailed"
    assert inner in str((reply.body or {})["error"]["message"])
    assert cloud.ask("GET", DEPLOYMENT).status == 404


def test_a_deployment_does_only_what_its_caller_may() -> None:
    strict = Cloud(Settings(roles=True, owners=frozenset({"owner"}), principals={"deployer": "ServicePrincipal"}))
    roles = f"{GROUP}/providers/Microsoft.Authorization"
    strict.put(GROUP, {"location": LOCATION})
    permissions = [{"actions": ["Microsoft.Resources/deployments/write"]}]
    may = {"roleName": "deploys", "assignableScopes": [GROUP], "permissions": permissions}
    strict.put(f"{roles}/roleDefinitions/deploys", {"properties": may})
    given = {"roleDefinitionId": f"{roles}/roleDefinitions/deploys", "principalId": "deployer"}
    strict.put(f"{roles}/roleAssignments/deploys", {"properties": {**given, "principalType": "ServicePrincipal"}})
    group = {"type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01", "name": "made"}
    strict.identity = "deployer"
    reply = strict.put(DEPLOYMENT, deployment({**group, "location": LOCATION}))
    assert strict.refused(reply) == (403, "DeploymentFailed")
    assert "AuthorizationFailed" in str((reply.body or {})["error"]["message"])
    strict.identity = "owner"
    assert strict.put(DEPLOYMENT, deployment({**group, "location": LOCATION})).status == 201
    assert strict.get(f"{NETWORK}/networkSecurityGroups/made")["location"] == LOCATION


def test_deleting_a_deployment_leaves_what_it_made(cloud: Cloud) -> None:
    rules = {"type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01", "name": "made"}
    inside = {"securityRules": [{"name": "one", **rule_body()}]}
    cloud.put(DEPLOYMENT, deployment({**rules, "location": LOCATION, "properties": inside}))
    cloud.ask("DELETE", DEPLOYMENT)
    assert cloud.get(f"{NETWORK}/networkSecurityGroups/made/securityRules/one")
    assert cloud.ask("GET", DEPLOYMENT).status == 404


def test_an_apps_settings_are_told_by_a_post_and_are_empty_before_the_first_write(cloud: Cloud) -> None:
    settings = f"{APP}/config/appsettings"
    assert (cloud.ask("POST", f"{settings}/list", {}).body or {})["properties"] == {}
    cloud.put(settings, {"properties": {"A": "1"}})
    assert (cloud.ask("POST", f"{settings}/list", {}).body or {})["properties"]["A"] == "1"
    assert cloud.ask("POST", f"{WEB}/sites/none/config/appsettings/list", {}).status == 404


def test_an_account_has_two_keys_of_its_own(cloud: Cloud) -> None:
    cloud.put(ACCOUNT, {"location": LOCATION})
    cloud.put(f"{ACCOUNT}2", {"location": LOCATION})
    keys, others = ((cloud.ask("POST", f"{each}/listKeys", {}).body or {})["keys"] for each in (ACCOUNT, f"{ACCOUNT}2"))
    assert [each["keyName"] for each in keys] == ["key1", "key2"]
    assert len({each["value"] for each in [*keys, *others]}) == 4
    assert cloud.ask("POST", f"{ACCOUNT}3/listKeys", {}).status == 404
    assert cloud.refused(cloud.ask("POST", f"{ACCOUNT}/regenerateKey", {})) == (400, "NotEmulated")


def test_what_names_make_is_filled_in(cloud: Cloud) -> None:
    cloud.put(ACCOUNT, {"location": LOCATION})
    component = f"{GROUP}/providers/Microsoft.Insights/components/app"
    cloud.put(component, {"location": LOCATION, "kind": "web", "properties": {"Application_Type": "web"}})
    told = cloud.get(component)["properties"]
    assert cloud.get(ACCOUNT)["properties"]["primaryEndpoints"]["blob"] == "https://tandem.blob.core.windows.net/"
    assert cloud.get(APP)["properties"]["defaultHostName"] == "app.azurewebsites.net"
    assert told["ConnectionString"].startswith(f"InstrumentationKey={told['InstrumentationKey']};")
