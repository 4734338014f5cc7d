"""`python -m prove search|controls|simulate|mutants|all`: the proof of the rule, at the terminal and as a summary.

`search` and `controls` are here. `simulate` and `mutants` are programs of their own (`prove.simulation`, `prove.mutants`),
which are handed the rest of the command line. `all` runs every part that there is and writes out/prove/summary.json.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prove import pages, run

OUT = pages.REPOSITORY / "out" / "prove"
SUMMARY = OUT / "summary.json"
SIZES = ("ci", "nightly")
PROGRAMS = {"simulate": "prove.simulation", "mutants": "prove.mutants"}
PARTS: dict[str, tuple[str, dict[str, list[str]], tuple[str, ...]]] = {
    "simulation": (
        "simulate",
        {"ci": ["--ticks", "300000"], "nightly": ["--ticks", "10000000"]},
        ("ticks", "seeds", "violations", "false_failovers"),
    ),
    "mutants": ("mutants", {"ci": [], "nightly": ["--all"]}, ("made", "killed")),
}
"""Name in the summary: the program, its arguments by size, and the figures that it must give."""


def main() -> int:
    """Run the parts that are asked for. 1 when something is violated, or a control is not found."""
    parser = argparse.ArgumentParser(prog="python -m prove", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    search = parts.add_parser("search", help="breadth-first search of the real rule in small worlds")
    search.add_argument("--states", type=int, default=run.STATES["ci"], help="of all worlds together (%(default)s)")
    search.add_argument("--world", action="append", default=[], help="only this one; may be given again")
    search.add_argument("--follow", type=int, default=run.FOLLOWED["ci"], help="states of each that are followed to rest")
    controls = parts.add_parser("controls", help="take out one guard after another; the search must find each")
    controls.add_argument("--write", action="store_true", help="write docs/proof/")
    everything = parts.add_parser("all", help="every part, and out/prove/summary.json")
    everything.add_argument("--size", choices=SIZES, default="ci")
    for name, module in PROGRAMS.items():
        parts.add_parser(name, help=f"python -m {module}", add_help=False)
    arguments, rest = parser.parse_known_args()
    if arguments.part in PROGRAMS:
        return _program(arguments.part, rest)
    if rest:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    started = time.monotonic()
    match arguments.part:
        case "search":
            summary = _search(arguments.world, arguments.states, arguments.follow)
        case "controls":
            summary = _controls(write=arguments.write)
        case _:
            summary = _all(arguments.size)
    summary["seconds"] = round(time.monotonic() - started, 1)
    return _verdict(summary)


def _say(text: str) -> None:
    print(text, flush=True)


def _search(worlds: list[str], states: int, followed: int) -> dict[str, Any]:
    searched = run.search(worlds, states, followed, _say)
    known = sum(bool(story) for _, story in run.find_defects(_say)) if not worlds else 0
    return {"search": run.search_summary(searched, known)}


def _controls(*, write: bool) -> dict[str, Any]:
    verdicts = run.run_controls(_say)
    if write:
        found = run.find_defects(_say)
        pages.write(pages.pages([(verdict.control, verdict.story) for verdict in verdicts], found))
    return {"controls": run.controls_summary(verdicts)}


def _program(name: str, arguments: Sequence[str]) -> int:
    """Run a part that is a program of its own."""
    module = PROGRAMS[name]
    if importlib.util.find_spec(module) is None:
        _say(f"{module} is not here")
        return 2
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=pages.REPOSITORY, check=False).returncode  # noqa: S603


def _figures(part: str, size: str) -> dict[str, Any]:
    """What one of the other programs found; nothing where it is not here."""
    name, arguments, figures = PARTS[part]
    if importlib.util.find_spec(PROGRAMS[name]) is None:
        _say(f"{part}: not here, so left out of the summary")
        return {}
    out = OUT / f"{part}.json"
    out.unlink(missing_ok=True)
    status = _program(name, [*arguments[size], "--out", str(out)])
    if not out.exists():
        _say(f"{part}: ended with status {status} and wrote no figures")
        return {"failed": [part]}
    return {part: {**_read(out, figures), "status": status}}


def _read(out: Path, figures: Sequence[str]) -> dict[str, Any]:
    """The figures that a program wrote; KeyError where one of them is missing, FileNotFoundError where it wrote nothing."""
    plain: dict[str, Any] = json.loads(out.read_text())
    return {name: plain[name] for name in figures}


def _all(size: str) -> dict[str, Any]:
    started = time.monotonic()
    summary: dict[str, Any] = {"size": size}
    summary |= _search([], run.STATES[size], run.FOLLOWED[size])
    summary |= _controls(write=False)
    for part in PARTS:
        found = _figures(part, size)
        failed = [*summary.get("failed", []), *found.pop("failed", [])]
        summary |= found | ({"failed": failed} if failed else {})
    summary["seconds"] = round(time.monotonic() - started, 1)
    SUMMARY.parent.mkdir(parents=True, exist_ok=True)
    SUMMARY.write_text(json.dumps(summary, indent=2) + "\n")
    _say(f"written: {SUMMARY.relative_to(pages.REPOSITORY)}")
    return summary


def _verdict(summary: dict[str, Any]) -> int:
    """The last lines, and the exit status."""
    search, controls = summary.get("search"), summary.get("controls")
    bad = bool(summary.get("failed")) or any(summary.get(part, {}).get("status", 0) for part in PARTS)
    if search:
        bad |= search["violations"] > 0
        _say(
            f"search: {search['states']} states, depth {search['depth']}, {search['followed']} followed to rest, "
            f"{search['violations']} violations ({search['known_defects']} of them known defects)"
        )
    if controls:
        missed = [control["name"] for control in controls if not control["found"]]
        bad |= bool(missed)
        left = f"; missed: {', '.join(missed)}" if missed else ""
        _say(f"controls: {len(controls) - len(missed)} of {len(controls)} found{left}")
    _say(f"{summary['seconds']:.0f} s: {'VIOLATED' if bad else 'nothing was found that the rule forbids'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
