"""How long an outage lasted: from the moment when the holder could not serve any more to the move that was accepted.

Read from the log. An outage begins when the worker that has the address stops being able to serve; it is of the class of
the fault that began last. It ends with the first association on a worker that can serve. One that ends by itself, because
the holder serves again, needs no repair and is dropped. "Accepted" is the moment when the cloud takes the call into effect.
"""

from dataclasses import dataclass
from typing import Any

from prove.simulation import events
from prove.simulation.events import Event


@dataclass(frozen=True)
class Repair:
    """One outage that a move ended."""

    name: str
    """Of the fault."""
    seconds: float


@dataclass
class _Outage:
    name: str
    began_s: float
    worker: str


class Repairs:
    """Sees every event of a run, in order. `instances`: site to worker to instance id."""

    def __init__(self, instances: dict[str, dict[str, str]]) -> None:
        self._instances = instances
        self._outages: dict[str, _Outage] = {}
        self._on: dict[str, str] = {site: next(iter(workers)) for site, workers in instances.items()}
        self._serving: dict[str, set[str]] = {site: set(workers) for site, workers in instances.items()}
        self._fault: dict[str, tuple[str, float]] = {}
        self.done: list[Repair] = []

    def see(self, event: Event) -> None:
        """One more event."""
        match event:
            case events.Fault() if event.begins:
                self._fault[event.site] = (event.name, event.time_s)
            case events.Serving():
                self._on_serving(event)
            case events.Applied() | events.ByHand() if event.before != event.after:
                self._on_moved(event.site, event.after, event.time_s, by_hand=isinstance(event, events.ByHand))
            case _:
                pass

    def _on_serving(self, event: events.Serving) -> None:
        serving = self._serving[event.site]
        if event.serving:
            serving.add(event.worker)
            outage = self._outages.get(event.site)
            if outage and outage.worker == event.worker:
                del self._outages[event.site]
            return
        lost = event.worker in serving
        serving.discard(event.worker)
        if lost and self._on[event.site] == event.worker and event.site not in self._outages:
            name = self._cause(event.site, event.time_s)
            if name:
                self._outages[event.site] = _Outage(name, event.time_s, event.worker)

    def _cause(self, site: str, now_s: float) -> str:
        """The fault that began at this very moment, here or in the region; "" = it was none (a stop of ours)."""
        for where in (site, ""):
            name, began_s = self._fault.get(where, ("", -1.0))
            if began_s == now_s:
                return name
        return ""

    def _on_moved(self, site: str, after: Any, now_s: float, *, by_hand: bool) -> None:
        if after is None:
            return
        names = {instance: name for name, instance in self._instances[site].items()}
        worker = self._on[site] = names.get(after.instance_id, "")
        if worker in self._serving[site]:
            outage = self._outages.pop(site, None)
            if outage and not by_hand:
                self.done.append(Repair(outage.name, now_s - outage.began_s))
