"""Clouds behind a proxy that loses answers: one text tells what is lost, and each cloud says by which request it is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from botocore.config import Config

from failover_lambda.aws.clients import CONFIG
from failover_lambda.aws.cloud import LiveCloud
from failover_lambda.azure.cloud import LiveCloud as LiveAzureCloud
from failover_lambda.contract import Settings
from failover_lambda.model import Do, Outcome
from failover_lambda.ports import Cloud
from tests.contract.azure_world import AzureWorld, BalancedWorld, QuickClock, clients
from tests.contract.cloud_worlds import CloudWorld, LiveWorld
from tests.contract.emulators import client
from tests.contract.lossy_proxy import Loss, LossyProxy

IMPATIENT_S = 0.5
"""Of a client that waits for a silent service; less than the watchdog's own."""


class Wire(Protocol):
    """How a cloud is spoken to."""

    late: bytes
    """Stands in the answer to the end of an association that has ended already."""
    timed_out: str
    """The code of a call that nobody answered in time."""

    def after(self, loss: Loss) -> Outcome:
        """What is known of a write that was carried out, when its answer is lost so."""
        ...

    def does(self, do: Do, request: bytes) -> bool:
        """Whether this request is the one that does it. Before it others may read, or prepare."""
        ...

    def cloud(self, settings: Settings, endpoint: str, read_s: float | None = None) -> Cloud:
        """The watchdog's adapter, with clients of its own."""
        ...


@dataclass(frozen=True)
class Ec2Wire:
    """Every request names its action."""

    late = b"InvalidAssociationID.NotFound"
    timed_out = "ReadTimeoutError"
    actions: Mapping[Do, bytes] = field(
        default_factory=lambda: {
            Do.ASSOCIATE: b"Action=AssociateAddress",
            Do.DISASSOCIATE: b"Action=DisassociateAddress",
            Do.ISOLATE: b"Action=ModifyNetworkInterfaceAttribute",
            Do.RESTORE: b"Action=ModifyNetworkInterfaceAttribute",
            Do.STOP: b"Action=StopInstances",
            Do.START: b"Action=StartInstances",
        }
    )

    def after(self, loss: Loss) -> Outcome:
        del loss
        return Outcome.LOST

    def does(self, do: Do, request: bytes) -> bool:
        return self.actions[do] in request

    def cloud(self, settings: Settings, endpoint: str, read_s: float | None = None) -> Cloud:
        config = CONFIG if read_s is None else CONFIG.merge(Config(read_timeout=read_s))
        return LiveCloud(settings, client("ec2", endpoint, config))


@dataclass(frozen=True)
class ArmWire:
    """A method and a resource: a worker's card or the balancer's pool, a rule of its group, or its machine."""

    association: bytes
    """A part of the path that is written to for a move."""
    late = b"PreconditionFailed"
    timed_out = "ServiceResponseTimeoutError"

    def after(self, loss: Loss) -> Outcome:
        """Of an accepted write nobody reads the body: the resource itself shows what came of it."""
        return Outcome.DONE if loss is Loss.MANGLED else Outcome.LOST

    def does(self, do: Do, request: bytes) -> bool:
        method, _, rest = request.partition(b" ")
        path = rest.partition(b"?")[0]
        match do:
            case Do.ASSOCIATE | Do.DISASSOCIATE:
                return method == b"PUT" and self.association in path
            case Do.ISOLATE | Do.RESTORE:
                return method == b"PUT" and b"/securityRules/" in path
            case Do.STOP:
                return method == b"POST" and path.endswith(b"/powerOff")
            case Do.START:
                return method == b"POST" and path.endswith(b"/start")

    def cloud(self, settings: Settings, endpoint: str, read_s: float | None = None) -> Cloud:
        own = clients(endpoint) if read_s is None else clients(endpoint, read_timeout=read_s)
        return LiveAzureCloud(settings, own.network, own.compute, QuickClock())


@dataclass
class Wired:
    """A world, and our adapter behind the proxy; `world.cloud` goes past it."""

    world: CloudWorld
    wire: Wire
    proxy: LossyProxy

    def __post_init__(self) -> None:
        self.cloud = self.wire.cloud(self.world.settings, self.proxy.endpoint)
        self.impatient = self.wire.cloud(self.world.settings, self.proxy.endpoint, IMPATIENT_S)

    def lose(self, loss: Loss, do: Do | None = None) -> None:
        """The next request that does it; None: the next one, whatever it is."""
        self._set(loss, lambda request: do is None or self.wire.does(do, request))

    def sent(self, do: Do) -> int:
        """So many requests did it."""
        return sum(self.wire.does(do, request) for request in self.proxy.requests)

    def _set(self, loss: Loss, counts: Callable[[bytes], bool]) -> None:
        self.proxy.counts, self.proxy.next_losses[:] = counts, [loss]


def wire_of(world: CloudWorld) -> Wire:
    """How that world's cloud is spoken to."""
    match world:
        case LiveWorld():
            return Ec2Wire()
        case BalancedWorld():
            return ArmWire(b"/backendAddressPools/")
        case AzureWorld():
            return ArmWire(b"/networkInterfaces/")
        case _:
            raise TypeError(f"{world!r} is on no wire")
