"""The loss of one zone is not the loss of the service: workers, address, record and watchdog of a pair stand in several.

A subnet of Azure lies in no zone. A machine without a zone is wherever Azure puts it, which is one place.

No counterpart: `zones_are_several` (`workers_stand_in_several`), because subnets and balancers there stand in no zone.
Azure's alone: `one_stands_in_all`.
"""

from collections.abc import Sequence

from tandem_policy.azure.kinds import MACHINE, dig, is_record, is_watched, kind_of, of_kinds
from tandem_policy.values import UNKNOWN, Answers, Config, Finding, Resource, items, text, unknown_at
from tandem_policy.zones import judge, said

PLAN = "web:AppServicePlan"
IN_ZONES = "ZRS"
"""In the name of every kind of storage that is kept in three zones (Standard_ZRS, Premium_ZRS, GZRS, RAGZRS)."""


def workers_stand_in_several(resources: Sequence[Resource], config: Config) -> Answers:
    """The workers of each pair."""
    machines = of_kinds(resources, MACHINE)
    of_any = [UNKNOWN for machine in machines if machine.site_is_unknown]
    for site in sorted({machine.site for machine in machines if machine.site}):
        zones = [zone for machine in machines if machine.site == site for zone in _zones(machine)]
        yield from judge(f"the workers of {site}", [*zones, *of_any], int(config["zonesMin"]), "")


def one_stands_in_all(resource: Resource, config: Config) -> Answers:
    """What a pair has one of: its address, its record, and the plan of its watchdog."""
    if is_watched(resource):
        zones, minimum = _zones(resource), int(config["zonesMin"])
        yield from unknown_at("zones", *zones)
        if UNKNOWN not in zones and len(zones) < minimum:
            yield Finding(f"{said('the address', len(zones), minimum)}: set zones")
    elif is_record(resource):
        sku = dig(resource.props, "sku", "name")
        yield from unknown_at("sku.name", sku)
        if sku is not UNKNOWN and IN_ZONES not in text(sku):
            yield Finding(f"the record lies in one zone ({text(sku) or 'no sku'}): set sku.name to Standard_ZRS")
    elif kind_of(resource) == PLAN and resource.site:
        redundant = resource.props.get("zoneRedundant")
        yield from unknown_at("zoneRedundant", redundant)
        if redundant is not UNKNOWN and redundant is not True:
            yield Finding("the watchdog's plan stands in one zone: set zoneRedundant")


def _zones(resource: Resource) -> Sequence[object]:
    zones = resource.props.get("zones")
    return [UNKNOWN] if zones is UNKNOWN else list(items(zones))
