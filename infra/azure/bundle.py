"""The watchdog's zip file on its way: an account of its own, out of which the platform fetches it once.

Pulumi can write a blob by the account's key alone (pulumi-azure-native#2015), and the record's account has its keys switched
off. So the zip file lies in another one, which holds nothing else. The platform is told where by an address that opens this
one blob, for reading, for a short time; it is not part of any difference, so that a new one each time deploys nothing.

AWS needs nothing of the kind: the zip file is part of the function there.
"""

import pulumi
import pulumi_azure_native as azure

from infra.azure.account import Place
from infra.azure.storage import container, storage_account
from infra.naming import Kind, physical, worldwide
from infra.shapes import child

CONTAINER = "bundle"
MARK_LENGTH = 16
"""Characters of the bundle's digest in a name."""


class BundleArgs(Place):
    """Arguments of `Bundle`."""

    where: str
    bundle: str
    """Path of the zip file."""
    bundle_digest: str
    expiry: str
    """Until when it may be fetched: ISO 8601, UTC."""


class Bundle(pulumi.ComponentResource):
    """The account with the zip file."""

    url: pulumi.Output[str]
    """Secret: whoever has it may read the bundle until it expires."""

    def __init__(self, name: str, args: BundleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Bundle", name, {}, opts)
        called = worldwide(Kind.STORAGE, args["site"], "bundle", args["where"])
        account = storage_account(self, f"{name}-bundle", args, account_name=called, shared_keys=True, protect=False)
        inside = container(
            self,
            f"{name}-bundle",
            args,
            account=account,
            container_name=physical(Kind.CONTAINER, CONTAINER),
        )
        blob = azure.storage.Blob(
            f"{name}-bundle",
            # Another bundle is another blob: the one before stays until this one is there.
            blob_name=f"watchdog-{args['bundle_digest'][:MARK_LENGTH]}.zip",
            account_name=account.name,
            container_name=inside.name,
            resource_group_name=args["group"],
            source=pulumi.FileAsset(args["bundle"]),
            type=azure.storage.BlobType.BLOCK,
            content_type="application/zip",
            # Its contents are told by its name.
            opts=child(self, ignore_changes=["source"]),
        )
        path = pulumi.Output.all(account.name, inside.name, blob.name).apply("/".join)
        opened = azure.storage.list_storage_account_service_sas_output(
            account_name=account.name,
            resource_group_name=args["group"],
            canonicalized_resource=path.apply(lambda it: f"/blob/{it}"),
            resource="b",
            permissions="r",
            protocols=azure.storage.HttpProtocol.HTTPS,
            shared_access_expiry_time=args["expiry"],
            opts=pulumi.InvokeOutputOptions(parent=self),
        ).service_sas_token
        self.url = pulumi.Output.secret(pulumi.Output.all(path, opened).apply(_url))
        self.register_outputs({})


def _url(found: list[str]) -> str:
    path, opened = found
    account, _, rest = path.partition("/")
    return f"https://{account}.blob.core.windows.net/{rest}?{opened.removeprefix('?')}"
