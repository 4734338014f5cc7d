"""The pair as other languages would see it, and its arguments as the configuration declares them."""

import typing
from typing import Any

from pulumi.provider.experimental.analyzer import Analyzer

from infra.arguments import CONTENTS
from infra.aws.arguments import PairArgs
from infra.aws.pair import Pair
from infra.config import AwsConfig

OWN_ARGUMENTS = {"site", "bundle", "bundle_digest", "roll_worker"}
PLAIN_TYPES = {str, int, float, bool}


def schema() -> Any:
    """What Pulumi would publish."""
    return Analyzer("tandem").analyze([Pair])["component_definitions"]["Pair"]


def test_the_arguments_are_the_configurations_fields_and_four_of_their_own() -> None:
    fields = {CONTENTS.get(field, field) for field in AwsConfig.model_fields}

    assert set(PairArgs.__annotations__) == fields | OWN_ARGUMENTS


def test_an_argument_has_the_type_of_its_field() -> None:
    hints = typing.get_type_hints(PairArgs)
    for name, info in AwsConfig.model_fields.items():
        if name in CONTENTS or name in {
            "network_cidr",
            "zones",
            "order",
            "traffic_ports",
            "partner_cidrs",
            "alert_emails",
            "tags",
            "worker_subnet_ids",
            "worker_private_ips",
            "prober_subnet_ids",
            "endpoint_subnet_ids",
            "interface_endpoints",
        }:
            continue  # files, networks and tuples are handed over as texts, lists and mappings
        assert hints[name] is info.annotation, name


def test_the_pair_can_be_published_for_other_languages() -> None:
    found = schema()

    assert set(found.inputs) == set(found.inputs_mapping)
    assert set(found.inputs_mapping.values()) == set(PairArgs.__annotations__)
    assert set(found.outputs_mapping.values()) == {
        "address",
        "addresses",
        "dns_name",
        "address_id",
        "egress_addresses",
        "watchdog_name",
        "state_table",
        "topic_arn",
        "active_worker_name",
        "workers",
        "zone_ids",
        "cli_config",
        "dashboard_url",
        "monthly_cost",
        "operator_policy",
        "quotas",
    }


def test_every_argument_is_needed() -> None:
    assert not [name for name, described in schema().inputs.items() if described.optional]
