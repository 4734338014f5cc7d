"""Rules about the probers' questions."""

from collections.abc import Iterator

from failover_lambda.contract import ProbeKind
from infra.config.faults import Fault
from infra.config.keys import Mode, StackConfig
from infra.config.relations.registry import relation


@relation(StackConfig, "probe_kind", "mode")
def _a_failover_rests_on_an_answer(config: StackConfig) -> Iterator[Fault]:
    if config.probe_kind is ProbeKind.TCP and config.mode is Mode.ACTIVE_PASSIVE:
        yield Fault(
            "probeKind",
            "tcp, and every tier of this version fails over by itself",
            "http, https or mllp: a bare connection also succeeds on a service that hangs",
            "pulumi config set probeKind http",
        )


@relation(StackConfig, "probe_kind", "ready_path")
def _a_ready_page_is_a_page(config: StackConfig) -> Iterator[Fault]:
    if config.ready_path and config.probe_kind not in (ProbeKind.HTTP, ProbeKind.HTTPS):
        yield Fault(
            "readyPath",
            f"{config.ready_path}, with probeKind {config.probe_kind.value}",
            "a path where probeKind is http or https; there is no page to ask for otherwise",
            "pulumi config set probeKind http, or pulumi config rm readyPath",
        )


@relation(StackConfig, "probe_kind", "probe_tls_ca_file")
def _certificates_are_asked_for(config: StackConfig) -> Iterator[Fault]:
    if config.probe_tls_ca_file.path and config.probe_kind is not ProbeKind.HTTPS:
        yield _certificates_fault(config.probe_tls_ca_file.path, "probeKind", config.probe_kind.value, "https")


@relation(StackConfig, "probe_tls_verify", "probe_tls_ca_file")
def _certificates_are_checked(config: StackConfig) -> Iterator[Fault]:
    if config.probe_tls_ca_file.path and not config.probe_tls_verify:
        yield _certificates_fault(config.probe_tls_ca_file.path, "probeTlsVerify", "false", "true")


def _certificates_fault(path: str, key: str, value: str, wanted: str) -> Fault:
    return Fault(
        "probeTlsCaFile",
        f"{path}, with {key} {value}",
        "certificates where probeKind is https and probeTlsVerify is true; nothing else looks at them",
        f"pulumi config set {key} {wanted}, or pulumi config rm probeTlsCaFile",
    )


@relation(StackConfig, "probe_interval_s", "probe_timeout_s")
def _a_round_ends_before_the_next(config: StackConfig) -> Iterator[Fault]:
    """2 * probeTimeoutSeconds <= probeIntervalSeconds: a question waits for the connection, then for the answer."""
    if 2 * config.probe_timeout_s > config.probe_interval_s:
        yield Fault(
            "probeTimeoutSeconds",
            f"{config.probe_timeout_s:g} with probeIntervalSeconds {config.probe_interval_s:g}",
            "2 * probeTimeoutSeconds <= probeIntervalSeconds, for a question may wait twice: to connect and for the answer",
            f"pulumi config set probeTimeoutSeconds {config.probe_interval_s / 2:g}",
        )


@relation(StackConfig, "probe_timeout_s", "slow_grace_s")
def _silence_lasts_a_question(config: StackConfig) -> Iterator[Fault]:
    """A question waits for its answer as long as probeTimeoutSeconds; before that, nothing is known to be silent."""
    if config.slow_grace_s < config.probe_timeout_s:
        yield Fault(
            "slowGraceSeconds",
            f"{config.slow_grace_s:g} with probeTimeoutSeconds {config.probe_timeout_s:g}",
            "slowGraceSeconds >= probeTimeoutSeconds, for a single question waits that long for its answer",
            f"pulumi config set slowGraceSeconds {config.probe_timeout_s:g}",
        )
