"""What the workers stand on: network, groups, ways to a standby, key and disks. A part of `pair`, and of nothing else."""

from collections.abc import Sequence

import pulumi

from infra.addressing import Band
from infra.aws.arguments import PairArgs
from infra.aws.disks import Disks
from infra.aws.endpoints import Endpoints
from infra.aws.existing_network import ExistingNetwork
from infra.aws.flow_logs import FlowLogs, flow_log_group_name
from infra.aws.function import LOG_GROUP_PREFIX
from infra.aws.groups import Groups
from infra.aws.layout import Layout
from infra.aws.network import Network
from infra.aws.services import endpoint_services
from infra.shapes import AccountHandle, child


class Ground:
    """The layers below the workers; their resources are children of the pair."""

    network: Network | ExistingNetwork
    groups: Groups
    ways: Sequence[pulumi.Resource]
    """Through which workers are reached: rules and endpoints."""
    disks: Disks

    def __init__(
        self,
        pair: pulumi.Resource,
        name: str,
        args: PairArgs,
        *,
        layout: Layout,
        table_prefix_list_id: str,
        account: AccountHandle,
    ) -> None:
        self._pair = pair
        self._name = name
        self._args = args
        self._layout = layout
        self.network = self._existing_network(table_prefix_list_id) if args["vpc_id"] else self._network()
        self.groups = self._groups()
        self.ways = [self.groups, *self._endpoints()]
        self.disks = Disks(
            name,
            {
                "site": args["site"],
                "region": args["region"],
                "account": account,
                "zones": layout.workers,
                "data_volume_gb": args["data_volume_gb"],
                "log_groups": [f"{LOG_GROUP_PREFIX}{args['site']}-*", *self._flow_log_groups()],
                "protect": args["protect"],
                "tags": args["tags"],
            },
            child(pair),
        )
        self._flow_logs(account)

    def _flow_log_groups(self) -> list[str]:
        return [flow_log_group_name(self._args["site"])] if self._layout.flow_logs else []

    def _flow_logs(self, account: AccountHandle) -> None:
        args = self._args
        if self._layout.flow_logs:
            FlowLogs(
                self._name,
                {
                    "site": args["site"],
                    "region": args["region"],
                    "account": account,
                    "vpc_id": self.network.vpc_id,
                    "key_arn": self.disks.key_arn,
                    "log_retention_days": args["log_retention_days"],
                    "tags": args["tags"],
                },
                child(self._pair),
            )

    def _network(self) -> Network:
        args = self._args
        return Network(
            self._name,
            {
                "site": args["site"],
                "region": args["region"],
                "plan": self._layout.plan,
                "nat_zones": self._layout.nat_zones,
                "protect": args["protect"],
                "tags": args["tags"],
            },
            child(self._pair),
        )

    def _existing_network(self, table_prefix_list_id: str) -> ExistingNetwork:
        args, layout = self._args, self._layout
        return ExistingNetwork(
            self._name,
            {
                "vpc_id": args["vpc_id"],
                "subnet_ids": {
                    layout.worker_band: dict(zip(layout.worker_zones, args["worker_subnet_ids"], strict=True)),
                    Band.PROBER: dict(zip(layout.prober_zones, args["prober_subnet_ids"], strict=True)),
                    # Empty where no endpoint is wanted.
                    Band.PRIVATE: dict(zip(layout.worker_zones, args["endpoint_subnet_ids"], strict=False)),
                },
                "table_prefix_list_id": table_prefix_list_id,
            },
            child(self._pair),
        )

    def _groups(self) -> Groups:
        args = self._args
        return Groups(
            self._name,
            {
                "site": args["site"],
                "vpc_id": self.network.vpc_id,
                "table_prefix_list_id": self.network.table_prefix_list_id,
                "traffic_ports": args["traffic_ports"],
                "partner_cidrs": args["partner_cidrs"],
                "probe_port": args["probe_port"],
                "public_health_port": args["public_health_port"],
                "tags": args["tags"],
            },
            child(self._pair),
        )

    def _endpoints(self) -> list[pulumi.Resource]:
        args = self._args
        services = endpoint_services(args)
        if not services:
            return []
        private = self.network.subnet_ids(Band.PRIVATE)
        endpoints = Endpoints(
            self._name,
            {
                "site": args["site"],
                "region": args["region"],
                "services": services,
                "vpc_id": self.network.vpc_id,
                "subnet_ids": {zone: private[zone] for zone in self._layout.worker_zones},
                "worker_group_id": self.groups.worker_id,
                "tags": args["tags"],
            },
            child(self._pair),
        )
        return [endpoints]
