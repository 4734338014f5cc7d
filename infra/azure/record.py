"""The storage account that holds the site's record and the arbiter's lease, and what the function's host keeps.

Its keys are switched off: who may read and write, roles say. Overwritten blobs are not kept: the lease alone is written
every few seconds. What was deleted whole can be called back.

No counterpart: in `Record` `table_name` and `table_arn`, in `RecordArgs` `key_arn` (Azure's own key) and
`deletion_protection` (`locks`). Azure's alone: in `Record` `account_id`, `account_name`, `container_url` and `package_url`,
in `RecordArgs` `where`.
"""

import pulumi
import pulumi_azure_native as azure

from infra.azure.account import Place
from infra.azure.storage import container, storage_account
from infra.naming import Kind, physical, worldwide
from infra.shapes import child

RECORD_CONTAINER = "record"
PACKAGE_CONTAINER = "package"
"""Where the platform keeps the code that it runs."""
KEPT_DAYS = 30
"""How long a deleted container can be called back."""


class RecordArgs(Place):
    """Arguments of `Record`."""

    where: str
    """What tells this stack from one of the same name elsewhere in the world."""
    protect: bool


class Record(pulumi.ComponentResource):
    """The account and its containers."""

    account_id: pulumi.Output[str]
    account_name: pulumi.Output[str]
    container_url: pulumi.Output[str]
    package_url: pulumi.Output[str]

    def __init__(self, name: str, args: RecordArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Record", name, {}, opts)
        # Name and kind never change: any of them replaces the account, and the record is lost.
        called = worldwide(Kind.STORAGE, args["site"], "record", args["where"])
        self.account = storage_account(
            self, f"{name}-record", args, account_name=called, shared_keys=False, protect=args["protect"]
        )
        service = azure.storage.BlobServiceProperties(
            f"{name}-record",
            account_name=self.account.name,
            blob_services_name="default",
            resource_group_name=args["group"],
            is_versioning_enabled=False,
            delete_retention_policy={"enabled": False},
            container_delete_retention_policy={"enabled": True, "days": KEPT_DAYS},
            opts=child(self),
        )
        record = container(
            self,
            f"{name}-record",
            args,
            account=self.account,
            container_name=physical(Kind.CONTAINER, RECORD_CONTAINER),
            protect=args["protect"],
        )
        package = container(
            self,
            f"{name}-package",
            args,
            account=self.account,
            container_name=physical(Kind.CONTAINER, PACKAGE_CONTAINER),
        )
        self.resources: list[pulumi.Resource] = [self.account, service, record, package]
        self.account_id = self.account.id
        self.account_name = self.account.name
        self.container_id = record.id
        self.container_url = pulumi.Output.all(self.account.name, record.name).apply(_url)
        self.package_url = pulumi.Output.all(self.account.name, package.name).apply(_url)
        self.register_outputs({"container_url": self.container_url})


def _url(found: list[str]) -> str:
    account, name = found
    return f"https://{account}.blob.core.windows.net/{name}"
