"""How resources of `azure-native` are told apart, and what their ids are like.

A type may be written with the API version that it is asked by (`azure-native:network/v20240501:PublicIPAddress`); it is the
same type. Resource Manager does not tell small letters of an id from capital ones.

A rule of stacks sees what the provider answers, not what the program chose: the names that a resource was given (as
`publicIpAddressName`) are not in it, an id never is, and before the update hardly an object. So what can be judged from one
resource is judged so, and a rule of stacks goes by what a property's value comes from.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from tandem_policy.values import UNKNOWN, Properties, Resource, text

PROVIDER: Final = "azure-native"

ADDRESS: Final = "network:PublicIPAddress"
BALANCER: Final = "network:LoadBalancer"
MACHINE: Final = "compute:VirtualMachine"
DISK: Final = "compute:Disk"
VAULT: Final = "keyvault:Vault"
ACCOUNT: Final = "storage:StorageAccount"
GROUP: Final = "resources:ResourceGroup"
APP: Final = "web:WebApp"

ADDRESS_NAME: Final = "{site}-address"
RECORD_NAME: Final = "{site}-record"
"""Of the storage account with the record, in the program; its own name is shortened to what Azure takes."""


def kind_of(resource: Resource) -> str:
    """Module and type without the API version, as `network:Subnet`; empty for what is another provider's.

    >>> kind_of(Resource(type="azure-native:network/v20240501:Subnet", name="a", urn="u", props={}))
    'network:Subnet'
    """
    provider, _, rest = resource.type.partition(":")
    module, _, name = rest.partition(":")
    return f"{module.partition('/')[0]}:{name}" if provider == PROVIDER else ""


def of_kinds(resources: Iterable[Resource], *kinds: str) -> list[Resource]:
    """The resources of these kinds."""
    return [resource for resource in resources if kind_of(resource) in kinds]


def is_watched(resource: Resource) -> bool:
    """Whether a public address is the one that a watchdog moves, or has a balancer keep: by its tags and its name."""
    if kind_of(resource) != ADDRESS or not resource.site:
        return False
    named = (resource.name, *(text(resource.props.get(key)) for key in ("publicIpAddressName", "name")))
    return ADDRESS_NAME.format(site=resource.site) in named


def is_record(resource: Resource) -> bool:
    """Whether a storage account holds a record: by its tags and its name in the program."""
    named = RECORD_NAME.format(site=resource.site)
    return kind_of(resource) == ACCOUNT and bool(resource.site) and resource.name == named


def dig(value: object, *keys: str) -> Any:
    """What stands below these keys; `UNKNOWN` where it hangs on something unknown, None where nothing is.

    >>> dig({"a": {"b": 1}}, "a", "b"), dig({"a": UNKNOWN}, "a", "b"), dig({}, "a", "b")
    (1, <Unknown.UNKNOWN: 'unknown'>, None)
    """
    for key in keys:
        if value is UNKNOWN:
            return UNKNOWN
        value = cast("Properties", value).get(key) if isinstance(value, Mapping) else None
    return value


def same(one: object, other: object) -> bool:
    """Whether two names or ids are of one thing; one that is not known is nothing's."""
    return text(one).lower() == text(other).lower() != ""


def is_within(resource_id: object, scope: object) -> bool:
    """Whether an id is known to be the scope, or to lie below it."""
    inner, outer = text(resource_id).lower(), text(scope).lower().rstrip("/")
    return bool(outer) and (inner == outer or inner.startswith(f"{outer}/"))
