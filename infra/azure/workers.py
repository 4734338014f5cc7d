"""The workers: one virtual machine per zone, each with its network card and its data disk.

What the watchdog changes at run time, and what would stop or replace a machine, the program leaves alone. A worker has no
identity and no public address of its own, and no port for anybody but partners: to get in, use the serial console.

No counterpart: `WATCHDOGS` (nothing of a machine is the watchdog's: it writes on the card), `RESERVATION_LEFT_ALONE`,
`RESERVED_PLATFORM`; in `Placement` `second_private_ip`; in `WorkersArgs` `account`, `egress`, `ami_id`, `instance_type`,
`tenancy`, `reserve_capacity`, `auto_recovery`, `metadata_hops`, `group_id` (in `Placement`), `key_arn` (encryption_set_id),
`deletion_protection` (`locks`). Azure's alone: `IMMUTABLE`, in `Placement` `group_id` and `host_id`, in `WorkersArgs`
`image`, `vm_size`, `admin_public_key`, `encryption_set_id`.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure

from infra.azure.account import Place
from infra.azure.guest import DATA_LUN, data_disk
from infra.azure.rolling import only_a_standby
from infra.guest import Guest, user_data
from infra.naming import Kind, physical, tags
from infra.rolling import check_name
from infra.shapes import WorkerHandle, child

ADMIN = "tandem"
"""The account that the image is asked for; its key opens nothing from outside."""

LEFT_ALONE = (
    # A new image, other user data and another key replace the machine: both workers at once.
    "storageProfile.imageReference",
    "osProfile.customData",
    "osProfile.linuxConfiguration",
    # These stop and start it, whatever its state: the holder goes down, a fenced worker wakes up.
    "hardwareProfile.vmSize",
    "storageProfile.osDisk.diskSizeGB",
    "host",
)
"""Properties of a living worker that only a step-by-step change of one worker may touch."""

IMMUTABLE = (
    "osProfile.adminUsername",
    "osProfile.computerName",
    "osProfile.customData",
    "osProfile.linuxConfiguration.ssh",
    "storageProfile.imageReference",
    "storageProfile.osDisk.createOption",
    "storageProfile.osDisk.managedDisk.diskEncryptionSet",
    "storageProfile.osDisk.name",
    "zones",
)
"""What Azure never changes of a machine. The provider would show an update, and it would fail half-way
(pulumi-azure-native#577)."""

MADE_ANEW_BY = ("host", "storageProfile.osDisk.diskSizeGB")
"""What a rolled worker is made anew by besides: Azure changes both of a deallocated machine only (Azure, "Deploy VMs to
dedicated hosts" and "Expand virtual hard disks", from memory)."""


@dataclass(frozen=True)
class Placement:
    """Where one worker stands."""

    zone: str
    private_ip: str
    subnet_id: pulumi.Output[str]
    group_id: pulumi.Output[str]
    """Its security group."""
    data_volume_id: pulumi.Output[str]
    host_id: pulumi.Output[str] | None
    """Hardware of its own; None: it shares."""


class WorkersArgs(Place):
    """Arguments of `Workers`."""

    placements: Mapping[str, Placement]
    """By worker, in the order of the zones."""
    image: str
    vm_size: str
    admin_public_key: str
    root_volume_gb: int
    guest_setup: bool
    data_mount_path: str
    service_unit: str
    """Empty: none."""
    user_data: str
    """Empty: none."""
    encryption_set_id: pulumi.Output[str]
    roll_worker: str
    """The one that takes the properties else left alone, in this run; empty: none."""
    address_id: pulumi.Output[str]
    """Of the public address that a worker may hold, or of the balancer's pool."""
    after: Sequence[pulumi.Resource]
    """What must be there as long as there are workers: whatever the watchdog may hang on a card, above all."""


class Workers(pulumi.ComponentResource):
    """Network cards and machines."""

    handles: tuple[WorkerHandle, ...]

    def __init__(self, name: str, args: WorkersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Workers", name, {}, opts)
        self._name = name
        self._args = args
        check_name(args["roll_worker"], args["placements"])
        self.resources: list[pulumi.Resource] = []
        self.machines: dict[str, azure.compute.VirtualMachine] = {}
        handles: list[WorkerHandle] = []
        for worker, placement in args["placements"].items():
            card = self._card(worker, placement)
            machine = self._machine(worker, placement, card)
            self.resources += [card, machine]
            self.machines[worker] = machine
            handles.append(
                WorkerHandle(
                    name=worker,
                    zone=placement.zone,
                    private_ip=placement.private_ip,
                    address_private_ip=pulumi.Output.from_input(placement.private_ip),
                    instance_id=machine.id,
                    network_interface_id=card.id,
                )
            )
        self.handles = tuple(handles)
        self.register_outputs({"instance_ids": {handle.name: handle.instance_id for handle in handles}})

    def _card(self, worker: str, placement: Placement) -> azure.network.NetworkInterface:
        """Without a public address: which card has it, the watchdog alone decides.

        An update would be a full write made from the program's own words, and take the address off the holder, whatever the
        difference was. So there is none, ever.
        """
        args = self._args
        return azure.network.NetworkInterface(
            f"{self._name}-{worker}",
            network_interface_name=physical(Kind.NETWORK_PART, f"{args['site']}-{worker}"),
            resource_group_name=args["group"],
            location=args["region"],
            ip_configurations=[
                {
                    "name": "primary",
                    "primary": True,
                    "subnet": {"id": placement.subnet_id},
                    # Pinned: a balancer's pool, the probes and the watchdog go by it.
                    "private_ip_allocation_method": "Static",
                    "private_ip_address": placement.private_ip,
                    "private_ip_address_version": "IPv4",
                }
            ],
            network_security_group={"id": placement.group_id},
            enable_ip_forwarding=False,
            enable_accelerated_networking=False,
            tags=tags(args["site"], args["tags"]),
            opts=child(self, depends_on=args["after"], ignore_changes=["*"]),
        )

    def _machine(
        self, worker: str, placement: Placement, card: azure.network.NetworkInterface
    ) -> azure.compute.VirtualMachine:
        args = self._args
        called = physical(Kind.MACHINE, f"{args['site']}-{worker}")
        return azure.compute.VirtualMachine(
            f"{self._name}-{worker}",
            vm_name=called,
            resource_group_name=args["group"],
            location=args["region"],
            zones=[placement.zone],
            host={"id": placement.host_id} if placement.host_id else None,
            hardware_profile={"vm_size": args["vm_size"]},
            os_profile={
                "computer_name": called,
                "admin_username": ADMIN,
                **_custom_data(self._user_data()),
                "linux_configuration": {
                    "disable_password_authentication": True,
                    "provision_vm_agent": True,
                    "ssh": {
                        "public_keys": [
                            {"path": f"/home/{ADMIN}/.ssh/authorized_keys", "key_data": args["admin_public_key"]}
                        ]
                    },
                },
            },
            storage_profile={
                "image_reference": self._image(worker, placement, card),
                "os_disk": {
                    "name": physical(Kind.DISK, f"{args['site']}-{worker}"),
                    "create_option": "FromImage",
                    "caching": azure.compute.CachingTypes.READ_WRITE,
                    "disk_size_gb": args["root_volume_gb"],
                    "delete_option": "Delete",
                    "managed_disk": {
                        "storage_account_type": "Premium_LRS",
                        "disk_encryption_set": {"id": args["encryption_set_id"]},
                    },
                },
                "data_disks": [
                    {
                        "lun": DATA_LUN,
                        "create_option": "Attach",
                        "caching": azure.compute.CachingTypes.NONE,
                        # Else it goes with the machine, in a replacement too.
                        "delete_option": "Detach",
                        "managed_disk": {"id": placement.data_volume_id},
                    }
                ],
            },
            network_profile={"network_interfaces": [{"id": card.id, "primary": True, "delete_option": "Detach"}]},
            # True from the beginning: later on it takes a stop. False is refused where the feature is not registered.
            security_profile={"encryption_at_host": True},
            diagnostics_profile={"boot_diagnostics": {"enabled": True}},
            tags=tags(args["site"], args["tags"]),
            opts=child(
                self,
                # One after the other: what changes both must never change both at once.
                depends_on=[*args["after"], *self.resources],
                ignore_changes=() if self._is_rolled(worker) else LEFT_ALONE,
                replace_on_changes=(*IMMUTABLE, *MADE_ANEW_BY) if self._is_rolled(worker) else IMMUTABLE,
                # The old one has the name, the card and the disk until it is gone.
                delete_before_replace=True,
            ),
        )

    def _is_rolled(self, worker: str) -> bool:
        return worker == self._args["roll_worker"]

    def _image(
        self, worker: str, placement: Placement, card: azure.network.NetworkInterface
    ) -> "pulumi.Input[azure.compute.ImageReferenceArgsDict]":
        """The image; of a rolled worker only once the cloud has said that it does not hold. Else it stays as it is."""
        found = image_reference(self._args["image"])
        if not self._is_rolled(worker):
            return found
        rolled = only_a_standby(worker, placement.private_ip, card.id, self._args["address_id"], self)
        return rolled.apply(lambda _: found)

    def _user_data(self) -> str:
        """Known before anything exists: the disk goes by its number, and there is no second address. "": none."""
        args = self._args
        if not args["guest_setup"]:
            return args["user_data"]
        return user_data(
            Guest(
                disk=data_disk(DATA_LUN),
                mount_path=args["data_mount_path"],
                service_unit=args["service_unit"],
                address_ip="",
                user_data=args["user_data"],
            )
        )


def _custom_data(told: str) -> "azure.compute.OSProfileArgsDict":
    """As Azure takes it; nothing at all where nothing is told."""
    return {"custom_data": base64.b64encode(told.encode()).decode()} if told else {}


def image_reference(image: str) -> "azure.compute.ImageReferenceArgsDict":
    """How Azure is told an image.

    >>> image_reference("Canonical:ubuntu-24_04-lts:server:24.04.202610010")["version"]
    '24.04.202610010'

    Raises:
        ValueError: it is neither an id nor publisher:offer:sku:version, or the version is no version.
    """
    if image.startswith("/"):
        return {"id": image}
    parts = image.split(":")
    if len(parts) != len(("publisher", "offer", "sku", "version")) or not all(parts) or parts[-1].lower() == "latest":
        raise ValueError(
            f"{image} is no image: publisher:offer:sku:version with an exact version, or the id of a gallery's. With "
            "latest, two workers that are made on different days differ, and nothing ever shows it"
        )
    publisher, offer, sku, version = parts
    return {"publisher": publisher, "offer": offer, "sku": sku, "version": version}
