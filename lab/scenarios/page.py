"""docs/FAULTS.md: one line for each scenario, from the results of its last run.

    python -m lab faults-page            take up the results in out/scenarios, write docs/faults.json and docs/FAULTS.md
    python -m lab faults-page --check    exit with 1 if the page is not what would be written

docs/faults.json keeps the results, because out/ is not kept. What a scenario injects and what must come of it is read from
the registry, so the page cannot promise anything else than what is judged. Tables of other faults (of the cloud's API) come
as JSON files of the form `Table`, from out/faults/*.json, and are kept and shown in the same way.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lab.scenarios.registry import KINDS, SCENARIOS, on
from lab.scenarios.scenario import Scenario
from lab.supervisor import REPOSITORY

RESULTS = REPOSITORY / "out" / "scenarios"
TABLES = REPOSITORY / "out" / "faults"
LEDGER = REPOSITORY / "docs" / "faults.json"
PAGE = REPOSITORY / "docs" / "FAULTS.md"

KEPT = ("date", "commit", "profile", "schedule_divisor", "passed", "unmet", "seen", "seconds")
"""Fields of a result that the ledger keeps."""

TABLE = ("title", "date", "note", "columns", "rows")
"""Fields of a table of other faults: texts, a list of texts, and a list of such lists."""

NOT_RUN = "not run yet"

HEAD = """\
# Faults

What the lab breaks on purpose, what must come of it by [RULE.md](RULE.md) (sentences in brackets), and what was seen. A line
is a scenario: `make lab-run SCENARIO=name` plays it again and judges it from the raw logs; `make nightly` plays all of them.
**Seconds are lab seconds**, from the fault, by observers: *decided* = the record is stored, *moved* = the cloud answered the
accepted AssociateAddress, *outage* = the longest time that an HL7 sender went without an acknowledgement.

Scenarios of the watchdog are played on Azure too, from the same text: [On Azure](#on-azure), at the end.

Written by `python -m lab faults-page` from the results in [faults.json](faults.json); a test notices edits by hand.
"""

AZURE = """\
## On Azure

`make lab-run SCENARIO=name CLOUD=azure`; injected and must are as above. The pair has its address on a card and the tier
`high-availability`, which gives a service that refuses 30 s. *moved* is the accepted PUT of the standby's card.

| scenario | seen | seconds (lab) | run |
|---|---|---|---|
"""

Ledger = dict[str, Any]


def take_up(ledger: Ledger, results: Path, tables: Path) -> Ledger:
    """The ledger with every result and table that lies in these folders.

    Raises:
        ValueError: a file is no result of a scenario, or no table.
    """
    kept: dict[str, Any] = dict(ledger.get("tables", {}))
    for path in sorted(tables.glob("*.json")):
        table = _read(path, TABLE)
        kept[path.stem] = {field: table[field] for field in TABLE}
    runs = _runs(ledger.get("runs", {}), results)
    return {"runs": runs, "azure": _runs(ledger.get("azure", {}), results / "azure"), "tables": dict(sorted(kept.items()))}


def _runs(known: Mapping[str, Any], results: Path) -> dict[str, Any]:
    """What was known, and what lies in this folder, in the registry's order."""
    runs: dict[str, Any] = dict(known)
    for path in sorted(results.glob("*.json")):
        result = _read(path, KEPT)
        runs[str(result.get("name"))] = {field: result[field] for field in KEPT}
    return {name: runs[name] for name in SCENARIOS if name in runs}


def _read(path: Path, fields: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    missing = [field for field in fields if field not in found]
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)}")
    return found


def render(ledger: Ledger) -> str:
    """The page."""
    runs: Mapping[str, Any] = ledger.get("runs", {})
    sections = [_section(title, scenarios, runs) for title, scenarios in KINDS.items()]
    return "\n".join([HEAD, *sections, _others(ledger.get("tables", {})), _on_azure(ledger.get("azure", {}))])


def _section(title: str, scenarios: Iterable[Scenario], runs: Mapping[str, Any]) -> str:
    head = "| scenario | injected | must | seen | seconds (lab) | run |\n|---|---|---|---|---|---|"
    lines = [_line(scenario, runs.get(scenario.name)) for scenario in scenarios]
    return "\n".join([f"## {title}\n", head, *lines, ""])


def _on_azure(runs: Mapping[str, Any]) -> str:
    lines = [_row([f"`{scenario.name}`, Azure", *_result(runs.get(scenario.name))]) for scenario in on("azure")]
    return AZURE + "\n".join([*lines, ""])


def _line(scenario: Scenario, run: Mapping[str, Any] | None) -> str:
    return _row([f"`{scenario.name}`", scenario.injected, scenario.must, *_result(run)])


def _result(run: Mapping[str, Any] | None) -> list[str]:
    """The cells seen, seconds and run."""
    if run is None:
        return [NOT_RUN, "", ""]
    seen = str(run["seen"]) if run["passed"] else f"**FAILED: {', '.join(run['unmet'])}.** {run['seen']}"
    return [seen, _seconds(run), _run(run)]


def _seconds(run: Mapping[str, Any]) -> str:
    shown = {name: run["seconds"].get(name) for name in ("decided", "moved", "outage")}
    return ", ".join(f"{name} {value:.2f}" for name, value in shown.items() if value is not None)


def _run(run: Mapping[str, Any]) -> str:
    pace = "real minutes" if run["schedule_divisor"] == 1 else f"schedule / {run['schedule_divisor']:g}"
    return f"{run['date']}, {run['commit']}, profile {run['profile']}, {pace}"


def _others(tables: Mapping[str, Any]) -> str:
    if not tables:
        return "## Calls of the cloud's API\n\nNo results yet.\n"
    return "\n".join(_table(table) for table in tables.values())


def _table(table: Mapping[str, Any]) -> str:
    columns: list[str] = table["columns"]
    rows = [_row([str(cell) for cell in row]) for row in table["rows"]]
    head = f"## {table['title']}\n\n{table['note']} Run on {table['date']}.\n"
    return "\n".join([head, _row(columns), _row(["---"] * len(columns)), *rows, ""])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |".replace("  ", " ")


def load() -> Ledger:
    """The ledger as it is kept; empty where there is none."""
    return json.loads(LEDGER.read_text(encoding="utf-8")) if LEDGER.exists() else {}


def write(results: Path = RESULTS, tables: Path = TABLES) -> int:
    """Take up results, write ledger and page."""
    ledger = take_up(load(), results, tables)
    LEDGER.write_text(json.dumps(ledger, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(render(ledger), encoding="utf-8")
    print(f"{PAGE.name}: {len(ledger['runs'])} of {len(SCENARIOS)} scenarios have a result")
    return 0


def compare() -> int:
    """1, with a sentence, if the page is not what its results and the registry say."""
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == render(load()):
        return 0
    print(f"{PAGE.name} is not up to date: run python -m lab faults-page", file=sys.stderr)
    return 1
