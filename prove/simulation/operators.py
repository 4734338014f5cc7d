"""What operators ask for in the middle of everything else: every verb of RULE section 9, also where it makes no sense."""

from collections.abc import Callable

from failover_lambda.model import Verb
from prove.simulation.faults import OnSite, Scene, Undo, nothing
from prove.simulation.site import Site

PATIENCE_S = (5.0, 120.0)
LASTS_S = (20.0, 200.0)
"""A pause and a maintenance: over before the calm is."""


def _named(scene: Scene, site: Site) -> str:
    """Mostly one of the workers, sometimes nobody."""
    return "" if scene.dice.random() < 0.3 else scene.dice.choice(list(site.machines))


def _asks(verb: Verb, *, names: bool = False, lasts: bool = False) -> Callable[[Scene, Site], Undo]:
    def begin(scene: Scene, site: Site) -> Undo:
        site.ask(
            verb,
            patience_s=scene.dice.uniform(*PATIENCE_S),
            worker=_named(scene, site) if names else "",
            duration_s=scene.dice.uniform(*LASTS_S) if lasts else 0.0,
        )
        return nothing

    return begin


def _asks_for_failover(scene: Scene, site: Site) -> Undo:
    unproven = scene.dice.random() < 0.3
    site.ask(Verb.FAILOVER, patience_s=scene.dice.uniform(*PATIENCE_S), worker=_named(scene, site), unproven=unproven)
    return nothing


def _asks_for_order(scene: Scene, site: Site) -> Undo:
    order = list(site.machines)
    scene.dice.shuffle(order)
    site.ask(Verb.ORDER, patience_s=scene.dice.uniform(*PATIENCE_S), order=tuple(order))
    return nothing


def _on(name: str, weight: float, begin: Callable[[Scene, Site], Undo]) -> OnSite:
    return OnSite(name=name, weight=weight, lasts_s=(0, 0), begin=begin)


ON_OPERATORS = (
    _on("switchover asked for", 2.0, _asks(Verb.SWITCHOVER, names=True)),
    _on("failover asked for", 1.0, _asks_for_failover),
    _on("failback asked for", 1.5, _asks(Verb.FAILBACK)),
    _on("pause asked for", 1.0, _asks(Verb.PAUSE, lasts=True)),
    _on("resume asked for", 1.0, _asks(Verb.RESUME, names=True)),
    _on("maintenance asked for", 1.0, _asks(Verb.MAINTENANCE, names=True, lasts=True)),
    _on("another order asked for", 0.7, _asks_for_order),
    _on("acknowledgement asked for", 0.5, _asks(Verb.ACKNOWLEDGE)),
)
"""Without confirm-fence: an operator who confirms what is not so breaks promises that nobody can keep."""
