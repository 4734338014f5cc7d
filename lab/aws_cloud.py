"""The emulated AWS as the lab deals with it: `lab.emulators`, and what only AWS calls what it calls it."""

import functools
import json
import signal
from collections.abc import Mapping, Sequence
from typing import Any

from lab import processes, stack_file
from lab.api_faults import ApiFaults, Fault, Kind
from lab.asking import Desk, TableDesk
from lab.emulators import ACCOUNT_ID, LAB_KEY_ID, Emulators
from lab.hypervisor import Described
from lab.processes import ProcessId
from lab.providers import aws
from lab.providers.registry import Registry
from lab.rawevents import Verb

ACTIONS: Mapping[Verb, str] = {
    Verb.ASSOCIATE: "AssociateAddress",
    Verb.DISASSOCIATE: "DisassociateAddress",
    Verb.ISOLATE: "ModifyNetworkInterfaceAttribute",
    Verb.STOP: "StopInstances",
    Verb.START: "StartInstances",
}
"""EC2's own words."""

MOTOS, OTHERS = "ec2, iam, kms, sts", "others"
"""What each of the two emulators answers for."""


class AwsCloud:
    """See `lab.lab_cloud.LabCloud`."""

    title = "AWS"
    last_step = "the watchdog's first tick"
    operator = LAB_KEY_ID

    def __init__(self, emulators: Emulators, api_faults: ApiFaults | None = None) -> None:
        self.emulators = emulators
        self._api_faults = api_faults
        self._ec2 = emulators.client("ec2")

    def describe(self, instance_id: str) -> Described:
        """One DescribeInstances."""
        (instance,) = self._ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"]
        tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
        return Described(
            name=tags["Name"].rpartition("-")[2],
            private_ip=instance["PrivateIpAddress"],
            card_id=instance["NetworkInterfaces"][0]["NetworkInterfaceId"],
            groups=frozenset(group["GroupId"] for group in instance["SecurityGroups"]),
        )

    @functools.cache  # noqa: B019 - a lab has one of these, for its life
    def is_fixed(self, allocation_id: str) -> bool:
        """By the name that the program gives it."""
        (address,) = self._ec2.describe_addresses(AllocationIds=[allocation_id])["Addresses"]
        return any(tag["Key"] == "Name" and tag["Value"].endswith("-address") for tag in address["Tags"])

    def registry(self) -> Registry:
        """Over both emulators."""
        return aws.registry(self.emulators.client, region=self.emulators.region, account_id=ACCOUNT_ID)

    def environment(self) -> Mapping[str, str]:
        """An endpoint for each service."""
        return stack_file.endpoints_environment(self.emulators.endpoints)

    def endpoints(self) -> Mapping[str, str]:
        """Of both emulators."""
        return {MOTOS: self.emulators.endpoints.moto, OTHERS: self.emulators.endpoints.ministack}

    def check(self) -> None:
        """Nothing goes on in it but in its processes, which the supervisor checks."""

    def close(self) -> None:
        """Nothing to end."""

    def credentials(self) -> Mapping[str, str]:
        """Of the emulators' one account."""
        return self.emulators.credentials()

    def observed(self, outputs: Mapping[str, Any]) -> Sequence[object]:
        """The table's items."""
        endpoint, region = self.emulators.endpoints.of("dynamodb"), self.emulators.region
        return ["--store", "table", "--endpoint", endpoint, "--region", region, "--table", outputs["stateTable"]]

    def desk(self, outputs: Mapping[str, Any]) -> Desk:
        """At the table."""
        return TableDesk(self.emulators.client("dynamodb"), str(outputs["stateTable"]), str(outputs["cliConfig"]["site"]))

    def start_instance(self, instance_id: str) -> None:
        """StartInstances."""
        self._ec2.start_instances(InstanceIds=[instance_id])

    def trap(self, verb: Verb, card_id: str, way: str) -> None:
        """By EC2's action alone, which says what it is about."""
        del card_id
        self.emulators.trap(ACTIONS[verb], way)

    def wait_trapped(self, deadline_s: float) -> None:
        """At the gate before moto."""
        self.emulators.wait_trapped(deadline_s)

    def release(self, fate: str) -> None:
        """At the gate before moto."""
        self.emulators.release(fate)

    def lose_answer(self, verb: Verb, card_id: str) -> None:
        """By the front before EC2."""
        del card_id
        self._fronts().put([Fault("ec2", ACTIONS[verb], Kind.LOST)])

    def require_lost(self) -> None:
        """By the front's own log."""
        self._fronts().require_fired()
        self._fronts().clear()

    def strike(self, process: ProcessId, number: signal.Signals) -> bool:
        """The platform does nothing: the schedule starts the next arbiter."""
        return processes.send(process, number)

    def start_arbiter(self, outputs: Mapping[str, Any]) -> None:
        """As a second event of the schedule would start it."""
        payload = json.dumps({"tick": "loop"})
        self.emulators.client("lambda").invoke(FunctionName=outputs["watchdogName"], InvocationType="Event", Payload=payload)

    def _fronts(self) -> ApiFaults:
        if self._api_faults is None:
            raise RuntimeError("this lab has nothing before its AWS: the scenario must ask for it")
        return self._api_faults
