"""The nouns of the watchdog: frozen values, no behaviour beyond looking inside themselves.

Three truths have a type each: `Record` says who should serve, `AddressView` where packets go, `Fence` who can still serve.
Times are wall-clock seconds since 1970 unless a name says otherwise. May import `contract`; everybody may import this file.
"""

from dataclasses import dataclass
from enum import Enum

from failover_lambda.contract import Channel

RECORD_SCHEMA = 1
"""A reader refuses a record of another schema. Fields added later get a default, so an older record stays readable.

A field at its default is not stored, so a record in which a new one was never used is readable by an older version too.
"""

NOTICES_KEPT = 16
"""The outbox is bounded: when nobody can be told, the oldest notice is dropped first."""


class Answer(Enum):
    """What one question to one worker brought."""

    HEALTHY = "healthy"
    REFUSED = "refused"
    """No listener: the worker's kernel answered, its service did not."""
    RESET = "reset"
    """The connection was accepted and then broken."""
    TIMEOUT = "timeout"
    """No answer to the connection attempt."""
    SILENT = "silent"
    """The connection was accepted and no answer came in time."""
    WRONG = "wrong"
    """An answer, and not a healthy one."""
    COULD_NOT_ASK = "could-not-ask"
    """The question could not be put: says nothing of the worker."""

    @property
    def failing(self) -> bool:
        """Evidence against the worker."""
        return self not in (Answer.HEALTHY, Answer.COULD_NOT_ASK)

    @property
    def quick(self) -> bool:
        """A failure that the worker's machine told by itself; two rounds of it weigh as much as three without an answer."""
        return self in (Answer.REFUSED, Answer.RESET, Answer.WRONG)

    @property
    def reached(self) -> bool:
        """The worker's machine answered at all."""
        return self is Answer.HEALTHY or self.quick or self is Answer.SILENT


class Verdict(Enum):
    """What the rounds so far say of the holder."""

    HEALTHY = "healthy"
    DEAD = "dead"
    ALL_DEAD = "all-dead"
    INCONCLUSIVE = "inconclusive"


class Phase(Enum):
    """Where a site stands; RULE.md section 4."""

    DISABLED = "disabled"
    STEADY = "steady"
    SUSPECT = "suspect"
    FENCING = "fencing"
    MOVING = "moving"
    VERIFYING = "verifying"
    BOTH_DOWN = "both-down"
    PAUSED = "paused"
    MANUAL = "manual"


class Power(Enum):
    """The cloud's word on an instance."""

    PENDING = "pending"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    TERMINATED = "terminated"
    UNKNOWN = "unknown"

    @property
    def off(self) -> bool:
        """Surely not serving."""
        return self in (Power.STOPPED, Power.TERMINATED)


# What is observed


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a health page names as down, in the bounded form that `pages` gives it."""

    channels_down: tuple[str, ...] = ()
    """Parts of the application: a move would take their fault along."""
    dependencies_down: tuple[str, ...] = ()
    """Whatever the worker needs and does not contain, such as a database."""


@dataclass(frozen=True, kw_only=True)
class ProbeReport:
    """One worker, as one vantage found it."""

    worker: str
    answer: Answer
    detail: str = ""
    ready: Answer | None = None
    """What its ready page answered; None = there is no such page to ask for."""
    page: Page | None = None
    """What its health page names as down; None = no page that could say so was read as a whole."""

    @property
    def fit(self) -> bool:
        """Healthy, and ready where that is asked apart."""
        return self.answer is Answer.HEALTHY and self.ready in (None, Answer.HEALTHY)


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What one vantage saw in one round. A vantage that could not be asked has no sight."""

    vantage: str
    zone: str
    anchor_reached: bool
    """Whether it also reached something that no worker's failure can take away (AWS: the record table's endpoint)."""
    reports: tuple[ProbeReport, ...]

    def of(self, worker: str) -> Answer:
        """Its answer about `worker`; COULD_NOT_ASK when it has none."""
        report = self.report(worker)
        return report.answer if report else Answer.COULD_NOT_ASK

    def report(self, worker: str) -> ProbeReport | None:
        """All that it has to say about `worker`."""
        return next((report for report in self.reports if report.worker == worker), None)


@dataclass(frozen=True, kw_only=True)
class Association:
    """The address on a worker's network card, as the cloud shows it."""

    association_id: str
    instance_id: str
    network_interface_id: str
    private_ip: str


@dataclass(frozen=True, kw_only=True)
class AddressView:
    """Where packets go: one read of the address. `association` None = on nobody, and that was read, not guessed."""

    public_ip: str
    association: Association | None
    owner: str | None = None
    """The site in its owner tag (`contract.OWNER_TAG`); "" = it has no such tag, None = the tags were not read."""


@dataclass(frozen=True, kw_only=True)
class InstanceView:
    """One read of one worker's machine."""

    worker: str
    power: Power
    launched_s: float
    """When it last started. Grows with each start after a stop: our boot id, since a worker need not have one."""
    isolated: bool
    event: str = ""
    """Id of something that the platform means to do to this machine (a reboot, its retirement); "" = nothing is known."""


@dataclass(frozen=True, kw_only=True)
class PublicAnswer:
    """What the public health port said through the address: `worker` is the name in its answer, "" when there was none."""

    worker: str
    boot_id: str
    answer: Answer


# What operators ask for


class Verb(Enum):
    """What an operator can ask of the watchdog; RULE.md section 9."""

    SWITCHOVER = "switchover"
    FAILOVER = "failover"
    FAILBACK = "failback"
    PAUSE = "pause"
    RESUME = "resume"
    MAINTENANCE = "maintenance"
    CONFIRM_FENCE = "confirm-fence"
    ORDER = "order"
    ACKNOWLEDGE = "acknowledge"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One thing that an operator asks for: an entry in the inbox, then in the record until it is answered."""

    id: str
    """Chosen by whoever asks; two entries with one id are one request."""
    site: str
    verb: Verb | None
    """None: what was asked cannot be read, and `fault` says why."""
    who: str
    why: str
    asked_s: float
    """By the clock of whoever asked."""
    patience_s: float
    """How long after it was first seen it may still begin; then it is refused."""
    worker: str = ""
    """SWITCHOVER and FAILOVER: the new holder, "" = the next in order. MAINTENANCE, CONFIRM_FENCE: whose. RESUME: whose
    maintenance ends, "" = the pause, or the phase manual."""
    duration_s: float = 0.0
    """PAUSE and MAINTENANCE: how long."""
    drain_s: float = 0.0
    """Planned moves: how long the holder may finish what it has before it loses the address."""
    order: tuple[str, ...] = ()
    """ORDER: every worker, as they are to be promoted."""
    unproven: bool = False
    """FAILOVER: to a worker whose own fence is not proven."""
    fault: str = ""
    """Why the entry cannot be read."""
    first_seen_s: float = 0.0
    """When the watchdog took it in; 0 = not yet."""
    epoch: int = 0
    """The epoch of the move that carries it out; 0 = none has begun."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What became of a request. `why` is kept of the newest ones only; id and result of more."""

    id: str
    done: bool
    why: str


@dataclass(frozen=True, kw_only=True)
class Window:
    """A time in which the home worker may get the address back by itself."""

    opened_s: float
    closes_s: float


# Events: what `rule.step` is told


@dataclass(frozen=True, kw_only=True)
class Round:
    """One concurrent observation by every vantage, with one deadline."""

    token: int
    """The lease token of the leader that observed: a streak dies with its leader."""
    overrun: bool
    """It took longer than its deadline: it counts for nothing."""
    sights: tuple[Sight, ...]
    address: AddressView | None
    """None = not asked in this round, or no answer."""
    instances: tuple[InstanceView, ...] | None
    public: PublicAnswer | None = None
    denied: tuple[str, ...] = ()
    """Questions of this round that our role may not ask, by their names in `denials`."""
    answered: tuple[str, ...] = ()
    """Questions that were answered and show nowhere else in this round, by the same names."""
    rehearsed: "tuple[Answered, ...]" = ()
    """What a rehearsal brought that ended in this round."""
    requests: tuple[Request, ...] = ()
    """What lies in the inbox for this site; what the record knows already is among it until it was taken out."""
    window: Window | None = None
    """The failback window that is open by our own clock; None = none is, or failback is by hand only."""
    clocks_agree: bool = True
    """Our clock and the store's are known to differ by less than `contract.CLOCKS_AGREE_S`."""

    def instance(self, worker: str) -> InstanceView | None:
        """The view of `worker` in this round, if there is one."""
        for view in self.instances or ():
            if view.worker == worker:
                return view
        return None


class Outcome(Enum):
    """What is known of a call after it."""

    DONE = "done"
    REFUSED = "refused"
    """A definite no to what was asked: nothing was changed, and nothing would be if it were asked again."""
    DEFERRED = "deferred"
    """Not now: throttled, or the machine is not ready. Nothing was changed; it says nothing of what was asked for."""
    LOST = "lost"
    """No answer: it may have happened, may happen later, or never."""


class Do(Enum):
    """What the watchdog can ask of the cloud."""

    DISASSOCIATE = "disassociate"
    ASSOCIATE = "associate"
    ISOLATE = "isolate"
    RESTORE = "restore"
    STOP = "stop"
    START = "start"


@dataclass(frozen=True, kw_only=True)
class Command:
    """One call, permitted by the record that was written before it."""

    do: Do
    epoch: int
    worker: str
    """Whose address, card or machine it is about; for DISASSOCIATE the worker that loses the address, "" if unknown."""
    association_id: str = ""
    """DISASSOCIATE: the id that was read before the write that permits the call. Never read anew."""
    second: bool = False
    """The second half of an intent whose first call was sent: sent without asking the store or the lease."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The outcome of a command."""

    command: Command
    outcome: Outcome
    code: str = ""
    """The cloud's error code, if it gave one."""
    association_id: str = ""
    """ASSOCIATE, DONE: the id of the new association."""
    denied: bool = False
    """REFUSED, because our role may not make this call."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """A notice has left by one channel."""

    notice_id: str
    channel: Channel


Event = Round | Answered | Told


# What is reported


@dataclass(frozen=True, kw_only=True)
class Vitals:
    """How the watchdog of a site did since it last said so; `contract.Metric` explains each figure."""

    heartbeat: bool
    failed_ticks: int
    suspect_s: float
    needs_person: bool
    standbys_not_ready: int | None
    """None: no vantage could ask."""
    moves_left: int | None
    """None: there is no record yet, or the watchdog is switched off."""


# The record


class Kind(Enum):
    """Why an epoch was begun."""

    ADOPT = "adopt"
    FAILOVER = "failover"
    RECONCILE = "reconcile"
    RETARGET = "retarget"
    SWITCHOVER = "switchover"
    FAILBACK = "failback"


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A move that was decided, durable before its first call."""

    kind: Kind
    source: str
    """Who had the address or was the holder before; "" = nobody."""
    expected_id: str
    """The association id read before the write; "" = the address was on nobody."""
    made_s: float
    deadline_s: float
    asked_s: float | None
    """When the call that is due was last asked; None = to be asked now."""
    unanswered: bool = False
    """An ask for the end of the old association had no answer: it may still land."""
    refusals: int = 0
    attempt: int = 1
    """Which intent this is of one incident: since the site was settled last."""
    tried: tuple[str, ...] = ()
    """Targets of this incident that the address could not be put on."""
    origin: str = ""
    """The source of the first intent of this incident, where this is a later one."""
    suspected_s: float | None = None
    """When the first round failed that led here."""
    why: str = ""

    @property
    def former(self) -> str:
        """Who had the address or was the holder when the incident began; "" = nobody."""
        return self.origin or self.source


@dataclass(frozen=True, kw_only=True)
class Streak:
    """Consecutive rounds that speak against the holder."""

    verdict: Verdict
    """DEAD or ALL_DEAD: what it leads to."""
    token: int
    """The leader that counted `rounds`, `singles`, `gone` and `mute`."""
    rounds: int
    rounds_needed: int
    """Of two vantages or more; or twice as many of whatever kind (RULE 3.6)."""
    gone: int
    """Of these rounds, those in which the cloud said that its machine is off."""
    quick: bool
    """Every round so far was refused or answered wrongly."""
    since_s: float
    last_s: float
    mute: int = 0
    """The last so many of these rounds brought no answer at all."""
    singles: int = 0
    """Of `rounds`, those that rest on one vantage."""
    mute_singles: int = 0
    """The same of `mute`."""
    answered: bool = False
    """Some answer so far was a refusal, a reset or a wrong one: it must last for the restart grace."""
    slow: bool = False
    """Some answer so far was silence after an accepted connection: it must last for the slow grace."""


@dataclass(frozen=True, kw_only=True)
class Debt:
    """A fence or start call: asked, and perhaps answered."""

    asked_s: float
    answered: bool = False
    refused: bool = False
    """The last ask was answered with a no: nothing of it can land."""
    lost: bool = False
    """An ask had no answer, so it may still land."""

    @property
    def open(self) -> bool:
        """Nothing is known of the last ask."""
        return not (self.answered or self.refused)


@dataclass(frozen=True, kw_only=True)
class Fence:
    """What was asked to keep a former holder from serving. While it stands, the worker is no target."""

    worker: str
    epoch: int
    launched_s: float
    """The boot that was fenced; 0 = unknown."""
    raised_s: float
    isolate: Debt
    stop: Debt
    restore: Debt | None = None
    start: Debt | None = None
    seen_stopped_s: float | None = None
    """When it was read as stopped, after the last ask."""
    told: bool = False
    """People know that it cannot be proven."""


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """Something that the holder's health page names as down, as people were told."""

    name: str
    worker: str
    """Whose channel it is; "" = a dependency."""
    clear_since_s: float | None = None
    """Since when no page of the holder names it; None = the last one did."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    """The association is not what the record says; acted on after two agreeing reads."""

    association_id: str
    reads: int


@dataclass(frozen=True, kw_only=True)
class Pause:
    """Automatic moves and repairs are off, by an operator's word, and until when."""

    until_s: float
    who: str
    why: str
    warned: bool = False
    """People know that it ends soon."""
    nobody_since_s: float | None = None
    """Since when the address is read as on nobody."""


@dataclass(frozen=True, kw_only=True)
class Maintenance:
    """One worker is being worked on, by an operator's word: its silence counts for nothing, and it is no target."""

    worker: str
    until_s: float
    who: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Move:
    """One automatic move, for the budget and the hold."""

    at_s: float
    epoch: int
    source: str
    target: str
    kind: Kind


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One thing that people are told, once it is durable."""

    id: str
    at_s: float
    what: str
    site: str
    source: str
    target: str
    why: str
    epoch: int
    seconds: float
    """From the first failing round to this notice; 0 where nothing failed."""
    taken: tuple[Channel, ...] = ()
    """The channels by which it has left."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """Who should serve, and everything that the next leader needs to go on from here."""

    schema: int
    site: str
    version: int
    """Grows by one with each write; the condition of the next."""
    epoch: int
    phase: Phase
    phase_since_s: float
    holder: str
    """Who should serve in this epoch: from the intent on, the target."""
    association_id: str
    """The association made in this epoch; "" until there is one."""
    association_reads: int
    """How many agreeing reads showed it, in the phase `verifying`."""
    intent: Intent | None
    streak: Streak | None
    fences: tuple[Fence, ...]
    drift: Drift | None
    grace_until_s: float | None
    """Until then a holder that never answered yet is not judged."""
    moves: tuple[Move, ...]
    outbox: tuple[Notice, ...]
    notices: int
    """How many notices were ever made; names the next one."""
    reason: str
    manual: str = ""
    """Why automatic moves are off until an operator acts; "" = they are on."""
    suspicion_told: bool = False
    """The suspicion that stands was told already."""
    denied: tuple[str, ...] = ()
    """What our role may not do, as people were told."""
    complaints: tuple[Complaint, ...] = ()
    """What the holder's own page names as down, as people were told."""
    requests: tuple[Request, ...] = ()
    """What operators asked for and is not answered yet, oldest first."""
    replies: tuple[Reply, ...] = ()
    """What became of earlier requests, newest last: none is carried out twice."""
    pause: Pause | None = None
    maintenance: tuple[Maintenance, ...] = ()
    order: tuple[str, ...] = ()
    """The order of promotion that an operator gave; () = that of the settings."""
    acknowledged: str = ""
    """Who said to know that the site needs a person; "" = nobody."""
    loose_s: float | None = None
    """When an association was asked for last whose answer is not known: it may still land."""
    home_healthy_s: float | None = None
    """Since when `home_watched`, not the holder, was found ready in every round; None = there is no such minute."""
    home_watched: str = ""
    """The home worker whose minute that is: another one, by the configuration or an operator, has its own (RULE 10.4)."""
    window_spent_s: float | None = None
    """The opening of the failback window that was used, or ended by a failover."""
    heeded: tuple[str, ...] = ()
    """Announcements of the platform that a move was made for."""
    watched_only: bool = False
    """The last rounds were only watched: what people did meanwhile is adopted when that ends."""
    quiet_until_s: float | None = None
    """Until then no automatic move begins: the record was lost, and calls that it knew of may still land."""
    would: str = ""
    """What it would have done in them, as people were told."""
    rehearsed_s: float | None = None
    """When the calls of a failover were rehearsed last."""
    ending_id: str = ""
    """The association that a move asked to end before it was given up, and heard nothing definite of: it may still end."""

    def fence(self, worker: str) -> Fence | None:
        """The fence that stands against `worker`, if there is one."""
        for fence in self.fences:
            if fence.worker == worker:
                return fence
        return None


class Loss(Enum):
    """What has become of a record that cannot be gone on from; the word is also the name of the notice."""

    LOST = "record-lost"
    """There surely is none, and there was one."""
    RESTORED = "record-restored"
    """It is of an earlier epoch than was reached: a copy from a backup."""
    DAMAGED = "record-damaged"
    """What is there is no record, of whatever version."""


@dataclass(frozen=True, kw_only=True)
class Lost:
    """What the store tells in place of a record that was lost."""

    what: Loss
    floor: int
    """The highest epoch that was ever reached."""
    version: int
    """Of the item that stands in its place; 0 = there is none, or it says none. The condition of what replaces it."""
    why: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What `rule.step` returns: write the record, then run the commands."""

    record: Record | None
    commands: tuple[Command, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The arbiter's right to act on a shard."""

    owner: str
    token: int
    """Grows with each new owner."""
    beat: int
    """Grows with each renewal. Only its change is watched, on the watcher's own monotonic clock: no clock is compared."""
    wish: str
    """Who would like to have it next; "" = nobody."""
    inbox: tuple[Request, ...] = ()
    """What operators ask for, of all sites of the shard, in no order; taken out once the record knows it."""
    asked: str = ""
    """Id of a question by a `once` tick that met a live leader."""
    answered: str = ""
    """The last such question that the leader answered by a complete tick."""
