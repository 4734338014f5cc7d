"""RULE 9.2, 9.4: the form of an entry of the inbox; what cannot be read becomes a request that is refused."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from failover_lambda.model import Request, Verb
from failover_lambda.requests import ENTRY_CHARACTERS_MAX, parse, to_text

GOOD: dict[str, Any] = {
    "id": "k3v9-1",
    "site": "lis",
    "verb": "switchover",
    "who": "mia",
    "why": "patch wk1",
    "asked_s": 1_764_300_000.0,
    "patience_s": 60.0,
}
SEVERAL = Request(
    id="a.b_c-1",
    site="lis",
    verb=Verb.ORDER,
    who="mia",
    why="wk3 has the newer licence",
    asked_s=5.0,
    patience_s=60.0,
    worker="wk2",
    duration_s=1.5,
    drain_s=2.0,
    order=("wk2", "wk1"),
    unproven=True,
)


@pytest.mark.parametrize("request_", [SEVERAL, replace(SEVERAL, order=(), unproven=False, worker="", duration_s=0.0)])
def test_what_was_put_in_comes_out(request_: Request) -> None:
    assert parse(to_text(request_)) == request_


def test_what_only_the_watchdog_says_is_not_taken_from_an_entry() -> None:
    """Whoever may write the inbox cannot write an epoch or an age into the record."""
    for field in ("fault", "first_seen_s", "epoch"):
        parsed = parse(json.dumps(GOOD | {field: 7}))
        assert (parsed.verb, parsed.fault) == (None, f"{field} unknown")
    assert "epoch" not in to_text(replace(SEVERAL, epoch=4, first_seen_s=9.0))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("7 7", "an entry of the inbox cannot be read: Extra data: line 1 column 3 (char 2)"),
        ("[]", "an entry of the inbox cannot be read: it is no JSON object"),
        ("x" * (ENTRY_CHARACTERS_MAX + 1), "an entry of the inbox cannot be read: 1001 characters, at most 1000"),
        ("{}", "id, site, verb, who, why, asked_s, patience_s missing"),
        (json.dumps(GOOD | {"wrker": "wk2"}), "wrker unknown"),
        (
            json.dumps(GOOD | {"verb": "reboot"}),
            f"verb 'reboot' is none of {', '.join(verb.value for verb in Verb)}",
        ),
        (json.dumps(GOOD | {"id": "a b"}), "id 'a b' is not 1 to 24 of letters, digits, . _ -"),
        (json.dumps(GOOD | {"id": 7}), "id 7 is not 1 to 24 of letters, digits, . _ -"),
        (json.dumps(GOOD | {"who": ""}), "who must be 1 to 64 printable characters"),
        (json.dumps(GOOD | {"who": "m\x1bia"}), "who must be 1 to 64 printable characters"),
        (json.dumps(GOOD | {"why": "x" * 161, "who": "x" * 65}),
         "who must be 1 to 64 printable characters; why must be 1 to 160 printable characters"),
        (json.dumps(GOOD | {"patience_s": "soon"}), "an entry of the inbox cannot be read: 'soon' is not float"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_request_without_a_verb_that_says_why(text: str, fault: str) -> None:
    parsed = parse(text)
    assert (parsed.verb, parsed.fault) == (None, fault[:160])


def test_an_unreadable_entry_keeps_its_id_and_site_where_it_has_them() -> None:
    """So that whoever asked finds the answer; without an id the same text has the same one."""
    parsed = parse(json.dumps(GOOD | {"verb": "reboot"}))
    assert (parsed.id, parsed.site) == ("k3v9-1", "lis")
    assert parse("{").id == parse("{").id != parse("[").id


def test_an_entry_that_would_be_refused_for_its_form_is_not_put_in() -> None:
    with pytest.raises(ValueError, match="who must be 1 to 64 printable characters"):
        to_text(replace(SEVERAL, who=""))


def test_the_runbooks_example_is_an_entry_that_the_watchdog_reads() -> None:
    """What is copied at three in the morning has to work."""
    page = (Path(__file__).parents[2] / "docs" / "RUNBOOK.md").read_text()
    (entry,) = re.findall(r"^entry='(.*)'$", page, re.MULTILINE)
    assert parse(entry.replace("NOW", "1764300000")).verb is Verb.SWITCHOVER
    listed = re.findall(r"^\| `([a-z-]+)` \|", page[page.index("| verb |") :], re.MULTILINE)
    assert set(listed) == {verb.value for verb in Verb}
