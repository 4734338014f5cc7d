"""`make engine`: a user's own pulumi is used, a build happens once, and what is broken is made anew. No Go runs here."""

import fcntl
import importlib.util
import queue
import threading
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """tools/engine.py with a checkout, a cache and a PATH of its own; Go writes a script instead of a binary."""
    spec = importlib.util.spec_from_file_location("engine_script", ROOT / "tools" / "engine.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "BIN", tmp_path / "checkout" / ".tools" / "pulumi" / "bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    monkeypatch.setattr(module, "go_command", lambda: tmp_path / "go")
    return module


def script(file: Path, says: str) -> Path:
    """An executable that says so, whatever it is asked."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


def go_that_builds(engine: Any, monkeypatch: pytest.MonkeyPatch, says: str) -> list[Sequence[str]]:
    """Go's runs; a build makes a `pulumi` that says so."""
    runs: list[Sequence[str]] = []

    def run_go(command: Sequence[str], environment: dict[str, str], doing: str) -> None:
        del environment, doing
        runs.append(command)
        if "-o" in command:
            script(Path(command[command.index("-o") + 1]), says)

    monkeypatch.setattr(engine, "run_go", run_go)
    return runs


def pulumi_on_the_path(tmp_path: Path, version: str) -> Path:
    return script(tmp_path / "path" / "pulumi", version)


@pytest.mark.parametrize("version", ["v3.259.0", "v3.300.1", "v4.0.0", "3.259.0-dev.3"])
def test_a_users_own_pulumi_that_is_new_enough_is_used_as_it_is(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    runs = go_that_builds(engine, monkeypatch, "v3.259.0")
    users = pulumi_on_the_path(tmp_path, version)
    assert "from the PATH" in engine.ready(build_it=True)
    assert (engine.BIN / "pulumi").resolve() == users
    assert not (engine.BIN / "pulumi-language-python").exists(), "the official host is beside the user's own"
    assert not runs


@pytest.mark.parametrize("says", ["v3.258.9", "v2.0.0", "no version at all"])
def test_an_older_or_broken_pulumi_of_the_user_is_named_and_ours_is_built(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], says: str
) -> None:
    go_that_builds(engine, monkeypatch, "v3.259.0")
    users = pulumi_on_the_path(tmp_path, says)
    assert "built from its Go module" in engine.ready(build_it=True)
    assert f"{users} is {says.removeprefix('v')}; tested is 3.259.0 and newer" in capsys.readouterr().out


def test_ours_is_built_once_and_stands_beside_our_language_host(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = go_that_builds(engine, monkeypatch, "v3.259.0")
    engine.ready(build_it=True)
    engine.ready(build_it=True)
    assert [command[1:3] for command in runs] == [["mod", "download"], ["build", "-v"]]
    assert engine.version_of(engine.BIN / "pulumi") == "3.259.0"
    assert "lab.language_host" in (engine.BIN / "pulumi-language-python").read_text()
    assert (engine.BIN / "pulumi").stat().st_ino == (engine.cache_folder() / "pulumi").stat().st_ino
    assert tmp_path / "cache" in engine.cache_folder().parents


def test_another_checkout_takes_what_the_cache_has_without_a_build(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = go_that_builds(engine, monkeypatch, "v3.259.0")
    engine.ready(build_it=True)
    monkeypatch.setattr(engine, "BIN", tmp_path / "another" / "bin")
    assert engine.ready(build_it=False)
    assert (engine.BIN / "pulumi").exists()
    assert len(runs) == 2


def test_a_broken_binary_in_the_cache_is_built_anew(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = go_that_builds(engine, monkeypatch, "v3.259.0")
    engine.ready(build_it=True)
    (engine.cache_folder() / "pulumi").write_bytes(b"half of it")
    engine.ready(build_it=True)
    assert len(runs) == 4
    assert engine.version_of(engine.BIN / "pulumi") == "3.259.0"


def test_what_was_built_and_does_not_answer_is_refused(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    go_that_builds(engine, monkeypatch, "")
    with pytest.raises(engine.SetupError, match=r"does not answer as pulumi 3\.259\.0"):
        engine.ready(build_it=True)
    assert not (engine.cache_folder() / "pulumi").exists()


def test_if_there_builds_nothing_and_is_silent(
    engine: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = go_that_builds(engine, monkeypatch, "v3.259.0")
    assert engine.main(["--if-there"]) == 0
    assert not runs
    assert capsys.readouterr().out == ""
    assert not engine.BIN.exists()


def test_a_link_to_a_pulumi_that_is_no_more_is_taken_away(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_that_builds(engine, monkeypatch, "v3.259.0")
    users = pulumi_on_the_path(tmp_path, "v3.259.0")
    engine.ready(build_it=False)
    users.unlink()
    engine.ready(build_it=False)
    assert not (engine.BIN / "pulumi").is_symlink()


def test_a_second_builder_waits_for_the_first(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = go_that_builds(engine, monkeypatch, "v3.259.0")
    home, said = engine.cache_folder(), queue.SimpleQueue[str]()
    monkeypatch.setattr(engine, "print", lambda text, **_: said.put(text), raising=False)
    home.mkdir(parents=True)
    with (home / "lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second = threading.Thread(target=engine.ready, kwargs={"build_it": True})
        second.start()
        assert "waiting" in said.get(timeout=30)
        script(home / "pulumi", "v3.259.0")  # the first one has built it
    second.join(30)
    assert not second.is_alive()
    assert not runs


def test_gos_own_words_are_told_when_it_fails(engine: Any, tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho 'no such module' >&2\nexit 1\n")
    go.chmod(0o755)
    with pytest.raises(engine.SetupError, match=r"(?s)this failed: .*no such module.*Is the Go module proxy reached"):
        engine.run_go([str(go), "mod", "download"], {}, "downloading")


def test_what_takes_long_says_how_far_it_is(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine, "SAY_EACH_S", 0.05)
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho one >&2\necho two >&2\nexec /bin/sleep 0.5\n")
    go.chmod(0o755)
    engine.run_go([str(go)], {}, "compiling")
    assert "engine: compiling, 0.0 min, 2 of about" in capsys.readouterr().out


def test_an_unknown_flag_is_refused(engine: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert engine.main(["--fast"]) == 2
    assert "usage: python3 tools/engine.py [--if-there]" in capsys.readouterr().err


def test_the_build_writes_below_the_cache_only_and_keeps_the_users_proxies(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", "theirs")
    environment = engine.go_environment(tmp_path / "home")
    assert environment["GOPROXY"] == "theirs"
    for name in ("GOCACHE", "GOPATH", "GOMODCACHE"):
        assert Path(environment[name]).is_relative_to(tmp_path / "home")


def test_the_pinned_version_is_the_same_in_both_modules(engine: Any) -> None:
    pinned = (ROOT / "tools" / "pulumi" / "go.mod").read_text()
    assert pinned.count(f" v{engine.tested_version()}\n") == 2
