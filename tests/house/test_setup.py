"""What a newcomer's machine may lack is said in a sentence with the next step; nothing is downloaded here."""

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """tools/setup.py, working in an empty folder with the real locks."""
    spec = importlib.util.spec_from_file_location("setup_script", ROOT / "tools" / "setup.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("requirements", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


def test_an_unsupported_python_is_refused_with_the_way_out(setup: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    with pytest.raises(setup.SetupError, match=r"is Python 3\.9; Tandem runs on 3\.11 to 3\.13\. .*make PYTHON="):
        setup.check_python()


def test_a_python_without_venv_is_told_what_to_install(
    setup: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    said = "The virtual environment was not created successfully because ensurepip is not available."

    def without_venv(command: Sequence[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        return subprocess.CompletedProcess(command, 1, stdout=said, stderr="")

    monkeypatch.setattr(setup.shutil, "which", lambda _: None)
    monkeypatch.setattr(setup.subprocess, "run", without_venv)
    assert setup.main(["lab"]) == 1
    told = capfd.readouterr().err
    assert "cannot make virtual environments" in told
    assert "apt install python3-venv" in told
    assert not (setup.ROOT / ".tools" / "uv").exists()


def test_an_unknown_group_is_refused(setup: Any, capfd: pytest.CaptureFixture[str]) -> None:
    assert setup.main(["everything"]) == 2
    assert "usage: python3 tools/setup.py {aws,lab,dev}" in capfd.readouterr().err


def test_an_environment_of_a_larger_group_serves_a_smaller_one(setup: Any) -> None:
    venv, locks = setup.ROOT / ".venv", setup.ROOT / "requirements"
    venv.mkdir()
    (venv / setup.STAMP).write_text(setup.stamp_of(locks / "dev.txt"))
    assert setup.is_made(venv, locks / "lab.txt")
    (venv / setup.STAMP).write_text(setup.stamp_of(locks / "lab.txt"))
    assert not setup.is_made(venv, locks / "dev.txt")


def test_an_environment_of_another_lock_is_made_anew(setup: Any) -> None:
    venv = setup.ROOT / ".venv"
    venv.mkdir()
    (venv / setup.STAMP).write_text("dev.txt 0000")
    assert not setup.is_made(venv, setup.ROOT / "requirements" / "dev.txt")


@pytest.mark.parametrize("lock", ["aws", "lab", "dev", "uv"])
def test_locks_carry_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    packages = [line for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))]
    assert packages
    assert text.count("--hash=sha256:") >= len(packages)
    assert "://" not in text
    assert "index-url" not in text
