"""A failover where every worker has a public address of its own, and the fixed one leads to a second private address."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.supervisor import REPOSITORY

pytestmark = [pytest.mark.lab, pytest.mark.timeout(420)]

PLAY = """
import sys
from pathlib import Path
from lab.demo import demo
from lab.site import Options
from lab.story import Fault
sys.exit(demo(Options(config={"egress": "own"}), Fault.KILL, Path(sys.argv[1])))
"""


def own_associations(cloud: list[dict[str, Any]], fixed: str) -> list[dict[str, Any]]:
    return [line for line in cloud if line["event"] == "association" and line["allocation_id"] != fixed]


def test_a_pair_with_an_egress_of_its_own_fails_over_and_keeps_its_own_addresses(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PLAY, str(tmp_path)]
    labs = REPOSITORY / "out" / "lab"
    before = set(labs.iterdir()) if labs.exists() else set[Path]()
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["holder_before"], report["holder_after"], report["violations"]) == ("wk1", "wk2", [])
    assert report["messages"]["acked"] > 100
    assert report["messages"]["lost"] == 0

    folders = [each for each in set(labs.iterdir()) - before if (each / "lab.json").exists()]
    told = [json.loads((each / "lab.json").read_text()) for each in folders]
    ((folder, lab),) = [(each, info) for each, info in zip(folders, told, strict=True) if own_egress(info)]
    cloud = [json.loads(line) for line in (folder / "logs" / "cloud.jsonl").read_text().splitlines()]
    # Each is given once, when the program is deployed, on a first private address, and nothing ever takes it away.
    own = own_associations(cloud, lab["allocation_id"])
    assert sorted(line["private_ip"] for line in own) == sorted(each["private_ip"] for each in lab["workers"].values())
    carried = [line["private_ip"] for line in cloud if line.get("allocation_id") == lab["allocation_id"]]
    assert [ip for ip in carried if ip] == [lab["workers"][name]["address_private_ip"] for name in ("wk1", "wk2")]


def own_egress(info: dict[str, Any]) -> bool:
    """Whether this lab's workers have a second private address each; other labs may run beside this one."""
    return all(each["private_ip"] != each["address_private_ip"] for each in info["workers"].values())
