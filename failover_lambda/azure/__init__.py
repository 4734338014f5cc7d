"""Azure's side of the watchdog: one adapter per port, each passes the suite that AWS's passes (`tests/contract/`).

Start reading at `entry`, where the real parts are joined. Imports no SDK.
"""

import time
from typing import Final

BORN_S: Final = time.monotonic()
"""When the first module of the function began to be imported; its start is part of an outage, and is reported."""
