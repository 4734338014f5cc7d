"""What the watchdog and its operators may do in Azure, as plain data; pure.

Rules: a role of our own names single operations and no pattern; it holds in the stack's resource group and nowhere else. A
full write of a card is looked at link by link: for one missing join of what the card names, changed or not, it is refused.
Never `virtualMachines/write`, which could change image and disks. No deletion: a fence is undone by a write.

No counterpart: `Arns`, `ArbiterScope`, `OperatorScope`, `document`, `allow`, `trust` and everything else that makes or names
an AWS policy document (`arbiter_policy`, `prober_policy`, `key_policy`, `topic_policy`, `dead_letters_policy`,
`flow_log_policy`, `flow_log_trust`). Azure's alone: `watchdog_actions`, `role_guid`, `role_name`.
"""

import json
import uuid

from infra.config.keys import Front
from infra.naming import Kind, physical

BLOB_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
"""Azure's own roles "Storage Blob Data Owner", which the function's host wants, and "... Contributor"."""

_NETWORK = "Microsoft.Network"
_MACHINE = "Microsoft.Compute/virtualMachines"

FENCING = (
    f"{_NETWORK}/networkSecurityGroups/read",
    f"{_NETWORK}/networkSecurityGroups/securityRules/read",
    f"{_NETWORK}/networkSecurityGroups/securityRules/write",
    f"{_MACHINE}/read",
    f"{_MACHINE}/powerOff/action",
    # Starting undoes a stop of ours that hit the holder.
    f"{_MACHINE}/start/action",
)
LOOKING = (
    # Before a command is sent it is asked whether it may be; with this, and nothing else, the answer is known.
    "Microsoft.Authorization/permissions/read",
    f"{_NETWORK}/networkInterfaces/read",
    f"{_NETWORK}/publicIPAddresses/read",
)
MOVING = {
    Front.ADDRESS: (
        f"{_NETWORK}/networkInterfaces/write",
        f"{_NETWORK}/networkSecurityGroups/join/action",
        f"{_NETWORK}/publicIPAddresses/join/action",
        f"{_NETWORK}/virtualNetworks/subnets/join/action",
    ),
    Front.BALANCER: (
        f"{_NETWORK}/loadBalancers/read",
        f"{_NETWORK}/loadBalancers/backendAddressPools/read",
        f"{_NETWORK}/loadBalancers/backendAddressPools/write",
        f"{_NETWORK}/virtualNetworks/joinLoadBalancer/action",
    ),
}


def watchdog_actions(front: Front) -> tuple[str, ...]:
    """What the watchdog's role names, sorted; KeyError for a front without a watchdog."""
    return tuple(sorted({*FENCING, *LOOKING, *MOVING[front]}))


def role_guid(group_id: str) -> str:
    """The name of the role of the stack in that group: the same at every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{group_id.lower()}/watchdog"))


def role_name(site: str, group_id: str) -> str:
    """What people see. A name is unique in the whole tenant, so the site's alone would do for one stack only.

    >>> role_name("tandem-azure-dev", "/subscriptions/s/resourceGroups/g")
    'tandem-azure-dev watchdog 28be579b'
    """
    return physical(Kind.ROLE_NAME, f"{site} watchdog {role_guid(group_id)[:8]}")


def operator_policy(role_id: str, container_id: str) -> str:
    """What whoever asks the watchdog needs; nobody gets it by this program, it is an output.

    Requests and lease lie in one blob, so this is more than AWS grants: an operator could write the lease as well.
    """
    return json.dumps({"roleDefinitionId": role_id, "scope": container_id}, sort_keys=True)
