"""What a user may say, and what is said to a user who said something else. Whole messages, because they are the product."""

import dataclasses
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from types import SimpleNamespace
from typing import cast

import pydantic
import pytest

from failover_lambda.contract import FencePolicy, ProbeKind, Tier
from infra.config import AwsConfig, AzureConfig, ConfigError, Source, parse
from infra.config.advice import advice
from infra.config.keys import CONFIGS, FIELDS, Front, clouds_of
from infra.config.relations import function
from infra.config.relations.registry import RELATIONS
from infra.regions import AWS_REGIONS
from tests.infra.stand import REGION, TEXTS, THREE_ZONES

FILES = {
    "setup.sh": "#!/bin/sh\n",
    "setup.ps1": "<powershell>\n",
    "large.sh": "#!/bin/sh\n" + "x" * 16374,
    "long.sh": "x" * 16385,
    "ca.pem": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "key.pem": "-----BEGIN PRIVATE KEY-----\n",
}


def read_text(path: str) -> str:
    try:
        return FILES[path]
    except KeyError:
        raise FileNotFoundError(2, "No such file or directory", path) from None


def read(changes: Mapping[str, str] | None = None, *, loopback: bool = False) -> AwsConfig:
    config = parse(Source(texts={**TEXTS, **(changes or {})}, read_text=read_text, loopback_cloud=loopback))
    assert isinstance(config, AwsConfig)
    return config


def faults(changes: Mapping[str, str], *, loopback: bool = False) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(changes, loopback=loopback)
    return [str(fault) for fault in caught.value.faults]


def test_the_smallest_stack_is_completed_by_defaults() -> None:
    config = read()

    assert (config.tier, config.fence_policy, config.probe_kind) == (
        Tier.FAULT_TOLERANT,
        FencePolicy.ADDRESS_IS_FENCE,
        ProbeKind.HTTP,
    )
    assert config.order == ("wk1", "wk2")
    assert config.network_cidr == IPv4Network("10.80.0.0/16")
    assert (config.traffic_ports, config.public_health_port) == ((2575,), 0)
    assert (config.protect, config.deletion_protection, config.enabled) == (True, True, True)
    assert (config.arbiter_memory_mb, config.reserved_concurrency) == (256, -1)


def test_three_zones_are_two_workers_and_a_tie_breaker() -> None:
    config = read({"zones": THREE_ZONES, "natGateways": "none"})

    assert config.zones == (f"{REGION}a", f"{REGION}b", f"{REGION}c")
    assert (config.order, config.tie_breaker_zone) == (("wk1", "wk2"), "")


@pytest.mark.parametrize(("tier", "interval_s", "grace_s"), [("fault-tolerant", 1, 0), ("high-availability", 5, 30)])
def test_a_tier_sets_the_pace_that_nobody_set(tier: str, interval_s: float, grace_s: float) -> None:
    config = read({"tier": tier})

    assert (config.probe_interval_s, config.restart_grace_s, config.slow_grace_s) == (interval_s, grace_s, 15)


def test_a_set_pace_stays_what_it_was_set_to() -> None:
    assert read({"tier": "high-availability", "probeIntervalSeconds": "2.5"}).probe_interval_s == 2.5


def test_an_empty_text_is_no_value() -> None:
    assert read({"probeIntervalSeconds": "", "userDataFile": "", "tieBreakerZone": ""}) == read()


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        read().probe_port = 1


def test_a_file_is_read_once_and_carries_its_contents() -> None:
    config = read({"userDataFile": "setup.sh"})

    assert (config.user_data_file.path, config.user_data_file.text) == ("setup.sh", "#!/bin/sh\n")


def test_every_mistake_is_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        read(
            {
                "probPort": "8080",
                "zones": '["eu-central-1a", "eu-west-1b"]',
                "trafficPorts": "[2575, 70000]",
                "order": '["wk1", "wk3"]',
                "front": "",
                "protect": "yes",
            }
        )

    assert str(caught.value) == (
        "6 values of this stack's configuration cannot be used; nothing was created.\n"
        "- front is not set. Allowed: one of address, balancer. Next: pulumi config set front address\n"
        "- trafficPorts is 70000. Allowed: a list of one or more, each a whole number from 1 to 65535. "
        "Next: in the stack file, tandem:trafficPorts: [2575]\n"
        "- protect is yes (neither true nor false). Allowed: true or false. Next: pulumi config set protect true\n"
        "- probPort is not a key of this program. Allowed: the keys of docs/CONFIG.md. "
        "Next: did you mean probePort? Else pulumi config rm probPort\n"
        "- zones is eu-west-1b, which is not in region eu-central-1. "
        "Allowed: zones among eu-central-1a, eu-central-1b, eu-central-1c. "
        "Next: aws ec2 describe-availability-zones shows those of the account\n"
        "- order is wk1, wk3, and there is no wk3. Allowed: each of wk1, wk2 once, the home worker first. "
        "Next: in the stack file, tandem:order: [wk1, wk2]"
    )


def test_each_wrong_item_of_a_list_is_one_mistake_and_the_list_is_none_besides() -> None:
    found = [text.partition(".")[0] for text in faults({"trafficPorts": '[70000, "x"]'})]

    assert found == ["trafficPorts is 70000", "trafficPorts is x"]


def test_nothing_at_all_names_every_required_key_and_nothing_else() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(Source(texts={}, read_text=read_text, loopback_cloud=False))

    required = ["cloud", "tier", "front", "workersActAlone", "partnerCidrs"]
    assert [fault.key for fault in caught.value.faults] == required
    assert {fault.found for fault in caught.value.faults} == {"not set"}


def test_a_cloud_alone_names_every_key_that_it_requires() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(Source(texts={"cloud": "aws"}, read_text=read_text, loopback_cloud=False))

    required = ["region", "zones", "tier", "front", "workersActAlone", "amiId", "partnerCidrs"]
    assert [fault.key for fault in caught.value.faults] == required


def test_without_a_cloud_the_keys_of_one_cloud_are_left_alone() -> None:
    assert faults({"cloud": "", "amiId": "none", "probePort": "0"}) == [
        "cloud is not set. Allowed: one of aws, azure. Next: pulumi config set cloud aws",
        "probePort is 0. Allowed: a whole number from 1 to 65535. Next: pulumi config set probePort 8080",
    ]


def test_a_key_of_an_earlier_version_is_told_its_new_name() -> None:
    (message,) = faults({"vpcCidr": "10.80.0.0/16"})

    assert message == (
        "vpcCidr is not a key of this program. Allowed: the keys of docs/CONFIG.md. "
        "Next: did you mean networkCidr? Else pulumi config rm vpcCidr"
    )


def test_one_mistake_is_one_value() -> None:
    with pytest.raises(ConfigError, match=r"^1 value of this stack's configuration cannot be used"):
        read({"probePort": "0"})


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        (
            "cloud",
            "gcp",
            "cloud is gcp. Allowed: one of aws, azure. Next: pulumi config set cloud aws",
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
            "egress",
            "none",
            "egress is none. Allowed: one of holder, own. Next: pulumi config set egress holder",
        ),
        (
            "tenancy",
            "host",
            "tenancy is host. Allowed: one of default, dedicated. Next: pulumi config set tenancy default",
        ),
        (
            "metadataHops",
            "4",
            "metadataHops is 4. Allowed: a whole number from 1 to 3. Next: pulumi config set metadataHops 1",
        ),
        (
            "dataMountPath",
            "data",
            (
                "dataMountPath is data. Allowed: an absolute path in letters, digits and ._-, such as /data. "
                "Next: pulumi config set dataMountPath /data"
            ),
        ),
        (
            "serviceUnit",
            "mirth; reboot",
            (
                "serviceUnit is mirth; reboot. Allowed: a systemd unit such as engine.service. "
                "Next: pulumi config set serviceUnit mirthconnect.service"
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
            "tier",
            "hot-spare",
            (
                "tier is hot-spare, which is not in this version. Allowed: one of high-availability, fault-tolerant. "
                "Next: pulumi config set tier high-availability"
            ),
        ),
        (
            "tier",
            "five-nines",
            (
                "tier is five-nines. Allowed: one of high-availability, fault-tolerant. "
                "Next: pulumi config set tier high-availability"
            ),
        ),
        (
            "amiId",
            "ami-latest",
            (
                "amiId is ami-latest. Allowed: ami- and 8 to 17 hexadecimal digits. "
                "Next: aws ec2 describe-images --owners self shows your own images; for an engine from the marketplace take "
                "the id that its page gives for this region"
            ),
        ),
        (
            "probeTimeoutSeconds",
            "0",
            (
                "probeTimeoutSeconds is 0. Allowed: a number of seconds from 0.1 to 5. "
                "Next: pulumi config set probeTimeoutSeconds 0.4"
            ),
        ),
        (
            "probeTimeoutSeconds",
            "nan",
            (
                "probeTimeoutSeconds is nan. Allowed: a number of seconds from 0.1 to 5. "
                "Next: pulumi config set probeTimeoutSeconds 0.4"
            ),
        ),
        (
            "rootVolumeGb",
            "4",
            "rootVolumeGb is 4. Allowed: a whole number of GiB from 8 to 16384. Next: pulumi config set rootVolumeGb 30",
        ),
        (
            "networkCidr",
            "10.80.0.1/16",
            (
                "networkCidr is 10.80.0.1/16. Allowed: an IPv4 network such as 10.80.0.0/16, host bits zero. "
                "Next: pulumi config set networkCidr 10.80.0.0/16"
            ),
        ),
        (
            "zones",
            "eu-central-1a",
            (
                "zones is eu-central-1a (a text, not a list). "
                "Allowed: a list of 2 or 3, each a zone of the region such as eu-central-1a. "
                "Next: in the stack file, tandem:zones: [eu-central-1a, eu-central-1b]"
            ),
        ),
        (
            "zones",
            '["eu-central-1a"]',
            (
                'zones is ["eu-central-1a"]. Allowed: a list of 2 or 3, each a zone of the region such as eu-central-1a. '
                "Next: in the stack file, tandem:zones: [eu-central-1a, eu-central-1b]"
            ),
        ),
        (
            "zones",
            "eu-central-1c, eu-central-1a",
            (
                "zones is eu-central-1c, eu-central-1a (a text, not a list). "
                "Allowed: a list of 2 or 3, each a zone of the region such as eu-central-1a. "
                "Next: in the stack file, tandem:zones: [eu-central-1c, eu-central-1a]"
            ),
        ),
        (
            "order",
            "wk1",
            (
                "order is wk1 (a text, not a list). Allowed: a list of one or more, each a worker, wk1 or wk2. "
                "Next: in the stack file, tandem:order: [wk1, wk2]"
            ),
        ),
        (
            "order",
            "wk2, wk3",
            (
                "order is wk2, wk3 (a text, not a list). Allowed: a list of one or more, each a worker, wk1 or wk2. "
                "Next: in the stack file, tandem:order: [wk1, wk2]"
            ),
        ),
        (
            "trafficPorts",
            "2575",
            (
                "trafficPorts is 2575 (a single value, not a list). "
                "Allowed: a list of one or more, each a whole number from 1 to 65535. "
                "Next: in the stack file, tandem:trafficPorts: [2575]"
            ),
        ),
        (
            "trafficPorts",
            '{"mllp": 2575}',
            (
                'trafficPorts is {"mllp": 2575} (keys with values, not a list). '
                "Allowed: a list of one or more, each a whole number from 1 to 65535. "
                "Next: in the stack file, tandem:trafficPorts: [2575]"
            ),
        ),
        (
            "workersActAlone",
            "no",
            (
                "workersActAlone is no (neither true nor false). Allowed: true or false. "
                "Next: does your engine poll or send on timers by itself? "
                "Then pulumi config set workersActAlone true, else false"
            ),
        ),
        (
            "partnerCidrs",
            '["10.0.0.1/8"]',
            (
                "partnerCidrs is 10.0.0.1/8. Allowed: a list of one or more, each an IPv4 network such as 10.80.0.0/16, "
                "host bits zero. "
                "Next: ask each partner which network it sends from, and list these as tandem:partnerCidrs in the stack file"
            ),
        ),
        (
            "alertEmails",
            '["nobody"]',
            (
                "alertEmails is nobody. Allowed: a list of any number, each an e-mail address. "
                "Next: list the mailboxes of those who are on call as tandem:alertEmails in the stack file"
            ),
        ),
        (
            "logRetentionDays",
            "31",
            (
                "logRetentionDays is 31. Allowed: one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, "
                "731, 1096, "
                "1827, 2192, 2557, 2922, 3288, 3653. Next: pulumi config set logRetentionDays 365"
            ),
        ),
        (
            "tags",
            '["Größe=1"]',
            (
                "tags is Größe=1 (not key=value). Allowed: a list of any number, each key=value in letters, digits, "
                "spaces and "
                "_.:/=+-@. Next: in the stack file, tandem:tags: [cost-center=4711]"
            ),
        ),
        (
            "userDataFile",
            "gone.sh",
            (
                "userDataFile is gone.sh (there is no file gone.sh in the project's folder). "
                "Allowed: a text file, at most 16384 bytes, by its path from the folder of Pulumi.yaml. "
                "Next: name a file that is there and fits, or pulumi config rm userDataFile"
            ),
        ),
        (
            "userDataFile",
            "long.sh",
            (
                "userDataFile is long.sh (a file of 16385 bytes). "
                "Allowed: a text file, at most 16384 bytes, by its path from the folder of Pulumi.yaml. "
                "Next: name a file that is there and fits, or pulumi config rm userDataFile"
            ),
        ),
        (
            "zzz",
            "1",
            "zzz is not a key of this program. Allowed: the keys of docs/CONFIG.md. Next: pulumi config rm zzz",
        ),
    ],
)
def test_a_value_is_refused_with_what_was_found_what_is_allowed_and_the_next_step(key: str, text: str, message: str) -> None:
    assert faults({key: text}) == [message]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"zones": '["eu-central-1a", "eu-central-1a"]'},
            (
                "zones is eu-central-1a and eu-central-1a, one zone for both workers. "
                "Allowed: zones among eu-central-1a, eu-central-1b, eu-central-1c. "
                "Next: aws ec2 describe-availability-zones shows those of the account"
            ),
        ),
        (
            {"tieBreakerZone": "eu-central-1b"},
            (
                "tieBreakerZone is eu-central-1b, which is in zones too. Allowed: zones among eu-central-1c. "
                "Next: aws ec2 describe-availability-zones shows those of the account"
            ),
        ),
        (
            {"networkCidr": "10.80.0.0/25"},
            (
                "networkCidr is 10.80.0.0/25, a /25. Allowed: a /16 to a /24, because it is cut into 16 subnets and AWS "
                "has none "
                "below a /28. Next: pulumi config set networkCidr 10.80.0.0/16"
            ),
        ),
        (
            {"natGateways": "one"},
            (
                "natGateways is one with front address: what partners send comes in through the internet gateway, the "
                "answers would leave by the NAT gateway's address, and every connection would hang. Allowed: fitting or "
                "none with front address. Next: pulumi config set natGateways fitting"
            ),
        ),
        (
            {"natGateways": "per-zone"},
            (
                "natGateways is per-zone with front address: what partners send comes in through the internet gateway, the "
                "answers would leave by the NAT gateway's address, and every connection would hang. Allowed: fitting or "
                "none with front address. Next: pulumi config set natGateways fitting"
            ),
        ),
        (
            {"zones": THREE_ZONES, "tieBreakerZone": f"{REGION}c"},
            (
                "tieBreakerZone is eu-central-1c, and zones has a zone without a worker already. Allowed: empty with three "
                "zones: the third one's prober breaks the tie. Next: pulumi config rm tieBreakerZone"
            ),
        ),
        (
            {"zones": f'["{REGION}a", "{REGION}b", "{REGION}a"]'},
            (
                "zones is eu-central-1a and eu-central-1b and eu-central-1a, one zone twice. Allowed: zones among "
                "eu-central-1a, eu-central-1b, eu-central-1c. "
                "Next: aws ec2 describe-availability-zones shows those of the account"
            ),
        ),
        (
            {"networkCidr": "8.8.0.0/16"},
            (
                "networkCidr is 8.8.0.0/16, which belongs to hosts on the internet. Allowed: a network in 10.0.0.0/8, "
                "172.16.0.0/12, "
                "192.168.0.0/16 or 100.64.0.0/10. Next: pulumi config set networkCidr 10.80.0.0/16"
            ),
        ),
        (
            {"networkCidr": "127.64.0.0/16"},
            (
                "networkCidr is 127.64.0.0/16, a loopback network, and the cloud's endpoint is not on this machine. "
                "Allowed: loopback networks in the lab only, where AWS_ENDPOINT_URL_EC2 is a loopback address. "
                "Next: use the stack file that the lab's one was derived from: networkCidr, partnerCidrs, protect and "
                "deletionProtection differ"
            ),
        ),
        (
            {"partnerCidrs": '["0.0.0.0/0"]'},
            (
                "partnerCidrs is 0.0.0.0/0, the whole internet. Allowed: networks of partners, as small as they are, one "
                "host a /32; the whole internet is no partner. "
                "Next: ask each partner which network it sends from, and list these as tandem:partnerCidrs in the stack file"
            ),
        ),
        (
            {"partnerCidrs": '["194.126.158.0/24", "194.126.158.7/32"]'},
            (
                "partnerCidrs is 194.126.158.0/24 and 194.126.158.7/32, which overlap. Allowed: networks of partners, "
                "apart from each "
                "other and from networkCidr. Next: name each one once"
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
            {"order": '["wk1"]'},
            (
                "order is wk1. Allowed: each of wk1, wk2 once, the home worker first. "
                "Next: in the stack file, tandem:order: [wk1, wk2]"
            ),
        ),
        (
            {"publicHealthPort": "2575"},
            (
                "publicHealthPort is 2575, which is in trafficPorts too. "
                "Allowed: a port of its own, because it is open to the world, or 0. "
                "Next: pulumi config set publicHealthPort 8081"
            ),
        ),
        (
            {"trafficPorts": "[2575, 2575]"},
            "trafficPorts is 2575 2 times. Allowed: each port once. Next: remove the repetition",
        ),
        (
            {"probeKind": "tcp"},
            (
                "probeKind is tcp, and every tier of this version fails over by itself. Allowed: http, https or mllp: a "
                "bare connection also succeeds on a service that hangs. Next: pulumi config set probeKind http"
            ),
        ),
        (
            {"probeTlsCaFile": "ca.pem"},
            (
                "probeTlsCaFile is ca.pem, with probeKind http. Allowed: certificates where "
                "probeKind is "
                "https and probeTlsVerify is true; nothing else looks at them. "
                "Next: pulumi config set probeKind https, or pulumi config rm probeTlsCaFile"
            ),
        ),
        (
            {"probeKind": "https", "probeTlsVerify": "false", "probeTlsCaFile": "ca.pem"},
            (
                "probeTlsCaFile is ca.pem, with probeTlsVerify false. Allowed: certificates where probeKind is https and "
                "probeTlsVerify is true; nothing else looks at them. "
                "Next: pulumi config set probeTlsVerify true, or pulumi config rm probeTlsCaFile"
            ),
        ),
        (
            {"amiId": "ami-0123456789abcdef0"},
            (
                "amiId is ami-0123456789abcdef0, the placeholder of the shipped stack files. "
                "Allowed: the image of your engine in this region. "
                "Next: aws ec2 describe-images --owners self shows your own images; for an engine from the marketplace take "
                "the id that its page gives for this region"
            ),
        ),
        (
            {"partnerCidrs": '["198.51.100.7/32"]'},
            (
                "partnerCidrs is 198.51.100.7/32, a network for documentation, from which nobody sends. "
                "Allowed: networks of partners. "
                "Next: ask each partner which network it sends from, and list these as tandem:partnerCidrs in the stack file"
            ),
        ),
        (
            {"alertEmails": '["on-call@Mail.Example.org", "on-call@myexample.org"]'},
            (
                "alertEmails is on-call@Mail.Example.org, in a domain for documentation, where nobody reads mail. "
                "Allowed: addresses that somebody reads. "
                "Next: list the mailboxes of those who are on call as tandem:alertEmails in the stack file"
            ),
        ),
        (
            {"tieBreakerZone": "eu-west-1c"},
            (
                "tieBreakerZone is eu-west-1c, which is not in region eu-central-1. "
                "Allowed: zones among eu-central-1a, eu-central-1b, eu-central-1c, without those of the workers. "
                "Next: aws ec2 describe-availability-zones shows those of the account"
            ),
        ),
        (
            {"probeTimeoutSeconds": "0.55"},
            (
                "probeTimeoutSeconds is 0.55 with probeIntervalSeconds 1. Allowed: 2 * probeTimeoutSeconds <= "
                "probeIntervalSeconds, for a question may wait twice: to connect and for the answer. "
                "Next: pulumi config set probeTimeoutSeconds 0.5"
            ),
        ),
        (
            {"restartGraceSeconds": "20"},
            (
                "tier is fault-tolerant, and an outage may last 27.9 s: 21.7 s until the decision (probeIntervalSeconds 1, "
                "probeTimeoutSeconds 0.4, restartGraceSeconds 20), 1.2 s for two address calls (Fortinet's published "
                "log), 5 s "
                "until the address carries traffic (nginx/documentation#520). Allowed: at most 10 s. "
                "Next: lower probeIntervalSeconds, probeTimeoutSeconds or restartGraceSeconds, "
                "or pulumi config set tier high-availability"
            ),
        ),
        (
            {"tier": "high-availability", "restartGraceSeconds": "600"},
            (
                "tier is high-availability, and an outage may last 611.9 s: 605.7 s until the decision "
                "(probeIntervalSeconds 5, "
                "probeTimeoutSeconds 0.4, restartGraceSeconds 600), 1.2 s for two address calls (Fortinet's published "
                "log), 5 s "
                "until the address carries traffic (nginx/documentation#520). Allowed: at most 600 s. "
                "Next: lower probeIntervalSeconds, probeTimeoutSeconds or restartGraceSeconds"
            ),
        ),
        (
            {"readyPath": "/ready", "probeKind": "mllp"},
            (
                "readyPath is /ready, with probeKind mllp. Allowed: a path where probeKind is http or https; there is no "
                "page to ask for otherwise. Next: pulumi config set probeKind http, or pulumi config rm readyPath"
            ),
        ),
        (
            {"slowGraceSeconds": "52"},
            (
                "slowGraceSeconds is 52 with tier fault-tolerant, and a service that accepts and stays silent may be out "
                "for 60.7 s: 54.5 s until the decision (probeIntervalSeconds 1, probeTimeoutSeconds 0.4), 6.2 s until the "
                "address carries traffic. Allowed: at most 60 s. Next: pulumi config set slowGraceSeconds 15"
            ),
        ),
        (
            {"slowGraceSeconds": "0.3"},
            (
                "slowGraceSeconds is 0.3 with probeTimeoutSeconds 0.4. Allowed: slowGraceSeconds >= probeTimeoutSeconds, "
                "for a single question waits that long for its answer. Next: pulumi config set slowGraceSeconds 0.4"
            ),
        ),
        (
            {"movesPerHourMax": "6"},
            (
                "movesPerHourMax is 6 with movesPerDayMax 5. Allowed: movesPerHourMax <= movesPerDayMax. "
                "Next: pulumi config set movesPerHourMax 5"
            ),
        ),
        (
            {"alertEmails": '["a@hospital.test", "a@hospital.test"]'},
            "alertEmails is a@hospital.test 2 times. Allowed: each address once. Next: remove the repetition",
        ),
        (
            {"reservedConcurrency": "2"},
            (
                "reservedConcurrency is 2. Allowed: -1, or 3 and more: two lives at a hand-over, and one start beside them. "
                "Next: pulumi config set reservedConcurrency -- -1"
            ),
        ),
        (
            {"reservedConcurrency": "3", "arbiterStandby": "true"},
            (
                "reservedConcurrency is 3. Allowed: -1, or 4 and more: one that waits (arbiterStandby), two lives at a "
                "hand-over, and one start beside them. Next: pulumi config set reservedConcurrency -- -1"
            ),
        ),
        (
            {"tags": '["Name=x"]'},
            "tags is Name=..., which is taken. Allowed: keys besides aws:*, Name, tandem:site. Next: rename it",
        ),
        (
            {"tags": '["aws:x=1"]'},
            "tags is aws:x=..., which is taken. Allowed: keys besides aws:*, Name, tandem:site. Next: rename it",
        ),
        (
            {"tags": '["a=1", "a=2"]'},
            "tags is a=... 2 times. Allowed: each key once. Next: remove the repetition",
        ),
        (
            {"tenancy": "dedicated", "instanceType": "t3.large"},
            (
                "tenancy is dedicated with instanceType t3.large. "
                "Allowed: dedicated with the families c, d, h, i, m, r, x, z; burstable types are refused, by some regions "
                "or by all. Next: pulumi config set instanceType m6i.large, or pulumi config rm tenancy"
            ),
        ),
        (
            {"dataMountPath": "/var"},
            (
                "dataMountPath is /var, where the system itself lives. "
                "Allowed: a folder of its own such as /data, /srv/hl7 or /var/lib/engine. "
                "Next: pulumi config set dataMountPath /data"
            ),
        ),
        (
            {"dataMountPath": "/data/../etc"},
            (
                "dataMountPath is /data/../etc, where the system itself lives. "
                "Allowed: a folder of its own such as /data, /srv/hl7 or /var/lib/engine. "
                "Next: pulumi config set dataMountPath /data"
            ),
        ),
        (
            {"serviceUnit": "engine.service", "guestSetup": "false"},
            (
                "serviceUnit is engine.service with guestSetup false. "
                "Allowed: a unit where guestSetup is true; else nobody starts it. "
                "Next: pulumi config set guestSetup true, or pulumi config rm serviceUnit"
            ),
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
            {"tags": json.dumps([f"k{number}=v" for number in range(49)])},
            "tags is 49 tags. Allowed: at most 48. Next: remove some",
        ),
    ],
)
def test_a_relation_is_refused_with_both_values(changes: Mapping[str, str], message: str) -> None:
    assert faults(changes) == [message]


def test_a_mistyped_key_hides_no_other_relation() -> None:
    assert [text.partition(" ")[0] for text in faults({"tier": "none", "movesPerHourMax": "9"})] == [
        "tier",
        "movesPerHourMax",
    ]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        (
            {"zones": '["eu-central-1a"]', "tieBreakerZone": "eu-central-1a", "order": '["wk2", "wk3"]'},
            [
                'zones is ["eu-central-1a"]',
                "tieBreakerZone is eu-central-1a, which is in zones too",
                "order is wk2, wk3, and there is no wk3",
            ],
        ),
        (
            {"trafficPorts": "[0, 8081, 8081]", "publicHealthPort": "8081"},
            ["trafficPorts is 0", "trafficPorts is 8081 2 times", "publicHealthPort is 8081, which is in trafficPorts too"],
        ),
        (
            {"trafficPorts": "8081", "publicHealthPort": "8081"},
            [
                "trafficPorts is 8081 (a single value, not a list)",
                "publicHealthPort is 8081, which is in trafficPorts too",
            ],
        ),
        (
            {"region": "mars-1", "zones": '["mars-1a", "mars-1a"]', "tieBreakerZone": "mars-1a"},
            [
                "region is mars-1",
                "zones is mars-1a and mars-1a, one zone for both workers",
                "tieBreakerZone is mars-1a, which is in zones too",
            ],
        ),
        ({"tier": "none", "probeKind": "tcp"}, ["tier is none", "probeKind is tcp, and every tier of this version"]),
        (
            {"networkCidr": "10.80.0.0/16", "partnerCidrs": '["x", "10.80.1.0/24"]'},
            ["partnerCidrs is x", "partnerCidrs is 10.80.1.0/24, which overlaps networkCidr"],
        ),
        ({"order": "[]"}, ["order is []"]),
    ],
)
def test_an_unreadable_value_hides_only_what_cannot_be_known_without_it(
    changes: Mapping[str, str], found: Sequence[str]
) -> None:
    messages = faults(changes)

    assert [text[: len(start)] for text, start in zip(messages, found, strict=True)] == found


def test_a_list_in_the_wrong_form_is_not_proposed_where_its_items_are_wrong_too() -> None:
    whole_internet = {"partnerCidrs": "0.0.0.0/0"}
    steps = [text.partition(" Next: ")[2] for text in faults(whole_internet)]

    assert steps == [
        "ask each partner which network it sends from, and list these as tandem:partnerCidrs in the stack file"
    ] * len(steps)


def test_zones_are_proposed_in_the_region_that_was_said() -> None:
    (message,) = faults({"region": "ca-central-1", "zones": ""})

    assert message == (
        "zones is not set. Allowed: a list of 2 or 3, each a zone of the region such as eu-central-1a. "
        "Next: in the stack file, tandem:zones: [ca-central-1a, ca-central-1b]"
    )


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (PermissionError(13, "Permission denied"), "it cannot be read: Permission denied"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "no text in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(problem: Exception, words: str) -> None:
    def refuse(_path: str) -> str:
        raise problem

    with pytest.raises(ConfigError) as caught:
        parse(Source(texts={**TEXTS, "userDataFile": "setup.sh"}, read_text=refuse, loopback_cloud=False))
    assert [fault.found for fault in caught.value.faults] == [f"setup.sh ({words})"]


PLACEHOLDERS = {
    "amiId": "ami-0123456789abcdef0",
    "partnerCidrs": '["192.0.2.1/32", "203.0.113.0/24"]',
    "alertEmails": '["a@example.com", "a@example.net"]',
}


def test_placeholders_are_for_the_lab() -> None:
    assert read(PLACEHOLDERS, loopback=True).ami_id == PLACEHOLDERS["amiId"]
    assert [text.partition(",")[0] for text in faults(PLACEHOLDERS)] == [
        "amiId is ami-0123456789abcdef0",
        "partnerCidrs is 192.0.2.1/32",
        "partnerCidrs is 203.0.113.0/24",
        "alertEmails is a@example.com",
        "alertEmails is a@example.net",
    ]


def test_a_relation_asks_for_no_field_that_it_does_not_name() -> None:
    config = read()
    for relation in (each for each in RELATIONS if isinstance(config, each.of)):
        named_only = SimpleNamespace(**{field: getattr(config, field) for field in relation.fields})
        assert list(relation.check(cast("AwsConfig", named_only))) == []


def test_a_processor_that_the_region_lacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    without = dataclasses.replace(AWS_REGIONS[REGION], lambda_arm64=False)
    monkeypatch.setattr(function, "AWS_REGIONS", {**AWS_REGIONS, REGION: without})

    assert faults({}) == [
        (
            "lambdaArchitecture is arm64, which Lambda does not have in region eu-central-1. Allowed: x86_64 in this "
            "region. Next: pulumi config set lambdaArchitecture x86_64"
        )
    ]
    assert read({"lambdaArchitecture": "x86_64"}).region == REGION


EXISTING = {
    "vpcId": "vpc-0123456789abcdef0",
    "workerSubnetIds": '["subnet-aaaaaaaa", "subnet-bbbbbbbb"]',
    "workerPrivateIps": '["10.20.0.10", "10.20.1.10"]',
    "proberSubnetIds": '["subnet-aaaaaaaa", "subnet-bbbbbbbb", "subnet-cccccccc"]',
    "endpointSubnetIds": '["subnet-aaaaaaaa", "subnet-bbbbbbbb"]',
    "tableEndpointId": "vpce-0123456789abcdef0",
}


def test_an_existing_network_is_named_whole() -> None:
    config = read(EXISTING)

    assert config.vpc_id == "vpc-0123456789abcdef0"
    assert [str(address) for address in config.worker_private_ips] == ["10.20.0.10", "10.20.1.10"]


def test_an_existing_network_lacks_everything_at_once() -> None:
    found = faults({"vpcId": EXISTING["vpcId"]})

    show = "aws ec2 describe-subnets --filters Name=vpc-id,Values=VPC shows the subnets of a VPC with their zones"
    two, three = "eu-central-1a, eu-central-1b", "eu-central-1a, eu-central-1b, eu-central-1c"
    assert found == [
        f"workerSubnetIds is not set, beside vpcId. Allowed: one for each of {two}, in this order. Next: {show}",
        (
            f"workerPrivateIps is not set, beside vpcId. Allowed: one for each of {two}, in this order. Next: name a free "
            "address of each worker's subnet as tandem:workerPrivateIps in the stack file"
        ),
        f"proberSubnetIds is not set, beside vpcId. Allowed: one for each of {three}, in this order. Next: {show}",
        (
            f"endpointSubnetIds is not set, beside vpcId. Allowed: one for each of {two}, in this order. Next: {show}; or "
            "pulumi config set managementEndpoints false, and no interfaceEndpoints"
        ),
        (
            "tableEndpointId is not set, beside vpcId. Allowed: the gateway endpoint for DynamoDB of the probers' route "
            "tables; "
            "an existing network is not changed, so none is made in it. Next: aws ec2 describe-vpc-endpoints --filters "
            "Name=vpc-id,Values=vpc-0123456789abcdef0 shows those that are there"
        ),
    ]


def test_ids_without_an_existing_network_are_refused_one_by_one() -> None:
    found = faults({**EXISTING, "vpcId": ""})

    assert found[0] == (
        "workerSubnetIds is subnet-aaaaaaaa, subnet-bbbbbbbb, without vpcId. Allowed: set beside vpcId only: a network of "
        "the stack's own is laid out by networkCidr. Next: pulumi config set vpcId VPC, or pulumi config rm workerSubnetIds"
    )
    assert [text.partition(" ")[0] for text in found] == list(EXISTING)[1:]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"managementEndpoints": "false"},
            (
                "endpointSubnetIds is subnet-aaaaaaaa, subnet-bbbbbbbb, beside vpcId. Allowed: none: no interface endpoint "
                "is wanted. Next: aws ec2 describe-subnets --filters Name=vpc-id,Values=VPC shows the subnets of a VPC with "
                "their zones; or pulumi config set managementEndpoints false, and no interfaceEndpoints"
            ),
        ),
        (
            {"workerPrivateIps": '["10.20.0.10", "10.20.0.10"]'},
            (
                "workerPrivateIps is 10.20.0.10 2 times. Allowed: each once. Next: name a free address of each worker's "
                "subnet as tandem:workerPrivateIps in the stack file"
            ),
        ),
        (
            {"natGateways": "none", "vpcId": "vpc-1"},
            (
                "vpcId is vpc-1. Allowed: vpc- and 8 to 17 hexadecimal digits. "
                "Next: pulumi config set vpcId vpc-0123456789abcdef0"
            ),
        ),
    ],
)
def test_an_existing_network_is_refused_with_what_to_do(changes: Mapping[str, str], message: str) -> None:
    assert faults({**EXISTING, **changes}) == [message]


def test_an_existing_network_is_for_the_address_on_a_worker_so_far() -> None:
    config = cast("AwsConfig", SimpleNamespace(vpc_id=EXISTING["vpcId"], front=Front.BALANCER))

    (fault,) = (fault for each in RELATIONS if set(each.fields) == {"vpc_id", "front"} for fault in each.check(config))
    assert str(fault) == (
        "vpcId is vpc-0123456789abcdef0 with front balancer, which is not in this version. Allowed: an existing network "
        "with "
        "front address. Next: pulumi config rm vpcId"
    )


def test_partners_may_overlap_a_range_that_is_not_used() -> None:
    assert read({**EXISTING, "partnerCidrs": '["10.80.1.0/24"]'}).vpc_id


@pytest.mark.parametrize(
    ("services", "message"),
    [
        (
            '["secretmanager"]',
            (
                "interfaceEndpoints is secretmanager (did you mean secretsmanager?). Allowed: a list of any number, each "
                "the short name of a service that has an interface endpoint, such as secretsmanager. "
                "Next: in the stack file, tandem:interfaceEndpoints: [secretsmanager]"
            ),
        ),
        (
            '["com.amazonaws.eu-central-1.kms"]',
            (
                "interfaceEndpoints is com.amazonaws.eu-central-1.kms (no short name of a service). Allowed: a list of any "
                "number, each the short name of a service that has an interface endpoint, such as secretsmanager. "
                "Next: in the stack file, tandem:interfaceEndpoints: [secretsmanager]"
            ),
        ),
        (
            '["s3"]',
            ("interfaceEndpoints is s3, the network has its gateway endpoint. Allowed: each service once. Next: remove it"),
        ),
        (
            '["ssm"]',
            "interfaceEndpoints is ssm, managementEndpoints has it. Allowed: each service once. Next: remove it",
        ),
        (
            '["kms", "kms"]',
            "interfaceEndpoints is kms, 2 times. Allowed: each service once. Next: remove it",
        ),
    ],
)
def test_a_service_is_known_by_a_short_name_and_once(services: str, message: str) -> None:
    assert faults({"interfaceEndpoints": services}) == [message]


def test_a_service_that_this_version_has_not_heard_of_is_taken() -> None:
    assert read({"interfaceEndpoints": '["kms", "bedrock-runtime", "iot.data"]'}).interface_endpoints[1] == "bedrock-runtime"


def test_the_lab_may_use_loopback_networks() -> None:
    config = read({"networkCidr": "127.64.0.0/16", "partnerCidrs": '["127.0.0.0/16"]'}, loopback=True)

    assert config.network_cidr.is_loopback


def test_a_loopback_partner_is_refused_on_a_real_cloud() -> None:
    (message,) = faults({"partnerCidrs": '["127.0.0.0/16"]'})

    assert message.startswith(
        "partnerCidrs is 127.0.0.0/16, a loopback network, and the cloud's endpoint is not on this machine"
    )


def test_user_data_that_fills_all_is_refused_with_the_guest_setup_and_taken_without() -> None:
    assert read({"userDataFile": "large.sh", "guestSetup": "false"}).user_data_file.path == "large.sh"
    (message,) = faults({"userDataFile": "large.sh"})

    found, _, rest = message.partition(". Allowed: ")
    said = re.fullmatch(r"userDataFile is large\.sh of 16384 bytes, (\d+) together with the guest setup", found)
    assert said
    assert int(said[1]) > 16384 + 5000
    assert rest == (
        "at most 16384 bytes in all (EC2's limit). "
        "Next: move what it does into the image, or pulumi config set guestSetup false"
    )


def test_a_windows_script_goes_in_without_the_guest_setup() -> None:
    config = read({"userDataFile": "setup.ps1", "guestSetup": "false", "dataMountPath": "/var"})

    assert config.user_data_file.text == "<powershell>\n"


@pytest.mark.parametrize("instance_type", ["m6i.large", "c7g.2xlarge", "r5.large", "x2idn.16xlarge", "z1d.large"])
def test_dedicated_types_are_taken(instance_type: str) -> None:
    assert read({"tenancy": "dedicated", "instanceType": instance_type}).instance_type == instance_type


@pytest.mark.parametrize("instance_type", ["t2.micro", "t3a.large", "t4g.medium", "a1.large", "mac1.metal", "u-6tb1.metal"])
def test_other_types_stand_on_shared_hardware_only(instance_type: str) -> None:
    (message,) = faults({"tenancy": "dedicated", "instanceType": instance_type})

    assert message.startswith(f"tenancy is dedicated with instanceType {instance_type}.")


def test_a_private_authority_is_taken_for_https() -> None:
    config = read({"probeKind": "https", "probeTlsCaFile": "ca.pem"})

    assert config.probe_tls_ca_file.text == FILES["ca.pem"]


def test_a_file_that_holds_no_certificate_is_refused() -> None:
    (message,) = faults({"probeKind": "https", "probeTlsCaFile": "key.pem"})

    assert message.startswith(
        "probeTlsCaFile is key.pem (a file without '-----BEGIN CERTIFICATE-----'). Allowed: a PEM file"
    )


def test_a_home_in_the_second_zone_is_only_an_order() -> None:
    assert read({"order": '["wk2", "wk1"]'}).order == ("wk2", "wk1")


def test_reading_a_configuration_needs_no_pulumi() -> None:
    modules = (
        "infra.aws.guest, infra.guest, infra.config, infra.config.advice, infra.regions, infra.addressing, infra.naming, "
        "infra.pace, infra.settings"
    )
    program = (
        f"import sys, {modules}; sys.exit(any(name.partition('.')[0] in ('pulumi', 'pulumi_aws') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False)

    assert done.returncode == 0


def test_every_key_of_the_page_can_be_said_and_stays_as_it_was() -> None:
    assert set(FIELDS.values()) == AwsConfig.model_fields.keys() | AzureConfig.model_fields.keys()
    assert len(FIELDS) == len(set(FIELDS.values()))


def test_every_key_is_for_one_cloud_at_least_and_a_cloud_has_no_other() -> None:
    assert all(clouds_of(field) for field in FIELDS.values())
    for cloud, of in CONFIGS.items():
        assert {field for field in FIELDS.values() if cloud in clouds_of(field)} == of.model_fields.keys()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"enabled": "false"}, "enabled is false"),
        ({"workersActAlone": "true"}, "workersActAlone is true"),
        ({"alertEmails": "[]"}, "alertEmails has no address"),
        ({"alertEmails": '["a@hospital.test"]'}, "alertEmails has 1 address"),
        ({"managementEndpoints": "false"}, "managementEndpoints is false"),
        ({"egress": "own", "guestSetup": "false"}, "egress is own with guestSetup false"),
        ({"deletionProtection": "false"}, "deletionProtection is false"),
    ],
)
def test_a_choice_that_will_be_missed_is_warned_of(changes: Mapping[str, str], words: str) -> None:
    usual = {"publicHealthPort": "8081"}

    assert list(advice(read(usual))) == []
    (sentence,) = advice(read({**usual, **changes}))
    assert sentence.startswith(words)


def test_a_standby_that_calls_partners_by_itself_is_warned_of_besides() -> None:
    alone = {"publicHealthPort": "8081", "workersActAlone": "true", "egress": "own"}

    assert [sentence.partition(":")[0] for sentence in advice(read(alone))] == [
        "workersActAlone is true",
        "egress is own with workersActAlone true",
    ]


def test_a_way_out_of_its_own_needs_no_endpoints() -> None:
    assert list(advice(read({"publicHealthPort": "8081", "egress": "own", "managementEndpoints": "false"}))) == []
