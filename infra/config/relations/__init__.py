"""The rules between keys, as formulas. Each one refuses with both values in the message and changes nothing in silence.

A rule names the fields that it looks at, as few as it can, and is asked when all of them could be read: one mistyped key
hides no other mistake. Of a list with a mistyped item, the other items count. It names the configuration that it is about
besides: that of both clouds, or, where the reason is one cloud's own, that cloud's. One file per section of the page, and
apart from them those with Azure's own rules; a rule between two sections stands with the key that its message names. Pure;
only `infra.config.parsing` imports this folder.
"""

from infra.config.relations import (
    azure_place,
    azure_promise,
    azure_tags,
    azure_traffic,
    azure_workers,
    balancer,
    existing,
    failback,
    function,
    place,
    probes,
    promise,
    telling,
    traffic,
    workers,
)
from infra.config.relations.registry import faults

__all__ = ["FILES", "faults"]

FILES = (
    *(place, existing, promise, failback, balancer, workers, traffic, probes, telling, function),
    *(azure_place, azure_promise, azure_workers, azure_traffic, azure_tags),
)
"""Every file with rules; importing one declares them."""
