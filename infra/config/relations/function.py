"""Rules about the watchdog's functions, and about tags."""

from collections import Counter
from collections.abc import Iterator

from failover_lambda.contract import OWNER_TAG
from infra.config.faults import Fault
from infra.config.keys import Architecture, AwsConfig
from infra.config.relations.registry import relation
from infra.naming import NAME_TAG, RESERVED_TAG_PREFIX, TAGS_MAX
from infra.regions import AWS_REGIONS

RESERVED_CONCURRENCY_MIN = 3
"""Two lives that overlap at a hand-over, and one start by a deployment or by a worker's state. More of those wait: the
platform asks again for a minute, and an arbiter that leads sees the states by itself."""


@relation(AwsConfig, "reserved_concurrency", "arbiter_standby")
def _a_hand_over_has_room(config: AwsConfig) -> Iterator[Fault]:
    least = RESERVED_CONCURRENCY_MIN + config.arbiter_standby
    if 0 <= config.reserved_concurrency < least:
        standby = "one that waits (arbiterStandby), " if config.arbiter_standby else ""
        yield Fault(
            "reservedConcurrency",
            str(config.reserved_concurrency),
            f"-1, or {least} and more: {standby}two lives at a hand-over, and one start beside them",
            "pulumi config set reservedConcurrency -- -1",
        )


@relation(AwsConfig, "region", "lambda_architecture")
def _the_region_has_the_processor(config: AwsConfig) -> Iterator[Fault]:
    if config.lambda_architecture is Architecture.ARM64 and not AWS_REGIONS[config.region].lambda_arm64:
        yield Fault(
            "lambdaArchitecture",
            f"{config.lambda_architecture.value}, which Lambda does not have in region {config.region}",
            f"{Architecture.X86_64.value} in this region",
            f"pulumi config set lambdaArchitecture {Architecture.X86_64.value}",
        )


OWN_TAGS = (NAME_TAG, OWNER_TAG)


@relation(AwsConfig, "tags")
def _tags_are_free(config: AwsConfig) -> Iterator[Fault]:
    names = [tag.partition("=")[0] for tag in config.tags]
    for name, times in Counter(names).items():
        if name.lower().startswith(RESERVED_TAG_PREFIX) or name in OWN_TAGS:
            yield Fault("tags", f"{name}=..., which is taken", f"keys besides aws:*, {', '.join(OWN_TAGS)}", "rename it")
        if times > 1:
            yield Fault("tags", f"{name}=... {times} times", "each key once", "remove the repetition")
    most = TAGS_MAX - len(OWN_TAGS)
    if len(names) > most:
        yield Fault("tags", f"{len(names)} tags", f"at most {most}", "remove some")
