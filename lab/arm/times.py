"""How long the emulated operations take: one table per profile, by type and verb, with what each figure rests on.

Times are seconds from the accepted call to the end of its operation. Nobody publishes most of them, so they are given
from outside and reported with every run; an operation is due at a time, and nothing here waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from lab.figures import Basis, Figure

ANY = "*"
"""Stands for every type, or every verb."""


@dataclass(frozen=True)
class Times:
    """The times of one profile.

    Attributes:
        name: as the command line knows it.
        seconds: (type in lower case, verb) -> seconds, or the figure that they come from; `ANY` may stand for either. The
            nearest row holds.
        retry_after_s: the header on accepted calls, by namespace in lower case; none where there is no row.
        role_s: from the PUT of an assignment or definition until it works.
        directory_s: from the making of an identity until the directory knows it.
        link_s: from the deletion of an app until its subnet is free.
        propagation_s: from the end of an operation until packets follow it.
        sources: what a field above rests on, by its name.
    """

    name: str
    seconds: Mapping[tuple[str, str], float | Figure] = field(default_factory=dict[tuple[str, str], float | Figure])
    retry_after_s: Mapping[str, int] = field(default_factory=dict[str, int])
    role_s: float = 0.0
    directory_s: float = 0.0
    propagation_s: float = 0.0
    link_s: float = 0.0
    sources: Mapping[str, str] = field(default_factory=dict[str, str])

    def of(self, resource_type: str, verb: str) -> float:
        """The time of one operation.

        >>> Times("x", {("*", "delete"): 2.0, ("microsoft.network/networkinterfaces", "*"): 6.0}).of("A/b", "delete")
        2.0
        """
        name = resource_type.lower()
        for row in ((name, verb), (name, ANY), (ANY, verb), (ANY, ANY)):
            if row in self.seconds:
                found = self.seconds[row]
                return found.low_s if isinstance(found, Figure) else found
        return 0.0

    def with_roles_at_once(self) -> "Times":
        """The same for a lab that is played: its deployment is one run, and does not ask again when a role is late."""
        sources = {name: source if name != "role_s" else _NONE_PLAYED for name, source in self.sources.items()}
        return replace(self, role_s=0.0, sources=sources)

    def figures(self) -> Mapping[str, Figure]:
        """Every figure by a name for people, in the order of the table."""
        named = {_words(kind, verb): figure for (kind, verb), figure in self.seconds.items() if isinstance(figure, Figure)}
        return named | {
            _FIELDS[name]: Figure(getattr(self, name), getattr(self, name), Basis.INFERRED, source)
            for name, source in self.sources.items()
        }


_NONE_PLAYED = "none in a lab that is played"
_FIELDS = {
    "role_s": "a role works after",
    "directory_s": "the directory knows an identity after",
    "propagation_s": "packets follow the end of an operation after",
    "link_s": "a deleted app's subnet is free after",
}


def _words(kind: str, verb: str) -> str:
    """A row's name.

    >>> _words("microsoft.compute/virtualmachines", "powerOff"), _words("*", "*")
    ('virtualmachines powerOff', 'any other operation')
    """
    about = "any other operation" if kind == ANY else kind.rpartition("/")[2]
    return about if verb == ANY else f"{about} {verb}"


def _measured(seconds: float, source: str) -> Figure:
    return Figure(seconds, seconds, Basis.MEASURED, source)


def _inferred(seconds: float, source: str) -> Figure:
    return Figure(seconds, seconds, Basis.INFERRED, source)


_NIC = "microsoft.network/networkinterfaces"
_VM = "microsoft.compute/virtualmachines"
_NOBODY = "no published figure found; taken"
_CARDS = "Azure/azure-cli, test_network_nic_subresources.yaml (2022)"
_MACHINES = "Azure/azure-cli, test_vm_create_state_modifications.yaml (2025-11-16), a small machine, start after a stop"
_F5 = "F5Networks/f5-cloud-failover-extension, docs/userguide/performance-sizing.rst (read 2026-11-21)"
_USUAL: Mapping[tuple[str, str], float | Figure] = {
    (ANY, ANY): _inferred(2.0, f"{_CARDS}: an address 1 to 2 s"),
    ("microsoft.network/virtualnetworks", ANY): _measured(3.0, _CARDS),
    ("microsoft.network/loadbalancers/backendaddresspools", ANY): _inferred(
        3.0, "Azure/azure-cli, test_network_lb_address_pool_addresses.yaml (2020): at most 11 s, between two polls"
    ),
    (_VM, "create"): _inferred(40.0, _NOBODY),
    (_VM, "powerOff"): _measured(9.2, _MACHINES),
    (_VM, "start"): _measured(7.8, _MACHINES),
    (_VM, "restart"): _measured(31.3, _MACHINES),
    (_VM, "deallocate"): _measured(7.8, _MACHINES),
    (_VM, "delete"): _inferred(40.0, _NOBODY),
}
_RETRY_AFTER = {"microsoft.network": 10}  # azure-powershell#14460
_ROLE = "Azure RBAC, Troubleshoot: a new role works within ten minutes; one minute taken"
_SOURCES = {
    "role_s": _ROLE,
    "directory_s": _NOBODY,
    "link_s": "Azure-Functions#2605: minutes up to days; five minutes taken",
}
INSTANT = Times("instant")
NEW_PLANE = Times(
    "azure-new-plane",
    {**_USUAL, (_NIC, ANY): _inferred(3.0, f"{_F5}: 6 to 7 s for the two writes of a move")},
    _RETRY_AFTER,
    role_s=60.0,
    directory_s=10.0,
    link_s=300.0,
    sources=_SOURCES,
)
"""The new control plane."""
OLD_PLANE = Times(
    "azure-old-plane",
    {**_USUAL, (_NIC, ANY): _inferred(35.0, f"{_F5}: 40 to 85 s for the two writes of a move")},
    _RETRY_AFTER,
    role_s=60.0,
    directory_s=10.0,
    propagation_s=5.0,
    link_s=300.0,
    sources={**_SOURCES, "propagation_s": f"{_F5}: an end is not yet the packets' end; five seconds taken"},
)
"""The old one; packets follow later still."""
BAD_DAY = Times(
    "azure-bad-day",
    {
        **_USUAL,
        (_NIC, ANY): _inferred(
            240.0, "F5Networks/f5-azure-arm-templates#151: 8 to 10 min for both writes (Dec 2019); #159: 277 s and 61 s"
        ),
        (_VM, "powerOff"): _inferred(150.0, "ClusterLabs fence_azure_arm waits so long"),
        (_VM, "deallocate"): _inferred(1800.0, "terraform-provider-azurerm#6022: 10 to 30 minutes"),
    },
    _RETRY_AFTER,
    role_s=600.0,
    directory_s=60.0,
    propagation_s=30.0,
    link_s=3600.0,
    sources={
        "role_s": "Azure RBAC, Troubleshoot: within ten minutes",
        "directory_s": _NOBODY,
        "propagation_s": _NOBODY,
        "link_s": "Azure-Functions#2605: minutes up to days; an hour taken",
    },
)
"""A day on which everything takes as long as somebody has published that it did."""
TIMES: Mapping[str, Times] = MappingProxyType({times.name: times for times in (INSTANT, NEW_PLANE, OLD_PLANE, BAD_DAY)})
