"""The life of an arbiter on Azure: when it is started, and how long it may last. Seconds."""

from typing import Final

SCHEDULE: Final = "*/5 * * * * *"
"""NCRONTAB, seconds first."""

CADENCE_S: Final = 5.0
"""The same in seconds."""

BURST_S: Final = 120.0
"""How long a firing goes on while the site is in doubt or in motion: above a move on the old control plane (85 s)."""

LIFE_S: Final = 330.0
"""How long a loop by HTTP leads: above the five minutes after which an alarm that still stands calls again. Whoever called
may have hung up by then (the platform lets nobody wait longer than 230 s), which ends nothing here."""

ONCE_WAIT_S: Final = 120.0
"""A deployment waits at most so long for its site to settle."""

ALIVE_S: Final = 60.0
"""How long a tick counts as a sign of life."""

REHEARSES_EACH_S: Final = 60.0
"""Whether a rehearsal is due is looked at so often, as on AWS, where a leadership lasts a minute."""
