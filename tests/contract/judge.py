"""A client that sends nothing: botocore's own model judges each request, and so do the limits that botocore leaves out."""

import io
import json
from datetime import UTC, datetime
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.validate import ParamValidator

from failover_lambda.contract import to_plain
from failover_lambda.model import Answer, ProbeReport, Sight
from lab.limits import faults_of
from tests.contract.emulators import client
from tests.fakes import make_settings

SETTINGS = make_settings()
LEASE_ITEM = {
    "owner": {"S": "arbiter-1"},
    "token": {"N": "2"},
    "rvn": {"N": "2"},
    "wish": {"S": ""},
    "asked": {"S": ""},
    "answered": {"S": ""},
}
SIGHT = Sight(
    vantage="prober-a",
    zone="a",
    anchor_reached=True,
    reports=(ProbeReport(worker="wk1", answer=Answer.HEALTHY),),
)
CAPACITY = {"ConsumedCapacity": {"TableName": "record"}}
ANSWERS: dict[str, dict[str, Any]] = {
    "DescribeAddresses": {"Addresses": [{"AllocationId": SETTINGS.address_id, "PublicIp": "127.0.0.1"}]},
    "DescribeInstances": {
        "Reservations": [
            {
                "Instances": [
                    {
                        "InstanceId": "i-1",
                        "State": {"Name": "rebooting"},
                        "LaunchTime": datetime(2026, 1, 1, tzinfo=UTC),
                        "SecurityGroups": [{"GroupId": SETTINGS.isolation_group_id}],
                    }
                ]
            }
        ]
    },
    "DescribeInstanceStatus": {"InstanceStatuses": []},
    "AssociateAddress": {"AssociationId": "eipassoc-1"},
    "GetItem": {**CAPACITY, "Item": LEASE_ITEM},
    "UpdateItem": {**CAPACITY, "Attributes": LEASE_ITEM},
    "PutItem": CAPACITY,
    "TransactWriteItems": CAPACITY,
    "Publish": {"MessageId": "m-1"},
    "Invoke": {"StatusCode": 200},
}
"""Just enough of an answer; every other operation answers nothing."""


class Judge:
    """A client that sends nothing: its requests are judged, and kept.

    Adapters catch what a client raises, so a fault is kept as well; `faults` has to be empty in the end.
    """

    def __init__(self, service: str) -> None:
        self.answers = dict(ANSWERS)
        self.client = client(service, "http://127.0.0.1:1")
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.faults: list[str] = []
        events: Any = self.client.meta.events
        events.register_first("provide-client-params.*", self._judge)
        events.register("before-call", self._answer)

    @property
    def operations(self) -> set[str]:
        """The names of all operations that were asked for."""
        return {operation for operation, _ in self.requests}

    def only(self, operation: str) -> dict[str, Any]:
        """The parameters of the one request for `operation`."""
        (params,) = (params for name, params in self.requests if name == operation)
        return params

    def _judge(self, params: dict[str, Any], model: Any, **_: object) -> None:
        typed = ParamValidator().validate(params, model.input_shape)
        faults = [typed.generate_report()] if typed.has_errors() else faults_of(params, model)
        self.faults += [f"{model.name}: {fault}" for fault in faults]
        assert not faults, self.faults
        self.requests.append((model.name, params))

    def _answer(self, model: Any, **_: object) -> tuple[AWSResponse, dict[str, Any]]:
        answer = {"ResponseMetadata": {"RequestId": "r-1"}, **self.answers.get(model.name, {})}
        if model.name == "Invoke":
            answer["Payload"] = io.BytesIO(json.dumps(to_plain(SIGHT)).encode())
        return AWSResponse("http://127.0.0.1:1", 200, {}, None), answer  # pyright: ignore[reportArgumentType] (no body is read)
