"""What the workers stand on: network, security groups, logs, key and disks. A part of `pair`, and of nothing else.

No counterpart in `Ground`: `ways` (a worker is reached by the serial console). Azure's alone: `logs`.
"""

import pulumi

from infra.addressing import Band
from infra.azure.account import Account, Place
from infra.azure.arguments import PairArgs
from infra.azure.disks import Disks
from infra.azure.groups import Groups
from infra.azure.layout import Layout
from infra.azure.logs import Logs
from infra.azure.network import Network
from infra.config.keys import Front
from infra.shapes import child


class Ground:
    """The layers below the workers; their resources are children of the pair."""

    network: Network
    groups: Groups
    logs: Logs
    disks: Disks

    def __init__(
        self, pair: pulumi.Resource, name: str, args: PairArgs, *, layout: Layout, account: Account, place: Place
    ) -> None:
        self._pair = pair
        self._name = name
        self._args = args
        self._layout = layout
        self._place = place
        self.network = self._network()
        self.groups = self._groups()
        self.logs = Logs(name, {**place, "log_retention_days": args["log_retention_days"]}, child(pair))
        self.disks = self._disks(account)

    def _network(self) -> Network:
        return Network(
            self._name,
            {
                **self._place,
                "plan": self._layout.plan,
                "nat_zones": self._layout.nat_zones,
                "protect": self._args["protect"],
            },
            child(self._pair),
        )

    def _groups(self) -> Groups:
        args = self._args
        (function,) = self._layout.plan.of(Band.PROBER)
        return Groups(
            self._name,
            {
                **self._place,
                "workers": list(self._layout.workers),
                "function_cidr": str(function.cidr),
                "balanced": args["front"] is Front.BALANCER,
                "traffic_ports": args["traffic_ports"],
                "partner_cidrs": args["partner_cidrs"],
                "probe_port": args["probe_port"],
                "public_health_port": args["public_health_port"],
            },
            child(self._pair),
        )

    def _disks(self, account: Account) -> Disks:
        args = self._args
        return Disks(
            self._name,
            {
                **self._place,
                "where": account.where,
                "deployer": account.deployer,
                "role": account.role,
                "zones": self._layout.workers,
                "data_volume_gb": args["data_volume_gb"],
                "meanwhile": [*self.network.ready, *self.logs.resources],
                "protect": args["protect"],
            },
            child(self._pair),
        )
