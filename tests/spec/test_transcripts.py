"""Whole stories as text: what was done to the site, and everything the watchdog said and did.

Each file in `transcripts/` holds commands (lines that begin with `>`) and their full output. After a change of the rule run
with TANDEM_REWRITE=1, read the diff, and commit it only if you can explain every line.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from failover_lambda.model import Answer, Command, Do
from tests.worlds import World

HERE = Path(__file__).parent / "transcripts"
FILES = sorted(HERE.glob("*.txt"))


class Player:
    """Carries out a transcript's commands on one world and writes down what happens."""

    def __init__(self) -> None:
        self.world = World()
        self.began_s = self.world.clock.time_s
        self.seen_calls = 0
        self.seen_notices = 0
        self.verbs: Mapping[str, Callable[..., Iterator[str]]] = {
            "site": self.site,
            "tick": self.tick,
            "kill": self.kill,
            "heal": self.heal,
            "stop": self.stop,
            "start": self.start,
            "deaf": self.deaf,
            "hears": self.hears,
            "lose": self.lose,
            "refuse": self.refuse,
            "answers": self.answers,
            "put": self.put,
            "arbiter": self.arbiter,
        }

    def play(self, line: str) -> Iterator[str]:
        verb, *words = line.removeprefix(">").split()
        yield line
        yield from self.verbs[verb](*words)

    def site(self, workers: str) -> Iterator[str]:
        """A new site of so many workers, settled."""
        self.world = World(workers=int(workers)).settled()
        self.began_s = self.world.clock.time_s
        self.seen_notices = len(self.world.reporter.told)
        yield f"  {self.state()}"

    def tick(self, times: str = "1") -> Iterator[str]:
        for _ in range(int(times)):
            at_s = self.world.clock.time_s - self.began_s
            reason = self.world.tick()
            yield f"  {at_s:5.1f} s  {self.state()}: {reason}"
            yield from self.news()

    def state(self) -> str:
        record = self.world.record
        where = self.world.cloud.on or "nobody"
        return f"{record.phase.value}, epoch {record.epoch}, holder {record.holder}, address on {where}"

    def news(self) -> Iterator[str]:
        for call in self.world.cloud.calls[self.seen_calls :]:
            yield f"             call {_text(call)}"
        for notice in self.world.reporter.told[self.seen_notices :]:
            who = f"{notice.source or '-'} to {notice.target or '-'}"
            yield f"             told {notice.what}: {who}, {notice.seconds:.1f} s"
        self.seen_calls, self.seen_notices = len(self.world.cloud.calls), len(self.world.reporter.told)

    def kill(self, worker: str, answer: str = "refused") -> Iterator[str]:
        self.world.kill(worker, Answer(answer))
        yield from ()

    def heal(self, worker: str) -> Iterator[str]:
        self.world.heal(worker)
        yield from ()

    def stop(self, worker: str) -> Iterator[str]:
        self.world.stop(worker)
        yield from ()

    def start(self, worker: str) -> Iterator[str]:
        self.world.cloud.start(worker)
        yield from ()

    def deaf(self, *names: str) -> Iterator[str]:
        self.world.cloud.deaf.update(names)
        yield from ()

    def hears(self) -> Iterator[str]:
        self.world.cloud.deaf.clear()
        yield from ()

    def lose(self, do: str, when: str) -> Iterator[str]:
        self.world.cloud.lose[Do(do)] = when
        yield from ()

    def refuse(self, do: str, code: str) -> Iterator[str]:
        self.world.cloud.refuse[Do(do)] = code
        yield from ()

    def answers(self) -> Iterator[str]:
        self.world.cloud.lose.clear()
        self.world.cloud.refuse.clear()
        yield from ()

    def put(self, worker: str) -> Iterator[str]:
        self.world.cloud.put_address(worker)
        yield from ()

    def arbiter(self, what: str) -> Iterator[str]:
        assert what == "dies"
        self.world.new_arbiter()
        yield from ()


def _text(call: Command) -> str:
    condition = f" if {call.association_id}" if call.association_id else ""
    return f"{call.do.value} {call.worker}{condition}"


def replay(text: str) -> str:
    """The transcript as it comes out today; comments and empty lines stay."""
    player = Player()
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith(">"):
            lines.extend(player.play(line))
        elif not line.startswith(" "):
            lines.append(line)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_the_story_is_told_as_written(file: Path) -> None:
    written = file.read_text()
    today = replay(written)
    if os.environ.get("TANDEM_REWRITE") == "1":
        file.write_text(today)
    assert today == written, "the watchdog tells another story now; see TANDEM_REWRITE above"


def test_there_are_stories() -> None:
    assert len(FILES) >= 6
