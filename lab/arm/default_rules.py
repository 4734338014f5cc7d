"""The six rules that every network security group ends with; nobody writes them (Azure's page on security groups).

The second one lets the balancer's probes in, which come from 168.63.129.16.
"""

from collections.abc import Iterator

from lab.arm.messages import Json

_ROWS = (
    ("AllowVnetInBound", "VirtualNetwork", "VirtualNetwork", "Allow", 65000, "Inbound"),
    ("AllowAzureLoadBalancerInBound", "AzureLoadBalancer", "*", "Allow", 65001, "Inbound"),
    ("DenyAllInBound", "*", "*", "Deny", 65500, "Inbound"),
    ("AllowVnetOutBound", "VirtualNetwork", "VirtualNetwork", "Allow", 65000, "Outbound"),
    ("AllowInternetOutBound", "*", "Internet", "Allow", 65001, "Outbound"),
    ("DenyAllOutBound", "*", "*", "Deny", 65500, "Outbound"),
)


def default_rules(group_id: str, etag: str) -> Iterator[Json]:
    """The rules as they stand in a group."""
    for name, source, destination, access, priority, direction in _ROWS:
        yield {
            "name": name,
            "id": f"{group_id}/defaultSecurityRules/{name}",
            "type": "Microsoft.Network/networkSecurityGroups/defaultSecurityRules",
            "etag": etag,
            "properties": {
                "provisioningState": "Succeeded",
                "protocol": "*",
                "sourceAddressPrefix": source,
                "sourcePortRange": "*",
                "destinationAddressPrefix": destination,
                "destinationPortRange": "*",
                "access": access,
                "priority": priority,
                "direction": direction,
            },
        }
