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
}
"""From botocore 1.44.5's service models; functions, topics, dashboards and queues by their guides (read 2026-11-21)."""


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
    mark = hashlib.sha256(f"{project}/{stack}".encode()).hexdigest()[:6]
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
