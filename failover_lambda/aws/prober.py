"""The prober's entry: one vantage inside the network, asked by the arbiter once a round.

It knows nothing but its anchor, the record table's endpoint, which no worker's failure can take away; what to ask is in
the event (`prober.Inquiry`), what it saw is the answer (`model.Sight`). An event of many sites has `inquiries`, and is
answered by `sights` in their order; an entry that is no inquiry has a `fault` in its place. It imports no SDK, so that a
cold start is short, and prints exactly one line per call.
"""

import os
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from failover_lambda import lines
from failover_lambda.contract import from_plain, to_plain
from failover_lambda.model import Answer, Sight
from failover_lambda.prober import Anchor, Inquiry, look, look_all

DNS_SUFFIXES: Final = {"cn-": "amazonaws.com.cn", "eusc-": "amazonaws.eu"}
"""Public partitions whose endpoints end in something else than amazonaws.com (botocore's partitions.json)."""

FAULTS_SHOWN_MAX: Final = 3
"""In the line of a call for many sites."""

_ENDPOINT_VARIABLES: Final = ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL")
_PORTS: Final = {"http": 80, "https": 443}


def anchor_of(environment: Mapping[str, str]) -> tuple[str, int]:
    """Host and port of DynamoDB as the SDK would find them: from an endpoint variable, else by the region.

    Raises:
        KeyError: there is neither an endpoint nor AWS_REGION.
        ValueError: the endpoint is no http or https address.
    """
    for variable in _ENDPOINT_VARIABLES:
        if environment.get(variable):
            endpoint = urlsplit(environment[variable])
            if endpoint.hostname is None or endpoint.scheme not in _PORTS:
                raise ValueError(f"{variable}={environment[variable]!r} is not an http or https address")
            return endpoint.hostname, endpoint.port or _PORTS[endpoint.scheme]
    region = environment["AWS_REGION"]
    suffix = next((suffix for prefix, suffix in DNS_SUFFIXES.items() if region.startswith(prefix)), "amazonaws.com")
    return f"dynamodb.{region}.{suffix}", _PORTS["https"]


ANCHOR: Final = Anchor(*anchor_of(os.environ))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 (the platform's signature)
    """One round from this vantage.

    Raises:
        TypeError, ValueError: the event is not an `Inquiry`; the arbiter then knows that this vantage could not be asked.
    """
    started_s = time.monotonic()
    if "inquiries" in event:
        return _for_many(event["inquiries"], started_s)
    try:
        inquiry: Inquiry = from_plain(Inquiry, event)
    except (TypeError, ValueError, KeyError) as exc:
        lines.write("look", {"error": f"the event is no inquiry: {type(exc).__name__} {exc}"})
        raise
    sight = look(inquiry, ANCHOR)
    lines.write("look", {**_seen(sight), "look_s": round(time.monotonic() - started_s, 4)})
    return to_plain(sight)


def _for_many(plain: list[Any], started_s: float) -> dict[str, Any]:
    """One round for many sites: what is wrong with one entry is the answer to that one."""
    read = [_inquiry(each) for each in plain]
    inquiries = [each for each in read if isinstance(each, Inquiry)]
    sights = look_all(inquiries, ANCHOR)
    failing = sum(report.answer is not Answer.HEALTHY for sight in sights for report in sight.reports)
    seen = iter(sights)
    answers = [to_plain(next(seen), sparse=True) if isinstance(each, Inquiry) else {"fault": each} for each in read]
    faults = [each for each in read if isinstance(each, str)]
    about = {"sites": len(read), "not_healthy": failing, "faults": faults[:FAULTS_SHOWN_MAX]}
    lines.write("look", {**about, "look_s": round(time.monotonic() - started_s, 4)})
    return {"sights": answers}


def _inquiry(plain: Any) -> Inquiry | str:
    try:
        return from_plain(Inquiry, plain)
    except (TypeError, ValueError, KeyError) as exc:
        return f"it is no inquiry: {type(exc).__name__} {exc}"


def _seen(sight: Sight) -> dict[str, object]:
    return {
        "vantage": sight.vantage,
        "zone": sight.zone,
        "anchor_reached": sight.anchor_reached,
        "answers": {report.worker: f"{report.answer.value}: {report.detail}" for report in sight.reports},
        "not_ready": [report.worker for report in sight.reports if report.ready and report.ready.failing],
    }
