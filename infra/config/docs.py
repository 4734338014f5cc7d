"""Writes what follows from the declaration: the `config:` part of `Pulumi.yaml`, and `docs/CONFIG.md`.

    python -m infra.config.docs          write both
    python -m infra.config.docs --check  exit with 1 if one of them is not what would be written

Pulumi stops a run, with a message of its own, when a declared key has neither value nor default, and it checks a value's
type before the program can speak. So a key that may be unset is declared as a string with an empty default: this program
then reports every mistake together. A number with a fraction is a string too, for Pulumi knows whole numbers only
(github.com/pulumi/pulumi, sdk/go/common/workspace/config.go and project.go, read 2026-11-21). Pulumi also hands every
default to the program, whatever the cloud. So a text that one cloud has is declared without its default, for it would else
seem to be set in a stack of the other cloud.
"""

import argparse
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from infra.config.keys import (
    CONFIGS,
    FIELDS,
    SECTIONS,
    Cloud,
    StackConfig,
    clouds_of,
    declaration,
    key_name,
    unit,
)
from infra.config.kinds import schema_of, words
from infra.config.parsing import as_text, kind_of

ROOT = Path(__file__).parents[2]
PROJECT_FILE = ROOT / "Pulumi.yaml"
PAGE = ROOT / "docs" / "CONFIG.md"
MARK = "# Below this line: written by `python -m infra.config.docs` from infra/config/keys.py.\n"

PULUMI_TYPES = {"integer": "integer", "boolean": "boolean"}

INTRODUCTION = """\
# Configuration

Every key of a stack file (`stacks/Pulumi.STACK.yaml`), as `tandem:KEY`, with the clouds that have it; `cloud` says which one
a stack is for, and a key of the other one is refused with what stands for it. All mistakes of a file are reported at once,
before anything is created. This page and the `config:` part of `Pulumi.yaml` are written by `python -m infra.config.docs`
from `infra/config/keys.py`; a test keeps the three equal.
"""


CLOUD_NAMES = {Cloud.AWS: "AWS", Cloud.AZURE: "Azure"}


def declared_in(field: str) -> tuple[type[StackConfig], ...]:
    """The configurations that declare a field: the one of both clouds, or each cloud's own."""
    if field in StackConfig.model_fields:
        return (StackConfig,)
    return tuple(CONFIGS[cloud] for cloud in clouds_of(field))


def project_config() -> dict[str, Any]:
    """The `config:` part of `Pulumi.yaml`."""
    return {key: {**_pulumi_type(field), "description": description(field)} for key, field in FIELDS.items()}


def description(field: str) -> str:
    """What `Pulumi.yaml` says of a key of both clouds, or of one, or of each by itself."""
    sentences = {of: declaration(of, field).sentence for of in declared_in(field)}
    if len(sentences) > 1:
        return " ".join(f"On {_cloud_of(of)}: {sentence}" for of, sentence in sentences.items())
    (of,) = sentences
    return sentences[of] if of is StackConfig else f"{_cloud_of(of)} only. {sentences[of]}"


def _cloud_of(of: type[StackConfig]) -> str:
    """The clouds of one configuration, in words."""
    return next((CLOUD_NAMES[cloud] for cloud, config in CONFIGS.items() if config is of), "both")


def _pulumi_type(field: str) -> dict[str, Any]:
    of, *others = declared_in(field)
    schema = schema_of(kind_of(of, field))
    default = of.model_fields[field].default
    if schema["type"] == "array":
        plain = [_plain(item) for item in default] if isinstance(default, tuple) else []
        return {"type": "array", "items": {"type": _scalar_type(schema["items"])}, "default": plain}
    declared = declaration(of, field)
    if declared.by_tier or of.model_fields[field].is_required():
        return {"type": "string", "default": ""}
    kind = _scalar_type(schema)
    if kind in PULUMI_TYPES:
        return {"type": kind, "default": _plain(default)}
    of_one_cloud = of is not StackConfig and not others
    return {"type": kind, "default": "" if of_one_cloud else as_text(_plain(default))}


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
    return INTRODUCTION + "".join(f"\n{text}" for parts in SECTIONS for text in _section(parts))


def section_name(parts: Iterable[type[BaseModel]]) -> str:
    """The heading of a section: the name of its first part, without its cloud.

    >>> section_name([type("AwsFunction", (BaseModel,), {})])
    'Function'
    """
    first = next(iter(parts)).__name__
    return first.removeprefix("Aws").removeprefix("Azure")


def _section(parts: tuple[type[BaseModel], ...]) -> Iterator[str]:
    yield f"## {section_name(parts)}\n"
    yield f"{inspect.cleandoc(parts[0].__doc__ or '')}\n"
    rows = ["| key | clouds | allowed | default | meaning |", "| --- | --- | --- | --- | --- |"]
    rows += [_row(_config_of(part), field) for part in parts for field in part.model_fields]
    yield "\n".join(rows) + "\n"


def _config_of(part: type[BaseModel]) -> type[StackConfig]:
    """The configuration that a part of a section belongs to."""
    if issubclass(StackConfig, part):
        return StackConfig
    return next(config for config in CONFIGS.values() if issubclass(config, part))


def _row(of: type[StackConfig], field: str) -> str:
    declared = declaration(of, field)
    allowed = words(schema_of(kind_of(of, field)), unit(field), declared.not_yet)
    cells = (f"`{key_name(field)}`", _cloud_of(of), allowed + _later(of, field), _default(of, field), declared.sentence)
    return f"| {' | '.join(cells)} |"


def _later(of: type[StackConfig], field: str) -> str:
    """The values that are not in this version: on every cloud of the key, then on one alone."""
    everywhere = declaration(of, field).not_yet
    later = f"; not in this version: {', '.join(sorted(everywhere))}" if everywhere else ""
    for cloud in clouds_of(field):
        here = declaration(CONFIGS[cloud], field).not_yet - everywhere
        later += f"; not in this version on {CLOUD_NAMES[cloud]}: {', '.join(sorted(here))}" if here else ""
    return later


def _default(of: type[StackConfig], field: str) -> str:
    declared = declaration(of, field)
    if declared.by_tier:
        return ", ".join(f"{tier}: {value:g}" for tier, value in declared.by_tier.items())
    if of.model_fields[field].is_required():
        return "required"
    default = of.model_fields[field].default
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
