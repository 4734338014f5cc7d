"""A worker with everything around it: its relay, the receiver that it delivers to, their logs and its store."""

from pathlib import Path
from typing import Any

from tests.lab.children import Child, StartChild, eventually, lines

LLP, HTTP, PUBLIC = 2575, 8080, 8081


class Rig:
    """One worker's surroundings in `folder`; the worker itself is started by `start_worker`, as often as needed."""

    def __init__(self, child: StartChild, network: str, folder: Path) -> None:
        self._child = child
        self._folder = folder
        self.address = f"{network}.10"
        self.llp = (self.address, LLP)
        self.http = (self.address, HTTP)
        self.public = (self.address, PUBLIC)
        self.receiver_address = f"{network}.251"
        self.store = folder / "store-wk1.jsonl"
        self.log = folder / "worker-wk1.jsonl"
        self.relay_log = folder / "relay-wk1.jsonl"
        self.receiver_log = folder / "receiver.jsonl"
        self.repeats_log = folder / "receiver-repeats.jsonl"
        self.relay = self._start_relay()

    def start_receiver(self) -> Child:
        return self._child("lab.receiver", "--address", self.receiver_address, "--port", LLP, "--log", self.receiver_log)

    def start_worker(self) -> Child:
        files = ("--store", self.store, "--log", self.log)
        return self._child("lab.worker", "--name", "wk1", *files, "--relay", self.relay.ready["lifeline"])

    def set_card(self, card: str) -> None:
        self.relay.do("set", card=card)

    def delivered(self) -> list[str]:
        """MSH-10 of what the receiver was given, in order."""
        return [line["key"][1] for line in lines(self.receiver_log, "delivered")]

    def wait_delivered(self, *control_ids: str) -> None:
        """Wait until exactly these were delivered, in this order."""
        eventually(lambda: len(self.delivered()) >= len(control_ids))
        assert self.delivered() == list(control_ids)

    def events(self, name: str) -> list[Any]:
        """What the worker logged under this name, all its starts together."""
        return lines(self.log, name)

    def wait_down(self) -> None:
        """Wait until the relay has seen the worker's process end."""
        ups = len(lines(self.relay_log, "up"))
        eventually(lambda: len(lines(self.relay_log, "down")) == ups)

    def _start_relay(self) -> Child:
        ports = ("--llp", LLP, "--http", HTTP, "--public", PUBLIC)
        receiver = f"{self.receiver_address}:{LLP}"
        where = ("--address", self.address, "--receiver", receiver, "--log", self.relay_log)
        return self._child("lab.relay", "--name", "wk1", *where, *ports)
