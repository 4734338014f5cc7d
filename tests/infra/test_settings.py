"""What a stack was told reaches its watchdog, and fits where it travels."""

from dataclasses import replace
from typing import Any, cast

import pytest

from failover_lambda.contract import ProberRef, Settings, Tier, Worker
from infra.aws.arguments import pair_args
from infra.aws.environment import ENVIRONMENT_BYTES_MAX, environment
from infra.aws.watchdog import arbiter_name, prober_name
from infra.config import AwsConfig, Source, parse
from infra.config.kinds import CA_BYTES_MAX, CRON_LENGTH_MAX, URL_PATH_LENGTH_MAX
from infra.naming import SITE_LENGTH_MAX
from infra.settings import Built, watchdog_settings
from infra.timetable import time_zones
from tests.infra.stand import TEXTS

ACCOUNT = "123456789012"
LONG_REGION = "ap-southeast-1"


def told(changes: dict[str, str], *, site: str = "tandem-aws-test", contents: str = "") -> dict[str, Any]:
    source = Source(texts={**TEXTS, **changes}, read_text=lambda _path: contents, loopback_cloud=False)
    config = parse(source)
    assert isinstance(config, AwsConfig)
    return cast("dict[str, Any]", pair_args(config, site=site, bundle="", bundle_digest=""))


def worker(name: str, zone: str) -> Worker:
    """A worker with ids as long as real ones."""
    return Worker(
        name=name,
        instance_id="i-0123456789abcdef0",
        network_interface_id="eni-0123456789abcdef0",
        private_ip="192.168.100.100",
        address_private_ip="192.168.100.101",
        zone=zone,
        group_ids=("sg-0123456789abcdef0",),
    )


def built(site: str, region: str) -> Built:
    zones = [f"{region}{letter}" for letter in "abc"]
    return Built(
        workers=(worker("wk1", zones[0]), worker("wk2", zones[1])),
        address_id="eipalloc-0123456789abcdef0",
        record_table=f"{site}-record",
        notice_topic=f"arn:aws:sns:{region}:{ACCOUNT}:{site}-notices",
        probers=tuple(ProberRef(zone=zone, function_name=prober_name(site, zone)) for zone in zones),
        isolation_group_id="sg-0123456789abcdef0",
    )


BUILT = built("tandem-aws-test", "eu-central-1")


@pytest.mark.parametrize(
    ("key", "text", "field", "value"),
    [
        ("enabled", "false", "enabled", False),
        ("workersActAlone", "true", "workers_act_alone", True),
        ("probeKind", "mllp", "probe_kind", "mllp"),
        ("probePort", "7654", "probe_port", 7654),
        ("probePath", "/os", "probe_path", "/os"),
        ("readyPath", "/ready", "ready_path", "/ready"),
        ("probeTlsVerify", "false", "probe_tls_verify", False),
        ("probeTimeoutSeconds", "0.3", "probe_timeout_s", 0.3),
        ("probeIntervalSeconds", "1.5", "probe_interval_s", 1.5),
        ("restartGraceSeconds", "0.5", "restart_grace_s", 0.5),
        ("slowGraceSeconds", "20", "slow_grace_s", 20.0),
        ("publicHealthPort", "8081", "public_health_port", 8081),
        ("bootGraceSeconds", "30", "boot_grace_s", 30.0),
        ("holdSeconds", "5", "hold_s", 5.0),
        ("movesPerHourMax", "2", "moves_per_hour_max", 2),
        ("movesPerDayMax", "4", "moves_per_day_max", 4),
        ("watchOnly", "true", "watch_only", True),
        ("rejoin", "auto", "rejoin", "auto"),
        ("arbiterStandby", "true", "arbiter_standby", True),
    ],
)
def test_a_key_of_the_stack_changes_one_setting_of_the_watchdog(key: str, text: str, field: str, value: Any) -> None:
    usual = watchdog_settings(told({}), BUILT)
    changed = watchdog_settings(told({key: text}), BUILT)

    said = getattr(changed, field)
    assert getattr(said, "value", said) == value
    assert replace(changed, **{field: getattr(usual, field)}) == usual


def window(cron: str, minutes: str, zone: str) -> dict[str, str]:
    return {
        "failbackEnabled": "true",
        "failbackCron": cron,
        "failbackLengthMinutes": minutes,
        "failbackTimeZone": zone,
    }


def test_a_window_reaches_the_watchdog_whole() -> None:
    usual = watchdog_settings(told({}), BUILT)
    changed = watchdog_settings(told(window("30 2 * * SUN", "90", "Europe/Berlin")), BUILT)

    assert changed == replace(
        usual,
        failback_enabled=True,
        failback_cron="30 2 * * SUN",
        failback_length_minutes=90,
        failback_time_zone="Europe/Berlin",
    )


def test_what_is_at_its_default_takes_no_room_and_is_read_back_all_the_same() -> None:
    variables = environment(watchdog_settings(told({}), BUILT))

    assert "TANDEM_FAILBACK_CRON" not in variables
    assert "TANDEM_BURST_INTERVAL_S" not in variables
    assert Settings.from_environment(variables).failback_time_zone == "UTC"


def test_certificates_travel_as_their_contents() -> None:
    contents = "-----BEGIN CERTIFICATE-----\n"

    settings = watchdog_settings(told({"probeKind": "https", "probeTlsCaFile": "ca.pem"}, contents=contents), BUILT)

    assert settings.probe_tls_ca_pem == contents


def test_workers_stand_in_the_order_that_the_stack_gives_them() -> None:
    settings = watchdog_settings(told({"order": '["wk2", "wk1"]'}), BUILT)

    assert [each.name for each in settings.workers] == ["wk2", "wk1"]
    assert settings.home.name == "wk2"


@pytest.mark.parametrize(
    ("tier", "ttl_s", "renew_s"), [(Tier.FAULT_TOLERANT, 6.0, 2.0), (Tier.HIGH_AVAILABILITY, 15.0, 5.0)]
)
def test_a_tier_sets_lease_and_counts(tier: Tier, ttl_s: float, renew_s: float) -> None:
    settings = watchdog_settings(told({"tier": tier.value}), BUILT)

    assert (settings.lease_ttl_s, settings.lease_renew_s) == (ttl_s, renew_s)
    assert (settings.timeouts_to_dead, settings.refusals_to_dead) == (3, 2)


def test_what_is_written_is_read_back() -> None:
    settings = watchdog_settings(told({}), BUILT)

    assert Settings.from_environment(environment(settings)) == settings


def test_the_largest_certificate_fits_with_the_longest_names() -> None:
    site = "s" * SITE_LENGTH_MAX
    contents = "-----BEGIN CERTIFICATE-----\n".ljust(CA_BYTES_MAX, "x")
    changes = {
        "probeKind": "https",
        "probeTlsCaFile": "ca.pem",
        "probePath": "/" + "p" * (URL_PATH_LENGTH_MAX - 1),
        "watchOnly": "true",
    }
    changes |= {"rejoin": "auto", "arbiterStandby": "true"}
    changes |= {"readyPath": "/" + "r" * (URL_PATH_LENGTH_MAX - 1), "slowGraceSeconds": "15.25"}
    changes |= window("0 3 * * SUN".ljust(CRON_LENGTH_MAX, " "), "1440", max(time_zones(), key=len))

    variables = environment(watchdog_settings(told(changes, site=site, contents=contents), built(site, LONG_REGION)))

    assert variables["TANDEM_PROBE_TLS_CA_PEM"] == contents
    assert arbiter_name(site).startswith(site)


def test_an_environment_that_is_too_large_is_refused_before_the_cloud_refuses_it() -> None:
    settings = replace(watchdog_settings(told({}), BUILT), probe_path="/" * ENVIRONMENT_BYTES_MAX)
    size = sum(len(name) + len(value) for name, value in settings.to_environment().items())

    with pytest.raises(ValueError, match="environment") as caught:
        environment(settings)

    assert str(caught.value) == (
        f"the watchdog's environment has {size} bytes, and AWS takes 4096: shorten the file that probeTlsCaFile names"
    )
