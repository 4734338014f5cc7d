"""Every check of Azure, by name: importing this file imports all files that hold some."""

from tests.infra.azure.traps import balancer, disks, function, network, order, quotas, roles, storage, telling, workers
from tests.infra.azure.traps.look import REGISTRY

CHECKED_IN = (balancer, disks, function, network, order, quotas, roles, storage, telling, workers)
"""Where checks are written."""

TRAPS = dict(REGISTRY.registered())
"""In the order of those files."""
