"""The whole lab on Azure, end to end: the real program, the function under Microsoft's worker, real workers, real messages.

The watchdog runs in the functions' host, whose timer fires it; nothing of it runs in the lab's process.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lab.supervisor import REPOSITORY

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

PLAY = """
import sys
from pathlib import Path
from lab.demo import demo
from lab.deploying import By
from lab.site import Options
from lab.story import Fault
fault, front, out = sys.argv[1:]
options = Options(cloud="azure", schedule_divisor=1.0, by=By.IN_PROCESS, config={"front": front})
sys.exit(demo(options, Fault(fault), Path(out)))
"""


@pytest.mark.parametrize(("front", "fault"), [("address", "kill"), ("balancer", "cut")])
def test_an_azure_pair_fails_over_and_every_promise_is_kept(front: str, fault: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PLAY, fault, front, str(tmp_path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=550, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["cloud"], report["violations"]) == ("azure", [])
    assert (report["holder_before"], report["holder_after"]) == ("wk1", "wk2")
    assert report["epoch_after"] > report["epoch_before"]
    assert all(promise["kept"] is True for promise in report["promises"])
    assert report["messages"]["acked"] > 100
    assert (report["messages"]["lost"], report["messages"]["doubled"]) == (0, 0)
