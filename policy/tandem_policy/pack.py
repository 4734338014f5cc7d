"""The rules as Pulumi's policy SDK wants them. The only file that imports it.

The SDK raises when a value that is not known yet is read, and turns that into advice ("can't run policy ... during
preview"). Here values become plain first, so that one unknown value silences no other finding of the same rule: findings
are reported, and what is undecided is raised after them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from tandem_policy.table import PACK, RULES
from tandem_policy.values import UNKNOWN, Answers, Finding, Resource, Rule, Undecided


def serve() -> None:
    """Answer the engine until it ends this process."""
    PolicyPack(
        name=PACK,
        description="A pair behind one fixed address, its watchdog, and what stands around them on AWS and Azure.",
        policies=[policy(rule) for rule in RULES],
    )


def policy(rule: Rule) -> Policy:
    """One rule as one policy."""
    level = EnforcementLevel(rule.level.value)
    schema = PolicyConfigSchema({key: dict(declared) for key, declared in rule.schema.items()})
    if rule.of_stack:
        return StackValidationPolicy(
            rule.name, rule.sentence, _of_stack(rule), enforcement_level=level, config_schema=schema
        )
    return ResourceValidationPolicy(
        rule.name, rule.sentence, _of_resource(rule), enforcement_level=level, config_schema=schema
    )


def _of_resource(rule: Rule) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        resource = Resource(
            type=args.resource_type, name=args.name, urn=args.urn, props=plain(args.props), protect=args.opts.protect
        )
        _say(rule.ask_resource(resource, args.get_config()), report)

    return validate


def _of_stack(rule: Rule) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        _say(rule.ask_stack([_resource(each) for each in args.resources], args.get_config()), report)

    return validate


def _resource(given: PolicyResource) -> Resource:
    return Resource(
        type=given.resource_type,
        name=given.name,
        urn=given.urn,
        props=plain(given.props),
        protect=given.opts.protect,
        depends_on=_urns(given.dependencies),
        property_depends_on={key: _urns(found) for key, found in given.property_dependencies.items()},
    )


def _urns(resources: Iterable[PolicyResource]) -> frozenset[str]:
    return frozenset(resource.urn for resource in resources)


def _say(answers: Answers, report: ReportViolation) -> None:
    undecided: Undecided | None = None
    for answer in answers:
        match answer:
            case Finding():
                report(answer.said, answer.urn or None)
            case Undecided():
                undecided = undecided or answer
    if undecided is not None:
        raise UnknownValueError(UNKNOWN_STRING_VALUE, undecided.path.split("."))


def plain(value: Any) -> Any:
    """The SDK's guarded maps and lists as plain ones, with `UNKNOWN` where reading raises."""
    if isinstance(value, Mapping):
        return {key: _read(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_read(value, place) for place in range(len(value))]
    return value


def _read(guarded: Any, key: Any) -> Any:
    try:
        return plain(guarded[key])
    except UnknownValueError:
        return UNKNOWN
