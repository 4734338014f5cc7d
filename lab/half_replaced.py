"""What a failed replacement leaves in the state and cannot be deleted once more; pure, for `lab.rolling` and `make repair`.

Before a machine is made anew its disk is let go of, and both are marked as pending replacement. Where the new machine then
cannot be made, the next run deletes the attachment once more (Pulumi 3.259, step_generator.go: what depends on a replaced
resource is deleted without a look whether it was), and the AWS provider first stops a machine that is gone by now
(ebs_volume_attachment.go). That is refused, in every run, and a refresh passes such entries over. So they are taken out of
the state.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

ATTACHMENT = "aws:ec2/volumeAttachment:VolumeAttachment"
CALL = "aws:lambda/invocation:Invocation"
"""The first tick, a call: it depends on the attachments, and leaves nothing in the cloud."""


def half_replaced(resources: Iterable[Mapping[str, Any]]) -> Sequence[str]:
    """URNs to take out of the state, what depends on others first; none where no disk was let go of."""
    pending = [each for each in resources if each.get("pendingReplacement") and each["type"] in (ATTACHMENT, CALL)]
    if not any(each["type"] == ATTACHMENT for each in pending):
        return ()
    return [str(each["urn"]) for each in reversed(pending)]
