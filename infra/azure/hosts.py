"""Hardware that a worker shares with nobody: a host of its own in its zone, where dedicated hosts are wanted.

The twin of `tenancy` on AWS, which is a property of the machine there.
"""

import re
from collections.abc import Mapping

import pulumi
import pulumi_azure_native as azure

from infra.azure.account import Place
from infra.naming import Kind, physical, tags
from infra.shapes import child


def host_sku(vm_size: str) -> str:
    """The kind of host on which machines of that size run.

    Families and hosts go by one scheme (Azure, "Dedicated Host SKUs", from memory): letters, version, type of hardware.

    >>> host_sku("Standard_D2s_v5"), host_sku("Standard_E4ads_v5")
    ('Dsv5-Type1', 'Eadsv5-Type1')

    Raises:
        ValueError: the size does not tell its family.
    """
    found = re.fullmatch(r"Standard_([A-Z]+)\d+([a-z]*)_(v\d+)", vm_size)
    if not found:
        raise ValueError(f"no dedicated host is known for {vm_size}; one is for sizes such as Standard_D2s_v5")
    return f"{''.join(found.groups())}-Type1"


class HostsArgs(Place):
    """Arguments of `Hosts`."""

    zones: Mapping[str, str]
    """Worker to zone."""
    vm_size: str


class Hosts(pulumi.ComponentResource):
    """A group of hosts and one host for each worker."""

    host_ids: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: HostsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Hosts", name, {}, opts)
        self._name = name
        self._args = args
        self.host_ids = {worker: self._host(worker, zone).id for worker, zone in args["zones"].items()}
        self.register_outputs({"host_ids": self.host_ids})

    def _host(self, worker: str, zone: str) -> azure.compute.DedicatedHost:
        args = self._args
        shown = tags(args["site"], args["tags"])
        called = physical(Kind.NETWORK_PART, f"{args['site']}-{worker}")
        group = azure.compute.DedicatedHostGroup(
            f"{self._name}-{worker}",
            host_group_name=called,
            resource_group_name=args["group"],
            location=args["region"],
            platform_fault_domain_count=1,
            support_automatic_placement=False,
            # The machine's own zone, else it is refused.
            zones=[zone],
            tags=shown,
            opts=child(self, replace_on_changes=["zones"]),
        )
        return azure.compute.DedicatedHost(
            f"{self._name}-{worker}",
            host_name=called,
            host_group_name=group.name,
            resource_group_name=args["group"],
            location=args["region"],
            sku={"name": host_sku(args["vm_size"])},
            platform_fault_domain=0,
            auto_replace_on_failure=True,
            tags=shown,
            # Its kind never changes under a machine that lives there.
            opts=child(self, ignore_changes=["sku"]),
        )
