"""Regions and their zones, per cloud; pure.

Zone *names* only: which building stands behind `us-east-1a` may differ from account to account, but a name means the same
thing within one account, and a stack lives in one. Everybody in `infra` may import this file.

Sources, read 2026-11-21: AWS Global Infrastructure guide, "AWS Availability Zones" (three zones or more a region, mapped by
account in the oldest ones); the letters and `zones_per_account` from the readme of github.com/jsonmaur/aws-regions. Letters
that not every account has are left out. Where Lambda has arm64: the regions and architectures that Powertools for AWS Lambda
publishes its layers for (its workflows `reusable_deploy_v3_layer_stack.yml` and `layer_govcloud.yml`, read 2026-11-22;
Lambda refuses an architecture that a region lacks, issue 3545 there). Partitions: botocore's endpoint data, by a test.

The regions in China are left out: a role there is trusted to `ec2.amazonaws.com.cn` (kubernetes/kops#27) and many interface
endpoints have another prefix (aws/aws-cdk#9864), and nobody has tried this program with either.

Azure: learn.microsoft.com, "Azure regions list" (azure/reliability/regions-list, editions of 2025-03-21 and later, read
2026-11-29): the regions of the public cloud with availability zones, three each, but for those that are open to some
customers only. Azure numbers zones `1` to `3` for each subscription anew. Whether a region has all that a pair needs (Flex
Consumption, zone-redundant storage, the machine size in both zones) is asked of the subscription, not kept here.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """The zones of one region."""

    zones: tuple[str, ...]
    zones_per_account: int
    """How many of `zones` one account is given; below their number in the oldest regions only."""
    partition: str
    """Which of AWS's worlds it belongs to; an account lives in one."""
    lambda_arm64: bool


def _region(
    name: str,
    letters: str,
    *,
    zones_per_account: int | None = None,
    partition: str = "aws",
    lambda_arm64: bool = True,
) -> tuple[str, Region]:
    zones = tuple(name + letter for letter in letters)
    return name, Region(zones, zones_per_account or len(letters), partition, lambda_arm64)


AWS_REGIONS: Mapping[str, Region] = dict(
    (
        _region("af-south-1", "abc"),
        _region("ap-east-1", "abc"),
        _region("ap-northeast-1", "acd"),  # b: older accounts only
        _region("ap-northeast-2", "abcd"),
        _region("ap-northeast-3", "abc"),
        _region("ap-south-1", "abc"),
        _region("ap-southeast-1", "abc"),
        _region("ap-southeast-2", "abc"),
        _region("ca-central-1", "abd"),  # c: not every account
        _region("eu-central-1", "abc"),
        _region("eu-north-1", "abc"),
        _region("eu-south-1", "abc"),
        _region("eu-west-1", "abc"),
        _region("eu-west-2", "abc"),
        _region("eu-west-3", "abc"),
        _region("sa-east-1", "abc"),
        _region("us-east-1", "abcdef"),
        _region("us-east-2", "abc"),
        _region("us-gov-east-1", "abc", partition="aws-us-gov"),
        _region("us-gov-west-1", "abc", partition="aws-us-gov"),
        _region("us-west-1", "abc", zones_per_account=2),
        _region("us-west-2", "abcd"),
    )
)
"""The regions that this version knows; a region is added by one line."""

AZURE_ZONES = ("1", "2", "3")
"""The zones of every region below, as a subscription numbers them."""

AZURE_REGIONS = (
    *("australiaeast", "austriaeast", "belgiumcentral", "brazilsouth", "canadacentral", "centralindia", "centralus"),
    *("eastasia", "eastus", "eastus2", "francecentral", "germanywestcentral", "indonesiacentral", "israelcentral"),
    *("italynorth", "japaneast", "japanwest", "koreacentral", "mexicocentral", "newzealandnorth", "northeurope"),
    *("norwayeast", "polandcentral", "qatarcentral", "southafricanorth", "southcentralus", "southeastasia"),
    *("spaincentral", "swedencentral", "switzerlandnorth", "uaenorth", "uksouth", "westeurope", "westus2", "westus3"),
)
"""The regions of Azure that have zones, by the names that Resource Manager takes; a region is added by one word."""

VANTAGES = 3
"""Zones that are looked from where a region has them: the one without a worker breaks the tie when a zone is lost."""


def prober_zones(region: str, zones: tuple[str, ...], tie_breaker: str) -> tuple[str, ...]:
    """The zones that get a prober: those of the site, then the tie breaker where the site has no third zone.

    `tie_breaker` empty: the first zone of the region that is not the site's, where one account is given enough zones to be
    sure that it has it.

    >>> prober_zones("eu-west-1", ("eu-west-1a", "eu-west-1b"), "")
    ('eu-west-1a', 'eu-west-1b', 'eu-west-1c')
    >>> prober_zones("us-west-1", ("us-west-1a", "us-west-1c"), "")
    ('us-west-1a', 'us-west-1c')
    """
    if tie_breaker:
        return (*zones, tie_breaker)
    known = AWS_REGIONS[region]
    if len(zones) >= VANTAGES or known.zones_per_account < VANTAGES:
        return zones
    return (*zones, next(zone for zone in known.zones if zone not in zones))
