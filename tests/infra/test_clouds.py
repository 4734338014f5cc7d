"""Which program a stack's cloud gets, and what an Azure stack is built from."""

import functools
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pulumi
import pytest

from infra import package
from infra.arguments import CONTENTS, plain
from infra.azure.planned import Planned, planned
from infra.config import AzureConfig
from infra.run import ROLL_VARIABLE, Run
from lab.engine import DeployError, deploy
from lab.recording import Created
from tests.infra.stand import PROGRAM, PROJECT, ROOT
from tests.infra.test_config_azure import AZURE, read

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
BUILD = functools.cache(package.build)
"""The watchdog's package, built once for all that start the program."""
NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def run(*, environment: dict[str, str] | None = None, subscription_id: str = SUBSCRIPTION, now: datetime = NOON) -> Run:
    return Run(
        site="tandem-azure-test",
        root=ROOT,
        bundles=Path("bundles"),
        environment=environment or {},
        subscription_id=subscription_id,
        now=now,
    )


def plan(changes: dict[str, str] | None = None) -> Planned:
    return planned(read(changes), run())


def test_an_azure_stack_has_its_place_said_outright() -> None:
    assert (plan().provider.location, plan().provider.subscription_id) == ("westeurope", SUBSCRIPTION)


def test_the_watchdogs_package_is_azures_with_the_time_zone_and_python_of_the_configuration() -> None:
    changes = {"failbackEnabled": "true", "failbackCron": "0 3 * * SUN", "failbackLengthMinutes": "120"}
    asked = {**changes, "failbackTimeZone": "Europe/Berlin", "functionPython": "3.12"}

    assert plan(asked).bundle == {"cloud": "azure", "time_zone": "Europe/Berlin", "python": "3.12"}
    assert package.build(ROOT, plan(asked).bundle["cloud"], plan(asked).bundle["time_zone"]).digest


def test_the_arguments_are_the_configurations_fields_and_a_few_of_their_own() -> None:
    fields = {CONTENTS.get(field, field) for field in AzureConfig.model_fields}

    own = {"site", "subscription_id", "package_sas_expiry", "arbiter_standby", "roll_worker"}
    assert set(plan().arguments) == fields | own


def test_an_argument_is_a_plain_value() -> None:
    arguments = plan({"userDataFile": "setup.sh", "tags": '["stage=test"]'}).arguments

    assert (arguments["zones"], arguments["network_cidr"]) == (["1", "2"], "10.80.0.0/16")
    assert arguments["partner_cidrs"] == ["194.126.158.7/32", "194.126.159.0/24"]
    assert (arguments["user_data"], arguments["tags"]) == ("#!/bin/sh\n", {"stage": "test"})
    assert (arguments["function_memory_mb"], arguments["arbiter_standby"]) == (2048, False)
    assert plain(read())["function_python"] == "3.13"


@pytest.mark.parametrize("now", [NOON, NOON.astimezone(timezone(timedelta(hours=5)))])
def test_a_package_can_be_fetched_for_an_hour(now: datetime) -> None:
    assert planned(read(), run(now=now)).arguments["package_sas_expiry"] == "2026-11-29T13:00:00Z"


def test_a_subscription_that_nobody_named_is_asked_for() -> None:
    with pytest.raises(ValueError, match="subscription") as caught:
        planned(read(), run(subscription_id=""))

    assert str(caught.value) == (
        "the stack's subscription is not known: pulumi config set azure-native:subscriptionId ID, or ARM_SUBSCRIPTION_ID=ID "
        "in the environment; az account list shows yours"
    )


def test_whom_a_run_rolls_the_environment_says() -> None:
    assert planned(read(), run(environment={ROLL_VARIABLE: "wk2"})).arguments["roll_worker"] == "wk2"
    assert plan().arguments["roll_worker"] == ""


@pytest.fixture(autouse=True)
def built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "build", BUILD)


CREATED = "is the first that would be created"


def nothing(kind: str, name: str, _inputs: object) -> Created:
    raise RuntimeError(f"{kind} {name} {CREATED}")


def told(environment: dict[str, str], config: dict[str, str] | None = None) -> str:
    """What stops the program of an Azure stack: a refusal, or the first resource that it would create."""
    texts = {**{f"{PROJECT}:{key}": text for key, text in AZURE.items()}, **(config or {})}
    with pytest.raises((pulumi.RunError, DeployError)) as caught:
        deploy(
            PROGRAM,
            project=PROJECT,
            stack="azure-test",
            config=texts,
            create=nothing,
            invoke=lambda _token, _arguments: {},
            environment=environment,
        )
    return str(caught.value)


def test_the_program_asks_for_the_subscription_of_an_azure_stack() -> None:
    assert told({"ARM_SUBSCRIPTION_ID": ""}).startswith("the stack's subscription is not known")


def test_the_subscription_is_taken_from_where_the_provider_takes_it() -> None:
    assert told({"ARM_SUBSCRIPTION_ID": SUBSCRIPTION}).endswith(CREATED)
    assert told({"ARM_SUBSCRIPTION_ID": ""}, {"azure-native:subscriptionId": SUBSCRIPTION}).endswith(CREATED)


def test_a_rolling_run_says_in_its_preview_whom_it_lifts_and_what_of(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    subscription = {"ARM_SUBSCRIPTION_ID": SUBSCRIPTION}
    told({**subscription, ROLL_VARIABLE: "wk2"})
    told(subscription)

    assert [each for each in warnings if ROLL_VARIABLE in each] == [
        "TANDEM_ROLL_WORKER: in this run wk2 takes image, size, host, root disk, key and user data of the stack file"
    ]


def test_loopback_networks_are_taken_where_resource_manager_is_this_machine() -> None:
    lab = {f"{PROJECT}:networkCidr": "127.64.0.0/16", f"{PROJECT}:partnerCidrs": '["127.0.0.0/16"]'}
    here, aws = "http://127.0.0.1:5000", {"AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:5000"}

    assert told({"ARM_SUBSCRIPTION_ID": SUBSCRIPTION, "TANDEM_LAB_ARM": here}, lab).endswith(CREATED)
    assert "TANDEM_LAB_ARM is a loopback address" in told({"ARM_SUBSCRIPTION_ID": SUBSCRIPTION, **aws}, lab)


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("module", "other"),
    [("infra.aws.program", "pulumi_azure_native"), ("infra.azure.program", "pulumi_aws"), ("infra.__main__", "pulumi_aws")],
)
def test_no_cloud_waits_for_the_others_sdk(module: str, other: str) -> None:
    program = f"import importlib, json, sys; importlib.import_module({module!r}); print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT)

    assert other not in json.loads(done.stdout)
