"""The port `Probers`: one synchronous call of a prober function per vantage and round.

The arbiter says everything that a prober has to know, so the functions need no settings of their own and can never disagree
with the arbiter about what is asked. May import `contract`, `model`, `errors`, `prober`.
"""

import dataclasses
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from failover_lambda.aws.outcomes import read_once
from failover_lambda.contract import ProberRef, Settings, from_plain, to_plain
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import Sight
from failover_lambda.prober import Inquiry, Target

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_QUOTED_MAX: Final = 200


class LiveProbers:
    """See `ports.Probers`. A vantage is named by its function. May be called from many threads at once."""

    def __init__(self, settings: Settings, functions: "LambdaClient") -> None:
        self._functions = functions
        self._inquiries = {prober.function_name: inquiry_of(prober, settings) for prober in settings.probers}

    @property
    def vantages(self) -> Sequence[str]:
        """The names of the prober functions."""
        return tuple(self._inquiries)

    def look(self, vantage: str, connect_s: float) -> Sight:
        """One Invoke. A function that is throttled, still pending, or failed could not be asked."""
        inquiry = dataclasses.replace(self._inquiries[vantage], connect_s=connect_s)
        sight = read_once(f"invoke {vantage}", lambda: self._invoke(inquiry))
        if (sight.vantage, sight.zone) != (inquiry.vantage, inquiry.zone):
            raise CouldNotAskError(f"invoke {vantage}: answered as {sight.vantage} in {sight.zone}")
        return sight

    def _invoke(self, inquiry: Inquiry) -> Sight:
        payload = json.dumps(to_plain(inquiry)).encode()
        answer = self._functions.invoke(FunctionName=inquiry.vantage, Payload=payload)
        said: Any = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise ValueError(f"the function failed: {said[:_QUOTED_MAX]!r}")
        return from_plain(Sight, json.loads(said))


def inquiry_of(prober: ProberRef, settings: Settings) -> Inquiry:
    """All that this prober has to know of the site, with its timeout at rest."""
    return Inquiry(
        vantage=prober.function_name,
        zone=prober.zone,
        targets=tuple(Target(worker=worker.name, host=worker.address_private_ip) for worker in settings.workers),
        kind=settings.probe_kind,
        port=settings.probe_port,
        path=settings.probe_path,
        ready_path=settings.ready_path,
        tls_verify=settings.probe_tls_verify,
        tls_ca_pem=settings.probe_tls_ca_pem,
        connect_s=settings.probe_timeout_s,
        answer_s=settings.probe_timeout_s,
    )
