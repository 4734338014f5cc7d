"""What decides and moves: record, watchdog, schedule, alarms, and the first tick. A part of `pair`, and of nothing else."""

from collections.abc import Sequence

import pulumi

from infra.addressing import Band
from infra.aws.address import Address
from infra.aws.arguments import PairArgs
from infra.aws.ground import Ground
from infra.aws.record import Record
from infra.aws.schedule import FirstTick, Schedule
from infra.aws.telling import Alarms, Telling
from infra.aws.watchdog import Watchdog
from infra.aws.workers import Workers
from infra.shapes import AccountHandle, child


class Failover:
    """The layers above the workers; their resources are children of the pair."""

    record: Record
    watchdog: Watchdog
    holder: pulumi.Output[str]
    """Who served when the deployment ended."""

    def __init__(
        self,
        pair: pulumi.Resource,
        name: str,
        args: PairArgs,
        *,
        account: AccountHandle,
        ground: Ground,
        address: Address,
        workers: Workers,
        telling: Telling,
    ) -> None:
        self._pair = pair
        self._name = name
        self._args = args
        self.record = self._record(ground)
        self.watchdog = self._watchdog(account, ground, address, workers, telling)
        schedule = self._schedule([address.resource, *workers.resources])
        self._alarms(telling, schedule)
        self.holder = self._first_tick([schedule, workers, telling, self.record, *ground.ways]).holder

    def _record(self, ground: Ground) -> Record:
        args = self._args
        return Record(
            self._name,
            {
                "site": args["site"],
                "key_arn": ground.disks.key_arn,
                "protect": args["protect"],
                "deletion_protection": args["deletion_protection"],
                "tags": args["tags"],
            },
            child(self._pair),
        )

    def _watchdog(
        self, account: AccountHandle, ground: Ground, address: Address, workers: Workers, telling: Telling
    ) -> Watchdog:
        return Watchdog(
            self._name,
            {
                "pair": self._args,
                "account": account,
                "workers": workers.handles,
                "worker_group_id": ground.groups.worker_id,
                "isolation_group_id": ground.groups.isolation_id,
                "prober_group_id": ground.groups.prober_id,
                "prober_subnet_ids": ground.network.subnet_ids(Band.PROBER),
                "address_id": address.address_id,
                "table_name": self.record.table_name,
                "table_arn": self.record.table_arn,
                "topic_arn": telling.topic_arn,
                "key_arn": ground.disks.key_arn,
            },
            child(self._pair),
        )

    def _schedule(self, after: Sequence[pulumi.Resource]) -> Schedule:
        return Schedule(
            self._name,
            {
                "site": self._args["site"],
                "arbiter_name": self.watchdog.arbiter.function_name,
                "arbiter_arn": self.watchdog.arbiter_arn,
                "after": after,
                "tags": self._args["tags"],
            },
            child(self._pair),
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
            child(self._pair),
        )

    def _first_tick(self, after: Sequence[pulumi.Resource]) -> FirstTick:
        return FirstTick(
            self._name,
            {
                "arbiter_name": self.watchdog.arbiter.function_name,
                "bundle_digest": self._args["bundle_digest"],
                "environment": self.watchdog.environment,
                "after": after,
            },
            child(self._pair),
        )
