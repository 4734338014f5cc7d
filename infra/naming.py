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
}
"""From botocore 1.44.5's service models; functions, topics, dashboards and queues by their guides (read 2026-11-21)."""

MARK_LENGTH = 6
"""Characters of a hash that tell shortened names apart."""


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


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:MARK_LENGTH]


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
