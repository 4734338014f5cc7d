"""What a newcomer's machine may lack is said in a sentence with the next step; nothing is downloaded here."""

import importlib.util
import json
import re
import subprocess
import sys
import time
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
    assert "usage: python3 tools/setup.py {aws,azure,lab,lab-azure,dev}" in capfd.readouterr().err


def test_an_environment_of_a_larger_group_serves_a_smaller_one(setup: Any) -> None:
    venv, locks = setup.ROOT / ".venv", setup.ROOT / "requirements"
    venv.mkdir()
    (venv / setup.STAMP).write_text(setup.stamp_of(locks / "dev.txt"))
    assert all(setup.is_made(venv, locks / f"{group}.txt") for group in setup.GROUPS)
    (venv / setup.STAMP).write_text(setup.stamp_of(locks / "lab.txt"))
    assert setup.is_made(venv, locks / "aws.txt")
    assert not setup.is_made(venv, locks / "dev.txt")


def test_the_lab_holds_nothing_of_azure(setup: Any) -> None:
    venv, locks = setup.ROOT / ".venv", setup.ROOT / "requirements"
    venv.mkdir()
    (venv / setup.STAMP).write_text(setup.stamp_of(locks / "lab.txt"))
    assert not setup.is_made(venv, locks / "azure.txt")


def pins(lock: Path) -> set[str]:
    """The packages of a lock with their versions."""
    return {line.split(" ")[0] for line in lock.read_text().splitlines() if "==" in line and not line.startswith((" ", "#"))}


def test_a_larger_group_holds_each_package_of_a_smaller_one_in_the_same_version(setup: Any) -> None:
    locks = ROOT / "requirements"
    for group, larger in setup.GROUPS.items():
        for each in larger:
            assert pins(locks / f"{group}.txt") <= pins(locks / f"{each}.txt"), (group, each)


def test_a_stack_of_one_cloud_needs_no_sdk_of_the_other(setup: Any) -> None:
    aws, azure = (
        {pin.partition("==")[0] for pin in pins(ROOT / "requirements" / f"{name}.txt")} for name in ("aws", "azure")
    )
    assert {"pulumi-aws", "boto3"} <= aws - azure
    assert {"pulumi-azure-native", "azure-mgmt-network"} <= azure - aws
    assert set(setup.GROUPS) == {"aws", "azure", "lab", "lab-azure", "dev"}


def test_an_environment_of_another_lock_is_made_anew(setup: Any) -> None:
    venv = setup.ROOT / ".venv"
    venv.mkdir()
    (venv / setup.STAMP).write_text("dev.txt 0000")
    assert not setup.is_made(venv, setup.ROOT / "requirements" / "dev.txt")


LOCKS = sorted(
    [
        *(ROOT / "requirements").glob("*.txt"),
        *(ROOT / "tools").glob("*/requirements.txt"),
        ROOT / "policy" / "requirements.txt",
    ]
)
NODE_LOCKS = sorted((ROOT / "tools").glob("*/package-lock.json"))


def of_lock(lock: Path) -> str:
    return str(lock.relative_to(ROOT))


def without_address(text: str) -> bool:
    return "://" not in text and "index-url" not in text and '"resolved"' not in text


@pytest.mark.parametrize("lock", LOCKS, ids=of_lock)
def test_locks_carry_hashes_and_no_addresses(lock: Path) -> None:
    text = lock.read_text()
    packages = [line for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))]
    assert packages
    assert text.count("--hash=sha256:") >= len(packages)
    assert all(line.endswith("\\") for line in packages), "a package without a hash"
    assert without_address(text)


@pytest.mark.parametrize("lock", NODE_LOCKS, ids=of_lock)
def test_locks_of_node_carry_hashes_and_no_addresses(lock: Path) -> None:
    modules = {name: module for name, module in json.loads(lock.read_text())["packages"].items() if name}
    assert modules
    assert all(module["integrity"].startswith("sha512-") for module in modules.values())
    assert without_address(lock.read_text())


def test_every_tool_with_an_environment_of_its_own_is_set_up_from_its_lock(setup: Any) -> None:
    folders = {of_lock(lock.parent) for lock in LOCKS}
    assert folders - {"requirements"} == set(setup.TOOLS)
    assert {of_lock(lock.parent) for lock in NODE_LOCKS} == set(setup.NODE_TOOLS)


def test_no_file_of_the_repository_names_a_package_registry() -> None:
    listed = subprocess.run(["/usr/bin/env", "git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    hosts = re.compile(r"https?://(?:[\w-]+\.)*(?:pypi|pythonhosted|npmjs|yarnpkg)\.\w+")
    for name in listed.stdout.splitlines():
        found = hosts.search((ROOT / name).read_text(errors="replace"))
        assert not found, f"{name}: {found}"


def test_a_pulled_dependency_changes_the_stamp_of_the_project_and_of_no_tool(setup: Any) -> None:
    tool = setup.ROOT / "requirements.txt"
    tool.write_text("x==1")
    before = setup.stamp_of(tool), setup.stamp_of(setup.ROOT / "requirements" / "dev.txt")
    (setup.ROOT / "pyproject.toml").unlink()
    (setup.ROOT / "pyproject.toml").write_text("changed")
    assert setup.stamp_of(tool) == before[0]
    assert setup.stamp_of(setup.ROOT / "requirements" / "dev.txt") != before[1]


def test_jobs_of_a_setup_all_end_before_the_first_failure_is_raised(setup: Any) -> None:
    ended: list[str] = []

    def fails() -> None:
        raise setup.SetupError("no index")

    with pytest.raises(setup.SetupError, match="no index"):
        setup.at_once([fails, lambda: (time.sleep(0.05), ended.append("slow"))])
    assert ended == ["slow"]


def test_an_environment_without_node_is_told(setup: Any) -> None:
    with pytest.raises(setup.SetupError, match=r"there is no Node in \.venv"):
        setup.node_and_npm(setup.ROOT / ".venv")


def test_a_tool_that_names_a_newer_python_is_installed_as_for_that_one(setup: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Microsoft's worker says that it wants 3.13, and runs on ours: tests/lab/test_functions_host.py."""
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(setup, "run", lambda *command: ran.append(command))
    folder = setup.ROOT / "tools" / "functions"
    for name in ("functions", "parliament"):
        tool = folder.with_name(name)
        (tool / ".venv" / "bin").mkdir(parents=True)
        (tool / "requirements.txt").write_text("")
        setup.make("uv", tool / ".venv", tool / "requirements.txt")
    syncs = [command for command in ran if "sync" in command]
    assert [command[5:7] == ("--python-version", "3.13") for command in syncs] == [True, False]
