"""The AWS provider process's own part: its options, its account, and the handlers of each region.

`lab.providers.server` imports this file, when the engine has asked for it: what stands behind it takes a third of a
second to import; and `lab.providers.aws.finding`.
"""

import functools
import json
from collections.abc import Mapping
from typing import Any, cast

from lab.endpoints import MINISTACK_SERVICES, MOTO_SERVICES, variable
from lab.providers.aws import registry
from lab.providers.aws.clients import GENERAL, Clients, NotTheLabError, endpoint
from lab.providers.aws.customs import AwsCustoms
from lab.providers.customs import ConfigurationError
from lab.providers.registry import Registry

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")

ACCOUNTS = ("allowedAccountIds", "forbiddenAccountIds")

WITHOUT_EFFECT = frozenset(
    {
        *("accessKey", "secretKey", "token", "profile", "assumeRoles", "assumeRoleWithWebIdentity"),
        *("sharedConfigFiles", "sharedCredentialsFiles", "customCaBundle", "ec2MetadataServiceEndpoint"),
        *("ec2MetadataServiceEndpointMode", "httpProxy", "httpsProxy", "noProxy", "insecure", "maxRetries", "retryMode"),
        *("s3UsePathStyle", "s3UsEast1RegionalEndpoint", "stsRegion", "tokenBucketRateLimiterCapacity", "userAgents"),
        *("skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId"),
        *("useDualstackEndpoint", "useFipsEndpoint", "version", "__internal", "pluginDownloadURL"),
    }
)
"""Options that say who asks, or how a real endpoint is reached; an emulator takes anybody."""

UNDERSTOOD = frozenset({"region", "defaultTags", *ACCOUNTS})


def configure(options: Mapping[str, Any], environment: Mapping[str, str]) -> AwsCustoms:
    """A provider with these options.

    Args:
        options: As the engine gives them: what is no text stands there as JSON.
        environment: Where the endpoints stand, and the region where the options have none.

    Raises:
        ConfigurationError: with every fault.
    """
    given = {name: _value(value) for name, value in options.items() if value not in (None, "")}
    region = given.get("region") or next((environment[name] for name in REGION_VARIABLES if environment.get(name)), "")
    faults = [f"the lab does not know the option {name}" for name in sorted(given.keys() - WITHOUT_EFFECT - UNDERSTOOD)]
    faults += [] if region else [f"no region: neither aws:region nor {' nor '.join(REGION_VARIABLES)} is set"]
    faults += _endpoint_faults(environment)
    if faults:
        raise ConfigurationError(faults)
    account_id = str(Clients(region, environment)("sts").get_caller_identity()["Account"])
    if faults := _account_faults(given, account_id):
        raise ConfigurationError(faults)

    @functools.cache
    def registry_of(region: str) -> Registry:
        return registry(Clients(region, environment), region=region, account_id=account_id)

    return AwsCustoms(registry_of, region, _tags(given.get("defaultTags")))


def _endpoint_faults(environment: Mapping[str, str]) -> list[str]:
    """Of every service that has an endpoint; one that has none is missed when it is asked for."""
    faults: list[str] = []
    for service in sorted(MOTO_SERVICES | MINISTACK_SERVICES):
        if not environment.keys() & {variable(service), GENERAL}:
            continue
        try:
            endpoint(service, environment)
        except NotTheLabError as exc:
            faults.append(str(exc))
    return faults


def _account_faults(given: Mapping[str, Any], account_id: str) -> list[str]:
    allowed, forbidden = (cast("list[str]", given.get(name) or []) for name in ACCOUNTS)
    if (allowed and account_id not in allowed) or account_id in forbidden:
        return [f"account {account_id} is not among the allowed ones, or among the forbidden ones"]
    return []


def _value(value: Any) -> Any:
    """An option's value: the engine sends everything but texts as JSON."""
    if not isinstance(value, str) or value[:1] not in {"{", "["}:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _tags(default_tags: Any) -> dict[str, str]:
    tags = cast("Mapping[str, Any]", default_tags or {}).get("tags") or {}
    return {str(key): str(value) for key, value in cast("Mapping[str, Any]", tags).items()}
