"""The timeline as shapes: seconds become pixels here, and the page's template only prints them.

Lanes from top to bottom: what each worker acknowledged (ticks), where the address was associated (bar), what the record said
(bar). Vertical marks: the fault, what followed it, the second act. Pure; imported by `report.py`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from lab.chronicle import act_words
from lab.promises.case import Case
from lab.rawevents import Phase

WIDTH = 980
LEFT, RIGHT = 150, 20
"""Space for the lanes' names, and for the last label of the axis."""
LANE, BAR = 40, 22
"""Height of a lane and of a bar or tick in it."""
ROW = 17
"""Height of one row of mark labels."""
CHAR = 6.6
"""Width of a character of the drawing's 12-pixel text, on the generous side."""
AXIS = 34
TICKS_WANTED = 9


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time. `label` is empty where it does not fit; `tip` says it all."""

    x: float
    y: float
    width: float
    kind: str
    label: str
    tip: str


@dataclass(frozen=True, slots=True)
class Ticks:
    """Many moments of one lane as one SVG path."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment through all lanes. `from_end`: the label ends at the line instead of beginning there."""

    x: float
    label: str
    label_y: float
    kind: str
    from_end: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane's name and the middle of its height."""

    name: str
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """One timeline, ready to print. `describes` says it in words for those who cannot see it."""

    id: str
    title: str
    describes: str
    height: float
    top: float
    bottom: float
    lanes: tuple[Lane, ...]
    bars: tuple[Bar, ...]
    ticks: tuple[Ticks, ...]
    marks: tuple[Mark, ...]
    axis: tuple[tuple[float, str], ...]
    width: int = WIDTH
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bar: int = BAR


@dataclass(frozen=True, slots=True)
class Wanted:
    """A mark before it has its place: seconds from the fault, words, kind."""

    at_s: float
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Scale:
    """Seconds from the fault to pixels."""

    from_s: float
    to_s: float

    def x(self, at_s: float) -> float:
        inside = min(max(at_s, self.from_s), self.to_s)
        return round(LEFT + (inside - self.from_s) / (self.to_s - self.from_s) * (WIDTH - LEFT - RIGHT), 1)

    def shows(self, at_s: float) -> bool:
        return self.from_s <= at_s <= self.to_s


def draw_failover(case: Case) -> Drawing:
    """The seconds around the fault."""
    t = case.timeline
    ends = [t.since_fault(gap.to_t) for gap in t.gaps if gap.to_t is not None]
    end = max([s for s in (t.moved_s, t.verified_s) if s is not None] + ends + [1.0])
    scale = _Scale(-max(0.3 * end, 0.5), 1.25 * end)
    return _draw(case, "failover", "The failover", scale, failover_marks(case))


def draw_run(case: Case) -> Drawing:
    """The whole run, from the first acknowledgement to the last event."""
    since = case.timeline.since_fault
    served = [since(ack.t) for ack in case.logs.acked]
    ends = [since(event.t) for events in (case.logs.deliveries, case.logs.records, case.logs.story) for event in events]
    scale = _Scale(min([*served, -1.0]), max([*served, *ends, 1.0]))
    return _draw(case, "run", "The whole run", scale, run_marks(case))


def failover_marks(case: Case) -> list[Wanted]:
    """The fault, the four figures and the first acknowledgement."""
    t = case.timeline
    figures = {"detected": t.detected_s, "decided": t.decided_s, "address moved": t.moved_s, "verified": t.verified_s}
    marks = [Wanted(0.0, f"{t.fault.who} {t.fault.kind.done}", "fault")]
    marks += [Wanted(s, f"{name} {s:.2f}", "figure") for name, s in figures.items() if s is not None]
    if t.first_ack is not None:
        served = t.since_fault(t.first_ack.t)
        marks.append(Wanted(served, f"served again {served:.2f}", "served"))
    return marks


def run_marks(case: Case) -> list[Wanted]:
    """The fault and what the lab did later."""
    t = case.timeline
    marks = [Wanted(0.0, f"{t.fault.who} {t.fault.kind.done}", "fault")]
    return marks + [Wanted(t.since_fault(act.t), act_words(act), "act") for act in case.logs.acts if act.t > t.fault.t]


def _draw(case: Case, name: str, title: str, scale: _Scale, wanted: Sequence[Wanted]) -> Drawing:
    marks, rows = _placed([mark for mark in wanted if scale.shows(mark.at_s)], scale)
    top = rows * ROW + 12
    workers = list(case.lab.order)
    names = [f"{worker} acknowledges" for worker in workers] + ["address is on", "record says"]
    lanes = tuple(Lane(lane, top + LANE * (place + 0.5)) for place, lane in enumerate(names))
    bottom = top + LANE * len(lanes)
    bars = [
        *(bar for worker, lane in zip(workers, lanes, strict=False) for bar in _down(case, scale, worker, lane.y)),
        *_address(case, scale, lanes[-2].y),
        *_record(case, scale, lanes[-1].y),
    ]
    return Drawing(
        id=name,
        title=f"{title}: {scale.from_s:.1f} s to {scale.to_s:.1f} s from the fault",
        describes=_in_words(case, wanted),
        height=bottom + AXIS,
        top=top,
        bottom=bottom,
        lanes=lanes,
        bars=tuple(bars),
        ticks=tuple(_ticks(case, scale, worker, lane.y) for worker, lane in zip(workers, lanes, strict=False)),
        marks=tuple(marks),
        axis=tuple((scale.x(s), f"{s:g} s") for s in axis_seconds(scale.from_s, scale.to_s)),
    )


def _placed(wanted: Sequence[Wanted], scale: _Scale) -> tuple[list[Mark], int]:
    """Give each label the highest row in which it touches none before it."""
    free_from: list[float] = []
    marks: list[Mark] = []
    for mark in sorted(wanted, key=lambda mark: mark.at_s):
        x, width = scale.x(mark.at_s), len(mark.label) * CHAR + 8
        from_end = x + width > WIDTH
        start = x - width if from_end else x
        row = next((row for row, free in enumerate(free_from) if free <= start), len(free_from))
        free_from[row : row + 1] = [start + width]
        marks.append(Mark(x, mark.label, (row + 1) * ROW - 4, mark.kind, from_end))
    return marks, len(free_from)


def worker_kind(case: Case, worker: str | None) -> str:
    """The style of a worker; every page has three and repeats them."""
    return f"worker{case.lab.order.index(worker) % 3}" if worker in case.lab.order else "nobody"


def _ticks(case: Case, scale: _Scale, worker: str, y: float) -> Ticks:
    moments = (case.timeline.since_fault(ack.t) for ack in case.logs.acked if ack.worker == worker)
    places = sorted({scale.x(at_s) for at_s in moments if scale.shows(at_s)})
    path = "".join(f"M{x} {y - BAR / 2}v{BAR}" for x in places)
    return Ticks(path, worker_kind(case, worker))


def _down(case: Case, scale: _Scale, worker: str, y: float) -> Iterable[Bar]:
    fault = case.timeline.fault
    if fault.worker != worker or not fault.kind.lasts:
        return
    back = [case.timeline.since_fault(s.t) for s in case.logs.starts if s.worker == fault.worker and s.t > fault.t]
    yield from _bar(scale, 0.0, min(back, default=scale.to_s), y, ("down", fault.kind.done))


def _address(case: Case, scale: _Scale, y: float) -> Iterable[Bar]:
    since, events = case.timeline.since_fault, case.logs.associations
    for place, event in enumerate(events):
        end = since(events[place + 1].t) if place + 1 < len(events) else scale.to_s
        worker = case.lab.by_ip(event.private_ip)
        name = worker or "nobody"
        follows = min(max(since(event.carries_at), since(event.t)), end)
        kind = worker_kind(case, worker)
        yield from _bar(scale, since(event.t), follows, y, (f"{kind} pending", f"{name}, packets do not follow yet"))
        yield from _bar(scale, follows, end, y, (kind, name))


def _record(case: Case, scale: _Scale, y: float) -> Iterable[Bar]:
    since, records = case.timeline.since_fault, case.logs.records
    changes = [next(group) for _, group in groupby(records, key=lambda seen: (seen.phase, seen.epoch, seen.entitled))]
    for place, seen in enumerate(changes):
        end = since(changes[place + 1].t) if place + 1 < len(changes) else scale.to_s
        kind = f"phase-{seen.phase.value}" if seen.phase in _CALM else "phase-busy"
        yield from _bar(scale, since(seen.t), end, y, (kind, f"{seen.phase.value}, {seen.entitled}, epoch {seen.epoch}"))


_CALM = {Phase.STEADY, Phase.SUSPECT}


def _bar(scale: _Scale, start_s: float, end_s: float, y: float, look: tuple[str, str]) -> Iterable[Bar]:
    """A bar, or none if it is out of sight. `look` = (kind, words)."""
    if end_s <= scale.from_s or start_s >= scale.to_s or end_s <= start_s:
        return
    kind, words = look
    x, width = scale.x(start_s), scale.x(end_s) - scale.x(start_s)
    fitting = next((text for text in (words, words.partition(",")[0]) if len(text) * CHAR + 8 <= width), "")
    yield Bar(x, y - BAR / 2, round(max(width, 1.0), 1), kind, fitting, f"{words}: {start_s:.2f} s to {end_s:.2f} s")


def axis_seconds(from_s: float, to_s: float) -> list[float]:
    """Round seconds for an axis: steps of 1, 2 or 5 times a power of ten, about `TICKS_WANTED` of them."""
    rough = (to_s - from_s) / TICKS_WANTED
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(from_s / step)
    return [round(place * step, 6) for place in range(first, math.floor(to_s / step) + 1)]


def _in_words(case: Case, wanted: Sequence[Wanted]) -> str:
    marks = "; ".join(f"{mark.label} at {mark.at_s:.2f} seconds" for mark in wanted)
    served = " ".join(_served(case, worker) for worker in case.lab.order)
    return f"{marks}. {served}"


def _served(case: Case, worker: str) -> str:
    times = [case.timeline.since_fault(ack.t) for ack in case.logs.acked if ack.worker == worker]
    if not times:
        return f"{worker} acknowledged nothing."
    return f"{worker} acknowledged {len(times)} times, from {times[0]:.2f} to {times[-1]:.2f} seconds."
