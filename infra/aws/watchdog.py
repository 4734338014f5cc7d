"""The watchdog: an arbiter outside the network, and a prober in each zone inside it.

The arbiter talks to AWS and needs no network of ours; a prober talks to the workers and needs nothing else. What the arbiter
is told and what it may do follow from the live resources: a worker that is replaced changes both.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi

from failover_lambda.contract import ProberRef, Worker
from infra.aws.arguments import PairArgs
from infra.aws.environment import environment
from infra.aws.function import CommonArgs, Function, log_group_name
from infra.aws.permissions import ArbiterScope, Arns, arbiter_policy, prober_policy
from infra.naming import Kind, physical
from infra.settings import Built, watchdog_settings
from infra.shapes import AccountHandle, ProberHandle, WorkerHandle, child

ARBITER_HANDLER = "failover_lambda.aws.arbiter.handler"
ARBITER_TIMEOUT_S = 180
"""Above an arbiter's life of at most 150 s, by the length of a last round."""

PROBER_HANDLER = "failover_lambda.aws.prober.handler"
PROBER_TIMEOUT_S = 5
PROBER_MEMORY_MB = 256


def arbiter_name(site: str) -> str:
    """The arbiter's function name."""
    return physical(Kind.FUNCTION, f"{site}-arbiter")


def prober_name(site: str, zone: str) -> str:
    """The function name of the prober in that zone."""
    return physical(Kind.FUNCTION, f"{site}-prober-{zone}")


class WatchdogArgs(TypedDict):
    """Arguments of `Watchdog`."""

    pair: PairArgs
    account: AccountHandle
    workers: Sequence[WorkerHandle]
    worker_group_id: pulumi.Output[str]
    isolation_group_id: pulumi.Output[str]
    prober_group_id: pulumi.Output[str]
    prober_subnet_ids: Mapping[str, pulumi.Output[str]]
    """By zone."""
    address_id: pulumi.Output[str]
    table_name: str
    table_arn: pulumi.Output[str]
    topic_arn: pulumi.Output[str]
    dead_letters_arn: pulumi.Output[str]
    key_arn: pulumi.Output[str]


class Watchdog(pulumi.ComponentResource):
    """Arbiter and probers."""

    arbiter_name: str
    arbiter_arn: pulumi.Output[str]
    environment: pulumi.Output[dict[str, str]]
    """What the arbiter is told."""

    def __init__(self, name: str, args: WatchdogArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Watchdog", name, {}, opts)
        self._name = name
        self._args = args
        self._site = args["pair"]["site"]
        self.probers = tuple(self._prober(zone, subnet) for zone, subnet in args["prober_subnet_ids"].items())
        self.environment = self._found().apply(self._environment)
        self.arbiter_name = arbiter_name(self._site)
        self.arbiter = self._arbiter()
        self.arbiter_arn = self.arbiter.arn
        self.register_outputs({"arbiter_arn": self.arbiter_arn})

    def _prober(self, zone: str, subnet_id: pulumi.Output[str]) -> ProberHandle:
        args = self._args
        function_name = prober_name(self._site, zone)
        account = args["account"]
        policy = pulumi.Output.all(account.partition, account.account_id).apply(
            lambda found: prober_policy(
                Arns(found[0], args["pair"]["region"], found[1]), function_name, log_group_name(function_name)
            )
        )
        function = Function(
            f"{self._name}-prober-{zone}",
            {
                **self._common(),
                "function_name": function_name,
                "handler": PROBER_HANDLER,
                "memory_mb": PROBER_MEMORY_MB,
                "timeout_s": PROBER_TIMEOUT_S,
                "policy": policy,
                # Each question brings what it needs; one prober may serve many sites.
                "environment": {},
                "subnet_ids": [subnet_id],
                "group_ids": [args["prober_group_id"]],
            },
            child(self),
        )
        return ProberHandle(zone=zone, function_name=function_name, function_arn=function.arn)

    def _arbiter(self) -> Function:
        return Function(
            f"{self._name}-arbiter",
            {
                **self._common(),
                "function_name": self.arbiter_name,
                "handler": ARBITER_HANDLER,
                "memory_mb": self._args["pair"]["arbiter_memory_mb"],
                "timeout_s": ARBITER_TIMEOUT_S,
                "policy": self._found().apply(self._policy),
                "environment": self.environment,
                "subnet_ids": [],
                "group_ids": [],
            },
            child(self),
        )

    def _common(self) -> CommonArgs:
        pair = self._args["pair"]
        return {
            "site": self._site,
            "bundle": pair["bundle"],
            "runtime": pair["lambda_runtime"].value,
            "architecture": pair["lambda_architecture"].value,
            "reserved_concurrency": pair["reserved_concurrency"],
            "log_retention_days": pair["log_retention_days"],
            "key_arn": self._args["key_arn"],
            "tags": pair["tags"],
        }

    def _found(self) -> pulumi.Output[Any]:
        """Everything that only the cloud knows, once it knows it."""
        args = self._args
        return pulumi.Output.from_input(
            {
                "partition": args["account"].partition,
                "account_id": args["account"].account_id,
                "instances": {worker.name: worker.instance_id for worker in args["workers"]},
                "address_ips": {worker.name: worker.address_private_ip for worker in args["workers"]},
                "interfaces": {worker.name: worker.network_interface_id for worker in args["workers"]},
                "worker_group": args["worker_group_id"],
                "isolation_group": args["isolation_group_id"],
                "address": args["address_id"],
                "table": args["table_arn"],
                "topic": args["topic_arn"],
                "dead_letters": args["dead_letters_arn"],
                "key": args["key_arn"],
                "probers": [prober.function_arn for prober in self.probers],
            }
        )

    def _environment(self, found: Mapping[str, Any]) -> dict[str, str]:
        built = Built(
            workers=tuple(
                Worker(
                    name=worker.name,
                    instance_id=found["instances"][worker.name],
                    network_interface_id=found["interfaces"][worker.name],
                    private_ip=worker.private_ip,
                    address_private_ip=found["address_ips"][worker.name],
                    zone=worker.zone,
                    group_ids=(found["worker_group"],),
                )
                for worker in self._args["workers"]
            ),
            address_id=found["address"],
            record_table=self._args["table_name"],
            notice_topic=found["topic"],
            probers=tuple(ProberRef(zone=it.zone, function_name=it.function_name) for it in self.probers),
            isolation_group_id=found["isolation_group"],
        )
        return environment(watchdog_settings(self._args["pair"], built))

    def _policy(self, found: Mapping[str, Any]) -> str:
        scope = ArbiterScope(
            arns=Arns(found["partition"], self._args["pair"]["region"], found["account_id"]),
            allocation_id=found["address"],
            instance_ids=list(found["instances"].values()),
            network_interface_ids=list(found["interfaces"].values()),
            group_ids=[found["worker_group"], found["isolation_group"]],
            table_arn=found["table"],
            topic_arn=found["topic"],
            dead_letters_arn=found["dead_letters"],
            event_bus=self._args["pair"]["notice_event_bus"],
            key_arn=found["key"],
            log_group=log_group_name(self.arbiter_name),
            prober_arns=found["probers"],
        )
        return arbiter_policy(scope)
