"""What an interrupted update leaves, and how it is healed: its pending creates are looked for in the cloud and adopted.

Theory of operation. The engine writes down what it asks for before it asks (a *pending create*, with all inputs) and its id
when the answer comes. Killed in between, it leaves a resource that may exist and that no state knows: the next up would make
it a second time. Pulumi itself can only ask a person, or forget (`refresh --clear-pending-creates`); its
`--import-pending-creates` marks such an entry and imports nothing (3.259: nothing reads the mark). So each is looked for
(`lab.providers.aws.finding`, `lab.providers.azure_native.finding`) and, where it is, becomes a resource of the state as the
engine would have written it: the entry's own inputs, provider, parent and dependencies, with the id. A refresh then reads
the rest, and an up does what was not done.

Nothing is guessed: what is found twice, what cannot be looked for, and what was about to replace something is named, with
what a person has to say. Here: verdicts and the state, as values. Not here: the commands (`lab.pulumi_command`).
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.urns import type_of

CREATING = "creating"
PROVIDERS = "pulumi:providers:"

Resource = Mapping[str, Any]
Finder = Callable[[Resource], list[str]]
"""The ids of everything in the cloud that may be the pending resource; a LookupError where it cannot say."""


class UnresolvedError(Exception):
    """Pending creates about which only a person can say what became of them. Nothing was changed."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        self.reasons = reasons
        listed = "".join(f"\n  {urn}\n    {why}" for urn, why in reasons.items())
        super().__init__(
            f"{len(reasons)} resource(s) were being made when the run was interrupted, and whether the cloud has them is "
            f"not known; nothing was changed:{listed}\nLook for each in the cloud, and say what you found: "
            f"python -m lab pulumi repair --made URN ID (it is there) or --not-made URN (it is not)"
        )


@dataclass(frozen=True)
class Said:
    """What a person has found out."""

    made: Mapping[str, str] = field(default_factory=dict[str, str])
    """URN to id."""
    not_made: frozenset[str] = frozenset()

    @property
    def urns(self) -> frozenset[str]:
        """Everything that was spoken of."""
        return self.not_made | self.made.keys()


NOTHING = Said()


def pending(exported: Mapping[str, Any]) -> list[Resource]:
    """The resources of the cloud that were being made; providers and components are made in the engine alone."""
    operations = exported["deployment"].get("pending_operations") or ()
    creating = (each["resource"] for each in operations if each["type"] == CREATING)
    return [each for each in creating if each.get("custom") and not each["type"].startswith(PROVIDERS)]


def resolve(exported: Mapping[str, Any], find: Finder, said: Said = NOTHING) -> dict[str, str | None]:
    """Per pending create, by its URN: the id that the cloud has given it, or None where it was not made.

    Raises:
        UnresolvedError: with every one that is not clear, and what was said of something that is not pending.
    """
    entries = pending(exported)
    reasons = dict.fromkeys(said.urns - {each["urn"] for each in entries}, "nothing of this name was being made")
    verdicts: dict[str, str | None] = {}
    for each in entries:
        try:
            verdicts[each["urn"]] = _verdict(each, exported, find, said)
        except _UnclearError as exc:
            reasons[each["urn"]] = str(exc)
    reasons |= {
        urn: f"{made} may be this one or {other}, and it can be one of them only"
        for (urn, made), (other, same) in itertools.permutations(verdicts.items(), 2)
        if made and made == same and type_of(urn) == type_of(other)
    }
    if reasons:
        raise UnresolvedError(reasons)
    return verdicts


def adopt(exported: Mapping[str, Any], verdicts: Mapping[str, str | None]) -> dict[str, Any]:
    """The same state with what was made as resources of it, and without pending operations.

    Nothing that is known depends on what was being made, so it stands behind everything.
    """
    deployment = {name: value for name, value in exported["deployment"].items() if name != "pending_operations"}
    made = [
        {**each, "id": verdicts[each["urn"]], "outputs": each.get("inputs") or {}}
        for each in _once(pending(exported))
        if verdicts[each["urn"]]
    ]
    return {**exported, "deployment": {**deployment, "resources": [*_known(exported), *made]}}


class _UnclearError(Exception):
    """Why there is no verdict."""


def _verdict(entry: Resource, exported: Mapping[str, Any], find: Finder, said: Said) -> str | None:
    urn = entry["urn"]
    if urn in said.not_made:
        return None
    known = _known(exported)
    taken = {each["id"] for each in known if each["type"] == entry["type"] and "id" in each}
    ids = [said.made[urn]] if urn in said.made else sorted(set(_found(entry, find)) - taken)
    if not ids:
        return None
    if len(ids) > 1:
        raise _UnclearError(f"the cloud has {' and '.join(ids)}, and it can be one of them only")
    if any(each["urn"] == urn and not each.get("delete") for each in known):
        raise _UnclearError(
            f"it was to replace another, and the cloud has {ids[0]}. Delete that one and say --not-made: it is replaced then"
        )
    return ids[0]


def _found(entry: Resource, find: Finder) -> list[str]:
    try:
        return find(entry)
    except LookupError as exc:
        raise _UnclearError(f"{exc.args[0]}") from exc


def _known(exported: Mapping[str, Any]) -> list[Resource]:
    return list(exported["deployment"].get("resources") or ())


def _once(entries: Iterable[Resource]) -> Iterator[Resource]:
    """An engine that went on in spite of a pending create may have left it twice."""
    seen: set[str] = set()
    for each in entries:
        if each["urn"] not in seen:
            seen.add(each["urn"])
            yield each
