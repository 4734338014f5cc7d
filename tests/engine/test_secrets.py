"""What a stack calls secret stands nowhere in clear: not in state, plan, event log or output, and in no log of the lab.

Our own program takes no secret and says so. Another program on the same engine and provider passes one on in every way that
there is, fails with it, changes it and destroys it; and everything that was written meanwhile is searched. A control
plants it and is found.

Left out, because they are clear by their nature: tags, which every reader of the account sees, and in which AWS wants no
secrets; and the engine's own debug logs (`-v=9`, PULUMI_DEBUG_GRPC), which docs/SECURITY.md warns of.
"""

import base64
import json
import subprocess
import urllib.parse
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lab.bare_cloud import Cloud, cloud
from lab.providers.rules import VARIABLE
from lab.pulumi_cli import Pulumi, PulumiError
from lab.stack_file import REPOSITORY
from tests.engine.projects import put_program

pytestmark = pytest.mark.engine

PROGRAM = """
import json
import pulumi
import pulumi_aws as aws

word = pulumi.Config("own").require_secret("word")
provider = aws.Provider("aws", region="eu-central-1")
opts = pulumi.ResourceOptions(provider=provider)
network = aws.ec2.Vpc("network", cidr_block=CIDR, opts=opts)
subnet = aws.ec2.Subnet("subnet", vpc_id=network.id, cidr_block=CIDR, opts=opts)
script = word.apply(lambda text: "#!/bin/sh\\necho " + text + "\\n")
aws.ec2.Instance("worker", ami="ami-1", instance_type="t3.small", subnet_id=subnet.id, user_data=script, opts=opts)
topic = aws.sns.Topic("notices", display_name=word, opts=opts)
mail = word.apply(lambda text: text + "@example.org")
aws.sns.TopicSubscription("mail", topic=topic.arn, protocol="email", endpoint=mail, opts=opts)
trust = {"Version": "2012-10-17", "Statement": []}
role = aws.iam.Role("role", description=word, assume_role_policy=json.dumps(trust), opts=opts)
statement = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
policy = word.apply(lambda text: json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Sid": text}]}))
aws.iam.RolePolicy("policy", role=role.name, policy=policy, opts=opts)
pulumi.export("word", word)
pulumi.export("inside", {"of": [word]})
pulumi.log.info(f"the word is {word}")
"""


def forms(word: str) -> list[bytes]:
    """How it would stand in a file: as it is, and as the clouds' protocols write it."""
    inside = [base64.b64encode(f"{' ' * pad}{word}".encode())[4:-4] for pad in range(3)]
    return [each for each in (word.encode(), urllib.parse.quote(word, safe="").encode(), *inside) if each]


def leaks(word: str, *folders: Path, said: str = "") -> list[str]:
    """Every file below these folders that has it in clear, and `what was said`. Links are not followed."""
    found = ["what was said"] if any(form in said.encode() for form in forms(word)) else []
    files = ((folder, file) for folder in folders for file in sorted(folder.rglob("*")))
    return found + [
        str(file.relative_to(folder))
        for folder, file in files
        if file.is_file() and not file.is_symlink() and any(form in file.read_bytes() for form in forms(word))
    ]


def keep_secret(pulumi: Pulumi, word: str, *key: str) -> None:
    """As a user does: `pulumi config set --secret`, typed and not on the command line."""
    subprocess.run(
        [pulumi.command, "config", "set", "--secret", *key, "--stack", pulumi.project.stack],
        cwd=pulumi.project.work,
        env=dict(pulumi.project.environment),
        input=word,
        text=True,
        check=True,
        capture_output=True,
        timeout=120,
    )


@dataclass
class Stack:
    """A stack of the program above."""

    here: Cloud
    pulumi: Pulumi
    said: str = ""

    def keep(self, word: str) -> None:
        """The program's secret from now on."""
        keep_secret(self.pulumi, word, "own:word")

    def run(self, *arguments: str, status: int = 0) -> str:
        """One command; what it said is remembered."""
        environment = {**self.pulumi.project.environment, "PULUMI_DEBUG_COMMANDS": "true"}  # without it no event log
        debugged = replace(self.pulumi, project=replace(self.pulumi.project, environment=environment))
        running = debugged.start(*arguments, "--stack", self.pulumi.project.stack)
        said, _ = running.communicate(timeout=240)
        self.said += said
        assert (running.returncode == 0) == (status == 0), said
        return said

    def failing(self, message: str) -> "Stack":
        """The same with a cloud that refuses whatever is to be made, in these words."""
        file = self.here.supervisor.folder.parent / f"rules-{uuid.uuid4().hex}.json"
        file.write_text(
            json.dumps([{"type": "*", "verb": "create", "call": n, "what": "fail", "message": message} for n in range(1, 9)])
        )
        environment = {**self.pulumi.project.environment, VARIABLE: str(file)}
        return Stack(self.here, replace(self.pulumi, project=replace(self.pulumi.project, environment=environment)))

    @property
    def folder(self) -> Path:
        """Of the whole lab: state, home, stack file, logs of the emulators, what every process said."""
        return self.here.supervisor.folder


@pytest.fixture(scope="module")
def stack(command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with cloud(command, tmp_path_factory.mktemp("engine") / "lab") as here:
        pulumi = here.stack("dev", name="secret")
        put_program(pulumi, PROGRAM.replace("CIDR", repr(here.network)))
        (pulumi.project.work / "Pulumi.yaml").unlink()
        (pulumi.project.work / "Pulumi.yaml").write_text((REPOSITORY / "Pulumi.yaml").read_text())
        yield Stack(here, pulumi)


def word() -> str:
    """One that nothing else contains, of letters that no protocol writes otherwise."""
    return f"hush{uuid.uuid4().hex}"


def test_a_secret_stands_nowhere_in_clear_from_the_first_preview_to_the_last_word(stack: Stack) -> None:
    first, second = word(), word()
    stack.keep(first)
    events = stack.folder / "secret" / "events.json"
    refused = stack.failing(f"AccessDenied: {first} is not allowed to do that")
    said = refused.run("up", "--yes", "--skip-preview", status=1)
    assert "[secret] is not allowed to do that" in said
    stack.run("preview", "--json")
    stack.run("preview", "--diff", "--save-plan", str(stack.folder / "secret" / "plan.json"))
    stack.run("up", "--yes", "--event-log", str(events))
    assert events.stat().st_size
    reached(stack, first)
    stack.run("up", "--yes", "--skip-preview", "--diff")
    stack.run("refresh", "--yes", "--diff")
    stack.keep(second)
    stack.run("preview", "--json", "--diff")
    stack.run("up", "--yes", "--diff")
    reached(stack, second)
    stack.run("stack", "output", "--json")
    stack.run("stack", "export")
    stack.run("stack")
    stack.run("destroy", "--yes", "--diff")
    for each in (first, second):
        assert leaks(each, stack.folder, said=stack.said + refused.said) == []


def reached(stack: Stack, wanted: str) -> None:
    """The cloud has it: what is hidden was not lost."""
    ec2, sns, iam = (stack.here.emulators.client(service) for service in ("ec2", "sns", "iam"))
    assert f"{wanted}@example.org" in [each["Endpoint"] for each in sns.list_subscriptions()["Subscriptions"]]
    assert wanted in [each.get("Description") for each in iam.list_roles()["Roles"]]
    (worker,) = (each["InstanceId"] for found in ec2.describe_instances()["Reservations"] for each in found["Instances"])
    data = ec2.describe_instance_attribute(InstanceId=worker, Attribute="userData")["UserData"]["Value"]
    assert wanted in base64.b64decode(data).decode()


@pytest.mark.parametrize("form", [str, lambda text: base64.b64encode(f"#!/bin/sh echo {text}".encode()).decode()])
def test_a_secret_that_is_planted_is_found_wherever_it_is_put(tmp_path: Path, form: type[str]) -> None:
    planted = word()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "provider.txt").write_text(f"a line\nasked for {form(planted)}, refused\n")
    (tmp_path / "clean.json").write_text(json.dumps({"secret": "[secret]"}))
    assert leaks(planted, tmp_path, said=f"error: {form(planted)}") == ["what was said", "logs/provider.txt"]
    assert leaks(word(), tmp_path, said="nothing") == []


def test_a_program_that_tells_its_secret_is_found_out(stack: Stack) -> None:
    """The negative control on the engine itself: the same search, and a program that unwraps what it was given."""
    told = word()
    stack.keep(told)
    program = stack.pulumi.project.work / "infra" / "__main__.py"
    good = program.read_text()
    program.write_text('import pulumi\npulumi.export("clear", pulumi.Config("own").require("word"))\n')
    stack.run("up", "--yes", "--skip-preview")  # what it says is clean: the engine knows the words of its configuration
    found = leaks(told, stack.folder)
    stack.run("destroy", "--yes")
    program.write_text(good)
    assert any("/stacks/tandem/" in each for each in found)


def test_our_own_program_refuses_a_secret_because_it_could_not_keep_it(stack: Stack) -> None:
    pulumi = stack.here.stack("dev", name="ours")
    kept = word()
    keep_secret(pulumi, f"{kept}@example.org", "--path", "tandem:alertEmails[0]")
    with pytest.raises(PulumiError) as refused:
        pulumi.preview()
    assert "tandem:alertEmails is encrypted" in str(refused.value)
    assert "pulumi config set tandem:alertEmails" in str(refused.value)
    assert leaks(kept, stack.folder, said=refused.value.said) == []
