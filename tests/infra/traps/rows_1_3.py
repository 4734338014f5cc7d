"""Rows of sections 1 to 3: the address and its way, the fence, and what the watchdog may do."""

from tests.infra.traps.rows import CHECKED, Asked, ByTest, LeftOut, Row
from tests.infra.traps.slips import Slip

REQUESTS = "tests/contract/test_requests.py"
OUTCOMES = "tests/contract/test_outcomes.py"
ADDRESS = "failover_lambda/aws/address.py"
FENCE = "failover_lambda/aws/fence.py"
MEANING = "failover_lambda/aws/outcomes.py"

ADDRESS_ROWS = (
    Row(
        "1/address-behind-nat",
        "address on a worker behind NAT",
        "The association succeeds; what comes in by the internet gateway is answered by the NAT's address, and hangs.",
        (CHECKED,),
    ),
    Row(
        "1/gateway-not-attached",
        "internet gateway not attached yet",
        "An address cannot be given to a network without its gateway, nor the gateway detached while an address is mapped.",
        (CHECKED,),
    ),
    Row(
        "1/public-ip-comes-back",
        "automatic public address comes back",
        "A machine launched with one gets a new one when the fixed address leaves, and at each start: fenced, it is public.",
        (CHECKED,),
    ),
    Row(
        "1/standby-without-address",
        "standby without an address",
        "It reaches nothing but endpoints inside the network: without them no management, no packages, and no error either.",
        (
            CHECKED,
            LeftOut(
                "What a user's own script fetches at the first boot is not read by anybody. With `egress: holder` it must "
                "fetch nothing from the internet; docs/CONFIG.md says so at `userDataFile`."
            ),
        ),
    ),
    Row(
        "1/reassociation-left-out",
        "AllowReassociation left out",
        "An absent flag moves the address away from whoever has it; only an explicit false refuses.",
        (
            ByTest(
                REQUESTS,
                "test_an_association_names_card_and_private_ip_and_refuses_to_take",
                Slip("the flag is left out", ADDRESS, "            AllowReassociation=False,\n", ""),
            ),
        ),
    ),
    Row(
        "1/second-address",
        "second public address on one private one",
        "A call that names no private address takes the primary one, and pushes off what is there.",
        (
            CHECKED,
            ByTest(
                REQUESTS,
                "test_an_association_names_card_and_private_ip_and_refuses_to_take",
                Slip(
                    "the private address is left to AWS",
                    ADDRESS,
                    "            PrivateIpAddress=worker.address_private_ip,\n",
                    "",
                ),
            ),
        ),
    ),
    Row(
        "1/disassociate-twice",
        "ending an association twice",
        "It may be answered by success or by not found; both mean that it is over.",
        (
            ByTest(
                OUTCOMES,
                "test_an_error_answer_has_one_outcome",
                Slip(
                    "not found is taken for a refusal",
                    MEANING,
                    "    if (do, code) in ALREADY_SO:\n        return Outcome.DONE\n",
                    "",
                ),
            ),
        ),
    ),
    Row(
        "1/associate-to-pending",
        "address to a machine that still starts",
        "The call is refused until the machine runs: not now is not never.",
        (
            CHECKED,
            ByTest(
                OUTCOMES,
                "test_an_error_answer_has_one_outcome",
                Slip("a machine that still starts is taken for a refusal", MEANING, '        "InvalidInstanceID",\n', ""),
            ),
            Asked(("workers-run",)),
        ),
    ),
    Row(
        "1/secondary-private-ip",
        "secondary private address",
        "AWS assigns it, an image may not configure it; on any difference the provider removes it, and the address with it.",
        (CHECKED,),
    ),
)

FENCE_ROWS = (
    Row(
        "2/swap-leaves-flows",
        "changed groups leave open connections",
        "New groups stop new connections; tracked ones go on until they are idle, for days.",
        (
            LeftOut(
                "No isolation is ever taken for proof: docs/RULE.md 6 rests on the address having left. Where a worker's "
                "peers are private (a database, a file share) only a stopped machine is silent, and the policy `strict`, "
                "which waits for it, is refused in this version."
            ),
        ),
    ),
    Row(
        "2/isolating-group",
        "isolating group with a way out",
        "A new group lets everything out until somebody takes that rule away.",
        (CHECKED,),
    ),
    Row(
        "2/stop-protection",
        "protection against stopping",
        "A protected worker refuses the watchdog's stop.",
        (CHECKED,),
    ),
    Row(
        "2/skip-os-shutdown",
        "a parameter that an older SDK does not know",
        "With validation off the runtime's SDK raises a bare KeyError, and the fence would die of it.",
        (
            ByTest(
                "tests/contract/test_cloud_live.py",
                "test_an_older_sdk_stops_by_force_alone",
                Slip(
                    "the parameter is sent whatever the SDK knows",
                    FENCE,
                    "    return {name: value for name, value in how.items() if name in shape.members}",
                    "    return how if shape.members else {}",
                ),
            ),
            ByTest(
                OUTCOMES,
                "test_a_call_without_an_answer_that_can_be_read_is_lost",
                Slip(
                    "only the SDK's own errors are caught around a call",
                    MEANING,
                    "    except Exception as exc:  # noqa: BLE001 (an SDK",
                    "    except OSError as exc:  # noqa: BLE001 (an SDK",
                ),
            ),
        ),
    ),
    Row(
        "2/force-alone",
        "force alone shuts down first",
        "A forced stop tries to shut the system down for minutes; only both flags cut the power. Disks may need a check.",
        (
            CHECKED,
            ByTest(
                REQUESTS,
                "test_a_stop_cuts_the_power",
                Slip(
                    "force alone",
                    FENCE,
                    'how = {"Force": True, "SkipOsShutdown": True}',
                    'how = {"Force": True}',
                ),
            ),
        ),
    ),
    Row(
        "2/slow-stop",
        "a stop that takes minutes or hangs",
        "A broken host keeps a machine stopping for minutes; the address stays on it.",
        (
            ByTest(
                "tests/spec/test_stories.py",
                "test_an_unanswered_stop_is_asked_again",
                Slip(
                    "only a stop that was refused is asked again",
                    "failover_lambda/fences.py",
                    "    if on and not served_its_time and _is_due(",
                    "    if on and not served_its_time and fence.stop.refused and _is_due(",
                ),
            ),
        ),
    ),
    Row(
        "2/shutdown-terminates",
        "a shutdown that deletes",
        "A machine may be set to be deleted when its system shuts down, a fenced one too.",
        (CHECKED,),
    ),
    Row(
        "2/automatic-recovery",
        "automatic recovery",
        "AWS may restart a worker on another host, with its addresses, while the watchdog fences it.",
        (
            CHECKED,
            LeftOut(
                "The race itself cannot be closed from outside: a recovered worker has a new boot, and is a standby for the "
                "watchdog then. `autoRecovery: false` keeps AWS out."
            ),
        ),
    ),
    Row(
        "2/calls-by-instance",
        "calls that name the instance",
        "They need a machine with one interface, and one that changes groups replaces the whole list or changes much else.",
        (
            CHECKED,
            ByTest(
                REQUESTS,
                "test_isolation_swaps_the_groups_of_the_card_and_nothing_else",
                Slip(
                    "isolation adds its group to those that are there",
                    FENCE,
                    "self._set_groups(worker, (self._settings.isolation_group_id,), dry=dry)",
                    "self._set_groups(worker, (*worker.group_ids, self._settings.isolation_group_id), dry=dry)",
                ),
            ),
        ),
    ),
)

RIGHTS_ROWS = (
    Row(
        "3/associate-resources",
        "resources of AssociateAddress",
        "Address, instances and interfaces are evaluated, depending on the call; a missing one denies the move.",
        (CHECKED,),
    ),
    Row(
        "3/disassociate-resources",
        "resources of DisassociateAddress",
        "Address and interfaces, and not instances.",
        (CHECKED,),
    ),
    Row(
        "3/tag-condition-on-interfaces",
        "a condition on tags of interfaces",
        "An instance's tags are not its interface's: such a condition denies every move, on no emulator.",
        (CHECKED,),
    ),
    Row(
        "3/stop-start-register",
        "stop, start, register",
        "They want the ARN of what they change; a star would reach the whole account.",
        (CHECKED,),
    ),
    Row(
        "3/fence-permission",
        "the right to change groups",
        "Changing an interface's groups wants interface and groups; the same by instance could change user data as well.",
        (CHECKED,),
    ),
    Row(
        "3/actions-without-resources",
        "actions without resources",
        "Describe calls and PutMetricData have none: an ARN there denies without a word.",
        (CHECKED,),
    ),
    Row(
        "3/start-on-encrypted-disks",
        "a start on disks with a customer's key",
        "Without the right to grant, the call succeeds and the machine stops again by itself.",
        (CHECKED, Asked(("workers-run",))),
    ),
    Row(
        "3/stale-policies",
        "policies of yesterday, or not there yet",
        "A replaced worker has other ids than the policy names; and a new policy takes seconds to be known everywhere.",
        (
            CHECKED,
            ByTest(
                OUTCOMES,
                "test_a_question_that_fails_could_not_be_asked_and_says_why",
                Slip(
                    "a denied question is taken for an answer",
                    MEANING,
                    'raise kind(f"{what}: answered',
                    'raise PermissionError(f"{what}: answered',
                ),
            ),
            Asked(("rights-fit",)),
        ),
    ),
    Row(
        "3/partition",
        "a partition written down",
        "`arn:aws:` is wrong in GovCloud, in China and in the sovereign regions.",
        (CHECKED,),
    ),
)
