"""The README publishes how much of the lab's provider is verified; it says what the two pages say."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STANDINGS = ("verified", "documented", "assumed")


def test_the_readme_publishes_the_share_of_each_standing() -> None:
    rows = re.findall(r"^\| .* \| (\w+) \| .*\|$", (ROOT / "lab/providers/FIDELITY.md").read_text(), re.MULTILINE)
    count = Counter(row for row in rows if row in STANDINGS)
    of_types = re.search(
        r"Of (\d+) types.*: (\d+) verified, (\d+) documented, (\d+) assumed", (ROOT / "lab/providers/TYPES.md").read_text()
    )
    assert of_types
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert (
        f"{count['verified']} verified in the source of the real one, {count['documented']} documented, "
        f"{count['assumed']} assumed" in readme
    )
    types, *each = of_types.groups()
    assert f"of its {types} types" in readme
    assert "{} verified, {} documented, {} assumed.".format(*each) in readme
