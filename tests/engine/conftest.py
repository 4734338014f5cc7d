"""Pulumi's engine for these tests, the one that `make engine` provides; and the stacks that they are run on."""

import os
from pathlib import Path

import pytest

from lab import pulumi_project

VARIABLE = "TANDEM_STACKS"
"""`all`: every stack that has a watchdog, as `make nightly` wants it; else `aws-dev` alone."""

STAGES = ("dev", "stage", "prod") if os.environ.get(VARIABLE) == "all" else ("dev",)


@pytest.fixture(scope="session")
def command() -> Path:
    """The `pulumi` at hand."""
    found = pulumi_project.command()
    assert found, "there is no Pulumi engine in this checkout: run make engine (it builds one, once, in about 5 minutes)"
    return found


@pytest.fixture(scope="module", params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    """Of the stack file."""
    return str(request.param)
