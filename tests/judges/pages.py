"""Writes docs/PERMISSIONS.md, and the tables of docs/SECURITY.md: `python -m tests.judges.pages`. A test compares them.

The tables come from what the judges' tests hold: the recorded deployment and its needs, the waivers, the planted flaws, the
rules of the HIPAA pack.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.config.keys import Front
from tests.infra.stand import listed
from tests.judges.azure_mistakes import MISTAKES
from tests.judges.findings import waivers
from tests.judges.flaws import FLAWS, ROOT
from tests.judges.needs import covers
from tests.judges.recorded import Recorded, Role, recorded
from tests.judges.simulator import Policy
from tests.judges.test_azure_role import STEPS as AZURE_STEPS

COMMAND = "make docs"
PERMISSIONS, SECURITY = ROOT / "docs" / "PERMISSIONS.md", ROOT / "docs" / "SECURITY.md"
HIPAA: Mapping[str, Any] = tomllib.loads(Path(__file__).with_name("hipaa.toml").read_text())
END_TO_END = {"AskTheProbers", "Record", "Tell"}
"""Statements whose denial ministack judges, with the deployed functions."""
LISTED = {"RecordIsEncrypted", "TopicIsEncrypted", "DeadLetters", "Log", "LambdaPlacesIt", "Write", "FindTheGroup"}
"""Statements used by a service in the role's name: listed from AWS's documentation, because no client sees the request."""


HEAD = f"""# Permissions

Made by `{COMMAND}` from the recorded deployment of the usual stack with an event bus; a test compares. Ids are those of
the recording.

Nobody but the arbiter calls AWS. *Needed for* names the steps that end when the statement is dropped: each is dropped in
turn, and iam-simulate denies those steps and no other. What is granted and never needed fails the tests, by action and by
resource. *Seen by*:

- **recorded**: requests of the real adapters in stories of the real rule, judged in three partitions; allowed as they are,
  and not on any other resource or in another context.
- **listed**: what a service does in the role's name, from AWS's documentation, because no client sees it; judged in the same
  way.
- **end to end**: the deployed functions under ministack's IAM, with and without the statement.
"""
TAIL = """## Only an account can tell

- IAM is eventually consistent: a changed policy takes seconds to count.
- Which of the three resources of `ec2:AssociateAddress` are evaluated depends on the form of the call; all are granted.
- In China the value of `kms:ViaService` may end in `amazonaws.com.cn`. No region of China is supported yet.
- Service control policies, permission boundaries and endpoint policies of your organisation are not known here.
"""


def main() -> None:
    """Write both."""
    PERMISSIONS.write_text(permissions_page(recorded()))
    SECURITY.write_text(security_page(SECURITY.read_text()))


def permissions_page(at: Recorded) -> str:
    """The whole of docs/PERMISSIONS.md."""
    tables = [
        _role_table("The arbiter", at.arbiter),
        _role_table("A prober, one in each zone", at.probers[0]),
        _role_table("The flow logs of the network", at.flow_logs),
        _operators(at),
    ]
    return "\n".join([HEAD, *tables, TAIL])


def _role_table(title: str, role: Role) -> str:
    rows = [
        (
            f"`{sid}`",
            _lines(listed(statement["Action"])),
            _lines(_short(resource) for resource in listed(statement["Resource"])),
            _lines(_condition(statement)),
            ", ".join(_steps(role, statement)),
            _seen_by(sid, statement),
        )
        for sid, statement in role.statements.items()
    ]
    return f"## {title}\n\n" + _table(("statement", "actions", "resources", "condition", "needed for", "seen by"), rows)


OPERATORS = """\
## Whoever asks the watchdog

The stack's output `operatorPolicy` is this document. The program gives it to nobody: attach it to your operators' role.
With it one can put requests into the inbox (or take others' out of it) and read the record, and neither write the record nor
touch the lease; each condition is dropped in turn by a test, and lets something through that it is there for. It trusts what
DynamoDB tells IAM of a request: `dynamodb:Attributes` names every attribute of its expressions.

"""


def _operators(at: Recorded) -> str:
    """The policy that is an output."""
    document = json.loads(at.deployment.outputs["operatorPolicy"])
    rows = [
        (
            f"`{statement['Sid']}`",
            _lines(listed(statement["Action"])),
            _lines(_short(resource) for resource in listed(statement["Resource"])),
            _lines(_condition(statement)),
            USES[statement["Sid"]],
            "listed" if statement["Sid"] == "TableIsEncrypted" else "recorded",
        )
        for statement in document["Statement"]
    ]
    return OPERATORS + _table(("statement", "actions", "resources", "condition", "needed for", "seen by"), rows)


USES = {"Ask": "a request", "ReadTheReply": "its reply", "TableIsEncrypted": "both"}


def _steps(role: Role, statement: Policy) -> Sequence[str]:
    if statement["Effect"] == "Deny":
        return ["keeps the function's own code from using the rights of its placement"]
    return sorted({need.step for need in role.needs if covers(statement, need)})


def _seen_by(sid: str, statement: Policy) -> str:
    if statement["Effect"] == "Deny":
        return "iam-simulate"
    seen = ["listed"] if sid in LISTED or sid == "StartWithEncryptedDisks" else ["recorded"]
    return ", ".join([*seen, *(["end to end"] if sid in END_TO_END else [])])


def _condition(statement: Policy) -> Iterable[str]:
    for operator, keys in statement.get("Condition", {}).items():
        for key, value in keys.items():
            yield f"{key} {operator} {', '.join(_short(each) for each in listed(value))}"


def _short(arn: str) -> str:
    """Service and resource of an ARN."""
    found = re.fullmatch(r"arn:[^:]+:([^:]+):[^:]*:[^:]*:(.+)", arn)
    return f"{found[1]}: {found[2]}" if found else arn


def _lines(parts: Iterable[str]) -> str:
    return "<br>".join(f"`{part}`" for part in parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


# docs/SECURITY.md


def security_page(text: str) -> str:
    """The page with its tables made anew; ValueError when a marker is missing."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name}: made by `{COMMAND}` -->\n", f"<!-- end of {name} -->"
        before, found, rest = text.partition(begin)
        _, found_end, after = rest.partition(end)
        if not (found and found_end):
            raise ValueError(f"docs/SECURITY.md has no part between {begin!r} and {end!r}")
        text = f"{before}{begin}\n{table()}\n{end}{after}"
    return text


def _hipaa() -> str:
    words = {"kept": "kept", "exception": "**exception**", "account": "the account's", "absent": "nothing of it is built"}
    rows = [(f"`{name}`", words[rule["answer"]], rule["by"], _test_of(name, rule["answer"])) for name, rule in HIPAA.items()]
    return _table(("rule", "answer", "by", "test"), rows)


def _test_of(name: str, answer: str) -> str:
    return f"`test_hipaa.py`: `test_{name.lower()}`" if answer == "kept" else ""


def _waivers() -> str:
    rows = [(it.judge, f"`{it.check}`", f"`{it.resource}`", it.reason) for it in waivers()]
    return _table(("judge", "check", "where", "why it is taken"), rows)


def _flaws() -> str:
    rows = [(flaw.name, f"`{flaw.file}`", ", ".join(f"`{each}`" for each in flaw.found_by)) for flaw in FLAWS]
    return _table(("planted flaw", "in", "found by"), rows)


FINDERS = {"types": "Microsoft's types", "emulator": "the emulator", "checkov": "checkov", "check": "our checks"}


def _mistakes() -> str:
    rows = [
        (it.name, f"`{it.kind}`", *(_found(it.found_by, finder) for finder in FINDERS), "" if it.found_by else "**nobody**")
        for it in MISTAKES
    ]
    return _table(("mistake", "in", *FINDERS.values(), ""), rows)


def _found(found_by: Iterable[str], finder: str) -> str:
    names = [each.partition(" ")[2] for each in found_by if each.split()[0] == finder]
    return ", ".join(f"`{name}`" for name in names)


def _azure_role() -> str:
    actions = sorted({action for steps in AZURE_STEPS.values() for action in steps})
    rows = [
        (f"`{action}`", *(", ".join(sorted(AZURE_STEPS[front].get(action, ["not in the role"]))) for front in FRONTS))
        for action in actions
    ]
    return _table(("action", *(f"ends with it, `front: {front.value}`" for front in FRONTS)), rows)


FRONTS = (Front.ADDRESS, Front.BALANCER)

TABLES: Mapping[str, Callable[[], str]] = {
    "HIPAA rules": _hipaa,
    "waivers": _waivers,
    "planted flaws": _flaws,
    "the role on Azure": _azure_role,
    "mistakes on Azure": _mistakes,
}


if __name__ == "__main__":
    main()
