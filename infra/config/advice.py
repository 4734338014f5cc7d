"""What is allowed and still deserves a warning at every `pulumi up`; pure."""

from collections.abc import Iterator

from infra.config.keys import Egress, StackConfig


def advice(config: StackConfig) -> Iterator[str]:
    """One sentence per choice that will be missed on the day of a failure."""
    yield from _on_acting(config)
    yield from _on_being_told(config)
    yield from _on_ways_out(config)
    if not config.deletion_protection:
        yield "deletionProtection is false: one call deletes the record table or a worker."


def _on_acting(config: StackConfig) -> Iterator[str]:
    if not config.enabled:
        yield "enabled is false: the watchdog changes nothing, and nobody moves the address."
    if config.workers_act_alone:
        yield (
            "workersActAlone is true: after a failover the old holder may go on polling and sending by itself until it is "
            "stopped; fencePolicy address-is-fence covers only what comes in through the address."
        )
    if config.workers_act_alone and config.egress is Egress.OWN:
        yield (
            "egress is own with workersActAlone true: a standby can call partners too, at any time and not only after a "
            "failover, so your engine itself must know when it is not the active one."
        )


def _on_being_told(config: StackConfig) -> Iterator[str]:
    if len(config.alert_emails) <= 1:
        yield (
            f"alertEmails has {len(config.alert_emails) or 'no'} address: a subscription that nobody confirmed, or one full "
            "mailbox, and nobody is told of a failover."
        )
    if not config.public_health_port:
        yield (
            "publicHealthPort is 0: a move is verified by two readings of the cloud and a private probe, not through the "
            "public address."
        )


def _on_ways_out(config: StackConfig) -> Iterator[str]:
    if config.egress is Egress.HOLDER and not config.management_endpoints:
        yield "managementEndpoints is false: a standby has no way out, so Systems Manager cannot reach it."
    if config.egress is Egress.OWN and not config.guest_setup:
        yield (
            "egress is own with guestSetup false: your image must take the second private address by itself, or nothing "
            "arrives through the fixed one."
        )
