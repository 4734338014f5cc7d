"""A story with one death more than it tells of: the arbiter dies at effect number n, the next one takes over, it goes on.

What happens in a story happens at a place: this worker holds, the address is there, the record is in that phase. So
after each stretch of ticks the next arbiter gets the time that it needs to come to the same place, and only then the story
goes on. When it is over, its faults end, everything old enough to be late is let pass, and what then stands is the `End`:
that must be the end of the story without the death. Both are compared, because a story may end in the middle of a fault.
"""

from collections.abc import Iterator, Sequence

from failover_lambda.fences import LATE_CALL_S
from failover_lambda.model import Answered, Command, Phase
from tests.claims import Claims
from tests.effects import Effect, KilledError
from tests.spec.places import Death, End, Moment, Place, Point, end_of, place_of
from tests.spec.player import Player, commands_of

CATCH_UP_TICKS = 400
"""So many ticks the next arbiter may take to come to where the story was: more than the longest deadline of a move."""
QUIET_TICKS = 7
"""So many ticks without a write are an end: one more than lie between two reads of a steady site's address."""


class Reference(Player):
    """The story as it is told; remembers its places."""

    def __init__(self) -> None:
        super().__init__()
        self.claims = Claims(self.stage.world)
        self.places: list[Place] = []
        self.effects: list[Point] = []

    def line(self, command: str) -> None:
        """Play one command, without its text."""
        for _ in self.play(command):
            pass

    def site(self, workers: str, settings: list[str], *, settled: bool) -> Iterator[str]:
        """Another site, whose effects are counted from its first line on."""
        yield from super().site(workers, settings, settled=settled)
        self.claims = Claims(self.stage.world)
        self.stage.effects.hooks = (self.claims, self.stage, self)

    def before(self, effect: Effect) -> None:
        """An effect is about to be applied."""

    def after(self, effect: Effect, answered: Answered | None) -> None:
        """An effect was applied."""
        self.effects.append(Point(self.stage.effects.number, len(self.places), effect, answered))

    def failed(self, effect: Effect, why: str) -> None:
        """A write was refused: no effect."""

    def run(self, text: str) -> End:
        """The whole story, and its end."""
        for command in commands_of(text):
            self.line(command)
            self.places.append(place_of(self.stage))
        self.stage.effects.hooks = (self.claims, self.stage)
        return self.end()

    def end(self) -> End:
        """The faults end, and what may be late is waited for."""
        stage = self.stage
        stage.close()
        stage.triggers.clear()
        stage.look_s, stage.stale_reads = 0.0, 0
        for command in ("answers", "hears", "sees", "store up", "topic up"):
            self.line(f"> {command}")
        for _ in range(2):
            self.line(f"> later {LATE_CALL_S + 1}")
            self.line("> arbiter starts")
            self._until_quiet()
        self.claims.check_told()
        return end_of(stage, self.claims.broken)

    def ticks(self, times: int | None, seconds: float = 0.0) -> Iterator[str]:
        """The same ticks; nobody reads what they say."""
        clock = self.stage.world.clock
        until_s, done = clock.time_s + seconds, 0
        while done != times and (times is not None or clock.time_s < until_s):
            self.tick()
            self.stage.news.clear()
            done += 1
        yield from ()

    def do(self, words: list[str]) -> list[str]:
        """A verb. What an arbiter sends when it wakes was permitted before it froze."""
        self.claims.zombie = words == ["arbiter", "wakes"]
        try:
            return super().do(words)
        finally:
            self.claims.zombie = False

    def _until_quiet(self) -> None:
        """Tick until nothing was written for longer than the steady read of the cloud takes."""
        world = self.stage.world
        settled = (Phase.STEADY, Phase.DISABLED, Phase.MANUAL, Phase.BOTH_DOWN)
        written, quiet = -1, 0
        for _ in range(CATCH_UP_TICKS):
            self.tick()
            version = world.store.record.version if world.store.record else 0
            quiet = quiet + 1 if version == written else 0
            written = version
            if quiet >= QUIET_TICKS and (place_of(self.stage).phase in settled and self.stage.where != "nobody"):
                return


class Interrupted(Reference):
    """The same story with one death, held against the reference."""

    def __init__(self, death: Death) -> None:
        super().__init__()
        self.death = death
        self.has_died = False
        self._wants_an_arbiter = False
        self._in_flight: Command | None = None

    def run_beside(self, text: str, places: Sequence[Place]) -> End:
        """The whole story; after each command, time is given to come to where the reference was."""
        for number, command in enumerate(commands_of(text)):
            self.line(command)
            if self.has_died and command.split()[1] in ("tick", "pass"):
                self._catch_up(places[number], command)
        if self._in_flight:
            self._land()
        return self.end()

    # The death

    def before(self, effect: Effect) -> None:
        """An effect is about to be applied."""
        if self.has_died or self.stage.effects.number + 1 != self.death.effect:
            return
        if self.death.moment is Moment.ANSWERED:
            self._die()
        if self.death.moment is Moment.ON_ITS_WAY and effect.command:
            self._in_flight = effect.command
            self._die()

    def after(self, effect: Effect, answered: Answered | None) -> None:
        """An effect was applied, and nobody knows."""
        del effect, answered
        unanswered = self.death.moment is Moment.UNANSWERED and self.stage.effects.number == self.death.effect
        if unanswered and not self.has_died:
            self._die()

    def _die(self) -> None:
        self.has_died = True
        raise KilledError

    # The next arbiter

    def tick(self) -> str:
        """One tick; an arbiter that died in it is followed by the next one."""
        if self._wants_an_arbiter:
            self._start()
        had_died = self.has_died
        reason = super().tick()
        if self.has_died and not had_died:
            self._start()
        return reason

    def do(self, words: list[str]) -> list[str]:
        """A verb. An arbiter that the story ends needs no successor; a frozen one that dies as it wakes has one already."""
        if words[0] == "arbiter":
            self._wants_an_arbiter = False
        try:
            return super().do(words)
        except KilledError:
            if words != ["arbiter", "wakes"]:
                raise
            return []

    def _start(self) -> None:
        self.stage.start()
        self._wants_an_arbiter = not self.stage.leads

    def _catch_up(self, place: Place, command: str) -> None:
        """Tick until the story is where it was. While the store does not answer nobody can lead: then it is later."""
        stage = self.stage
        for _ in range(CATCH_UP_TICKS):
            if place.is_reached(place_of(stage)) or stage.world.store.down or not (stage.leads or self._wants_an_arbiter):
                break
            self.tick()
        else:
            raise AssertionError(f"{self.death}: after '{command}' it never came to {place}; it is {place_of(stage)}")
        if self._in_flight and stage.leads:
            self._land()
            self._catch_up(place, command)

    def _land(self) -> None:
        assert self._in_flight
        self.stage.world.cloud.land(self._in_flight)
        self._in_flight = None
