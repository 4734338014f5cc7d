"""docs/PERMISSIONS.md and docs/SECURITY.md say what the judges hold."""

import pytest

from tests.judges.pages import COMMAND, PERMISSIONS, SECURITY, permissions_page, security_page
from tests.judges.recorded import recorded

pytestmark = pytest.mark.judge


def test_the_page_of_permissions_is_the_one_that_the_recorded_deployment_makes() -> None:
    assert PERMISSIONS.read_text() == permissions_page(recorded()), f"run {COMMAND}"


def test_the_tables_of_the_security_page_are_those_that_the_tests_hold() -> None:
    text = SECURITY.read_text()
    assert text == security_page(text), f"run {COMMAND}"


def test_a_page_without_its_marker_is_refused() -> None:
    with pytest.raises(ValueError, match="has no part between"):
        security_page("# Security\n")
