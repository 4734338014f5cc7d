"""The policy pack in a preview of the real engine: our stacks pass, and what breaks a rule is refused by its name."""

from collections.abc import Callable

import pytest

from lab.bare_cloud import Cloud
from lab.pulumi_cli import Pulumi, PulumiError, Run
from lab.stack_file import REPOSITORY
from tests.engine.projects import configure
from tests.engine.sizes import at_night

pytestmark = pytest.mark.engine

PACK = ("--policy-pack", str(REPOSITORY / "policy"))
UNPROTECTED = (*PACK, "--policy-pack-config", str(REPOSITORY / "policy" / "config" / "dev.json"))
"""A lab's stack is never protected: it ends by destroying everything."""

STAGES = ("dev", "stage", "prod", "balancer")


@pytest.fixture(scope="module")
def stacks(bare: Callable[[str], Cloud]) -> dict[str, Pulumi]:
    return {stage: bare("aws").stack(stage) for stage in STAGES}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stack_of_ours_passes_the_pack(stacks: dict[str, Pulumi], stage: str) -> None:
    passes(stacks[stage].preview(*UNPROTECTED))


def passes(said: Run) -> None:
    """The pack was asked, and nothing that it says ends the run."""
    assert said.count("to create") > 50
    assert "tandem" in said.said.partition("Policies:")[2], said.said
    assert "mandatory" not in said.said


def is_refused(stack: Pulumi, *rules: str) -> None:
    """The preview ends, and says by which rules."""
    with pytest.raises(PulumiError) as refused:
        stack.preview(*PACK)
    assert "mandatory" in refused.value.said
    for rule in rules:
        assert rule in refused.value.said, refused.value.said


def test_a_stack_that_may_be_deleted_by_accident_is_refused_by_the_rules_name(stacks: dict[str, Pulumi]) -> None:
    is_refused(stacks["prod"], "kept-protected", "tables-refuse-deletion")


def test_a_stack_of_ours_on_azure_passes_the_pack_and_is_refused_where_it_may_be_deleted_by_accident(
    bare: Callable[[str], Cloud],
) -> None:
    stack = bare("azure").stack("dev")
    passes(stack.preview(*UNPROTECTED))
    is_refused(stack, "kept-protected", "kept-locked")


@at_night
def test_a_protected_stack_of_ours_on_azure_before_a_balancer_passes_the_whole_pack(bare: Callable[[str], Cloud]) -> None:
    """What a lock keeps is told by what its scope comes from: a preview shows no ids."""
    stack = bare("azure").stack("prod")
    configure(stack, protect=True, deletionProtection=True)
    passes(stack.preview(*PACK))
