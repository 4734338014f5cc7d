"""How much of these tests is run: in CI one of each kind, in `make nightly` everything on every stack."""

import os

import pytest

VARIABLE = "TANDEM_STACKS"
"""`all`: as `make nightly` sets it."""

EVERYTHING = os.environ.get(VARIABLE) == "all"

STAGES = ("dev", "stage", "prod") if EVERYTHING else ("dev",)
"""Stacks of AWS with a watchdog."""

PAIRS = (*(f"aws-{stage}" for stage in STAGES), "azure-dev", *(("azure-prod",) if EVERYTHING else ()))
"""Stacks with a watchdog; on azure-dev the address is on the holder, on azure-prod before a balancer."""

at_night = pytest.mark.skipif(not EVERYTHING, reason=f"in make nightly, or with {VARIABLE}=all")
"""Of a test, or of one of its parameters."""

STORIES = (*(f"aws-{stage}" for stage in STAGES), pytest.param("azure-dev", marks=at_night))
"""Stacks on which a story with a real lab is told; in CI one."""
