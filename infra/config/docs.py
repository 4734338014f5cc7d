"""Writes what follows from the declaration: the `config:` part of `Pulumi.yaml`, and `docs/CONFIG.md`.

    python -m infra.config.docs          write both
    python -m infra.config.docs --check  exit with 1 if one of them is not what would be written

Pulumi stops a run, with a message of its own, when a declared key has neither value nor default, and it checks a value's
type before the program can speak. So a key that may be unset is declared as a string with an empty default: this program
then reports every mistake together. A number with a fraction is a string too, for Pulumi knows whole numbers only
(github.com/pulumi/pulumi, sdk/go/common/workspace/config.go and project.go, read 2026-11-21).
"""

import argparse
import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from infra.config.keys import SECTIONS, StackConfig, declaration, key_name, unit
from infra.config.kinds import schema_of, words
from infra.config.parsing import as_text, kind_of

ROOT = Path(__file__).parents[2]
PROJECT_FILE = ROOT / "Pulumi.yaml"
PAGE = ROOT / "docs" / "CONFIG.md"
MARK = "# Below this line: written by `python -m infra.config.docs` from infra/config/keys.py.\n"

PULUMI_TYPES = {"integer": "integer", "boolean": "boolean"}

INTRODUCTION = """\
# Configuration

Every key of a stack file (`stacks/Pulumi.STACK.yaml`), as `tandem:KEY`. All mistakes of a file are reported at once, before
anything is created. This page and the `config:` part of `Pulumi.yaml` are written by `python -m infra.config.docs` from
`infra/config/keys.py`; a test keeps the three equal.
"""


def project_config() -> dict[str, Any]:
    """The `config:` part of `Pulumi.yaml`."""
    return {
        key_name(field): {**_pulumi_type(field), "description": declaration(field).sentence}
        for section in SECTIONS
        for field in section.model_fields
    }


def _pulumi_type(field: str) -> dict[str, Any]:
    schema = schema_of(kind_of(field))
    default = StackConfig.model_fields[field].default
    if schema["type"] == "array":
        plain = [_plain(item) for item in default] if isinstance(default, tuple) else []
        return {"type": "array", "items": {"type": _scalar_type(schema["items"])}, "default": plain}
    declared = declaration(field)
    if declared.by_tier or StackConfig.model_fields[field].is_required():
        return {"type": "string", "default": ""}
    kind = _scalar_type(schema)
    return {"type": kind, "default": _plain(default) if kind in PULUMI_TYPES else as_text(_plain(default))}


def _scalar_type(schema: Mapping[str, Any]) -> str:
    return PULUMI_TYPES.get(schema["type"], "string")


def _plain(value: Any) -> Any:
    plain = getattr(value, "value", getattr(value, "path", value))
    return plain if isinstance(plain, int | float) else str(plain)


def project_file(head: str) -> str:
    """`Pulumi.yaml`: the hand-written head, then the declaration."""
    body = yaml.safe_dump({"config": project_config()}, sort_keys=False, allow_unicode=True, width=120)
    return head + MARK + body


def page() -> str:
    """`docs/CONFIG.md`."""
    return INTRODUCTION + "".join(f"\n{text}" for section in SECTIONS for text in _section(section))


def _section(section: type[BaseModel]) -> Iterator[str]:
    yield f"## {section.__name__}\n"
    yield f"{inspect.cleandoc(section.__doc__ or '')}\n"
    rows = ["| key | allowed | default | meaning |", "| --- | --- | --- | --- |"]
    rows += [_row(field) for field in section.model_fields]
    yield "\n".join(rows) + "\n"


def _row(field: str) -> str:
    declared = declaration(field)
    allowed = words(schema_of(kind_of(field)), unit(field), declared.not_yet)
    later = f"; not in this version: {', '.join(sorted(declared.not_yet))}" if declared.not_yet else ""
    return f"| `{key_name(field)}` | {allowed}{later} | {_default(field)} | {declared.sentence} |"


def _default(field: str) -> str:
    declared = declaration(field)
    if declared.by_tier:
        return ", ".join(f"{tier}: {value:g}" for tier, value in declared.by_tier.items())
    if StackConfig.model_fields[field].is_required():
        return "required"
    default = StackConfig.model_fields[field].default
    items = default if isinstance(default, tuple) else (default,)
    return ", ".join(as_text(_plain(item)) for item in items) or "none"


def main(arguments: list[str] | None = None) -> int:
    """Write both files, or compare them; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.config.docs", description="Write Pulumi.yaml and docs/CONFIG.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is not up to date")
    check = parser.parse_args(arguments).check
    head = PROJECT_FILE.read_text(encoding="utf-8").partition(MARK)[0]
    wanted = {PROJECT_FILE: project_file(head), PAGE: page()}
    stale = [file for file, text in wanted.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    if check:
        for file in stale:
            sys.stderr.write(f"{file.relative_to(ROOT)} is not up to date: run python -m infra.config.docs\n")
        return 1 if stale else 0
    for file in stale:
        file.write_text(wanted[file], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
