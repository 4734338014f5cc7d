"""The errors of the watchdog.

    WatchdogError
    +-- StoreError                 the record table did not do what was asked
    |   +-- StoreUnavailableError  no answer, or an error that says nothing of the item: the outcome may be either
    |   +-- ConflictError          the condition failed: somebody else wrote, or the lease is gone
    |   +-- RecordUnreadableError  an item is there and may be a record of another version: nobody acts
    |   +-- RecordLostError        there was a record, and it cannot be gone on from: lost, restored or damaged
    +-- CouldNotAskError           a question to the cloud or a prober had no answer: says nothing of what was asked about
        +-- DeniedError            because our role may not ask it
        +-- NothingNewError        because what is shared among sites was not read anew: no fault, and nothing to tell

Raised by adapters, handled in `cycle.py`. May import `model`; everybody else may import this file.
"""

from failover_lambda.model import Lost


class WatchdogError(Exception):
    """Something the cycle knows how to live with."""


class StoreError(WatchdogError):
    """The record table did not do what was asked."""


class StoreUnavailableError(StoreError):
    """No answer: a write may or may not have happened."""


class ConflictError(StoreError):
    """The condition of a write failed: nothing was written by us."""


class RecordUnreadableError(StoreError):
    """The item is not a record that this version can read, and may be one of another; nobody acts on it or replaces it."""


class RecordLostError(StoreError):
    """The record of a site that had one is missing, damaged or from a backup; `lost` says which, and from where to go on."""

    def __init__(self, lost: Lost) -> None:
        super().__init__(lost.why)
        self.lost = lost


class CouldNotAskError(WatchdogError):
    """A question had no answer. Never evidence that a worker is down."""


class DeniedError(CouldNotAskError):
    """A question that our role may not ask; asking again brings nothing until somebody changes the role."""


class NothingNewError(CouldNotAskError):
    """A read that many sites share was not made again since this site was last told of it; nothing went wrong."""
