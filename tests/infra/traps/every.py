"""Every check, by name: importing this file imports all files that hold some."""

from tests.infra.traps import (
    alarms,
    balancer,
    disks,
    egress,
    endpoints,
    groups,
    keys,
    names,
    network,
    order,
    permissions,
    quotas,
    telling,
    watchdog,
    workers,
)
from tests.infra.traps.registry import registered
from tests.infra.traps.rows import table
from tests.infra.traps.rows_1_3 import ADDRESS_ROWS, FENCE_ROWS, RIGHTS_ROWS
from tests.infra.traps.rows_4_5 import FUNCTION_ROWS, KEY_ROWS
from tests.infra.traps.rows_6_8 import GROUP_ROWS, NAME_ROWS, WORKER_ROWS

CHECKED_IN = (
    alarms,
    balancer,
    disks,
    egress,
    endpoints,
    groups,
    keys,
    names,
    network,
    order,
    permissions,
    quotas,
    telling,
    watchdog,
    workers,
)
"""Where checks are written."""

TRAPS = dict(registered())
"""In the order of those files."""

ROWS = table(*ADDRESS_ROWS, *FENCE_ROWS, *RIGHTS_ROWS, *KEY_ROWS, *FUNCTION_ROWS, *GROUP_ROWS, *WORKER_ROWS, *NAME_ROWS)
"""The whole table."""
