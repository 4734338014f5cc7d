"""What is allowed and still deserves a warning at every `pulumi up`; pure."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from failover_lambda.contract import ProbeKind, Tier
from infra.config.keys import AwsConfig, AzureConfig, Egress, Front, Mode, NatGateways, StackConfig
from infra.pace import BALANCER_FIGURE, POOL_MOVE_S


def advice(config: AwsConfig | AzureConfig) -> Iterator[str]:
    """One sentence per choice that will be missed on the day of a failure."""
    match config:
        case AwsConfig():
            yield from _on_aws(config)
        case AzureConfig():
            yield from _on_azure(config)
        case _:
            assert_never(config)
    if len(config.alert_emails) <= 1:
        yield (
            f"alertEmails has {len(config.alert_emails) or 'no'} address: {_UNREAD[type(config)]}, and nobody is told of a "
            "failover."
        )
    if not config.deletion_protection:
        yield _UNPROTECTED[type(config)]


_UNREAD: Mapping[type[StackConfig], str] = {
    AwsConfig: "a subscription that nobody confirmed, or one full mailbox",
    AzureConfig: "one full mailbox",
}
_UNPROTECTED: Mapping[type[StackConfig], str] = {
    AwsConfig: "deletionProtection is false: one call deletes the record table, the balancer or a worker.",
    AzureConfig: "deletionProtection is false: one call deletes the address, the record or a worker.",
}


def _on_aws(config: AwsConfig) -> Iterator[str]:
    match config.mode:
        case Mode.ACTIVE_PASSIVE:
            yield from _one_serves(config)
            match config.egress:
                case Egress.HOLDER:
                    yield from _out_by_the_address(config)
                case Egress.OWN:
                    yield from _out_by_its_own(config)
                case _:
                    assert_never(config.egress)
        case Mode.ACTIVE_ACTIVE:
            yield from _both_serve(config)
        case _:
            assert_never(config.mode)


def _on_azure(config: AzureConfig) -> Iterator[str]:
    yield from _one_serves(config)
    if config.tier is Tier.FAULT_TOLERANT:
        yield (
            f"tier is fault-tolerant: that two writes of the balancer's pool take effect within {POOL_MOVE_S:g} s is "
            "assumed, because nobody publishes a figure; a drill in your subscription shows it."
        )
    if config.front is Front.ADDRESS and config.egress is Egress.HOLDER:
        yield (
            "egress is holder: until the watchdog's first tick no worker has a way out, and the standby has none after it, "
            "so a first boot fetches nothing from the internet."
        )
    elif config.nat_gateways is NatGateways.ONE:
        yield "natGateways is one: a NAT gateway stands in one zone, and with that zone both workers lose their way out."


def _one_serves(config: StackConfig) -> Iterator[str]:
    if not config.enabled:
        yield "enabled is false: the watchdog changes nothing, and nobody moves the address."
    if config.watch_only:
        yield "watchOnly is true: the watchdog tells what it would do and does nothing, and nobody moves the address."
    if config.workers_act_alone:
        yield (
            "workersActAlone is true: after a failover the old holder may go on polling and sending by itself until it is "
            "stopped; fencePolicy address-is-fence covers only what comes in through the address."
        )
    if not config.public_health_port:
        yield (
            "publicHealthPort is 0: a move is verified by two readings of the cloud and a private probe, not through the "
            "public address."
        )


def _out_by_the_address(config: AwsConfig) -> Iterator[str]:
    if not config.management_endpoints:
        yield "managementEndpoints is false: a standby has no way out, so Systems Manager cannot reach it."


def _out_by_its_own(config: AwsConfig) -> Iterator[str]:
    if config.workers_act_alone:
        yield (
            "egress is own with workersActAlone true: a standby can call partners too, at any time and not only after a "
            "failover, so your engine itself must know when it is not the active one."
        )
    if not config.guest_setup:
        yield (
            "egress is own with guestSetup false: your image must take the second private address by itself, or nothing "
            "arrives through the fixed one."
        )


def _both_serve(config: AwsConfig) -> Iterator[str]:
    zones = ", ".join(config.zones)
    yield (
        "mode is active-active: both workers receive. The order of messages is kept within one connection only, and each "
        "worker has a store of its own: what a dead one had accepted waits in it until it is back."
    )
    yield (
        f"front is balancer: partners see {len(config.zones)} addresses, one for each of {zones}. An address is lost with "
        "its zone, so a partner must allow all of them and be able to send to another one."
    )
    yield f"tier is {config.tier.value}: after a worker died, the balancer may send to it for {BALANCER_FIGURE}."
    if config.workers_act_alone:
        yield "workersActAlone is true: both workers poll and send by themselves at the same time, each for itself."
    yield from _weak_question(config)
    if not config.management_endpoints and config.nat_gateways is NatGateways.NONE:
        yield "managementEndpoints is false and natGateways none: Systems Manager cannot reach a worker."


def _weak_question(config: StackConfig) -> Iterator[str]:
    kind = config.probe_kind
    if kind in (ProbeKind.TCP, ProbeKind.MLLP):
        yield (
            f"probeKind is {kind.value}: the balancer asks only whether port {config.probe_port} takes a connection, so a "
            "service that hangs stays healthy. It knows no HL7; http or https asks the service itself."
        )
    if kind is ProbeKind.HTTPS:
        yield "probeKind is https: the balancer takes any certificate, whatever probeTlsVerify says."
