"""Networks of the lab: one lab each, and none where somebody listens already."""

import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lab import networks
from lab.networks import WILDCARD, Listener, NoFreeNetworkError, in_use, refuse_wildcards, take, tcp_listeners

PORTS = (2575, 8080, 8081)
# As the kernel writes them: 127.66.0.10:2575 listening, and an established connection at 127.67.0.10:2575.
PROC_NET_TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0A00427F:0A0F 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 552 1 0000000072c2e85f 100 0 0
   1: 0A00437F:0A0F 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 553 1 0000000072c2e860 100 0 0
"""


@pytest.fixture
def only_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only two networks to choose from, high up where no lab of this machine's user is likely to be."""
    monkeypatch.setattr(networks, "FIRST", 249)
    monkeypatch.setattr(networks, "LAST", 250)


def test_kernel_table_gives_the_listening_sockets_only() -> None:
    assert tcp_listeners(PROC_NET_TCP) == [Listener("127.66.0.10", 2575)]


@pytest.mark.parametrize(
    ("number", "used"),
    [(66, True), (67, False), (6, False)],
    ids=["listener in it", "listener elsewhere", "number that the other begins with"],
)
def test_network_with_a_listener_at_a_needed_port_is_in_use(number: int, *, used: bool) -> None:
    assert in_use(number, tcp_listeners(PROC_NET_TCP), PORTS) is used


def test_listener_at_another_port_does_not_matter() -> None:
    assert not in_use(66, [Listener("127.66.0.10", 443)], PORTS)


def test_port_bound_on_every_address_is_refused_by_name() -> None:
    with pytest.raises(NoFreeNetworkError, match=r"port 8080 is bound on every address \(0\.0\.0\.0\) by another program"):
        refuse_wildcards([Listener(WILDCARD, 8080), Listener(WILDCARD, 22)], PORTS)


@pytest.mark.lab
@pytest.mark.usefixtures("only_two")
def test_two_labs_never_share_a_network(tmp_path: Path) -> None:
    with take(PORTS, tmp_path) as one, take(PORTS, tmp_path) as other:
        assert {one.cidr, other.cidr} == {"127.249.0.0/16", "127.250.0.0/16"}
        with pytest.raises(NoFreeNetworkError, match="each is locked by another lab"):
            take(PORTS, tmp_path)
    take(PORTS, tmp_path).release()


@pytest.mark.lab
@pytest.mark.usefixtures("only_two")
def test_network_with_a_listener_is_skipped(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.249.3.4", 2575))), take(PORTS, tmp_path) as network:
        assert network.number == 250
        assert network.address(16, 10) == "127.250.16.10"


@pytest.mark.lab
@pytest.mark.usefixtures("only_two")
def test_lock_lasts_as_long_as_the_process_that_inherited_it(tmp_path: Path) -> None:
    others = [take(PORTS, tmp_path) for _ in range(2)]
    keeper = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[others[0].lock])
    for network in others:
        network.release()
    try:
        with take(PORTS, tmp_path) as free:
            assert free.number == others[1].number
            with pytest.raises(NoFreeNetworkError):
                take(PORTS, tmp_path)
    finally:
        keeper.communicate(b"\n", timeout=10)
    numbers = [network.number for network in (take(PORTS, tmp_path), take(PORTS, tmp_path))]
    assert sorted(numbers) == [249, 250]


@pytest.mark.lab
def test_lock_is_not_inherited_by_other_children(tmp_path: Path) -> None:
    with take(PORTS, tmp_path) as network:
        assert not os.get_inheritable(network.lock)
