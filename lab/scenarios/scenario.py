"""What a scenario is: one fault, what must come of it, how it is played, and what its run is judged by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lab import site
from lab.faultkind import FaultKind
from lab.scenarios.expectations import Expectations
from lab.scenarios.stage import Stage

AWS = frozenset({"aws"})
EVERY_CLOUD = frozenset({"aws", "azure"})

Play = Callable[[Stage], None]
"""Does the fault, on a steady site with traffic, and waits for what follows."""


class OtherCloudError(Exception):
    """A scenario is played on other clouds only."""

    def __init__(self, name: str, cloud: str, clouds: frozenset[str]) -> None:
        super().__init__(f"{name} is not played on {cloud}; it is on {', '.join(sorted(clouds))}")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One named fault. Names are kebab-case and never change: docs/FAULTS.md and its history use them."""

    name: str
    injected: str
    """What the lab does, in one sentence."""
    must: str
    """What must come of it, in one sentence, with the sentence of docs/RULE.md that it follows from."""
    kind: FaultKind
    play: Play
    expects: Expectations
    profile: str = "instant"
    """Unless another is asked for."""
    schedule_divisor: float = 10.0
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    """Keys of the stack file that are otherwise, as texts."""
    store_door: bool = False
    """The functions reach the record's table through a door that can be closed."""
    api_faults: bool = False
    """The functions reach AWS through fronts that can break calls. On Azure the emulated Resource Manager does it itself."""
    clouds: frozenset[str] = AWS
    """Where it can be played."""

    def options(self, profile: str | None = None, cloud: str = "aws") -> site.Options:
        """The lab that it is played on.

        Raises:
            OtherCloudError: it cannot be played there.
        """
        if cloud not in self.clouds:
            raise OtherCloudError(self.name, cloud, self.clouds)
        return site.Options(
            cloud=cloud,
            profile=profile or self.profile,
            schedule_divisor=self.schedule_divisor if cloud == "aws" else 1.0,
            config=self.config,
            store_door=self.store_door,
            api_faults=self.api_faults,
        )
