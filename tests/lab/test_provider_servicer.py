"""The provider as Pulumi's engine sees it, over the wire, with handlers that keep things on a shelf instead of a cloud."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2

from lab.providers import gap_log
from lab.providers.aws.customs import AwsCustoms
from lab.providers.faults import Faults
from lab.providers.memory import META, Memory
from lab.providers.plain import Secret, TextAsset, Unknown, from_wire, to_wire
from lab.providers.protocol import provider_pb2, provider_pb2_grpc
from lab.providers.rules import Rules
from lab.providers.servicer import Servicer
from lab.recording import Gap
from tests.lab.engine_calls import Calls, CheckFailedError, Resource, half_made, said
from tests.lab.small_handlers import ROLE, SUBNET, VPC, Shelf, shelved

NETWORK = {"cidrBlock": "10.0.0.0/16", "tags": {"Name": "one"}}


class World:
    """A provider over a shelf, served on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.shelf = Shelf()
        self.gaps = folder / "gaps.jsonl"
        self.rules = folder / "rules.json"
        self._servers: list[grpc.Server] = []

    def serve(self, *rules: dict[str, Any], **default_tags: str) -> Calls:
        self.rules.write_text(json.dumps(rules))
        customs = AwsCustoms(lambda _region: shelved(self.shelf), "here", default_tags)
        servicer = Servicer("aws", lambda _options: customs, Faults(Rules.load(self.rules)), self.gaps)
        server = grpc.server(ThreadPoolExecutor(8))
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
        calls = Calls(server.add_insecure_port("127.0.0.1:0"))
        server.start()
        self._servers.append(server)
        calls.configure(region="here")
        return calls

    def close(self) -> None:
        for server in self._servers:
            server.stop(0).wait()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture
def calls(world: World) -> Calls:
    return world.serve(owner="lab")


# The provider itself


def test_it_says_what_it_understands_and_which_version_it_stands_for(calls: Calls) -> None:
    hands = calls.stub.Handshake(provider_pb2.ProviderHandshakeRequest())
    assert (hands.accept_secrets, hands.accept_resources, hands.accept_outputs) == (True, True, False)
    assert calls.stub.GetPluginInfo(empty_pb2.Empty()).version == metadata.version("pulumi-aws")
    assert calls.configure().supportsPreview


def test_options_are_checked_as_they_are_and_another_option_replaces_nothing(calls: Calls) -> None:
    olds, news = to_wire({"region": "here", "version": "1"}), to_wire({"region": "there", "version": "1"})
    assert calls.stub.CheckConfig(provider_pb2.CheckRequest(news=news)).inputs == news
    answer = calls.stub.DiffConfig(provider_pb2.DiffRequest(old_inputs=olds, olds=olds, news=news))
    assert (list(answer.diffs), list(answer.replaces)) == (["region"], [])
    assert calls.stub.DiffConfig(provider_pb2.DiffRequest(old_inputs=olds, olds=olds, news=olds)).changes == 1


def test_before_it_is_configured_it_says_so(tmp_path: Path) -> None:
    server = grpc.server(ThreadPoolExecutor(1))
    servicer = Servicer("aws", lambda _options: pytest.fail("not asked"), Faults(Rules()), tmp_path)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    calls = Calls(server.add_insecure_port("127.0.0.1:0"))
    server.start()
    with pytest.raises(grpc.RpcError, match="it was not configured yet"):
        calls.check(VPC, "net", NETWORK)
    server.stop(0).wait()


# Check


def test_check_adds_tags_and_region_and_gives_back_what_came_as_it_came(calls: Calls) -> None:
    news = NETWORK | {"code": TextAsset("x", "hash"), "key": Secret({"a": "b"}), "id": Unknown()}
    assert calls.check(VPC, "net", news).inputs == news | {
        "tagsAll": {"owner": "lab", "Name": "one"},
        "region": "here",
        "__defaults": [],
    }


def test_check_tells_everything_that_is_missing(calls: Calls) -> None:
    with pytest.raises(CheckFailedError) as error:
        calls.check(SUBNET, "a", {})
    assert set(error.value.failures) == {"vpcId", "cidrBlock"}


def test_a_type_that_the_lab_does_not_have_is_refused_by_name(calls: Calls) -> None:
    with pytest.raises(grpc.RpcError) as error:
        calls.check("aws:s3/bucket:Bucket", "b", {})
    assert "aws:s3/bucket:Bucket 'b' cannot be checked: the lab has no handler for aws:s3/bucket:Bucket" in said(error.value)
    with pytest.raises(grpc.RpcError, match="the lab has no function for aws:s3/getBucket:getBucket"):
        calls.invoke("aws:s3/getBucket:getBucket")


def test_the_type_is_found_in_the_urn_where_an_older_engine_sends_no_more(calls: Calls) -> None:
    urn = f"urn:pulumi:dev::small::my:own:Component${VPC}::a::name"
    made = calls.stub.Create(provider_pb2.CreateRequest(urn=urn, properties=to_wire({"cidrBlock": "10.0.0.0/16"})))
    assert made.id == "vpc-1"
    with pytest.raises(grpc.RpcError) as error:
        calls.stub.Delete(provider_pb2.DeleteRequest(urn=urn.replace("vpc:Vpc", "x:X"), id=made.id))
    assert said(error.value).startswith("aws:ec2/x:X 'a::name' could not be deleted: the lab has no handler")


# Preview


def test_a_preview_makes_nothing_and_knows_the_inputs_only(world: World, calls: Calls) -> None:
    planned = calls.create(calls.check(VPC, "net", NETWORK | {"ipamPool": Unknown()}), preview=True)
    assert (planned.id, world.shelf.things) == ("", {})
    assert planned.outputs == NETWORK | {
        "ipamPool": Unknown(),
        "instanceTenancy": "default",
        "enableDnsSupport": True,
        "region": "here",
        "tagsAll": {"owner": "lab", "Name": "one"},
    }


def test_a_preview_of_a_change_knows_the_old_outputs_and_the_new_inputs(world: World, calls: Calls) -> None:
    known = calls.up(VPC, "net", NETWORK)
    news = calls.check(VPC, "net", {"cidrBlock": "10.0.0.0/16"}, known).inputs
    planned = calls.update(known, news, preview=True)
    assert planned.outputs == {
        "cidrBlock": "10.0.0.0/16",
        "instanceTenancy": "default",
        "enableDnsSupport": True,
        "region": "here",
        "tagsAll": {"owner": "lab"},
        "arn": "arn:vpc-1",
    }
    assert world.shelf.things["vpc-1"]["tags"] == {"owner": "lab", "Name": "one"}


# Create, update, delete


def test_what_is_made_has_all_tags_and_the_defaults_and_tells_them(world: World, calls: Calls) -> None:
    made = calls.up(VPC, "net", NETWORK)
    assert world.shelf.asked == [
        {
            "cidrBlock": "10.0.0.0/16",
            "tags": {"owner": "lab", "Name": "one"},
            "instanceTenancy": "default",
            "enableDnsSupport": True,
        }
    ]
    assert (made.id, made.outputs) == (
        "vpc-1",
        NETWORK
        | {"instanceTenancy": "default", "enableDnsSupport": True, "region": "here", "arn": "arn:vpc-1"}
        | {"tagsAll": {"owner": "lab", "Name": "one"}},
    )


def test_a_second_run_changes_nothing(calls: Calls) -> None:
    made = calls.up(VPC, "net", NETWORK)
    answer = calls.diff(made, calls.check(VPC, "net", NETWORK, made).inputs)
    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert (list(answer.diffs), dict(answer.detailedDiff)) == ([], {})


def test_a_tag_is_changed_in_place(world: World, calls: Calls) -> None:
    made = calls.up(VPC, "net", NETWORK)
    news = calls.check(VPC, "net", NETWORK | {"tags": {"Name": "two"}}, made).inputs
    answer = calls.diff(made, news)
    assert (list(answer.diffs), list(answer.replaces)) == (["tags", "tagsAll"], [])
    assert set(answer.detailedDiff) == {"tags.Name", "tagsAll.Name"}
    assert list(answer.stables) == ["cidrBlock", "instanceTenancy"]
    updated = calls.update(made, news)
    assert world.shelf.asked[1:] == [{"tags": {"owner": "lab", "Name": "two"}}]
    assert updated.outputs == {**(made.outputs or {}), "tags": {"Name": "two"}, "tagsAll": {"owner": "lab", "Name": "two"}}
    assert calls.diff(updated, news).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_another_network_is_another_resource_and_one_with_a_given_name_goes_first(calls: Calls) -> None:
    network = calls.up(VPC, "net", NETWORK)
    answer = calls.diff(network, calls.check(VPC, "net", {"cidrBlock": Unknown()}, network).inputs)
    assert (list(answer.replaces), answer.deleteBeforeReplace) == (["cidrBlock"], False)
    assert answer.detailedDiff["cidrBlock"].kind == provider_pb2.PropertyDiff.UPDATE_REPLACE
    for name, first in (({"name": "mine"}, True), ({}, False)):
        role = calls.up(ROLE, "r", name | {"inlinePolicies": [{"name": "a"}]})
        news = calls.check(ROLE, "r", name | {"inlinePolicies": [{"name": "b"}]}, role).inputs
        answer = calls.diff(role, news)
        assert (list(answer.replaces), answer.deleteBeforeReplace) == (["inlinePolicies"], first)


def test_a_made_name_stays(calls: Calls) -> None:
    role = calls.up(ROLE, "web", {"path": "/"})
    again = calls.check(ROLE, "web", {"path": "/other/"}, role)
    assert again.inputs["name"] == role.inputs["name"] == (role.outputs or {})["name"]


def test_what_is_deleted_is_gone_and_deleting_it_again_is_no_error(world: World, calls: Calls) -> None:
    made = calls.up(VPC, "net", NETWORK)
    calls.delete(made)
    calls.delete(made)
    assert (world.shelf.things, calls.read(made)) == ({}, None)


def test_an_update_of_what_is_gone_says_so(world: World, calls: Calls) -> None:
    made = calls.up(VPC, "net", NETWORK)
    world.shelf.things.clear()
    with pytest.raises(grpc.RpcError, match=r"Vpc 'net' could not be updated: vpc-1 is not there any more; a refresh"):
        calls.update(made, made.inputs)


# Read


def test_a_refresh_without_drift_changes_nothing(calls: Calls) -> None:
    made = calls.up(VPC, "net", NETWORK)
    assert calls.read(made) == made


def test_drift_of_an_input_enters_inputs_and_the_next_run_takes_it_back(world: World, calls: Calls) -> None:
    made = calls.up(VPC, "net", NETWORK)
    world.shelf.things["vpc-1"]["tags"] = {"owner": "lab", "Name": "moved", "more": "x"}
    now = calls.read(made)
    assert now is not None
    assert (now.inputs["tags"], now.inputs["tagsAll"]) == ({"Name": "moved"}, {"owner": "lab", "Name": "moved"})
    assert (now.outputs or {})["tags"] == {"Name": "moved", "more": "x"}
    news = calls.check(VPC, "net", NETWORK, now).inputs
    assert set(calls.diff(now, news).detailedDiff) == {"tags.Name", "tags.more", "tagsAll.Name", "tagsAll.more"}
    calls.update(now, news)
    assert world.shelf.things["vpc-1"]["tags"] == {"owner": "lab", "Name": "one"}
    assert calls.diff(now, news, ("tags",)).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_what_the_cloud_never_tells_is_no_drift(calls: Calls) -> None:
    made = calls.up(ROLE, "r", {"password": Secret("hush"), "path": "/"})
    assert calls.read(made) == made


def test_what_the_emulator_dropped_is_a_gap_in_the_file_and_no_drift(world: World, calls: Calls) -> None:
    made = calls.up(VPC, "net", NETWORK | {"tenantId": "t"})
    gap = Gap(VPC, "net", "tenantId", "the lab's handler does not know this input")
    assert gap_log.read(world.gaps) == [gap]
    assert Memory.of(made.outputs or {}).unconfirmed == {"tenantId"}
    assert calls.read(made) == made


def test_a_resource_that_is_not_the_engines_yet_is_read_by_its_id(world: World, calls: Calls) -> None:
    world.shelf.things["vpc-9"] = {"cidrBlock": "10.9.0.0/16", "instanceTenancy": "default"}
    found = calls.read(Resource(VPC, "found", {}, "vpc-9"))
    assert found is not None
    assert found.inputs == {"cidrBlock": "10.9.0.0/16", "instanceTenancy": "default"}
    assert calls.read(Resource(VPC, "none", {}, "vpc-8")) is None


# Secrets


def test_a_secret_is_open_for_the_cloud_only_and_its_output_is_secret(world: World, calls: Calls) -> None:
    news = {"path": Secret("/hush/"), "inlinePolicies": [{"name": Secret("deep")}]}
    made = calls.up(ROLE, "r", news)
    assert world.shelf.asked[0]["path"] == "/hush/"
    outputs = made.outputs or {}
    assert outputs["path"] == Secret("/hush/")
    assert outputs["inlinePolicies"] == Secret([{"name": "deep"}])
    assert "hush" not in json.dumps(outputs["name"])
    now = calls.read(made)
    assert now is not None
    assert now.outputs == outputs
    assert now.inputs["path"] == Secret("/hush/")
    updated = calls.update(made, {**made.inputs, "path": Secret("/other/")})
    assert (updated.outputs or {})["path"] == Secret("/other/")


def test_a_message_of_the_cloud_shows_no_secret(world: World) -> None:
    calls = world.serve({"type": ROLE, "verb": "create", "call": 1, "what": "fail", "message": "hush is too short"})
    with pytest.raises(grpc.RpcError) as error:
        calls.up(ROLE, "r", {"password": Secret("hush")})
    assert said(error.value) == f"{ROLE} 'r' could not be created: [secret] is too short"


# Failures


def test_what_was_made_and_is_not_ready_keeps_its_id_and_heals(world: World, calls: Calls) -> None:
    world.shelf.unready.add("vpc-1")
    new = calls.check(VPC, "net", NETWORK)
    with pytest.raises(grpc.RpcError) as error:
        calls.create(new)
    assert said(error.value) == f"{VPC} 'net' is there and not ready: vpc-1 is pending"
    kept = half_made(error.value)
    assert (kept.id, list(kept.reasons), from_wire(kept.inputs)) == ("vpc-1", ["vpc-1 is pending"], new.inputs)
    state = replace(new, id=kept.id, outputs=from_wire(kept.properties))
    assert (state.outputs or {})["arn"] == "arn:vpc-1"
    for call in (lambda: calls.read(state), lambda: calls.update(state, new.inputs)):
        with pytest.raises(grpc.RpcError, match="vpc-1 is pending") as error:
            call()
        assert half_made(error.value).id == "vpc-1"
    world.shelf.unready.clear()
    for healed in (calls.read(state), calls.update(state, new.inputs)):
        assert healed is not None
        assert META not in (healed.outputs or {})
    assert len(world.shelf.things) == 1


@pytest.mark.parametrize(
    ("what", "there", "keeps"), [("fail", 0, False), ("fail-after-applying", 1, False), ("not-ready", 1, True)]
)
def test_failures_on_demand_leave_what_they_say(world: World, what: str, there: int, *, keeps: bool) -> None:
    calls = world.serve({"type": VPC, "verb": "create", "call": 1, "what": what, "message": "no luck"})
    calls.create(calls.check(VPC, "net", NETWORK), preview=True)
    with pytest.raises(grpc.RpcError, match="no luck") as error:
        calls.up(VPC, "net", NETWORK)
    assert len(world.shelf.things) == there
    assert (half_made(error.value) is not None) is keeps
    assert calls.up(VPC, "net", NETWORK).id == f"vpc-{there + 1}"


@pytest.mark.parametrize("verb", ["read", "update", "delete"])
def test_other_verbs_fail_on_demand_and_the_next_time_they_do_not(world: World, verb: str) -> None:
    calls = world.serve({"type": VPC, "verb": verb, "call": 1, "what": "fail", "message": "no luck"})
    made = calls.up(VPC, "net", NETWORK)
    news = {**made.inputs, "tags": {"a": "b"}, "tagsAll": {"a": "b"}}
    again = {
        "read": lambda: calls.read(made),
        "update": lambda: calls.update(made, news),
        "delete": lambda: calls.delete(made),
    }
    with pytest.raises(grpc.RpcError, match=f"Vpc 'net' could not be {verb.rstrip('e')}.*: no luck"):
        again[verb]()
    again[verb]()


def test_a_function_answers_and_fails_on_demand(world: World) -> None:
    function = "aws:index/getRegion:getRegion"
    calls = world.serve({"type": function, "verb": "invoke", "call": 2, "what": "fail", "message": "no luck"})
    assert calls.invoke(function, name=Secret("x")) == {"region": "here", "name": "x"}
    with pytest.raises(grpc.RpcError, match=f"{function} could not be asked: no luck"):
        calls.invoke(function)


# What the provider remembers


def test_what_others_remember_in_the_same_place_is_left_alone() -> None:
    assert Memory.of({META: '{"schema_version":"1"}'}) == Memory.of({META: "none"}) == Memory.of({}) == Memory()
    assert Memory(frozenset({"a"})).outputs() == {META: '{"lab": {"unconfirmed": ["a"]}}'}
    assert Memory().outputs() == {}


def test_what_is_set_again_is_confirmed_or_not_anew() -> None:
    before = Memory(frozenset({"a", "b"}), "pending")
    assert before.after({"a", "c"}, [Gap(VPC, "n", "c[0].d", "why"), Gap(VPC, "n", "e.f", "why")]) == Memory(
        frozenset({"b", "c", "e"})
    )
    assert Memory().after((), [Gap(VPC, "n", "*", "not made")]).is_not_made


def test_what_the_lab_did_not_make_is_neither_read_nor_deleted(world: World, calls: Calls) -> None:
    ghost = Resource(VPC, "net", NETWORK, "vpc-7", {**NETWORK, **Memory(frozenset({"*"})).outputs()})
    assert calls.read(ghost) == ghost
    calls.delete(ghost)
    assert world.shelf.things == {}
