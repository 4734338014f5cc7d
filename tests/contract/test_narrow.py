"""`aws.narrow`: what the SDK reads of an answer."""

import copy
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ParamValidationError
from botocore.loaders import Loader

from failover_lambda.aws.narrow import READ, narrowed, time_of

pytestmark = pytest.mark.contract


def client(service: str) -> Any:
    made: Any = narrowed().create_client
    return made(service, region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106


def instance_of(ec2: Any) -> Any:
    answer = ec2.meta.service_model.operation_model("DescribeInstances").output_shape
    return answer.members["Reservations"].member.members["Instances"].member


def test_of_an_instance_the_sdk_reads_what_the_watchdog_uses_and_no_more() -> None:
    instance = instance_of(client("ec2"))
    assert tuple(instance.members) == READ["Instance"]
    assert tuple(instance.members["NetworkInterfaces"].member.members) == READ["InstanceNetworkInterface"]


def test_other_answers_requests_and_services_are_read_and_judged_whole() -> None:
    ec2 = client("ec2")
    whole: Any = Loader().load_service_model("ec2", "service-2")
    address = ec2.meta.service_model.shape_for("Address")
    assert list(address.members) == list(whole["shapes"]["Address"]["members"])
    with pytest.raises(ParamValidationError, match="InstanceIds"):
        ec2.stop_instances()
    assert "TableName" in client("dynamodb").meta.service_model.operation_model("PutItem").input_shape.members


def test_an_sdk_that_names_a_field_otherwise_is_left_as_it_is() -> None:
    """The function runs with the SDK of its platform's runtime, which changes by itself."""
    load: Any = Loader.load_service_model

    def otherwise(*asked: Any) -> Any:
        model = copy.deepcopy(load(*asked))
        members = model.get("shapes", {}).get("Instance", {}).get("members", {})
        if members:
            members["StartedAt"] = members.pop("LaunchTime")
        return model

    with mock.patch.object(Loader, "load_service_model", autospec=True, side_effect=otherwise):
        instance = instance_of(client("ec2"))
    assert {"StartedAt", "InstanceId", "ImageId", "Tags"} <= set(instance.members)
    assert tuple(instance.members["NetworkInterfaces"].member.members) == READ["InstanceNetworkInterface"]


@pytest.mark.parametrize(
    "told", ["2026-11-20T10:00:00.000Z", "2026-11-20T10:00:00Z", "2026-11-20T11:00:00+01:00", 1795168800]
)
def test_a_time_is_read_however_it_is_written(told: Any) -> None:
    assert time_of(told) == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="soon"):
        time_of("soon")
