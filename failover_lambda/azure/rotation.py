"""The pool of a load balancer in the place of the address: one member is up, the others are down.

What `address` does with a Public IP is done here with `adminState`, for `front: balancer`: an association is the member that
takes new connections, and its id is the pool's ETag while it does. Every write names the ETag that was read, and all members
are in one document, so no late write of the time before finds the pool as it was. A member that is down keeps what
connections stand (Azure, "Administrative state", read 2026-11): that is what the fence is for.

A write can end well and leave the pool empty (pulumi-azure-native#3601), so it is read back. Nobody but the watchdog writes
the pool: a PUT of the balancer drops members by address.

May import `contract`, `model`, `errors`, and `network`, `names` and `outcomes` beside it.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Final

from failover_lambda.azure.bodies import Document
from failover_lambda.azure.names import PoolId, is_same
from failover_lambda.azure.network import IN_MOTION, Network, state_of
from failover_lambda.azure.outcomes import NotNowError, NotSentError, UnfinishedError
from failover_lambda.contract import OWNER_TAG, Settings, Worker
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import AddressView, Association, Do

UP: Final = "Up"
DOWN: Final = "Down"
"""Whatever is not down takes new connections as soon as its probe succeeds; a member that says nothing too."""


class Rotation:
    """The one pool of a site."""

    def __init__(self, settings: Settings, network: Network) -> None:
        self._settings = settings
        self._network = network
        self._pool_id = PoolId.parse(settings.address_id)
        self._public_ip = ""

    def read(self) -> AddressView:
        """One read of the balancer; the first time one of its address too.

        Raises:
            CouldNotAskError: the pool is being changed.
        """
        balancer = self._network.balancer(self._pool_id)
        pool = next(each for each in balancer["properties"]["backendAddressPools"] if each["name"] == self._pool_id.pool)
        if state_of(balancer) in IN_MOTION or state_of(pool) in IN_MOTION:
            raise CouldNotAskError("the balancer's pool is being changed")
        return AddressView(
            public_ip=self._frontend(balancer),
            association=self._association(pool),
            owner=str((balancer.get("tags") or {}).get(OWNER_TAG, "")),
        )

    def associate(self, worker: Worker, epoch: int) -> str:
        """Let `worker` take the connections if nobody else does; returns the association."""
        del epoch  # the ETag tells a late write; whose turn it is, the record does
        pool = self._at_rest()
        serving = [self._worker_of(each) for each in _up(pool)]
        if serving == [worker.name]:
            return _association_id(pool)
        if serving:
            raise NotNowError("AnotherMemberIsUp")
        return _association_id(self._written(pool, worker.name))

    def disassociate(self, association_id: str, epoch: int) -> None:
        """Let nobody take connections, if this association still stands."""
        del epoch
        pool = self._at_rest()
        if association_id == _association_id(pool) and _up(pool):
            self._written(pool, "")

    def needed(self, do: Do, worker: Worker) -> Iterator[tuple[str, str]]:
        """The rights that a half of a move takes: where, and which."""
        del do
        yield self._settings.address_id, "Microsoft.Network/loadBalancers/backendAddressPools/write"
        yield self._network_of(worker), "Microsoft.Network/virtualNetworks/joinLoadBalancer/action"

    def _at_rest(self) -> Document:
        return self._network.pool_at_rest(self._pool_id)

    def _written(self, pool: Document, up: str) -> Document:
        """All workers are members, one is up, "" = none; read back."""
        document = deepcopy(pool)
        document["properties"]["loadBalancerBackendAddresses"] = [
            {
                "name": worker.name,
                "properties": {
                    "ipAddress": worker.address_private_ip,
                    "virtualNetwork": {"id": self._network_of(worker)},
                    "adminState": UP if worker.name == up else DOWN,
                },
            }
            for worker in self._settings.workers
        ]
        after = self._network.write_pool(self._pool_id, document)
        if [self._worker_of(each) for each in _up(after)] != ([up] if up else []) or not _members(after):
            raise UnfinishedError("NotAsWritten")
        return after

    def _network_of(self, worker: Worker) -> str:
        """The VNet of its card, which a member by address has to name."""
        card = self._network.card(worker.network_interface_id)
        if card is None:
            raise NotSentError("NoCard")
        subnet = str(card["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"])
        return subnet.rsplit("/", 2)[0]

    def _association(self, pool: Document) -> Association | None:
        """Of two members that are up none is the one: it leads nowhere, and the rule makes it anew (5.11)."""
        up = _up(pool)
        if not up:
            return None
        name = self._worker_of(up[0])
        worker = next((each for each in self._settings.workers if each.name == name), None)
        return Association(
            association_id=_association_id(pool),
            instance_id=worker.instance_id if worker else "",
            network_interface_id=worker.network_interface_id if worker else "",
            private_ip=worker.address_private_ip if worker and len(up) == 1 else "",
        )

    def _worker_of(self, member: Document) -> str:
        """Which worker it is, by its address; "" = none of ours."""
        address = member["properties"].get("ipAddress", "")
        return next((each.name for each in self._settings.workers if each.address_private_ip == address), "")

    def _frontend(self, balancer: Document) -> str:
        if not self._public_ip:
            for each in balancer["properties"]["frontendIPConfigurations"]:
                address = each["properties"].get("publicIPAddress", {}).get("id", "")
                if address:
                    self._public_ip = str(self._network.address(address)["properties"].get("ipAddress", ""))
        return self._public_ip


def _members(pool: Document) -> list[Document]:
    return list(pool["properties"].get("loadBalancerBackendAddresses") or [])


def _up(pool: Document) -> list[Document]:
    return [each for each in _members(pool) if not is_same(str(each["properties"].get("adminState", "")), DOWN)]


def _association_id(pool: Document) -> str:
    return f"{pool['id']}@{pool['etag']}"
