"""Makes Pulumi's engine ready for this checkout: `python3 tools/engine.py [--if-there]`; what `make engine` calls.

A `pulumi` on the PATH that is at least as new as the tested version is used as it is. Else that version is built once from
its Go module into the user's cache folder, and what `.tools/pulumi/bin` holds then is

    pulumi                     the user's own (a link), or the built one
    pulumi-language-python     only beside the built one: our language host (lab.language_host) on this checkout's Python

`--if-there` builds nothing: it takes what the PATH or the cache has, and is silent where neither has one.

The cache is keyed by go.mod, go.sum, the lock of Go and the flags; a lock file lets several builds wait for one. A build
that was interrupted, or a binary that does not answer, is made anew by the next call; what Go has downloaded and compiled
by then is used again, and removed once the binary stands. Standard library only.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import IO

sys.path.insert(0, str(Path(__file__).resolve().parent))

from setup import ROOT, SetupError, find_uv, is_made, make

TOOL = ROOT / "tools" / "pulumi"
BIN = ROOT / ".tools" / "pulumi" / "bin"
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
TAGS = "osusergo,grpcnotrace"
"""As the releases are built (pulumi's .goreleaser.yml)."""
ABOUT_PACKAGES = 1560
"""So many are compiled, counted at 3.259.0; only for the progress."""
SAY_EACH_S = 30.0
ANSWER_S = 60.0
"""Longest wait for `pulumi version`; it takes 0.2 s on an idle machine."""
LAST_LINES = 15


def main(arguments: list[str]) -> int:
    """Make the engine ready; 0 when it is, or when none was there and none was to be built."""
    if arguments not in ([], ["--if-there"]):
        print("usage: python3 tools/engine.py [--if-there]", file=sys.stderr)
        return 2
    try:
        said = ready(build_it=not arguments)
    except SetupError as exc:
        print(f"engine: {exc}", file=sys.stderr)
        return 1
    if said and not arguments:
        print(f"engine: {said}", flush=True)
    return 0


def ready(*, build_it: bool) -> str:
    """What engine stands in `.tools/pulumi/bin` now; "" for none."""
    tested = tested_version()
    users = users_own(tested, warn=build_it)
    if users:
        put_link(users)
        return f"pulumi {version_of(users)} from the PATH ({users})"
    home = cache_folder()
    binary = home / "pulumi"
    if version_of(binary) != tested:
        if not build_it:
            remove_broken_link()
            return ""
        build(home, tested)
    put_ours(binary)
    return f"pulumi {tested}, built from its Go module ({home})"


def tested_version() -> str:
    """The version that go.mod pins."""
    found = re.search(r"^\s*github\.com/pulumi/pulumi/pkg/v3 v(\S+)$", (TOOL / "go.mod").read_text(), re.MULTILINE)
    if not found:
        raise SetupError("tools/pulumi/go.mod names no version of pulumi/pkg/v3")
    return found[1]


def users_own(tested: str, *, warn: bool) -> Path | None:
    """The `pulumi` on the PATH, if it is new enough."""
    found = shutil.which("pulumi")
    if not found or Path(found).resolve().is_relative_to(BIN.parent):
        return None
    version = version_of(Path(found))
    if version and parts(version) >= parts(tested):
        return Path(found)
    if warn:
        print(
            f"engine: {found} is {version or 'no working pulumi'}; tested is {tested} and newer, so that is built",
            flush=True,
        )
    return None


def parts(version: str) -> tuple[int, ...]:
    """`3.259.0-dev.1` as (3, 259, 0)."""
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("-")[0]))


def version_of(binary: Path) -> str:
    """What `pulumi version` says, without its `v`; "" when it is not there or does not answer."""
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        with tempfile.TemporaryDirectory() as home:
            answer = subprocess.run(
                [binary, "version"],
                env=environment | {"PULUMI_HOME": home},
                capture_output=True,
                text=True,
                timeout=ANSWER_S,
                check=False,
            )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip().removeprefix("v") if answer.returncode == 0 else ""


# What stands in .tools


def put_link(users: Path) -> None:
    """The user's own stands in `.tools/pulumi/bin`; its language host is beside it."""
    if BIN.joinpath("pulumi").resolve() == users.resolve():
        return
    shutil.rmtree(BIN, ignore_errors=True)
    BIN.mkdir(parents=True)
    BIN.joinpath("pulumi").symlink_to(users)


def put_ours(binary: Path) -> None:
    """The built one, and our language host beside it, where the engine looks for it.

    A hard link, not a symbolic one: the engine looks beside the file that it was really started from.
    """
    ours = BIN / "pulumi"
    if not ours.is_symlink() and ours.exists() and ours.stat().st_ino == binary.stat().st_ino:
        put_language_host()
        return
    shutil.rmtree(BIN, ignore_errors=True)
    BIN.mkdir(parents=True)
    try:
        os.link(binary, ours)
    except OSError:  # another file system
        shutil.copy2(binary, ours)
    put_language_host()


def put_language_host() -> None:
    """A script that starts `lab.language_host` with this checkout's environment."""
    script = BIN / "pulumi-language-python"
    python = ROOT / ".venv" / "bin" / "python"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{python}" -m lab.language_host "$@"\n')
    script.chmod(0o755)


def remove_broken_link() -> None:
    """A link to a `pulumi` that is no more."""
    link = BIN / "pulumi"
    if link.is_symlink() and not link.exists():
        link.unlink()


# The build


def cache_folder() -> Path:
    """Where the binary of these sources, this Go and these flags lies."""
    digest = hashlib.sha256()
    for part in ("go.mod", "go.sum", "requirements.txt"):
        digest.update((TOOL / part).read_bytes())
    digest.update(" ".join(build_flags("")).encode())
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "tandem" / "pulumi" / digest.hexdigest()[:16]


def build_flags(version: str) -> list[str]:
    """Of `go build`, less the output."""
    return ["-v", "-trimpath", "-tags", TAGS, "-ldflags", f"-s -w -X {VERSION_VARIABLE}=v{version}"]


def build(home: Path, version: str) -> None:
    """Build the binary into the cache, or wait until somebody else has.

    Raises:
        SetupError: with Go's own last words.
    """
    home.mkdir(parents=True, exist_ok=True)
    with locked(home / "lock"):
        if version_of(home / "pulumi") == version:
            return
        go = go_command()
        print(
            f"engine: building pulumi {version} from its Go module, once for this machine: "
            f"about 5 minutes on 2 cores and 3 GB for that time ({home})",
            flush=True,
        )
        began_s = time.monotonic()
        environment = go_environment(home)
        run_go([str(go), "mod", "download"], environment, "downloading")
        built = home / f"pulumi.{os.getpid()}"
        run_go([str(go), "build", *build_flags(version), "-o", str(built), PACKAGE], environment, "compiling")
        if version_of(built) != version:
            raise SetupError(f"what was built does not answer as pulumi {version}: {built}")
        built.replace(home / "pulumi")
        for folder in ("go", "go-build"):
            shutil.rmtree(home / folder, ignore_errors=True)
        print(f"engine: built after {time.monotonic() - began_s:.0f} s", flush=True)


def go_command() -> Path:
    """Go, from the lock of tools/pulumi."""
    venv, lock = TOOL / ".venv", TOOL / "requirements.txt"
    if not is_made(venv, lock):
        make(find_uv(), venv, lock)
    return venv / "bin" / "go"


def go_environment(home: Path) -> dict[str, str]:
    """Everything that Go writes stays below the cache folder; proxies and checksum servers are the user's."""
    return os.environ | {
        "CGO_ENABLED": "0",
        "GOCACHE": str(home / "go-build"),
        "GOFLAGS": "-mod=readonly -modcacherw",
        "GOPATH": str(home / "go"),
        "GOMODCACHE": str(home / "go" / "pkg" / "mod"),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def run_go(command: list[str], environment: dict[str, str], doing: str) -> None:
    """Run Go and say now and then how far it is.

    Raises:
        SetupError: with its last words.
    """
    began_s = time.monotonic()
    with subprocess.Popen(command, cwd=TOOL, env=environment, stderr=subprocess.PIPE, text=True) as go:
        lines: list[str] = []
        reader = threading.Thread(target=keep, args=(go.stderr, lines), daemon=True)
        reader.start()
        try:
            while reader.is_alive():
                reader.join(SAY_EACH_S)
                if reader.is_alive():
                    print(progress(doing, time.monotonic() - began_s, len(lines)), flush=True)
        except BaseException:
            go.terminate()
            raise
    if go.returncode:
        words = "\n".join(lines[-LAST_LINES:])
        raise SetupError(
            f"this failed: {' '.join(command)}\n{words}\nIs the Go module proxy reached? The next call goes on."
        )


def keep(stream: IO[str] | None, lines: list[str]) -> None:
    """Every line that comes."""
    for line in stream or ():
        lines.append(line.rstrip())  # noqa: PERF401 - one by one: somebody counts them meanwhile


def progress(doing: str, passed_s: float, packages: int) -> str:
    """One line for who waits."""
    so_far = f", {packages} of about {ABOUT_PACKAGES} packages" if doing == "compiling" else ""
    return f"engine: {doing}, {passed_s / 60:.1f} min{so_far}"


@contextlib.contextmanager
def locked(path: Path) -> Generator[None]:
    """Nobody else does the same meanwhile; the lock goes with the process, however that ends."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("engine: another process builds it; waiting", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
