"""What may be said of an Azure stack, and what is said to a user who said something else. Whole messages."""

import base64
import json
import struct
from collections.abc import Mapping
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from failover_lambda.contract import Tier
from infra.config import AwsConfig, AzureConfig, ConfigError, Source, parse
from infra.config.advice import advice
from infra.config.keys import CONFIGS, COUNTERPARTS, FIELDS, Cloud, Front, Mode, clouds_of, key_name
from infra.config.parsing import example
from infra.config.relations import azure_traffic
from infra.config.relations.azure_promise import INTERVALS_S
from infra.config.relations.azure_workers import LACKING, PLACEHOLDER_IMAGE, PLACEHOLDER_KEY
from infra.config.relations.registry import RELATIONS
from infra.pace import POOL_MOVE_S, TIMER_S, longest_outage
from infra.regions import AZURE_REGIONS, AZURE_ZONES
from tests.infra.stand import TEXTS
from tests.infra.test_config import read_text


def ssh(kind: str, *fields: bytes) -> str:
    """A public key in OpenSSH's form."""
    blob = b"".join(struct.pack(">I", len(each)) + each for each in (kind.encode(), *fields))
    return f"{kind} {base64.b64encode(blob).decode()}"


ED25519 = ssh("ssh-ed25519", bytes(range(32)))
RSA_2048 = ssh("ssh-rsa", b"\x01\x00\x01", b"\x00" + b"\xc5" * 256)
PRIVATE = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----\n"

AZURE: Mapping[str, str] = {
    "cloud": "azure",
    "region": "westeurope",
    "zones": '["1", "2"]',
    "tier": "high-availability",
    "front": "address",
    "workersActAlone": "false",
    "image": "canonical:ubuntu-24_04-lts:server:24.4.202511",
    "adminPublicKey": ED25519,
    "partnerCidrs": '["194.126.158.7/32", "194.126.159.0/24"]',
    "publicHealthPort": "8081",
    "alertEmails": '["on-call@hospital.test", "second@hospital.test"]',
}
"""The smallest Azure stack, with somebody to tell. No placeholders."""
BALANCED: Mapping[str, str] = {"front": "balancer"}
FAILBACK: Mapping[str, str] = {
    "failbackEnabled": "true",
    "failbackCron": "0 3 * * SUN",
    "failbackLengthMinutes": "120",
    "failbackTimeZone": "Europe/Berlin",
}
FIND_IMAGE = (
    "az vm image list --publisher PUBLISHER --all --output table shows images with their exact versions; az sig "
    "image-version list shows those of a gallery of your own"
)
NAME_KEY = 'pulumi config set adminPublicKey "$(cat ~/.ssh/id_ed25519.pub)"'
KEY_ALLOWED = "an OpenSSH public key on one line, ssh-ed25519 or ssh-rsa of 2048 bits or more"
IMAGE_ALLOWED = "publisher:offer:sku:version with an exact version, or the id of an image version in a gallery"


def read(changes: Mapping[str, str] | None = None, *, loopback: bool = False) -> AzureConfig:
    config = parse(Source(texts={**AZURE, **(changes or {})}, read_text=read_text, loopback_cloud=loopback))
    assert isinstance(config, AzureConfig)
    return config


def faults(changes: Mapping[str, str], *, loopback: bool = False) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(changes, loopback=loopback)
    return [str(fault) for fault in caught.value.faults]


def test_the_smallest_stack_is_completed_by_defaults() -> None:
    config = read()

    assert (config.cloud, config.region, config.zones) == (Cloud.AZURE, "westeurope", ("1", "2"))
    assert (config.tier, config.mode, config.probe_interval_s) == (Tier.HIGH_AVAILABILITY, Mode.ACTIVE_PASSIVE, 5)
    assert (config.vm_size, config.dedicated_hosts) == ("Standard_D2s_v5", False)
    assert (config.function_memory_mb, config.function_python) == (2048, "3.13")
    assert config.log_retention_days == 365


def test_ten_seconds_are_promised_behind_a_balancer() -> None:
    config = read({**BALANCED, "tier": "fault-tolerant"})

    assert (config.front, config.mode, config.probe_interval_s) == (Front.BALANCER, Mode.ACTIVE_PASSIVE, 1)


def test_zones_without_quotes_are_zones_too() -> None:
    assert read({"zones": "[1, 3]"}).zones == ("1", "3")


def test_a_cloud_alone_names_every_key_that_it_requires() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(Source(texts={"cloud": "azure"}, read_text=read_text, loopback_cloud=False))

    required = ["region", "zones", "tier", "front", "workersActAlone", "image", "adminPublicKey", "partnerCidrs"]
    required += ["publicHealthPort"]  # by a rule: its default is AWS's
    assert [fault.key for fault in caught.value.faults] == required


@pytest.mark.parametrize("region", AZURE_REGIONS)
def test_every_region_has_three_zones(region: str) -> None:
    assert read({"region": region, "zones": json.dumps(AZURE_ZONES)}).region == region


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        (
            "zones",
            '["1", "4"]',
            (
                "zones is 4. Allowed: a list of 2 or 3, each one of 1, 2, 3. "
                'Next: in the stack file, tandem:zones: ["1", "2"]'
            ),
        ),
        (
            "zones",
            "",
            (
                "zones is not set. Allowed: a list of 2 or 3, each one of 1, 2, 3. "
                'Next: in the stack file, tandem:zones: ["1", "2"]'
            ),
        ),
        (
            "mode",
            "active-active",
            (
                "mode is active-active, which is not in this version on azure. Allowed: active-passive. "
                "Next: pulumi config set mode active-passive"
            ),
        ),
        (
            "front",
            "haproxy",
            (
                "front is haproxy, which is not in this version. Allowed: one of address, balancer. "
                "Next: pulumi config set front address"
            ),
        ),
        (
            "fencePolicy",
            "strict",
            (
                "fencePolicy is strict, which is not in this version. Allowed: address-is-fence. "
                "Next: pulumi config set fencePolicy address-is-fence"
            ),
        ),
        (
            "vmSize",
            "m6i.large",
            (
                "vmSize is m6i.large. Allowed: a machine size such as Standard_D2s_v5. "
                "Next: pulumi config set vmSize Standard_D2s_v5"
            ),
        ),
        (
            "image",
            "canonical:ubuntu-24_04-lts:server:latest",
            (
                "image is canonical:ubuntu-24_04-lts:server:latest (latest is another version for each worker that is made "
                f"later). Allowed: {IMAGE_ALLOWED}. Next: {FIND_IMAGE}"
            ),
        ),
        (
            "image",
            "canonical:ubuntu-24_04-lts:server",
            (
                "image is canonical:ubuntu-24_04-lts:server (neither publisher:offer:sku:version nor an id of an image "
                f"version). Allowed: {IMAGE_ALLOWED}. Next: {FIND_IMAGE}"
            ),
        ),
        (
            "image",
            "canonical:ubuntu-24_04-lts:server:24.04",
            (
                "image is canonical:ubuntu-24_04-lts:server:24.04 (24.04 is no exact version). "
                f"Allowed: {IMAGE_ALLOWED}. Next: {FIND_IMAGE}"
            ),
        ),
        (
            "adminPublicKey",
            "",
            f"adminPublicKey is not set. Allowed: {KEY_ALLOWED}. Next: {NAME_KEY}",
        ),
        (
            "adminPublicKey",
            PRIVATE,
            (
                "adminPublicKey is a private key, which is not shown here; it stands in the stack file in clear, so it is "
                f"not to be used any more. Allowed: {KEY_ALLOWED}. Next: {NAME_KEY}"
            ),
        ),
        (
            "adminPublicKey",
            f"{ED25519}\n{ED25519}",
            f"adminPublicKey is a text of more than one line. Allowed: {KEY_ALLOWED}. Next: {NAME_KEY}",
        ),
        (
            "adminPublicKey",
            "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU",
            (
                "adminPublicKey is a text of 31 characters that does not begin with ssh-ed25519 or ssh-rsa. "
                f"Allowed: {KEY_ALLOWED}. Next: {NAME_KEY}"
            ),
        ),
        (
            "adminPublicKey",
            "ssh-ed25519 AAAA*",
            f"adminPublicKey is ssh-ed25519 with a key that cannot be read. Allowed: {KEY_ALLOWED}. Next: {NAME_KEY}",
        ),
        (
            "adminPublicKey",
            "ssh-ed25519 AAAAC3Nz",
            f"adminPublicKey is ssh-ed25519 with a key that cannot be read. Allowed: {KEY_ALLOWED}. Next: {NAME_KEY}",
        ),
        (
            "adminPublicKey",
            ED25519.replace("ssh-ed25519", "ssh-rsa"),
            f"adminPublicKey is ssh-rsa with a key of another kind. Allowed: {KEY_ALLOWED}. Next: {NAME_KEY}",
        ),
        (
            "adminPublicKey",
            ssh("ssh-ed25519", bytes(31)),
            f"adminPublicKey is ssh-ed25519 with a key of 31 bytes instead of 32. Allowed: {KEY_ALLOWED}. Next: {NAME_KEY}",
        ),
        (
            "adminPublicKey",
            ssh("ssh-rsa", b"\x03", b"\x00" + b"\xff" * 128),
            f"adminPublicKey is ssh-rsa of 1024 bits. Allowed: {KEY_ALLOWED}. Next: {NAME_KEY}",
        ),
        (
            "functionMemoryMb",
            "512",
            "functionMemoryMb is 512. Allowed: one of 2048, 4096. Next: pulumi config set functionMemoryMb 2048",
        ),
        (
            "functionPython",
            "3.10",
            "functionPython is 3.10. Allowed: one of 3.11, 3.12, 3.13. Next: pulumi config set functionPython 3.13",
        ),
        (
            "dedicatedHosts",
            "yes",
            (
                "dedicatedHosts is yes (neither true nor false). Allowed: true or false. "
                "Next: pulumi config set dedicatedHosts false"
            ),
        ),
        (
            "logRetentionDays",
            "2192",
            (
                "logRetentionDays is 2192. Allowed: a whole number of days from 30 to 730. "
                "Next: pulumi config set logRetentionDays 365"
            ),
        ),
    ],
)
def test_a_value_is_refused_with_what_was_found_what_is_allowed_and_the_next_step(key: str, text: str, message: str) -> None:
    assert faults({key: text}) == [message]


def test_a_region_is_one_that_has_zones() -> None:
    (message,) = faults({"region": "eu-central-1"})

    assert message.startswith("region is eu-central-1. Allowed: one of australiaeast, ")
    assert message.endswith("Next: pulumi config set region westeurope")
    assert faults({"region": "westus"})[0].startswith("region is westus. Allowed: ")


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=\n -", min_size=60))
def test_no_message_shows_what_was_found_for_a_key(body: str) -> None:
    for text in (
        f"-----BEGIN RSA PRIVATE KEY-----\n{body}",
        f"ssh-rsa {body}",
        f"PuTTY-User-Key-File-3: {body}",
        f"x{body}",
    ):
        found = [text for text in faults({"adminPublicKey": text}) if text.startswith("adminPublicKey")]
        assert len(found) == 1
        assert body.strip() not in found[0]


GALLERY = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/galleries/engines"
    "/images/integration/versions/"
)


@pytest.mark.parametrize("image", ["canonical:ubuntu-24_04-lts:server:24.04.202511190", f"{GALLERY}1.2.3"])
def test_an_image_by_an_exact_version_is_taken(image: str) -> None:
    assert read({"image": image}).image == image


def test_the_latest_of_a_gallery_is_none_either() -> None:
    (message,) = faults({"image": f"{GALLERY}latest"})

    assert message.startswith(f"image is {GALLERY}latest (latest is another version for each worker that is made later)")


@pytest.mark.parametrize("text", [ED25519, f"{ED25519} nurse@hospital", RSA_2048, f"{RSA_2048}\n"])
def test_a_public_key_is_taken_as_one_line(text: str) -> None:
    assert read({"adminPublicKey": text}).admin_public_key == text.strip()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"tier": "fault-tolerant"},
            (
                "tier is fault-tolerant with front address on azure: a Public IP moves in 6 to 7 s on Azure's new network "
                "control plane and in 40 to 85 s on the old one, before packets follow "
                "(F5Networks/f5-cloud-failover-extension, performance-sizing.rst), and nobody can see which one a "
                "subscription has. Allowed: high-availability with front address, fault-tolerant with front balancer. "
                "Next: pulumi config set front balancer, or pulumi config set tier high-availability"
            ),
        ),
        (
            {"restartGraceSeconds": "600"},
            (
                "tier is high-availability, and an outage may last 725.7 s: 605.7 s until the decision "
                "(probeIntervalSeconds 5, probeTimeoutSeconds 0.4, restartGraceSeconds 600), 120 s until a moved Public IP "
                "carries traffic (Azure Architecture Center). Allowed: at most 600 s. "
                "Next: lower probeIntervalSeconds, probeTimeoutSeconds or restartGraceSeconds"
            ),
        ),
        (
            {**BALANCED, "tier": "fault-tolerant", "restartGraceSeconds": "10"},
            (
                "tier is fault-tolerant, and an outage may last 17.7 s: 11.7 s until the decision (probeIntervalSeconds 1, "
                "probeTimeoutSeconds 0.4, restartGraceSeconds 10), 6 s for two writes of the balancer's pool (assumed: no "
                "figure is published). Allowed: at most 10 s. Next: lower probeIntervalSeconds, probeTimeoutSeconds or "
                "restartGraceSeconds, or pulumi config set tier high-availability"
            ),
        ),
        (
            {**BALANCED, "tier": "fault-tolerant", "slowGraceSeconds": "60"},
            (
                "slowGraceSeconds is 60 with tier fault-tolerant, and a service that accepts and stays silent may be out "
                "for 68.5 s: 62.5 s until the decision (probeIntervalSeconds 1, probeTimeoutSeconds 0.4), 6 s until the "
                "address carries traffic. Allowed: at most 60 s. Next: pulumi config set slowGraceSeconds 15"
            ),
        ),
        (
            {"probeIntervalSeconds": "10"},
            (
                "probeIntervalSeconds is 10 on azure, where a timer fires every 5 s. Allowed: 1, 1.25, 2.5 or 5: rounds "
                "that fill the time between two firings evenly. Next: pulumi config set probeIntervalSeconds 5"
            ),
        ),
        (
            {"probeIntervalSeconds": "2"},
            (
                "probeIntervalSeconds is 2 on azure, where a timer fires every 5 s. Allowed: 1, 1.25, 2.5 or 5: rounds "
                "that fill the time between two firings evenly. Next: pulumi config set probeIntervalSeconds 1.25"
            ),
        ),
        (
            {**BALANCED, "egress": "own"},
            (
                "egress is own with front balancer: workers go out by NAT gateways there, and nothing else reads it. "
                "Allowed: holder, its default. Next: pulumi config rm egress"
            ),
        ),
        (
            {"natGateways": "per-zone"},
            (
                "natGateways is per-zone with egress holder: what the holder begins would leave by the NAT gateway's "
                "address, and partners would see that one instead of the fixed one. Allowed: fitting or none with egress "
                "holder. Next: pulumi config set natGateways fitting, or pulumi config set egress own"
            ),
        ),
        (
            {"egress": "own", "natGateways": "none"},
            (
                "natGateways is none with egress own: the workers stand in private subnets, and nothing else lets them out. "
                "Allowed: fitting or per-zone with egress own. Next: pulumi config set natGateways fitting"
            ),
        ),
        (
            {"egress": "own", "natGateways": "one"},
            (
                "natGateways is one with egress own: a worker in another zone would lose its way out with the gateway's "
                "zone, and could not take over whole. Allowed: fitting or per-zone with egress own. "
                "Next: pulumi config set natGateways fitting"
            ),
        ),
        (
            {**BALANCED, "natGateways": "none"},
            (
                "natGateways is none with front balancer: the workers stand in private subnets, and nothing else lets them "
                "out. Allowed: fitting or per-zone with front balancer. Next: pulumi config set natGateways fitting"
            ),
        ),
        (
            {"zones": '["2", "2"]'},
            (
                "zones is 2 and 2, one zone for both workers. Allowed: each of 1, 2, 3 once. "
                'Next: in the stack file, tandem:zones: ["1", "2"]'
            ),
        ),
        (
            {"zones": '["1", "2", "1"]'},
            (
                "zones is 1 and 2 and 1, one zone twice. Allowed: each of 1, 2, 3 once. "
                'Next: in the stack file, tandem:zones: ["1", "2", "3"]'
            ),
        ),
        (
            {"networkCidr": "10.80.0.0/25"},
            (
                "networkCidr is 10.80.0.0/25, a /25. Allowed: a /16 to a /24, because it is cut into 16 blocks, of which a "
                "worker's subnet is one and the Function App's four, and Azure keeps 5 addresses of each subnet. "
                "Next: pulumi config set networkCidr 10.80.0.0/16"
            ),
        ),
        (
            {"networkCidr": "8.8.0.0/16"},
            (
                "networkCidr is 8.8.0.0/16, which belongs to hosts on the internet. Allowed: a network in 10.0.0.0/8, "
                "172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10. Next: pulumi config set networkCidr 10.80.0.0/16"
            ),
        ),
        (
            {"networkCidr": "127.64.0.0/16"},
            (
                "networkCidr is 127.64.0.0/16, a loopback network, and the cloud's endpoint is not on this machine. "
                "Allowed: loopback networks in the lab only, where TANDEM_LAB_ARM is a loopback address. "
                "Next: use the stack file that the lab's one was derived from: networkCidr, partnerCidrs, protect and "
                "deletionProtection differ"
            ),
        ),
        (
            {"partnerCidrs": '["10.80.32.0/24"]'},
            (
                "partnerCidrs is 10.80.32.0/24, which overlaps networkCidr 10.80.0.0/16: answers would never leave the "
                "stack. Allowed: networks of partners, apart from each other and from networkCidr. Next: name each one once"
            ),
        ),
        (
            {"image": PLACEHOLDER_IMAGE},
            (
                f"image is {PLACEHOLDER_IMAGE}, the placeholder of the shipped stack files. "
                f"Allowed: the image of your engine in this region. Next: {FIND_IMAGE}"
            ),
        ),
        (
            {"adminPublicKey": f"{PLACEHOLDER_KEY} somebody"},
            (
                "adminPublicKey is the placeholder of the shipped stack files. Allowed: a public key of which you have the "
                f"other half. Next: {NAME_KEY}"
            ),
        ),
        (
            {"vmSize": "Standard_D2_v5"},
            (
                "vmSize is Standard_D2_v5, which lacks premium disks (Microsoft's pages on these series). Allowed: a size "
                "with premium disks and encryption at host, such as those with an s after the number and a version of 3 or "
                "more. Next: pulumi config set vmSize Standard_D2s_v5"
            ),
        ),
        (
            {"vmSize": "Standard_B2s", "dedicatedHosts": "true"},
            (
                "dedicatedHosts is true with vmSize Standard_B2s. Allowed: true with a size that tells its kind of host, "
                "such as Standard_D2s_v5; none is sold for burstable sizes. "
                "Next: pulumi config set vmSize Standard_D2s_v5, or pulumi config rm dedicatedHosts"
            ),
        ),
        (
            {"rootVolumeGb": "4096"},
            "rootVolumeGb is 4096 on azure. Allowed: at most 4095. Next: pulumi config set rootVolumeGb 4095",
        ),
        (
            {"userDataFile": "setup.ps1"},
            (
                "userDataFile is setup.ps1 (it begins with '<powershell>'). "
                "Allowed: a file that begins with #! or #cloud-config, or any where guestSetup is false. "
                "Next: pulumi config set guestSetup false, or change the file"
            ),
        ),
        (
            {**BALANCED, "trafficPorts": "[2575, 65535]"},
            (
                "trafficPorts is 65535 with front balancer. Allowed: at most 65534: no rule of a balancer takes a port "
                "above it. Next: in the stack file, tandem:trafficPorts: [2575]"
            ),
        ),
        (
            {**BALANCED, "publicHealthPort": "65535"},
            (
                "publicHealthPort is 65535 with front balancer. Allowed: at most 65534: no rule of a balancer takes a port "
                "above it. Next: pulumi config set publicHealthPort 8081"
            ),
        ),
        (
            {**BALANCED, **FAILBACK},
            (
                "failbackEnabled is true with front balancer: connections that stand stay on the old holder there, and a "
                "failback does not end them, so two workers would serve (docs/RULE.md 9.15). Allowed: false with front "
                "balancer; true with front address. Next: pulumi config rm failbackEnabled; home gets the address back by "
                "an operator's failover"
            ),
        ),
        (
            {"tags": '["Stage=a", "stage=b"]'},
            (
                "tags is Stage=... and stage=..., one name to azure. Allowed: each name once, without regard to case. "
                "Next: remove the repetition"
            ),
        ),
        (
            {"tags": '["a/b=1"]'},
            "tags is a/b=.... Allowed: on azure, names without <>%&\\?/. Next: rename it",
        ),
        (
            {"tags": '["Tandem:Site=x"]'},
            (
                "tags is Tandem:Site=..., which is taken. Allowed: names that begin with none of tandem:, microsoft, azure, "
                "windows. Next: rename it"
            ),
        ),
        (
            {"tags": '["Microsoft.owner=x"]'},
            (
                "tags is Microsoft.owner=..., which is taken. Allowed: names that begin with none of tandem:, microsoft, "
                "azure, windows. Next: rename it"
            ),
        ),
        (
            {"tags": json.dumps([f"k{number}=v" for number in range(48)])},
            "tags is 48 tags. Allowed: at most 47. Next: remove some",
        ),
        (
            {"publicHealthPort": "0"},
            (
                "publicHealthPort is 0 on azure, where the watchdog looks from one place: what one place alone says makes "
                "nobody dead (docs/RULE.md 3.6), so a service that dies while its machine runs would never be replaced. "
                "Allowed: the port on which a worker answers with its name and its boot. Next: pulumi config set "
                "publicHealthPort 8081"
            ),
        ),
        (
            {"movesPerHourMax": "6"},
            (
                "movesPerHourMax is 6 with movesPerDayMax 5. Allowed: movesPerHourMax <= movesPerDayMax. "
                "Next: pulumi config set movesPerHourMax 5"
            ),
        ),
    ],
)
def test_a_relation_is_refused_with_both_values(changes: Mapping[str, str], message: str) -> None:
    assert faults(changes) == [message]


def test_partners_are_no_more_than_a_security_group_may_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azure_traffic, "NETWORKS_MAX", 1)

    assert faults({"partnerCidrs": '["194.126.158.7/32", "194.126.159.0/24"]'}) == [
        (
            "partnerCidrs is 2 networks. Allowed: at most 1, because a security group may name 4000 ranges. "
            "Next: name larger networks"
        )
    ]


def test_every_mistake_is_reported_at_once_whatever_cloud_its_key_is_of() -> None:
    with pytest.raises(ConfigError) as caught:
        read({"amiId": "ami-0123456789abcdef0", "image": "", "probPort": "1", "zones": '["1", "1"]', "protect": "yes"})

    assert str(caught.value) == (
        "5 values of this stack's configuration cannot be used; nothing was created.\n"
        f"- image is not set. Allowed: {IMAGE_ALLOWED}. Next: {FIND_IMAGE}\n"
        "- protect is yes (neither true nor false). Allowed: true or false. Next: pulumi config set protect true\n"
        "- amiId is a key of cloud aws, and this stack's cloud is azure. Allowed: image, which stands for it on azure. "
        "Next: pulumi config rm amiId, and see tandem:image\n"
        "- probPort is not a key of this program. Allowed: the keys of docs/CONFIG.md. "
        "Next: did you mean probePort? Else pulumi config rm probPort\n"
        "- zones is 1 and 1, one zone for both workers. Allowed: each of 1, 2, 3 once. "
        'Next: in the stack file, tandem:zones: ["1", "2"]'
    )


AWS_ONLY = [key for key, field in FIELDS.items() if clouds_of(field) == (Cloud.AWS,)]
AZURE_ONLY = [key for key, field in FIELDS.items() if clouds_of(field) == (Cloud.AZURE,)]
OTHER_VALUES: Mapping[str, str] = {
    "workerSubnetIds": '["subnet-aaaaaaaa"]',
    "workerPrivateIps": '["10.20.0.10"]',
    "proberSubnetIds": '["subnet-aaaaaaaa"]',
    "endpointSubnetIds": '["subnet-aaaaaaaa"]',
    "interfaceEndpoints": '["kms"]',
    "arbiterStandby": "true",
    "reserveCapacity": "true",
    "autoRecovery": "false",
    "managementEndpoints": "false",
    "metadataHops": "2",
    "balancerIdleTimeoutSeconds": "600",
    "arbiterMemoryMb": "512",
    "reservedConcurrency": "5",
    "functionMemoryMb": "4096",
    "dedicatedHosts": "true",
}
"""Of the keys that are no texts, a value that is not the default: Pulumi hands every default over by itself."""


@pytest.mark.parametrize("key", AWS_ONLY)
def test_a_key_of_aws_is_refused_by_name_on_azure(key: str) -> None:
    text = OTHER_VALUES.get(key, "x")
    (message,) = faults({key: text})

    assert message.startswith(f"{key} is a key of cloud aws, and this stack's cloud is azure. Allowed: ")
    assert f"Next: pulumi config rm {key}" in message


@pytest.mark.parametrize("key", AZURE_ONLY)
def test_a_key_of_azure_is_refused_by_name_on_aws(key: str) -> None:
    text = OTHER_VALUES.get(key, "x")
    with pytest.raises(ConfigError) as caught:
        parse(Source(texts={**TEXTS, key: text}, read_text=read_text, loopback_cloud=False))

    (message,) = map(str, caught.value.faults)
    assert message.startswith(f"{key} is a key of cloud azure, and this stack's cloud is aws. Allowed: ")
    assert f"Next: pulumi config rm {key}" in message


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (
            "instanceType",
            (
                "instanceType is a key of cloud aws, and this stack's cloud is azure. Allowed: vmSize, which stands for it "
                "on azure. Next: pulumi config rm instanceType, and see tandem:vmSize"
            ),
        ),
        (
            "tieBreakerZone",
            (
                "tieBreakerZone is a key of cloud aws, and this stack's cloud is azure. Allowed: zones, which stands for it "
                "on azure. Next: pulumi config rm tieBreakerZone, and see tandem:zones"
            ),
        ),
        (
            "vpcId",
            (
                "vpcId is a key of cloud aws, and this stack's cloud is azure. Allowed: nothing: no key stands for it on "
                "azure. Next: pulumi config rm vpcId"
            ),
        ),
    ],
)
def test_a_key_of_the_other_cloud_is_told_what_stands_for_it(key: str, message: str) -> None:
    assert faults({key: "x"}) == [message]


def test_a_private_key_is_not_shown_where_its_key_is_of_the_other_cloud() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(Source(texts={**TEXTS, "adminPublicKey": PRIVATE}, read_text=read_text, loopback_cloud=False))

    assert "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU" not in str(caught.value)


def test_a_value_that_pulumi_adds_by_itself_is_no_key_that_was_set() -> None:
    assert read({"arbiterMemoryMb": "256", "workerSubnetIds": "[]", "autoRecovery": "true", "amiId": ""}) == read()


def test_what_stands_for_a_key_is_a_key_of_the_other_cloud() -> None:
    for aws, azure in COUNTERPARTS:
        assert clouds_of(aws) == (Cloud.AWS,)
        assert azure in AzureConfig.model_fields
        assert key_name(azure) in FIELDS


def test_a_relation_asks_for_no_field_that_it_does_not_name() -> None:
    for config in (read(), read({**BALANCED, "tier": "fault-tolerant"})):
        for relation in (each for each in RELATIONS if isinstance(config, each.of)):
            named_only = SimpleNamespace(**{field: getattr(config, field) for field in relation.fields})
            assert list(relation.check(cast("AzureConfig", named_only))) == []


def test_a_relation_looks_at_fields_of_its_own_configuration() -> None:
    for relation in RELATIONS:
        assert set(relation.fields) <= relation.of.model_fields.keys()


@pytest.mark.parametrize(
    ("size", "lacks"),
    [
        ("A2_v2", "premium disks and encryption at host"),
        ("D2_v2", "premium disks and encryption at host"),
        ("D4_v3", "premium disks and encryption at host"),
        ("E8_v3", "premium disks and encryption at host"),
        ("F4", "premium disks and encryption at host"),
        ("D4d_v4", "premium disks"),
        ("D4a_v4", "premium disks"),
        ("E4_v5", "premium disks"),
        ("NC6", "encryption at host"),
        ("H16mr", "encryption at host"),
    ],
)
def test_a_size_that_is_known_to_lack_something_is_refused_by_name(size: str, lacks: str) -> None:
    (message,) = faults({"vmSize": f"Standard_{size}"})

    assert message.startswith(f"vmSize is Standard_{size}, which lacks {lacks} (Microsoft's pages on these series).")


@pytest.mark.parametrize(
    "size", ["D2s_v3", "D2s_v5", "D4ds_v4", "D4as_v5", "E8-4s_v5", "E4bds_v5", "F4s_v2", "B2ms", "DS2_v2", "L8s_v3", "M64"]
)
def test_other_sizes_are_taken(size: str) -> None:
    assert read({"vmSize": f"Standard_{size}"}).vm_size == f"Standard_{size}"


def test_no_size_is_in_two_rows() -> None:
    sizes = ["A2_v2", "D2_v2", "D4_v3", "F4", "D4d_v4", "E4_v5", "NC6", "H16mr", "L8", "G1"]

    assert {size: sum(bool(pattern.fullmatch(size)) for pattern, _ in LACKING) for size in sizes} == dict.fromkeys(sizes, 1)


def test_a_round_ends_before_the_next_firing_and_a_burst_of_them_fills_it() -> None:
    assert all(TIMER_S / each == round(TIMER_S / each) for each in INTERVALS_S)


def test_ten_seconds_hold_behind_a_balancer_with_the_figures_that_are_assumed() -> None:
    assert longest_outage(1, 0.4, 0, move_s=POOL_MOVE_S, carries_s=0).total_s <= 10


def test_the_lab_may_use_loopback_networks_and_placeholders() -> None:
    placeholders = {"image": PLACEHOLDER_IMAGE, "adminPublicKey": PLACEHOLDER_KEY, "alertEmails": '["a@example.org"]'}
    networks = {"networkCidr": "127.64.0.0/16", "partnerCidrs": '["127.0.0.0/16"]'}

    assert read({**placeholders, **networks}, loopback=True).image == PLACEHOLDER_IMAGE


def test_a_windows_script_goes_in_without_the_guest_setup() -> None:
    assert read({"userDataFile": "setup.ps1", "guestSetup": "false"}).user_data_file.path == "setup.ps1"


def test_a_way_out_of_its_own_is_a_nat_gateway() -> None:
    for wanted in ("fitting", "per-zone"):
        assert read({"egress": "own", "natGateways": wanted}).nat_gateways.value == wanted
    for wanted in ("fitting", "one", "per-zone"):
        assert read({**BALANCED, "natGateways": wanted}).nat_gateways.value == wanted


@pytest.mark.parametrize("size", ["D2s_v5", "E4ads_v5", "F8s_v2", "DC2as_v5"])
def test_a_size_that_tells_its_host_may_stand_alone(size: str) -> None:
    assert read({"vmSize": f"Standard_{size}", "dedicatedHosts": "true"}).dedicated_hosts


@pytest.mark.parametrize("size", ["B2s_v2", "E8-4s_v5", "M64"])
def test_another_size_shares_its_host(size: str) -> None:
    (message,) = faults({"vmSize": f"Standard_{size}", "dedicatedHosts": "true"})

    assert message.startswith(f"dedicatedHosts is true with vmSize Standard_{size}. Allowed: ")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"enabled": "false"}, "enabled is false"),
        ({"alertEmails": '["a@hospital.test"]'}, "alertEmails has 1 address: one full mailbox, and nobody is told"),
        ({"deletionProtection": "false"}, "deletionProtection is false: one call deletes the address, the record"),
        (
            {"tier": "fault-tolerant"},
            "tier is fault-tolerant: that two writes of the balancer's pool take effect within 6 s",
        ),
        ({"natGateways": "one"}, "natGateways is one: a NAT gateway stands in one zone"),
    ],
)
def test_a_choice_that_will_be_missed_is_warned_of(changes: Mapping[str, str], words: str) -> None:
    assert list(advice(read(BALANCED))) == []
    (sentence,) = advice(read({**BALANCED, **changes}))
    assert sentence.startswith(words)


def test_a_holder_that_goes_out_by_the_address_is_warned_of_its_first_boot() -> None:
    (sentence,) = advice(read())

    assert sentence.startswith("egress is holder: until the watchdog's first tick no worker has a way out")


def test_each_cloud_has_a_configuration_of_its_own() -> None:
    assert {Cloud.AWS: AwsConfig, Cloud.AZURE: AzureConfig} == CONFIGS
    assert example(AzureConfig, "zones") == "1, 2"
