"""The AWS handlers with the emulators: what they make is there, can be read, and goes away in any order that is allowed."""

import importlib
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError
from pulumi import _types as pulumi_types  # pyright: ignore[reportPrivateUsage] (the provider's names stand nowhere else)

from lab import networks
from lab.emulators import ACCOUNT_ID, REGION, CloudSettings, Emulators
from lab.engine import DeployError, Program, deploy, destroy
from lab.profiles import INSTANT
from lab.providers import aws
from lab.providers.aws.lambda_ import Invocation
from lab.recording import Deployment, Registration
from lab.stack_file import REPOSITORY, derive, load
from lab.supervisor import Supervisor
from tests.lab.small_stack import failing_function, small_stack

pytestmark = pytest.mark.lab

TYPES = frozenset(handler.type for handler in aws.HANDLERS)
EIP = "aws:ec2/eip:Eip"
INSTANCE = "aws:ec2/instance:Instance"
TOPIC = "aws:sns/topic:Topic"
QUEUE = "aws:sqs/queue:Queue"
LATER = {
    *((TOPIC, "policy"), (QUEUE, "policy")),
    *((EIP, name) for name in ("associationId", "instance", "networkInterface", "privateIp")),
    *((INSTANCE, name) for name in ("publicDns", "publicIp")),
}
"""What others change: resources of their own the policies of topic and queue, a NAT gateway and the watchdog whose an
address is, and with it the public names of an instance."""


class World:
    """The emulators, and what deploys into them."""

    def __init__(self, emulators: Emulators, network: str) -> None:
        self.emulators = emulators
        self.network = network
        self.registry = aws.registry(emulators.client, region=REGION, account_id=ACCOUNT_ID)

    def deploy(self, program: Program, stage: str = "dev", *, stack_name: str = "") -> Deployment:
        stack = derive(load(stage), network=self.network, endpoints=self.emulators.endpoints)
        return deploy(
            program,
            project=stack.file.project,
            stack=stack_name or stack.file.stack,
            config=stack.file.texts,
            create=self.registry.create,
            invoke=self.registry.invoke,
            environment=stack.environment,
        )

    def deploy_small(self, name: str) -> Deployment:
        return self.deploy(lambda: small_stack(name, self.network))

    def left_of(self, deployment: Deployment) -> set[str]:
        """Types of what the cloud still has; an invocation is never anywhere."""
        there = {each.type for each in in_the_cloud(deployment) if self.registry.read(each) is not None}
        return there - {Invocation.type}


def in_the_cloud(deployment: Deployment) -> list[Registration]:
    return [each for each in deployment.registrations if each.type in TYPES]


def known_gaps(deployment: Deployment) -> set[tuple[str, str]]:
    return {(gap.type.rpartition(":")[2], gap.what) for gap in deployment.gaps}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("lab")
    with networks.take([2575]) as network, Supervisor(folder, f"test-{uuid.uuid4().hex}", lock=network.lock) as supervisor:
        settings = CloudSettings(network=network.cidr, profile=INSTANT, schedule_divisor=1)
        yield World(Emulators.start(supervisor, settings), network.cidr)


@pytest.fixture(scope="module")
def small(world: World) -> Deployment:
    return world.deploy_small("small")


NOT_OURS = {"aws:ec2/eipAssociation:EipAssociation"}
"""No program of ours has one: it is there for models that lose the address (tests/engine/test_losing_models.py)."""


def test_the_small_stack_uses_every_handler_but_the_one_that_no_program_of_ours_may_have(small: Deployment) -> None:
    assert {each.type for each in in_the_cloud(small)} == TYPES - NOT_OURS


def test_stack_outputs_are_what_the_cloud_says(world: World, small: Deployment) -> None:
    ec2 = world.emulators.client("ec2")
    worker, address = small.named(INSTANCE, "wk1"), small.named(EIP, "address")
    instance = ec2.describe_instances(InstanceIds=[worker.id])["Reservations"][0]["Instances"][0]
    outputs = small.outputs
    assert (outputs["account"], outputs["partition"], outputs["region"]) == (ACCOUNT_ID, "aws", REGION)
    assert outputs["publicIp"] == ec2.describe_addresses(AllocationIds=[address.id])["Addresses"][0]["PublicIp"]
    assert outputs["interface"] == instance["NetworkInterfaces"][0]["NetworkInterfaceId"]
    assert outputs["key"] == small.only("aws:kms/key:Key").outputs["arn"]
    assert instance["PrivateIpAddress"] == f"{world.network.rsplit('.', 2)[0]}.0.10"


def test_the_function_ran_and_found_ec2_at_the_emulator(world: World, small: Deployment) -> None:
    expected = {"site": "small", "endpoint": world.emulators.endpoints.moto, "tick": "once"}
    assert json.loads(small.outputs["result"]) == expected


def test_outputs_bear_the_names_of_the_provider(small: Deployment) -> None:
    for each in in_the_cloud(small):
        package, name = each.type.split("/")[0].partition(":")[2], each.type.rpartition(":")[2]
        module = importlib.import_module(f"pulumi_aws.{'lambda_' if package == 'lambda' else package}")
        known = pulumi_types.resource_pulumi_to_py_names(getattr(module, name))
        assert set(each.outputs) - set(known) == set(), each.type


def test_what_the_emulators_do_not_do_is_known(small: Deployment) -> None:
    assert known_gaps(small) == {
        ("EventTarget", "deadLetterConfig"),
        ("EventTarget", "retryPolicy"),
        ("Instance", "maintenanceOptions.autoRecovery"),
        ("SecurityGroupIngressRule", "description"),
    }


def assert_read_as_created(world: World, deployment: Deployment) -> None:
    """So that a refresh shows no change, and a second one neither."""
    for each in in_the_cloud(deployment):
        now = world.registry.read(each)
        assert now is not None, each.type
        told = {name: value for name, value in now.items() if (each.type, name) not in LATER}
        assert told == {name: each.outputs[name] for name in told}, each.type
        assert world.registry.read(replace(each, outputs={**each.outputs, **now})) == now, each.type


def test_reading_tells_what_creating_told(world: World, small: Deployment) -> None:
    assert_read_as_created(world, small)


def test_an_address_in_use_stays_and_still_the_stack_goes_away_in_whatever_order_it_may(world: World) -> None:
    deployment = world.deploy_small("held")
    worker, address = deployment.named(INSTANCE, "wk1"), deployment.named(EIP, "address")
    card = worker.outputs["primaryNetworkInterfaceId"]
    world.emulators.client("ec2").associate_address(AllocationId=address.id, NetworkInterfaceId=card)
    with pytest.raises(ClientError, match=r"InvalidIPAddress\.InUse"):
        world.registry.delete(address)
    destroy(deployment, world.registry.delete, pick=random.Random(3).choice)
    assert world.left_of(deployment) == set()
    destroy(deployment, world.registry.delete)  # a second time: nothing is there, and that is no error


def test_a_function_that_fails_fails_the_deployment_with_its_words_and_its_log(world: World) -> None:
    with pytest.raises(DeployError) as error:
        world.deploy(lambda: failing_function("broken"))
    message = str(error.value)
    assert message.startswith("aws:lambda/invocation:Invocation 'once' could not be created: the function broken failed")
    assert "told to fail" in message
    assert "asked with {'fail': True}" in message
    destroy(error.value.deployment, world.registry.delete)
    assert world.left_of(error.value.deployment) == set()


def test_an_unknown_image_is_taken_and_its_root_disk_is_as_asked(world: World) -> None:
    ask = {
        "ami": "ami-0123456789abcdef0",
        "instanceType": "m6i.large",
        "rootBlockDevice": {"volumeSize": 33, "volumeType": "gp3", "encrypted": True, "tags": {"Name": "root"}},
    }
    created = world.registry.create(INSTANCE, "lone", ask)
    assert created.gaps == ()
    assert created.outputs["rootBlockDevice"]["volumeSize"] == 33
    assert created.outputs["rootBlockDevice"]["tags"] == {"Name": "root"}


def test_the_program_is_deployed_as_it_stands_and_goes_away_whole(world: World) -> None:
    deployment = world.deploy(REPOSITORY / "infra" / "__main__.py")
    ec2 = world.emulators.client("ec2")
    vpc = deployment.only("aws:ec2/vpc:Vpc")
    assert ec2.describe_vpcs(VpcIds=[vpc.id])["Vpcs"][0]["CidrBlock"] == world.network
    assert_read_as_created(world, deployment)
    assert {each.outputs["instanceState"] for each in deployment.of_type(INSTANCE)} == {"running"}
    holder = deployment.outputs["activeWorkerName"]
    held = ec2.describe_addresses(AllocationIds=[deployment.outputs["addressId"]])["Addresses"][0]
    assert held["InstanceId"] == deployment.outputs["workers"][holder]["instanceId"]
    assert known_gaps(deployment) == {
        ("EventTarget", "deadLetterConfig"),
        ("EventTarget", "retryPolicy"),
        ("Instance", "maintenanceOptions.autoRecovery"),
        ("RolePolicyAttachment", "*"),
    }
    destroy(deployment, world.registry.delete, pick=random.Random(4).choice)
    assert world.left_of(deployment) == set()
