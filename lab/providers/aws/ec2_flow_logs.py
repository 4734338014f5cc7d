"""Flow logs. The emulator keeps them and writes nothing: no packet of a lab passes through its network.

Only `lab.providers.aws` imports this file.
"""

from collections.abc import Mapping
from typing import Any

from lab.providers.aws import tagging
from lab.providers.aws.cloud import REGION, AwsHandler, ec2_tags, fixed, tag_map, tagged, told
from lab.providers.handler import Ask, State

RESOURCES = {"vpcId": "VPC", "subnetId": "Subnet", "eniId": "NetworkInterface"}
"""The input that names what is watched, to the cloud's word for its kind."""


class FlowLogError(Exception):
    """The cloud refused one; it says so in an answer that is no error."""


class FlowLog(AwsHandler):
    """The record of who talked to whom, of one network, subnet or interface."""

    type = "aws:ec2/flowLog:FlowLog"
    replaces = REGION | {
        *("deliverCrossAccountRole", "destinationOptions", "eniId", "iamRoleArn", "logDestination", "logDestinationType"),
        *("logFormat", "maxAggregationInterval", "regionalNatGatewayId", "subnetId", "trafficType"),
        *("transitGatewayAttachmentId", "transitGatewayId", "vpcId"),
    }
    defaults = fixed(logDestinationType="cloud-watch-logs", maxAggregationInterval=600)
    retag = staticmethod(tagging.ec2)
    gone = ("InvalidFlowLogId.NotFound",)

    def _make(self, ask: Ask) -> State:
        wanted = ask.pick("trafficType", "logDestinationType", "logDestination", "logFormat", "maxAggregationInterval")
        wanted |= ask.pick(DeliverLogsPermissionArn="iamRoleArn")
        (watched,) = (key for key in RESOURCES if key in ask)
        answer = self.client("ec2").create_flow_logs(
            ResourceIds=[ask[watched]], ResourceType=RESOURCES[watched], **wanted, **ec2_tags(ask, "vpc-flow-log")
        )
        if not answer["FlowLogIds"]:
            raise FlowLogError(str(answer.get("Unsuccessful")))
        return State(answer["FlowLogIds"][0])

    def _outputs(self, state: State) -> Mapping[str, Any] | None:
        flow_logs = self.client("ec2").describe_flow_logs(FlowLogIds=[state.id])["FlowLogs"]
        if not flow_logs:
            return None
        watched = next(key for key in RESOURCES if key in state.outputs)
        outputs = told(
            flow_logs[0],
            *("trafficType", "logDestinationType", "logDestination", "logFormat", "maxAggregationInterval"),
            DeliverLogsPermissionArn="iamRoleArn",
            ResourceId=watched,
        )
        outputs["arn"] = self.cloud.arn("ec2", f"vpc-flow-log/{state.id}")
        return outputs | tagged(tag_map(flow_logs[0].get("Tags")))

    def _remove(self, state: State) -> None:
        self.client("ec2").delete_flow_logs(FlowLogIds=[state.id])


HANDLERS = (FlowLog,)
