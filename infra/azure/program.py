"""The program on Azure: from a checked configuration to a pair. Only `infra.__main__` imports this file, and for Azure."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi
import pulumi_azure_native as azure_native

from infra import package
from infra.azure.arguments import PairArgs
from infra.azure.pair import Pair
from infra.azure.planned import planned
from infra.config import AzureConfig
from infra.run import ROLL_VARIABLE, Run


def build(config: AzureConfig, run: Run) -> Mapping[str, Any]:
    """Declare everything; the stack's outputs by their names.

    Raises:
        pulumi.RunError: it cannot be built, and what to do.
    """
    try:
        plan = planned(config, run)
    except ValueError as exc:
        raise pulumi.RunError(str(exc)) from None
    bundle = package.build(run.root, **plan.bundle)
    zipped = str(package.write(bundle, run.bundles))
    if bundle.warning:
        pulumi.log.warn(bundle.warning)
    if run.roll_worker:
        pulumi.log.warn(
            f"{ROLL_VARIABLE}: in this run {run.roll_worker} takes image, size, host, root disk, key and user data of the "
            "stack file"
        )
    provider = azure_native.Provider(
        "azure-native", location=plan.provider.location, subscription_id=plan.provider.subscription_id
    )
    args = cast("PairArgs", {**plan.arguments, "bundle": zipped, "bundle_digest": bundle.digest})
    return Pair(run.site, args, pulumi.ResourceOptions(providers={"azure-native": provider})).outputs()
