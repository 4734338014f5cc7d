"""The pairs that the checks look at: few, each with many choices, because every slip deploys all of them."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from failover_lambda.contract import ProbeKind, Tier
from lab.recording import Deployment
from tests.infra.azure.stand import BALANCED, run
from tests.infra.traps.variants import Stand

GALLERY = "/subscriptions/s/resourceGroups/images/providers/Microsoft.Compute/galleries/g/images/engine/versions/1.4.2"


class Variant(Enum):
    """One pair."""

    USUAL = "usual"
    """Front address, everything else by default."""
    BALANCED = "balanced"
    """A balancer in front, in three zones."""
    OTHER = "other"
    """As much as possible said otherwise, protection off, hosts and a way out of each worker's own."""
    LONGEST = "longest"
    """The longest name of a site, which begins with a digit, in the smallest network."""


OTHER_CHOICES: Mapping[str, Any] = {
    "egress": "own",
    "order": ["wk2", "wk1"],
    "image": GALLERY,
    "dedicated_hosts": True,
    "service_unit": "engine.service",
    "user_data": "#!/bin/sh\ntrue\n",
    "public_health_port": 8081,
    "function_python": "3.12",
    "function_memory_mb": 4096,
    "log_retention_days": 7,
    "protect": False,
    "deletion_protection": False,
    "tags": {"stage": "test"},
}

DEPLOYS: Mapping[Enum, Callable[[], Deployment]] = {
    Variant.USUAL: run,
    Variant.BALANCED: lambda: run(
        {**BALANCED, "zones": ["3", "1", "2"], "tier": Tier.FAULT_TOLERANT, "traffic_ports": [2575, 6661]}
    ),
    Variant.OTHER: lambda: run({**OTHER_CHOICES, "probe_kind": ProbeKind.HTTPS}),
    Variant.LONGEST: lambda: run({"network_cidr": "10.80.0.0/24"}, site="9" + "s" * 31),
}


def stand() -> Stand:
    """Nothing of it is deployed yet."""
    return Stand(DEPLOYS)
