"""What the AWS handlers say of their types fits the types themselves, as the provider's own package has them. No cloud."""

import importlib
import inspect
from collections.abc import Mapping
from typing import Any, cast

import pytest
from pulumi import _types as pulumi_types  # pyright: ignore[reportPrivateUsage] (the provider's names stand nowhere else)

from lab.emulators import ACCOUNT_ID, REGION
from lab.providers import page
from lab.providers.aws import HANDLERS, sources
from lab.providers.aws.cloud import AwsHandler, Cloud
from lab.providers.handler import Ask, CannotUpdateError, State

BY_TYPE = {handler.type: handler for handler in HANDLERS}
ALL = pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.type.rpartition(":")[2])


def arguments_of(handler: type[AwsHandler]) -> Any:
    """The class of a type's arguments: `pulumi_aws.ec2.vpc.VpcArgs`."""
    package, name = handler.type.split("/")[0].partition(":")[2], handler.type.rpartition(":")[2]
    module = importlib.import_module(f"pulumi_aws.{'lambda_' if package == 'lambda' else package}")
    return getattr(importlib.import_module(getattr(module, name).__module__), f"{name}Args")


def inputs_of(handler: type[AwsHandler]) -> Mapping[str, inspect.Parameter]:
    """The provider's names (camelCase) of the inputs, each with its place in the constructor."""
    arguments = arguments_of(handler)
    names = pulumi_types.input_type_py_to_pulumi_names(arguments)
    parameters = inspect.signature(arguments.__init__).parameters
    return {names[name]: parameter for name, parameter in parameters.items() if name in names}


def kind_of(handler: type[AwsHandler], name: str) -> Any:
    """The class of an input's values, or of what a list of them holds; every input is an output too."""
    module, _, _ = arguments_of(handler).__module__.rpartition(".")
    resource = getattr(importlib.import_module(module), handler.type.rpartition(":")[2])
    hint = pulumi_types.resource_types(resource)[name]
    return next(iter(getattr(hint, "__args__", ())), hint)


@ALL
def test_every_name_is_an_input_of_the_type(handler: type[AwsHandler]) -> None:
    named = {handler.named} - {""}
    claimed = handler.replaces | handler.required | handler.defaults.keys() | handler.changes | handler.untold | named
    plain = {name for name in claimed if "." not in name}
    assert plain - inputs_of(handler).keys() == set()
    for path in claimed - plain:
        outer, _, inner = path.partition(".")
        assert inner in pulumi_types.output_type_types(kind_of(handler, outer)), path


@ALL
def test_required_is_what_the_providers_own_constructor_requires(handler: type[AwsHandler]) -> None:
    required = {name for name, each in inputs_of(handler).items() if each.default is inspect.Parameter.empty}
    assert handler.required == required


@ALL
def test_an_input_that_replaces_is_not_changed_in_place_and_none_is_filled_in_that_must_be_given(
    handler: type[AwsHandler],
) -> None:
    assert handler.replaces & handler.changes == set()
    assert handler.defaults.keys() & handler.required == set()


@ALL
def test_a_type_has_tags_exactly_if_the_lab_can_change_them(handler: type[AwsHandler]) -> None:
    assert ("tags" in inputs_of(handler)) == (handler.retag is not None)


@ALL
def test_a_type_with_a_name_of_its_own_is_named_by_the_provider(handler: type[AwsHandler]) -> None:
    optional = {name for name, each in inputs_of(handler).items() if each.default is not inspect.Parameter.empty}
    assert (handler.named == "name") == ("name" in optional)
    assert not handler.named or handler.named in handler.replaces


@ALL
def test_a_default_is_of_the_inputs_own_kind(handler: type[AwsHandler]) -> None:
    assert {name: type(value) for name, value in handler.defaults.items()} == {
        name: kind_of(handler, name) for name in handler.defaults
    }


def no_cloud(service: str, read_timeout_s: float = 10.0) -> Any:
    """Stand where a client would be made: these tests call none."""
    raise AssertionError(f"nobody should ask {service} (for {read_timeout_s} s)")


CLOUD = Cloud(no_cloud, region=REGION, account_id=ACCOUNT_ID)


@ALL
def test_what_the_lab_cannot_change_is_refused_by_name_before_the_cloud_is_asked(handler: type[AwsHandler]) -> None:
    beyond = inputs_of(handler).keys() - handler.changes - handler.untold - {"tags"}
    assert beyond, "every type has something that cannot be changed in place"
    ask = Ask(handler.type, "n", {})
    changed = frozenset({min(beyond), *sorted(handler.changes)[:1]})
    with pytest.raises(CannotUpdateError) as error:
        handler(CLOUD).update(State("i-1"), ask, changed)
    assert min(beyond) in error.value.changed
    assert handler.type in str(error.value)


@pytest.mark.parametrize(
    ("type_token", "before", "wanted", "expected"),
    [
        ("aws:ec2/vpc:Vpc", {"instanceTenancy": "dedicated"}, {}, set[str]()),
        ("aws:ec2/vpc:Vpc", {}, {"instanceTenancy": "dedicated"}, {"instanceTenancy"}),
        ("aws:ec2/instance:Instance", {"userData": "a"}, {"userData": "b"}, set[str]()),
        ("aws:ec2/instance:Instance", {"userData": "a"}, {"userData": "b", "userDataReplaceOnChange": True}, {"userData"}),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", {"cidrIpv4": "a"}, {"cidrIpv4": "b"}, set[str]()),
        (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {"cidrIpv4": "a"},
            {"prefixListId": "b"},
            {"cidrIpv4", "prefixListId"},
        ),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", {"privateDnsEnabled": True}, {}, {"privateDnsEnabled"}),
        (
            "aws:ec2/vpcEndpoint:VpcEndpoint",
            {"privateDnsEnabled": True, "vpcEndpointType": "Interface"},
            {"vpcEndpointType": "Interface"},
            set[str](),
        ),
        ("aws:lambda/invocation:Invocation", {"input": "1"}, {"input": "2"}, {"input"}),
        ("aws:lambda/invocation:Invocation", {"input": "1"}, {"input": "2", "lifecycleScope": "CRUD"}, set[str]()),
    ],
)
def test_some_inputs_replace_under_a_condition_only(
    type_token: str, before: Mapping[str, Any], wanted: Mapping[str, Any], expected: set[str]
) -> None:
    assert BY_TYPE[type_token](CLOUD).replaced_by(before, wanted) == expected


ONE, TWO = {"subnetId": "subnet-1", "allocationId": "eipalloc-1"}, {"subnetId": "subnet-2", "allocationId": "eipalloc-2"}


@pytest.mark.parametrize(
    ("before", "wanted", "expected"),
    [
        ({"subnetMappings": [ONE]}, {"subnetMappings": [TWO, ONE]}, set[str]()),
        ({"subnetMappings": [ONE, TWO]}, {"subnetMappings": [ONE]}, {"subnetMappings"}),
        ({"subnetMappings": [ONE]}, {"subnetMappings": [{**ONE, "allocationId": "eipalloc-2"}]}, {"subnetMappings"}),
        ({"securityGroups": ["sg-1"]}, {"securityGroups": ["sg-2", "sg-3"]}, set[str]()),
        ({}, {"securityGroups": ["sg-1"]}, {"securityGroups"}),
        ({"securityGroups": ["sg-1"]}, {}, {"securityGroups"}),
    ],
)
def test_a_network_balancer_can_get_a_zone_and_cannot_lose_one(
    before: Mapping[str, Any], wanted: Mapping[str, Any], expected: set[str]
) -> None:
    handler = BY_TYPE["aws:lb/loadBalancer:LoadBalancer"](CLOUD)
    network = {"loadBalancerType": "network"}
    assert handler.replaced_by({**before, **network}, {**wanted, **network}) == expected
    assert handler.replaced_by(before, wanted) == set(), "an application balancer can all of it"


def test_what_the_program_wants_to_stay_stays() -> None:
    for handler in HANDLERS:
        if "skipDestroy" in inputs_of(handler):
            handler(CLOUD).delete(State("i-1", {"skipDestroy": True}))


def test_the_page_says_what_the_handlers_say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert page.main(["--check"]) == 0
    monkeypatch.setattr(page, "HEAD", "otherwise")
    assert page.main(["--check"]) == 1
    assert "python -m lab.providers.page" in capsys.readouterr().err


def test_a_source_is_of_a_type_and_an_input_that_are_there() -> None:
    assert sources.SOURCES.keys() - BY_TYPE.keys() == set()
    for kind, name in sources.EXCEPTIONS:
        handler = BY_TYPE[kind]
        assert name in handler.replaces | handler.changes | handler.defaults.keys(), (kind, name)


def test_most_types_are_replaced_by_the_same_inputs_always() -> None:
    asked = cast("Mapping[str, Any]", {"retentionInDays": 7})
    assert BY_TYPE["aws:cloudwatch/logGroup:LogGroup"](CLOUD).replaced_by(asked, {}) == set()
