"""Rows of sections 6 to 8: groups, endpoints and balancer; workers, zones and disks; names, destroy and quotas."""

from tests.infra.traps.rows import CHECKED, Asked, ByTest, LeftOut, Row
from tests.infra.traps.slips import Slip

CONFIG = "tests/infra/test_config.py"
VALUE_REFUSED = "test_a_value_is_refused_with_what_was_found_what_is_allowed_and_the_next_step"

GROUP_ROWS = (
    Row(
        "6/endpoint-without-groups",
        "endpoint without groups",
        "It gets the network's default group, which is closed here: whoever goes by it waits until a timeout.",
        (CHECKED,),
    ),
    Row(
        "6/private-dns",
        "private names of endpoints",
        "They want support and host names switched on in the network.",
        (CHECKED,),
    ),
    Row(
        "6/gateway-endpoint",
        "gateway endpoints",
        "They work for the route tables that name them, and for no others. One for KMS costs and serves nobody here.",
        (CHECKED,),
    ),
    Row(
        "6/inline-and-separate-rules",
        "rules inside groups and beside them",
        "Each deployment removes the other's rules; groups that name each other inside cannot be deleted.",
        (CHECKED,),
    ),
    Row(
        "6/group-texts",
        "names and descriptions of groups",
        "A change replaces the group, which is in use; and only some characters are taken.",
        (CHECKED,),
    ),
    Row(
        "6/balancer-groups",
        "groups of a balancer",
        "It has them from its first day or never: the first one replaces it.",
        (CHECKED,),
    ),
    Row(
        "6/balancer-subnets",
        "zones and addresses of a balancer",
        "Changing or removing one replaces it; partners see one address per zone.",
        (CHECKED,),
    ),
    Row(
        "6/balancer-cross-zone",
        "a zone without a healthy worker",
        "Its address is dead unless the balancer crosses zones, which is off by default.",
        (CHECKED,),
    ),
    Row(
        "6/balancer-registration",
        "registration takes minutes",
        "A new worker gets nothing for minutes; where all fail, everybody gets traffic.",
        (
            CHECKED,
            LeftOut(
                "That a balancer sends to every worker when none is healthy cannot be switched off. For that reason "
                "`front: balancer` is refused with `mode: active-passive`, where a standby would serve by it."
            ),
        ),
    ),
    Row(
        "6/old-flows",
        "connections of a worker that was taken out",
        "They go on for five minutes, and after that unless told otherwise.",
        (CHECKED,),
    ),
    Row(
        "6/client-address",
        "whose address a worker sees",
        "With the client's kept, the worker's group must let partners in, and no worker reaches itself by the balancer.",
        (
            CHECKED,
            LeftOut("A worker that calls its own balancer waits until a timeout: send to the engine's local port instead."),
        ),
    ),
    Row(
        "6/health-check",
        "ranges and defaults of health checks",
        "At best two checks five seconds apart; the provider's own default asks HTTP every 30 s.",
        (CHECKED,),
    ),
    Row(
        "6/target-group-identity",
        "what replaces a target group",
        "A successor of the same name is refused while a listener holds the first.",
        (CHECKED,),
    ),
)

WORKER_ROWS = (
    Row(
        "7/public-ip-replaces-the-holder",
        "no public address, said on the instance",
        "The provider reads it back as true once the fixed address is there, and the difference replaces the holder.",
        (CHECKED,),
    ),
    Row(
        "7/drift-un-fences",
        "groups that are compared",
        "A refresh sees the isolating group, and the next deployment lets a fenced worker out.",
        (CHECKED,),
    ),
    Row(
        "7/changed-in-place",
        "properties changed in place",
        "The provider stops the machine and starts it, whatever its state was: the holder goes down, a fenced one wakes up.",
        (CHECKED,),
    ),
    Row("7/new-image", "a new image", "It replaces both workers at once.", (CHECKED,)),
    Row(
        "7/other-replacing-properties",
        "disks and other properties that replace",
        "Zone, subnet, address and every disk inside the instance replace it; a volume of another zone cannot be attached.",
        (
            CHECKED,
            LeftOut(
                "A change of `zones`, of the network or of the subnet replaces workers, and nothing but the preview says "
                "so: read it before every `pulumi up`."
            ),
        ),
    ),
    Row(
        "7/stopped-by-pulumi",
        "a state of the machine in the program",
        "It would be started or stopped against the watchdog.",
        (CHECKED,),
    ),
    Row(
        "7/nitro-names",
        "device names",
        "What EC2 calls /dev/sdf has another name inside, in no fixed order.",
        (CHECKED,),
    ),
    Row(
        "7/disks-and-metadata",
        "sizes, user data, metadata",
        "A root disk below its image's size and user data above 16384 bytes are refused; one hop shuts containers out.",
        (
            CHECKED,
            ByTest(
                CONFIG,
                VALUE_REFUSED,
                Slip("user data may be four times as long", "infra/aws/guest.py", "BYTES_MAX = 16384", "BYTES_MAX = 65536"),
            ),
            Asked(("image-size",)),
        ),
    ),
    Row(
        "7/dedicated-tenancy",
        "dedicated tenancy",
        "It cannot be changed, not every type has it, and one on the network binds whatever is launched there.",
        (
            CHECKED,
            LeftOut("A changed `tenancy` reaches only a new worker; dedicated instances have an hourly fee per region."),
        ),
    ),
    Row(
        "7/capacity-reservation",
        "capacity reservations",
        "A worker that does not match in type, zone, platform and tenancy does not start on it.",
        (
            CHECKED,
            LeftOut(
                "Whether AWS has the capacity is known when it is asked for: a refusal ends the deployment. Reserved and "
                "running vCPUs count against one quota. The platform is taken to be Linux/UNIX."
            ),
        ),
    ),
    Row(
        "7/zones",
        "zones of an account",
        "Names differ from account to account; some zones lack types, functions or endpoint services.",
        (CHECKED, Asked(("zones", "type-offerings", "endpoint-zones"))),
    ),
)

NAME_ROWS = (
    Row(
        "8/lengths",
        "lengths and characters of names",
        "From 32 for a balancer to 512 for a log group; eight more are added to a generated name.",
        (CHECKED,),
    ),
    Row(
        "8/tags",
        "tags",
        "Some services take fewer characters than EC2 does, 50 in all, and none that begin with aws:.",
        (
            CHECKED,
            ByTest(
                CONFIG,
                VALUE_REFUSED,
                Slip(
                    "tags take whatever EC2 takes",
                    "infra/naming.py",
                    'TAG_PATTERN = re.compile(r"[A-Za-z0-9 _.:/=+@-]+")',
                    'TAG_PATTERN = re.compile(r"[^*]+")',
                ),
            ),
        ),
    ),
    Row(
        "8/default-tags",
        "default tags of the provider",
        "Previews show them as removed, and a change of them alone can be missed.",
        (CHECKED,),
    ),
    Row(
        "8/address-at-destroy",
        "the address at a destroy",
        "In use it cannot be released, and a watchdog that lives gives it back to a worker.",
        (CHECKED,),
    ),
    Row(
        "8/losing-the-address",
        "losing the address",
        "Released or replaced it never comes back, and every partner's allow-list is void.",
        (CHECKED,),
    ),
    Row(
        "8/termination-protection",
        "protection against termination",
        "A destroy fails unless an earlier deployment has switched it off.",
        (CHECKED,),
    ),
    Row(
        "8/function-interfaces",
        "interfaces of functions at a destroy",
        "Lambda takes 20 to 45 minutes to remove them; with the role gone first, never.",
        (
            CHECKED,
            LeftOut(
                "A destroy waits up to three quarters of an hour for the probers' group and subnets, and no timeout "
                "shortens it. Endpoints that GuardDuty put there block a subnet too, unless the provider may remove them."
            ),
        ),
    ),
    Row(
        "8/quotas",
        "quotas",
        "Five addresses a region, few vCPUs in a new account: the resource beyond is refused half-way.",
        (
            CHECKED,
            Asked(("quota-",)),
        ),
    ),
)
