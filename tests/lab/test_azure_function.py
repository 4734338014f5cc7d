"""The watchdog as Azure's function: its real bundle, under Microsoft's worker, over emulated Azure, as processes.

RULE.md 2.13, and what a deployment and an alarm rest on: the names of the functions, their routes and keys.
"""

import contextlib
import itertools
import json
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from infra import package
from lab.child import ChildError
from tests.contract.azure_world import AzureWorld, BalancedWorld
from tests.infra.stand import ROOT
from tests.lab.functions import Emulators, Host, Pair, emulators

pytestmark = pytest.mark.lab

_numbers = itertools.count(9000)
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
WRITE_CARD = "Microsoft.Network/networkInterfaces/write"


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulators]:
    folder = tmp_path_factory.mktemp("azure-function")
    bundle = package.build(ROOT, "azure", "Europe/Berlin", python=HERE)
    with emulators(folder, package.write(bundle, folder)) as found:
        yield found


NewPair = Callable[..., Pair]


@pytest.fixture
def new_pair(common: Emulators) -> Iterator[NewPair]:
    pairs: list[Pair] = []

    def made(kind: type[AzureWorld] = AzureWorld, **changes: object) -> Pair:
        pairs.append(Pair(common, next(_numbers), kind, **changes))
        return pairs[-1]

    yield made
    for pair in pairs:
        pair.close()


def test_the_worker_finds_three_functions_with_these_bindings(new_pair: NewPair) -> None:
    """The program names the timer's scale group after its function, and calls the two others by their routes."""
    host = new_pair().host("--no-timer")
    assert set(host.functions) == {"tick", "tick_now", "alive"}
    (timer,) = host.functions["tick"]
    assert (timer["type"], timer["name"], timer["schedule"]) == ("timerTrigger", "timer", "*/5 * * * * *")
    assert (timer["runOnStartup"], timer["useMonitor"]) == (False, False)
    for name, route, methods, level in (
        ("tick_now", "tick", ["POST"], "FUNCTION"),
        ("alive", "alive", ["GET"], "ANONYMOUS"),
    ):
        trigger = next(binding for binding in host.functions[name] if binding["type"] == "httpTrigger")
        assert (trigger["route"], trigger["methods"], trigger["authLevel"]) == (route, methods, level)


@pytest.mark.parametrize("kind", [AzureWorld, BalancedWorld], ids=["address", "pool"])
def test_a_worker_that_dies_is_followed_by_the_other_one(new_pair: NewPair, kind: type[AzureWorld]) -> None:
    pair = new_pair(kind)
    host = pair.host("--factor", "5")
    pair.steady("wk1")
    pair.kill("wk1")
    pair.steady("wk2")
    assert (pair.record["epoch"], pair.floor) == (2, 2)
    pair.until(lambda: any(line["what"] == "failover" for line in host.of("notice")))
    (notice, *_) = [line for line in host.of("notice") if line["what"] == "failover"]
    assert (notice["subject"], notice["epoch"]) == (f"Tandem {pair.settings.site}: failover, from wk1 to wk2", 2)
    assert all(fired["error"] == "" for fired in host.of("fired"))
    assert {line["Site"] for line in host.of("vitals")} == {pair.settings.site}


def test_every_firing_of_a_process_goes_on_with_one_lease(new_pair: NewPair) -> None:
    """2.13."""
    pair = new_pair(probe_interval_s=5.0, lease_ttl_s=15.0, lease_renew_s=5.0)
    host = pair.host("--factor", "10")
    pair.steady("wk1")
    before = len(host.of("fired"))
    pair.until(lambda: len(host.of("fired")) >= before + 6)
    assert {line["token"] for line in host.of("tick")} == {1}
    assert len(host.of("leading")) == 1
    assert host.ticks < 40, "one tick a firing once it is steady"


@pytest.mark.parametrize("way", ["in", "out"])
@pytest.mark.parametrize("late", [False, True], ids=["lost", "late"])
def test_a_process_that_is_killed_in_the_middle_of_a_move_is_followed_by_the_next(
    common: Emulators, new_pair: NewPair, way: str, *, late: bool
) -> None:
    """The second process takes the lease after its time and ends what the first one had begun: in the same epoch.

    The first half of the move is held on its way to Azure or back while its sender is killed. It is lost, or arrives when
    the move has ended: then its ETag is an old one.
    """
    pair = new_pair(probe_interval_s=1.0)
    first = pair.host("--factor", "5")
    pair.steady("wk1")
    common.resource_manager.call("trap", 5.0, action=WRITE_CARD, way=way)
    pair.kill("wk1")
    common.resource_manager.expect("trapped", 60.0)
    assert pair.record["holder"] == "wk2", "the intent is stored before its first call"
    first.child.kill()
    if not late:
        common.resource_manager.call("release", 5.0, fate="drop")
    second = pair.host("--factor", "5")
    pair.steady("wk2")
    if late:
        common.resource_manager.call("release", 5.0, fate="go-on")
    before = second.ticks
    pair.until(lambda: second.ticks > before + 3)
    assert (pair.on, pair.record["phase"]) == ("wk2", "steady")
    assert pair.record["epoch"] == pair.floor == 2
    assert {line["token"] for line in second.of("tick")} == {2}


def test_of_two_instances_one_leads_and_the_epoch_never_forks(new_pair: NewPair) -> None:
    """Both fire at the same marks: the platform's lock for one instance is not what safety rests on."""
    pair = new_pair(probe_interval_s=1.0)
    hosts = [pair.host("--factor", "5") for _ in range(2)]
    pair.steady("wk1")
    pair.kill("wk1")
    pair.steady("wk2")
    leaders = [host for host in hosts if host.ticks]
    assert len(leaders) == 1
    (other,) = [host for host in hosts if host not in leaders]
    pair.until(lambda: len(other.of("fired")) >= 3)
    assert other.ticks == 0
    assert pair.record["epoch"] == 2
    leaders[0].child.kill()
    pair.until(lambda: other.ticks > 0)
    by_epoch = holders([*leaders, other])
    assert {epoch: len(names) for epoch, names in by_epoch.items()} == dict.fromkeys(by_epoch, 1), by_epoch
    assert max(by_epoch) == 2


def holders(hosts: list[Host]) -> dict[int, set[str]]:
    """Who held in each epoch, by every tick of every process."""
    found: dict[int, set[str]] = {}
    for line in (line for host in hosts for line in host.of("tick") if line["epoch"]):
        found.setdefault(line["epoch"], set()).add(line["holder"])
    return found


def test_a_timer_that_has_stopped_is_replaced_by_a_call(new_pair: NewPair) -> None:
    """An alarm calls without a word: `loop`. It leads as long as the alarm needs to call again."""
    pair = new_pair(probe_interval_s=1.0)
    timed = pair.host("--factor", "5")
    pair.steady("wk1")
    timed.child.call("timer", 5.0, on=False)
    timed.child.call("fire", 60.0, function="tick")  # the last one, after the one that may have been running
    asked = pair.host("--no-timer")
    call_in_background(asked, "/api/tick?code=lab")
    pair.until(lambda: asked.ticks > 0)
    pair.kill("wk1")
    pair.steady("wk2")
    assert pair.record["epoch"] == 2
    assert [line["tick"] for line in asked.of("start")] == ["loop"]


def test_a_call_while_the_timer_fires_leads_nowhere_and_disturbs_nobody(new_pair: NewPair) -> None:
    pair = new_pair(probe_interval_s=1.0)
    timed = pair.host("--factor", "5")
    pair.steady("wk1")
    owner = pair.owner
    for word in ("loop", "event"):
        status, body = timed.call("POST", f"/api/tick?tick={word}&code=lab")
        assert (status, json.loads(body)) == (200, {"ended": "an arbiter leads, or is about to"})
    assert pair.owner == owner
    assert {line["token"] for line in timed.of("tick")} == {1}


def test_the_first_tick_of_a_deployment_settles_the_site_or_asks_the_one_that_leads(new_pair: NewPair) -> None:
    pair = new_pair()
    host = pair.host("--no-timer")
    outcome = host.once()
    about = ("settled", "phase", "holder", "epoch")
    assert [outcome[name] for name in about] == [True, "steady", "wk1", 1]
    assert pair.owner == "", "it let the lease go"
    host.child.call("timer", 5.0, on=True)
    pair.until(lambda: pair.owner != "")
    met = host.once()
    assert [met[name] for name in about] == [True, "steady", "wk1", 1]
    assert met["arbiter"] == pair.owner


def test_a_call_needs_the_key_the_method_and_a_word_that_is_known(new_pair: NewPair) -> None:
    host = new_pair().host("--no-timer")
    assert host.call("POST", "/api/tick")[0] == 401
    assert host.call("GET", "/api/tick?code=lab")[0] == 405
    assert host.call("POST", "/api/elsewhere?code=lab")[0] == 404
    status, body = host.call("POST", "/api/tick?tick=never&code=lab")
    assert (status, json.loads(body)) == (400, {"error": "tick='never' is none of loop, once, event"})


def test_alive_says_so_only_where_somebody_has_just_ticked(new_pair: NewPair) -> None:
    """From another process than the one that ticks, as in Azure."""
    pair = new_pair()
    asked = pair.host("--no-timer")
    assert asked.call("GET", "/api/alive") == (503, b"")
    pair.host("--factor", "5")
    pair.steady("wk1")
    assert asked.call("GET", "/api/alive") == (200, b"")


def test_without_an_identity_or_with_a_broken_environment_there_are_no_functions(new_pair: NewPair) -> None:
    pair = new_pair()
    with pytest.raises(ChildError, match="IDENTITY_HEADER is missing or empty"):
        pair.host("--no-timer", IDENTITY_HEADER="")
    pair.watch.failures.clear()
    with pytest.raises(ChildError, match="TANDEM_TIER='best' cannot be read"):
        pair.host("--no-timer", TANDEM_TIER="best")
    pair.watch.failures.clear()


def call_in_background(host: Host, path: str) -> None:
    """Ask, and do not wait for the answer."""

    def ask() -> None:
        with contextlib.suppress(OSError):
            host.call("POST", path, wait_s=400.0)

    threading.Thread(target=ask, daemon=True).start()
