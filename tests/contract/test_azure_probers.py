"""The port `ports.Probers` on Azure: the function asks real sockets itself, from one vantage."""

from collections.abc import Generator
from dataclasses import replace

import pytest

from failover_lambda.azure.probers import INSIDE, LiveProbers, anchor_of
from failover_lambda.contract import Settings
from failover_lambda.model import Answer
from failover_lambda.prober import Anchor
from tests.contract.healthy import healthy_service
from tests.fakes import make_settings

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def port() -> Generator[int]:
    """A healthy service on 127.0.0.1; nobody listens on that port of 127.0.0.2."""
    with healthy_service() as found:
        yield found


@pytest.fixture
def site(port: int) -> Settings:
    first, second = make_settings().workers
    workers = (replace(first, address_private_ip="127.0.0.1"), replace(second, address_private_ip="127.0.0.2"))
    return replace(make_settings(), workers=workers, probers=(), probe_port=port)


def test_the_one_vantage_is_the_function_and_it_stands_in_no_workers_zone(site: Settings, port: int) -> None:
    probers = LiveProbers(site, Anchor("127.0.0.1", port))
    assert list(probers.vantages) == [INSIDE]
    sight = probers.look(INSIDE, 1.0)
    assert (sight.vantage, sight.anchor_reached) == (INSIDE, True)
    assert (sight.of("wk1"), sight.of("wk2")) == (Answer.HEALTHY, Answer.REFUSED)
    assert sight.zone not in {worker.zone for worker in site.workers}


def test_every_worker_is_asked_where_the_address_leads_to_and_whether_it_is_ready(site: Settings, port: int) -> None:
    asked = replace(site, ready_path="/ready")
    sight = LiveProbers(asked, Anchor("127.0.0.1", port)).look(INSIDE, 1.0)
    assert [report.ready for report in sight.reports] == [Answer.WRONG, Answer.REFUSED]


def test_an_anchor_that_is_out_of_reach_is_said(site: Settings) -> None:
    assert not LiveProbers(site, Anchor("127.0.0.3", 9)).look(INSIDE, 0.2).anchor_reached


@pytest.mark.parametrize(
    ("url", "anchor"),
    [
        ("https://tandem.blob.core.windows.net", ("tandem.blob.core.windows.net", 443)),
        ("http://127.0.0.1:10000/devstoreaccount1", ("127.0.0.1", 10000)),
    ],
)
def test_the_anchor_is_the_storage_account(url: str, anchor: tuple[str, int]) -> None:
    assert anchor_of(url) == anchor


@pytest.mark.parametrize("url", ["", "tandem", "ftp://tandem"])
def test_what_is_no_account_is_refused_by_its_text(url: str) -> None:
    with pytest.raises(ValueError, match="is not an http or https address"):
        anchor_of(url)
