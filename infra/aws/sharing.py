"""What lets both workers serve: the balancer, and who is told when one does not. A part of `pair`, and of nothing else.

Nothing is decided here and nothing is moved, so there is no watchdog, no record, no schedule and no first tick.
"""

import pulumi

from infra.addressing import Band
from infra.aws.arguments import PairArgs
from infra.aws.balancer import Balancer, Question
from infra.aws.balancer_alarms import BalancerAlarms
from infra.aws.ground import Ground
from infra.aws.telling import Telling
from infra.aws.workers import Workers
from infra.shapes import child


class Sharing:
    """The layers above the workers; their resources are children of the pair."""

    balancer: Balancer

    def __init__(
        self, pair: pulumi.Resource, name: str, args: PairArgs, *, ground: Ground, workers: Workers, telling: Telling
    ) -> None:
        self._pair = pair
        self._name = name
        self._args = args
        self.balancer = self._balancer(ground, workers)
        self._alarms(telling)

    def _balancer(self, ground: Ground, workers: Workers) -> Balancer:
        args = self._args
        return Balancer(
            self._name,
            {
                "site": args["site"],
                "vpc_id": ground.network.vpc_id,
                "subnet_ids": ground.network.subnet_ids(Band.PUBLIC),
                "network_ready": ground.network.ready,
                "workers": workers.handles,
                "worker_group_id": ground.groups.worker_id,
                "traffic_ports": args["traffic_ports"],
                "partner_cidrs": args["partner_cidrs"],
                "question": Question(args["probe_kind"], args["probe_port"], args["probe_path"]),
                "idle_timeout_s": args["balancer_idle_timeout_s"],
                "protect": args["protect"],
                "deletion_protection": args["deletion_protection"],
                "tags": args["tags"],
            },
            child(self._pair),
        )

    def _alarms(self, telling: Telling) -> None:
        BalancerAlarms(
            self._name,
            {
                "site": self._args["site"],
                "balancer_suffix": self.balancer.suffix,
                "target_groups": self.balancer.target_groups,
                "topic_arn": telling.topic_arn,
                "after": [self.balancer],
                "tags": self._args["tags"],
            },
            child(self._pair),
        )
