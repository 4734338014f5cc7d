"""The pair: composes the layers in the order in which they need each other, and says what came of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.aws.address import Address
from infra.aws.arguments import PairArgs
from infra.aws.egress import OwnAddresses
from infra.aws.failover import Failover
from infra.aws.ground import Ground
from infra.aws.groups import WatchGroups
from infra.aws.layout import layout
from infra.aws.lookups import Lookups
from infra.aws.sharing import Sharing
from infra.aws.size import cost, quota_needs
from infra.aws.survey import survey
from infra.aws.telling import Telling
from infra.aws.workers import Placement, Workers
from infra.config.keys import Egress, Front
from infra.quotas import shown
from infra.shapes import AccountHandle, Served, child

CLI_SCHEMA = 1
"""Version of `cli_config`; it grows when a key changes its meaning or goes away."""


class Pair(pulumi.ComponentResource):
    """Workers in two zones behind one fixed address and the watchdog that moves it, or behind a balancer.

    What a mode does not have is an empty text: in `active-active` there is no watchdog and nobody who alone holds.
    """

    address: pulumi.Output[str]
    """The fixed public address; where there are several, the one of the first zone."""
    addresses: pulumi.Output[dict[str, str]]
    """All of them, for allow-lists: by zone, or by the region for one that moves between zones."""
    dns_name: pulumi.Output[str]
    """The balancer's name; it leads to the addresses that are alive."""
    egress_addresses: pulumi.Output[list[str]]
    """What partners see when a worker calls them: the NAT gateways' addresses behind a balancer; with the address on a
    worker, that one, or with egress own each worker's own."""
    address_id: pulumi.Output[str]
    watchdog_name: pulumi.Output[str]
    """The arbiter's function."""
    state_table: pulumi.Output[str]
    topic_arn: pulumi.Output[str]
    active_worker_name: pulumi.Output[str]
    """Who served when the last deployment ended. Who serves now stands in the record."""
    workers: pulumi.Output[dict[str, dict[str, str]]]
    """Worker to instanceId, zone, privateIp, addressPrivateIp (where the fixed address leads to on it), and egressIp where
    it has an address of its own to go out by."""
    zone_ids: pulumi.Output[dict[str, str]]
    """Zone to zone id, which names the same building in every account; a zone's name need not."""
    cli_config: pulumi.Output[dict[str, Any]]
    """What the operator's command needs in order to work without Pulumi; no secrets."""
    dashboard_url: pulumi.Output[str]
    """The page that shows all of it; empty in a partition whose console is not known."""
    operator_policy: pulumi.Output[str]
    """What whoever asks the watchdog needs of IAM, as a policy document; to be attached by the account's own hands."""
    monthly_cost: pulumi.Output[dict[str, float]]
    """Dollars a month without workers, disks, traffic and logs; list prices remembered, not looked up."""
    quotas: pulumi.Output[dict[str, dict[str, Any]]]
    """Code of a quota to what this stack alone needs of it, its name, and what an account has without asking for more."""

    def __init__(self, name: str, args: PairArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:index:Pair", name, {}, opts)
        self._name = name
        self._args = args
        self._layout = layout(args)
        self._survey = survey(args, self._layout, Lookups(self))
        self._account = self._whose()

        ground = Ground(
            self,
            name,
            args,
            layout=self._layout,
            table_prefix_list_id=self._survey.table_prefix_list_id,
            account=self._account,
        )
        telling = self._telling(ground)
        watch = ground.groups.watch
        served, workers = self._both_serve(ground, telling) if watch is None else self._one_serves(ground, telling, watch)

        self.address = next(iter(served.addresses.values()))
        self.addresses = pulumi.Output.all(**served.addresses)
        self.dns_name = pulumi.Output.from_input(served.dns_name)
        own = self._egress(ground, workers)
        self.egress_addresses = self._egress_addresses(ground, own)
        self.address_id = pulumi.Output.from_input(served.address_id)
        self.watchdog_name = pulumi.Output.from_input(served.watchdog_name)
        self.state_table = pulumi.Output.from_input(served.state_table)
        self.topic_arn = telling.topic_arn
        self.active_worker_name = pulumi.Output.from_input(served.holder)
        self.workers = _shown(workers, own)
        self.zone_ids = pulumi.Output.from_input(self._survey.zone_ids)
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

    def _one_serves(self, ground: Ground, telling: Telling, watch: WatchGroups) -> tuple[Served, Workers]:
        address = self._address(ground)
        # An address that is in use cannot be released: at a destroy it goes after the workers.
        workers = self._workers(ground, [address.resource], address.address_id)
        failover = Failover(
            self,
            self._name,
            self._args,
            account=self._account,
            ground=ground,
            watch=watch,
            address=address,
            workers=workers,
            telling=telling,
        )
        served = Served(
            addresses={self._args["region"]: address.public_ip},
            address_id=address.address_id,
            watchdog_name=failover.watchdog.arbiter_name,
            state_table=failover.record.table_name,
            holder=failover.holder,
            dashboard_url=failover.dashboard_url,
            operator_policy=failover.operator_policy,
        )
        return served, workers

    def _both_serve(self, ground: Ground, telling: Telling) -> tuple[Served, Workers]:
        workers = self._workers(ground, ground.network.ready, None)
        balancer = Sharing(self, self._name, self._args, ground=ground, workers=workers, telling=telling).balancer
        return Served(addresses=balancer.addresses, dns_name=balancer.dns_name), workers

    def _egress_addresses(self, ground: Ground, own: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[list[str]]:
        """A worker behind a balancer goes out by NAT or not at all; another one by its own address, else the fixed one."""
        if self._args["front"] is not Front.ADDRESS:
            return ground.network.egress_addresses
        return pulumi.Output.all(*(own.values() or [self.address])).apply(list[str])

    def _whose(self) -> AccountHandle:
        options = pulumi.InvokeOutputOptions(parent=self)
        return AccountHandle(
            partition=aws.get_partition_output(opts=options).partition,
            account_id=aws.get_caller_identity_output(opts=options).account_id,
        )

    def _address(self, ground: Ground) -> Address:
        args = self._args
        return Address(
            self._name,
            {
                "site": args["site"],
                "network_ready": ground.network.ready,
                "protect": args["protect"],
                "tags": args["tags"],
            },
            child(self),
        )

    def _workers(self, ground: Ground, after: Sequence[pulumi.Resource], address_id: pulumi.Output[str] | None) -> Workers:
        args = self._args
        subnets = ground.network.subnet_ids(self._layout.worker_band)
        return Workers(
            self._name,
            {
                "site": args["site"],
                "account": self._account,
                "placements": {
                    worker: Placement(
                        zone=zone,
                        private_ip=self._layout.private_ips[worker],
                        second_private_ip=self._layout.second_ips[worker],
                        subnet_id=subnets[zone],
                        data_volume_id=ground.disks.data_volume_ids[worker],
                    )
                    for worker, zone in self._layout.workers.items()
                },
                "egress": args["egress"],
                "ami_id": args["ami_id"],
                "instance_type": args["instance_type"],
                "tenancy": args["tenancy"],
                "reserve_capacity": args["reserve_capacity"],
                "auto_recovery": args["auto_recovery"],
                "metadata_hops": args["metadata_hops"],
                "root_volume_gb": args["root_volume_gb"],
                "guest_setup": args["guest_setup"],
                "data_mount_path": args["data_mount_path"],
                "service_unit": args["service_unit"],
                "user_data": args["user_data"],
                "group_id": ground.groups.worker_id,
                "key_arn": ground.disks.key_arn,
                "deletion_protection": args["deletion_protection"],
                "roll_worker": args["roll_worker"],
                "address_id": address_id,
                "after": after,
                "tags": args["tags"],
            },
            child(self),
        )

    def _egress(self, ground: Ground, workers: Workers) -> Mapping[str, pulumi.Output[str]]:
        """The workers' own public addresses; empty where they have none."""
        args = self._args
        if args["egress"] is not Egress.OWN:
            return {}
        addresses = OwnAddresses(
            self._name,
            {
                "site": args["site"],
                "workers": workers.handles,
                "network_ready": ground.network.ready,
                "protect": args["protect"],
                "tags": args["tags"],
            },
            child(self),
        )
        return addresses.public_ips

    def _telling(self, ground: Ground) -> Telling:
        args = self._args
        return Telling(
            self._name,
            {
                "site": args["site"],
                "region": args["region"],
                "account": self._account,
                "key_arn": ground.disks.key_arn,
                "alert_emails": args["alert_emails"],
                "tags": args["tags"],
            },
            child(self),
        )

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
            }
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
