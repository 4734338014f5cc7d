"""Writes the table of `docs/POLICY.md` from the pack's own.

PYTHONPATH=policy python -m tests.policy.page          write it
PYTHONPATH=policy python -m tests.policy.page --check  exit with 1 if it is not what would be written
"""

import json
import sys
from collections.abc import Sequence

from tandem_policy.table import RULES
from tandem_policy.values import EXEMPT, Rule
from tests.infra.stand import ROOT

PAGE = ROOT / "docs" / "POLICY.md"
MARK = "<!-- Below this line: written by `python -m tests.policy.page`. -->\n"


def page(text: str) -> str:
    """The page with its table made anew.

    Raises:
        ValueError: the mark is missing.
    """
    head, mark, _ = text.partition(MARK)
    if not mark:
        raise ValueError(f"{PAGE.name} has no line {MARK.strip()}")
    lines = ["\n| rule | what holds | level | why | options |", "| --- | --- | --- | --- | --- |", *map(_row, RULES)]
    return head + mark + "\n".join(lines) + "\n"


def _row(rule: Rule) -> str:
    options = "<br>".join(
        f"`{name}` ({json.dumps(told['default'])}): {told['description']}"
        for name, told in rule.schema.items()
        if name != EXEMPT
    )
    return f"| `{rule.name}` | {rule.sentence} | {rule.level.value} | {rule.why} | {options} |"


def main(arguments: Sequence[str]) -> int:
    """Write, or check."""
    text = PAGE.read_text(encoding="utf-8")
    made = page(text)
    if "--check" in arguments:
        return int(made != text)
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
