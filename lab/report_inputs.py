"""Writes lab.json: what the checker reads besides the raw logs. `docs/REPORT.md` lists the fields."""

import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping
from typing import Any

from lab.hypervisor import Machine
from lab.site import RECORD_POLL_S, Shown, Site

SHOWN = {
    "aws": ("pulumi", "pulumi-aws", "moto", "boto3", "hl7"),
    "azure": ("pulumi", "pulumi-azure-native", "azure-mgmt-network", "azure-mgmt-compute", "hl7"),
}
"""Packages whose versions stand in a report, by cloud."""


def write_lab_info(site: Site, fault: str, spent: Mapping[str, float], *, stays: bool = False) -> None:
    """Write lab.json into the lab's folder, beside the raw logs."""
    workers: dict[str, Any] = site.outputs["workers"]
    machines = {machine.instance_id: machine for machine in site.hypervisor.machines.values()}
    info = {
        "lab_id": site.lab_id,
        "cloud": str(site.outputs["cliConfig"]["cloud"]),
        "profile": site.profile.name,
        "engine": site.deployed.engine,
        "fault": fault,
        "stays": stays,
        "operator": site.cloud.operator,
        "workers": {
            name: {
                "private_ip": worker["privateIp"],
                "address_private_ip": worker["addressPrivateIp"],
                "instance_id": worker["instanceId"],
                "zone": worker["zone"],
                "network_interface_id": machines[worker["instanceId"]].card_id,
                "group_id": _own_group(site, machines[worker["instanceId"]]),
            }
            for name, worker in workers.items()
        },
        "order": site.outputs["cliConfig"]["order"],
        "allocation_id": site.outputs["addressId"],
        "address": site.outputs["address"],
        "record_poll_s": RECORD_POLL_S,
        "schedule_divisor": site.options.schedule_divisor,
        "versions": _versions(site.options.cloud),
        "spent": {what: f"{seconds:.0f} s" for what, seconds in spent.items()},
        "profile_times": _profile_times(site.profile),
        "pid": os.getpid(),
    }
    (site.folder / "lab.json").write_text(json.dumps(info, indent=2) + "\n")


def _own_group(site: Site, machine: Machine) -> str | None:
    """On Azure each worker has a security group of its own, by which calls name it."""
    return next(iter(machine.groups)) if site.options.cloud == "azure" else None


def _versions(cloud: str) -> dict[str, str]:
    packages = {name: importlib.metadata.version(name) for name in SHOWN[cloud]}
    return {"python": platform.python_version(), **packages}


def _profile_times(profile: Shown) -> list[dict[str, str]]:
    return [
        {"name": name, "seconds": figure.seconds, "basis": figure.basis.value, "source": figure.source}
        for name, figure in profile.figures().items()
    ]
