"""Every check, by name: importing this file imports all files that hold some."""

from tests.infra.traps import balancer, egress, network, order, permissions, telling, watchdog, workers
from tests.infra.traps.registry import registered

CHECKED_IN = (balancer, egress, network, order, permissions, telling, watchdog, workers)
"""Where checks are written."""

TRAPS = dict(registered())
"""In the order of those files."""
