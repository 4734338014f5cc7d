"""The pair: composes the layers in the order in which they need each other, and says what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.addressing import Band, NetworkPlan, plan
from infra.aws.address import Address
from infra.aws.arguments import PairArgs
from infra.aws.disks import Disks
from infra.aws.endpoints import SERVICES, Endpoints
from infra.aws.function import LOG_GROUP_PREFIX
from infra.aws.groups import Groups
from infra.aws.network import Network
from infra.aws.record import Record
from infra.aws.schedule import FirstTick, Schedule
from infra.aws.telling import ALARMS, METRICS, Alarms, Telling
from infra.aws.watchdog import PROBER_MEMORY_MB, Watchdog
from infra.aws.workers import Placement, Workers
from infra.naming import worker_names
from infra.pace import PACES
from infra.price import monthly_cost
from infra.regions import prober_zones
from infra.shapes import AccountHandle, child

CLI_SCHEMA = 1
"""Version of `cli_config`; it grows when a key changes its meaning or goes away."""


@dataclass(frozen=True)
class Ground:
    """What the workers stand on."""

    network: Network
    groups: Groups
    ways: Sequence[pulumi.Resource]
    """Through which workers are reached: rules and endpoints."""
    disks: Disks
    address: Address


class Pair(pulumi.ComponentResource):
    """Workers in two zones behind one fixed address, and the watchdog that moves it."""

    address: pulumi.Output[str]
    """The fixed public address."""
    address_id: pulumi.Output[str]
    watchdog_name: pulumi.Output[str]
    """The arbiter's function."""
    state_table: pulumi.Output[str]
    topic_arn: pulumi.Output[str]
    active_worker_name: pulumi.Output[str]
    """Who served when the last deployment ended. Who serves now stands in the record."""
    workers: pulumi.Output[dict[str, dict[str, str]]]
    """Worker to instanceId, zone and privateIp."""
    cli_config: pulumi.Output[dict[str, Any]]
    """What the operator's command needs in order to work without Pulumi; no secrets."""
    monthly_cost: pulumi.Output[dict[str, float]]
    """Dollars a month without workers, disks, traffic and logs; list prices remembered, not looked up."""

    def __init__(self, name: str, args: PairArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:index:Pair", name, {}, opts)
        self._name = name
        self._args = args
        self._zones = dict(zip(worker_names(len(args["zones"])), args["zones"], strict=True))
        self._plan = self._network_plan()
        self._account = self._whose()

        ground = self._ground()
        workers = self._workers(ground)
        record = self._record(ground.disks)
        telling = self._telling(ground.disks)
        watchdog = self._watchdog(ground, workers, record, telling)
        schedule = self._schedule(watchdog, [ground.address.resource, *workers.resources])
        self._alarms(telling, schedule)
        first_tick = self._first_tick(watchdog, [schedule, workers, telling, record, *ground.ways])

        self.address = ground.address.public_ip
        self.address_id = ground.address.address_id
        self.watchdog_name = pulumi.Output.from_input(watchdog.arbiter_name)
        self.state_table = pulumi.Output.from_input(record.table_name)
        self.topic_arn = telling.topic_arn
        self.active_worker_name = first_tick.holder
        self.workers = _shown(workers)
        self.cli_config = self._cli_config()
        self.monthly_cost = pulumi.Output.from_input(self._cost())
        self.register_outputs(self.outputs())

    def outputs(self) -> dict[str, pulumi.Output[Any]]:
        """The stack's outputs: a small set, kept stable for other stacks and for the operator's command."""
        return {
            "address": self.address,
            "addressId": self.address_id,
            "watchdogName": self.watchdog_name,
            "stateTable": self.state_table,
            "topicArn": self.topic_arn,
            "activeWorkerName": self.active_worker_name,
            "workers": self.workers,
            "cliConfig": self.cli_config,
            "monthlyCost": self.monthly_cost,
        }

    def _prober_zones(self) -> tuple[str, ...]:
        args = self._args
        return prober_zones(args["region"], tuple(args["zones"]), args["tie_breaker_zone"])

    def _network_plan(self) -> NetworkPlan:
        args = self._args
        return plan(IPv4Network(args["vpc_cidr"]), args["zones"], self._prober_zones())

    def _whose(self) -> AccountHandle:
        options = pulumi.InvokeOutputOptions(parent=self)
        return AccountHandle(
            partition=aws.get_partition_output(opts=options).partition,
            account_id=aws.get_caller_identity_output(opts=options).account_id,
        )

    def _ground(self) -> Ground:
        args, site, tags = self._args, self._args["site"], self._args["tags"]
        network = Network(
            self._name, {"site": site, "region": args["region"], "plan": self._plan, "tags": tags}, child(self)
        )
        groups = Groups(
            self._name,
            {
                "site": site,
                "vpc_id": network.vpc_id,
                "table_prefix_list_id": network.table_prefix_list_id,
                "traffic_ports": args["traffic_ports"],
                "partner_cidrs": args["partner_cidrs"],
                "probe_port": args["probe_port"],
                "public_health_port": args["public_health_port"],
                "tags": tags,
            },
            child(self),
        )
        return Ground(
            network=network,
            groups=groups,
            ways=[groups, *self._endpoints(network, groups)],
            disks=self._disks(),
            address=Address(
                self._name,
                {"site": site, "network_ready": network.ready, "protect": args["protect"], "tags": tags},
                child(self),
            ),
        )

    def _endpoints(self, network: Network, groups: Groups) -> list[pulumi.Resource]:
        args = self._args
        if not args["management_endpoints"]:
            return []
        endpoints = Endpoints(
            self._name,
            {
                "site": args["site"],
                "region": args["region"],
                "vpc_id": network.vpc_id,
                "subnet_ids": network.subnet_ids(Band.PRIVATE),
                "worker_group_id": groups.worker_id,
                "tags": args["tags"],
            },
            child(self),
        )
        return [endpoints]

    def _disks(self) -> Disks:
        args = self._args
        return Disks(
            self._name,
            {
                "site": args["site"],
                "region": args["region"],
                "account": self._account,
                "zones": self._zones,
                "data_volume_gb": args["data_volume_gb"],
                "log_group_prefix": f"{LOG_GROUP_PREFIX}{args['site']}-",
                "protect": args["protect"],
                "tags": args["tags"],
            },
            child(self),
        )

    def _workers(self, ground: Ground) -> Workers:
        args = self._args
        subnets = ground.network.subnet_ids(Band.PUBLIC)
        return Workers(
            self._name,
            {
                "site": args["site"],
                "account": self._account,
                "placements": {
                    worker: Placement(
                        zone=zone,
                        private_ip=str(self._plan.worker_ip(zone)),
                        subnet_id=subnets[zone],
                        data_volume_id=ground.disks.data_volume_ids[worker],
                    )
                    for worker, zone in self._zones.items()
                },
                "ami_id": args["ami_id"],
                "instance_type": args["instance_type"],
                "root_volume_gb": args["root_volume_gb"],
                "user_data": args["user_data"],
                "group_id": ground.groups.worker_id,
                "key_arn": ground.disks.key_arn,
                "deletion_protection": args["deletion_protection"],
                "after": [ground.address.resource],
                "tags": args["tags"],
            },
            child(self),
        )

    def _record(self, disks: Disks) -> Record:
        args = self._args
        return Record(
            self._name,
            {
                "site": args["site"],
                "key_arn": disks.key_arn,
                "protect": args["protect"],
                "deletion_protection": args["deletion_protection"],
                "tags": args["tags"],
            },
            child(self),
        )

    def _telling(self, disks: Disks) -> Telling:
        args = self._args
        return Telling(
            self._name,
            {
                "site": args["site"],
                "region": args["region"],
                "account": self._account,
                "key_arn": disks.key_arn,
                "alert_emails": args["alert_emails"],
                "tags": args["tags"],
            },
            child(self),
        )

    def _watchdog(self, ground: Ground, workers: Workers, record: Record, telling: Telling) -> Watchdog:
        return Watchdog(
            self._name,
            {
                "pair": self._args,
                "account": self._account,
                "workers": workers.handles,
                "worker_group_id": ground.groups.worker_id,
                "isolation_group_id": ground.groups.isolation_id,
                "prober_group_id": ground.groups.prober_id,
                "prober_subnet_ids": ground.network.subnet_ids(Band.PROBER),
                "address_id": ground.address.address_id,
                "table_name": record.table_name,
                "table_arn": record.table_arn,
                "topic_arn": telling.topic_arn,
                "key_arn": ground.disks.key_arn,
            },
            child(self),
        )

    def _schedule(self, watchdog: Watchdog, after: Sequence[pulumi.Resource]) -> Schedule:
        return Schedule(
            self._name,
            {
                "site": self._args["site"],
                "arbiter_name": watchdog.arbiter.function_name,
                "arbiter_arn": watchdog.arbiter_arn,
                "after": after,
                "tags": self._args["tags"],
            },
            child(self),
        )

    def _alarms(self, telling: Telling, schedule: Schedule) -> Alarms:
        return Alarms(
            self._name,
            {
                "site": self._args["site"],
                "topic_arn": telling.topic_arn,
                "after": [schedule],
                "tags": self._args["tags"],
            },
            child(self),
        )

    def _first_tick(self, watchdog: Watchdog, after: Sequence[pulumi.Resource]) -> FirstTick:
        return FirstTick(
            self._name,
            {
                "arbiter_name": watchdog.arbiter.function_name,
                "bundle_digest": self._args["bundle_digest"],
                "environment": watchdog.environment,
                "after": after,
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
                "front": args["front"].value,
                "order": args["order"],
                "address": self.address,
                "addressId": self.address_id,
                "watchdogName": self.watchdog_name,
                "stateTable": self.state_table,
                "topicArn": self.topic_arn,
                "workers": self.workers,
            }
        )

    def _cost(self) -> dict[str, float]:
        args = self._args
        endpoints = len(SERVICES) * len(args["zones"]) if args["management_endpoints"] else 0
        return dict(
            monthly_cost(
                architecture=args["lambda_architecture"].value,
                arbiter_memory_mb=args["arbiter_memory_mb"],
                prober_memory_mb=PROBER_MEMORY_MB,
                probers=len(self._prober_zones()),
                probe_interval_s=args["probe_interval_s"],
                lease_renew_s=PACES[args["tier"]].lease_renew_s,
                metrics=METRICS,
                alarms=ALARMS,
                interface_endpoints=endpoints,
            )
        )


def _shown(workers: Workers) -> pulumi.Output[dict[str, dict[str, str]]]:
    ids = pulumi.Output.all(*(worker.instance_id for worker in workers.handles))
    return ids.apply(
        lambda found: {
            worker.name: {"instanceId": instance_id, "zone": worker.zone, "privateIp": worker.private_ip}
            for worker, instance_id in zip(workers.handles, found, strict=True)
        }
    )
