"""The arguments of `Pair`: the configuration's fields once more, as plain values that another language can pass.

A test compares names with `infra.config`. Layers take their own arguments, made from these in `pair.py`.
"""

from typing import TypedDict, cast

from failover_lambda.contract import FencePolicy, ProbeKind, Rejoin, Tier
from infra.arguments import plain
from infra.config import AwsConfig
from infra.config.keys import Architecture, Cloud, Egress, FlowLogs, Front, Mode, NatGateways, Runtime, Tenancy


class PairArgs(TypedDict):
    """What a pair is built from; `docs/CONFIG.md` explains each value, and `infra.config` has checked them."""

    site: str
    """The pair's name: lower-case letters, digits and hyphens, at most 32."""
    bundle: str
    """Path of the watchdog's zip file."""
    bundle_digest: str
    """What the bundle is told from another by."""
    roll_worker: str
    """The worker that takes a new image, type or user data in this run (`infra.rolling`). Empty: none does."""

    cloud: Cloud
    region: str
    zones: list[str]
    tie_breaker_zone: str
    network_cidr: str
    nat_gateways: NatGateways
    vpc_id: str
    worker_subnet_ids: list[str]
    worker_private_ips: list[str]
    prober_subnet_ids: list[str]
    endpoint_subnet_ids: list[str]
    table_endpoint_id: str
    tier: Tier
    mode: Mode
    front: Front
    egress: Egress
    order: list[str]
    fence_policy: FencePolicy
    workers_act_alone: bool
    enabled: bool
    watch_only: bool
    rejoin: Rejoin
    arbiter_standby: bool
    hold_s: float
    moves_per_hour_max: int
    moves_per_day_max: int
    failback_enabled: bool
    failback_cron: str
    failback_length_minutes: int
    failback_time_zone: str
    ami_id: str
    instance_type: str
    tenancy: Tenancy
    reserve_capacity: bool
    auto_recovery: bool
    metadata_hops: int
    root_volume_gb: int
    data_volume_gb: int
    guest_setup: bool
    data_mount_path: str
    service_unit: str
    user_data: str
    management_endpoints: bool
    interface_endpoints: list[str]
    traffic_ports: list[int]
    partner_cidrs: list[str]
    balancer_idle_timeout_s: int
    public_health_port: int
    probe_kind: ProbeKind
    probe_port: int
    probe_path: str
    ready_path: str
    probe_tls_verify: bool
    probe_tls_ca_pem: str
    probe_interval_s: float
    probe_timeout_s: float
    restart_grace_s: float
    slow_grace_s: float
    boot_grace_s: float
    alert_emails: list[str]
    notice_event_bus: str
    log_retention_days: int
    flow_logs: FlowLogs
    arbiter_memory_mb: int
    reserved_concurrency: int
    lambda_architecture: Architecture
    lambda_runtime: Runtime
    protect: bool
    deletion_protection: bool
    tags: dict[str, str]


def pair_args(config: AwsConfig, *, site: str, bundle: str, bundle_digest: str, roll_worker: str = "") -> PairArgs:
    """The arguments that a checked configuration stands for."""
    built = {"site": site, "bundle": bundle, "bundle_digest": bundle_digest, "roll_worker": roll_worker}
    return cast("PairArgs", {**plain(config), **built})
