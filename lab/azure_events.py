"""What the emulated Resource Manager tells, in the words that the lab's machines and logs have for every cloud. Pure.

    machine      -> instance: pending, running, stopping, stopped or terminated
    interface    -> association, when an address comes, goes or is associated anew; groups, when the card has another one
    group        -> groups of its cards; one more, `ISOLATED`, where its rules let nothing in
    pool         -> association of the balancer's address with the one member that takes new flows
    gone         -> association of nobody, where a card goes that had an address

Theory. Every event of the emulator tells all of one resource; here the last word of each is kept, and what differs is told
on. A machine is told of when its card is known, because that has its private address and its group.

Two members that take new flows are told as none: which of them a client meets nobody can say, so in a lab no client meets
either, and a test that waits for one says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.azure_calls import ASSOCIATION_TAG
from lab.child import Event

ISOLATED = "isolated"
"""Stands beside a card's group while nothing comes in."""

_STATES = {
    "creating": "pending",
    "starting": "pending",
    "running": "running",
    "stopping": "stopping",
    "deallocating": "stopping",
    "stopped": "stopped",
    "deallocated": "stopped",
    "deleted": "terminated",
}
"""Word of Azure -> word of the lab. A machine that is stopped and one that is deallocated differ in their bill."""

_EVERYBODY = frozenset({"*", "0.0.0.0/0", "Internet"})
_INTERFACES = "microsoft.network/networkinterfaces"


@dataclass(frozen=True)
class _Place:
    """Where an address leads to."""

    association_id: str
    card: str
    machine: str | None
    private_ip: str


@dataclass
class _Card:
    machine: str | None
    group: str
    private_ips: tuple[str, ...]


@dataclass
class _Machine:
    state: str
    alive: bool


@dataclass
class _Group:
    closed: bool
    flush: bool


@dataclass
class Translation:
    """The last word on everything; see the module's docstring."""

    _machines: dict[str, _Machine] = field(default_factory=dict[str, _Machine])
    _cards: dict[str, _Card] = field(default_factory=dict[str, _Card])
    _groups: dict[str, _Group] = field(default_factory=dict[str, _Group])
    _places: dict[str, _Place] = field(default_factory=dict[str, _Place])
    """By the id of a public address."""
    _members: dict[str, str] = field(default_factory=dict[str, str])
    """By the id of a pool: the private address that its flows go to; "" = none."""

    def take(self, event: Event) -> Sequence[Event]:
        """What one event of the emulator means; nothing for one that means nothing here."""
        match event["event"]:
            case "machine":
                return list(self._on_machine(event))
            case "interface":
                return list(self._on_interface(event))
            case "group":
                return list(self._on_group(event))
            case "pool":
                return list(self._on_pool(event))
            case "gone" if str(event["type"]).lower() == _INTERFACES:
                return list(self._on_card_gone(event))
            case _:
                return ()

    def card_of(self, machine: str) -> tuple[str, str, tuple[str, ...]]:
        """The id of a machine's card, its group, and its private addresses.

        Raises:
            KeyError: nobody told of that machine's card.
        """
        for card_id, card in self._cards.items():
            if card.machine == machine:
                return card_id, card.group, card.private_ips
        raise KeyError(machine)

    def _on_machine(self, event: Event) -> Iterator[Event]:
        machine_id = str(event["id"])
        before = self._machines.get(machine_id)
        alive = event["alive"]
        if alive is None:  # it keeps its power until it is stopped; a restart takes it at once
            alive = before is not None and before.alive and event["verb"] != "restart"
        state = "stopping" if event["verb"] == "restart" else _STATES[event["power"]]
        self._machines[machine_id] = machine = _Machine(state, bool(alive))
        if any(card.machine == machine_id for card in self._cards.values()):
            yield _instance(machine_id, machine)

    def _on_interface(self, event: Event) -> Iterator[Event]:
        card_id, machine_id = str(event["id"]), event["machine"]
        before = self._cards.get(card_id)
        addresses: list[Mapping[str, Any]] = event["addresses"]
        card = _Card(machine_id, str(event["group"] or ""), tuple(str(each["private"]) for each in addresses))
        self._cards[card_id] = card
        if machine_id in self._machines and (before is None or before.machine != machine_id):
            yield _instance(str(machine_id), self._machines[str(machine_id)])
        if before is not None and before.group != card.group:
            yield self._groups_of(card_id, event["carries_at"])
        yield from self._associations(card_id, event)

    def _associations(self, card_id: str, event: Event) -> Iterator[Event]:
        word = (event.get("tags") or {}).get(ASSOCIATION_TAG, "")
        now = {
            str(each["public_id"]): (
                each["public"],
                _Place(
                    association_id=f"{card_id}/ipConfigurations/{each['name']}@{word}",
                    card=card_id,
                    machine=event["machine"],
                    private_ip=str(each["private"]),
                ),
            )
            for each in event["addresses"]
            if each["public_id"]
        }
        for public_id in [key for key, place in self._places.items() if place.card == card_id and key not in now]:
            del self._places[public_id]
            yield _association(public_id, None, event["carries_at"])
        for public_id, (public_ip, place) in now.items():
            if self._places.get(public_id) != place:
                self._places[public_id] = place
                yield _association(public_id, place, event["carries_at"], public_ip=str(public_ip))

    def _on_card_gone(self, event: Event) -> Iterator[Event]:
        self._cards.pop(str(event["id"]), None)
        for public_id in [key for key, place in self._places.items() if place.card == event["id"]]:
            del self._places[public_id]
            yield _association(public_id, None, 0.0)

    def _on_group(self, event: Event) -> Iterator[Event]:
        group_id = str(event["id"])
        before = self._groups.get(group_id, _Group(closed=False, flush=False))
        now = self._groups[group_id] = _Group(closed=lets_nothing_in(event["rules"]), flush=bool(event["flush"]))
        if before != now:
            for card_id in [key for key, card in self._cards.items() if card.group == group_id]:
                yield self._groups_of(card_id, event["carries_at"])

    def _groups_of(self, card_id: str, carries_at: float) -> Event:
        card = self._cards[card_id]
        group = self._groups.get(card.group, _Group(closed=False, flush=False))
        return {
            "event": "groups",
            "network_interface_id": card_id,
            "instance_id": card.machine,
            "groups": [card.group, ISOLATED] if group.closed else [card.group],
            "flush": group.flush,
            "carries_at": carries_at,
        }

    def _on_pool(self, event: Event) -> Iterator[Event]:
        pool_id = str(event["id"])
        open_to = [each for each in event["members"] if str(each["admin_state"]).lower() != "down"]
        private_ip = str(open_to[0]["address"]) if len(open_to) == 1 else ""
        if not event["public_ips"] or self._members.get(pool_id, "") == private_ip:
            return
        self._members[pool_id] = private_ip
        card_id = next((key for key, card in self._cards.items() if private_ip in card.private_ips), "")
        machine = self._cards[card_id].machine if card_id else None
        place = _Place(f"{pool_id}@{private_ip}", card_id, machine, private_ip) if private_ip else None
        public_ip = str(event["public_ips"][0])
        # A member that takes no new flows keeps those that stand (Azure, "Administrative state", read 2026-11).
        told = _association(pool_id, place, event["carries_at"], public_ip=public_ip)
        yield {**told, "keeps_flows": True, "ports": event["ports"]}


def lets_nothing_in(rules: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the first of these inbound rules that speaks of everybody and every port denies.

    A rule about some sources or ports before it lets these through, so then something comes in.
    """
    inbound = [each for each in rules if str(each["direction"]) == "Inbound"]
    for each in sorted(inbound, key=lambda rule: int(rule["priority"])):
        is_allowed = str(each["access"]) == "Allow"
        if is_allowed:
            return False
        if _is_about_everything(each):
            return True
    return False


def _is_about_everything(rule: Mapping[str, Any]) -> bool:
    return (
        str(rule.get("protocol", "")) == "*"
        and str(rule.get("sourceAddressPrefix", "")) in _EVERYBODY
        and str(rule.get("destinationAddressPrefix", "*")) == "*"
        and str(rule.get("destinationPortRange", "")) == "*"
    )


def _instance(machine_id: str, machine: _Machine) -> Event:
    return {"event": "instance", "instance_id": machine_id, "state": machine.state, "alive": machine.alive}


def _association(public_id: str, place: _Place | None, carries_at: float, *, public_ip: str = "") -> Event:
    return {
        "event": "association",
        "allocation_id": public_id,
        "association_id": place.association_id if place else None,
        "instance_id": place.machine if place else None,
        "network_interface_id": place.card if place else None,
        "private_ip": place.private_ip if place else None,
        "public_ip": public_ip,
        "carries_at": carries_at,
    }
