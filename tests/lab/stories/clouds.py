"""The cloud that a story plays on: its ids, the lines of its log of calls, and the ways in which one of them can be wrong.

A story tells what was done, by the lab's verbs; here is how each cloud's emulator writes that down.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

from lab.rawevents import Verb

Row = dict[str, Any]

IP = {"wk1": "127.80.0.10", "wk2": "127.80.16.10"}


class StoryCloud(Protocol):
    """What of a story is the cloud's."""

    name: str
    log: str
    """The log of calls."""
    words: Mapping[str, str]
    """What the evidence calls a thing."""
    allocation: str
    instance: Mapping[str, str]
    card: Mapping[str, str]
    group: Mapping[str, str | None]
    """A worker's own security group, where it has one."""

    def association(self, worker: str, number: int) -> str:
        """The id of the story's association of this number, which is with this worker."""
        ...

    def call(self, verb: Verb, worker: str, number: int) -> Row:
        """The line of an accepted call without its times; `number` of the association that it makes or ends."""
        ...

    def say_take_it(self, row: Row) -> None:
        """An association that takes the address from whoever has it."""
        ...

    def say_nothing(self, row: Row) -> None:
        """An association that says nothing of what it expects."""
        ...

    def make_another(self, row: Row) -> None:
        """An association of which the cloud's own log knows nothing."""
        ...

    def name_another(self, row: Row, worker: str) -> None:
        """An association with this worker."""
        ...

    def refuse(self, row: Row) -> None:
        """As it is refused where somebody was faster."""
        ...


ACTIONS = {
    Verb.ASSOCIATE: "AssociateAddress",
    Verb.DISASSOCIATE: "DisassociateAddress",
    Verb.ISOLATE: "ModifyNetworkInterfaceAttribute",
    Verb.STOP: "StopInstances",
    Verb.START: "StartInstances",
}
"""EC2's own words."""


class OnAws:
    """EC2: every call names its action."""

    name, log = "aws", "gate"
    allocation = "eipalloc-0ccc"
    instance: Mapping[str, str] = MappingProxyType({"wk1": "i-0aaa", "wk2": "i-0bbb"})
    card: Mapping[str, str] = MappingProxyType({"wk1": "eni-0aaa", "wk2": "eni-0bbb"})
    group: Mapping[str, str | None] = MappingProxyType(dict[str, str | None](wk1=None, wk2=None))
    words: Mapping[str, str] = MappingProxyType(
        {verb.value: action for verb, action in ACTIONS.items()}
        | {"take it": "AllowReassociation=true", "nothing": "AllowReassociation=nothing"}
    )

    def association(self, worker: str, number: int) -> str:
        del worker
        return f"eipassoc-{number:02d}"

    def call(self, verb: Verb, worker: str, number: int) -> Row:
        made = {"associationId": self.association(worker, number)} if verb is Verb.ASSOCIATE else {}
        about = {
            "event": "call",
            "service": "ec2",
            "action": ACTIONS[verb],
            "params": self._params(verb, worker, number),
        }
        return about | {"status": 200, "error": None, "answer": made}

    def _params(self, verb: Verb, worker: str, number: int) -> Row:
        match verb:
            case Verb.ASSOCIATE:
                place = {"NetworkInterfaceId": self.card[worker], "PrivateIpAddress": IP[worker]}
                return {"AllocationId": self.allocation, **place, "AllowReassociation": "false"}
            case Verb.DISASSOCIATE:
                return {"AssociationId": self.association(worker, number)}
            case Verb.ISOLATE:
                return {"NetworkInterfaceId": self.card[worker]}
            case Verb.STOP:
                return {"InstanceId.1": self.instance[worker], "Force": "true"}
            case Verb.START:
                return {"InstanceId.1": self.instance[worker]}

    def say_take_it(self, row: Row) -> None:
        row["params"]["AllowReassociation"] = "true"

    def say_nothing(self, row: Row) -> None:
        del row["params"]["AllowReassociation"]

    def make_another(self, row: Row) -> None:
        row["answer"] = {"associationId": "eipassoc-99"}

    def name_another(self, row: Row, worker: str) -> None:
        row["params"].update(NetworkInterfaceId=self.card[worker], PrivateIpAddress=IP[worker])

    def refuse(self, row: Row) -> None:
        row.update(status=400, error="Resource.AlreadyAssociated", answer={})


_GROUP = "/subscriptions/s/resourceGroups/g/providers"
_NETWORK, _COMPUTE = f"{_GROUP}/Microsoft.Network", f"{_GROUP}/Microsoft.Compute"
_CONFIGURATION = "main"


class OnAzure:
    """Resource Manager: a method and a resource, and a move is what the body of a card says and leaves out."""

    name, log = "azure", "requests"
    allocation = f"{_NETWORK}/publicIPAddresses/front"
    instance: Mapping[str, str] = MappingProxyType({name: f"{_COMPUTE}/virtualMachines/{name}" for name in IP})
    card: Mapping[str, str] = MappingProxyType({name: f"{_NETWORK}/networkInterfaces/{name}" for name in IP})
    group: Mapping[str, str | None] = MappingProxyType({name: f"{_NETWORK}/networkSecurityGroups/{name}" for name in IP})
    words: Mapping[str, str] = MappingProxyType(
        {
            "associate": "PUT networkInterfaces/wk2",
            "disassociate": "PUT networkInterfaces/",
            "stop": "POST wk1/powerOff",
            "start": "POST wk1/start",
            "take it": "If-Match: *",
            "nothing": "names no ETag",
        }
    )

    def association(self, worker: str, number: int) -> str:
        return f"{self.card[worker]}/ipConfigurations/{_CONFIGURATION}@{self._word(number)}"

    def call(self, verb: Verb, worker: str, number: int) -> Row:
        match verb:
            case Verb.ASSOCIATE:
                return self._written(self.card[worker], self._body(worker, self._word(number)))
            case Verb.DISASSOCIATE:
                return self._written(self.card[worker], self._body(worker, ""))
            case Verb.ISOLATE:
                kind, path = "networkSecurityGroups/securityRules", f"{self.group[worker]}/securityRules/tandem-fence-in"
                return _request("PUT", path, f"Microsoft.Network/{kind}/write") | {"body": {"properties": {}}}
            case Verb.STOP | Verb.START:
                word = "powerOff" if verb is Verb.STOP else "start"
                action = f"Microsoft.Compute/virtualMachines/{word}/action"
                return _request("POST", f"{self.instance[worker]}/{word}", action) | {"status": 202}

    def say_take_it(self, row: Row) -> None:
        row["if_match"] = "*"

    def say_nothing(self, row: Row) -> None:
        row["if_match"] = None

    def make_another(self, row: Row) -> None:
        row["body"]["tags"]["tandem:association"] = self._word(99)

    def name_another(self, row: Row, worker: str) -> None:
        word = row["body"]["tags"]["tandem:association"]
        row.update(path=self.card[worker], body=self._body(worker, word))

    def refuse(self, row: Row) -> None:
        row.update(status=412, error="PreconditionFailed")

    def _written(self, path: str, body: Row) -> Row:
        return _request("PUT", path, "Microsoft.Network/networkInterfaces/write") | {"if_match": 'W/"1"', "body": body}

    def _body(self, worker: str, word: str) -> Row:
        """Of a worker's card; `word` tells its association, "" = it has no address."""
        inside = {"privateIPAddress": IP[worker], **({"publicIPAddress": {"id": self.allocation}} if word else {})}
        tags = {"tandem:association": word} if word else {}
        return {"tags": tags, "properties": {"ipConfigurations": [{"name": _CONFIGURATION, "properties": inside}]}}

    def _word(self, number: int) -> str:
        return f"{number}-made"


def _request(method: str, path: str, action: str) -> Row:
    about = {"event": "request", "method": method, "path": path, "action": action}
    return about | {"identity": "watchdog", "if_match": None, "status": 200, "error": None}


AWS, AZURE = OnAws(), OnAzure()
EVERY_CLOUD: tuple[StoryCloud, ...] = (AWS, AZURE)
