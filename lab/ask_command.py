"""`python -m lab ask VERB`, or `make lab-ask VERB=...`: ask the watchdog of the lab that is up, and wait for its answer.

What can be wrong with the words is said before anything is asked; what the watchdog refuses it says itself, in its reply.
"""

import argparse
import time
from pathlib import Path
from typing import Any

from failover_lambda.model import Verb
from lab.asking import PATIENCE_S, WHO, Answer, Desk, new_id
from lab.running_lab import CannotAskError, RunningLab, find
from lab.site import LABS

VERBS = tuple(verb.value for verb in Verb)
TIMED = (Verb.PAUSE.value, Verb.MAINTENANCE.value)
"""Those that last for some time."""

_LOOK_S = 0.5
GRACE_S = 30.0
"""How long past its patience a reply is waited for: a leader may have to be found first, and a move to end."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lab ask`. Verbs are looked at by `ask`, so that the make target gets the same sentence."""
    parser.add_argument("what", nargs="?", default="", metavar="VERB", help=", ".join(VERBS))
    parser.add_argument("--worker", default="", help="the new holder, or whose maintenance or fence it is")
    parser.add_argument("--seconds", type=float, default=None, help="of a pause or a maintenance")
    parser.add_argument("--drain", type=float, default=None, help="seconds for the old holder to finish what it has")
    parser.add_argument("--order", default="", help="workers as they are promoted, home first: wk2,wk1")
    parser.add_argument("--unproven", action="store_true", help="failover: to a worker whose fence is not proven")
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help="seconds in which it must begin (%(default)g)")
    parser.add_argument("--why", default="asked at the lab's command line", help="the reason, for mails and the record")
    parser.add_argument("--who", default=WHO, help="who asks (%(default)s)")
    parser.add_argument("--lab", default="", metavar="ID", help="which lab, by the name of its folder (default: the newest)")


def ask(arguments: argparse.Namespace, labs: Path = LABS) -> int:
    """Ask, and print the reply. 0: carried out, 1: refused.

    Raises:
        CannotAskError: nobody was asked, or nobody answered.
    """
    fields = fields_of(arguments)
    lab = find(arguments.lab, labs)
    _require_workers(arguments, lab)
    own_id = new_id()
    more = {"who": arguments.who, **fields}
    try:
        _wait_led(lab)
        lab.desk.put(lab.desk.entry(arguments.what, own_id=own_id, why=arguments.why, patience_s=arguments.patience, **more))
        print(f"asked {lab.desk.site} in {lab.folder}: {arguments.what} as {own_id}; waiting for the reply", flush=True)
        answer = _wait(lab.desk, own_id, arguments.patience + GRACE_S)
        record = lab.desk.record()
    except lab.silent as exc:
        raise CannotAskError(f"the {lab.store} of {lab.folder} did not answer: {exc}; is it the right lab?") from exc
    print(f"{'done' if answer.done else 'refused'}: {answer.why}")
    print(f"now: {record['holder']} holds in epoch {record['epoch']}, phase {record['phase']}")
    return 0 if answer.done else 1


def fields_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The further fields of the request.

    Raises:
        CannotAskError: a word is missing, unknown, or belongs to another verb.
    """
    verb: str = arguments.what
    if verb not in VERBS:
        said = f"{verb!r} is nothing that can be asked for" if verb else "no verb was given"
        raise CannotAskError(f"{said}; verbs are {', '.join(VERBS)}. For example: make lab-ask VERB=switchover")
    if verb in TIMED and not (arguments.seconds and arguments.seconds > 0):
        raise CannotAskError(
            f"a {verb} needs its length, and seconds is {_shown(arguments.seconds)}; any number above 0. "
            f"For example: make lab-ask VERB={verb} SECONDS=600"
        )
    if verb not in TIMED and arguments.seconds is not None:
        raise CannotAskError(
            f"seconds is {arguments.seconds:g}, and {verb} has no length; only {' and '.join(TIMED)} have one. Leave it out"
        )
    chosen = {
        "worker": arguments.worker,
        "duration_s": arguments.seconds,
        "drain_s": arguments.drain,
        "order": [name.strip() for name in arguments.order.split(",") if name.strip()],
        "unproven": arguments.unproven,
    }
    return {name: value for name, value in chosen.items() if value}


def _require_workers(arguments: argparse.Namespace, lab: RunningLab) -> None:
    named = {arguments.worker, *(name.strip() for name in arguments.order.split(","))} - {""}
    unknown = sorted(named - set(lab.workers))
    if unknown:
        raise CannotAskError(
            f"{', '.join(unknown)} is no worker of {lab.desk.site}; its workers are {', '.join(lab.workers)}. "
            f"For example: make lab-ask VERB={arguments.what} WORKER={lab.workers[-1]}"
        )


def _wait_led(lab: RunningLab) -> None:
    """Until somebody has led, which on Azure is a timer's first firing after the update; the inbox is there from then on."""
    end_s = time.monotonic() + GRACE_S
    while not lab.desk.leader():
        if time.monotonic() > end_s:
            raise CannotAskError(
                f"nobody has led {lab.desk.site} within {GRACE_S:g} s, so there is no inbox yet; look at the lab's "
                "logs/function-output.jsonl"
            )
        time.sleep(_LOOK_S)


def _wait(desk: Desk, own_id: str, deadline_s: float) -> Answer:
    if answer := desk.wait(own_id, deadline_s):
        return answer
    where = "still lies in the inbox, so nobody leads" if own_id in " ".join(desk.inbox()) else "was taken in and waits"
    says = desk.record().get("reason", "nothing")
    raise CannotAskError(
        f"no reply to {own_id} within {deadline_s:g} s: it {where}. The record says {says!r}; look at the lab's "
        "logs/function-output.jsonl"
    )


def _shown(value: float | None) -> str:
    return "missing" if value is None else f"{value:g}"
