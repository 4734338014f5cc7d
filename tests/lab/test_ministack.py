"""ministack in the lab: real functions, started by real schedules, and a log that says which."""

import ast
import io
import json
import os
import shutil
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lab import processes
from lab.emulators import ACCOUNT_ID, LAB_KEY_ID, MINISTACK_PYTHON, REGION, CloudSettings, Emulators
from lab.profiles import INSTANT
from lab.supervisor import REPOSITORY, Supervisor
from tests.lab.sites import NETWORK

pytestmark = pytest.mark.lab

WRAPPER = REPOSITORY / "lab" / "ministack_main.py"
RULES = "arn:aws:events:{}:{}:rule/{}"
FUNCTION = """
import importlib.util, json, os, time
import boto3
def handler(event, context):
    print(json.dumps({"request_id": context.aws_request_id, "event": event}))
    if event.get("allocate"):
        boto3.client("ec2").allocate_address(Domain="vpc")
    time.sleep(event.get("nap_s", 0))
    return {
        "tables": boto3.client("dynamodb").list_tables()["TableNames"],
        "addresses": len(boto3.client("ec2").describe_addresses()["Addresses"]),
        "caller": boto3.client("sts").get_caller_identity()["Account"],
        "boto3": boto3.__file__,
        "found": [name for name in ("lab", "pulumi", "moto") if importlib.util.find_spec(name)],
        "lab_id": os.environ["TANDEM_LAB_ID"],
        "region": os.environ["AWS_REGION"],
    }
"""


class Lab:
    """Both emulators and what their logs say."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        self.emulators = Emulators.start(supervisor, CloudSettings(NETWORK, INSTANT, schedule_divisor=20))

    def lines(self, log: str) -> list[dict[str, Any]]:
        """A raw log."""
        return [json.loads(line) for line in (self.supervisor.logs / f"{log}.jsonl").read_text().splitlines()]

    def starts(self, function: str) -> list[dict[str, Any]]:
        """The starts of a function."""
        return [line for line in self.lines("function-starts") if line["event"] == "start" and line["function"] == function]

    def wait_start(self, function: str, source: str) -> dict[str, Any]:
        """The first start of a function for this reason."""

        def found() -> list[dict[str, Any]]:
            return [start for start in self.starts(function) if start["source"] == source]

        self.supervisor.wait_for(f"a start of {function} by {source}", lambda: bool(found()), 30)
        return found()[0]

    def printed(self, function: str) -> list[dict[str, Any]]:
        """What a function printed, parsed."""
        return [json.loads(line["line"]) for line in self.lines("function-output") if line["function"] == function]

    def target(self, rule: str, function: str, **trigger: str) -> str:
        """A rule that starts a function; returns its ARN."""
        events = self.emulators.client("events")
        arn: str = events.put_rule(Name=rule, **trigger)["RuleArn"]
        function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{function}"
        events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": function_arn}])
        return arn

    def invoke(self, function: str, event: object) -> dict[str, Any]:
        """Call a function and read its answer."""
        answer = self.emulators.client("lambda", 60).invoke(FunctionName=function, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    supervisor = Supervisor(tmp_path_factory.mktemp("lab"), f"test-{uuid.uuid4().hex}")
    with supervisor:
        yield Lab(supervisor)
    assert processes.of_lab(supervisor.lab_id) == []


def deploy(lab: Lab) -> str:
    """Deploy a function; returns its name."""
    name, code = f"f-{uuid.uuid4().hex[:8]}", io.BytesIO()
    with zipfile.ZipFile(code, "w") as bundle:
        bundle.writestr("main.py", FUNCTION)
    lab.emulators.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="main.handler",
        Timeout=60,
        Role=f"arn:aws:iam::{ACCOUNT_ID}:role/any",
        Code={"ZipFile": code.getvalue()},
    )
    return name


@pytest.fixture
def function(lab: Lab) -> str:
    """A deployed function's name."""
    return deploy(lab)


# Why a function was started


def test_schedule_that_starts_a_function_is_named_in_the_log(lab: Lab, function: str) -> None:
    rule = lab.target(f"minute-{function}", function, ScheduleExpression="rate(1 minute)")
    start = lab.wait_start(function, "schedule")
    assert start["rule"] == rule
    lab.supervisor.wait_for("its first line", lambda: bool(lab.printed(function)), 30)
    said = lab.printed(function)[0]
    assert said["request_id"] == start["request_id"]
    assert said["event"]["id"] == start["event_id"]


def test_scheduled_function_runs_in_a_process_of_ministack(lab: Lab, function: str) -> None:
    lab.target(f"minute-{function}", function, ScheduleExpression="rate(1 minute)")
    start = lab.wait_start(function, "schedule")
    parent = processes.command(start["parent"])
    assert parent.startswith(f"{MINISTACK_PYTHON} ")
    assert start["pid"] not in {os.getpid(), start["parent"]}
    assert "_worker.py" in processes.command(start["pid"])


def test_call_cannot_pass_for_a_schedule(lab: Lab, function: str) -> None:
    forged = {"source": "aws.events", "detail-type": "Scheduled Event", "resources": [RULES.format(REGION, ACCOUNT_ID, "x")]}
    lab.invoke(function, forged)
    [start] = lab.starts(function)
    assert (start["source"], start["rule"], start["event_id"]) == ("call", None, None)


def test_event_of_ec2_starts_the_function_of_its_rule(lab: Lab, function: str) -> None:
    rule = lab.target(
        f"state-{function}", function, EventPattern=json.dumps({"source": ["aws.ec2"], "detail-type": [function]})
    )
    entry = {"Source": "aws.ec2", "DetailType": function, "Detail": json.dumps({"state": "stopped"})}
    answer = lab.emulators.client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0
    start = lab.wait_start(function, "event")
    assert (start["rule"], start["event_id"]) == (rule, answer["Entries"][0]["EventId"])


def test_end_of_an_invocation_is_written_down_too(lab: Lab, function: str) -> None:
    lab.invoke(function, {})
    [start] = lab.starts(function)
    ends = [line for line in lab.lines("function-starts") if line["event"] == "end" and line["function"] == function]
    assert [(end["request_id"], end["pid"], end["status"]) for end in ends] == [(start["request_id"], start["pid"], "ok")]


def test_ministacks_own_log_has_the_same_line(lab: Lab, function: str) -> None:
    lab.invoke(function, {})
    [start] = lab.starts(function)
    own_log = (lab.supervisor.folder / "stderr" / "ministack.txt").read_text()
    assert any(json.loads(line[line.index("{") :]) == start for line in own_log.splitlines() if start["request_id"] in line)


def test_words_of_a_function_are_there_before_it_ends(lab: Lab, function: str) -> None:
    lab.emulators.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps({"nap_s": 50}))
    lab.supervisor.wait_for("its first line", lambda: bool(lab.printed(function)), 30)
    assert not [line for line in lab.lines("function-starts") if line["event"] == "end" and line["function"] == function]


def test_stop_ends_both_emulators_and_the_functions_at_work(tmp_path: Path) -> None:
    with Supervisor(tmp_path, f"test-{uuid.uuid4().hex}") as supervisor:
        lab = Lab(supervisor)
        name = deploy(lab)
        lab.emulators.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"nap_s": 50}))
        at_work = lab.wait_start(name, "call")["pid"]
        assert processes.identify(at_work) in processes.of_lab(supervisor.lab_id)
        lab.emulators.stop()
        left = [processes.command(process.pid) for process in processes.of_lab(supervisor.lab_id)]
        assert [command for command in left if "lab.keeper" not in command] == []


# Where a function finds itself


def test_function_finds_each_service_at_the_emulator_that_plays_it(lab: Lab, function: str) -> None:
    lab.emulators.client("dynamodb").create_table(
        TableName=function,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    before = lab.invoke(function, {})["addresses"]
    found = lab.invoke(function, {"allocate": True})
    assert function in found["tables"]
    assert found["addresses"] == before + 1
    assert (found["caller"], found["region"], found["lab_id"]) == (ACCOUNT_ID, REGION, lab.supervisor.lab_id)


def test_gate_tells_functions_from_the_lab(lab: Lab, function: str) -> None:
    lab.emulators.client("ec2").allocate_address(Domain="vpc")
    lab.invoke(function, {"allocate": True})
    assert {LAB_KEY_ID, ACCOUNT_ID} <= {line["caller"] for line in lab.lines("gate")}


def test_function_has_the_sdk_of_ministacks_environment_and_nothing_of_the_project(lab: Lab, function: str) -> None:
    found = lab.invoke(function, {})
    assert Path(found["boto3"]).is_relative_to(MINISTACK_PYTHON.parent.parent)
    assert found["found"] == []


@pytest.mark.parametrize("service", ["lambda", "events", "scheduler", "dynamodb", "sns", "sqs", "logs", "cloudwatch"])
def test_every_service_that_ministack_plays_answers(lab: Lab, service: str) -> None:
    harmless = {
        "lambda": "list_functions",
        "events": "list_rules",
        "scheduler": "list_schedules",
        "dynamodb": "list_tables",
        "sns": "list_topics",
        "sqs": "list_queues",
        "logs": "describe_log_groups",
        "cloudwatch": "list_metrics",
    }
    answer: Any = getattr(lab.emulators.client(service), harmless[service])()
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_each_action_of_each_caller_is_written_down_once_as_iam_names_it(lab: Lab) -> None:
    """Of both emulators, whatever way a service has of naming an action: in a header, in the body, or in the path."""
    for _ in range(2):
        lab.emulators.client("ec2").describe_vpcs()
        lab.emulators.client("dynamodb").list_tables()
        lab.emulators.client("sns").list_topics()
        lab.emulators.client("lambda").list_functions()
    asked = [line["action"] for line in lab.lines("actions") if line["caller"] == LAB_KEY_ID]
    assert {"ec2:DescribeVpcs", "dynamodb:ListTables", "sns:ListTopics", "lambda:ListFunctions"} <= set(asked)
    assert len(asked) == len(set(asked))


def test_client_for_a_service_that_nobody_plays_is_refused(lab: Lab) -> None:
    with pytest.raises(ValueError, match=r"^no emulator of the lab plays 's3'; played are cloudwatch, dynamodb, ec2, "):
        lab.emulators.client("s3")


def test_conditional_write_has_one_winner_only(lab: Lab) -> None:
    tables, table = lab.emulators.client("dynamodb"), f"t-{uuid.uuid4().hex}"
    tables.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    put = {"TableName": table, "Item": {"pk": {"S": "lease"}}, "ConditionExpression": "attribute_not_exists(pk)"}
    tables.put_item(**put)
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        tables.put_item(**put)


# The wrapper


def run_wrapper(tmp_path: Path, wrapper: Path = WRAPPER, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [MINISTACK_PYTHON, wrapper, "--check"]
    settings = {"TMPDIR": str(tmp_path), "HOME": str(tmp_path)} | environment
    return subprocess.run(command, env=settings, capture_output=True, text=True, check=False, timeout=60)


def test_installed_ministack_has_every_name_that_the_wrapper_needs(tmp_path: Path) -> None:
    checked = run_wrapper(tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert json.loads(checked.stdout)["event"] == "checked"


def test_ministack_without_the_names_is_refused_with_a_sentence_that_names_them(tmp_path: Path) -> None:
    package = tmp_path / "ministack"
    for folder in (package, package / "services", package / "core"):
        folder.mkdir()
        (folder / "__init__.py").touch()
    (package / "app.py").write_text("def main(): pass\n")
    (package / "services" / "eventbridge.py").write_text("_put_events = _tick_scheduled_rules = _invoke_target = None\n")
    refused = run_wrapper(tmp_path, PYTHONPATH=str(tmp_path))
    assert refused.returncode == 3
    assert refused.stdout == ""
    assert "this ministack has no ministack.app._dispatch_service_request, " in refused.stderr
    assert "ministack.core.lambda_runtime.Worker.invoke" in refused.stderr
    assert "_put_events" not in refused.stderr
    assert "install that version again (tools/ministack/requirements.txt), or adapt lab/ministack_main.py" in refused.stderr


def test_files_beside_the_wrapper_do_not_take_the_place_of_ministack(tmp_path: Path) -> None:
    copy = Path(shutil.copy(WRAPPER, tmp_path))
    (tmp_path / "ministack.py").write_text("raise SystemExit('not the real one')\n")
    assert run_wrapper(tmp_path, wrapper=copy).returncode == 0


def test_wrapper_imports_the_standard_library_only() -> None:
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(WRAPPER.read_text()))
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else imported_from(node))
    }
    assert imported <= sys.stdlib_module_names


def imported_from(node: ast.AST) -> list[str]:
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
