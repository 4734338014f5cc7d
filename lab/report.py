"""The report of one run: report.json, report.html, and the text for the terminal.

    python -m lab.report out/lab/ID --out DIR     judge a run's raw logs again and write its report

What is said is decided in `summary.py` and drawn by `drawing.py`; here it gets its form. The page is one file without script
and without anything from elsewhere. Everything that comes from a log is escaped.
"""

import argparse
import json
import sys
import textwrap
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from lab.checkers import Findings, Promise, check
from lab.drawing import draw_failover, draw_run, worker_kind
from lab.rawlines import RawLogError
from lab.summary import counts, document, figures, headline, limits, verdict, where

PAGE, DATA = "report.html", "report.json"
WIDTH = 100
"""Columns of the terminal text."""
VERDICTS = {True: "kept", False: "BROKEN", None: "not tried"}


def write_report(findings: Findings, out_dir: Path) -> Path:
    """Write report.json and report.html into `out_dir` (made if missing); gives the page's path."""
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / DATA).write_text(json.dumps(document(findings), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    page = out_dir / PAGE
    page.write_text(render_page(findings), encoding="utf-8")
    return page


def render_page(findings: Findings) -> str:
    """The page as HTML."""
    template = resources.files("lab").joinpath("templates", "report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(template).render(
        findings=findings,
        lab=findings.lab,
        headline=headline(findings),
        verdict=verdict(findings),
        where=where(findings),
        figures=figures(findings),
        counts=counts(findings),
        limits=limits(findings),
        drawings=(draw_failover(findings.case), draw_run(findings.case)),
        workers=[(name, worker_kind(findings.case, name)) for name in findings.lab.order],
        verdicts=VERDICTS,
    )


def render_text(findings: Findings, page: Path | None = None) -> str:
    """The run for the terminal: what happened, when, which promises held, and where the page is."""
    lab = findings.lab
    parts = (
        _wrapped(headline(findings)),
        _wrapped(f"Lab seconds, not cloud seconds: {lab.cloud} emulated, profile {lab.profile}, deployed by {lab.engine}."),
        _section(f"Timeline (seconds from the fault, {where(findings)})", _timeline(findings)),
        _section(f"Figures ({where(findings)})", [f"{f.value:>10}  {f.name}" for f in figures(findings)]),
        _section(
            "Messages", [_wrapped(", ".join(f"{c.number} {c.name.replace('_', ' ')}" for c in counts(findings)), " " * 4)]
        ),
        _section(f"Promises: {verdict(findings)}", [line for promise in findings.promises for line in _promise(promise)]),
        f"Page: {page}" if page else "",
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _timeline(findings: Findings) -> list[str]:
    return [f"{moment.at_s:>10.3f}  {moment.witness.value:<15} {moment.text}" for moment in findings.moments]


def _promise(promise: Promise) -> list[str]:
    """A kept promise is a line; the evidence of the others follows it. The page has all evidence."""
    line = f"{VERDICTS[promise.kept]:>10}  {promise.name}"
    if promise.kept:
        return [line]
    told = [_wrapped(evidence, indent=" " * 14) for evidence in promise.evidence]
    return [line, *told]


def _section(title: str, lines: list[str]) -> str:
    return "\n".join([title, *lines])


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def main() -> int:
    """Judge a folder of raw logs. Exit status: 0 every promise kept, 1 not so, 2 the logs cannot be judged."""
    parser = argparse.ArgumentParser(prog="python -m lab.report", description="Judge the raw logs of a lab run again.")
    parser.add_argument("lab_dir", type=Path, help="the run's folder, with lab.json and logs/")
    parser.add_argument("--out", type=Path, required=True, help="folder for report.json and report.html")
    arguments = parser.parse_args()
    try:
        findings = check(arguments.lab_dir)
    except RawLogError as error:
        print(f"The raw logs in {arguments.lab_dir} cannot be judged: {error}", file=sys.stderr)
        return 2
    print(render_text(findings, write_report(findings, arguments.out)), end="")
    return 0 if findings.all_kept else 1


if __name__ == "__main__":
    sys.exit(main())
