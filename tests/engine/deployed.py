"""A stack that stands, and is changed as an operator changes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.bare_cloud import resources
from lab.pulumi_cli import Pulumi
from lab.urns import type_of
from tests.engine.projects import configure

ADDRESS = "aws:ec2/eip:Eip"
INSTANCE = "aws:ec2/instance:Instance"
CALM = frozenset({"same", "read"})
"""Operations that leave a resource as it is."""

PRECIOUS = (
    *(ADDRESS, INSTANCE, "aws:ebs/volume:Volume", "aws:dynamodb/table:Table", "aws:kms/key:Key"),
    *("azure-native:network:PublicIPAddress", "azure-native:compute:VirtualMachine", "azure-native:compute:Disk"),
    *("azure-native:storage:BlobContainer", "azure-native:keyvault:Vault", "azure-native:keyvault:Key"),
)
"""What must outlive every change: address, workers, their disks, record, key."""


@dataclass(frozen=True)
class Deployed:
    """A stack that stands, and the engine on it."""

    pulumi: Pulumi

    def put(self, **values: Any) -> None:
        """Change keys of the stack file, as an operator does."""
        configure(self.pulumi, **values)

    def plan(self) -> dict[str, set[str]]:
        """What an up would do: operation to types."""
        plan: dict[str, set[str]] = {}
        for step in self.pulumi.preview_as_data()["steps"]:
            if step["op"] not in CALM:
                plan.setdefault(step["op"], set()).add(type_of(step["urn"]))
        return plan

    def change(self, **values: Any) -> dict[str, set[str]]:
        """Change keys and bring them in; what was planned, with what an earlier change left. What is precious stays."""
        before = self.precious()
        self.put(**values)
        plan = self.plan()
        self.pulumi.up()
        assert self.precious() == before
        return plan

    def precious(self) -> Mapping[str, str]:
        """URN to id."""
        return {each["urn"]: each["id"] for each in resources(self.pulumi.state()) if each["type"] in PRECIOUS}
