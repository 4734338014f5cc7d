"""Every scenario, by name, in the order of docs/FAULTS.md. A new one is an entry in the file of its kind."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from lab.scenarios import api, operators, record, watchdog, workers, zones
from lab.scenarios.scenario import Scenario

KINDS: Mapping[str, tuple[Scenario, ...]] = MappingProxyType(
    {
        "Workers": workers.SCENARIOS,
        "Watchdog": watchdog.SCENARIOS,
        "Record": record.SCENARIOS,
        "Vantages and zones": zones.SCENARIOS,
        "AWS's API": api.SCENARIOS,
        "Operators": operators.SCENARIOS,
    }
)
"""Title of each section of the page, and what it holds."""

SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {scenario.name: scenario for kind in KINDS.values() for scenario in kind}
)


class UnknownScenarioError(Exception):
    """There is no scenario of this name; the message lists those that exist."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no scenario {name!r}; there are: {', '.join(SCENARIOS)}")


def find(name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        UnknownScenarioError: there is none.
    """
    if name not in SCENARIOS:
        raise UnknownScenarioError(name)
    return SCENARIOS[name]


def on(cloud: str) -> Iterable[Scenario]:
    """Those that can be played there."""
    return [scenario for scenario in SCENARIOS.values() if cloud in scenario.clouds]


def listing(cloud: str = "aws") -> str:
    """All scenarios of a cloud, one line each."""
    width = max(len(name) for name in SCENARIOS)
    return "\n".join(f"{scenario.name:<{width}}  {scenario.injected}" for scenario in on(cloud))
