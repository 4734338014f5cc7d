"""Ids of Azure Resource Manager, and what the watchdog writes on resources. Pure; may be imported by everybody."""

from dataclasses import dataclass
from typing import Final

EPOCH_TAG: Final = "tandem:epoch"
"""On every worker's network card: the epoch of the last move. Writing it gives the card another ETag, so that no write that
was made for the card before still finds it."""

ASSOCIATION_TAG: Final = "tandem:association"
"""On the card that has the address: what tells this association from every other one. Written and removed with it."""

FENCE_RULES: Final = ("tandem-fence-in", "tandem-fence-out")
"""Of every worker's own security group: they deny everything when it is isolated, else an address that nobody has."""

NOBODY: Final = "192.0.2.1/32"
"""Documentation only, so no packet comes from it or goes to it (RFC 5737)."""

EVERYBODY: Final = "*"


@dataclass(frozen=True, slots=True)
class Id:
    """The group and the name of a resource."""

    group: str
    name: str

    @classmethod
    def parse(cls, text: str) -> "Id":
        """As in the settings: /subscriptions/S/resourceGroups/G/providers/NAMESPACE/TYPE/NAME.

        >>> Id.parse("/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/card-1")
        Id(group='g', name='card-1')

        Raises:
            ValueError: it is no such id.
        """
        parts = text.split("/")
        if len(parts) != _PARTS or parts[1].lower() != "subscriptions" or parts[3].lower() != "resourcegroups":
            raise ValueError(f"{text!r} is no id of a resource in a resource group")
        return cls(parts[4], parts[-1])


@dataclass(frozen=True, slots=True)
class PoolId:
    """The group, the balancer and the name of a pool."""

    group: str
    balancer: str
    pool: str

    @classmethod
    def parse(cls, text: str) -> "PoolId":
        """As in the settings: .../loadBalancers/BALANCER/backendAddressPools/POOL.

        Raises:
            ValueError: it is no such id.
        """
        balancer_id, kind, pool = text.rpartition(_POOLS)
        if not kind or not pool:
            raise ValueError(f"{text!r} is no id of a balancer's pool")
        at = Id.parse(balancer_id)
        return cls(at.group, at.name, pool)


def subscription_of(text: str) -> str:
    """The subscription of a resource.

    >>> subscription_of("/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses/front")
    's'

    Raises:
        ValueError: it is no id of a resource.
    """
    parts = text.split("/")
    if len(parts) < _PARTS or parts[1].lower() != "subscriptions":
        raise ValueError(f"{text!r} is no id of a resource in a subscription")
    return parts[2]


def is_pool(text: str) -> bool:
    """Whether the site's address is behind a balancer: then its id is that of the pool.

    >>> is_pool("/x/loadBalancers/lb/backendAddressPools/workers"), is_pool("/x/publicIPAddresses/front")
    (True, False)
    """
    return _POOLS in text


def is_same(one: str, other: str) -> bool:
    """Whether two ids name one resource: the services write their case as they like."""
    return one.lower() == other.lower()


def card_of(configuration_id: str) -> str:
    """The card of an IP configuration, by id.

    >>> card_of("/x/networkInterfaces/card-1/ipConfigurations/first")
    '/x/networkInterfaces/card-1'
    """
    return configuration_id.rsplit("/", 2)[0]


_PARTS = 9
_POOLS = "/backendAddressPools/"
