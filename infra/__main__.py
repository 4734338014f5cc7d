"""The program's entry: read the configuration, build the bundle and the pair, export what came of it.

The only file that reads the environment, Pulumi's configuration and the project's folder.
"""

import ipaddress
import os
import urllib.parse
from collections.abc import Iterable, Mapping
from pathlib import Path

import pulumi
import pulumi_aws as aws
from pulumi.runtime import config as pulumi_config

from infra import package, quotas
from infra.aws.arguments import pair_args
from infra.aws.layout import layout
from infra.aws.pair import Pair
from infra.aws.rolling import VARIABLE as ROLL_VARIABLE
from infra.aws.size import quota_needs
from infra.config import ConfigError, Source, parse
from infra.config.advice import advice
from infra.naming import site_name

ROOT = Path(__file__).resolve().parents[1]
BUNDLES = ROOT / "out" / "bundle"
ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_EC2"
"""Where the SDKs find EC2 when it is not the real one."""


def main() -> None:
    """Build the stack.

    Raises:
        pulumi.RunError: the configuration cannot be used; with every fault.
    """
    project, stack = pulumi.get_project(), pulumi.get_stack()
    texts = _texts(project)
    _refuse_secrets(project, texts)
    source = Source(texts=texts, read_text=_read_text, loopback_cloud=_is_loopback(os.environ))
    try:
        config = parse(source)
    except ConfigError as exc:
        # Pulumi prints this as it stands, without a traceback.
        raise pulumi.RunError(str(exc)) from None
    site = site_name(project, stack)
    bundle = package.build(ROOT, config.cloud.value, config.failback_time_zone)
    rolled = os.environ.get(ROLL_VARIABLE, "")
    zipped = str(package.write(bundle, BUNDLES))
    args = pair_args(config, site=site, bundle=zipped, bundle_digest=bundle.digest, roll_worker=rolled)
    if rolled:
        pulumi.log.warn(f"{ROLL_VARIABLE}: in this run {rolled} takes image, type, tenancy and user data of the stack file")
    for sentence in (*advice(config), *quotas.warnings(quota_needs(args, layout(args)), config.region)):
        pulumi.log.warn(sentence)
    # Explicit, so that the stack's region is the one of its configuration and of no profile.
    provider = aws.Provider("aws", region=config.region)
    pair = Pair(site, args, pulumi.ResourceOptions(providers={"aws": provider}))
    for name, value in pair.outputs().items():
        pulumi.export(name, value)


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


def _is_loopback(variables: Mapping[str, str]) -> bool:
    """Whether EC2 is asked on this machine."""
    host = urllib.parse.urlsplit(variables.get(ENDPOINT_VARIABLE, "")).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


if __name__ == "__main__":
    main()
