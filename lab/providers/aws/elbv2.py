"""Network load balancers: the balancer, its target groups, its listeners, and who is registered.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws.cloud import AwsHandler, as_text, physical_name, tag_list, tag_map, tagged, told, wait_until
from lab.providers.handler import Ask, State

BALANCER_ATTRIBUTES = {
    "enableCrossZoneLoadBalancing": "load_balancing.cross_zone.enabled",
    "enableDeletionProtection": "deletion_protection.enabled",
}
GROUP_ATTRIBUTES = {
    "deregistrationDelay": "deregistration_delay.timeout_seconds",
    "connectionTermination": "deregistration_delay.connection_termination.enabled",
    "preserveClientIp": "preserve_client_ip.enabled",
    "proxyProtocolV2": "proxy_protocol_v2.enabled",
}
"""Input to attribute; the cloud keeps every one as a text."""
AS_TEXT = frozenset({"preserveClientIp"})
"""Inputs that the provider has as texts too."""
UNHEALTHY_TERMINATION = "target_health_state.unhealthy.connection_termination.enabled"
IDLE_TIMEOUT = "tcp.idle_timeout.seconds"
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


class LoadBalancer(AwsHandler):
    """A balancer of type network; its id is its ARN."""

    type = "aws:lb/loadBalancer:LoadBalancer"
    gone = ("LoadBalancerNotFound",)

    def _make(self, ask: Ask) -> State:
        elb = self.client("elbv2")
        wanted = ask.pick("ipAddressType", "securityGroups", Type="loadBalancerType") | {
            "Scheme": "internal" if ask.get("internal") else "internet-facing",
            "SubnetMappings": [each.pick("subnetId", "allocationId") for each in ask.each("subnetMappings")],
        }
        made = elb.create_load_balancer(Name=physical_name(ask), Tags=tag_list(ask.get("tags")), **wanted)
        arn = made["LoadBalancers"][0]["LoadBalancerArn"]
        elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=_asked(ask, BALANCER_ATTRIBUTES))
        wait_until(arn, lambda: self._balancer(arn)["State"]["Code"] == "active")
        return State(arn)

    def _balancer(self, arn: str) -> Mapping[str, Any]:
        return self.client("elbv2").describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        balancer = self._balancer(state.id)
        outputs = told(
            balancer,
            *("ipAddressType", "securityGroups", "vpcId"),
            LoadBalancerArn="arn",
            LoadBalancerName="name",
            DNSName="dnsName",
            CanonicalHostedZoneId="zoneId",
            Type="loadBalancerType",
        )
        attributes = self.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=state.id)["Attributes"]
        outputs |= _told(attributes, BALANCER_ATTRIBUTES)
        outputs |= {
            "internal": balancer["Scheme"] == "internal",
            "arnSuffix": state.id.partition(":loadbalancer/")[2],
            "subnetMappings": [_mapping(zone) for zone in balancer["AvailabilityZones"]],
        }
        return outputs | tagged(_tags(self.client("elbv2"), state.id))

    def _remove(self, state: State) -> None:
        self.client("elbv2").delete_load_balancer(LoadBalancerArn=state.id)


class TargetGroup(AwsHandler):
    """The targets of one port, and how they are checked; its id is its ARN."""

    type = "aws:lb/targetGroup:TargetGroup"
    gone = ("TargetGroupNotFound",)

    def _make(self, ask: Ask) -> State:
        elb = self.client("elbv2")
        wanted = ask.pick("port", "protocol", "targetType", "vpcId") | _check(ask.inner("healthCheck"))
        made = elb.create_target_group(Name=physical_name(ask), Tags=tag_list(ask.get("tags")), **wanted)
        arn = made["TargetGroups"][0]["TargetGroupArn"]
        attributes = _asked(ask, GROUP_ATTRIBUTES)
        for each in ask.each("targetHealthStates"):
            attributes.append({"Key": UNHEALTHY_TERMINATION, "Value": as_text(each["enableUnhealthyConnectionTermination"])})
        elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=attributes)
        return State(arn)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        elb = self.client("elbv2")
        group = elb.describe_target_groups(TargetGroupArns=[state.id])["TargetGroups"][0]
        attributes = elb.describe_target_group_attributes(TargetGroupArn=state.id)["Attributes"]
        outputs = told(
            group, "port", "protocol", "targetType", "vpcId", TargetGroupArn="arn", TargetGroupName="name"
        ) | _told(attributes, GROUP_ATTRIBUTES)
        known = {each["Key"]: each["Value"] for each in attributes}
        if UNHEALTHY_TERMINATION in known:
            terminates = known[UNHEALTHY_TERMINATION] == "true"
            outputs["targetHealthStates"] = [{"enableUnhealthyConnectionTermination": terminates}]
        outputs |= {"arnSuffix": state.id.rpartition(":")[2], "healthCheck": _check_told(group)}
        return outputs | tagged(_tags(elb, state.id))

    def _remove(self, state: State) -> None:
        self.client("elbv2").delete_target_group(TargetGroupArn=state.id)


class Listener(AwsHandler):
    """A port of a balancer, and the target group that it leads to; its id is its ARN."""

    type = "aws:lb/listener:Listener"
    gone = ("ListenerNotFound", "LoadBalancerNotFound")

    def _make(self, ask: Ask) -> State:
        elb = self.client("elbv2")
        actions = [each.pick("type", "targetGroupArn") for each in ask.each("defaultActions")]
        made = elb.create_listener(
            DefaultActions=actions, Tags=tag_list(ask.get("tags")), **ask.pick("loadBalancerArn", "port", "protocol")
        )
        arn = made["Listeners"][0]["ListenerArn"]
        if "tcpIdleTimeoutSeconds" in ask:
            attributes = [{"Key": IDLE_TIMEOUT, "Value": str(ask["tcpIdleTimeoutSeconds"])}]
            elb.modify_listener_attributes(ListenerArn=arn, Attributes=attributes)
        return State(arn)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        elb = self.client("elbv2")
        listener = elb.describe_listeners(ListenerArns=[state.id])["Listeners"][0]
        outputs = told(listener, "loadBalancerArn", "port", "protocol", ListenerArn="arn")
        outputs["defaultActions"] = [told(each, "type", "targetGroupArn") for each in listener["DefaultActions"]]
        for each in elb.describe_listener_attributes(ListenerArn=state.id)["Attributes"]:
            if each["Key"] == IDLE_TIMEOUT:
                outputs["tcpIdleTimeoutSeconds"] = int(each["Value"])
        return outputs | tagged(_tags(elb, state.id))

    def _remove(self, state: State) -> None:
        self.client("elbv2").delete_listener(ListenerArn=state.id)


class TargetGroupAttachment(AwsHandler):
    """One target in a group."""

    type = "aws:lb/targetGroupAttachment:TargetGroupAttachment"
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


def _asked(ask: Ask, names: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": as_text(ask[name])} for name, key in names.items() if name in ask]


def _told(attributes: list[Mapping[str, str]], names: Mapping[str, str]) -> dict[str, Any]:
    known = {each["Key"]: each["Value"] for each in attributes}
    return {name: _value(name, known[key]) for name, key in names.items() if key in known}


def _value(name: str, text: str) -> Any:
    if name in AS_TEXT:
        return text
    return text == "true" if text in {"true", "false"} else int(text)


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


def _mapping(zone: Mapping[str, Any]) -> dict[str, Any]:
    addresses = [each["AllocationId"] for each in zone.get("LoadBalancerAddresses", ()) if "AllocationId" in each]
    return {"subnetId": zone["SubnetId"]} | ({"allocationId": addresses[0]} if addresses else {})


def _tags(elb: Any, arn: str) -> dict[str, str]:
    return tag_map(elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"])


HANDLERS = (LoadBalancer, TargetGroup, Listener, TargetGroupAttachment)
