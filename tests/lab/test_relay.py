"""The worker's network card, as its peers see it: refusals, silence, tracked flows, healing."""

import asyncio
import signal
import socket
from pathlib import Path

import pytest

from lab.arguments import Endpoint
from lab.door import DoorState
from lab.jsonlog import JsonLog
from lab.lifeline import Registration
from lab.relay import Card, Relay, door_in, door_out, open_flows_in_pass, open_flows_out_pass
from tests.lab.children import eventually, lines
from tests.lab.plain_clients import (
    ANSWER_S,
    answer,
    close_by_reset,
    connected,
    exchange,
    get,
    is_reset,
    is_silent,
    message,
    send,
    what_a_syn_meets,
)
from tests.lab.rig import HTTP, LLP, PUBLIC, Rig

pytestmark = pytest.mark.lab


@pytest.mark.parametrize(
    ("card", "up", "way_in", "way_out"),
    [
        (Card.OPEN, True, DoorState.OPEN, DoorState.OPEN),
        (Card.OPEN, False, DoorState.SHUT, DoorState.OPEN),
        (Card.CUT, True, DoorState.SILENT, DoorState.SILENT),
        (Card.CUT, False, DoorState.SILENT, DoorState.SILENT),
        (Card.CUT_IN, True, DoorState.SILENT, DoorState.OPEN),
        (Card.CUT_IN, False, DoorState.SILENT, DoorState.OPEN),
        (Card.CUT_OUT, True, DoorState.OPEN, DoorState.SILENT),
        (Card.CUT_OUT, False, DoorState.SHUT, DoorState.SILENT),
        (Card.ISOLATED, True, DoorState.SILENT, DoorState.SILENT),
        (Card.ISOLATED, False, DoorState.SILENT, DoorState.SILENT),
        (Card.STOPPED, True, DoorState.SILENT, DoorState.SILENT),
        (Card.STOPPED, False, DoorState.SILENT, DoorState.SILENT),
    ],
)
def test_new_flows_meet_what_card_and_worker_say(card: Card, up: bool, way_in: DoorState, way_out: DoorState) -> None:
    assert (door_in(card, worker_up=up), door_out(card)) == (way_in, way_out)


def test_open_flows_pass_on_an_open_or_isolated_card_or_through_a_leak() -> None:
    assert [card for card in Card if open_flows_in_pass(card, leak=False)] == [Card.OPEN, Card.CUT_OUT, Card.ISOLATED]
    assert [card for card in Card if open_flows_out_pass(card, leak=False)] == [Card.OPEN, Card.CUT_IN, Card.ISOLATED]
    assert [card for card in Card if open_flows_in_pass(card, leak=True)] == list(Card)
    assert [card for card in Card if open_flows_out_pass(card, leak=True)] == list(Card)


def test_an_address_without_a_worker_refuses(rig: Rig) -> None:
    assert [what_a_syn_meets(a) for a in (rig.llp, rig.http, rig.public)] == ["refused"] * 3


def test_a_worker_is_served_at_its_address_and_refused_when_killed(rig: Rig) -> None:
    worker = rig.start_worker()
    assert get(rig.http, "/health") == (200, {"worker": "wk1", "boot": worker.ready["boot"], "ready": True})
    worker.kill()
    rig.wait_down()
    assert [what_a_syn_meets(a) for a in (rig.llp, rig.http, rig.public)] == ["refused"] * 3


def test_the_log_says_up_before_the_address_serves_and_down_after_it_has(network: str, tmp_path: Path) -> None:
    """Else whoever waits for a line meets what was before it; by chance only, so it is asked while the line is written."""
    address, met = f"{network}.10", list[tuple[str, str]]()

    class Asking(JsonLog):
        def write(self, event: str, **fields: object) -> None:
            del fields
            met.append((event, what_a_syn_meets((address, LLP))))

    async def live_and_die() -> None:
        relay = Relay(address, (LLP, HTTP, PUBLIC), Endpoint(f"{network}.251", LLP), Asking(tmp_path / "relay.jsonl"))
        lifelines = relay._lifelines  # pyright: ignore[reportPrivateUsage] - a worker's process would tell it
        for registration in (Registration("b1", 1, 2, 3), None):
            lifelines._become(registration)  # pyright: ignore[reportPrivateUsage]
        relay._out.become(DoorState.SHUT)  # pyright: ignore[reportPrivateUsage] - else its socket outlives the test

    asyncio.run(live_and_die())
    assert met == [("up", "refused"), ("down", "refused")]


def test_a_kill_ends_the_open_flows_too(rig: Rig) -> None:
    worker = rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
        worker.kill()
        assert flow.recv(1) == b""


def test_a_started_again_worker_is_served_with_a_new_boot(rig: Rig) -> None:
    first = rig.start_worker()
    first.kill()
    rig.wait_down()
    second = rig.start_worker()
    assert get(rig.http, "/")[1]["boot"] == second.ready["boot"] != first.ready["boot"]


@pytest.mark.parametrize("card", ["cut", "isolated", "stopped"])
def test_a_card_that_is_not_open_answers_no_syn_and_heals(rig: Rig, card: str) -> None:
    rig.start_worker()
    rig.set_card(card)
    assert [what_a_syn_meets(a) for a in (rig.llp, rig.http, rig.public, rig.llp)] == ["silent"] * 4
    rig.set_card("open")
    assert get(rig.public, "/health")[0] == 200


def test_healing_leaves_no_filler_behind(rig: Rig) -> None:
    rig.start_worker()
    descriptors = Path(f"/proc/{rig.relay.process.pid}/fd")
    before = len(list(descriptors.iterdir()))
    for _ in range(3):
        rig.set_card("cut")
        assert len(list(descriptors.iterdir())) > before
        rig.set_card("open")
    assert len(list(descriptors.iterdir())) == before
    eventually(lambda: not _connections_at(rig.llp))


@pytest.mark.parametrize("card", ["cut", "stopped"])
def test_a_killed_worker_behind_a_silent_card_is_silent_and_not_refused(rig: Rig, card: str) -> None:
    worker = rig.start_worker()
    rig.set_card(card)
    worker.kill()
    rig.wait_down()
    assert what_a_syn_meets(rig.llp) == "silent"
    rig.set_card("open")
    assert what_a_syn_meets(rig.llp) == "refused"


def test_a_worker_that_starts_behind_a_silent_card_stays_silent(rig: Rig) -> None:
    rig.set_card("stopped")
    rig.start_worker()
    assert what_a_syn_meets(rig.llp) == "silent"


def test_a_frozen_worker_is_connected_to_and_never_answers(rig: Rig) -> None:
    worker = rig.start_worker()
    worker.freeze()
    with connected(rig.llp) as flow:
        send(flow, message("c1"))
        assert is_silent(flow)
        worker.process.send_signal(signal.SIGCONT)
        assert "|c1|wk1 " in answer(flow)


def test_a_cut_silences_an_open_flow_both_ways_until_it_heals(rig: Rig) -> None:
    rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
        rig.set_card("cut")
        send(flow, message("c2"))
        assert is_silent(flow)
        assert len(rig.events("accepted")) == 1
        rig.set_card("open")
        assert "MSA|AA|c2|" in answer(flow)


def test_a_killed_workers_goodbye_does_not_pass_a_cut(rig: Rig) -> None:
    worker = rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
        rig.set_card("cut")
        worker.kill()
        assert is_silent(flow)
        rig.set_card("open")
        assert flow.recv(1) == b""


def test_what_a_reset_flow_carried_into_a_cut_never_arrives(rig: Rig) -> None:
    rig.start_worker()
    flow = connected(rig.llp)
    exchange(flow, message("c1"))
    rig.set_card("cut")
    send(flow, message("c2"))
    close_by_reset(flow)
    rig.set_card("open")
    with connected(rig.llp) as later:
        exchange(later, message("c3"))
    assert [line["key"][1] for line in rig.events("accepted")] == ["c1", "c3"]


def test_a_cut_stops_deliveries_on_a_new_flow_and_on_an_open_one(rig: Rig) -> None:
    receiver = rig.start_receiver()
    worker = rig.start_worker()
    beside_the_card = ("127.0.0.1", worker.ready["llp"])
    with connected(beside_the_card) as inside:
        rig.set_card("cut")
        exchange(inside, message("new-flow"))
        assert is_silent(inside)
        assert rig.delivered() == []
        rig.set_card("open")
        rig.wait_delivered("new-flow")
        rig.set_card("cut")
        exchange(inside, message("open-flow"))
        assert is_silent(inside)
        assert rig.delivered() == ["new-flow"]
        rig.set_card("open")
        rig.wait_delivered("new-flow", "open-flow")
    receiver.end()


def test_cut_off_inwards_silences_what_comes_in_and_lets_deliveries_go_on(rig: Rig) -> None:
    rig.start_receiver()
    worker = rig.start_worker()
    with connected(rig.llp) as flow, connected(("127.0.0.1", worker.ready["llp"])) as inside:
        exchange(flow, message("c1"))
        rig.wait_delivered("c1")
        rig.set_card("cut-in")
        send(flow, message("c2"))
        assert is_silent(flow)
        assert what_a_syn_meets(rig.llp) == "silent"
        exchange(inside, message("c3"))
        rig.wait_delivered("c1", "c3")
        rig.set_card("open")
        assert "MSA|AA|c2|" in answer(flow)


def test_cut_off_outwards_answers_what_comes_in_and_delivers_nothing_until_it_heals(rig: Rig) -> None:
    rig.start_receiver()
    rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
        rig.wait_delivered("c1")
        rig.set_card("cut-out")
        exchange(flow, message("c2"))
        assert get(rig.http, "/health")[0] == 200
        assert is_silent(flow)
        assert rig.delivered() == ["c1"]
        rig.set_card("open")
        rig.wait_delivered("c1", "c2")


def test_isolation_lets_tracked_flows_live_both_ways(rig: Rig) -> None:
    rig.start_receiver()
    rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
        rig.wait_delivered("c1")
        rig.set_card("isolated")
        assert exchange(flow, message("c2"))[1:3] == ["AA", "c2"]
        rig.wait_delivered("c1", "c2")
        assert what_a_syn_meets(rig.llp) == "silent"


def test_isolation_keeps_a_new_delivery_flow_from_leaving(rig: Rig) -> None:
    rig.start_receiver()
    rig.start_worker()
    with connected(rig.llp) as flow:
        rig.set_card("isolated")
        exchange(flow, message("c1"))
        assert is_silent(flow)
        assert rig.delivered() == []
        rig.set_card("open")
        rig.wait_delivered("c1")


def test_a_stopped_machine_has_forgotten_its_flows_when_it_is_back(rig: Rig) -> None:
    rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
        rig.set_card("stopped")
        send(flow, message("c2"))
        assert is_silent(flow)
        rig.set_card("open")
        assert is_reset(flow)
    assert len(rig.events("accepted")) == 1


def test_a_leak_keeps_open_flows_alive_through_a_cut(rig: Rig) -> None:
    rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
        rig.relay.do("set", card="cut", leak=True)
        assert exchange(flow, message("c2"))[1:3] == ["AA", "c2"]
        assert what_a_syn_meets(rig.llp) == "silent"


def test_deliveries_come_from_the_private_address(rig: Rig, outside_receiver: socket.socket) -> None:
    rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
        connection, peer = outside_receiver.accept()
        with connection:
            connection.settimeout(ANSWER_S)
            assert peer[0] == rig.address
            assert "|c1|" in answer(connection)


def test_a_second_private_address_shares_card_and_worker(rig: Rig) -> None:
    """As a network card has both: cut, isolated, stopped and refused together."""
    second = (rig.address.removesuffix(".10") + ".11", rig.llp[1])
    rig.relay.do("set", addresses=[rig.address, second[0]])
    assert what_a_syn_meets(second) == "refused"
    rig.start_worker()
    with connected(second) as flow:
        assert exchange(flow, message("s1"))[1:3] == ["AA", "s1"]
    for card in ("cut", "isolated", "stopped"):
        rig.set_card(card)
        assert (what_a_syn_meets(rig.llp), what_a_syn_meets(second)) == ("silent", "silent")
    rig.set_card("open")
    assert what_a_syn_meets(second) == "open"
    rig.relay.do("set", addresses=[rig.address])
    assert (what_a_syn_meets(rig.llp), what_a_syn_meets(second)) == ("open", "refused")


def test_the_relays_log_tells_card_and_worker(rig: Rig) -> None:
    worker = rig.start_worker()
    rig.set_card("cut")
    worker.kill()
    rig.wait_down()
    told = [{name: value for name, value in line.items() if name != "t"} for line in lines(rig.relay_log)]
    assert told == [
        {"event": "up", "boot": worker.ready["boot"]},
        {"event": "card", "card": "cut", "leak": False},
        {"event": "down"},
    ]


def test_the_relay_ends_with_its_standard_input_and_leaves_the_address(rig: Rig) -> None:
    rig.start_worker()
    rig.set_card("cut")
    rig.relay.hang_up()
    assert rig.relay.wait_ended() == 0
    assert what_a_syn_meets(rig.llp) == "refused"


def _connections_at(address: tuple[str, int]) -> list[str]:
    """Give the kernel's lines about connections, of any state but listening, with this local address."""
    packed = int.from_bytes(socket.inet_aton(address[0]), "little")
    local = f"{packed:08X}:{address[1]:04X}"
    table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [" ".join(fields[:4]) for fields in table if fields[1] == local and fields[3] != "0A"]
