r"""Rules about tags that are Azure's own.

Names are compared without regard to case (Resource Manager, "Use tags to organize your resources", read 2026-11-29). Its
limits, remembered: 50 tags on a resource; names of 512 characters, 128 on a storage account, without `<>%&\?/`; values of
256. Lengths and the other characters are held by the key's type.
"""

from collections import Counter
from collections.abc import Iterator

from infra.config.faults import Fault
from infra.config.keys import AzureConfig
from infra.config.relations.registry import relation
from infra.naming import TAGS_MAX

OWN_PREFIX = "tandem:"
OWN_TAGS = 3
"""At most, on one resource: the site, and on network cards the epoch and the association."""
RESERVED_PREFIXES = ("microsoft", "azure", "windows")
"""Resource Manager refuses names that begin so (remembered)."""
NOT_IN_NAMES = frozenset("<>%&\\?/")


@relation(AzureConfig, "tags")
def _tags_are_free(config: AzureConfig) -> Iterator[Fault]:
    names = [tag.partition("=")[0] for tag in config.tags]
    for name, times in Counter(each.lower() for each in names).items():
        spelled = [each for each in names if each.lower() == name]
        if name.startswith((OWN_PREFIX, *RESERVED_PREFIXES)):
            allowed = f"names that begin with none of {', '.join((OWN_PREFIX, *RESERVED_PREFIXES))}"
            yield Fault("tags", f"{spelled[0]}=..., which is taken", allowed, "rename it")
        if NOT_IN_NAMES & set(name):
            yield Fault("tags", f"{spelled[0]}=...", "on azure, names without <>%&\\?/", "rename it")
        if times > 1:
            found = f"{' and '.join(f'{each}=...' for each in spelled)}, one name to azure"
            yield Fault("tags", found, "each name once, without regard to case", "remove the repetition")
    most = TAGS_MAX - OWN_TAGS
    if len(names) > most:
        yield Fault("tags", f"{len(names)} tags", f"at most {most}", "remove some")
