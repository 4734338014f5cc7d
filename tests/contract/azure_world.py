"""A site of its own in the emulated Resource Manager, for the suite of the port `Cloud`."""

import time
from dataclasses import dataclass, replace
from typing import Any

from azure.core.rest import HttpRequest

from failover_lambda.azure.clients import Clients, build
from failover_lambda.azure.cloud import LiveCloud
from failover_lambda.azure.fence import rule
from failover_lambda.azure.names import FENCE_RULES, NOBODY
from failover_lambda.contract import OWNER_TAG, Settings, Worker
from failover_lambda.ports import Clock, Cloud
from tests.fakes import make_settings
from tests.lab.arm.credentials import Credential, PlainHttp

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
LOCATION = "westeurope"
WAIT_S = 20.0


WATCHDOG, OWNER = "watchdog", "owner"
"""Object ids: whose role is tried, and who builds the site."""


def clients(endpoint: str, identity: str = WATCHDOG, **options: Any) -> Clients:
    """As the watchdog builds them, for one emulator."""
    scopes = [f"{endpoint}/.default"]
    return build(
        SUBSCRIPTION,
        Credential(identity),
        base_url=endpoint,
        credential_scopes=scopes,
        per_call_policies=[PlainHttp()],
        **options,
    )


@dataclass(frozen=True)
class QuickClock:
    """Waits a hundredth of what it is asked to: the emulator's operations take no second."""

    def now_s(self) -> float:
        return time.time()

    def monotonic_s(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / 100)


class AzureWorld:
    """Two workers that run, and an address that is on nobody."""

    taken_code = "PublicIPAddressInUse"
    space = "10.0"
    """The first half of every private address."""

    def __init__(self, endpoint: str, number: int, clock: Clock | None = None, space: str = "") -> None:
        """`clock` is the adapter's, and is slept on while the site is made; `space`, if not the class's."""
        self.endpoint = endpoint
        self.space = space or self.space
        self.clock = clock or QuickClock()
        self.group = f"site-{number}"
        self.clients = clients(endpoint, OWNER)
        self._network: Any = self.clients.network
        self._compute: Any = self.clients.compute
        self._make_network()
        self.settings: Settings = replace(
            make_settings(),
            site=self.group,
            address_id=self._make_address(),
            workers=(self._make_worker(1), self._make_worker(2)),
        )
        self.cloud: Cloud = self.another_cloud()

    def another_cloud(self) -> LiveCloud:
        """Another arbiter's, with clients of its own."""
        own = clients(self.endpoint)
        return LiveCloud(self.settings, own.network, own.compute, self.clock)

    def tag_address(self, owner: str) -> None:
        """Give the address another owner tag; "" takes it away."""
        tags = {OWNER_TAG: owner} if owner else {}
        self._network.public_ip_addresses.update_tags(self.group, "front", {"tags": tags})

    def start(self, worker: str) -> int:
        """As an operator at the portal; gives the status of the answer."""
        path = f"{self.settings.worker(worker).instance_id}/start"
        return self._send("POST", path, None).status_code

    def take_address_from(self, worker: str) -> None:
        """By hand, and whatever was written on the card stays."""
        card = self._network.network_interfaces.get(self.group, worker).as_dict()
        card["properties"]["ipConfigurations"][0]["properties"].pop("publicIPAddress")
        self._network.network_interfaces.begin_create_or_update(self.group, worker, card, polling=False)
        self._wait_for(lambda: self._network.network_interfaces.get(self.group, worker))

    def id_of(self, kind: str, name: str) -> str:
        """A resource of the site."""
        return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{self.group}/providers/{kind}/{name}"

    def _make_network(self) -> None:
        self._send("PUT", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{self.group}", {"location": LOCATION})
        subnets = [{"name": "workers", "properties": {"addressPrefix": f"{self.space}.0.0/24"}}]
        space = {"addressPrefixes": [f"{self.space}.0.0/16"]}
        body = {"location": LOCATION, "properties": {"addressSpace": space, "subnets": subnets}}
        self._network.virtual_networks.begin_create_or_update(self.group, "net", body, polling=False)
        self._wait_for(lambda: self._network.virtual_networks.get(self.group, "net"))

    def _make_address(self) -> str:
        body = {
            "location": LOCATION,
            "sku": {"name": "Standard"},
            "zones": ["1", "2", "3"],
            "tags": {OWNER_TAG: self.group},
            "properties": {"publicIPAllocationMethod": "Static"},
        }
        self._network.public_ip_addresses.begin_create_or_update(self.group, "front", body, polling=False)
        return str(self._wait_for(lambda: self._network.public_ip_addresses.get(self.group, "front"))["id"])

    def _make_worker(self, number: int) -> Worker:
        name, private_ip = f"wk{number}", f"{self.space}.0.{number + 9}"
        group = {
            "location": LOCATION,
            "properties": {"flushConnection": True, "securityRules": [rule(name, NOBODY) for name in FENCE_RULES]},
        }
        self._network.network_security_groups.begin_create_or_update(self.group, name, group, polling=False)
        group_id = str(self._wait_for(lambda: self._network.network_security_groups.get(self.group, name))["id"])
        configuration = {
            "subnet": {"id": f"{self.id_of('Microsoft.Network/virtualNetworks', 'net')}/subnets/workers"},
            "privateIPAllocationMethod": "Static",
            "privateIPAddress": private_ip,
        }
        properties = {
            "ipConfigurations": [{"name": "main", "properties": configuration}],
            "networkSecurityGroup": {"id": group_id},
        }
        card = {"location": LOCATION, "properties": properties}
        self._network.network_interfaces.begin_create_or_update(self.group, name, card, polling=False)
        card_id = str(self._wait_for(lambda: self._network.network_interfaces.get(self.group, name))["id"])
        machine = {
            "location": LOCATION,
            "zones": [str(number)],
            "properties": {
                "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
                "networkProfile": {"networkInterfaces": [{"id": card_id}]},
                "storageProfile": {"imageReference": {"version": "1.0.0"}, "osDisk": {"createOption": "FromImage"}},
                "osProfile": {"computerName": name, "adminUsername": "tandem"},
            },
        }
        self._compute.virtual_machines.begin_create_or_update(self.group, name, machine, polling=False)
        machine_id = str(self._wait_for(lambda: self._compute.virtual_machines.get(self.group, name))["id"])
        return Worker(
            name=name,
            instance_id=machine_id,
            network_interface_id=card_id,
            private_ip=private_ip,
            address_private_ip=private_ip,
            zone="abc"[number - 1],
            group_ids=(group_id,),
        )

    def _send(self, method: str, path: str, body: Any) -> Any:
        url = f"{self.endpoint}{path}?api-version=2024-03-01"
        answer = self._network.send_request(HttpRequest(method, url, json=body))
        answer.raise_for_status()
        return answer

    def _wait_for(self, read: Any) -> Any:
        end_s = time.monotonic() + WAIT_S
        while (document := read().as_dict())["properties"]["provisioningState"] != "Succeeded":
            assert time.monotonic() < end_s, f"not ready: {document}"
            self.clock.sleep(1.0)
        return document


class BalancedWorld(AzureWorld):
    """The same behind a balancer, whose pool has no members yet."""

    taken_code = "AnotherMemberIsUp"

    def tag_address(self, owner: str) -> None:
        tags = {OWNER_TAG: owner} if owner else {}
        self._network.load_balancers.update_tags(self.group, "lb", {"tags": tags})

    def _make_address(self) -> str:
        address_id = super()._make_address()
        own = self.id_of("Microsoft.Network/loadBalancers", "lb")
        rule = {
            "protocol": "Tcp",
            "frontendPort": 2575,
            "backendPort": 2575,
            "frontendIPConfiguration": {"id": f"{own}/frontendIPConfigurations/front"},
            "backendAddressPool": {"id": f"{own}/backendAddressPools/workers"},
            "probe": {"id": f"{own}/probes/ready"},
            "disableOutboundSnat": True,
        }
        probe = {"port": 8080, "protocol": "Http", "requestPath": "/health", "intervalInSeconds": 5, "probeThreshold": 2}
        properties = {
            "frontendIPConfigurations": [{"name": "front", "properties": {"publicIPAddress": {"id": address_id}}}],
            "backendAddressPools": [{"name": "workers"}],
            "probes": [{"name": "ready", "properties": probe}],
            "loadBalancingRules": [{"name": "llp", "properties": rule}],
        }
        tags = {OWNER_TAG: self.group}
        body = {"location": LOCATION, "sku": {"name": "Standard"}, "tags": tags, "properties": properties}
        self._network.load_balancers.begin_create_or_update(self.group, "lb", body, polling=False)
        self._wait_for(lambda: self._network.load_balancers.get(self.group, "lb"))
        return f"{own}/backendAddressPools/workers"
