"""How long the emulated cloud takes: the profiles `instant` and `aws`, every figure with what it rests on.

Here: values only. `lab.gate` sleeps the times of the calls, `lab.ec2_semantics` the times of the machines and of the
address. Not here: the services that ministack plays (Lambda, EventBridge, DynamoDB, SNS): they answer as fast as they
can in both profiles, so a run says nothing about their latency.

The figures for `aws` are published measurements where there are any. Where the published figure covers more than the
step (a whole failover, say), or nothing is published, the value is our inference, its `basis` says INFERRED, and the
source says from what. The page that a demo writes shows this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lab.figures import Basis, Figure


@dataclass(frozen=True)
class Profile:
    """The times of one emulated cloud. See each field for what the time is of."""

    name: str
    calls: Mapping[str, Figure] = field(repr=False)
    """EC2 action -> request to answer. Half of it passes before the call takes effect and half after (the split is ours)."""
    describe: Figure
    """Any EC2 action that only reads."""
    others: Figure
    """Every other call: those that build the stack, and KMS, IAM and STS."""
    propagation: Figure
    """From the moment an association takes effect in the control plane until packets follow it."""
    stop: Figure
    """An instance in `stopping`, until `stopped`."""
    start: Figure
    """An instance in `pending`, until `running`; the boot of its system comes after."""

    def call(self, action: str) -> Figure:
        """The time of one EC2 action."""
        if action in self.calls:
            return self.calls[action]
        return self.describe if reads_only(action) else self.others

    def figures(self) -> Mapping[str, Figure]:
        """Every figure by a name for people, in the order of the story."""
        named = {f"{action} call": figure for action, figure in self.calls.items()}
        return named | {
            "Describe calls": self.describe,
            "other calls": self.others,
            "address follows the association after": self.propagation,
            "instance stopping": self.stop,
            "instance pending": self.start,
        }


def reads_only(action: str) -> bool:
    """Whether an EC2 action changes nothing; EC2 names such actions by their first word."""
    return action.startswith(("Describe", "Get", "List", "Search"))


def _once(seconds: float, basis: Basis, source: str) -> Figure:
    return Figure(seconds, seconds, basis, source)


_NO_TIME = _once(0.0, Basis.CHOSEN, "none: the profile adds no time, so that a run shows the watchdog's own share")

INSTANT = Profile(
    name="instant",
    calls=MappingProxyType({}),
    describe=_NO_TIME,
    others=_NO_TIME,
    propagation=_NO_TIME,
    stop=_NO_TIME,
    start=_NO_TIME,
)

_FORTINET = (
    "fortinetsolutions/AWS-CloudFormationTemplates, LambdaAP-EIP+RouteFailover/6.0/README.md, log excerpt (read 2026-11-21)"
)
_NGINX = "nginx/documentation#520, AWS HA keepalived guide (read 2026-11-21)"
_F5 = "F5Networks/f5-cloud-failover-extension, docs/userguide/performance-sizing.rst (read 2026-11-21)"
_EC2_GUIDE = "EC2 user guide, How instance stop and start works (read 2026-11-21)"

AWS = Profile(
    name="aws",
    calls=MappingProxyType(
        {
            "AssociateAddress": _once(
                0.3,
                Basis.INFERRED,
                f"{_FORTINET}: at most 0.58 s from Lambda, one metric put included; Disassociate + Associate taken as 0.6 s",
            ),
            "DisassociateAddress": _once(
                0.3, Basis.INFERRED, f"{_FORTINET}: no figure of its own; taken as AssociateAddress"
            ),
            "StopInstances": _once(0.3, Basis.INFERRED, f"{_FORTINET}: tagging calls 0.3 s, a stop request taken as alike"),
            "StartInstances": _once(
                0.3, Basis.INFERRED, f"{_FORTINET}: tagging calls 0.3 s, a start request taken as alike"
            ),
            "ModifyNetworkInterfaceAttribute": _once(
                0.16, Basis.INFERRED, f"{_FORTINET}: ReplaceRoute 0.16 s, another change of the network taken as alike"
            ),
        }
    ),
    describe=_once(
        0.031,
        Basis.INFERRED,
        "microburst 0.10.0, latency preset `ec2` (31 ms); whose measurement it is, the preset does not say",
    ),
    others=_once(0.0, Basis.CHOSEN, "none: these calls build the stack and are no part of the failover"),
    propagation=Figure(
        1.0,
        5.0,
        Basis.INFERRED,
        f"{_NGINX}: 5-6 s all-in with keepalived, detection and calls included; {_F5}: 25 addresses together in 5 s. "
        "What is left after detection and calls is taken as 1 to 5 s",
    ),
    stop=_once(
        30.0,
        Basis.INFERRED,
        f'{_EC2_GUIDE}: graceful first, hard after "a few minutes"; no figure for a hard stop, 30 s taken',
    ),
    start=_once(
        10.0, Basis.INFERRED, "no published figure found; tens of seconds until reachable are usual, 10 s of `pending` taken"
    ),
)

PROFILES: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in (INSTANT, AWS)})
"""By name, as the command line knows them."""
