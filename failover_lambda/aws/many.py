"""The ports `SharedProbers` and `SharedCloud`: what is asked for many sites at once, and taken apart for each.

One answer tells of many sites, so it is read site by site: what cannot be read of one is that one's fault and no other's.
All reads are by filter, never by id: of an id that is gone EC2 answers an error for all, and to a filter it tells of the
others. May import `contract`, `model`, `errors`, `ports` and the adapters of one site.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from failover_lambda.aws.address import Address
from failover_lambda.aws.announced import Announced
from failover_lambda.aws.fence import Machines, shown_in
from failover_lambda.aws.outcomes import from_ec2, read_once
from failover_lambda.contract import Settings, from_plain, to_plain
from failover_lambda.errors import CouldNotAskError
from failover_lambda.model import AddressView, InstanceView, Sight
from failover_lambda.ports import BySite
from failover_lambda.prober import inquiry_of

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_lambda import LambdaClient

T = TypeVar("T")

EVENT_CODES: Final = ("instance-reboot", "system-reboot", "system-maintenance", "instance-retirement", "instance-stop")
"""Every kind of event that EC2 announces (API reference of DescribeInstanceStatus, filter `event.code`)."""

PAGE: Final = 1000
"""The largest page of DescribeInstanceStatus."""

PAGES_MAX: Final = 20
"""Of announcements: more than that and nothing is told, rather than a part of it."""

_QUOTED_MAX: Final = 200


class LiveSharedProbers:
    """See `ports.SharedProbers`. May be called from many threads at once."""

    def __init__(self, functions: "LambdaClient") -> None:
        self._functions = functions
        self._texts: dict[tuple[str, str, float], tuple[Settings, str]] = {}
        self._last: dict[tuple[str, str], tuple[Settings, Any, Sight]] = {}

    def look(self, vantage: str, sites: Sequence[Settings], connect_s: float) -> BySite[Sight]:
        """One Invoke. A function that is throttled, still pending, or failed could not be asked."""
        said = read_once(f"invoke {vantage}", lambda: self._invoke(vantage, sites, connect_s))
        return {
            settings.site: _apart(
                f"invoke {vantage}", lambda each=each, settings=settings: self._sight(each, vantage, settings)
            )
            for settings, each in zip(sites, said, strict=True)
        }

    def _invoke(self, vantage: str, sites: Sequence[Settings], connect_s: float) -> list[Any]:
        texts = ",".join(self._text(vantage, settings, connect_s) for settings in sites)
        answer = self._functions.invoke(FunctionName=vantage, Payload=f'{{"inquiries":[{texts}]}}'.encode())
        said: Any = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise ValueError(f"the function failed: {said[:_QUOTED_MAX]!r}")
        sights: list[Any] = json.loads(said)["sights"]
        if len(sights) != len(sites):
            raise ValueError(f"asked for {len(sites)} sites, was told of {len(sights)}")
        return sights

    def _text(self, vantage: str, settings: Settings, connect_s: float) -> str:
        """The inquiry as JSON, made once: it is the same in every round."""
        key = (vantage, settings.site, connect_s)
        known = self._texts.get(key)
        if known is None or known[0] is not settings:
            prober = next(each for each in settings.probers if each.function_name == vantage)
            inquiry = inquiry_of(settings, vantage, prober.zone, connect_s)
            known = self._texts[key] = settings, json.dumps(to_plain(inquiry), separators=(",", ":"))
        return known[1]

    def _sight(self, plain: Any, vantage: str, settings: Settings) -> Sight:
        """Read anew only where it differs from the last one: most of a fleet's work otherwise, and it hardly ever does."""
        key = (vantage, settings.site)
        known = self._last.get(key)
        if known is not None and known[0] is settings and known[1] == plain:
            return known[2]
        sight = _sight(plain, vantage, settings)
        self._last[key] = settings, plain, sight
        return sight


def _sight(plain: Any, vantage: str, settings: Settings) -> Sight:
    if "fault" in plain:
        raise ValueError(str(plain["fault"])[:_QUOTED_MAX])
    sight: Sight = from_plain(Sight, plain)
    zone = next(prober.zone for prober in settings.probers if prober.function_name == vantage)
    if (sight.vantage, sight.zone) != (vantage, zone):
        raise ValueError(f"answered as {sight.vantage} in {sight.zone}")
    told = [report.worker for report in sight.reports]
    if told != [worker.name for worker in settings.workers]:
        raise ValueError(f"told of {', '.join(told)}")
    return sight


class LiveSharedCloud:
    """See `ports.SharedCloud`. May be called from many threads at once."""

    def __init__(self, ec2: "EC2Client") -> None:
        self._ec2 = ec2

    def read_addresses(self, sites: Sequence[Settings]) -> BySite[AddressView]:
        """One DescribeAddresses."""
        ids = [settings.address_id for settings in sites]
        shown = read_once("DescribeAddresses", lambda: self._addresses(ids))

        def view(settings: Settings) -> AddressView:
            return Address(settings, self._ec2).view_of(shown[settings.address_id])

        return _each("DescribeAddresses", sites, view)

    def read_instances(self, sites: Sequence[Settings]) -> BySite[tuple[InstanceView, ...]]:
        """One DescribeInstances."""
        ids = [worker.instance_id for settings in sites for worker in settings.workers]
        shown = read_once("DescribeInstances", lambda: self._instances(ids))
        return _each("DescribeInstances", sites, lambda settings: Machines(settings, self._ec2).views_of(shown))

    def read_announcements(self, sites: Sequence[Settings]) -> BySite[Mapping[str, str]]:
        """One DescribeInstanceStatus, for whatever the account has with an event: as a rule that is nothing."""
        statuses = read_once("DescribeInstanceStatus", self._statuses)

        def names(settings: Settings) -> Mapping[str, str]:
            ids = {worker.instance_id for worker in settings.workers}
            return Announced(settings, self._ec2).names_in([each for each in statuses if each.get("InstanceId") in ids])

        return _each("DescribeInstanceStatus", sites, names)

    def _addresses(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        answer: Any = from_ec2(self._ec2.describe_addresses(Filters=[{"Name": "allocation-id", "Values": list(ids)}]))
        return {shown["AllocationId"]: shown for shown in answer["Addresses"]}

    def _instances(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        answer: Any = from_ec2(self._ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": list(ids)}]))
        if answer.get("NextToken"):
            raise ValueError("only a part of the instances was told")  # the rest must not be taken for gone
        return shown_in(answer)

    def _statuses(self) -> list[dict[str, Any]]:
        asked: dict[str, Any] = {"Filters": [{"Name": "event.code", "Values": list(EVENT_CODES)}], "MaxResults": PAGE}
        statuses: list[dict[str, Any]] = []
        for _ in range(PAGES_MAX):
            answer: Any = from_ec2(self._ec2.describe_instance_status(**asked))
            statuses += answer["InstanceStatuses"]
            if not answer.get("NextToken"):
                return statuses
            asked["NextToken"] = answer["NextToken"]
        raise ValueError(f"more than {PAGES_MAX} pages of announcements")


def _each(what: str, sites: Sequence[Settings], read: Callable[[Settings], T]) -> BySite[T]:
    return {settings.site: _apart(what, lambda settings=settings: read(settings)) for settings in sites}


def _apart(what: str, read: Callable[[], T]) -> T | CouldNotAskError:
    """One site's part of an answer, or why it has none; whatever it is, it is no other site's."""
    try:
        return read_once(what, read)
    except CouldNotAskError as exc:
        return exc
