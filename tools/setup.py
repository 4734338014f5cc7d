"""Makes the environments of this repository, once per lock: `python3 tools/setup.py GROUP`, GROUP = aws, lab or dev.

Needs nothing but Python. uv is used if the machine has it; else it is installed from its lock into `.tools/`. Everything
goes into the repository and the user's cache folder:

    .tools/uv               uv, where the machine has none
    .venv                   the project's environment, exactly as requirements/GROUP.txt says
    tools/ministack/.venv   ministack's own (groups lab and dev): the functions of the lab see nothing else

Standard library only; runs on the interpreter that `make` finds, before anything is installed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
GROUPS = ("aws", "lab", "dev")
"""Each holds what stands before it."""
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
    wanted = [(project, ROOT / "requirements" / f"{group}.txt")]
    if group != "aws":
        folder = ROOT / "tools" / "ministack"
        wanted.append((folder / ".venv", folder / "requirements.txt"))
    missing = [(venv, lock) for venv, lock in wanted if not is_made(venv, lock)]
    if not missing:
        return False
    uv = find_uv()
    for venv, lock in missing:
        make(uv, venv, lock)
    run(
        uv,
        "pip",
        "install",
        "--quiet",
        "--python",
        str(project),
        "--no-deps",
        "--no-build-isolation",
        "--editable",
        str(ROOT),
    )
    return True


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
    larger = (
        [lock.with_name(f"{group}.txt") for group in GROUPS[GROUPS.index(lock.stem) :]] if lock.stem in GROUPS else [lock]
    )
    return any(made == stamp_of(candidate) for candidate in larger)


def stamp_of(lock: Path) -> str:
    """What an environment made from `lock` by this interpreter is marked with."""
    text = lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes() + sys.version.encode()
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
    run(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(venv), str(lock))
    (venv / STAMP).write_text(stamp_of(lock))


def run(*command: str) -> None:
    """Run one command; its own words are shown, a failure ends the setup."""
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        raise SetupError(f"this failed: {' '.join(command)}. Its own words stand above; is the package index reached?")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
