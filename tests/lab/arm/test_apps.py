"""Function apps of a Flex Consumption plan, and the subnet that they reach into."""

from typing import Any

import pytest

from lab.arm.settings import Settings
from lab.arm.times import Times
from tests.lab.arm.clouds import GROUP, LOCATION, VNET, Cloud, build_network

PLAN, SITE = f"{GROUP}/providers/Microsoft.Web/serverfarms/plan", f"{GROUP}/providers/Microsoft.Web/sites/dog"
SUBNET = f"{VNET}/subnets/functions"
DELEGATED = [{"name": "app", "properties": {"serviceName": "Microsoft.App/environments"}}]


def subnet_body(delegations: list[Any] | None = None) -> dict[str, Any]:
    given = DELEGATED if delegations is None else delegations
    return {"properties": {"addressPrefix": "10.0.9.0/26", "delegations": given}}


def site_body(*, subnet: str = SUBNET, plan: str = PLAN, **config: Any) -> dict[str, Any]:
    inside: dict[str, Any] = {"serverFarmId": plan, "virtualNetworkSubnetId": subnet}
    return {"location": LOCATION, "properties": inside | ({"siteConfig": config} if config else {})}


def planned(sku: str = "FC1", link_s: float = 0.0, unregistered: frozenset[str] = frozenset()) -> Cloud:
    """A plan and a delegated subnet."""
    cloud = Cloud(Settings(times=Times("ten", {("*", "*"): 10.0}, link_s=link_s), unregistered=unregistered))
    build_network(cloud)
    cloud.made(SUBNET, subnet_body())
    assert cloud.put(PLAN, {"location": LOCATION, "sku": {"name": sku}}).status == 201
    return cloud


@pytest.mark.parametrize("name", ["netFrameworkVersion", "linuxFxVersion", "alwaysOn"])
def test_site_configuration_of_other_plans_is_refused_on_flex_only(name: str) -> None:
    reply = planned().put(SITE, site_body(**{name: "v4.6"}))
    assert (reply.status, reply.error) == (400, "BadRequest")
    expected = f"(Site.SiteConfig.{name[0].upper()}{name[1:]}) for Flex Consumption sites is invalid."
    assert expected in (reply.body or {})["error"]["message"]
    assert planned("EP1").put(SITE, site_body(**{name: "v4.6"})).status == 201
    assert planned().put(SITE, site_body(cors={})).status == 201


@pytest.mark.parametrize(("name", "code"), [("FUNCTIONS_WORKER_RUNTIME", "BadRequest"), ("TANDEM_PAIR", None)])
def test_application_settings_of_the_plan_itself_are_refused(name: str, code: str | None) -> None:
    settings = [{"name": name, "value": "x"}]
    assert planned().put(SITE, site_body(appSettings=settings)).error == code
    cloud = planned()
    cloud.put(SITE, site_body())
    assert cloud.put(f"{SITE}/config/appsettings", {"properties": {name: "x"}}).error == code


def test_a_plan_has_one_app() -> None:
    cloud = planned()
    cloud.put(SITE, site_body())
    assert cloud.put(SITE + "2", site_body()).error == "BadRequest"
    assert cloud.put(SITE, site_body()).status == 200


@pytest.mark.parametrize(
    ("name", "delegations", "status"),
    [("functions_a", DELEGATED, 400), ("functions-a", [], 400), ("functions-a", DELEGATED, 201)],
    ids=["underscore", "not delegated", "as it should be"],
)
def test_the_subnet_is_delegated_and_well_named(name: str, delegations: list[Any], status: int) -> None:
    cloud = planned()
    subnet = f"{VNET}/subnets/{name}"
    body = subnet_body(delegations)
    body["properties"]["addressPrefix"] = "10.0.10.0/26"
    cloud.made(subnet, body)
    assert cloud.put(SITE, site_body(subnet=subnet)).status == status


def test_a_subnet_has_one_plan_in_it() -> None:
    cloud = planned()
    cloud.put(SITE, site_body())
    cloud.put(PLAN + "2", {"location": LOCATION, "sku": {"name": "FC1"}})
    other = site_body(plan=PLAN + "2")
    assert cloud.refused(cloud.put(SITE + "2", other)) == (400, "OnlyOneServiceAssociationLinkAllowedPerSubnet")
    del other["properties"]["virtualNetworkSubnetId"]
    assert cloud.put(SITE + "2", other).status == 201


def test_a_used_subnet_keeps_its_delegation() -> None:
    cloud = planned()
    cloud.put(SITE, site_body())
    code = "SubnetDelegationsCannotChangeWhenSubnetUsedByResource"
    assert cloud.refused(cloud.put(SUBNET, subnet_body([]))) == (400, code)
    assert cloud.put(SUBNET, subnet_body()).status == 200
    cloud.wait(10)
    cloud.ask("DELETE", SITE)
    assert cloud.put(SUBNET, subnet_body([])).status == 200


def test_the_link_of_a_deleted_app_holds_the_subnet_for_a_time() -> None:
    cloud = planned(link_s=300.0)
    cloud.put(SITE, site_body())
    assert cloud.ask("DELETE", SUBNET).error == "InUseSubnetCannotBeDeleted"
    cloud.ask("DELETE", SITE)
    cloud.wait(299)
    reply = cloud.ask("DELETE", SUBNET)
    assert reply.error == "InUseSubnetCannotBeDeleted"
    assert "legionservicelink" in (reply.body or {})["error"]["message"]
    cloud.wait(1)
    assert cloud.ask("DELETE", SUBNET).status == 202


def test_without_the_app_provider_the_site_answers_500() -> None:
    reply = planned(unregistered=frozenset({"microsoft.app"})).put(SITE, site_body())
    assert (reply.status, reply.error) == (500, "InternalServerError")
    assert planned().put(SITE, site_body()).status == 201


def test_a_site_that_is_deleted_is_told_of() -> None:
    cloud = planned()
    cloud.put(SITE, site_body())
    cloud.ask("DELETE", SITE)
    assert ("gone", {"id": SITE, "type": "Microsoft.Web/sites"}) in cloud.told
