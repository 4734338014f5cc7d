"""docs/BENCHMARKS.md: one part for each measurement, each written by its own run and kept by the others."""

import re
from pathlib import Path

HEAD = """\
# Benchmarks

Figures of a lab or of a simulation, each part says which; none is a promise about a real cloud. Where a part names no other,
the lab's profile is `instant`: the emulated cloud adds no time, so this is the watchdog's own share. Each part says when, on
what and with how many runs it was measured; raw values in `out/bench/`.
"""


def put(page: Path, part: str, text: str) -> str:
    """Write one part into the page, in the place of the one that it has; returns the whole page."""
    parts = parts_of(page.read_text() if page.exists() else "")
    whole = render({**parts, part: text.strip()})
    page.write_text(whole)
    return whole


def parts_of(page: str) -> dict[str, str]:
    """The parts of a page, by name."""
    return {found[1]: found[2].strip() for found in re.finditer(_PART, page, re.DOTALL)}


def render(parts: dict[str, str]) -> str:
    """The page."""
    bodies = [f"<!-- {name}: made by `make bench` -->\n\n{text}\n\n<!-- end of {name} -->\n" for name, text in parts.items()]
    return "\n".join([HEAD, *bodies])


_PART = r"<!-- ([a-z]+): made by `make bench` -->\n(.*?)<!-- end of \1 -->"
