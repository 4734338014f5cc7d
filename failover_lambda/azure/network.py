"""Network resources of Azure, as the watchdog reads and writes them: one call each, and the wait for an operation's end.

Nothing here polls an operation's own address: those lie at the subscription, where our role reads nothing, and the SDK's
poller would sleep for as long as the service suggests (10 s). The resource itself says when it is done.

May import `bodies`, `outcomes`, `names`, `ports`, and the SDK.
"""

from collections.abc import Callable
from typing import Any, Final

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.mgmt.network import NetworkManagementClient

from failover_lambda.azure import bodies
from failover_lambda.azure.bodies import Document
from failover_lambda.azure.names import Id, PoolId
from failover_lambda.azure.outcomes import UnfinishedError
from failover_lambda.ports import Clock

POLL_S: Final = 1.0
ENDS_WITHIN_S: Final = 120.0
"""Of a write on a network card: F5 measured 55 to 85 s for a whole move on the old control plane, which is two such writes
(F5 Cloud Failover Extension, performance-sizing)."""

SUCCEEDED: Final = "Succeeded"
IN_MOTION: Final = frozenset({"Creating", "Deleting", "Updating"})


def state_of(document: Document) -> str:
    """Its provisioning state."""
    return str(document["properties"]["provisioningState"])


class Network:
    """The network resources of a site; each method is one call unless it says otherwise."""

    def __init__(self, client: NetworkManagementClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def address(self, address_id: str) -> Document:
        """The Public IP."""
        at = Id.parse(address_id)
        return self._client.public_ip_addresses.get(at.group, at.name).as_dict()

    def card(self, card_id: str) -> Document | None:
        """A network card; None = there is none."""
        at = Id.parse(card_id)
        try:
            return self._client.network_interfaces.get(at.group, at.name).as_dict()
        except ResourceNotFoundError:
            return None

    def mark_card(self, card_id: str, tags: dict[str, str], etag: str) -> Document:
        """Replace the tags of a card, on condition of that ETag."""
        at, condition = Id.parse(card_id), {"If-Match": etag}
        return self._client.network_interfaces.update_tags(at.group, at.name, {"tags": tags}, headers=condition).as_dict()

    def write_card(self, card_id: str, document: Document) -> Document:
        """Write a card on condition of the ETag in the document, and wait until that has ended.

        Raises:
            UnfinishedError: it has failed, or not ended within ENDS_WITHIN_S.
        """
        at, body = Id.parse(card_id), _as_sdk(bodies.of_card(document))
        condition = {"If-Match": str(document["etag"])}
        self._client.network_interfaces.begin_create_or_update(at.group, at.name, body, polling=False, headers=condition)
        return _succeeded(self.at_rest(card_id))

    def at_rest(self, card_id: str) -> Document:
        """The card once nothing changes it any more: see `_at_rest`."""
        return self._at_rest(lambda: self.card(card_id))

    def _at_rest(self, read: Callable[[], Document | None]) -> Document:
        """Read once a second until nothing changes it any more. A read without an answer is no end.

        Raises:
            UnfinishedError: it is gone, or being changed longer than ENDS_WITHIN_S.
        """
        end_s = self._clock.monotonic_s() + ENDS_WITHIN_S
        while self._clock.monotonic_s() < end_s:
            try:
                document = read()
            except AzureError:
                self._clock.sleep(POLL_S)
                continue
            if document is None:
                raise UnfinishedError("Gone")
            if state_of(document) not in IN_MOTION:
                return document
            self._clock.sleep(POLL_S)
        raise UnfinishedError("NotEnded")

    def balancer(self, pool: PoolId) -> Document:
        """The balancer of a pool, with all its pools."""
        return self._client.load_balancers.get(pool.group, pool.balancer).as_dict()

    def pool_at_rest(self, pool: PoolId) -> Document:
        """The pool once nothing changes it any more."""
        pools = self._client.load_balancer_backend_address_pools
        return self._at_rest(lambda: pools.get(pool.group, pool.balancer, pool.pool).as_dict())

    def write_pool(self, pool: PoolId, document: Document) -> Document:
        """Write a pool on condition of the ETag in the document, and wait until that has ended.

        Raises:
            UnfinishedError: it has failed, or not ended within ENDS_WITHIN_S.
        """
        condition, body = {"If-Match": str(document["etag"])}, _as_sdk(bodies.of_pool(document))
        pools = self._client.load_balancer_backend_address_pools
        pools.begin_create_or_update(pool.group, pool.balancer, pool.pool, body, polling=False, headers=condition)
        return _succeeded(self.pool_at_rest(pool))

    def group(self, group_id: str) -> Document:
        """A security group with its rules."""
        at = Id.parse(group_id)
        return self._client.network_security_groups.get(at.group, at.name).as_dict()

    def write_rule(self, group_id: str, rule: Document) -> Document:
        """Write one rule of a group, and wait until that has ended; returns what stands then."""
        at, name, body = Id.parse(group_id), str(rule["name"]), _as_sdk(bodies.of_rule(rule))
        self._client.security_rules.begin_create_or_update(at.group, at.name, name, body, polling=False)
        return _succeeded(self._at_rest(lambda: self._client.security_rules.get(at.group, at.name, name).as_dict()))


def _as_sdk(body: Document) -> Any:
    """As the SDK takes it: its own types name the same fields."""
    return body


def _succeeded(document: Document) -> Document:
    if state_of(document) != SUCCEEDED:
        raise UnfinishedError(state_of(document))
    return document
