"""`values.replace`: as the standard library's, without a copy where nothing changes."""

import dataclasses

import pytest

from failover_lambda.model import Phase
from failover_lambda.values import replace
from tests.spec.desk import record_of as make_record


def test_a_change_is_a_copy_and_the_old_value_stays() -> None:
    record = make_record()
    changed = replace(record, phase=Phase.SUSPECT, would="move")
    assert changed == dataclasses.replace(record, phase=Phase.SUSPECT, would="move")
    assert record.phase is not Phase.SUSPECT


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(make_record())])
def test_what_has_its_value_already_is_not_copied(field: str) -> None:
    record = make_record()
    assert replace(record, **{field: getattr(record, field)}) is record


def test_one_field_of_two_that_differs_is_enough() -> None:
    record = make_record()
    for changes in ({"streak": None, "would": "move"}, {"would": "move", "streak": None}):
        assert replace(record, **changes) == dataclasses.replace(record, would="move")


def test_what_is_equal_and_of_another_type_is_a_change() -> None:
    """Zero is stored otherwise than nothing, and True otherwise than one."""
    record = replace(make_record(), home_healthy_s=1.0)
    assert type(replace(record, home_healthy_s=1).home_healthy_s) is int


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises(AttributeError, match="holdr"):
        replace(make_record(), holdr="wk1")
