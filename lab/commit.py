"""The commit that a result belongs to; whoever writes a result down imports this."""

import subprocess

from lab.supervisor import REPOSITORY


def commit() -> str:
    """The short name of what is checked out; "unknown" outside a clone."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
