"""The watchdog: one function, in the network and outside of it at once.

It asks the workers through its subnet, and Azure and the public address by the platform's own way out. What it is told and
what it may do follow from the live resources: a worker that is replaced changes both.

Roles before the app: a host that may not read its storage starts no timer, and Azure says nothing of it.

No counterpart: `ARBITER_HANDLER`, `ARBITER_TIMEOUT_S`, `arbiter_name` (function_name), `prober_name` and everything of a
prober (`PROBER_HANDLER`, `PROBER_TIMEOUT_S`, `PROBER_MEMORY_MB`): the function asks by itself. In `Watchdog` `arbiter_name`
and `arbiter_arn` (function), in `WatchdogArgs` `account`, `worker_group_id`, `isolation_group_id`, `prober_group_id`,
`prober_subnet_ids`, `table_name`, `table_arn`, `topic_arn`, `dead_letters_arn` and `key_arn`. Azure's alone:
`function_name`, in `WatchdogArgs` `where`, `group`, `group_id`, `role`, `group_ids`, `subnet_id`, `record`, `notice_topic`,
`connection`, `bundle_url`, `after`; `OF_FRONT`, because a call takes seconds to minutes here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

import pulumi
import pulumi_azure_native as azure

from failover_lambda.contract import Worker
from infra.azure.account import Place, assigned, identity
from infra.azure.arguments import PairArgs
from infra.azure.function import Function
from infra.azure.permissions import BLOB_OWNER, role_guid, role_name, watchdog_actions
from infra.azure.record import Record
from infra.config.keys import Front
from infra.naming import Kind, worldwide
from infra.pace import CARD_CALL_S, CARD_DEADLINE_S, POOL_CALL_S, POOL_DEADLINE_S
from infra.settings import Built, watchdog_settings
from infra.shapes import WorkerHandle, child

CLIENT_ID = "TANDEM_CLIENT_ID"
"""By which of its identities the watchdog signs in."""

OF_FRONT: Mapping[Front, Mapping[str, Any]] = {
    Front.ADDRESS: {"call_again_s": CARD_CALL_S, "move_deadline_s": CARD_DEADLINE_S},
    Front.BALANCER: {"call_again_s": POOL_CALL_S, "move_deadline_s": POOL_DEADLINE_S, "connections_stay": True},
}
"""A call ends here when its operation has ended. One that is asked again meanwhile may land later, as far as is known, and
keeps a fenced worker out for a quarter of an hour (RULE 6.5); and a move that is given up on takes the next target.

A member of a pool that is down keeps what connections stand (RULE 9.15; Azure, "Administrative state", read 2026-11)."""


def function_name(site: str, where: str) -> str:
    """The app's name, which is also its host's name in the world."""
    return worldwide(Kind.SITE, site, "", where)


class WatchdogArgs(TypedDict):
    """Arguments of `Watchdog`."""

    pair: PairArgs
    where: str
    """What tells this stack from one of the same name elsewhere in the world."""
    group: pulumi.Output[str]
    group_id: str
    role: Callable[[str], str]
    """Id of one of Azure's own roles."""
    workers: Sequence[WorkerHandle]
    group_ids: Mapping[str, pulumi.Output[str]]
    """Worker to its security group."""
    subnet_id: pulumi.Output[str]
    address_id: pulumi.Output[str]
    """Of the public address, or of the balancer's pool."""
    record: Record
    notice_topic: pulumi.Output[str]
    connection: pulumi.Output[str]
    """By which lines are sent."""
    bundle_url: pulumi.Output[str]
    after: Sequence[pulumi.Resource]
    """Everything that it acts on."""


class Watchdog(pulumi.ComponentResource):
    """Identity, role and function."""

    environment: pulumi.Output[dict[str, str]]
    """What the function is told."""

    def __init__(self, name: str, args: WatchdogArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Watchdog", name, {}, opts)
        self._name = name
        self._args = args
        self._place: Place = {
            "site": args["pair"]["site"],
            "region": args["pair"]["region"],
            "group": args["group"],
            "tags": args["pair"]["tags"],
        }
        self.identity = identity(self, name, self._place, "watchdog")
        self.roles = self._roles()
        self.environment = self._found().apply(self._environment)
        self.function = self._function()
        self.register_outputs({"app_id": self.function.app_id})

    def _roles(self) -> list[pulumi.Resource]:
        args = self._args
        group_id = args["group_id"]
        own = azure.authorization.RoleDefinition(
            f"{self._name}-watchdog",
            role_definition_id=role_guid(group_id),
            role_name=role_name(self._place["site"], group_id),
            role_type="CustomRole",
            description=f"What the watchdog of {self._place['site']} does to its workers and their address",
            scope=group_id,
            assignable_scopes=[group_id],
            permissions=[
                {
                    "actions": list(watchdog_actions(args["pair"]["front"])),
                    "not_actions": [],
                    "data_actions": [],
                    "not_data_actions": [],
                }
            ],
            # The group is in no input of it.
            opts=child(self, depends_on=[self.identity]),
        )
        principal = self.identity.principal_id
        acts = assigned(self, f"{self._name}-watchdog", principal_id=principal, role_id=own.id, scope=group_id, after=[own])
        keeps = assigned(
            self,
            f"{self._name}-record",
            principal_id=principal,
            role_id=args["role"](BLOB_OWNER),
            scope=args["record"].account_id,
        )
        return [own, acts, keeps]

    def _function(self) -> Function:
        args, pair = self._args, self._args["pair"]
        return Function(
            self._name,
            {
                **self._place,
                "function_name": function_name(pair["site"], args["where"]),
                "memory_mb": pair["function_memory_mb"],
                "python": pair["function_python"],
                "environment": self.environment,
                "subnet_id": args["subnet_id"],
                "identity_id": self.identity.id,
                "package_url": args["record"].package_url,
                "bundle_url": args["bundle_url"],
                "bundle_digest": pair["bundle_digest"],
                "after": [*args["after"], *args["record"].resources, *self.roles],
            },
            child(self),
        )

    def _found(self) -> pulumi.Output[Any]:
        """Everything that only the cloud knows, once it knows it."""
        args = self._args
        return pulumi.Output.from_input(
            {
                "machines": {worker.name: worker.instance_id for worker in args["workers"]},
                "cards": {worker.name: worker.network_interface_id for worker in args["workers"]},
                "groups": dict(args["group_ids"]),
                "address": args["address_id"],
                "record": args["record"].container_url,
                "account": args["record"].account_name,
                "topic": args["notice_topic"],
                "client": self.identity.client_id,
                "connection": args["connection"],
            }
        )

    def _environment(self, found: Mapping[str, Any]) -> dict[str, str]:
        built = Built(
            workers=tuple(
                Worker(
                    name=worker.name,
                    instance_id=found["machines"][worker.name],
                    network_interface_id=found["cards"][worker.name],
                    private_ip=worker.private_ip,
                    address_private_ip=worker.private_ip,
                    zone=worker.zone,
                    group_ids=(found["groups"][worker.name],),
                )
                for worker in self._args["workers"]
            ),
            address_id=found["address"],
            record_table=found["record"],
            notice_topic=found["topic"],
            probers=(),
            isolation_group_id="",
        )
        pair = self._args["pair"]
        told = {**pair, **OF_FRONT[pair["front"]]}
        return {**watchdog_settings(told, built).to_environment(), **of_host(found)}


def of_host(found: Mapping[str, str]) -> dict[str, str]:
    """What the functions host goes by: its storage by identity and by nothing else, and where lines are sent to."""
    return {
        "AzureWebJobsStorage__accountName": found["account"],
        "AzureWebJobsStorage__credential": "managedidentity",
        # By its id as a client; the resource's id does not work there (azure-functions-host#11782).
        "AzureWebJobsStorage__clientId": found["client"],
        "APPLICATIONINSIGHTS_CONNECTION_STRING": found["connection"],
        CLIENT_ID: found["client"],
    }
