"""Denial, end to end: the deployed functions under ministack's IAM, with the whole policy and with one statement less."""

import re
from collections.abc import Iterator

import pytest

from tests.judges.denial_stand import Stand, stand

pytestmark = [pytest.mark.judge, pytest.mark.lab]


STARTS_MAX = 10
"""An arbiter lives for three seconds here; a new site needs a few rounds, and a busy machine more of them."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """Settled once, with the whole policy."""
    with stand(tmp_path_factory.mktemp("denial")) as made:
        made.allow()
        answers = (made.start("once") for _ in range(STARTS_MAX))
        assert any(answer.get("settled") for answer in answers)
        yield made


def test_with_its_whole_policy_the_watchdog_settles_its_site_and_tells(site: Stand) -> None:
    site.allow()
    site.start("loop")
    assert (site.record()["holder"], site.record()["phase"]) == ("wk1", "steady")
    assert site.record()["outbox"] == []


def test_probers_that_may_not_be_invoked_are_told_once_and_nobody_is_dead(site: Stand) -> None:
    site.allow()
    site.start("loop")
    site.mails()
    before = site.record()["epoch"]
    site.allow(without=("AskTheProbers",))
    for _ in range(2):
        assert "errorMessage" not in site.start("loop")
    (mail,) = [mail for mail in site.mails() if "what:    denied" in mail]
    assert "ask prober-a, ask prober-b, ask prober-c" in mail
    assert (site.record()["holder"], site.record()["epoch"], site.record()["phase"]) == ("wk1", before, "steady")


def test_a_topic_that_may_not_be_published_to_keeps_its_notices_until_it_may(site: Stand) -> None:
    site.allow()
    site.start("loop")
    site.mails()
    site.allow(without=("AskTheProbers", "Tell"))
    site.start("loop")
    assert site.mails() == []
    assert [notice["what"] for notice in site.record()["outbox"]] == ["denied"]
    site.allow()
    site.start("loop")
    assert ["what:    denied" in mail for mail in site.mails()] == [True]
    assert site.record()["outbox"] == []


def test_a_table_that_may_not_be_read_stops_every_decision_and_says_so(site: Stand) -> None:
    site.allow()
    site.start("loop")
    before = site.record()
    site.allow(without=("Record",))
    failed = site.start("once")
    ended = site.start("loop")
    said = r"the lease could not be had: read the table: answered 40\d AccessDeniedException"
    assert re.search(said, failed["errorMessage"])
    assert re.search(said, ended["ended"])
    assert site.record() == before
