"""The Public IP: one read, and the two conditional halves of a move.

A Public IP hangs on an IP configuration of a network card and is refused to any other one meanwhile, so a move is two writes
of cards. What makes a late copy of either harmless is the card's ETag: before an epoch's first write every worker's card has
to get another one (`names.EPOCH_TAG`), and each write names the ETag that was read after that (docs/RULE.md 5.3, 5.4). The
mark itself names the one that was read before it: a process that stood still would else write a past epoch over a later one.

An association has no id on Azure. Ours is a word that is written on the card with the address and removed with it
(`names.ASSOCIATION_TAG`); one that somebody else made has none, and is told from ours by that.

Done is: the reference is there, *and* the card is provisioned. A card that failed after it got the reference shows an
association that leads nowhere, and the rule makes it anew (5.11).

May import `contract`, `model`, `errors`, and `network`, `names` and `outcomes` beside it.
"""

import contextlib
import uuid
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from azure.core.exceptions import AzureError

from failover_lambda.azure.bodies import Document
from failover_lambda.azure.names import ASSOCIATION_TAG, EPOCH_TAG, card_of, is_same
from failover_lambda.azure.network import IN_MOTION, SUCCEEDED, Network, state_of
from failover_lambda.azure.outcomes import NotSentError, UnfinishedError
from failover_lambda.contract import OWNER_TAG, Settings, Worker
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import AddressView, Association, Do


def _new_word() -> str:
    return uuid.uuid4().hex[:12]


class Address:
    """The one Public IP of a site."""

    def __init__(self, settings: Settings, network: Network, new_word: Callable[[], str] = _new_word) -> None:
        self._settings = settings
        self._network = network
        self._new_word = new_word

    def read(self) -> AddressView:
        """One read of the address and one of each worker's card.

        Raises:
            CouldNotAskError: a card that has the address, or lets it go, is being changed, or card and address contradict
                each other: it will show soon where the address is.
        """
        shown = self._network.address(self._settings.address_id)
        cards = [card for worker in self._settings.workers if (card := self._network.card(worker.network_interface_id))]
        held_by = str(shown["properties"].get("ipConfiguration", {}).get("id", ""))
        holding = [(card, each) for card in cards for each in _configurations(card) if self._has_address(each)]
        self._require_rest(shown, cards, holding, held_by)
        association = None
        if holding:
            ((card, configuration),) = holding
            association = self._association(card, configuration)
        elif held_by:
            association = Association(
                association_id=f"{held_by}@", instance_id="", network_interface_id=card_of(held_by), private_ip=""
            )
        return AddressView(
            public_ip=str(shown["properties"].get("ipAddress", "")),
            association=association,
            owner=str(shown.get("tags", {}).get(OWNER_TAG, "")),
        )

    def _require_rest(
        self, shown: Document, cards: list[Document], holding: list[tuple[Document, Document]], held_by: str
    ) -> None:
        in_motion = [card["name"] for card in cards if state_of(card) in IN_MOTION]
        if in_motion and (not held_by or any(card["name"] in in_motion for card, _ in holding)):
            raise CouldNotAskError(f"the network card {', '.join(in_motion)} is being changed")
        if state_of(shown) in IN_MOTION:
            raise CouldNotAskError("the address is being changed")
        own = [str(each["id"]) for _, each in holding]
        ours = any(is_same(card_of(held_by), str(card["id"])) for card in cards) if held_by else False
        if len(own) > 1 or (own and not is_same(own[0], held_by)) or (ours and not own):
            raise CouldNotAskError(f"the address says that it is on {held_by or 'nobody'}, the cards say {own or 'nobody'}")

    def _association(self, card: Document, configuration: Document) -> Association:
        """An association that leads nowhere has no private address: see above."""
        worker = next(each for each in self._settings.workers if is_same(each.network_interface_id, str(card["id"])))
        leads = state_of(card) == SUCCEEDED
        return Association(
            association_id=_association_id(card, configuration),
            instance_id=worker.instance_id,
            network_interface_id=worker.network_interface_id,
            private_ip=str(configuration["properties"]["privateIPAddress"]) if leads else "",
        )

    def associate(self, worker: Worker, epoch: int) -> str:
        """Put the address on `worker` if it is on nobody; returns the association."""
        if self._has_address(self._configuration(worker, self._card(worker))):
            return self._kept(worker)
        card = deepcopy(self._mark_all(worker.network_interface_id, epoch))
        here = self._configuration(worker, card)
        if self._has_address(here):  # another leader of this epoch was first; its association is not made anew
            return self._kept(worker)
        here["properties"]["publicIPAddress"] = {"id": self._settings.address_id}
        card["tags"][ASSOCIATION_TAG] = f"{epoch}-{self._new_word()}"
        return _association_id(self._written(worker.network_interface_id, card), here)

    def _kept(self, worker: Worker) -> str:
        """The association that the worker has, once it leads there."""
        card = self._network.at_rest(worker.network_interface_id)
        if state_of(card) != SUCCEEDED:  # it failed with the address on it: what is there is written once more
            card = self._written(worker.network_interface_id, card)
        return _association_id(card, self._configuration(worker, card))

    def disassociate(self, association_id: str, epoch: int) -> None:
        """End exactly this association."""
        configuration_id, _, _ = association_id.rpartition("@")
        card_id = card_of(configuration_id)
        if self._ended(self._network.card(card_id), association_id):
            return
        card = deepcopy(self._mark_all(card_id, epoch))
        if self._ended(card, association_id):
            return
        for each in _configurations(card):
            if self._has_address(each):
                del each["properties"]["publicIPAddress"]
        card.get("tags", {}).pop(ASSOCIATION_TAG, None)
        self._written(card_id, card)

    def needed(self, do: Do, worker: Worker) -> Iterator[tuple[str, str]]:
        """The rights that a half of a move takes: where, and which. Of all that the card names the join is looked at."""
        yield worker.network_interface_id, "Microsoft.Network/networkInterfaces/write"
        card: Document = self._network.card(worker.network_interface_id) or {"properties": {}}
        for configuration in _configurations(card):
            if subnet := configuration["properties"].get("subnet", {}).get("id", ""):
                yield subnet, "Microsoft.Network/virtualNetworks/subnets/join/action"
        if group := card["properties"].get("networkSecurityGroup", {}).get("id", ""):
            yield group, "Microsoft.Network/networkSecurityGroups/join/action"
        if do is Do.ASSOCIATE:
            yield self._settings.address_id, "Microsoft.Network/publicIPAddresses/join/action"

    def _ended(self, card: Document | None, association_id: str) -> bool:
        """Whether the association does not exist any more; waits for a write that is ending it."""
        if card is None:
            return True
        if any(self._has_address(each) and _association_id(card, each) == association_id for each in _configurations(card)):
            return False
        self._network.at_rest(str(card["id"]))
        return True

    def _mark_all(self, card_id: str, epoch: int) -> Document:
        """Write the epoch on every worker's card; returns the one that is to be written next.

        That one has to be marked; another worker's may be out of reach with its zone.
        """
        for worker in self._settings.workers:
            if not is_same(worker.network_interface_id, card_id):
                with contextlib.suppress(AzureError, UnfinishedError):
                    self._marked(worker.network_interface_id, epoch)
        return self._marked(card_id, epoch)

    def _written(self, card_id: str, document: Document) -> Document:
        """Write a card; read back, because whoever answered with success may not have been Resource Manager.

        Raises:
            UnfinishedError: the address, or the word of its association, is not where the document says.
        """
        after = self._network.write_card(card_id, document)
        wanted, found = (
            [(each["name"], self._has_address(each)) for each in _configurations(it)] for it in (document, after)
        )
        if wanted != found or _word(document) != _word(after):
            raise UnfinishedError("NotAsWritten")
        return after

    def _marked(self, card_id: str, epoch: int) -> Document:
        """A card with this epoch on it.

        Raises:
            NotSentError: there is a later one: we are somebody's past.
        """
        card = self._network.card(card_id)
        if card is None:
            raise UnfinishedError("Gone")
        tags = dict(card.get("tags") or {})
        stands = int(tags.get(EPOCH_TAG, "0")) if tags.get(EPOCH_TAG, "0").isdigit() else 0
        if stands > epoch:
            raise NotSentError("LaterEpoch")
        if stands == epoch:
            return card
        return self._network.mark_card(card_id, tags | {EPOCH_TAG: str(epoch)}, str(card["etag"]))

    def _card(self, worker: Worker) -> Document:
        card = self._network.card(worker.network_interface_id)
        if card is None:
            raise NotSentError("NoCard")
        return card

    def _configuration(self, worker: Worker, card: Document) -> Document:
        for each in _configurations(card):
            if each["properties"].get("privateIPAddress") == worker.address_private_ip:
                return each
        raise NotSentError("NoPrivateAddress")

    def _has_address(self, configuration: Document) -> bool:
        return is_same(str(configuration["properties"].get("publicIPAddress", {}).get("id", "")), self._settings.address_id)


def _configurations(card: Document) -> list[Any]:
    return list(card["properties"].get("ipConfigurations", []))


def _association_id(card: Document, configuration: Document) -> str:
    return f"{configuration['id']}@{_word(card)}"


def _word(card: Document) -> str:
    return str((card.get("tags") or {}).get(ASSOCIATION_TAG, ""))
