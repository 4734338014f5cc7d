"""One declaration, three readers: the parser, Pulumi.yaml and the page say the same. The stack files keep to it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.config import AwsConfig, AzureConfig, ConfigError, Source, parse
from infra.config import docs as config_docs
from infra.config.keys import CONFIGS, FIELDS, SECTIONS, Cloud, StackConfig, clouds_of, declaration, fields_of
from infra.config.parsing import example, kind_of
from infra.config.relations.azure_workers import PLACEHOLDER_IMAGE, PLACEHOLDER_KEY
from infra.naming import site_name
from tests.infra.stand import PROJECT, ROOT

PROJECT_FILE: Mapping[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
STACK_FILES = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
PULUMI_TYPES = {"string": str, "integer": int, "boolean": bool, "array": list}
"""What the `config:` part of a project file may declare, in every version since 3.44."""


def texts_of(file: Path) -> dict[str, str]:
    """A stack file's keys as Pulumi hands them to the program."""
    values = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]
    assert all(key.startswith(f"{PROJECT}:") for key in values)
    return {key.partition(":")[2]: as_text(value) for key, value in values.items()}


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def read(texts: Mapping[str, str]) -> AwsConfig | AzureConfig:
    return parse(_source(texts, loopback_cloud=True))


def _source(texts: Mapping[str, str], *, loopback_cloud: bool) -> Source:
    return Source(texts=texts, read_text=lambda path: (ROOT / path).read_text(), loopback_cloud=loopback_cloud)


def test_declaration_project_file_and_page_are_equal() -> None:
    assert config_docs.main(["--check"]) == 0


def test_a_stale_page_is_found_and_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("PROJECT_FILE", "PAGE"):
        copy = tmp_path / getattr(config_docs, name).name
        copy.write_text(getattr(config_docs, name).read_text(encoding="utf-8"), encoding="utf-8")
        monkeypatch.setattr(config_docs, name, copy)
    monkeypatch.setattr(config_docs, "ROOT", tmp_path)
    config_docs.PAGE.write_text("old", encoding="utf-8")

    assert config_docs.main(["--check"]) == 1
    assert capsys.readouterr().err == "CONFIG.md is not up to date: run python -m infra.config.docs\n"
    assert config_docs.main([]) == 0
    assert config_docs.main(["--check"]) == 0


def test_the_project_is_as_the_pulumi_engine_wants_it() -> None:
    assert PROJECT_FILE["name"] == PROJECT
    assert PROJECT_FILE["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}}
    assert (PROJECT_FILE["main"], PROJECT_FILE["stackConfigDir"]) == ("infra/", "stacks")


@pytest.mark.parametrize("key", FIELDS)
def test_a_declared_key_never_stops_the_engine_before_the_program_speaks(key: str) -> None:
    declared = PROJECT_FILE["config"][key]

    assert type(declared["default"]) is PULUMI_TYPES[declared["type"]]
    assert declared["description"] == config_docs.description(FIELDS[key])
    if declared["type"] == "array":
        kind = PULUMI_TYPES[declared["items"]["type"]]
        assert all(type(item) is kind for item in declared["default"])


BOTH = {"workersActAlone": "false", "partnerCidrs": '["203.0.113.7/32"]'}
REQUIRED: Mapping[Cloud, Mapping[str, str]] = {
    Cloud.AWS: {
        **BOTH,
        "cloud": "aws",
        "region": "eu-west-1",
        "zones": '["eu-west-1a", "eu-west-1b"]',
        "tier": "fault-tolerant",
        "front": "address",
        "amiId": "ami-0123456789abcdef0",
    },
    Cloud.AZURE: {
        **BOTH,
        "publicHealthPort": "8081",
        "cloud": "azure",
        "region": "westeurope",
        "zones": '["1", "2"]',
        "tier": "high-availability",
        "front": "address",
        "image": PLACEHOLDER_IMAGE,
        "adminPublicKey": PLACEHOLDER_KEY,
    },
}


@pytest.mark.parametrize("cloud", Cloud)
def test_the_project_files_defaults_mean_what_the_program_means_by_nothing(cloud: Cloud) -> None:
    """Those of the other cloud too: Pulumi hands over every default, and a key that is set there is a fault."""
    required = REQUIRED[cloud]
    defaults = {key: as_text(declared["default"]) for key, declared in PROJECT_FILE["config"].items()}

    assert read({**defaults, **required}) == read(required)


KEYS = [(cloud, key) for cloud, of in CONFIGS.items() for key in fields_of(of)]


@pytest.mark.parametrize(("cloud", "key"), KEYS)
def test_every_key_has_one_sentence_or_two_and_an_example_that_can_be_read(cloud: Cloud, key: str) -> None:
    of, field = CONFIGS[cloud], FIELDS[key]
    schema = config_docs.schema_of(kind_of(of, field))

    assert declaration(of, field).sentence.endswith(".")
    assert example(of, field) or declaration(of, field).step
    if schema["type"] == "integer":
        assert int(example(of, field)) >= schema.get("minimum", 0)


def test_the_page_has_a_section_for_every_theme_and_a_row_for_every_key() -> None:
    page = config_docs.page()
    rows = [line for line in page.splitlines() if line.startswith("| `")]

    assert [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")] == [
        config_docs.section_name(parts) for parts in SECTIONS
    ]
    assert list(dict.fromkeys(row.split("`")[1] for row in rows)) == list(FIELDS)


@pytest.mark.parametrize("key", FIELDS)
def test_the_page_and_the_project_file_show_the_clouds_of_a_key(key: str) -> None:
    rows = [line for line in config_docs.page().splitlines() if line.startswith(f"| `{key}` ")]
    shown = {row.split(" | ")[1] for row in rows}
    said = PROJECT_FILE["config"][key]["description"]

    match clouds_of(FIELDS[key]):
        case (Cloud.AWS,):
            assert (shown, said.startswith("AWS only. ")) == ({"AWS"}, True)
        case (Cloud.AZURE,):
            assert (shown, said.startswith("Azure only. ")) == ({"Azure"}, True)
        case _ if FIELDS[key] in StackConfig.model_fields:
            assert (shown, "AWS only" in said) == ({"both"}, False)
        case _:
            assert (shown, "On AWS: " in said and " On Azure: " in said) == ({"AWS", "Azure"}, True)


def test_a_value_that_one_cloud_lacks_is_named_on_the_page() -> None:
    (row,) = (line for line in config_docs.page().splitlines() if line.startswith("| `mode` "))

    assert "| one of active-passive, active-active; not in this version on Azure: active-active |" in row


PLACEHOLDERS = {
    "aws": {"amiId", "partnerCidrs", "alertEmails"},
    "azure": {"image", "adminPublicKey", "partnerCidrs", "alertEmails"},
}


@pytest.mark.parametrize("file", STACK_FILES, ids=lambda file: file.name)
def test_a_stack_file_can_be_deployed_but_for_its_placeholders(file: Path) -> None:
    texts = texts_of(file)

    assert read(texts).cloud.value == texts["cloud"]
    with pytest.raises(ConfigError) as caught:
        parse(_source(texts, loopback_cloud=False))
    assert {fault.key for fault in caught.value.faults} == PLACEHOLDERS[texts["cloud"]]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Pulumi.aws-balancer.yaml", "ANSWER THIS"),
        ("Pulumi.aws-dev.yaml", "This is the lab's answer"),
        ("Pulumi.aws-prod.yaml", "ANSWER THIS"),
        ("Pulumi.aws-stage.yaml", "ANSWER THIS"),
        ("Pulumi.azure-dev.yaml", "This is the lab's answer"),
        ("Pulumi.azure-prod.yaml", "ANSWER THIS"),
    ],
)
def test_whether_workers_act_alone_is_a_question_in_a_stack_file(name: str, words: str) -> None:
    comment = (ROOT / "stacks" / name).read_text(encoding="utf-8").partition("tandem:workersActAlone")[0]

    assert "oes your engine poll or send on timers by itself? Then true, else false." in comment
    assert words in comment


@pytest.mark.parametrize("file", STACK_FILES, ids=lambda file: file.name)
def test_every_key_of_a_stack_file_has_a_comment(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    before = [lines[place - 1].strip() for place, line in enumerate(lines) if line.startswith(f"  {PROJECT}:")]

    uncommented = [line for line in before if not line.startswith("#")]
    assert uncommented == []


def test_stack_files_are_named_as_their_stacks() -> None:
    assert [file.name for file in STACK_FILES] == [
        "Pulumi.aws-balancer.yaml",
        "Pulumi.aws-dev.yaml",
        "Pulumi.aws-prod.yaml",
        "Pulumi.aws-stage.yaml",
        "Pulumi.azure-dev.yaml",
        "Pulumi.azure-prod.yaml",
    ]
    assert site_name(PROJECT, "aws-prod") == "tandem-aws-prod"


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_production_is_protected_and_has_two_to_tell(cloud: str) -> None:
    config = read(texts_of(ROOT / "stacks" / f"Pulumi.{cloud}-prod.yaml"))

    assert (config.protect, config.deletion_protection, len(config.alert_emails)) == (True, True, 2)
