"""Whether a run was what its scenario promised: each expectation beside what the checker found. Pure.

A run passes when every expectation is met; a broken one is named with its evidence. Standard library and the checker's own
files only.
"""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, assert_never

from lab.checkers import Findings
from lab.scenarios.expectations import Expectations, Expected
from lab.summary import counts, headline, where
from lab.timeline import Timeline

WIDTH = 110
SCHEMA_VERSION = 1
"""Of out/scenarios/NAME.json. Grows when a field is removed or changes its meaning."""

WORDS = {True: "kept", False: "broken", None: "not tried"}


@dataclass(frozen=True)
class Told:
    """What people are told of a scenario."""

    name: str
    injected: str
    must: str


@dataclass(frozen=True)
class Line:
    """One expectation and what became of it."""

    name: str
    expected: Expected
    found: bool | None
    reason: str
    """Why it is not simply to be kept; "" where it is."""
    evidence: tuple[str, ...]

    @property
    def met(self) -> bool:
        """It came out as it must."""
        match self.expected:
            case Expected.KEPT:
                return self.found is True
            case Expected.UNTRIED:
                return self.found is None
            case Expected.BROKEN:
                return self.found is False
            case Expected.ANY:
                return self.found is not False
            case Expected.EITHER:
                return self.found is not None
            case _:
                assert_never(self.expected)


@dataclass(frozen=True)
class Verdict:
    """One run, compared with its scenario."""

    told: Told
    findings: Findings
    lines: tuple[Line, ...]

    @property
    def unmet(self) -> tuple[Line, ...]:
        """The expectations that the run broke."""
        return tuple(line for line in self.lines if not line.met)

    @property
    def passed(self) -> bool:
        """Every expectation was met."""
        return not self.unmet

    @property
    def seen(self) -> str:
        """The run in one sentence."""
        return headline(self.findings)


def compare(told: Told, expects: Expectations, findings: Findings) -> Verdict:
    """Set every expectation beside what was found."""
    return Verdict(told, findings, (*_promises(expects, findings), *_checks(expects, findings)))


def _promises(expects: Expectations, findings: Findings) -> Iterable[Line]:
    for promise in findings.promises:
        expected, reason = expects.of(promise.name)
        yield Line(promise.name, expected, promise.kept, reason, promise.evidence)


def _checks(expects: Expectations, findings: Findings) -> Iterable[Line]:
    for check in expects.checks:
        judgement = check.judge(findings.case)
        yield Line(check.name, Expected.KEPT, judgement.kept, "", judgement.evidence)


def seconds(timeline: Timeline) -> dict[str, float | None]:
    """The figures of a run, in seconds; None where something was not seen. All from observers."""
    figures = {
        "detected": timeline.detected_s,
        "decided": timeline.decided_s,
        "moved": timeline.moved_s,
        "verified": timeline.verified_s,
        "outage": timeline.outage_s,
        "http_outage": timeline.http_outage_s,
    }
    return {name: None if value is None else round(value, 3) for name, value in figures.items()}


def document(verdict: Verdict) -> dict[str, Any]:
    """out/scenarios/NAME.json, without what only the runner knows (date, commit, folder)."""
    lab = verdict.findings.lab
    return {
        "schema_version": SCHEMA_VERSION,
        "name": verdict.told.name,
        "injected": verdict.told.injected,
        "must": verdict.told.must,
        "seen": verdict.seen,
        "passed": verdict.passed,
        "unmet": [line.name for line in verdict.unmet],
        "profile": lab.profile,
        "schedule_divisor": lab.schedule_divisor,
        "seconds": seconds(verdict.findings.case.timeline),
        "messages": {counted.name: counted.number for counted in counts(verdict.findings)},
        "expectations": [
            {
                "name": line.name,
                "expected": line.expected.value,
                "found": WORDS[line.found],
                "met": line.met,
                "reason": line.reason,
                "evidence": list(line.evidence),
            }
            for line in verdict.lines
        ],
    }


def render(verdict: Verdict) -> str:
    """The verdict for the terminal."""
    figures = [f"{name.replace('_', ' ')} {value:.3f}" for name, value in _figures(verdict) if value is not None]
    parts = [
        _row("Injected", verdict.told.injected),
        _row("Must", verdict.told.must),
        _row("Seen", verdict.seen),
        _row("Seconds", f"{', '.join(figures)} ({where(verdict.findings)})"),
        *(line for own in verdict.lines[len(verdict.findings.promises) :] for line in _shown(own)),
        *(
            _row("Otherwise", f"{line.name} is {line.expected.value}: {line.reason}")
            for line in verdict.lines
            if line.reason
        ),
        *(text for line in verdict.unmet for text in _unmet(line)),
        _result(verdict),
    ]
    return "\n".join(parts) + "\n"


def _figures(verdict: Verdict) -> list[tuple[str, float | None]]:
    return list(seconds(verdict.findings.case.timeline).items())


def _shown(line: Line) -> list[str]:
    return [_row("Checked", f"{line.name}: {line.evidence[0]}")] if line.met else []


def _unmet(line: Line) -> list[str]:
    head = _row("BROKEN", f"{line.name} must be {line.expected.value} and is {WORDS[line.found]}")
    return [head, *(_row("", evidence) for evidence in line.evidence)]


def _result(verdict: Verdict) -> str:
    met = sum(line.met for line in verdict.lines)
    result = "passed" if verdict.passed else "FAILED"
    return _row("Result", f"{result}: {met} of {len(verdict.lines)} expectations met")


def _row(name: str, text: str) -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=f"{name:<10}", subsequent_indent=" " * 10, break_on_hyphens=False, break_long_words=False
    )
