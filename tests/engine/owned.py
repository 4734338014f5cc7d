"""What the watchdog owns in a running lab, to be compared before and after an update; and the engine on that lab."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lab.azure_cloud import AzureCloud
from lab.pulumi_cli import Pulumi
from lab.site import Site
from tests.engine.projects import configure

COMPUTE_API, NETWORK_API = "2024-11-01", "2024-05-01"
POOLS = "/backendAddressPools/"
WATCHDOGS = ("networkInterfaces", "loadBalancers")
"""On Azure a write of one of these by anybody but the watchdog may take the address away."""


@dataclass(frozen=True)
class Owned:
    """What the watchdog owns, as the cloud and the record have it."""

    association: str
    """What tells this holding of the address from every other one."""
    address_on: str
    powers: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]
    """What says which packets reach a worker."""
    instances: frozenset[str]
    holder: str
    epoch: int
    written: int = 0
    """How often the engine wrote a card or a balancer, on Azure."""


@dataclass(frozen=True)
class Operated:
    """A running lab, and the engine on it."""

    site: Site
    pulumi: Pulumi

    def owned(self) -> Owned:
        """As it is now."""
        return _of_azure(self) if self.site.options.cloud == "azure" else _of_aws(self)

    @property
    def instances(self) -> Mapping[str, str]:
        """Instance id to worker."""
        return {worker["instanceId"]: name for name, worker in self.pulumi.outputs()["workers"].items()}

    def tag(self, value: str) -> None:
        """The stack file has another tag from now on, as an operator writes it."""
        configure(self.pulumi, tags=[f"cost-center={value}"])

    def stored(self, what: str) -> Any:
        """One value of the record as last seen."""
        return self.site.stored()[what]


def _of_aws(lab: Operated) -> Owned:
    ec2 = lab.site.client("ec2")
    (address,) = ec2.describe_addresses(AllocationIds=[lab.site.outputs["addressId"]])["Addresses"]
    ids = lab.instances
    found = ec2.describe_instances(InstanceIds=list(ids))["Reservations"]
    instances = [instance for each in found for instance in each["Instances"]]
    record = lab.site.stored()
    return Owned(
        association=address.get("AssociationId", ""),
        address_on=ids.get(address.get("InstanceId", ""), ""),
        powers={ids[each["InstanceId"]]: each["State"]["Name"] for each in instances},
        groups={
            ids[each["InstanceId"]]: tuple(sorted(group["GroupId"] for group in each["SecurityGroups"]))
            for each in instances
        },
        instances=frozenset(ids),
        holder=record["holder"],
        epoch=record["epoch"],
    )


def _of_azure(lab: Operated) -> Owned:
    azure, ids = _Azure(lab), lab.instances
    cards = {name: azure.get(azure.card_of(machine)) for machine, name in ids.items()}
    places = dict(azure.places(cards))
    ((address_on, association),) = places.items() if places else [("", "")]
    record = lab.site.stored()
    return Owned(
        association=association,
        address_on=address_on,
        powers={name: azure.power_of(machine) for machine, name in ids.items()},
        groups={name: azure.rules_of(card) for name, card in cards.items()},
        instances=frozenset(ids),
        holder=record["holder"],
        epoch=record["epoch"],
        written=azure.written(),
    )


class _Azure:
    """Asks the emulated Resource Manager."""

    def __init__(self, lab: Operated) -> None:
        assert isinstance(lab.site.cloud, AzureCloud)
        self._lab = lab
        self._cloud = lab.site.cloud

    def get(self, path: str, api: str = NETWORK_API) -> dict[str, Any]:
        return self._cloud.client.ask("GET", path, api).body

    def card_of(self, machine: str) -> str:
        (card,) = self.get(machine, COMPUTE_API)["properties"]["networkProfile"]["networkInterfaces"]
        return str(card["id"])

    def power_of(self, machine: str) -> str:
        view = self.get(f"{machine}?$expand=instanceView", COMPUTE_API)["properties"]["instanceView"]
        (power,) = (each["code"] for each in view["statuses"] if each["code"].startswith("PowerState/"))
        return str(power).removeprefix("PowerState/")

    def rules_of(self, card: Mapping[str, Any]) -> tuple[str, ...]:
        """Of the card's group, the two by which a fence is made among them."""
        rules = self.get(card["properties"]["networkSecurityGroup"]["id"])["properties"]["securityRules"]
        return tuple(sorted(f"{each['name']} {json.dumps(each['properties'], sort_keys=True)}" for each in rules))

    def places(self, cards: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
        """Who has the address, and by what: a configuration of a card with its mark, or the pool's member that is up."""
        address_id = str(self._lab.site.outputs["addressId"])
        if POOLS in address_id:
            pool = self.get(address_id)
            for member in pool["properties"]["loadBalancerBackendAddresses"]:
                if member["properties"]["adminState"] == "Up":
                    yield self._worker_at(member["properties"]["ipAddress"]), json.dumps(pool, sort_keys=True)
        for name, card in cards.items():
            for each in card["properties"]["ipConfigurations"]:
                if (each["properties"].get("publicIPAddress") or {}).get("id", "").lower() == address_id.lower():
                    yield name, f"{each['id']} {card['etag']} {card.get('tags')}"

    def written(self) -> int:
        lines = (json.loads(line) for line in (self._lab.site.logs / "requests.jsonl").read_text().splitlines())
        return sum(
            line["method"] == "PUT"
            and line["identity"] == self._cloud.operator
            and any(each in line["path"] for each in WATCHDOGS)
            for line in lines
        )

    def _worker_at(self, private_ip: str) -> str:
        workers = self._lab.pulumi.outputs()["workers"].items()
        return next(name for name, worker in workers if worker["addressPrivateIp"] == private_ip)


def no_progress(_what: str) -> None:
    """Nobody looks."""
