"""The control protocol that every lab child speaks, shown on the one child that needs no other."""

import json
import signal
from pathlib import Path

import pytest

from lab.control import Command, CommandRefusedError
from tests.lab.children import Child, StartChild

pytestmark = pytest.mark.lab


@pytest.fixture
def public(child: StartChild, network: str, tmp_path: Path) -> Child:
    log = tmp_path / "public.jsonl"
    return child("lab.public_address", "--address", f"{network}.250", "--ports", "2575", "--log", log)


def refusal(child: Child, line: bytes) -> str:
    child.say(line + b"\n")
    with pytest.raises(AssertionError, match="refused") as refused:
        child.event("done")
    return str(refused.value)


def test_the_end_of_standard_input_ends_a_child(public: Child) -> None:
    public.hang_up()
    assert public.wait_ended() == 0


def test_ctrl_c_is_not_for_children(public: Child) -> None:
    public.process.send_signal(signal.SIGINT)
    assert public.do("carry", private_ip=None)["do"] == "carry"


def test_an_answer_repeats_the_commands_id(public: Child) -> None:
    assert public.do("carry", private_ip=None, id=7) == {"event": "done", "do": "carry", "id": 7, "private_ip": None}


def test_commands_in_one_write_are_answered_in_order(public: Child) -> None:
    both = [{"do": "carry", "private_ip": None, "id": number} for number in (1, 2)]
    public.say(b"".join(json.dumps(command).encode() + b"\n" for command in both))
    assert [public.event("done")["id"], public.event("done")["id"]] == [1, 2]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"do": "dance", "id": 3}', "'id': 3, 'why': \"unknown command 'dance'; known here: carry, leak\""),
        (b'{"do": "leak", "on": 1}', "leak: 'on' is 1, allowed are true and false"),
        (b'{"do": "carry", "private_ip": 5}', "carry: 'private_ip' is 5, allowed are an IPv4 address and null"),
        (b"carry on", "a command is one JSON object on one line, not b'carry on'"),
        (b"[1]", "a command is a JSON object, not b'[1]'"),
    ],
)
def test_a_bad_command_is_refused_with_its_reason_and_the_child_goes_on(public: Child, line: bytes, why: str) -> None:
    assert why in refusal(public, line)
    assert public.do("carry", private_ip=None)["event"] == "done"


def test_an_address_that_is_taken_is_a_start_that_fails_with_a_reason(
    public: Child, child: StartChild, tmp_path: Path
) -> None:
    taken = ("--address", public.ready["address"], "--ports", "2575", "--log", tmp_path / "second.jsonl")
    with pytest.raises(AssertionError, match="Address already in use"):
        child("lab.public_address", *taken)


def test_a_list_of_texts_is_read_and_anything_else_refused() -> None:
    assert Command("set", {"addresses": ["127.64.0.10", "127.64.0.11"]}).texts("addresses") == ("127.64.0.10", "127.64.0.11")
    assert Command("set", {"addresses": []}).texts("addresses") == ()
    for wrong in ("127.64.0.10", None, ["127.64.0.10", 5]):
        with pytest.raises(CommandRefusedError, match=r"^set: 'addresses' is .*, allowed is a list of texts$"):
            Command("set", {"addresses": wrong}).texts("addresses")
