"""RULE.md 3.15: what is kept of a health page, whatever the page is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover_lambda.model import Page
from failover_lambda.pages import NAME_CHARACTERS_MAX, NAMES_MAX, read

CHANNELS = "channels_down"
LONG = "x" * (NAME_CHARACTERS_MAX + 1)


def of(value: Any) -> tuple[str, ...] | None:
    page = read(json.dumps({CHANNELS: value}).encode())
    return page.channels_down if page else None


def test_the_two_lists_are_kept_and_nothing_else() -> None:
    body = b'{"status": "ok", "channels_down": ["ADT_IN"], "patient": "Doe", "dependencies_down": ["hospital-db", "dns"]}'
    assert read(body) == Page(channels_down=("ADT_IN",), dependencies_down=("dns", "hospital-db"))


def test_a_page_without_them_names_nothing() -> None:
    assert read(b"{}") == Page()


@pytest.mark.parametrize(
    "body",
    [b"", b"ok", b"<html>", b"[]", b'"down"', b"7", b"null", b"\xff\xfe\xfd", b"[" * 16_000, b"1" * 16_000, b'{"a": '],
)
def test_what_is_no_object_of_json_says_nothing_of_the_kind(body: bytes) -> None:
    assert read(body) is None


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("ADT_IN", ()),
        ({"ADT_IN": True}, ()),
        (None, ()),
        ([7, None, ["a"], {"b": 1}, "ADT_IN"], ("ADT_IN",)),
        (["b", "a", "b"], ("a", "b")),
        (["", "  "], ()),
        (["  a  "], ("a",)),
        (["a\r\nSubject: b", "\x1b[31mred", "für"], ("?[31mred", "a??Subject: b", "f?r")),
        ([LONG[:-1], LONG], (LONG[:-1],)),
        (["y" * (NAME_CHARACTERS_MAX - 1) + " z"], ("y" * (NAME_CHARACTERS_MAX - 1),)),
        ([f"c{number}" for number in range(9)], tuple(f"c{number}" for number in range(NAMES_MAX))),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_names_are_few_short_and_printable(value: Any, names: tuple[str, ...]) -> None:
    assert of(value) == names


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: json.dumps({CHANNELS: [text]}).encode()))
def test_no_body_raises_or_brings_more_than_the_bounds(body: bytes) -> None:
    page = read(body)
    names = (*page.channels_down, *page.dependencies_down) if page else ()
    assert len(names) <= 2 * NAMES_MAX
    assert all(0 < len(name) <= NAME_CHARACTERS_MAX and name.isascii() and name.isprintable() for name in names)
