"""Bytecode for the function's own Python, if an interpreter of that version is at hand.

Without it the function compiles ten megabytes of the SDK at each start: seconds, and five times the memory (docs/adr/0011).
The platform's disk is read-only or thrown away, so what is compiled there is compiled again. The files say that nobody is to
compare them with their sources (PEP 552, unchecked): both come from one zip.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.errors import BundleError

COMPILE_S_MAX: Final = 300.0

_TOLD: Final = "import sys; print(sys.implementation.cache_tag, '.'.join(map(str, sys.version_info[:2])))"
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
    return next((each for each in candidates if each and _version_of(each)[1] == python), "")


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
    tag, _ = _version_of(interpreter)
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


def _version_of(interpreter: str) -> tuple[str, str]:
    """Its tag and its version; "" for each where it does not say so."""
    try:
        done = _run(interpreter, _TOLD)
    except OSError:
        return "", ""
    tag, _, version = done.stdout.strip().partition(" ")
    return ("", "") if done.returncode else (tag, version)


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
