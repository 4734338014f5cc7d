"""The program on Azure: from a checked configuration to a pair. Only `infra.__main__` imports this file, and for Azure."""

import importlib
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_azure_native as azure_native

from infra import package
from infra.azure.planned import planned
from infra.config import AzureConfig
from infra.run import Run

PAIR = "infra.azure.pair"


def build(config: AzureConfig, run: Run) -> Mapping[str, Any]:
    """Declare everything; the stack's outputs by their names.

    Raises:
        pulumi.RunError: it cannot be built, and what to do.
    """
    try:
        plan = planned(config, run)
    except ValueError as exc:
        raise pulumi.RunError(str(exc)) from None
    pair = _pair()
    bundle = package.build(run.root, **plan.bundle)
    zipped = str(package.write(bundle, run.bundles))
    provider = azure_native.Provider(
        "azure-native", location=plan.provider.location, subscription_id=plan.provider.subscription_id
    )
    args = {**plan.arguments, "bundle": zipped, "bundle_digest": bundle.digest}
    return pair(run.site, args, pulumi.ResourceOptions(providers={"azure-native": provider})).outputs()


def _pair() -> Any:
    """The class of the pair."""
    try:
        return importlib.import_module(PAIR).Pair
    except ModuleNotFoundError as exc:
        if exc.name != PAIR:
            raise
        raise pulumi.RunError(
            "the configuration of this Azure stack can be used, and this version cannot build it yet: "
            f"{PAIR} is missing, the component that declares an Azure pair. Nothing was created"
        ) from None
