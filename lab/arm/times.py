"""How long the emulated operations take: one table per profile, by type and verb, with what each figure rests on.

Times are seconds from the accepted call to the end of its operation. Nobody publishes most of them, so they are given
from outside and reported with every run; an operation is due at a time, and nothing here waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

ANY = "*"
"""Stands for every type, or every verb."""


@dataclass(frozen=True)
class Times:
    """The times of one profile.

    Attributes:
        name: as the command line knows it.
        seconds: (type in lower case, verb) -> seconds; `ANY` may stand for either. The nearest row holds.
        retry_after_s: the header on accepted calls, by namespace in lower case; none where there is no row.
        role_s: from the PUT of an assignment or definition until it works.
        directory_s: from the making of an identity until the directory knows it.
        link_s: from the deletion of an app until its subnet is free.
        propagation_s: from the end of an operation until packets follow it.
    """

    name: str
    seconds: Mapping[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    retry_after_s: Mapping[str, int] = field(default_factory=dict[str, int])
    role_s: float = 0.0
    directory_s: float = 0.0
    propagation_s: float = 0.0
    link_s: float = 0.0

    def of(self, resource_type: str, verb: str) -> float:
        """The time of one operation.

        >>> Times("x", {("*", "delete"): 2.0, ("microsoft.network/networkinterfaces", "*"): 6.0}).of("A/b", "delete")
        2.0
        """
        name = resource_type.lower()
        for row in ((name, verb), (name, ANY), (ANY, verb), (ANY, ANY)):
            if row in self.seconds:
                return self.seconds[row]
        return 0.0


_NIC = "microsoft.network/networkinterfaces"
_VM = "microsoft.compute/virtualmachines"
_USUAL = {
    (ANY, ANY): 2.0,  # azure-cli test_network_nic_subresources.yaml (2022): network 3 s, address 1 to 2 s
    ("microsoft.network/virtualnetworks", ANY): 3.0,  # the same
    ("microsoft.network/loadbalancers/backendaddresspools", ANY): 3.0,  # assumed: no figure found
    (_VM, "create"): 40.0,  # assumed
    # The next four: azure-cli test_vm_create_state_modifications.yaml (2025-11-16, a small machine, start after a stop).
    (_VM, "powerOff"): 9.2,  # ClusterLabs fence_azure_arm allows 150
    (_VM, "start"): 7.8,
    (_VM, "restart"): 31.3,
    (_VM, "deallocate"): 7.8,  # terraform-provider-azurerm#6022 tells of 10 to 30 minutes
    (_VM, "delete"): 40.0,  # assumed
}
_RETRY_AFTER = {"microsoft.network": 10}  # azure-powershell#14460
INSTANT = Times("instant")
NEW_PLANE = Times("azure-new-plane", {**_USUAL, (_NIC, ANY): 3.0}, _RETRY_AFTER, role_s=60.0, directory_s=10.0, link_s=300.0)
"""The new control plane: 6 to 7 s for two NIC PUTs (F5Networks/f5-cloud-failover-extension, performance-sizing.rst)."""
OLD_PLANE = Times(
    "azure-old-plane",
    {**_USUAL, (_NIC, ANY): 35.0},
    _RETRY_AFTER,
    role_s=60.0,
    directory_s=10.0,
    propagation_s=5.0,
    link_s=300.0,
)
"""The old one: 40 to 85 s for the same, and packets follow later still (the same page; the five seconds are assumed)."""
BAD_DAY = Times(
    "azure-bad-day",
    {
        **_USUAL,
        (_NIC, ANY): 240.0,  # F5Networks/f5-azure-arm-templates#151: 8 to 10 min for both (Dec 2019); #159: 277 s and 61 s
        (_VM, "powerOff"): 150.0,  # ClusterLabs fence_azure_arm waits so long
        (_VM, "deallocate"): 1800.0,  # terraform-provider-azurerm#6022
    },
    _RETRY_AFTER,
    role_s=600.0,  # Azure RBAC, "Troubleshoot": up to ten minutes
    directory_s=60.0,
    propagation_s=30.0,  # assumed
    link_s=3600.0,
)
"""A day on which everything takes as long as somebody has published that it did."""
TIMES: Mapping[str, Times] = MappingProxyType({times.name: times for times in (INSTANT, NEW_PLANE, OLD_PLANE, BAD_DAY)})
