"""Bytecode for the function's own Python, if an interpreter of that version is at hand.

Without it the function compiles ten megabytes of the SDK at each start: seconds, and five times the memory (docs/adr/0011).
The platform's disk is read-only or thrown away, so what is compiled there is compiled again. The files say that nobody is to
compare them with their sources (PEP 552, unchecked): both come from one zip. Compiling takes ten seconds, so what was
compiled is kept for the next build of the same sources.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.errors import BundleError

COMPILE_S_MAX: Final = 300.0

_TOLD: Final = (
    "import json, sys; "
    "print(json.dumps([sys.implementation.cache_tag, '.'.join(map(str, sys.version_info[:2])), sys.version]))"
)
_COMPILE: Final = """
import importlib.util, pathlib, py_compile, sys
root = pathlib.Path(sys.argv[1])
for source in sorted(root.rglob("*.py")):
    name = source.relative_to(root).as_posix()
    target = importlib.util.cache_from_source(str(source))
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(source), target, dfile=name, doraise=True, invalidation_mode=mode)
"""
"""In one order, and with a fixed seed of hashes, so that equal sources are equal bytes."""


@dataclass(frozen=True)
class Compiled:
    """Bytecode, by names in the bundle; `tag` names the Python that can read it, as cpython-313."""

    tag: str
    files: dict[str, bytes]


def interpreter(python: str) -> str:
    """An interpreter of this version, as "3.13": the one that runs, or one on the PATH; "" = there is none."""
    candidates = (sys.executable, shutil.which(f"python{python}") or "") if python else ()
    return next((each for each in candidates if each and _told_by(each).version == python), "")


def missing(python: str) -> str:
    """What people are told who build a bundle without bytecode."""
    return (
        f"no python{python} is on the PATH, so the watchdog's bundle has no bytecode: the function will take seconds longer "
        f"to start, and several hundred megabytes while it does. Install Python {python}, or set functionPython to the "
        "version that is here"
    )


def compiled(interpreter: str, files: Mapping[str, bytes]) -> Compiled:
    """Every source among `files`, compiled.

    Raises:
        BundleError: that does not work; with the compiler's own words.
    """
    tag = _told_by(interpreter).tag
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in files.items():
            if name.endswith(".py"):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_bytes(content)
        done = _run(interpreter, _COMPILE, folder)
        if done.returncode:
            raise BundleError(f"{interpreter} cannot compile the watchdog's bundle: {done.stderr.strip()[-500:]}")
        found = {file.relative_to(root).as_posix(): file.read_bytes() for file in root.rglob(f"*.{tag}.pyc")}
    return Compiled(tag, found)


def kept(interpreter: str, files: Mapping[str, bytes], folder: Path) -> Compiled:
    """As `compiled`, from `folder` where an earlier build with these sources and this very interpreter has left it."""
    told = _told_by(interpreter)
    path = folder / f"bytecode-{_key(told, files)}.zip"
    try:
        with zipfile.ZipFile(path) as archive:
            return Compiled(told.tag, {name: archive.read(name) for name in archive.namelist()})
    except (FileNotFoundError, zipfile.BadZipFile):
        found = compiled(interpreter, files)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in found.files.items():
            archive.writestr(name, content)
    unfinished.replace(path)  # two programs at once may compile the same
    return found


@dataclass(frozen=True)
class _Told:
    """What an interpreter says of itself; "" for each where it says nothing."""

    tag: str = ""
    version: str = ""
    build: str = ""


def _key(told: _Told, files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256(told.build.encode())
    for name in sorted(name for name in files if name.endswith(".py")):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return digest.hexdigest()[:16]


def _told_by(interpreter: str) -> _Told:
    try:
        done = _run(interpreter, _TOLD)
        return _Told() if done.returncode else _Told(*json.loads(done.stdout))
    except (OSError, TypeError, ValueError):
        return _Told()


def _run(interpreter: str, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"}
    return subprocess.run(  # noqa: S603 - an interpreter that was found by its version, and a program of ours
        [interpreter, "-s", "-S", "-P", "-B", "-c", program, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=COMPILE_S_MAX,
        check=False,
    )
