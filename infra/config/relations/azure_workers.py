"""Rules about the machines that are Azure's own."""

import re
from collections.abc import Iterator

from infra.config.faults import Fault
from infra.config.keys import FIND_AZURE_IMAGE, NAME_PUBLIC_KEY, AzureConfig
from infra.config.relations.registry import relation
from infra.config.relations.workers import unreadable

PLACEHOLDER_IMAGE = "example:integration-engine:standard:1.0.0"
PLACEHOLDER_KEY = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43}"
"""In the shipped stack files; the lab uses both as they are. The key is all zeros, so nobody has its other half."""

LACKING = (
    (re.compile(r"A\d+m?(_v2)?|D\d+(_v2)?|[DE]\d+i?_v3|F\d+"), "premium disks and encryption at host"),
    (re.compile(r"[DE]\d+i?[ad]?_v[45]"), "premium disks"),
    (re.compile(r"L\d+|G\d+|NC\d+r?|NV\d+|H\d+m?r?"), "encryption at host"),
)
"""Sizes without `Standard_`, and what they have not. Encryption at host: the table of MicrosoftDocs/azure-docs,
includes/virtual-machines-disks-encryption-at-host-suported-sizes.md (2020-07-08), read 2026-11-29; premium disks: the pages
of these series there ("Premium Storage: Not Supported"), of which that of Dv5 was read. Whether a subscription has a size in
both zones is not kept here."""
LACKING_SOURCE = "Microsoft's pages on these series"

OS_DISK_GB_MAX = 4095
"""Virtual Machines, "Introduction to managed disks", OS disk (remembered)."""

HOSTED = re.compile(r"Standard_(?!B)[A-Z]+\d+[a-z]*_v\d+")
"""Sizes that tell the kind of host that is sold for them: family, features, version. None is sold for burstable sizes
(Virtual Machines, "Azure Dedicated Host SKUs", remembered)."""


@relation(AzureConfig, "image", real_cloud_only=True)
def _the_image_is_no_placeholder(config: AzureConfig) -> Iterator[Fault]:
    if config.image == PLACEHOLDER_IMAGE:
        found = f"{PLACEHOLDER_IMAGE}, the placeholder of the shipped stack files"
        yield Fault("image", found, "the image of your engine in this region", FIND_AZURE_IMAGE)


@relation(AzureConfig, "admin_public_key", real_cloud_only=True)
def _the_key_is_no_placeholder(config: AzureConfig) -> Iterator[Fault]:
    if config.admin_public_key.split(" ")[:2] == PLACEHOLDER_KEY.split(" "):
        found = "the placeholder of the shipped stack files"
        yield Fault("adminPublicKey", found, "a public key of which you have the other half", NAME_PUBLIC_KEY)


@relation(AzureConfig, "vm_size")
def _the_size_has_what_is_asked_of_it(config: AzureConfig) -> Iterator[Fault]:
    for sizes, lacks in LACKING:
        if sizes.fullmatch(config.vm_size.removeprefix("Standard_")):
            yield Fault(
                "vmSize",
                f"{config.vm_size}, which lacks {lacks} ({LACKING_SOURCE})",
                "a size with premium disks and encryption at host, such as those with an s after the number and a version "
                "of 3 or more",
                "pulumi config set vmSize Standard_D2s_v5",
            )


@relation(AzureConfig, "vm_size", "dedicated_hosts")
def _the_size_can_stand_alone(config: AzureConfig) -> Iterator[Fault]:
    if config.dedicated_hosts and not HOSTED.fullmatch(config.vm_size):
        yield Fault(
            "dedicatedHosts",
            f"true with vmSize {config.vm_size}",
            "true with a size that tells its kind of host, such as Standard_D2s_v5; none is sold for burstable sizes",
            "pulumi config set vmSize Standard_D2s_v5, or pulumi config rm dedicatedHosts",
        )


@relation(AzureConfig, "root_volume_gb")
def _the_root_disk_is_no_larger_than_azure_has(config: AzureConfig) -> Iterator[Fault]:
    if config.root_volume_gb > OS_DISK_GB_MAX:
        yield Fault(
            "rootVolumeGb",
            f"{config.root_volume_gb} on azure",
            f"at most {OS_DISK_GB_MAX}",
            f"pulumi config set rootVolumeGb {OS_DISK_GB_MAX}",
        )


@relation(AzureConfig, "guest_setup", "user_data_file")
def _user_data_can_be_read(config: AzureConfig) -> Iterator[Fault]:
    """Its size is no matter: custom data has room for 65535 bytes (azure-native 3.29, `OSProfileArgs`), a file 16384."""
    if config.guest_setup and config.user_data_file.text:
        yield from unreadable(config.user_data_file)
