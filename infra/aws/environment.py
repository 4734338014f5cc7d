"""The environment of the arbiter's function, and how large AWS lets it be; pure."""

from failover_lambda.contract import Settings

ENVIRONMENT_BYTES_MAX = 4096
"""All names and values of a function's environment (Lambda guide, "Lambda quotas", read 2026-11-21)."""


def environment(settings: Settings) -> dict[str, str]:
    """The function's environment.

    Raises:
        ValueError: it is larger than the cloud takes.
    """
    variables = settings.to_environment()
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > ENVIRONMENT_BYTES_MAX:
        raise ValueError(
            f"the watchdog's environment has {size} bytes, and AWS takes {ENVIRONMENT_BYTES_MAX}: shorten the file that "
            "probeTlsCaFile names"
        )
    return variables
