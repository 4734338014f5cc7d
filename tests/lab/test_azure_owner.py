"""Who has the address when Pulumi runs after a failover: every model of declaring it, over the provider's own Update.

An update writes the whole card out of the inputs in the state. So what a program ignores guards against a difference in
that place alone: any other difference of the card (a tag, another api-version) sends a body without the address, and takes
it from the active worker without a word. The same stands for a balancer whose pool the watchdog writes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from lab.providers.azure_native.client import AzureError
from tests.lab.arm.clouds import pool_body
from tests.lab.azure_rig import GROUP, Azure, Made, Play, azure

pytestmark = pytest.mark.lab

CARD, BALANCER = "azure-native:network:NetworkInterface", "azure-native:network:LoadBalancer"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
ADDRESS = f"{NETWORK}/publicIPAddresses/front"
API = "2024-05-01"
NOBODY = ""
IN_GROUP = {"resourceGroupName": "small", "location": "westeurope"}


@dataclass(frozen=True)
class Model:
    """What the program says of who has the address."""

    declared: bool
    ignored: tuple[str, ...] = ()


PATH = ("ipConfigurations[0].publicIPAddress",)
WHOLE = ("ipConfigurations",)
A, C = Model(declared=True), Model(declared=False)
B, D = Model(declared=True, ignored=PATH), Model(declared=False, ignored=PATH)
E, F = Model(declared=False, ignored=WHOLE), Model(declared=False, ignored=("*",))


class Run(Enum):
    """What a person does after the failover."""

    UP = "up"
    TAG = "up with a tag"
    REFRESH = "refresh, then up"
    REFRESH_TAG = "refresh, then up with a tag"
    NEW_SDK = "up with an SDK of another api-version"


@dataclass
class Pair:
    """Two cards and an address that the watchdog has moved to the second one."""

    here: Azure
    model: Model
    play: Play = field(init=False)
    cards: dict[str, Made] = field(default_factory=dict[str, Made])

    def __post_init__(self) -> None:
        self.play = Play(self.here.registry())
        for token, name, inputs in (
            ("resources:ResourceGroup", "small", IN_GROUP),
            ("network:VirtualNetwork", "net", {"virtualNetworkName": "net", **SPACE}),
            ("network:Subnet", "workers", {"virtualNetworkName": "net", "subnetName": "workers", **PREFIX}),
            ("network:PublicIPAddress", "front", {"publicIpAddressName": "front", **STATIC}),
        ):
            self.play.make(f"azure-native:{token}", name, {**IN_GROUP, **inputs} if "Subnet" not in token else _bare(inputs))
        for worker in ("wk1", "wk2"):
            self.cards[worker] = self.play.make(CARD, worker, self.asked(worker))
        if not self.model.declared:
            self.attach("wk1")
        self.detach("wk1")
        self.attach("wk2")

    def asked(self, worker: str, **more: Any) -> dict[str, Any]:
        """A card as the program wants it."""
        inside: dict[str, Any] = {"name": "main", "subnet": {"id": f"{NETWORK}/virtualNetworks/net/subnets/workers"}}
        if self.model.declared and worker == "wk1":
            inside["publicIPAddress"] = {"id": ADDRESS}
        return {**IN_GROUP, "networkInterfaceName": worker, "ipConfigurations": [inside], **more}

    def attach(self, worker: str) -> None:
        """As the watchdog does it."""
        self._write(worker, {"id": ADDRESS})

    def detach(self, worker: str) -> None:
        """As the watchdog does it."""
        self._write(worker, None)

    def _write(self, worker: str, address: Mapping[str, str] | None) -> None:
        path = f"{NETWORK}/networkInterfaces/{worker}"
        body = self.here.get(path)
        body["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"] = address
        self.here.client("watchdog").ask("PUT", path, API, body)

    def holder(self) -> str:
        """The worker that has it."""
        config = self.here.get(ADDRESS)["properties"].get("ipConfiguration", {}).get("id", "")
        return next((worker for worker in self.cards if f"/networkInterfaces/{worker}/" in config), NOBODY)

    def up(self, **more: Any) -> list[str]:
        """What the engine does for the two cards; the errors of it."""
        errors: list[str] = []
        for worker, card in self.cards.items():
            news = ignoring(self.asked(worker, **more), card.inputs, self.model.ignored)
            if self.play.compared(card, news):
                try:
                    self.cards[worker] = self.play.update(card, news)
                except AzureError as exc:
                    errors.append(exc.code)
        return errors

    def refresh(self) -> None:
        """As the engine does it: the state is what the provider reads."""
        for worker, card in self.cards.items():
            read = self.play.read(card)
            assert read
            self.cards[worker] = read

    def written(self) -> int:
        """How often Pulumi has written a card."""
        return len([each for each in self.here.requests("PUT") if each["identity"] == "deployer" and "/wk" in each["path"]])


SPACE = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
PREFIX = {"addressPrefix": "10.0.0.0/24"}
STATIC = {"publicIPAllocationMethod": "Static", "sku": {"name": "Standard"}, "zones": ["1", "2", "3"]}


def _bare(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"resourceGroupName": "small", **inputs}


def ignoring(news: dict[str, Any], olds: Mapping[str, Any], ignored: tuple[str, ...]) -> dict[str, Any]:
    """What the engine makes of the inputs for `ignoreChanges`: at these paths, those of the state."""
    if "*" in ignored:
        return dict(olds)
    if WHOLE[0] in ignored:
        return {**news, WHOLE[0]: olds[WHOLE[0]]}
    if PATH[0] in ignored:
        (old,), (new,) = olds[WHOLE[0]], news[WHOLE[0]]
        kept = {key: value for key, value in new.items() if key != "publicIPAddress"}
        kept |= {"publicIPAddress": old["publicIPAddress"]} if "publicIPAddress" in old else {}
        return {**news, WHOLE[0]: [kept]}
    return news


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Azure]:
    with azure(tmp_path) as made:
        yield made


KEPT = "wk2"
TABLE = {
    # model: up, up with a tag, refresh and up, refresh and up with a tag, another api-version
    "A": (A, KEPT, NOBODY, NOBODY, NOBODY, NOBODY),
    "B": (B, KEPT, NOBODY, KEPT, KEPT, NOBODY),
    "C": (C, KEPT, NOBODY, NOBODY, NOBODY, NOBODY),
    "D": (D, KEPT, NOBODY, KEPT, KEPT, NOBODY),
    "E": (E, KEPT, NOBODY, KEPT, KEPT, NOBODY),
    "F": (F, KEPT, KEPT, KEPT, KEPT, KEPT),
}
"""Measured on Pulumi's own engine with another provider of ours; the column of the api-version for D and F only."""
ROWS = [
    pytest.param(model, run, holder, id=f"{name}: {run.value}")
    for name, (model, *holders) in TABLE.items()
    for run, holder in zip(Run, holders, strict=True)
]


@pytest.mark.parametrize(("model", "run", "holder"), ROWS)
def test_who_has_the_address_afterwards(here: Azure, model: Model, run: Run, holder: str) -> None:
    pair = Pair(here, model)
    assert pair.holder() == "wk2"
    before = pair.written()
    if run in {Run.REFRESH, Run.REFRESH_TAG}:
        pair.refresh()
    if run is Run.NEW_SDK:
        pair.cards = {
            worker: Made(card.type, card.name, {**card.inputs, "azureApiVersion": "2023-11-01"}, card.id, card.outputs)
            for worker, card in pair.cards.items()
        }
    pair.up(**({"tags": {"run": "2"}} if run in {Run.TAG, Run.REFRESH_TAG} else {}))
    assert pair.holder() == holder
    if model is F:
        assert pair.written() == before


@pytest.mark.parametrize(("model", "errors"), [(A, ["PublicIPAddressInUse"]), (C, [])])
def test_the_address_is_lost_with_an_error_or_without_a_word(here: Azure, model: Model, errors: list[str]) -> None:
    pair = Pair(here, model)
    assert pair.up(tags={"run": "2"}) == errors
    assert pair.holder() == NOBODY


def test_a_refresh_makes_an_input_of_what_the_program_never_said(here: Azure) -> None:
    pair = Pair(here, F)
    pair.refresh()
    configs = {worker: card.inputs["ipConfigurations"][0] for worker, card in pair.cards.items()}
    assert configs["wk2"]["publicIPAddress"]["id"] == ADDRESS
    assert "publicIPAddress" not in configs["wk1"]


def test_what_failed_when_it_was_made_is_written_again_even_if_everything_is_ignored(here: Azure) -> None:
    """The hole in the chosen model: the engine repeats a resource that has initErrors, with nothing changed."""
    pair = Pair(here, F)
    pair.play.update(pair.cards["wk2"], pair.cards["wk2"].inputs)
    assert pair.holder() == NOBODY


@pytest.mark.parametrize(("ignored", "members"), [((), []), (("*",), ["wk1", "wk2"])])
def test_a_balancer_that_is_written_empties_the_pool_of_the_watchdog(
    here: Azure, ignored: tuple[str, ...], members: list[str]
) -> None:
    pair = Pair(here, F)
    pair.detach("wk2")
    front = {"frontendIPConfigurations": [{"name": "front", "publicIPAddress": {"id": ADDRESS}}]}
    asked = {**IN_GROUP, "loadBalancerName": "lb", "sku": {"name": "Standard"}, **front}
    asked |= {"backendAddressPools": [{"name": "workers"}]}
    made = pair.play.make(BALANCER, "lb", asked)
    pool = f"{NETWORK}/loadBalancers/lb/backendAddressPools/workers"
    body = pool_body(wk1="Up", wk2="Down")
    for member in body["properties"]["loadBalancerBackendAddresses"]:
        member["properties"]["virtualNetwork"] = {"id": f"{NETWORK}/virtualNetworks/net"}
    here.client("watchdog").ask("PUT", pool, API, body)
    news = ignoring({**asked, "tags": {"run": "2"}}, made.inputs, ignored)
    if pair.play.compared(made, news):
        pair.play.update(made, news)
    told = here.get(pool)["properties"]["loadBalancerBackendAddresses"]
    assert [each["name"] for each in told] == members
