"""The pair: composes the layers in the order in which they need each other, and says what came of it.

Outputs have the names of the program on AWS. What Azure has no word for is empty: `dnsName` (the address is one), `zoneIds`
(nobody tells the program which building a zone is in this subscription), `activeWorkerName` (nothing asks the watchdog).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from failover_lambda.contract import Tier
from infra.addressing import Band
from infra.azure.account import Account, Place
from infra.azure.address import Address
from infra.azure.arguments import PairArgs
from infra.azure.balancer import Balancer, Question
from infra.azure.failover import Failover
from infra.azure.ground import Ground
from infra.azure.hosts import Hosts
from infra.azure.layout import layout
from infra.azure.locks import Locks
from infra.azure.size import cost, quota_needs
from infra.azure.telling import Telling
from infra.azure.workers import Placement, Workers
from infra.config.keys import Egress, Front, Mode, NatGateways
from infra.quotas import shown
from infra.shapes import Served, child

CLI_SCHEMA = 1
"""Version of `cli_config`; it grows when a key changes its meaning or goes away."""


class Pair(pulumi.ComponentResource):
    """Workers in two zones behind one fixed address, on the holder or on a balancer, and the watchdog that moves it.

    What Azure does not have is an empty text, list or map.
    """

    address: pulumi.Output[str]
    """The fixed public address."""
    addresses: pulumi.Output[dict[str, str]]
    """The same by the region, for it moves between zones."""
    dns_name: pulumi.Output[str]
    """Empty."""
    egress_addresses: pulumi.Output[list[str]]
    """What partners see when a worker calls them: the NAT gateways' addresses where there are some, else the fixed one."""
    address_id: pulumi.Output[str]
    """Of the public address, or of the balancer's pool."""
    watchdog_name: pulumi.Output[str]
    """The function app."""
    state_table: pulumi.Output[str]
    """The address of the record's container."""
    topic_arn: pulumi.Output[str]
    """The id of the action group."""
    active_worker_name: pulumi.Output[str]
    """Empty: who serves stands in the record."""
    workers: pulumi.Output[dict[str, dict[str, str]]]
    """Worker to instanceId, zone, privateIp, addressPrivateIp (where the fixed address leads to on it), and egressIp where
    its zone has an address of its own to go out by."""
    zone_ids: pulumi.Output[dict[str, str]]
    """Empty."""
    cli_config: pulumi.Output[dict[str, Any]]
    """What the operator's command needs in order to work without Pulumi; no secrets."""
    dashboard_url: pulumi.Output[str]
    """The page that shows all of it."""
    operator_policy: pulumi.Output[str]
    """Role and scope that whoever asks the watchdog needs; to be assigned by the subscription's own hands."""
    monthly_cost: pulumi.Output[dict[str, float]]
    """Dollars a month without machines, disks, traffic and logs; list prices remembered, not looked up."""
    quotas: pulumi.Output[dict[str, dict[str, Any]]]
    """Name of a usage to what this stack alone needs of it, and whose it is; what a subscription has depends on its kind."""

    def __init__(self, name: str, args: PairArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        _refuse(args)
        super().__init__("tandem:index:Pair", name, {}, opts)
        self._name = name
        self._args = args
        self._layout = layout(args)
        self._account = self._where()
        self._place: Place = {
            "site": args["site"],
            "region": args["region"],
            "group": self._account.group,
            "tags": args["tags"],
        }
        self._ground = Ground(self, name, args, layout=self._layout, account=self._account, place=self._place)
        telling = Telling(name, {**self._place, "alert_emails": args["alert_emails"]}, child(self))
        served, workers = self._one_serves(self._ground, telling)

        self.address = next(iter(served.addresses.values()))
        self.addresses = pulumi.Output.all(**served.addresses)
        self.dns_name = pulumi.Output.from_input(served.dns_name)
        own = self._egress()
        self.egress_addresses = self._egress_addresses()
        self.address_id = pulumi.Output.from_input(served.address_id)
        self.watchdog_name = pulumi.Output.from_input(served.watchdog_name)
        self.state_table = pulumi.Output.from_input(served.state_table)
        self.topic_arn = telling.topic_id
        self.active_worker_name = pulumi.Output.from_input(served.holder)
        self.workers = _shown(workers, own)
        self.zone_ids = pulumi.Output.from_input({})
        self.cli_config = self._cli_config()
        self.dashboard_url = pulumi.Output.from_input(served.dashboard_url)
        self.operator_policy = pulumi.Output.from_input(served.operator_policy)
        self.monthly_cost = pulumi.Output.from_input(dict(cost(args, self._layout)))
        self.quotas = pulumi.Output.from_input(shown(quota_needs(args, self._layout)))
        self.register_outputs(self.outputs())

    def outputs(self) -> dict[str, pulumi.Output[Any]]:
        """The stack's outputs: a small set, kept stable for other stacks and for the operator's command."""
        return {
            "address": self.address,
            "addresses": self.addresses,
            "addressId": self.address_id,
            "dnsName": self.dns_name,
            "egressAddresses": self.egress_addresses,
            "watchdogName": self.watchdog_name,
            "stateTable": self.state_table,
            "topicArn": self.topic_arn,
            "activeWorkerName": self.active_worker_name,
            "workers": self.workers,
            "zoneIds": self.zone_ids,
            "cliConfig": self.cli_config,
            "dashboardUrl": self.dashboard_url,
            "operatorPolicy": self.operator_policy,
            "monthlyCost": self.monthly_cost,
            "quotas": self.quotas,
        }

    def _where(self) -> Account:
        args = self._args
        return Account(
            self._name,
            {
                "site": args["site"],
                "region": args["region"],
                "subscription_id": args["subscription_id"],
                "protect": args["protect"],
                "tags": args["tags"],
            },
            child(self),
        )

    def _one_serves(self, ground: Ground, telling: Telling) -> tuple[Served, Workers]:
        address = Address(self._name, {**self._place, "protect": self._args["protect"]}, child(self))
        # What the watchdog may hang on a card goes after the card: the engine does not know of it.
        address_id, holds = self._held(ground, address)
        workers = self._workers(ground, [address.resource, *ground.groups.resources, *ground.network.ready], address_id)
        failover = Failover(
            self,
            self._name,
            self._args,
            account=self._account,
            place=self._place,
            ground=ground,
            address_id=address_id,
            holds=holds,
            workers=workers,
            telling=telling,
        )
        self._locks(ground, address, workers, failover)
        served = Served(
            addresses={self._args["region"]: address.public_ip},
            address_id=address_id,
            watchdog_name=failover.watchdog.function.function_name,
            state_table=failover.record.container_url,
            dashboard_url=failover.dashboard_url,
            operator_policy=failover.operator_policy,
        )
        return served, workers

    def _held(self, ground: Ground, address: Address) -> tuple[pulumi.Output[str], Sequence[pulumi.Resource]]:
        """What the watchdog moves: the address itself, or who is up behind a balancer that has it."""
        if self._args["front"] is Front.ADDRESS:
            return address.address_id, [address.resource]
        args = self._args
        balancer = Balancer(
            self._name,
            {
                **self._place,
                "group_id": self._account.group_id,
                "address_id": address.address_id,
                "network_ready": ground.network.ready,
                "traffic_ports": args["traffic_ports"],
                "public_health_port": args["public_health_port"],
                "question": Question(args["probe_kind"], args["probe_port"], args["probe_path"]),
                "protect": args["protect"],
            },
            child(self),
        )
        return balancer.pool_id, [address.resource, balancer.resource]

    def _workers(self, ground: Ground, after: Sequence[pulumi.Resource], address_id: pulumi.Output[str]) -> Workers:
        args = self._args
        subnets = ground.network.subnet_ids(Band.WORKER)
        hosts = self._hosts()
        return Workers(
            self._name,
            {
                **self._place,
                "placements": {
                    worker: Placement(
                        zone=zone,
                        private_ip=self._layout.private_ips[worker],
                        subnet_id=subnets[zone],
                        group_id=ground.groups.worker_ids[worker],
                        data_volume_id=ground.disks.data_volume_ids[worker],
                        host_id=hosts.get(worker),
                    )
                    for worker, zone in self._layout.workers.items()
                },
                "image": args["image"],
                "vm_size": args["vm_size"],
                "admin_public_key": args["admin_public_key"],
                "root_volume_gb": args["root_volume_gb"],
                "guest_setup": args["guest_setup"],
                "data_mount_path": args["data_mount_path"],
                "service_unit": args["service_unit"],
                "user_data": args["user_data"],
                "encryption_set_id": ground.disks.encryption_set_id,
                "roll_worker": args["roll_worker"],
                "address_id": address_id,
                "after": after,
            },
            child(self),
        )

    def _hosts(self) -> Mapping[str, pulumi.Output[str]]:
        """Hardware of the workers' own; empty where they share."""
        args = self._args
        if not args["dedicated_hosts"]:
            return {}
        return Hosts(
            self._name, {**self._place, "zones": self._layout.workers, "vm_size": args["vm_size"]}, child(self)
        ).host_ids

    def _locks(self, ground: Ground, address: Address, workers: Workers, failover: Failover) -> None:
        if not self._args["deletion_protection"]:
            return
        machines = {worker: machine.id for worker, machine in workers.machines.items()}
        data = {f"data-{worker}": volume for worker, volume in ground.disks.data_volume_ids.items()}
        kept = {"address": address.address_id, "vault": ground.disks.vault.id, "record": failover.record.account_id}
        Locks(
            self._name,
            {
                "site": self._args["site"],
                "scopes": {**kept, **machines, **data},
                "after": [failover.watchdog, failover.alarms, failover.dashboard, ground.disks, workers],
            },
            child(self),
        )

    def _egress(self) -> Mapping[str, pulumi.Output[str]]:
        """The addresses by which single workers go out; empty where they have none of their own."""
        nat = self._ground.network.nat
        if self._args["egress"] is not Egress.OWN or nat is None:
            return {}
        return {worker: nat.address_of[zone] for worker, zone in self._layout.workers.items()}

    def _egress_addresses(self) -> pulumi.Output[list[str]]:
        """Where there are gateways workers go out by them, whatever is on a card; behind a balancer by nothing else."""
        if self._layout.nat_zones or self._args["front"] is not Front.ADDRESS:
            return self._ground.network.egress_addresses
        return pulumi.Output.all(self.address).apply(list[str])

    def _cli_config(self) -> pulumi.Output[dict[str, Any]]:
        args = self._args
        return pulumi.Output.from_input(
            {
                "schema": CLI_SCHEMA,
                "cloud": args["cloud"].value,
                "region": args["region"],
                "site": args["site"],
                "tier": args["tier"].value,
                "mode": args["mode"].value,
                "front": args["front"].value,
                "order": args["order"],
                "address": self.address,
                "addresses": self.addresses,
                "addressId": self.address_id,
                "watchdogName": self.watchdog_name,
                "stateTable": self.state_table,
                "topicArn": self.topic_arn,
                "workers": self.workers,
                "subscriptionId": args["subscription_id"],
                "resourceGroup": self._account.group,
            }
        )


def _refuse(args: PairArgs) -> None:
    """What no pair on Azure can be; whoever reads the configuration has said so more kindly.

    Raises:
        ValueError: naming the arguments.
    """
    if args["mode"] is not Mode.ACTIVE_PASSIVE or args["front"] is Front.HAPROXY:
        raise ValueError(f"mode {args['mode'].value} with front {args['front'].value} is not in this version on Azure")
    if args["front"] is Front.BALANCER and args["nat_gateways"] is NatGateways.NONE:
        raise ValueError(
            "front balancer without NAT gateways: members of a pool by address would go out by an address that nobody "
            'knows, though their subnets are private (Azure, "Default outbound access")'
        )
    if args["tier"] is Tier.FAULT_TOLERANT and args["front"] is Front.ADDRESS:
        raise ValueError(
            "fault-tolerant with front address is not possible on Azure: a public address takes 6 s to move at best, and "
            "often more than 40 (F5 Cloud Failover Extension, performance-sizing)"
        )


def _shown(workers: Workers, egress: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[dict[str, dict[str, str]]]:
    shown: dict[str, Any] = {
        worker.name: {
            "instanceId": worker.instance_id,
            "zone": worker.zone,
            "privateIp": worker.private_ip,
            "addressPrivateIp": worker.address_private_ip,
            **({"egressIp": egress[worker.name]} if worker.name in egress else {}),
        }
        for worker in workers.handles
    }
    return pulumi.Output.from_input(shown)
