"""The ways of a standby: it has no address, so services of AWS reach it through endpoints inside the network or not.

Systems Manager's by default; whatever else the workers' own code asks, by key. Each costs about 0.01 dollars an hour in
every zone with a worker (list price remembered). KMS needs none for disks, table, topic and logs: these ask it from AWS's
own side.
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra.aws.groups import HTTPS
from infra.aws.services import service_name
from infra.naming import tags
from infra.shapes import child


class EndpointsArgs(TypedDict):
    """Arguments of `Endpoints`."""

    site: str
    region: str
    services: Sequence[str]
    """Short names, each once."""
    vpc_id: pulumi.Input[str]
    subnet_ids: Mapping[str, pulumi.Output[str]]
    """By zone."""
    worker_group_id: pulumi.Input[str]
    tags: dict[str, str]


class Endpoints(pulumi.ComponentResource):
    """One interface endpoint per service, each with a group of its own; without one it gets the closed default group."""

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:Endpoints", name, {}, opts)
        self._name = name
        self._args = args
        for service in args["services"]:
            self._endpoint(service)
        self.register_outputs({})

    def _endpoint(self, service: str) -> None:
        shown = tags(self._args["site"], self._args["tags"], f"{self._args['site']}-{service}")
        group = aws.ec2.SecurityGroup(
            f"{self._name}-{service}",
            vpc_id=self._args["vpc_id"],
            description=f"Endpoint {service}: open to the workers",
            tags=shown,
            opts=child(self),
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-{service}",
            security_group_id=group.id,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            referenced_security_group_id=self._args["worker_group_id"],
            tags=shown,
            opts=child(self),
        )
        aws.ec2.VpcEndpoint(
            f"{self._name}-{service}",
            vpc_id=self._args["vpc_id"],
            service_name=service_name(self._args["region"], service),
            vpc_endpoint_type="Interface",
            subnet_ids=list(self._args["subnet_ids"].values()),
            security_group_ids=[group.id],
            private_dns_enabled=True,
            tags=shown,
            opts=child(self),
        )
