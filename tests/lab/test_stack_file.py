"""The lab's stack file: what it keeps, what it changes, and that the program takes it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import botocore.session
import pytest
import yaml

from infra.config import ConfigError, Source, parse
from lab import stack_file
from lab.endpoints import MINISTACK_SERVICES, MOTO_SERVICES, Endpoints, signing_name, variable
from lab.stack_file import StackFile, StackFileError, derive, load

ENDPOINTS = Endpoints("http://127.0.0.1:1001", "http://127.0.0.1:1002")
NETWORK = "127.70.0.0/16"
DEV = """
config:
  tandem:cloud: aws
  tandem:region: eu-central-1
  tandem:zones: [eu-central-1a, eu-central-1b]
  tandem:partnerCidrs:
    - 203.0.113.7/32
  tandem:probeTimeoutSeconds: 0.4
  tandem:arbiterMemoryMb: 256
  tandem:protect: true
  deletionProtection: false
  aws:skipMetadataApiCheck: "true"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: tandem\nruntime: python\n")
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    (stacks / "Pulumi.aws-dev.yaml").write_text(DEV)
    return stacks


@pytest.fixture
def dev(folder: Path) -> StackFile:
    return load("dev", folder=folder)


def test_values_are_read_as_pulumi_hands_them_over(dev: StackFile) -> None:
    assert (dev.project, dev.stack) == ("tandem", "aws-dev")
    assert dict(dev.texts) == {
        "tandem:cloud": "aws",
        "tandem:region": "eu-central-1",
        "tandem:zones": '["eu-central-1a", "eu-central-1b"]',
        "tandem:partnerCidrs": '["203.0.113.7/32"]',
        "tandem:probeTimeoutSeconds": "0.4",
        "tandem:arbiterMemoryMb": "256",
        "tandem:protect": "true",
        "tandem:deletionProtection": "false",
        "aws:skipMetadataApiCheck": "true",
    }
    assert (dev.text("region"), dev.text("networkCidr", "none")) == ("eu-central-1", "none")


def test_a_lab_differs_in_network_partners_and_protection_and_says_so(dev: StackFile) -> None:
    lab = derive(dev, network=NETWORK, endpoints=ENDPOINTS)
    changed = {key: text for key, text in lab.file.texts.items() if dev.texts.get(key) != text}
    assert changed == {
        "tandem:networkCidr": NETWORK,
        "tandem:partnerCidrs": '["127.0.0.1/32"]',
        "tandem:protect": "false",
    }
    assert set(dev.texts) - set(lab.file.texts) == set()
    assert [str(difference) for difference in lab.differences] == [
        f"networkCidr: {NETWORK} instead of not set (the lab's network: its addresses are real sockets of this machine)",
        'partnerCidrs: ["127.0.0.1/32"] instead of ["203.0.113.7/32"] (the lab\'s senders are the partners)',
        "protect: false instead of true (a lab ends by destroying everything)",
    ]


def test_a_reservation_that_nobody_emulates_is_left_out_and_that_is_said(dev: StackFile) -> None:
    reserving = replace(dev, texts={**dev.texts, "tandem:reserveCapacity": "true"})
    lab = derive(reserving, network=NETWORK, endpoints=ENDPOINTS)

    assert lab.file.text("reserveCapacity") == "false"
    assert str(lab.differences[-1]) == (
        "reserveCapacity: false instead of true (the emulated EC2 has no capacity reservations)"
    )


def test_the_endpoints_travel_in_the_environment(dev: StackFile) -> None:
    environment = derive(dev, network=NETWORK, endpoints=ENDPOINTS).environment
    assert environment["AWS_ENDPOINT_URL_EC2"] == environment["AWS_ENDPOINT_URL_STS"] == ENDPOINTS.moto
    assert environment["AWS_ENDPOINT_URL_LAMBDA"] == environment["AWS_ENDPOINT_URL_DYNAMODB"] == ENDPOINTS.ministack
    assert not [key for key in environment if not key.startswith("AWS_ENDPOINT_URL_")]


def test_every_sdk_finds_every_service_by_the_variable_of_its_id() -> None:
    session = botocore.session.get_session()
    for service in MOTO_SERVICES | MINISTACK_SERVICES:
        model = session.get_service_model(service)
        assert variable(service) == f"AWS_ENDPOINT_URL_{str(model.service_id).upper().replace(' ', '_')}"
        if service in MOTO_SERVICES:
            assert signing_name(service) == model.signing_name


def test_the_derived_file_can_be_read_back(dev: StackFile, folder: Path) -> None:
    lab = derive(dev, network=NETWORK, endpoints=ENDPOINTS)
    written = lab.to_yaml()
    (folder / "Pulumi.aws-lab.yaml").write_text(written)
    assert load("lab", folder=folder).texts == lab.file.texts
    assert written.splitlines()[1] == f"# {lab.differences[0]}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("config:\n  tandem:word:\n    secure: v1:abc\n", "tandem:word is encrypted, and only Pulumi can decrypt it"),
        ("config:\n  - a\n", r"its config is \['a'\], not keys with values"),
        ("just words", "Pulumi.aws-bad.yaml holds no keys"),
    ],
)
def test_a_file_that_a_lab_cannot_use_is_refused(folder: Path, text: str, words: str) -> None:
    (folder / "Pulumi.aws-bad.yaml").write_text(text)
    with pytest.raises(StackFileError, match=words):
        load("bad", folder=folder)


def test_a_missing_stage_names_those_that_are_there(folder: Path) -> None:
    with pytest.raises(
        StackFileError, match=r"no stack file Pulumi\.aws-prod\.yaml in .*; there are: Pulumi\.aws-dev\.yaml"
    ):
        load("prod", folder=folder)


def stages() -> list[str]:
    files = stack_file.STACKS.glob("Pulumi.aws-*.yaml")
    return sorted(file.stem.removeprefix("Pulumi.aws-") for file in files)


def test_the_program_takes_every_derived_file_and_refuses_it_on_a_real_cloud() -> None:
    assert {"dev", "prod"} <= set(stages())
    for stage in stages():
        derived = derive(load(stage), network=NETWORK, endpoints=ENDPOINTS).file
        config = parse(_source(derived.texts, loopback_cloud=True))
        assert (str(config.network_cidr), config.protect, config.deletion_protection) == (NETWORK, False, False)
        with pytest.raises(ConfigError, match=f"networkCidr.*{NETWORK}, a loopback network"):
            parse(_source(derived.texts, loopback_cloud=False))


def _source(texts: Mapping[str, str], *, loopback_cloud: bool) -> Source:
    own = {key.removeprefix("tandem:"): text for key, text in texts.items() if key.startswith("tandem:")}
    read = stack_file.REPOSITORY.joinpath
    return Source(texts=own, read_text=lambda path: read(path).read_text(), loopback_cloud=loopback_cloud)


def test_the_written_file_has_the_types_that_pulumi_wants(dev: StackFile) -> None:
    """Pulumi refuses a text where Pulumi.yaml declares a list, a number or a truth value."""
    declared = yaml.safe_load((stack_file.REPOSITORY / "Pulumi.yaml").read_text())["config"]
    kinds = {"string": str, "array": list, "object": dict, "integer": int, "number": (int, float), "boolean": bool}
    written = yaml.safe_load(derive(dev, network=NETWORK, endpoints=ENDPOINTS).to_yaml())["config"]
    assert written["tandem:partnerCidrs"] == ["127.0.0.1/32"]
    for key, value in written.items():
        kind = declared.get(key.removeprefix("tandem:"), {"type": "string"})["type"]
        assert isinstance(value, kinds[kind]), key
