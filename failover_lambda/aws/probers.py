"""The port `Probers`: one synchronous call of a prober function per vantage and round.

The arbiter says everything that a prober has to know, so the functions need no settings of their own and can never disagree
with the arbiter about what is asked. May import `contract`, `model`, `errors`, `prober`.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from failover_lambda.aws.outcomes import read_once
from failover_lambda.contract import Settings, from_plain, to_plain
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import Sight
from failover_lambda.prober import Inquiry, inquiry_of

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_QUOTED_MAX: Final = 200


class LiveProbers:
    """See `ports.Probers`. A vantage is named by its function. May be called from many threads at once."""

    def __init__(self, settings: Settings, functions: "LambdaClient") -> None:
        self._functions = functions
        self._settings = settings
        self._zones = {prober.function_name: prober.zone for prober in settings.probers}

    @property
    def vantages(self) -> Sequence[str]:
        """The names of the prober functions."""
        return tuple(self._zones)

    def look(self, vantage: str, connect_s: float) -> Sight:
        """One Invoke. A function that is throttled, still pending, or failed could not be asked."""
        inquiry = inquiry_of(self._settings, vantage, self._zones[vantage], connect_s)
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
