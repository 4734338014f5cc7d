"""docs/POLICY.md says what the pack holds."""

import pytest

from tests.policy.page import main, page


def test_the_page_is_what_the_table_of_rules_makes() -> None:
    assert main(["--check"]) == 0, "run python -m tests.policy.page"


def test_a_page_without_its_mark_is_refused() -> None:
    with pytest.raises(ValueError, match=r"POLICY\.md has no line"):
        page("# Policy\n")
