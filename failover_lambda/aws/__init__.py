"""The watchdog on AWS: one adapter per port, and the two Lambda entries `arbiter` and `prober`.

An AWS word stays here; the core says address, worker and record. Imports no SDK, so that the prober starts without it.
"""

import time
from typing import Final

BORN_S: Final = time.monotonic()
"""When the first module of the function began to be imported; its start is part of an outage, and is reported."""
