"""What only the subscription can answer: questions to ask before a deployment and after it; pure, and nothing here asks.

Each is one GET of Resource Manager, and what a good answer looks like: `az rest --method get --url 'PATH?api-version=...'`,
with the other parameters behind an &. Paths of compute and network are those of Microsoft's own clients, by a test; the
others follow the REST reference, from memory, and were not asked of a real subscription.

No counterpart in `Subject`: `prober_zones`, `image_id` (image), `instance_type` (vm_size), `reserved_runs`,
`endpoint_services`, `topic_arn`, `functions_in_network`, `instance_ids`, `arbiter_role_arn`
and `address_arn`. Azure's alone: `subscription_id`, `deployer_id`, `group`, `image`, `vm_size`, `dedicated_hosts`
and `alerts`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra.doctor import Moment, Question, in_order
from infra.quotas import Usage, cores

NAMESPACES = (
    *("Microsoft.App", "Microsoft.Authorization", "Microsoft.Compute", "Microsoft.Insights", "Microsoft.KeyVault"),
    *("Microsoft.ManagedIdentity", "Microsoft.Network", "Microsoft.OperationalInsights", "Microsoft.Storage"),
    "Microsoft.Web",
)
"""Of everything that the program builds; Microsoft.App is what a plan of the kind Flex Consumption runs on."""

CAPABILITIES = ("EncryptionAtHostSupported", "PremiumIO")
"""Of a machine size; each has to be True."""

REPLACEMENTS = 1
"""One more machine for a moment: what is made anew may be counted before the old one is forgotten."""

COMPUTE_API, SKUS_API, NETWORK_API = "2024-07-01", "2021-07-01", "2024-05-01"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The stack that is asked about. What is empty does not exist yet, or is not wanted: nothing is asked about it."""

    subscription_id: str
    region: str
    worker_zones: Sequence[str]
    vm_size: str
    image: str
    root_volume_gb: int
    dedicated_hosts: bool
    quota_needs: Mapping[Usage, int]
    deployer_id: str = ""
    """Object id of whoever runs `pulumi up`."""
    group: str = ""
    """The resource group, once it is there."""
    alerts: str = ""
    """Name of the action group that people are told by."""


def questions(subject: Subject) -> tuple[Question, ...]:
    """Everything worth asking, in the order of the moments."""
    return in_order((*_place(subject), *_workers(subject), *_quotas(subject), *_rights(subject), *_built(subject)))


def _question(subject: Subject, name: str, path: str, api: str, *, wanted: str, why: str, **more: str) -> Question:
    return Question(
        id=name,
        moment=Moment.BEFORE,
        asks=f"/subscriptions/{subject.subscription_id}{path}",
        parameters={"api-version": api, **more},
        wanted=wanted,
        why=why,
    )


def _place(subject: Subject) -> Iterator[Question]:
    zones = ", ".join(subject.worker_zones)
    yield _question(
        subject,
        "azure-zones",
        "/locations",
        "2022-12-01",
        wanted=f"availabilityZoneMappings of {subject.region} has logicalZone {zones}; physicalZone is the building",
        why="A region without zones has no pair; and zone 1 is another building in another subscription.",
    )
    yield _question(
        subject,
        "azure-flex-regions",
        "/providers/Microsoft.Web/geoRegions",
        "2024-04-01",
        wanted=f"{subject.region}, with FCZONEREDUNDANCY in its orgDomain",
        why="The watchdog's plan is not in every region, and not in all of these in more than one zone.",
        sku="FlexConsumption",
    )
    yield _question(
        subject,
        "azure-providers",
        "/providers",
        "2021-04-01",
        wanted=f"registrationState Registered of {', '.join(NAMESPACES)}",
        why="An unregistered one ends the deployment; without Microsoft.App the function answers 500.",
    )


def _workers(subject: Subject) -> Iterator[Question]:
    yield _question(
        subject,
        "azure-encryption-at-host",
        "/providers/Microsoft.Features/providers/Microsoft.Compute/features/EncryptionAtHost",
        "2021-07-01",
        wanted="properties.state Registered; after registering it, register Microsoft.Compute once more",
        why="Else every worker is refused, and later on it takes a stop.",
    )
    yield _question(
        subject,
        "azure-size",
        "/providers/Microsoft.Compute/skus",
        SKUS_API,
        wanted=f"an entry {subject.vm_size} with zones {', '.join(subject.worker_zones)}, no restrictions, and "
        f"{' and '.join(CAPABILITIES)} True",
        why=f"Not every zone has {subject.vm_size}; the machine there would be refused, and be no standby.",
        **{"$filter": f"location eq '{subject.region}'"},
    )
    if not subject.image.startswith("/"):
        publisher, offer, sku, version = subject.image.split(":")
        yield _question(
            subject,
            "azure-image",
            f"/providers/Microsoft.Compute/locations/{subject.region}/publishers/{publisher}/artifacttypes/vmimage/offers/"
            f"{offer}/skus/{sku}/versions/{version}",
            COMPUTE_API,
            wanted=f"properties.osDiskImage.sizeInGb at most {subject.root_volume_gb}, no plan, architecture of the size",
            why="A root disk smaller than the image is refused; an image with a plan wants its terms accepted first.",
        )


def _quotas(subject: Subject) -> Iterator[Question]:
    workers = len(subject.worker_zones)
    each = cores(subject.vm_size)
    total = f"{each * (workers + REPLACEMENTS)}" if each else f"{workers + REPLACEMENTS} machines' worth of cores"
    kinds = "cores and the size's family" + (", dedicatedVCpus and the hosts' family" if subject.dedicated_hosts else "")
    yield _question(
        subject,
        "azure-quota-cores",
        f"/providers/Microsoft.Compute/locations/{subject.region}/usages",
        COMPUTE_API,
        wanted=f"of {kinds}: limit at least {total} above currentValue",
        why="Beyond the quota the second worker is refused, or the one that is made anew after a fault of its host.",
    )
    needs = {usage.value: need for usage, need in subject.quota_needs.items() if usage is not Usage.CORES}
    of_network = [f"{need} of {entry.code}" for entry, need in needs.items()]
    yield _question(
        subject,
        "azure-quota-network",
        f"/providers/Microsoft.Network/locations/{subject.region}/usages",
        NETWORK_API,
        wanted=f"limit above currentValue by at least: {', '.join(of_network)}",
        why="Beyond the quota the resource is refused half-way.",
    )


def _rights(subject: Subject) -> Iterator[Question]:
    if subject.deployer_id:
        yield _question(
            subject,
            "azure-deployer",
            "/providers/Microsoft.Authorization/roleAssignments",
            "2022-04-01",
            wanted="roleDefinitionId Owner; or Contributor, and one that may write role assignments and locks",
            why="A contributor alone writes neither roles nor locks.",
            **{"$filter": f"assignedTo('{subject.deployer_id}')"},
        )
    yield _question(
        subject,
        "azure-locks",
        "/providers/Microsoft.Authorization/locks",
        "2020-05-01",
        wanted="none of level ReadOnly",
        why="Under one nothing is started, stopped or moved.",
    )
    yield _question(
        subject,
        "azure-policies",
        "/providers/Microsoft.Authorization/policyAssignments",
        "2022-06-01",
        wanted="none that denies public addresses on network cards",
        why="It is met only when the watchdog writes a card: `up` is green, and nobody gets the address.",
    )


def _built(subject: Subject) -> Iterator[Question]:
    if not subject.group:
        return
    found = f"/resourceGroups/{subject.group}/providers"
    for name, path, api, wanted, why in (
        (
            "azure-told",
            f"{found}/Microsoft.Insights/actionGroups/{subject.alerts}",
            "2023-01-01",
            "status Enabled of each of emailReceivers, and two or more of them",
            "Whoever unsubscribed is told nothing any more, and nobody says so.",
        ),
        (
            "azure-address",
            f"{found}/Microsoft.Network/publicIPAddresses",
            NETWORK_API,
            "ipConfiguration of the stack's address is on a worker's card, or on the balancer's frontend",
            "An address on nobody some minutes after a deployment: the watchdog does not run, or may not write the card.",
        ),
    ):
        yield Question(
            id=name,
            moment=Moment.AFTER,
            asks=f"/subscriptions/{subject.subscription_id}{path}",
            parameters={"api-version": api},
            wanted=wanted,
            why=why,
        )
