"""A small stack that uses every resource type and function of the lab's AWS handlers once, as the program uses them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}},
        ],
    }
)
TAGS = {"Name": "small", "tandem:site": "small"}
ECHO = """
import os

def handler(event, context):
    print("asked with", event)
    if event.get("fail"):
        raise RuntimeError("told to fail")
    return {"site": os.environ["TANDEM_SITE"], "endpoint": os.environ.get("AWS_ENDPOINT_URL_EC2", ""), "tick": event["tick"]}
"""


@dataclass(frozen=True)
class Net:
    """What the other parts need of the network."""

    vpc: aws.ec2.Vpc
    subnet: aws.ec2.Subnet
    table: aws.ec2.RouteTable
    way_out: aws.ec2.Route


Groups = Mapping[str, aws.ec2.SecurityGroup]


class Layer(pulumi.ComponentResource):
    """A component, so that URNs have depth."""

    def __init__(self, name: str) -> None:
        super().__init__("tandem:aws:Layer", name)
        self.opts = pulumi.ResourceOptions(parent=self)
        self.register_outputs({"made": True})


def small_stack(name: str, network: str) -> None:
    """Register everything; `name` begins the names that the program chooses, `network` is a /16."""
    identity = aws.get_caller_identity()
    partition = aws.get_partition().partition
    region = aws.get_region().region
    zones = aws.get_availability_zones(state="available").names
    net = _network(network, zones)
    key, alias = _keys(name)
    groups = _groups(net.vpc)
    _endpoints(region, net, groups)
    address = aws.ec2.Eip("address", domain="vpc", tags=TAGS, opts=pulumi.ResourceOptions(depends_on=[net.way_out]))
    worker, volume = _worker(net.subnet, groups, key, f"{network.rsplit('.', 2)[0]}.0.10", address)
    table = _table(name, key)
    topic = _telling(name, key, identity.account_id)
    _flows(name, net.vpc, key)
    _balancer(net, groups, worker)
    function = _watchdog(name, net.subnet, groups, [worker, address, table], _dead_letters(name))
    once = aws.lambda_.Invocation("once", function_name=function.name, input=json.dumps({"tick": "once"}))
    for output, value in {
        "account": identity.account_id,
        "partition": partition,
        "region": region,
        "publicIp": address.public_ip,
        "interface": worker.primary_network_interface_id,
        "result": once.result,
        "topic": topic.arn,
        "key": alias.target_key_arn,
        "volume": volume.arn,
    }.items():
        pulumi.export(output, value)


def failing_function(name: str) -> None:
    """Register a function that fails when it is invoked, and invoke it."""
    role = aws.iam.Role("echo", assume_role_policy=TRUST)
    code = pulumi.AssetArchive({"echo.py": pulumi.StringAsset(ECHO)})
    function = aws.lambda_.Function(
        "echo", name=name, role=role.arn, runtime="python3.13", handler="echo.handler", code=code
    )
    aws.lambda_.Invocation("once", function_name=function.name, input=json.dumps({"fail": True}))


def _network(network: str, zones: Sequence[str]) -> Net:
    layer = Layer("network").opts
    vpc = aws.ec2.Vpc("vpc", cidr_block=network, enable_dns_support=True, enable_dns_hostnames=True, tags=TAGS, opts=layer)
    aws.ec2.DefaultSecurityGroup("closed", vpc_id=vpc.id, tags=TAGS, opts=layer)
    subnet = aws.ec2.Subnet(
        "subnet",
        vpc_id=vpc.id,
        cidr_block=f"{network.split('/', maxsplit=1)[0]}/24",
        availability_zone=zones[0],
        map_public_ip_on_launch=False,
        tags=TAGS,
        opts=layer,
    )
    gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id, tags=TAGS, opts=layer)
    table = aws.ec2.RouteTable("routes", vpc_id=vpc.id, tags=TAGS, opts=layer)
    way_out = aws.ec2.Route(
        "way-out", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", gateway_id=gateway.id, opts=layer
    )
    aws.ec2.RouteTableAssociation("uses", subnet_id=subnet.id, route_table_id=table.id, opts=layer)
    own = pulumi.ResourceOptions(parent=layer.parent, depends_on=[way_out])
    nat_address = aws.ec2.Eip("nat", domain="vpc", tags=TAGS, opts=own)
    aws.ec2.NatGateway(
        "nat",
        allocation_id=nat_address.allocation_id,
        subnet_id=subnet.id,
        connectivity_type="public",
        tags=TAGS,
        opts=own,
    )
    return Net(vpc, subnet, table, way_out)


def _flows(name: str, vpc: aws.ec2.Vpc, key: aws.kms.Key) -> None:
    group = aws.cloudwatch.LogGroup("flows", name=f"/aws/vpc/{name}", retention_in_days=7, kms_key_id=key.arn, tags=TAGS)
    aws.ec2.FlowLog(
        "flows",
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=aws.iam.Role("flows", assume_role_policy=TRUST).arn,
        max_aggregation_interval=60,
        tags=TAGS,
    )


def _balancer(net: Net, groups: Groups, worker: aws.ec2.Instance) -> None:
    address = aws.ec2.Eip("balancer", domain="vpc", tags=TAGS, opts=pulumi.ResourceOptions(depends_on=[net.way_out]))
    balancer = aws.lb.LoadBalancer(
        "balancer",
        load_balancer_type="network",
        internal=False,
        ip_address_type="ipv4",
        security_groups=[groups["workers"].id],
        subnet_mappings=[{"subnet_id": net.subnet.id, "allocation_id": address.allocation_id}],
        enable_cross_zone_load_balancing=True,
        enable_deletion_protection=False,
        tags=TAGS,
    )
    group = aws.lb.TargetGroup(
        "mllp",
        port=2575,
        protocol="TCP",
        target_type="instance",
        vpc_id=net.vpc.id,
        deregistration_delay=0,
        connection_termination=True,
        target_health_states=[{"enable_unhealthy_connection_termination": True}],
        preserve_client_ip="true",
        proxy_protocol_v2=False,
        health_check={
            "enabled": True,
            "protocol": "HTTP",
            "port": "8080",
            "path": "/health",
            "matcher": "200-299",
            "interval": 5,
            "timeout": 2,
            "healthy_threshold": 2,
            "unhealthy_threshold": 2,
        },
        tags=TAGS,
    )
    aws.lb.TargetGroupAttachment("mllp", target_group_arn=group.arn, target_id=worker.id, port=2575)
    aws.lb.Listener(
        "mllp",
        load_balancer_arn=balancer.arn,
        port=2575,
        protocol="TCP",
        default_actions=[{"type": "forward", "target_group_arn": group.arn}],
        tcp_idle_timeout_seconds=3600,
        tags=TAGS,
    )


def _keys(name: str) -> tuple[aws.kms.Key, aws.kms.Alias]:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}],
    }
    key = aws.kms.Key(
        "key",
        description="of the small stack",
        enable_key_rotation=True,
        deletion_window_in_days=7,
        policy=json.dumps(policy),
        tags=TAGS,
    )
    return key, aws.kms.Alias("key", name=f"alias/{name}", target_key_id=key.key_id)


def _groups(vpc: aws.ec2.Vpc) -> Groups:
    groups = {
        name: aws.ec2.SecurityGroup(name, vpc_id=vpc.id, description=f"the {name}", tags=TAGS)
        for name in ("workers", "probers")
    }
    aws.vpc.SecurityGroupIngressRule(
        "probes",
        security_group_id=groups["workers"].id,
        referenced_security_group_id=groups["probers"].id,
        ip_protocol="tcp",
        from_port=8080,
        to_port=8080,
        description="probers ask",
        tags=TAGS,
    )
    aws.vpc.SecurityGroupEgressRule("out", security_group_id=groups["workers"].id, cidr_ipv4="0.0.0.0/0", ip_protocol="-1")
    return groups


def _endpoints(region: str, net: Net, groups: Groups) -> None:
    service = f"com.amazonaws.{region}.dynamodb"
    aws.ec2.VpcEndpoint("tables", vpc_id=net.vpc.id, service_name=service, route_table_ids=[net.table.id], tags=TAGS)
    aws.ec2.VpcEndpoint(
        "management",
        vpc_id=net.vpc.id,
        service_name=f"com.amazonaws.{region}.ssm",
        vpc_endpoint_type="Interface",
        subnet_ids=[net.subnet.id],
        security_group_ids=[groups["workers"].id],
        private_dns_enabled=True,
        tags=TAGS,
    )
    prefix_list = aws.ec2.get_prefix_list(name=service)
    aws.vpc.SecurityGroupEgressRule(
        "to-tables",
        security_group_id=groups["probers"].id,
        prefix_list_id=prefix_list.id,
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
    )


def _worker(
    subnet: aws.ec2.Subnet, groups: Groups, key: aws.kms.Key, private_ip: str, address: aws.ec2.Eip
) -> tuple[aws.ec2.Instance, aws.ebs.Volume]:
    role = aws.iam.Role("worker", assume_role_policy=TRUST, tags=TAGS)
    profile = aws.iam.InstanceProfile("worker", role=role.name, tags=TAGS)
    image = aws.ec2.get_ami(
        most_recent=True,
        owners=["amazon"],
        filters=[{"name": "name", "values": ["al2023-ami-2023.*-x86_64", "amzn2-ami-*"]}],
    )
    worker = aws.ec2.Instance(
        "wk1",
        ami=image.id,
        instance_type="t3.small",
        subnet_id=subnet.id,
        private_ip=private_ip,
        vpc_security_group_ids=[groups["workers"].id],
        iam_instance_profile=profile.name,
        user_data="#!/bin/sh\ntrue\n",
        metadata_options={"http_tokens": "required", "http_endpoint": "enabled", "http_put_response_hop_limit": 1},
        root_block_device={"encrypted": True, "kms_key_id": key.arn, "volume_size": 20, "volume_type": "gp3"},
        instance_initiated_shutdown_behavior="stop",
        maintenance_options={"auto_recovery": "default"},
        monitoring=True,
        tags=TAGS,
        opts=pulumi.ResourceOptions(depends_on=[address]),  # so that it goes first: an address in use is not released
    )
    volume = aws.ebs.Volume(
        "wk1-data",
        availability_zone=subnet.availability_zone,
        size=10,
        type="gp3",
        encrypted=True,
        kms_key_id=key.arn,
        tags=TAGS,
    )
    aws.ec2.VolumeAttachment("wk1-data", instance_id=worker.id, volume_id=volume.id, device_name="/dev/sdf")
    return worker, volume


def _table(name: str, key: aws.kms.Key) -> aws.dynamodb.Table:
    return aws.dynamodb.Table(
        "record",
        name=f"{name}-record",
        billing_mode="PAY_PER_REQUEST",
        hash_key="pk",
        attributes=[{"name": "pk", "type": "S"}],
        server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
        point_in_time_recovery={"enabled": True},
        deletion_protection_enabled=False,
        tags=TAGS,
    )


def _telling(name: str, key: aws.kms.Key, account_id: str) -> aws.sns.Topic:
    topic = aws.sns.Topic("notices", kms_master_key_id=key.arn, tags=TAGS)
    statement = {"Effect": "Allow", "Principal": {"AWS": account_id}, "Action": "sns:Publish", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    aws.sns.TopicPolicy("notices", arn=topic.arn, policy=json.dumps(policy))
    aws.sns.TopicSubscription("on-call", topic=topic.arn, protocol="email", endpoint="on-call@example.org")
    aws.cloudwatch.MetricAlarm(
        "silent",
        comparison_operator="LessThanThreshold",
        evaluation_periods=3,
        metric_name="Heartbeat",
        namespace="Tandem",
        period=60,
        statistic="Sum",
        threshold=1,
        treat_missing_data="breaching",
        dimensions={"Site": "small"},
        alarm_actions=[topic.arn],
        tags=TAGS,
    )
    text = {"type": "text", "x": 0, "y": 0, "width": 24, "height": 2, "properties": {"markdown": "# small"}}
    aws.cloudwatch.Dashboard("page", dashboard_name=f"{name}-page", dashboard_body=json.dumps({"widgets": [text]}))
    return topic


def _dead_letters(name: str) -> aws.sqs.Queue:
    queue = aws.sqs.Queue(
        "dead-letters",
        name=f"{name}-dead-letters",
        message_retention_seconds=1209600,
        sqs_managed_sse_enabled=True,
        tags=TAGS,
    )
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = queue.arn.apply(
        lambda arn: json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": arn}]})
    )
    aws.sqs.QueuePolicy("dead-letters", queue_url=queue.url, policy=policy)
    return queue


def _watchdog(
    name: str, subnet: aws.ec2.Subnet, groups: Groups, needs: list[pulumi.Resource], dead_letters: aws.sqs.Queue
) -> aws.lambda_.Function:
    role = aws.iam.Role("arbiter", assume_role_policy=TRUST, tags=TAGS)
    statement = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": f"arn:aws:dynamodb:*:*:table/{name}-record"}
    allowed = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    inside = aws.iam.RolePolicy("arbiter", role=role.name, policy=allowed)
    own = aws.iam.Policy("arbiter", policy=allowed, tags=TAGS)
    given = aws.iam.RolePolicyAttachment("arbiter", role=role.name, policy_arn=own.arn)
    logs = aws.cloudwatch.LogGroup("arbiter", name=f"/aws/lambda/{name}-arbiter", retention_in_days=30, tags=TAGS)
    function = aws.lambda_.Function(
        "arbiter",
        name=f"{name}-arbiter",
        role=role.arn,
        runtime="python3.13",
        handler="echo.handler",
        architectures=["arm64"],
        timeout=20,
        memory_size=256,
        code=pulumi.AssetArchive({"echo.py": pulumi.StringAsset(ECHO)}),
        environment={"variables": {"TANDEM_SITE": name}},
        vpc_config={"subnet_ids": [subnet.id], "security_group_ids": [groups["probers"].id]},
        reserved_concurrent_executions=3,
        tags=TAGS,
        opts=pulumi.ResourceOptions(depends_on=[inside, given, logs, *needs]),
    )
    aws.lambda_.FunctionEventInvokeConfig(
        "arbiter",
        function_name=function.name,
        maximum_retry_attempts=0,
        maximum_event_age_in_seconds=60,
        destination_config={"on_failure": {"destination": dead_letters.arn}},
    )
    rule = aws.cloudwatch.EventRule("every-minute", schedule_expression="rate(1 minute)", state="DISABLED", tags=TAGS)
    aws.cloudwatch.EventTarget(
        "every-minute",
        rule=rule.name,
        arn=function.arn,
        input_transformer={"input_paths": {"id": "$.id"}, "input_template": '{"tick": "loop", "id": <id>}'},
        retry_policy={"maximum_retry_attempts": 0, "maximum_event_age_in_seconds": 60},
        dead_letter_config={"arn": dead_letters.arn},
    )
    aws.lambda_.Permission(
        "every-minute",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="events.amazonaws.com",
        source_arn=rule.arn,
    )
    return function
