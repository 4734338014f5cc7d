"""Whole stories as text: what was done to the site, and everything the watchdog said and did.

Each file in `scenarios/` begins with the sentences of docs/RULE.md that it shows and with its point, then holds commands
(lines that begin with `>`, see `player`) and their full output. After a change of the rule run with TANDEM_REWRITE=1, read
the diff, and commit it only if you can explain every line.
"""

import os
import re
from pathlib import Path

import pytest

from tests.spec.player import Player, replay

HERE = Path(__file__).parent / "scenarios"
FILES = sorted(HERE.glob("*.txt"))
RULE = Path(__file__).parents[2] / "docs" / "RULE.md"
STORIES_MIN = 60

QUOTED = re.compile(r'"([^"]+)"')


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_the_story_is_told_as_written(file: Path) -> None:
    written = file.read_text()
    today = replay(written)
    if os.environ.get("TANDEM_REWRITE") == "1":
        file.write_text(today)
    assert today == written, "the watchdog tells another story now; see TANDEM_REWRITE above"


def test_there_are_stories() -> None:
    assert len(FILES) >= STORIES_MIN


def one_line(text: str) -> str:
    """Without line breaks, and without the marks of emphasis and of code."""
    return " ".join(re.sub(r"[*`]", "", text).split())


def head(text: str) -> str:
    """The comment that a story begins with."""
    lines = text.splitlines()
    end = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    return one_line(" ".join(line.removeprefix("#") for line in lines[:end]))


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_story_begins_with_the_sentences_that_it_shows_in_the_rules_own_words(file: Path) -> None:
    """A sentence that was reworded is read again beside each story that quotes it."""
    said, rule = head(file.read_text()), one_line(RULE.read_text())
    assert re.match(r"RULE \d", said)
    for quote in QUOTED.findall(said):
        for part in quote.split("..."):
            assert part.strip() in rule, f"docs/RULE.md does not say: {part.strip()}"


def test_a_story_that_went_another_way_is_noticed() -> None:
    """One line of the output changed by hand."""
    written = (HERE / "killed.txt").read_text()
    changed = written.replace("call isolate wk1: done", "call isolate wk1: refused", 1)
    assert changed != written
    assert replay(changed) == written


def test_an_arbiter_that_is_frozen_when_the_story_ends_leaves_no_thread_behind() -> None:
    player = Player()
    for line in ("> site 2", "> before intent: arbiter freezes", "> kill wk1", "> tick 3"):
        list(player.play(line))
    assert player.stage.is_anybody_frozen
    player.close()
    assert not player.stage.is_anybody_frozen
