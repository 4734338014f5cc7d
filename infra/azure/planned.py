"""What an Azure stack is built from, before anything of it exists; pure, without an SDK."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta

from infra.arguments import Plain, plain
from infra.config import AzureConfig
from infra.run import Run

SUBSCRIPTION_VARIABLE = "ARM_SUBSCRIPTION_ID"
"""Where the provider looks for its subscription too."""

SAS_LASTS = timedelta(hours=1)
"""How long the watchdog's package may be fetched: for one deployment, and no longer."""


@dataclass(frozen=True)
class Provider:
    """Where the provider works, said outright: by no profile and by no login."""

    location: str
    subscription_id: str


@dataclass(frozen=True)
class Planned:
    """One Azure stack."""

    provider: Provider
    bundle: Mapping[str, str]
    """What `infra.package.build` is told besides the folder."""
    arguments: Mapping[str, Plain]
    """Those of the pair, but for the bundle's."""


def planned(config: AzureConfig, run: Run) -> Planned:
    """What a checked configuration stands for.

    Raises:
        ValueError: it cannot be built, and what to do.
    """
    if not run.subscription_id:
        raise ValueError(
            "the stack's subscription is not known: pulumi config set azure-native:subscriptionId ID, or "
            f"{SUBSCRIPTION_VARIABLE}=ID in the environment; az account list shows yours"
        )
    expiry = (run.now.astimezone(UTC) + SAS_LASTS).strftime("%Y-%m-%dT%H:%M:%SZ")
    own = {
        "site": run.site,
        "subscription_id": run.subscription_id,
        "package_sas_expiry": expiry,
        "roll_worker": run.roll_worker,
        # The Function App always has an instance that waits, so it is no choice here.
        "arbiter_standby": False,
    }
    return Planned(
        provider=Provider(config.region, run.subscription_id),
        bundle={
            "cloud": config.cloud.value,
            "time_zone": config.failback_time_zone,
            "python": config.function_python,
        },
        arguments={**plain(config), **own},
    )
