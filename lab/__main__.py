"""The lab's command line: `python -m lab demo`, `run`, `up`, `down`. The Makefile's targets call it.

`run NAME` plays a named scenario and judges it; without a name it lists them all; `faults-page` writes docs/FAULTS.md.
`up` leaves a lab running in the background, with its endpoints in `out/lab/<id>/up.json`; `down` ends every such lab.
`ask VERB` asks the watchdog of such a lab for something, and prints its reply.
"""

import argparse
import json
import sys
from pathlib import Path

from lab import ask_command, background_lab, site
from lab.ask_command import CannotAskError
from lab.child import ChildError
from lab.demo import OUT, Progress, demo
from lab.emulators import EmulatorsMissingError
from lab.engine import EngineError
from lab.networks import NoFreeNetworkError
from lab.profiles import PROFILES
from lab.scenarios import page, registry, runner
from lab.scenarios.registry import UnknownScenarioError
from lab.stack_file import StackFileError
from lab.story import Fault

EXPECTED = (
    CannotAskError,
    ChildError,
    EmulatorsMissingError,
    EngineError,
    NoFreeNetworkError,
    StackFileError,
    TimeoutError,
    UnknownScenarioError,
)
"""What can go wrong with a lab; told in one sentence instead of a traceback."""


def main() -> int:
    """Exit status: 0 done (demo, run: as promised), 1 a promise was broken (ask: refused), 2 no lab, 130 interrupted."""
    arguments = _arguments()
    if sys.platform != "linux":
        print("the lab runs on Linux only: it listens on many addresses of 127.0.0.0/8", file=sys.stderr)
        return 2
    try:
        return _run(arguments)
    except EXPECTED as exc:
        print(f"\nlab: {exc}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nlab: interrupted; everything was ended", file=sys.stderr)
        return 130


def _run(arguments: argparse.Namespace) -> int:
    match arguments.verb:
        case "demo":
            options = site.Options(profile=arguments.profile, schedule_divisor=arguments.schedule_divisor)
            return demo(options, Fault(arguments.fault), arguments.out)
        case "run":
            return _run_scenario(arguments)
        case "faults-page":
            return page.compare() if arguments.check else page.write()
        case "up" | "down" as verb:
            return background_lab.up(arguments.profile) if verb == "up" else background_lab.down()
        case "ask":
            return ask_command.ask(arguments)
        case "serve":
            return _serve(arguments)
        case _:
            raise AssertionError(arguments.verb)


def _run_scenario(arguments: argparse.Namespace) -> int:
    """One by its name, `all`, or the list of all."""
    match arguments.scenario:
        case "list":
            print(registry.listing())
            return 0
        case "all":
            return runner.run_all(registry.SCENARIOS.values(), arguments.profile, arguments.out)
        case name:
            return runner.run(registry.find(name), arguments.profile, arguments.out)


def _serve(arguments: argparse.Namespace) -> int:
    """A lab in the foreground until it is told to end; what `up` starts."""
    say = Progress()
    with site.start(site.Options(profile=arguments.profile), say) as running:
        (running.folder / background_lab.READY).write_text(json.dumps(background_lab.described(running), indent=2) + "\n")
        say("up; ends with SIGTERM or Ctrl-C")
        while True:
            running.supervisor.pause(1.0)
            running.hypervisor.check()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab", description="An AWS pair on this machine, without an account.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    play = verbs.add_parser("demo", help="a holder fails, the watchdog moves the address, a report is written")
    play.add_argument("--fault", choices=[fault.value for fault in Fault], default=Fault.KILL.value, help="(%(default)s)")
    play.add_argument("--out", type=Path, default=OUT, help="folder of the report (%(default)s)")
    play.add_argument(
        "--schedule-divisor",
        type=float,
        default=site.Options.schedule_divisor,
        help="how many times faster than the cloud's the schedule runs; 1 = real minutes (%(default)s)",
    )
    run = verbs.add_parser("run", help="play a named scenario and judge it, or list them all")
    run.add_argument("scenario", nargs="?", default="list", help="its name, `list` or `all` (%(default)s)")
    run.add_argument("--profile", choices=sorted(PROFILES), default=None, help="instead of the scenario's own")
    run.add_argument("--out", type=Path, default=runner.OUT, help="folder of the results (%(default)s)")
    faults = verbs.add_parser("faults-page", help="write docs/FAULTS.md from the results of scenarios")
    faults.add_argument("--check", action="store_true", help="only say whether it is up to date")
    up = verbs.add_parser("up", help="a lab in the background")
    serve = verbs.add_parser("serve", help="a lab in the foreground")
    for verb in (play, up, serve):
        verb.add_argument(
            "--profile", choices=sorted(PROFILES), default="instant", help="how long the emulated cloud takes (%(default)s)"
        )
    ask_command.add_arguments(verbs.add_parser("ask", help="ask the watchdog of a lab that is up"))
    verbs.add_parser("down", help="end every lab that `up` left")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
