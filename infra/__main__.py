"""The program's entry: read the configuration, have its cloud's program build the pair, export what came of it.

The only file that reads the environment, the clock, Pulumi's configuration and the project's folder. Each cloud's SDK takes
seconds to import, so a cloud's program is imported when a stack is known to be of that cloud.
"""

import ipaddress
import os
import urllib.parse
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, assert_never

import pulumi
from pulumi.runtime import config as pulumi_config

from infra.azure.planned import SUBSCRIPTION_VARIABLE
from infra.config import AwsConfig, AzureConfig, ConfigError, Source, parse
from infra.config.advice import advice
from infra.config.keys import ENDPOINT_VARIABLES
from infra.naming import site_name
from infra.run import Run

ROOT = Path(__file__).resolve().parents[1]
BUNDLES = ROOT / "out" / "bundle"


def main() -> None:
    """Build the stack.

    Raises:
        pulumi.RunError: the configuration cannot be used; with every fault.
    """
    project, stack = pulumi.get_project(), pulumi.get_stack()
    texts = _texts(project)
    _refuse_secrets(project, texts)
    loopback = _is_loopback(os.environ, texts.get("cloud", ""))
    try:
        config = parse(Source(texts=texts, read_text=_read_text, loopback_cloud=loopback))
    except ConfigError as exc:
        # Pulumi prints this as it stands, without a traceback.
        raise pulumi.RunError(str(exc)) from None
    for sentence in advice(config):
        pulumi.log.warn(sentence)
    run = Run(
        site=site_name(project, stack),
        root=ROOT,
        bundles=BUNDLES,
        environment=os.environ,
        subscription_id=_subscription_id(os.environ),
        now=datetime.now(UTC),
    )
    for name, value in build(config, run).items():
        pulumi.export(name, value)


def build(config: AwsConfig | AzureConfig, run: Run) -> Mapping[str, Any]:
    """Have the program of the configuration's cloud declare everything; the stack's outputs."""
    match config:
        case AwsConfig():
            from infra.aws import program as on_aws  # noqa: PLC0415 - the other cloud's stacks do without its SDK

            return on_aws.build(config, run)
        case AzureConfig():
            from infra.azure import program as on_azure  # noqa: PLC0415 - same

            return on_azure.build(config, run)
        case _:
            assert_never(config)


def _subscription_id(variables: Mapping[str, str]) -> str:
    """The subscription of an Azure stack, from where the provider itself would have it."""
    return pulumi.Config("azure-native").get("subscriptionId") or variables.get(SUBSCRIPTION_VARIABLE, "")


def _refuse_secrets(project: str, keys: Iterable[str]) -> None:
    """A value that is encrypted in the stack file would be decrypted into names, tags, user data and the state."""
    names = sorted(f"{project}:{key}" for key in keys)
    encrypted = [name for name in names if pulumi_config.is_config_secret(name)]
    if encrypted:
        raise pulumi.RunError(
            "\n".join(
                f"{key} is encrypted, and no key of this program is kept secret: it would stand in clear in the state. If "
                f"it is no secret, set it without --secret: pulumi config set {key} VALUE. If it is one, it belongs into a "
                "store that the worker asks, not into the stack"
                for key in encrypted
            )
        )


def _texts(project: str) -> Mapping[str, str]:
    """Every key of the project's own namespace. `pulumi.Config` can look a key up and cannot list them."""
    prefix = f"{project}:"
    everything = {**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()}
    return {key.removeprefix(prefix): str(text) for key, text in everything.items() if key.startswith(prefix)}


def _read_text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _is_loopback(variables: Mapping[str, str], cloud: str) -> bool:
    """Whether that cloud is asked on this machine."""
    variable = next((name for each, name in ENDPOINT_VARIABLES.items() if each.value == cloud), "")
    host = urllib.parse.urlsplit(variables.get(variable, "")).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


if __name__ == "__main__":
    main()
