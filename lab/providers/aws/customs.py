"""What the AWS provider does around every resource: default tags, `tagsAll`, and the region.

Here: no calls of the cloud. As pulumi-aws does it before it checks: `tagsAll` = the provider's default tags with the
resource's own laid over them (provider/tags.go), `region` = the provider's where the program names none
(provider/region.go); both only where the type has such a property. The cloud gets `tagsAll`; what it tells is `tagsAll`
again, and `tags` without the defaults (terraform-provider-aws, internal/tags: `RemoveDefaultConfig`). Tags that AWS itself
sets (`aws:`) are no drift (`IgnoreAWS`, same place).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, cast

from lab.providers import package
from lab.providers.bridged import BridgedCustoms
from lab.providers.plain import Secret, Unknown, has_unknowns, reveal, secrets_in
from lab.providers.registry import Registry

OWN_PREFIX = "aws:"

RegistryOf = Callable[[str], Registry]
"""The handlers of one region."""


class AwsCustoms(BridgedCustoms):
    """A provider for one region, unless a resource names another."""

    from_outputs: ClassVar[frozenset[str]] = frozenset({"tags", "tagsAll"})

    def __init__(self, registry_of: RegistryOf, region: str, default_tags: Mapping[str, str]) -> None:
        self._registry_of = registry_of
        self._region = region
        self._default_tags = default_tags

    def registry(self, inputs: Mapping[str, Any]) -> Registry:
        """The handlers of the region that the inputs name."""
        region = inputs.get("region")
        return self._registry_of(region if isinstance(region, str) else self._region)

    def completed(self, type_token: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """`tagsAll` and `region`, where the type has them."""
        known = package.properties(type_token)
        added: dict[str, Any] = {}
        if "tags" in known.inputs and "tagsAll" in known.outputs:
            added["tagsAll"] = self._all_tags(inputs.get("tags") or {})
        if "region" in known.inputs and "region" not in inputs:
            added["region"] = self._region
        return added

    def for_handler(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """A handler knows one set of tags, and its cloud knows the region."""
        plain = {name: value for name, value in inputs.items() if name not in {"tagsAll", "region"}}
        tags = inputs.get("tagsAll")
        return {**plain, "tags": tags} if tags and not isinstance(tags, Unknown) else plain

    def ignored(self, paths: Sequence[str]) -> list[str]:
        """Who ignores a tag ignores it in `tagsAll`."""
        return [*paths, *(f"tagsAll{path[4:]}" for path in paths if re.match(r"tags([.\[]|$)", path))]

    def outputs(self, inputs: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
        """`tags` without the default ones that the resource does not name itself; and the region, which no answer has."""
        region = {"region": inputs["region"]} if "region" in inputs else {}
        return {**region, **self._with_tags(inputs, told)}

    def _with_tags(self, inputs: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
        if "tagsAll" not in told:
            return dict(told)
        own = set(cast("Mapping[str, Any]", reveal(inputs.get("tags") or {})))
        everything = {key: value for key, value in told["tagsAll"].items() if not key.startswith(OWN_PREFIX)}
        tags = {key: value for key, value in everything.items() if key in own or self._default_tags.get(key) != value}
        rest = {name: value for name, value in told.items() if name != "tags"}
        return {**rest, "tagsAll": everything} | ({"tags": tags} if tags else {})

    def _all_tags(self, tags: Any) -> Any:
        if has_unknowns(tags):
            return Unknown()
        everything = {**self._default_tags, **reveal(tags)}
        return Secret(everything) if any(secrets_in(tags)) else everything
