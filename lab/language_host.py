"""Runs Pulumi programs in Python for the engine that `make engine` built: `pulumi-language-python`, as it is called there.

The official host is a Go program that no module proxy serves. What it does for this project is done here, over the SDK's own
server for inline programs: run the program with its configuration, hand its errors on (with the lines of its source, exit
status and all), and start policy packs. A user's own `pulumi` brings the official host; then this one is not used.

    argv       ... ENGINE        the engine's address is the last argument
    stdout     the port, first of all; then whatever the program prints, which the engine shows
    end        at Cancel, SIGINT or SIGTERM, and when the engine is gone

The engine gives each preview and each update a host of its own, so a program runs in a fresh process.
"""

import importlib.metadata
import os
import queue
import runpy
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from pathlib import Path
from typing import IO, Any

import grpc
import pulumi
from google.protobuf import empty_pb2
from pulumi.automation import _server  # private: a test says loudly when it moves
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from lab import orphan

THREADS = 4
"""A run of the program takes one of them to its end; the others answer meanwhile."""

MESSAGE_BYTES_MAX = 400 * 1024 * 1024
"""As the engine's own (pulumi, sdk/go/common/util/rpcutil)."""

GRACE_S = 0.2
END_S = 1.0
"""So long an answer may still take to leave; then the process ends, whatever the program does."""


class LanguageHost(_server.LanguageServer):
    """What the engine asks of a language, for the programs and policy packs of this project."""

    def __init__(self, engine: str, ended: Callable[[], None]) -> None:
        super().__init__(lambda: None)
        self._engine = engine
        self._ended = ended

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's names, here and below
        """Nothing to agree upon."""
        del request, context
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The SDK's version: this host comes with it."""
        del request, context
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Only `pulumi about` asks."""
        del request, context
        return language_pb2.GetProgramDependenciesResponse()

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        """Nothing: the environment is made from its lock."""
        del request, context
        return iter(())

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The engine has no more work."""
        del request, context
        self._ended()
        return empty_pb2.Empty()

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Run the program; what it has to say of its errors has been said when this returns."""
        if not request.args:
            request.args.append(self._engine)
        folder, entry = Path(request.info.program_directory), request.info.entry_point
        self.program = lambda: _run(folder, entry)
        answer = super().Run(request, context)
        return language_pb2.RunResponse(bail=True) if answer.error else answer

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        """Run a policy pack in its own environment until the engine has done with it."""
        if request.kind != "analyzer":
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"this host runs policy packs and no {request.kind or 'plugin'}")
        command = [str(_python(request.info)), "-u", "-m", "pulumi.policy", *request.args, request.info.program_directory]
        yield from _run_pack(command, request.pwd, request.env, context)


class _SaidError(pulumi.RunError):
    """The program's own error, in the words that are shown."""


def _run(folder: Path, entry: str) -> None:
    """As `python FOLDER` would: in its folder, its folder first on the path.

    Raises:
        RunError: the program's own, or in its words what else it raised.
    """
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    program = folder if entry in ("", ".") else folder / entry
    try:
        runpy.run_path(str(program), run_name="__main__")
    except pulumi.RunError:
        raise
    except Exception as exc:
        raise _SaidError("Program failed with an unhandled exception:\n" + _users_lines(exc, folder)) from exc


def _users_lines(exc: Exception, folder: Path) -> str:
    """The traceback from the program's first line on, as the official host shows it."""
    frames = traceback.extract_tb(exc.__traceback__)
    first = next((index for index, frame in enumerate(frames) if Path(frame.filename).is_relative_to(folder)), 0)
    said = ["Traceback (most recent call last):\n", *traceback.format_list(frames[first:])]
    return "".join([*said, *traceback.format_exception_only(exc)])


def _python(info: Any) -> Path:
    """The interpreter of a pack's own environment; this one where it names none."""
    options = info.options
    named = options["virtualenv"] if "virtualenv" in options else ""  # noqa: SIM401 - a Struct has no get
    return Path(info.root_directory) / str(named) / "bin" / "python" if named else Path(sys.executable)


def _run_pack(command: Sequence[str], pwd: str, env: Sequence[str], context: Any) -> Iterator[Any]:
    """Its output as it comes, and its exit status at the end."""
    environment = dict(pair.split("=", 1) for pair in env)
    try:
        pack = subprocess.Popen(command, cwd=pwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as exc:
        context.abort(
            grpc.StatusCode.FAILED_PRECONDITION, f"the policy pack's Python does not start: {exc}. Is its environment made?"
        )
        return
    context.add_callback(pack.kill)
    said: queue.Queue[Any] = queue.Queue()
    readers = [
        threading.Thread(target=_forward, args=(stream, name, said), daemon=True)
        for name, stream in (("stdout", pack.stdout), ("stderr", pack.stderr))
    ]
    for reader in readers:
        reader.start()
    open_streams = len(readers)
    while open_streams:
        answer = said.get()
        if answer is None:
            open_streams -= 1
        else:
            yield answer
    yield language_pb2.RunPluginResponse(exitcode=pack.wait())


def _forward(stream: IO[bytes] | None, name: str, said: "queue.Queue[Any]") -> None:
    while stream and (some := stream.read1()):  # type: ignore[attr-defined]
        said.put(language_pb2.RunPluginResponse(**{name: some}))
    said.put(None)


def main() -> None:
    """Serve until the engine has done; ends the process at once, without waiting for the program's threads."""
    ended: queue.SimpleQueue[None] = queue.SimpleQueue()  # unlike an event's lock, a signal's handler never waits for it

    def end() -> None:
        ended.put(None)

    orphan.watch(os.getppid(), sys.argv[-1], end)
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: end())
    limits = [(f"grpc.max_{way}_message_length", MESSAGE_BYTES_MAX) for way in ("send", "receive")]
    server = grpc.server(futures.ThreadPoolExecutor(THREADS), options=limits)
    host = LanguageHost(sys.argv[-1], end)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    ended.get()
    server.stop(GRACE_S).wait(END_S)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
