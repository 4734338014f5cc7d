"""Every AWS type that the lab changes in place, with the emulators: the cloud has the change, and nothing else moved."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lab import networks
from lab.emulators import ACCOUNT_ID, REGION, CloudSettings, Emulators
from lab.engine import deploy
from lab.profiles import INSTANT
from lab.providers import aws
from lab.providers.aws import ec2_instance_changes
from lab.providers.confirm import unconfirmed
from lab.providers.handler import CannotUpdateError, State
from lab.providers.plain import reveal
from lab.recording import Created, Deployment, Registration
from lab.stack_file import derive, load
from lab.supervisor import Supervisor
from tests.lab.small_stack import TRUST, small_stack
from tests.lab.update_cases import (
    ALLOWED,
    CASES,
    GONE,
    INSTANCE,
    KEY,
    LOGS,
    QUEUE,
    ROLE,
    RULE,
    SUBNET,
    TARGETS,
    TOPIC,
    UNTRIED,
    VPC,
    Case,
    Of,
)

pytestmark = pytest.mark.lab

HANDLERS = {handler.type: handler for handler in aws.HANDLERS}
TAGGABLE = sorted(handler.type for handler in aws.HANDLERS if handler.retag)


@dataclass(frozen=True)
class Thing:
    """One resource as it is now: what an engine would have in its state."""

    type: str
    name: str
    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]


class World:
    """The emulators with the small stack in them, some spare resources, and what is known of each."""

    def __init__(self, emulators: Emulators, network: str) -> None:
        self.emulators = emulators
        self.registry = aws.registry(emulators.client, region=REGION, account_id=ACCOUNT_ID)
        self.things: dict[tuple[str, str], Thing] = {}
        self.network = network

    def adopt(self, deployment: Deployment) -> None:
        for each in deployment.registrations:
            if each.type in HANDLERS:
                inputs, outputs = reveal(each.inputs), reveal(each.outputs)
                self.things[each.type, each.name] = Thing(each.type, each.name, each.id, inputs, outputs)

    def make(self, type_token: str, called: str, /, **inputs: Any) -> Thing:
        created = self.registry.create(type_token, called, inputs)
        thing = Thing(type_token, called, created.id, inputs, {**inputs, **created.outputs})
        self.things[type_token, called] = thing
        return thing

    def read(self, thing: Thing) -> Mapping[str, Any]:
        told = self.registry.read(registration_of(thing))
        assert told is not None
        return told

    def update(self, thing: Thing, change: Mapping[str, Any]) -> tuple[Thing, Created]:
        """Update it, and remember what an engine would."""
        inputs = {key: value for key, value in {**thing.inputs, **change}.items() if value is not GONE}
        state = State(thing.id, {**thing.outputs, **self.read(thing)})
        updated = self.registry.update(thing.type, thing.name, state, inputs, frozenset(change))
        changed = replace(thing, inputs=inputs, outputs={**inputs, **updated.outputs})
        self.things[thing.type, thing.name] = changed
        return changed, updated


def registration_of(thing: Thing) -> Registration:
    return Registration(
        type=thing.type,
        name=thing.name,
        urn=thing.name,
        custom=True,
        inputs=thing.inputs,
        parent="",
        depends_on=(),
        provider="",
        protect=False,
        retain_on_delete=False,
        delete_before_replace=False,
        ignore_changes=(),
        id=thing.id,
        outputs=thing.outputs,
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("lab")
    with networks.take([2575]) as network, Supervisor(folder, f"test-{uuid.uuid4().hex}", lock=network.lock) as supervisor:
        settings = CloudSettings(network=network.cidr, profile=INSTANT, schedule_divisor=1)
        world = World(Emulators.start(supervisor, settings), network.cidr)
        stack = derive(load("dev"), network=network.cidr, endpoints=world.emulators.endpoints)
        world.adopt(
            deploy(
                lambda: small_stack("small", network.cidr),
                project=stack.file.project,
                stack=stack.file.stack,
                config=stack.file.texts,
                create=world.registry.create,
                invoke=world.registry.invoke,
                environment=stack.environment,
            )
        )
        make_spares(world)
        yield world


def make_spares(world: World) -> None:
    """What the changed inputs are to point at."""
    vpc = world.things["aws:ec2/vpc:Vpc", "vpc"].id
    second = f"{world.network.rsplit('.', 2)[0]}.1.0/24"
    world.make("aws:ec2/vpc:Vpc", "spare", cidrBlock="10.9.0.0/16", instanceTenancy="dedicated")
    world.make("aws:ec2/subnet:Subnet", "spare", vpcId=vpc, cidrBlock=second, availabilityZone=f"{REGION}b")
    world.make("aws:ec2/internetGateway:InternetGateway", "spare")
    table = world.make("aws:ec2/routeTable:RouteTable", "spare", vpcId=vpc)
    gateway = world.things["aws:ec2/internetGateway:InternetGateway", "gateway"].id
    world.make("aws:ec2/route:Route", "spare", routeTableId=table.id, destinationCidrBlock="192.0.2.0/24", gatewayId=gateway)
    world.make("aws:ec2/eip:Eip", "spare", domain="vpc")
    world.make("aws:ec2/eip:Eip", "third", domain="vpc")
    world.make("aws:kms/key:Key", "spare", deletionWindowInDays=7)
    world.make("aws:iam/role:Role", "spare", name="spare", assumeRolePolicy=TRUST)
    world.make("aws:iam/instanceProfile:InstanceProfile", "spare", name="spare", role="spare")
    world.make("aws:lb/targetGroup:TargetGroup", "spare", port=2576, protocol="TCP", vpcId=vpc)
    world.make("aws:sqs/queue:Queue", "spare", name="spare")


def test_all_that_is_said_to_be_changed_in_place_is_tried_or_named() -> None:
    tried = {(each.type, name) for each in CASES for name in each.change}
    said = {(handler.type, name) for handler in aws.HANDLERS for name in handler.changes}
    assert said - tried == {(kind, name) for kind, names in UNTRIED.items() for name in names}
    assert tried - said == set()


@pytest.mark.parametrize("type_token", TAGGABLE, ids=lambda token: token.rpartition(":")[2])
def test_tags_come_change_and_go(world: World, type_token: str) -> None:
    thing = next(each for (kind, _), each in world.things.items() if kind == type_token)
    before = world.read(thing)
    own = thing.inputs.get("tags", {})
    for wanted in ({**own, "Name": "other", "new": "one"}, {"new": "one"}, {}, own):
        thing, updated = world.update(thing, {"tags": wanted or GONE})
        told = world.read(thing)
        assert (told.get("tags", {}), told["tagsAll"]) == (wanted, wanted)
        assert updated.gaps == ()
    after = world.read(thing)
    assert {name: after[name] for name in after if name not in {"tags", "tagsAll"}} == {
        name: before[name] for name in before if name not in {"tags", "tagsAll"}
    }


def found(world: World, value: Any) -> Any:
    """The value with every `Of` in it looked up."""
    if isinstance(value, Of):
        thing = world.things[value.type, value.name]
        return thing.outputs[value.output] if value.output else thing.id
    if isinstance(value, list):
        return [found(world, each) for each in value]
    if isinstance(value, dict):
        return {key: found(world, each) for key, each in value.items()}
    return value


@pytest.mark.parametrize("change", CASES, ids=str)
def test_what_is_changed_in_place_is_changed_in_the_cloud_and_nothing_else_is(world: World, change: Case) -> None:
    thing = world.things[change.type, change.name]
    before = world.read(thing)
    wanted = found(world, change.change)
    if "secondaryPrivateIps" in wanted:
        wanted = {"secondaryPrivateIps": [f"{world.network.rsplit('.', 2)[0]}.0.11"]}
    thing, updated = world.update(thing, wanted)
    assert {gap.what.partition(".")[0] for gap in updated.gaps} == change.gaps
    told = world.read(thing)
    assert told == updated.outputs
    handler = HANDLERS[change.type]
    asked = {key: value for key, value in wanted.items() if value is not GONE and key not in handler.untold | change.gaps}
    assert list(unconfirmed(asked, told)) == []
    others = (told.keys() | before.keys()) - change.change.keys() - change.moves
    assert {name: told.get(name) for name in others} == {name: before.get(name) for name in others}
    if change.undo:
        thing, _ = world.update(thing, {name: before[name] for name in change.change})
        assert world.read(thing) == before


def test_a_stopped_instance_runs_after_its_type_was_changed(world: World) -> None:
    """The trap of facts on real AWS: a fenced worker would wake up."""
    worker = world.things[INSTANCE, "wk1"]
    ec2 = world.emulators.client("ec2")
    ec2_instance_changes.look_up.stop(ec2, worker.id)
    assert world.read(worker)["instanceState"] == "stopped"
    worker, _ = world.update(worker, {"instanceType": "c6i.large"})
    assert world.read(worker)["instanceState"] == "running"


def test_nothing_is_changed_when_one_of_the_inputs_cannot_be(world: World) -> None:
    rule = world.things[RULE, "every-minute"]
    before = world.read(rule)
    with pytest.raises(CannotUpdateError, match="cannot change isEnabled of aws:cloudwatch/eventRule:EventRule in place"):
        world.update(rule, {"isEnabled": True, "tags": {"other": "tags"}, "description": "other"})
    assert world.read(rule) == before


def test_an_input_that_only_says_how_to_delete_needs_no_call(world: World) -> None:
    rule = world.things[RULE, "every-minute"]
    _, updated = world.update(rule, {"forceDestroy": True})
    assert (updated.id, updated.gaps) == (rule.id, ())


def test_what_the_provider_fills_in_is_no_gap(world: World) -> None:
    """With the provider's defaults among the inputs, as Pulumi's engine hands them over."""
    for type_token, name, inputs in (
        (SUBNET, "filled", {"vpcId": world.things[VPC, "spare"].id, "cidrBlock": "10.9.1.0/24"}),
        (QUEUE, "filled", {}),
        (TOPIC, "filled", {}),
        (KEY, "filled", {"deletionWindowInDays": 7}),
        (LOGS, "filled", {}),
        (ROLE, "filled", {"assumeRolePolicy": TRUST}),
        (TARGETS, "filled", {"port": 2600, "protocol": "TCP", "vpcId": world.things[VPC, "vpc"].id}),
    ):
        created = world.registry.create(type_token, name, {**HANDLERS[type_token].defaults, **inputs})
        assert created.gaps == (), type_token


def test_a_policy_of_its_own_has_five_versions_at_most(world: World) -> None:
    policy = world.make("aws:iam/policy:Policy", "versions", policy=ALLOWED)
    for action in ("a", "b", "c", "d", "e", "f"):
        policy, _ = world.update(policy, {"policy": ALLOWED.replace("s3:*", f"s3:{action}")})
    versions = world.emulators.client("iam").list_policy_versions(PolicyArn=policy.id)["Versions"]
    assert len(versions) == 5
    world.registry.delete(registration_of(policy))
    assert world.registry.read(registration_of(policy)) is None
