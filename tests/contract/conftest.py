"""The adapters of each port as parameters: one suite per port runs over all of them.

Parameters that need a process carry the mark `lab`; each emulator is started once a run, when a test first asks for it,
and every test has a site of its own in it.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from failover_lambda.aws.state import LiveStore
from failover_lambda.azure import state as azure_state
from failover_lambda.contract import Settings
from failover_lambda.ports import RecordStore
from tests.contract.azure_world import AzureWorld, BalancedWorld
from tests.contract.cloud_worlds import CloudWorld, FakeWorld, LiveWorld
from tests.contract.emulators import (
    ARM,
    AZURITE,
    EC2,
    MINISTACK,
    MOTO,
    TABLE,
    blob_container,
    blobs,
    client,
    create_table,
    emulator,
)
from tests.contract.hands import BlobHand, Hand, LiveHand, MemoryHand
from tests.fakes import FakeCloud, MemoryStore, make_settings

_numbers = itertools.count(1)

NewStore = Callable[[], RecordStore]
"""Makes another store, with clients of its own, for the same site."""


@dataclass(frozen=True)
class Place:
    """Where a site's record is kept."""

    new_store: NewStore
    hand: Hand


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("emulators")


@pytest.fixture(scope="session")
def moto(folder: Path) -> Iterator[str]:
    """One moto, behind one lock, with the record table."""
    with emulator([*MOTO, "locked"], folder) as endpoint:
        create_table(endpoint)
        yield endpoint


@pytest.fixture(scope="session")
def stock_moto(folder: Path) -> Iterator[str]:
    """One moto, as it comes, with the record table."""
    with emulator([*MOTO, "stock"], folder) as endpoint:
        create_table(endpoint)
        yield endpoint


@pytest.fixture(scope="session")
def ministack(folder: Path) -> Iterator[str]:
    """Ministack, with the record table."""
    with emulator(MINISTACK, folder) as endpoint:
        create_table(endpoint)
        yield endpoint


@pytest.fixture(scope="session")
def azurite(folder: Path) -> Iterator[str]:
    """Azurite, with the record's container."""
    with emulator(AZURITE, folder) as endpoint:
        blob_container(endpoint).create_container()
        yield endpoint


@pytest.fixture(scope="session")
def ec2_endpoint(folder: Path) -> Iterator[str]:
    """The lab's EC2: moto behind its gate, with Amazon's rules."""
    logs = ["--gate-log", str(folder / "gate.jsonl"), "--cloud-log", str(folder / "cloud.jsonl")]
    with emulator([*EC2, *logs], folder) as endpoint:
        yield endpoint


@pytest.fixture
def settings() -> Settings:
    """A site and a shard that no other test has."""
    number = next(_numbers)
    return make_settings(site=f"site-{number}", shard=f"{number}", record_table=TABLE)


@pytest.fixture(
    params=["memory", *(pytest.param(name, marks=pytest.mark.lab) for name in ("moto", "ministack", "azurite"))],
)
def place(request: pytest.FixtureRequest, settings: Settings) -> Place:
    """Every adapter of `RecordStore`."""
    if request.param == "memory":
        only = MemoryStore(site=settings.site)
        return Place(lambda: only, MemoryHand(only))
    endpoint: str = request.getfixturevalue(request.param)
    if request.param == "azurite":
        return Place(lambda: azure_state.LiveStore(settings, blobs(endpoint)), BlobHand(settings, endpoint))
    return Place(lambda: LiveStore(settings, client("dynamodb", endpoint)), LiveHand(settings, endpoint))


@pytest.fixture
def new_store(place: Place) -> NewStore:
    return place.new_store


@pytest.fixture
def hand(place: Place) -> Hand:
    """Somebody else at the same items."""
    return place.hand


@pytest.fixture(params=[pytest.param("moto", marks=pytest.mark.lab), pytest.param("ministack", marks=pytest.mark.lab)])
def table_endpoint(request: pytest.FixtureRequest) -> str:
    """Every emulated DynamoDB that can be trusted."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def store(new_store: NewStore) -> RecordStore:
    return new_store()


@pytest.fixture(scope="session")
def live_worlds(ec2_endpoint: str) -> Callable[[], LiveWorld]:
    """Makes sites in the lab's EC2."""
    return lambda: LiveWorld(ec2_endpoint, next(_numbers))


@pytest.fixture
def live_world(live_worlds: Callable[[], LiveWorld]) -> LiveWorld:
    return live_worlds()


@pytest.fixture(scope="session")
def arm_endpoint(folder: Path) -> Iterator[str]:
    """The lab's Resource Manager, its operations without delay."""
    with emulator(ARM, folder) as endpoint:
        yield endpoint


@pytest.fixture
def azure_world(arm_endpoint: str) -> AzureWorld:
    return AzureWorld(arm_endpoint, next(_numbers))


@pytest.fixture
def balanced_world(arm_endpoint: str) -> BalancedWorld:
    return BalancedWorld(arm_endpoint, next(_numbers))


@pytest.fixture(params=["memory", *(pytest.param(name, marks=pytest.mark.lab) for name in ("moto", "arm", "arm-pool"))])
def world(request: pytest.FixtureRequest) -> CloudWorld:
    """Every adapter of `Cloud`, each in a world where the address is on nobody and both workers run."""
    if request.param == "arm":
        return request.getfixturevalue("azure_world")
    if request.param == "arm-pool":
        return request.getfixturevalue("balanced_world")
    if request.param == "memory":
        return FakeWorld(FakeCloud(make_settings()))
    return request.getfixturevalue("live_world")
