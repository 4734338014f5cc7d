"""How long Azure's function takes to be imported, and how much memory that takes: with bytecode in its bundle and without.

The bundle is unpacked and its entry imported in a process of its own, which has nothing else on its path, as the host's
worker does at the start of an instance. Nothing is asked of anybody. Of the versions that a function may have, those are
measured whose interpreter is on the PATH.
"""

import argparse
import json
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path
from statistics import median

from bench.about import about, write_json
from failover_lambda.contract import FencePolicy, ProbeKind, Settings, Tier, Worker
from infra import bytecode, package, sdk
from infra.config.kinds import FUNCTION_PYTHONS
from lab.supervisor import REPOSITORY

NONE = "none"
"""No Python's version, so no interpreter of it is found."""

GROUP = "/subscriptions/s/resourceGroups/g/providers"
_PROGRAM = """
import json, pathlib, time
began_s = time.monotonic()
import failover_lambda.azure.entry as entry
entry._CLIENTS.network.network_interfaces, entry._CLIENTS.compute.virtual_machines
took_s = time.monotonic() - began_s
status = dict(line.split(":", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines())
print(json.dumps({"import_s": took_s, "peak_mb": int(status["VmHWM"].split()[0]) / 1024}))
"""
"""Peak memory is the kernel's VmHWM: `getrusage` counts what the process was forked from."""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """The starts of one kind of bundle."""

    kind: str
    bundle_mb: float
    import_s: float
    """The median."""
    import_s_max: float
    peak_mb: float
    n: int

    def row(self) -> str:
        """One row of the table."""
        figures = f"{self.import_s:.2f} | {self.import_s_max:.2f} | {self.peak_mb:.0f} | {self.bundle_mb:.1f} | {self.n}"
        return f"| {self.kind} | {figures} |"


def measure(arguments: argparse.Namespace, say: Callable[[str], None]) -> str:
    """Import both kinds again and again, write out/bench/function.json; returns the part of the page."""
    found: list[Imported] = []
    for python in FUNCTION_PYTHONS:
        interpreter = bytecode.interpreter(python)
        for kind, compiled in (("with bytecode", python), ("sources only", NONE)) if interpreter else ():
            bundle = package.build(REPOSITORY, package.AZURE, python=compiled).content
            found.append(_imported(f"Python {python}, {kind}", interpreter, bundle, arguments.runs))
            say(f"function, {found[-1].kind}: {found[-1].import_s:.2f} s, {found[-1].peak_mb:.0f} MB")
    said = about(arguments.seed)
    write_json("function", said, {"imported": [asdict(one) for one in found]})
    return part(said, found)


def _imported(kind: str, interpreter: str, bundle: bytes, runs: int) -> Imported:
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(BytesIO(bundle)) as archive:
            archive.extractall(folder)
        starts = [_start(interpreter, Path(folder)) for _ in range(runs)]
    took_s = [start["import_s"] for start in starts]
    peak_mb = max(start["peak_mb"] for start in starts)
    return Imported(
        kind=kind,
        bundle_mb=len(bundle) / 1e6,
        import_s=median(took_s),
        import_s_max=max(took_s),
        peak_mb=peak_mb,
        n=runs,
    )


def _start(interpreter: str, folder: Path) -> dict[str, float]:
    """-B: what is compiled is thrown away, as on an instance of the platform. PATH: an interpreter may be a shim."""
    done = subprocess.run(
        [interpreter, "-S", "-P", "-B", "-c", _PROGRAM],
        env=environment() | {"PATH": os.environ["PATH"], "PYTHONPATH": f"{folder}:{folder / sdk.SITE_PACKAGES}"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def environment() -> dict[str, str]:
    """Of a function that could be: nothing of it is asked for while it is imported."""
    first = Worker(
        name="wk1",
        instance_id=f"{GROUP}/Microsoft.Compute/virtualMachines/wk1",
        network_interface_id=f"{GROUP}/Microsoft.Network/networkInterfaces/wk1",
        private_ip="10.0.0.10",
        address_private_ip="10.0.0.10",
        zone="1",
        group_ids=(f"{GROUP}/Microsoft.Network/networkSecurityGroups/wk1",),
    )
    settings = Settings(
        site="bench",
        tier=Tier.HIGH_AVAILABILITY,
        enabled=True,
        fence_policy=FencePolicy.ADDRESS_IS_FENCE,
        workers_act_alone=False,
        workers=(first, replace(first, name="wk2", zone="2")),
        address_id=f"{GROUP}/Microsoft.Network/publicIPAddresses/bench",
        record_table="https://bench.blob.core.windows.net/record",
        notice_topic="",
        probers=(),
        isolation_group_id="",
        probe_kind=ProbeKind.HTTP,
        probe_port=8080,
        probe_path="/health",
        ready_path="",
        probe_tls_verify=True,
        probe_tls_ca_pem="",
        public_health_port=0,
        probe_interval_s=5.0,
        probe_timeout_s=0.4,
        timeouts_to_dead=3,
        refusals_to_dead=2,
        restart_grace_s=30.0,
        slow_grace_s=15.0,
        boot_grace_s=300.0,
        lease_ttl_s=15.0,
        lease_renew_s=5.0,
        hold_s=60.0,
        moves_per_hour_max=3,
        moves_per_day_max=5,
    )
    identity = {"IDENTITY_ENDPOINT": "http://127.0.0.1:9", "IDENTITY_HEADER": "none", "TANDEM_CLIENT_ID": "none"}
    return settings.to_environment() | identity


def part(said: Mapping[str, str], found: list[Imported]) -> str:
    """The part of the page."""
    rows = "\n".join(one.row() for one in found)
    return f"""## The start of Azure's function

The import of the entry with both clients of the SDK, in a process of its own. What host and worker take is not in it.

- Date: {said["date"]}, commit {said["commit"]}
- Machine: {said["machine"]}; load at the end: {said["load"]}
- Seconds are the median and the most of n starts, memory is the most.

| bundle | s | s max | peak MB | bundle MB | n |
|---|---|---|---|---|---|
{rows}
"""
