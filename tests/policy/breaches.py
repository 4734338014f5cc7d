"""Breaches of the rules that a tired person could make in the program, and what each rule finds then.

    python -m tests.policy.breaches

makes each of them in turn and prints one JSON line each: the findings, or why the program could not be deployed. A process
of its own, because the program is imported anew every time.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lab.recording import Deployment
from tests.infra.azure import stand as azure
from tests.infra.stand import run
from tests.infra.traps.slips import ROOT, Slip
from tests.infra.traps.zygote import PROGRAM, Text
from tests.policy.stacks import findings

AWS_SITE = "tandem-aws-test"
BALANCER_FILE = "infra/azure/balancer.py"
VAULT = "kv-tandem-005812"
"""A vault is no longer called than Azure allows, so it has no site in its name."""
EIP_LINE = '            domain="vpc",\n            tags=tags(args["site"], args["tags"], f"{args[\'site\']}-address"),\n'
PROBER_ZONES = "abc"


@dataclass(frozen=True)
class Breach:
    """A slip, with the rule that finds it and the resources that it names."""

    rule: str
    slip: Slip
    names: Sequence[str]
    """Without the site's name; empty for the stack as a whole."""

    @property
    def cloud(self) -> str:
        """Of the program with the slip."""
        return self.slip.file.split("/")[1]

    @property
    def resources(self) -> Sequence[str]:
        """By their names in the program."""
        site = azure.SITE if self.cloud == "azure" else AWS_SITE
        return [f"{site}-{name}" if name not in ("", VAULT) else name for name in self.names]


BREACHES = (
    Breach(
        "metadata-sessions",
        Slip("IMDSv1", "infra/aws/workers.py", '"http_tokens": "required"', '"http_tokens": "optional"'),
        ["wk1", "wk2"],
    ),
    Breach(
        "disks-encrypted",
        Slip("root disks with AWS's key", "infra/aws/workers.py", '                "kms_key_id": args["key_arn"],\n', ""),
        ["wk1", "wk2"],
    ),
    Breach(
        "disks-encrypted",
        Slip("data disks in clear", "infra/aws/disks.py", "encrypted=True,\n            kms_key_id=self.key_arn,", ""),
        ["data-wk1", "data-wk2"],
    ),
    Breach(
        "tables-encrypted",
        Slip("the record with DynamoDB's key", "infra/aws/record.py", ', "kms_key_arn": args["key_arn"]', ""),
        ["record"],
    ),
    Breach(
        "topics-encrypted",
        Slip("notices in clear", "infra/aws/telling.py", '            kms_master_key_id=args["key_arn"],\n', ""),
        ["notices"],
    ),
    Breach(
        "queues-encrypted",
        Slip("letters in clear", "infra/aws/dead_letters.py", "            sqs_managed_sse_enabled=True,\n", ""),
        ["dead-letters"],
    ),
    Breach(
        "kept-protected",
        Slip("an address that may go", "infra/aws/address.py", ', protect=args["protect"]', ""),
        ["address"],
    ),
    Breach(
        "tables-refuse-deletion",
        Slip(
            "a record that may go",
            "infra/aws/record.py",
            '            deletion_protection_enabled=args["deletion_protection"],\n',
            "",
        ),
        ["record"],
    ),
    Breach(
        "admin-ports-closed",
        Slip(
            "SSH for everybody",
            "infra/aws/groups.py",
            "        # An engine sends",
            '        self._ingress(worker, "ssh", 22, cidr_ipv4=ANYWHERE)\n        # An engine sends',
        ),
        ["ssh"],
    ),
    Breach(
        "address-names-no-machine",
        Slip("an address of one worker", "infra/aws/address.py", EIP_LINE, f'            instance="i-1",\n{EIP_LINE}'),
        ["address"],
    ),
    Breach(
        "address-left-alone",
        Slip(
            "an association in code",
            "infra/aws/address.py",
            "        self.address_id = ",
            '        aws.ec2.EipAssociation(f"{name}-home", allocation_id=self.resource.allocation_id, opts=child(self))\n'
            "        self.address_id = ",
        ),
        ["home"],
    ),
    Breach(
        "watchdog-not-paused",
        Slip("functions without a place", "infra/aws/function.py", '=args["reserved_concurrency"]', "=0"),
        ["arbiter", *(f"prober-eu-central-1{zone}" for zone in PROBER_ZONES)],
    ),
    Breach(
        "watchdog-started",
        Slip("a schedule that starts nobody", "infra/aws/rules.py", 'arn=args["arbiter_arn"]', 'arn="arn:aws:lambda:x"'),
        ["arbiter"],
    ),
    Breach(
        "logs-kept",
        Slip(
            "logs for ever", "infra/aws/function.py", '            retention_in_days=self._args["log_retention_days"],\n', ""
        ),
        ["arbiter-log", *(f"prober-eu-central-1{zone}-log" for zone in PROBER_ZONES)],
    ),
    Breach(
        "logs-encrypted",
        Slip("flows in clear", "infra/aws/flow_logs.py", '            kms_key_id=self._args["key_arn"],\n', ""),
        ["flows-log"],
    ),
    Breach(
        "function-logs-declared",
        Slip(
            "a group of another name",
            "infra/aws/function.py",
            'LOG_GROUP_PREFIX = "/aws/lambda/"',
            'LOG_GROUP_PREFIX = "/x/"',
        ),
        ["arbiter", *(f"prober-eu-central-1{zone}" for zone in PROBER_ZONES)],
    ),
    Breach(
        "no-star",
        Slip(
            "stop whatever there is",
            "infra/aws/permissions.py",
            '["ec2:StartInstances", "ec2:StopInstances"], instances)',
            '["ec2:StartInstances", "ec2:StopInstances"], "*")',
        ),
        ["arbiter"],
    ),
    Breach(
        "several-zones",
        Slip(
            "both workers in one zone",
            "infra/aws/workers.py",
            "            availability_zone=placement.zone,\n            subnet_id",
            '            availability_zone="eu-central-1a",\n            subnet_id',
        ),
        [""],
    ),
    Breach(
        "disks-encrypted",
        Slip(
            "system disks with Azure's key",
            "infra/azure/workers.py",
            '                        "disk_encryption_set": {"id": args["encryption_set_id"]},\n',
            "",
        ),
        ["wk1", "wk2"],
    ),
    Breach(
        "disks-encrypted",
        Slip(
            "data disks with Azure's key",
            "infra/azure/disks.py",
            '{"type": "EncryptionAtRestWithCustomerKey", "disk_encryption_set_id": self.encryption_set_id}',
            '{"type": "EncryptionAtRestWithPlatformKey"}',
        ),
        ["data-wk1", "data-wk2"],
    ),
    Breach(
        "hosts-encrypt",
        Slip("caches in clear", "infra/azure/workers.py", '{"encryption_at_host": True}', '{"encryption_at_host": False}'),
        ["wk1", "wk2"],
    ),
    Breach(
        "kept-protected",
        Slip("an address that may go", "infra/azure/address.py", 'child(self, protect=args["protect"])', "child(self)"),
        ["address"],
    ),
    Breach(
        "kept-locked",
        Slip("an address without a lock", "infra/azure/pair.py", '{"address": address.address_id, "vault"', '{"vault"'),
        ["address"],
    ),
    Breach(
        "vaults-refuse-purge",
        Slip("a vault that may be purged", "infra/azure/disks.py", '"enable_purge_protection": True', '"sku_": None'),
        [VAULT],
    ),
    Breach(
        "accounts-take-no-keys",
        Slip(
            "containers that may be opened",
            "infra/azure/storage.py",
            "        allow_blob_public_access=False,\n",
            "",
        ),
        ["record"],
    ),
    Breach(
        "no-passwords",
        Slip(
            "a machine with a password",
            "infra/azure/workers.py",
            '"disable_password_authentication": True',
            '"disable_password_authentication": False',
        ),
        ["wk1", "wk2"],
    ),
    Breach(
        "admin-ports-closed",
        Slip(
            "SSH for everybody",
            "infra/azure/groups.py",
            '        allow("partners"',
            '        allow("ssh", Priority.PUBLIC_HEALTH, ["Internet"], [22])\n        allow("partners"',
        ),
        ["wk1-ssh", "wk2-ssh"],
    ),
    Breach(
        "address-left-alone",
        Slip(
            "a gateway on the address",
            "infra/azure/address.py",
            "        self.address_id = ",
            "        azure.network.NatGateway(\n"
            '            f"{name}-home",\n'
            '            resource_group_name=args["group"],\n'
            '            public_ip_addresses=[{"id": self.resource.id}],\n'
            "            opts=child(self),\n"
            "        )\n"
            "        self.address_id = ",
        ),
        ["home"],
    ),
    Breach(
        "pool-left-alone",
        Slip(
            "a pool with its members",
            BALANCER_FILE,
            '{"name": POOL}',
            '{"name": POOL, "load_balancer_backend_addresses": [{"name": "wk1", "ip_address": "10.80.192.10"}]}',
        ),
        ["balancer"],
    ),
    Breach(
        "watchdog-not-paused",
        Slip(
            "a timer that is off",
            "infra/azure/watchdog.py",
            "**of_host(found)}",
            '**of_host(found), "AzureWebJobs.tick.Disabled": "true"}',
        ),
        ["watchdog"],
    ),
    Breach(
        "watchdog-ready",
        Slip(
            "no instance for the timer",
            "infra/azure/function.py",
            "for group in SCALE_GROUPS]",
            "for group in SCALE_GROUPS[:1]]",
        ),
        ["watchdog"],
    ),
    Breach(
        "logs-kept",
        Slip(
            "logs as Azure likes",
            "infra/azure/logs.py",
            '            retention_in_days=max(args["log_retention_days"], RETENTION_MIN_DAYS),\n',
            "",
        ),
        ["logs"],
    ),
    Breach(
        "no-star",
        Slip("stop whatever there is", "infra/azure/permissions.py", "{_MACHINE}/powerOff/action", "{_MACHINE}/*"),
        ["watchdog"],
    ),
    Breach(
        "several-zones",
        Slip("both workers in one zone", "infra/azure/workers.py", "zones=[placement.zone],", 'zones=["1"],'),
        [""],
    ),
    Breach(
        "zone-redundant",
        Slip("a record in one zone", "infra/azure/storage.py", '"Standard_ZRS"', '"Standard_LRS"'),
        ["record"],
    ),
)
"""One for each rule and cloud but those of shares: the program makes none."""


def made(slip: Slip) -> dict[str, Any]:
    """What the rules find in the program with that slip."""
    finder = Text(slip.module, str(ROOT / slip.file), slip.made())
    sys.meta_path.insert(0, finder)
    try:
        _forget()
        found = findings(_deployed(slip.file))
    except Exception as exc:  # noqa: BLE001 - whatever it is, it is the answer
        return {"undeployable": f"{type(exc).__name__}: {exc}"}
    finally:
        sys.meta_path.remove(finder)
    return {"findings": [asdict(each) for all_of_level in found.values() for each in all_of_level]}


def _deployed(file: str) -> Deployment:
    """A pair that has what stands in that file."""
    if not file.startswith("infra/azure/"):
        return run()
    return azure.run(azure.BALANCED if file == BALANCER_FILE else None)


def _forget() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == PROGRAM]:
        del sys.modules[name]


if __name__ == "__main__":
    for each in BREACHES:
        sys.stdout.write(json.dumps(made(each.slip)) + "\n")
