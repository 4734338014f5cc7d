"""The stacks that the checks look at: few, each with many choices, because every slip deploys all of them.

The usual stack is that of `tests.infra.stand`. A variant is deployed when a check first asks for it, and once.
"""

import json
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from lab.recording import Created, Deployment
from tests.infra.stand import BALANCED, THREE_ZONES, create, invoke, run


class Variant(Enum):
    """One stack."""

    USUAL = "usual"
    """The smallest stack: two zones, everything else by default."""
    OTHER = "other"
    """As much as possible said otherwise, protection off."""
    ELSEWHERE = "elsewhere"
    """A region of two zones in another partition, a stack with the longest name that Pulumi takes, `egress: own`."""

    BALANCED = "balanced"
    """A balancer before both workers, in three zones."""


OTHER_CHOICES: Mapping[str, str] = {
    "order": '["wk2", "wk1"]',
    "tenancy": "dedicated",
    "reserveCapacity": "true",
    "autoRecovery": "false",
    "metadataHops": "2",
    "serviceUnit": "engine.service",
    "publicHealthPort": "8081",
    "reservedConcurrency": "3",
    "lambdaRuntime": "python3.12",
    "lambdaArchitecture": "x86_64",
    "protect": "false",
    "deletionProtection": "false",
    "tags": '["stage=test"]',
}
ELSEWHERE_PARTITION = "aws-us-gov"


def _partition_elsewhere(asked: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    answer = invoke(asked, arguments)
    return {"partition": ELSEWHERE_PARTITION} if asked == "aws:index/getPartition:getPartition" else answer


def _created_elsewhere(kind: str, name: str, chosen: Mapping[str, Any]) -> Created:
    created = create(kind, name, chosen)
    outputs = json.loads(json.dumps(dict(created.outputs)).replace("arn:aws:", f"arn:{ELSEWHERE_PARTITION}:"))
    return Created(created.id, outputs)


def _elsewhere() -> Deployment:
    texts = {"region": "us-west-1", "zones": json.dumps(["us-west-1a", "us-west-1b"]), "egress": "own"}
    return run(texts, stack="s" * 100, create=_created_elsewhere, invoke=_partition_elsewhere)


_DEPLOY: Mapping[Enum, Callable[[], Deployment]] = {
    Variant.USUAL: run,
    Variant.OTHER: lambda: run(OTHER_CHOICES),
    Variant.ELSEWHERE: _elsewhere,
    Variant.BALANCED: lambda: run({**BALANCED, "zones": THREE_ZONES}),
}


class UndeployableError(Exception):
    """A variant could not be deployed; the text says which and why."""


Deploys = Mapping[Enum, Callable[[], Deployment]]
"""How each variant is deployed; the first one is the usual stack."""


class Stand:
    """The recorded deployments of one program."""

    def __init__(self, deploys: Deploys = _DEPLOY) -> None:
        self._deploys = deploys
        self._deployed: dict[Enum, Deployment | UndeployableError] = {}

    @property
    def usual(self) -> Deployment:
        """The usual stack."""
        return self.of(next(iter(self._deploys)))

    def of(self, variant: Enum) -> Deployment:
        """One of the stacks.

        Raises:
            UndeployableError: the program could not be deployed so.
        """
        if variant not in self._deployed:
            self._deployed[variant] = _deployed(self._deploys[variant], variant)
        deployed = self._deployed[variant]
        if isinstance(deployed, UndeployableError):
            raise deployed
        return deployed


def _deployed(deploy: Callable[[], Deployment], variant: Enum) -> Deployment | UndeployableError:
    try:
        return deploy()
    except Exception as exc:  # noqa: BLE001 - whatever a mistaken program raises
        return UndeployableError(f"{variant.value}: {type(exc).__name__}: {exc}")
