"""What decides and moves: record, watchdog, what starts it and watches over it, the first tick. A part of `pair` alone."""

from collections.abc import Sequence

import pulumi

from infra.addressing import Band
from infra.aws.address import Address
from infra.aws.alarms import Alarms
from infra.aws.arguments import PairArgs
from infra.aws.dashboard import Dashboard
from infra.aws.dead_letters import DeadLetters, queue_name
from infra.aws.function import log_group_name
from infra.aws.ground import Ground
from infra.aws.groups import WatchGroups
from infra.aws.permissions import Arns, OperatorScope, operator_policy
from infra.aws.record import Record
from infra.aws.rules import RULES, StarterArgs, rule_name
from infra.aws.schedule import FirstTick, Schedule
from infra.aws.state_change import StateChange
from infra.aws.telling import Telling
from infra.aws.watchdog import Watchdog
from infra.aws.workers import Workers
from infra.shapes import AccountHandle, child


class Failover:
    """The layers above the workers; their resources are children of the pair."""

    record: Record
    watchdog: Watchdog
    holder: pulumi.Output[str]
    """Who served when the deployment ended."""
    dashboard_url: pulumi.Output[str]
    operator_policy: pulumi.Output[str]

    def __init__(
        self,
        pair: pulumi.Resource,
        name: str,
        args: PairArgs,
        *,
        account: AccountHandle,
        ground: Ground,
        watch: WatchGroups,
        address: Address,
        workers: Workers,
        telling: Telling,
    ) -> None:
        self._pair = pair
        self._name = name
        self._args = args
        self._site = args["site"]
        self._watch = watch
        self.record = self._record(ground)
        self.operator_policy = self._operator_policy(account, ground)
        self._dead_letters = self._queue(account)
        self.watchdog = self._watchdog(account, ground, address, workers, telling)
        starters = self._starters(address, workers)
        alarms = self._alarms(telling, starters)
        self.dashboard_url = self._dashboard(account, alarms).url
        self.holder = self._first_tick([*starters, workers, telling, self.record, *ground.ways]).holder

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

    def _operator_policy(self, account: AccountHandle, ground: Ground) -> pulumi.Output[str]:
        found = pulumi.Output.all(
            partition=account.partition,
            account_id=account.account_id,
            table_arn=self.record.table_arn,
            key_arn=ground.disks.key_arn,
        )
        return found.apply(
            lambda it: operator_policy(
                OperatorScope(
                    arns=Arns(it["partition"], self._args["region"], it["account_id"]),
                    site=self._site,
                    table_arn=it["table_arn"],
                    key_arn=it["key_arn"],
                )
            )
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
                "isolation_group_id": self._watch.isolation_id,
                "prober_group_id": self._watch.prober_id,
                "prober_subnet_ids": ground.network.subnet_ids(Band.PROBER),
                "address_id": address.address_id,
                "table_name": self.record.table_name,
                "table_arn": self.record.table_arn,
                "topic_arn": telling.topic_arn,
                "dead_letters_arn": self._dead_letters.queue_arn,
                "key_arn": ground.disks.key_arn,
            },
            child(self._pair),
        )

    def _queue(self, account: AccountHandle) -> DeadLetters:
        return DeadLetters(
            self._name,
            {
                "site": self._site,
                "region": self._args["region"],
                "account": account,
                "rule_names": [rule_name(self._site, part) for part in RULES],
                "tags": self._args["tags"],
            },
            child(self._pair),
        )

    def _starters(self, address: Address, workers: Workers) -> Sequence[pulumi.Resource]:
        """What starts an arbiter. The second waits for the first, which sets the limits of all starts."""
        starter = self._starter([address.resource, *workers.resources, self._dead_letters])
        schedule = Schedule(self._name, {"starter": starter}, child(self._pair))
        state_change = StateChange(
            self._name,
            {
                "starter": {**starter, "after": [*starter["after"], schedule]},
                "instance_ids": [worker.instance_id for worker in workers.handles],
            },
            child(self._pair),
        )
        return [schedule, state_change]

    def _starter(self, after: Sequence[pulumi.Resource]) -> StarterArgs:
        return {
            "site": self._site,
            "arbiter_name": self.watchdog.arbiter.function_name,
            "arbiter_arn": self.watchdog.arbiter_arn,
            "dead_letters_arn": self._dead_letters.queue_arn,
            "after": after,
            "tags": self._args["tags"],
        }

    def _alarms(self, telling: Telling, starters: Sequence[pulumi.Resource]) -> Alarms:
        return Alarms(
            self._name,
            {
                "site": self._site,
                "topic_arn": telling.topic_arn,
                "dead_letters_name": queue_name(self._site),
                "after": starters,
                "tags": self._args["tags"],
            },
            child(self._pair),
        )

    def _dashboard(self, account: AccountHandle, alarms: Alarms) -> Dashboard:
        watchdog = self.watchdog
        return Dashboard(
            self._name,
            {
                "site": self._site,
                "region": self._args["region"],
                "account": account,
                "arbiter": watchdog.arbiter_name,
                "arbiter_log_group": log_group_name(watchdog.arbiter_name),
                "probers": [prober.function_name for prober in watchdog.probers],
                "dead_letters": queue_name(self._site),
                "alarm_arns": alarms.arns,
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
