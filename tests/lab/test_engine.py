"""The in-process engine: what it records, what it passes on, how it ends. Programs here are functions; `create` is pure."""

import contextvars
import importlib.metadata
import os
import random
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest
from pulumi.runtime import resource, settings
from pulumi.runtime.proto import resource_pb2

from lab.engine import ENGINE, DeployError, DestroyError, Program, deploy, destroy
from lab.monitor import Creator, Invoker, Monitor
from lab.providers.plain import AssetArchive, FileArchive, FileAsset, Secret, TextAsset
from lab.recording import Created, Deployment, Gap

THING = "cloud:store/thing:Thing"
PLACE = "cloud:store/place:Place"


class Thing(pulumi.CustomResource):
    """A resource with any inputs; `made` is an output of its provider."""

    made: pulumi.Output[str]

    def __init__(
        self, name: str, opts: pulumi.ResourceOptions | None = None, *, kind: str = THING, **inputs: object
    ) -> None:
        super().__init__(kind, name, {"made": None, **inputs}, opts)


class Box(pulumi.ComponentResource):
    """A component."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, kind: str = "test:parts:Box") -> None:
        super().__init__(kind, name, None, opts)
        self.register_outputs({"closed": True})

    @property
    def inside(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)


class Cloud(pulumi.ProviderResource):
    """An explicit provider."""

    def __init__(self, name: str) -> None:
        super().__init__("cloud", name, {"region": "here"})


def made(_type: str, name: str, _inputs: Mapping[str, Any]) -> Created:
    return Created(f"{name}-id", {"made": f"made {name}"})


def answered(token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"token": token, "asked": arguments}


def run(
    program: Program,
    create: Creator = made,
    invoke: Invoker = answered,
    config: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Deployment:
    return deploy(
        program,
        project="house",
        stack="dev",
        config=config or {},
        create=create,
        invoke=invoke,
        environment=environment or {},
    )


def refusing(*names: str, words: str = "the cloud is full today") -> Creator:
    def create(type_token: str, name: str, inputs: Mapping[str, Any]) -> Created:
        if name in names:
            raise OSError(words)
        return made(type_token, name, inputs)

    return create


def test_engine_names_the_installed_sdk() -> None:
    assert ENGINE.endswith(f"pulumi {importlib.metadata.version('pulumi')}")
    assert "mock runtime" in ENGINE


def test_a_urn_carries_the_types_of_all_ancestors() -> None:
    def program() -> None:
        outer = Box("outer", kind="test:parts:Outer")
        middle = Box("middle", outer.inside, kind="test:parts:Middle")
        inner = Box("inner", middle.inside, kind="test:parts:Inner")
        Thing("deep", inner.inside)

    deep = run(program).named(THING, "deep")
    ancestry = "test:parts:Outer$test:parts:Middle$test:parts:Inner"
    assert deep.urn == f"urn:pulumi:dev::house::{ancestry}${THING}::deep"
    assert deep.parent == f"urn:pulumi:dev::house::{ancestry}::inner"


def test_options_are_recorded() -> None:
    def program() -> None:
        provider = Cloud("west")
        first = Thing("first")
        opts = pulumi.ResourceOptions(
            protect=True,
            ignore_changes=["size"],
            depends_on=[first],
            provider=provider,
            retain_on_delete=True,
            delete_before_replace=True,
        )
        Thing("second", opts, size=3)

    deployment = run(program)
    first, second = deployment.named(THING, "first"), deployment.named(THING, "second")
    assert (first.protect, first.ignore_changes, first.depends_on, first.provider) == (False, (), (), "")
    assert (second.protect, second.retain_on_delete, second.ignore_changes) == (True, True, ("size",))
    assert (second.delete_before_replace, first.delete_before_replace) == (True, False)
    assert second.depends_on == (first.urn,)
    west = deployment.only("pulumi:providers:cloud")
    assert second.provider == f"{west.urn}::{west.id}"
    assert deployment.needs(second) == {first.urn, west.urn}


def test_dependencies_of_inputs_are_recorded_and_a_component_stands_for_what_is_in_it() -> None:
    def program() -> None:
        place = Thing("place", kind=PLACE)
        box = Box("box")
        Thing("inside", box.inside)
        Thing("late", pulumi.ResourceOptions(depends_on=[box]), at=place.made)

    deployment = run(program)
    late, place, inside = deployment.named(THING, "late"), deployment.only(PLACE), deployment.named(THING, "inside")
    assert set(late.depends_on) >= {place.urn, inside.urn}
    assert late.inputs["at"] == "made place"
    assert deployment.needs(late) == {place.urn, inside.urn, deployment.only("test:parts:Box").urn}


def test_what_a_resource_needs_is_completed_before_it() -> None:
    def program() -> None:
        things = [Thing("t0")]
        for number in range(1, 12):
            things.append(Thing(f"t{number}", pulumi.ResourceOptions(depends_on=things[number // 2 :])))

    deployment = run(program)
    seen: set[str] = set()
    for each in deployment.registrations:
        assert deployment.needs(each) <= seen
        seen.add(each.urn)
    assert len(seen) == 12


def test_inputs_arrive_as_plain_values() -> None:
    given: dict[str, Any] = {}

    def create(type_token: str, name: str, inputs: Mapping[str, Any]) -> Created:
        given.update(inputs)
        return made(type_token, name, inputs)

    def program() -> None:
        Thing(
            "thing",
            whole=3,
            part=2.5,
            yes=True,
            words=["a", pulumi.Output.from_input("b")],
            nothing=None,
            empty={},
            code=pulumi.AssetArchive(
                {"a.py": pulumi.StringAsset("x"), "b.py": pulumi.FileAsset("/b"), "lib": pulumi.FileArchive("/lib")}
            ),
        )

    recorded = run(program, create).only(THING).inputs
    code = AssetArchive({"a.py": TextAsset("x"), "b.py": FileAsset("/b"), "lib": FileArchive("/lib")})
    expected = {"whole": 3, "part": 2.5, "yes": True, "words": ["a", "b"], "empty": {}, "code": code}
    assert given == expected
    assert recorded == expected
    assert isinstance(given["whole"], int)
    assert given["yes"] is True


def test_outputs_are_inputs_with_what_the_provider_returned() -> None:
    def create(_type: str, _name: str, inputs: Mapping[str, Any]) -> Created:
        return Created("id-1", {"size": inputs["size"] + 1, "made": "here"})

    def program() -> None:
        thing = Thing("thing", size=1, colour="red")
        pulumi.export("all", {"made": thing.made, "id": thing.id, "list": [1, 2.5]})
        pulumi.export("nothing", None)

    deployment = run(program, create)
    assert deployment.only(THING).outputs == {"size": 2, "colour": "red", "made": "here"}
    assert deployment.only(THING).id == "id-1"
    assert deployment.outputs == {"all": {"made": "here", "id": "id-1", "list": [1, 2.5]}}


def test_a_component_has_outputs_and_no_id() -> None:
    box = run(lambda: Box("box")).only("test:parts:Box")
    assert (box.custom, box.id, box.outputs) == (False, "", {"closed": True})


def test_secrets_stay_marked_and_are_never_shown() -> None:
    given: dict[str, Any] = {}

    def create(_type: str, name: str, inputs: Mapping[str, Any]) -> Created:
        given[name] = dict(inputs)
        return Created(f"{name}-id", {**inputs, "made": "plain"})

    def program() -> None:
        first = Thing("first", word=pulumi.Output.secret("hush-1"), deep={"open": 1, "shut": pulumi.Output.secret("hush-2")})
        opts = pulumi.ResourceOptions(additional_secret_outputs=["made"])
        second = Thing("second", opts, copied=first.__dict__["word"])
        pulumi.export("word", first.__dict__["word"])
        pulumi.export("made", second.made)

    deployment = run(program, create)
    first, second = deployment.named(THING, "first"), deployment.named(THING, "second")
    assert given["first"] == {"word": "hush-1", "deep": {"open": 1, "shut": "hush-2"}}
    assert given["second"] == {"copied": "hush-1"}
    assert first.inputs == {"word": Secret("hush-1"), "deep": {"open": 1, "shut": Secret("hush-2")}}
    assert first.secret_inputs == {"word", "deep"}
    assert second.inputs == {"copied": Secret("hush-1")}
    assert second.outputs["made"] == Secret("plain")
    assert deployment.outputs == {"word": Secret("hush-1"), "made": Secret("plain")}
    assert "hush" not in repr(deployment)


def test_a_failed_create_stops_the_run_with_type_name_and_the_clouds_words() -> None:
    begun: list[str] = []

    def create(type_token: str, name: str, inputs: Mapping[str, Any]) -> Created:
        begun.append(name)
        return refusing("broken")(type_token, name, inputs)

    def program() -> None:
        first = Thing("first")
        broken = Thing("broken", pulumi.ResourceOptions(depends_on=[first]))
        after = Thing("after", at=broken.made)
        Thing("last", pulumi.ResourceOptions(depends_on=[after]))
        pulumi.export("after", after.made)

    with pytest.raises(DeployError) as error:
        run(program, create)
    assert str(error.value) == f"{THING} 'broken' could not be created: the cloud is full today"
    assert isinstance(error.value.__cause__, OSError)
    assert begun == ["first", "broken"]
    assert [each.name for each in error.value.deployment.registrations] == ["first"]


def test_nothing_new_is_begun_after_a_failure() -> None:
    broken = threading.Event()
    begun: list[str] = []

    def create(type_token: str, name: str, inputs: Mapping[str, Any]) -> Created:
        begun.append(name)
        if name == "broken":
            broken.set()
            raise OSError("no more of these")
        assert broken.wait(30)
        return made(type_token, name, inputs)

    def program() -> None:
        Thing("broken")
        chain = [Thing("link0")]
        chain.extend(Thing(f"link{number}", after=chain[-1].made) for number in range(1, 10))

    with pytest.raises(DeployError, match="'broken' could not be created: no more of these"):
        run(program, create)
    assert "broken" in begun
    assert "link9" not in begun


def test_the_monitor_begins_nothing_after_a_failure_whatever_the_sdk_still_sends() -> None:
    begun: list[str] = []

    def create(type_token: str, name: str, inputs: Mapping[str, Any]) -> Created:
        begun.append(name)
        return refusing("broken")(type_token, name, inputs)

    monitor = Monitor("house", "dev", create, answered)
    for name in ("broken", "late"):
        request = resource_pb2.RegisterResourceRequest(type=THING, name=name, custom=True)
        with pytest.raises(Exception, match=r"the cloud is full today|could not be created"):
            monitor.RegisterResource(request)
    with pytest.raises(Exception, match="could not be asked"):
        monitor.Invoke(resource_pb2.ResourceInvokeRequest(tok="cloud:index/where:where"))
    assert begun == ["broken"]
    assert monitor.failure
    assert monitor.failure.message == f"{THING} 'broken' could not be created: the cloud is full today"


def test_an_interruption_does_not_wait_for_what_the_cloud_still_does() -> None:
    begun, release, finished = threading.Event(), threading.Event(), threading.Event()
    main = threading.get_ident()

    def create(type_token: str, name: str, inputs: Mapping[str, Any]) -> Created:
        begun.set()
        release.wait(60)
        finished.set()
        return made(type_token, name, inputs)

    def interrupt() -> None:
        begun.wait(60)
        signal.pthread_kill(main, signal.SIGINT)  # a signal, as Ctrl-C is: it also wakes a thread that waits

    # A process that a script starts in the background ignores it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run(lambda: Thing("slow"), create)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not finished.is_set()
    release.set()
    assert finished.wait(60)


def test_an_error_that_says_one_word_is_named_by_its_kind() -> None:
    def create(_type: str, _name: str, inputs: Mapping[str, Any]) -> Created:
        return Created(inputs["size"])

    with pytest.raises(DeployError, match=r"'thing' could not be created: KeyError: 'size'$"):
        run(lambda: Thing("thing"), create)


def test_an_error_message_shows_no_secret() -> None:
    create = refusing("thing", words="user hush-1 is not welcome")
    with pytest.raises(DeployError) as error:
        run(lambda: Thing("thing", word=pulumi.Output.secret("hush-1")), create)
    assert str(error.value).endswith("could not be created: user [secret] is not welcome")
    assert error.value.__cause__ is None


def test_functions_are_asked_in_the_plain_and_in_the_output_form() -> None:
    def program() -> None:
        plain = pulumi.runtime.invoke("cloud:index/where:where", {"number": 4}).value
        thing = Thing("thing")
        later = pulumi.runtime.invoke_output("cloud:index/who:who", {"name": thing.made})
        pulumi.export("plain", plain)
        pulumi.export("later", later)

    outputs = run(program).outputs
    assert outputs["plain"] == {"token": "cloud:index/where:where", "asked": {"number": 4}}
    assert outputs["later"] == {"token": "cloud:index/who:who", "asked": {"name": "made thing"}}


def test_a_failed_function_stops_the_run() -> None:
    def invoke(_token: str, _arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        raise LookupError("no such place in this region")

    with pytest.raises(DeployError, match=r"^cloud:index/where:where could not be asked: no such place in this region$"):
        run(lambda: pulumi.runtime.invoke("cloud:index/where:where", {}), invoke=invoke)


def test_what_the_program_raises_comes_out_unchanged() -> None:
    class OwnError(Exception):
        pass

    def at_once() -> None:
        Thing("thing")
        raise OwnError("three keys are wrong")

    def in_apply() -> None:
        def fail(_value: str) -> str:
            raise OwnError("seen late, seen all the same")

        pulumi.export("late", Thing("thing").made.apply(fail))

    with pytest.raises(OwnError, match="three keys are wrong"):
        run(at_once)
    with pytest.raises(OwnError, match="seen late, seen all the same"):
        run(in_apply)


def test_messages_are_kept_and_a_logged_error_fails_the_run() -> None:
    def program(*, fail: bool) -> None:
        pulumi.log.info("two dollars a month")
        pulumi.log.warn("one zone only")
        pulumi.log.debug("noise")
        if fail:
            pulumi.log.error("not like this")

    assert run(lambda: program(fail=False)).messages == ("two dollars a month", "one zone only")
    with pytest.raises(DeployError, match="the program logged an error: not like this"):
        run(lambda: program(fail=True))


def test_gaps_of_all_resources_are_collected_in_order() -> None:
    def create(type_token: str, name: str, inputs: Mapping[str, Any]) -> Created:
        return Created(name, {}, tuple(Gap(type_token, name, key, "not here") for key in inputs))

    def program() -> None:
        Thing("b", size=1)
        Thing("a", colour=1, age=2)

    gaps = run(program, create).gaps
    assert [(gap.name, gap.what) for gap in gaps] == [("a", "age"), ("a", "colour"), ("b", "size")]


def test_a_run_leaves_nothing_behind() -> None:
    def program() -> None:
        config = pulumi.Config("house")
        pulumi.export("colour", config.get("colour"))
        Thing("thing")

    assert run(program, config={"house:colour": "red"}).outputs == {"colour": "red"}
    assert run(program).outputs == {}
    assert settings.get_root_resource() is None
    assert settings.get_monitor() is None


def test_resources_do_not_say_where_they_were_written_and_outside_of_a_run_the_sdk_still_finds_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Finding out is a private function of the SDK: where it has another name, every run fails and names it."""
    asked: list[resource_pb2.RegisterResourceRequest] = []
    register = Monitor.RegisterResource

    def recorded(self: Monitor, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        asked.append(request)
        return register(self, request)

    monkeypatch.setattr(Monitor, "RegisterResource", recorded)
    find_out = getattr(resource, "_get_stack_trace")  # noqa: B009 - private, and looked at on purpose

    run(lambda: Thing("one"))

    assert [len(each.stackTrace.frames) for each in asked if each.name == "one"] == [0]
    assert not any(each.HasField("sourcePosition") for each in asked)
    assert getattr(resource, "_get_stack_trace") is find_out  # noqa: B009


def test_a_root_resource_of_the_caller_is_not_in_the_way() -> None:
    def caller() -> Deployment:
        settings.set_root_resource(cast("Any", "what somebody else left there"))
        return run(lambda: Thing("thing"))

    assert contextvars.copy_context().run(caller).only(THING).parent.endswith("::house-dev")


def test_runs_of_several_threads_do_not_mix() -> None:
    results: dict[str, Deployment] = {}

    def one(name: str) -> None:
        def program() -> None:
            pulumi.export("mine", pulumi.Config("house").require("who"))
            Thing(name)

        results[name] = run(program, config={"house:who": name})

    threads = [threading.Thread(target=one, args=(f"n{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {name: each.outputs["mine"] for name, each in results.items()} == {
        f"n{number}": f"n{number}" for number in range(4)
    }
    assert {name: each.only(THING).name for name, each in results.items()} == {
        f"n{number}": f"n{number}" for number in range(4)
    }


def test_the_environment_is_laid_over_for_the_run_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", '{"house:colour": "from outside"}')
    monkeypatch.setenv("KEPT", "yes")
    seen: dict[str, str] = {}

    def program() -> None:
        seen.update(os.environ)
        pulumi.export("colour", pulumi.Config("house").get("colour"))

    assert run(program, environment={"AWS_REGION": "eu-central-1"}).outputs == {}
    assert (seen["AWS_REGION"], seen["KEPT"]) == ("eu-central-1", "yes")
    assert "PULUMI_CONFIG" not in seen
    assert os.environ["PULUMI_CONFIG"] == '{"house:colour": "from outside"}'
    assert os.environ.get("AWS_REGION") != "eu-central-1"


def test_a_program_file_is_run_as_main_every_time(tmp_path: Path) -> None:
    file = tmp_path / "__main__.py"
    file.write_text("import pulumi\nassert __name__ == '__main__'\npulumi.export('stack', pulumi.get_stack())\n")
    assert run(file).outputs == {"stack": "dev"}
    assert run(file).outputs == {"stack": "dev"}


def with_transform() -> None:
    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult:
        return pulumi.ResourceTransformResult(args.props, args.opts)

    Thing("thing", pulumi.ResourceOptions(transforms=[transform]))


def with_a_twin() -> None:
    Thing("thing")
    Thing("thing")


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (with_transform, "does not support transforms"),
        (with_a_twin, "registers it twice"),
        (lambda: Thing("thing", pulumi.ResourceOptions(id="i-1")), "adopts no existing resources"),
        (lambda: Thing("thing", pulumi.ResourceOptions(import_="i-1")), "neither remote components nor imports"),
    ],
)
def test_what_the_engine_cannot_do_is_refused(program: Callable[[], object], words: str) -> None:
    with pytest.raises(Exception, match=words):
        run(program)


def test_lookups_say_what_is_there() -> None:
    def program() -> None:
        Thing("a")
        Thing("b")

    deployment = run(program)
    with pytest.raises(LookupError, match=r"0 resources of type .* are named 'c'; of this type there are: a, b"):
        deployment.named(THING, "c")
    with pytest.raises(LookupError, match="there are 2: a, b"):
        deployment.only(THING)
    with pytest.raises(KeyError):
        deployment.by_urn("urn:pulumi:dev::house::x:y:Z::z")
    assert deployment.by_urn(deployment.named(THING, "a").urn).name == "a"


def a_house() -> None:
    """A shape with every kind of need: parent, provider, input, depends_on, component."""
    provider = Cloud("west")
    box = Box("box")
    ground = Thing("ground", pulumi.ResourceOptions(parent=box, provider=provider))
    walls = [Thing(f"wall{number}", box.inside, on=ground.made) for number in range(4)]
    roof = Thing("roof", pulumi.ResourceOptions(depends_on=walls))
    Thing("chimney", pulumi.ResourceOptions(depends_on=[box]), on=roof.made)


@pytest.mark.parametrize("seed", range(8))
def test_whichever_is_picked_nothing_goes_before_what_needs_it(seed: int) -> None:
    deployment = run(a_house)
    gone: list[str] = []
    destroy(deployment, lambda each: gone.append(each.urn), pick=random.Random(seed).choice)
    assert len(gone) == 7
    for position, urn in enumerate(gone):
        assert not deployment.needs(deployment.by_urn(urn)) & set(gone[:position])


def test_destroy_goes_in_the_reverse_order_of_completion() -> None:
    deployment = run(a_house)
    gone: list[str] = []
    destroy(deployment, lambda each: gone.append(each.name))
    customs = [each.name for each in deployment.registrations if each.type == THING]
    assert gone == customs[::-1]
    assert gone[0] == "chimney"
    assert gone[-1] == "ground"


def test_destroy_leaves_what_is_to_be_retained() -> None:
    gone: list[str] = []

    def program() -> None:
        Thing("kept", pulumi.ResourceOptions(retain_on_delete=True))
        Thing("other")

    destroy(run(program), lambda each: gone.append(each.name))
    assert gone == ["other"]


def test_destroy_refuses_when_anything_is_protected() -> None:
    gone: list[str] = []

    def program() -> None:
        Thing("address", pulumi.ResourceOptions(protect=True))
        Thing("other")

    with pytest.raises(DestroyError, match=f"nothing was deleted, because the program protects {THING} 'address'"):
        destroy(run(program), lambda each: gone.append(each.name))
    assert gone == []


def test_a_failed_delete_says_what_is_left() -> None:
    def program() -> None:
        first = Thing("first")
        second = Thing("second", at=first.made)
        Thing("third", at=second.made)

    def delete(each: Any) -> None:
        if each.name == "second":
            raise OSError("it is in use by somebody else")

    with pytest.raises(DestroyError) as error:
        destroy(run(program), delete)
    words = f"{THING} 'second' could not be deleted: it is in use by somebody else (2 resources of the stack are left)"
    assert str(error.value) == words
    assert [each.name for each in error.value.deployment.registrations] == ["first", "second"]
