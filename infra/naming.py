"""Names and tags of what the program creates; pure.

A *logical* name is a resource's identity in Pulumi's state: renaming one replaces the resource. A *physical* name is what
the cloud shows; most resources get theirs from the logical name with eight characters of Pulumi's added, and only what must
be known beforehand or found again by name has a fixed one, made here. Everybody in `infra` may import this file.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from failover_lambda.contract import OWNER_TAG

SITE_LENGTH_MAX = 32
"""Leaves room for the longest suffix, `-prober-ap-southeast-1a`, in 64 characters, autonaming included."""

AUTONAMING_LENGTH = 8
"""Pulumi adds a hyphen and seven hexadecimal characters to a logical name."""

TAGS_MAX = 50
"""Tags on one resource."""
TAG_PATTERN = re.compile(r"[A-Za-z0-9 _.:/=+@-]+")
"""Characters that every service takes: IAM and logs are the narrowest (botocore, patterns of `tagKeyType`, `TagKey`)."""
TAG_KEY_LENGTH_MAX = 128
TAG_VALUE_LENGTH_MAX = 256
RESERVED_TAG_PREFIX = "aws:"
NAME_TAG = "Name"


class Kind(Enum):
    """Kinds of things with a name of ours."""

    FUNCTION = "function"
    ROLE = "role"
    RULE = "schedule rule"
    TABLE = "table"
    TOPIC = "topic"
    ALARM = "alarm"
    DASHBOARD = "dashboard"
    QUEUE = "queue"
    KEY_ALIAS = "key alias"
    LOG_GROUP = "log group"
    BALANCER = "load balancer"
    TARGET_GROUP = "target group"

    RESOURCE_GROUP = "resource group"
    VIRTUAL_NETWORK = "virtual network"
    NETWORK_PART = "network resource"
    """Subnet, network card, security group, public address, NAT gateway, balancer of Azure."""
    MACHINE = "virtual machine"
    DISK = "disk"
    """Or a disk encryption set."""
    IDENTITY = "identity"
    VAULT = "key vault"
    STORAGE = "storage account"
    CONTAINER = "container"
    PLAN = "plan"
    SITE = "function app"
    WORKSPACE = "workspace"
    ALERT_RULE = "alert rule"
    ACTION_GROUP = "action group"
    SHORT_NAME = "short name of an action group"
    LOCK = "lock"
    DEPLOYMENT = "deployment"
    ROLE_NAME = "custom role"


@dataclass(frozen=True)
class Limit:
    """What the cloud takes as a name."""

    length_max: int
    characters: str
    """A character class."""
    length_min: int = 1


LIMITS: Mapping[Kind, Limit] = {
    Kind.FUNCTION: Limit(64, "[A-Za-z0-9_-]"),
    Kind.ROLE: Limit(64, "[A-Za-z0-9_+=,.@-]"),
    Kind.RULE: Limit(64, "[A-Za-z0-9._-]"),
    Kind.TABLE: Limit(255, "[A-Za-z0-9_.-]", length_min=3),
    Kind.TOPIC: Limit(256, "[A-Za-z0-9_-]"),
    Kind.ALARM: Limit(255, "[ -~]"),
    Kind.DASHBOARD: Limit(255, "[A-Za-z0-9_-]"),
    Kind.QUEUE: Limit(80, "[A-Za-z0-9_-]"),
    Kind.KEY_ALIAS: Limit(256, "[A-Za-z0-9:/_-]"),
    Kind.LOG_GROUP: Limit(512, r"[A-Za-z0-9._/#-]"),
    Kind.BALANCER: Limit(32, "[A-Za-z0-9-]"),
    Kind.TARGET_GROUP: Limit(32, "[A-Za-z0-9-]"),
    Kind.RESOURCE_GROUP: Limit(90, "[A-Za-z0-9._()-]"),
    Kind.VIRTUAL_NETWORK: Limit(64, "[A-Za-z0-9._-]", length_min=2),
    Kind.NETWORK_PART: Limit(80, "[A-Za-z0-9._-]"),
    Kind.MACHINE: Limit(64, "[A-Za-z0-9-]"),
    Kind.DISK: Limit(80, "[A-Za-z0-9_-]"),
    Kind.IDENTITY: Limit(128, "[A-Za-z0-9_-]", length_min=3),
    Kind.VAULT: Limit(24, "[A-Za-z0-9-]", length_min=3),
    Kind.STORAGE: Limit(24, "[a-z0-9]", length_min=3),
    Kind.CONTAINER: Limit(63, "[a-z0-9-]", length_min=3),
    Kind.PLAN: Limit(60, "[A-Za-z0-9-]"),
    Kind.SITE: Limit(32, "[A-Za-z0-9-]", length_min=2),
    Kind.WORKSPACE: Limit(63, "[A-Za-z0-9-]", length_min=4),
    Kind.ALERT_RULE: Limit(260, "[A-Za-z0-9 _-]"),
    Kind.ACTION_GROUP: Limit(260, "[A-Za-z0-9 _-]"),
    Kind.SHORT_NAME: Limit(12, "[A-Za-z0-9 _-]"),
    Kind.LOCK: Limit(90, "[A-Za-z0-9._-]"),
    Kind.DEPLOYMENT: Limit(64, "[A-Za-z0-9._()-]"),
    Kind.ROLE_NAME: Limit(128, "[A-Za-z0-9 _-]"),
}
"""From botocore 1.44.5's service models; functions, topics, dashboards and queues by their guides (read 2026-11-21). From
RESOURCE_GROUP on: Azure Resource Manager, "Naming rules and restrictions for Azure resources" (read 2026-11-21), where the
characters are narrowed to what none of its editions refuses. A function app may have 60, but the host tells apps apart by
the first 32 (azure.functions, "host ID considerations")."""

MARK_LENGTH = 6
"""Characters of a hash that tell shortened names apart."""
WORLD_MARK_LENGTH = 10
"""As above for names that are shared with everybody else who uses the cloud."""
AZURE_AUTONAMING_LENGTH = 8
"""On Azure, Pulumi adds eight hexadecimal characters to a logical name, and no hyphen."""


def site_name(project: str, stack: str) -> str:
    """The name of a stack's site: letters, digits and hyphens, at most SITE_LENGTH_MAX.

    What has to be altered carries a hash of the original, so that two stacks never share a site.

    >>> site_name("tandem", "aws-dev")
    'tandem-aws-dev'
    >>> site_name("tandem", "Hospital_West")
    'tandem-hospital-west-1a5156'
    """
    wanted = f"{project}-{stack}"
    plain = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")
    if plain == wanted and len(plain) <= SITE_LENGTH_MAX:
        return plain
    mark = _mark(f"{project}/{stack}")
    return f"{plain[: SITE_LENGTH_MAX - len(mark) - 1]}-{mark}".replace("--", "-").strip("-")


def physical(kind: Kind, name: str) -> str:
    """`name`, checked against what the cloud takes for that kind.

    Raises:
        ValueError: naming the limit.
    """
    limit = LIMITS[kind]
    if not re.fullmatch(f"{limit.characters}{{{limit.length_min},{limit.length_max}}}", name):
        raise ValueError(
            f"the {kind.value} cannot be called {name!r} ({len(name)} characters): "
            f"allowed are {limit.length_min} to {limit.length_max} of {limit.characters}; use a shorter stack name"
        )
    return name


def shortened(kind: Kind, site: str, part: str, identity: str = "") -> str:
    """A fixed name for a kind whose limit a site's name alone may fill: the head of the site, the part, a hash.

    Pulumi's own naming would refuse: it adds to the name and cuts nothing.

    Args:
        kind: What is named.
        site: Whose it is; two sites with one head differ in the hash.
        part: What it is to the site; a few letters or digits.
        identity: What replaces the resource when it changes, besides its name. With it in the hash, the successor has a name
            of its own and can be made while the predecessor is still in use.

    >>> shortened(Kind.BALANCER, "tandem-aws-dev", "nlb")
    'tandem-aws-dev-nlb-3fa49c'
    """
    tail = f"-{part}-{_mark(f'{site}/{part}/{identity}')}"
    return physical(kind, site[: LIMITS[kind].length_max - len(tail)].rstrip("-") + tail)


def worldwide(kind: Kind, site: str, part: str, where: str) -> str:
    """A name that nobody else in the world may have: the head of the site, the part, a hash of all three.

    Args:
        kind: What is named; where it takes no hyphens, they are left out.
        site: Whose it is.
        part: What it is to the site: a few letters, or "".
        where: What tells this site from one of the same name in another account: subscription and group.

    >>> worldwide(Kind.STORAGE, "tandem-azure-dev", "record", "s/g")
    'tandemazrecord2066086ed1'
    >>> worldwide(Kind.SITE, "tandem-azure-dev", "", "s/g")
    'tandem-azure-dev-7a87f1df9e'
    """
    hyphen = "-" if re.fullmatch(LIMITS[kind].characters, "-") else ""
    mark = _mark(f"{where}/{site}/{part}", WORLD_MARK_LENGTH)
    tail = hyphen.join(["", part, mark] if part else ["", mark])
    head = site.replace("-", hyphen)[: LIMITS[kind].length_max - len(tail)]
    return physical(kind, head.rstrip("-") + tail)


def stem(kind: Kind, site: str, where: str) -> str:
    """The logical name of what gets eight random characters of Pulumi's and must still fit; it begins with a letter.

    A name that stays taken after its bearer is gone needs them: the same stack, built again, gets another one.

    >>> stem(Kind.VAULT, "tandem-azure-dev", "s/g")
    'kv-tandem-fb23f5'
    """
    mark = _mark(f"{where}/{site}")
    room = LIMITS[kind].length_max - AZURE_AUTONAMING_LENGTH - len(f"kv--{mark}")
    return physical(kind, f"kv-{site[:room].rstrip('-')}-{mark}")


def _mark(text: str, length: int = MARK_LENGTH) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def worker_names(zones: int) -> tuple[str, ...]:
    """The workers' names. `wk1` stands in the first zone of the configuration, whoever is the home worker.

    >>> worker_names(2)
    ('wk1', 'wk2')
    """
    return tuple(f"wk{place}" for place in range(1, zones + 1))


def tags(site: str, more: Mapping[str, str], name: str | None = None) -> dict[str, str]:
    """The tags of one resource: the stack's own ones, the site, and a display name where consoles show one."""
    own = {OWNER_TAG: site}
    if name is not None:
        own[NAME_TAG] = name
    return {**more, **own}
