"""A process that has imported everything slow and nothing of the program, and forks a child for each mistaken program.

    python -m tests.infra.traps.zygote aws|azure

It reads one request a line, `{"module": ..., "file": ..., "source": ...}`, and answers each with one line: how every check
ended, or how the child did. A child imports the program anew, that one module from the given text instead of its file, and
runs all checks. Importing Pulumi and its provider takes longer than everything else together; so it is done once.

The process has one thread whenever it forks.
"""

import gc
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any

from tests.infra.traps.clouds import CLOUDS, Judged
from tests.infra.traps.registry import judge

PROGRAM = "infra"


@dataclass(frozen=True)
class Text(importlib.abc.MetaPathFinder):
    """Finds one module, in a text."""

    module: str
    file: str
    source: str

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the protocol's
        target: ModuleType | None = None,  # noqa: ARG002 - the protocol's
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's spec when it is asked for, else none."""
        if fullname != self.module:
            return None
        return importlib.util.spec_from_file_location(fullname, self.file, loader=_Loader(fullname, self.file, self.source))


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads from a text; neither reads nor writes bytecode."""

    def __init__(self, fullname: str, path: str, source: str) -> None:
        super().__init__(fullname, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - the protocol's
        """The text, compiled."""
        return compile(self._source, self.path, "exec", dont_inherit=True)


def _findings(cloud: Judged, request: Mapping[str, str]) -> dict[str, Any]:
    if request["module"]:
        sys.meta_path.insert(0, Text(request["module"], request["file"], request["source"]))
    stand = cloud.stand()
    findings = {name: judge(trap, stand) for name, trap in cloud.traps.items()}
    return {name: [finding.verdict.value, finding.said] for name, finding in findings.items()}


def _in_a_child(work: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """What `work` returned in a child, or how the child ended."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os._exit(_answer(writer, work))
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(answer) if status == 0 else {"died": os.waitstatus_to_exitcode(status)}


def _answer(writer: int, work: Callable[[], Mapping[str, Any]]) -> int:
    gc.disable()  # the child ends before it would pay
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a program prints is no answer
    try:
        with os.fdopen(writer, "w", encoding="utf-8") as pipe:
            json.dump(work(), pipe)
    except BaseException:  # noqa: BLE001 - the child ends here, whatever it was
        traceback.print_exc()
        return 1
    return 0


def _warm(cloud: Judged) -> None:
    """Deploy once, so that whatever is imported late has been; then forget the program."""
    assert cloud.stand().usual
    for name in [name for name in sys.modules if name.split(".")[0] == PROGRAM]:
        del sys.modules[name]
    gc.collect()
    gc.freeze()


def main(cloud: Judged) -> None:
    """Answer until there is no more request."""
    _warm(cloud)
    for line in sys.stdin:
        if threading.active_count() != 1:
            raise RuntimeError(f"a fork among several threads: {threading.enumerate()}")
        request = json.loads(line)
        sys.stdout.write(json.dumps(_in_a_child(lambda asked=request: _findings(cloud, asked))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(CLOUDS[sys.argv[1]]())
