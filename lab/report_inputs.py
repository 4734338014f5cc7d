"""Writes what the checker reads besides the raw logs: lab.json, and why each arbiter was started.

`docs/REPORT.md` lists the fields. The starts come from the emulated platform's own log, and nothing is added to them.
"""

import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping
from typing import Any

from lab.profiles import Profile
from lab.site import RECORD_POLL_S, Site
from lab.tail import Tail

SHOWN = ("pulumi", "pulumi-aws", "moto", "boto3", "hl7")
"""Packages whose versions stand in a report."""


def write_lab_info(site: Site, fault: str, spent: Mapping[str, float]) -> None:
    """Write lab.json and logs/arbiter-starts.jsonl into the lab's folder."""
    _write_arbiter_starts(site)
    workers: dict[str, Any] = site.outputs["workers"]
    cards = {machine.instance_id: machine.card_id for machine in site.hypervisor.machines.values()}
    info = {
        "cloud": str(site.outputs["cliConfig"]["cloud"]),
        "profile": site.profile.name,
        "engine": site.deployment.engine,
        "fault": fault,
        "workers": {
            name: {
                "private_ip": worker["privateIp"],
                "instance_id": worker["instanceId"],
                "zone": worker["zone"],
                "network_interface_id": cards[worker["instanceId"]],
            }
            for name, worker in workers.items()
        },
        "order": site.outputs["cliConfig"]["order"],
        "allocation_id": site.outputs["addressId"],
        "address": site.outputs["address"],
        "record_poll_s": RECORD_POLL_S,
        "schedule_divisor": site.options.schedule_divisor,
        "versions": _versions(),
        "spent": {what: f"{seconds:.0f} s" for what, seconds in spent.items()},
        "profile_times": _profile_times(site.profile),
        "pid": os.getpid(),
    }
    (site.folder / "lab.json").write_text(json.dumps(info, indent=2) + "\n")


def _write_arbiter_starts(site: Site) -> None:
    arbiter = str(site.outputs["watchdogName"])
    lines = Tail(site.logs / "function-starts.jsonl").read()
    starts = [line for line in lines if line["event"] == "start" and line["function"] == arbiter]
    text = "".join(json.dumps(line) + "\n" for line in starts)
    (site.logs / "arbiter-starts.jsonl").write_text(text)


def _versions() -> dict[str, str]:
    packages = {name: importlib.metadata.version(name) for name in SHOWN}
    return {"python": platform.python_version(), **packages}


def _profile_times(profile: Profile) -> list[dict[str, str]]:
    return [
        {"name": name, "seconds": figure.seconds, "basis": figure.basis.value, "source": figure.source}
        for name, figure in profile.figures().items()
    ]
