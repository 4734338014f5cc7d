"""The command of the provider process: `python -m lab.providers.serve aws [options of the engine] 127.0.0.1:PORT`.

Here: a quick start. Importing `pulumi` costs half a second of a process that needs the protocol's classes only, and the
engine starts a provider several times in every run. So the interpreter is given two empty packages in its place, through
which the generated modules are found, and then everything else begins (`lab.providers.server`). Nothing imports this file.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def stand_in() -> None:
    """Put empty packages where the SDK would be; ModuleNotFoundError when it is not installed."""
    found = importlib.util.find_spec("pulumi")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("pulumi is not installed")
    root = Path(found.origin).parent
    for name, folder in (("pulumi", root), ("pulumi.runtime", root / "runtime")):
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package


if __name__ == "__main__":
    stand_in()
    importlib.import_module("lab.providers.server").main(sys.argv[1:])
