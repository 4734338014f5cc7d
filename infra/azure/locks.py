"""What a mistake cannot delete: a lock on each thing that is hard to get back.

The twin of deletion protection, which is a property of table, balancer and machines on AWS. Made last, so removed first, and
a destroy goes through. On single things, never on the group or its network (docs/adr/0012): a lock there refuses every
deletion below it, so that a partner's rule could not be taken away any more, and an app in a locked network hangs
half-deleted (Azure-Functions#2543). A lock refuses deletions only: power, moves and fences pass.
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
import pulumi_azure_native as azure

from infra.naming import Kind, physical
from infra.shapes import child


class LocksArgs(TypedDict):
    """Arguments of `Locks`."""

    site: str
    scopes: Mapping[str, pulumi.Output[str]]
    """What is locked, by the end of the lock's name."""
    after: Sequence[pulumi.Resource]
    """Everything else of the stack."""


class Locks(pulumi.ComponentResource):
    """The locks."""

    def __init__(self, name: str, args: LocksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Locks", name, {}, opts)
        for part, scope in args["scopes"].items():
            azure.authorization.ManagementLockByScope(
                f"{name}-{part}",
                lock_name=physical(Kind.LOCK, f"{args['site']}-{part}"),
                scope=scope,
                level="CanNotDelete",
                notes=f"deletionProtection of {args['site']}: set it to false and run pulumi up before a destroy",
                opts=child(self, depends_on=args["after"]),
            )
        self.register_outputs({})
