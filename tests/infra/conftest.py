"""Failing checks of traps show their values, like failing tests."""

import pytest

pytest.register_assert_rewrite("tests.infra.traps")
