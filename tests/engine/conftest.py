"""Pulumi's engine for these tests, the one that `make engine` provides; and the stacks that they are run on."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import pulumi_project
from lab.bare_cloud import Cloud, cloud
from tests.engine.sizes import PAIRS, STAGES


@pytest.fixture(scope="session")
def command() -> Path:
    """The `pulumi` at hand."""
    found = pulumi_project.command()
    assert found, "there is no Pulumi engine in this checkout: run make engine (it builds one, once, in about 5 minutes)"
    return found


@pytest.fixture(scope="module", params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    """Of a stack file of AWS."""
    return str(request.param)


@pytest.fixture(scope="module", params=PAIRS)
def pair(request: pytest.FixtureRequest) -> str:
    """A stack with a watchdog, by its name."""
    return str(request.param)


@pytest.fixture(scope="module")
def bare(command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Cloud]]:
    """A bare cloud by its name, `aws` or `azure`; one of each for a module, begun when it is first asked for."""
    with contextlib.ExitStack() as stack:
        yield functools.cache(lambda name: stack.enter_context(cloud(command, tmp_path_factory.mktemp("engine"), name)))
