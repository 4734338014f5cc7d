"""A client of the lab refuses what AWS's own models refuse and neither botocore nor the emulators look at."""

import re
from typing import Any

import boto3
import pytest
from botocore.config import Config

from lab.limits import BeyondLimitsError, compiled, faults_of, guard

_session: Any = boto3.session.Session("lab", "lab", region_name="eu-central-1")

REFUSED: list[tuple[str, str, dict[str, Any], str]] = [
    ("lambda", "Invoke", {"FunctionName": "a b"}, "FunctionName is 'a b', which is not of the form"),
    ("lambda", "CreateFunction", {"FunctionName": "f" * 141}, "FunctionName has 141 characters, at most 140"),
    ("lambda", "CreateFunction", {"Timeout": 0}, "Timeout is 0, at least 1 is needed"),
    ("lambda", "CreateFunction", {"MemorySize": 10**6}, "MemorySize is 1e+06, at most"),
    ("lambda", "CreateFunction", {"Runtime": "python2"}, "Runtime is 'python2', and the choices are"),
    ("lambda", "CreateFunction", {"Architectures": ["arm64", "x86_64"]}, "Architectures has 2 items, at most 1"),
    ("lambda", "CreateFunction", {"Tags": {"owner": "Mr. *"}}, "Tags[owner] is 'Mr. *', which is not of the form"),
    ("logs", "CreateLogGroup", {"tags": {}}, "tags has 0 entries, at least 1"),
    ("lambda", "CreateFunction", {"Tags": {"a*b": "x"}}, "Tags (key a*b) is 'a*b', which is not of the form"),
    ("kms", "Encrypt", {"Plaintext": b"x" * 4097}, "Plaintext has 4097 bytes, at most 4096"),
    ("ec2", "AllocateAddress", {"TagSpecifications": [{"ResourceType": "adress"}]}, "TagSpecifications[0].ResourceType is"),
]


def client(service: str) -> Any:
    return _session.client(service, endpoint_url="http://127.0.0.1:1", config=Config(parameter_validation=False))


@pytest.mark.parametrize(("service", "operation", "params", "fault"), REFUSED, ids=[it[3].split(",")[0] for it in REFUSED])
def test_a_request_beyond_a_limit_is_told(service: str, operation: str, params: dict[str, Any], fault: str) -> None:
    model = client(service).meta.service_model.operation_model(operation)

    (found,) = faults_of(params, model)

    assert found.startswith(fault)


def test_a_request_within_its_limits_has_no_faults() -> None:
    model = client("lambda").meta.service_model.operation_model("CreateFunction")
    tags = {"Name": "lab_1.x:/=+-@ ä", "empty": ""}
    params = {"FunctionName": "f" * 64, "Timeout": 180, "Runtime": "python3.13", "Architectures": ["arm64"], "Tags": tags}

    assert faults_of(params, model) == []


def test_a_guarded_client_refuses_before_anything_leaves() -> None:
    logs = client("logs")
    guard(logs)

    with pytest.raises(
        BeyondLimitsError, match=r"^AWS would refuse this CreateLogGroup: logGroupName is 'a b', which is not"
    ):
        logs.create_log_group(logGroupName="a b")


def test_a_pattern_that_cannot_be_read_is_an_error_and_no_check_left_out() -> None:
    shape = client("dynamodb").meta.service_model.shape_for("AutoScalingPolicyName")

    with pytest.raises(re.error, match="bad escape"):
        compiled(shape.metadata["pattern"])
