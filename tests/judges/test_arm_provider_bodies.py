"""Microsoft's published types judge every body that the lab's azure-native provider writes, as it went over the wire.

One resource of every type is made and changed by hand-written inputs, and one by the SDK's own classes; so it is the mapper
that is judged, and what our program asks of it is judged with the program. The judge is no part of this repository; where it
is not at hand the test says SKIPPED.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lab.arm.ids import parse
from lab.arm.kinds import kind_of
from lab.engine import deploy
from lab.providers.azure_native import Blobs
from lab.providers.azure_native.tables import table
from tests.contract.emulators import AZURITE, emulator
from tests.judges.arm_types import UNKNOWN_TO_THE_JUDGE, WAIVED, at_hand, said_of, unwaived
from tests.judges.test_arm_bodies import BODIES
from tests.lab.azure_cases import CASES
from tests.lab.azure_rig import WHOLE, Made, Play, azure, filled

pytestmark = [pytest.mark.judge, pytest.mark.lab]

OWN_BODIES = BODIES.with_name("arm-provider-bodies.jsonl")


@pytest.fixture(scope="module")
def bodies(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Every PUT of a life of every type; written down for whoever judges."""
    with azure(tmp_path_factory.mktemp("bodies")) as here:
        play, made = Play(here.registry()), dict[str, Made]()
        for case in CASES:
            made[case.name] = play.make(case.type, case.name, filled(case.inputs, made))
        for case in CASES:
            if case.changed:
                play.update(made[case.name], {**filled(case.inputs, made), **filled(case.changed, made)})
        found = [as_judged(line) for line in here.requests("PUT")]
    found += sent_by_the_sdk(tmp_path_factory.mktemp("sdk"))
    OWN_BODIES.parent.mkdir(parents=True, exist_ok=True)
    OWN_BODIES.write_text("".join(f"{json.dumps(line)}\n" for line in found))
    return found


def sent_by_the_sdk(folder: Path) -> list[dict[str, Any]]:
    """Every PUT of a program of every type: what the SDK adds by itself is in them."""
    with emulator(AZURITE, folder) as endpoint, azure(folder) as here:
        registry = here.registry(blobs=Blobs(endpoint))
        deploy(
            WHOLE, project="whole", stack="dev", config={}, create=registry.create, invoke=registry.invoke, environment={}
        )
        return [as_judged(line) for line in here.requests("PUT")]


def as_judged(line: dict[str, Any]) -> dict[str, Any]:
    target = parse(line["path"])
    kind = kind_of(target.type)
    assert kind
    return {"type": kind.type, "apiVersion": line["query"]["api-version"], "name": target.name, "body": line["body"]}


def test_every_type_is_written_at_the_version_that_the_sdk_asks_for(bodies: list[dict[str, Any]]) -> None:
    count = Counter(each["apiVersion"] for each in bodies)
    assert set(count) == {row.api for row in table().rows.values()}


@at_hand
def test_microsofts_types_find_nothing_in_any_body(bodies: list[dict[str, Any]], tmp_path: Path) -> None:
    findings = said_of([each for each in bodies if each["type"] not in UNKNOWN_TO_THE_JUDGE], tmp_path)
    assert unwaived(findings) == []
    assert {waived for waived in WAIVED if not any(re.match(waived, each) for each in findings)} == set()
