"""Negative controls: a program that declares who has the address takes it back after a failover. Ours does not declare it.

The table with every model that was tried: docs/adr/0002. Here stand three that lose and the one that was chosen, in the same
small program, so that the tests of what an update does after a failover are seen to be able to fail.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from lab.bare_cloud import Cloud, resources
from lab.pulumi_cli import Pulumi
from tests.engine.projects import configure, put_program
from tests.engine.sizes import at_night

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
import pulumi_aws as aws

opts = pulumi.ResourceOptions(provider=aws.Provider("aws", region="eu-central-1"))
vpc = aws.ec2.Vpc("vpc", cidr_block=pulumi.Config().require("networkCidr"), opts=opts)
way_out = aws.ec2.InternetGateway("way-out", vpc_id=vpc.id, opts=opts)
subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block=vpc.cidr_block, opts=opts)
workers = [
    aws.ec2.Instance(name, ami="ami-0123456789abcdef0", instance_type="t3.medium", subnet_id=subnet.id, opts=opts)
    for name in ("one", "two")
]
address = aws.ec2.Eip(
    "address",
    domain="vpc",
    tags={"model": pulumi.get_stack(), "run": pulumi.Config().get("probePath") or ""},
    opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[way_out])),
    DECLARED
)
OWNER
pulumi.export("one", workers[0].id)
pulumi.export("two", workers[1].id)
pulumi.export("address", address.allocation_id)
"""


@dataclass(frozen=True)
class Model:
    """What a program says of who has the address."""

    address: str = ""
    """Arguments of the address."""
    owner: str = ""
    """A resource of its own."""
    ignored: str = ""

    def program(self) -> str:
        """The small program with it."""
        owner = self.owner.replace("IGNORED", self.ignored)
        return PROGRAM.replace("DECLARED", self.address).replace("OWNER", owner)


ASSOCIATION = """
aws.ec2.EipAssociation(
    "owner",
    allocation_id=address.allocation_id,
    instance_id=workers[0].id,
    allow_reassociation=True,
    opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=[IGNORED])),
)
"""

MODELS = {
    "the holder is declared": Model(address="instance=workers[0].id,"),
    "an association": Model(owner=ASSOCIATION),
    "an association, ignoring everything": Model(owner=ASSOCIATION, ignored='"*"'),
    "the address only": Model(),
}


@pytest.fixture(scope="module")
def here(bare: Callable[[str], Cloud]) -> Cloud:
    return bare("aws")


def deployed(here: Cloud, model: str) -> Pulumi:
    """The small program in place of ours, deployed, and the address on `one`."""
    pulumi = here.stack("dev", name=uuid.uuid4().hex[:8])
    put_program(pulumi, MODELS[model].program())
    pulumi.up()
    put_on(here, pulumi.outputs(), "one")
    pulumi.refresh()
    pulumi.up()
    return pulumi


def put_on(here: Cloud, outputs: Mapping[str, Any], worker: str) -> None:
    """As the watchdog does it: what is associated already, and with whom, is of no interest."""
    if on(here, outputs) != worker:
        ec2 = here.emulators.client("ec2")
        ec2.associate_address(AllocationId=outputs["address"], InstanceId=outputs[worker], AllowReassociation=True)


def on(here: Cloud, outputs: Mapping[str, Any]) -> str:
    (address,) = here.emulators.client("ec2").describe_addresses(AllocationIds=[outputs["address"]])["Addresses"]
    return next((name for name in ("one", "two") if outputs[name] == address.get("InstanceId")), "nobody")


@pytest.mark.parametrize(
    ("model", "after"),
    [
        ("the holder is declared", "one"),
        ("an association", "one"),
        pytest.param("an association, ignoring everything", "one", marks=at_night),
        ("the address only", "two"),
    ],
)
def test_who_has_the_address_after_a_refresh_and_an_up(here: Cloud, model: str, after: str) -> None:
    pulumi = deployed(here, model)
    outputs = pulumi.outputs()
    put_on(here, outputs, "two")
    pulumi.refresh()
    pulumi.up()
    assert on(here, outputs) == after
    pulumi.destroy()
    assert not list(resources(pulumi.state()))


@at_night
@pytest.mark.parametrize(("model", "after"), [("an association", "one"), ("the address only", "two")])
def test_who_has_it_after_an_up_with_refresh_and_a_change(here: Cloud, model: str, after: str) -> None:
    pulumi = deployed(here, model)
    outputs = pulumi.outputs()
    put_on(here, outputs, "two")
    configure(pulumi, probePath="/another")
    assert pulumi.up("--refresh").count("updated") > 0
    assert on(here, outputs) == after
