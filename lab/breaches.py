"""What a worker can be told to do wrong: promises to break, so that tests see that the checker sees it, and ailments."""

import asyncio
from collections import Counter
from enum import Enum


class Breach(Enum):
    """One way to break a promise, counted in messages."""

    DROP_AFTER_ACK = "drop_after_ack"
    """Acknowledge a new message, then neither store nor deliver it."""
    SWAP_TWO = "swap_two"
    """Deliver a message after the next one of the same sender."""
    DELIVER_TWICE = "deliver_twice"
    """Deliver a message a second time, as if it were new."""
    DIE_AFTER_STORE = "die_after_store"
    """Kill the own process between the durable write and the acknowledgement. No breach: the hardest moment to die."""


class Breaches:
    """What is still to be broken; empty in an honest worker."""

    def __init__(self) -> None:
        self.lying = False
        """True: the LLP port takes messages and never answers, while health goes on saying that all is well."""
        self.unready = False
        """True: the ready page says no, and health goes on saying that all is well."""
        self.slow_s = 0.0
        """Every answer, to whatever is asked, waits so long."""
        self._planned: Counter[Breach] = Counter()

    def plan(self, breach: Breach, times: int) -> None:
        """Break the next `times` messages this way."""
        self._planned[breach] += times

    async def dawdle(self) -> None:
        """Be as slow as told."""
        if self.slow_s:
            await asyncio.sleep(self.slow_s)

    def take(self, breach: Breach) -> bool:
        """Use one planned breach up; False if none is left."""
        if self._planned[breach] == 0:
            return False
        self._planned[breach] -= 1
        return True
