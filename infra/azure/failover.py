"""What decides and moves: record, watchdog, alarms, page. A part of `pair` alone.

The timer is part of the app's own code, so nothing here starts it, and nothing waits for a first tick: the address is on its
worker some seconds after the code is there. `tandem status` says when.

No counterpart in `Failover`: `holder` (nothing of the deployment asks the watchdog).
"""

from collections.abc import Sequence

import pulumi

from infra.azure.account import Account, Place
from infra.azure.alarms import Alarms
from infra.azure.arguments import PairArgs
from infra.azure.bundle import Bundle
from infra.azure.dashboard import Dashboard
from infra.azure.ground import Ground
from infra.azure.permissions import BLOB_CONTRIBUTOR, operator_policy
from infra.azure.record import Record
from infra.azure.telling import Telling
from infra.azure.watchdog import Watchdog
from infra.azure.workers import Workers
from infra.shapes import child


class Failover:
    """The layers above the workers; their resources are children of the pair."""

    record: Record
    watchdog: Watchdog
    dashboard_url: pulumi.Output[str]
    operator_policy: pulumi.Output[str]

    def __init__(
        self,
        pair: pulumi.Resource,
        name: str,
        args: PairArgs,
        *,
        account: Account,
        place: Place,
        ground: Ground,
        address_id: pulumi.Output[str],
        holds: Sequence[pulumi.Resource],
        workers: Workers,
        telling: Telling,
    ) -> None:
        """`address_id`: of the public address, or of the balancer's pool; `holds`: the resources of either."""
        self._pair = pair
        self._name = name
        self._args = args
        self._place = place
        self._account = account
        self.record = Record(name, {**place, "where": account.where, "protect": args["protect"]}, child(pair))
        self.operator_policy = self.record.container_id.apply(
            lambda container_id: operator_policy(account.role(BLOB_CONTRIBUTOR), container_id)
        )
        self.watchdog = self._watchdog(ground, address_id, [*holds, *self._acted_on(ground, workers)], workers, telling)
        self.alarms = self._alarms(ground, telling)
        self.dashboard = self._dashboard(ground)
        self.dashboard_url = self.dashboard.url

    def _acted_on(self, ground: Ground, workers: Workers) -> list[pulumi.Resource]:
        """Destroyed before the app, any of it would make the watchdog act: it sees a worker vanish, and moves."""
        return [*workers.resources, *ground.groups.resources, *ground.network.ready]

    def _watchdog(
        self,
        ground: Ground,
        address_id: pulumi.Output[str],
        after: Sequence[pulumi.Resource],
        workers: Workers,
        telling: Telling,
    ) -> Watchdog:
        return Watchdog(
            self._name,
            {
                "pair": self._args,
                "where": self._account.where,
                "group": self._account.group,
                "group_id": self._account.group_id,
                "role": self._account.role,
                "workers": workers.handles,
                "group_ids": ground.groups.worker_ids,
                "subnet_id": ground.network.function_subnet_id,
                "address_id": address_id,
                "record": self.record,
                "notice_topic": telling.topic_id,
                "connection": ground.logs.connection,
                "bundle_url": self._bundle(),
                "after": after,
            },
            child(self._pair),
        )

    def _bundle(self) -> pulumi.Output[str]:
        args = self._args
        return Bundle(
            self._name,
            {
                **self._place,
                "where": self._account.where,
                "bundle": args["bundle"],
                "bundle_digest": args["bundle_digest"],
                "expiry": args["package_sas_expiry"],
            },
            child(self._pair),
        ).url

    def _alarms(self, ground: Ground, telling: Telling) -> Alarms:
        return Alarms(
            self._name,
            {
                **self._place,
                "group_id": self._account.group_id,
                "topic_id": telling.topic_id,
                "caller_id": telling.caller_id,
                "workspace_id": ground.logs.workspace_id,
                "component_id": ground.logs.component_id,
                "host_name": self.watchdog.function.host_name,
                "after": [self.watchdog.function],
            },
            child(self._pair),
        )

    def _dashboard(self, ground: Ground) -> Dashboard:
        return Dashboard(
            self._name,
            {
                **self._place,
                "group_id": self._account.group_id,
                "workspace_id": ground.logs.workspace_id,
                "tenant_id": self._account.deployer.tenant_id,
            },
            child(self._pair),
        )
