"""The process: it announces itself, tells what happens, obeys orders, and ends with its lab."""

import http.client
import json
import threading
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from lab.supervisor import Supervisor
from tests.lab.arm.clouds import ADDRESS, GROUP, LOCATION, address_body, nic_id
from tests.lab.children import Child, StartChild, eventually, lines

pytestmark = pytest.mark.lab


def ask(child: Child, method: str, path: str, body: Any = None, identity: str = "owner") -> tuple[int, Any]:
    """One call over a connection of its own; status 0: the connection was cut."""
    url = urlsplit(child.ready["endpoint"])
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=10)
    headers = {"Authorization": f"Bearer oid:{identity}", "Content-Type": "application/json"}
    try:
        connection.request(method, f"{path}?api-version=2024-05-01", json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        text = answer.read()
    except ConnectionError:
        return 0, None
    finally:
        connection.close()
    return answer.status, json.loads(text) if text else None


def state(child: Child, path: str) -> str:
    return str(ask(child, "GET", path)[1]["properties"]["provisioningState"])


def test_it_says_where_it_answers_and_what_happens(child: StartChild, tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    arm = child("lab.arm", "--public-network", "127.99.250.0/24", "--request-log", log)
    assert arm.ready["endpoint"].startswith("http://127.0.0.1:")
    assert ask(arm, "PUT", GROUP, {"location": LOCATION})[0] == 201
    assert ask(arm, "PUT", ADDRESS, address_body())[0] == 201
    told = arm.event("address")
    assert (told["id"], told["address"]) == (ADDRESS, "127.99.250.1")
    written = [(line["method"], line["status"]) for line in lines(log, "request")]
    assert written == [("PUT", 201), ("PUT", 201)]


def test_operations_end_while_nobody_asks(child: StartChild) -> None:
    arm = child("lab.arm", "--times", "azure-new-plane")
    ask(arm, "PUT", GROUP, {"location": LOCATION})
    ask(arm, "PUT", ADDRESS, address_body())
    assert state(arm, ADDRESS) == "Updating"
    assert arm.event("address")["id"] == ADDRESS
    assert state(arm, ADDRESS) == "Succeeded"


def test_the_labs_supervisor_starts_it(tmp_path: Path) -> None:
    with Supervisor(tmp_path, f"test-{uuid.uuid4().hex}") as supervisor:
        arm = supervisor.module(
            "arm", "lab.arm", "--times", "azure-new-plane", "--request-log", supervisor.logs / "arm.jsonl"
        )
        assert str(arm.expect("ready", 20)["endpoint"]).startswith("http://127.0.0.1:")
        arm.call("tell", 5)


def test_it_obeys_orders_for_faults(child: StartChild) -> None:
    arm = child("lab.arm")
    arm.do("fault", effect="refuse", method="PUT", status=503, code="ServiceUnavailable", retry_after_s=3)
    status, body = ask(arm, "PUT", GROUP, {"location": LOCATION})
    assert (status, body["error"]["code"]) == (503, "ServiceUnavailable")
    arm.do("throttle", retry_after_s=5)
    assert ask(arm, "GET", GROUP)[0] == 429
    arm.do("fault", effect="lose", method="PUT")
    assert ask(arm, "PUT", GROUP, {"location": LOCATION})[0] == 0
    assert ask(arm, "GET", GROUP)[0] == 200
    arm.do("fault", effect="refuse", times=0)
    cleared = arm.do("clear")
    assert (cleared["cleared"], cleared["struck"]) == (4, 3)
    assert arm.do("clear")["struck"] == 0
    assert ask(arm, "GET", GROUP)[0] == 200


def test_a_call_is_held_and_let_in_or_dropped(child: StartChild) -> None:
    arm = child("lab.arm", "--own-caller", "lab")
    ask(arm, "PUT", GROUP, {"location": LOCATION}, "lab")
    answers: list[tuple[int, Any]] = []

    def write() -> None:
        answers.append(ask(arm, "PUT", ADDRESS, address_body()))

    for way, fate, status, stands in (("in", "drop", 0, 404), ("out", "drop", 0, 200), ("in", "go-on", 200, 200)):
        arm.do("trap", action="Microsoft.Network/publicIPAddresses/write", way=way)
        caller = threading.Thread(target=write)
        caller.start()
        assert arm.event("trapped")["way"] == way
        assert arm.do("release", fate=fate)["held"] == 1
        caller.join(10)
        assert answers.pop()[0] == status
        assert ask(arm, "GET", ADDRESS)[0] == stands


def test_a_trap_may_be_for_one_resource_and_one_method(child: StartChild) -> None:
    """A move's two halves have one action, and so has the PATCH of a card's tags."""
    arm = child("lab.arm", "--own-caller", "lab")
    ask(arm, "PUT", GROUP, {"location": LOCATION}, "lab")
    arm.do("trap", action="Microsoft.Network/publicIPAddresses/write", way="in", about=f"PUT {ADDRESS.upper()}")
    assert ask(arm, "PUT", f"{ADDRESS[:-1]}x", address_body())[0] == 201
    assert ask(arm, "PATCH", ADDRESS, {"tags": {}})[0] == 404
    caller = threading.Thread(target=ask, args=(arm, "PUT", ADDRESS, address_body()))
    caller.start()
    assert arm.event("trapped")["way"] == "in"
    arm.do("release", fate="drop")
    caller.join(10)
    assert ask(arm, "GET", ADDRESS)[0] == 404


def test_a_killed_process_leaves_everything_to_the_next(child: StartChild, tmp_path: Path) -> None:
    kept = ("--state-file", tmp_path / "arm.json")
    arm = child("lab.arm", *kept)
    ask(arm, "PUT", GROUP, {"location": LOCATION})
    ask(arm, "PUT", ADDRESS, address_body())
    before = ask(arm, "GET", ADDRESS)
    arm.kill()
    assert ask(child("lab.arm", *kept), "GET", ADDRESS) == before


def test_roles_and_owners_are_chosen_on_the_command_line(child: StartChild) -> None:
    arm = child("lab.arm", "--roles", "--owner", "owner")
    assert ask(arm, "PUT", GROUP, {"location": LOCATION})[0] == 201
    assert ask(arm, "GET", nic_id("x"))[0] == 404
    assert ask(arm, "GET", nic_id("x"), identity="other")[0] == 403


def test_it_ends_with_its_lab(child: StartChild) -> None:
    arm = child("lab.arm")
    arm.hang_up()
    assert arm.wait_ended() == 0


def test_a_body_that_is_no_json_is_an_error_and_no_end(child: StartChild) -> None:
    arm = child("lab.arm")
    url = urlsplit(arm.ready["endpoint"])
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=10)
    connection.request("PUT", f"{GROUP}?api-version=1", "{no json")
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)["error"]["code"]) == (400, "InvalidRequestContent")
    connection.close()
    assert eventually(lambda: ask(arm, "PUT", GROUP, {"location": LOCATION})[0] == 201)
