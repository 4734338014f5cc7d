"""The parts of a Pulumi URN: `urn:pulumi:STACK::PROJECT::PARENT$...$TYPE::NAME`. Pure; everybody may import this file."""


def type_of(urn: str) -> str:
    """The resource's own type, behind those of its parents."""
    return urn.split("::")[2].rpartition("$")[2]


def name_of(urn: str) -> str:
    """The name that the program gave it; may hold colons itself."""
    return urn.split("::", 3)[3]
