"""A lab on which one worker after another is rolled by the real engine; what is changed there, and what is seen."""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import pytest

from lab import pulumi_project
from lab.asking import new_id
from lab.azure_cloud import AzureCloud
from lab.checkers import Findings
from lab.providers.azure_native.cloud import Cloud
from lab.pulumi_cli import Pulumi, PulumiError
from lab.roll_command import health_at
from lab.roll_machines import AzureMachines, Ec2Machines, Machines
from lab.roll_plan import INSTANCE, VM, Step
from lab.rolling import Roll, RollFailedError, RollRefusedError
from lab.site import Site
from lab.story import DEADLINES
from lab.traffic import Traffic
from tests.engine.projects import configure


class NotDoneError(Exception):
    """The watchdog refused; its sentence."""


@dataclass(frozen=True)
class Owned:
    """What must outlive a rolling change, or be changed by it, as cloud and record have it."""

    address: tuple[str, str, str]
    """Public address, association, and the worker's private address that it leads to."""
    machines: Mapping[str, str]
    """Worker to what tells its machine from one that is made anew."""
    images: Mapping[str, tuple[str, str]]
    """Worker to image and type."""
    data_disks: Mapping[str, str]
    """Worker to the disk behind its data device."""
    holder: str
    phase: str


@dataclass
class Told:
    """What came of each part of the story."""

    kind: "type[Rolled]"
    stack: str
    refused: dict[str, str] = field(default_factory=dict[str, str])
    plans: dict[str, tuple[Step, ...]] = field(default_factory=dict[str, tuple[Step, ...]])
    done: dict[str, str] = field(default_factory=dict[str, str])
    calls: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """What changed machines, their disks, cards or an address in each part, in order."""
    owned: dict[str, Owned] = field(default_factory=dict[str, Owned])
    served: dict[str, int] = field(default_factory=dict[str, int])
    """Messages acknowledged during each part."""
    last_changes: int = -1
    findings: list[Findings] = field(default_factory=list[Findings])


@dataclass(frozen=True)
class Rolled(ABC):
    """A lab under traffic, and the engine on it."""

    site: Site
    pulumi: Pulumi
    traffic: Traffic
    told: Told

    machine: ClassVar[str]
    """Its type."""
    image: ClassVar[Mapping[str, Any]]
    size: ClassVar[Mapping[str, Any]]
    """What the stack file is changed to, each one key."""
    no_capacity: ClassVar[str]
    """As the cloud says it."""
    anew: ClassVar[tuple[str, ...]]
    """What is asked of the cloud where a machine is made anew."""
    resized: ClassVar[tuple[str, ...]]
    user_data: ClassVar[str]
    """The property by which other user data make a machine anew."""

    @property
    @abstractmethod
    def machines(self) -> Machines:
        """Where a roll looks for a worker's machine."""

    @abstractmethod
    def calls(self, since_t: float) -> list[str]:
        """What changed machines, their disks, cards or an address since then."""

    @abstractmethod
    def owned(self) -> Owned:
        """As it is now."""

    def put(self, **values: Any) -> None:
        """Change keys of the stack file, as an operator does."""
        configure(self.pulumi, **values)

    def roll(self, worker: str, **environment: str) -> str:
        """As `make roll` does it."""
        return Roll(
            pulumi=self.under(**environment),
            desk=self.site.desk(),
            silent=(),
            machines=self.machines,
            is_healthy=health_at(self.site.ports.http),
            worker=worker,
            say=lambda _: None,
            agree=lambda _: True,
        ).carry_out()

    def under(self, **environment: str) -> Pulumi:
        """The same engine, with more in its environment."""
        project = self.pulumi.project
        return replace(self.pulumi, project=replace(project, environment={**project.environment, **environment}))

    def part(self, name: str, act: Callable[[], str]) -> None:
        """A part of the story: what it said, what was asked of the cloud, what was served, and how things stand then."""
        before, began_t = self.traffic.acknowledged(), time.monotonic()
        self.told.done[name] = act()
        self.told.served[name] = self.traffic.acknowledged() - before
        self.told.calls[name] = self.calls(began_t)
        self.told.owned[name] = self.owned()

    def refusal(self, name: str, act: Callable[[], object]) -> None:
        """A part that is refused or fails; what it said."""
        with pytest.raises((RollRefusedError, RollFailedError, PulumiError, NotDoneError)) as refused:
            act()
        self.told.refused[name] = str(refused.value)

    def ask(self, verb: str, **more: Any) -> None:
        """Ask the watchdog, and wait until it has done it."""
        desk, own_id = self.site.desk(), new_id()
        desk.put(desk.entry(verb, own_id=own_id, why="a test", **more))
        self.site.wait_for(f"the answer to {verb}", lambda: desk.answer(own_id) is not None, DEADLINES.settled)
        answer = desk.answer(own_id)
        assert answer
        if not answer.done:
            raise NotDoneError(answer.why)

    def logged(self, file: str) -> Iterator[dict[str, Any]]:
        """The lines of a raw log."""
        return (json.loads(line) for line in (self.site.logs / file).read_text().splitlines())


class RolledOnAws(Rolled):
    """By EC2."""

    machine = INSTANCE
    image: ClassVar[Mapping[str, Any]] = {"amiId": "ami-0fedcba9876543210"}
    size: ClassVar[Mapping[str, Any]] = {"instanceType": "m6i.xlarge"}
    no_capacity = "InsufficientInstanceCapacity: there is no such machine in this zone now"
    anew = ("StopInstances", "DetachVolume", "TerminateInstances", "RunInstances", "AttachVolume")
    resized = ("StopInstances", "ModifyInstanceAttribute", "StartInstances")
    user_data = "userData"

    _MOVES = ("AssociateAddress", "DisassociateAddress", "ReleaseAddress", "AllocateAddress")

    @property
    def machines(self) -> Machines:
        """By the tag Name."""
        return Ec2Machines(self.site.client("ec2"), self.site.desk().site)

    def calls(self, since_t: float) -> list[str]:
        """By the gate's log."""
        counted = {*self.anew, *self.resized, *self._MOVES}
        return [each["action"] for each in self.logged("gate.jsonl") if each["t_in"] > since_t and each["action"] in counted]

    def owned(self) -> Owned:
        """As EC2 has it."""
        ec2, outputs = self.site.client("ec2"), pulumi_project.stored_outputs(self.pulumi.project)
        (address,) = ec2.describe_addresses(AllocationIds=[outputs["addressId"]])["Addresses"]
        ids = {worker["instanceId"]: name for name, worker in outputs["workers"].items()}
        alive = [{"Name": "instance-state-name", "Values": ["running"]}]
        found = [each for one in ec2.describe_instances(Filters=alive)["Reservations"] for each in one["Instances"]]
        disks = [(each["VolumeId"], one) for each in ec2.describe_volumes()["Volumes"] for one in each["Attachments"]]
        record = self.site.stored()
        return Owned(
            address=(address["PublicIp"], address["AssociationId"], address["PrivateIpAddress"]),
            machines={ids.get(each["InstanceId"], "?"): each["InstanceId"] for each in found},
            images={ids.get(each["InstanceId"], "?"): (each["ImageId"], each["InstanceType"]) for each in found},
            data_disks={ids[one["InstanceId"]]: volume for volume, one in disks if one["Device"] == "/dev/sdf"},
            holder=record["holder"],
            phase=record["phase"],
        )


class RolledOnAzure(Rolled):
    """By Resource Manager."""

    machine = VM
    image: ClassVar[Mapping[str, Any]] = {"image": "Canonical:ubuntu-24_04-lts:server:24.04.202611010"}
    size: ClassVar[Mapping[str, Any]] = {"vmSize": "Standard_D4s_v5"}
    no_capacity = "ZonalAllocationFailed: there is no such machine in this zone now"
    anew = ("DELETE virtualMachines", "PUT virtualMachines")
    resized = ("PUT virtualMachines",)
    user_data = "osProfile"

    _COUNTED = ("virtualMachines", "networkInterfaces", "loadBalancers", "publicIPAddresses", "disks")
    _API = "2024-11-01"
    _NETWORK_API = "2024-05-01"

    @property
    def _cloud(self) -> Cloud:
        assert isinstance(self.site.cloud, AzureCloud)
        return Cloud(self.site.cloud.client, "")

    @property
    def machines(self) -> Machines:
        """By its id."""
        return AzureMachines(self._cloud)

    def calls(self, since_t: float) -> list[str]:
        """By Resource Manager's log; verbs of power have their own."""
        found: list[str] = []
        for each in self.logged("requests.jsonl"):
            kind = next((kind for kind in self._COUNTED if f"/{kind}/" in each["path"]), "")
            if each["t"] > since_t and kind and each["method"] in ("PUT", "DELETE", "POST"):
                found.append(f"{each['method']} {kind}")
        return found

    def owned(self) -> Owned:
        """As Resource Manager has it."""
        outputs, record = pulumi_project.stored_outputs(self.pulumi.project), self.site.stored()
        vms = {name: self._cloud.get(worker["instanceId"], self._API) for name, worker in outputs["workers"].items()}
        bodies = {name: body["properties"] for name, body in vms.items() if body}
        return Owned(
            address=(outputs["address"], *self._association(outputs["addressId"])),
            machines={name: body["vmId"] for name, body in bodies.items()},
            images={name: (self._image(body), body["hardwareProfile"]["vmSize"]) for name, body in bodies.items()},
            data_disks={
                name: disk["managedDisk"]["id"]
                for name, body in bodies.items()
                for disk in body["storageProfile"]["dataDisks"]
            },
            holder=record["holder"],
            phase=record["phase"],
        )

    def _association(self, address_id: str) -> tuple[str, str]:
        """What leads to whom, so that another one of it shows, and to which address."""
        address = self._cloud.get(address_id, self._NETWORK_API)
        assert address
        on = str(address["properties"]["ipConfiguration"]["id"])
        card = self._cloud.get(on.partition("/ipConfigurations/")[0], self._NETWORK_API)
        assert card
        (configuration,) = card["properties"]["ipConfigurations"]
        return f"{on} {card['tags']}", configuration["properties"]["privateIPAddress"]

    def _image(self, body: Mapping[str, Any]) -> str:
        found = body["storageProfile"]["imageReference"]
        return ":".join(str(found[part]) for part in ("publisher", "offer", "sku", "version"))


class RolledBeforeBalancer(RolledOnAzure):
    """The same where a balancer's pool says who serves."""

    def _association(self, address_id: str) -> tuple[str, str]:
        pool = self._cloud.get(address_id, self._NETWORK_API)
        assert pool
        members = [each["properties"] for each in pool["properties"]["loadBalancerBackendAddresses"]]
        (up,) = (each["ipAddress"] for each in members if each["adminState"] == "Up")
        return str(pool["etag"]), up


def kind_for(stack: str) -> type[Rolled]:
    """The cloud, and what is in front."""
    if stack == "azure-prod":
        return RolledBeforeBalancer
    return RolledOnAzure if stack.startswith("azure-") else RolledOnAws
