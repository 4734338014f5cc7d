"""The pack as the engine runs it: the SDK's own process, asked by the protocol's stubs on 127.0.0.1.

The process runs in the pack's own environment, so this file imports nothing of the pack's SDK. What the engine sends is
sent: marked values (secrets, archives), a mark for what is not known, and the configuration of every rule.
"""

import contextlib
import subprocess
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import analyzer_pb2 as messages
from pulumi.runtime.proto.analyzer_pb2_grpc import AnalyzerStub

from lab.providers.plain import SIGNATURE, FileArchive, Mark, to_wire
from tandem_policy.table import RULES
from tandem_policy.values import UNKNOWN, Config, Level, Resource
from tests.infra.stand import ROOT

PACK = ROOT / "policy"
PYTHON = PACK / ".venv" / "bin" / "python"
MAKE_IT = "make it with: python3 tools/setup.py dev"
NOBODY = "127.0.0.1:1"
"""The engine's address: the SDK does not call it."""
END_S = 10.0
ANSWER_S = 60.0
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The protocol's mark of a text that is not known yet (pulumi sdk/go/common/resource/plugin/rpc.go)."""
LEVELS = {Level.ADVISORY: messages.ADVISORY, Level.MANDATORY: messages.MANDATORY}


@dataclass(frozen=True)
class Told:
    """One diagnostic."""

    rule: str
    said: str
    urn: str
    level: Level


class Pack:
    """A pack that answers."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = AnalyzerStub(channel)

    def info(self) -> messages.AnalyzerInfo:
        """What the pack says of itself."""
        return self._stub.GetAnalyzerInfo(Empty(), timeout=ANSWER_S)

    def configure(self, levels: Mapping[str, Level], configs: Mapping[str, Config]) -> None:
        """As the engine does before the first question: every rule, with its defaults filled in."""
        request = messages.ConfigureAnalyzerRequest()
        for rule in RULES:
            told = request.policyConfig[rule.name]
            told.enforcementLevel = LEVELS[levels.get(rule.name, rule.level)]
            told.properties.CopyFrom(to_wire(rule.config(configs.get(rule.name))))
        self._stub.Configure(request, timeout=ANSWER_S)

    def analyze(self, resource: Resource) -> list[Told]:
        """What the rules of single resources say."""
        request = messages.AnalyzeRequest(
            type=resource.type,
            urn=resource.urn,
            name=resource.name,
            properties=to_wire(on_the_wire(resource.props)),
            options=messages.AnalyzerResourceOptions(protect=resource.protect),
        )
        return _told(self._stub.Analyze(request, timeout=ANSWER_S))

    def analyze_stack(self, resources: Sequence[Resource]) -> list[Told]:
        """What the rules of whole stacks say."""
        request = messages.AnalyzeStackRequest(resources=[_with_dependencies(resource) for resource in resources])
        return _told(self._stub.AnalyzeStack(request, timeout=ANSWER_S))


def _with_dependencies(resource: Resource) -> messages.AnalyzerResource:
    return messages.AnalyzerResource(
        type=resource.type,
        urn=resource.urn,
        name=resource.name,
        properties=to_wire(on_the_wire(resource.props)),
        options=messages.AnalyzerResourceOptions(protect=resource.protect),
        dependencies=sorted(resource.depends_on),
        propertyDependencies={
            key: messages.AnalyzerPropertyDependencies(urns=sorted(urns))
            for key, urns in resource.property_depends_on.items()
        },
    )


def on_the_wire(value: Any) -> Any:
    """A value with the protocol's mark where it is not known."""
    if value is UNKNOWN:
        return UNKNOWN_TEXT
    if isinstance(value, FileArchive):
        return {SIGNATURE: Mark.ARCHIVE, "path": value.path}
    if isinstance(value, Mapping):
        return {key: on_the_wire(each) for key, each in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [on_the_wire(each) for each in cast("Sequence[Any]", value)]
    return value


def _told(response: messages.AnalyzeResponse) -> list[Told]:
    levels = {number: level for level, number in LEVELS.items()}
    return [
        Told(each.policyName, each.message.removeprefix(f"{each.description}\n"), each.urn, levels[each.enforcementLevel])
        for each in response.diagnostics
    ]


@contextlib.contextmanager
def served() -> Generator[Pack]:
    """The pack, until the block ends."""
    assert PYTHON.exists(), f"the pack's environment is missing; {MAKE_IT}"
    command = [str(PYTHON), "-u", "-m", "pulumi.policy", NOBODY, str(PACK)]
    with subprocess.Popen(command, cwd=PACK, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield Pack(channel)
        finally:
            process.terminate()
            process.wait(END_S)
