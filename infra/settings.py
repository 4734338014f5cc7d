"""From what a stack was told, and what came into being, to what its watchdog is told; pure.

A setting of the watchdog that has the name of a configuration key takes its value. So a new one needs a key, a field of
`contract.Settings`, and nothing here. Everybody in `infra` may import this file.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from failover_lambda.contract import ProberRef, Settings, Worker
from infra.pace import PACES, REFUSALS_TO_DEAD, TIMEOUTS_TO_DEAD


@dataclass(frozen=True, kw_only=True)
class Built:
    """What is known only after the cloud has built it."""

    workers: tuple[Worker, ...]
    """In any order."""
    address_id: str
    record_table: str
    notice_topic: str
    probers: tuple[ProberRef, ...]
    isolation_group_id: str


def watchdog_settings(told: Mapping[str, Any], built: Built) -> Settings:
    """The watchdog's settings.

    Args:
        told: Configuration values by field name, with `site` and `order`; of Settings' own types.
        built: What they are about.
    """
    pace = PACES[told["tier"]]
    by_name = {worker.name: worker for worker in built.workers}
    named: dict[str, Any] = {field.name: told[field.name] for field in dataclasses.fields(Settings) if field.name in told}
    return Settings(
        **named,
        workers=tuple(by_name[name] for name in told["order"]),
        address_id=built.address_id,
        record_table=built.record_table,
        notice_topic=built.notice_topic,
        probers=built.probers,
        isolation_group_id=built.isolation_group_id,
        timeouts_to_dead=TIMEOUTS_TO_DEAD,
        refusals_to_dead=REFUSALS_TO_DEAD,
        lease_ttl_s=pace.lease_ttl_s,
        lease_renew_s=pace.lease_renew_s,
    )
