"""What cannot be had again is protected: an address that is released never comes back, and a record that is lost is lost.

Two locks, each with its own rule: Pulumi's `protect` keeps this program from deleting, AWS's deletion protection keeps
everybody else from it.
"""

from tandem_policy.values import UNKNOWN, Answers, Config, Finding, Resource, unknown_at, yes

TABLE = "aws:dynamodb/table:Table"
KEPT = {
    "aws:ec2/eip:Eip": "released, it never comes back, and every partner's allow-list is void",
    TABLE: "it holds who serves and in which epoch",
    "aws:kms/key:Key": "without it nothing that it encrypted can be read",
    "aws:ebs/volume:Volume": "it holds what a worker accepted and has not delivered",
}
"""What a pair cannot have again, and why."""


def _counts(resource: Resource, config: Config) -> bool:
    return config["all"] or bool(resource.site)


def kept_is_protected(resource: Resource, config: Config) -> Answers:
    """Pulumi refuses to delete addresses, tables, keys and data disks of a pair."""
    if resource.type in KEPT and _counts(resource, config) and not resource.protect:
        yield Finding(f"the resource is not protected, and {KEPT[resource.type]}: set the option protect")


def tables_refuse_deletion(resource: Resource, config: Config) -> Answers:
    """AWS refuses to delete the tables of a pair."""
    if resource.type != TABLE or not _counts(resource, config):
        return
    refuses = resource.props.get("deletionProtectionEnabled")
    yield from unknown_at("deletionProtectionEnabled", refuses)
    if refuses is not UNKNOWN and not yes(refuses):
        yield Finding("AWS would delete the table for whoever asks: set deletionProtectionEnabled")
