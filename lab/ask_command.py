"""`python -m lab ask VERB`, or `make lab-ask VERB=...`: ask the watchdog of the lab that is up, and wait for its answer.

What can be wrong with the words is said before anything is asked; what the watchdog refuses it says itself, in its reply.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from failover_lambda.model import Verb
from lab import background_lab
from lab.asking import PATIENCE_S, WHO, Answer, Desk, TableDesk, new_id
from lab.emulators import LAB_KEY_ID
from lab.endpoints import Endpoints
from lab.site import LABS

VERBS = tuple(verb.value for verb in Verb)
TIMED = (Verb.PAUSE.value, Verb.MAINTENANCE.value)
"""Those that last for some time."""

GRACE_S = 30.0
"""How long past its patience a reply is waited for: a leader may have to be found first, and a move to end."""


class CannotAskError(Exception):
    """There is nobody to ask, or the words are wrong; the message says what is allowed, and what to do next."""


@dataclass(frozen=True)
class RunningLab:
    """A lab that is up, from its ready file."""

    folder: Path
    desk: TableDesk
    ec2: Any
    """A client for the emulated EC2."""
    workers: tuple[str, ...]
    http_port: int
    """Where its workers answer HTTP."""


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
        lab.desk.put(lab.desk.entry(arguments.what, own_id=own_id, why=arguments.why, patience_s=arguments.patience, **more))
        print(f"asked {lab.desk.site} in {lab.folder}: {arguments.what} as {own_id}; waiting for the reply", flush=True)
        answer = _wait(lab.desk, own_id, arguments.patience + GRACE_S)
        record = lab.desk.record()
    except (BotoCoreError, ClientError) as exc:
        raise CannotAskError(
            f"the table {lab.desk.table} of {lab.folder} did not answer: {exc}; is it the right lab?"
        ) from exc
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


def find(lab_id: str = "", labs: Path = LABS) -> RunningLab:
    """The lab of this id; without one, the lab that came up last, of those that still run.

    Raises:
        CannotAskError: none is up, or not this one.
    """
    ready = background_lab.ready_files(labs)
    alive = [(path, said) for path, said in ready if background_lab.is_alive(said)]
    if not alive:
        found = f"{len(ready)} were up and are gone" if ready else "none was ever brought up"
        raise CannotAskError(f"no lab is up below {labs} ({found}). Bring one up with: make lab-up")
    chosen = [(path, said) for path, said in alive if lab_id in ("", path.parent.name)]
    if not chosen:
        up = ", ".join(sorted(path.parent.name for path, _ in alive))
        raise CannotAskError(f"the lab {lab_id} is not up; those that are: {up}. Leave the id out, and the newest is asked")
    deployed = [(path, said) for path, said in chosen if said["outputs"]]
    if not deployed:
        raise CannotAskError(f"nothing is deployed in the lab {chosen[-1][0].parent.name} yet. Deploy with: make up")
    path, said = deployed[-1]
    config = said["outputs"]["cliConfig"]
    desk = TableDesk(_client("dynamodb", said), config["stateTable"], config["site"])
    return RunningLab(path.parent, desk, _client("ec2", said), tuple(config["workers"]), int(said["ports"]["http"]))


def _client(service: str, said: Mapping[str, Any]) -> Any:
    """One attempt, at the emulator that a ready file names for the service."""
    make: Any = boto3.client  # its overloads know literal names only
    return make(
        service,
        endpoint_url=Endpoints(said["endpoints"]["ec2, iam, kms, sts"], said["endpoints"]["others"]).of(service),
        region_name=said["outputs"]["cliConfig"]["region"],
        aws_access_key_id=LAB_KEY_ID,
        aws_secret_access_key="lab",  # noqa: S106 - the emulator takes any
        config=Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1}, proxies={}),
    )


def _require_workers(arguments: argparse.Namespace, lab: RunningLab) -> None:
    named = {arguments.worker, *(name.strip() for name in arguments.order.split(","))} - {""}
    unknown = sorted(named - set(lab.workers))
    if unknown:
        raise CannotAskError(
            f"{', '.join(unknown)} is no worker of {lab.desk.site}; its workers are {', '.join(lab.workers)}. "
            f"For example: make lab-ask VERB={arguments.what} WORKER={lab.workers[-1]}"
        )


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
