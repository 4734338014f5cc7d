"""The rules between keys, as formulas. Each one refuses with both values in the message and changes nothing in silence.

A rule names the fields that it looks at, as few as it can, and is asked when all of them could be read: one mistyped key
hides no other mistake. Of a list with a mistyped item, the other items count. One file per section of the page; a rule
between two sections stands with the key that its message names. Pure; only `infra.config.parsing` imports this folder.
"""

from infra.config.relations import balancer, existing, failback, function, place, probes, promise, telling, traffic, workers
from infra.config.relations.registry import faults

__all__ = ["FILES", "faults"]

FILES = (place, existing, promise, failback, balancer, workers, traffic, probes, telling, function)
"""Every file with rules; importing one declares them."""
