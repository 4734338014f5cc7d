"""The clouds whose program is judged, each with its checks and its stand; imported when they are asked for.

So a process that judges the program of one cloud imports nothing of the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.infra.traps.registry import Trap
from tests.infra.traps.variants import Stand


@dataclass(frozen=True)
class Judged:
    """One cloud."""

    traps: Mapping[str, Trap]
    stand: Callable[[], Stand]
    """Makes one, with nothing deployed yet."""


def _aws() -> Judged:
    from tests.infra.traps.every import TRAPS  # noqa: PLC0415 - see above

    return Judged(TRAPS, Stand)


def _azure() -> Judged:
    from tests.infra.azure.traps.every import TRAPS  # noqa: PLC0415 - see above
    from tests.infra.azure.traps.variants import stand  # noqa: PLC0415 - see above

    return Judged(TRAPS, stand)


CLOUDS: Mapping[str, Callable[[], Judged]] = {"aws": _aws, "azure": _azure}
