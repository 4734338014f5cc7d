"""What of a resource that was read goes into the PUT that writes it: all but what Azure alone says. Pure.

A full PUT replaces the resource, so nothing that may be written is left out, known to us or not. Left out is what the
published types of api 2024-05-01 mark as read-only (Azure/bicep-types-az, microsoft.network); Azure passes it over, and a
judge of bodies calls it a mistake.
"""

from typing import Any, Final

Document = dict[str, Any]
"""A resource as the service shows it."""

ENVELOPE: Final = frozenset({"etag", "id", "name", "type"})
"""Said by the address of the request and by its headers."""

CARD: Final = frozenset(
    {
        "defaultOutboundConnectivityEnabled",
        "dscpConfiguration",
        "hostedWorkloads",
        "macAddress",
        "primary",
        "privateEndpoint",
        "provisioningState",
        "resourceGuid",
        "tapConfigurations",
        "virtualMachine",
        "vnetEncryptionSupported",
    }
)
CONFIGURATION: Final = frozenset({"privateLinkConnectionProperties", "provisioningState"})
NAMES: Final = frozenset({"appliedDnsServers", "internalDomainNameSuffix", "internalFqdn"})
POOL: Final = frozenset(
    {
        "backendIPConfigurations",
        "inboundNatRules",
        "loadBalancingRules",
        "outboundRule",
        "outboundRules",
        "provisioningState",
    }
)
"""Read-only: of a network card, of its IP configurations, of its names, of a balancer's pool."""


def of_card(document: Document) -> Document:
    """The body of a network card; the configurations keep their names, which tell them apart."""
    properties = _without(document["properties"], CARD)
    if "dnsSettings" in properties:
        properties["dnsSettings"] = _without(properties["dnsSettings"], NAMES)
    properties["ipConfigurations"] = [
        {"name": each["name"], "properties": _without(each["properties"], CONFIGURATION)}
        for each in properties["ipConfigurations"]
    ]
    return {**_without(document, ENVELOPE), "properties": properties}


def of_pool(document: Document) -> Document:
    """The body of a balancer's pool, whose members were made by us."""
    return {"properties": _without(document["properties"], POOL)}


def of_rule(document: Document) -> Document:
    """The body of a rule of a security group."""
    return {"properties": _without(document["properties"], frozenset({"provisioningState"}))}


def _without(document: Document, names: frozenset[str]) -> Document:
    return {name: value for name, value in document.items() if name not in names}
