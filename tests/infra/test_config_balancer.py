"""What may be said about a balancer, and what is said to a user who said something else."""

from collections.abc import Mapping

import pytest

from failover_lambda.contract import ProbeKind
from infra.config.advice import advice
from infra.config.keys import AwsConfig, key_name
from infra.config.relations.balancer import BALANCERS_OWN, LISTENERS_MAX, WATCHDOGS_OWN
from infra.pace import BALANCER_FIGURE, CHECK_INTERVAL_S, CHECK_TIMEOUT_S, CHECKS_TO_UNHEALTHY
from tests.infra.stand import BALANCED
from tests.infra.test_config import faults, read

AVOIDED: Mapping[str, str] = {
    "tieBreakerZone": "eu-central-1c",
    "egress": "own",
    "order": '["wk2", "wk1"]',
    "fencePolicy": "",
    "enabled": "false",
    "watchOnly": "true",
    "rejoin": "auto",
    "arbiterStandby": "true",
    "holdSeconds": "30",
    "movesPerHourMax": "4",
    "movesPerDayMax": "6",
    "failbackEnabled": "true",
    "failbackCron": "0 3 * * SUN",
    "failbackLengthMinutes": "120",
    "failbackTimeZone": "Europe/Berlin",
    "publicHealthPort": "8081",
    "readyPath": "/ready",
    "probeTlsCaFile": "ca.pem",
    "probeIntervalSeconds": "2",
    "probeTimeoutSeconds": "0.5",
    "restartGraceSeconds": "31",
    "slowGraceSeconds": "16",
    "bootGraceSeconds": "10",
    "noticeEventBus": "operations",
    "arbiterMemoryMb": "512",
    "reservedConcurrency": "5",
    "lambdaArchitecture": "x86_64",
    "lambdaRuntime": "python3.12",
}
"""A value of each key of the watchdog that is not its default; empty where this version knows one value only."""


def balanced(changes: Mapping[str, str] | None = None) -> AwsConfig:
    return read({**BALANCED, **(changes or {})})


def refused(changes: Mapping[str, str]) -> list[str]:
    return faults({**BALANCED, **changes})


def test_both_workers_may_serve_behind_a_balancer() -> None:
    assert balanced().balancer_idle_timeout_s == 3600


def test_one_worker_cannot_serve_behind_a_balancer_yet_and_why() -> None:
    assert refused({"mode": "active-passive"}) == [
        (
            "mode is active-passive with front balancer: both workers are registered and answer, so the balancer would send "
            "to both; what closes the standby's health port, the worker's agent, is not in this version. "
            "Allowed: active-active with front balancer, active-passive with front address. "
            "Next: may both workers serve at once? Then set mode active-active; else set front address"
        )
    ]


def test_both_workers_cannot_serve_by_one_address() -> None:
    assert refused({"front": "address"}) == [
        (
            "front is address with mode active-active: the address is on one worker at a time, and the other one would "
            "receive nothing. Allowed: balancer with mode active-active. "
            "Next: pulumi config set front balancer, or pulumi config set mode active-passive"
        )
    ]


def test_ten_seconds_are_not_promised_behind_a_balancer_and_the_figure_is_named() -> None:
    assert refused({"tier": "fault-tolerant"}) == [
        (
            "tier is fault-tolerant with front balancer, and an outage may last 12 s and more: 2 health checks, 5 s apart "
            "at least, and 2 s for the last answer (botocore 1.44.5, elbv2, CreateTargetGroup), then the balancer's own "
            "lag, which AWS does not publish. Allowed: at most 10 s. Next: pulumi config set tier high-availability"
        )
    ]


def test_the_figure_is_made_of_what_the_balancer_is_told() -> None:
    longest = CHECKS_TO_UNHEALTHY * CHECK_INTERVAL_S + CHECK_TIMEOUT_S

    assert BALANCER_FIGURE.startswith(f"{longest} s and more")


def test_every_key_of_the_watchdog_has_a_value_here_that_is_not_its_default() -> None:
    assert list(AVOIDED) == [key_name(field) for field in WATCHDOGS_OWN]


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, text in AVOIDED.items() if text])
def test_what_only_a_watchdog_reads_is_refused_where_there_is_none(key: str, text: str) -> None:
    found = [fault for fault in refused({key: text}) if "there is no watchdog" in fault]

    assert [fault.partition(" ")[0] for fault in found] == [key]
    assert found[0].endswith(f"Next: pulumi config rm {key}")


def test_the_message_names_value_default_and_next_step() -> None:
    assert refused({"holdSeconds": "30"}) == [
        (
            "holdSeconds is 30 with mode active-active: there is no watchdog, and nothing else reads it. "
            "Allowed: 60, its default. Next: pulumi config rm holdSeconds"
        )
    ]
    assert refused({"tieBreakerZone": "eu-central-1c"}) == [
        (
            "tieBreakerZone is eu-central-1c with mode active-active: there is no watchdog, and nothing else reads it. "
            "Allowed: no value. Next: pulumi config rm tieBreakerZone"
        )
    ]


def test_a_default_that_is_written_down_is_no_mistake() -> None:
    written = {"order": '["wk1", "wk2"]', "holdSeconds": "60", "probeIntervalSeconds": "5", "enabled": "true"}

    assert balanced(written) == balanced()


def test_a_mistyped_key_of_the_watchdog_hides_no_other() -> None:
    assert [fault.partition(" ")[0] for fault in refused({"holdSeconds": "x", "movesPerHourMax": "4"})] == [
        "holdSeconds",
        "movesPerHourMax",
    ]


def test_what_only_a_balancer_reads_is_refused_where_there_is_none() -> None:
    assert BALANCERS_OWN == ("balancer_idle_timeout_s",)
    assert faults({"balancerIdleTimeoutSeconds": "60"}) == [
        (
            "balancerIdleTimeoutSeconds is 60 with front address: there is no balancer, and nothing else reads it. "
            "Allowed: 3600, its default. Next: pulumi config rm balancerIdleTimeoutSeconds"
        )
    ]


def test_a_balancer_has_no_more_listeners_than_aws_gives() -> None:
    ports = [*range(2575, 2575 + LISTENERS_MAX)]

    assert balanced({"trafficPorts": str(ports)}).traffic_ports == tuple(ports)
    (fault,) = refused({"trafficPorts": str([*ports, 9999])})
    assert fault.startswith(
        "trafficPorts is 51 ports with front balancer. Allowed: at most 50, because each is a listener and a balancer has "
        "no more, not even on request. Next: in the stack file, tandem:trafficPorts: [2575, "
    )


def test_a_balancer_wants_room_in_its_subnets() -> None:
    assert balanced({"networkCidr": "10.80.0.0/23"})
    assert read({"networkCidr": "10.80.0.0/24"})
    assert refused({"networkCidr": "10.80.0.0/24"}) == [
        (
            "networkCidr is 10.80.0.0/24, a /24, with front balancer. Allowed: a /16 to a /23: it is cut into 16 subnets, "
            "and a balancer wants 8 free addresses in one. Next: pulumi config set networkCidr 10.80.0.0/16"
        )
    ]


@pytest.mark.parametrize("kind", ["tcp", "mllp"])
def test_a_bare_connection_is_enough_for_a_balancer_and_is_warned_of(kind: str) -> None:
    config = balanced({"probeKind": kind})

    assert config.probe_kind is ProbeKind(kind)
    assert (
        f"probeKind is {kind}: the balancer asks only whether port 8080 takes a connection, so a service that hangs stays "
        "healthy. It knows no HL7; http or https asks the service itself."
    ) in list(advice(config))


def test_a_bare_connection_is_not_enough_for_a_watchdog() -> None:
    (fault,) = faults({"probeKind": "tcp"})

    assert fault.startswith("probeKind is tcp, and every tier of this version fails over by itself.")


def test_what_both_serving_means_is_said_at_every_run() -> None:
    said = list(advice(balanced()))

    assert said == [
        (
            "mode is active-active: both workers receive. The order of messages is kept within one connection only, and "
            "each worker has a store of its own: what a dead one had accepted waits in it until it is back."
        ),
        (
            "front is balancer: partners see 2 addresses, one for each of eu-central-1a, eu-central-1b. An address is lost "
            "with its zone, so a partner must allow all of them and be able to send to another one."
        ),
        f"tier is high-availability: after a worker died, the balancer may send to it for {BALANCER_FIGURE}.",
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"workersActAlone": "true"},
            "workersActAlone is true: both workers poll and send by themselves at the same time, each for itself.",
        ),
        (
            {"probeKind": "https"},
            "probeKind is https: the balancer takes any certificate, whatever probeTlsVerify says.",
        ),
        (
            {"managementEndpoints": "false", "natGateways": "none"},
            "managementEndpoints is false and natGateways none: Systems Manager cannot reach a worker.",
        ),
        (
            {"deletionProtection": "false"},
            "deletionProtection is false: one call deletes the record table, the balancer or a worker.",
        ),
    ],
)
def test_a_choice_that_will_be_missed_behind_a_balancer_is_warned_of(changes: Mapping[str, str], sentence: str) -> None:
    assert set(advice(balanced(changes))) - set(advice(balanced())) == {sentence}
