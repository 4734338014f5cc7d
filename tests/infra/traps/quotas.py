"""Traps of quotas (section 8 of the table): what a stack says it needs is what it asks for."""

from lab.recording import Deployment
from tests.infra.traps.look import EIP, ENDPOINT, LOAD_BALANCER, NAT_GATEWAY, VPC
from tests.infra.traps.registry import trap
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand, Variant

SIZE = "infra/aws/size.py"

ADDRESSES = "L-0263D0A3"
BALANCERS = "L-69A177A2"
ENDPOINTS = "L-29B6F2EB"
NETWORKS = "L-F678F1CE"
NAT_GATEWAYS = "L-FE5A380F"


def need(deployment: Deployment, code: str) -> int:
    """What the stack says it needs of a quota."""
    return deployment.outputs["quotas"].get(code, {"need": 0})["need"]


@trap(
    "8/quotas",
    slips=(
        Slip(
            "the workers' own addresses are not counted",
            SIZE,
            '1 + (len(args["order"]) if args["egress"] is Egress.OWN else 0)',
            "1",
        ),
        Slip(
            "the addresses of NAT gateways are not counted",
            SIZE,
            "addresses=public_addresses(args) + len(layout.nat_zones)",
            "addresses=public_addresses(args)",
        ),
        Slip(
            "the balancer is not counted",
            SIZE,
            "            balancers=_balancers(args),\n        )\n    )\n\n\ndef _b",
            "            balancers=0,\n        )\n    )\n\n\ndef _b",
        ),
        Slip(
            "endpoints are counted once a zone",
            SIZE,
            "interface_endpoints=len(endpoint_services(args)),",
            "interface_endpoints=len(endpoint_services(args)) * len(layout.worker_zones),",
        ),
    ),
)
def quotas_are_said_as_the_stack_takes_them(stand: Stand) -> None:
    for variant in (Variant.USUAL, Variant.ELSEWHERE, Variant.BALANCED):
        stack = stand.of(variant)
        interfaces = [each for each in stack.of_type(ENDPOINT) if each.inputs["vpcEndpointType"] == "Interface"]
        recorded = {
            ADDRESSES: len(stack.of_type(EIP)),
            BALANCERS: len(stack.of_type(LOAD_BALANCER)),
            ENDPOINTS: len(interfaces),
            NETWORKS: len(stack.of_type(VPC)),
            NAT_GATEWAYS: 1 if stack.of_type(NAT_GATEWAY) else 0,
        }
        assert {code: need(stack, code) for code in recorded} == recorded, variant
