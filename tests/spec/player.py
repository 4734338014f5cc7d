"""Plays a story: carries out its lines, and writes down everything that the watchdog says and does.

Lines that begin with `>` are commands; every other line that is not indented is kept as it is.

    > site 2 hold_s=0           a new site of so many workers with these settings, in its steady state
    > new site 2                the same before its first tick
    > tick 5                    so many ticks of the arbiter that leads
    > pass 60                   as many ticks as fit into so many seconds
    > before associate: ...     any other command, in the middle of the arbiter's next effect of that name: a call, `write`,
    > after intent: ...         `intent` (the write that begins an epoch); `after`: its answer is not known yet
    > before write 2: ...       the second such effect from now on
    > kill wk1                  and whatever else stands in `verbs`

Ticks that say the same are told once, with their number.
"""

import typing
from collections.abc import Callable, Iterator, Mapping, Sequence

from failover_lambda.model import Notice
from tests.spec.folding import INDENT, Tick, folded
from tests.spec.people import changed
from tests.spec.stage import Stage, Trigger
from tests.spec.verbs import VERBS
from tests.worlds import PublicPort, World


class Player:
    """One story, from its first line to its last."""

    def __init__(self) -> None:
        self.stage = Stage(World())
        self.began_s = 0.0
        self._notices = 0
        self._faults: list[str] = []
        self._replies: set[str] = set()

    def play(self, line: str) -> Iterator[str]:
        """One command and what it brings."""
        yield line
        words = line.removeprefix(">").split()
        match words:
            case ["site", workers, *settings]:
                yield from self.site(workers, settings, settled=True)
            case ["new", "site", workers, *settings]:
                yield from self.site(workers, settings, settled=False)
            case ["tick"]:
                yield from self.ticks(1)
            case ["tick", times]:
                yield from self.ticks(int(times))
            case ["pass", seconds]:
                yield from self.ticks(None, float(seconds))
            case ["before" | "after" as when, *_]:
                head, _, then = line.partition(":")
                _, _, what, *nth = head.split()
                number = int(nth[0]) if nth else 1
                self.stage.triggers.append(Trigger(when, what, number, lambda: self.do(then.split())))
            case _:
                yield from self.do(words)
                yield from (f"{INDENT}{line}" for line in self.news())

    def do(self, words: list[str]) -> list[str]:
        """Carry out a verb."""
        said = VERBS[words[0]](self.stage, *words[1:])
        return [f"  {said}"] if said else []

    def site(self, workers: str, settings: list[str], *, settled: bool) -> Iterator[str]:
        """Another site."""
        self.close()
        world = World(workers=int(workers))
        world.settings = changed(world.settings, tuple(settings))
        world.cloud.settings = world.settings
        if world.settings.public_health_port:
            world.public = PublicPort(world)
        world.store.lease = None
        world.new_arbiter()
        if settled:
            world.settled()
        self.stage = Stage(world)
        self.began_s, self._faults, self._replies = world.clock.time_s, [], set()
        self._notices = len(world.reporter.told)
        yield f"  {self.stage.state}"

    def ticks(self, times: int | None, seconds: float = 0.0) -> Iterator[str]:
        """So many ticks, or as many as fit into so many seconds; those that say the same are told once."""
        clock = self.stage.world.clock
        until_s = clock.time_s + seconds
        ticks: list[Tick] = []
        while len(ticks) != times and (times is not None or clock.time_s < until_s):
            at_s = clock.time_s - self.began_s
            reason = self.tick()
            ticks.append(Tick(at_s, f"{self.stage.state}: {reason}", tuple(self.news())))
        return folded(ticks)

    def tick(self) -> str:
        """One tick of whoever leads; the crash test lets somebody die in it."""
        return self.stage.tick()

    def news(self) -> Iterator[str]:
        """What was stored, called, told and found faulty since it was last asked."""
        stage, reporter = self.stage, self.stage.world.reporter
        yield from stage.news
        stage.news.clear()
        for notice in reporter.told[self._notices :]:
            yield f"told {_text(notice)}"
        self._notices = len(reporter.told)
        for request, answer in stage.replies.items():
            if request not in self._replies:
                yield f"answered {request}, {answer}"
        self._replies |= stage.replies.keys()
        faults = list(_faults_of(reporter.events))
        if faults != self._faults:
            yield from (f"fault: {fault}" for fault in dict.fromkeys(faults))
        self._faults = faults

    def close(self) -> None:
        """The story is over."""
        self.stage.close()


def _text(notice: Notice) -> str:
    """Who is named, and the seconds since the first failing round, where there are any."""
    who = " to ".join(name for name in (notice.source, notice.target) if name)
    seconds = f", {notice.seconds:.1f} s after the first failing round" if notice.seconds else ""
    return f"{notice.what}{' ' * bool(who)}{who}{seconds}: {notice.why}"


def _faults_of(events: Sequence[tuple[str, Mapping[str, object]]]) -> Iterator[str]:
    """What the last tick could not read, store or tell."""
    last = next((fields for name, fields in reversed(events) if name == "tick"), {})
    faults = last.get("faults", ())
    if isinstance(faults, list):
        yield from map(str, typing.cast("list[object]", faults))


def commands_of(text: str) -> list[str]:
    """The command lines of a story."""
    return [line for line in text.splitlines() if line.startswith(">")]


def replay(text: str, new_player: Callable[[], Player] = Player) -> str:
    """The story as it comes out today; its comments and empty lines stay."""
    player = new_player()
    lines: list[str] = []
    try:
        for line in text.splitlines():
            if line.startswith(">"):
                lines.extend(player.play(line))
            elif not line.startswith(" "):
                lines.append(line)
    finally:
        player.close()
    return "\n".join(lines) + "\n"
