"""Network load balancers and their listeners; what stands behind them is in `lab.providers.aws.elbv2_targets`.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws import tagging
from lab.providers.aws.cloud import (
    NAMES,
    REGION,
    AwsHandler,
    fixed,
    physical_name,
    tagged,
    told,
    wait_until,
)
from lab.providers.aws.elbv2_attributes import asked, kept, tags_of, with_tags
from lab.providers.handler import Ask, State

BALANCER_ATTRIBUTES = {
    "enableCrossZoneLoadBalancing": "load_balancing.cross_zone.enabled",
    "enableDeletionProtection": "deletion_protection.enabled",
}
SWITCHED_OFF = (
    *("dropInvalidHeaderFields", "enableCrossZoneLoadBalancing", "enableDeletionProtection"),
    *("enableTlsVersionAndCipherSuiteHeaders", "enableWafFailOpen", "enableXffClientPort", "enableZonalShift"),
    "preserveHostHeader",
)
"""What is off by the provider's schema, for balancers of every type."""
OFF = fixed(enableCrossZoneLoadBalancing=False, enableDeletionProtection=False)
"""What an attribute becomes when the program does not name it any more."""
IDLE_TIMEOUT = "tcp.idle_timeout.seconds"


class LoadBalancer(AwsHandler):
    """A balancer of type network; its id is its ARN."""

    type = "aws:lb/loadBalancer:LoadBalancer"
    replaces = REGION | NAMES | {"customerOwnedIpv4Pool", "internal", "loadBalancerType"}
    defaults = fixed(
        **dict.fromkeys(SWITCHED_OFF, False),
        clientKeepAlive=3600,
        desyncMitigationMode="defensive",
        dnsRecordClientRoutingPolicy="any_availability_zone",
        enableHttp2=True,
        idleTimeout=60,
        loadBalancerType="application",
        xffHeaderProcessingMode="append",
    )
    named = "name"
    changes = frozenset({*BALANCER_ATTRIBUTES, "ipAddressType", "securityGroups", "subnetMappings"})
    retag = staticmethod(tagging.elbv2)
    gone = ("LoadBalancerNotFound",)

    def _make(self, ask: Ask) -> State:
        elb = self.client("elbv2")
        wanted = ask.pick("ipAddressType", "securityGroups", Type="loadBalancerType") | {
            "Scheme": "internal" if ask.get("internal") else "internet-facing",
            "SubnetMappings": [each.pick("subnetId", "allocationId") for each in ask.each("subnetMappings")],
        }
        made = elb.create_load_balancer(Name=physical_name(ask), **with_tags(ask), **wanted)
        arn = made["LoadBalancers"][0]["LoadBalancerArn"]
        elb.modify_load_balancer_attributes(
            LoadBalancerArn=arn, Attributes=asked(ask, BALANCER_ATTRIBUTES, BALANCER_ATTRIBUTES)
        )
        wait_until(arn, lambda: self._balancer(arn)["State"]["Code"] == "active")
        return State(arn)

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        elb, arn = self.client("elbv2"), state.id
        if attributes := asked(ask, BALANCER_ATTRIBUTES, changed, OFF):
            elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=attributes)
        if "securityGroups" in changed:
            elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=list(ask["securityGroups"]))
        if "subnetMappings" in changed:
            mappings = [each.pick("subnetId", "allocationId") for each in ask.each("subnetMappings")]
            elb.set_subnets(LoadBalancerArn=arn, SubnetMappings=mappings)
        if "ipAddressType" in changed and "ipAddressType" in ask:
            elb.set_ip_address_type(LoadBalancerArn=arn, IpAddressType=ask["ipAddressType"])

    def replaced_by(self, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> frozenset[str]:
        """A network balancer keeps the zones and addresses that it has, and cannot get or lose its groups altogether.

        (docstrings of pulumi_aws.lb.LoadBalancer; facts of the service: its guide, "Availability Zones", "Security groups".)
        """
        kept = all(mapping in (wanted.get("subnetMappings") or ()) for mapping in before.get("subnetMappings") or ())
        still = bool(before.get("securityGroups")) == bool(wanted.get("securityGroups"))
        is_network = wanted.get("loadBalancerType") == "network"
        return frozenset(
            name for name, fits in (("subnetMappings", kept), ("securityGroups", still)) if is_network and not fits
        )

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
        outputs |= kept(attributes, BALANCER_ATTRIBUTES)
        outputs |= {
            "internal": balancer["Scheme"] == "internal",
            "arnSuffix": state.id.partition(":loadbalancer/")[2],
            "subnetMappings": [_mapping(zone) for zone in balancer["AvailabilityZones"]],
        }
        return outputs | tagged(tags_of(self.client("elbv2"), state.id))

    def _remove(self, state: State) -> None:
        self.client("elbv2").delete_load_balancer(LoadBalancerArn=state.id)


class Listener(AwsHandler):
    """A port of a balancer, and the target group that it leads to; its id is its ARN."""

    type = "aws:lb/listener:Listener"
    replaces = REGION | {"loadBalancerArn"}
    required = frozenset({"defaultActions", "loadBalancerArn"})
    changes = frozenset({"defaultActions", "port", "protocol", "tcpIdleTimeoutSeconds"})
    retag = staticmethod(tagging.elbv2)
    gone = ("ListenerNotFound", "LoadBalancerNotFound")

    def _make(self, ask: Ask) -> State:
        elb = self.client("elbv2")
        made = elb.create_listener(
            DefaultActions=_actions(ask),
            **with_tags(ask),
            **ask.pick("loadBalancerArn", "port", "protocol"),
        )
        arn = made["Listeners"][0]["ListenerArn"]
        self._set_idle_timeout(arn, ask)
        return State(arn)

    def _set_idle_timeout(self, arn: str, ask: Ask) -> None:
        if "tcpIdleTimeoutSeconds" in ask:
            attributes = [{"Key": IDLE_TIMEOUT, "Value": str(ask["tcpIdleTimeoutSeconds"])}]
            self.client("elbv2").modify_listener_attributes(ListenerArn=arn, Attributes=attributes)

    def _change(self, state: State, ask: Ask, changed: frozenset[str]) -> None:
        if changed - {"tcpIdleTimeoutSeconds"}:
            wanted = {"DefaultActions": _actions(ask)} | ask.pick("port", "protocol")
            self.client("elbv2").modify_listener(ListenerArn=state.id, **wanted)
        if "tcpIdleTimeoutSeconds" in changed:
            self._set_idle_timeout(state.id, ask)

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        elb = self.client("elbv2")
        listener = elb.describe_listeners(ListenerArns=[state.id])["Listeners"][0]
        outputs = told(listener, "loadBalancerArn", "port", "protocol", ListenerArn="arn")
        outputs["defaultActions"] = [told(each, "type", "targetGroupArn") for each in listener["DefaultActions"]]
        for each in elb.describe_listener_attributes(ListenerArn=state.id)["Attributes"]:
            if each["Key"] == IDLE_TIMEOUT:
                outputs["tcpIdleTimeoutSeconds"] = int(each["Value"])
        return outputs | tagged(tags_of(elb, state.id))

    def _remove(self, state: State) -> None:
        self.client("elbv2").delete_listener(ListenerArn=state.id)


def _actions(ask: Ask) -> list[dict[str, Any]]:
    return [each.pick("type", "targetGroupArn") for each in ask.each("defaultActions")]


def _mapping(zone: Mapping[str, Any]) -> dict[str, Any]:
    addresses = [each["AllocationId"] for each in zone.get("LoadBalancerAddresses", ()) if "AllocationId" in each]
    return {"subnetId": zone["SubnetId"]} | ({"allocationId": addresses[0]} if addresses else {})


HANDLERS = (LoadBalancer, Listener)
