"""What both clouds' rules of zones say: in how many something stands, and how many are wanted."""

from collections.abc import Sequence

from tandem_policy.values import Answers, Finding, Undecided, text

SEVERAL = ("the workers", "the subnets")


def judge(what: str, zones: Sequence[object], minimum: int, urn: str) -> Answers:
    """The zones of something, those that are not known among them."""
    known = {text(zone) for zone in zones} - {""}
    if len(known) >= minimum:
        return
    if any(not text(zone) for zone in zones):
        yield Undecided(f"{what}: zones")
    else:
        yield Finding(said(f"{what} ({', '.join(sorted(known)) or 'none'})", len(known), minimum), urn)


def said(what: str, count: int, minimum: int) -> str:
    """One sentence."""
    stand = "stand" if what.startswith(SEVERAL) else "stands"
    return f"{what} {stand} in {count} zone{'s' if count != 1 else ''}, and {minimum} are wanted"
