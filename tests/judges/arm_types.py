"""Microsoft's published types as a judge of bodies: is it at hand, what does it say, and what of that is taken.

The judge is no part of this repository; where it is not at hand the tests that need it say SKIPPED.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

JUDGE = Path(__file__).parents[3] / "shared" / "judges" / "arm_judge.py"
at_hand = pytest.mark.skipif(not JUDGE.exists(), reason="the judge of bodies is not at hand")
"""Of a test that asks it."""

UNKNOWN_TO_THE_JUDGE = frozenset(
    {
        "Microsoft.Authorization/locks",
        "Microsoft.Insights/activityLogAlerts",
        "Microsoft.Insights/scheduledQueryRules",
        "Microsoft.Insights/webtests",
        "Microsoft.Insights/workbooks",
        "Microsoft.Network/networkSecurityGroups/securityRules",
        "Microsoft.Resources/deployments",
        "Microsoft.Resources/resourceGroups",
        "Microsoft.Storage/storageAccounts/blobServices",
        "Microsoft.Web/sites/config",
    }
)
"""Types that the judge's definitions do not hold; a body of another one without a definition fails the test."""

WAIVED = (
    # The real provider reads these lists and writes them back as they were told; Azure passes over what nobody may write.
    r"read-only  Microsoft\.Network/virtualNetworks net  properties\.subnets\[",
    r"read-only  Microsoft\.Network/networkSecurityGroups fence  properties\.securityRules\[",
    # The judge's definitions were cut without descriptions, and without a property of that name.
    r"unknown  .*  properties\.description: no such property",
)


def said_of(bodies: Sequence[Mapping[str, Any]], folder: Path) -> Sequence[str]:
    """Its findings, a line each; it has judged every body, each with `type`, `apiVersion`, `name` and `body`."""
    file = folder / "bodies.jsonl"
    file.write_text("".join(f"{json.dumps(each)}\n" for each in bodies))
    done = subprocess.run([sys.executable, str(JUDGE), str(file)], capture_output=True, text=True, check=False)
    *findings, summary = done.stdout.splitlines()
    assert summary.startswith(f"{len(bodies)} bodies, "), done
    assert done.returncode == bool(findings), done
    return findings


def unwaived(findings: Sequence[str]) -> Sequence[str]:
    """Those that are not taken."""
    return [each for each in findings if not any(re.match(waived, each) for waived in WAIVED)]
