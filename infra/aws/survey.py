"""What has to be known of the account before anything is created: its zones, and a network that is there already.

Every mistake that only the account can show is reported here at once, as `infra.config` reports those of the stack file.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

import pulumi

from infra.aws.arguments import PairArgs
from infra.aws.existing import ExistingFacts, GatewayFacts, SubnetFacts, UnansweredError, VpcFacts, faults, named_subnets
from infra.aws.layout import Layout
from infra.config.faults import ConfigError, Fault

T = TypeVar("T")

NOTHING = ExistingFacts(vpc=None, subnets={}, gateway=None)


class Asks(Protocol):
    """Answers questions about the account, or raises `UnansweredError`; see `infra.aws.lookups`."""

    def zone_ids(self) -> dict[str, str]:
        """Zone to zone id."""
        ...

    def vpc(self, vpc_id: str) -> VpcFacts:
        """A VPC."""
        ...

    def subnet(self, subnet_id: str) -> SubnetFacts:
        """A subnet."""
        ...

    def gateway_endpoint(self, endpoint_id: str) -> GatewayFacts:
        """An endpoint of a VPC."""
        ...


@dataclass(frozen=True)
class Survey:
    """What was found."""

    zone_ids: dict[str, str]
    """Of the site's zones, those of its probers included."""
    table_prefix_list_id: str
    """The addresses of DynamoDB as an existing network knows them; empty: the site builds its own network."""


def survey(args: PairArgs, layout: Layout, ask: Asks) -> Survey:
    """Look before anything is created.

    Raises:
        pulumi.RunError: with every mistake that was found.
    """
    wanted = tuple(dict.fromkeys((*args["zones"], *layout.prober_zones)))
    known = _known_zones(wanted, ask)
    found = list(_strange_zones(wanted, known))
    facts, unknown = _existing(args, layout, ask) if args["vpc_id"] else (NOTHING, [])
    found += [*unknown, *faults(args, layout, facts)]
    if found:
        raise pulumi.RunError(str(ConfigError(found)))
    return Survey({zone: known[zone] for zone in wanted}, facts.gateway.prefix_list_id if facts.gateway else "")


def _known_zones(wanted: tuple[str, ...], ask: Asks) -> dict[str, str]:
    """Without them nothing else is worth a question: whoever may not ask this may hardly build anything."""
    try:
        return ask.zone_ids()
    except UnansweredError as exc:
        found = f"{', '.join(wanted)}, which cannot be looked up: {exc}"
        fault = Fault("zones", found, "zones of the account", "let the deployment's own role describe availability zones")
        raise pulumi.RunError(str(ConfigError([fault]))) from exc


def _strange_zones(wanted: tuple[str, ...], known: dict[str, str]) -> Iterator[Fault]:
    """Only the account knows: which names it is given differs between accounts."""
    for zone in wanted:
        if zone not in known:
            yield Fault(
                "zones",
                f"{zone}, which this account does not have",
                f"zones among {', '.join(sorted(known))}; tieBreakerZone too",
                "in the stack file, name zones of the account as tandem:zones and tandem:tieBreakerZone",
            )


def _existing(args: PairArgs, layout: Layout, ask: Asks) -> tuple[ExistingFacts, list[Fault]]:
    unknown: list[Fault] = []

    def look(key: str, name: str, question: Callable[[str], T]) -> T | None:
        try:
            return question(name)
        except UnansweredError as exc:
            step = "name one that is there, and let the deployment's own role describe it"
            unknown.append(Fault(key, f"{name}, which cannot be looked up: {exc}", "what is there already", step))
            return None

    vpc = look("vpcId", args["vpc_id"], ask.vpc)
    keys = {named.subnet_id: named.key for named in named_subnets(args, layout)}
    subnets = {subnet_id: look(key, subnet_id, ask.subnet) for subnet_id, key in keys.items()}
    gateway = look("tableEndpointId", args["table_endpoint_id"], ask.gateway_endpoint)
    there = {subnet_id: facts for subnet_id, facts in subnets.items() if facts is not None}
    return ExistingFacts(vpc, there, gateway), unknown
