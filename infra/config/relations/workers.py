"""Rules about the machines."""

from collections.abc import Iterator

from infra.config.faults import Fault
from infra.config.keys import FIND_IMAGE, StackConfig
from infra.config.relations.registry import relation

PLACEHOLDER_IMAGE = "ami-0123456789abcdef0"
"""In the shipped stack files; the lab uses it as it is."""


@relation("ami_id", real_cloud_only=True)
def _the_image_is_no_placeholder(config: StackConfig) -> Iterator[Fault]:
    if config.ami_id == PLACEHOLDER_IMAGE:
        found = f"{PLACEHOLDER_IMAGE}, the placeholder of the shipped stack files"
        yield Fault("amiId", found, "the image of your engine in this region", FIND_IMAGE)
