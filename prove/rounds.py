"""What an arbiter is shown of the site in one round: the truth, or one of the ways in which it is wrong or partial."""

from enum import Enum

from failover_lambda.contract import Settings
from failover_lambda.model import (
    AddressView,
    Answer,
    Association,
    InstanceView,
    Power,
    ProbeReport,
    PublicAnswer,
    Request,
    Round,
    Sight,
    Window,
)
from prove.fold import NOW_S
from prove.parts import TOKENS, Machine, Shown, Site

_ANSWERS = (Answer.HEALTHY, Answer.TIMEOUT, Answer.REFUSED)
HEALTHY, TIMEOUT, REFUSED = range(3)

NOT_ASKED = -2
"""`Shown.public`, where no public health port is asked."""

NO_ANCHOR = 10
"""Added to each answer of a vantage that does not reach its anchor."""


class View(Enum):
    """How a round relates to the truth. The values are the words of a story."""

    TRUE = "sees everything as it is"
    BLIND = "no vantage reaches the holder, though everybody else is reached"
    BLIND_TO_ALL = "no vantage reaches any worker, though all reach their anchors"
    ONE_MISSES = "one vantage misses the holder, the others reach it"
    ALONE = "only one vantage answers, and it does not reach the holder"
    NO_ANCHOR = "no vantage reaches the holder or its anchor"
    STALE = "the read of the address shows what was before"
    DARK = "no vantage can be asked"
    UNREAD = "neither address nor machines can be read"
    BLIND_STALE = "no vantage reaches the holder, and the read of the address shows what was before"
    AHEAD = "its clock is wrong, and by it a failback window is open"


FREE_VIEWS = frozenset({View.TRUE})
"""Views that are no fault."""


def truth(machine: Machine, failing: int) -> int:
    """What a vantage gets from a worker."""
    if machine.off or machine.isolated:
        return TIMEOUT
    return HEALTHY if machine.serves else failing


def show(site: Site, view: View, holder: int, failing: int, *, public: bool) -> Shown:  # noqa: C901 - a branch for each view
    """The round that this view of the site gives."""
    answers = tuple(truth(machine, failing) for machine in site.machines)
    missed = tuple(TIMEOUT if index == holder else answer for index, answer in enumerate(answers))
    vantages = (answers,) * 3
    address: tuple[int, int] | None = (site.at, site.id)
    aside = site.aside
    machines: tuple[tuple[bool, bool, float], ...] | None = tuple(
        (machine.off, machine.isolated, 2.0) for machine in site.machines
    )
    at = site.at if site.at >= 0 and answers[site.at] == HEALTHY else -1
    match view:
        case View.TRUE:
            pass
        case View.BLIND:
            vantages = (missed,) * 3
        case View.BLIND_STALE:
            vantages = (missed,) * 3
            address, aside = (site.was_at, site.was_id), site.was_aside
        case View.BLIND_TO_ALL:
            vantages = ((TIMEOUT,) * len(answers),) * 3
        case View.ONE_MISSES:
            vantages = (missed, answers, answers)
        case View.ALONE:
            vantages = (missed,)
        case View.NO_ANCHOR:
            vantages = (tuple(NO_ANCHOR + answer for answer in missed),) * 3
        case View.STALE:
            address, aside = (site.was_at, site.was_id), site.was_aside
        case View.DARK:
            vantages = ()
        case View.UNREAD:
            address, machines = None, None
        case View.AHEAD:
            pass
    shown = Shown(
        answers=vantages,
        address=None if site.busy else address,
        aside=aside,
        machines=machines,
        public=at if public else NOT_ASKED,
        inbox=site.desk.inbox,
        window=NOW_S if view is View.AHEAD else site.window,
        agree=view is not View.AHEAD,
        claimed=site.claimed,
    )
    if view is View.BLIND and public:
        shown = shown._replace(public=-1)
    return shown


ASIDE = "10.0.99.99"
"""A private address that no configuration means."""

WINDOW_S = 3600.0
"""The length of a failback window; the world says when it closes."""


def as_round(
    shown: Shown, owner: int, settings: Settings, requests: tuple[Request, ...] = (), *, out: tuple[int, ...] = ()
) -> Round:
    """The round as the rule is told it; `requests` are those of the world.

    `settings` name every machine there is; those in `out` are not configured, and nobody asks them.
    """
    names = [worker.name for worker in settings.workers]
    asked = [index for index in range(len(names)) if index not in out]
    sights: list[Sight] = []
    for prober, answers in zip(reversed(settings.probers), shown.answers, strict=False):
        sights.append(
            Sight(
                vantage=prober.function_name,
                zone=prober.zone,
                anchor_reached=answers[0] < NO_ANCHOR,
                reports=tuple(
                    ProbeReport(worker=names[index], answer=_ANSWERS[answers[index] % NO_ANCHOR]) for index in asked
                ),
            )
        )
    return Round(
        token=TOKENS[owner],
        overrun=False,
        sights=tuple(sights),
        address=_address(shown, settings),
        instances=_instances(shown, names, asked),
        public=_public(shown, names),
        requests=tuple(requests[index] for index in shown.inbox),
        window=None if shown.window is None else Window(opened_s=shown.window, closes_s=shown.window + WINDOW_S),
        clocks_agree=shown.agree,
    )


def _address(shown: Shown, settings: Settings) -> AddressView | None:
    if shown.address is None:
        return None
    at, number = shown.address
    owner = "another" if shown.claimed else settings.site
    if at < 0:
        return AddressView(public_ip="198.51.100.7", association=None, owner=owner)
    worker = settings.workers[at]
    association = Association(
        association_id=f"a{number}",
        instance_id=worker.instance_id,
        network_interface_id=worker.network_interface_id,
        private_ip=worker.address_private_ip if not shown.aside else ASIDE,
    )
    return AddressView(public_ip="198.51.100.7", association=association, owner=owner)


def _instances(shown: Shown, names: list[str], asked: list[int]) -> tuple[InstanceView, ...] | None:
    if shown.machines is None:
        return None
    return tuple(
        InstanceView(worker=names[index], power=Power.STOPPED if off else Power.RUNNING, launched_s=boot, isolated=isolated)
        for index, (off, isolated, boot) in enumerate(shown.machines)
        if index in asked
    )


def _public(shown: Shown, names: list[str]) -> PublicAnswer | None:
    if shown.public == NOT_ASKED:
        return None
    if shown.public < 0:
        return PublicAnswer(worker="", boot_id="", answer=Answer.TIMEOUT)
    return PublicAnswer(worker=names[shown.public], boot_id="", answer=Answer.HEALTHY)


# What a round says, by the checks' own reading of RULE.md section 3


def speaks_against(
    shown: Shown, holder: int, zones: tuple[str, ...], vantage_zones: tuple[str, ...], out: tuple[int, ...] = ()
) -> bool | None:
    """Whether the round counts against the holder: False = it answers somebody, None = nothing can be said.

    Written apart from `failover_lambda.verdict`, from RULE 3.2 to 3.8.
    """
    if any(answers[holder] % NO_ANCHOR == HEALTHY for answers in shown.answers) or shown.public == holder:
        return False
    if shown.machines and shown.machines[holder][0]:
        return True
    counted = [
        zone
        for zone, answers in zip(vantage_zones, shown.answers, strict=False)
        if answers[0] < NO_ANCHOR
        and any(answer != TIMEOUT for index, answer in enumerate(answers) if index not in (holder, *out))
    ]
    if len(counted) >= 2 and any(zone != zones[holder] for zone in counted):
        return True
    return True if len(counted) == 1 == len(shown.answers) and shown.public == -1 else None


def healthy_in(shown: Shown, worker: int) -> bool:
    """A healthy answer to somebody in this round, and no word of the cloud against it."""
    if shown.machines and (shown.machines[worker][0] or shown.machines[worker][1]):
        return False
    return any(answers[worker] % NO_ANCHOR == HEALTHY for answers in shown.answers)
