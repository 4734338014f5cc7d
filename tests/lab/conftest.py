"""Fixtures for tests with the lab's processes: `child` starts one, `network` gives loopback addresses of one's own."""

import itertools
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.children import Child, StartChild
from tests.lab.plain_clients import ANSWER_S
from tests.lab.rig import Rig


@pytest.fixture
def child(tmp_path: Path) -> Iterator[StartChild]:
    """Start lab children; all of them are ended, by pid, when the test is over."""
    started: list[Child] = []
    numbers = itertools.count(1)

    def start(module: str, *arguments: object) -> Child:
        stderr = tmp_path / f"stderr-{next(numbers)}-{module}.txt"
        started.append(Child(stderr, module, *arguments))
        return started[-1]

    yield start
    for process in reversed(started):
        process.end()


@pytest.fixture
def network() -> Iterator[str]:
    """Give a /24 of 127.0.0.0/8 as its first three parts, `127.34.5`: this test's alone, below the labs' own networks.

    A listener on its last address is the claim, so that tests on several processors never share one.
    """
    chance = random.SystemRandom()  # the seeded one starts alike in every test
    with socket.socket() as claim:
        for _ in range(1000):
            prefix = f"127.{chance.randint(20, 59)}.{chance.randint(1, 254)}"
            try:
                claim.bind((f"{prefix}.254", 2575))
            except OSError:
                continue
            claim.listen()
            yield prefix
            return
    pytest.fail("no free loopback network in a thousand tries")


@pytest.fixture
def rig(child: StartChild, network: str, tmp_path: Path) -> Rig:
    """A relay without its worker yet; see `tests.lab.rig`."""
    return Rig(child, network, tmp_path)


@pytest.fixture
def outside_receiver(rig: Rig) -> Iterator[socket.socket]:
    """Listen where the worker delivers to."""
    with socket.create_server((rig.receiver_address, 2575)) as listener:
        listener.settimeout(ANSWER_S)
        yield listener
