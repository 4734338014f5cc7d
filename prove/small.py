"""What a small world is made of: how many workers, what may go wrong and how often, how time passes."""

from dataclasses import dataclass, field
from typing import NamedTuple

from failover_lambda.contract import FencePolicy, ProbeKind, ProberRef, Settings, Tier, Worker
from failover_lambda.model import Request
from prove.fold import Timing
from prove.parts import Deployed
from prove.rounds import TIMEOUT, View


class Budget(NamedTuple):
    """How often each kind of thing may still happen in a world."""

    kill: int = 0
    """A worker's service dies, its machine runs on."""
    heal: int = 0
    """A dead service answers again."""
    off: int = 0
    """A machine stops by itself or at the console."""
    on: int = 0
    """Somebody starts a stopped machine."""
    hand: int = 0
    """An operator associates the address with a worker, or with none."""
    wrong: int = 0
    """A round shows something else than the truth."""
    takeover: int = 0
    """Another arbiter takes the lease; the one before goes on, and knows nothing of it until it asks."""
    store: int = 0
    """The store gives no answer: not written, written, or written later."""
    lost: int = 0
    """A call has no answer: it landed, or is still on its way, or never lands."""
    twice: int = 0
    """A call lands twice."""
    refuse: int = 0
    """A call is refused."""
    toggle: int = 0
    """`enabled` is switched; the next arbiter is told."""
    ask: int = 0
    """An operator puts one of the world's requests into the inbox, be it once more."""
    window: int = 0
    """A failback window opens; it closes at any time after."""
    lose: int = 0
    """The record is deleted; the floor beside it is not."""
    watch: int = 0
    """`watchOnly` is switched."""
    fail: int = 0
    """A write of a network card that was accepted fails (Azure)."""
    member: int = 0
    """A worker is taken out of the configuration, or put back."""
    tag: int = 0
    """Somebody writes the owner tag of another site on the address, or takes it away."""


@dataclass(frozen=True, kw_only=True)
class Small:
    """One small world."""

    name: str
    about: str
    """For whom reads the output: what is searched here."""
    budget: Budget
    workers: int = 2
    views: tuple[View, ...] = (View.TRUE,)
    slow_rounds: bool = False
    """Whether anything may happen between what an arbiter saw and what it makes of it."""
    born: bool = True
    """Whether the site has a record at the begin."""
    out: tuple[int, ...] = ()
    """Workers that are not configured at the begin: one that has the address is a stranger."""
    fleet: bool = False
    """Whether settings that changed take effect between two moves (RULE 2.10), and not only with the next arbiter."""
    azure: bool = False
    """Whether the address moves as on Azure (`cards`), and not as on AWS."""
    cards: bool = False
    """Whether a hand may put the address on another card of a worker."""
    public: bool = False
    """Whether a public health port is asked."""
    failing: int = TIMEOUT
    """What a dead service answers."""
    moves_max: int = 3
    in_flight_max: int = 6
    """More calls on their way at once are not followed; the search says how often that was."""
    at: int = 0
    """Which worker has the address at the begin."""
    dead: tuple[int, ...] = ()
    """Workers whose service does not answer at the begin."""
    turns: bool = True
    """Whether workers are known by their distance from the holder only: not where one of them is home to the rule."""
    timing: Timing = field(default_factory=Timing)
    requests: tuple[Request, ...] = ()
    """What operators may ask for. Named workers and home are somebody, so `turns` has to be false; so are those that are
    not configured."""
    failback: bool = False
    """Whether home gets the address back by itself in a window."""

    @property
    def planned(self) -> bool:
        """Whether planned moves can happen."""
        return bool(self.requests) or self.failback


SHORT_S, LONG_S, AGES_S = 4.0, 100.0, 90_000.0
"""The steps of time: a call may be asked again; deadlines, holds and streaks are over; budgets and late calls are over."""


def settings_of(small: Small, told: Deployed = Deployed()) -> Settings:  # noqa: B008 - a frozen value
    """The settings of the watchdog in a small world: as a user could configure them, with two rounds to a verdict."""
    return Settings(
        site="small",
        tier=Tier.FAULT_TOLERANT,
        enabled=told.enabled,
        watch_only=told.watches,
        fence_policy=FencePolicy.ADDRESS_IS_FENCE,
        workers_act_alone=False,
        workers=tuple(_worker(index + 1) for index in range(small.workers) if index not in told.out),
        address_id="address",
        record_table="record",
        notice_topic="topic",
        probers=tuple(ProberRef(zone=zone, function_name=f"prober-{zone}") for zone in "abc"),
        isolation_group_id="isolated",
        probe_kind=ProbeKind.HTTP,
        probe_port=8080,
        probe_path="/health",
        ready_path="",
        probe_tls_verify=True,
        probe_tls_ca_pem="",
        public_health_port=8080 if small.public else 0,
        probe_interval_s=2.0,
        probe_timeout_s=0.4,
        timeouts_to_dead=2,
        refusals_to_dead=2,
        restart_grace_s=0.0,
        slow_grace_s=0.0,
        boot_grace_s=60.0,
        lease_ttl_s=6.0,
        lease_renew_s=2.0,
        hold_s=60.0,
        moves_per_hour_max=small.moves_max,
        moves_per_day_max=small.moves_max,
        failback_enabled=small.failback,
    )


def _worker(number: int) -> Worker:
    return Worker(
        name=f"wk{number}",
        instance_id=f"i-{number}",
        network_interface_id=f"eni-{number}",
        private_ip=f"10.0.{number}.10",
        address_private_ip=f"10.0.{number}.10",
        zone="abcdef"[number - 1],
        group_ids=("sg-worker",),
    )
