"""Faults on demand: which call of which verb on which type fails, and how.

Here: the file of rules, read with every fault named, and the counting of calls. Not here: carrying a rule out, which is
`lab.providers.faults`. The lab writes the file and names it in `TANDEM_LAB_RULES`; tests write it by hand:

    [{"type": "aws:ec2/eip:Eip", "verb": "create", "call": 2, "what": "fail", "message": "AddressLimitExceeded"}]

`call` counts the calls that a rule's type and verb meet, from 1. A provider runs as several processes, so the counts stand
in a file beside the rules (`rules.json.counts`), under a lock. A preview's calls are not counted: they make nothing.
"""

import fcntl
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, cast

VARIABLE = "TANDEM_LAB_RULES"
"""The environment variable that names the file; unset or empty: no faults."""

ANY = "*"


class Verb(Enum):
    """What the engine asks of a provider."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    INVOKE = "invoke"


class What(Enum):
    """What happens to the call."""

    FAIL = "fail"
    """Nothing is done; the error is the rule's message."""
    FAIL_AFTER_APPLYING = "fail-after-applying"
    """All is done, and the answer is lost: the engine hears an error and knows no id."""
    NOT_READY = "not-ready"
    """All is done, and the engine hears that it is not ready: it keeps the id."""
    HANG = "hang"
    """No answer for so many seconds, or until the engine cancels; then it is done."""
    SLOW = "slow"
    """It is done after so many seconds, whatever the engine says."""


_FAILING = frozenset({What.FAIL, What.FAIL_AFTER_APPLYING, What.NOT_READY})
_KEYS = frozenset({"type", "verb", "call", "what", "message", "seconds"})


class RulesError(Exception):
    """A file of rules that cannot be obeyed; every fault is in the message."""

    def __init__(self, file: Path, faults: list[str]) -> None:
        self.faults = faults
        super().__init__(f"{file} is no file of rules: " + "; ".join(faults))


@dataclass(frozen=True)
class Rule:
    """One fault."""

    type: str
    """A type token or a function's; `*` = any."""
    verb: Verb
    call: int
    what: What
    message: str = ""
    seconds: float | None = None
    """None, for a hang: until the engine cancels."""

    def meets(self, type_token: str, verb: Verb) -> bool:
        """Whether the rule counts such a call."""
        return self.verb is verb and self.type in {ANY, type_token}


@dataclass(frozen=True)
class Rules:
    """The rules of one file, counted beside it."""

    rules: tuple[Rule, ...] = ()
    file: Path | None = None

    @classmethod
    def load(cls, file: Path) -> "Rules":
        """Read the file.

        Raises:
            RulesError: it cannot be read, or says something that is no rule.
        """
        try:
            content: Any = json.loads(file.read_text())
        except (OSError, ValueError) as exc:
            raise RulesError(file, [str(exc)]) from exc
        if not isinstance(content, list):
            raise RulesError(file, ["it holds no list"])
        entries = cast("list[Any]", content)
        if faults := [fault for number, entry in enumerate(entries, 1) for fault in _faults(entry, f"rule {number}")]:
            raise RulesError(file, faults)
        return cls(tuple(_rule(entry) for entry in entries), file)

    def take(self, type_token: str, verb: Verb) -> Rule | None:
        """Count one call; the first rule whose turn it is."""
        if self.file is None or not any(rule.meets(type_token, verb) for rule in self.rules):
            return None
        with self.file.with_name(f"{self.file.name}.counts").open("a+") as counts:
            fcntl.flock(counts, fcntl.LOCK_EX)
            counts.seek(0)
            seen: dict[str, int] = json.loads(counts.read() or "{}")
            for number, rule in enumerate(self.rules):
                seen[str(number)] = seen.get(str(number), 0) + rule.meets(type_token, verb)
            counts.truncate(0)
            counts.write(json.dumps(seen))
        turn = (
            rule for number, rule in enumerate(self.rules) if rule.meets(type_token, verb) and seen[str(number)] == rule.call
        )
        return next(turn, None)


def _rule(entry: Mapping[str, Any]) -> Rule:
    known: dict[str, Any] = {**entry, "verb": Verb(entry["verb"]), "what": What(entry["what"])}
    return Rule(**known)


def _faults(entry: Any, where: str) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield f"{where} is no object"
        return
    rule = cast("Mapping[str, Any]", entry)
    for key in sorted(rule.keys() - _KEYS):
        yield f"{where} has an unknown key {key!r} (known: {', '.join(sorted(_KEYS))})"
    if not isinstance(rule.get("type"), str) or not rule["type"]:
        yield f"{where} has no type (a type token, or {ANY})"
    for key, kind in (("verb", Verb), ("what", What)):
        allowed = [each.value for each in kind]
        if rule.get(key) not in allowed:
            yield f"{where} has {key} {rule.get(key)!r}; allowed are {', '.join(allowed)}"
    if not _is_number(rule.get("call"), int) or rule["call"] < 1:
        yield f"{where} has call {rule.get('call')!r}; it takes a whole number from 1"
    yield from _measure_faults(rule, where)


def _measure_faults(rule: Mapping[str, Any], where: str) -> Iterator[str]:
    fails = rule.get("what") in {each.value for each in _FAILING}
    message, seconds = rule.get("message"), rule.get("seconds")
    if fails and not (isinstance(message, str) and message):
        yield f"{where} fails and has no message"
    if not fails and message is not None:
        yield f"{where} has a message and does not fail"
    if seconds is not None and (fails or not _is_number(seconds, int, float) or seconds <= 0):
        yield f"{where} has seconds {seconds!r}; hang and slow take a number above 0, the others none"
    if seconds is None and rule.get("what") == What.SLOW.value:
        yield f"{where} is slow and says no seconds"
    if rule.get("what") == What.NOT_READY.value and rule.get("verb") not in {Verb.CREATE.value, Verb.UPDATE.value}:
        yield f"{where} is not-ready; only a create or an update can be"


def _is_number(value: Any, *kinds: type) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)
