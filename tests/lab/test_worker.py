"""A worker's promises over real sockets and real kills, and that each planted breach breaks its promise."""

import json
import socket

import pytest

from tests.lab.children import eventually, lines
from tests.lab.plain_clients import ANSWER_S, SILENCE_S, answer, connected, exchange, get, is_silent, message, send
from tests.lab.rig import Rig

pytestmark = pytest.mark.lab


def test_an_acknowledgement_names_worker_and_boot(rig: Rig) -> None:
    worker = rig.start_worker()
    with connected(rig.llp) as flow:
        assert exchange(flow, message("c1")) == ["MSA", "AA", "c1", f"wk1 {worker.ready['boot']}"]


def test_health_and_business_name_worker_and_boot_and_the_public_port_has_health_only(rig: Rig) -> None:
    name = {"worker": "wk1", "boot": rig.start_worker().ready["boot"]}
    assert get(rig.http, "/health") == (200, {**name, "ready": True})
    assert get(rig.http, "/") == (200, name)
    assert get(rig.public, "/health") == (200, {**name, "ready": True})
    assert get(rig.public, "/") == (404, {"error": "no such path"})


def test_a_message_is_in_the_store_when_its_acknowledgement_arrives(rig: Rig) -> None:
    rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
        stored = [json.loads(line) for line in rig.store.read_text().splitlines()]
    assert [(line["op"], line["seq"], line["key"][1]) for line in stored] == [("accepted", 1, "c1")]
    assert stored[0]["text"] == message("c1")


def test_every_message_is_delivered_in_order_and_logged_on_both_sides(rig: Rig) -> None:
    rig.start_receiver()
    boot = rig.start_worker().ready["boot"]
    with connected(rig.llp) as flow:
        for number in range(5):
            exchange(flow, message(f"c{number}"))
    rig.wait_delivered("c0", "c1", "c2", "c3", "c4")
    eventually(lambda: len(rig.events("delivered")) == 5)
    assert [line["seq_in_log"] for line in rig.events("accepted")] == [1, 2, 3, 4, 5]
    assert {(line["boot"], line["backlog"]) for line in rig.events("delivered")} == {(boot, False)}
    assert {(line["from"], line["boot"]) for line in lines(rig.receiver_log)} == {("wk1", boot)}
    keys = [line["key"] for line in rig.events("accepted")]
    assert [line["key"] for line in lines(rig.receiver_log)] == keys


def test_a_repeat_is_acknowledged_again_and_delivered_once(rig: Rig) -> None:
    rig.start_receiver()
    rig.start_worker()
    with connected(rig.llp) as flow:
        assert exchange(flow, message("c1")) == exchange(flow, message("c1"))
        exchange(flow, message("c2"))
    rig.wait_delivered("c1", "c2")
    assert [line["key"][1] for line in rig.events("accepted")] == ["c1", "c2"]
    assert [line["key"][1] for line in rig.events("known")] == ["c1"]


def test_messages_wait_in_order_for_a_receiver_that_is_away(rig: Rig) -> None:
    rig.start_worker()
    with connected(rig.llp) as flow:
        for number in range(3):
            exchange(flow, message(f"c{number}"))
    rig.start_receiver()
    rig.wait_delivered("c0", "c1", "c2")


def test_killed_between_durable_write_and_acknowledgement_the_message_is_not_doubled(rig: Rig) -> None:
    rig.start_receiver()
    worker = rig.start_worker()
    worker.do("breach", breach="die_after_store")
    with connected(rig.llp) as flow:
        send(flow, message("c1"))
        assert flow.recv(1) == b""
    assert worker.wait_ended() == -9
    rig.wait_down()

    again = rig.start_worker()
    assert again.ready["backlog"] == 1
    with connected(rig.llp) as flow:
        assert exchange(flow, message("c1"))[1:3] == ["AA", "c1"]
        assert is_silent(flow)
    assert rig.delivered() == []
    assert again.do("release")["backlog"] == 1
    rig.wait_delivered("c1")
    eventually(lambda: again.do("state") == {"event": "done", "do": "state", "held": 0, "undelivered": 0})


def test_a_backlog_is_held_while_new_messages_pass_and_released_in_order(rig: Rig) -> None:
    worker = rig.start_worker()
    with connected(rig.llp) as flow:
        for number in range(3):
            exchange(flow, message(f"old{number}"))
    worker.kill()
    rig.wait_down()
    rig.start_receiver()

    again = rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("new"))
    rig.wait_delivered("new")
    assert again.do("state")["held"] == 3
    again.do("release")
    rig.wait_delivered("new", "old0", "old1", "old2")

    boot = again.ready["boot"]
    eventually(lambda: len(rig.events("delivered")) == 4)
    assert [line["backlog"] for line in rig.events("delivered")] == [False, True, True, True]
    assert [line["backlog"] for line in rig.events("started")] == [0, 3]
    assert [(line["boot"], line["backlog"]) for line in rig.events("released")] == [(boot, 3)]


def test_a_released_message_that_had_arrived_before_the_kill_is_recognised(rig: Rig) -> None:
    receiver = rig.start_receiver()
    receiver.do("hold", on=True)
    worker = rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
        eventually(lambda: receiver.do("state")["held"] == 1)
    worker.kill()
    rig.wait_down()
    receiver.do("hold", on=False)
    rig.wait_delivered("c1")

    rig.start_worker().do("release")
    eventually(lambda: lines(rig.repeats_log, "recognised"))
    assert rig.delivered() == ["c1"]


def test_a_message_whose_acknowledgement_was_lost_in_a_cut_is_sent_again_and_recognised(rig: Rig) -> None:
    receiver = rig.start_receiver()
    receiver.do("hold", on=True)
    worker = rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
        eventually(lambda: receiver.do("state")["held"] == 1)
        rig.set_card("cut")
        receiver.do("hold", on=False)
        rig.wait_delivered("c1")
        assert is_silent(flow)
    rig.relay.do("set", card="stopped")
    rig.set_card("open")  # its flows were forgotten meanwhile, the lost acknowledgement with them
    eventually(lambda: lines(rig.repeats_log, "recognised"))
    eventually(lambda: worker.do("state")["undelivered"] == 0)
    assert rig.delivered() == ["c1"]


def test_a_copy_says_whether_it_is_new_or_from_the_archive(rig: Rig, outside_receiver: socket.socket) -> None:
    worker = rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
    with outside_receiver.accept()[0] as first:
        first.settimeout(ANSWER_S)
        assert "|P^T|" in answer(first)
        worker.kill()
    rig.wait_down()
    rig.start_worker().do("release")
    with outside_receiver.accept()[0] as second:
        second.settimeout(ANSWER_S)
        assert "|P^R|" in answer(second)


def test_a_torn_last_line_of_the_store_was_never_acknowledged_and_is_cut_off(rig: Rig) -> None:
    worker = rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
    worker.kill()
    rig.wait_down()
    whole = rig.store.read_bytes()
    rig.store.write_bytes(whole + whole[:40])

    assert rig.start_worker().ready["backlog"] == 1
    assert rig.store.read_bytes() == whole


def test_a_worker_does_not_serve_from_a_damaged_store(rig: Rig) -> None:
    rig.store.write_text('{"op":"accepted"}\n')
    with pytest.raises(AssertionError, match=r"StoreDamagedError: .*store-wk1\.jsonl:1 is no line of a message store"):
        rig.start_worker()


def test_a_worker_ends_with_its_relay(rig: Rig) -> None:
    worker = rig.start_worker()
    rig.relay.kill()
    assert worker.wait_ended() == 1
    assert "the relay has gone" in worker.diagnostics()


def test_breach_drop_after_ack_acknowledges_what_nobody_keeps(rig: Rig) -> None:
    rig.start_receiver()
    worker = rig.start_worker()
    worker.do("breach", breach="drop_after_ack", times=2)
    with connected(rig.llp) as flow:
        acknowledged = [exchange(flow, message(f"c{number}"))[1:3] for number in range(3)]
    assert acknowledged == [["AA", "c0"], ["AA", "c1"], ["AA", "c2"]]
    rig.wait_delivered("c2")
    assert [line["key"][1] for line in rig.events("accepted")] == ["c2"]


def test_breach_swap_two_delivers_two_messages_of_one_sender_in_the_wrong_order(rig: Rig) -> None:
    rig.start_receiver()
    worker = rig.start_worker()
    worker.do("breach", breach="swap_two")
    with connected(rig.llp) as flow:
        exchange(flow, message("a1", "a"))
        exchange(flow, message("b1", "b"))
        exchange(flow, message("a2", "a"))
        exchange(flow, message("a3", "a"))
    rig.wait_delivered("b1", "a2", "a1", "a3")


def test_breach_deliver_twice_delivers_a_message_twice_as_new(rig: Rig) -> None:
    rig.start_receiver()
    worker = rig.start_worker()
    worker.do("breach", breach="deliver_twice")
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
        exchange(flow, message("c2"))
    rig.wait_delivered("c1", "c1", "c2")


def test_breach_steal_delivers_the_backlog_without_a_release(rig: Rig) -> None:
    worker = rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
    worker.kill()
    rig.wait_down()
    rig.start_receiver()
    assert rig.start_worker().do("steal")["backlog"] == 1
    rig.wait_delivered("c1")
    assert rig.events("released") == []


def test_a_lying_worker_is_healthy_and_answers_no_message(rig: Rig) -> None:
    worker = rig.start_worker()
    worker.do("lie", on=True)
    with connected(rig.llp) as flow:
        send(flow, message("c1"))
        assert is_silent(flow)
        assert get(rig.http, "/health")[1]["ready"] is True
        worker.do("lie", on=False)
        assert exchange(flow, message("c1"))[1:3] == ["AA", "c1"]
    assert len(rig.events("accepted")) == 1


def test_a_full_disk_refuses_a_message_and_health_until_there_is_room(rig: Rig) -> None:
    worker = rig.start_worker()
    worker.do("fill", on=True)
    with connected(rig.llp) as flow:
        assert exchange(flow, message("c1"))[1:3] == ["AE", "c1"]
        assert get(rig.http, "/health")[0] == get(rig.public, "/health")[0] == 503
        assert "No space left on device" in worker.diagnostics()
        worker.do("fill", on=False)
        assert exchange(flow, message("c1"))[1:3] == ["AA", "c1"]
    assert get(rig.http, "/health")[0] == 200
    assert [line["key"][1] for line in rig.events("accepted")] == ["c1"]


def test_a_message_that_was_delivered_with_a_full_disk_is_marked_when_there_is_room(rig: Rig) -> None:
    receiver = rig.start_receiver()
    receiver.do("hold", on=True)
    worker = rig.start_worker()
    with connected(rig.llp) as flow:
        exchange(flow, message("c1"))
        worker.do("fill", on=True)
        receiver.do("hold", on=False)
        rig.wait_delivered("c1")
        assert worker.do("state")["undelivered"] == 1
        worker.do("fill", on=False)
        eventually(lambda: worker.do("state")["undelivered"] == 0)
    assert rig.delivered() == ["c1"]


def test_a_slow_worker_answers_everything_late_and_loses_nothing(rig: Rig) -> None:
    worker = rig.start_worker()
    worker.do("slow", seconds=SILENCE_S * 3)
    with connected(rig.llp) as flow:
        send(flow, message("c1"))
        assert is_silent(flow)
        assert "MSA|AA|c1|" in answer(flow)
    with connected(rig.http) as asking:
        asking.sendall(b"GET /health HTTP/1.1\r\n\r\n")
        assert is_silent(asking)
        assert asking.recv(12) == b"HTTP/1.1 200"


def test_a_query_about_the_system_is_answered_and_kept_nowhere(rig: Rig) -> None:
    """A watchdog's probe of kind mllp is such a query; no patient's message is."""
    rig.start_worker()
    query = message("q1").replace("ORU^R01", "NMQ^N01^NMQ_N01", 1)
    with connected(rig.llp) as flow:
        assert exchange(flow, query)[1:3] == ["AA", "q1"]
        exchange(flow, message("c1"))
    assert [line["key"][1] for line in rig.events("accepted")] == ["c1"]
    assert "NMQ" not in rig.store.read_text()


def test_a_lying_worker_answers_no_query_either(rig: Rig) -> None:
    worker = rig.start_worker()
    worker.do("lie", on=True)
    with connected(rig.llp) as flow:
        send(flow, message("q1").replace("ORU^R01", "NMQ^N01^NMQ_N01", 1))
        assert is_silent(flow)
    assert get(rig.http, "/health")[0] == 200
