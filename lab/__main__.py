"""The lab's command line: `python -m lab demo`, `run`, `up`, `down`. The Makefile's targets call it.

`run NAME` plays a named scenario and judges it; without a name it lists them all; `faults-page` writes docs/FAULTS.md.
`up` leaves a lab running in the background, with its endpoints in `out/lab/<id>/up.json`; `down` ends every such lab.
`ask VERB` asks the watchdog of such a lab for something, and prints its reply; `pulumi VERB` runs Pulumi's command on one;
`roll` brings a new image, type or user data to one standby of it.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from lab import ask_command, background_lab, pulumi_command, roll_command, site
from lab.arm.times import TIMES
from lab.child import ChildError
from lab.demo import OUT, Progress, demo
from lab.deploying import By
from lab.emulators import EmulatorsMissingError
from lab.engine import EngineError
from lab.networks import NoFreeNetworkError
from lab.profiles import PROFILES
from lab.pulumi_cli import PulumiError
from lab.pulumi_command import NoEngineError
from lab.repairing import UnresolvedError
from lab.running_lab import CannotAskError
from lab.scenarios import page, registry, runner
from lab.scenarios.registry import UnknownScenarioError
from lab.scenarios.scenario import OtherCloudError
from lab.site import UnknownProfileError
from lab.stack_file import StackFileError
from lab.story import Fault

EXPECTED = (
    CannotAskError,
    ChildError,
    EmulatorsMissingError,
    EngineError,
    NoEngineError,
    NoFreeNetworkError,
    OtherCloudError,
    PulumiError,
    StackFileError,
    TimeoutError,
    UnknownProfileError,
    UnresolvedError,
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
    """Do what the verb says."""
    verbs: Mapping[str, Callable[[argparse.Namespace], int]] = {
        "demo": _demo,
        "run": _run_scenario,
        "faults-page": lambda asked: page.compare() if asked.check else page.write(),
        "up": lambda asked: background_lab.up(asked.profile, cloud=asked.cloud),
        "down": lambda _: background_lab.down(),
        "ask": ask_command.ask,
        "pulumi": pulumi_command.run,
        "roll": lambda asked: roll_command.run(asked, Progress()),
        "serve": _serve,
    }
    return verbs[arguments.verb](arguments)


def _demo(arguments: argparse.Namespace) -> int:
    """A holder fails, with a report; by the real engine where it is at hand."""
    divisor = 1.0 if arguments.cloud == "azure" else arguments.schedule_divisor  # a timer is not started by a schedule
    options = site.Options(cloud=arguments.cloud, profile=arguments.profile, schedule_divisor=divisor, by=By.AT_HAND)
    return demo(options, Fault(arguments.fault), arguments.out)


def _run_scenario(arguments: argparse.Namespace) -> int:
    """One by its name, `all`, or the list of all."""
    cloud = arguments.cloud
    match arguments.scenario:
        case "list":
            print(registry.listing(cloud))
            return 0
        case "all":
            return runner.run_all(registry.on(cloud), arguments.profile, arguments.out, cloud)
        case name:
            return runner.run(registry.find(name), arguments.profile, arguments.out, cloud)


def _serve(arguments: argparse.Namespace) -> int:
    """A lab in the foreground until it is told to end; what `up` starts."""
    say = Progress()
    options = site.Options(cloud=arguments.cloud, profile=arguments.profile, stage=arguments.stage, by=By(arguments.by))
    with site.start(options, say) as running:
        told = background_lab.tell(running)
        say("up; ends with SIGTERM or Ctrl-C")
        while True:
            running.supervisor.pause(1.0)
            told = background_lab.tell(running, told)
            running.hypervisor.check()
            running.cloud.check()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab", description="A pair on this machine, without an account.")
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
    run.add_argument("--cloud", choices=["aws", "azure"], default="aws", help="(%(default)s)")
    run.add_argument("--profile", choices=sorted({*PROFILES, *TIMES}), default=None, help="instead of the scenario's own")
    run.add_argument("--out", type=Path, default=None, help="folder of the results (out/scenarios, with /CLOUD if not AWS)")
    faults = verbs.add_parser("faults-page", help="write docs/FAULTS.md from the results of scenarios")
    faults.add_argument("--check", action="store_true", help="only say whether it is up to date")
    up = verbs.add_parser("up", help="a lab in the background")
    serve = verbs.add_parser("serve", help="a lab in the foreground")
    for verb in (play, up, serve):
        verb.add_argument("--cloud", choices=["aws", "azure"], default="aws", help="(%(default)s)")
        verb.add_argument(
            "--profile",
            choices=sorted({*PROFILES, *TIMES}),
            default="instant",
            help="how long the emulated cloud takes (%(default)s)",
        )
    serve.add_argument("--stage", default=site.Options.stage, help="which stack file (%(default)s)")
    serve.add_argument("--by", choices=[by.value for by in By], default=By.AT_HAND.value, help="who deploys (%(default)s)")
    pulumi_command.add_arguments(verbs.add_parser("pulumi", help="Pulumi's own command on a lab"))
    roll_command.add_arguments(verbs.add_parser("roll", help="a new image, type or user data for one standby"))
    ask_command.add_arguments(verbs.add_parser("ask", help="ask the watchdog of a lab that is up"))
    verbs.add_parser("down", help="end every lab that `up` left")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
