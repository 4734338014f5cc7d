"""What is said when a worker behind the balancer, or each of them, gives no healthy answer. Nobody else watches them."""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra.aws.balancer import TargetGroupHandle
from infra.naming import Kind, physical, tags
from infra.shapes import child

NAMESPACE = "AWS/NetworkELB"
PERIOD_S = 60
"""The balancer's metrics are of one minute; both counts come as long as workers are registered, also without traffic (NLB
guide, "CloudWatch metrics", read 2026-11-22)."""

NONE_HEALTHY_PERIODS = 3
"""Nobody serves: soon. A registration alone takes up to 3 minutes, so a first deployment may say it once."""
UNHEALTHY_PERIODS = 5
"""One worker carries the load: no sooner than a restart of a machine takes."""

ALARMS_PER_PORT = 2


class BalancerAlarmsArgs(TypedDict):
    """Arguments of `BalancerAlarms`."""

    site: str
    balancer_suffix: pulumi.Input[str]
    target_groups: Sequence[TargetGroupHandle]
    topic_arn: pulumi.Input[str]
    after: Sequence[pulumi.Resource]
    """Balancer with its listeners and registrations: before them nothing is healthy."""
    tags: dict[str, str]


class BalancerAlarms(pulumi.ComponentResource):
    """Two alarms for each port."""

    def __init__(self, name: str, args: BalancerAlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tandem:aws:BalancerAlarms", name, {}, opts)
        self._name = name
        self._args = args
        for group in args["target_groups"]:
            self._nobody_serves(group)
            self._somebody_does_not(group)
        self.register_outputs({})

    def _nobody_serves(self, group: TargetGroupHandle) -> None:
        self._alarm(
            group,
            "no-worker",
            f"No worker is healthy on port {group.port}: the balancer sends to all of them, and nobody may answer.",
            metric="HealthyHostCount",
            # Over the zones: one without a worker may count none of its own. Where one zone's balancer alone reaches nobody,
            # the other alarm speaks.
            statistic="Maximum",
            comparison="LessThanThreshold",
            periods=NONE_HEALTHY_PERIODS,
            # A balancer that says nothing at all is no better.
            missing="breaching",
        )

    def _somebody_does_not(self, group: TargetGroupHandle) -> None:
        self._alarm(
            group,
            "worker-down",
            f"A worker is not healthy on port {group.port}: the other carries the load, the next failure is an outage.",
            metric="UnHealthyHostCount",
            statistic="Maximum",
            comparison="GreaterThanOrEqualToThreshold",
            periods=UNHEALTHY_PERIODS,
            # Silence is told by the other alarm.
            missing="notBreaching",
        )

    def _alarm(
        self,
        group: TargetGroupHandle,
        part: str,
        description: str,
        *,
        metric: str,
        statistic: str,
        comparison: str,
        periods: int,
        missing: str,
    ) -> None:
        args = self._args
        part = f"{part}-{group.port}"
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-{part}",
            name=physical(Kind.ALARM, f"{args['site']}-{part}"),
            alarm_description=f"{args['site']}: {description}",
            namespace=NAMESPACE,
            metric_name=metric,
            dimensions={"LoadBalancer": args["balancer_suffix"], "TargetGroup": group.suffix},
            statistic=statistic,
            period=PERIOD_S,
            evaluation_periods=periods,
            datapoints_to_alarm=periods,
            comparison_operator=comparison,
            threshold=1,
            treat_missing_data=missing,
            alarm_actions=[args["topic_arn"]],
            ok_actions=[args["topic_arn"]],
            tags=tags(args["site"], args["tags"]),
            opts=child(self, depends_on=args["after"]),
        )
