"""The tests, collected once by pytest in this process; run in children only, so that no test ever changes this one."""

import gc
import itertools
import os
import re
import signal
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from prove.mutants.aim import Aim, FirstRuns, Ran
from prove.mutants.calls import Call, Calls, Recorder
from prove.mutants.changes import Mutant, Name
from prove.mutants.forks import End, Ended, Note, forked
from prove.mutants.found import Source
from prove.mutants.install import DoesNotImportError, install, modules_below
from prove.mutants.marks import put_marks
from prove.mutants.remembered import Memory

TEST_LONGEST_FACTOR = 20
"""A test that uses so many times its usual time, and more than what the caller says, runs for ever."""

WAIT_LONGEST_FACTOR = 20
SHARE = 40
"""So many tests of one file are run by one child at first."""

WORD = re.compile(r"\w+")

FIRST_RUN_LONGEST_S = 900.0
MUTANT_LONGEST_S = 900.0
"""Longer than either takes on a busy machine; each test of a mutant has a limit of its own."""


class TestsFailError(Exception):
    """They fail without any mutant, or cannot be collected: nothing could be said of a mutant."""

    __test__ = False


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    DOES_NOT_IMPORT = "does not import"


@dataclass(frozen=True)
class Result:
    """One mutant after its tests."""

    mutant: Mutant
    fate: Fate
    test: str = ""
    """The test that killed it."""
    how: str = ""
    """How that test ended, or why the module does not import."""
    tests: int = 0
    """How many tests execute what was changed."""
    calls: int = 0
    """How many recorded calls were asked again."""
    differing: int = 0
    """How many of them were answered in another way."""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class How:
    """How the tests are run."""

    at_once: int
    """So many processes."""
    test_longest_s: float
    """A test of a mutant may use so much processor time, or `TEST_LONGEST_FACTOR` times what it uses without."""
    remember: Path | None
    """Where first runs are kept; None = nowhere."""


class Collected:
    """The collected tests of one pytest session, which is still open."""

    def __init__(self, items: Sequence[pytest.Item], root: Path, how: How) -> None:
        self._items = {item.nodeid: item for item in items}
        self._root = root
        self._at_once = how.at_once
        self._test_longest_s = how.test_longest_s
        self._remember = how.remember
        self._failed = False

    @property
    def items(self) -> Mapping[str, pytest.Item]:
        """Every test by its id."""
        return self._items

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Pytest tells how a part of a test ended."""
        self._failed = self._failed or report.failed

    def _passes(self, test: str) -> bool:
        item = self._items[test]
        self._failed = False
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return not self._failed

    def first_runs(self, sources: Sequence[Source], pure: Collection[str]) -> FirstRuns:
        """Run every test once, unchanged, and record what it executes of the sources, and what it asks of the pure ones.

        Raises:
            TestsFailError: naming the tests that fail.
        """
        runs: list[Ran] = []
        calls: list[Call] = []
        failing: list[str] = []
        for share, its_calls in self._answers(sources, pure):
            first = len(calls)
            calls += its_calls
            for test, passes, seconds, executed, own in share:
                runs.append(Ran(test, seconds, executed, frozenset(first + number for number in own)))
                if not passes:
                    failing.append(test)
        if failing:
            raise TestsFailError(f"without any mutant these fail: {', '.join(sorted(failing))}")
        outside = self._names_outside(pure)
        return FirstRuns(sources=sources, pure=pure, outside=outside, runs=runs, calls=calls)

    def _answers(self, sources: Sequence[Source], pure: Collection[str]) -> Iterator[Any]:
        """Of each share of the tests: each test with what it executed and asked, and the calls."""
        memory = self._memory(sources)
        new: list[Sequence[str]] = []
        for share in _shares(self._items):
            answer = memory.recall(share)
            if answer is None:
                new.append(share)
            else:
                yield answer
        for ended in forked(new, self._recorded(sources, pure), lambda _: FIRST_RUN_LONGEST_S, at_once=self._at_once):
            if ended.end is not End.ANSWERED:
                raise TestsFailError(f"without any mutant, {ended.noted} {ended.end.value}")
            if all(passes for _, passes, *_ in ended.answer[0]):
                memory.keep(ended.task, ended.answer)
            yield ended.answer

    def _memory(self, sources: Sequence[Source]) -> Memory:
        """First runs depend on all that is loaded; of the tests, each on its own file and on what is no file of tests."""
        collected = {Path(test.partition("::")[0]) for test in self._items}
        loaded = {Path(str(module.__file__)).relative_to(self._root) for module in modules_below(self._root)}
        beside = {file.relative_to(self._root) for test in collected for file in (self._root / test).parent.rglob("*.txt")}
        return Memory(self._remember, self._root, (loaded | beside) - collected, [source.module for source in sources])

    def _recorded(self, sources: Sequence[Source], pure: Collection[str]) -> Callable[[Sequence[str], Note], Any]:
        def run(tests: Sequence[str], note: Note) -> Any:
            recorder = Recorder()
            put_marks(sources, recorder.executed, recorder.asked, self._names_outside(pure), pure)
            done: list[Any] = []
            calls = Calls()
            for test in tests:
                note(test)
                recorder.begin()
                began_s = time.process_time()
                passes = self._passes(test)
                seconds = time.process_time() - began_s
                own = {calls.number_of(call) for call in recorder.calls}
                done.append((test, passes, seconds, recorder.all_executed(), own))
            return done, calls.all

        return run

    def _names_outside(self, pure: Collection[str]) -> frozenset[str]:
        """Every word in a module that is loaded from below the root and is none of these."""
        files = {str(module.__file__) for module in modules_below(self._root) if module.__name__ not in pure}
        return frozenset(word for file in files for word in WORD.findall(Path(file).read_text(encoding="utf-8")))

    def results(self, mutants: Sequence[Mutant], aim: Aim) -> Iterator[Result]:
        """Run each mutant against the tests that could notice it, up to the first that fails."""
        began: dict[Name, float] = {}

        def longest_s(mutant: Mutant) -> float:
            began[mutant.name] = time.monotonic()
            return MUTANT_LONGEST_S

        gc.collect()
        gc.freeze()
        for ended in forked(mutants, lambda mutant, note: self._try(mutant, aim, note), longest_s, at_once=self._at_once):
            yield _result(ended, time.monotonic() - began[ended.task.name])

    def _try(self, mutant: Mutant, aim: Aim, note: Note) -> dict[str, Any]:
        """What became of it, as fields of a `Result`."""
        try:
            install(mutant, self._root)
        except DoesNotImportError as exc:
            return {"fate": Fate.DOES_NOT_IMPORT, "how": str(exc)}
        compared: dict[int, bool] = {}
        targets = aim.at(mutant)
        doubtful: list[Ran] = []
        for target in targets:
            note(target.ran.test)
            with _alarm(self._longest_s(target.ran)):
                differs = _differ(target.calls, aim.first.calls, compared)
            if not differs:
                doubtful += [] if target.tells else [target.ran]
            elif self._notices(target.ran):
                return {"fate": Fate.KILLED, "test": target.ran.test, "how": "fails", "tests": len(targets)}
        for ran in doubtful:
            note(ran.test)
            if self._notices(ran):
                return {"fate": Fate.KILLED, "test": ran.test, "how": "fails", "tests": len(targets)}
        differing = len(compared) - sum(compared.values())
        return {"fate": Fate.SURVIVED, "tests": len(targets), "calls": len(compared), "differing": differing}

    def _notices(self, ran: Ran) -> bool:
        """Whether the test fails now."""
        with _alarm(self._longest_s(ran)):
            return not self._passes(ran.test)

    def _longest_s(self, ran: Ran) -> float:
        return max(self._test_longest_s, TEST_LONGEST_FACTOR * ran.seconds)


def _shares(tests: Iterable[str]) -> Iterator[Sequence[str]]:
    """The tests of each file, not too many at once."""
    for _, group in itertools.groupby(sorted(tests), key=lambda test: test.partition("::")[0]):
        of_file = list(group)
        yield from (of_file[first : first + SHARE] for first in range(0, len(of_file), SHARE))


def _differ(numbers: Sequence[int], calls: Sequence[Call], compared: dict[int, bool]) -> bool:
    """Whether any of these calls is answered in another way now."""
    for number in numbers:
        if number not in compared:
            compared[number] = calls[number].is_answered_the_same()
        if not compared[number]:
            return True
    return False


ENDLESS = 3
"""The status of a child whose test took too long."""


class _alarm:  # noqa: N801 - used like a function
    """Ends the process when the test in it takes too long; no `except` of the test can hold that up.

    Counted is processor time, because the machine may be busy with something else; and real time, for who waits for ever.
    """

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s

    def __enter__(self) -> None:
        for alarm in (signal.SIGVTALRM, signal.SIGALRM):
            signal.signal(alarm, lambda *_: os._exit(ENDLESS))
        signal.setitimer(signal.ITIMER_VIRTUAL, self._longest_s)
        signal.setitimer(signal.ITIMER_REAL, WAIT_LONGEST_FACTOR * self._longest_s)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _result(ended: Ended[Mutant], seconds: float) -> Result:
    mutant = ended.task
    if ended.end is End.ANSWERED:
        return Result(mutant, **ended.answer, seconds=seconds)
    if not ended.noted:
        raise RuntimeError(f"the child ended before its first test:\n{mutant.name}")
    how = "never ends" if ended.end is End.TOO_LONG or ended.status == ENDLESS else "takes the process with it"
    return Result(mutant, Fate.KILLED, ended.noted, how, seconds=seconds)


def with_collected(tests: Sequence[str], root: Path, how: How, then: Callable[[Collected], int]) -> int:
    """Collect the tests of `tests` and do `then` with them, inside of pytest's session; returns what it returned.

    Raises:
        TestsFailError: they cannot be collected.
    """
    statuses: list[int] = []
    errors: list[Exception] = []

    class Plugin:
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            if session.testsfailed:
                return True
            collected = Collected(session.items, root, how)
            session.config.pluginmanager.register(collected)
            try:
                statuses.append(then(collected))
            except Exception as exc:  # noqa: BLE001 - pytest would report it as its own; raised again below
                errors.append(exc)
            return True

    quiet = ("-q", "-q", "--no-header", "--no-summary", "-s")  # children must not share one file of captured output
    fast = ("-m", "not prove and not lab and not judge and not slips")  # what `make check` runs of these, and the sweeps
    plain = ("-p", "no:randomly", "-p", "no:xdist", "-p", "no:cacheprovider", "-o", "timeout=0")
    code = pytest.main([*quiet, *plain, *fast, "--rootdir", str(root), *tests], plugins=[Plugin()])
    if errors:
        raise errors[0]
    if not statuses:
        raise TestsFailError(f"pytest could not collect {', '.join(tests)} ({pytest.ExitCode(code).name})")
    return statuses[0]
