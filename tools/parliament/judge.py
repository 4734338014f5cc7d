"""Lints policy documents: {name: document} as JSON on standard input, {name: [finding]} on standard output.

Run by the Python of this folder's own environment. parliament downloads nothing. Its private auditors are off: they know
habits of companies, not rules of AWS.
"""

import json
import sys
from typing import Any

from parliament import analyze_policy_string


def findings(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything that parliament has to say."""
    policy = analyze_policy_string(json.dumps(document), include_community_auditors=False)
    return [{"issue": each.issue, "detail": str(each.detail), "severity": each.severity} for each in policy.findings]


json.dump({name: findings(document) for name, document in json.load(sys.stdin).items()}, sys.stdout)
