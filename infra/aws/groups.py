"""The security groups: who may talk to whom. Everything that is not said here is closed.

Every rule is a resource of its own, named after what it says. Rules inside a group and beside it would undo each other at
every run, and groups that name each other could not be deleted. Names and descriptions never change: either replaces the
group, which cannot be deleted while a network interface has it.
"""

from dataclasses import dataclass
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra.addressing import ANYWHERE
from infra.naming import tags
from infra.shapes import child

HTTPS = 443


class GroupsArgs(TypedDict):
    """Arguments of `Groups`."""

    site: str
    vpc_id: pulumi.Input[str]
    table_prefix_list_id: pulumi.Input[str] | None
    """None: there are no probers, and nobody who isolates."""
    traffic_ports: list[int]
    partner_cidrs: list[str]
    probe_port: int
    public_health_port: int
    """0: none."""
    tags: dict[str, str]


@dataclass(frozen=True)
class WatchGroups:
    """What a watchdog needs besides the workers' group."""

    prober_id: pulumi.Output[str]
    isolation_id: pulumi.Output[str]


class Groups(pulumi.ComponentResource):
    """Groups of the workers, and where a watchdog watches them, of the probers, and the one that isolates."""

    worker_id: pulumi.Output[str]
    """A worker that is not isolated has this group and no other."""
    watch: WatchGroups | None
    """None: nobody watches."""

    def __init__(self, name: str, args: GroupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Groups", name, {}, opts)
        self._name = name
        self._args = args
        worker = self._group("worker", "Workers of the pair")
        self.worker_id = worker.id
        self._open_to_partners(worker)
        table = args["table_prefix_list_id"]
        self.watch = None if table is None else self._watched(worker, table)
        self.register_outputs({"worker_id": self.worker_id})

    def _watched(self, worker: aws.ec2.SecurityGroup, table_prefix_list_id: pulumi.Input[str]) -> WatchGroups:
        prober = self._group("prober", "Probers of the watchdog")
        # No rule names it, inside or beside: it lets nothing in and nothing out. The provider takes the rule away that AWS
        # adds to a new group. Flows that are open stay open, so isolation alone never proves that a worker is silent.
        isolation = self._group("isolation", "A fenced worker: nothing in, nothing out")
        self._open_to_probers(worker, prober, table_prefix_list_id)
        return WatchGroups(prober.id, isolation.id)

    def _tags(self, part: str) -> dict[str, str]:
        return tags(self._args["site"], self._args["tags"], f"{self._args['site']}-{part}")

    def _group(self, part: str, description: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            f"{self._name}-{part}",
            vpc_id=self._args["vpc_id"],
            description=description,
            tags=self._tags(part),
            opts=child(self),
        )

    def _open_to_partners(self, worker: aws.ec2.SecurityGroup) -> None:
        for port in self._args["traffic_ports"]:
            for cidr in self._args["partner_cidrs"]:
                self._ingress(worker, f"partner-{port}-{cidr}", port, cidr_ipv4=cidr)
        if self._args["public_health_port"]:
            self._ingress(worker, "public-health", self._args["public_health_port"], cidr_ipv4=ANYWHERE)
        # An engine sends to partners that nobody can list here. Only the holder has an address to send from.
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-worker-out",
            security_group_id=worker.id,
            ip_protocol="-1",
            cidr_ipv4=ANYWHERE,
            tags=self._tags("worker-out"),
            opts=child(self),
        )

    def _open_to_probers(
        self, worker: aws.ec2.SecurityGroup, prober: aws.ec2.SecurityGroup, table_prefix_list_id: pulumi.Input[str]
    ) -> None:
        port = self._args["probe_port"]
        self._ingress(worker, "prober", port, referenced_security_group_id=prober.id)
        self._egress(prober, "prober-worker", port, referenced_security_group_id=worker.id)
        self._egress(prober, "prober-table", HTTPS, prefix_list_id=table_prefix_list_id)

    def _ingress(
        self,
        group: aws.ec2.SecurityGroup,
        part: str,
        port: int,
        *,
        cidr_ipv4: str | None = None,
        referenced_security_group_id: pulumi.Input[str] | None = None,
    ) -> None:
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-{part}",
            security_group_id=group.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            cidr_ipv4=cidr_ipv4,
            referenced_security_group_id=referenced_security_group_id,
            tags=self._tags(part),
            opts=child(self),
        )

    def _egress(
        self,
        group: aws.ec2.SecurityGroup,
        part: str,
        port: int,
        *,
        referenced_security_group_id: pulumi.Input[str] | None = None,
        prefix_list_id: pulumi.Input[str] | None = None,
    ) -> None:
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-{part}",
            security_group_id=group.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=referenced_security_group_id,
            prefix_list_id=prefix_list_id,
            tags=self._tags(part),
            opts=child(self),
        )
