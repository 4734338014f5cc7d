"""The clients of a lab: HL7 senders and one HTTP client against the public address, and the wish to see them served."""

from dataclasses import dataclass

from lab.child import Child
from lab.site import Site
from lab.tail import Tail

SENDERS = 3
RATE = 20.0
"""Messages a second and sender."""

CLIENT_READY_S = 20.0
STOP_S = 30.0
"""Longest time that a sender may take to get its last message acknowledged."""


@dataclass(frozen=True)
class Traffic:
    """Running clients; made by `begin`."""

    site: Site
    senders: tuple[Child, ...]
    tails: tuple[Tail, ...]
    http: Tail

    @classmethod
    def begin(cls, site: Site) -> "Traffic":
        """Start the clients; they begin at once."""
        names = [f"s{number + 1}" for number in range(SENDERS)]
        senders = tuple(_sender(site, name) for name in names)
        flags: list[object] = ["--address", site.outputs["address"], "--port", site.ports.http]
        http = site.supervisor.module("http", "lab.http_client", *flags, "--log", site.logs / "http.jsonl")
        for child in (*senders, http):
            child.expect("ready", CLIENT_READY_S)
        tails = tuple(Tail(site.logs / f"sender-{name}.jsonl") for name in names)
        return cls(site, senders, tails, Tail(site.logs / "http.jsonl"))

    def acknowledged(self) -> int:
        """Messages acknowledged so far."""
        return sum(tail.count("acked") for tail in self.tails)

    def all_served_by(self, worker: str, since_t: float) -> bool:
        """Whether every sender got an acknowledgement, and the HTTP client an answer, from `worker` after `since_t`."""
        newest = [tail.last("acked") for tail in self.tails] + [self.http.last("answer")]
        return all(line is not None and line["worker"] == worker and line["t"] > since_t for line in newest)

    def stop(self) -> None:
        """Let every sender finish its current message. RuntimeError when one could not."""
        for sender in self.senders:
            answer = sender.call("stop", STOP_S)
            if not answer["finished"]:
                raise RuntimeError(f"{sender.name} could not get its last message acknowledged in time")


def _sender(site: Site, name: str) -> Child:
    flags: list[object] = ["--name", name, "--address", site.outputs["address"], "--port", site.ports.llp, "--rate", RATE]
    return site.supervisor.module(name, "lab.sender", *flags, "--log", site.logs / f"sender-{name}.jsonl")
