"""Who may write a record is said by roles: an account's own keys, and doors for everybody, go past them all."""

from tandem_policy.azure.kinds import ACCOUNT, is_record, kind_of
from tandem_policy.values import UNKNOWN, Answers, Config, Finding, Resource, unknown_at

CLOSED = {
    "allowSharedKeyAccess": (False, "whoever has a key of the account is past every role"),
    "allowBlobPublicAccess": (False, "a container may be opened to everybody"),
}
"""What has to be said, since Azure allows it where nobody does, and why."""


def accounts_take_no_keys(resource: Resource, config: Config) -> Answers:
    """The account of a record; that of a bundle signs for a deployment with its key."""
    if kind_of(resource) != ACCOUNT or not (config["all"] or is_record(resource)):
        return
    for name, (wanted, why) in CLOSED.items():
        value = resource.props.get(name)
        yield from unknown_at(name, value)
        if value is not UNKNOWN and value is not wanted:
            yield Finding(f"{why}: set {name} to {str(wanted).lower()}")
