"""Carries out the faults that a file of rules asks for, around one call of the engine.

Only `lab.providers.servicer` and `lab.providers.server` import this file.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from lab.providers.handler import NotReadyError, State
from lab.providers.rules import Rule, Rules, Verb, What
from lab.recording import Created

T = TypeVar("T")


class OrderedFailureError(Exception):
    """A failure that a rule asked for; it says the rule's words."""


class Faults:
    """The rules of one process. `cancel` ends what hangs, now and later."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """The engine has cancelled."""
        self._cancelled.set()

    def around(self, type_token: str, verb: Verb, call: Callable[[], T]) -> T:
        """Make the call, as the rules want it.

        Raises:
            OrderedFailureError: a rule says that it fails.
            NotReadyError: a rule says so.
        """
        rule = self._rules.take(type_token, verb)
        if rule is None:
            return call()
        self._before(rule)
        done = call()
        if rule.what is What.FAIL_AFTER_APPLYING:
            raise OrderedFailureError(rule.message)
        if rule.what is What.NOT_READY:
            made = State(done.id, done.outputs) if isinstance(done, Created) else None
            raise NotReadyError(rule.message, made)
        return done

    def _before(self, rule: Rule) -> None:
        if rule.what is What.FAIL:
            raise OrderedFailureError(rule.message)
        if rule.what is What.HANG:
            self._cancelled.wait(rule.seconds)
        if rule.what is What.SLOW and rule.seconds is not None:
            time.sleep(rule.seconds)
