"""What one layer hands the next, the same for both clouds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class WorkerHandle:
    """A worker as the other layers see it."""

    name: str
    zone: str
    private_ip: str
    address_private_ip: pulumi.Output[str]
    """Where the fixed address leads to on it."""
    instance_id: pulumi.Output[str]
    network_interface_id: pulumi.Output[str]


@dataclass(frozen=True)
class ProberHandle:
    """A prober as the arbiter sees it."""

    zone: str
    function_name: str
    function_arn: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class Served:
    """How a site is reached, and who sees to it; what does not exist is an empty text."""

    addresses: Mapping[str, pulumi.Output[str]]
    """Every address that partners may use, by where it holds: a zone, or the region where it moves between zones."""
    address_id: pulumi.Input[str] = ""
    """The cloud's id of an address that moves."""
    dns_name: pulumi.Input[str] = ""
    """A name of the addresses that are alive."""
    watchdog_name: pulumi.Input[str] = ""
    state_table: pulumi.Input[str] = ""
    holder: pulumi.Input[str] = ""
    """Who served when the deployment ended, where one does."""
    dashboard_url: pulumi.Input[str] = ""
    operator_policy: pulumi.Input[str] = ""
    """What whoever asks the watchdog may do, as a policy document."""


@dataclass(frozen=True)
class AccountHandle:
    """Where ARNs point to."""

    partition: pulumi.Output[str]
    account_id: pulumi.Output[str]


def child(
    parent: pulumi.Resource,
    *,
    depends_on: Sequence[pulumi.Resource] = (),
    protect: bool | None = None,
    ignore_changes: Sequence[str] = (),
    replace_on_changes: Sequence[str] = (),
    delete_before_replace: bool | None = None,
) -> pulumi.ResourceOptions:
    """Options of a resource inside a component; names in `ignore_changes`, `replace_on_changes` are the provider's own."""
    return pulumi.ResourceOptions(
        parent=parent,
        depends_on=list(depends_on),
        protect=protect,
        ignore_changes=list(ignore_changes) or None,
        replace_on_changes=list(replace_on_changes) or None,
        delete_before_replace=delete_before_replace,
    )
