"""An address of its own for every worker, by which it goes out: `egress: own`.

It is on the worker's first private address, and declared, for nothing ever moves it. The fixed address leads to the second
private address, so neither pushes the other off. A fenced worker keeps its own one: what it sends by itself ends with the
isolation for new connections, and with the stop for all (docs/RULE.md 6.9).
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra.naming import tags
from infra.shapes import WorkerHandle, child


class OwnAddressesArgs(TypedDict):
    """Arguments of `OwnAddresses`."""

    site: str
    workers: Sequence[WorkerHandle]
    network_ready: Sequence[pulumi.Resource]
    """Internet gateway and routes."""
    protect: bool
    tags: dict[str, str]


class OwnAddresses(pulumi.ComponentResource):
    """One Elastic IP a worker."""

    public_ips: Mapping[str, pulumi.Output[str]]
    """By worker."""

    def __init__(self, name: str, args: OwnAddressesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:OwnAddresses", name, {}, opts)
        self._name = name
        self._args = args
        self.public_ips = {worker.name: self._address(worker).public_ip for worker in args["workers"]}
        self.register_outputs({"public_ips": self.public_ips})

    def _address(self, worker: WorkerHandle) -> aws.ec2.Eip:
        args = self._args
        return aws.ec2.Eip(
            f"{self._name}-egress-{worker.name}",
            domain="vpc",
            network_interface=worker.network_interface_id,
            # Not before the worker is known to have a second private address, for the fixed one.
            associate_with_private_ip=worker.address_private_ip.apply(lambda _: worker.private_ip),
            tags=tags(args["site"], args["tags"], f"{args['site']}-egress-{worker.name}"),
            # Partners may have allow-listed it: released, it never comes back.
            opts=child(self, depends_on=args["network_ready"], protect=args["protect"]),
        )
