"""Writes `TYPES.md` of either cloud: what the lab's provider does with the inputs of each type, and how well it is known.

Here: AWS's page, `lab/providers/TYPES.md`. Azure's is made by `lab.providers.azure_native.page`.

python -m lab.providers.page          write it
python -m lab.providers.page --check  exit with 1 if it is not what would be written
"""

import argparse
import importlib
import inspect
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pulumi import _types as pulumi_types  # pyright: ignore[reportPrivateUsage] (the provider's names stand nowhere else)

from lab.providers.aws import HANDLERS, sources
from lab.providers.aws.cloud import AwsHandler
from lab.providers.azure_native import page as azure_page
from lab.providers.handler import Handler

PAGE = Path(__file__).with_name("TYPES.md")

HEAD = """\
# What the lab's provider does with each AWS type

Written by `python -m lab.providers.page` from the handlers; a test keeps the two equal. The real provider is pulumi-aws
7.51.1, over terraform-provider-aws.

- **replaced by**: another value makes a new resource. `region` stands in every list but IAM's: documented.
- **replaced if**: only under the condition that is named.
- **in place**: changed by the cloud's own call, then read back. What the emulator then does not confirm, or has no call
  for, becomes a gap of the deployment.
- **no call**: only says how the resource is deleted, or is content of something else; a change of it needs nothing.
- **filled in**: what the provider puts where the program says nothing. Defaults inside objects are not filled in.
- **named**: the input that gets the logical name and a random tail.
- **refused**: the lab does not apply it. Given when the resource is made it is a gap (unless it says what holds anyway); a
  change of it ends the update by name (`CannotUpdateError`).
"""


def page() -> str:
    """The whole page."""
    standings = Counter(sources.of_type(handler.type).standing for handler in HANDLERS)
    shares = ", ".join(f"{standings[each]} {each.value}" for each in sources.Standing)
    summary = (
        f"Of {len(HANDLERS)} types, by the schema that they rest on: {shares}. Naming: {_text(sources.NAMING_SOURCE)}.\n"
    )
    return "\n".join([HEAD, summary, *(line for handler in HANDLERS for line in _section(handler))])


def _section(handler: type[AwsHandler]) -> Iterator[str]:
    known = handler.replaces | handler.changes | handler.untold | {"tags"}
    quiet = handler.untold - handler.changes - handler.replaces
    yield f"## {handler.type}\n"
    for title, said in (
        ("replaced by", _names(handler.replaces - {"region"})),
        ("replaced if", _condition(handler)),
        ("in place", _names(handler.changes | ({"tags"} if handler.retag else set[str]()))),
        ("no call", _names(quiet)),
        ("required", _names(handler.required)),
        ("filled in", ", ".join(f"`{name}` {_literal(value)}" for name, value in sorted(handler.defaults.items()))),
        ("named", _names({handler.named} - {""})),
        ("refused", _names(_inputs(handler) - known)),
        ("source", _source(handler.type)),
    ):
        if said:
            yield f"- {title}: {said}"
    yield ""


def _condition(handler: type[AwsHandler]) -> str:
    own = handler.replaced_by is not Handler.replaced_by
    return " ".join((inspect.getdoc(handler.replaced_by) or "").split()) if own else ""


def _source(type_token: str) -> str:
    others = [
        f"`{name}` {_text(source)}" for (kind, name), source in sorted(sources.EXCEPTIONS.items()) if kind == type_token
    ]
    return "; but ".join([_text(sources.of_type(type_token)), *([", ".join(others)] if others else [])])


def _text(source: sources.Source) -> str:
    return f"{source.standing.value} ({source.where})"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _literal(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _inputs(handler: type[AwsHandler]) -> set[str]:
    """Every input of the type, by the provider's names."""
    package, name = handler.type.split("/")[0].partition(":")[2], handler.type.rpartition(":")[2]
    module = importlib.import_module(f"pulumi_aws.{'lambda_' if package == 'lambda' else package}")
    arguments = getattr(importlib.import_module(getattr(module, name).__module__), f"{name}Args")
    return set(pulumi_types.input_type_py_to_pulumi_names(arguments).values())


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or say whether it is up to date; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m lab.providers.page", description="Write TYPES.md of either cloud.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is not up to date")
    is_check, status = parser.parse_args(arguments).check, 0
    for file, wanted in ((PAGE, page()), (azure_page.PAGE, azure_page.page())):
        if not is_check:
            file.write_text(wanted)
        elif not file.exists() or file.read_text() != wanted:
            name = file.relative_to(Path(__file__).parents[2])
            sys.stderr.write(f"{name} is not up to date: run python -m lab.providers.page\n")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
