"""The port `ports.Probers` on Lambda: a function in ministack asks real sockets; and how it could not."""

import io
import zipfile
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

import failover_lambda
from failover_lambda.aws.clients import CONFIG
from failover_lambda.aws.probers import LiveProbers
from failover_lambda.contract import ProberRef, Settings
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import Answer
from failover_lambda.prober import inquiry_of
from tests.contract.emulators import PATIENT, client
from tests.contract.healthy import healthy_service
from tests.fakes import make_settings

pytestmark = [pytest.mark.contract, pytest.mark.lab]

ROLE = "arn:aws:iam::000000000000:role/prober"
PACKAGE = Path(failover_lambda.__file__).parent


BROKEN = """
import time

def fails(event, context):
    raise RuntimeError("no")

def talks(event, context):
    return {"hello": "world"}

def lies(event, context):
    return {"vantage": "another", "zone": event["zone"], "anchor_reached": True, "reports": []}

def hangs(event, context):
    time.sleep(3)
"""
"""Functions that do what a prober should not."""


@pytest.fixture(scope="module")
def port() -> Generator[int]:
    """A healthy service on 127.0.0.1; nobody listens on that port of 127.0.0.2."""
    with healthy_service() as found:
        yield found


def bundle() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(PACKAGE.rglob("*.py")):
            archive.write(path, f"failover_lambda/{path.relative_to(PACKAGE)}")
        archive.writestr("broken.py", BROKEN)
    return packed.getvalue()


@pytest.fixture(scope="module")
def api(ministack: str) -> Iterator[Any]:
    """Lambda with the prober as two functions, and the broken ones.

    They are taken away again: a process may come to this file twice when tests are handed to whoever is free.
    """
    lambdas = client("lambda", ministack, PATIENT)
    handlers = dict.fromkeys(("prober-a", "prober-b", "busy"), "failover_lambda.aws.prober.handler")
    handlers |= {name: f"broken.{name}" for name in ("fails", "talks", "lies", "hangs")}
    for name, handler in handlers.items():
        lambdas.create_function(
            FunctionName=name, Runtime="python3.13", Role=ROLE, Handler=handler, Code={"ZipFile": bundle()}, Timeout=5
        )
    lambdas.put_function_concurrency(FunctionName="busy", ReservedConcurrentExecutions=0)
    yield lambdas
    for name in handlers:
        lambdas.delete_function(FunctionName=name)


@pytest.fixture
def site(port: int) -> Settings:
    """Two workers, of which the second has no listener."""
    first, second = make_settings().workers
    return replace(
        make_settings(),
        workers=tuple(
            replace(worker, private_ip=at, address_private_ip=at)
            for worker, at in ((first, "127.0.0.1"), (second, "127.0.0.2"))
        ),
        probers=(ProberRef(zone="a", function_name="prober-a"), ProberRef(zone="b", function_name="prober-b")),
        probe_port=port,
    )


def probers(api: Any, settings: Settings, *names: str, read_timeout_s: float = 10.0) -> LiveProbers:
    """Over functions of these names, all in zone a; those of `settings` without names."""
    refs = tuple(ProberRef(zone="a", function_name=name) for name in names) or settings.probers
    patient = CONFIG.merge(Config(read_timeout=read_timeout_s))
    return LiveProbers(replace(settings, probers=refs), client("lambda", api.meta.endpoint_url, patient))


def test_the_vantages_are_the_functions(api: Any, site: Settings) -> None:
    assert list(probers(api, site).vantages) == ["prober-a", "prober-b"]


def test_a_look_says_what_each_worker_answered_and_that_the_anchor_was_reached(api: Any, site: Settings) -> None:
    adapter = probers(api, site)
    for vantage, zone in (("prober-a", "a"), ("prober-b", "b")):
        sight = adapter.look(vantage, 1.0)
        assert (sight.vantage, sight.zone, sight.anchor_reached) == (vantage, zone, True)
        assert (sight.of("wk1"), sight.of("wk2")) == (Answer.HEALTHY, Answer.REFUSED)
        assert [report.ready for report in sight.reports] == [None, None]


def test_a_look_says_who_is_ready_where_that_is_asked(api: Any, site: Settings) -> None:
    """3.14."""
    sight = probers(api, replace(site, ready_path="/ready")).look("prober-a", 1.0)
    assert [(report.answer, report.ready) for report in sight.reports] == [
        (Answer.HEALTHY, Answer.WRONG),
        (Answer.REFUSED, Answer.REFUSED),
    ]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing", "ResourceNotFoundException"),
        ("busy", "TooManyRequestsException"),
        ("fails", 'the function failed: .*errorMessage": "no"'),
        ("talks", "the answer cannot be read: UnknownWordError: Sight has no hello"),
        ("lies", "answered as another in a"),
    ],
)
def test_a_vantage_that_gave_no_sight_of_its_own_could_not_be_asked(api: Any, site: Settings, name: str, says: str) -> None:
    with pytest.raises(CouldNotAskError, match=f"invoke {name}: .*{says}"):
        probers(api, site, name).look(name, 1.0)


def test_a_vantage_that_does_not_answer_in_time_could_not_be_asked(api: Any, site: Settings) -> None:
    with pytest.raises(CouldNotAskError, match="invoke hangs: no answer: Read timeout"):
        probers(api, site, "hangs", read_timeout_s=0.5).look("hangs", 0.1)


def test_in_a_burst_an_answer_is_waited_for_as_long_as_at_rest_and_never_shorter_than_the_connection(site: Settings) -> None:
    """A service that takes its time would be silent in every round of a burst else (`Settings.answer_s`)."""
    quick = replace(site, probe_timeout_s=0.1, burst_timeout_s=0.3)
    asked = [inquiry_of(quick, "prober-a", "a", connect_s) for connect_s in (0.1, 0.3)]
    assert [(each.connect_s, each.answer_s) for each in asked] == [(0.1, 0.1), (0.3, 0.3)]
