"""What the provider's own Python package says of a type: its properties and those that a program may set.

Here: reading the package's source text as text, since importing it costs half a second and more. Only
`lab.providers.aws.customs` and `lab.providers.plugin` import this file.
"""

import functools
import re
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

_PROPERTY = re.compile(r'@pulumi\.getter(?:\(name="(\w+)"\))?\s+def (\w+)\(self\)')
_UPPER = re.compile(r"(?<!^)(?=[A-Z])")
_KEYWORDS = frozenset({"lambda"})


@dataclass(frozen=True)
class Properties:
    """The names of one type's properties, as the provider spells them."""

    inputs: frozenset[str]
    outputs: frozenset[str]


NONE = Properties(frozenset(), frozenset())


def version(package: str) -> str:
    """The installed version of a provider's package: `aws` for pulumi-aws.

    Raises:
        importlib.metadata.PackageNotFoundError: it is not installed.
    """
    return metadata.version(f"pulumi-{package}")


@functools.cache
def properties(type_token: str) -> Properties:
    """The properties of a resource type; none at all where the package does not have it.

    >>> sorted(properties("aws:ec2/eip:Eip").inputs & {"tags", "tagsAll", "region", "publicIp"})
    ['region', 'tags']
    """
    package, module, name = type_token.split(":")
    found = util.find_spec(f"pulumi_{package}")
    if found is None or found.origin is None:
        return NONE
    folder, _, file = module.partition("/")
    source = Path(found.origin).parent / _module(folder) / f"{_UPPER.sub('_', file).lower()}.py"
    if not source.is_file():
        return NONE
    text = source.read_text()
    return Properties(_of_class(text, f"{name}Args"), _of_class(text, name))


def _module(folder: str) -> str:
    return f"{folder}_" if folder in _KEYWORDS else folder


def _of_class(text: str, name: str) -> frozenset[str]:
    found = re.search(rf"^class {name}\b.*?(?=^class |\Z)", text, re.MULTILINE | re.DOTALL)
    return frozenset(given or own for given, own in _PROPERTY.findall(found.group())) if found else frozenset()
