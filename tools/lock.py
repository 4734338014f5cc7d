"""Resolves the locks anew: hashes, no addresses. Run by `make lock` after a change of pyproject.toml.

`requirements/dev.txt` is resolved first; the smaller groups take its versions, so that a package has one version everywhere.
"""

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from setup import GROUPS, NODE_TOOLS, OLDEST, RESOLVED_FOR, ROOT, TOOLS, find_uv, node_and_npm

COMPILE = (
    "pip",
    "compile",
    "--quiet",
    "--universal",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
)

OLDEST_TEXT = ".".join(str(part) for part in OLDEST)

NO_USE_OF = ("funding", "license")
"""Fields of a module in npm's lock that may hold an address and that no installation reads."""


def main() -> None:
    """Write every lock."""
    uv, requirements = find_uv(), ROOT / "requirements"
    newest_first = tuple(reversed(GROUPS))
    for group in newest_first:
        bound = ("--constraint", f"requirements/{newest_first[0]}.txt") if group != newest_first[0] else ()
        compile_lock(uv, "--group", group, *bound, "--output-file", str(requirements / f"{group}.txt"), "pyproject.toml")
    for folder, name in ((requirements, "uv"), *((ROOT / folder, "requirements") for folder in TOOLS)):
        python = RESOLVED_FOR.get(str(folder.relative_to(ROOT)), OLDEST_TEXT)
        written, read = str(folder / f"{name}.txt"), str((folder / f"{name}.in").relative_to(ROOT))
        compile_lock(uv, "--output-file", written, read, python=python)
    for folder in NODE_TOOLS:
        compile_modules(ROOT / folder)


def compile_lock(uv: str, *arguments: str, python: str = OLDEST_TEXT) -> None:
    """One lock, for this Python and newer ones; a failure ends the run."""
    subprocess.run([uv, *COMPILE, "--python-version", python, *arguments], cwd=ROOT, check=True)


def compile_modules(folder: Path) -> None:
    """The lock of one npm tool, from its package.json, without addresses: npm leaves out its registry's, we its donors'."""
    node, npm = node_and_npm(ROOT / ".venv")
    flags = ("--package-lock-only", "--omit-lockfile-registry-resolved", "--ignore-scripts", "--no-audit", "--no-fund")
    subprocess.run([node, npm, "install", *flags], cwd=folder, check=True)
    lock = folder / "package-lock.json"
    plain = json.loads(lock.read_text())
    for module in plain["packages"].values():
        for name in NO_USE_OF:
            module.pop(name, None)
    lock.write_text(json.dumps(plain, indent=2) + "\n")


if __name__ == "__main__":
    main()
