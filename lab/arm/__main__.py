"""The process that plays Azure Resource Manager.

    python -m lab.arm --port 0 --times azure-new-plane --request-log FILE

Speaks the control protocol (`lab.control`): `ready` with `endpoint` once it listens, then one event per thing that happens
in the cloud (`lab.arm.effects`). Here is only the wiring.

Commands: `trap` (action as roles name it, way: in or out, about: how its method and path begin) holds the next such call,
which the event `trapped` tells; `release` (fate: go-on or drop) lets it go; `fault` (effect: refuse, fail, lose or late; and
what stands in `lab.arm.faults`) orders a fault; `throttle` (retry_after_s, action) refuses the next such call with 429;
`clear` forgets all faults, and answers how many calls they struck; `tell` tells everything that stands.
"""

import argparse
import ipaddress
import time
from pathlib import Path
from typing import Any

from lab.arm.emulator import Emulator
from lab.arm.faults import Effect, Fault, throttled
from lab.arm.messages import Json, Refusal
from lab.arm.server import MonotonicClock, Server
from lab.arm.settings import SUBSCRIPTION, Settings
from lab.arm.times import TIMES
from lab.control import Answer, Command, Console, run_child, unknown
from lab.jsonlog import JsonLog
from lab.trap import Fate, Trap, Way


async def serve(console: Console) -> None:
    """Start everything, then serve until standard input ends."""
    arguments = _arguments()

    def hook(event: str, fields: Json) -> None:
        console.emit(event, **fields)

    log = JsonLog(arguments.request_log) if arguments.request_log else None
    emulator = Emulator(_settings(arguments), MonotonicClock(), hook, log, arguments.state_file)
    trap = Trap(arguments.own_caller, lambda action, way: console.emit("trapped", action=action, way=way.value))
    server = Server(emulator, arguments.port, trap)
    console.emit("ready", endpoint=server.endpoint, times=arguments.times.name)

    async def obey(command: Command) -> Answer:
        match command.do:
            case "trap":
                trap.set(command.text("action"), command.choice("way", Way), _text(command, "about"))
                return {}
            case "release":
                return {"held": trap.release(command.choice("fate", Fate))}
            case "fault":
                emulator.order(ordered(command))
                return {}
            case "throttle":
                emulator.order(throttled(int(command.number("retry_after_s", 1)), action=_text(command, "action")))
                return {}
            case "tell":
                emulator.tell_all()
                return {}
            case "clear":
                struck = sum(fault.struck for fault in emulator.faults)
                return {"cleared": emulator.clear(), "struck": struck}
            case _:
                raise unknown(command, "trap", "release", "fault", "throttle", "tell", "clear")

    await console.serve(obey)


def ordered(command: Command) -> Fault:
    """The fault that a command orders."""
    retry_after_s = command.options.get("retry_after_s")
    refusal = Refusal(
        int(command.number("status", 500)),
        _text(command, "code") or "InternalServerError",
        _text(command, "message") or "An error occurred.",
        retry_after_s=int(command.number("retry_after_s", 0)) if retry_after_s is not None else None,
    )
    return Fault(
        command.choice("effect", Effect),
        refusal,
        _text(command, "method"),
        _text(command, "action"),
        _text(command, "path"),
        _text(command, "identity"),
        int(command.number("nth", 1)),
        int(command.number("times", 1)),
        command.number("late_s", 0.0),
    )


def _text(command: Command, name: str) -> str:
    return command.text(name) if name in command.options else ""


def _settings(arguments: Any) -> Settings:
    return Settings(
        subscription=arguments.subscription,
        times=arguments.times.with_roles_at_once() if arguments.roles_at_once else arguments.times,
        public_network=arguments.public_network,
        features=frozenset(arguments.feature),
        unregistered=frozenset(name.lower() for name in arguments.unregistered),
        roles=arguments.roles,
        principals=dict.fromkeys(arguments.owner, "ServicePrincipal"),
        owners=frozenset(arguments.owner),
        nic_blocked_by=frozenset(arguments.nic_blocked_by),
        epoch_s=time.time() - time.monotonic(),
        seed=arguments.seed,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.arm", description=__doc__, allow_abbrev=False)
    parser.add_argument("--port", type=int, default=0, help="0: the system chooses")
    parser.add_argument("--subscription", default=SUBSCRIPTION)
    parser.add_argument("--times", type=TIMES.__getitem__, default="instant", metavar="{" + ",".join(TIMES) + "}")
    parser.add_argument("--public-network", type=ipaddress.IPv4Network, default="203.0.113.0/24", help="of Public IPs")
    parser.add_argument("--feature", action="append", default=[], help="a registered feature, Microsoft.X/Name")
    parser.add_argument("--unregistered", action="append", default=[], help="a namespace that is not registered")
    parser.add_argument("--roles", action="store_true", help="check roles")
    parser.add_argument("--roles-at-once", action="store_true", help="a role works from its PUT on, whatever --times says")
    parser.add_argument("--owner", action="append", default=[], help="object id that may do everything")
    parser.add_argument("--nic-blocked-by", action="append", default=["delete"], help="a machine's verb")
    parser.add_argument("--request-log", type=Path, help="JSONL: every request")
    parser.add_argument("--state-file", type=Path, help="keeps everything over a restart")
    parser.add_argument("--own-caller", default="", help="object id of the lab's own clients, whose calls are never held")
    parser.add_argument("--seed", type=int, default=1, help="of guids")
    return parser.parse_args()


if __name__ == "__main__":
    run_child(serve)
