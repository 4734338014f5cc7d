"""Every check, by name: importing this file imports all files that hold some."""

from tests.infra.traps import network, order, permissions, watchdog, workers
from tests.infra.traps.registry import registered

CHECKED_IN = (network, order, permissions, watchdog, workers)
"""Where checks are written."""

TRAPS = dict(registered())
"""In the order of those files."""
