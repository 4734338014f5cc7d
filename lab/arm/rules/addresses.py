"""Rules on Public IPs, and on the interfaces, balancers and gateways that hold them."""

from collections import Counter
from collections.abc import Iterator

from lab.arm.bodies import properties, same, text
from lab.arm.change import Change, Rule
from lab.arm.ids import parse
from lab.arm.messages import Refusal
from lab.arm.references import Link, document_links, is_within, links_of
from lab.arm.world import World

ADDRESS = "microsoft.network/publicipaddresses"


def holders(world: World) -> Iterator[Link]:
    """Who holds a Public IP, until the operation that gives it up has ended."""
    for document in world.documents.values():
        pending = world.pending(document.key)
        before = links_of(document.type, document.id, document.previous or {}) if pending else ()
        yield from (link for link in (*document_links(document), *before) if link.target_type == ADDRESS)


def one_holder(change: Change) -> Iterator[Refusal]:
    """An address that another resource holds is refused at once, before any change (MicrosoftLearning/AZ-100 lab #15)."""
    wanted = [link for link in change.new_links() if link.target_type == ADDRESS]
    for link in wanted:
        for held in holders(change.world):
            if held.key == link.key and not is_within(held.source.lower(), change.place.key):
                yield Refusal(
                    400,
                    "PublicIPAddressInUse",
                    f"Resource {link.source} is referencing public IP address {held.target} that is already allocated to "
                    f"resource {held.source}.",
                )


def once_in_a_body(change: Change) -> Iterator[Refusal]:
    """One body does not name one address twice."""
    wanted = Counter(link.key for link in change.new_links() if link.target_type == ADDRESS)
    for link in change.new_links():
        if wanted[link.key] > 1:
            yield Refusal(
                400,
                "PublicIPReferencedByMultipleIPConfigs",
                f"Public IP address {link.target} is referenced by multiple ipconfigs.",
            )


def no_basic_address(change: Change) -> Iterator[Refusal]:
    """Basic addresses were retired in 2025; a body that names no SKU asks for one."""
    if change.is_of(ADDRESS) and change.is_create and same(text(change.new_body, "sku", "name"), "Basic"):
        yield Refusal(
            400,
            "IPv4BasicSkuPublicIpCountLimitReached",
            "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region.",
        )


def standard_is_static(change: Change) -> Iterator[Refusal]:
    """A Standard address has no dynamic allocation."""
    inside = properties(change.new_body)
    dynamic = same(str(inside.get("publicIPAllocationMethod", "")), "Dynamic")
    if change.is_of(ADDRESS) and dynamic and same(text(change.new_body, "sku", "name"), "Standard"):
        yield Refusal(
            400,
            "StandardSkuPublicIPAddressesCannotHaveDynamicAllocation",
            f"Standard sku publicIp {change.place.document} must have AllocationMethod set to Static.",
        )


def zones_stay(change: Change) -> Iterator[Refusal]:
    """Zones never change, and a PUT that leaves them out changes them (Azure/AzOps#701)."""
    if not change.is_of(ADDRESS) or change.old is None or change.new is None:
        return
    had, wanted = (sorted(map(str, body.get("zones") or [])) for body in (change.old_body, change.new_body))
    if had != wanted:
        yield Refusal(
            400,
            "ResourceAvailabilityZonesCannotBeModified",
            f"Resource {change.place.document} has an existing availability zone constraint "
            f"{', '.join(had) or 'NO_ZONE'} and the request has availability zone constraint "
            f"{', '.join(wanted) or 'NO_ZONE'}, which do not match. Zones cannot be added/updated/removed once the resource "
            "is created. The resource cannot be updated from regional to zonal or vice-versa.",
        )


def skus_match(change: Change) -> Iterator[Refusal]:
    """A balancer and its address are of one SKU."""
    if not change.is_of("microsoft.network/loadbalancers"):
        return
    own = text(change.new_body, "sku", "name")
    for link in change.new_links():
        document = change.world.documents.get(link.key) if link.target_type == ADDRESS else None
        other = text(document.body, "sku", "name") if document else own
        if not same(own, other):
            yield Refusal(
                400,
                "PublicIPAndLBSkuDoNotMatch",
                f"{own} sku load balancer {change.place.document} cannot reference {other} sku publicIP "
                f"{parse(link.target).id}.",
            )


RULES: tuple[Rule, ...] = (no_basic_address, standard_is_static, zones_stay, once_in_a_body, one_holder, skus_match)
