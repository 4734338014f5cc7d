"""The engine is killed in the middle of an up on Azure, and repair heals it; the story with more kills: `test_killed`."""

import json
import os
import random
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import processes
from lab.azure_cloud import OPERATOR
from lab.bare_cloud import cloud
from tests.engine.sizes import at_night
from tests.engine.test_killed import GONE_S, LATE_S_MAX, STEP_S, Stack, attempt, kill_at

pytestmark = [pytest.mark.engine, at_night]

SHARES = (0.3, 0.7)
"""How much of the stack is known at each kill: of an up, and of the repair after it."""


@pytest.fixture(scope="module")
def stack(command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with cloud(command, tmp_path_factory.mktemp("engine"), "azure") as here:
        pulumi = here.stack("dev")
        previewed = pulumi.preview_as_data()
        urns = frozenset(step["urn"] for step in previewed["steps"])
        yield Stack(here, pulumi, dict[str, Counter[str]](), urns)


@pytest.mark.timeout(STEP_S * 4)
def test_an_engine_that_is_killed_is_healed_by_repair(stack: Stack) -> None:
    seed = int(os.environ.get("TANDEM_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
    print(f"TANDEM_SEED={seed}")  # noqa: T201 - whoever reads a failure replays it with this
    rng, verb, killed, pending = random.Random(seed), "up", 0, 0
    for share in SHARES:
        running = threading.Thread(target=attempt, args=[stack.session, verb])
        running.start()
        killed += kill_at(stack, share, rng.uniform(0, LATE_S_MAX), running)
        running.join(STEP_S)
        pending += len(stack.stored("pending_operations"))
        verb = "repair"
    assert not processes.wait_gone(stack.plugins(), GONE_S), "a provider or a language host outlives its engine"
    assert stack.session.carry_out("repair") == 0
    state = stack.pulumi.state()
    assert not state.get("pending_operations")
    assert sorted(each["urn"] for each in state["resources"]) == sorted(stack.urns)
    assert made(stack) == {str(each["id"]).lower() for each in state["resources"] if str(each.get("id", "")).startswith("/")}
    assert stack.pulumi.preview().changes == 0
    stack.pulumi.destroy()
    assert list(stack.here.left_of(state)) == []
    assert (killed > 0, pending > 0) == (True, True)


def made(stack: Stack) -> set[str]:
    """Every path that the engine has written with success, by the emulated Resource Manager's own log; and the blobs."""
    lines = map(json.loads, (stack.here.supervisor.logs / "requests.jsonl").read_text().splitlines())
    written = {
        str(line["path"]).lower()
        for line in lines
        if line["method"] == "PUT" and line["identity"] == OPERATOR and line["status"] < 300
    }
    blobs = {str(each["id"]).lower() for each in stack.stored("resources") if each["type"] == "azure-native:storage:Blob"}
    return written | blobs
