"""Faults on demand: files of rules, what they do to a call, and counting across processes."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from lab.providers.faults import Faults, OrderedFailureError
from lab.providers.handler import NotReadyError, State
from lab.providers.rules import Rules, RulesError, Verb
from lab.recording import Created

EIP = "aws:ec2/eip:Eip"
ROOT = Path(__file__).parents[2]


def written(folder: Path, *entries: dict[str, Any]) -> Path:
    file = folder / "rules.json"
    file.write_text(json.dumps(entries))
    return file


def rule(**more: Any) -> dict[str, Any]:
    return {"type": EIP, "verb": "create", "call": 1, "what": "fail", "message": "no more addresses"} | more


def faults(folder: Path, *entries: dict[str, Any]) -> Faults:
    return Faults(Rules.load(written(folder, *entries)))


def test_only_the_call_that_the_rule_names_fails_and_nothing_is_done(tmp_path: Path) -> None:
    done: list[int] = []
    ordered = faults(tmp_path, rule(call=2))
    ordered.around(EIP, Verb.CREATE, lambda: done.append(1))
    ordered.around(EIP, Verb.DELETE, lambda: done.append(2))
    ordered.around("aws:ec2/vpc:Vpc", Verb.CREATE, lambda: done.append(3))
    with pytest.raises(OrderedFailureError, match=r"^no more addresses$"):
        ordered.around(EIP, Verb.CREATE, lambda: done.append(4))
    ordered.around(EIP, Verb.CREATE, lambda: done.append(5))
    assert done == [1, 2, 3, 5]


def test_any_type_meets_a_star(tmp_path: Path) -> None:
    with pytest.raises(OrderedFailureError):
        faults(tmp_path, rule(type="*")).around("a:b/c:C", Verb.CREATE, lambda: None)


def test_fail_after_applying_loses_the_answer_of_what_was_done(tmp_path: Path) -> None:
    done: list[int] = []
    with pytest.raises(OrderedFailureError, match="no more addresses"):
        faults(tmp_path, rule(what="fail-after-applying")).around(EIP, Verb.CREATE, lambda: done.append(1))
    assert done == [1]


def test_not_ready_says_what_was_made(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError) as error:
        faults(tmp_path, rule(what="not-ready")).around(EIP, Verb.CREATE, lambda: Created("e-1", {"a": 1}))
    assert error.value.made == State("e-1", {"a": 1})


def test_slow_takes_its_time_and_is_done(tmp_path: Path) -> None:
    slow = {"type": EIP, "verb": "create", "call": 1, "what": "slow", "seconds": 0.2}
    begin = time.monotonic()
    assert faults(tmp_path, slow).around(EIP, Verb.CREATE, lambda: "done") == "done"
    assert time.monotonic() - begin >= 0.2


def test_a_hang_ends_when_the_engine_cancels(tmp_path: Path) -> None:
    ordered = faults(tmp_path, {"type": EIP, "verb": "create", "call": 1, "what": "hang"})
    done = threading.Event()
    thread = threading.Thread(target=lambda: ordered.around(EIP, Verb.CREATE, done.set))
    thread.start()
    assert not done.wait(0.2)
    ordered.cancel()
    thread.join(5)
    assert done.is_set()


def test_a_hang_may_end_by_itself(tmp_path: Path) -> None:
    hang = {"type": EIP, "verb": "create", "call": 1, "what": "hang", "seconds": 0.1}
    assert faults(tmp_path, hang).around(EIP, Verb.CREATE, lambda: "done") == "done"


def test_processes_count_together(tmp_path: Path) -> None:
    file = written(tmp_path, rule(call=40))
    count = (
        "import sys; from pathlib import Path; from lab.providers.rules import Rules, Verb\n"
        "rules = Rules.load(Path(sys.argv[1]))\n"
        f"print(sum(rules.take('{EIP}', Verb.CREATE) is not None for _ in range(15)))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", count, str(file)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert sum(int(process.communicate(timeout=60)[0]) for process in started) == 1
    assert json.loads(file.with_name("rules.json.counts").read_text()) == {"0": 45}


def test_every_mistake_of_a_file_is_named(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        rule(verb="make", what="explode", call=0, typ="x"),
        {"type": "", "verb": "read", "call": True, "what": "slow", "message": "x", "seconds": -1},
        rule(seconds=3, verb="delete", what="not-ready"),
        rule(message=""),
        {"type": EIP, "verb": "read", "call": 1, "what": "slow"},
    )
    file.write_text(file.read_text()[:-1] + ", 7]")
    with pytest.raises(RulesError) as error:
        Rules.load(file)
    assert error.value.faults == [
        "rule 1 has an unknown key 'typ' (known: call, message, seconds, type, verb, what)",
        "rule 1 has verb 'make'; allowed are create, read, update, delete, invoke",
        "rule 1 has what 'explode'; allowed are fail, fail-after-applying, not-ready, hang, slow",
        "rule 1 has call 0; it takes a whole number from 1",
        "rule 1 has a message and does not fail",
        "rule 2 has no type (a type token, or *)",
        "rule 2 has call True; it takes a whole number from 1",
        "rule 2 has a message and does not fail",
        "rule 2 has seconds -1; hang and slow take a number above 0, the others none",
        "rule 3 has seconds 3; hang and slow take a number above 0, the others none",
        "rule 3 is not-ready; only a create or an update can be",
        "rule 4 fails and has no message",
        "rule 5 is slow and says no seconds",
        "rule 6 is no object",
    ]


@pytest.mark.parametrize(("text", "said"), [("{", "Expecting"), ("{}", "it holds no list")])
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "rules.json"
    with pytest.raises(RulesError, match="No such file"):
        Rules.load(file)
    file.write_text(text)
    with pytest.raises(RulesError, match=said):
        Rules.load(file)
