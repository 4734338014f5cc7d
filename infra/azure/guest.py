"""How a new Linux worker on Azure finds its data disk, and how much user data it takes; pure. The rest is `infra.guest`.

Imported by `workers` and by the checks of the configuration; knows no Pulumi.

No counterpart: nothing that is called by a device name (`DATA_DEVICE`, `XEN_NAMES`, `BY_ID`); Azure's alone: `DATA_LUN`.
"""

from infra.guest import DataDisk

USER_DATA_BYTES_MAX = 65535
"""Azure takes no more, before base64 (Compute REST API, `OSProfile.customData`)."""

DATA_LUN = 0
"""The number by which the data disk is attached."""


def data_disk(lun: int) -> DataDisk:
    """The disk that is attached under that number.

    The first link is made by the agent's rules (WALinuxAgent, `66-azure-storage.rules`) on machines with SCSI disks, the
    second by azure-vm-utils (`80-azure-disk.rules`) on those with NVMe disks.

    >>> data_disk(0).links
    ('/dev/disk/azure/scsi1/lun0', '/dev/disk/azure/data/by-lun/0')
    """
    return DataDisk(name=f"lun{lun}", links=(f"/dev/disk/azure/scsi1/lun{lun}", f"/dev/disk/azure/data/by-lun/{lun}"))
