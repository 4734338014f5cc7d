"""Every number of the rule that nobody configures: what it is, and the words of RULE.md that say so.

A test that counts up to a constant passes with any value of it; here the values themselves stand once more.
"""

import importlib
import re
from pathlib import Path

import pytest

from failover_lambda.contract import Rejoin
from tests.fakes import make_settings

MODULES = [
    "adoption",
    "clocks",
    "complaints",
    "contract",
    "denials",
    "fences",
    "model",
    "motion",
    "moves",
    "operators",
    "paused",
    "planned",
    "rehearsal",
    "settled",
    "verdict",
    "watching",
]

SAID = [
    # name, value, sentence, words
    ("moves.ATTEMPTS_PER_WORKER", 2, "5.12", "at most two attempts for each worker"),
    ("motion.REFUSALS_TO_RETARGET", 3, "5.8", "After three definite refusals and five seconds"),
    ("motion.REFUSED_PATIENCE_S", 5.0, "5.8", "After three definite refusals and five seconds"),
    ("settled.AGREEING_READS", 2, "5.7", "after two agreeing reads"),
    ("settled.SUSPECT_TOLD_S", 60.0, "6.7", "for a minute not by a failover"),
    ("verdict.VANTAGES_NEEDED", 2, "3.3", "if at least two vantages"),
    ("verdict.GONE_ROUNDS", 2, "3.7", "after two reads without a healthy answer"),
    ("verdict.STREAK_LIFE_CADENCES", 3, "3.10", "when nothing was added to it for three probe intervals"),
    ("fences.LATE_CALL_S", 900.0, "6.5", "fifteen minutes must have passed since the last one"),
    ("fences.START_AGAIN_S", 60.0, "6.5", "once a minute until it runs"),
    ("fences.UNPROVEN_TOLD_S", 60.0, "6.4", "what is refused for a minute"),
    ("complaints.CLEAR_S", 60.0, "3.15", "no page of the holder named it for a minute"),
    ("model.NOTICES_KEPT", 16, "7.2", "The outbox keeps sixteen"),
    ("clocks.APART_S", 1.0, "1.15", "Differences up to a second are left alone"),
    ("contract.CLOCKS_AGREE_S", 60.0, "10.3", "known to agree within a minute"),
    ("planned.HEALTHY_BEFORE_FAILBACK_S", 60.0, "10.4", "found ready in every round for a minute"),
    ("paused.WARNED_BEFORE_S", 60.0, "9.6", "A minute before it ends people are told"),
    ("operators.REPLIES_KEPT", 32, "9.3", "The last thirty-two ids are remembered"),
    ("operators.WAITING_MAX", 8, "9.4", "a ninth that would wait"),
    ("operators.STALE_S", 60.0, "9.4", "a minute is allowed for clocks that differ"),
    ("operators.PAUSE_S_MAX", 86_400.0, "9.5", "A pause lasts at most a day"),
    ("operators.MAINTENANCE_S_MAX", 14_400.0, "9.11", "at most four hours"),
    ("rehearsal.EVERY_S", 3600.0, "7.6", "Once an hour"),
    ("rehearsal.AFTER_S", 600.0, "7.6", "that has been steady for ten minutes"),
]

OURS = {
    "complaints.COMPLAINTS_KEPT": 16,  # two lists of eight names
    "contract.MOVES_KEPT": 24,  # the largest budget of a day
    "denials.DENIED_KEPT": 16,
    "model.RECORD_SCHEMA": 1,
    "moves.DAY_S": 86_400.0,
    "moves.HOUR_S": 3600.0,
    "moves.OWNER_SHOWN": 64,  # characters of a stranger's tag
    "operators.PATIENCE_S_MAX": 3600.0,
    "operators.REASONS_KEPT": 8,
    "operators.SENTENCE_CHARACTERS_MAX": 160,
    "planned.HEEDED_KEPT": 8,
    "verdict.COMMON_WORKERS": 2,
}
"""Bounds and units that no sentence names."""

SETTINGS = {
    "burst_interval_s": 0.3,
    "burst_timeout_s": 0.3,
    "move_deadline_s": 30.0,
    "verify_deadline_s": 20.0,
    "call_again_s": 3.5,
    "cloud_read_interval_s": 5.0,
    "rejoin": Rejoin.OPERATOR,
    "failback_enabled": False,
    "failback_length_minutes": 0,
    "watch_only": False,
    "arbiter_standby": False,
    "rule_version": 2,
}
"""Defaults of the watchdog's own settings; those of a user stand in the program."""


def numbers_of(module: str) -> dict[str, float]:
    names = vars(importlib.import_module(f"failover_lambda.{module}"))
    own = Path(str(names["__file__"])).read_text()
    return {
        f"{module}.{name}": value
        for name, value in names.items()
        if name.isupper() and type(value) in (int, float) and re.search(rf"^{name}\b", own, re.MULTILINE)
    }


def test_every_number_of_the_rule_is_named_here_and_is_that_number() -> None:
    found = {name: value for module in MODULES for name, value in numbers_of(module).items()}
    assert found == {name: value for name, value, *_ in SAID} | OURS


@pytest.mark.parametrize(("name", "value", "sentence", "words"), SAID, ids=[each[0] for each in SAID])
def test_the_words_for_it_stand_in_its_sentence(name: str, value: float, sentence: str, words: str) -> None:
    del name, value
    rule = (Path(__file__).parents[2] / "docs" / "RULE.md").read_text()
    (text,) = re.findall(rf"^{re.escape(sentence)} (.*?)(?=^\d+\.\d+ |^#|\Z)", rule, re.MULTILINE | re.DOTALL)
    assert words in re.sub(r"\s+", " ", text)


def test_the_watchdogs_own_settings_have_these_defaults() -> None:
    settings = make_settings()
    assert {name: getattr(settings, name) for name in SETTINGS} == SETTINGS
