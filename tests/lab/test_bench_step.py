"""The rule's step is timed by kind: what is what, and that each kind comes from real calls."""

import pytest

from bench.step import ANSWERED, FAILING, FAILOVER, KINDS, STEADY, Took, collect, kind_of, part, timed
from failover_lambda import rule
from failover_lambda.contract import Channel
from failover_lambda.model import Phase, Told

SAID = {"date": "2026-11-28", "commit": "abc1234", "seed": "1", "machine": "2 cores", "load": "1.0"}


def test_every_kind_is_met_in_a_simulated_death_and_timed() -> None:
    before = rule.step
    calls = collect(3, [1])
    assert rule.step is before, "the rule is left as it was"
    assert all(calls[kind] for kind in KINDS)
    for kind in KINDS:
        for record, event, *more in calls[kind]:
            assert kind_of(record, event, rule.step(record, event, *more)) == kind
    assert {len(settings.workers) for _, _, settings, *_ in calls[STEADY]} == {3}
    took = timed(FAILOVER, 3, calls[FAILOVER], 1)
    assert took.n == 20 * took.inputs
    assert took.inputs == len(calls[FAILOVER]) == 2
    assert 0 < took.median_us <= took.p99_us <= took.max_us


def test_kinds_are_told_apart() -> None:
    calls = collect(2, [1])
    assert {record.phase for record, *_ in calls[STEADY]} == {Phase.STEADY}
    assert {record.phase for record, *_ in calls[FAILOVER]} == {Phase.SUSPECT}
    assert {record.phase for record, *_ in calls[FAILING]} <= {Phase.STEADY, Phase.SUSPECT}
    record, event, *more = calls[ANSWERED][0]
    decision = rule.step(record, event, *more)
    assert kind_of(None, event, decision) == ""
    assert kind_of(record, Told(notice_id="n1", channel=Channel.TOPIC), decision) == ""


def test_the_page_says_processor_time_and_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    took = Took(kind=STEADY, workers=8, inputs=10, n=200, median_us=99.6, p99_us=120.0, max_us=150.4)
    page = part(SAID, [took], 100)
    assert "Processor time" in page
    assert "| steady round | 8 | 100 | 120 | 150 | 200 | 10 |" in page
    assert not capsys.readouterr().out
