"""The rules between keys, as formulas. Each one refuses with both values in the message and changes nothing in silence.

A rule names the fields that it looks at, as few as it can, and is asked when all of them could be read: one mistyped key
hides no other mistake. Of a list with a mistyped item, the other items count. Pure; only `infra.config.parsing` imports
this file.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import combinations

from failover_lambda.contract import OWNER_TAG, ProbeKind, Tier
from infra.addressing import PREFIX_LONGEST, PREFIX_SHORTEST, is_private
from infra.config.faults import Fault, line
from infra.config.keys import ASK_PARTNERS, FIND_IMAGE, NAME_READERS, WORKERS, StackConfig
from infra.naming import NAME_TAG, RESERVED_TAG_PREFIX, TAGS_MAX, worker_names
from infra.pace import CARRIES_S, MOVE_S, PACES, longest_outage
from infra.regions import AWS_REGIONS

Check = Callable[[StackConfig], Iterator[Fault]]


@dataclass(frozen=True)
class Relation:
    """One rule."""

    fields: tuple[str, ...]
    check: Check
    whole: bool
    """Whether a list counts only when all of it could be read; else its readable items do."""
    real_cloud_only: bool


@dataclass(frozen=True)
class _Readable:
    """The fields that could be read."""

    whole: Collection[str]
    in_part: Collection[str]
    """Lists without some of their items."""

    def suffices(self, relation: Relation) -> bool:
        return all(field in self.whole or (field in self.in_part and not relation.whole) for field in relation.fields)


RELATIONS: list[Relation] = []
"""Filled by the decorator below, in the order of this file."""


def _relation(*fields: str, whole: bool = False, real_cloud_only: bool = False) -> Callable[[Check], Check]:
    def register(check: Check) -> Check:
        RELATIONS.append(Relation(fields, check, whole, real_cloud_only))
        return check

    return register


def faults(config: StackConfig, whole: Collection[str], in_part: Collection[str], *, loopback: bool) -> list[Fault]:
    """The faults of every rule whose fields could be read: `whole`, or lists of which `in_part` holds the readable items."""
    readable = _Readable(whole, in_part)
    asked = [each for each in RELATIONS if readable.suffices(each) and not (loopback and each.real_cloud_only)]
    return [fault for relation in asked for fault in relation.check(config)]


@_relation("region", "zones")
def _zones_lie_in_the_region(config: StackConfig) -> Iterator[Fault]:
    known = AWS_REGIONS[config.region].zones
    for zone in config.zones:
        if zone not in known:
            yield _zone_fault("zones", f"{zone}, which is not in region {config.region}", f"zones among {', '.join(known)}")


@_relation("zones")
def _each_worker_has_a_zone_of_its_own(config: StackConfig) -> Iterator[Fault]:
    if len(set(config.zones)) < len(config.zones):
        yield _zone_fault("zones", f"{' and '.join(config.zones)}, one zone for both workers", _among(config.zones[0]))


@_relation("region", "tie_breaker_zone")
def _the_tie_breaker_lies_in_the_region(config: StackConfig) -> Iterator[Fault]:
    known, zone = AWS_REGIONS[config.region].zones, config.tie_breaker_zone
    if zone and zone not in known:
        found = f"{zone}, which is not in region {config.region}"
        yield _zone_fault("tieBreakerZone", found, f"zones among {', '.join(known)}, without those of the workers")


@_relation("zones", "tie_breaker_zone")
def _the_tie_breaker_has_no_worker(config: StackConfig) -> Iterator[Fault]:
    if config.tie_breaker_zone in config.zones:
        found = f"{config.tie_breaker_zone}, which is in zones too"
        yield _zone_fault("tieBreakerZone", found, _among(config.tie_breaker_zone, config.zones))


def _among(zone: str, taken: Collection[str] = ()) -> str:
    """The free zones beside one; by its own name, because the region may be unreadable."""
    region = AWS_REGIONS.get(zone[:-1])
    free = [each for each in region.zones if each not in taken] if region else []
    return f"zones among {', '.join(free)}" if free else "zones of the region, each once"


def _zone_fault(key: str, found: str, allowed: str) -> Fault:
    return Fault(key, found, allowed, "aws ec2 describe-availability-zones shows those of the account")


@_relation("vpc_cidr")
def _the_network_is_large_enough_and_private(config: StackConfig) -> Iterator[Fault]:
    network = config.vpc_cidr
    if not PREFIX_SHORTEST <= network.prefixlen <= PREFIX_LONGEST:
        yield Fault(
            "vpcCidr",
            f"{network}, a /{network.prefixlen}",
            f"a /{PREFIX_SHORTEST} to a /{PREFIX_LONGEST}, because it is cut into 16 subnets and AWS has none below a /28",
            "pulumi config set vpcCidr 10.80.0.0/16",
        )
    if not (network.is_loopback or is_private(network)):
        yield Fault(
            "vpcCidr",
            f"{network}, which belongs to hosts on the internet",
            "a network in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10",
            "pulumi config set vpcCidr 10.80.0.0/16",
        )


@_relation("vpc_cidr", real_cloud_only=True)
def _the_network_is_no_lab(config: StackConfig) -> Iterator[Fault]:
    """Such a network stands in a stack file that the lab has derived; on a real cloud no packet would leave the worker."""
    if config.vpc_cidr.is_loopback:
        yield _loopback_fault("vpcCidr", config.vpc_cidr)


@_relation("partner_cidrs", real_cloud_only=True)
def _partners_are_no_lab(config: StackConfig) -> Iterator[Fault]:
    for network in config.partner_cidrs:
        if network.is_loopback:
            yield _loopback_fault("partnerCidrs", network)


def _loopback_fault(key: str, network: IPv4Network) -> Fault:
    return Fault(
        key,
        f"{network}, a loopback network, and the cloud's endpoint is not on this machine",
        "loopback networks in the lab only, where AWS_ENDPOINT_URL_EC2 is a loopback address",
        "use the stack file that the lab's one was derived from: vpcCidr, partnerCidrs, protect and "
        "deletionProtection differ",
    )


PLACEHOLDER_IMAGE = "ami-0123456789abcdef0"
"""In the shipped stack files; so are networks and mail addresses of documentation. The lab uses all three as they are."""
DOCUMENTATION_NETWORKS = tuple(IPv4Network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
"""RFC 5737: nobody sends from there."""
DOCUMENTATION_DOMAINS = ("example.org", "example.com", "example.net")
"""RFC 2606: nobody reads mail there."""


@_relation("ami_id", real_cloud_only=True)
def _the_image_is_no_placeholder(config: StackConfig) -> Iterator[Fault]:
    if config.ami_id == PLACEHOLDER_IMAGE:
        found = f"{PLACEHOLDER_IMAGE}, the placeholder of the shipped stack files"
        yield Fault("amiId", found, "the image of your engine in this region", FIND_IMAGE)


@_relation("partner_cidrs", real_cloud_only=True)
def _partners_are_no_placeholders(config: StackConfig) -> Iterator[Fault]:
    for network in config.partner_cidrs:
        if any(network.subnet_of(documentation) for documentation in DOCUMENTATION_NETWORKS):
            found = f"{network}, a network for documentation, from which nobody sends"
            yield Fault("partnerCidrs", found, "networks of partners", ASK_PARTNERS)


@_relation("alert_emails", real_cloud_only=True)
def _addresses_are_no_placeholders(config: StackConfig) -> Iterator[Fault]:
    for address in dict.fromkeys(config.alert_emails):
        domain = address.rpartition("@")[2].lower()
        if any(f".{domain}".endswith(f".{each}") for each in DOCUMENTATION_DOMAINS):
            found = f"{address}, in a domain for documentation, where nobody reads mail"
            yield Fault("alertEmails", found, "addresses that somebody reads", NAME_READERS)


@_relation("partner_cidrs")
def _partners_are_told_apart(config: StackConfig) -> Iterator[Fault]:
    for network in config.partner_cidrs:
        if network.prefixlen == 0:
            yield Fault(
                "partnerCidrs",
                f"{network}, the whole internet",
                "networks of partners, as small as they are, one host a /32; the whole internet is no partner",
                ASK_PARTNERS,
            )
    for one, other in combinations(config.partner_cidrs, 2):
        if one.overlaps(other) and 0 not in (one.prefixlen, other.prefixlen):
            yield _partner_fault(f"{one} and {other}, which overlap")


@_relation("vpc_cidr", "partner_cidrs")
def _partners_are_outside_the_network(config: StackConfig) -> Iterator[Fault]:
    for network in config.partner_cidrs:
        if network.overlaps(config.vpc_cidr) and network.prefixlen:
            yield _partner_fault(f"{network}, which overlaps vpcCidr {config.vpc_cidr}: answers would never leave the stack")


def _partner_fault(found: str) -> Fault:
    return Fault("partnerCidrs", found, "networks of partners, apart from each other and from vpcCidr", "name each one once")


@_relation("order", whole=True)
def _the_order_names_every_worker_once(config: StackConfig) -> Iterator[Fault]:
    workers = worker_names(WORKERS)
    if sorted(config.order) != sorted(workers):
        strange = [name for name in config.order if name not in workers]
        because = f", and there is no {' and no '.join(strange)}" if strange else ""
        yield Fault(
            "order",
            f"{', '.join(config.order)}{because}",
            f"each of {', '.join(workers)} once, the home worker first",
            line("order", workers),
        )


@_relation("traffic_ports", "public_health_port")
def _the_public_port_carries_no_traffic(config: StackConfig) -> Iterator[Fault]:
    if config.public_health_port in config.traffic_ports:
        yield Fault(
            "publicHealthPort",
            f"{config.public_health_port}, which is in trafficPorts too",
            "a port of its own, because it is open to the world, or 0",
            "pulumi config set publicHealthPort 8081",
        )


@_relation("traffic_ports")
def _traffic_ports_are_told_apart(config: StackConfig) -> Iterator[Fault]:
    for port, times in Counter(config.traffic_ports).items():
        if times > 1:
            yield Fault("trafficPorts", f"{port} {times} times", "each port once", "remove the repetition")


@_relation("probe_kind")
def _a_failover_rests_on_an_answer(config: StackConfig) -> Iterator[Fault]:
    if config.probe_kind is ProbeKind.TCP:
        yield Fault(
            "probeKind",
            "tcp, and every tier of this version fails over by itself",
            "http, https or mllp: a bare connection also succeeds on a service that hangs",
            "pulumi config set probeKind http",
        )


@_relation("probe_kind", "probe_tls_ca_file")
def _certificates_are_asked_for(config: StackConfig) -> Iterator[Fault]:
    if config.probe_tls_ca_file.path and config.probe_kind is not ProbeKind.HTTPS:
        yield _certificates_fault(config.probe_tls_ca_file.path, "probeKind", config.probe_kind.value, "https")


@_relation("probe_tls_verify", "probe_tls_ca_file")
def _certificates_are_checked(config: StackConfig) -> Iterator[Fault]:
    if config.probe_tls_ca_file.path and not config.probe_tls_verify:
        yield _certificates_fault(config.probe_tls_ca_file.path, "probeTlsVerify", "false", "true")


def _certificates_fault(path: str, key: str, value: str, wanted: str) -> Fault:
    return Fault(
        "probeTlsCaFile",
        f"{path}, with {key} {value}",
        "certificates where probeKind is https and probeTlsVerify is true; nothing else looks at them",
        f"pulumi config set {key} {wanted}, or pulumi config rm probeTlsCaFile",
    )


@_relation("probe_interval_s", "probe_timeout_s")
def _a_round_ends_before_the_next(config: StackConfig) -> Iterator[Fault]:
    """2 * probeTimeoutSeconds <= probeIntervalSeconds: a question waits for the connection, then for the answer."""
    if 2 * config.probe_timeout_s > config.probe_interval_s:
        yield Fault(
            "probeTimeoutSeconds",
            f"{config.probe_timeout_s:g} with probeIntervalSeconds {config.probe_interval_s:g}",
            "2 * probeTimeoutSeconds <= probeIntervalSeconds, for a question may wait twice: to connect and for the answer",
            f"pulumi config set probeTimeoutSeconds {config.probe_interval_s / 2:g}",
        )


@_relation("tier", "probe_interval_s", "probe_timeout_s", "restart_grace_s")
def _the_tier_can_be_kept(config: StackConfig) -> Iterator[Fault]:
    outage = longest_outage(config.probe_interval_s, config.probe_timeout_s, config.restart_grace_s)
    promised_s = PACES[config.tier].outage_s_max
    if outage.total_s > promised_s:
        other = f", or pulumi config set tier {Tier.HIGH_AVAILABILITY.value}" if config.tier is Tier.FAULT_TOLERANT else ""
        yield Fault(
            "tier",
            f"{config.tier.value}, and an outage may last {outage.total_s:g} s: {outage.decision_s:g} s until the decision "
            f"(probeIntervalSeconds {config.probe_interval_s:g}, probeTimeoutSeconds {config.probe_timeout_s:g}, "
            f"restartGraceSeconds {config.restart_grace_s:g}), "
            f"{MOVE_S:g} s for two address calls (Fortinet's published log), "
            f"{CARRIES_S:g} s until the address carries traffic (nginx/documentation#520)",
            f"at most {promised_s:g} s",
            f"lower probeIntervalSeconds, probeTimeoutSeconds or restartGraceSeconds{other}",
        )


@_relation("moves_per_hour_max", "moves_per_day_max")
def _a_day_holds_an_hour(config: StackConfig) -> Iterator[Fault]:
    if config.moves_per_hour_max > config.moves_per_day_max:
        yield Fault(
            "movesPerHourMax",
            f"{config.moves_per_hour_max} with movesPerDayMax {config.moves_per_day_max}",
            "movesPerHourMax <= movesPerDayMax",
            f"pulumi config set movesPerHourMax {config.moves_per_day_max}",
        )


@_relation("alert_emails")
def _nobody_is_told_twice(config: StackConfig) -> Iterator[Fault]:
    for address, times in Counter(config.alert_emails).items():
        if times > 1:
            yield Fault("alertEmails", f"{address} {times} times", "each address once", "remove the repetition")


RESERVED_CONCURRENCY_MIN = 3
"""Two lives that overlap at a hand-over, and one tick that a deployment asks for."""


@_relation("reserved_concurrency")
def _a_hand_over_has_room(config: StackConfig) -> Iterator[Fault]:
    if 0 <= config.reserved_concurrency < RESERVED_CONCURRENCY_MIN:
        yield Fault(
            "reservedConcurrency",
            str(config.reserved_concurrency),
            f"-1, or {RESERVED_CONCURRENCY_MIN} and more: two lives at a hand-over, and the tick of a deployment",
            "pulumi config set reservedConcurrency -- -1",
        )


OWN_TAGS = (NAME_TAG, OWNER_TAG)


@_relation("tags")
def _tags_are_free(config: StackConfig) -> Iterator[Fault]:
    names = [tag.partition("=")[0] for tag in config.tags]
    for name, times in Counter(names).items():
        if name.lower().startswith(RESERVED_TAG_PREFIX) or name in OWN_TAGS:
            yield Fault("tags", f"{name}=..., which is taken", f"keys besides aws:*, {', '.join(OWN_TAGS)}", "rename it")
        if times > 1:
            yield Fault("tags", f"{name}=... {times} times", "each key once", "remove the repetition")
    most = TAGS_MAX - len(OWN_TAGS)
    if len(names) > most:
        yield Fault("tags", f"{len(names)} tags", f"at most {most}", "remove some")
