"""Flaws planted into a copy of the program, one at a time; and who finds them.

Run as `python -m tests.judges.flaws FOLDER`, it deploys every flawed program and writes what was recorded to
`FOLDER/NAME.json`: the plan for checkov, and the policy documents for parliament. A process of its own, because each
flaw needs the program's modules anew.
"""

import importlib
import json
import re
import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lab.recording import Deployment, Registration
from tests.infra import stand
from tests.judges.findings import policy_documents
from tests.judges.plan import address, is_resource, terraform_plan, values

ROOT = Path(__file__).parents[2]
DOCUMENTS = "documents"
"""The folder, beside the plans, with the policy documents."""


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """One small change of the program that a reader may overlook."""

    name: str
    file: str
    old: str
    new: str
    found_by: tuple[str, ...]
    """Judge and check: the findings that call the flaw by its name. It may bring more."""

    @property
    def label(self) -> str:
        """A file name."""
        return re.sub(r"\W+", "-", self.name)


FLAWS = (
    Flaw(
        name="instance metadata without session tokens (IMDSv1)",
        file="infra/aws/workers.py",
        old='"http_tokens": "required"',
        new='"http_tokens": "optional"',
        found_by=("checkov CKV_AWS_79",),
    ),
    Flaw(
        name="root disk not encrypted",
        file="infra/aws/workers.py",
        old='"encrypted": True,\n                "kms_key_id": args["key_arn"],',
        new='"encrypted": False,',
        found_by=("checkov CKV_AWS_8",),
    ),
    Flaw(
        name="data disk not encrypted",
        file="infra/aws/disks.py",
        old="encrypted=True,\n            kms_key_id=self.key_arn,",
        new="encrypted=False,",
        found_by=("checkov CKV_AWS_189", "checkov CKV_AWS_3"),
    ),
    Flaw(
        name="SSH open to the world",
        file="infra/aws/groups.py",
        old="def _open_to_partners(self, worker: aws.ec2.SecurityGroup) -> None:\n",
        new="def _open_to_partners(self, worker: aws.ec2.SecurityGroup) -> None:\n"
        '        self._ingress(worker, "ssh", 22, cidr_ipv4=ANYWHERE)\n',
        found_by=("checkov CKV_AWS_24",),
    ),
    Flaw(
        name="public address given on launch",
        file="infra/aws/network.py",
        old="map_public_ip_on_launch=False",
        new="map_public_ip_on_launch=True",
        found_by=("checkov CKV_AWS_130",),
    ),
    Flaw(
        name="rules in the default group",
        file="infra/aws/network.py",
        old="ingress=[],",
        new='ingress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "self": True}],',
        found_by=("checkov CKV2_AWS_12",),
    ),
    Flaw(
        name="record table without a key of ours",
        file="infra/aws/record.py",
        old='server_side_encryption={"enabled": True, "kms_key_arn": args["key_arn"]},',
        new="",
        found_by=("checkov CKV_AWS_119",),
    ),
    Flaw(
        name="record table without recovery to a point in time",
        file="infra/aws/record.py",
        old='point_in_time_recovery={"enabled": True},',
        new="",
        found_by=("checkov CKV_AWS_28",),
    ),
    Flaw(
        name="key without rotation",
        file="infra/aws/disks.py",
        old="enable_key_rotation=True",
        new="enable_key_rotation=False",
        found_by=("checkov CKV_AWS_7",),
    ),
    Flaw(
        name="key for everybody",
        file="infra/aws/permissions.py",
        old='_to_all("Account", {"AWS": arns.root}, "kms:*")',
        new='_to_all("Account", {"AWS": "*"}, "kms:*")',
        found_by=("checkov CKV_AWS_33",),
    ),
    Flaw(
        name="topic without a key of ours",
        file="infra/aws/telling.py",
        old='kms_master_key_id=args["key_arn"],',
        new="",
        found_by=("checkov CKV_AWS_26",),
    ),
    Flaw(
        name="log groups without retention",
        file="infra/aws/function.py",
        old='retention_in_days=self._args["log_retention_days"],',
        new="",
        found_by=("checkov CKV_AWS_338", "checkov CKV_AWS_66"),
    ),
    Flaw(
        name="log groups without a key of ours",
        file="infra/aws/function.py",
        old='kms_key_id=self._args["key_arn"],',
        new="",
        found_by=("checkov CKV_AWS_158",),
    ),
    Flaw(
        name="a role that anybody may take",
        file="infra/aws/permissions.py",
        old='principal = {"Service": f"{service}.amazonaws.com"}',
        new='principal = {"AWS": "*"}',
        found_by=("checkov CKV_AWS_60",),
    ),
    Flaw(
        name="a policy that allows everything",
        file="infra/aws/permissions.py",
        old='allow("Tell", "sns:Publish", scope.topic_arn)',
        new='allow("Tell", "*", "*")',
        found_by=("checkov CKV_AWS_62",),
    ),
    Flaw(
        name="an action misspelled",
        file="infra/aws/permissions.py",
        old='"ec2:DisassociateAddress"',
        new='"ec2:DissociateAddress"',
        found_by=("parliament UNKNOWN_ACTION",),
    ),
    Flaw(
        name="a resource for an action that takes none",
        file="infra/aws/permissions.py",
        old='["ec2:DescribeAddresses", "ec2:DescribeInstanceStatus", "ec2:DescribeInstances"],\n            "*",',
        new='["ec2:DescribeAddresses", "ec2:DescribeInstanceStatus", "ec2:DescribeInstances"],\n            instances,',
        found_by=("parliament RESOURCE_MISMATCH",),
    ),
    Flaw(
        name="any rule may start the arbiter",
        file="infra/aws/rules.py",
        old="        source_arn=rule.arn,\n",
        new="",
        found_by=("checkov CKV_AWS_364",),
    ),
)


def main(folder: Path) -> None:
    """Deploy every flawed program, and the sound one as `none`."""
    (folder / DOCUMENTS).mkdir()
    sound: Deployment | None = None
    for label, flaw in (("none", None), *((flaw.label, flaw) for flaw in FLAWS)):
        with planted(folder / "source" / label, flaw):
            deployment = stand.run()
        sound = sound or deployment
        shown = changed(deployment, sound) if flaw else deployment
        (folder / f"{label}.json").write_text(json.dumps(terraform_plan(shown)))
        (folder / DOCUMENTS / f"{label}.json").write_text(json.dumps(policy_documents(shown)))


def changed(deployment: Deployment, sound: Deployment) -> Deployment:
    """What a flaw changed, and whatever that needs: the judges' time goes by the number of resources."""
    before = {address(each): _choices(each) for each in sound.registrations if is_resource(each)}
    other = [it for it in deployment.registrations if is_resource(it) and before.get(address(it)) != _choices(it)]
    kept = {urn for each in other for urn in (each.urn, *deployment.needs(each))}
    return replace(deployment, registrations=tuple(each for each in deployment.registrations if each.urn in kept))


def _choices(registration: Registration) -> dict[str, Any]:
    """What the program chose; the bundle's path tells where the copy stands."""
    return {key: value for key, value in values(registration).items() if key != "filename"}


@contextmanager
def planted(copy: Path, flaw: Flaw | None) -> Generator[None]:
    """The program's modules come from a copy with the flaw in it."""
    for package in ("infra", "failover_lambda"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    if flaw:
        file = copy / flaw.file
        text = file.read_text()
        assert text.count(flaw.old) == 1, f"{flaw.name}: {flaw.file} has its text {text.count(flaw.old)} times"
        file.write_text(text.replace(flaw.old, flaw.new))
    for name in [name for name in sys.modules if name == "infra" or name.startswith("infra.")]:
        del sys.modules[name]
    importlib.invalidate_caches()
    sys.path.insert(0, str(copy))
    stand.PROGRAM = copy / "infra" / "__main__.py"  # type: ignore[misc]
    try:
        yield
    finally:
        sys.path.remove(str(copy))
        shutil.rmtree(copy)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
