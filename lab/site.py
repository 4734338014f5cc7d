"""One running lab: the emulated cloud, the deployed program, real workers behind real addresses, and who watches them.

    with Site.start(options, say) as site:
        site.faults.kill("wk1") ...

Order of birth: network, supervisor (with its keeper), emulators, receiver, then the program is deployed: while it creates
instances and the address, the hypervisor starts their processes; its last resource is the watchdog's first tick. Then
the observer. Everything ends with the block, whatever happens inside.
"""

import contextlib
import json
import time
import uuid
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from lab import stack_file
from lab.api_faults import FRONTS, WATCHDOGS_PATIENCE, ApiFaults
from lab.arm.times import TIMES
from lab.asking import Desk
from lab.aws_cloud import AwsCloud
from lab.child import Child, Event
from lab.deploying import By, Deployed, Deployer
from lab.emulators import CloudSettings, Emulators
from lab.figures import Figure
from lab.hypervisor import Hypervisor, Ports
from lab.jsonlog import JsonLog
from lab.lab_cloud import LabCloud
from lab.networks import Network, take
from lab.profiles import PROFILES, Profile
from lab.pulumi_project import Project
from lab.stack_file import LabStack, StackFile
from lab.supervisor import REPOSITORY, Supervisor
from lab.tail import Tail

LABS = REPOSITORY / "out" / "lab"
KNOWN: Mapping[str, Collection[str]] = {"aws": PROFILES.keys(), "azure": TIMES.keys()}
"""The profiles of each cloud."""

RECORD_POLL_S = 0.03
"""From one poll of the record to the next: how late the observer may see a change."""

READY_S = 20.0
"""Longest wait for a child to be ready."""

FRONTS_READY_S = 60.0
"""The same for the fronts, which read the models of their services first."""


class Shown(Protocol):
    """What a report says of a profile."""

    @property
    def name(self) -> str:
        """As the command line knows it."""
        ...

    def figures(self) -> Mapping[str, Figure]:
        """Every time, by a name for people."""
        ...


class UnknownProfileError(Exception):
    """The emulated cloud has no such profile."""

    def __init__(self, name: str, cloud: str, there: Iterable[str]) -> None:
        super().__init__(f"the emulated {cloud} has no profile {name!r}; it has: {', '.join(sorted(there))}")


Say = Callable[[str], None]
"""Tells the person what is being waited for."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What lab is wanted."""

    cloud: str = "aws"
    profile: str = "instant"
    """Of that cloud: `lab.profiles`, or `lab.arm.times`."""
    stage: str = "dev"
    """Which stack file of `stacks/` the lab's own is derived from."""
    schedule_divisor: float = 10.0
    """How many times faster than the cloud's the schedule runs."""
    seed: int = 1
    store_door: bool = False
    """Functions reach the record's table through a door that the lab can close."""
    api_faults: bool = False
    """Functions reach AWS through fronts that can break calls (`Site.api_faults`)."""
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    """Keys that shall be otherwise than in the stack file; texts as there."""
    by: By = By.IN_PROCESS
    """Who deploys the program; an empty lab (`By.NOBODY`) has neither outputs nor an observer."""


@dataclass(kw_only=True)
class Site:
    """A running lab. Made by `start`."""

    lab_id: str
    folder: Path
    options: Options
    profile: Shown
    network: Network
    supervisor: Supervisor
    cloud: LabCloud
    hypervisor: Hypervisor
    receiver: Child
    """Where the workers deliver to."""
    store_door: Child | None
    """The functions' way to the record's table, if the lab was to have a door there."""
    api_faults: ApiFaults | None
    """What breaks calls between the functions and AWS, if the lab was to have it."""
    ports: Ports
    deployed: Deployed
    project: Project
    """The stack as a Pulumi project, for whoever runs `pulumi` on this lab."""
    stack: LabStack
    """The stack file that was deployed, and how it differs from the one that it was derived from."""
    deploy_s: float
    log: JsonLog
    """lab.jsonl: what the lab itself does."""

    @property
    def logs(self) -> Path:
        """The folder of the raw logs."""
        return self.supervisor.logs

    @property
    def outputs(self) -> Mapping[str, Any]:
        """The stack's outputs."""
        return self.deployed.outputs

    @property
    def name(self) -> str:
        """The site's name in the record table."""
        return str(self.outputs["cliConfig"]["site"])

    @property
    def record(self) -> Tail:
        """The observer's log, as far as it is written."""
        return self._record

    def __post_init__(self) -> None:
        self._record = Tail(self.logs / "record.jsonl")

    @property
    def emulators(self) -> Emulators:
        """Those of AWS; RuntimeError on another cloud."""
        if not isinstance(self.cloud, AwsCloud):
            raise RuntimeError(f"this lab is on {self.cloud.title}: what it was asked for is AWS's")  # noqa: TRY004
        return self.cloud.emulators

    def client(self, service: str) -> Any:
        """A client for the emulator of AWS that plays the service, as an operator at the console has one."""
        return self.emulators.client(service)

    def desk(self) -> Desk:
        """An operator's way to the inbox and to the record, past every door and front."""
        return self.cloud.desk(self.outputs)

    def start_instance(self, worker: str) -> None:
        """Start a worker's machine, as an operator at the console would."""
        self.cloud.start_instance(str(self.outputs["workers"][worker]["instanceId"]))

    def wait_for(self, what: str, true: Callable[[], bool], deadline_s: float) -> None:
        """Wait, checking every process; TimeoutError names `what`."""
        self.supervisor.wait_for(what, lambda: (self.hypervisor.check(), self.cloud.check(), true())[2], deadline_s)

    def stored(self) -> dict[str, Any]:
        """The record as last seen; empty before the first."""
        line = self._record.last("record")
        return line["record"] if line else {}


@contextlib.contextmanager
def start(options: Options, say: Say) -> Generator[Site]:
    """Bring up a lab; end it with the block.

    Raises:
        UnknownProfileError: the cloud has no such profile.
        NoFreeNetworkError: no network, or a port is taken on every address.
        DeployError: the program or the emulated cloud refused something.
        ChildError: a process of the lab failed.
    """
    if options.profile not in KNOWN[options.cloud]:
        raise UnknownProfileError(options.profile, options.cloud, KNOWN[options.cloud])
    lab_id = uuid.uuid4().hex[:8]
    folder = LABS / lab_id
    file = stack_file.load(options.stage, cloud=options.cloud)
    ports = ports_of(file)
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(take((ports.llp, ports.http, ports.public)))
        supervisor = stack.enter_context(Supervisor(folder, lab_id, lock=network.lock))
        birth = _Birth(options, network, supervisor, file, say)
        stack.callback(birth.close)
        yield birth.site()


class _Birth:
    """The steps that bring a lab up, in order."""

    def __init__(self, options: Options, network: Network, supervisor: Supervisor, file: StackFile, say: Say) -> None:
        self._options = options
        self._network = network
        self._supervisor = supervisor
        self._file = file
        self._ports = ports_of(file)
        self._say = say
        self._cloud: LabCloud | None = None
        self._hypervisor: Hypervisor | None = None
        self._store_door: Child | None = None
        self._api_faults: ApiFaults | None = None

    def close(self) -> None:
        """Follow the cloud no more; the supervisor ends the processes."""
        if self._cloud:
            self._cloud.close()
        if self._hypervisor:
            self._hypervisor.close()

    def site(self) -> Site:
        """The running lab."""
        options = self._options
        receiver = self._start_receiver()
        cloud, profile = self._start_azure() if options.cloud == "azure" else self._start_aws()
        self._cloud = cloud
        endpoint = f"{self._network.address(251, 1)}:{self._ports.llp}"
        self._hypervisor = Hypervisor(self._supervisor, self._ports, endpoint, cloud.describe, cloud.is_fixed)
        started_s = time.monotonic()
        stack = stack_file.derived(self._wanted(), network=self._network.cidr, environment=cloud.environment())
        (self._supervisor.folder / "stack.yaml").write_text(stack.to_yaml())
        deployer = Deployer(self._supervisor.folder, cloud, stack, self._supervisor.environment())
        deployed = deployer.deploy(options.by, self._say)
        site = Site(
            lab_id=self._supervisor.lab_id,
            folder=self._supervisor.folder,
            options=options,
            profile=profile,
            network=self._network,
            supervisor=self._supervisor,
            cloud=cloud,
            hypervisor=self._hypervisor,
            receiver=receiver,
            store_door=self._store_door,
            api_faults=self._api_faults,
            ports=self._ports,
            deployed=deployed,
            project=deployer.project(),
            stack=stack,
            deploy_s=time.monotonic() - started_s,
            log=JsonLog(self._supervisor.logs / "lab.jsonl"),
        )
        if deployed.outputs:
            self._start_observer(site)
        return site

    def _start_observer(self, site: Site) -> None:
        flags = [*site.cloud.observed(site.outputs), "--site", site.name, "--interval", RECORD_POLL_S]
        self._supervisor.module("observer", "lab.observer", *flags, "--log", site.logs / "record.jsonl").expect(
            "ready", READY_S
        )

    def _start_receiver(self) -> Child:
        address = self._network.address(251, 1)
        flags: list[object] = ["--address", address, "--port", self._ports.llp]
        log = self._supervisor.logs / "receiver.jsonl"
        receiver = self._supervisor.module("receiver", "lab.receiver", *flags, "--log", log)
        receiver.expect("ready", READY_S)
        return receiver

    def _start_azure(self) -> tuple[LabCloud, Shown]:
        from lab.azure_cloud import AzureCloud, AzureSettings  # noqa: PLC0415 - a lab of AWS needs nothing of Azure

        times = TIMES[self._options.profile].with_roles_at_once()
        self._say(f"starting the emulated Azure in {self._network.cidr}, profile {times.name}")
        settings = AzureSettings(
            network=self._network.cidr,
            location=self._file.text("region"),
            times=times.name,
            seed=self._options.seed,
            roles=True,
        )
        return AzureCloud.start(self._supervisor, settings, self._take), times

    def _start_aws(self) -> tuple[LabCloud, Shown]:
        profile = PROFILES[self._options.profile]
        self._say(f"starting the emulated AWS in {self._network.cidr}, profile {profile.name}")
        return AwsCloud(self._start_emulators(profile), self._api_faults), profile

    def _start_emulators(self, profile: Profile) -> Emulators:
        settings = CloudSettings(
            network=self._network.cidr,
            profile=profile,
            region=self._file.text("region"),
            schedule_divisor=self._options.schedule_divisor,
            seed=self._options.seed,
            store_endpoint=self._open_store_door() if self._options.store_door else "",
            fronts=self._start_fronts() if self._options.api_faults else {},
        )
        emulators = Emulators.start(self._supervisor, settings, on_cloud_event=self._take)
        if self._store_door:
            behind = urlsplit(emulators.endpoints.of("dynamodb"))
            self._store_door.call("lead", READY_S, host=behind.hostname, port=behind.port)
        if self._api_faults:
            for service in self._api_faults.fronts:
                self._api_faults.connect(service, emulators.endpoints.of(service))
        return emulators

    def _open_store_door(self) -> str:
        """Start the door; gives the endpoint that the functions are told."""
        address = self._network.address(252, 1)
        self._store_door = self._supervisor.module("store-door", "lab.store_door", "--address", address)
        return f"http://{address}:{self._store_door.expect('ready', READY_S)['port']}"

    def _start_fronts(self) -> Mapping[str, str]:
        """Start the fronts, connected to nobody yet; gives the endpoints that the functions are told."""
        flags = [flag for service in FRONTS for flag in ("--front", service)]
        child = self._supervisor.module("fault-fronts", "lab.fault_front", *flags)
        fronts: Mapping[str, str] = child.expect("ready", FRONTS_READY_S)["fronts"]
        self._api_faults = ApiFaults(fronts, WATCHDOGS_PATIENCE, child)
        return fronts

    def _take(self, event: Event) -> None:
        if self._hypervisor:
            self._hypervisor.take(event)

    def _wanted(self) -> StackFile:
        own = {f"{self._file.project}:{key}": text for key, text in self._options.config.items()}
        return replace(self._file, texts={**self._file.texts, **own})


def ports_of(file: StackFile) -> Ports:
    """The ports of the lab's workers: HL7 on the first port for partners, HTTP where the probers ask.

    Raises:
        StackFileError: the stack file lacks one of them.
    """
    traffic = json.loads(file.text("trafficPorts", "[2575]"))
    public = int(file.text("publicHealthPort", "0"))
    if not public:
        raise stack_file.StackFileError("a lab needs a publicHealthPort in its stack file")
    return Ports(llp=int(traffic[0]), http=int(file.text("probePort", "8080")), public=public)
