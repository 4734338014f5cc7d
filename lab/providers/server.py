"""The provider process: serves until its engine is gone. `lab.providers.serve` starts it.

What the engine wants of a plugin (pulumi sdk/go/common/resource/plugin/plugin.go): the first line of the output is the
port, on 127.0.0.1; the last argument is the engine's own address; SIGINT ends it. The engine starts one process for each
provider of a stack and each phase of a run, so nothing is kept here, and what takes long to import is imported beside the
first calls.

It ends with its engine, also with one that was killed (`lab.orphan`).

Environment: `AWS_ENDPOINT_URL_*`, or what `lab.providers.azure_native.process` names (where the emulators are),
`TANDEM_LAB_RULES` (faults, `lab.providers.rules`),
`TANDEM_LAB_GAPS` (`lab.providers.gap_log`). The user's own AWS profile and files are not looked at.
"""

import importlib
import os
import signal
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import grpc

from lab import orphan
from lab.providers import gap_log, rules
from lab.providers.customs import ConfigurationError, Customs
from lab.providers.faults import Faults
from lab.providers.protocol import OPTIONS, provider_pb2_grpc
from lab.providers.rules import Rules, RulesError
from lab.providers.servicer import Servicer

PACKAGES = {"aws": "lab.providers.aws.process", "azure-native": "lab.providers.azure_native.process"}
"""The module with `configure`, by the package's name."""

THREADS = 64
"""More than the engine has calls open at once; a call that hangs holds one."""

ENDING = (signal.SIGINT, signal.SIGTERM)
"""Blocked and waited for, not handled: a handler that sets an event hung in one of a hundred ends on a busy machine."""

_USERS_OWN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_USERS_FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


def main(arguments: list[str]) -> NoReturn:
    """Serve until the engine ends."""
    package = arguments[0] if arguments else ""
    if package not in PACKAGES:
        sys.exit(f"the lab has no provider {package!r}; it has {', '.join(PACKAGES)}")
    _leave_the_users_files()
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    server = grpc.server(ThreadPoolExecutor(THREADS), options=OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(_servicer(package, os.environ), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    threading.Thread(target=importlib.import_module, args=[PACKAGES[package]], daemon=True).start()
    orphan.watch(os.getppid(), arguments[-1], _end)
    signal.sigwait(ENDING)
    _end()


def _end() -> NoReturn:
    os._exit(0)  # threads that hang or wait for a cloud would keep the interpreter


def _servicer(package: str, environment: Mapping[str, str]) -> Servicer:
    rules_file, gaps_file = environment.get(rules.VARIABLE), environment.get(gap_log.VARIABLE)
    try:
        faults, mistaken = Faults(Rules.load(Path(rules_file)) if rules_file else Rules()), None
    except RulesError as exc:
        faults, mistaken = Faults(Rules()), exc

    def configure(options: Mapping[str, Any]) -> Customs:
        if mistaken:  # told here, because here the engine shows it
            raise ConfigurationError([str(mistaken)])
        return importlib.import_module(PACKAGES[package]).configure(options, environment)

    return Servicer(package, configure, faults, Path(gaps_file) if gaps_file else None)


def _leave_the_users_files() -> None:
    for name in _USERS_OWN:
        os.environ.pop(name, None)
    os.environ.update(dict.fromkeys(_USERS_FILES, os.devnull))
