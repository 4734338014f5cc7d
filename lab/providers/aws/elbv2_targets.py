"""Target groups, how they are checked, and who is registered in them.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws import tagging
from lab.providers.aws.cloud import (
    NAMES,
    REGION,
    AwsHandler,
    as_text,
    fixed,
    physical_name,
    tagged,
    told,
)
from lab.providers.aws.elbv2_attributes import asked, kept, tags_of, with_tags
from lab.providers.handler import Ask, State

GROUP_ATTRIBUTES = {
    "deregistrationDelay": "deregistration_delay.timeout_seconds",
    "connectionTermination": "deregistration_delay.connection_termination.enabled",
    "preserveClientIp": "preserve_client_ip.enabled",
    "proxyProtocolV2": "proxy_protocol_v2.enabled",
}
"""Input to attribute; the cloud keeps every one as a text."""
UNHEALTHY_TERMINATION = "target_health_state.unhealthy.connection_termination.enabled"
DRAINING_S = 300
"""The provider's default, and the service's, of the time that a target has to end its connections."""
OFF = fixed(connectionTermination=False, proxyProtocolV2=False, deregistrationDelay=DRAINING_S)
"""What an attribute becomes when the program does not name it any more; the others stay as they are."""
CHECK = {
    "enabled": "HealthCheckEnabled",
    "protocol": "HealthCheckProtocol",
    "port": "HealthCheckPort",
    "path": "HealthCheckPath",
    "interval": "HealthCheckIntervalSeconds",
    "timeout": "HealthCheckTimeoutSeconds",
    "healthyThreshold": "HealthyThresholdCount",
    "unhealthyThreshold": "UnhealthyThresholdCount",
}
"""A field of a health check to its parameter."""


class TargetGroup(AwsHandler):
    """The targets of one port, and how they are checked; its id is its ARN."""

    type = "aws:lb/targetGroup:TargetGroup"
    replaces = REGION | NAMES | {"ipAddressType", "port", "protocol", "protocolVersion", "targetType", "vpcId"}
    defaults = fixed(
        deregistrationDelay=DRAINING_S,
        lambdaMultiValueHeadersEnabled=False,
        proxyProtocolV2=False,
        slowStart=0,
        targetType="instance",
    )
    named = "name"
    changes = frozenset({*GROUP_ATTRIBUTES, "healthCheck", "targetHealthStates"})
    retag = staticmethod(tagging.elbv2)
    gone = ("TargetGroupNotFound",)

    def _make(self, ask: Ask) -> State:
        elb = self.client("elbv2")
        wanted = ask.pick("port", "protocol", "targetType", "vpcId") | _check(ask.inner("healthCheck"))
        made = elb.create_target_group(Name=physical_name(ask), **with_tags(ask), **wanted)
        arn = made["TargetGroups"][0]["TargetGroupArn"]
        if attributes := asked(ask, GROUP_ATTRIBUTES, GROUP_ATTRIBUTES) + _unhealthy(ask):
            elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=attributes)
        return State(arn)

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        elb = self.client("elbv2")
        if "healthCheck" in changed and (check := _check(ask.inner("healthCheck"))):
            elb.modify_target_group(TargetGroupArn=state.id, **check)
        attributes = asked(ask, GROUP_ATTRIBUTES, changed, OFF)
        if "targetHealthStates" in changed:
            attributes += _unhealthy(ask)
        if attributes:
            elb.modify_target_group_attributes(TargetGroupArn=state.id, Attributes=attributes)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        elb = self.client("elbv2")
        group = elb.describe_target_groups(TargetGroupArns=[state.id])["TargetGroups"][0]
        attributes = elb.describe_target_group_attributes(TargetGroupArn=state.id)["Attributes"]
        outputs = told(
            group, "port", "protocol", "targetType", "vpcId", TargetGroupArn="arn", TargetGroupName="name"
        ) | kept(attributes, GROUP_ATTRIBUTES)
        known = {each["Key"]: each["Value"] for each in attributes}
        if UNHEALTHY_TERMINATION in known:
            terminates = known[UNHEALTHY_TERMINATION] == "true"
            outputs["targetHealthStates"] = [{"enableUnhealthyConnectionTermination": terminates}]
        outputs |= {"arnSuffix": state.id.rpartition(":")[2], "healthCheck": _check_told(group)}
        return outputs | tagged(tags_of(elb, state.id))

    def _remove(self, state: State) -> None:
        self.client("elbv2").delete_target_group(TargetGroupArn=state.id)


class TargetGroupAttachment(AwsHandler):
    """One target in a group."""

    type = "aws:lb/targetGroupAttachment:TargetGroupAttachment"
    replaces = REGION | {"availabilityZone", "port", "quicServerId", "targetGroupArn", "targetId"}
    required = frozenset({"targetGroupArn", "targetId"})
    gone = ("TargetGroupNotFound", "InvalidTarget")

    def _make(self, ask: Ask) -> State:
        target = ask.pick("port", Id="targetId")
        group = ask["targetGroupArn"]
        self.client("elbv2").register_targets(TargetGroupArn=group, Targets=[target])
        return State(f"{group}-{target['Id']}")

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        group = state.outputs["targetGroupArn"]
        for each in self.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]:
            if each["Target"]["Id"] == state.outputs["targetId"]:
                return told(each["Target"], "port", Id="targetId") | {"targetGroupArn": group}
        return None

    def _remove(self, state: State) -> None:
        target = {"Id": state.outputs["targetId"], "Port": state.outputs["port"]}
        self.client("elbv2").deregister_targets(TargetGroupArn=state.outputs["targetGroupArn"], Targets=[target])


def _unhealthy(ask: Ask) -> list[dict[str, str]]:
    return [
        {"Key": UNHEALTHY_TERMINATION, "Value": as_text(each["enableUnhealthyConnectionTermination"])}
        for each in ask.each("targetHealthStates")
    ]


def _check(ask: Ask) -> dict[str, Any]:
    check = {parameter: ask[key] for key, parameter in CHECK.items() if key in ask}
    if "matcher" in ask:
        check["Matcher"] = {"HttpCode": ask["matcher"]}
    return check


def _check_told(group: Mapping[str, Any]) -> dict[str, Any]:
    check = {key: group[parameter] for key, parameter in CHECK.items() if parameter in group}
    if code := group.get("Matcher", {}).get("HttpCode"):
        check["matcher"] = code
    return check


HANDLERS = (TargetGroup, TargetGroupAttachment)
