"""Every configuration key, declared once: type and range, default, one sentence.

A key's name in a stack file is its name here in camelCase, units written out (`probe_interval_s` is `probeIntervalSeconds`);
the watchdog's settings and their environment names follow from the same name. A class holds the keys of one section of
`docs/CONFIG.md` that are for both clouds, or, with the cloud in its name, those that are for one; the first docstring of a
section opens it. A key whose range differs between the clouds stands once for each. A new key is one field here;
`python -m infra.config.docs` brings `Pulumi.yaml` and the page along, and the `arguments.py` of its clouds lists it once
more for the component.

Only `infra.config` imports this file; its enums are for everybody in `infra`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field

from failover_lambda.contract import MOVES_KEPT, FencePolicy, ProbeKind, Rejoin, Tier
from infra.config.kinds import (
    AdminPublicKey,
    AmiId,
    AzureRegionName,
    AzureRetentionDays,
    BusName,
    Certificates,
    Cron,
    Email,
    EndpointId,
    FileText,
    Flag,
    FunctionMemoryMb,
    FunctionPython,
    HostAddress,
    ImageName,
    InstanceType,
    MountPath,
    NetworkRange,
    OptionalUrlPath,
    Port,
    RegionName,
    RetentionDays,
    ServiceName,
    ServiceUnit,
    SubnetId,
    Tag,
    TimeZone,
    UrlPath,
    UserData,
    VmSize,
    VpcId,
    WorkerName,
    ZoneName,
    ZoneNumber,
)
from infra.pace import PACES, SLOW_GRACE_S

WORKERS = 2
"""Workers of a site in this version."""
DAY_MINUTES = 24 * 60
EXAMPLE_CRON = "0 3 * * SUN"
SET_CRON = f'pulumi config set failbackCron "{EXAMPLE_CRON}"'
"""In quotes: a shell reads the stars otherwise."""
ZONES_MAX = 3
"""Zones of a site: one for each worker, and one more that breaks ties."""


FIND_IMAGE = (
    "aws ec2 describe-images --owners self shows your own images; for an engine from the marketplace take the id that its "
    "page gives for this region"
)
FIND_AZURE_IMAGE = (
    "az vm image list --publisher PUBLISHER --all --output table shows images with their exact versions; az sig "
    "image-version list shows those of a gallery of your own"
)
NAME_PUBLIC_KEY = 'pulumi config set adminPublicKey "$(cat ~/.ssh/id_ed25519.pub)"'
ASK_PARTNERS = "ask each partner which network it sends from, and list these as tandem:partnerCidrs in the stack file"
NAME_READERS = "list the mailboxes of those who are on call as tandem:alertEmails in the stack file"


FIND_SUBNETS = "aws ec2 describe-subnets --filters Name=vpc-id,Values=VPC shows the subnets of a VPC with their zones"


class Cloud(Enum):
    """Which cloud builds the stack."""

    AWS = "aws"
    AZURE = "azure"


ENDPOINT_VARIABLES: Mapping[Cloud, str] = {Cloud.AWS: "AWS_ENDPOINT_URL_EC2", Cloud.AZURE: "TANDEM_LAB_ARM"}
"""Where the cloud is found when it is not the real one. AWS's is the SDKs' own; Azure's is the lab's (docs/ENGINE.md)."""


class Front(Enum):
    """Where the fixed address lives."""

    ADDRESS = "address"
    """On the holder itself."""
    BALANCER = "balancer"
    HAPROXY = "haproxy"


class Egress(Enum):
    """How a worker reaches the internet."""

    HOLDER = "holder"
    """The holder by the fixed address, the standby not at all."""
    OWN = "own"


class FlowLogs(Enum):
    """Whose flows are logged."""

    FITTING = "fitting"
    """Those of a network that the program builds; none of one that is there already."""
    ALL = "all"
    NONE = "none"


class NatGateways(Enum):
    """How many NAT gateways stand between workers in private subnets and the internet."""

    FITTING = "fitting"
    """None with the address on a worker, else one per zone."""
    NONE = "none"
    ONE = "one"
    PER_ZONE = "per-zone"


class Tenancy(Enum):
    """Whose machines a worker shares its hardware with."""

    DEFAULT = "default"
    DEDICATED = "dedicated"
    """Nobody else's."""


class Mode(Enum):
    """How many workers serve."""

    ACTIVE_PASSIVE = "active-passive"
    ACTIVE_ACTIVE = "active-active"


class Architecture(Enum):
    """Processors of the watchdog's functions."""

    ARM64 = "arm64"
    X86_64 = "x86_64"


class Runtime(Enum):
    """Python versions of the watchdog's functions."""

    PYTHON_3_11 = "python3.11"
    PYTHON_3_12 = "python3.12"
    PYTHON_3_13 = "python3.13"


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What a key says of itself besides its type."""

    sentence: str
    example: str
    """For a message's next step where there is no default; a text as in a stack file, items of a list with `, ` between."""
    step: str
    """The next step where an example would be taken for the answer: a question, or where to look. Else empty."""
    by_tier: Mapping[str, Any]
    """The default where it depends on the tier; else empty."""
    not_yet: frozenset[str]
    """Values that are known, and refused on this cloud: "not in this version"."""


def key(
    sentence: str,
    *,
    default: Any = ...,
    example: str = "",
    step: str = "",
    by_tier: Mapping[Tier, float] | None = None,
    not_yet: tuple[Enum, ...] = (),
    not_yet_on: Mapping[Cloud, tuple[Enum, ...]] | None = None,
) -> Any:
    """Declare one key; without a default, or one by tier, it is required (`...` is pydantic's sign for that).

    `not_yet` holds on both clouds, `not_yet_on` on one.
    """
    return Field(
        default,
        description=sentence,
        examples=[example],
        json_schema_extra={
            "step": step,
            "by_tier": {tier.value: value for tier, value in (by_tier or {}).items()},
            "not_yet": [value.value for value in not_yet],
            "not_yet_on": {cloud.value: [each.value for each in values] for cloud, values in (not_yet_on or {}).items()},
        },
    )


class Place(BaseModel):
    """Where the stack stands."""

    cloud: Cloud = key("The cloud that builds the stack. It says which keys there are.", example="aws")


class AwsPlace(BaseModel):
    """Where on AWS."""

    region: RegionName = key("The region that holds everything of the stack.", example="eu-central-1")
    zones: Annotated[tuple[ZoneName, ...], Field(min_length=WORKERS, max_length=ZONES_MAX)] = key(
        "The zones of the site: wk1 stands in the first, wk2 in the second; a third gets subnets and a prober, no worker. "
        "Changing one of the first two replaces its worker.",
        example="eu-central-1a, eu-central-1b",
    )
    tie_breaker_zone: ZoneName = key(
        "A zone for one more prober beside two zones, so that the loss of a zone is told from the loss of a worker. Empty: "
        "the first zone of the region that is not in zones, where an account is given three.",
        default="",
        example="eu-central-1c",
    )


class AzurePlace(BaseModel):
    """Where on Azure."""

    region: AzureRegionName = key(
        "The region that holds everything of the stack; one with three zones.", example="westeurope"
    )
    zones: Annotated[tuple[ZoneNumber, ...], Field(min_length=WORKERS, max_length=ZONES_MAX)] = key(
        "The zones of the site, in quotes: wk1 stands in the first, wk2 in the second. Azure numbers them for each "
        "subscription anew. Changing one of the first two replaces its worker.",
        example="1, 2",
    )


class Network(BaseModel):
    """The network that the stack builds."""

    network_cidr: NetworkRange = key(
        "The network of the stack: private addresses, a /16 to a /24. Changing it replaces everything. Not used with vpcId.",
        default=IPv4Network("10.80.0.0/16"),
    )
    nat_gateways: NatGateways = key(
        "How many NAT gateways workers in private subnets go out by; about 37 dollars a month each, without traffic. "
        "fitting: one per zone with a worker where workers stand in private subnets, else none. one: a zone's loss takes "
        "the other zone's way out too.",
        default=NatGateways.FITTING,
        example="fitting",
    )


class Existing(BaseModel):
    """A network that is there already, by its ids, instead of a new one. None of these keys without vpcId.

    Nothing of it is changed: what a new network would be built with has to be there, and is looked at before anything is
    created. Not looked at: network ACLs, firewalls, and whether a private address is free.
    """

    vpc_id: VpcId = key(
        "The VPC that the stack stands in. Empty: it builds its own.", default="", example="vpc-0123456789abcdef0"
    )
    worker_subnet_ids: tuple[SubnetId, ...] = key(
        "The workers' subnets, in the order of zones. With front address their 0.0.0.0/0 leads to an internet gateway.",
        default=(),
        step=FIND_SUBNETS,
    )
    worker_private_ips: tuple[HostAddress, ...] = key(
        "The workers' private addresses, each free in its subnet. Changing one replaces its worker.",
        default=(),
        step="name a free address of each worker's subnet as tandem:workerPrivateIps in the stack file",
    )
    prober_subnet_ids: tuple[SubnetId, ...] = key(
        "The probers' subnets, in the order of zones, then tieBreakerZone or what stands for it. They need no way out.",
        default=(),
        step=FIND_SUBNETS,
    )
    endpoint_subnet_ids: tuple[SubnetId, ...] = key(
        "The subnets of the interface endpoints, in the order of zones. By their private names these endpoints answer for "
        "the whole VPC, and they let the workers in and nobody else.",
        default=(),
        step=FIND_SUBNETS,
    )
    table_endpoint_id: EndpointId = key(
        "The gateway endpoint for DynamoDB that the probers' route tables lead to: a prober that reaches neither it nor the "
        "standby knows that the fault is its own.",
        default="",
        example="vpce-0123456789abcdef0",
    )


class Promise(BaseModel):
    """What the pair promises, and what may be done to keep it."""

    tier: Tier = key(
        "The promise. fault-tolerant: an outage below 10 seconds, except when the watchdog itself dies in the same minute "
        "(then up to a minute or two); a restart of the service counts as a death (restartGraceSeconds 0), and one that "
        "accepts and stays silent is waited for (slowGraceSeconds): below a minute then. "
        "high-availability: below 10 minutes, in practice one.",
        example="high-availability",
        not_yet=(Tier.ZERO_REDUNDANCY, Tier.COLD_SPARE, Tier.HOT_SPARE),
    )
    mode: Mode = key(
        "Whether one worker serves or all do. active-active needs front balancer; nothing is moved then, and there is no "
        "watchdog: keys that only it reads keep their defaults. No order of messages across the workers.",
        default=Mode.ACTIVE_PASSIVE,
        not_yet_on={Cloud.AZURE: (Mode.ACTIVE_ACTIVE,)},
    )
    front: Front = key(
        "Where the fixed address lives. address: on the holder itself, moved by the watchdog; not with tier fault-tolerant "
        "on Azure. balancer: on a load balancer. On AWS it has one address per zone and needs mode active-active; on Azure "
        "it has one, and the watchdog lets one worker at a time receive.",
        example="address",
        not_yet=(Front.HAPROXY,),
    )
    egress: Egress = key(
        "How workers reach the internet. holder: the holder by the fixed address, so that partners see one address both "
        "ways; the standby not at all. own: each by an address of its own, which partners see when a worker calls them; on "
        "AWS the fixed one leads to a second private address then, on Azure a NAT gateway in each worker's zone has it. A "
        "worker is made for one of the two. Behind a balancer workers go out by NAT gateways anyway.",
        default=Egress.HOLDER,
    )
    order: Annotated[tuple[WorkerName, ...], Field(min_length=1)] = key(
        "Who serves when nothing ever happened, then the standbys as they are to be promoted.", default=("wk1", "wk2")
    )
    fence_policy: FencePolicy = key(
        "What must be true of the old holder before a new one receives. address-is-fence: the address has left it.",
        default=FencePolicy.ADDRESS_IS_FENCE,
        not_yet=(FencePolicy.STRICT,),
    )
    workers_act_alone: Flag = key(
        "Whether a worker does work that nobody sends it: polls, sends on timers. The address does not fence that work.",
        step="does your engine poll or send on timers by itself? Then pulumi config set workersActAlone true, else false",
    )
    enabled: Flag = key("Whether the watchdog acts. false: it reads, and changes nothing.", default=True)
    watch_only: Flag = key(
        "Whether the watchdog only judges, and tells what it would do. true: it moves nothing and fences nobody, for a time "
        "in which its word is compared with your own.",
        default=False,
    )
    rejoin: Rejoin = key(
        "Who starts a fenced worker again. auto: the watchdog, once it was seen stopped; it is a standby then, whatever is "
        "wrong with it, if it answers.",
        default=Rejoin.OPERATOR,
    )
    hold_s: Annotated[float, Field(ge=0, le=86400)] = key("Least time between two automatic moves.", default=60)
    moves_per_hour_max: Annotated[int, Field(ge=1, le=MOVES_KEPT)] = key(
        "Automatic moves in an hour; after them a person decides.", default=3
    )
    moves_per_day_max: Annotated[int, Field(ge=1, le=MOVES_KEPT)] = key("The same in 24 hours.", default=5)
    failback_enabled: Flag = key(
        "Whether the home worker gets the address back by itself, inside a window. false: by hand only.", default=False
    )
    failback_cron: Cron = key(
        "When a window opens, in failbackTimeZone: minute, hour, day of the month, month, day of the week. In the hour that "
        "the change of clocks leaves out it opens at its end, in the one that comes twice the first time only.",
        default="",
        step=SET_CRON,
    )
    failback_length_minutes: Annotated[int, Field(ge=0, le=DAY_MINUTES)] = key(
        "How long a window is open, whatever the clocks on the wall do. 0: not set.", default=0, example="120"
    )
    failback_time_zone: TimeZone = key("The time zone of the windows.", default="UTC", example="Europe/Berlin")


class AwsPromise(BaseModel):
    """What only AWS can be asked for."""

    arbiter_standby: Flag = key(
        "Whether a second arbiter always waits for the lease, so that a dead one is replaced within the lease time and not "
        "within a minute or two. It doubles the price of the arbiter.",
        default=False,
    )


class Workers(BaseModel):
    """The machines. A living worker keeps its image, type or size, tenancy, reservation, user data until it is rolled."""

    root_volume_gb: Annotated[int, Field(ge=8, le=16384)] = key("Root disk; no smaller than the image's.", default=30)
    data_volume_gb: Annotated[int, Field(ge=1, le=16384)] = key(
        "Data disk, one a worker; it outlives the machine.", default=100
    )
    guest_setup: Flag = key(
        "Whether a new worker finds, formats (only if blank) and mounts its data disk by itself, adds its second private "
        "address, and starts serviceUnit after that. false for images without cloud-init or systemd, and for Windows: then "
        "userDataFile goes in as it is.",
        default=True,
    )
    data_mount_path: MountPath = key("Where the data disk is mounted.", default="/data")
    service_unit: ServiceUnit = key(
        "The systemd unit of your engine. It starts only where the disk is mounted and the address there, at every boot. "
        "Empty: nothing is started, nor held back.",
        default="",
        example="mirthconnect.service",
    )
    user_data_file: UserData = key(
        "What a new worker runs at its first boot besides: a shell script or a cloud-config. It holds no secrets and, "
        "without an address of its own, fetches nothing from the internet.",
        default=FileText(),
        step="name a file that is there and fits, or pulumi config rm userDataFile",
    )


class AwsWorkers(BaseModel):
    """What an EC2 instance is told."""

    ami_id: AmiId = key(
        "The image of the workers, in this region. A private one of another account is shared with this one, and so is the "
        "key of its snapshots (docs/RUNBOOK.md, A private image).",
        step=FIND_IMAGE,
    )
    instance_type: InstanceType = key("The machine type of the workers; it fits the image's processor.", default="m6i.large")
    tenancy: Tenancy = key(
        "Whether a worker shares its hardware with other accounts (default) or not (dedicated: some types only, and a fee a "
        "region). AWS never changes it on a living instance.",
        default=Tenancy.DEFAULT,
    )
    reserve_capacity: Flag = key(
        "Whether each worker has capacity reserved in its zone, so that it starts again on a day when everybody wants some; "
        "paid whether it runs or not. For images billed as Linux/UNIX, not Red Hat or SUSE.",
        default=False,
    )
    auto_recovery: Flag = key(
        "Whether AWS restarts a worker of a broken host on another one, with the same addresses; it is a standby then.",
        default=True,
    )
    metadata_hops: Annotated[int, Field(ge=1, le=3)] = key(
        "How far the answers of the metadata service travel, network hops. 1: the machine itself; 2: its containers too; "
        "3: containers behind one more network of their own.",
        default=1,
    )
    management_endpoints: Flag = key(
        "Endpoints of Systems Manager inside the network, the only way to a standby; about 29 dollars a month.", default=True
    )
    interface_endpoints: tuple[ServiceName, ...] = key(
        "Further services of AWS that the workers' own code reaches from inside the network, by their short names; about 15 "
        "dollars a month each.",
        default=(),
        example="secretsmanager",
    )


class AzureWorkers(BaseModel):
    """What a virtual machine is told."""

    image: ImageName = key(
        "The image of the workers, by an exact version: publisher:offer:sku:version of the marketplace, or the id of an "
        "image version in a gallery that the deploying account may read.",
        step=FIND_AZURE_IMAGE,
    )
    vm_size: VmSize = key(
        "The machine size of the workers; it fits the image's processor, takes premium disks and can encrypt at the host.",
        default="Standard_D2s_v5",
    )
    dedicated_hosts: Flag = key(
        "Whether each worker stands on a host of its own, which nobody else's machines share: a host group and a host in "
        "each worker's zone, paid whole.",
        default=False,
    )
    admin_public_key: AdminPublicKey = key(
        "An OpenSSH public key of the machines' first user. Azure makes no Linux machine without one; no port is open for "
        "it.",
        step=NAME_PUBLIC_KEY,
    )


class Traffic(BaseModel):
    """Who may come in. Everything else is closed; there is no SSH."""

    traffic_ports: Annotated[tuple[Port, ...], Field(min_length=1)] = key(
        "Ports of the workers that are open to the partners.", default=(2575,)
    )
    partner_cidrs: Annotated[tuple[NetworkRange, ...], Field(min_length=1)] = key(
        "The partners' networks; one host is a /32.", step=ASK_PARTNERS
    )
    public_health_port: Annotated[int, Field(ge=0, le=65535)] = key(
        "The one port that is open to the world, so that the watchdog can ask through the public address; its answer names "
        "the worker and its boot. 0: none.",
        default=0,
    )


class AwsTraffic(BaseModel):
    """What AWS's balancer is told."""

    balancer_idle_timeout_s: Annotated[int, Field(ge=60, le=6000)] = key(
        "How long a balancer remembers a connection on which nothing is sent; who sends on a forgotten one is cut off. "
        "Longer than the quiet between two messages, or than the TCP keepalive of one end.",
        default=3600,
    )


class Probes(BaseModel):
    """What the probers ask a worker, and how often."""

    probe_kind: ProbeKind = key(
        "The question. http and https: GET, any 2xx is healthy; mllp: an HL7 message that wants AA back. tcp says only that "
        "a port is open, which no automatic failover may rest on.",
        default=ProbeKind.HTTP,
    )
    probe_port: Port = key("The port that is asked.", default=8080)
    probe_path: UrlPath = key(
        "The path that http and https ask for. A page of JSON may name what is down (RULE.md 3.15).",
        default="/health",
    )
    ready_path: OptionalUrlPath = key(
        "The path by which a worker says that it could take over: licence, mounts, data as fresh as it must be. Asked of "
        "each with probePath; only a standby that answers both with 2xx becomes a target. Empty: any healthy one does.",
        default="",
        example="/ready",
    )
    probe_tls_verify: Flag = key("Whether https checks the worker's certificate.", default=True)
    probe_tls_ca_file: Certificates = key(
        "Certificates that https trusts instead of the public ones.",
        default=FileText(),
        step="name a file that is there and fits, or pulumi config rm probeTlsCaFile",
    )
    probe_interval_s: Annotated[float, Field(ge=1, le=60)] = key(
        "From one round of questions to the next. On Azure a timer fires every 5 seconds, and rounds fill that evenly: 1, "
        "1.25, 2.5 or 5. A balancer's own probe has no key: it asks every 5 seconds, the least that both clouds take.",
        by_tier={tier: pace.probe_interval_s for tier, pace in PACES.items()},
    )
    probe_timeout_s: Annotated[float, Field(ge=0.1, le=5)] = key(
        "Longest wait for a connection, and again for the answer.", default=0.4
    )
    restart_grace_s: Annotated[float, Field(ge=0, le=600)] = key(
        "How long refusals must last until they count as death: longer than a restart of the service.",
        by_tier={tier: pace.restart_grace_s for tier, pace in PACES.items()},
    )
    slow_grace_s: Annotated[float, Field(ge=0, le=600)] = key(
        "How long a service that accepts must stay silent until that counts as death: longer than a pause of it, such as a "
        "garbage collection.",
        default=SLOW_GRACE_S,
    )
    boot_grace_s: Annotated[float, Field(ge=0, le=3600)] = key(
        "How long the first holder of all may take until it answers for the first time.", default=300
    )


class Telling(BaseModel):
    """Who is told, and what is kept."""

    alert_emails: tuple[Email, ...] = key(
        "Who is told; on AWS each address confirms its subscription once.", default=(), step=NAME_READERS
    )


class AwsTelling(BaseModel):
    """What AWS tells and keeps."""

    notice_event_bus: BusName = key(
        "The event bus that notices are put on besides, for machines; docs/EVENTS.md is their form. Empty: none.",
        default="",
        example="default",
    )
    log_retention_days: RetentionDays = key("How long the watchdog's logs and flow logs are kept.", default=365)
    flow_logs: FlowLogs = key(
        "Whether every flow of the network is logged: who talked to whom, and who was turned away; about half a dollar for "
        "each GB of log. fitting: in a network of its own; in an existing one, all logs the others' flows too.",
        default=FlowLogs.FITTING,
        example="fitting",
    )


class AzureTelling(BaseModel):
    """What Azure keeps."""

    log_retention_days: AzureRetentionDays = key("How long the watchdog's logs are kept in the workspace.", default=365)


class AwsFunction(BaseModel):
    """The watchdog's functions."""

    arbiter_memory_mb: Annotated[int, Field(ge=128, le=10240)] = key(
        "Memory of the arbiter; processor and price grow with it.", default=256
    )
    reserved_concurrency: Annotated[int, Field(ge=-1, le=1000)] = key(
        "Concurrent runs set aside for each function; small accounts have none to spare. -1: none.", default=-1
    )
    lambda_architecture: Architecture = key(
        "Processor of the functions; a few new regions lack arm64.", default=Architecture.ARM64
    )
    lambda_runtime: Runtime = key("Python of the functions.", default=Runtime.PYTHON_3_13)


class AzureFunction(BaseModel):
    """The watchdog's Function App."""

    function_memory_mb: FunctionMemoryMb = key(
        "Memory of an instance of the Function App; most of the price of the watchdog grows with it.", default=2048
    )
    function_python: FunctionPython = key("Python of the Function App, in quotes.", default="3.13")


class Protection(BaseModel):
    """What a mistake cannot delete. To destroy a stack, set both to false, run `pulumi up`, then `pulumi destroy`."""

    protect: Flag = key(
        "Whether Pulumi refuses to delete addresses, the key, the record, the data disks and the balancer.", default=True
    )
    deletion_protection: Flag = key(
        "Whether the cloud itself refuses: AWS to delete the record table and the balancer and to terminate the workers, "
        "Azure to delete the address, the key vault, the record, the workers and their data disks (locks).",
        default=True,
    )
    tags: tuple[Tag, ...] = key(
        "Tags of everything that takes tags. Identities of Azure keep those that they were made with.",
        default=(),
        example="cost-center=4711",
    )


SECTIONS: tuple[tuple[type[BaseModel], ...], ...] = (
    (Place, AwsPlace, AzurePlace),
    (Network,),
    (Existing,),
    (Promise, AwsPromise),
    (Workers, AwsWorkers, AzureWorkers),
    (Traffic, AwsTraffic),
    (Probes,),
    (Telling, AwsTelling, AzureTelling),
    (AwsFunction, AzureFunction),
    (Protection,),
)
"""In the order of the page, each with its parts."""


class StackConfig(Place, Network, Promise, Workers, Traffic, Probes, Telling, Protection):
    """The keys that both clouds have: what a rule may look at that holds on both."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AwsConfig(StackConfig, AwsPlace, Existing, AwsPromise, AwsWorkers, AwsTraffic, AwsTelling, AwsFunction):
    """A checked configuration for AWS: every value in its range, all relations kept. Made by `infra.config.parse` only."""


class AzureConfig(StackConfig, AzurePlace, AzureWorkers, AzureTelling, AzureFunction):
    """A checked configuration for Azure: every value in its range, all relations kept. Made by `infra.config.parse` only."""


CONFIGS: Mapping[Cloud, type[AwsConfig] | type[AzureConfig]] = {Cloud.AWS: AwsConfig, Cloud.AZURE: AzureConfig}

COUNTERPARTS = (
    ("tie_breaker_zone", "zones"),
    ("ami_id", "image"),
    ("instance_type", "vm_size"),
    ("tenancy", "dedicated_hosts"),
    ("arbiter_memory_mb", "function_memory_mb"),
    ("lambda_runtime", "function_python"),
)
"""Keys of AWS, and what stands for them on Azure."""


def declaration(of: type[StackConfig], field: str) -> Declaration:
    """What the key of that field says of itself in that configuration; KeyError when there is no such field."""
    info = of.model_fields[field]
    extra = cast("Mapping[str, Any]", info.json_schema_extra)
    clouds = [cloud.value for cloud, config in CONFIGS.items() if config is of]
    return Declaration(
        sentence=info.description or "",
        example=(info.examples or [""])[0],
        step=extra["step"],
        by_tier=extra["by_tier"],
        not_yet=frozenset(extra["not_yet"]).union(*(extra["not_yet_on"].get(cloud, ()) for cloud in clouds)),
    )


_UNITS = {
    "s": ("Seconds", "seconds"),
    "minutes": ("Minutes", "minutes"),
    "gb": ("Gb", "GiB"),
    "mb": ("Mb", "MiB"),
    "days": ("Days", "days"),
}
"""Last word of a field's name: how a stack file writes it, and its unit in a sentence."""


def key_name(field: str) -> str:
    """The key in a stack file.

    >>> key_name("probe_interval_s"), key_name("network_cidr")
    ('probeIntervalSeconds', 'networkCidr')
    """
    first, *rest = field.split("_")
    return first + "".join(_UNITS[word][0] if word in _UNITS and word is rest[-1] else word.title() for word in rest)


def unit(field: str) -> str:
    """The unit of a field's value; empty when it has none.

    >>> unit("root_volume_gb"), unit("probe_port")
    ('GiB', '')
    """
    return _UNITS.get(field.rpartition("_")[2], ("", ""))[1]


FIELDS = {key_name(field): field for section in SECTIONS for part in section for field in part.model_fields}
"""Every key in a stack file of either cloud to its field, in the order of the page."""


def fields_of(of: type[StackConfig]) -> Mapping[str, str]:
    """The keys of one configuration, as FIELDS has them."""
    return {key: field for key, field in FIELDS.items() if field in of.model_fields}


def clouds_of(field: str) -> tuple[Cloud, ...]:
    """The clouds that have that field."""
    return tuple(cloud for cloud, config in CONFIGS.items() if field in config.model_fields)
