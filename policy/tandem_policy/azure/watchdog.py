"""The watchdog runs: nothing in a program keeps its app, its timer or its decisions from running.

No counterpart: `watchdog_is_started`, because the timer stands in the function's own code; what a program can take from it
are the instances that are always there (`watchdog_is_kept_ready`). `is_arbiter` and `is_off`: the app is known by its
settings.
"""

from collections.abc import Mapping
from typing import Any

from tandem_policy.azure.kinds import APP, dig, kind_of
from tandem_policy.values import UNKNOWN, Answers, Config, Finding, Resource, Undecided, block, items, maps, text, unknown_at

PREFIX = "TANDEM_"
"""With which the settings of a watchdog begin, and of nothing else."""

PAUSING = {
    "TANDEM_ENABLED": ({"false"}, "the watchdog reads and changes nothing"),
    "TANDEM_WATCH_ONLY": ({"true"}, "the watchdog tells what it would do and does nothing"),
    "AzureWebJobs.tick.Disabled": ({"true", "1"}, "the timer starts no tick"),
}
"""Settings with the values that pause it, and what that means."""

READY = ("http", "function:tick")
"""The groups of instances that scale by themselves: what is called from outside, and the timer."""


def watchdog_is_not_paused(resource: Resource, _: Config) -> Answers:
    """The settings of an app, written with it or beside it, and the app itself."""
    match kind_of(resource):
        case "web:WebAppApplicationSettings":
            yield from unknown_at("properties", resource.props.get("properties"))
            yield from _decides("properties.", block(resource.props.get("properties")))
        case "web:WebApp":
            listed = dig(resource.props, "siteConfig", "appSettings")
            yield from unknown_at("siteConfig.appSettings", listed)
            told = {text(each.get("name")): each.get("value") for each in maps(listed)}
            yield from _decides("siteConfig.appSettings.", told)
            if resource.site and resource.props.get("enabled") is False:
                yield Finding("the watchdog's app is switched off: leave enabled out")
        case _:
            pass


def _decides(path: str, settings: Mapping[str, Any]) -> Answers:
    if not any(name.startswith(PREFIX) for name in settings):
        return
    for name, (pausing, meaning) in PAUSING.items():
        value = settings.get(name)
        yield from unknown_at(f"{path}{name}", value)
        if text(value).lower() in pausing:
            yield Finding(f"{name} is {text(value)}: {meaning}; pause it by a request, which ends by itself")


def watchdog_is_kept_ready(resource: Resource, _: Config) -> Answers:
    """An app of a pair that scales by the plan Flex Consumption has an instance of each group at any time."""
    scale = dig(resource.props, "functionAppConfig", "scaleAndConcurrency")
    if kind_of(resource) != APP or not resource.site or scale is None:
        return
    listed = dig(scale, "alwaysReady")
    groups = maps(listed)
    counts = {text(each.get("name")): each.get("instanceCount") for each in groups}
    unknown = [listed, *items(listed), *counts.values(), *(each.get("name") for each in groups)]
    if UNKNOWN in unknown:
        yield Undecided("functionAppConfig.scaleAndConcurrency.alwaysReady")
        return
    missing = [name for name in READY if not counts.get(name)]
    if missing:
        yield Finding(
            f"no instance of {' and '.join(missing)} is always ready: give each one in "
            "functionAppConfig.scaleAndConcurrency.alwaysReady"
        )
