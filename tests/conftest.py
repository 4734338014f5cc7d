"""How the garbage collector runs in every process of the tests.

What was imported until the tests are collected stays to the end: the SDKs alone are a million objects. Walking over them
again and again took as long as the tests of the program themselves.
"""

import gc

YOUNG_MAX = 50_000
"""So many new objects are made before the youngest are looked through; Python's own 700 suit short programs."""


def pytest_collection_finish() -> None:
    """Take everything that is there out of the collector's sight."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, 20, 50)
