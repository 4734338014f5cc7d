"""The lab's engine: runs a Pulumi program in this process and calls a create function for each of its resources.

Theory of operation. The Pulumi SDK sends one request per resource to a *monitor* and waits for the answer before it starts
whatever depends on that resource. With `pulumi up` an engine stands behind that border; here stands `Monitor`, a subclass
of the SDK's own mock monitor, which records the request, calls `create`, and answers with what that returned. Order and
concurrency are therefore the SDK's. There is no state file, no diff and no update: that is the real engine's work.

Everything that the SDK keeps per run (settings, configuration, root stack, event loop, threads) is made for one run and
thrown away. Runs of one process take turns, because the program's environment variables belong to the whole process.

`create` and `invoke` are given: the lab passes handlers that talk to emulators (`lab.providers.registry`), tests of the
program pass pure functions. The lab, its tests and the tests of the program may import this file.
"""

import asyncio
import contextlib
import contextvars
import os
import runpy
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pulumi.runtime
from pulumi.runtime import resource, settings
from pulumi.runtime.proto import source_pb2

from lab.monitor import Creator, Invoker, Log, Monitor
from lab.providers.plain import hide, secrets_in, sentence
from lab.recording import PROVIDER_TYPE_PREFIX, Deployment, Registration, needed_directly

ENGINE = "pulumi SDK mock runtime (in process), pulumi 3.272.0"
"""How the lab's output names this engine; a test compares the version with the installed one."""

THREADS = 8
"""How many creates may wait for the cloud at once."""

Program = Path | Callable[[], object]
"""The program's entry file; or a function, for tests of a part of it."""

Deleter = Callable[[Registration], None]

_TURN = threading.Lock()


class EngineError(Exception):
    """A run ended early. `deployment` is what exists now, so that it can be destroyed.

    EngineError
    ├── DeployError   a resource or an invoke failed, or the program logged an error
    └── DestroyError  a resource could not be deleted, or is protected
    """

    def __init__(self, message: str, deployment: Deployment) -> None:
        super().__init__(message)
        self.deployment = deployment


class DeployError(EngineError):
    """A resource or an invoke failed, or the program logged an error."""


class DestroyError(EngineError):
    """A resource could not be deleted, or is protected."""


def deploy(
    program: Program,
    *,
    project: str,
    stack: str,
    config: Mapping[str, str],
    create: Creator,
    invoke: Invoker,
    environment: Mapping[str, str],
) -> Deployment:
    """Run the program once and create everything that it registers.

    Args:
        program: Its entry file, run as `__main__` as the Pulumi language host does (the working directory stays as it is).
        project: Pulumi's project name, which is also the namespace of the program's own configuration keys.
        stack: Pulumi's stack name.
        config: Full keys (`tandem:site`, `aws:region`) to text, as in a stack file; nothing else is known to the program.
        create: Called once per resource, on several threads at once, after everything that the resource depends on.
        invoke: Called once per provider function (`getPartition`, ...) that the program asks.
        environment: Variables laid over this process's own while the program runs; Pulumi's own are taken away.

    Raises:
        DeployError: something failed; nothing new was started after that, and what had been started was waited for.
        Exception: what the program itself raised, unchanged.
    """
    monitor = Monitor(project, stack, create, invoke)
    log = Log()
    try:
        with _TURN, _environment(environment), _without_positions():
            contextvars.copy_context().run(_run, program, monitor, log, config)
    except Exception:
        if monitor.failure is None:
            raise
    if monitor.failure is not None:
        raise DeployError(monitor.failure.message, _deployment(monitor, log)) from monitor.failure.cause
    if log.errors:
        raise DeployError("the program logged an error: " + "; ".join(log.errors), _deployment(monitor, log))
    return _deployment(monitor, log)


def _deployment(monitor: Monitor, log: Log) -> Deployment:
    return Deployment(
        engine=ENGINE,
        project=monitor.project,
        stack=monitor.stack,
        registrations=monitor.registrations,
        outputs=monitor.outputs,
        gaps=monitor.gaps,
        messages=tuple(log.messages),
    )


def newest(candidates: Sequence[Registration]) -> Registration:
    """The resource that was completed last: the order of deletion is then the exact reverse of creation."""
    return candidates[-1]


def destroy(
    deployment: Deployment,
    delete: Deleter,
    *,
    pick: Callable[[Sequence[Registration]], Registration] = newest,
) -> None:
    """Delete every resource, each one only when nothing that needs it is left.

    Args:
        deployment: What `deploy` returned, or the `deployment` of its error.
        delete: Called once per custom resource; explicit providers and resources to be retained are left out.
        pick: Chooses the next among those that nothing needs any more, in order of completion. The real engine may take any
            of them, so a program whose order matters has to pass with any choice.

    Raises:
        DestroyError: a resource is protected (then nothing was deleted), or its deletion failed.
    """
    protected = [f"{each.type} {each.name!r}" for each in deployment.registrations if each.protect]
    if protected:
        raise DestroyError(
            f"nothing was deleted, because the program protects {', '.join(protected)}: deploy it without protection first",
            deployment,
        )
    left = list(deployment.registrations)
    while left:
        needed = {name for each in left for name in needed_directly(each)}
        chosen = pick([each for each in left if each.urn not in needed])
        if _is_in_the_cloud(chosen):
            _delete(chosen, delete, replace(deployment, registrations=tuple(left)))
        left.remove(chosen)


def _is_in_the_cloud(registration: Registration) -> bool:
    return (
        registration.custom and not registration.retain_on_delete and not registration.type.startswith(PROVIDER_TYPE_PREFIX)
    )


def _delete(registration: Registration, delete: Deleter, left: Deployment) -> None:
    try:
        delete(registration)
    except Exception as exc:
        said = hide(sentence(exc), secrets_in(registration.inputs))
        raise DestroyError(
            f"{registration.type} {registration.name!r} could not be deleted: {said} "
            f"({len(left.registrations)} resources of the stack are left)",
            left,
        ) from exc


@contextlib.contextmanager
def _environment(extra: Mapping[str, str]) -> Generator[None]:
    """The process's variables less Pulumi's, plus `extra`.

    Only those are touched, before and after: other threads of the lab start processes meanwhile and read the rest.
    """
    wanted: dict[str, str | None] = {name: None for name in os.environ if name.startswith("PULUMI_")}
    wanted |= extra
    before = {name: os.environ.get(name) for name in wanted}
    _put(wanted)
    try:
        yield
    finally:
        _put(before)


def _without_positions() -> contextlib.AbstractContextManager[object]:
    """No resource says where in the program it was written: nobody asks here, and to find out is a quarter of a run."""
    return mock.patch.object(resource, "_get_stack_trace", source_pb2.StackTrace)


def _put(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _run(program: Program, monitor: Monitor, log: Log, config: Mapping[str, str]) -> None:
    settings.ROOT.set(None)
    settings.configure(
        settings.Settings(
            project=monitor.project,
            stack=monitor.stack,
            monitor=monitor,
            engine=log,
            dry_run=False,
            organization="organization",
        )
    )
    pulumi.runtime.set_all_config(dict(config), [])
    with _Threads(THREADS, thread_name_prefix="create") as threads, asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(threads)
        # The first failure is what `deploy` raises; the SDK repeats it in the futures of everything that depended on it.
        runner.get_loop().set_exception_handler(lambda _loop, _context: None)
        try:
            runner.run(pulumi.runtime.run_in_stack(lambda: _start(program)))
        except (KeyboardInterrupt, SystemExit):
            threads.abandoned = True
            raise


class _Threads(ThreadPoolExecutor):
    """Waited for at the end of a run, except when somebody wants out: an invocation may take minutes to answer."""

    abandoned = False

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait and not self.abandoned, cancel_futures=cancel_futures or self.abandoned)


def _start(program: Program) -> None:
    if isinstance(program, Path):
        runpy.run_path(str(program), run_name="__main__")
    else:
        program()
