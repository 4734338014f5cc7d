"""What a story can do to its world: one verb each, none of them the watchdog's doing. What people do is in `people`.

A verb gets the stage and the words after it; it may return lines that are written down.
"""

from collections.abc import Callable, Mapping

from failover_lambda.model import Answer, Command, Do, Page, Power
from failover_lambda.moves import moves_left
from tests.spec.people import ask, put, remove, settings, tag
from tests.spec.stage import Stage

Deed = Callable[..., str | None]


# Workers and zones


def kill(stage: Stage, worker: str, answer: str = "refused") -> None:
    """Its service is gone, its machine runs. ANSWER is what a prober gets: refused, reset, timeout, silent, wrong."""
    stage.world.kill(worker, Answer(answer))


def heal(stage: Stage, worker: str) -> None:
    """Its service answers again."""
    stage.world.heal(worker)


def stop(stage: Stage, worker: str) -> None:
    """Its machine is stopped at the console."""
    stage.world.stop(worker)


def start(stage: Stage, worker: str) -> None:
    """Its machine is started at the console, and its service with it."""
    stage.world.cloud.start(worker)


def terminate(stage: Stage, worker: str) -> None:
    """Its machine is terminated at the console; that ends the association too."""
    stage.world.cloud.terminate(worker)


def boot(stage: Stage, worker: str) -> None:
    """Its machine is pending: not up for the first time yet. It takes no address."""
    machine = stage.world.cloud.machines[worker]
    machine.power, machine.answer = Power.PENDING, Answer.TIMEOUT


def up(stage: Stage, worker: str) -> None:
    """The machine that was pending runs, and its service answers."""
    machine = stage.world.cloud.machines[worker]
    machine.power, machine.answer = Power.RUNNING, Answer.HEALTHY


def zone(stage: Stage, name: str, what: str) -> None:
    """`fails`: its prober and its workers are out of reach, a stop of theirs hangs, the cloud says nothing. `returns`."""
    cloud = stage.world.cloud
    workers = [worker.name for worker in stage.workers if worker.zone == name]
    if what == "fails":
        cloud.stuck.update(workers)
        cloud.deaf.add(f"prober-{name}")
        cloud.blind.update((vantage, worker) for vantage in cloud.vantages for worker in workers)
        return
    cloud.deaf.discard(f"prober-{name}")
    cloud.blind = {(vantage, worker) for vantage, worker in cloud.blind if worker not in workers}
    for worker in workers:
        cloud.unstick(worker)


# Networks


def deaf(stage: Stage, *names: str) -> None:
    """These cannot be asked: vantages by name, `address` or `instances` for reads of the cloud."""
    stage.world.cloud.deaf.update(names)


def hears(stage: Stage, *names: str) -> None:
    """These, or all, can be asked again."""
    cloud = stage.world.cloud
    cloud.deaf.difference_update(names or tuple(cloud.deaf))


def blind(stage: Stage, vantage: str, *workers: str) -> None:
    """Nothing gets through between this vantage and these workers."""
    stage.world.cloud.blind.update((vantage, worker) for worker in workers)


def sees(stage: Stage) -> None:
    """Every vantage reaches every worker and its anchor again."""
    stage.world.cloud.blind.clear()
    stage.world.cloud.no_anchor.clear()


def adrift(stage: Stage, *vantages: str) -> None:
    """These reach no worker, and their anchor neither."""
    stage.world.cloud.no_anchor.update(vantages)
    for vantage in vantages:
        blind(stage, vantage, *stage.world.cloud.machines)


def public(stage: Stage, what: str, *lying: str) -> None:
    """The public health port is `open`, or `closed`; `lying`: it says of these workers that all is well."""
    stage.world.public.closed = what == "closed"
    stage.world.public.lying = lying if what == "lying" else ()


def slow(stage: Stage, seconds: str) -> None:
    """Each prober takes so long to answer: the round overruns."""
    stage.look_s = float(seconds)


# The cloud's answers


def lose(stage: Stage, do: str, when: str) -> None:
    """Answers to this call are lost; `before`: and so is the call, `after`: it was carried out."""
    stage.world.cloud.lose[Do(do)] = when


def refuse(stage: Stage, do: str, code: str) -> None:
    """This call is answered with this error code; one worker's name instead of a call: the address goes not on it."""
    if do in stage.world.cloud.machines:
        stage.world.cloud.refuse_target.add(do)
    else:
        stage.world.cloud.refuse[Do(do)] = code


def deny(stage: Stage, *reads: str) -> None:
    """The role may not ask these any more: vantages by name, `address`, `instances`."""
    stage.world.cloud.denied.update(reads)


def answers(stage: Stage) -> None:
    """Every call is carried out and answered again, and everything may be asked."""
    cloud = stage.world.cloud
    for everything in (cloud.lose, cloud.refuse, cloud.refuse_target, cloud.denied):
        everything.clear()


def stale(stage: Stage, reads: str) -> None:
    """So many reads after the next change of the address show what was before."""
    stage.stale_reads = int(reads)


def lands(stage: Stage, do: str, worker: str, association_id: str = "") -> None:
    """A call that the watchdog sent earlier, and that seemed lost, is carried out now."""
    stage.world.cloud.land(Command(do=Do(do), epoch=0, worker=worker, association_id=association_id))


# The watchdog's own ground, the platform, and what pages say


def announce(stage: Stage, worker: str, what: str) -> None:
    """The platform announces that it will do something to this worker's machine."""
    stage.world.cloud.announced[worker] = what


def ready(stage: Stage, worker: str, answer: str) -> None:
    """What its ready page answers: healthy, wrong, ..."""
    stage.world.cloud.machines[worker].ready = Answer(answer)


def page(stage: Stage, worker: str, *down: str) -> None:
    """Its health page names these as down: `channel=NAME`, `dependency=NAME`; none: nothing is named."""
    names = [each.split("=", 1) for each in down]
    channels = tuple(name for kind, name in names if kind == "channel")
    dependencies = tuple(name for kind, name in names if kind == "dependency")
    stage.world.cloud.machines[worker].page = Page(channels_down=channels, dependencies_down=dependencies)


def record(stage: Stage, what: str) -> None:
    """The record is `lost` by hand, `damaged`, or `restored` from a copy of its first epoch."""
    store = stage.world.store
    if what == "damaged":
        store.damage = "{"
    else:
        store.record = None if what == "lost" else next(each for each in store.saves if each.epoch == 1)


def topic(stage: Stage, what: str) -> None:
    """Notices cannot leave (`down`), or can (`up`)."""
    stage.world.reporter.deaf = what == "down"


def store(stage: Stage, what: str) -> None:
    """The record table is `down`, or `up`; `mute`: it does what it is asked next, and the answer is lost."""
    stage.world.store.down = what == "down"
    stage.world.store.lose_next_answer = what == "mute"


def clock(stage: Stage, seconds: str) -> None:
    """The wall clock of the machine that the arbiters run on jumps by so much. What measures durations does not."""
    stage.world.clock.ahead_s += float(seconds)


def later(stage: Stage, seconds: str) -> None:
    """Time passes in which no arbiter leads."""
    stage.world.clock.sleep(float(seconds))


def arbiter(stage: Stage, what: str) -> str | None:
    """`dies`, `starts` (after the lease's time, if somebody has it), `freezes`, `wakes`."""
    match what:
        case "dies":
            stage.die()
        case "freezes":
            stage.freeze()
        case "starts":
            return stage.start()
        case "wakes":
            return stage.wake()
        case _:
            raise ValueError(what)
    return None


def look(stage: Stage) -> str:
    """What the machines are doing, and what is left of the budget."""
    machines = stage.world.cloud.machines.items()
    said = [f"{name} {machine.power.value}{', isolated' * machine.isolated}" for name, machine in machines]
    if stage.world.store.record is None:
        return "; ".join(said)
    left = moves_left(stage.world.record, stage.world.settings, stage.world.clock.now_s())
    return f"{'; '.join(said)}; {left} automatic moves left"


VERBS: Mapping[str, Deed] = {
    verb.__name__: verb
    for verb in (
        kill,
        heal,
        stop,
        start,
        terminate,
        boot,
        up,
        zone,
        deaf,
        hears,
        blind,
        sees,
        adrift,
        public,
        slow,
        lose,
        refuse,
        deny,
        answers,
        stale,
        lands,
        put,
        ask,
        announce,
        tag,
        ready,
        page,
        record,
        settings,
        remove,
        topic,
        store,
        clock,
        later,
        arbiter,
        look,
    )
}
