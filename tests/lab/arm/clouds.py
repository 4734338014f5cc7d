"""An emulated subscription for tests: a clock that stands until it is moved, short ways to ask, and a running pair."""

from dataclasses import dataclass, field
from typing import Any

from lab.arm.emulator import Emulator
from lab.arm.messages import Json, Lost, Reply, Request
from lab.arm.settings import SUBSCRIPTION, Settings
from lab.arm.times import Times

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/pair"
NETWORK, COMPUTE = f"{GROUP}/providers/Microsoft.Network", f"{GROUP}/providers/Microsoft.Compute"
VNET, SUBNET = f"{NETWORK}/virtualNetworks/net", f"{NETWORK}/virtualNetworks/net/subnets/workers"
ADDRESS, BALANCER = f"{NETWORK}/publicIPAddresses/front", f"{NETWORK}/loadBalancers/lb"
POOL = f"{BALANCER}/backendAddressPools/workers"
LOCATION = "westeurope"
TEN = Times("ten", {("*", "*"): 10.0}, {"microsoft.network": 10})
"""Every operation takes ten seconds."""
OWNER = "owner"


@dataclass
class StandingClock:
    """Time that goes on only when told."""

    t: float = 1000.0

    def now_s(self) -> float:
        return self.t


@dataclass
class Cloud:
    """The emulator without its HTTP."""

    settings: Settings = field(default_factory=lambda: Settings(times=TEN))
    clock: StandingClock = field(default_factory=StandingClock)
    told: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    identity: str = OWNER
    emulator: Emulator = field(init=False)

    def __post_init__(self) -> None:
        self.emulator = Emulator(self.settings, self.clock, lambda event, fields: self.told.append((event, fields)))

    def ask(self, method: str, path: str, body: Json | None = None, **headers: str) -> Reply:
        """One call; a lost answer is status 0. Header names are written with underscores."""
        url, _, query = path.partition("?")
        asked = dict(part.split("=") for part in query.split("&") if part)
        sent = {"authorization": f"Bearer oid:{self.identity}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(method, url, {"api-version": "2024-05-01", **asked}, sent, body, "http://arm")
        reply = self.emulator.serve(request)
        return Reply(0) if isinstance(reply, Lost) else reply

    def get(self, path: str) -> Json:
        """What stands at a path; the test fails if nothing does."""
        reply = self.ask("GET", path)
        assert reply.status == 200, reply
        return reply.body or {}

    def put(self, path: str, body: Json, **headers: str) -> Reply:
        """One PUT, not waited for."""
        return self.ask("PUT", path, body, **headers)

    def made(self, path: str, body: Json) -> Json:
        """One PUT that is accepted, and ten seconds."""
        reply = self.put(path, body)
        assert reply.status in {200, 201, 202}, reply
        self.wait(10)
        return self.get(path)

    def wait(self, seconds: float) -> None:
        """Let time go on."""
        self.clock.t += seconds
        self.emulator.tick()

    def status(self, reply: Reply) -> Json:
        """What the operation of an accepted call says now."""
        url = reply.headers["Azure-AsyncOperation"].removeprefix("http://arm")
        return self.ask("GET", url).body or {}

    def refused(self, reply: Reply) -> tuple[int, str]:
        """Status and code of a refusal."""
        return reply.status, str(reply.error)

    def state(self, path: str) -> str:
        """The provisioningState at a path."""
        return str(self.get(path)["properties"]["provisioningState"])


def nic_id(worker: str) -> str:
    return f"{NETWORK}/networkInterfaces/{worker}"


def vm_id(worker: str) -> str:
    return f"{COMPUTE}/virtualMachines/{worker}"


def nsg_id(worker: str) -> str:
    return f"{NETWORK}/networkSecurityGroups/{worker}"


def nic_body(worker: str = "", *, address: str = "", group: bool = True, **config: Any) -> Json:
    """An interface in the workers' subnet, with the address or without."""
    inside: Json = {"subnet": {"id": SUBNET}, **config}
    inside |= {"publicIPAddress": {"id": address}} if address else {}
    properties: Json = {"ipConfigurations": [{"name": "main", "properties": inside}]}
    properties |= {"networkSecurityGroup": {"id": nsg_id(worker)}} if worker and group else {}
    return {"location": LOCATION, "properties": properties}


def vm_body(worker: str, **properties: Any) -> Json:
    """A machine with the interface of the same name."""
    return {
        "location": LOCATION,
        "zones": ["1"],
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "networkProfile": {"networkInterfaces": [{"id": nic_id(worker)}]},
            "storageProfile": {"imageReference": {"version": "1.0.0"}, "osDisk": {"createOption": "FromImage"}},
            "osProfile": {"computerName": worker, "adminUsername": "tandem", "customData": "c2VjcmV0"},
            **properties,
        },
    }


def address_body(**properties: Any) -> Json:
    """A Standard address in all zones."""
    return {
        "location": LOCATION,
        "sku": {"name": "Standard"},
        "zones": ["1", "2", "3"],
        "properties": {"publicIPAllocationMethod": "Static", **properties},
    }


def balancer_body(*, sku: str = "Standard", address: str = f"{NETWORK}/publicIPAddresses/lb", **frontend: Any) -> Json:
    """A balancer with one frontend, probe, rule and an empty pool."""
    config = {"name": "front", "properties": {"publicIPAddress": {"id": address}}, **frontend}
    rule = {
        "protocol": "Tcp",
        "frontendPort": 2575,
        "frontendIPConfiguration": {"id": f"{BALANCER}/frontendIPConfigurations/front"},
        "backendAddressPool": {"id": POOL},
        "probe": {"id": f"{BALANCER}/probes/ready"},
    }
    properties: Json = {
        "frontendIPConfigurations": [config],
        "backendAddressPools": [{"name": "workers"}],
        "probes": [{"name": "ready", "properties": {"port": 8080, "protocol": "Http"}}],
        "loadBalancingRules": [{"name": "llp", "properties": rule}],
    }
    return {"location": LOCATION, "sku": {"name": sku}, "properties": properties}


def pool_body(**states: str) -> Json:
    """Members by address, by the admin state that each is to have."""
    members = [
        {
            "name": worker,
            "properties": {
                "ipAddress": f"10.0.0.{at}",
                "virtualNetwork": {"id": VNET},
                **({"adminState": state} if state else {}),
            },
        }
        for at, (worker, state) in enumerate(states.items(), 4)
    ]
    return {"properties": {"loadBalancerBackendAddresses": members}}


def rule_body(priority: int = 100, access: str = "Deny", direction: str = "Inbound") -> Json:
    """A security rule for everything."""
    any_of = dict.fromkeys(
        ("sourceAddressPrefix", "destinationAddressPrefix", "sourcePortRange", "destinationPortRange"), "*"
    )
    return {"properties": {"priority": priority, "access": access, "direction": direction, "protocol": "*", **any_of}}


def build_network(cloud: Cloud) -> None:
    """A group, a network with one subnet, and the address."""
    cloud.put(GROUP, {"location": LOCATION})
    subnets = [{"name": "workers", "properties": {"addressPrefix": "10.0.0.0/24"}}]
    cloud.made(
        VNET,
        {"location": LOCATION, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}},
    )
    cloud.made(ADDRESS, address_body())


def build_pair(cloud: Cloud) -> None:
    """Two running machines, each with an interface and a group of its own; the first one holds the address."""
    build_network(cloud)
    for worker, address in (("wk1", ADDRESS), ("wk2", "")):
        cloud.made(nsg_id(worker), {"location": LOCATION, "properties": {"flushConnection": True}})
        cloud.made(nic_id(worker), nic_body(worker, address=address))
        cloud.made(vm_id(worker), vm_body(worker))


def build_balancer(cloud: Cloud) -> None:
    """A balancer with an address of its own and an empty pool."""
    cloud.made(f"{NETWORK}/publicIPAddresses/lb", address_body())
    cloud.made(BALANCER, balancer_body())
