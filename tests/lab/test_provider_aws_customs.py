"""What the AWS provider does around every resource: tags, region, options, endpoints, retries."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from lab import emulators
from lab.endpoints import variable
from lab.providers.aws.clients import KEY_ID, Clients, NotTheLabError, endpoint
from lab.providers.aws.customs import AwsCustoms
from lab.providers.aws.process import configure
from lab.providers.customs import ConfigurationError
from lab.providers.package import properties, version
from lab.providers.plain import Secret, Unknown
from tests.lab.small_handlers import ROLE, VPC, Shelf, shelved

THROTTLED = b"<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
IDENTITY = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account><Arn>arn:x</Arn>"
    b"<UserId>u</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


def customs(**default_tags: str) -> AwsCustoms:
    regions = {"here": shelved(Shelf()), "there": shelved(Shelf())}
    return AwsCustoms(regions.__getitem__, "here", default_tags)


# Tags and region


def test_all_tags_are_the_default_ones_with_the_resources_own_over_them() -> None:
    added = customs(owner="lab", stage="dev").completed(VPC, {"tags": {"stage": "prod"}})
    assert added == {"tagsAll": {"owner": "lab", "stage": "prod"}, "region": "here"}
    assert customs().completed(VPC, {"region": "there"}) == {"tagsAll": {}}


def test_a_type_without_a_region_gets_none_and_one_without_tags_gets_none() -> None:
    assert customs(a="b").completed(ROLE, {}) == {"tagsAll": {"a": "b"}}
    assert customs(a="b").completed("aws:ec2/route:Route", {}) == {"region": "here"}


def test_all_tags_are_unknown_with_one_of_them_and_secret_with_one_of_them() -> None:
    assert customs(a="b").completed(ROLE, {"tags": {"x": Unknown()}}) == {"tagsAll": Unknown()}
    assert customs(a="b").completed(ROLE, {"tags": {"x": Secret("y")}}) == {"tagsAll": Secret({"a": "b", "x": "y"})}


def test_a_handler_sees_one_set_of_tags_and_no_region() -> None:
    inputs = {"tags": {"a": "b"}, "tagsAll": {"a": "b", "c": "d"}, "region": "here", "size": 1}
    assert customs().for_handler(inputs) == {"tags": {"a": "b", "c": "d"}, "size": 1}
    assert customs().for_handler({"size": 1, "tagsAll": {}}) == {"size": 1}


def test_tags_that_are_told_lack_the_default_ones_that_the_resource_does_not_name() -> None:
    told = {"arn": "x", "tags": {"a": "1"}, "tagsAll": {"a": "1", "own": "2", "new": "3", "aws:x": "4", "b": "9"}}
    outputs = customs(a="1", own="2", b="1").outputs({"tags": {"own": "2"}, "region": "here"}, told)
    assert outputs == {
        "arn": "x",
        "region": "here",
        "tags": {"own": "2", "new": "3", "b": "9"},
        "tagsAll": {"a": "1", "own": "2", "new": "3", "b": "9"},
    }
    assert "tags" not in customs(a="1").outputs({}, {"tagsAll": {"a": "1"}})


def test_who_ignores_tags_ignores_them_in_all_tags() -> None:
    assert customs().ignored(["tags", "tags.a", 'tags["b"]', "tagsets", "size"]) == [
        *("tags", "tags.a", 'tags["b"]', "tagsets", "size"),
        *("tagsAll", "tagsAll.a", 'tagsAll["b"]'),
    ]


def test_a_resource_of_another_region_is_made_there() -> None:
    two = customs()
    assert two.registry({}) is two.registry({"region": "here"})
    assert two.registry({"region": "there"}) is not two.registry({})
    assert two.registry({"region": Unknown()}) is two.registry({})


def test_the_package_says_what_a_type_has() -> None:
    assert {"tags", "region", "name"} <= properties("aws:lambda/function:Function").inputs
    assert "tagsAll" not in properties("aws:lambda/function:Function").inputs
    assert properties("aws:ec2/nothing:Nothing").inputs == properties("nobody:a/b:C").outputs == frozenset()
    assert version("aws").count(".") == 2


# Endpoints


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://127.9.8.7:1", "http://[::1]:1", "http://localhost:1"])
def test_an_endpoint_on_this_machine_is_taken(url: str) -> None:
    assert endpoint("ec2", {"AWS_ENDPOINT_URL_EC2": url}) == url
    assert endpoint("logs", {"AWS_ENDPOINT_URL": url}) == url


@pytest.mark.parametrize(
    "url",
    [
        "https://ec2.eu-central-1.amazonaws.com",
        "http://10.0.0.1:5000",
        "http://127.0.0.1.example.org:1",
        "http://localhost@example.org:1",
        "https://127.0.0.1:1",
        "http://0.0.0.0:1",
        "127.0.0.1:1",
    ],
)
def test_an_endpoint_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(NotTheLabError, match=r"AWS_ENDPOINT_URL_EC2 is .*: the lab's provider talks to emulators on this"):
        endpoint("ec2", {"AWS_ENDPOINT_URL_EC2": url})


def test_a_service_without_an_endpoint_is_refused() -> None:
    with pytest.raises(NotTheLabError, match="AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2 is not set"):
        Clients("here", {})("elbv2")


def test_the_emulators_know_the_providers_calls_for_the_labs_own() -> None:
    assert KEY_ID == emulators.LAB_KEY_ID


# Options


@pytest.fixture
def throttling() -> Iterator[list[int]]:
    """STS that refuses the first two calls; its port, then the status of each answer."""
    answers: list[int] = []

    class Sts(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status = 400 if len(answers) < 3 else 200
            answers.append(status)
            body = THROTTLED if status == 400 else IDENTITY
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any, **__: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Sts)
    answers.append(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield answers
    server.shutdown()
    server.server_close()


def test_a_throttled_call_is_repeated_and_the_account_is_the_clouds(throttling: list[int]) -> None:
    environment = {variable("sts"): f"http://127.0.0.1:{throttling[0]}", "AWS_REGION": "eu-central-1"}
    made = configure({"allowedAccountIds": '["123456789012"]', "defaultTags": '{"tags":{"a":"b"}}'}, environment)
    assert throttling[1:] == [400, 400, 200]
    assert made.completed(ROLE, {}) == {"tagsAll": {"a": "b"}}
    assert made.completed(VPC, {})["region"] == "eu-central-1"
    with pytest.raises(ConfigurationError, match="account 123456789012 is not among the allowed ones"):
        configure({"allowedAccountIds": '["1"]'}, environment)
    with pytest.raises(ConfigurationError, match="or among the forbidden ones"):
        configure({"forbiddenAccountIds": ["123456789012"]}, environment)


def test_every_mistake_in_the_options_is_told_at_once() -> None:
    environment = {variable("ec2"): "https://ec2.amazonaws.com", variable("sqs"): "http://127.0.0.1:1"}
    with pytest.raises(ConfigurationError) as error:
        configure({"ignoreTags": "{}", "endpoints": "[]", "profile": "mine", "version": "7.51.1"}, environment)
    assert error.value.faults == [
        "the lab does not know the option endpoints",
        "the lab does not know the option ignoreTags",
        "no region: neither aws:region nor AWS_REGION nor AWS_DEFAULT_REGION is set",
        "AWS_ENDPOINT_URL_EC2 is https://ec2.amazonaws.com: the lab's provider talks to emulators on this machine only",
    ]
