"""Rules about the machines: of both clouds, and of AWS."""

import re
from collections import Counter
from collections.abc import Iterator

from infra import guest
from infra.aws.guest import USER_DATA_BYTES_MAX, data_disk
from infra.config.faults import Fault
from infra.config.keys import FIND_IMAGE, AwsConfig, Egress, StackConfig, Tenancy
from infra.config.kinds import FileText
from infra.config.relations.registry import relation

PLACEHOLDER_IMAGE = "ami-0123456789abcdef0"
"""In the shipped stack files; the lab uses it as it is."""

DEDICATED_FAMILIES = re.compile(r"[cdhimrxz]\d")
"""Types that are sold as Dedicated Instances everywhere: compute, storage, general and memory families. Left out are the
burstable ones: T2 is refused at the launch (rancher/os#1964), T3 by some regions (defenseunicorns/delivery-aws-iac#52)."""

SYSTEM_PATHS = frozenset({"bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "run", "sbin", "sys", "tmp", "usr"})
"""First parts of paths that the system itself lives in, or empties."""
WHOLE_SYSTEM_PATHS = frozenset({"/home", "/mnt", "/opt", "/srv", "/var", "/var/lib", "/var/log"})
"""Folders that may hold a mount, and may not be one: a disk there would hide what the image has in them."""


@relation(AwsConfig, "interface_endpoints", "management_endpoints")
def _each_service_has_one_endpoint(config: AwsConfig) -> Iterator[Fault]:
    there = {"s3": "the network has its gateway endpoint", "dynamodb": "the network has its gateway endpoint"}
    if config.management_endpoints:
        there |= dict.fromkeys(("ssm", "ssmmessages"), "managementEndpoints has it")
    for service, times in Counter(config.interface_endpoints).items():
        if times > 1 or service in there:
            because = there.get(service, f"{times} times")
            yield Fault("interfaceEndpoints", f"{service}, {because}", "each service once", "remove it")


@relation(AwsConfig, "ami_id", real_cloud_only=True)
def _the_image_is_no_placeholder(config: AwsConfig) -> Iterator[Fault]:
    if config.ami_id == PLACEHOLDER_IMAGE:
        found = f"{PLACEHOLDER_IMAGE}, the placeholder of the shipped stack files"
        yield Fault("amiId", found, "the image of your engine in this region", FIND_IMAGE)


@relation(AwsConfig, "instance_type", "tenancy")
def _the_type_can_stand_alone(config: AwsConfig) -> Iterator[Fault]:
    if config.tenancy is Tenancy.DEDICATED and not DEDICATED_FAMILIES.match(config.instance_type):
        yield Fault(
            "tenancy",
            f"dedicated with instanceType {config.instance_type}",
            "dedicated with the families c, d, h, i, m, r, x, z; burstable types are refused, by some regions or by all",
            "pulumi config set instanceType m6i.large, or pulumi config rm tenancy",
        )


@relation(StackConfig, "guest_setup", "data_mount_path")
def _the_mount_hides_nothing(config: StackConfig) -> Iterator[Fault]:
    path = config.data_mount_path
    parts = path.split("/")[1:]
    if config.guest_setup and (parts[0] in SYSTEM_PATHS or path in WHOLE_SYSTEM_PATHS or {".", ".."} & set(parts)):
        yield Fault(
            "dataMountPath",
            f"{path}, where the system itself lives",
            "a folder of its own such as /data, /srv/hl7 or /var/lib/engine",
            "pulumi config set dataMountPath /data",
        )


@relation(StackConfig, "guest_setup", "service_unit")
def _who_starts_a_service_sets_the_guest_up(config: StackConfig) -> Iterator[Fault]:
    if config.service_unit and not config.guest_setup:
        yield Fault(
            "serviceUnit",
            f"{config.service_unit} with guestSetup false",
            "a unit where guestSetup is true; else nobody starts it",
            "pulumi config set guestSetup true, or pulumi config rm serviceUnit",
        )


@relation(AwsConfig, "egress", "guest_setup", "data_mount_path", "service_unit", "user_data_file")
def _user_data_can_be_read_and_fits(config: AwsConfig) -> Iterator[Fault]:
    """len(ours) + len(the user's) <= USER_DATA_BYTES_MAX, as MIME parts."""
    if not config.guest_setup:
        return
    own = config.user_data_file
    try:
        size = len(guest.user_data(_longest(config)).encode())
    except ValueError as exc:
        yield _unreadable(own, exc)
        return
    if size > USER_DATA_BYTES_MAX:
        yield Fault(
            "userDataFile",
            f"{own.path} of {len(own.text.encode())} bytes, {size} together with the guest setup",
            f"at most {USER_DATA_BYTES_MAX} bytes in all (EC2's limit)",
            "move what it does into the image, or pulumi config set guestSetup false",
        )


def unreadable(file: FileText) -> Iterator[Fault]:
    """A fault where cloud-init would not take the file beside our own part."""
    try:
        guest.kind_of(file.text)
    except ValueError as exc:
        yield _unreadable(file, exc)


def _unreadable(file: FileText, because: ValueError) -> Fault:
    allowed = f"a file that begins with {' or '.join(guest.KINDS)}, or any where guestSetup is false"
    return Fault(
        "userDataFile", f"{file.path} ({because})", allowed, "pulumi config set guestSetup false, or change the file"
    )


def _longest(config: AwsConfig) -> guest.Guest:
    """The guest with ids and addresses as long as they get."""
    return guest.Guest(
        disk=data_disk("vol-" + "0" * 17),
        mount_path=config.data_mount_path,
        service_unit=config.service_unit,
        address_ip="255.255.255.255" if config.egress is Egress.OWN else "",
        user_data=config.user_data_file.text,
    )
