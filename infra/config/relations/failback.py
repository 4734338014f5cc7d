"""Rules about failback windows. A window that nothing reads is refused too: whoever wrote it counts on it."""

from collections.abc import Iterator
from typing import Any

from infra.config.faults import Fault
from infra.config.keys import EXAMPLE_CRON, SET_CRON, Mode, StackConfig, key_name
from infra.config.relations.registry import relation
from infra.pace import PACES
from infra.timetable import shortest_distance_s, time_zone

LENGTH_MINUTES_MIN = 5
"""Home is watched for a minute, the last move is waited for as long, and the arbiter that leads may be about to change."""

MINUTE_S = 60

_STEP = "pulumi config set failbackEnabled true, or pulumi config rm {key}"


@relation(StackConfig, "mode", "failback_enabled", "failback_cron")
def _a_window_opens(config: StackConfig) -> Iterator[Fault]:
    wanted = f"a cron of five fields such as {EXAMPLE_CRON}"
    if _is_wanted(config) and not config.failback_cron:
        step = f"{SET_CRON}, or pulumi config rm failbackEnabled"
        yield Fault("failbackCron", "not set with failbackEnabled true", wanted, step)
    if _stands_alone(config, config.failback_cron):
        yield _unread("failback_cron", config.failback_cron, wanted)


@relation(StackConfig, "mode", "failback_enabled", "failback_length_minutes")
def _a_window_closes(config: StackConfig) -> Iterator[Fault]:
    length, wanted = config.failback_length_minutes, f"{LENGTH_MINUTES_MIN} minutes or more"
    if _is_wanted(config) and length < LENGTH_MINUTES_MIN:
        found = f"{length or 'not set'} with failbackEnabled true"
        because = f"{wanted}: home is watched for a minute before it gets the address, and an arbiter may just have begun"
        yield Fault("failbackLengthMinutes", found, because, "pulumi config set failbackLengthMinutes 120")
    if _stands_alone(config, length):
        yield _unread("failback_length_minutes", length, wanted)


@relation(StackConfig, "mode", "failback_enabled", "failback_time_zone")
def _a_time_zone_is_of_a_window(config: StackConfig) -> Iterator[Fault]:
    default = StackConfig.model_fields["failback_time_zone"].default
    if config.failback_time_zone != default and _stands_alone(config, config.failback_time_zone):
        yield _unread("failback_time_zone", config.failback_time_zone, f"another one than {default}")


@relation(StackConfig, "failback_enabled", "failback_cron", "failback_length_minutes", "failback_time_zone")
def _a_window_closes_before_the_next(config: StackConfig) -> Iterator[Fault]:
    """Length < shortest distance of two openings: else the next window opens before the last one ends."""
    if not (config.failback_enabled and config.failback_cron):
        return
    distance_s = shortest_distance_s(config.failback_cron, time_zone(config.failback_time_zone))
    if distance_s is not None and config.failback_length_minutes * MINUTE_S >= distance_s:
        minutes = distance_s / MINUTE_S
        yield Fault(
            "failbackLengthMinutes",
            f"{config.failback_length_minutes} with failbackCron {config.failback_cron}, by which two windows open "
            f"{minutes:g} minutes apart (failbackTimeZone {config.failback_time_zone}, its changes of clocks counted in)",
            "failbackLengthMinutes < the shortest time between two openings",
            f"lower failbackLengthMinutes, or set a failbackCron that opens less often, such as {EXAMPLE_CRON}",
        )


@relation(StackConfig, "tier", "failback_enabled")
def _who_fails_back_fails_over(config: StackConfig) -> Iterator[Fault]:
    if config.failback_enabled and config.tier not in PACES:
        yield Fault(
            "failbackEnabled",
            f"true with tier {config.tier.value}, where a person moves the address",
            f"true with tier {' or '.join(sorted(tier.value for tier in PACES))}",
            "pulumi config rm failbackEnabled",
        )


def _is_wanted(config: StackConfig) -> bool:
    """Where there is no watchdog at all, that is said instead."""
    return config.failback_enabled and config.mode is Mode.ACTIVE_PASSIVE


def _stands_alone(config: StackConfig, value: object) -> bool:
    """Set, and no window is wanted."""
    return bool(value) and not config.failback_enabled and config.mode is Mode.ACTIVE_PASSIVE


def _unread(field: str, value: Any, wanted: str) -> Fault:
    name = key_name(field)
    return Fault(name, f"{value} with failbackEnabled false", f"{wanted} with failbackEnabled true", _STEP.format(key=name))
