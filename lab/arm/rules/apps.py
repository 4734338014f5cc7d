"""Rules on function apps of a Flex Consumption plan, and on the subnet that such an app reaches into.

The link between app and subnet outlives the app for a time (`Times.link_s`), in which the subnet cannot be deleted.
"""

from collections.abc import Iterator

from lab.arm.bodies import as_object, items, objects, properties, same, text
from lab.arm.change import Change, Rule
from lab.arm.ids import key_of, parse
from lab.arm.messages import Json, Refusal
from lab.arm.references import links_to
from lab.arm.views import view
from lab.arm.world import Document, place_of

SITE, PLAN = "Microsoft.Web/sites", "Microsoft.Web/serverfarms"
EXTENSION = "Microsoft.Web/sites/extensions"
ONE_DEPLOY = "onedeploy"
ENVIRONMENTS = "Microsoft.App/environments"
_NOT_FLEX = ("netFrameworkVersion", "linuxFxVersion", "windowsFxVersion", "use32BitWorkerProcess", "alwaysOn")
_NOT_SETTINGS = frozenset(
    {
        "FUNCTIONS_WORKER_RUNTIME",
        "FUNCTIONS_EXTENSION_VERSION",
        "WEBSITE_RUN_FROM_PACKAGE",
        "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
        "WEBSITE_CONTENTSHARE",
        "SCM_DO_BUILD_DURING_DEPLOYMENT",
        "ENABLE_ORYX_BUILD",
        "WEBSITE_TIME_ZONE",
        "TZ",
    }
)


def the_app_provider_is_registered(change: Change) -> Iterator[Refusal]:
    """Without Microsoft.App a Flex app's PUT answers 500 (terraform-provider-azapi#625)."""
    if _is_flex(change) and "microsoft.app" in change.settings.unregistered:
        yield Refusal(500, "InternalServerError", "There was an unexpected InternalServerError. Please try again later.")


def a_flex_app_has_no_settings_of_others(change: Change) -> Iterator[Refusal]:
    """Site configuration and application settings of other plans are refused (pulumi-azure-native#4168)."""
    if not _is_flex(change):
        return
    config = as_object(properties(change.new_body).get("siteConfig"))
    for name in _NOT_FLEX:
        if name in config:
            yield _invalid(f"site configuration property (Site.SiteConfig.{name[0].upper()}{name[1:]})")
    for setting in objects(config.get("appSettings")):
        if text(setting, "name") in _NOT_SETTINGS:
            yield _invalid(f"app setting (Site.SiteConfig.AppSettings.{text(setting, 'name')})")


def settings_on_their_own_are_checked_too(change: Change) -> Iterator[Refusal]:
    """The settings of an app are written at a path of their own as well."""
    if not change.is_of(f"{SITE}/config") or change.new is None or not same(change.target.name, "appsettings"):
        return
    site = change.world.documents.get(key_of(change.target.parent_id))
    if site and _on_flex(change, site.body):
        for name in properties(change.new_body):
            if name in _NOT_SETTINGS:
                yield _invalid(f"app setting (Site.SiteConfig.AppSettings.{name})")


def _invalid(what: str) -> Refusal:
    return Refusal(400, "BadRequest", f"The following {what} for Flex Consumption sites is invalid.")


def a_flex_plan_has_one_app(change: Change) -> Iterator[Refusal]:
    """One app to a plan."""
    if not _is_flex(change) or not change.is_create:
        return
    plan = text(change.new_body, "properties", "serverFarmId")
    others = [link for link in links_to(change.world, key_of(plan)) if link.source_type == SITE.lower()]
    if others:
        yield Refusal(400, "BadRequest", f"The plan {plan} has an app already: {others[0].source}.")


def a_flex_subnet_is_delegated(change: Change) -> Iterator[Refusal]:
    """The subnet is delegated, has no underscore in its name, and no other plan in it."""
    subnet_id = text(change.new_body, "properties", "virtualNetworkSubnetId") if _is_flex(change) else ""
    subnet = _subnet(change, subnet_id)
    if subnet is None:
        return
    if "_" in text(subnet, "name"):
        yield Refusal(400, "BadRequest", f"Subnet name {text(subnet, 'name')} must not contain an underscore.")
    if delegations(subnet) != [ENVIRONMENTS.lower()]:
        yield Refusal(400, "BadRequest", f"Subnet {subnet_id} must be delegated to {ENVIRONMENTS}.")
    for link in links_to(change.world, key_of(subnet_id)):
        if link.source_type == SITE.lower() and key_of(link.source) != change.place.key:
            yield Refusal(
                400,
                "OnlyOneServiceAssociationLinkAllowedPerSubnet",
                f"Subnet {subnet_id} has a service association link of {link.source} already.",
            )


def a_used_subnet_keeps_its_delegation(change: Change) -> Iterator[Refusal]:
    """The delegation of a subnet that an app uses does not change (azure-docs#39112)."""
    if not change.is_of("Microsoft.Network/virtualNetworks"):
        return
    wanted = {text(subnet, "name").lower(): delegations(subnet) for subnet in items(change.new_body, "subnets")}
    for subnet in items(change.old_body, "subnets"):
        name = text(subnet, "name")
        changed = name.lower() in wanted and wanted[name.lower()] != delegations(subnet)
        users = links_to(change.world, f"{change.place.key}/subnets/{name.lower()}") if changed else []
        if any(link.source_type == SITE.lower() for link in users):
            yield Refusal(
                400,
                "SubnetDelegationsCannotChangeWhenSubnetUsedByResource",
                f"Delegations of subnet {change.place.document}/subnets/{name} cannot be changed because it is being used "
                f"by the resource {users[0].source}.",
            )


def a_lingering_link_holds_its_subnet(change: Change) -> Iterator[Refusal]:
    """A deleted app's link holds the subnet for a time (Azure-Functions#2605)."""
    if not change.is_of("Microsoft.Network/virtualNetworks"):
        return
    left = {text(subnet, "name").lower() for subnet in items(change.new_body, "subnets")}
    for subnet in items(change.old_body, "subnets"):
        name = text(subnet, "name").lower()
        until_s = change.world.lingering.get(f"{change.place.key}/subnets/{name}", 0.0)
        if name not in left and change.now_s < until_s:
            yield Refusal(
                400,
                "InUseSubnetCannotBeDeleted",
                f"Subnet {name} is in use by "
                f"{change.place.document}/subnets/{name}/serviceAssociationLinks/legionservicelink and cannot be deleted. "
                "In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.",
            )


def an_app_gets_its_package_by_one_deploy(change: Change) -> Iterator[Refusal]:
    """A package is fetched from its address, by the one extension that a Flex app has for it."""
    if not change.is_of(EXTENSION) or change.new is None:
        return
    if not same(change.target.name, ONE_DEPLOY):
        yield Refusal(400, "BadRequest", f"Site extension {change.target.name} is not supported for Flex Consumption sites.")
    if not text(change.new_body, "properties", "packageUri").startswith(("http://", "https://")):
        yield Refusal(400, "BadRequest", "The parameter packageUri has an invalid value: it is the address of a package.")


def delegations(subnet: Json) -> list[str]:
    """The services that a subnet is delegated to, in lower case."""
    return [text(each, "properties", "serviceName").lower() for each in objects(properties(subnet).get("delegations"))]


def linked_subnet(document: Document) -> str:
    """The key of the subnet that an app reaches into; empty for none."""
    return key_of(text(document.body, "properties", "virtualNetworkSubnetId")) if same(document.type, SITE) else ""


def _is_flex(change: Change) -> bool:
    return change.is_of(SITE) and change.new is not None and _on_flex(change, change.new_body)


def _on_flex(change: Change, site: Json) -> bool:
    plan = change.world.documents.get(key_of(text(site, "properties", "serverFarmId")))
    return plan is not None and same(text(plan.body, "sku", "name"), "FC1")


def _subnet(change: Change, subnet_id: str) -> Json | None:
    place = place_of(parse(subnet_id)) if subnet_id else None
    return view(change.world, place) if place else None


RULES: tuple[Rule, ...] = (
    the_app_provider_is_registered,
    a_flex_app_has_no_settings_of_others,
    settings_on_their_own_are_checked_too,
    a_flex_plan_has_one_app,
    a_flex_subnet_is_delegated,
    a_used_subnet_keeps_its_delegation,
    a_lingering_link_holds_its_subnet,
    an_app_gets_its_package_by_one_deploy,
)
