"""Traps of quotas (section 10 of the table): what a stack says it needs is what it asks for."""

from tests.infra.azure.traps.look import BALANCER, NAT_GATEWAY, NETWORK, PUBLIC_IP, VM, trap
from tests.infra.azure.traps.variants import Variant
from tests.infra.traps.slips import Slip
from tests.infra.traps.variants import Stand

SIZE = "infra/azure/size.py"


@trap(
    "10/quotas",
    slips=(
        Slip(
            "the addresses of NAT gateways are not counted",
            SIZE,
            "Usage.ADDRESSES: 1 + len(layout.nat_zones),",
            "Usage.ADDRESSES: 1,",
        ),
        Slip(
            "the balancer is not counted",
            SIZE,
            'Usage.BALANCERS: 1 if args["front"] is Front.BALANCER else 0,',
            "Usage.BALANCERS: 0,",
        ),
        Slip(
            "one machine is counted",
            SIZE,
            'Usage.CORES: len(layout.workers) * cores(args["vm_size"]),',
            'Usage.CORES: cores(args["vm_size"]),',
        ),
    ),
)
def quotas_are_said_as_the_stack_takes_them(stand: Stand) -> None:
    for variant in (Variant.USUAL, Variant.BALANCED, Variant.OTHER):
        stack = stand.of(variant)
        said = {code: entry["need"] for code, entry in stack.outputs["quotas"].items()}
        recorded = {
            "StandardSkuPublicIpAddresses": len(stack.of_type(PUBLIC_IP)),
            "StandardSkuLoadBalancers": len(stack.of_type(BALANCER)),
            "VirtualNetworks": len(stack.of_type(NETWORK)),
            "NatGateways": len(stack.of_type(NAT_GATEWAY)),
            "cores": 2 * len(stack.of_type(VM)),
        }
        assert said == {code: count for code, count in recorded.items() if count}, variant
