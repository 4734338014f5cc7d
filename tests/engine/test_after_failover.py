"""What `pulumi up` does after a failover: nothing that the watchdog owns. A real lab: workers, watchdog, the real engine.

The tables of how other models lose the address stand in docs/adr/0002; RULE.md does not speak of the engine, so that no
update may matter to it.
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from lab import site
from lab.deploying import By
from lab.pulumi_cli import Pulumi, Run
from lab.site import Options, Site
from lab.story import DEADLINES, Fault, strike, wait_for_arbiter
from tests.engine.owned import Operated, no_progress

pytestmark = pytest.mark.engine

API = "azureApiVersion"
IN_PLACE = ("created", "deleted", "replaced")


@pytest.fixture(scope="module")
def lab(command: Path, pair: str) -> Iterator[Operated]:
    cloud, _, stage = pair.partition("-")
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(site.start(Options(by=By.AT_HAND, cloud=cloud, stage=stage), no_progress))
        wait_for_arbiter(running, no_progress)
        epoch = int(running.stored()["epoch"])
        strike(running, Fault.KILL, "wk1")
        running.wait_for("the failover", lambda: is_over(running, epoch), DEADLINES.settled)
        yield Operated(running, Pulumi(command, running.project))


def is_over(running: Site, epoch: int) -> bool:
    """Moved, verified, and the old holder stopped with its groups put back."""
    record, old = running.stored(), running.hypervisor.machines["wk1"]
    moved = record["epoch"] > epoch and record["phase"] == "steady" and record["holder"] == "wk2"
    return moved and old.state == "stopped" and not old.isolated


def test_an_up_without_a_change_changes_nothing(lab: Operated) -> None:
    before = lab.owned()
    assert lab.pulumi.up().changes == 0
    assert lab.owned() == before
    assert (before.address_on, before.powers["wk1"]) == ("wk2", "stopped")


def test_an_up_with_a_new_tag_touches_nothing_that_the_watchdog_owns(lab: Operated) -> None:
    before = lab.owned()
    lab.tag("1")
    assert only_updates(lab.pulumi.up())
    assert lab.owned() == before


def test_a_refresh_and_an_up_after_it_take_nothing_back(lab: Operated) -> None:
    before = lab.owned()
    lab.pulumi.refresh()
    lab.pulumi.up()
    assert lab.owned() == before


def test_an_up_with_refresh_and_a_new_tag_takes_nothing_back(lab: Operated) -> None:
    before = lab.owned()
    lab.tag("2")
    assert only_updates(lab.pulumi.up("--refresh"))
    assert lab.owned() == before


def only_updates(run: Run) -> bool:
    """Something was changed in place, and nothing was made or deleted; the first tick asks again, which is a call."""
    return run.count("updated") > 0 and not any(run.count(what) for what in IN_PLACE)


def test_a_newer_sdk_with_a_new_default_takes_nothing_back(lab: Operated) -> None:
    """The state is made one of an older SDK: another version, and without what today's SDK gives by itself."""
    before = lab.owned()
    state = dict(lab.pulumi.exported())
    older = of_an_older_aws if lab.site.options.cloud == "aws" else of_an_older_azure_native
    older(state["deployment"]["resources"])
    lab.pulumi.take(state)
    assert only_updates(lab.pulumi.up())
    assert lab.owned() == before


def of_an_older_aws(resources: Sequence[dict[str, Any]]) -> None:
    """Without an option of the provider that has a default today."""
    (provider,) = (each for each in resources if each["type"] == "pulumi:providers:aws")
    for values in (provider["inputs"], provider["outputs"]):
        values["version"] = "7.50.0"
        del values["skipRegionValidation"]


def of_an_older_azure_native(resources: Sequence[dict[str, Any]]) -> None:
    """What is asked by another api-version today: enough to have a card written whole, where not all of it is ignored."""
    (provider,) = (each for each in resources if each["type"] == "pulumi:providers:azure-native")
    for values in (provider["inputs"], provider["outputs"]):
        values["version"] = "3.28.0"
    asked = [each for each in resources if each["type"].partition(":")[0] == "azure-native" and API in each["inputs"]]
    assert asked
    for each in asked:
        each["inputs"][API] = each["outputs"][API] = "2023-01-01"
