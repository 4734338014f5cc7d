"""A rolling change: in one run one worker, and only a standby, takes what the program else ignores of a living one.

    TANDEM_ROLL_WORKER=wk2 pulumi up

The name is of that run alone and stands in no stack file, where the next run would find it again. Here: who may be rolled.
What is lifted for it stands in `infra.aws.workers`.
"""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra.run import ROLL_VARIABLE

VARIABLE = ROLL_VARIABLE
"""Of the environment that `pulumi` is started in; the worker's name."""


def check_name(worker: str, workers: Mapping[str, str]) -> None:
    """Refuse a name that no worker has; an empty one rolls nobody.

    Raises:
        pulumi.RunError: with the names that are allowed.
    """
    if worker and worker not in workers:
        raise pulumi.RunError(
            f"{VARIABLE} is {worker!r}, and the workers are {', '.join(workers)}: one run rolls exactly one of them. "
            f"For example: {VARIABLE}={list(workers)[-1]} pulumi up"
        )


def only_a_standby(
    worker: str, private_ips: tuple[str, str], address_id: pulumi.Output[str], asker: pulumi.Resource
) -> pulumi.Output[str]:
    """The worker's name, once the cloud has said that the fixed address is on somebody else; what needs it waits for that.

    Asked of the cloud in each run, because the watchdog moves the address and no state of Pulumi's knows it.
    """
    address = aws.ec2.get_elastic_ip_output(id=address_id, opts=pulumi.InvokeOutputOptions(parent=asker))
    return pulumi.Output.all(address.private_ip, address.public_ip).apply(
        lambda it: _checked(worker, private_ips, on=it[0] or "", public_ip=it[1])
    )


def _checked(worker: str, private_ips: tuple[str, str], *, on: str, public_ip: str) -> str:
    if on in private_ips:
        raise pulumi.RunError(
            f"{VARIABLE} is {worker!r}, and {worker} holds the address {public_ip} now (it leads to {on}): the holder is "
            "never rolled. Move the address first with a switchover (docs/RUNBOOK.md, Ask the watchdog), then repeat this"
        )
    return worker
