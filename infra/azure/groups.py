"""The security groups: who may talk to whom. Everything that is not said here is closed.

Each worker has a group of its own, on its card: the watchdog isolates one worker by two rules of that group, and with a
group for both it would hit the holder too. Every rule is a resource of its own, so that no write of a group ever carries a
list of rules: it would undo a fence. A group itself is never written again for that reason.

What this does not close: the host's own name service, metadata and licensing, and storage of the same region. A worker has
no identity, so there is nothing that an isolated one could get a token for.

No counterpart: `WatchGroups` with `prober_id` and `isolation_id` (the function has no group, and isolation is two rules), in
`Groups` `worker_id` and `watch`, in `GroupsArgs` `vpc_id` and `table_prefix_list_id`. Azure's alone: `Priority`, in `Groups`
`worker_ids`, in `GroupsArgs` `workers`, `function_cidr` and `balanced`.
"""

from collections.abc import Sequence
from enum import IntEnum

import pulumi
import pulumi_azure_native as azure

from infra.azure.account import Place
from infra.naming import Kind, physical, tags
from infra.shapes import child

ANY = "*"


class Priority(IntEnum):
    """The order in which a group's rules are looked at: lowest first, the first that fits decides. 100 to 4096 exist.

    100 to 109   the watchdog's: it writes its fence at 100, in and out. Nothing of ours stands here
    200 to 999   what must pass for the pair to work at all
    1000 to 1999 partners
    4096         whatever was not let in
    """

    FENCE = 100
    """Not written by the program; see `failover_lambda.azure.fence`."""
    BALANCER = 200
    """The balancer's probes. They would pass by a default rule, which the last rule here stands before."""
    FUNCTION = 300
    """The watchdog's questions."""
    PUBLIC_HEALTH = 400
    PARTNERS = 1000
    """One rule for all of them: with one each, a network that is added would move the numbers of the others, and two rules
    can never have one number, not even for a moment."""
    DENY = 4096
    """Default rules would let the whole network in."""


class GroupsArgs(Place):
    """Arguments of `Groups`."""

    workers: Sequence[str]
    function_cidr: str
    """Where the watchdog asks from."""
    balanced: bool
    """Whether a balancer probes the workers."""
    traffic_ports: list[int]
    partner_cidrs: list[str]
    probe_port: int
    public_health_port: int
    """0: none."""


class Groups(pulumi.ComponentResource):
    """One group for each worker."""

    worker_ids: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: GroupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:azure:Groups", name, {}, opts)
        self._name = name
        self._args = args
        groups = {worker: self._group(worker) for worker in args["workers"]}
        self.worker_ids = {worker: group.id for worker, group in groups.items()}
        self.resources: list[pulumi.Resource] = list(groups.values())
        for worker, group in groups.items():
            self._rules(worker, group)
        self.register_outputs({"worker_ids": self.worker_ids})

    def _group(self, worker: str) -> azure.network.NetworkSecurityGroup:
        args = self._args
        return azure.network.NetworkSecurityGroup(
            f"{self._name}-{worker}",
            network_security_group_name=physical(Kind.NETWORK_PART, f"{args['site']}-{worker}"),
            resource_group_name=args["group"],
            location=args["region"],
            # Flows that stand are looked at anew when a rule changes, so that a fence ends them.
            flush_connection=True,
            tags=tags(args["site"], args["tags"]),
            # A write of the group is a write of all its rules, the watchdog's among them.
            opts=child(self, ignore_changes=["*"]),
        )

    def _rules(self, worker: str, group: azure.network.NetworkSecurityGroup) -> None:
        """One after the other: two writes in one group disturb each other."""
        args = self._args
        chain: list[pulumi.Resource] = []

        def allow(part: str, priority: Priority, sources: Sequence[str], ports: Sequence[int]) -> None:
            named = f"{worker}-{part}"
            chain.append(self._rule(named, group, priority, "Allow", sources=sources, ports=ports, after=chain[-1:]))

        if args["balanced"]:
            # It asks from one address of the host, and hands on what partners send from their own.
            allow("balancer", Priority.BALANCER, ["AzureLoadBalancer"], [args["probe_port"]])
        allow("function", Priority.FUNCTION, [args["function_cidr"]], [args["probe_port"]])
        if args["public_health_port"]:
            allow("public-health", Priority.PUBLIC_HEALTH, ["Internet"], [args["public_health_port"]])
        allow("partners", Priority.PARTNERS, args["partner_cidrs"], args["traffic_ports"])
        chain.append(self._rule(f"{worker}-deny", group, Priority.DENY, "Deny", sources=[ANY], ports=[], after=chain[-1:]))
        self.resources += chain

    def _rule(
        self,
        part: str,
        group: azure.network.NetworkSecurityGroup,
        priority: Priority,
        access: str,
        *,
        sources: Sequence[str],
        ports: Sequence[int],
        after: Sequence[pulumi.Resource],
    ) -> azure.network.SecurityRule:
        """An inbound rule; no ports: all of them, by all protocols."""
        several = len(sources) > 1
        return azure.network.SecurityRule(
            f"{self._name}-{part}",
            security_rule_name=part,
            network_security_group_name=group.name,
            resource_group_name=self._args["group"],
            access=access,
            direction="Inbound",
            priority=priority.value,
            protocol="Tcp" if ports else ANY,
            source_address_prefix=None if several else sources[0],
            source_address_prefixes=list(sources) if several else None,
            source_port_range=ANY,
            # The group is on one card, so whatever comes here is for its worker.
            destination_address_prefix=ANY,
            destination_port_range=None if ports else ANY,
            destination_port_ranges=[str(port) for port in ports] if ports else None,
            opts=child(self, depends_on=after),
        )
