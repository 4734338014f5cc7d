"""The balancer: a network load balancer with one fixed address per zone, and both workers behind it.

Who fails over is the balancer's own health check. Both workers are registered from the first deployment on and stay so: a
registration takes minutes until it carries traffic, so none belongs into a failover. When no worker is healthy, the balancer
sends to all of them.

Its group is made here, and so are the rules by which the workers let it in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict, assert_never

import pulumi
import pulumi_aws as aws

from failover_lambda.contract import ProbeKind
from infra.naming import Kind, shortened, tags
from infra.pace import CHECK_INTERVAL_S, CHECK_TIMEOUT_S, CHECKS_TO_HEALTHY, CHECKS_TO_UNHEALTHY
from infra.shapes import WorkerHandle, child

HEALTHY_ANSWERS = "200-299"
"""As the watchdog's probers take it; AWS's own default counts a redirection as health."""


@dataclass(frozen=True)
class Question:
    """What the balancer asks a worker."""

    kind: ProbeKind
    port: int
    path: str


@dataclass(frozen=True)
class TargetGroupHandle:
    """The workers of one port, as alarms see them."""

    port: int
    suffix: pulumi.Output[str]
    """The end of the ARN, by which metrics go."""


class BalancerArgs(TypedDict):
    """Arguments of `Balancer`."""

    site: str
    vpc_id: pulumi.Input[str]
    subnet_ids: Mapping[str, pulumi.Output[str]]
    """Public subnets by zone, in the order of the zones; each gets an address."""
    network_ready: Sequence[pulumi.Resource]
    """Internet gateway and routes: they must be there as long as the balancer has its addresses."""
    workers: Sequence[WorkerHandle]
    worker_group_id: pulumi.Input[str]
    traffic_ports: list[int]
    partner_cidrs: list[str]
    question: Question
    idle_timeout_s: int
    protect: bool
    deletion_protection: bool
    tags: dict[str, str]


class Balancer(pulumi.ComponentResource):
    """The load balancer, its addresses, its group, and one listener with its target group per port."""

    addresses: dict[str, pulumi.Output[str]]
    """Zone to public address."""
    dns_name: pulumi.Output[str]
    suffix: pulumi.Output[str]
    """The end of the ARN, by which metrics go."""
    target_groups: tuple[TargetGroupHandle, ...]

    def __init__(self, name: str, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Balancer", name, {}, opts)
        self._name = name
        self._args = args
        group, rules = self._group()
        eips = {zone: self._address(zone) for zone in args["subnet_ids"]}
        balancer = self._balancer(group, eips, rules)
        self.target_groups = tuple(self._serve(port, balancer) for port in args["traffic_ports"])
        self.addresses = {zone: eip.public_ip for zone, eip in eips.items()}
        self.dns_name = balancer.dns_name
        self.suffix = balancer.arn_suffix
        self.register_outputs({"addresses": self.addresses, "dns_name": self.dns_name})

    def _tags(self, part: str) -> dict[str, str]:
        return tags(self._args["site"], self._args["tags"], f"{self._args['site']}-{part}")

    def _address(self, zone: str) -> aws.ec2.Eip:
        part = f"balancer-{zone}"
        return aws.ec2.Eip(
            f"{self._name}-{part}",
            domain="vpc",
            tags=self._tags(part),
            # Released, it never comes back, and every partner's allow-list is void.
            opts=child(self, depends_on=self._args["network_ready"], protect=self._args["protect"]),
        )

    def _group(self) -> tuple[aws.ec2.SecurityGroup, list[pulumi.Resource]]:
        """Given at creation or never: the first group of an existing balancer replaces it."""
        group = aws.ec2.SecurityGroup(
            f"{self._name}-balancer",
            vpc_id=self._args["vpc_id"],
            description="Balancer before the workers",
            tags=self._tags("balancer"),
            opts=child(self),
        )
        rules = [*self._from_partners(group)]
        for port in sorted({*self._args["traffic_ports"], self._args["question"].port}):
            rules += self._to_workers(group, port)
        return group, rules

    def _from_partners(self, group: aws.ec2.SecurityGroup) -> list[pulumi.Resource]:
        return [
            aws.vpc.SecurityGroupIngressRule(
                f"{self._name}-balancer-{port}-{cidr}",
                security_group_id=group.id,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                cidr_ipv4=cidr,
                tags=self._tags(f"balancer-{port}"),
                opts=child(self),
            )
            for port in self._args["traffic_ports"]
            for cidr in self._args["partner_cidrs"]
        ]

    def _to_workers(self, group: aws.ec2.SecurityGroup, port: int) -> list[pulumi.Resource]:
        part = f"balancer-worker-{port}"
        leaves = aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-{part}",
            security_group_id=group.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=self._args["worker_group_id"],
            tags=self._tags(part),
            opts=child(self),
        )
        arrives = aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-{part}",
            security_group_id=self._args["worker_group_id"],
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=group.id,
            tags=self._tags(part),
            opts=child(self),
        )
        return [leaves, arrives]

    def _balancer(
        self, group: aws.ec2.SecurityGroup, eips: Mapping[str, aws.ec2.Eip], rules: Sequence[pulumi.Resource]
    ) -> aws.lb.LoadBalancer:
        args = self._args
        return aws.lb.LoadBalancer(
            f"{self._name}-balancer",
            name=shortened(Kind.BALANCER, args["site"], "nlb"),
            load_balancer_type="network",
            internal=False,
            ip_address_type="ipv4",
            security_groups=[group.id],
            # Removing or changing one replaces the balancer.
            subnet_mappings=[
                {"subnet_id": subnet_id, "allocation_id": eips[zone].allocation_id}
                for zone, subnet_id in args["subnet_ids"].items()
            ],
            # Off by default, and then the address of a zone without a healthy worker is dead for whoever is told only that.
            enable_cross_zone_load_balancing=True,
            enable_deletion_protection=args["deletion_protection"],
            tags=tags(args["site"], args["tags"]),
            # A successor needs the same addresses, which the predecessor has until it is gone.
            opts=child(
                self, depends_on=[*args["network_ready"], *rules], protect=args["protect"], delete_before_replace=True
            ),
        )

    def _serve(self, port: int, balancer: aws.lb.LoadBalancer) -> TargetGroupHandle:
        group = self._target_group(port)
        attachments = [self._attach(worker, port, group) for worker in self._args["workers"]]
        aws.lb.Listener(
            f"{self._name}-{port}",
            load_balancer_arn=balancer.arn,
            port=port,
            protocol="TCP",
            default_actions=[{"type": "forward", "target_group_arn": group.arn}],
            # The default of 350 s cuts links that are quiet between two messages: who sends next gets a reset.
            tcp_idle_timeout_seconds=self._args["idle_timeout_s"],
            tags=tags(self._args["site"], self._args["tags"]),
            # Nobody is let in before the workers are registered, and at a destroy nobody is once they are taken out.
            opts=child(self, depends_on=attachments),
        )
        return TargetGroupHandle(port, group.arn_suffix)

    def _target_group(self, port: int) -> aws.lb.TargetGroup:
        args = self._args
        site = args["site"]
        return aws.lb.TargetGroup(
            f"{self._name}-{port}",
            # Port, protocol, kind and network replace it, and a listener holds it: the successor needs another name.
            name=pulumi.Output.from_input(args["vpc_id"]).apply(
                lambda vpc_id: shortened(Kind.TARGET_GROUP, site, str(port), f"TCP/instance/{vpc_id}")
            ),
            port=port,
            protocol="TCP",
            target_type="instance",
            vpc_id=args["vpc_id"],
            # A worker that is taken out is taken out at once, with its connections. The default goes on for 300 s.
            deregistration_delay=0,
            connection_termination=True,
            target_health_states=[{"enable_unhealthy_connection_termination": True}],
            # The engine sees its partners' own addresses, and its group must let them in. A worker cannot reach itself
            # through the balancer then.
            preserve_client_ip="true",
            proxy_protocol_v2=False,
            health_check=health_check(args["question"]),
            tags=tags(site, args["tags"]),
            opts=child(self),
        )

    def _attach(self, worker: WorkerHandle, port: int, group: aws.lb.TargetGroup) -> aws.lb.TargetGroupAttachment:
        return aws.lb.TargetGroupAttachment(
            f"{self._name}-{port}-{worker.name}",
            target_group_arn=group.arn,
            target_id=worker.instance_id,
            port=port,
            opts=child(self),
        )


def health_check(question: Question) -> aws.lb.TargetGroupHealthCheckArgsDict:
    """The check, with nothing left to a default: the provider's own asks HTTP every 30 s."""
    timing: aws.lb.TargetGroupHealthCheckArgsDict = {
        "enabled": True,
        "port": str(question.port),
        "interval": CHECK_INTERVAL_S,
        "timeout": CHECK_TIMEOUT_S,
        "healthy_threshold": CHECKS_TO_HEALTHY,
        "unhealthy_threshold": CHECKS_TO_UNHEALTHY,
    }
    match question.kind:
        case ProbeKind.HTTP | ProbeKind.HTTPS:
            return {**timing, "protocol": question.kind.name, "path": question.path, "matcher": HEALTHY_ANSWERS}
        case ProbeKind.TCP | ProbeKind.MLLP:
            # A balancer knows no HL7.
            return {**timing, "protocol": "TCP"}
        case _:
            assert_never(question.kind)
