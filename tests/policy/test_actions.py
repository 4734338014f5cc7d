"""The pack's list of actions without resources is what a judge that we did not write knows of AWS."""

import pytest

from tandem_policy.aws.documents import ACTIONS_FILE, WANTED_ON_STAR, exact, listed, patterns
from tests.policy.actions import FILE, page, takes_a_resource, without


@pytest.mark.judge
def test_the_list_is_the_judges() -> None:
    assert FILE == ACTIONS_FILE
    assert FILE.read_text(encoding="utf-8") == page(), "run python -m tests.policy.actions"


@pytest.mark.judge
def test_what_lambda_wants_on_a_star_takes_a_resource_all_the_same_or_is_in_the_list() -> None:
    takes = takes_a_resource()["ec2"]

    assert {action for action in WANTED_ON_STAR if takes[action.partition(":")[2]]} == WANTED_ON_STAR - listed()
    assert WANTED_ON_STAR & listed()


def test_a_verb_is_one_line_only_if_none_of_its_actions_takes_a_resource() -> None:
    described = {"DescribeA": False, "DescribeB": False, "DescribeC": False}
    got = {"GetA": False, "GetB": True, "GetC": False, "Put": True}

    assert without({**described, **got}) == ["Describe*", "GetA", "GetC"]
    assert without({"ListA": False, "ListB": False}) == ["ListA", "ListB"]


def test_the_list_is_read_in_small_letters_and_whole() -> None:
    assert "ec2:describeinstances" in exact()
    assert "elasticloadbalancing:describe*" in patterns()
    assert len(exact()) + len(patterns()) == len(listed())
