"""Writes what the table says: `docs/TRAPS.md`, and the lower part of `docs/LIMITS.md`.

    python -m tests.infra.traps.page          write both
    python -m tests.infra.traps.page --check  exit with 1 if one of them is not what would be written

Not imported by checks: it looks at the program's own list of questions.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from infra.aws.doctor import Subject, questions
from infra.azure import doctor as azure_doctor
from infra.doctor import Question
from infra.quotas import Quota, Usage
from tests.infra.azure.traps.every import TRAPS as AZURE_TRAPS
from tests.infra.azure.traps.rows import ROWS as AZURE_ROWS
from tests.infra.azure.traps.rows import SECTIONS as AZURE_SECTIONS
from tests.infra.traps.every import ROWS, TRAPS
from tests.infra.traps.registry import Trap
from tests.infra.traps.rows import SECTIONS, Asked, ByTest, Checked, LeftOut, Row
from tests.infra.traps.slips import ROOT, Slip

TRAPS_PAGE = ROOT / "docs" / "TRAPS.md"
LIMITS_PAGE = ROOT / "docs" / "LIMITS.md"
MARK = "<!-- Below this line: written by `python -m tests.infra.traps.page`. -->\n"

HEAD = """\
# Traps

What the emulators accept and the real clouds refuse, delay or break, and what stands against it: AWS first, then
[Azure](#azure). Written by `python -m tests.infra.traps.page` from the tests that hold it; a test keeps the two equal.

A **check** looks at what the program registered, without a cloud. A **slip** is a small mistake in the sources, such as a
tired person makes; `python -m tests.infra.traps.sweep aws|azure` makes each of them, and exactly the check that it stands
beside must notice. What is held by a **question** only an account can answer: [LIMITS.md](LIMITS.md) has the calls. What is
left out stands there too, and why.
"""

LIMITS_HEAD = """\
# Limits

What this version does not do, and what it cannot know. docs/RULE.md 8 has what the watchdog's rule leaves open.

"""

SUBJECT = Subject(
    region="REGION",
    worker_zones=("ZONE1", "ZONE2"),
    prober_zones=("ZONE1", "ZONE2", "ZONE3"),
    image_id="AMI",
    instance_type="TYPE",
    root_volume_gb=30,
    reserved_runs=12,
    endpoint_services=("ssm", "ssmmessages"),
    quota_needs=dict.fromkeys(Quota, 1),
    topic_arn="TOPIC",
    functions_in_network=("PROBER",),
    instance_ids=("INSTANCE1", "INSTANCE2"),
    arbiter_role_arn="ROLE",
    address_arn="ADDRESS",
)
"""A stack of names, for the list."""
AZURE_SUBJECT = azure_doctor.Subject(
    subscription_id="SUBSCRIPTION",
    region="REGION",
    worker_zones=("1", "2"),
    vm_size="SIZE",
    image="PUBLISHER:OFFER:SKU:VERSION",
    root_volume_gb=30,
    dedicated_hosts=True,
    quota_needs=dict.fromkeys(Usage, 1),
    deployer_id="DEPLOYER",
    group="SITE",
    alerts="SITE-notices",
)
ALL_QUESTIONS = (*questions(SUBJECT), *azure_doctor.questions(AZURE_SUBJECT))


@dataclass(frozen=True)
class Table:
    """The table of one cloud."""

    cloud: str
    sections: Mapping[int, str]
    rows: Mapping[str, Row]
    traps: Mapping[str, Trap]


TABLES = (Table("AWS", SECTIONS, ROWS, TRAPS), Table("Azure", AZURE_SECTIONS, AZURE_ROWS, AZURE_TRAPS))


def traps_page() -> str:
    """`docs/TRAPS.md`."""
    return HEAD + "".join(_part(table) for table in TABLES)


def _part(table: Table) -> str:
    slips = sum(len(trap.slips) for trap in table.traps.values())
    counted = f"{len(table.rows)} traps, {len(table.traps)} checks, {slips} slips of the program.\n"
    return f"\n# {table.cloud}\n\n{counted}" + "".join(_section(table, number) for number in table.sections)


def _section(table: Table, number: int) -> str:
    lines = [f"\n## {table.cloud} {number}. {table.sections[number]}\n"]
    lines += [f"| trap | what {table.cloud} does | held by | slips that it notices |", "| --- | --- | --- | --- |"]
    for row in table.rows.values():
        if row.section == number:
            held, slips = zip(*_holds(table, row), strict=True)
            lines.append(f"| {row.title} | {row.does} | {'<br>'.join(held)} | {'<br>'.join(filter(None, slips))} |")
    return "\n".join(lines) + "\n"


def _holds(table: Table, row: Row) -> Iterator[tuple[str, str]]:
    """What holds a row, and the slips that show it."""
    for held in row.held:
        match held:
            case Checked():
                for trap in table.traps.values():
                    if row.id in trap.rows:
                        yield f"`{trap.name}`", _said(*trap.slips)
            case ByTest(file, name, slip):
                yield f"`{file}::{name}`", _said(slip)
            case Asked(ids):
                yield f"question {', '.join(_asked(ids))}", ""
            case LeftOut():
                yield (
                    "in part left out: [LIMITS.md](LIMITS.md)" if len(row.held) > 1 else "left out: [LIMITS.md](LIMITS.md)",
                    "",
                )
            case _:
                assert_never(held)


def _said(*slips: Slip) -> str:
    return "<br>".join(slip.what for slip in slips)


def _asked(ids: tuple[str, ...]) -> list[str]:
    """What a row says of its questions: an id, or how several begin."""
    known = [question.id for question in ALL_QUESTIONS]
    for beginning in ids:
        if not any(each.startswith(beginning) for each in known):
            raise ValueError(f"no question is called {beginning}")
    return [f"`{each}{'*' if each.endswith('-') else ''}`" for each in ids]


def limits_page(head: str) -> str:
    """`docs/LIMITS.md`: the hand-written head, then what follows from the table and from the doctor's list."""
    return head + MARK + _left_out() + _to_ask()


def _left_out() -> str:
    lines = [
        "\n## Traps that nothing holds, or not whole\n",
        "| cloud | trap | why, and what to do |",
        "| --- | --- | --- |",
    ]
    for table in TABLES:
        for row in table.rows.values():
            lines += [f"| {table.cloud} | {row.title} | {held.because} |" for held in row.held if isinstance(held, LeftOut)]
    return "\n".join(lines) + "\n"


def _to_ask() -> str:
    opening = (
        "\n## What only the account can answer\n\nThe lists are `infra/aws/doctor.py` and `infra/azure/doctor.py`; each "
        "call reads and changes nothing. Quotas appear with what the stack needs (`pulumi stack output quotas`). "
        "Those of Azure are paths of Resource Manager: `az rest --method get --url 'PATH'`.\n"
    )
    lines = [opening, "| question | when | call | good answer | otherwise |", "| --- | --- | --- | --- | --- |"]
    lines += [_question(each) for each in ALL_QUESTIONS]
    return "\n".join(lines) + "\n"


def _question(asked: Question) -> str:
    query = "&".join(f"{name}={value}" for name, value in asked.parameters.items()) if asked.asks.startswith("/") else ""
    call = f"{asked.asks}?{query}" if query else asked.asks
    return f"| `{asked.id}` | {asked.moment.value} | `{call}` | {asked.wanted} | {asked.why} |"


def main(arguments: list[str] | None = None) -> int:
    """Write both pages, or compare them; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.infra.traps.page", description="Write docs/TRAPS.md and LIMITS.md."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is not up to date")
    check = parser.parse_args(arguments).check
    there = LIMITS_PAGE.read_text(encoding="utf-8") if LIMITS_PAGE.exists() else LIMITS_HEAD
    wanted = {TRAPS_PAGE: traps_page(), LIMITS_PAGE: limits_page(there.partition(MARK)[0])}
    stale = [file for file, text in wanted.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    for file in stale:
        if check:
            sys.stderr.write(f"{file.relative_to(ROOT)} is not up to date: run python -m tests.infra.traps.page\n")
        else:
            file.write_text(wanted[file], encoding="utf-8")
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main())
