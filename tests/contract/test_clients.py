"""`aws.clients`: how long, and how often, a call is tried."""

from dataclasses import replace
from typing import Any

import pytest

from failover_lambda.aws.clients import build, prober_read_timeout_s
from tests.fakes import make_settings

pytestmark = pytest.mark.contract


def test_a_prober_waits_no_longer_than_its_probes_and_a_margin() -> None:
    settings = replace(make_settings(), probe_timeout_s=0.4, burst_timeout_s=0.3)
    assert prober_read_timeout_s(settings) == pytest.approx(1.2)
    assert prober_read_timeout_s(replace(settings, probe_timeout_s=0.2)) == pytest.approx(1.0)


def test_every_client_tries_once_with_short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3's defaults start a slow function five times, and wait a minute for a dead endpoint."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    settings = make_settings()
    made = build(settings)
    for one in (made.ec2, made.dynamodb, made.sns, made.functions):
        config: Any = one.meta.config
        assert config.retries["total_max_attempts"] == 1
        assert config.connect_timeout == 1
        assert config.read_timeout <= 2
        assert config.connect_timeout + config.read_timeout < settings.call_again_s
