"""The process that plays EC2, its balancers, KMS, IAM and STS: moto behind the gate, with Amazon's rules where they differ.

    python -m lab.aws_server --network 127.N.0.0/16 --profile instant --gate-log FILE --cloud-log FILE

Speaks the control protocol: `ready` with `endpoint` once every service has answered its first call (moto imports
lazily, and a client with short timeouts would not wait for it), then one event per change in the cloud (`association`,
`instance`, `groups`; see `lab.ec2_semantics`), also written to the cloud log. Here is only the wiring; imports moto, so the
lab starts it and never imports it.

Commands: `trap` (action, way: in or out) holds the next such call of a function, which the event `trapped` tells; `release`
(fate: go-on or drop) lets it go (`lab.trap`). There are no others: whoever wants to change the cloud calls its API.
"""

import argparse
import ipaddress
import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.test import Client

from lab import ec2_semantics, elb_semantics
from lab.control import Answer, Command, Console, run_child, unknown
from lab.gate import Gate
from lab.jsonlog import JsonLog
from lab.profiles import PROFILES
from lab.trap import Fate, Trap, Way

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_HOST = "127.0.0.1"
_FIRST_CALLS = {
    "ec2": ("Action=DescribeAddresses&Version=2016-11-15", ""),
    "iam": ("Action=ListRoles&Version=2010-05-08", ""),
    "sts": ("Action=GetCallerIdentity&Version=2011-06-15", ""),
    "kms": ("{}", "TrentService.ListKeys"),
}
"""Service -> body and target of a harmless call, made once before anybody waits for it."""


async def serve(console: Console) -> None:
    """Start everything, then serve until standard input ends."""
    arguments = _arguments()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # one line per request otherwise
    lock, cloud_log = threading.RLock(), JsonLog(arguments.cloud_log)

    def publish(event: str, /, **fields: object) -> None:
        stamped = {"t": time.monotonic(), **fields}
        cloud_log.write(event, **stamped)
        console.emit(event, **stamped)

    ec2_semantics.install(arguments.profile, arguments.network, arguments.seed, lock, publish)
    elb_semantics.install()
    app = DomainDispatcherApplication(create_backend_app)
    _wake(app, arguments.region)
    trap = Trap(arguments.own_caller, lambda action, way: console.emit("trapped", action=action, way=way.value))
    gate = Gate(app, lock, arguments.profile, JsonLog(arguments.gate_log), arguments.seed, arguments.log_reads, trap)
    gate.actions = JsonLog(arguments.actions_log) if arguments.actions_log else None
    server = make_server(_HOST, 0, gate, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    console.emit("ready", endpoint=f"http://{_HOST}:{server.server_port}", profile=arguments.profile.name)

    async def obey(command: Command) -> Answer:
        match command.do:
            case "trap":
                trap.set(command.text("action"), command.choice("way", Way))
                return {}
            case "release":
                return {"held": trap.release(command.choice("fate", Fate))}
            case _:
                raise unknown(command, "trap", "release")

    await console.serve(obey)


def _wake(app: "WSGIApplication", region: str) -> None:
    client = Client(app)
    for service, (body, target) in _FIRST_CALLS.items():
        scope = f"AWS4-HMAC-SHA256 Credential=lab/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        kind = "application/x-amz-json-1.1" if target else "application/x-www-form-urlencoded"
        headers = {"Authorization": scope} | ({"X-Amz-Target": target} if target else {})
        answer = client.post("/", data=body, content_type=kind, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(
                f"moto's {service} answered its first call with {answer.status}: {answer.get_data(as_text=True)[:500]}"
            )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.aws_server", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--network", type=ipaddress.IPv4Network, required=True, help="the lab's /16; Elastic IPs are 127.N.250.x"
    )
    parser.add_argument("--profile", type=PROFILES.__getitem__, required=True, metavar="{" + ",".join(PROFILES) + "}")
    parser.add_argument("--gate-log", type=Path, required=True, help="JSONL: calls of EC2 that change something")
    parser.add_argument("--cloud-log", type=Path, required=True, help="JSONL: what changed")
    parser.add_argument("--actions-log", type=Path, help="JSONL: each action of each caller, once")
    parser.add_argument("--region", default="eu-central-1", help="the region that is made ready before the first call")
    parser.add_argument("--seed", type=int, default=1, help="of the dice for times that are a range")
    parser.add_argument(
        "--own-caller", default="", help="access key id of the lab's own clients, whose calls are never held"
    )
    parser.add_argument("--log-reads", action="store_true", help="write EC2's reading calls to the gate's log too")
    return parser.parse_args()


if __name__ == "__main__":
    run_child(serve)
