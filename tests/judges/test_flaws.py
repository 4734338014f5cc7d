"""Flaws planted into the program: each is found by a judge that we did not write."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.judges.findings import by_parliament, checkov_on, waivers
from tests.judges.flaws import DOCUMENTS, FLAWS, ROOT

pytestmark = pytest.mark.judge


@pytest.mark.lab
def test_every_planted_flaw_is_found_and_the_sound_program_has_none(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.judges.flaws", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=200, capture_output=True)
    found = checkov_on(tmp_path)
    for finding in by_parliament(documents(tmp_path)):
        label, _, resource = finding.resource.partition(" ")
        found[label].add(replace(finding, resource=resource))
    known = waivers()

    def told(label: str) -> set[str]:
        return {f"{it.judge} {it.check}" for it in found[label] if not any(waiver.covers(it) for waiver in known)}

    assert told("none") == set()
    assert {flaw.name: set(flaw.found_by) - told(flaw.label) for flaw in FLAWS} == {flaw.name: set() for flaw in FLAWS}


def documents(folder: Path) -> dict[str, Any]:
    """The policy documents of every flawed program, named after both."""
    files = (folder / DOCUMENTS).glob("*.json")
    return {f"{file.stem} {name}": document for file in files for name, document in json.loads(file.read_text()).items()}


def test_flaws_have_names_and_files_of_their_own() -> None:
    assert len({flaw.label for flaw in FLAWS}) == len(FLAWS)
    assert all(flaw.found_by for flaw in FLAWS)
