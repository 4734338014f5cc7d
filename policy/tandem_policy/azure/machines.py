"""Machines let in by key: a password can be guessed, and one in a program stands in its state.

No counterpart: `metadata_wants_a_session`, because Azure's metadata service answers no request without a header of its own,
and a worker has no identity to give away. Azure's alone: `passwords_are_off`, because AWS makes no machine with a password.
"""

from tandem_policy.azure.kinds import dig, kind_of
from tandem_policy.values import UNKNOWN, Answers, Config, Finding, Resource, Undecided

WINDOWS = "Windows"


def passwords_are_off(resource: Resource, _: Config) -> Answers:
    """Machines and scale sets of Linux; one with a password that names no system is taken for one."""
    match kind_of(resource):
        case "compute:VirtualMachine":
            below = ""
        case "compute:VirtualMachineScaleSet":
            below = "virtualMachineProfile."
        case _:
            return
    whole = dig(resource.props, *below.split(".")[:-1])
    profile = dig(whole, "osProfile")
    off = dig(profile, "linuxConfiguration", "disablePasswordAuthentication")
    windows, system = dig(profile, "windowsConfiguration"), dig(whole, "storageProfile", "osDisk", "osType")
    if off is True or system == WINDOWS:
        return
    if UNKNOWN in (off, system):
        yield Undecided(f"{below}osProfile.linuxConfiguration.disablePasswordAuthentication")
    elif not windows and (dig(profile, "adminPassword") or dig(profile, "linuxConfiguration") is not None):
        yield Finding(f"a password opens the machine: set {below}osProfile.linuxConfiguration.disablePasswordAuthentication")
