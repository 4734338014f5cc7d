"""What a new Linux worker is told: the user data with our part and the user's own; pure.

Our part is `guest.sh`, which see, with its settings in front. The user's own stays a part of its own, so that cloud-init
handles it as it would alone. cloud-init runs scripts in the order of their names, and what a cloud-config has as `runcmd`
under that very name (cloud-init, cloudinit/handlers/shell_script.py and config/cc_scripts_user.py, read 2026-11-22):

    00-tandem-guest      the disk is mounted, the address added, both tested
    50-user-data, runcmd the user's own
    zz-tandem-service    the user's service is started

No secrets: whoever may describe the machine, and every process on it, can read user data. How a cloud names the data disk is
in `aws.guest` and `azure.guest`. Everybody in `infra` may import this file; it knows no Pulumi.
"""

import hashlib
import shlex
from dataclasses import dataclass
from email import policy
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

DISK_WAIT_S = 300
"""On AWS the volume is attached when the instance runs, so it comes after the first boot began, as a rule within half a
minute."""

SCRIPT = Path(__file__).with_name("guest.sh")
INSTALLED = "/usr/local/sbin/tandem-guest"

KINDS = {"#!": "x-shellscript", "#cloud-config": "cloud-config"}
"""How a user's own part begins, and the type under which cloud-init takes it."""

_POLICY = policy.compat32.clone(mangle_from_=False, max_line_length=None)
"""Lines stay as they are, those that begin with `From ` too."""


@dataclass(frozen=True, kw_only=True)
class DataDisk:
    """How a machine finds its data disk. Device names are no help: they may mean another disk at each boot."""

    name: str
    """What people call it."""
    links: tuple[str, ...]
    """Paths that lead to it and to no other disk, in the order in which they are looked for."""
    older_names: tuple[str, ...] = ()
    """Names of the kernel, for machine types on which nothing makes such a link; empty: there are none."""
    older_unless: str = ""
    """A pattern of paths: where one is there, this type of machine has links, and `older_names` are not looked at."""


@dataclass(frozen=True, kw_only=True)
class Guest:
    """One worker, from inside."""

    disk: DataDisk
    mount_path: str
    service_unit: str
    """The user's service; empty: none."""
    address_ip: str
    """A private address that the image may not configure by itself; empty: none."""
    user_data: str
    """The user's own part: a shell script or a cloud-config; empty: none."""


def user_data(guest: Guest) -> str:
    """The whole of it. Equal guests give equal texts.

    Raises:
        ValueError: the user's own part is neither a shell script nor a cloud-config.
    """
    parts = [("00-tandem-guest", "x-shellscript", script(guest))]
    if guest.user_data:
        parts.append(("50-user-data", kind_of(guest.user_data), guest.user_data))
    if guest.service_unit:
        parts.append(("zz-tandem-service", "x-shellscript", f"#!/bin/bash\nexec {INSTALLED} serve\n"))
    digest = hashlib.sha256("\0".join(text for _, _, text in parts).encode()).hexdigest()
    message = MIMEMultipart(boundary=f"tandem-{digest[:32]}", policy=_POLICY)
    for name, kind, text in parts:
        # All but plain lines of ASCII goes as base64: other letters would be lost, and other line ends changed.
        plain = text.isascii() and "\r" not in text
        part = MIMEText(text, kind, "us-ascii" if plain else "utf-8", policy=_POLICY)
        part.add_header("Content-Disposition", "attachment", filename=name)
        message.attach(part)
    return message.as_string()


def script(guest: Guest, *, wait_s: int = DISK_WAIT_S) -> str:
    """Our part, which installs itself.

    Args:
        guest: What it is told.
        wait_s: How long it waits for the disk.
    """
    settings = {
        "DATA_DISK": guest.disk.name,
        "DISK_LINKS": " ".join(guest.disk.links),
        "OLDER_NAMES": " ".join(guest.disk.older_names),
        "OLDER_UNLESS": guest.disk.older_unless,
        "DATA_MOUNT_PATH": guest.mount_path,
        "ADDRESS_IP": guest.address_ip,
        "SERVICE_UNIT": guest.service_unit,
        "WAIT_S": str(wait_s),
    }
    assignments = "".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items())
    return f"#!/bin/bash\n{assignments}{SCRIPT.read_text(encoding='ascii')}"


def kind_of(text: str) -> str:
    """Under which type cloud-init takes a user's own part.

    >>> kind_of("#cloud-config")
    'cloud-config'

    Raises:
        ValueError: under none of KINDS.
    """
    for beginning, kind in KINDS.items():
        if text.startswith(beginning):
            return kind
    raise ValueError(f"it begins with {text.partition(chr(10))[0][:40]!r}")
