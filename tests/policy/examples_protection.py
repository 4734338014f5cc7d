"""Examples of the rules of `protection`, `machines`, `ports` and `logs`."""

from tandem_policy.values import UNKNOWN
from tests.policy.examples import OURS, Example, make

EIP = "aws:ec2/eip:Eip"
TABLE = "aws:dynamodb/table:Table"
INSTANCE = "aws:ec2/instance:Instance"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
OLDER_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
NEWER_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
FUNCTION = "aws:lambda/function:Function"
BARE = "the resource is not protected"
DECLARED = "declare it, with a retention, before the function"
MANAGED = ": name the networks that manage the machines, or let them in by Systems Manager and open no port"

EXAMPLES = (
    Example(
        rule="kept-protected",
        what="a pair's address and table without protection",
        resources=[make(EIP, domain="vpc", tags=OURS), make(TABLE, tags=OURS)],
        says=[
            f"{BARE}, and released, it never comes back, and every partner's allow-list is void: set the option protect",
            f"{BARE}, and it holds who serves and in which epoch: set the option protect",
        ],
    ),
    Example(
        rule="kept-protected",
        what="a table of nobody's pair, where all count",
        resources=[make(TABLE, name="t")],
        config={"all": True},
        says=["the resource is not protected, and it holds who serves and in which epoch: set the option protect"],
    ),
    Example(
        rule="kept-protected",
        what="a protected address, and a table of nobody's pair",
        resources=[make(EIP, protect=True, tags=OURS), make(TABLE, name="t")],
    ),
    Example(
        rule="tables-refuse-deletion",
        what="a pair's table that anybody may delete",
        resources=[make(TABLE, tags=OURS, deletionProtectionEnabled=False), make(TABLE, tagsAll=OURS)],
        says=["AWS would delete the table for whoever asks: set deletionProtectionEnabled"] * 2,
    ),
    Example(
        rule="tables-refuse-deletion",
        what="a pair's table that refuses, and one of nobody's pair",
        resources=[make(TABLE, tags=OURS, deletionProtectionEnabled=True), make(TABLE, name="t")],
    ),
    Example(
        rule="tables-refuse-deletion",
        what="a table of which nobody knows yet",
        resources=[make(TABLE, tags=OURS, deletionProtectionEnabled=UNKNOWN)],
        undecided=["deletionProtectionEnabled"],
    ),
    Example(
        rule="metadata-sessions",
        what="machines and templates that answer version 1",
        resources=[
            make(INSTANCE, ami="ami-1"),
            make(INSTANCE, metadataOptions={"httpTokens": "optional"}),
            make(TEMPLATE, metadataOptions={"httpEndpoint": "enabled"}),
        ],
        says=[
            "metadataOptions.httpTokens is not set: set it to required",
            "metadataOptions.httpTokens is optional: set it to required",
            "metadataOptions.httpTokens is not set: set it to required",
        ],
    ),
    Example(
        rule="metadata-sessions",
        what="machines that want a session, or answer nobody",
        resources=[
            make(INSTANCE, metadataOptions={"httpTokens": "required"}),
            make(TEMPLATE, metadataOptions={"httpEndpoint": "disabled"}),
        ],
    ),
    Example(
        rule="metadata-sessions",
        what="a machine of which nobody knows yet",
        resources=[make(INSTANCE, metadataOptions={"httpTokens": UNKNOWN})],
        undecided=["metadataOptions.httpTokens"],
    ),
    Example(
        rule="admin-ports-closed",
        what="a group with SSH open to the world, by IPv4 and IPv6",
        resources=[
            make(GROUP, ingress=[{"protocol": "tcp", "fromPort": 20, "toPort": 25, "cidrBlocks": ["0.0.0.0/0"]}]),
            make(GROUP, ingress=[{"protocol": "6", "fromPort": 22, "toPort": 22, "ipv6CidrBlocks": ["::/0"]}]),
        ],
        says=[
            f"0.0.0.0/0 reaches port 22 (SSH), 23 (Telnet), by ingress.0{MANAGED}",
            f"::/0 reaches port 22 (SSH), by ingress.0{MANAGED}",
        ],
    ),
    Example(
        rule="admin-ports-closed",
        what="an older rule for RDP from half of the world",
        resources=[
            make(OLDER_RULE, type="ingress", protocol="udp", fromPort=3389, toPort=3389, cidrBlocks=["128.0.0.0/1"]),
        ],
        says=[f"128.0.0.0/1 reaches port 3389 (RDP){MANAGED}"],
    ),
    Example(
        rule="admin-ports-closed",
        what="newer rules that open a port of the configuration, and everything",
        resources=[
            make(NEWER_RULE, ipProtocol="tcp", fromPort=8443, toPort=8443, cidrIpv4="0.0.0.0/0"),
            make(NEWER_RULE, ipProtocol="-1", cidrIpv6="::/0"),
        ],
        config={"adminPorts": [22, 8443]},
        says=[f"0.0.0.0/0 reaches port 8443{MANAGED}", f"::/0 reaches port 22 (SSH), 8443{MANAGED}"],
    ),
    Example(
        rule="admin-ports-closed",
        what="what goes out, what is named, what is no port, and a public service",
        resources=[
            make(OLDER_RULE, type="egress", protocol="-1", fromPort=0, toPort=0, cidrBlocks=["0.0.0.0/0"]),
            make(OLDER_RULE, type="ingress", protocol="tcp", fromPort=22, toPort=22, cidrBlocks=["10.0.0.0/8"]),
            make(NEWER_RULE, ipProtocol="icmp", fromPort=8, toPort=-1, cidrIpv4="0.0.0.0/0"),
            make(NEWER_RULE, ipProtocol="tcp", fromPort=8081, toPort=8081, cidrIpv4="0.0.0.0/0"),
            make(NEWER_RULE, ipProtocol="tcp", fromPort=22, toPort=22, referencedSecurityGroupId="sg-1"),
            make(GROUP, ingress=[{"protocol": "tcp", "fromPort": 22, "toPort": 22, "self": True}]),
        ],
    ),
    Example(
        rule="admin-ports-closed",
        what="a rule whose network, or port, is not known yet",
        resources=[
            make(NEWER_RULE, ipProtocol="tcp", fromPort=22, toPort=22, cidrIpv4=UNKNOWN),
            make(NEWER_RULE, ipProtocol="tcp", fromPort=UNKNOWN, toPort=22, cidrIpv4="0.0.0.0/0"),
            make(GROUP, ingress=UNKNOWN),
        ],
        undecided=["cidrBlocks", "fromPort", "ingress.cidrBlocks"],
    ),
    Example(
        rule="logs-kept",
        what="log groups that are kept for ever, or too short",
        resources=[make(LOG_GROUP), make(LOG_GROUP, retentionInDays=0), make(LOG_GROUP, retentionInDays=7)],
        says=[
            "the log group is kept for ever: set retentionInDays",
            "the log group is kept for ever: set retentionInDays",
            "the log group is kept 7 days, and 30 are wanted: raise retentionInDays",
        ],
    ),
    Example(
        rule="logs-kept",
        what="six years, where they are wanted and are not",
        resources=[make(LOG_GROUP, retentionInDays=365)],
        config={"daysMin": 2192},
        says=["the log group is kept 365 days, and 2192 are wanted: raise retentionInDays"],
    ),
    Example(rule="logs-kept", what="a log group of a month", resources=[make(LOG_GROUP, retentionInDays=30)]),
    Example(
        rule="function-logs-declared",
        what="a function whose group Lambda makes",
        resources=[make(FUNCTION, name="f"), make(LOG_GROUP, name="/aws/lambda/g")],
        says=[f"the function it logs into /aws/lambda/f, which the stack does not declare: {DECLARED}"],
    ),
    Example(
        rule="function-logs-declared",
        what="functions whose groups are declared",
        resources=[
            make(FUNCTION, "f", name="f"),
            make(FUNCTION, "g", name="g", loggingConfig={"logGroup": "/mine"}),
            make(LOG_GROUP, "f", name="/aws/lambda/f"),
            make(LOG_GROUP, "g", name="/mine"),
        ],
    ),
    Example(
        rule="function-logs-declared",
        what="a function and groups without a name yet",
        resources=[make(FUNCTION, "f", name=UNKNOWN), make(FUNCTION, "g", name="g"), make(LOG_GROUP, name=UNKNOWN)],
        undecided=["f.name", "g.name"],
    ),
)
