"""A stack that stands in a bare cloud, and is changed as an operator changes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from lab.bare_cloud import Cloud, resources
from lab.pulumi_cli import Pulumi

ADDRESS = "aws:ec2/eip:Eip"
INSTANCE = "aws:ec2/instance:Instance"
CALM = frozenset({"same", "read"})
"""Operations that leave a resource as it is."""

PRECIOUS = (ADDRESS, INSTANCE, "aws:ebs/volume:Volume", "aws:dynamodb/table:Table", "aws:kms/key:Key")
"""What must outlive every change: address, workers, their disks, record, key."""


@dataclass(frozen=True)
class Deployed:
    """A stack that stands, and the engine on it."""

    here: Cloud
    pulumi: Pulumi

    def put(self, **values: Any) -> None:
        """Change keys of the stack file, as an operator does."""
        file = self.pulumi.project.stack_file
        document: dict[str, Any] = yaml.safe_load(file.read_text())
        document["config"] |= {f"tandem:{key}": value for key, value in values.items()}
        file.write_text(yaml.safe_dump(document))

    def plan(self) -> dict[str, set[str]]:
        """What an up would do: operation to types."""
        plan: dict[str, set[str]] = {}
        for step in self.pulumi.preview_as_data()["steps"]:
            if step["op"] not in CALM:
                plan.setdefault(step["op"], set()).add(step["urn"].split("::")[2].rpartition("$")[2])
        return plan

    def change(self, **values: Any) -> dict[str, set[str]]:
        """Change keys and bring them in; what was planned, with whatever an earlier change left. Nothing precious is new."""
        before = self.precious()
        self.put(**values)
        plan = self.plan()
        self.pulumi.up()
        after = self.precious()
        assert {urn: after.get(urn) for urn in before} == before
        return plan

    def precious(self) -> Mapping[str, str]:
        """URN to id."""
        return {each["urn"]: each["id"] for each in resources(self.pulumi.state()) if each["type"] in PRECIOUS}
