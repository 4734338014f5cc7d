"""Puts the lab's providers where Pulumi's engine looks for its plugins, so that no project file names them.

A plugin of the cache is a folder `<PULUMI_HOME>/plugins/resource-<package>-v<version>` with an executable
`pulumi-resource-<package>`; the engine takes it when no file of the folder's name with `.partial` stands beside it, which
marks a broken installation, and needs no `.lock` (pulumi sdk/go/common/workspace/plugins.go: `getPlugins`, `tryPlugin`,
`HasPlugin`). An entry under `plugins:` in Pulumi.yaml and an executable on the PATH go before it; the latter not with
PULUMI_IGNORE_AMBIENT_PLUGINS.
"""

import importlib.util
import os
import shlex
from pathlib import Path

from lab.providers import package

ROOT = Path(__file__).parents[2]


PACKAGES = ("aws", "azure-native")


def install_all(home: Path, python: str) -> list[Path]:
    """The same for every package that is installed; the folders."""
    there = (name for name in PACKAGES if importlib.util.find_spec(f"pulumi_{name.replace('-', '_')}"))
    return [install(home, python, name) for name in there]


def install(home: Path, python: str, name: str = "aws") -> Path:
    """Write the plugin of one package; what stands there already is written anew.

    Args:
        home: The `PULUMI_HOME` of the runs that shall use it: the lab's own, never the user's.
        python: The interpreter that has the lab's dependencies.
        name: The package.

    Returns:
        The plugin's folder.

    Raises:
        importlib.metadata.PackageNotFoundError: the package that a program would import is not installed.
        OSError: it cannot be written.
    """
    folder = home / "plugins" / f"resource-{name}-v{package.version(name)}"
    folder.mkdir(parents=True, exist_ok=True)
    command = ["env", f"PYTHONPATH={ROOT}", python, "-P", "-m", "lab.providers.serve", name]
    executable, made = folder / f"pulumi-resource-{name}", folder / f".pulumi-resource-{name}.{os.getpid()}"
    made.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    made.chmod(0o755)
    made.replace(executable)
    folder.with_name(f"{folder.name}.partial").unlink(missing_ok=True)
    return folder
