"""What is added to a resource's inputs before it is made, and what is missing from them."""

import re
from typing import Any

import pytest

from lab.providers.checking import check, with_defaults
from lab.providers.naming import Mode, Naming
from lab.providers.plain import Unknown
from tests.lab.small_handlers import Role, Shelf, Subnet, Vpc

ROLE, SUBNET, VPC = Role(Shelf()), Subnet(Shelf()), Vpc(Shelf())
SEED = Naming(b"seed")


def name(news: dict[str, Any], olds: dict[str, Any] | None = None, naming: Naming = SEED) -> Any:
    return check(ROLE, "web", news, olds or {}, naming).added.get("name")


def test_everything_that_is_missing_is_told_at_once() -> None:
    checked = check(SUBNET, "a", {}, {}, SEED)
    assert checked.failures == {
        "cidrBlock": "aws:ec2/subnet:Subnet 'a' needs cidrBlock, and the program gives none",
        "vpcId": "aws:ec2/subnet:Subnet 'a' needs vpcId, and the program gives none",
    }


def test_an_unknown_value_counts_as_given() -> None:
    assert check(SUBNET, "a", {"vpcId": Unknown(), "cidrBlock": "x"}, {}, SEED).failures == {}


def test_defaults_of_the_schema_are_no_inputs_and_are_filled_in_for_the_cloud() -> None:
    assert check(VPC, "a", {"cidrBlock": "x"}, {}, SEED).added == {"__defaults": []}
    assert with_defaults(VPC, {"cidrBlock": "x", "enableDnsSupport": False}) == {
        "cidrBlock": "x",
        "enableDnsSupport": False,
        "instanceTenancy": "default",
    }


def test_a_name_is_made_of_the_logical_one_and_seven_digits() -> None:
    made = name({})
    assert re.fullmatch(r"web-[0-9a-f]{7}", made)
    assert made == name({})
    assert made != name({}, naming=Naming(b"another seed"))
    assert name({}, naming=Naming()) != name({}, naming=Naming())


def test_a_made_name_is_marked_as_such_and_kept() -> None:
    checked = check(ROLE, "web", {}, {}, SEED)
    assert checked.added["__defaults"] == ["name"]
    assert name({}, {"name": "web-0000000", "__defaults": ["name"]}) == "web-0000000"
    assert name({}, {"name": "of an old state"}) == "of an old state"


@pytest.mark.parametrize("news", [{"name": "mine"}, {"name": Unknown()}, {"namePrefix": "web-"}])
def test_a_name_that_the_program_gives_is_not_made(news: dict[str, Any]) -> None:
    assert check(ROLE, "web", news, {"name": "old", "__defaults": ["name"]}, SEED).added == {"__defaults": []}


def test_a_name_that_the_program_gave_before_is_not_kept() -> None:
    assert name({}, {"name": "mine", "__defaults": []}).startswith("web-")


def test_the_engines_own_names_go_before() -> None:
    assert name({}, naming=Naming(b"s", Mode.ENFORCE, "web")) == "web"
    assert name({}, naming=Naming(b"s", Mode.PROPOSE, "pre-web")) == "pre-web"
    assert name({}, naming=Naming(b"s", Mode.DISABLE)) is None
