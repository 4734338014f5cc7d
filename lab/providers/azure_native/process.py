"""The azure-native provider process's own part: its options, its subscription, and where the emulators answer.

`lab.providers.server` imports this file when the engine has asked for it.

Environment: `TANDEM_LAB_ARM` (the emulated Resource Manager), `TANDEM_LAB_BLOB` (Azurite; unset: no contents of containers),
`TANDEM_LAB_CERTIFICATE` (the file of Azurite's certificate, if it speaks TLS), `TANDEM_LAB_DEPLOYER` (object id in whose
name everything is asked).
"""

from collections.abc import Mapping
from typing import Any

from lab.arm.settings import SUBSCRIPTION
from lab.providers.azure_native import registry
from lab.providers.azure_native.blobs import Blobs
from lab.providers.azure_native.client import Client, NotTheLabError, local
from lab.providers.azure_native.cloud import Cloud
from lab.providers.azure_native.customs import AzureCustoms
from lab.providers.customs import ConfigurationError

ARM, BLOB, DEPLOYER = "TANDEM_LAB_ARM", "TANDEM_LAB_BLOB", "TANDEM_LAB_DEPLOYER"
CERTIFICATE = "TANDEM_LAB_CERTIFICATE"
WHO = "tandem-lab"
"""Who deploys where nobody is named."""

UNDERSTOOD = frozenset({"location", "subscriptionId"})

WITHOUT_EFFECT = frozenset(
    {
        *("auxiliaryTenantIds", "clientCertificatePassword", "clientCertificatePath", "clientId", "clientSecret"),
        *("disablePulumiPartnerId", "environment", "metadataHost", "msiEndpoint", "oidcAudience", "oidcRequestToken"),
        *("oidcRequestUrl", "oidcToken", "oidcTokenFilePath", "partnerId", "tenantId", "useMsi", "useOidc"),
        *("useDefaultAzureCredential", "version", "pluginDownloadURL", "__internal"),
    }
)
"""Options that say who asks, and in which of Azure's clouds; the emulator takes anybody."""


def configure(options: Mapping[str, Any], environment: Mapping[str, str]) -> AzureCustoms:
    """A provider with these options.

    Raises:
        ConfigurationError: with every fault.
    """
    given = {name: value for name, value in options.items() if value not in (None, "")}
    faults = [f"the lab does not know the option {name}" for name in sorted(given.keys() - WITHOUT_EFFECT - UNDERSTOOD)]
    faults += [] if environment.get(ARM) else [f"{ARM} is not set: where does the emulated Resource Manager answer?"]
    for name in (ARM, BLOB):
        if environment.get(name):
            try:
                local(environment[name], name)
            except NotTheLabError as exc:
                faults.append(str(exc))
    if faults:
        raise ConfigurationError(faults)
    return AzureCustoms(registry(cloud(environment, str(given.get("subscriptionId", "")), str(given.get("location", "")))))


def cloud(environment: Mapping[str, str], subscription: str = "", location: str = "") -> Cloud:
    """The subscription that the environment leads to.

    Raises:
        NotTheLabError: it leads to another machine.
        KeyError: it does not say where Resource Manager answers.
    """
    client = Client(local(environment[ARM], ARM), environment.get(DEPLOYER) or WHO)
    contents = blobs(environment) if environment.get(BLOB) else None
    return Cloud(client, subscription or SUBSCRIPTION, location, contents)


def blobs(environment: Mapping[str, str]) -> Blobs:
    """The storage that the environment leads to.

    Raises:
        NotTheLabError: it is on another machine.
        KeyError: it does not say where.
    """
    return Blobs(local(environment[BLOB], BLOB), environment.get(CERTIFICATE, ""))
