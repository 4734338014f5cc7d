"""What both clouds' rules of ports know: which ports manage a machine, and which networks are the world.

A network counts as the world from a size on that no organisation has: wider than a /8 of IPv4, wider than a /16 of IPv6. So
two halves of the world are two findings.
"""

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any

ADMIN_PORTS: Mapping[int, str] = {
    22: "SSH",
    23: "Telnet",
    135: "Windows RPC",
    445: "SMB",
    1433: "SQL Server",
    1521: "Oracle",
    2375: "Docker",
    2376: "Docker",
    2379: "etcd",
    3306: "MySQL",
    3389: "RDP",
    5432: "PostgreSQL",
    5900: "VNC",
    5985: "WinRM",
    5986: "WinRM",
    6379: "Redis",
    6443: "Kubernetes",
    9200: "Elasticsearch",
    10250: "kubelet",
    11211: "memcached",
    27017: "MongoDB",
}
"""Services by which a machine or its data is managed, at the ports that IANA or their makers gave them."""

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "adminPorts": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1, "maximum": 65535},
        "default": sorted(ADMIN_PORTS),
        "description": "The ports that are never open to the world.",
    }
}

WORLD_V4, WORLD_V6 = 8, 16
"""Prefixes shorter than these are the world."""


def is_world(network: str) -> bool:
    """Whether a network is too wide to be anybody's.

    >>> [is_world(network) for network in ("0.0.0.0/0", "128.0.0.0/1", "10.0.0.0/8", "::/0", "2000::/3", "fd00::/16", "")]
    [True, True, False, True, True, False, False]
    """
    try:
        parsed = ip_network(network, strict=False)
    except ValueError:
        return False
    return parsed.prefixlen < (WORLD_V4 if parsed.version == 4 else WORLD_V6)  # noqa: PLR2004 - IPv4


def admin_ports(config: Mapping[str, Any]) -> list[int]:
    """The ports that are never open to the world."""
    return [int(port) for port in config["adminPorts"]]


def named(ports: Sequence[int]) -> str:
    """Ports with the services that are known for them.

    >>> named([22, 8022])
    '22 (SSH), 8022'
    """
    return ", ".join(f"{port} ({ADMIN_PORTS[port]})" if port in ADMIN_PORTS else str(port) for port in ports)
