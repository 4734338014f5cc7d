"""The doctor's questions of Azure can be asked as they stand, as far as Microsoft's own clients know them."""

import dataclasses
import functools
import importlib
import inspect
import re
from urllib.parse import urlencode, urlsplit

import pytest

from infra.azure.doctor import NAMESPACES, Subject, questions
from infra.doctor import Question
from infra.quotas import Usage
from lab.providers.azure_native.tables import table
from tests.infra.azure.stand import DEPLOYER, SUBSCRIPTION, usual

EMPTY = Subject(
    subscription_id=SUBSCRIPTION,
    region="westeurope",
    worker_zones=("1", "2"),
    vm_size="Standard_D4s_v5",
    image="/subscriptions/x/images/y",
    root_volume_gb=30,
    dedicated_hosts=False,
    quota_needs={Usage.CORES: 8, Usage.ADDRESSES: 1},
)
FULL = dataclasses.replace(
    EMPTY,
    image="Canonical:ubuntu-24_04-lts:server:24.04.202610010",
    dedicated_hosts=True,
    quota_needs={Usage.CORES: 8, Usage.ADDRESSES: 3, Usage.NAT_GATEWAYS: 2},
    deployer_id=DEPLOYER,
    group="site",
    alerts="site-notices",
)
CLIENTS = {"Microsoft.Compute": "compute", "Microsoft.Network": "network"}


@functools.cache
def gets(namespace: str) -> frozenset[str]:
    """The paths that a client of Microsoft's reads, with a {} for each name."""
    source = inspect.getsource(importlib.import_module(f"azure.mgmt.{CLIENTS[namespace]}.operations._operations"))
    found = re.findall(r"# Construct URL\s+_url = \(?\s*((?:\"[^\"]*\"\s*)+).*?method=\"(\w+)\"", source, re.DOTALL)
    paths = ("".join(re.findall(r"\"([^\"]*)\"", text)) for text, verb in found if verb == "GET")
    return frozenset(re.sub(r"\{\w+\}", "{}", path).lower() for path in paths)


def pattern(question: Question) -> str:
    """The path, with a {} for every name of a subscription, region, group, resource or part of an image's name."""
    named = ("subscriptions", "resourcegroups", "locations", "publishers", "offers", "skus", "versions")
    parts = question.asks.lower().split("/")
    return "/".join("{}" if before in named else part for before, part in zip(["", *parts], parts, strict=False))


def namespace_of(question: Question) -> str:
    """Whose question it is; "" = Resource Manager's own."""
    return question.asks.partition("/providers/")[2].split("/")[0]


OF_THE_CLIENTS = [each for each in questions(FULL) if namespace_of(each) in CLIENTS]


def test_compute_and_network_are_asked_five_questions() -> None:
    assert len(OF_THE_CLIENTS) == 5


@pytest.mark.parametrize("question", OF_THE_CLIENTS, ids=lambda question: question.id)
def test_a_question_is_a_path_that_microsofts_own_client_reads(question: Question) -> None:
    assert pattern(question) in gets(namespace_of(question))


@pytest.mark.parametrize("question", questions(FULL), ids=lambda question: question.id)
def test_a_question_is_one_url_below_the_subscription(question: Question) -> None:
    url = urlsplit(f"https://management.azure.com{question.asks}?{urlencode(question.parameters)}")
    assert url.path.startswith(f"/subscriptions/{SUBSCRIPTION}/")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(question.parameters["api-version"]))
    assert " " not in url.path


def test_nothing_is_asked_about_what_is_not_there() -> None:
    left_out = {each.id for each in questions(FULL)} - {each.id for each in questions(EMPTY)}
    assert left_out == {"azure-image", "azure-deployer", "azure-told", "azure-address"}


def test_a_good_answer_names_the_stacks_own_numbers() -> None:
    wanted = {question.id: question.wanted for question in questions(FULL)}
    assert "limit at least 12 above currentValue" in wanted["azure-quota-cores"], "three machines of four"
    assert "dedicatedVCpus" in wanted["azure-quota-cores"]
    assert wanted["azure-quota-network"].endswith("by at least: 3 of StandardSkuPublicIpAddresses, 2 of NatGateways")
    assert "at most 30" in wanted["azure-image"]


def test_every_namespace_that_the_program_builds_in_is_asked_for() -> None:
    """Resource Manager's own needs no registration."""
    types = {each.type for each in usual().registrations if each.custom}
    paths = [row.path for token, row in table().rows.items() if token in types]
    built = {found for path in paths for found in re.findall(r"/providers/(Microsoft\.\w+)", path)}
    assert built - {"Microsoft.Resources"} == set(NAMESPACES) - {"Microsoft.App"}
