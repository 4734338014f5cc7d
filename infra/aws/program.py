"""The program on AWS: from a checked configuration to a pair. Only `infra.__main__` imports this file, and for AWS."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from infra import package, quotas
from infra.aws.arguments import pair_args
from infra.aws.layout import layout
from infra.aws.pair import Pair
from infra.aws.size import quota_needs
from infra.config import AwsConfig
from infra.run import ROLL_VARIABLE, Run


def build(config: AwsConfig, run: Run) -> Mapping[str, Any]:
    """Declare everything; the stack's outputs by their names."""
    bundle = package.build(run.root, config.cloud.value, config.failback_time_zone)
    zipped, rolled = str(package.write(bundle, run.bundles)), run.roll_worker
    args = pair_args(config, site=run.site, bundle=zipped, bundle_digest=bundle.digest, roll_worker=rolled)
    if rolled:
        pulumi.log.warn(f"{ROLL_VARIABLE}: in this run {rolled} takes image, type, tenancy and user data of the stack file")
    for sentence in quotas.warnings(quota_needs(args, layout(args)), config.region):
        pulumi.log.warn(sentence)
    # Explicit, so that the stack's region is the one of its configuration and of no profile.
    provider = aws.Provider("aws", region=config.region)
    return Pair(run.site, args, pulumi.ResourceOptions(providers={"aws": provider})).outputs()
