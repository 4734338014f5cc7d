"""Logs are kept as long as somebody chose, and no group appears that nobody declared."""

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

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
FUNCTION = "aws:lambda/function:Function"
FUNCTION_LOGS = "/aws/lambda/"
"""Where Lambda writes, unless told otherwise."""


def logs_are_kept(resource: Resource, config: Config) -> Answers:
    """Each group says for how long; nothing said, and 0, are for ever."""
    if resource.type != LOG_GROUP:
        return
    days, minimum = resource.props.get("retentionInDays"), int(config["daysMin"])
    yield from unknown_at("retentionInDays", days)
    if days is UNKNOWN:
        return
    if not days:
        yield Finding("the log group is kept for ever: set retentionInDays")
    elif int(days) < minimum:
        yield Finding(f"the log group is kept {int(days)} days, and {minimum} are wanted: raise retentionInDays")


def functions_have_log_groups(resources: Sequence[Resource], _: Config) -> Answers:
    """Lambda makes the group of a function that has none, and keeps it for ever."""
    declared = [group.props.get("name") for group in of_types(resources, LOG_GROUP)]
    for function in of_types(resources, FUNCTION):
        name, logging = function.props.get("name"), function.props.get("loggingConfig")
        told = logging if logging is UNKNOWN else block(logging).get("logGroup")
        if told is UNKNOWN or (not told and name is UNKNOWN):
            yield Undecided(f"{function.name}.name")
            continue
        group = text(told) or FUNCTION_LOGS + text(name)
        if group in declared:
            continue
        if UNKNOWN in declared:
            yield Undecided(f"{function.name}.name")
        else:
            yield Finding(
                f"the function {function.name} logs into {group}, which the stack does not declare: declare it, with a "
                "retention, before the function",
                function.urn,
            )
