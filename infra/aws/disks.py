"""The key that encrypts everything of the stack, and the workers' data disks.

A data disk is a resource of its own, never part of the instance: so it outlives the machine, and a change of it does not
replace the machine.
"""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra.aws.permissions import Arns, key_policy
from infra.naming import Kind, physical, tags
from infra.shapes import AccountHandle, child

DELETION_WINDOW_DAYS = 30
"""The longest: a key that waits for its deletion already opens nothing, and until then it can be called back."""


class DisksArgs(TypedDict):
    """Arguments of `Disks`."""

    site: str
    region: str
    account: AccountHandle
    zones: dict[str, str]
    """Worker to zone."""
    data_volume_gb: int
    log_groups: list[str]
    """Names of the log groups that the key encrypts; `*` stands for any characters."""
    protect: bool
    tags: dict[str, str]


class Disks(pulumi.ComponentResource):
    """Key and data disks."""

    key_arn: pulumi.Output[str]

    def __init__(self, name: str, args: DisksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Disks", name, {}, opts)
        self._name = name
        self._args = args
        key = self._key()
        self.key_arn = key.arn
        self.data_volume_ids = {worker: self._data_volume(worker, zone) for worker, zone in args["zones"].items()}
        self.register_outputs({"key_arn": self.key_arn})

    def _key(self) -> aws.kms.Key:
        args, site = self._args, self._args["site"]
        account = args["account"]
        policy = pulumi.Output.all(account.partition, account.account_id).apply(
            lambda found: key_policy(Arns(found[0], args["region"], found[1]), args["log_groups"])
        )
        key = aws.kms.Key(
            f"{self._name}-key",
            description=f"Disks, record, topic and logs of {site}",
            enable_key_rotation=True,
            deletion_window_in_days=DELETION_WINDOW_DAYS,
            # Inline: with a policy resource beside it, whatever needs the key may start before the policy is there.
            policy=policy,
            tags=tags(site, args["tags"]),
            opts=child(self, protect=args["protect"]),
        )
        aws.kms.Alias(
            f"{self._name}-key",
            name=physical(Kind.KEY_ALIAS, f"alias/{site}"),
            target_key_id=key.key_id,
            opts=child(self),
        )
        return key

    def _data_volume(self, worker: str, zone: str) -> pulumi.Output[str]:
        args = self._args
        return aws.ebs.Volume(
            f"{self._name}-data-{worker}",
            # The worker's own zone: a volume of another cannot be attached.
            availability_zone=zone,
            size=args["data_volume_gb"],
            type="gp3",
            encrypted=True,
            kms_key_id=self.key_arn,
            tags=tags(args["site"], args["tags"], f"{args['site']}-data-{worker}"),
            opts=child(self, protect=args["protect"]),
        ).id
