"""The port `PublicPath`: one question through the fixed address, to the port that is open for it.

The answer names who gave it: `{"worker": "wk1", "boot": "..."}`. The arbiter asks from outside the network of the workers,
so its question takes the way of a partner's. For every cloud. May import `contract`, `model`, `probes` and `prober`.
"""

import json
from typing import Any, Final

from failover_lambda.contract import Settings
from failover_lambda.model import Answer, PublicAnswer
from failover_lambda.prober import ask
from failover_lambda.probes import IdentityProbe, Question

PATH: Final = "/health"
_PROBE: Final = IdentityProbe()


class LivePublicPath:
    """See `ports.PublicPath`. May be called from many threads at once."""

    def __init__(self, settings: Settings) -> None:
        self._port = settings.public_health_port
        self._answer_s = settings.answer_s

    def ask(self, public_ip: str, connect_s: float) -> PublicAnswer | None:
        """One GET. A healthy status without a name is WRONG: somebody answers, and nobody knows who."""
        if not self._port:
            return None
        judgement = ask(_PROBE, Question(host=public_ip, port=self._port, path=PATH), connect_s, self._answer_s(connect_s))
        worker, boot_id = names_in(judgement.body)
        answer = Answer.WRONG if judgement.answer is Answer.HEALTHY and not worker else judgement.answer
        return PublicAnswer(worker=worker, boot_id=boot_id, answer=answer)


def names_in(body: bytes) -> tuple[str, str]:
    """Worker and boot id in the body, "" for each that it does not name."""
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(said, dict):
        return "", ""
    return _text(said.get("worker")), _text(said.get("boot"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
