"""Rows of sections 4 and 5: keys, telling and logs; functions, schedules, record and alarms."""

from tests.infra.traps.rows import CHECKED, Asked, ByTest, LeftOut, Row
from tests.infra.traps.slips import Slip

KEY_ROWS = (
    Row(
        "4/log-group-with-key",
        "log group with a customer's key",
        "It is refused unless the key's own policy lets the region's logs service in, for that group.",
        (CHECKED,),
    ),
    Row(
        "4/alarm-to-encrypted-topic",
        "alarm to an encrypted topic",
        "With AWS's own key, or a key that is silent about alarms, nothing is sent, and only the alarm's history says so.",
        (CHECKED,),
    ),
    Row(
        "4/own-topic-policy",
        "a topic policy of one's own",
        "It replaces the default one: whoever it does not name may not publish, alarms and account included.",
        (CHECKED,),
    ),
    Row(
        "4/lambda-publishing",
        "publishing to an encrypted topic",
        "A function needs the topic's key besides the right to publish.",
        (CHECKED,),
    ),
    Row(
        "4/encrypted-table",
        "table with a customer's key",
        "Reads and writes fail unless their caller may use the key; a right that is withdrawn bites minutes later.",
        (CHECKED,),
    ),
    Row(
        "4/key-policy-mistakes",
        "mistakes in a key's policy",
        "A role that does not exist yet makes it malformed; one without the account locks everybody out.",
        (CHECKED,),
    ),
    Row(
        "4/key-life",
        "end of a key",
        "A key that waits for its deletion opens nothing at once: no volume is attached, no record read.",
        (CHECKED,),
    ),
    Row(
        "4/dead-letter-writers",
        "who may write dead letters",
        "Each writer has a right of its own kind: a rule by the queue's policy, a function by its role, both for its key.",
        (CHECKED,),
    ),
    Row(
        "4/email-subscription",
        "a mailbox that has not confirmed",
        "Nothing is sent until its owner confirms, and the subscription expires in a few days.",
        (CHECKED, Asked(("confirmed",))),
    ),
    Row(
        "4/log-group-comes-back",
        "log group that comes back",
        "Late lines make a deleted group again where a role may create groups; it keeps lines for ever, and the next "
        "deployment finds its name taken.",
        (CHECKED,),
    ),
    Row(
        "4/flow-log-role",
        "role of flow logs",
        "One that may not write, or trusts another service, shows only as a delivery error; a flow log cannot be changed.",
        (CHECKED,),
    ),
)

FUNCTION_ROWS = (
    Row(
        "5/reserved-concurrency-small-account",
        "reserved runs in a small account",
        "Lambda keeps back a minimum for other functions; a new account has nothing to set aside.",
        (CHECKED, Asked(("unreserved-runs",))),
    ),
    Row(
        "5/arbiters-life",
        "two minutes between two starts",
        "A schedule by the minute fires anywhere within it: an arbiter that lives a minute leaves a gap.",
        (CHECKED,),
    ),
    Row(
        "5/reserved-concurrency-two",
        "two reserved runs are too few",
        "Two lives overlap at a hand-over, and a third start waits in a queue for hours.",
        (
            CHECKED,
            ByTest(
                "tests/infra/test_config.py",
                "test_a_relation_is_refused_with_both_values",
                Slip(
                    "two are enough",
                    "infra/config/relations/function.py",
                    "RESERVED_CONCURRENCY_MIN = 3",
                    "RESERVED_CONCURRENCY_MIN = 2",
                ),
            ),
        ),
    ),
    Row(
        "5/bus-retries",
        "the bus tries again for a day",
        "A start that failed comes again up to 185 times, hours after its minute.",
        (CHECKED,),
    ),
    Row(
        "5/permission-to-invoke",
        "the right to invoke",
        "Without it, or with another rule's ARN in it, the rule fires and nothing runs.",
        (CHECKED,),
    ),
    Row(
        "5/rate",
        "rate in the plural",
        "`rate(1 minutes)` is refused, and only the default bus has schedules.",
        (CHECKED,),
    ),
    Row(
        "5/state-change-event",
        "events of machines",
        "They are on the default bus only, of all machines of the account, and may be lost.",
        (CHECKED,),
    ),
    Row(
        "5/vpc-function-role",
        "role of a function in a network",
        "Lambda places it by the function's own rights: without one of six, or before they are attached, it is not made.",
        (CHECKED,),
    ),
    Row(
        "5/idle-function",
        "a function in a network that was idle",
        "Lambda takes its interface back after weeks; the next call fails and it is pending for minutes.",
        (
            Asked(("idle-",)),
            LeftOut(
                "Probers are called every few seconds, so they are idle only where the watchdog was switched off for weeks. "
                "The first calls then count as could not ask, never as a verdict (docs/RULE.md 3)."
            ),
        ),
    ),
    Row(
        "5/probers-group",
        "group of the probers",
        "Without a way out on the probe's port, or without a way in at the workers, every worker looks dead.",
        (CHECKED,),
    ),
    Row(
        "5/sizes",
        "sizes of a function",
        "4096 bytes of environment in all, reserved names, 900 seconds.",
        (
            CHECKED,
            ByTest(
                "tests/infra/test_settings.py",
                "test_the_largest_certificate_fits_with_the_longest_names",
                Slip(
                    "certificates may be as long as the whole environment",
                    "infra/config/kinds.py",
                    "CA_BYTES_MAX = 2048",
                    "CA_BYTES_MAX = 4096",
                ),
            ),
        ),
    ),
    Row(
        "5/runtime",
        "runtime and processor",
        "A runtime ends some day, and a few regions lack the processor.",
        (CHECKED,),
    ),
    Row(
        "5/deletion-protection",
        "a table that refuses to be deleted",
        "A destroy stops half-way.",
        (CHECKED,),
    ),
    Row(
        "5/table-identity",
        "what replaces the table",
        "Another name or key is another table, and the record is gone; an alias for its key is refused.",
        (CHECKED,),
    ),
    Row(
        "5/alarm-missing-data",
        "alarms and missing data",
        "By default silence is not alarming; and metrics of some services ignore the setting.",
        (CHECKED,),
    ),
    Row(
        "5/alarm-period",
        "periods of alarms",
        "10, 20, 30 or whole minutes; below a minute there is data only where it was stored so.",
        (CHECKED,),
    ),
    Row(
        "5/first-minutes",
        "the first minutes",
        "An alarm on silence cries before the first heartbeat.",
        (CHECKED,),
    ),
)
