"""What our role may do, asked without doing it: Azure rehearses nothing, but tells a caller what it is allowed where.

`GET SCOPE/providers/Microsoft.Authorization/permissions` answers with the actions of every role that holds there, and with
what each leaves out. A full PUT of a card is refused for one missing join of what the card names, changed or not, so each
command asks at every resource that its call names.

May import `contract`, `model`, and `outcomes` beside it, and the SDK.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from azure.core.rest import HttpRequest
from azure.mgmt.network import NetworkManagementClient

from failover_lambda.azure.outcomes import DENIED_IN_REHEARSAL, NotSentError
from failover_lambda.contract import Worker
from failover_lambda.model import Command, Do

API_VERSION: Final = "2022-04-01"
"""Of Microsoft.Authorization/permissions (REST reference, "Permissions - List For Resource")."""

_MACHINE: Final = "Microsoft.Compute/virtualMachines"
_GROUP: Final = "Microsoft.Network/networkSecurityGroups"

Right = tuple[str, str]
"""A scope, by the id of its resource, and an action that is needed there."""


class Front(Protocol):
    """What is asked of it here."""

    def needed(self, do: Do, worker: Worker) -> Iterator[Right]:
        """The rights that a half of a move takes."""
        ...


class Rights:
    """What the commands of a site need, and whether our role has it."""

    def __init__(self, front: Front, client: NetworkManagementClient) -> None:
        """`front`: what moves, a Public IP or the rotation of a pool."""
        self._front = front
        self._client = client

    def require(self, command: Command, worker: Worker) -> None:
        """Reads only: the permissions at every resource that the command's calls name.

        Raises:
            NotSentError: `DENIED_IN_REHEARSAL` and the first action that our role lacks.
        """
        for scope, action in self._needed(command, worker):
            if not allows(self._permissions(scope), action):
                raise NotSentError(f"{DENIED_IN_REHEARSAL}{action}")

    def _needed(self, command: Command, worker: Worker) -> Iterator[Right]:
        match command.do:
            case Do.ISOLATE | Do.RESTORE:
                yield from ((group, f"{_GROUP}/securityRules/write") for group in worker.group_ids)
            case Do.STOP:
                yield worker.instance_id, f"{_MACHINE}/powerOff/action"
            case Do.START:
                yield worker.instance_id, f"{_MACHINE}/start/action"
            case Do.ASSOCIATE | Do.DISASSOCIATE:
                yield from self._front.needed(command.do, worker)

    def _permissions(self, scope: str) -> list[Mapping[str, Any]]:
        url = f"{scope}/providers/Microsoft.Authorization/permissions?api-version={API_VERSION}"
        answer = self._client.send_request(HttpRequest("GET", url))
        answer.raise_for_status()
        return list(answer.json()["value"])


def allows(permissions: Iterable[Mapping[str, Any]], action: str) -> bool:
    """Whether one of them has the action among its own and not among those that it leaves out.

    >>> allows([{"actions": ["Microsoft.Network/*"], "notActions": ["*/delete"]}], "Microsoft.Network/natGateways/write")
    True
    """
    return any(
        _names(permission.get("actions") or [], action) and not _names(permission.get("notActions") or [], action)
        for permission in permissions
    )


def _names(patterns: Iterable[str], action: str) -> bool:
    """Without regard to case; a star stands for anything, slashes too."""
    return any(re.fullmatch(re.escape(each).replace(r"\*", ".*"), action, re.IGNORECASE) for each in patterns)
