"""The arguments of `Pair`: the configuration's fields once more, as plain values that another language can pass.

A test compares names with the program on AWS. Layers take their own arguments, made from these in `pair.py`.

What reads the configuration is `planned`.
"""

from typing import TypedDict

from failover_lambda.contract import FencePolicy, ProbeKind, Rejoin, Tier
from infra.config.keys import Cloud, Egress, Front, Mode, NatGateways


class PairArgs(TypedDict):
    """What a pair is built from; whoever makes it has checked the values.

    No counterpart here, for the cloud has no such thing or this version does without: `tie_breaker_zone` (one function looks
    from everywhere), `vpc_id`, `worker_subnet_ids`, `worker_private_ips`, `prober_subnet_ids`,
    `endpoint_subnet_ids` and `table_endpoint_id` (existing networks), `ami_id` and `instance_type` (image, vm_size),
    `tenancy` (dedicated_hosts), `reserve_capacity`, `auto_recovery` (Azure always does it), `metadata_hops`,
    `management_endpoints` and `interface_endpoints` (private endpoints are made one by one), `balancer_idle_timeout_s`,
    `notice_event_bus`, `flow_logs`, `arbiter_memory_mb` (function_memory_mb), `reserved_concurrency`,
    `lambda_architecture`, `lambda_runtime` (function_python).

    Azure's alone: `package_sas_expiry`, `subscription_id`, `image`, `vm_size`, `dedicated_hosts`,
    `admin_public_key`, `function_memory_mb`, `function_python`.
    """

    site: str
    """The pair's name: lower-case letters, digits and hyphens, at most 32."""
    bundle: str
    """Path of the watchdog's zip file."""
    bundle_digest: str
    """What the bundle is told from another by."""
    package_sas_expiry: str
    """Until when Azure may fetch the bundle: ISO 8601, UTC."""
    subscription_id: str
    roll_worker: str
    """The worker that takes a new image, size or user data in this run (`infra.rolling`). Empty: none does."""

    cloud: Cloud
    region: str
    zones: list[str]
    network_cidr: str
    nat_gateways: NatGateways
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
    image: str
    """publisher:offer:sku:version, or the id of a version in a gallery."""
    vm_size: str
    dedicated_hosts: bool
    admin_public_key: str
    """Azure wants one of every Linux machine; no port is open for it."""
    root_volume_gb: int
    data_volume_gb: int
    guest_setup: bool
    data_mount_path: str
    service_unit: str
    user_data: str
    traffic_ports: list[int]
    partner_cidrs: list[str]
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
    log_retention_days: int
    function_memory_mb: int
    function_python: str
    protect: bool
    deletion_protection: bool
    tags: dict[str, str]
