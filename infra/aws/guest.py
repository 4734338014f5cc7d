"""How a new Linux worker on AWS finds its volume, and how much user data EC2 takes; pure. The rest is `infra.guest`.

Imported by `workers` and by the checks of the configuration; knows no Pulumi.
"""

from infra.guest import DataDisk

USER_DATA_BYTES_MAX = 16384
"""EC2 takes no more, before base64 (botocore, ec2, `RunInstances`)."""

DATA_DEVICE = "/dev/sdf"
"""The name that EC2 is told; inside it is another one, which is why the disk is found by the volume's id."""
XEN_NAMES = ("/dev/xvdf", DATA_DEVICE)
"""What the kernel of a machine type without Nitro calls that device (EC2 guide, "Device names on Linux")."""

BY_ID = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_"


def data_disk(volume_id: str) -> DataDisk:
    """The disk of a volume; older names only where no EBS disk is an NVMe one.

    >>> data_disk("vol-0123456789abcdef0").links
    ('/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0',)
    """
    return DataDisk(
        name=volume_id,
        links=(BY_ID + volume_id.replace("-", ""),),
        older_names=XEN_NAMES,
        older_unless=f"{BY_ID}*",
    )
