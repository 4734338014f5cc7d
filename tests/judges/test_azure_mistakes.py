"""Each of the twenty-five mistakes is found by exactly those who are said to find it; docs/SECURITY.md has the table.

A finder counts only what it says of the mistake and not of the sound body.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lab.arm.settings import Settings as ArmSettings
from tests.infra.azure.traps.every import TRAPS
from tests.judges.arm_types import at_hand, said_of
from tests.judges.azure_mistakes import MISTAKES, SPARE, Json, Mistake
from tests.judges.findings import checkov_on
from tests.lab.arm.clouds import (
    COMPUTE,
    LOCATION,
    TEN,
    Cloud,
    address_body,
    build_balancer,
    build_pair,
    nic_body,
    nic_id,
)
from tests.lab.arm.test_vaults import CRYPTO_USER, IDENTITY, KEY, SET, VAULT, grant, principal_of, set_body, vault_body

pytestmark = pytest.mark.judge

NOT_PLAYED = {"Microsoft.Storage/storageAccounts/fileServices/shares"}
"""A type that no program of ours builds: nothing stands there that it could be made in."""


def said_to(finder: str) -> dict[str, set[str]]:
    """What each mistake is said to be found by, of one finder."""
    return {it.name: {each for each in it.found_by if each.split()[0] == finder} for it in MISTAKES}


# The emulator


def pair() -> Cloud:
    """A pair that runs, a balancer, a vault with its key, and what else the mistakes are about."""
    cloud = Cloud(ArmSettings(times=TEN, features=frozenset({"Microsoft.Compute/EncryptionAtHost"})))
    build_pair(cloud)
    build_balancer(cloud)
    cloud.made(nic_id("wk3"), nic_body())
    cloud.made(SPARE, address_body())
    zonal = {
        "location": LOCATION,
        "zones": ["1"],
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8},
    }
    cloud.made(f"{COMPUTE}/disks/zonal", zonal)
    assert cloud.put(VAULT, vault_body()).status == 201
    assert cloud.put(KEY, {"properties": {"kty": "RSA", "keySize": 4096}}).status == 201
    assert cloud.put(IDENTITY, {"location": LOCATION}).status == 201
    grant(cloud, principal_of(cloud), CRYPTO_USER)
    cloud.made(SET, set_body())
    return cloud


def answered(mistake: Mistake, body: Json) -> str:
    """The code by which the emulator refuses the body, at once or in the end; "" = it takes it."""
    cloud = pair()
    reply = cloud.put(mistake.path, body)
    if reply.error:
        return str(reply.error)
    cloud.wait(60)
    if "Azure-AsyncOperation" not in reply.headers:
        return ""
    ended = cloud.status(reply)
    return str(ended["error"]["code"]) if ended["status"] == "Failed" else ""


def by_the_emulator(mistake: Mistake) -> set[str]:
    sound, wrong = answered(mistake, mistake.sound), answered(mistake, mistake.wrong)
    if sound:
        assert mistake.kind in NOT_PLAYED, (mistake.name, sound)
        return set()
    return {f"emulator {wrong}"} if wrong else set()


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_the_emulator_refuses_what_it_is_said_to_and_takes_the_sound_one(mistake: Mistake) -> None:
    assert by_the_emulator(mistake) == said_to("emulator")[mistake.name]


# Microsoft's types


def by_the_types(folder: Path) -> dict[str, set[str]]:
    """The kinds of what the judge says of each mistake, and not of its sound body."""
    said: dict[str, dict[str, set[tuple[str, str]]]] = {}
    for which in ("sound", "wrong"):
        for number, it in enumerate(MISTAKES):
            body: Json = getattr(it, which)
            line = {"type": it.kind, "apiVersion": it.api, "name": f"mistake-{number}", "body": body}
            findings = said_of([line], folder)
            assert not any(each.startswith("no-schema") for each in findings), findings
            pattern = re.compile(rf"^(\S+)  {re.escape(it.kind)} mistake-{number}  (\S+): ")
            found = [pattern.match(each) for each in findings]
            said.setdefault(it.name, {})[which] = {(each[1], each[2]) for each in found if each}
    return {name: {f"types {kind}" for kind, _ in each["wrong"] - each["sound"]} for name, each in said.items()}


@at_hand
def test_microsofts_types_find_what_they_are_said_to(tmp_path: Path) -> None:
    assert by_the_types(tmp_path) == said_to("types")


# checkov


def by_checkov(folder: Path) -> dict[str, set[str]]:
    """What checkov fails of each mistake, and not of its sound body; one run for all."""
    for which in ("sound", "wrong"):
        for number, it in enumerate(MISTAKES):
            (folder / f"{which}-{number}.json").write_text(json.dumps(template(it, getattr(it, which))))
    found = checkov_on(folder, "arm")
    failed = {name: {f"checkov {each.check}" for each in findings} for name, findings in found.items()}
    return {it.name: failed[f"wrong-{number}"] - failed[f"sound-{number}"] for number, it in enumerate(MISTAKES)}


def template(mistake: Mistake, body: Json) -> dict[str, Any]:
    """A template with this one resource."""
    _, _, tail = mistake.path.rpartition("/providers/")
    parts = tail.split("/")
    resource = {"type": mistake.kind, "apiVersion": mistake.api, "name": "/".join(parts[2::2]), **body}
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    return {"$schema": schema, "contentVersion": "1.0.0.0", "resources": [resource]}


@pytest.mark.lab
def test_checkov_finds_what_it_is_said_to(tmp_path: Path) -> None:
    assert by_checkov(tmp_path) == said_to("checkov")


# Our own checks over the recorded program


def test_a_check_that_is_said_to_find_a_mistake_is_proved_by_a_slip_that_is_this_mistake() -> None:
    """That each slip is noticed by exactly this check, the program's own tests show."""
    for it in MISTAKES:
        checks = [each.removeprefix("check ") for each in it.found_by if each.startswith("check ")]
        slips = {slip.what for name in checks for slip in TRAPS[name].slips}
        assert (it.slip in slips) if checks else not it.slip, it.name


def test_there_are_twenty_five_each_with_a_name_and_one_change_of_its_own() -> None:
    assert len({it.name for it in MISTAKES}) == len(MISTAKES) == 25
    assert all(it.sound != it.wrong for it in MISTAKES)
