"""What an update would change, what needs a new resource, and when the old one must go first."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from lab.providers.comparison import Change, Kind, compare, deletes_first
from lab.providers.handler import Handler
from lab.providers.plain import Elided, FileArchive, Mark, Secret, Unknown
from tests.lab.small_handlers import Role, Shelf, Vpc

VPC, ROLE = Vpc(Shelf()), Role(Shelf())
TAGS = frozenset({"tags", "tagsAll"})


def changes(
    olds: Mapping[str, Any],
    news: Mapping[str, Any],
    outputs: Mapping[str, Any] | None = None,
    *,
    handler: Handler = VPC,
    ignored: Sequence[str] = (),
) -> dict[str, tuple[Kind, bool]]:
    from_outputs = TAGS if outputs is not None else frozenset[str]()
    found = compare(handler, olds, outputs or {}, news, from_outputs=from_outputs, ignored=ignored)
    return {each.text: (each.kind, each.replaces) for each in found}


def test_equal_inputs_are_no_change() -> None:
    inputs = {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}, "list": [1, {"x": 1}]}
    assert changes(inputs, dict(inputs)) == {}


@pytest.mark.parametrize(
    ("olds", "news"),
    [
        ({"l": ["a", "b"]}, {"l": ["b", "a"]}),
        ({"p": '{"a": [1,  2]}'}, {"p": '{"a":[1,2]}'}),
        ({"on": False, "n": 0, "t": "", "o": {"x": False}, "l": []}, {}),
        ({"s": Secret("x")}, {"s": "x"}),
        ({"__defaults": ["name"]}, {"__defaults": []}),
    ],
    ids=["a list in another order", "JSON with other blanks", "nothing", "a secret that is open now", "who named it"],
)
def test_what_means_the_same_is_no_change(olds: dict[str, Any], news: dict[str, Any]) -> None:
    assert changes(olds, news) == {}
    assert changes(news, olds) == {}


def test_every_leaf_that_differs_is_told_with_its_kind() -> None:
    olds = {"tags": {"Name": "one", "gone": "x"}, "rules": [{"port": 1, "from": ["a"]}, {"port": 2}], "old": "x"}
    news = {"tags": {"Name": "two", "a.b": "y"}, "rules": [{"port": 1, "from": ["b"]}], "new": {"in": True}}
    assert changes(olds, news) == {
        "tags.Name": (Kind.UPDATE, False),
        "tags.gone": (Kind.DELETE, False),
        'tags["a.b"]': (Kind.ADD, False),
        "rules[0].from": (Kind.UPDATE, False),
        "rules[1].port": (Kind.DELETE, False),
        "old": (Kind.DELETE, False),
        "new.in": (Kind.ADD, False),
    }


def test_a_property_that_cannot_change_in_place_replaces() -> None:
    assert changes({"cidrBlock": "a"}, {"cidrBlock": "b"}) == {"cidrBlock": (Kind.UPDATE, True)}


def test_a_property_of_the_objects_of_a_list_replaces_and_its_neighbour_does_not() -> None:
    olds = {"inlinePolicies": [{"name": "a", "policy": "x"}]}
    news = {"inlinePolicies": [{"name": "b", "policy": "y"}]}
    assert changes(olds, news, handler=ROLE) == {
        "inlinePolicies[0].name": (Kind.UPDATE, True),
        "inlinePolicies[0].policy": (Kind.UPDATE, False),
    }


def test_an_unknown_value_counts_as_another_one() -> None:
    assert changes({"cidrBlock": "a"}, {"cidrBlock": Unknown()}) == {"cidrBlock": (Kind.UPDATE, True)}
    assert changes({}, {"tags": {"a": Unknown()}}) == {"tags.a": (Kind.ADD, False)}
    assert changes({"l": ["a"]}, {"l": [Unknown()]}) == {"l": (Kind.UPDATE, False)}


def test_another_content_of_the_same_folder_is_a_change() -> None:
    for old in (FileArchive("/a", "1"), Elided(Mark.ARCHIVE, "1")):
        assert changes({"code": old}, {"code": FileArchive("/a", "2")}) == {"code": (Kind.UPDATE, False)}
        assert changes({"code": old}, {"code": FileArchive("/moved", "1")}) == {}


def test_tags_are_compared_with_what_the_cloud_said_last() -> None:
    inputs = {"tags": {"a": "1"}, "cidrBlock": "x"}
    outputs = {"tags": {"a": "1", "b": "2"}, "cidrBlock": "y"}
    found = compare(VPC, inputs, outputs, inputs, from_outputs=TAGS)
    assert found == [Change(("tags", "b"), Kind.DELETE, replaces=False, of_inputs=False)]


@pytest.mark.parametrize("ignored", ["tags", "tags.b", 'tags["b"]', "*", "tags.*"])
def test_what_is_ignored_is_no_change_though_the_cloud_has_another(ignored: str) -> None:
    assert changes({"tags": {}}, {"tags": {}}, {"tags": {"b": "2"}}, ignored=[ignored]) == {}


@pytest.mark.parametrize("ignored", ["tag", "tags.c", "tags.b.c", "tagsAll"])
def test_what_is_not_ignored_is_a_change(ignored: str) -> None:
    assert changes({"tags": {}}, {"tags": {}}, {"tags": {"b": "2"}}, ignored=[ignored]) == {"tags.b": (Kind.DELETE, False)}


def test_a_condition_of_the_type_makes_a_change_replace() -> None:
    class Picky(Vpc):
        def replaced_by(self, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> frozenset[str]:
            return frozenset({"size"}) if wanted["size"] < before["size"] else frozenset()

    picky = Picky(Shelf())
    assert changes({"size": 2}, {"size": Secret(1)}, handler=picky) == {"size": (Kind.UPDATE, True)}
    assert changes({"size": 1}, {"size": 2}, handler=picky) == {"size": (Kind.UPDATE, False)}


@pytest.mark.parametrize(
    ("news", "first"),
    [
        ({"name": "mine", "__defaults": []}, True),
        ({"name": "made-1234567", "__defaults": ["name"]}, False),
        ({"name": "of an old state"}, False),
        ({"__defaults": []}, False),
    ],
)
def test_the_old_one_goes_first_only_where_the_program_gives_the_name(news: dict[str, Any], *, first: bool) -> None:
    assert deletes_first(ROLE, news) is first
    assert deletes_first(VPC, news) is False
