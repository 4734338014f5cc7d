"""What the linting judges find: checkov over plans, parliament over policy documents. Each runs in its own environment."""

import fnmatch
import json
import subprocess
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.recording import Deployment
from tests.judges.plan import address, write_plan
from tests.judges.simulator import MAKE_IT, ROOT

CHECKOV = ROOT / "tools" / "checkov" / ".venv" / "bin" / "checkov"
PARLIAMENT = ROOT / "tools" / "parliament"
WAIVERS = Path(__file__).with_name("waivers.toml")
LIMIT_S = 300.0


@dataclass(frozen=True, order=True)
class Finding:
    """One complaint about one resource."""

    judge: str
    check: str
    resource: str
    """Terraform's type and the label: `aws_instance.tandem-aws-test-wk1`."""
    said: str


@dataclass(frozen=True)
class Waiver:
    """A complaint that is taken, and why."""

    judge: str
    check: str
    resource: str
    """A pattern with `*`."""
    said: str
    """A pattern with `*`."""
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is the one that is waived."""
        same = (finding.judge, finding.check) == (self.judge, self.check)
        return same and _is_like(finding.resource, self.resource) and _is_like(finding.said, self.said)


def _is_like(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text.replace("[", "("), pattern.replace("[", "("))


def waivers() -> list[Waiver]:
    """Every waiver, from the one file that holds them."""
    listed = tomllib.loads(WAIVERS.read_text())["waiver"]
    return [Waiver(each["judge"], each["check"], each["resource"], each.get("said", "*"), each["reason"]) for each in listed]


def unsettled(found: Collection[Finding], judges: Collection[str]) -> Sequence[Finding | Waiver]:
    """What no waiver of these judges covers, and every waiver of them that nothing needs, or that gives no reason."""
    known = [waiver for waiver in waivers() if waiver.judge in judges]
    return [
        *(finding for finding in sorted(found) if not any(waiver.covers(finding) for waiver in known)),
        *(waiver for waiver in known if not any(waiver.covers(finding) for finding in found)),
        *(waiver for waiver in known if not waiver.reason.endswith(".")),
    ]


def by_checkov(deployments: Mapping[str, Deployment], folder: Path) -> dict[str, set[Finding]]:
    """What checkov fails in each deployment; one run for all."""
    for name, deployment in deployments.items():
        write_plan(deployment, folder / f"{name}.json")
    return checkov_on(folder)


def checkov_on(folder: Path, framework: str = "terraform_plan", judge: str = "checkov") -> dict[str, set[Finding]]:
    """What checkov fails in each plan or template of a folder, by the file's name without its end."""
    assert CHECKOV.exists(), f"checkov is not installed; {MAKE_IT}"
    # Without --skip-download it asks its vendor for more.
    flags = ["--skip-download", "--quiet", "--compact", "--framework", framework, "--output", "json"]
    command = [str(CHECKOV), *flags, "--directory", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode in (0, 1), done.stderr  # 1: something failed
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0, report
    found: dict[str, set[Finding]] = {file.stem: set() for file in folder.glob("*.json")}
    assert report["summary"]["resource_count"] >= len(found) > 0, "checkov saw fewer resources than files"
    for failed in report["results"]["failed_checks"]:
        name = Path(failed["file_path"]).stem
        found[name].add(Finding(judge, failed["check_id"], failed["resource"], failed["check_name"]))
    return found


def policy_documents(deployment: Deployment) -> dict[str, Any]:
    """Every policy of an identity or a resource, by address; not trust policies, which name no resource."""
    return {address(each): json.loads(each.inputs["policy"]) for each in deployment.registrations if "policy" in each.inputs}


def by_parliament(documents: Mapping[str, Any]) -> set[Finding]:
    """What parliament says of policy documents, by address."""
    python = PARLIAMENT / ".venv" / "bin" / "python"
    assert python.exists(), f"parliament is not installed; {MAKE_IT}"
    done = subprocess.run(
        [python, "-W", "ignore", PARLIAMENT / "judge.py"],
        input=json.dumps(documents),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: Mapping[str, Any] = json.loads(done.stdout)
    return {Finding("parliament", each["issue"], where, each["detail"]) for where, found in said.items() for each in found}
