"""One JSON line per event on standard output: all that the functions log. Standard library and `contract` only.

Lambda hands each line to CloudWatch Logs as it is, and the host of Azure's functions to Application Insights. No logging
configuration of the platform is relied on: the root logger has no handler everywhere that functions run.
"""

import json
import sys
import threading
import time
from collections.abc import Mapping

from failover_lambda.contract import to_plain

_one_at_a_time = threading.Lock()


def write(name: str, fields: Mapping[str, object]) -> None:
    """Print the event `name`, with monotonic clock `t` and wall clock `at_s`, both in seconds. Never raises."""
    put({"event": name, "t": time.monotonic(), "at_s": time.time(), **fields})


def put(fields: Mapping[str, object]) -> None:
    """Print one JSON object as one line, whole also when several threads print. Never raises.

    A value that JSON does not know is printed by its `repr`.
    """
    try:
        line = json.dumps(fields, default=_plain, separators=(",", ":"))
        with _one_at_a_time:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    except (OSError, TypeError, ValueError):  # a closed output, a key or a circle that JSON refuses: nobody left to tell
        return


def _plain(value: object) -> object:
    plain = to_plain(value)
    return repr(value) if plain is value else plain
