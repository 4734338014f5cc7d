"""The watchdog runs: nothing in a program keeps its functions, its schedule or its decisions from running.

A pause is an operator's request with an end (docs/RUNBOOK.md); one in code has none, and nobody is told when it matters.
"""

from collections.abc import Sequence

from tandem_policy.values import (
    UNKNOWN,
    Answers,
    Config,
    Finding,
    Resource,
    Undecided,
    block,
    of_types,
    text,
    unknown_at,
)

FUNCTION = "aws:lambda/function:Function"
EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"

HANDLERS = "failover_lambda."
"""What the handler of every function of the watchdog begins with."""
ARBITERS = ("failover_lambda.aws.arbiter.", "failover_lambda.aws.fleet_arbiter.")
PAUSING = {
    "TANDEM_ENABLED": ("false", "the watchdog reads and changes nothing"),
    "TANDEM_WATCH_ONLY": ("true", "the watchdog tells what it would do and does nothing"),
}
"""Variables of an arbiter, with the value that pauses it and what that means."""
DISABLED = "DISABLED"


def is_arbiter(resource: Resource) -> bool:
    """Whether a resource is the function that decides."""
    return resource.type == FUNCTION and text(resource.props.get("handler")).startswith(ARBITERS)


def watchdog_is_not_paused(resource: Resource, _: Config) -> Answers:
    """Functions of the watchdog, and the rules that start it."""
    if resource.type == FUNCTION and text(resource.props.get("handler")).startswith(HANDLERS):
        yield from _has_room(resource)
        if is_arbiter(resource):
            yield from _decides(resource)
    elif resource.type == EVENT_RULE and resource.site and is_off(resource):
        yield Finding("the rule starts the watchdog and is disabled: leave its state at ENABLED")


def _has_room(function: Resource) -> Answers:
    reserved = function.props.get("reservedConcurrentExecutions")
    yield from unknown_at("reservedConcurrentExecutions", reserved)
    if reserved == 0:
        yield Finding("reservedConcurrentExecutions 0 keeps the function from running: leave it out, or reserve some")


def _decides(arbiter: Resource) -> Answers:
    environment = arbiter.props.get("environment")
    variables = environment if environment is UNKNOWN else block(environment).get("variables")
    if variables is UNKNOWN:
        yield Undecided("environment.variables")
        return
    for name, (pausing, meaning) in PAUSING.items():
        value = block(variables).get(name)
        yield from unknown_at(f"environment.variables.{name}", value)
        if text(value).lower() == pausing:
            yield Finding(f"{name} is {pausing}: {meaning}; pause it by a request, which ends by itself")


def is_off(starter: Resource) -> bool:
    """Whether an event rule or a schedule is known to be disabled."""
    return starter.props.get("state") == DISABLED or starter.props.get("isEnabled") is False


def watchdog_is_started(resources: Sequence[Resource], _: Config) -> Answers:
    """Each arbiter is the target of a schedule that is on."""
    for arbiter in resources:
        if is_arbiter(arbiter) and not any(_starts(starter, arbiter, resources) for starter in resources):
            yield Finding(
                f"no schedule that is on starts the arbiter {arbiter.name}: without one nobody leads once the last arbiter "
                "has ended",
                arbiter.urn,
            )


def _starts(starter: Resource, arbiter: Resource, resources: Sequence[Resource]) -> bool:
    if starter.type == SCHEDULE:
        return not is_off(starter) and _is(block(starter.props.get("target")).get("arn"), starter, "target", arbiter, "arn")
    if starter.type != EVENT_TARGET or not _is(starter.props.get("arn"), starter, "arn", arbiter, "arn"):
        return False
    return any(
        bool(rule.props.get("scheduleExpression"))
        and not is_off(rule)
        and _is(starter.props.get("rule"), starter, "rule", rule, "name")
        for rule in of_types(resources, EVENT_RULE)
    )


def _is(value: object, reader: Resource, reading: str, other: Resource, named: str) -> bool:
    """Whether a value is what the other resource is named by; while it is not known, whether it comes from there."""
    known = other.props.get(named)
    if text(value) and text(known):
        return value == known
    return reader.reads(other, reading)
