"""What the real providers refuse though a store of documents would take it; each file has the rules of one subject.

A rule gives reasons, none when it agrees, and changes nothing. Where Azure's words are known they stand here; what each
rests on is in FIDELITY.md.
"""

from lab.arm.change import Change
from lab.arm.messages import Refusal
from lab.arm.rules import addresses, apps, balancers, deletes, disks, groups, links, machines, networks, roles, vaults

_ALL = (
    links.RULES,
    networks.RULES,
    groups.RULES,
    addresses.RULES,
    balancers.RULES,
    disks.RULES,
    machines.RULES,
    roles.RULES,
    vaults.RULES,
    apps.RULES,
    deletes.RULES,
)


def refusal_of(change: Change) -> Refusal | None:
    """Why the change is not accepted; None: it is."""
    return next((refusal for rules in _ALL for rule in rules for refusal in rule(change)), None)
