"""Every rule, in the order of docs/POLICY.md."""

from tandem_policy import address, documents, encryption, logs, machines, ports, protection, watchdog, zones
from tandem_policy.values import Level, Rule, switch

PACK = "tandem"

_OWN_KEY = "Only a key of yours can be turned off by you, and every use of it stands in your trail."

RULES: tuple[Rule, ...] = (
    Rule(
        name="disks-encrypted",
        sentence="Disks are encrypted with a key of yours.",
        level=Level.MANDATORY,
        why=f"{_OWN_KEY} An integration engine's disk holds messages.",
        of_resource=encryption.disks_are_encrypted,
    ),
    Rule(
        name="tables-encrypted",
        sentence="DynamoDB tables are encrypted with a key of yours.",
        level=Level.MANDATORY,
        why=_OWN_KEY,
        of_resource=encryption.tables_are_encrypted,
    ),
    Rule(
        name="topics-encrypted",
        sentence="SNS topics are encrypted with a key of yours.",
        level=Level.MANDATORY,
        why=f"{_OWN_KEY} AWS's own key for topics lets no alarm publish.",
        of_resource=encryption.topics_are_encrypted,
    ),
    Rule(
        name="shares-encrypted",
        sentence="EFS and FSx file systems are encrypted with a key of yours.",
        level=Level.MANDATORY,
        why=_OWN_KEY,
        of_resource=encryption.shares_are_encrypted,
    ),
    Rule(
        name="queues-encrypted",
        sentence="SQS queues say how they are encrypted.",
        level=Level.MANDATORY,
        why=(
            "SQS's own key will do for letters that hold no content, as those of the watchdog: a key of yours would have to "
            "let in every service that sends, and a letter of one that it does not let in is lost without a word."
        ),
        of_resource=encryption.queues_are_encrypted,
        options={"customerKey": switch("Whether it has to be a key of yours.")},
    ),
    Rule(
        name="logs-encrypted",
        sentence="Log groups are encrypted with a key of yours.",
        level=Level.ADVISORY,
        why=f"{_OWN_KEY} CloudWatch encrypts every group by itself too, so this one is advice.",
        of_resource=encryption.logs_are_encrypted,
    ),
    Rule(
        name="kept-protected",
        sentence="Addresses, tables, keys and data disks of a pair are protected by Pulumi.",
        level=Level.MANDATORY,
        why="None of them can be had again: a released address voids every partner's allow-list.",
        of_resource=protection.kept_is_protected,
        options=protection.OPTIONS,
    ),
    Rule(
        name="tables-refuse-deletion",
        sentence="AWS refuses to delete the tables of a pair.",
        level=Level.MANDATORY,
        why="Pulumi's protection holds this program back and nobody else.",
        of_resource=protection.tables_refuse_deletion,
        options=protection.OPTIONS,
    ),
    Rule(
        name="metadata-sessions",
        sentence="Machines and templates answer the metadata service's version 2 only (IMDSv2).",
        level=Level.MANDATORY,
        why="By version 1 one forged request through a proxy on the machine gives away its role.",
        of_resource=machines.metadata_wants_a_session,
    ),
    Rule(
        name="admin-ports-closed",
        sentence="No port of management is open to the world.",
        level=Level.MANDATORY,
        why="Whoever manages a machine comes from somewhere, or by Systems Manager, which needs no port.",
        of_resource=ports.admin_ports_are_closed,
        options=ports.OPTIONS,
    ),
    Rule(
        name="address-names-no-machine",
        sentence="The address that a watchdog moves names no machine.",
        level=Level.MANDATORY,
        why="The next update after a failover would give it back to that machine, alive or dead.",
        of_resource=address.address_names_no_machine,
    ),
    Rule(
        name="address-left-alone",
        sentence="Nothing in a stack takes the address that a watchdog moves.",
        level=Level.MANDATORY,
        why="A declared association is taken back in silence by a refresh and an update after a failover.",
        of_stack=address.nothing_takes_the_address,
        options=address.OPTIONS,
    ),
    Rule(
        name="watchdog-not-paused",
        sentence="No code pauses a watchdog.",
        level=Level.MANDATORY,
        why="A pause by request has an end and is told; one in code has none, and the next failure moves nothing.",
        of_resource=watchdog.watchdog_is_not_paused,
    ),
    Rule(
        name="watchdog-started",
        sentence="A schedule that is on starts each arbiter.",
        level=Level.MANDATORY,
        why="An arbiter lives three minutes at most; without the schedule there is none after that.",
        of_stack=watchdog.watchdog_is_started,
    ),
    Rule(
        name="logs-kept",
        sentence="Every log group says how long it is kept.",
        level=Level.MANDATORY,
        why="Without a word CloudWatch keeps and bills it for ever; too short, and an incident has no witness.",
        of_resource=logs.logs_are_kept,
        options=logs.OPTIONS,
    ),
    Rule(
        name="function-logs-declared",
        sentence="The log group of every function is declared.",
        level=Level.ADVISORY,
        why="Lambda makes the group of a function that has none, and it is kept for ever.",
        of_stack=logs.functions_have_log_groups,
    ),
    Rule(
        name="no-star",
        sentence="Policies of identities name actions, and resources where the action takes one.",
        level=Level.MANDATORY,
        why="What is not needed is what an intruder uses.",
        of_resource=documents.documents_name_actions_and_resources,
        options=documents.OPTIONS,
    ),
    Rule(
        name="several-zones",
        sentence="Workers of a pair, subnets of a network and balancers stand in two zones or more.",
        level=Level.MANDATORY,
        why="A standby in the holder's zone goes down with it.",
        of_stack=zones.zones_are_several,
        options=zones.OPTIONS,
    ),
)
