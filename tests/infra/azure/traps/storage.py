"""Traps of storage accounts (section 7 of the table)."""

import re

from tests.infra.azure.traps.look import BLOB, BLOB_SERVICE, CONTAINER, STORAGE, part, trap
from tests.infra.azure.traps.variants import Variant
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

BUNDLE_FILE = "infra/azure/bundle.py"
RECORD_FILE = "infra/azure/record.py"
STORAGE_FILE = "infra/azure/storage.py"


@trap(
    "7/blob-class",
    slips=(
        Slip("the record's keys are left on", RECORD_FILE, "shared_keys=False", "shared_keys=True"),
        Slip("the bundle's account has its keys off", BUNDLE_FILE, "shared_keys=True", "shared_keys=False"),
        Slip(
            "the bundle lies where another one lay",
            BUNDLE_FILE,
            "blob_name=f\"watchdog-{args['bundle_digest'][:MARK_LENGTH]}.zip\"",
            'blob_name="watchdog.zip"',
        ),
    ),
)
def blob_is_written_by_a_key_so_it_lies_in_an_account_of_its_own_that_has_one(stand: Stand) -> None:
    record, bundle = part(stand.usual, STORAGE, "record"), part(stand.usual, STORAGE, "bundle")

    assert (record.inputs["allowSharedKeyAccess"], bundle.inputs["allowSharedKeyAccess"]) == (False, True)
    blob = stand.usual.only(BLOB)
    assert blob.inputs["accountName"] == bundle.outputs["name"]
    assert re.fullmatch(r"watchdog-[0-9a-f]{16}\.zip", blob.inputs["blobName"])
    there = {each.inputs["containerName"]: each.inputs["accountName"] for each in stand.usual.of_type(CONTAINER)}
    assert there == {
        "record": record.outputs["name"],
        "package": record.outputs["name"],
        "bundle": bundle.outputs["name"],
    }


@trap(
    "7/firewall",
    slips=(
        Slip(
            "a firewall that the function does not pass",
            STORAGE_FILE,
            '"default_action": azure.storage.DefaultAction.ALLOW',
            '"default_action": azure.storage.DefaultAction.DENY',
        ),
        Slip("blobs that everybody reads", STORAGE_FILE, "allow_blob_public_access=False", "allow_blob_public_access=True"),
        Slip("an old handshake", STORAGE_FILE, 'minimum_tls_version="TLS1_2"', 'minimum_tls_version="TLS1_0"'),
    ),
)
def functions_are_no_trusted_service_so_the_account_is_open_and_roles_decide(stand: Stand) -> None:
    for account in stand.usual.of_type(STORAGE):
        chosen = account.inputs
        assert chosen["networkRuleSet"] == {"defaultAction": "Allow", "bypass": "AzureServices"}
        assert chosen["allowBlobPublicAccess"] is False
        assert (chosen["enableHttpsTrafficOnly"], chosen["minimumTlsVersion"]) == (True, "TLS1_2")
    assert {each.inputs["publicAccess"] for each in stand.usual.of_type(CONTAINER)} == {"None"}


@trap(
    "7/account-names",
    slips=(
        Slip(
            "hyphens in an account's name",
            "infra/naming.py",
            'Kind.STORAGE: Limit(24, "[a-z0-9]", length_min=3)',
            'Kind.STORAGE: Limit(24, "[a-z0-9-]", length_min=3)',
        ),
        Slip("an account of another kind", STORAGE_FILE, 'kind="StorageV2"', 'kind="BlobStorage"'),
    ),
)
def name_of_an_account_is_short_plain_and_nobody_elses(stand: Stand) -> None:
    for variant in Variant:
        accounts = stand.of(variant).of_type(STORAGE)
        names = [each.inputs["accountName"] for each in accounts]
        assert all(re.fullmatch("[a-z0-9]{3,24}", name) for name in names), names
        assert len(set(names)) == 2
        assert {each.inputs["kind"] for each in accounts} == {"StorageV2"}


@trap(
    "7/versions-of-blobs",
    slips=(
        Slip(
            "every version of every blob is kept", RECORD_FILE, "is_versioning_enabled=False", "is_versioning_enabled=True"
        ),
        Slip(
            "what is overwritten is kept as deleted",
            RECORD_FILE,
            'delete_retention_policy={"enabled": False},\n            container',
            'delete_retention_policy={"enabled": True, "days": 7},\n            container',
        ),
        Slip(
            "the record loses its protection",
            RECORD_FILE,
            'shared_keys=False, protect=args["protect"]',
            "shared_keys=False, protect=False",
        ),
    ),
)
def lease_is_written_every_few_seconds_so_no_older_blob_is_kept(stand: Stand) -> None:
    service = stand.usual.only(BLOB_SERVICE).inputs

    assert (service["isVersioningEnabled"], service["deleteRetentionPolicy"]["enabled"]) == (False, False)
    assert service["containerDeleteRetentionPolicy"]["enabled"] is True
    assert part(stand.usual, STORAGE, "record").protect
    assert part(stand.usual, CONTAINER, "record").protect
