"""Rules on network security groups."""

from collections.abc import Iterator

from lab.arm.bodies import items, properties, text
from lab.arm.change import Change, Rule
from lab.arm.messages import Refusal

GROUP = "microsoft.network/networksecuritygroups"
_LOWEST, _HIGHEST = 100, 4096
_NEEDED = ("protocol", "access", "direction")


def rules_are_whole(change: Change) -> Iterator[Refusal]:
    """A rule has a protocol, an access and a direction."""
    if not change.is_of(GROUP):
        return
    for rule in items(change.new_body, "securityRules"):
        for name in _NEEDED:
            if not properties(rule).get(name):
                yield Refusal(
                    400,
                    "SecurityRuleParameterNotSpecified" if name != "protocol" else "SecurityRuleInvalidProtocol",
                    f"Security rule {text(rule, 'name')} has no {name}.",
                )


def priorities_are_in_range(change: Change) -> Iterator[Refusal]:
    """Priorities go from 100 to 4096."""
    if not change.is_of(GROUP):
        return
    for rule in items(change.new_body, "securityRules"):
        priority = properties(rule).get("priority")
        if not isinstance(priority, int) or not _LOWEST <= priority <= _HIGHEST:
            yield Refusal(
                400,
                "SecurityRuleInvalidPriority",
                f"Security rule has invalid Priority. Value provided: {priority} Allowed range {_LOWEST}-{_HIGHEST}. To "
                "learn more, see aka.ms/nsgrules.",
            )


def priorities_are_unique(change: Change) -> Iterator[Refusal]:
    """Two rules of one direction have two priorities."""
    if not change.is_of(GROUP):
        return
    seen: dict[tuple[object, str], str] = {}
    for rule in items(change.new_body, "securityRules"):
        place = (properties(rule).get("priority"), str(properties(rule).get("direction", "")).lower())
        if place in seen:
            yield Refusal(
                400,
                "SecurityRuleConflict",
                f"Security rule {text(rule, 'name')} conflicts with rule {seen[place]}. Rules cannot have the same Priority "
                "and Direction. To learn more, see aka.ms/nsgrules.",
            )
        seen[place] = text(rule, "name")


RULES: tuple[Rule, ...] = (rules_are_whole, priorities_are_in_range, priorities_are_unique)
