"""What EC2 means to do to the workers' machines: reboots, retirements, maintenance of their hosts. One read.

EC2 plans such events by itself, days ahead as a rule, and moves no address for them. One that is over stays listed for a
while, with a word before its description. May import `contract` and `outcomes`, where errors become outcomes.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from failover_lambda.aws.outcomes import from_ec2
from failover_lambda.contract import Settings

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

OVER: Final = ("[Completed]", "[Canceled]")
"""How the description of an event begins that will not happen any more (EC2 API reference, `InstanceStatusEvent`)."""


class Announced:
    """The scheduled events of a site's instances."""

    def __init__(self, settings: Settings, ec2: "EC2Client") -> None:
        self._ec2 = ec2
        self._names = {worker.instance_id: worker.name for worker in settings.workers}

    def read(self) -> dict[str, str]:
        """Worker to the event that begins first, as `CODE ID`; a worker without one is not named.

        By id: this call has no filter for instances. So where one of them is gone for an hour, nothing is told of the
        others either. A machine that is stopped is not told of at all.

        Raises:
            KeyError, ValueError: the answer is not complete; SDK errors as they are.
        """
        answer: Any = from_ec2(self._ec2.describe_instance_status(InstanceIds=list(self._names)))
        if answer.get("NextToken"):
            raise ValueError("only a part of the instances was told")
        return self.names_in(answer["InstanceStatuses"])

    def names_in(self, statuses: Iterable[dict[str, Any]]) -> dict[str, str]:
        """What statuses say of our instances; KeyError where one is a stranger's."""
        return {
            self._names[shown["InstanceId"]]: _name_of(min(coming, key=_begin_of))
            for shown in statuses
            if (coming := [event for event in shown.get("Events", []) if _is_coming(event)])
        }


def _is_coming(event: dict[str, Any]) -> bool:
    return not event.get("Description", "").startswith(OVER)


def _begin_of(event: dict[str, Any]) -> float:
    """Wall-clock seconds; one without a time might begin at once."""
    return event["NotBefore"].timestamp() if "NotBefore" in event else 0.0


def _name_of(event: dict[str, Any]) -> str:
    """The same for the same event, whenever it is read and however it was put off; its time only where it has no id."""
    return f"{event['Code']} {event.get('InstanceEventId') or event['NotBefore'].isoformat()}"
