"""The table that holds the site's record and the arbiter's lease."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from failover_lambda.contract import RECORD_KEY
from infra.naming import Kind, physical, tags
from infra.shapes import child


class RecordArgs(TypedDict):
    """Arguments of `Record`."""

    site: str
    key_arn: pulumi.Input[str]
    protect: bool
    deletion_protection: bool
    tags: dict[str, str]


class Record(pulumi.ComponentResource):
    """The record table."""

    table_name: str
    table_arn: pulumi.Output[str]

    def __init__(self, name: str, args: RecordArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Record", name, {}, opts)
        # Name and keys never change: any of them replaces the table, and the record is lost.
        self.table_name = physical(Kind.TABLE, f"{args['site']}-record")
        table = aws.dynamodb.Table(
            f"{name}-record",
            name=self.table_name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=RECORD_KEY,
            attributes=[{"name": RECORD_KEY, "type": "S"}],
            # The key's ARN, not its alias.
            server_side_encryption={"enabled": True, "kms_key_arn": args["key_arn"]},
            point_in_time_recovery={"enabled": True},
            deletion_protection_enabled=args["deletion_protection"],
            tags=tags(args["site"], args["tags"]),
            opts=child(self, protect=args["protect"]),
        )
        self.table_arn = table.arn
        self.register_outputs({"table_arn": self.table_arn})
