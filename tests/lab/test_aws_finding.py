"""Every AWS type that the lab makes is found again by its inputs alone, where it is; and is not, where it is not."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from lab import networks
from lab.emulators import ACCOUNT_ID, REGION, CloudSettings, Emulators
from lab.engine import deploy
from lab.profiles import INSTANT
from lab.providers import aws
from lab.providers.aws.finding import LOOK_UPS, Finder, UnfindableError
from lab.providers.naming import DEFAULTED
from lab.providers.plain import SIGNATURE, Mark, reveal
from lab.recording import Created
from lab.stack_file import derive, load
from lab.supervisor import Supervisor
from tests.lab.small_stack import small_stack

HANDLERS = {handler.type: handler for handler in aws.HANDLERS}
AGAIN = {each for each, look_up in LOOK_UPS.items() if look_up.source.startswith("again")}
ASSOCIATION = "aws:ec2/eipAssociation:EipAssociation"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INSTANCE = "aws:ec2/instance:Instance"
ROLE = "aws:iam/role:Role"
VPC = "aws:ec2/vpc:Vpc"


@dataclass(frozen=True)
class World:
    """An emulated cloud with the small stack, and what was made of which inputs."""

    emulators: Emulators
    finder: Finder
    made: Mapping[str, list[tuple[dict[str, Any], str]]]

    def resource(self, type_token: str, **otherwise: Any) -> dict[str, Any]:
        """The first one of a type as a state that was interrupted has it."""
        return {"type": type_token, "inputs": {**self.made[type_token][0][0], **otherwise}}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("lab")
    with networks.take([2575]) as network, Supervisor(folder, f"test-{uuid.uuid4().hex}", lock=network.lock) as supervisor:
        settings = CloudSettings(network=network.cidr, profile=INSTANT, schedule_divisor=1)
        emulators = Emulators.start(supervisor, settings)
        registry = aws.registry(emulators.client, region=REGION, account_id=ACCOUNT_ID)
        stack = derive(load("dev"), network=network.cidr, endpoints=emulators.endpoints)
        made: dict[str, list[tuple[dict[str, Any], str]]] = {}

        def create(type_token: str, name: str, inputs: Mapping[str, Any]) -> Created:
            """As an engine does: with the name that Check has made, with a tag of its own."""
            handler = HANDLERS[type_token]
            named = {handler.named: f"{name}-1234567"} if handler.named and handler.named not in inputs else {}
            tags = {"tags": {**(inputs.get("tags") or {}), "Name": name}} if handler.retag else {}
            whole = {**reveal(inputs), **named, **tags}
            created = registry.create(type_token, name, whole)
            made.setdefault(type_token, []).append(({**whole, DEFAULTED: sorted(named), "region": REGION}, created.id))
            return created

        deploy(
            lambda: small_stack("small", network.cidr),
            project=stack.file.project,
            stack=stack.file.stack,
            config=stack.file.texts,
            create=create,
            invoke=registry.invoke,
            environment=stack.environment,
        )
        yield World(emulators, Finder({**stack.environment, **emulators.credentials()}), made)


def test_every_type_of_the_lab_has_a_look_up_and_every_look_up_its_reason() -> None:
    assert LOOK_UPS.keys() == HANDLERS.keys()
    assert all(each.source for each in LOOK_UPS.values())


@pytest.mark.lab
@pytest.mark.parametrize(
    "type_token", sorted(LOOK_UPS.keys() - AGAIN - {ASSOCIATION}), ids=lambda token: token.rpartition(":")[2]
)
def test_what_was_made_is_found_by_its_inputs_and_only_that(world: World, type_token: str) -> None:
    for inputs, made in world.made[type_token]:
        assert world.finder.ids({"type": type_token, "inputs": inputs}) == [made]


@pytest.mark.lab
@pytest.mark.parametrize(
    "type_token", sorted(LOOK_UPS.keys() - AGAIN - {ASSOCIATION}), ids=lambda token: token.rpartition(":")[2]
)
def test_what_was_not_made_is_not_found(world: World, type_token: str) -> None:
    inputs = world.made[type_token][0][0]
    tags = {"tags": {"Name": "another"}} if "tags" in inputs else {}
    other = {name: OTHER[name] for name in OTHER if name in inputs}
    assert not world.finder.ids({"type": type_token, "inputs": {**inputs, **tags, **other}})


OTHER = {
    "arn": "another",
    "name": "another",
    "statementId": "another",
    "subnetId": "subnet-00000000000000000",
    "destinationCidrBlock": "192.0.2.0/24",
    "instanceId": "i-00000000000000000",
    "port": 4711,
    "endpoint": "nobody@example.org",
    "targetId": "another",
}
"""What makes it another resource."""


@pytest.mark.lab
@pytest.mark.parametrize("type_token", sorted(AGAIN), ids=lambda token: token.rpartition(":")[2])
def test_what_can_be_made_again_is_not_looked_for(world: World, type_token: str) -> None:
    assert world.finder.ids(world.resource(type_token)) == []


@pytest.mark.lab
def test_what_is_on_its_way_out_does_not_count(world: World) -> None:
    ec2 = world.emulators.client("ec2")
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "going"}]}]
    ran = ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1, TagSpecifications=tags)["Instances"][0]["InstanceId"]
    resource = {"type": INSTANCE, "inputs": {"tags": {"Name": "going"}, "region": REGION}}
    assert world.finder.ids(resource) == [ran]
    ec2.terminate_instances(InstanceIds=[ran])
    assert world.finder.ids(resource) == []


@pytest.mark.lab
def test_two_that_look_alike_are_both_told(world: World) -> None:
    ec2 = world.emulators.client("ec2")
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "twice"}]}]
    ids = [ec2.create_vpc(CidrBlock="10.8.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"] for _ in range(2)]
    inputs = {"tags": {"Name": "twice"}, "cidrBlock": "10.8.0.0/16", "region": REGION}
    assert sorted(world.finder.ids({"type": VPC, "inputs": inputs})) == sorted(ids)
    assert world.finder.ids({"type": VPC, "inputs": {**inputs, "cidrBlock": "10.7.0.0/16"}}) == []


@pytest.mark.lab
def test_a_group_whose_making_was_interrupted_is_closed_as_the_provider_closes_it(world: World) -> None:
    """EC2 opens a new group outwards; the provider takes that away in a second call."""
    ec2 = world.emulators.client("ec2")
    group = ec2.create_security_group(GroupName="half", Description="half made")["GroupId"]
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"]
    world.finder.complete(world.resource(GROUP), group)
    assert not ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"]
    world.finder.complete(world.resource(ROLE), "nothing is left undone here")


@pytest.mark.lab
def test_what_cannot_be_looked_for_says_why(world: World) -> None:
    secret = {SIGNATURE: Mark.SECRET, "ciphertext": "v1:..."}
    for inputs, why in (
        ({"tags": {}}, "it would be found by its tags, and it has none"),
        ({"tags": {"Name": secret}}, "it would be found by its tags, and it has none"),
    ):
        with pytest.raises(UnfindableError, match=why):
            world.finder.ids({"type": VPC, "inputs": {**inputs, "region": REGION}})
    with pytest.raises(UnfindableError, match="found by its name, and it has none, or a secret one"):
        world.finder.ids({"type": ROLE, "inputs": {"name": secret}})
    with pytest.raises(UnfindableError, match="no way to find one of aws:s3/bucket:Bucket"):
        world.finder.ids({"type": "aws:s3/bucket:Bucket", "inputs": {"region": REGION}})


@pytest.mark.lab
def test_an_association_is_found_where_its_address_is_and_nowhere_else(world: World) -> None:
    """No program of ours declares one, so the small stack has none."""
    ec2, instance = world.emulators.client("ec2"), world.made[INSTANCE][0][1]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    inputs = {"allocationId": address, "instanceId": instance, "region": REGION}
    assert world.finder.ids({"type": ASSOCIATION, "inputs": inputs}) == []
    made = ec2.associate_address(AllocationId=address, InstanceId=instance)["AssociationId"]
    assert world.finder.ids({"type": ASSOCIATION, "inputs": inputs}) == [made]
    assert world.finder.ids({"type": ASSOCIATION, "inputs": {**inputs, "instanceId": OTHER["instanceId"]}}) == []
