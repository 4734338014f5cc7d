"""Labs that stay up: `make lab-up` and `make lab-down`. One process per lab, found again by its pid and its start time."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from lab import processes, pulumi_project
from lab.deploying import By
from lab.site import LABS, Site
from lab.supervisor import REPOSITORY

READY = "up.json"
"""In the lab's folder while it is up."""

SERVE = (sys.executable, "-m", "lab", "serve")
UP_S = 120.0
DOWN_S = 40.0
_POLL_S = 0.1


def up(profile: str, *, cloud: str = "aws", stage: str = "dev", by: By = By.AT_HAND) -> int:
    """Start a lab in the background and wait until it serves; prints what a user needs."""
    LABS.mkdir(parents=True, exist_ok=True)
    log = LABS / "up.log"
    with log.open("w") as out:
        child = subprocess.Popen(
            [*SERVE, "--cloud", cloud, "--profile", profile, "--stage", stage, "--by", by.value],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    print(f"a lab is coming up (profile {profile}); its words go to {log}", flush=True)
    try:
        ready = _wait_ready(child, time.monotonic() + UP_S)
    except KeyboardInterrupt:
        child.terminate()  # it ends everything that it has started so far
        child.wait(DOWN_S)
        raise
    if ready is None:
        print(f"the lab did not come up:\n{log.read_text()}", file=sys.stderr)
        child.terminate()
        return 2
    if ready["outputs"]:
        print(f"address {ready['outputs']['address']}, ports {ready['ports']}, deployed by {ready['engine']}")
    print(f"emulated {ready['title']}: {ready['endpoints']}")
    print(f"everything else: {ready['folder']}/{READY}; end it with: {'make lab-down' if ready['outputs'] else 'make down'}")
    return 0


def down() -> int:
    """End every lab that `up` left; waits until each is gone."""
    found = [path for path in sorted(LABS.glob(f"*/{READY}")) if end(path)]
    print(f"ended {len(found)} lab(s)" if found else "no lab is up")
    return 0


def described(site: Site) -> dict[str, Any]:
    """What a user of a running lab needs to know."""
    this = processes.identify(os.getpid())
    return {
        "process": {"pid": this.pid, "started": this.started} if this else {},
        "folder": str(site.folder),
        "cloud": site.options.cloud,
        "title": site.cloud.title,
        "endpoints": dict(site.cloud.endpoints()),
        "engine": site.deployed.engine,
        "stack": site.stack.file.stack,
        "pulumi": dict(site.project.environment),
        "ports": {"hl7": site.ports.llp, "http": site.ports.http, "health": site.ports.public},
        "outputs": dict(site.outputs) or pulumi_project.stored_outputs(site.project),
        "differs": [str(difference) for difference in site.stack.differences],
    }


def ready_files(labs: Path) -> list[tuple[Path, dict[str, Any]]]:
    """The ready file of every lab that was brought up below this folder, and what it says; the newest last."""
    said = [(path, json.loads(path.read_text() or "{}")) for path in labs.glob(f"*/{READY}")]
    return sorted(said, key=lambda each: each[1].get("process", {}).get("started", 0))


def is_alive(ready: dict[str, Any]) -> bool:
    """Whether the lab that wrote this still runs."""
    return "pid" in ready.get("process", {}) and processes.alive(processes.ProcessId(**ready["process"]))


def tell(site: Site, told: str = "") -> str:
    """Write the ready file where what it says is not `told` any more: an empty lab gets its outputs from `pulumi up`.

    Returns what it says. A file that somebody took away is not written again: then the lab is being ended.
    """
    text = json.dumps(described(site), indent=2) + "\n"
    if text != told:
        file = site.folder / READY
        new = file.with_suffix(".new")
        new.write_text(text)
        new.replace(file)
    return text


def _wait_ready(child: "subprocess.Popen[bytes]", deadline: float) -> dict[str, Any] | None:
    while child.poll() is None and time.monotonic() < deadline:
        for path in LABS.glob(f"*/{READY}"):
            ready = json.loads(path.read_text() or "{}")
            if ready.get("process", {}).get("pid") == child.pid:
                return ready
        time.sleep(_POLL_S)
    return None


def end(path: Path) -> bool:
    """Ask one lab to end, if it still runs; its ready file goes."""
    ready = json.loads(path.read_text())
    path.unlink()
    process = processes.ProcessId(**ready["process"])
    if not processes.send(process, signal.SIGTERM):
        return False
    if processes.wait_gone([process], DOWN_S):
        raise TimeoutError(f"the lab with process {process.pid} did not end within {DOWN_S:g} s of SIGTERM")
    return True
