"""A path of the search as a numbered story, in the words of docs/RULE.md.

The search renames workers, associations and epochs as it goes; here they get one name each for the whole story.
"""

import re
from collections.abc import Iterable
from typing import Any, cast

from failover_lambda.model import Phase, Record
from prove import asked, effects
from prove.parts import LEADER, NAME_BITS, Call, Deployed, Site
from prove.rounds import View
from prove.small import AGES_S, LONG_S, SHORT_S
from prove.world import Next, State, World

_PASSES = {
    SHORT_S: "A few seconds pass.",
    LONG_S: "A minute and more passes: every deadline and hold is over.",
    AGES_S: "A day passes: calls that were on their way never land.",
}
_CALLS = {
    effects.DISASSOCIATE: "end association {id}",
    effects.ASSOCIATE: "associate the address with {worker}",
    effects.ISOLATE: "isolate {worker}",
    effects.RESTORE: "put the groups of {worker} back",
    effects.STOP: "stop {worker}",
    effects.START: "start {worker}",
}
_ENDS = {
    "land": "lands",
    "land, and again": "lands, and will land once more",
    "refused": "is refused",
    "begins": "begins: it reads its card, with the epoch on all of them",
    "writes": "writes its card on condition of the ETag that it read",
    "fails": "was accepted, and fails",
}
_PEOPLE = {
    "kill": "The service of {} dies.",
    "heal": "The service of {} answers again.",
    "off": "The machine of {} stops.",
    "on": "Somebody starts {}.",
}


class Story:
    """One path, told."""

    def __init__(self, world: World) -> None:
        """`world` is the one that was searched."""
        self._world = world
        self._workers = list(world.names)
        self._ids: dict[int, str] = {}
        self._epochs: dict[int, str] = {}

    def lines(self, start: State, path: Iterable[Next]) -> list[str]:
        """One numbered line for each action, after one that tells where it begins."""
        self._known(self._world.names_of(start))
        told = [f"0. {self._at(start)}"]
        before = start
        for number, step in enumerate(path, start=1):
            said = self._action(step, step.sent, step.why)
            self._known(step.names)
            self._renamed(step)
            said += self._changed(before, step)
            if step.breaches:
                said += f" ** breaks {', '.join(dict.fromkeys(step.breaches))} **"
            told.append(f"{number}. {said}")
            before = step.state
        return told

    # Names

    def _known(self, names: int) -> None:
        for bit in range(1, NAME_BITS):
            if names >> bit & 1 and bit not in self._ids:
                self._ids[bit] = f"a{1 + max((int(name[1:]) for name in self._ids.values()), default=0)}"
            if names >> (NAME_BITS + bit) & 1 and bit not in self._epochs:
                self._epochs[bit] = str(1 + max((int(name) for name in self._epochs.values()), default=0))

    def _renamed(self, step: Next) -> None:
        ids = [bit for bit in range(1, NAME_BITS) if step.names >> bit & 1]
        epochs = [bit for bit in range(1, NAME_BITS) if step.names >> (NAME_BITS + bit) & 1]
        self._ids = {rank: self._ids[bit] for rank, bit in enumerate(ids, start=1)}
        self._epochs = {rank: self._epochs[bit] for rank, bit in enumerate(epochs, start=1)}
        self._workers = self._workers[step.turn :] + self._workers[: step.turn]

    def _named(self, text: str) -> str:
        """A sentence of the rule, with the story's names."""
        names = dict(zip(self._world.names, self._workers, strict=True))
        text = re.sub(r"\bwk\d\b", lambda found: names[found[0]], text)
        return re.sub(r"\ba(\d+)\b", lambda found: self._ids.get(int(found[1]), found[0]), text)

    # Sentences

    def _action(self, step: Next, sent: tuple[Call, ...], why: str) -> str:  # noqa: C901, PLR0911, PLR0912 - a sentence for each kind
        kind, *rest = step.action
        match kind:
            case "round" | "use":
                return self._round(kind, rest, sent, why)
            case "answer" | "no answer":
                call = cast("Call", rest[0])
                who = "leader" if call.owner == LEADER else "former leader"
                outcome = "no answer" if kind == "no answer" else f"the answer ({_outcome(call)})"
                said = f"The {who} takes up {outcome} to: {self._call(call)}. {self._decides(rest[1:], sent, why)}"
                return said.rstrip()
            case "land" | "land, and again" | "refused" | "begins" | "writes" | "fails":
                ends = _ENDS[kind]
                call = cast("Call", rest[0])
                return f'The call "{self._call(call)}" of epoch {self._epochs.get(call.epoch, "?")} {ends}.'
            case "late write":
                return "A write that had no answer arrives late, and is applied."
            case "takeover":
                return "Another arbiter takes the lease; the one before does not know it yet."
            case "former leader ends":
                return "The former leader is gone; what it sent may still land."
            case "deploy":
                return f"{self._deployed(rest[0])} is deployed; the next arbiter is told."
            case "told":
                return "The leader of many sites goes on with what was deployed, in a fresh cycle."
            case "hand":
                where = "nobody" if rest[0] < 0 else self._workers[rest[0]]
                card = "another card of " if rest[1] else ""
                return f"An operator puts the address on {card}{where} by hand."
            case "tag":
                return "Somebody writes another site's owner tag on the address, or takes it away."
            case "time":
                return _PASSES.get(rest[0], f"{rest[0]:g} seconds pass.")
            case "ask":
                return f"An operator asks for: {asked.told(self._world.small.requests, rest[0])}."
            case "taken out":
                return "The leader takes out of the inbox what the record knows."
            case "window":
                return f"The failback window {rest[0]}."
            case "lose":
                return "The record is deleted; the floor stands."
            case _:
                return _PEOPLE[kind].format(self._workers[rest[0]])

    def _deployed(self, told: Deployed) -> str:
        """What the configuration says."""
        watches = " with `watchOnly: true`" if told.watches else ""
        out = ", ".join(self._workers[index] for index in told.out)
        return f"`enabled: {str(told.enabled).lower()}`{watches}{f' without {out}' if out else ''}"

    def _round(self, kind: str, rest: list[Any], sent: tuple[Call, ...], why: str) -> str:
        who = "The leader" if rest[0] == LEADER else "The former leader"
        if kind == "use":
            return f"{who} makes something of its round. {self._decides(rest[1:], sent, why)}"
        load = " and cannot load the record" if rest[2] == "cannot load" else ""
        seen = f"{who} makes a round{load}; it {_seen(View[rest[1]])}."
        if self._world.small.slow_rounds:
            return f"{seen} It has not decided yet."
        return f"{seen} {self._decides(rest[3:], sent, why)}"

    def _decides(self, how: list[Any], sent: tuple[Call, ...], why: str) -> str:
        said = f"It decides: {self._named(why)}."
        if "conflict" in how:
            said += " Its write is refused: version or lease have changed."
        said += "".join(f" Its write: {each}." for each in how if "no answer" in str(each))
        calls = [self._call(call) for call in sent]
        return said + (f" It sends: {'; '.join(calls)}." if calls else "")

    def _call(self, call: Call) -> str:
        worker = self._workers[call.worker] if call.worker >= 0 else ""
        if call.do == effects.DISASSOCIATE and not call.id:
            return "end the old association"
        return _CALLS[call.do].format(id=self._ids.get(call.id, f"a{call.id}"), worker=worker)

    def _changed(self, before: State, step: Next) -> str:
        """What is stored and true now, where that has changed."""
        said = ""
        if step.state.record != before.record and step.action[0] != "time":
            said += f" Record: {self._stored(step.state)}."
        sites = self._world.parts.sites.values
        old, new = cast("Site", sites[before.site]), cast("Site", sites[step.state.site])
        moved = step.action[0] in ("land", "land, and again", "fails", "hand") and (old.at, old.id) != (new.at, new.id)
        return said + (f" The address is on {self._address(new)}." if moved else "")

    def _at(self, state: State) -> str:
        site = cast("Site", self._world.parts.sites.values[state.site])
        return f"The address is on {self._address(site)}. Record: {self._stored(state)}."

    def _address(self, site: Site) -> str:
        return "nobody" if site.at < 0 else f"{self._workers[site.at]} ({self._ids[site.id]})"

    def _stored(self, state: State) -> str:
        return self._record(state) if state.record else "there is none"

    def _record(self, state: State) -> str:
        record = cast("Record", self._world.parts.records.values[state.record])
        said = f"epoch {self._epochs[record.epoch]}, phase {record.phase.value}, holder {self._named(record.holder)}"
        if record.association_id:
            said += f", association {self._named(record.association_id)}"
        if record.intent and record.phase is Phase.FENCING:
            said += f", to end {self._named(record.intent.expected_id)}"
        fences = ", ".join(self._named(fence.worker) for fence in record.fences)
        return said + (f", fence against {fences}" if fences else "")


def _seen(view: View) -> str:
    return view.value if view is View.TRUE else f"is wrong or partial: {view.value}"


def _outcome(call: Call) -> str:
    outcome = effects.OUTCOMES[call.outcome]
    return outcome.value if outcome else ""
