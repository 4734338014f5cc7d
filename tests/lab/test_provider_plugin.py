"""Where the engine finds the lab's provider."""

import os
import subprocess
from importlib import metadata
from pathlib import Path

from lab.providers.plugin import install, install_all


def test_the_plugin_stands_where_the_engine_looks_for_that_version(tmp_path: Path) -> None:
    version = metadata.version("pulumi-aws")
    partial = tmp_path / "plugins" / f"resource-aws-v{version}.partial"
    partial.parent.mkdir()
    partial.touch()
    folder = install(tmp_path, "/usr/bin/python with blanks")
    assert folder == tmp_path / "plugins" / f"resource-aws-v{version}"
    assert not partial.exists()
    executable = folder / "pulumi-resource-aws"
    assert os.access(executable, os.X_OK)
    assert [each.name for each in folder.iterdir()] == ["pulumi-resource-aws"]
    assert install(tmp_path, "/usr/bin/python with blanks") == folder


def test_either_cloud_has_its_plugin(tmp_path: Path) -> None:
    expected = {f"resource-{name}-v{metadata.version(f'pulumi-{name}')}" for name in ("aws", "azure-native")}
    assert {folder.name for folder in install_all(tmp_path, "/usr/bin/python")} == expected


def test_the_plugin_starts_the_labs_module_with_what_the_engine_says(tmp_path: Path) -> None:
    python = tmp_path / "a python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$PYTHONPATH" "$@"\n')
    python.chmod(0o755)
    executable = install(tmp_path / "home", str(python)) / "pulumi-resource-aws"
    said = subprocess.run([executable, "-v=9", "127.0.0.1:1"], capture_output=True, text=True, check=True, cwd="/")
    root = str(Path(__file__).parents[2])
    assert said.stdout.splitlines() == [root, "-P", "-m", "lab.providers.serve", "aws", "-v=9", "127.0.0.1:1"]
