"""Examples of the rules of `address`, `watchdog` and `zones`."""

from tandem_policy.values import UNKNOWN, Resource
from tests.policy.examples import OURS, SITE, Example, after, make

EIP = "aws:ec2/eip:Eip"
ASSOCIATION = "aws:ec2/eipAssociation:EipAssociation"
NAT = "aws:ec2/natGateway:NatGateway"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TRANSFER = "aws:transfer/server:Server"
FUNCTION = "aws:lambda/function:Function"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"
INSTANCE = "aws:ec2/instance:Instance"
SUBNET = "aws:ec2/subnet:Subnet"
VPC = "aws:ec2/vpc:Vpc"

ARBITER_HANDLER = "failover_lambda.aws.arbiter.handler"
PROBER_HANDLER = "failover_lambda.aws.prober.handler"
ADDRESS_TAGS = {**OURS, "Name": f"{SITE}-address"}
INSTEAD = "pause it by a request, which ends by itself"
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:arbiter"

FUTURE = make(EIP, "address", tags=ADDRESS_TAGS, allocationId=UNKNOWN)
ADDRESS = make(EIP, "address", tags=ADDRESS_TAGS, allocationId="eipalloc-1", publicIp="192.0.2.7")
OTHER = make(EIP, "other", tags={"Name": "nat"}, allocationId="eipalloc-2", publicIp="192.0.2.8")


def taken(type_token: str, what: str, by: str) -> str:
    return (
        f"{type_token} it takes {what} by {by}; a watchdog moves it, and the next update would take it from the worker that "
        "serves: leave it to the watchdog, or take another address"
    )


def arbiter(**variables: object) -> Resource:
    return make(FUNCTION, "arbiter", arn=ARN, handler=ARBITER_HANDLER, environment={"variables": variables})


def started(state: str = "ENABLED") -> list[Resource]:
    rule = make(RULE, name="every-minute", state=state, scheduleExpression="rate(1 minute)")
    return [arbiter(), rule, after(make(TARGET, arn=ARN, rule="every-minute"), arn=arbiter(), rule=rule)]


def unstarted() -> list[str]:
    return ["no schedule that is on starts the arbiter arbiter: without one nobody leads once the last arbiter has ended"]


EXAMPLES = (
    Example(
        rule="address-names-no-machine",
        what="the address on an instance, and on a card that is not made yet",
        resources=[
            make(EIP, tags=ADDRESS_TAGS, instance="i-1"),
            make(EIP, tags=ADDRESS_TAGS, networkInterface=UNKNOWN, associateWithPrivateIp="10.0.0.4"),
        ],
        says=[
            f"the watchdog moves this address, and {name} gives it to a machine: leave it out"
            for name in ("instance", "networkInterface", "associateWithPrivateIp")
        ],
    ),
    Example(
        rule="address-names-no-machine",
        what="the address of nobody, and a worker's own one",
        resources=[
            make(EIP, tags=ADDRESS_TAGS, domain="vpc"),
            make(EIP, tags={**OURS, "Name": f"{SITE}-egress-wk1"}, networkInterface="eni-1"),
        ],
    ),
    Example(
        rule="address-left-alone",
        what="an association by id, and one by the address itself",
        resources=[
            ADDRESS,
            make(ASSOCIATION, allocationId="eipalloc-1", instanceId="i-1"),
            make(ASSOCIATION, publicIp="192.0.2.7", instanceId="i-1"),
        ],
        says=[
            taken(ASSOCIATION, "the address eipalloc-1", "allocationId"),
            taken(ASSOCIATION, "the address 192.0.2.7", "publicIp"),
        ],
    ),
    Example(
        rule="address-left-alone",
        what="a NAT gateway and a balancer on an address that is not made yet",
        resources=[
            FUTURE,
            after(make(NAT, allocationId=UNKNOWN), allocationId=FUTURE),
            after(make(BALANCER, subnetMappings=[{"subnetId": "subnet-1", "allocationId": UNKNOWN}]), subnetMappings=FUTURE),
        ],
        says=[
            taken(NAT, "the address of address", "allocationId"),
            taken(BALANCER, "the address of address", "subnetMappings.0.allocationId"),
        ],
    ),
    Example(
        rule="address-left-alone",
        what="a file transfer on the address that an arbiter of the stack is told",
        resources=[
            arbiter(TANDEM_ADDRESS_ID="eipalloc-3"),
            make(TRANSFER, endpointDetails={"addressAllocationIds": ["eipalloc-4", "eipalloc-3"]}),
        ],
        says=[taken(TRANSFER, "the address eipalloc-3", "endpointDetails.addressAllocationIds.1")],
    ),
    Example(
        rule="address-left-alone",
        what="an association in another stack, by the configuration",
        resources=[make(ASSOCIATION, allocationId="eipalloc-1")],
        config={"addresses": ["eipalloc-1"]},
        says=[taken(ASSOCIATION, "the address eipalloc-1", "allocationId")],
    ),
    Example(
        rule="address-left-alone",
        what="associations and gateways of other addresses",
        resources=[
            ADDRESS,
            OTHER,
            after(make(NAT, allocationId="eipalloc-2"), allocationId=OTHER),
            after(make(ASSOCIATION, publicIp="192.0.2.8"), publicIp=OTHER),
        ],
    ),
    Example(
        rule="address-left-alone",
        what="an association of which nobody knows yet",
        resources=[ADDRESS, make(ASSOCIATION, allocationId=UNKNOWN)],
        undecided=["allocationId"],
    ),
    Example(
        rule="watchdog-not-paused",
        what="an arbiter without a place to run, disabled, and only watching",
        resources=[
            make(FUNCTION, handler=PROBER_HANDLER, reservedConcurrentExecutions=0),
            arbiter(TANDEM_ENABLED="false"),
            arbiter(TANDEM_WATCH_ONLY="true"),
            make(RULE, tags=OURS, state="DISABLED"),
            make(RULE, tags=OURS, isEnabled=False),
        ],
        says=[
            "reservedConcurrentExecutions 0 keeps the function from running: leave it out, or reserve some",
            f"TANDEM_ENABLED is false: the watchdog reads and changes nothing; {INSTEAD}",
            f"TANDEM_WATCH_ONLY is true: the watchdog tells what it would do and does nothing; {INSTEAD}",
            *["the rule starts the watchdog and is disabled: leave its state at ENABLED"] * 2,
        ],
    ),
    Example(
        rule="watchdog-not-paused",
        what="a watchdog that runs, and a function and a rule that are none of it",
        resources=[
            arbiter(TANDEM_ENABLED="true", TANDEM_SITE=SITE),
            make(FUNCTION, handler=PROBER_HANDLER, reservedConcurrentExecutions=-1, environment={"variables": {}}),
            make(RULE, tags=OURS, state="ENABLED"),
            make(FUNCTION, handler="mine.handler", reservedConcurrentExecutions=0),
            make(RULE, state="DISABLED"),
        ],
    ),
    Example(
        rule="watchdog-not-paused",
        what="an arbiter whose environment is not known yet",
        resources=[
            make(FUNCTION, handler=ARBITER_HANDLER, environment={"variables": UNKNOWN}),
            arbiter(TANDEM_ENABLED=UNKNOWN),
        ],
        undecided=["environment.variables", "environment.variables.TANDEM_ENABLED"],
    ),
    Example(rule="watchdog-started", what="an arbiter without a schedule", resources=[arbiter()], says=unstarted()),
    Example(
        rule="watchdog-started",
        what="an arbiter whose schedule is off",
        resources=started("DISABLED"),
        says=unstarted(),
    ),
    Example(
        rule="watchdog-started",
        what="an arbiter that only an event starts, and a schedule of another function",
        resources=[
            arbiter(),
            make(RULE, "event", name="event", eventPattern="{}"),
            make(TARGET, "event", arn=ARN, rule="event"),
            make(SCHEDULE, state="ENABLED", target={"arn": ARN + "-2"}),
        ],
        says=unstarted(),
    ),
    Example(rule="watchdog-started", what="an arbiter with its schedule", resources=started()),
    Example(
        rule="watchdog-started",
        what="an arbiter that is not made yet, by a schedule of EventBridge Scheduler",
        resources=[arbiter(), after(make(SCHEDULE, state="ENABLED", target={"arn": UNKNOWN}), target=arbiter())],
    ),
    Example(
        rule="several-zones",
        what="both workers, and all subnets, in one zone, and a balancer of one subnet",
        resources=[
            make(INSTANCE, "wk1", tags=OURS, availabilityZone="a"),
            make(INSTANCE, "wk2", tags=OURS, availabilityZone="a"),
            make(VPC, "vpc", id="vpc-1"),
            make(SUBNET, "s1", vpcId="vpc-1", availabilityZone="a"),
            make(SUBNET, "s2", vpcId="vpc-1", availabilityZone="a"),
            make(BALANCER, subnets=["subnet-1"]),
        ],
        says=[
            f"the workers of {SITE} (a) stand in 1 zone, and 2 are wanted",
            "the subnets of vpc (a) stand in 1 zone, and 2 are wanted",
            "the balancer it stands in 1 zone, and 2 are wanted",
        ],
    ),
    Example(
        rule="several-zones",
        what="workers by their subnets, where three zones are wanted",
        resources=[
            make(SUBNET, "s1", id="subnet-1", availabilityZone="a"),
            make(SUBNET, "s2", id="subnet-2", availabilityZone="b"),
            make(INSTANCE, "wk1", tags=OURS, subnetId="subnet-1"),
            make(INSTANCE, "wk2", tags=OURS, subnetId="subnet-2"),
        ],
        config={"zonesMin": 3},
        says=[f"the workers of {SITE} (a, b) stand in 2 zones, and 3 are wanted"],
    ),
    Example(
        rule="several-zones",
        what="two zones, and a machine and a network that are none of a pair's",
        resources=[
            make(INSTANCE, "wk1", tags=OURS, availabilityZone="a"),
            make(INSTANCE, "wk2", tags=OURS, availabilityZone="b"),
            make(INSTANCE, "alone", availabilityZone="a"),
            make(VPC, "vpc", id=UNKNOWN),
            after(make(SUBNET, "s1", vpcId=UNKNOWN, availabilityZone="a"), vpcId=make(VPC, "vpc")),
            after(make(SUBNET, "s2", vpcId=UNKNOWN, availabilityZone="b"), vpcId=make(VPC, "vpc")),
            make(BALANCER, subnetMappings=[{"subnetId": "subnet-1"}, {"subnetId": "subnet-2"}]),
        ],
    ),
    Example(
        rule="several-zones",
        what="workers in subnets that nobody knows",
        resources=[
            make(INSTANCE, "wk1", tags=OURS, subnetId="subnet-9"),
            make(INSTANCE, "wk2", tags=OURS, subnetId=UNKNOWN),
        ],
        undecided=[f"the workers of {SITE}: zones"],
    ),
)
